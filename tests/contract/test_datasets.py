"""Creating and changing a dataset: what is kept, what is wiped, what is refused."""

from typing import Any

import pytest

FULL = {
    "tags": ["one-tag", "two-tag"],
    "license": "lov2",
    "frequency": "annual",
    "temporal_coverage": {"start": "2020-01-01", "end": "2020-12-31"},
    "spatial": {"geom": None, "zones": ["fr:region:11"], "granularity": "fr:commune"},
    "extras": {"a": 1},
    "acronym": "ACR",
    "description_short": "short",
    "private": True,
}
WIPED: dict[str, Any] = {"tags": [], "temporal_coverage": None}


def of(dataset: Any, fields: Any) -> Any:
    return {name: dataset[name] for name in fields}


async def test_what_is_created_is_what_was_said(portal: Any) -> None:
    dataset = await portal.create(**FULL)
    assert of(dataset, FULL) == FULL
    assert of(await portal.get(dataset), FULL) == FULL
    assert dataset["organization"]["id"] == portal.org
    assert dataset["owner"] is None
    assert dataset["resources"] == []
    assert dataset["page"].endswith(f"/datasets/{dataset['slug']}")


async def test_creating_is_not_idempotent(portal: Any) -> None:
    first = await portal.create("Twice")
    second = await portal.create("Twice")
    assert first["id"] != second["id"]
    assert second["slug"] == f"{first['slug']}-1"


async def test_the_organization_may_be_an_id_or_an_object(portal: Any) -> None:
    for organization in (portal.org, {"id": portal.org}):
        dataset = await portal.create(organization=organization)
        assert dataset["organization"]["slug"] == "test-organization"


async def test_without_an_organization_the_account_owns_the_dataset(portal: Any) -> None:
    dataset = await portal.create(organization=None)
    assert dataset["organization"] is None
    assert dataset["owner"]["id"] == portal.info["user"]["id"]


ORGANIZATIONS = {
    "a slug": ("test-organization", "Unsupported identifier: test-organization"),
    "an unknown one": ("64a0000000000000000000ee", "Organization does not exists"),
    "a foreign one": ("64a0000000000000000000a2", "Permission denied for this organization"),
}


@pytest.mark.parametrize("which", ORGANIZATIONS)
async def test_an_organization_that_is_not_ours_is_refused(portal: Any, which: str) -> None:
    organization, sentence = ORGANIZATIONS[which]
    body = {"title": "T", "description": "d", "organization": organization}
    answer = await portal.call("POST", "/datasets/", json=body, expect=400)
    assert answer.body == {"errors": {"organization": [sentence]}}


# --- a change -----------------------------------------------------------------------------


async def test_an_empty_change_wipes_nothing(portal: Any) -> None:
    dataset = await portal.create(**FULL)
    assert of(await portal.put(dataset, {}), FULL) == FULL


async def test_any_other_change_wipes_tags_and_temporal_coverage(portal: Any) -> None:
    dataset = await portal.create(**FULL)
    changed = await portal.put(dataset, {"description": "other"})
    assert of(changed, FULL) == FULL | WIPED
    assert of(await portal.get(dataset), FULL) == FULL | WIPED


async def test_what_is_sent_along_is_not_wiped(portal: Any) -> None:
    dataset = await portal.create(**FULL)
    kept = of(FULL, WIPED)
    assert of(await portal.put(dataset, {"description": "other"} | kept), FULL) == FULL


