"""What moves while a udata portal is asked for it, between listings or pages, is not missed."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from bulkpub.core.owners import Owner
from bulkpub.errors import ListingIncomplete
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.portals.udata import Udata
from bulkpub.portals.udata.calls import PAGE_SIZE
from bulkpub.portals.udata.community import PAGE_SIZE as BESIDE
from bulkpub.portals.udata.community import Community
from bulkpub.portals.udata.paging import READINGS
from bulkpub.portals.whole_or_parts import PartSizes, WholeOrParts

OURS, ACCOUNT = "a" * 24, "c" * 24


class Listings:
    """A transport that lists `rows`, which depend on how much was asked for before."""

    def __init__(self, rows: Callable[[int], list[dict[str, Any]]]) -> None:
        self.asked: list[Request] = []
        self._rows = rows

    async def send(self, request: Request) -> Answer:
        rows = self._rows(len(self.asked))
        self.asked.append(request)
        size, page = int(request.params["page_size"]), int(request.params["page"])
        whose = [(name, request.params.get(name)) for name in ("owner", "organization")]
        found = [
            row
            for row in rows
            if all(value is None or (row[name] or {}).get("id") == value for name, value in whose)
        ]
        if page > 1 and len(found) <= (page - 1) * size:
            return Answer(404, {}, b"{}")
        body = {
            "data": found[(page - 1) * size : page * size],
            "next_page": "more" if len(found) > page * size else None,
            "total": len(found),
        }
        return Answer(200, {}, json.dumps(body).encode())


@pytest.mark.parametrize("moment", range(3))
async def test_a_file_that_is_described_meanwhile_is_there_once(moment: int) -> None:
    """Uploaded it is the account's, described the organization's: another run may just do it."""
    uploaded = {
        "id": "r1",
        "title": "a.csv",
        "url": "https://p.example/a.csv",
        "filetype": "file",
        "dataset": {"id": "d" * 24, "title": "Theirs"},
        "owner": {"id": ACCOUNT},
        "organization": None,
    }
    described = {**uploaded, "owner": None, "organization": {"id": OURS}}
    listings = Listings(lambda asked: [described if asked >= moment else uploaded])
    parts = WholeOrParts(PartSizes())
    portal = Community(cast("Transport", listings), parts, Owner(OURS, ACCOUNT))
    there = await portal.dataset("d" * 24)
    assert there is not None
    assert [(each.id, each.apart) for each in there.resources] == [("r1", moment > 1)]


def dataset(number: int) -> dict[str, Any]:
    return {
        "id": f"{number:024}",
        "title": f"D{number}",
        "slug": f"d-{number}",
        "extras": {},
        "resources": [],
        "owner": None,
        "organization": {"id": OURS},
    }


def beside(number: int) -> dict[str, Any]:
    return {
        "id": f"r{number}",
        "title": f"{number}.csv",
        "url": "https://p.example/a.csv",
        "filetype": "file",
        "dataset": {"id": "d" * 24, "title": "Theirs"},
        "owner": None,
        "organization": {"id": OURS},
    }


@pytest.mark.parametrize("gone", [1, 3, PAGE_SIZE])
@pytest.mark.parametrize("moment", range(1, 4))
@pytest.mark.parametrize("more", [1, 50])
async def test_what_leaves_an_early_page_hides_nothing_of_a_later_one(
    gone: int, moment: int, more: int
) -> None:
    """A dataset that is deleted, or joins another organization, moves all after it forward."""
    count = 2 * PAGE_SIZE + more
    listings = Listings(lambda asked: [dataset(n) for n in range(gone * (asked >= moment), count)])
    portal = Udata(cast("Transport", listings))
    found = [each.id async for page in portal.owned_by(organization=OURS) for each in page.datasets]
    assert {f"{n:024}" for n in range(gone, count)} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("moment", range(1, 3))
async def test_what_leaves_hides_nothing_of_what_is_beside_a_dataset(moment: int) -> None:
    count = BESIDE + 50
    listings = Listings(lambda asked: [beside(n) for n in range(int(asked >= moment), count)])
    portal = Community(cast("Transport", listings), WholeOrParts(PartSizes()), Owner(OURS))
    there = await portal.dataset("d" * 24)
    assert there is not None
    assert {f"r{n}" for n in range(1, count)} <= {each.id for each in there.resources}


async def test_a_listing_that_shrinks_whenever_it_is_read_is_given_up() -> None:
    listings = Listings(lambda asked: [dataset(n) for n in range(asked, 3 * PAGE_SIZE)])
    portal = Udata(cast("Transport", listings))
    with pytest.raises(ListingIncomplete, match="shrinks whenever it is read"):
        _ = [page async for page in portal.owned_by(organization=OURS)]
    assert len(listings.asked) == 2 * READINGS
