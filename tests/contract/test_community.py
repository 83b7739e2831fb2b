"""Community resources: anybody may add one, only its owner changes it."""

from typing import Any

import pytest

KEY = "outsider"


@pytest.fixture
async def shared(portal: Any) -> tuple[Any, Any, str]:
    """A dataset, a community resource an outsider added to it, and the resource's path."""
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/upload/community/"
    answer = await portal.post_form(path, {}, ("Shared File.csv", b"1"), key=KEY, expect=201)
    return dataset, answer.body, f"/datasets/community_resources/{answer.body['id']}/"


async def test_any_account_may_add_one(portal: Any, shared: Any) -> None:
    dataset, resource, path = shared
    assert resource["success"] is True
    assert resource["title"] == "shared-file.csv"
    assert resource["dataset"]["id"] == dataset["id"]
    assert resource["owner"]["id"] == portal.info[KEY]["id"]
    assert resource["organization"] is None
    assert (await portal.call("GET", path, key=None, expect=200)).body["id"] == resource["id"]
    anonymous = f"/datasets/{dataset['id']}/upload/community/"
    await portal.post_form(anonymous, {}, ("x.csv", b"1"), key=None, expect=401)


async def test_it_is_not_among_the_datasets_resources(portal: Any, shared: Any) -> None:
    dataset, resource, _ = shared
    assert await portal.resources(dataset) == []
    answer = await portal.call(
        "GET", f"/datasets/community_resources/?dataset={dataset['id']}", key=None, expect=200
    )
    assert [each["id"] for each in answer.body["data"]] == [resource["id"]]
    await portal.call("GET", resource["latest"], key=None, expect=302)


async def test_only_its_owner_changes_it(portal: Any, shared: Any) -> None:
    _, _, path = shared
    await portal.call("PUT", path, key="user", json={"title": "x"}, expect=403)
    await portal.post_form(path + "upload/", {}, ("y.csv", b"2"), key="user", expect=403)
    await portal.call("DELETE", path, key="user", expect=403)
    changed = await portal.call("PUT", path, key=KEY, json={"title": "Mine"}, expect=200)
    assert changed.body["title"] == "Mine"
    replaced = await portal.post_form(path + "upload/", {}, ("y.csv", b"2"), key=KEY, expect=200)
    assert (replaced.body["title"], replaced.body["filesize"]) == ("y.csv", 1)
    await portal.call("DELETE", path, key=KEY, expect=204)
    await portal.call("GET", path, key=None, expect=404)


async def test_deleting_it_deletes_its_file(portal: Any, shared: Any) -> None:
    _, resource, path = shared
    await portal.call("DELETE", path, key=KEY, expect=204)
    await portal.call("GET", resource["url"], key=None, expect=404)


async def test_a_link_can_be_shared_too(portal: Any) -> None:
    dataset = await portal.create()
    body = {
        "title": "L",
        "url": "https://example.org/x",
        "filetype": "remote",
        "type": "other",
        "dataset": dataset["id"],
    }
    path = "/datasets/community_resources/"
    answer = await portal.call("POST", path, key=KEY, json=body, expect=201)
    assert answer.body["dataset"]["id"] == dataset["id"]
    del body["dataset"]
    answer = await portal.call("POST", path, key=KEY, json=body, expect=400)
    assert answer.body == {"errors": {"dataset": "A dataset identifier is required"}}


async def test_it_shares_the_datasets_folder_and_so_its_name_clashes(portal: Any) -> None:
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/upload/"
    statuses = [
        (await portal.post_form(path + tail, {}, ("x.csv", b"1"))).status
        for tail in ("", "community/", "", "community/")
    ]
    assert statuses[0] == 201
    assert 500 in statuses