CHANGES: list[tuple[Any, Any]] = [
    ({"extras": {"b": 2}}, {"extras": {"b": 2}}),
    ({"extras": None}, {"extras": {}}),
    ({"extras": {"transport:url": "x", "dcat": 1, "b": 2}}, {"extras": {"b": 2}}),
    ({"license": "cc-by"}, {"license": "cc-by"}),
    ({"license": "unknown"}, {"license": "notspecified"}),
    ({"license": None}, {"license": "notspecified"}),
    ({"frequency": None}, {"frequency": "unknown"}),
    ({"frequency": "realtime"}, {"frequency": "continuous"}),
    ({"frequency": "biannual"}, {"frequency": "semiannual"}),
    ({"acronym": ""}, {"acronym": None}),
    ({"private": None}, {"private": False}),
    ({"private": False}, {"private": False}),
    ({"spatial": None}, {}),
    ({"spatial": {}}, {}),
    ({"spatial": {"zones": []}}, {}),
    (
        {"spatial": {"zones": ["country:fr"]}},
        {"spatial": {"geom": None, "zones": ["country:fr"], "granularity": "fr:commune"}},
    ),
    (
        {"spatial": {"granularity": "poi"}},
        {"spatial": {"geom": None, "zones": ["fr:region:11"], "granularity": "poi"}},
    ),
    ({"tags": ["b-tag", "a-tag", "A Tag"]}, {"tags": ["a-tag", "b-tag"]}),
    ({"tags": ["one,two,three"]}, {"tags": ["one", "three", "two"]}),
    ({"tags": ["one,two", "three"]}, {"tags": ["one-two", "three"]}),
    ({"tags": None}, {}),
    (
        {"temporal_coverage": {"start": "2021-05-06T10:00:00+00:00", "end": None}},
        {"temporal_coverage": {"start": "2021-05-06", "end": None}},
    ),
    (
        {"temporal_coverage": {"start": "2022-01-01", "end": "2021-01-01"}},
        {"temporal_coverage": {"start": "2021-01-01", "end": "2022-01-01"}},
    ),
    ({"slug": "zz"}, {}),
    ({"unknown": 1}, {}),
    ({"resources": []}, {}),
    ({"title": 5}, {"title": "5"}),
]


@pytest.mark.parametrize(("body", "changed"), CHANGES, ids=lambda each: str(each)[:40])
async def test_what_a_change_makes_of_a_dataset(portal: Any, body: Any, changed: Any) -> None:
    dataset = await portal.create(**FULL)
    expected = FULL | WIPED | changed
    assert of(await portal.put(dataset, body), expected) == expected
    assert of(await portal.get(dataset), expected) == expected


TAGS = {
    "Été": "ete",
    "Ça va": "ca-va",
    "L'été": "lete",
    "日本語": "ri-ben-yu",
    "a__b--c": "a-b-c",
    "TRÈS GRAND": "tres-grand",
    "c++ & c#": "c-c",
    "x" * 96: "x" * 96,
}


@pytest.mark.parametrize(("tag", "slug"), TAGS.items(), ids=lambda each: each[:20])
async def test_tags_are_slugified(portal: Any, tag: str, slug: str) -> None:
    dataset = await portal.create(tags=[tag, "other"])
    assert dataset["tags"] == sorted([slug, "other"])


REQUIRED = ["This field is required."]
NO_DOLLAR = 'Invalid dictionary key name - keys may not startswith "$" characters'
REFUSED: list[tuple[Any, Any]] = [
    ({"title": ""}, {"title": REQUIRED}),
    ({"title": None}, {"title": REQUIRED}),
    ({"title": "  "}, {"title": REQUIRED}),
    ({"description": None}, {"description": REQUIRED}),
    ({"title": "x" * 351}, {"title": ["Field cannot be longer than 350 characters."]}),
    (
        {"description": "x" * 100_001},
        {"description": ["Field cannot be longer than 100000 characters."]},
    ),
    (
        {"description_short": "x" * 201},
        {"description_short": ["Field cannot be longer than 200 characters."]},
    ),
    ({"acronym": "x" * 129}, {"acronym": "String value is too long"}),
    ({"tags": ["ab"]}, {"tags": ['Tag "ab" must be between 3 and 96 characters long.']}),
    ({"tags": ["!!!"]}, {"tags": ['Tag "" must be between 3 and 96 characters long.']}),
    (
        {"tags": ["x" * 97]},
        {"tags": [f'Tag "{"x" * 97}" must be between 3 and 96 characters long.']},
    ),
    ({"extras": "zz"}, {"extras": ["Unsupported data type"]}),
    (
        {"extras": {"a": None}},
        {
            "extras": {
                "a": "Value should be an instance of: "
                "str, int, float, bool, datetime, date, list, dict"
            }
        },
    ),
    (
        {"extras": {"custom:x": 1}},
        {"__all__": "Dataset's organization did not define the requested custom metadata."},
    ),
    (
        {"temporal_coverage": {"start": "soon"}},
        {"temporal_coverage": ["Unknown string format: %s"]},
    ),
    (
        {"temporal_coverage": {"end": "2020-01-01"}},
        {"temporal_coverage": ["Unable to parse date range"]},
    ),
    ({"temporal_coverage": {"start": 5}}, {"temporal_coverage": ["Date must be a string"]}),
    ({"spatial": {"zones": ["fr:zz:1"]}}, {"spatial": {"zones": ["Unknown geoid(s): fr:zz:1"]}}),
    ({"spatial": {"zones": ["zz"]}}, {"spatial": {"zones": ["Bad GeoID format: zz"]}}),
    ({"spatial": {"granularity": "zz"}}, {"spatial": {"granularity": ["Not a valid choice."]}}),
    ({"frequency_date": ""}, {"frequency_date": ["String does not contain a date: %s"]}),
    ({"extras": {"a": {"$b": 1}}}, {"extras": [NO_DOLLAR]}),
    ({"archived": "zz"}, {"archived": ["Unknown string format: %s"]}),
    (
        {"contact_points": ["64a0000000000000000000ee"]},
        {"contact_points": ["Unknown identifiers: 64a0000000000000000000ee"]},
    ),
    ({"owner": "64a000000000000000000004"}, {"owner": ["You can only set yourself as owner"]}),
    (
        {"organization": "64a0000000000000000000a2"},
        {"organization": ["Cannot change owner after creation. Please use transfer feature."]},
    ),
    ({"resources": None}, {}),
]


