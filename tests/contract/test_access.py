"""Who may do what: keys, cookies, roles, read-only mode."""

from typing import Any

import pytest

from bulkpub.sandbox import Sandbox


def cookie_of(answer: Any) -> str | None:
    header = answer.headers.get("Set-Cookie")
    return str(header).partition(";")[0] if header else None


# --- keys ---------------------------------------------------------------------------------


async def test_me_tells_who_the_key_belongs_to(portal: Any) -> None:
    me = (await portal.call("GET", "/me/", expect=200)).body
    assert me["id"] == portal.info["user"]["id"]
    assert me["email"] == portal.info["user"]["email"]
    assert [each["id"] for each in me["organizations"]] == [portal.org]
    outsider = (await portal.call("GET", "/me/", key="outsider", expect=200)).body
    assert [each["slug"] for each in outsider["organizations"]] == ["other-organization"]
    expired = await portal.call("GET", "/me/", key="expired", expect=401)
    assert expired.body == {"message": "Expired API token"}


PUBLIC = ["/datasets/?page_size=1", "/datasets/licenses/", "/datasets/extensions/"]


@pytest.mark.parametrize("path", PUBLIC)
async def test_a_wrong_key_is_refused_where_none_is_needed(portal: Any, path: str) -> None:
    await portal.call("GET", path, key=None, expect=200)
    answer = await portal.call("GET", path, key="wrong", expect=401)
    assert answer.body == {"message": "Invalid API token"}
    answer = await portal.call("GET", path, key="expired", expect=401)
    assert answer.body == {"message": "Expired API token"}


async def test_an_empty_key_is_none(portal: Any) -> None:
    await portal.call("GET", "/datasets/?page_size=1", key="", expect=200)
    await portal.call("GET", "/me/", key="", expect=401)


async def test_the_key_goes_in_its_own_header_only(portal: Any) -> None:
    key = portal.info["api_key"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"Token {key}"}):
        await portal.call("GET", "/me/", key=None, headers=headers, expect=401)
    await portal.call("GET", f"/me/?api_key={key}", key=None, expect=401)


WRITES = [
    ("POST", "/datasets/"),
    ("PUT", "/datasets/{dataset}/"),
    ("DELETE", "/datasets/{dataset}/"),
    ("POST", "/datasets/{dataset}/upload/"),
    ("POST", "/datasets/{dataset}/upload/community/"),
    ("POST", "/datasets/{dataset}/resources/"),
    ("PUT", "/datasets/{dataset}/resources/"),
    ("PUT", "/datasets/{dataset}/resources/{resource}/"),
    ("DELETE", "/datasets/{dataset}/resources/{resource}/"),
    ("POST", "/datasets/{dataset}/resources/{resource}/upload/"),
    ("PUT", "v2/datasets/{dataset}/extras/"),
    ("PUT", "v2/datasets/{dataset}/resources/{resource}/extras/"),
]


async def attempt(portal: Any, method: str, template: str, dataset: Any, resource: Any) -> Any:
    path = template.format(dataset=dataset["id"], resource=resource["id"])
    if path.startswith("v2"):
        path = portal.v2(path.removeprefix("v2"))

    async def send(key: str | None) -> Any:
        if "upload" in path:
            return await portal.post_form(path, {}, ("attempt.csv", b"1"), key=key)
        body = [resource["id"]] if path.endswith("/resources/") and method == "PUT" else {}
        return await portal.call(method, path, key=key, json=body)

    return send


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_every_write_needs_a_key_and_the_right(portal: Any, method: str, path: str) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    send = await attempt(portal, method, path, dataset, resource)
    assert (await send(None)).status == 401
    assert (await send("wrong")).status == 401
    assert (await send("expired")).status == 401
    open_to_all = path in {"/datasets/", "/datasets/{dataset}/upload/community/"}
    if not open_to_all:
        for key in ("outsider", "partial"):
            answer = await send(key)
            assert answer.status == 403
            assert answer.body == {
                "message": "You do not have the permission to modify that object."
            }


async def test_an_unknown_dataset_is_not_found_before_the_key_is_looked_at(portal: Any) -> None:
    path = "/datasets/64a0000000000000000000ee/"
    for key in (None, "wrong", "user"):
        await portal.call("PUT", path, key=key, json={}, expect=404)


# --- roles --------------------------------------------------------------------------------


