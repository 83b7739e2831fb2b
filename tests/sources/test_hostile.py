"""Servers that mean harm, or are merely broken: each ends in a sentence, or in the right bytes."""

import base64
import gzip
import zlib
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from aiohttp import web

from bulkpub.core.model import UrlSource
from bulkpub.errors import NotAFile, SourceFailed
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.reach import AddressRefused, Reach
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

Serve = Callable[..., Awaitable[Any]]
Fetch = Callable[..., Awaitable[Any]]
MakeWeb = Callable[..., Web]

CONTENT = b"".join(b"%d;row\n" % number for number in range(30_000))
HALF = len(CONTENT) // 2
SECRET = "s3cret"


def _redirecting(served_to: Callable[[web.Request], str], status: int = 302) -> Any:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/file":
            return web.Response(body=CONTENT)
        return web.Response(status=status, headers={"Location": served_to(request)})

    return answer


# --- out of reach -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "internal.example", "[::1]", "127.1", "2130706433", "0x7f000001",
     "0177.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "127。0。0。1"],
)  # fmt: skip
@pytest.mark.parametrize("redirected", [False, True])
async def test_what_is_not_on_the_public_internet_is_not_fetched(
    serve: Serve, fetch: Fetch, host: str, *, redirected: bool
) -> None:
    served = await serve(_redirecting(lambda _: served.at(host, "/file")))
    address = served.at(path="/start") if redirected else served.at(host, "/file")
    with pytest.raises(AddressRefused, match=r"public internet|not an address"):
        await fetch(address)
    assert len(served.requests) == int(redirected)


async def test_private_sources_can_be_allowed(
    serve: Serve, make_web: MakeWeb, fetch: Fetch
) -> None:
    served = await serve(_redirecting(lambda _: served.at("localhost", "/file")))
    async with make_web(reach=Reach(allow_private=True)) as web:
        got = await fetch(served.at("127.0.0.1", "/start"), using=web)
    assert got.content == CONTENT


@pytest.mark.parametrize("address", ["file:///etc/passwd", "data:,x", "gopher://public.example"])
async def test_only_known_schemes_are_fetched(fetch: Fetch, address: str) -> None:
    with pytest.raises(AddressRefused, match="only http and https"):
        await fetch(address)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://public.example/f", "s3://bucket/f", "zip://a::http://a/b"],
)
async def test_a_redirect_leads_to_the_web_alone(serve: Serve, fetch: Fetch, address: str) -> None:
    served = await serve(_redirecting(lambda _: address))
    with pytest.raises(AddressRefused, match=r"only http and https|not an address"):
        await fetch(served.at())


# --- redirects ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(serve: Serve, fetch: Fetch, status: int) -> None:
    served = await serve(_redirecting(lambda _: "/file", status))
    got = await fetch(served.at(path="/data.csv?x=1"))
    assert (got.content, got.name) == (CONTENT, "data.csv")


async def test_thirty_redirects_are_too_many(serve: Serve, fetch: Fetch) -> None:
    left = iter([*(f"/{number}" for number in range(29)), "/file"])
    served = await serve(_redirecting(lambda _: next(left)))
    with pytest.raises(SourceFailed, match="redirects more than 10 times"):
        await fetch(served.at())
    assert len(served.requests) == 11


async def test_ten_redirects_are_not(serve: Serve, fetch: Fetch) -> None:
    left = iter([*(f"/{number}" for number in range(9)), "/file"])
    served = await serve(_redirecting(lambda _: next(left)))
    assert (await fetch(served.at())).content == CONTENT


async def test_a_circle_of_redirects_ends(serve: Serve, fetch: Fetch) -> None:
    served = await serve(_redirecting(lambda request: "/a" if request.path == "/b" else "/b"))
    with pytest.raises(SourceFailed, match="redirects in a circle"):
        await fetch(served.at(path="/a"))
    assert len(served.requests) == 2


@pytest.mark.parametrize("target", ["http://[::1", "http://public.example:99999/"])
async def test_a_redirect_to_nonsense_is_told(serve: Serve, fetch: Fetch, target: str) -> None:
    served = await serve(_redirecting(lambda _: target))
    with pytest.raises(AddressRefused, match=r"not an address|names no host"):
        await fetch(served.at())


# --- secrets ------------------------------------------------------------------------------