@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=lambda each: str(each)[:40])
async def test_what_is_wrong_is_told_field_by_field(portal: Any, body: Any, errors: Any) -> None:
    dataset = await portal.create(**FULL)
    answer = await portal.put(dataset, body, expect=400)
    assert answer["errors"] == errors
    assert of(await portal.get(dataset), FULL) == FULL


@pytest.mark.parametrize("frequency", ["zz", "", 5])
async def test_an_unknown_frequency_is_refused_in_another_shape(
    portal: Any, frequency: Any
) -> None:
    dataset = await portal.create()
    answer = await portal.put(dataset, {"frequency": frequency}, expect=400)
    assert answer == {"message": f"'{frequency}' is not a valid UpdateFrequency"}


async def test_all_errors_come_at_once(portal: Any) -> None:
    answer = await portal.call("POST", "/datasets/", json={}, expect=400)
    assert answer.body == {"errors": {"title": REQUIRED, "description": REQUIRED}}


BODIES: list[tuple[dict[str, Any], Any]] = [
    ({"json": []}, {"errors": {"request": "expecting a JSON object"}}),
    ({"json": "x"}, {"errors": {"request": "expecting a JSON object"}}),
    ({"data": "x"}, {"errors": {"Content-Type": "expecting application/json"}}),
    (
        {"data": "{", "headers": {"Content-Type": "application/json"}},
        {"message": "The browser (or proxy) sent a request that this server could not understand."},
    ),
]


@pytest.mark.parametrize(("request_", "body"), BODIES, ids=lambda each: str(each)[:30])
async def test_a_body_that_is_no_json_object_is_refused(
    portal: Any, request_: Any, body: Any
) -> None:
    answer = await portal.call("POST", "/datasets/", expect=400, **request_)
    assert answer.body == body


CRASHES: list[Any] = [
    {"organization": None},
    {"extras": {"l": [{"a\0b": 1}]}},
    {"tags": ["aaa", None]},
    {"tags": [5, "aaa"]},
]


@pytest.mark.parametrize("body", CRASHES, ids=str)
async def test_some_values_are_a_server_error(portal: Any, body: Any) -> None:
    dataset = await portal.create()
    answer = await portal.put(dataset, body, expect=500)
    assert answer == {"message": "Internal Server Error"}


# --- a drawn area ---------------------------------------------------------------------------

SHAPE = {"type": "MultiPolygon", "coordinates": [[[[2, 48], [3, 48], [3, 49], [2, 48]]]]}


async def test_zones_are_refused_beside_a_drawn_area_and_taken_in_its_place(portal: Any) -> None:
    dataset = await portal.create(spatial={"geom": SHAPE})
    drawn = {"geom": SHAPE, "zones": [], "granularity": "other"}
    assert dataset["spatial"] == drawn
    zones = {"zones": ["fr:region:11"]}
    answer = await portal.put(dataset, {"spatial": zones}, expect=400)
    sentence = "The spatial coverage cannot contains a Geozone and a Geometry"
    assert answer["errors"] == {"spatial": {"__all__": sentence}}
    assert (await portal.put(dataset, {"spatial": {"granularity": "poi"}}))["spatial"] == {
        **drawn,
        "granularity": "poi",
    }
    changed = await portal.put(dataset, {"spatial": zones | {"geom": None}})
    assert changed["spatial"] == {"geom": None, "zones": ["fr:region:11"], "granularity": "poi"}


