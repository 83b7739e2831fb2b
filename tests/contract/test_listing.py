"""Lists of datasets: who sees what, pages, filters, sorting, masks."""

from typing import Any

import pytest


async def listed(portal: Any, query: str, **more: Any) -> Any:
    return (await portal.call("GET", f"/datasets/?{query}", expect=200, **more)).body


async def mine(portal: Any, query: str = "", **more: Any) -> list[Any]:
    """The datasets of this test among those listed."""
    query = f"organization={portal.org}&page_size=5000&q={portal.tag}&{query}"
    found = (await listed(portal, query, **more))["data"]
    return [each for each in found if portal.tag in each["title"]]


async def test_a_listing_has_full_resources_with_checksums(portal: Any) -> None:
    dataset = await portal.create()
    await portal.upload(dataset, "x.csv")
    (found,) = await mine(portal)
    assert found["resources"] == await portal.resources(dataset)
    assert found["extras"] == {}


async def test_who_is_asked_decides_what_is_listed(portal: Any) -> None:
    await portal.create("Public")
    await portal.create("Private", private=True)
    archived = await portal.create("Archived")
    await portal.put(archived, {"archived": "2024-01-01"})
    deleted = await portal.create("Deleted")
    await portal.call("DELETE", f"/datasets/{deleted['id']}/", expect=204)

    async def titles(key: str | None) -> set[str]:
        return {each["title"].split()[0] for each in await mine(portal, key=key)}

    assert await titles("user") == {"Public", "Private", "Archived", "Deleted"}
    assert await titles("partial") == {"Public", "Private", "Archived", "Deleted"}
    assert await titles("outsider") == {"Public"}
    assert await titles(None) == {"Public"}


@pytest.mark.parametrize("state", ["private", "archived", "deleted"])
async def test_a_listing_can_be_cut_down_to_a_state(portal: Any, state: str) -> None:
    plain = await portal.create("Plain")
    other = await portal.create("Other", private=state == "private")
    if state == "archived":
        await portal.put(other, {"archived": "2024-01-01"})
    if state == "deleted":
        await portal.call("DELETE", f"/datasets/{other['id']}/", expect=204)
    assert [each["id"] for each in await mine(portal, f"{state}=true")] == [other["id"]]
    assert [each["id"] for each in await mine(portal, f"{state}=false")] == [plain["id"]]
    await portal.call("GET", f"/datasets/?{state}=true", key=None, expect=401)
    await portal.call("GET", f"/datasets/?{state}=zz", expect=400)


@pytest.mark.parametrize("name", ["organization", "owner"])
async def test_a_slug_is_no_identifier(portal: Any, name: str) -> None:
    answer = await portal.call("GET", f"/datasets/?{name}=test-organization", expect=400)
    assert answer.body == {"message": f"{name.title()} arg must be an identifier"}


async def test_personal_datasets_are_listed_by_owner(portal: Any) -> None:
    dataset = await portal.create(organization=None)
    query = f"owner={portal.info['user']['id']}&page_size=5000"
    ids = [each["id"] for each in (await listed(portal, query))["data"]]
    assert dataset["id"] in ids


async def test_pages_are_linked_and_end(portal: Any) -> None:
    for number in range(3):
        await portal.create(f"Paged {number}")
    # `q` keeps other tests' datasets out.
    query = f"q={portal.tag}&page_size=2&organization={portal.org}&sort=-created"
    first = await listed(portal, query)
    assert (first["total"], first["page"], first["page_size"]) == (3, 1, 2)
    assert first["previous_page"] is None
    second = (await portal.call("GET", first["next_page"], expect=200)).body
    assert (len(second["data"]), second["next_page"]) == (1, None)
    assert second["previous_page"] is not None
    titles = [each["title"] for each in first["data"] + second["data"]]
    assert titles == [f"Paged {number} {portal.tag}" for number in (2, 1, 0)]
    await portal.call("GET", f"/datasets/?{query}&page=3", expect=404)


async def test_an_empty_listing_has_a_first_page(portal: Any) -> None:
    query = "organization=64a0000000000000000000ee"
    assert (await listed(portal, query))["total"] == 0
    await portal.call("GET", f"/datasets/?{query}&page=2", expect=404)


@pytest.mark.parametrize("query", ["page=0", "page=zz", "page_size=0", "page_size=-1", "sort=zz"])
async def test_a_page_or_order_that_is_none_is_refused(portal: Any, query: str) -> None:
    answer = await portal.call("GET", f"/datasets/?{query}", expect=400)
    assert set(answer.body["errors"]) == {query.partition("=")[0]}


