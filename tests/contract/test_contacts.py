"""Contact points: whom to write to about a dataset. They are their owner's."""

from typing import Any

import pytest


def contact(portal: Any, **more: Any) -> dict[str, Any]:
    name = f"Contact {portal.tag}"
    return {"name": name, "role": "contact", "email": "contact@example.org"} | more


async def make(portal: Any, key: str = "user", **more: Any) -> Any:
    body = contact(portal, **more)
    return (await portal.call("POST", "/contacts/", key=key, json=body, expect=201)).body


def ids(dataset: Any) -> list[str]:
    return [each["id"] for each in dataset["contact_points"]]


async def test_a_contact_point_is_made_once_and_given_to_datasets(portal: Any) -> None:
    made = await make(portal, organization=portal.org)
    body = contact(portal, organization={"id": portal.org})
    again = (await portal.call("POST", "/contacts/", json=body, expect=200)).body
    assert again["id"] == made["id"]
    dataset = await portal.create(contact_points=[made["id"]])
    assert ids(dataset) == [made["id"]]
    changed = await portal.put(dataset, {"description": "other"})
    assert ids(changed) == [made["id"]]
    # Once there, they cannot be taken away, only replaced.
    assert ids(await portal.put(dataset, {"contact_points": []})) == [made["id"]]
    assert ids(await portal.put(dataset, {"contact_points": [{"id": made["id"]}]})) == [made["id"]]


async def test_without_an_organization_it_is_the_accounts(portal: Any) -> None:
    own = await make(portal)
    assert (own["organization"], own["owner"]["id"]) == (None, portal.info["user"]["id"])
    dataset = await portal.create(organization=None, contact_points=[own["id"]])
    assert ids(dataset) == [own["id"]]


async def test_a_contact_point_of_another_owner_is_refused(portal: Any) -> None:
    other = portal.info["other_organization"]["id"]
    theirs = await make(portal, "outsider", organization=other)
    own = await make(portal)
    ours = await make(portal, organization=portal.org)
    dataset = await portal.create(contact_points=[ours["id"]])
    for wrong in (theirs, own):
        sentence = f"Contact point {wrong['id']} does not belong to the owner of this object"
        refusal = {"errors": {"contact_points": sentence}, "message": sentence}
        for points in ([wrong["id"]], [ours["id"], wrong["id"]]):
            answer = await portal.put(dataset, {"contact_points": points}, expect=400)
            assert answer == refusal
        body = {"title": "T", "description": "d", "organization": portal.org}
        body["contact_points"] = [wrong["id"]]
        assert (await portal.call("POST", "/datasets/", json=body, expect=400)).body == refusal
    assert ids(await portal.get(dataset)) == [ours["id"]]


async def test_a_dataset_changes_owner_together_with_its_contact_points(portal: Any) -> None:
    own = await make(portal)
    ours = await make(portal, organization=portal.org)
    dataset = await portal.create(organization=None, contact_points=[own["id"]])
    await portal.put(dataset, {"organization": portal.org}, expect=400)
    body = {"organization": portal.org, "contact_points": [ours["id"]]}
    assert ids(await portal.put(dataset, body)) == [ours["id"]]


NOBODYS = "64a0000000000000000000ee"
UNKNOWN = [
    ([NOBODYS], f"Unknown identifiers: {NOBODYS}"),
    (["zz"], "Unsupported identifier: zz"),
    ("zz", "Unsupported identifier: zz"),
    ([5], "Unsupported identifier: 5"),
    ([{}], "Unsupported identifier: {}"),
]


@pytest.mark.parametrize(("points", "sentence"), UNKNOWN, ids=str)
async def test_an_unknown_contact_point_is_refused(portal: Any, points: Any, sentence: str) -> None:
    answer = await portal.put(await portal.create(), {"contact_points": points}, expect=400)
    assert answer == {"errors": {"contact_points": [sentence]}}


async def test_one_twice_is_refused_without_its_name(portal: Any) -> None:
    ours = await make(portal, organization=portal.org)
    body = {"contact_points": [ours["id"], ours["id"]]}
    answer = await portal.put(await portal.create(), body, expect=400)
    assert answer == {"errors": {"contact_points": ["Unknown identifiers: "]}}


FAULTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"role": None}, {"role": "Field is required"}),
    ({"email": None}, {}),
    ({"role": "creator", "email": None, "name": None}, {}),
    ({"name": "see http://example.org"}, {"name": "URLs not allowed in this field"}),
    ({"name": "x" * 256}, {"name": "String value is too long"}),
    ({"email": "zz"}, {"email": "Invalid email address"}),
    ({"contact_form": "zz"}, {"contact_form": 'Invalid URL "zz"'}),
    (
        {"organization": "64a0000000000000000000a2"},
        {"organization": "Permission denied for this organization"},
    ),
    ({"organization": NOBODYS}, {"organization": f"Unknown reference '{NOBODYS}'"}),
    ({"organization": "test-organization"}, {}),
]


@pytest.mark.parametrize(("more", "errors"), FAULTS, ids=lambda each: str(each)[:40])
async def test_what_is_wrong_with_a_contact_point_is_told(
    portal: Any, more: dict[str, Any], errors: dict[str, Any]
) -> None:
    answer = await portal.call("POST", "/contacts/", json=contact(portal, **more), expect=400)
    assert answer.body["errors"] == errors
    assert answer.body["message"]


async def test_a_name_is_enough_for_all_but_the_contact(portal: Any) -> None:
    made = await make(portal, role="creator", email=None)
    assert (made["role"], made["email"]) == ("creator", None)


async def test_contact_points_are_listed_by_owner(portal: Any) -> None:
    other = portal.info["other_organization"]["id"]
    own = await make(portal, "outsider")
    theirs = await make(portal, "outsider", organization=other)
    me = portal.info["outsider"]
    for path, made in (
        (f"/organizations/{other}/contacts/", theirs),
        ("/organizations/other-organization/contacts/", theirs),
        (f"/users/{me['id']}/contacts/", own),
        (f"/users/{me['slug']}/contacts/", own),
    ):
        page = (await portal.call("GET", f"{path}?page_size=1000", key=None, expect=200)).body
        found = [each["id"] for each in page["data"]]
        assert made["id"] in found
        assert (own["id"] in found) is (made is own)
        assert page["total"] == len(found)
    await portal.call("GET", "/organizations/nobody/contacts/", key=None, expect=404)
    await portal.call("GET", "/users/nobody/contacts/", key=None, expect=404)


async def test_a_contact_point_is_looked_at_renamed_and_deleted(portal: Any) -> None:
    made = await make(portal, organization=portal.org)
    path = f"/contacts/{made['id']}/"
    assert (await portal.call("GET", path, key=None, expect=200)).body["name"] == made["name"]
    dataset = await portal.create(contact_points=[made["id"]])
    await portal.call("PUT", path, key="outsider", json={"email": "e@example.org"}, expect=403)
    changed = await portal.call("PUT", path, json={"email": "e@example.org"}, expect=200)
    assert (changed.body["id"], changed.body["email"]) == (made["id"], "e@example.org")
    await portal.call("DELETE", path, key="outsider", expect=403)
    await portal.call("DELETE", path, expect=204)
    assert ids(await portal.get(dataset)) == []
    await portal.call("GET", path, key=None, expect=404)
