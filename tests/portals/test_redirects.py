"""Redirects: of writes none is followed, and what a permalink leads to has a source's limits."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from bulkpub.errors import SourceFailed
from bulkpub.sandbox import Sandbox
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import open_fetcher

Publish = Callable[..., Awaitable[Any]]
CALLS = [
    ("GET", "/me/"),
    ("POST", "/api/1/datasets/"),
    ("POST", "/upload/"),
    ("PUT", "/resources/"),
]


class Other:
    """Another server, that writes down what it is sent."""

    def __init__(self) -> None:
        self.address = ""
        self.seen: list[tuple[str, dict[str, str]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.method, dict(request.headers)))
        return web.Response(text="abc")


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    there = Other()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", there.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.address = f"http://localhost:{runner.addresses[0][1]}"
    yield there
    await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", CALLS)
async def test_no_write_and_no_key_follows_a_redirect(
    *,
    publish: Publish,
    folder: Any,
    sandbox: Sandbox,
    answer_instead: Callable[..., Any],
    other: Other,
    call: tuple[str, str],
    status: int,
) -> None:
    target = f"{other.address}/elsewhere?token=secret"
    sandbox.interceptor = answer_instead(
        lambda: web.Response(status=status, headers={"Location": target}), *call
    )
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")))
    assert other.seen == []
    assert report.run.exit_code != 0
    errors = [report.run.error, *(each.error for each in report.datasets)]
    errors += [one.error for each in report.datasets for one in each.resources]
    (said, *_) = [each for each in errors if each and "redirects" in each]
    assert f"{other.address}/elsewhere ({status})" in said
    assert "secret" not in said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_permalink_that_leads_to_a_private_network_is_not_followed(
    other: Other, status: int
) -> None:
    async def lead(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{other.address}/file"})

    app = web.Application()
    app.router.add_get("/r/1", lead)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    portal = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with open_fetcher(Connection(), Sources(), portal, "sha1") as fetcher:
        with pytest.raises(SourceFailed, match="not on the public internet"):
            await fetcher.published(f"{portal}/r/1", 3)
        with pytest.raises(SourceFailed, match="not on the public internet"):
            await fetcher.published(f"{other.address}/file", 3)
    assert other.seen == []
    async with open_fetcher(Connection(), Sources(allow_private=True), portal, "sha1") as fetcher:
        found = await fetcher.published(f"{portal}/r/1", 3)
    assert found == (hashlib.sha1(b"abc").hexdigest(), 3)
    await runner.cleanup()
