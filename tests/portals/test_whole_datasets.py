"""What every portal does with datasets as a whole, beside them, and for people who ask."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bulkpub.core.actions import ListItem
from bulkpub.core.model import DatasetMetadata, LinkSource, ResourceMetadata
from bulkpub.core.owners import Owner
from bulkpub.errors import SettingsInvalid
from bulkpub.portals.telling import Listing

NOBODY = "f" * 24


@pytest.fixture
async def dataset(place: Any) -> Any:
    return await place.ours()


async def test_a_dataset_is_deleted_once_and_deleting_it_again_is_no_error(
    place: Any, dataset: Any
) -> None:
    for _ in range(2):
        await place.portal.delete_dataset(dataset.id)
        if place.rules.keeps_deleted:
            assert (await place.seen(dataset)).deleted
        else:
            assert await place.portal.dataset(dataset.id) is None
    await place.portal.delete_dataset(NOBODY)


async def test_a_deleted_dataset_is_restored_with_all_it_has(place: Any, dataset: Any) -> None:
    if not place.rules.keeps_deleted:
        return
    resource = await place.portal.upload(dataset.id, place.content("a.csv", b"a\n"))
    await place.portal.delete_dataset(dataset.id)
    deleted = await place.seen(dataset)
    changes = DatasetMetadata(description="Restored")
    written = await place.portal.update_dataset(deleted, changes, datetime.now(UTC), restore=True)
    now = await place.seen(dataset)
    assert (written.deleted, now.deleted, now.slug) == (False, False, dataset.slug)
    assert (now.metadata.title, now.metadata.description) == (dataset.metadata.title, "Restored")
    assert [each.id for each in now.resources] == [resource.id]


@pytest.fixture
async def beside(place: Any) -> Any:
    """The portal, as far as our organization puts something beside datasets."""
    if not place.rules.community:
        pytest.skip("nobody puts anything beside another's dataset there")
    account = await place.portal.account()
    return place.portal.community(Owner(place.organization, account.id))


async def test_what_stands_beside_a_dataset_is_none_of_its_resources(
    place: Any, dataset: Any, beside: Any
) -> None:
    assert (await beside.dataset(dataset.id)).resources == ()
    file = await beside.upload(dataset.id, place.content("a.csv", b"a\n"))
    link = LinkSource("https://www.example.org/data.csv")
    await beside.create_link(dataset.id, link, ResourceMetadata(title="L"))
    there = await beside.dataset(dataset.id)
    item = ListItem(file.id, ResourceMetadata(title="Ours", extras={"bulkpub:key": "a.csv"}))
    answer = await beside.set_resources(
        dataset.id, [item if each.id == file.id else ListItem(each.id) for each in there.resources]
    )
    assert {each.metadata.title for each in answer} == {"Ours", "L"}
    assert not any(each.apart for each in answer)
    there = await beside.dataset(dataset.id)
    assert (there.id, there.metadata.title) == (dataset.id, dataset.metadata.title)
    assert {each.key for each in there.resources} == {"a.csv", None}
    assert dataset.id in [each.id async for page in beside.owned_by() for each in page.datasets]
    assert (await place.seen(dataset)).resources == ()
    replaced = await beside.upload(dataset.id, place.content("b.csv", b"b\n"), file.id)
    assert replaced.id == file.id
    for _ in range(2):
        await beside.delete_resource(dataset.id, file.id)
    assert len((await beside.dataset(dataset.id)).resources) == 1


async def test_nothing_is_put_beside_what_is_not_there(beside: Any) -> None:
    assert await beside.dataset(NOBODY) is None


async def test_how_it_fares_is_told_of_an_owners_datasets_and_of_single_ones(
    place: Any, dataset: Any
) -> None:
    user = None if place.organization else place.account
    health = place.portal.health(organization=place.organization, user=user)
    owned = [each async for each in health]
    assert dataset.id in {each.dataset.id for each in owned}
    (one,) = [each async for each in place.portal.health(ids=[NOBODY, dataset.id])]
    assert one.dataset.id == dataset.id
    assert one.unavailable == ()


@pytest.mark.parametrize("what", [Listing.LICENSES, Listing.TYPES, Listing.EXTENSIONS])
async def test_what_one_may_write_is_listed(place: Any, what: Listing) -> None:
    if place.rules.release_tag and place.rules.kind != "releases":
        with pytest.raises(SettingsInvalid):
            await place.portal.listed(what)
        return
    rows = await place.portal.listed(what)
    assert rows
    assert rows[0] in await place.portal.listed(what, rows[0].id)