async def test_a_page_may_be_very_large(portal: Any) -> None:
    assert (await listed(portal, "page_size=5000"))["page_size"] == 5000


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("created", ["b", "a", "c"]),
        ("-created", ["c", "a", "b"]),
        ("title", ["a", "b", "c"]),
        ("-title", ["c", "b", "a"]),
        ("", ["c", "a", "b"]),
    ],
)
async def test_the_order_of_a_listing(portal: Any, sort: str, order: list[str]) -> None:
    for title in ("b", "a", "c"):
        await portal.create(title)
        await portal.next_second()
    # Without `q`, which would bring an order of its own where there is none.
    query = f"organization={portal.org}&page_size=5000&sort={sort}"
    mask = {"X-Fields": "data{title}"}
    found = (await listed(portal, query if sort else query[:-6], headers=mask))["data"]
    mine_only = [each["title"][0] for each in found if portal.tag in each["title"]]
    assert mine_only == order


async def test_tags_licence_and_format_filter(portal: Any) -> None:
    dataset = await portal.create("One", tags=["one-tag", "both-tags"], license="lov2")
    await portal.upload(dataset, "x.csv")
    await portal.create("Other", tags=["both-tags"], license="cc-by")
    for query in ("tag=one-tag", "tag=one-tag&tag=both-tags", "license=lov2", "format=csv"):
        assert [each["id"] for each in await mine(portal, query)] == [dataset["id"]]
    assert len(await mine(portal, "tag=both-tags")) == 2


# --- masks --------------------------------------------------------------------------------


MASK = (
    "total,next_page,data{id,slug,title,deleted,extras,"
    "resources{id,title,type,filesize,checksum,extras}}"
)


async def masked(portal: Any, mask: str, expect: int = 200) -> Any:
    query = f"/datasets/?organization={portal.org}&page_size=5000&q={portal.tag}"
    return (await portal.call("GET", query, headers={"X-Fields": mask}, expect=expect)).body


async def test_a_mask_keeps_a_listing_small(portal: Any) -> None:
    dataset = await portal.create()
    await portal.upload(dataset, "x.csv")
    body = await masked(portal, MASK)
    assert set(body) == {"total", "next_page", "data"}
    (found,) = body["data"]
    assert set(found) == {"id", "slug", "title", "deleted", "extras", "resources"}
    (resource,) = found["resources"]
    assert set(resource) == {"id", "title", "type", "filesize", "checksum", "extras"}
    assert set(resource["checksum"]) == {"type", "value"}


MASKS: dict[str, Any] = {
    "total": {"total": 1},
    "{total}": {"total": 1},
    "nonsense": {},
    "data{nonsense}": {"data": [{}]},
    "data{private},": {"data": [{"private": False}]},
    "data {private}": {"data": [{"private": False}]},
    "data{owner{id}}": {"data": [{"owner": None}]},
    "data{extras{a}}": {"data": [{"extras": {"a": 1}}]},
    "data{extras{zz}}": {"data": [{"extras": {}}]},
    "data{resources{checksum{type}}}": {"data": [{"resources": [{"checksum": {"type": "sha1"}}]}]},
    "data{organization{slug}}": {"data": [{"organization": {"slug": "test-organization"}}]},
    "{}": {},
}


@pytest.mark.parametrize(("mask", "body"), MASKS.items())
async def test_what_a_mask_lets_through(portal: Any, mask: str, body: Any) -> None:
    dataset = await portal.create(extras={"a": 1, "b": 2})
    await portal.upload(dataset, "x.csv")
    assert await masked(portal, mask) == body


async def test_a_star_stands_for_the_rest(portal: Any) -> None:
    await portal.create()
    (found,) = (await masked(portal, "data{id,*}"))["data"]
    assert {"id", "title", "quality", "community_resources"} <= set(found)


@pytest.mark.parametrize("mask", ["data{id", "data{id}}", ",", "total{a}", "data{title{a}}"])
async def test_a_mask_that_cannot_be_read_is_refused(portal: Any, mask: str) -> None:
    await portal.create()
    assert (await masked(portal, mask, expect=400))["message"].startswith("Mask")


async def test_answers_to_writes_can_be_masked_too(portal: Any) -> None:
    fields = {"X-Fields": "id,success,checksum{value}"}
    body = {"title": "Masked", "description": "d"}
    answer = await portal.call("POST", "/datasets/", json=body, headers=fields, expect=201)
    assert set(answer.body) == {"id"}
    resource = await portal.upload(answer.body, "x.csv", headers=fields)
    assert set(resource) == {"id", "success", "checksum"}
    path = f"/datasets/{answer.body['id']}/resources/"
    answer = await portal.call("PUT", path, json=[resource["id"]], headers=fields, expect=200)
    assert answer.body == [{"id": resource["id"], "checksum": resource["checksum"]}]
    answer = await portal.call("POST", "/datasets/", json={}, headers=fields, expect=400)
    assert "errors" in answer.body
