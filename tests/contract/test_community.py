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
    answer = await portal.call("POST", path, key=KEY, json=body | {"filetype": "file"}, expect=400)
    assert answer.body == {"message": "This endpoint only supports remote community resources"}


async def test_it_can_be_published_as_an_organization(portal: Any, shared: Any) -> None:
    dataset, resource, path = shared
    other, all_ = portal.info["other_organization"]["id"], "/datasets/community_resources/"
    changed = await portal.call("PUT", path, key=KEY, json={"organization": other}, expect=200)
    assert (changed.body["organization"]["id"], changed.body["owner"]) == (other, None)
    listed = f"{all_}?dataset={dataset['id']}&organization={other}"
    answer = await portal.call("GET", listed, key=None, expect=200)
    assert [each["id"] for each in answer.body["data"]] == [resource["id"]]
    answer = await portal.call("GET", "/me/org_community_resources/", key=KEY, expect=200)
    assert resource["id"] in [each["id"] for each in answer.body]
    await portal.call("GET", "/me/org_community_resources/", key=None, expect=401)
    # There is no way back to nobody, only to one's own account.
    await portal.call("PUT", path, key=KEY, json={"organization": None}, expect=500)
    mine = {"owner": portal.info[KEY]["id"]}
    changed = await portal.call("PUT", path, key=KEY, json=mine, expect=200)
    assert (changed.body["organization"], changed.body["owner"]["id"]) == (None, mine["owner"])
    body: dict[str, Any] = {"title": "L", "url": "https://example.org/x", "type": "other"}
    body |= {"filetype": "remote", "dataset": {"id": dataset["id"]}, "organization": other}
    answer = await portal.call("POST", all_, key=KEY, json=body, expect=201)
    assert (answer.body["organization"]["id"], answer.body["owner"]) == (other, None)


async def test_it_can_be_moved_to_another_dataset(portal: Any, shared: Any) -> None:
    _, _, path = shared
    other = await portal.create()
    for dataset in (other["id"], {"id": other["id"]}):
        changed = await portal.call("PUT", path, key=KEY, json={"dataset": dataset}, expect=200)
        assert changed.body["dataset"]["id"] == other["id"]
    changed = await portal.call("PUT", path, key=KEY, json={"title": "T"}, expect=200)
    assert changed.body["dataset"]["id"] == other["id"]


NOBODYS = "64a0000000000000000000ee"
FAULTS: list[tuple[dict[str, Any], Any]] = [
    ({"dataset": NOBODYS}, {"dataset": ["Dataset does not exists"]}),
    ({"dataset": "zz"}, {"dataset": ["Unsupported identifier: zz"]}),
    (
        {"organization": "64a0000000000000000000a1"},
        {"organization": ["Permission denied for this organization"]},
    ),
    ({"organization": "zz"}, {"organization": ["Unsupported identifier: zz"]}),
    (
        {"owner": "64a000000000000000000001"},
        {"owner": ["Cannot change owner after creation. Please use transfer feature."]},
    ),
]


@pytest.mark.parametrize(("body", "errors"), FAULTS, ids=str)
async def test_its_owner_and_dataset_are_checked(
    portal: Any, shared: Any, body: dict[str, Any], errors: Any
) -> None:
    _, _, path = shared
    answer = await portal.call("PUT", path, key=KEY, json=body, expect=400)
    assert answer.body == {"errors": errors}


@pytest.mark.parametrize("name", ["dataset", "organization", "owner"])
async def test_a_listing_is_asked_for_by_ids(portal: Any, name: str) -> None:
    path = f"/datasets/community_resources/?{name}=test-organization"
    answer = await portal.call("GET", path, key=None, expect=400)
    assert answer.body["message"].startswith("'test-organization' is not a valid ObjectId")


async def test_it_shares_the_datasets_folder_and_so_its_name_clashes(portal: Any) -> None:
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/upload/"
    statuses = [
        (await portal.post_form(path + tail, {}, ("x.csv", b"1"))).status
        for tail in ("", "community/", "", "community/")
    ]
    assert statuses[0] == 201
    assert 500 in statuses
