"""A listing that never ends, or leaves something out: read as far as it makes sense, and said."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from bulkpub.errors import ListingIncomplete
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import HarvestOptions
from bulkpub.http.transport import connect
from bulkpub.pipeline.migration import to_migrate
from bulkpub.pipeline.observe import READINGS
from bulkpub.portals.udata import Udata
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

FEW = 6
"""Requests that are enough to see that a listing has no end."""


@pytest.fixture
async def portal(sandbox: Sandbox) -> AsyncIterator[Udata]:
    async with connect(sandbox.api_url, credentials={"X-API-KEY": sandbox.api_key}) as transport:
        yield Udata(transport)


def listed(*numbers: int) -> list[dict[str, Any]]:
    silent: dict[str, Any] = {"extras": {}, "resources": []}
    return [{"id": f"d{n}", "title": f"D{n}", "slug": f"d-{n}", **silent} for n in numbers]


PAGES: dict[str, tuple[Callable[[int], dict[str, Any]], str]] = {
    "the same page again": (
        lambda page: {"total": 900, "next_page": f"?page={page + 1}", "data": listed(1, 2)},
        "brings nothing new",
    ),
    "no total, the same page": (
        lambda page: {"next_page": f"?page={page + 1}", "data": listed(1, 2)},
        "brings nothing new",
    ),
    "empty pages": (
        lambda page: {
            "total": 900, "next_page": "x", "data": listed(1, 2) if page == 1 else [],
        },
        "brings nothing new",
    ),
    "two pages in turn": (
        lambda page: {"total": 900, "next_page": "x", "data": listed(page % 2, 2 + page % 2)},
        "brings nothing new",
    ),
    "beyond its total": (
        lambda page: {"total": 3, "next_page": "x", "data": listed(2 * page, 2 * page + 1)},
        "beyond the 3 datasets",
    ),
    "ends too early": (
        lambda _: {"total": 3, "next_page": None, "data": listed(1, 2)},
        "announces 3 and shows 2",
    ),
}  # fmt: skip


@pytest.fixture(params=list(PAGES))
def said(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    """What is to be said of the listing that the portal has now."""
    make, sentence = PAGES[request.param]

    async def interceptor(asked: web.Request, handler: Handler) -> web.StreamResponse:
        if asked.method == "GET" and asked.path.endswith("/api/1/datasets/"):
            page = make(int(asked.query["page"]))
            return web.Response(text=json.dumps(page), content_type="application/json")
        return await handler(asked)

    sandbox.interceptor = interceptor
    return sentence


def pages_asked(sandbox: Sandbox) -> int:
    return sum(seen.path.startswith("/api/1/datasets/?") for seen in sandbox.requests)


async def test_a_harvest_ends_and_says_so(portal: Udata, sandbox: Sandbox, said: str) -> None:
    lost: list[str] = []
    options = HarvestOptions(lost=lost.append)
    found = [each async for each in portal_kind.harvest("test-organization", portal, options)]
    (sentence,) = lost
    assert said in sentence
    titles = [each.dataset.metadata.title for each in found]
    assert {"D2"} < set(titles)
    assert len(titles) == len(set(titles))
    assert len(sandbox.requests) <= FEW


async def test_a_migration_ends_before_anything_is_moved(
    portal: Udata, sandbox: Sandbox, said: str
) -> None:
    with pytest.raises(ListingIncomplete, match=said):
        _ = [each async for each in to_migrate(portal, "test-organization", ())]
    assert len(sandbox.requests) <= FEW


async def test_a_run_creates_nothing_that_may_be_there(
    publish: Callable[..., Any], folder: Any, sandbox: Sandbox, writes: Any, said: str
) -> None:
    report = await publish(folder.manifest(folder.dataset("velos", "a.csv")))
    assert report.run.exit_code != 0
    assert said in " ".join(
        (report.run.error or "", *(each.error or "" for each in report.datasets))
    )
    assert writes(sandbox) == []
    assert len(sandbox.requests) <= READINGS * FEW
