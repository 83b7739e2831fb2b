"""A portal with a catalogue of schemas, as data.gouv.fr has one: what is in it, and what is not."""

from typing import Any

import pytest

from tests.schema_catalogue import BASE, CATALOGUE, COLLECTION, LATEST, NEW

IRVE = {"name": "etalab/irve", "version": None, "url": None}
KEPT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "etalab/irve"}, IRVE),
    ({"name": "etalab/irve", "version": "2.3.1"}, IRVE | {"version": "2.3.1"}),
    ({"name": "etalab/irve", "version": "latest"}, IRVE | {"version": "latest"}),
    ({"url": NEW}, IRVE | {"version": "2.3.1"}),
    ({"url": NEW, "name": "mine", "version": "7"}, IRVE | {"version": "2.3.1"}),
    ({"url": LATEST}, IRVE),
    ({"url": f"{BASE}other.json"}, {"name": None, "version": None, "url": f"{BASE}other.json"}),
]


@pytest.mark.parametrize(("said", "kept"), KEPT, ids=str)
async def test_an_address_of_the_catalogue_becomes_name_and_version(
    catalogue_portal: Any, said: Any, kept: Any
) -> None:
    dataset = await catalogue_portal.create()
    alone, listed = await catalogue_portal.link(dataset), await catalogue_portal.link(dataset)
    assert (await catalogue_portal.put_resource(dataset, alone, {"schema": said}))["schema"] == kept
    items = [{"id": listed["id"], "schema": said}, {"id": alone["id"]}]
    answer = await catalogue_portal.put_list(dataset, items)
    assert [each["schema"] for each in answer] == [kept, kept]
    assert (await catalogue_portal.link(dataset, schema=said))["schema"] == kept


NO_VERSION = (
    'Version "9" is not an allowed value for the schema "etalab/irve". '
    "Allowed versions: 2.3.0, 2.3.1, latest"
)
REFUSED = [
    (
        {"name": "zz"},
        {"name": ['Schema name "zz" is not an allowed value. Allowed values: etalab/irve']},
    ),
    (
        {"name": "scdl/all"},
        {"name": ['Schema name "scdl/all" is not an allowed value. Allowed values: etalab/irve']},
    ),
    (
        {"name": "etalab/irve", "version": "9"},
        {
            "version": [NO_VERSION],
        },
    ),
]


@pytest.mark.parametrize(("said", "errors"), REFUSED, ids=str)
async def test_what_is_not_in_the_catalogue_is_refused(
    catalogue_portal: Any, said: Any, errors: Any
) -> None:
    dataset = await catalogue_portal.create()
    link = await catalogue_portal.link(dataset)
    answer = await catalogue_portal.put_resource(dataset, link, {"schema": said}, expect=400)
    assert answer == {"errors": {"schema": errors}}
    items = [{"id": link["id"], "schema": said}]
    answer = await catalogue_portal.put_list(dataset, items, expect=400)
    assert answer == {"errors": [{"schema": errors}]}


async def test_the_address_of_a_collection_is_taken_and_then_refused_in_every_list(
    catalogue_portal: Any,
) -> None:
    dataset = await catalogue_portal.create()
    link = await catalogue_portal.link(dataset)
    body = {"schema": {"url": COLLECTION}}
    changed = await catalogue_portal.put_resource(dataset, link, body)
    assert changed["schema"] == IRVE | {"name": "scdl/all"}
    await catalogue_portal.put_resource(dataset, link, {"title": "T"})
    await catalogue_portal.put_list(dataset, [link["id"]], expect=400)
    await catalogue_portal.put_list(dataset, [{"id": link["id"], "title": "T"}], expect=400)
    await catalogue_portal.put_resource(dataset, link, {"schema": None})
    await catalogue_portal.put_list(dataset, [{"id": link["id"], "title": "T"}])


async def test_the_catalogue_is_listed_without_collections(catalogue_portal: Any) -> None:
    answer = await catalogue_portal.call("GET", "/datasets/schemas/", key=None, expect=200)
    names = ("name", "schema_type", "schema_url", "versions")
    shown = [{name: each[name] for name in names} for each in answer.body]
    assert shown == [{name: each[name] for name in names} for each in CATALOGUE[:1]]
    mask = "name,versions{version_name}"
    answer = await catalogue_portal.call(
        "GET", "/datasets/schemas/", key=None, headers={"X-Fields": mask}, expect=200
    )
    assert answer.body[0] == {
        "name": "etalab/irve",
        "versions": [{"version_name": "2.3.0"}, {"version_name": "2.3.1"}],
    }
