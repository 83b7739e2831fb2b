"""What becomes of a request: by status and header with a pretended session, the rest served."""

import asyncio
import gc
import gzip
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aiohttp
import anyio
import pytest
import structlog
from aiohttp import web
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from bulkpub.core.model import FileSource
from bulkpub.core.report import RateLimit
from bulkpub.errors import FileChanged, PortalUnavailable, StoppedEarly, Uncertain
from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.messages import Answer, Body, Request
from bulkpub.http.retry import RetryPolicy
from bulkpub.http.signals import RateHeaders
from bulkpub.http.transport import HttpSettings, Transport
from bulkpub.http.transport import connect as connect_
from bulkpub.portals.udata.forms import FileForm
from bulkpub.sources.local import FileContent, fingerprint

PORTAL = "https://portal.example/api/1"
KEY = "k3y-0f-a-publisher"
AT_ONCE = RetryPolicy(attempts=3, first_delay=0.0, max_delay=0.0)
METHODS = ("GET", "PUT", "DELETE", "POST")
PASSING = (408, 500, 502, 503, 504)
REPEATED = [(method, status) for method in ("GET", "DELETE") for status in PASSING] + [("PUT", 500)]
"""A PUT whose failure is not over may be carried out late, and undo the next one."""
UNCERTAIN = [(method, status) for method in METHODS for status in PASSING]
UNCERTAIN = [each for each in UNCERTAIN if each not in REPEATED]

GET = Request("GET", "/datasets/", "/datasets/")
POST = Request("POST", "/datasets/", "/datasets/", json={"title": "Vélos"})


def request(method: str) -> Request:
    return Request(method, "/datasets/1/", "/datasets/{id}/")


def connect(
    url: str,
    *,
    key: str | None = None,
    limits: GateLimits | None = None,
    listener: "Ear | None" = None,
    **settings: Any,
) -> AbstractAsyncContextManager[Transport]:
    """A connection whose key and pace are given as plain values."""
    pace = Gate(limits or GateLimits())
    if listener is not None:
        pace.on_wait = listener.waiting
    return connect_(
        url,
        credentials={"X-API-KEY": key} if key else {},
        settings=HttpSettings(**settings),
        pace=pace,
        listener=listener,
    )


@dataclass
class Ear:
    """A listener that remembers."""

    retries: list[tuple[str, str, int]] = field(default_factory=list)
    quotas: list[RateLimit] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)

    def retrying(self, request: Request, reason: str, delay_s: float, attempt: int) -> None:
        assert delay_s >= 0
        self.retries.append((request.method, reason, attempt))

    def waiting(self, reason: str, delay_s: float, until: datetime) -> None:
        del delay_s, until
        self.waits.append(reason)

    def quota_seen(self, rate_limit: RateLimit) -> None:
        self.quotas.append(rate_limit)


@pytest.fixture
def ear() -> Ear:
    return Ear()


# --- a pretended session ------------------------------------------------------------------


class PretendedResponse(aiohttp.ClientResponse):
    """aioresponses 0.7 does not know the last argument that aiohttp 3.14 wants."""

    def __init__(self, method: str, url: URL, **kwargs: Any) -> None:
        super().__init__(method, url, stream_writer=Mock(), **kwargs)


class Pretended:
    """What the portal shall answer, in this order, and what it was sent."""

    def __init__(self, mocked: aioresponses) -> None:
        self._mocked = mocked
        self.sent: list[dict[str, Any]] = []

    def answer(self, method: str, url: str = f"{PORTAL}/datasets/1/", **answer: Any) -> None:
        def remember(_: URL, **sent: Any) -> CallbackResult | None:
            self.sent.append(sent)
            return None

        self._mocked.add(url, method, response_class=PretendedResponse, callback=remember, **answer)


@pytest.fixture
def pretended() -> Iterator[Pretended]:
    with aioresponses() as mocked:
        yield Pretended(mocked)


@pytest.fixture
async def transport(ear: Ear) -> AsyncIterator[Transport]:
    async with connect(PORTAL, key=KEY, policy=AT_ONCE, listener=ear) as transport:
        yield transport


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [200, 201, 204])
async def test_a_success_is_handed_over_as_it_is(
    pretended: Pretended, transport: Transport, method: str, status: int
) -> None:
    pretended.answer(method, status=status, body=b'{"id": "1"}', headers={"X-Said": "this"})
    answer = await transport.send(request(method))
    assert (answer.status, answer.ok, answer.json()) == (status, True, {"id": "1"})
    assert answer.headers["x-said"] == "this"
    assert len(pretended.sent) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [301, 308, 400, 401, 403, 404, 409, 410, 413, 415, 423, 501])
