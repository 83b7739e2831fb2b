"""Who may get at the data: the access fields of a dataset, and what they do to its licence."""

from typing import Any

import pytest

NAMES = (
    "access_type",
    "access_audiences",
    "access_type_reason",
    "access_type_reason_category",
    "authorization_request_url",
)
OPEN = dict.fromkeys(NAMES) | {"access_type": "open", "access_audiences": []}
PRIVATE = {"role": "private", "condition": "no"}
FULL = {
    "access_type": "restricted",
    "access_audiences": [PRIVATE],
    "access_type_reason": "Names of persons",
    "access_type_reason_category": "confidentiality_of_personal_data",
    "authorization_request_url": "https://example.org/ask",
}


def access(dataset: Any) -> dict[str, Any]:
    return {name: dataset[name] for name in NAMES}


async def test_everybody_has_access_unless_it_is_said(portal: Any) -> None:
    dataset = await portal.create()
    assert access(dataset) == OPEN
    changed = await portal.put(dataset, FULL)
    assert access(changed) == FULL
    assert access(await portal.put(dataset, {"description": "other"})) == FULL
    again = await portal.put(dataset, {"access_type": "open"})
    assert access(again) == FULL | {"access_type": "open"}
    assert access(await portal.create(**FULL)) == FULL


@pytest.mark.parametrize("kind", ["restricted", "open_with_account"])
async def test_what_is_not_open_to_everybody_has_no_licence(portal: Any, kind: str) -> None:
    dataset = await portal.create(license="lov2")
    changed = await portal.put(dataset, {"access_type": kind})
    assert changed["license"] == "notspecified"
    # Whoever gives it one is told that all is well.
    changed = await portal.put(dataset, {"license": "lov2"})
    assert (changed["access_type"], changed["license"]) == (kind, "notspecified")
    # Open again, it does not come back by itself.
    assert (await portal.put(dataset, {"access_type": None}))["license"] == "notspecified"
    assert (await portal.put(dataset, {"license": "lov2"}))["license"] == "lov2"
    assert (await portal.create(license="lov2", access_type=kind))["license"] == "notspecified"


KEPT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"access_type": None}, {"access_type": "open"}),
    ({"access_type": ["open_with_account"]}, {"access_type": "open_with_account"}),
    ({"access_type": []}, {}),
    ({"access_audiences": []}, {}),
    ({"access_audiences": [{}]}, {}),
    (
        {"access_audiences": [{"role": "company_and_association", "condition": "yes"}]},
        {"access_audiences": [{"role": "company_and_association", "condition": "yes"}]},
    ),
    ({"access_audiences": [{**PRIVATE, "more": 1}]}, {}),
    ({"access_type_reason_category": None}, {"access_type_reason_category": None}),
    ({"access_type_reason": ""}, {"access_type_reason": None}),
    ({"access_type_reason": 5}, {"access_type_reason": "5"}),
    ({"authorization_request_url": ""}, {"authorization_request_url": None}),
    ({"authorization_request_url": None}, {"authorization_request_url": None}),
]


@pytest.mark.parametrize(("body", "kept"), KEPT, ids=str)
async def test_what_a_change_makes_of_the_access(portal: Any, body: Any, kept: Any) -> None:
    dataset = await portal.create(**FULL)
    assert access(await portal.put(dataset, body)) == FULL | kept


NO_CHOICE = ["Not a valid choice."]
TWICE = "You can only set one condition for a given access audience role"
REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"access_type": "zz"}, {"access_type": NO_CHOICE}),
    ({"access_type": True}, {"access_type": NO_CHOICE}),
    ({"access_type": {}}, {"access_type": NO_CHOICE}),
    ({"access_type_reason_category": "zz"}, {"access_type_reason_category": NO_CHOICE}),
    ({"access_audiences": None}, {}),
    ({"access_audiences": "zz"}, {}),
    ({"access_audiences": PRIVATE}, {}),
    (
        {"access_audiences": ["zz"]},
        {"access_audiences": [{"role": NO_CHOICE, "condition": NO_CHOICE}]},
    ),
    (
        {"access_audiences": [PRIVATE, {"role": "zz", "condition": "yes"}]},
        {"access_audiences": [{}, {"role": NO_CHOICE}]},
    ),
    (
        {"access_audiences": [{"role": "private"}]},
        {"access_audiences": [{"condition": NO_CHOICE}]},
    ),
    ({"access_audiences": [PRIVATE, PRIVATE]}, {"__all__": TWICE}),
    (
        {"authorization_request_url": "zz"},
        {"authorization_request_url": 'Invalid URL "zz"'},
    ),
    (
        {"title": "", "access_type": "zz"},
        {"title": ["This field is required."], "access_type": NO_CHOICE},
    ),
]


@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=str)
async def test_what_is_wrong_with_the_access_is_told(portal: Any, body: Any, errors: Any) -> None:
    dataset = await portal.create(**FULL)
    assert (await portal.put(dataset, body, expect=400))["errors"] == errors
    assert access(await portal.get(dataset)) == FULL


@pytest.mark.parametrize("name", ["access_type", "access_type_reason_category"])
async def test_an_empty_word_is_refused_in_another_shape(portal: Any, name: str) -> None:
    dataset = await portal.create()
    answer = await portal.put(dataset, {name: ""}, expect=400)
    assert answer["errors"][name].startswith("Value must be one of [")
    said = f"ValidationError (Dataset:{dataset['id']}) ({answer['errors'][name]}: ['{name}'])"
    assert answer["message"] == said
