"""What a client looks up: the vocabularies, the organization, version 2, contact points."""

from typing import Any

import pytest

from bulkpub.sandbox import Sandbox

LISTS = ["licenses", "frequencies", "resource_types", "extensions", "schemas"]


@pytest.mark.parametrize("name", LISTS)
async def test_both_portals_have_the_same_vocabularies(portal: Any, name: str) -> None:
    answer = await portal.call("GET", f"/datasets/{name}/", key=None, expect=200)
    async with Sandbox() as sandbox:
        mine = await portal.call("GET", f"{sandbox.api_url}/datasets/{name}/", key=None)
    assert answer.body == mine.body


@pytest.mark.parametrize("path", ["/spatial/granularities/", "/contacts/roles/"])
async def test_both_portals_have_the_same_other_lists(portal: Any, path: str) -> None:
    answer = await portal.call("GET", path, key=None, expect=200)
    async with Sandbox() as sandbox:
        mine = await portal.call("GET", sandbox.api_url + path, key=None)
    assert answer.body == mine.body


async def test_zones_can_be_looked_up(portal: Any) -> None:
    answer = await portal.call("GET", "/spatial/zones/fr:region:11/", key=None, expect=200)
    (feature,) = answer.body["features"]
    assert (feature["id"], feature["properties"]["name"]) == ("fr:region:11", "Île-de-France")
    several = "/spatial/zones/fr:departement:75@1968-01-01,country-subset:fr:metro/"
    answer = await portal.call("GET", several, key=None, expect=200)
    found = [(each["id"], each["properties"]["level"]) for each in answer.body["features"]]
    assert found == [
        ("fr:departement:75", "fr:departement"),
        ("country-subset:fr:metro", "country-subset"),
    ]
    one = (await portal.call("GET", "/spatial/zone/fr:region:11/", key=None, expect=200)).body
    assert (one["id"], one["properties"]) == (feature["id"], feature["properties"])


async def test_one_unknown_zone_among_others_is_not_found_by_its_name(portal: Any) -> None:
    path = "/spatial/zones/fr:region:11,fr:region:99,zz/"
    answer = await portal.call("GET", path, key=None, expect=404)
    assert answer.body["message"].startswith("Unknown zone identifiers: fr:region:99, zz")
    # Unlike a dataset, this asks for ids to the letter.
    await portal.call("GET", "/spatial/zones/FR:REGION:11/", key=None, expect=404)
    await portal.call("GET", "/spatial/zone/fr:region:99/", key=None, expect=404)


async def test_an_organization_is_found_by_id_and_by_slug(portal: Any) -> None:
    for name in (portal.org, "test-organization"):
        answer = await portal.call("GET", f"/organizations/{name}/", key=None, expect=200)
        assert (answer.body["id"], answer.body["slug"]) == (portal.org, "test-organization")
        assert answer.body["name"] == "Test Organization"
        roles = {each["user"]["slug"]: each["role"] for each in answer.body["members"]}
        assert roles["ursula-uploader"] == "editor"
    await portal.call("GET", "/organizations/nobody/", key=None, expect=404)
    await portal.call("GET", "/organizations/Test-Organization/", key=None, expect=308)


async def test_both_portals_show_the_same_fields(portal: Any) -> None:
    """The shape of what is read, so that a client written for one understands the other."""
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    shown = await portal.get(dataset)
    paths = {"/datasets/?page_size=1": "list", portal.v2(f"/datasets/{dataset['id']}/"): "v2"}
    shapes = {
        kind: set((await portal.call("GET", path, expect=200)).body) for path, kind in paths.items()
    }
    assert set(shown) == DATASET
    assert set(resource) == RESOURCE | {"success"}
    assert set(shown["resources"][0]) == RESOURCE
    assert shapes["list"] == PAGE
    assert shapes["v2"] == (DATASET - {"schema"}) | {"community_resources"}


PAGE = {"data", "page", "page_size", "total", "next_page", "previous_page"}
RESOURCE = set(
    """
    checksum created_at description extras filesize filetype format geopf harvest id internal
    last_modified latest metrics mime preview_url schema title type url
    """.split()  # noqa: SIM905  # a list would be one word a line
)
DATASET = set(
    """
    access_audiences access_type access_type_reason access_type_reason_category acronym archived
    authorization_request_url badges contact_points created_at deleted description
    description_short doi extras featured frequency frequency_date geopf harvest id internal
    last_modified last_update license metrics organization owner page permissions private
    quality resources schema slug spatial tags temporal_coverage title uri
    """.split()  # noqa: SIM905  # a list would be one word a line
)


# --- version 2 ----------------------------------------------------------------------------


async def test_version_2_pages_through_the_resources(portal: Any) -> None:
    dataset = await portal.create()
    for name in ("1.csv", "2.csv", "3.csv"):
        await portal.upload(dataset, name)
    path = portal.v2(f"/datasets/{dataset['id']}/resources/?page_size=2")
    first = (await portal.call("GET", path, key=None, expect=200)).body
    assert (first["total"], first["page"], first["page_size"]) == (3, 1, 2)
    assert [each["title"] for each in first["data"]] == ["3.csv", "2.csv"]
    assert set(first["data"][0]) == RESOURCE
    second = (await portal.call("GET", first["next_page"], key=None, expect=200)).body
    assert [each["title"] for each in second["data"]] == ["1.csv"]
    assert second["next_page"] is None
    # Past the end there is nothing, but no 404 as in version 1.
    empty = (await portal.call("GET", path + "&page=9", key=None, expect=200)).body
    assert empty["data"] == []


async def test_version_2_filters_resources(portal: Any) -> None:
    dataset = await portal.create()
    await portal.upload(dataset, "one.csv")
    await portal.link(dataset, title="Two", type="api")
    path = portal.v2(f"/datasets/{dataset['id']}/resources/")
    for query in ("?type=api", "?q=tw"):
        body = (await portal.call("GET", path + query, key=None, expect=200)).body
        assert [each["title"] for each in body["data"]] == ["Two"]


async def test_version_2_finds_a_resource_without_its_dataset(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    path = portal.v2(f"/datasets/resources/{resource['id']}/")
    body = (await portal.call("GET", path, key=None, expect=200)).body
    assert (body["dataset_id"], body["resource"]["id"]) == (dataset["id"], resource["id"])


@pytest.mark.parametrize("of_resource", [True, False])
async def test_version_2_merges_extras(
    portal: Any,
    of_resource: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    dataset = await portal.create(tags=["one-tag"], extras={"a": 1, "b": 2})
    path = f"/datasets/{dataset['id']}/"
    reserved = {"recommendations:x": 1}
    if of_resource:
        resource = await portal.upload(dataset, "x.csv")
        await portal.put_resource(dataset, resource, {"extras": {"a": 1, "b": 2}})
        path += f"resources/{resource['id']}/"
        reserved = {"check:status": 1}
    path = portal.v2(path + "extras/")
    sent = {"b": None, "c": {"d": None}, "nothing": None}
    answer = await portal.call("PUT", path, json=sent, expect=200)
    assert answer.body == {"a": 1, "c": {"d": None}}
    answer = await portal.call("PUT", path, json=reserved, expect=400)
    assert "reserved" in answer.body["message"]
    answer = await portal.call("PUT", path, json=[], expect=400)
    assert answer.body == {"message": "Wrong payload format, dict expected"}
    await portal.call("DELETE", path, json=["a"], expect=204)
    assert (await portal.call("GET", path, key=None, expect=200)).body == {"c": {"d": None}}
    assert (await portal.get(dataset))["tags"] == ["one-tag"]