async def test_a_refusal_is_handed_over_and_not_repeated(
    pretended: Pretended, transport: Transport, method: str, status: int
) -> None:
    headers = {"Location": "https://elsewhere.example/"}
    pretended.answer(method, status=status, body=b"<html>No</html>", headers=headers)
    answer = await transport.send(request(method))
    assert (answer.status, answer.ok, answer.json()) == (status, False, None)
    assert len(pretended.sent) == 1


@pytest.mark.parametrize(("method", "status"), REPEATED)
async def test_what_is_the_same_twice_is_repeated_after_a_failure_that_may_pass(
    pretended: Pretended, transport: Transport, ear: Ear, method: str, status: int
) -> None:
    pretended.answer(method, status=status, body=b"<html>Bad gateway</html>")
    pretended.answer(method, status=status)
    pretended.answer(method, status=200, body=b"[]")
    assert (await transport.send(request(method))).json() == []
    reason = f"it answered {status}"
    assert ear.retries == [(method, reason, 2), (method, reason, 3)]


@pytest.mark.parametrize(("method", "status"), REPEATED)
async def test_a_failure_that_does_not_pass_is_given_up_after_so_many_attempts(
    pretended: Pretended, transport: Transport, method: str, status: int
) -> None:
    for _ in range(3):
        pretended.answer(method, status=status)
    with pytest.raises(PortalUnavailable) as failed:
        await transport.send(request(method))
    assert str(failed.value) == (
        f"{method} /datasets/{{id}}/ failed 3 times, the last time because it answered {status}"
    )
    assert transport.requests.retried == 2


async def test_what_can_be_done_without_and_is_not_to_be_had_is_an_answer(
    pretended: Pretended, transport: Transport
) -> None:
    for _ in range(2):
        pretended.answer("GET", status=503)
    optional = replace(request("GET"), done_without=frozenset({503}))
    assert (await transport.send(optional)).status == 503
    assert transport.requests.total == 2
    # Any other failure is one of the portal's, whatever was asked for.
    for status in (503, 502, 500):
        pretended.answer("GET", status=status)
    with pytest.raises(PortalUnavailable):
        await transport.send(optional)


@pytest.mark.parametrize(("method", "status"), UNCERTAIN)
async def test_what_may_have_been_carried_out_or_will_be_late_is_not_repeated(
    pretended: Pretended, transport: Transport, method: str, status: int
) -> None:
    pretended.answer(method, status=status)
    with pytest.raises(Uncertain, match=f"it answered {status}") as uncertain:
        await transport.send(request(method))
    assert uncertain.value.underway is (status != 500)
    assert len(pretended.sent) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_what_was_turned_away_is_repeated_whatever_it_is(
    pretended: Pretended, transport: Transport, ear: Ear, method: str
) -> None:
    pretended.answer(method, status=429, headers={"Retry-After": "0"})
    pretended.answer(method, status=200)
    assert (await transport.send(request(method))).ok
    assert ear.retries == [(method, "it answered 429", 2)]
    assert transport.requests.rate_limited == 1


async def test_being_turned_away_says_nothing_of_the_request_however_often(
    pretended: Pretended, transport: Transport
) -> None:
    """`transport` tries three times: that is for what fails."""
    for _ in range(12):
        pretended.answer("POST", status=429, headers={"Retry-After": "0"})
    pretended.answer("POST", status=201)
    assert (await transport.send(request("POST"))).status == 201
    assert transport.requests.rate_limited == 12


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(104, "Connection reset by peer"),
        aiohttp.ClientPayloadError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", METHODS)
async def test_a_lost_answer_is_as_uncertain_as_a_failure_that_may_pass(
    pretended: Pretended, transport: Transport, method: str, error: Exception
) -> None:
    pretended.answer(method, exception=error)
    pretended.answer(method, status=200)
    if method in {"GET", "DELETE"}:
        assert (await transport.send(request(method))).ok
        return
    with pytest.raises(Uncertain) as uncertain:
        await transport.send(request(method))
    assert uncertain.value.underway