async def test_a_mask_tells_that_there_is_a_drawn_area_without_its_points(portal: Any) -> None:
    mask = {"X-Fields": "spatial{zones,geom{type}}"}
    dataset = await portal.create(spatial={"geom": SHAPE})
    assert await portal.get(dataset, headers=mask) == {
        "spatial": {"zones": [], "geom": {"type": "MultiPolygon"}}
    }
    dataset = await portal.create(spatial={"zones": ["fr:region:11"]})
    assert await portal.get(dataset, headers=mask) == {
        "spatial": {"zones": ["fr:region:11"], "geom": None}
    }
    assert await portal.get(await portal.create(), headers=mask) == {"spatial": None}


# --- ownership ----------------------------------------------------------------------------


async def test_an_owner_takes_the_dataset_out_of_its_organization(portal: Any) -> None:
    dataset = await portal.create()
    changed = await portal.put(dataset, {"owner": portal.info["user"]["id"]})
    assert changed["organization"] is None
    assert changed["owner"]["id"] == portal.info["user"]["id"]
    back = await portal.put(dataset, {"organization": portal.org})
    assert (back["organization"]["id"], back["owner"]) == (portal.org, None)


async def test_a_personal_dataset_goes_to_nobody_else(portal: Any) -> None:
    dataset = await portal.create(organization=None)
    other = {"owner": portal.info["outsider"]["id"]}
    answer = await portal.put(dataset, other, expect=400)
    sentence = "Cannot change owner after creation. Please use transfer feature."
    assert answer == {"errors": {"owner": [sentence]}}


async def test_a_personal_dataset_becomes_an_organizations_with_its_resources(portal: Any) -> None:
    dataset = await portal.create(organization=None, tags=["velo"])
    resource = await portal.upload(dataset, "kept.csv")
    given = await portal.put(dataset, {"organization": portal.org, "tags": ["velo"]})
    assert (given["organization"]["id"], given["owner"]) == (portal.org, None)
    assert (given["id"], given["slug"], given["tags"]) == (dataset["id"], dataset["slug"], ["velo"])
    assert [each["id"] for each in given["resources"]] == [resource["id"]]
    await portal.call("GET", resource["latest"], key=None, expect=302)


async def test_an_organizations_dataset_becomes_no_other_organizations(portal: Any) -> None:
    """Whether the account belongs to that one or not."""
    dataset = await portal.create()
    answer = await portal.put(dataset, {"organization": "64a0000000000000000000a2"}, expect=400)
    sentence = "Cannot change owner after creation. Please use transfer feature."
    assert answer["errors"] == {"organization": [sentence]}
    assert (await portal.get(dataset))["organization"]["id"] == portal.org


async def test_a_null_owner_changes_nothing(portal: Any) -> None:
    changed = await portal.put(await portal.create(), {"owner": None})
    assert changed["organization"]["id"] == portal.org


# --- resources in the body ----------------------------------------------------------------


async def test_resources_in_the_body_drop_those_they_do_not_name(portal: Any) -> None:
    dataset = await portal.create()
    dropped = await portal.upload(dataset, "dropped.csv")
    kept = await portal.upload(dataset, "kept.csv")
    body = {"resources": [{"id": kept["id"], "title": "Kept"}]}
    changed = await portal.put(dataset, body)
    assert [each["title"] for each in changed["resources"]] == ["Kept"]
    # The file of the dropped one stays behind, reachable by nobody who does not know it.
    await portal.call("GET", dropped["url"], key=None, expect=200)
    await portal.call("GET", dropped["latest"], key=None, expect=404)


async def test_a_dataset_of_its_time_is_told_in_utc(portal: Any) -> None:
    dataset = await portal.create()
    assert dataset["created_at"].endswith("+00:00")
    changed = await portal.put(dataset, {"description": "later"})
    assert changed["last_modified"] > dataset["last_modified"]
