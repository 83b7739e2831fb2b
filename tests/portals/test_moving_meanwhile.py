"""What moves while a udata portal is asked for it, from one listing to another, is not missed."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from bulkpub.core.owners import Owner
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.portals.udata.community import Community
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