async def test_credentials_go_to_their_own_origin_alone(serve: Serve, fetch: Fetch) -> None:
    steps = iter(["/again", "other", "public"])

    async def answer(_: web.Request) -> web.Response:
        step = next(steps, None)
        if step == "other":
            return web.Response(status=302, headers={"Location": served.at("other.example", "/x")})
        if step == "public":
            return web.Response(status=302, headers={"Location": served.at(path="/file")})
        if step:
            return web.Response(status=302, headers={"Location": step})
        return web.Response(body=CONTENT)

    served = await serve(answer)
    await fetch(served.at(login=f"someone:{SECRET}@"))
    sent = [request.headers.get("Authorization") for request in served.requests]
    basic = "Basic " + base64.b64encode(f"someone:{SECRET}".encode()).decode()
    assert sent == [basic, basic, None, basic]


async def test_credentials_that_a_redirect_carries_are_not_used(serve: Serve, fetch: Fetch) -> None:
    served = await serve(
        _redirecting(lambda _: served.at("other.example", "/file", login=f"a:{SECRET}@"))
    )
    await fetch(served.at())
    assert all("Authorization" not in request.headers for request in served.requests)


@pytest.mark.parametrize(
    "path", ["/missing", "/html", "/broken", "/loop", "/inside", "/large", "/unpacked"]
)
async def test_credentials_and_queries_are_never_told(
    serve: Serve, fetch: Fetch, path: str
) -> None:
    private = f"http://u:{SECRET}@localhost/?token={SECRET}"
    answers = {
        "/missing": lambda: web.Response(status=404),
        "/html": lambda: web.Response(text="<html>", content_type="text/html"),
        "/broken": lambda: web.Response(status=503),
        "/loop": lambda: web.Response(status=302, headers={"Location": f"/loop?{SECRET}"}),
        "/inside": lambda: web.Response(status=302, headers={"Location": private}),
        "/large": lambda: web.Response(body=CONTENT),
        "/unpacked": lambda: web.Response(body=b"?", headers={"Content-Encoding": "gzip"}),
    }

    async def answer(request: web.Request) -> web.Response:
        return answers[request.path]()

    served = await serve(answer)
    address = served.at(path=f"{path}?key={SECRET}#{SECRET}", login=f"user:{SECRET}@")
    with pytest.raises(SourceFailed, match=r"public\.example") as failed:
        await fetch(address, max_size=1000)
    assert SECRET not in str(failed.value)
    assert "user" not in str(failed.value)


async def test_cookies_are_not_sent_back(serve: Serve, fetch: Fetch) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert "Cookie" not in request.headers
        response = web.Response(body=CONTENT)
        if request.path != "/file":
            response = web.Response(status=302, headers={"Location": "/file"})
        response.set_cookie("session", "1", domain="public.example")
        return response

    served = await serve(answer)
    for _ in range(2):
        assert (await fetch(served.at())).content == CONTENT


# --- too much, too little, too slow -------------------------------------------------------


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_an_endless_body_hits_the_limit(serve: Serve, fetch: Fetch, encoding: str) -> None:
    packer = zlib.compressobj(wbits=31)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": encoding})
        await response.prepare(request)
        for number in count():
            piece = b"%d;row\n" % number * 10_000
            if encoding == "gzip":
                piece = packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
            await response.write(piece)
            await anyio.lowlevel.checkpoint()  # else it writes far ahead of its reader
        return response

    served = await serve(answer)
    with pytest.raises(SourceFailed, match="larger than the 3000000 bytes allowed"):
        await fetch(served.at(), max_size=3_000_000)


async def test_a_decompression_bomb_is_not_set_off(serve: Serve, fetch: Fetch) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    twice = gzip.compress(bomb)

    async def answer(request: web.Request) -> web.Response:
        body = twice if request.path == "/twice" else bomb * 4
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    served = await serve(answer)
    with pytest.raises(SourceFailed, match="larger than the 1000000 bytes allowed"):
        await fetch(served.at(path="/bomb.csv"), max_size=1_000_000)
    assert (await fetch(served.at(path="/twice"), max_size=1_000_000)).content == bomb


async def test_an_announced_size_beyond_the_limit_is_not_even_begun(
    serve_raw: Serve, fetch: Fetch
) -> None:
    served = await serve_raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000\r\n\r\nx", hang=True
    )
    with pytest.raises(SourceFailed, match="larger than the 8589934592 bytes allowed"):
        await fetch(served.at())


