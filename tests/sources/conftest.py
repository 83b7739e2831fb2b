"""Servers on the loopback that pass for the public internet, and what fetches from them.

Every name leads to 127.0.0.1. `public.example` and `other.example` are trusted there, as if they
were on the public internet; any other name, and the address itself, is out of reach.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bulkpub.core.model import Fingerprint, LastFetch, UrlSource
from bulkpub.http.retry import RetryPolicy
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetched, Fetcher
from bulkpub.sources.politeness import Courtesy, Hosts
from bulkpub.sources.reach import Reach
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
QUICK = RetryPolicy(attempts=3, first_delay=0.001, max_delay=0.002)


class Loopback(AbstractResolver):
    """Looks every name up, and finds it at 127.0.0.1."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        if host == "nowhere.example":
            raise OSError(None, "unknown name")
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass
class Served:
    """A server, its address under a public name, and the requests it has seen."""

    port: int
    requests: list[web.Request] = field(default_factory=list)

    def at(self, host: str = "public.example", path: str = "/", login: str = "") -> str:
        return f"http://{login}{host}:{self.port}{path}"


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[Served]]]:
    """Serve every path by one handler, until the end of the test."""
    async with AsyncExitStack() as stack:

        async def serve(handler: Handler) -> Served:
            seen: list[web.Request] = []

            async def remembering(request: web.Request) -> web.StreamResponse:
                seen.append(request)
                return await handler(request)

            app = web.Application()
            app.router.add_get("/{path:.*}", remembering)
            server = TestServer(app)
            await server.start_server()
            stack.push_async_callback(server.close)
            assert server.port is not None
            return Served(server.port, seen)

        yield serve


@pytest.fixture
async def serve_raw() -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    """Answer the connections with these bytes, in order (the last ones again and again).

    A connection is closed after its bytes, unless they are followed by a wait (`hang`).
    """
    async with AsyncExitStack() as stack:

        async def serve_raw(*answers: bytes, hang: bool = False) -> Served:
            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                asked = await reader.readuntil(b"\r\n\r\n")
                told.raw.append(asked.decode())
                writer.write(answers[min(len(told.raw), len(answers)) - 1])
                await writer.drain()
                if hang:
                    await reader.read()
                writer.close()

            server = await asyncio.start_server(answer, "127.0.0.1", 0)

            async def close() -> None:
                server.close()

            stack.push_async_callback(close)
            told = RawServed(server.sockets[0].getsockname()[1])
            return told

        yield serve_raw


@dataclass
class RawServed(Served):
    """A server of bytes; `raw` has the requests as they came."""

    raw: list[str] = field(default_factory=list)


@pytest.fixture
def make_web() -> Callable[..., Web]:
    """The web, quick to lose patience; keyword arguments are those of `Web`."""

    def make(**more: Any) -> Web:
        options: dict[str, Any] = {
            "reach": Reach(resolver=Loopback(), trusted={"public.example", "other.example"}),
            "policy": QUICK,
            "patience": Patience(connect_s=5, answer_s=5, between_s=5),
            "hosts": Hosts(Courtesy(max_wait=30)),
        }
        return Web(**options | more)

    return make


@pytest.fixture
async def the_web(make_web: Callable[..., Web]) -> AsyncIterator[Web]:
    async with make_web() as opened:
        yield opened


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    async with Spool(tmp_path / "spool", 1024 * 1024 * 64) as opened:
        yield opened


@dataclass(frozen=True)
class Got:
    """A file that was fetched, and what the spool held of it."""

    content: bytes | None
    name: str
    fingerprint: Fingerprint
    last: LastFetch


def _content(got: Fetched) -> bytes | None:
    if got.path is None:
        return None
    path = Path(got.path)
    assert path.name == got.name
    return path.read_bytes()


@pytest.fixture
def left_in(tmp_path: Path) -> Callable[[], list[str]]:
    """The names of the files in the spool's folder, locks aside."""

    def left() -> list[str]:
        files = (each for each in (tmp_path / "spool").rglob("*") if each.is_file())
        return [each.name for each in files if each.suffix != ".lock"]

    return left


@pytest.fixture
async def fetch(
    the_web: Web, spool: Spool, left_in: Callable[[], list[str]]
) -> Callable[..., Awaitable[Got]]:
    """Fetch from an address; keyword arguments are those of `UrlSource`, and `last`.

    Whatever happens, nothing is left in the spool.
    """

    async def fetch(
        url: str,
        *,
        last: LastFetch | None = None,
        using: Web | None = None,
        max_size: int | None = None,
        html: bool = False,
    ) -> Got:
        fetcher = Fetcher(using or the_web, spool)
        source = UrlSource(url, max_size, html)
        try:
            async with fetcher.fetched(source, last, lambda *_: None) as got:
                return Got(_content(got), got.name, got.fingerprint, got.last)
        finally:
            assert left_in() == []
            assert spool.held == 0

    return fetch
