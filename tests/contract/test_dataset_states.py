"""Deleted, private and archived datasets: who still sees them, what still works."""

from typing import Any

import pytest

UNKNOWN = "64a0000000000000000000ee"


async def statuses(portal: Any, key: str | None, dataset: Any, resource: Any) -> list[int]:
    path = f"/datasets/{dataset['id']}/"
    paths = [
        path,
        f"{path}resources/{resource['id']}/",
        portal.v2(path),
        portal.v2(f"{path}resources/"),
        portal.v2(f"{path}extras/"),
        portal.v2(f"/datasets/resources/{resource['id']}/"),
    ]
    return [(await portal.call("GET", each, key=key)).status for each in paths]


async def delete(portal: Any, dataset: Any, expect: int = 204, key: str = "user") -> Any:
    return await portal.call("DELETE", f"/datasets/{dataset['id']}/", key=key, expect=expect)


VIEWERS = [("user", True), ("admin", True), ("partial", True), ("outsider", False), (None, False)]


@pytest.mark.parametrize(("key", "belongs"), VIEWERS)
async def test_a_deleted_dataset_is_gone_for_strangers_only(
    portal: Any,
    key: str | None,
    belongs: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    await delete(portal, dataset)
    expected = 200 if belongs else 410
    assert await statuses(portal, key, dataset, resource) == [expected] * 6
    await portal.call("GET", resource["latest"], key=key, expect=302)
    await portal.call("GET", resource["url"], key=key, expect=200)


@pytest.mark.parametrize(("key", "belongs"), VIEWERS)
async def test_a_private_dataset_is_not_found_by_strangers_but_its_files_are(
    portal: Any,
    key: str | None,
    belongs: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    dataset = await portal.create(private=True)
    resource = await portal.upload(dataset, "x.csv")
    expected = 200 if belongs else 404
    assert await statuses(portal, key, dataset, resource) == [expected] * 6
    await portal.call("GET", resource["latest"], key=key, expect=302)
    await portal.call("GET", resource["url"], key=key, expect=200)


async def test_members_see_when_a_dataset_was_deleted(portal: Any) -> None:
    dataset = await portal.create()
    assert dataset["deleted"] is None
    await delete(portal, dataset)
    assert (await portal.get(dataset))["deleted"] is not None
    answer = await portal.call("GET", f"/datasets/{dataset['id']}/", key=None, expect=410)
    assert answer.body == {"message": "Dataset has been deleted"}


async def test_a_deleted_dataset_still_takes_resources(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    await delete(portal, dataset)
    await portal.upload(dataset, "y.csv")
    await portal.link(dataset)
    await portal.put_resource(dataset, resource, {"title": "T"})
    ids = [each["id"] for each in await portal.resources(dataset)]
    await portal.put_list(dataset, list(reversed(ids)))
    path = f"/datasets/{dataset['id']}/resources/{resource['id']}/"
    await portal.call("DELETE", path, expect=204)


async def test_a_deleted_dataset_takes_nothing_else(portal: Any) -> None:
    dataset = await portal.create()
    await delete(portal, dataset)
    await delete(portal, dataset, expect=410)
    await portal.put(dataset, {"title": "x"}, expect=410)
    await portal.put(dataset, {"deleted": "2024-01-01"}, expect=410)
    extras = portal.v2(f"/datasets/{dataset['id']}/extras/")
    await portal.call("PUT", extras, json={"a": 1}, expect=410)


async def test_a_deleted_dataset_can_be_restored(portal: Any) -> None:
    dataset = await portal.create(tags=["one-tag"], license="lov2")
    await portal.upload(dataset, "x.csv")
    await delete(portal, dataset)
    restored = await portal.put(dataset, {"deleted": None})
    assert restored["deleted"] is None
    assert (restored["license"], restored["tags"]) == ("lov2", [])
    assert len(restored["resources"]) == 1
    await portal.call("GET", f"/datasets/{dataset['id']}/", key=None, expect=200)


async def test_a_deleted_datasets_slug_stays_taken(portal: Any) -> None:
    dataset = await portal.create()
    await delete(portal, dataset)
    again = await portal.create()
    assert again["slug"] == f"{dataset['slug']}-1"


async def test_a_dataset_can_be_deleted_by_a_change_too(portal: Any) -> None:
    dataset = await portal.create()
    changed = await portal.put(dataset, {"deleted": "2024-01-01"})
    assert changed["deleted"] == "2024-01-01T00:00:00+00:00"


async def test_an_archived_dataset_is_public_and_takes_uploads(portal: Any) -> None:
    dataset = await portal.create()
    archived = await portal.put(dataset, {"archived": "2024-01-01"})
    assert archived["archived"] == "2024-01-01T00:00:00+00:00"
    await portal.upload(dataset, "x.csv")
    await portal.call("GET", f"/datasets/{dataset['id']}/", key=None, expect=200)
    assert (await portal.put(dataset, {"archived": None}))["archived"] is None


async def test_an_unknown_dataset_is_not_found(portal: Any) -> None:
    for path in (f"/datasets/{UNKNOWN}/", "/datasets/no-such-dataset/"):
        answer = await portal.call("GET", path, key=None, expect=404)
        assert "not found" in answer.body["message"]
        await portal.call("PUT", path, json={"title": "x"}, expect=404)
        await portal.call("DELETE", path, expect=404)


async def test_an_address_that_is_none_is_not_found(portal: Any) -> None:
    await portal.call("GET", "/nothing/", key=None, expect=404)
    await portal.call("GET", portal.info["base_url"] + "/nothing", key=None, expect=404)
    await portal.call("PATCH", "/datasets/", json={}, expect=405)


async def test_a_missing_final_slash_redirects(portal: Any) -> None:
    answer = await portal.call("GET", "/datasets", key=None, expect=308)
    assert answer.headers["Location"].endswith("/api/1/datasets/")