async def test_content_shorter_than_announced_is_no_file(serve_raw: Serve, fetch: Fetch) -> None:
    served = await serve_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na;b\n")
    with pytest.raises(SourceFailed, match="broke off in the middle"):
        await fetch(served.at())
    assert len(served.raw) == 3


async def test_content_longer_than_announced_is_cut_and_does_no_harm_to_the_next_answer(
    serve_raw: Serve, fetch: Fetch
) -> None:
    lie = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na;b\n"
    lie += b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nWRONG"
    honest = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nc;d\n"
    served = await serve_raw(lie, honest, hang=True)
    assert (await fetch(served.at())).content == b"a;b\n"
    assert (await fetch(served.at())).content == b"c;d\n"


@pytest.mark.parametrize("length", ["-1", "abc", "1, 2", "9" * 5000])
async def test_an_announced_size_that_is_none_is_told(
    serve_raw: Serve, fetch: Fetch, length: str
) -> None:
    served = await serve_raw(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\na;b\n".encode())
    with pytest.raises(SourceFailed):
        await fetch(served.at())


async def test_a_server_that_speaks_no_http_is_told(serve_raw: Serve, fetch: Fetch) -> None:
    served = await serve_raw(b"220 ftp.example FTP server ready\r\n")
    with pytest.raises(SourceFailed, match="makes no sense"):
        await fetch(served.at())


async def test_a_trickle_is_given_up(serve: Serve, make_web: MakeWeb, fetch: Fetch) -> None:
    """The clock goes on by a second with each piece, so that a minute takes no time."""
    seconds = count()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await anyio.sleep(0.001)

    served = await serve(answer)
    patience = Patience(slowest=100, clock=lambda: float(next(seconds)))
    async with make_web(patience=patience) as web_:
        with pytest.raises(SourceFailed, match=r"sends too slowly: \d+ bytes in 60 s"):
            await fetch(served.at(), using=web_)
    assert len(served.requests) == 1


async def test_a_reader_that_takes_its_time_is_not_held_against_the_server(
    serve: Serve, make_web: MakeWeb
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * 10)
            await anyio.sleep(0.001)
        return response

    served, now = await serve(answer), 0.0
    async with (
        make_web(patience=Patience(slowest=100, clock=lambda: now)) as web_,
        web_.open(served.at()) as answered,
    ):
        async for _ in answered.pieces():
            now += 100.0


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
async def test_a_server_that_falls_silent_is_given_up(
    serve_raw: Serve, make_web: MakeWeb, fetch: Fetch, head: bytes
) -> None:
    served = await serve_raw(head, hang=True)
    patience = Patience(connect_s=0.05, answer_s=0.05, between_s=0.05)
    async with make_web(patience=patience) as web_:
        with pytest.raises(SourceFailed, match=r"did not answer in time|no more came"):
            await fetch(served.at(), using=web_)
    assert len(served.raw) == 3


# --- breaking off and going on ------------------------------------------------------------


class Cutting:
    """Serves `CONTENT` and cuts the first answers after half of what was asked for."""

    def __init__(self, cuts: int = 1, **headers: str) -> None:
        self.cuts = cuts
        self.headers = {"ETag": '"v1"'} | headers
        self.asked: list[tuple[str | None, str | None]] = []
        self.partial: Callable[[int], web.StreamResponse] | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        wanted, condition = request.headers.get("Range"), request.headers.get("If-Range")
        self.asked.append((wanted, condition))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        response = web.StreamResponse(headers=self.headers)
        content = CONTENT[start:]
        if start and self.partial:
            response = self.partial(start)
        elif start:
            response.set_status(206)
            last = len(CONTENT) - 1
            response.headers["Content-Range"] = f"bytes {start}-{last}/{len(CONTENT)}"
        if response.status == 200:
            content = CONTENT
        response.content_length = len(content)
        await response.prepare(request)
        if len(self.asked) > self.cuts:
            await response.write(content)
            return response
        await response.write(content[: len(content) // 2])
        await anyio.sleep(0.02)
        assert request.transport is not None
        request.transport.abort()
        return response


async def test_a_transfer_that_breaks_off_goes_on_where_it_was(serve: Serve, fetch: Fetch) -> None:
    server = Cutting(cuts=2)
    served = await serve(server)
    got = await fetch(served.at())
    assert got.content == CONTENT
    first, second, third = server.asked
    assert first == (None, None)
    assert second[1] == third[1] == '"v1"'
    assert second[0] is not None
    assert second[0] != third[0]


async def test_a_transfer_that_always_breaks_off_is_given_up(serve: Serve, fetch: Fetch) -> None:
    server = Cutting(cuts=100)
    served = await serve(server)
    with pytest.raises(SourceFailed, match="broke off in the middle"):
        await fetch(served.at())
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "headers",
    [{"ETag": 'W/"v1"'}, {"ETag": ""}, {"ETag": '"v1"', "Accept-Ranges": "none"},
     {"ETag": "", "Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT",
      "Date": "Sun, 22 Nov 2026 08:00:30 GMT"}],
)  # fmt: skip
async def test_without_a_strong_validator_a_transfer_starts_over(
    serve: Serve, fetch: Fetch, headers: dict[str, str]
) -> None:
    server = Cutting()
    server.headers = headers
    served = await serve(server)
    assert (await fetch(served.at())).content == CONTENT
    assert server.asked == [(None, None), (None, None)]


async def test_a_date_that_is_old_enough_validates(serve: Serve, fetch: Fetch) -> None:
    dated = {"Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT"}
    server = Cutting()
    server.headers = {**dated, "Date": "Sun, 22 Nov 2026 08:01:30 GMT"}
    served = await serve(server)
    assert (await fetch(served.at())).content == CONTENT
    assert server.asked[1][1] == dated["Last-Modified"]


async def test_a_file_that_changed_meanwhile_starts_over(serve: Serve, fetch: Fetch) -> None:
    """The first version is other bytes, of which nothing is left."""
    asked: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) > 1:
            return web.Response(body=CONTENT, headers={"ETag": '"v2"'})
        response = web.StreamResponse(headers={"ETag": '"v1"', "Content-Length": "1000000"})
        await response.prepare(request)
        await response.write(b"old;row\n" * 10_000)
        await anyio.sleep(0.02)
        assert request.transport is not None
        request.transport.abort()
        return response

    served = await serve(answer)
    got = await fetch(served.at())
    assert asked[1] is not None
    assert (got.content, got.last.etag, got.last.size) == (CONTENT, '"v2"', len(CONTENT))


@pytest.mark.parametrize(
    "lie",
    [
        lambda _: {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"},
        lambda start: {"Content-Range": f"bytes {start + 1}-{len(CONTENT) - 1}/{len(CONTENT)}"},
        lambda start: {"Content-Range": f"bytes {start}-{len(CONTENT)}/{len(CONTENT) + 1}"},
        lambda start: {
            "Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}",
            "ETag": '"v2"',
        },
        lambda _: {"Content-Range": "bytes nonsense"},
        lambda _: {},
    ],
)  # fmt: skip
async def test_a_rest_that_is_not_what_was_asked_for_is_thrown_away(
    serve: Serve, fetch: Fetch, lie: Callable[[int], dict[str, str]]
) -> None:
    server = Cutting()
    server.partial = lambda start: web.StreamResponse(status=206, headers=lie(start))
    served = await serve(server)
    assert (await fetch(served.at())).content == CONTENT
    assert [wanted is None for wanted, _ in server.asked] == [True, False, True]


async def test_a_rest_that_is_refused_starts_over(serve: Serve, fetch: Fetch) -> None:
    server = Cutting()
    server.partial = lambda _: web.StreamResponse(status=416)
    served = await serve(server)
    assert (await fetch(served.at())).content == CONTENT


async def test_a_compressed_transfer_goes_on_too(serve: Serve, fetch: Fetch) -> None:
    packed = gzip.compress(CONTENT)

    async def answer(request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        headers = {"ETag": '"v1"', "Content-Encoding": "gzip"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(packed) - 1}/{len(packed)}"
            return web.Response(status=206, body=packed[start:], headers=headers)
        response = web.StreamResponse(headers=headers | {"Content-Length": str(len(packed))})
        await response.prepare(request)
        await response.write(packed[: len(packed) // 2])
        await anyio.sleep(0.02)
        assert request.transport is not None
        request.transport.abort()
        return response

    served = await serve(answer)
    assert (await fetch(served.at())).content == CONTENT
    assert len(served.requests) == 2


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'attachment; filename="../../etc/passwd"', "passwd.csv"),
        (b"attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd.csv"),
        (rb'attachment; filename="..\\..\\windows\\system.ini"', "system.ini"),
        (b"attachment; filename*=UTF-8''a%00b%0d%0ac%1b.csv", "a b c .csv"),
        (b'attachment; filename="' + b"x" * 5000 + b'.csv"', "x" * 196 + ".csv"),
        (b'attachment; filename=""', "data.csv"),
        (b'attachment; filename="...."', "data.csv"),
        (b"attachment; filename*=nonsense''%ff", "data.csv"),
        (b'attachment; filename="\xe9t\xe9.csv"', "été.csv"),
        (b"attachment", "data.csv"),
    ],
)
async def test_whatever_a_server_calls_its_file_it_stays_in_the_spool(
    serve_raw: Serve, fetch: Fetch, disposition: bytes, name: str
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n"
    served = await serve_raw(head + b"Content-Disposition: " + disposition + b"\r\n\r\na;b\n")
    got = await fetch(served.at(path="/data"))
    assert (got.content, got.name) == (b"a;b\n", name)


async def test_an_error_page_that_pretends_to_be_data_is_no_file(
    serve: Serve, fetch: Fetch
) -> None:
    async def answer(_: web.Request) -> web.Response:
        page = "\ufeff \n<!-- served by proxy 3 -->\n<HTML><title>Maintenance</title></HTML>"
        return web.Response(text=page, content_type="text/csv")

    served = await serve(answer)
    with pytest.raises(NotAFile, match=r"data\.csv is a page of HTML"):
        await fetch(served.at(path="/data.csv"))


# --- politeness ---------------------------------------------------------------------------


async def test_a_server_that_asks_to_wait_is_waited_for(serve: Serve, fetch: Fetch) -> None:
    times: list[float] = []

    async def answer(_: web.Request) -> web.Response:
        times.append(anyio.current_time())
        if len(times) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(body=CONTENT)

    served = await serve(answer)
    assert (await fetch(served.at())).content == CONTENT
    assert times[1] - times[0] >= 0.99


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_to_wait_for_too_long_is_left_alone(
    serve: Serve, fetch: Fetch, status: int
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "3600"})

    served = await serve(answer)
    for path in ("/a", "/b"):
        with pytest.raises(SourceFailed, match=r"public\.example wants no requests for longer"):
            await fetch(served.at(path=path))
    assert len(served.requests) == 1


async def test_a_quota_that_is_used_up_is_heeded(serve: Serve, fetch: Fetch) -> None:
    async def answer(_: web.Request) -> web.Response:
        headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0"}
        return web.Response(body=CONTENT, headers=headers | {"X-RateLimit-Reset": "3600"})

    served = await serve(answer)
    await fetch(served.at())
    with pytest.raises(SourceFailed, match="wants no requests for longer"):
        await fetch(served.at())
    assert len(served.requests) == 1


async def test_what_passes_is_tried_again_but_not_for_ever(serve: Serve, fetch: Fetch) -> None:
    statuses = iter([503, 500, 200, 502, 502, 502])

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=next(statuses), body=CONTENT)

    served = await serve(answer)
    assert (await fetch(served.at())).content == CONTENT
    with pytest.raises(SourceFailed, match="3 times: it answered 502"):
        await fetch(served.at())


async def test_at_most_two_answers_of_a_host_are_under_way(
    serve: Serve, the_web: Web, spool: Spool
) -> None:
    under_way, most = 0, 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(CONTENT)
        await anyio.sleep(0.02)
        under_way -= 1
        return response

    served, fetcher = await serve(answer), Fetcher(the_web, spool)

    async def one(number: int) -> None:
        source = UrlSource(served.at(path=f"/{number}"))
        async with fetcher.fetched(source, None, lambda *_: None):
            pass

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, number)
    assert most == 2


async def test_a_dead_host_is_not_waited_for_again_and_again(
    fetch: Fetch, make_web: MakeWeb
) -> None:
    now = 1_000_000.0
    async with make_web(clock=lambda: now) as web_:
        with pytest.raises(SourceFailed, match=r"3 times: the name nowhere\.example is unknown"):
            await fetch("http://nowhere.example/a.csv", using=web_)
        with pytest.raises(SourceFailed, match="is not asked, as it did not answer a moment ago"):
            await fetch("http://nowhere.example/b.csv", using=web_)
        now += 3600
        with pytest.raises(SourceFailed, match="is unknown"):
            await fetch("http://nowhere.example/c.csv", using=web_)
