"""What people ask a portal beside publishing: raw requests, lists, how what is there fares."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub import Connection
from bulkpub.portals.telling import Listing, RawRequest
from bulkpub.session.asking import asked_of, fares_of, opened


@pytest.fixture
def connection(target: Any) -> Connection:
    return Connection(portal=target.info["base_url"], key=target.key("outsider"))


@pytest.mark.parametrize(
    ("what", "search", "id_"),
    [
        (Listing.LICENSES, "odbl", "odc-odbl"),
        (Listing.FREQUENCIES, "daily", "daily"),
        (Listing.EXTENSIONS, "csv", "csv"),
        (Listing.TYPES, "main", "main"),
        (Listing.GRANULARITIES, "poi", "poi"),
        (Listing.ZONES, "Paris", "fr:commune:75056"),
        (Listing.ORGANIZATIONS, "", "other-organization"),
        (Listing.ORGANIZATIONS, "test", "test-organization"),
    ],
)
async def test_what_one_may_write_is_listed(
    connection: Connection, what: Listing, search: str, id_: str
) -> None:
    async with opened(connection) as portal:
        assert id_ in {each.id for each in await portal.listed(what, search)}
        assert not await portal.listed(what, "nothing is called so")


async def test_a_request_of_either_version_is_answered_as_it_is(
    connection: Connection, target: Any
) -> None:
    dataset = await target.portal.create(key="outsider")
    async with opened(connection) as portal:
        one = await portal.raw(RawRequest("GET", f"/datasets/{dataset['id']}", mask="id"))
        assert one.content.replace(b" ", b"").strip() == b'{"id":"%s"}' % dataset["id"].encode()
        two = await portal.raw(RawRequest("GET", f"/api/2/datasets/{dataset['id']}/"))
        assert (two.status, two.refusal) == (200, "")
        many = RawRequest("GET", "/datasets/", {"page_size": "1"}, mask="data{id}", paged=True)
        page = await portal.raw(many)
        assert page.items is not None
        assert len(page.items) == 1
        gone = await portal.raw(RawRequest("DELETE", f"/datasets/{dataset['id']}/"))
        assert (gone.status, gone.content) == (204, b"")
        refused = await portal.raw(RawRequest("PUT", f"/datasets/{dataset['id']}/", json={}))
        assert refused.refusal == "410: Dataset has been deleted"


async def test_how_what_is_published_fares(
    *,
    connection: Connection,
    target: Any,
    published: Callable[..., Any],
    manifest: Any,
    said: Any,
) -> None:
    path = manifest(said("fares", "a.csv", frequency="daily"), said("also", license="lov2"))
    report = await published(path)
    (asked,) = asked_of([str(path)], connection)
    wanted = asked.wanted.index
    async with opened(connection) as portal:
        fares = await fares_of(portal, wanted=wanted)
        by_id = await fares_of(portal, organization="other-organization")
    assert fares.missing == ()
    first, second = fares.datasets
    assert first.dataset.id == report.datasets[0].id
    assert first.in_time is True
    assert second.in_time is None
    assert {"license", "temporal_coverage"} <= set(first.missing)
    assert "license" not in second.missing
    assert 0 < (first.score or 0) < 1
    assert [each.is_told for each in first.resources] == [False]
    assert {first.dataset.id, second.dataset.id} <= {each.dataset.id for each in by_id.datasets}
    assert target.info
