"""Reading pages, and asking through a proxy."""

import gzip
import hashlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.sources.reach import AddressRefused
from bulkpub.sources.web import Web

Serve = Callable[..., Awaitable[Any]]
MakeWeb = Callable[..., Web]


async def test_a_page_is_read_whole(serve: Serve, the_web: Web) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/catalogue?page=1"})
        assert request.headers["Accept"] == "text/turtle"
        headers = {"Link": '</catalogue?page=2>; rel="next"', "Content-Encoding": "gzip"}
        body = gzip.compress("été".encode("latin-1"))
        return web.Response(
            body=body, headers=headers | {"Content-Type": "Text/Turtle; charset=latin-1"}
        )

    served = await serve(answer)
    page = await the_web.read(served.at(login="a:b@"), accept="text/turtle")
    assert page.url == served.at(path="/catalogue?page=1")
    assert (page.content_type, page.charset, page.text()) == ("text/turtle", "latin-1", "été")
    assert page.link == '</catalogue?page=2>; rel="next"'


async def test_we_say_who_we_are(serve: Serve, make_web: MakeWeb) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.headers["User-Agent"])

    served = await serve(answer)
    async with make_web(user_agent="bulkpub/1.0") as web_:
        assert (await web_.read(served.at())).text() == "bulkpub/1.0"


async def test_a_page_that_is_not_there_is_told(serve: Serve, the_web: Web) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404)

    served = await serve(answer)
    with pytest.raises(SourceFailed, match=r"/catalogue answered 404$"):
        await the_web.read(served.at(path="/catalogue?key=1"))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_page_larger_than_a_page_is_refused(
    serve: Serve, make_web: MakeWeb, encoding: str
) -> None:
    content = bytes(10_000_000)

    async def answer(_: web.Request) -> web.Response:
        body = gzip.compress(content) if encoding == "gzip" else content
        return web.Response(body=body, headers={"Content-Encoding": encoding})

    served = await serve(answer)
    async with make_web(page_size=1_000_000) as web_:
        with pytest.raises(SourceFailed, match="larger than the 1000000 bytes"):
            await web_.read(served.at())


async def test_a_page_that_breaks_off_is_read_again(serve_raw: Serve, the_web: Web) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    served = await serve_raw(head + b"abc", head + b"abcdefg")
    assert (await the_web.read(served.at())).content == b"abcdefg"
    served = await serve_raw(head + b"abc")
    with pytest.raises(SourceFailed, match="broke off"):
        await the_web.read(served.at())
    assert len(served.raw) == 3


async def test_a_compressed_page_without_an_end_has_broken_off(
    serve_raw: Serve, the_web: Web
) -> None:
    packed = gzip.compress(b"abc" * 1000)[:-9]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    served = await serve_raw(head + packed)
    with pytest.raises(SourceFailed, match="compressed content broke off"):
        await the_web.read(served.at())


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        (gzip.compress(b"a;b\n") + gzip.compress(b"1;2\n"), b"a;b\n1;2\n"),
        (gzip.compress(b"a;b\n") + bytes(512), b"a;b\n"),
        (b"", b""),
    ],
    ids=["two of them", "padded", "nothing"],  # what is packed has the time in it
)
async def test_what_gzip_allows_is_understood(
    serve_raw: Serve, the_web: Web, packed: bytes, content: bytes
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    served = await serve_raw(head + packed)
    assert (await the_web.read(served.at())).content == content


async def test_the_checksum_is_that_of_the_bytes_sent(serve: Serve, the_web: Web) -> None:
    """A portal says of the file `a.csv.gz` that it is `a.csv`, encoded."""
    packed = gzip.compress(b"a;b\n", mtime=0)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    served = await serve(answer)
    wanted = (hashlib.sha1(packed).hexdigest(), len(packed))
    assert await the_web.digest_of(served.at(path="/a.csv.gz"), 1000, "sha1") == wanted


# --- trust --------------------------------------------------------------------------------


async def test_certificates_are_verified_by_the_authorities_that_are_known(
    make_web: MakeWeb, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("public.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    app = web.Application()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app.router.add_get("/", answer)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    try:
        address = f"https://public.example:{server.port}/"
        async with make_web(ca_file=str(tmp_path / "ca.pem")) as web_:
            assert (await web_.read(address)).text() == "hello"
        async with make_web() as web_:
            with pytest.raises(SourceFailed, match="certificate is not trusted"):
                await web_.read(address)
    finally:
        await server.close()


async def test_a_file_without_certificates_is_told(make_web: MakeWeb, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        async with make_web(ca_file=str(tmp_path / "none.pem")):
            pass


# --- proxies ------------------------------------------------------------------------------


@pytest.fixture
async def proxied(serve_raw: Serve, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A proxy on a private network, to which the environment sends us, with a login."""
    served = await serve_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy")
    monkeypatch.setenv("http_proxy", f"http://me:pass%20word@127.0.0.1:{served.port}")
    return served


async def test_a_proxy_of_the_environment_is_used(proxied: Any, the_web: Web) -> None:
    page = await the_web.read("http://nowhere.example/f.csv")
    assert page.text() == "proxy"
    (asked,) = proxied.raw
    assert asked.startswith("GET http://nowhere.example/f.csv HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in asked


@pytest.mark.parametrize("host", ["127.0.0.1", "internal.example", "localhost"])
async def test_a_proxy_is_not_asked_for_what_is_out_of_reach(
    proxied: Any, the_web: Web, host: str
) -> None:
    with pytest.raises(AddressRefused, match="public internet"):
        await the_web.read(f"http://{host}/")
    assert proxied.raw == []


async def test_some_hosts_are_asked_without_the_proxy(
    proxied: Any, serve: Serve, the_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    served = await serve(answer)
    monkeypatch.setenv("no_proxy", "public.example")
    assert (await the_web.read(served.at())).text() == "direct"
    assert proxied.raw == []