async def test_the_key_goes_in_its_one_header(pretended: Pretended, transport: Transport) -> None:
    pretended.answer("GET")
    await transport.send(replace(request("GET"), headers={"X-Fields": "id"}))
    headers = pretended.sent[0]["headers"]
    assert headers["X-API-KEY"] == KEY
    assert headers["X-Fields"] == "id"
    assert [name for name, value in headers.items() if KEY in value] == ["X-API-KEY"]
    rest = {name: value for name, value in pretended.sent[0].items() if name != "headers"}
    assert KEY not in repr(rest)


async def test_without_a_key_there_is_no_such_header(pretended: Pretended) -> None:
    pretended.answer("GET")
    async with connect(PORTAL) as transport:
        await transport.send(request("GET"))
    assert "X-API-KEY" not in pretended.sent[0]["headers"]


async def test_no_redirect_is_followed(pretended: Pretended, transport: Transport) -> None:
    location = f"{PORTAL}/datasets/2/"
    pretended.answer("GET", status=302, headers={"Location": location})
    answer = await transport.send(request("GET"))
    assert (answer.status, answer.headers["Location"]) == (302, location)
    assert pretended.sent[0]["allow_redirects"] is False


async def test_json_is_sent_as_json(pretended: Pretended, transport: Transport) -> None:
    pretended.answer("POST", f"{PORTAL}/datasets/", status=201)
    await transport.send(POST)
    assert pretended.sent[0]["data"] == '{"title":"Vélos"}'.encode()
    assert pretended.sent[0]["headers"]["Content-Type"] == "application/json"


async def test_requests_are_counted_by_method_and_endpoint_every_attempt(
    pretended: Pretended, transport: Transport
) -> None:
    for status in (503, 429, 200):
        pretended.answer("GET", status=status, headers={"Retry-After": "0"})
    pretended.answer("PUT", status=200)
    await transport.send(request("GET"))
    await transport.send(request("PUT"))
    requests = transport.requests
    assert (requests.total, requests.retried, requests.rate_limited) == (4, 2, 1)
    assert requests.by_method == {"GET": 3, "PUT": 1}
    assert requests.by_endpoint == {"GET /datasets/{id}/": 3, "PUT /datasets/{id}/": 1}