async def test_editors_and_admins_may_do_everything(portal: Any) -> None:
    dataset = await portal.create()
    for key in ("user", "admin"):
        await portal.upload(dataset, f"{key}.csv", key=key)
        shown = await portal.get(dataset, key=key)
        assert shown["permissions"] == {"delete": True, "edit": True, "edit_resources": True}
    await portal.call("DELETE", f"/datasets/{dataset['id']}/", key="admin", expect=204)


async def test_a_partial_editor_edits_only_what_it_created(portal: Any) -> None:
    own = await portal.create("Own", key="partial")
    assert own["permissions"]["edit"] is False  # in the answer to the creation only
    assert (await portal.get(own, key="partial"))["permissions"]["edit"] is True
    await portal.upload(own, "x.csv", key="partial")
    await portal.put(own, {"description": "changed"}, key="partial")
    other = await portal.create("Other")
    assert (await portal.get(other, key="partial"))["permissions"]["edit"] is False
    await portal.upload(other, "x.csv", key="partial", expect=403)
    await portal.put(other, {"description": "changed"}, key="partial", expect=403)


async def test_an_outsider_may_not_publish_for_the_organization(portal: Any) -> None:
    body = {"title": "T", "description": "d", "organization": portal.org}
    answer = await portal.call("POST", "/datasets/", key="outsider", json=body, expect=400)
    assert answer.body == {"errors": {"organization": ["Permission denied for this organization"]}}


async def test_the_organization_tells_whether_the_key_belongs_to_it(portal: Any) -> None:
    path = "/organizations/test-organization/"
    expected = {"user": True, "admin": True, "partial": True, "outsider": False, None: False}
    for key, belongs in expected.items():
        body = (await portal.call("GET", path, key=key, expect=200)).body
        assert body["permissions"]["private"] is belongs
        assert body["permissions"]["edit"] is (key == "admin")


async def test_a_personal_dataset_is_its_owners_own(portal: Any) -> None:
    dataset = await portal.create(organization=None)
    await portal.upload(dataset, "x.csv")
    for key in ("admin", "outsider"):
        await portal.upload(dataset, "y.csv", key=key, expect=403)


# --- cookies ------------------------------------------------------------------------------


async def test_a_keyed_answer_sets_a_session_cookie(portal: Any) -> None:
    for path in ("/me/", "/datasets/?page_size=1", "/datasets/extensions/"):
        assert cookie_of(await portal.call("GET", path, expect=200))
    assert cookie_of(await portal.call("GET", "/datasets/?page_size=1", key=None)) is None
    assert cookie_of(await portal.call("GET", "/me/", key="wrong", expect=401)) is None


async def test_the_cookie_alone_is_a_key_and_beats_every_key(portal: Any) -> None:
    cookie = cookie_of(await portal.call("GET", "/me/", key="user", expect=200))
    headers = {"Cookie": cookie}
    for key in (None, "outsider", "wrong", "expired"):
        answer = await portal.call("GET", "/me/", key=key, headers=headers, expect=200)
        assert answer.body["id"] == portal.info["user"]["id"]
        assert cookie_of(answer) is None
    body = {"title": f"By cookie {portal.tag}", "description": "d"}
    answer = await portal.call("POST", "/datasets/", key=None, json=body, headers=headers)
    assert answer.status == 201


async def test_a_cookie_that_means_nothing_is_ignored(portal: Any) -> None:
    headers = {"Cookie": "session=nonsense"}
    await portal.call("GET", "/me/", key=None, headers=headers, expect=401)
    assert cookie_of(await portal.call("GET", "/me/", headers=headers, expect=200))


# --- read-only mode -----------------------------------------------------------------------


async def test_read_only_mode_locks_what_creates_content(read_only_portal: Any) -> None:
    portal = read_only_portal
    body = {"title": "T", "description": "d"}
    answer = await portal.call("POST", "/datasets/", json=body, expect=423)
    assert "disabled" in answer.body["message"]
    await portal.call("POST", "/datasets/", json=body, key=None, expect=401)
    await portal.call("POST", "/datasets/", json=body, key="wrong", expect=401)
    await portal.call("GET", "/datasets/?page_size=1", expect=200)
    await portal.call("GET", "/me/", expect=200)


async def test_the_embedded_portal_tells_what_the_tests_hard_code(portal: Any) -> None:
    async with Sandbox() as sandbox:
        told = sandbox.info
    for name in ("user", "admin", "partial", "outsider", "expired"):
        assert told[name] == portal.info[name]
    for name in ("organization", "other_organization", "licenses", "zones", "api_key"):
        assert told[name] == portal.info[name]