async def test_the_rate_limit_is_read_from_headers_of_any_name(
    pretended: Pretended, ear: Ear
) -> None:
    pretended.answer("GET", headers={"L": "1000", "R": "900", "T": "60"})
    pretended.answer("GET", headers={"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "5"})
    names = RateHeaders("L", "R", "T")
    async with connect(PORTAL, rate_headers=names, listener=ear) as transport:
        await transport.send(request("GET"))
        limit = transport.rate_limit
        await transport.send(request("GET"))
    assert (limit.limit, limit.remaining) == (1000, 900)
    assert limit.reset_at is not None
    assert 0 < (limit.reset_at - datetime.now(UTC)).total_seconds() <= 60
    assert ear.quotas == [limit]


async def test_a_quota_that_is_used_up_for_too_long_stops_the_run(pretended: Pretended) -> None:
    out = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3000"}
    pretended.answer("GET", headers=out)
    async with connect(PORTAL, limits=GateLimits(max_wait=600)) as transport:
        await transport.send(request("GET"))
        with pytest.raises(StoppedEarly, match="longer than `max_wait` allows"):
            await transport.send(request("GET"))
    assert len(pretended.sent) == 1


# --- a served portal ----------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Pieces:
    """A body of so many pieces; `between` is done before each but the first."""

    pieces: list[bytes]
    between: Callable[[], Awaitable[None]] | None = None
    length: int = 0
    content_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        self.length = self.length or sum(map(len, self.pieces))

    def at_once(self) -> bytes | None:
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number, piece in enumerate(self.pieces):
            if number and self.between:
                await self.between()
            yield piece

    def close(self) -> None:
        pass


def upload(make: Callable[[], Body]) -> Request:
    return Request("POST", "/datasets/1/upload/", "/datasets/{id}/upload/", body=make)


@pytest.fixture
async def served() -> AsyncIterator[Callable[..., Awaitable[Transport]]]:
    """Serve a handler for all requests, and connect to it."""
    async with AsyncExitStack() as stack:

        async def serve(handler: Handler, **options: Any) -> Transport:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            connection: AbstractAsyncContextManager[Transport] = connect(
                f"http://127.0.0.1:{port}/api/1", **{"key": KEY, "policy": AT_ONCE, **options}
            )
            return await stack.enter_async_context(connection)

        yield serve


Serve = Callable[..., Awaitable[Transport]]


async def test_a_body_is_sent_with_its_length_and_not_in_chunks(served: Serve) -> None:
    seen: list[tuple[Any, bytes]] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append((request.headers.copy(), await request.read()))
        return web.json_response({"success": True}, status=201)

    transport = await served(portal)
    answer = await transport.send(upload(lambda: Pieces([b"a" * 70_000, b"b" * 70_000])))
    assert answer.status == 201
    headers, content = seen[0]
    assert (headers["Content-Length"], headers["Content-Type"]) == (
        "140000",
        "application/octet-stream",
    )
    assert "Transfer-Encoding" not in headers
    assert content == b"a" * 70_000 + b"b" * 70_000


async def test_an_answer_that_keeps_coming_is_waited_for_however_long_it_takes(
    served: Serve,
) -> None:
    """Patience is for a portal that does nothing, not for one that has much to say."""

    async def portal(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(7):
            await anyio.sleep(0.2)
            await answer.write(b"a")
        return answer

    transport = await served(portal, patience_s=1.0)
    assert (await transport.send(GET)).content == b"a" * 7


async def test_a_request_that_is_given_up_leaves_no_file_open(
    served: Serve, tmp_path: Path
) -> None:
    """aiohttp drops the body where it stands; nobody would ever close its file."""
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    source = FileSource(str(path), "a.csv")

    async def portal(_request: web.Request) -> web.Response:
        await anyio.sleep(60)
        return web.Response()

    transport = await served(portal, patience_s=0.2)
    content = FileContent(source, fingerprint(source), lambda _: None)
    with pytest.raises(Uncertain):
        await transport.send(upload(lambda: FileForm(content.open(), "a.csv", lambda _: None)))
    # Asking what each object is wakes proxies up, so it is asked of its type.
    files = [each for each in gc.get_objects() if type(each) is io.BufferedReader]
    assert [each for each in files if each.name == str(path) and not each.closed] == []


async def test_each_attempt_has_a_body_of_its_own(served: Serve) -> None:
    seen: list[bytes] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append(await request.read())
        return web.Response(status=429 if len(seen) == 1 else 201, headers={"Retry-After": "0"})

    transport = await served(portal)
    await transport.send(upload(lambda: Pieces([b"one ", b"two"])))
    assert seen == [b"one two", b"one two"]


async def test_cookies_are_not_kept(served: Serve) -> None:
    seen: list[str | None] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        answer = web.json_response({})
        answer.set_cookie("session", "someone-elses")
        return answer

    transport = await served(portal)
    await transport.send(GET)
    await transport.send(GET)
    assert seen == [None, None]


@pytest.mark.parametrize("method", METHODS)
async def test_what_broke_on_a_connection_that_is_kept_is_not_repeated_behind_our_back(
    served: Serve, method: str
) -> None:
    """`aiohttp` does that by itself, with whatever HTTP holds to be the same done twice."""
    seen: list[str] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append(request.method)
        if len(seen) == 2 and request.transport is not None:
            request.transport.close()
        return web.json_response({})

    transport = await served(portal, policy=RetryPolicy(attempts=1))
    await transport.send(GET)
    with pytest.raises((Uncertain, PortalUnavailable)):
        await transport.send(request(method))
    assert seen == ["GET", method]


async def test_ids_and_queries_reach_the_portal_as_they_were_written(served: Serve) -> None:
    seen: list[str] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.json_response({})

    transport = await served(portal)
    params = {"organization": "a&b", "q": "été"}
    await transport.send(Request("GET", "/datasets/a%2Fb/", "/datasets/{id}/", params=params))
    assert seen == ["/api/1/datasets/a%2Fb/?organization=a%26b&q=%C3%A9t%C3%A9"]


async def test_a_portal_that_does_not_answer_is_waited_for_so_long_and_no_longer(
    served: Serve,
) -> None:
    async def portal(_: web.Request) -> web.Response:
        await anyio.sleep(30)
        return web.Response()

    transport = await served(portal, patience_s=0.05, policy=RetryPolicy(attempts=1))
    with pytest.raises(PortalUnavailable, match=r"failed because it did not answer within 0\.05 s"):
        await transport.send(GET)
    with pytest.raises(Uncertain, match="did not answer within") as uncertain:
        await transport.send(POST)
    assert uncertain.value.underway


async def test_an_upload_may_take_long_as_long_as_it_goes_on(served: Serve) -> None:
    async def portal(request: web.Request) -> web.Response:
        return web.json_response({"size": len(await request.read())}, status=201)

    async def pause() -> None:
        await anyio.sleep(0.1)

    transport = await served(portal, patience_s=1.0)
    answer = await transport.send(upload(lambda: Pieces([b"x" * 1000] * 12, pause)))
    assert answer.json() == {"size": 12_000}


async def test_an_upload_that_stands_still_is_given_up(served: Serve) -> None:
    async def portal(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=201)

    async def forever() -> None:
        await anyio.sleep_forever()

    transport = await served(portal, patience_s=0.1)
    with pytest.raises(Uncertain, match="did not answer within"):
        await transport.send(upload(lambda: Pieces([b"x", b"y"], forever)))


class OurOwn(Exception):
    """Something that goes wrong with the file."""


async def test_what_goes_wrong_with_the_file_is_raised_as_itself(served: Serve) -> None:
    async def portal(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=201)

    async def vanish() -> None:
        raise OurOwn("the file vanished")

    transport = await served(portal, limits=GateLimits(most=1))
    for _ in range(2):  # and it leaves no place occupied at the gate
        with pytest.raises(OurOwn, match="the file vanished"):
            await transport.send(upload(lambda: Pieces([b"x" * 100, b"y" * 100], vanish)))


async def test_a_cancelled_request_leaves_no_place_occupied(served: Serve) -> None:
    async def portal(request: web.Request) -> web.Response:
        if request.method == "POST":
            await anyio.sleep(30)
        return web.json_response({})

    transport = await served(portal, limits=GateLimits(most=1))
    with anyio.move_on_after(0.05):
        await transport.send(POST)
    with anyio.fail_after(10):
        assert (await transport.send(GET)).ok


async def drop(request: web.Request) -> web.Response:
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def break_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b'{"id": ')
    assert request.transport is not None
    request.transport.close()
    return answer


async def not_really_gzip(_: web.Request) -> web.Response:
    body = gzip.compress(b"{}")[:-12] + b"spoilt bytes"
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    ("portal", "words"),
    [
        (drop, "closed the connection without an answer|the connection failed"),
        (break_off, "its answer broke off in the middle"),
        (not_really_gzip, "its answer broke off in the middle"),
    ],
)
async def test_what_happened_to_the_connection_is_told_in_words(
    served: Serve, portal: Handler, words: str
) -> None:
    transport = await served(portal)
    with pytest.raises(PortalUnavailable, match=words):
        await transport.send(GET)
    with pytest.raises(Uncertain, match=words):
        await transport.send(POST)
    assert transport.requests.by_method["GET"] >= 3


async def test_a_server_that_speaks_no_http_is_one_that_fails() -> None:
    async def shout(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"220 ftp.example ready\r\n")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, shout)
        async with connect(f"http://127.0.0.1:{port}", policy=AT_ONCE) as transport:
            with pytest.raises(PortalUnavailable, match="the connection failed"):
                await transport.send(GET)
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def test_a_portal_that_is_not_there_is_named_with_its_address() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    await listener.aclose()
    async with connect(f"http://127.0.0.1:{port}", policy=AT_ONCE) as transport:
        with pytest.raises(PortalUnavailable, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await transport.send(GET)


async def test_an_answer_before_the_whole_body_was_read_is_heard(served: Serve) -> None:
    async def portal(request: web.Request) -> web.Response:
        await request.content.readany()
        return web.json_response({"message": "too large"}, status=413)

    transport = await served(portal, patience_s=5.0)
    answer = await transport.send(upload(lambda: Pieces([b"x" * 65_536] * 4)))
    assert (answer.status, answer.json()) == (413, {"message": "too large"})


# --- what a small request costs -----------------------------------------------------------


@pytest.fixture
async def threads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is given to threads; looking up the host's name is done there, once a connection."""
    given: list[Any] = []
    loop, run_sync = asyncio.get_running_loop(), anyio.to_thread.run_sync
    in_executor = loop.run_in_executor

    def counted(executor: Any, function: Any, *args: Any) -> Any:
        given.append(function)
        return in_executor(executor, function, *args)

    def counted_too(function: Any, *args: Any, **options: Any) -> Any:
        given.append(function)
        return run_sync(function, *args, **options)

    monkeypatch.setattr(loop, "run_in_executor", counted)
    monkeypatch.setattr(anyio.to_thread, "run_sync", counted_too)
    return given


async def test_a_small_file_is_sent_in_one_piece_and_without_a_thread(
    served: Serve, tmp_path: Path, threads: list[Any]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b\n" * 250)
    source = FileSource(str(path), "a.csv")
    seen: list[tuple[str | None, bytes]] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append((request.headers.get("Content-Length"), await request.read()))
        return web.json_response({}, status=201)

    transport = await served(portal)
    await transport.send(GET)  # the connection is open
    threads.clear()
    content = FileContent(source, fingerprint(source), lambda _: None)
    await transport.send(upload(lambda: FileForm(content.open(), "a.csv", lambda _: None)))
    length, body = seen[-1]
    assert length == str(len(body))
    assert path.read_bytes() in body
    assert content.digest == hashlib.sha1(path.read_bytes()).hexdigest()
    assert threads == []


async def test_of_a_file_that_is_not_as_planned_nothing_is_sent(
    served: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b\n")
    source = FileSource(str(path), "a.csv")
    content = FileContent(source, fingerprint(source), lambda _: None)
    path.write_bytes(b"a;b\n1;2\n")

    async def portal(_: web.Request) -> web.Response:
        raise AssertionError("it was asked")

    transport = await served(portal, limits=GateLimits(most=1))
    for _ in range(2):  # and it leaves no place occupied at the gate
        with pytest.raises(FileChanged, match=r"a\.csv grew from 4 to 8 bytes"):
            await transport.send(upload(lambda: FileForm(content.open(), "a.csv", lambda _: None)))
    assert transport.requests.total == 0


# --- who is between us and the portal -----------------------------------------------------


@pytest.mark.parametrize("login", ["", "me:pass%20word@"])
async def test_a_proxy_of_the_environment_is_used(
    served: Serve, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    seen: list[Any] = []

    async def proxy(request: web.Request) -> web.Response:
        seen.append((str(request.url), request.headers.get("Proxy-Authorization")))
        return web.json_response({})

    there = (await served(proxy)).base_url.removeprefix("http://").removesuffix("/api/1")
    monkeypatch.setenv("http_proxy", f"http://{login}{there}")
    async with connect("http://portal.example/api/1") as transport:
        assert (await transport.send(GET)).ok
    says = "Basic bWU6cGFzcyB3b3Jk" if login else None
    assert seen == [("http://portal.example/api/1/datasets/", says)]


async def test_a_proxy_that_speaks_no_http_is_passed_over(
    served: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def portal(_: web.Request) -> web.Response:
        return web.json_response({})

    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    assert (await (await served(portal)).send(GET)).ok


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("machine 127.0.0.1 login me password pass", "Basic bWU6cGFzcw=="),
        ("default login me password pass", "Basic bWU6cGFzcw=="),
        ("machine other.example login me password pass", None),
        ("machine 127.0.0.1 login", None),
        ("this is none", None),
    ],
)
async def test_the_login_of_a_portal_that_is_behind_one_is_that_of_netrc(
    served: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str | None
) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append((request.headers.get("Authorization"), request.headers.get("X-API-KEY")))
        return web.json_response({})

    file = tmp_path / "netrc"
    file.write_text(f"{text}\n")
    monkeypatch.setenv("NETRC", str(file))
    await (await served(portal)).send(GET)
    assert seen == [(says, KEY)]


async def test_what_is_wrong_with_a_netrc_is_told_without_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login me\npassword hush secret-half\n")
    monkeypatch.setenv("NETRC", str(file))
    with structlog.testing.capture_logs() as lines:
        async with connect(PORTAL):
            pass
    (line,) = (line for line in lines if line["log_level"] == "warning")
    assert line["why"] == "NetrcParseError"
    assert line["line"] is not None
    assert "secret" not in str(line)


async def test_the_netrc_of_the_users_home_is_read_whoever_else_can_read_it(
    served: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl does; most people have none, which is nothing to tell."""
    seen: list[str | None] = []

    async def portal(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({})

    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with structlog.testing.capture_logs() as lines:
        await (await served(portal)).send(GET)
        file = tmp_path / ".netrc"
        file.write_text("machine 127.0.0.1 login me password pass\n")
        file.chmod(0o644)
        await (await served(portal)).send(GET)
    assert seen == [None, "Basic bWU6cGFzcw=="]
    assert [line for line in lines if line["log_level"] == "warning"] == []


# --- the circuit --------------------------------------------------------------------------


@dataclass
class Flaky:
    """A portal that answers 503 to the next `bad` requests, and to `broken` paths always."""

    bad: int = 0
    broken: str = "nowhere"
    seen: list[str] = field(default_factory=list)
    probing: int = 0
    most_probing: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append(f"{request.method} {request.path.removeprefix('/api/1')}")
        probe = request.path.endswith("/me/")
        self.probing += probe
        self.most_probing = max(self.most_probing, self.probing)
        await anyio.sleep(0.001)
        self.probing -= probe
        bad = self.bad > 0
        self.bad -= bad
        return web.json_response({}, status=503 if bad or self.broken in request.path else 200)


@pytest.fixture
async def flaky(served: Serve) -> tuple[Flaky, Transport]:
    portal = Flaky()
    transport = await served(portal.answer, limits=GateLimits(give_up_after=60.0))
    transport.probe = Request("GET", "/me/", "/me/")
    assert (await transport.send(GET)).ok
    portal.seen.clear()
    return portal, transport


async def test_when_the_portal_is_back_the_work_goes_on(flaky: tuple[Flaky, Transport]) -> None:
    portal, transport = flaky
    portal.bad = 3 + 4
    assert (await transport.send(GET)).ok
    assert portal.seen == ["GET /datasets/"] * 3 + ["GET /me/"] * 5 + ["GET /datasets/"]


async def test_many_who_fail_send_one_probe_at_a_time(flaky: tuple[Flaky, Transport]) -> None:
    portal, transport = flaky
    portal.bad = 60
    answers: list[Answer] = []

    async def work() -> None:
        answers.append(await transport.send(GET))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(work)
    assert [answer.ok for answer in answers] == [True] * 8
    assert portal.most_probing == 1


async def test_one_request_that_fails_on_a_portal_that_works_fails_alone(
    flaky: tuple[Flaky, Transport],
) -> None:
    portal, transport = flaky
    portal.broken = "/datasets/9/"
    with pytest.raises(PortalUnavailable, match="failed 3 times"):
        await transport.send(Request("GET", "/datasets/9/", "/datasets/{id}/"))
    assert portal.seen == ["GET /datasets/9/"] * 3 + ["GET /me/"]
    assert (await transport.send(GET)).ok


async def test_a_portal_that_stays_down_stops_the_run(served: Serve) -> None:
    portal = Flaky()
    transport = await served(portal.answer, limits=GateLimits(give_up_after=0.0))
    transport.probe = Request("GET", "/me/", "/me/")
    await transport.send(GET)
    portal.bad = 10**6
    stopped = list[StoppedEarly]()

    async def work() -> None:
        with pytest.raises(StoppedEarly, match=r"the portal has been down for \d+ s") as raised:
            await transport.send(GET)
        stopped.append(raised.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(work)
    assert len(stopped) == 5
    assert portal.seen.count("GET /me/") == 5


async def test_a_portal_that_never_answered_is_not_waited_for(served: Serve) -> None:
    portal = Flaky(bad=10**6)
    transport = await served(portal.answer)
    transport.probe = Request("GET", "/me/", "/me/")
    with pytest.raises(PortalUnavailable, match="failed 3 times"):
        await transport.send(GET)
    assert "GET /me/" not in portal.seen


async def test_a_create_is_not_repeated_because_the_portal_is_back(
    flaky: tuple[Flaky, Transport],
) -> None:
    portal, transport = flaky
    portal.bad = 1
    with pytest.raises(Uncertain):
        await transport.send(POST)
    assert portal.seen == ["POST /datasets/"]
