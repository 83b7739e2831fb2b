"""One resource: linking, changing, deleting."""

from typing import Any

import pytest

NULL_EXTRA = "Value should be an instance of: str, int, float, bool, datetime, date, list, dict"


async def test_a_partial_change_keeps_the_rest(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    changed = await portal.put_resource(
        dataset, resource, {"title": "T", "description": "D", "type": "code", "extras": {"a": 1}}
    )
    again = await portal.put_resource(dataset, resource, {"title": "U"})
    for name in ("description", "type", "extras", "url", "checksum", "filesize"):
        assert again[name] == changed[name]
    assert again["title"] == "U"


async def test_an_empty_change_changes_nothing_but_the_time(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    changed = await portal.put_resource(dataset, resource, {})
    assert changed["title"] == "x.csv"
    assert changed["last_modified"] > resource["last_modified"]


async def test_what_the_portal_computed_cannot_be_overridden(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    lies = {
        "url": "https://example.org/lie",
        "checksum": {"type": "md5", "value": "lie"},
        "filesize": 3,
        "mime": "a/b",
        "format": "lie",
    }
    changed = await portal.put_resource(dataset, resource, lies)
    for name in lies:
        assert changed[name] == resource[name]


@pytest.mark.parametrize("hosted", [True, False])
async def test_the_file_type_cannot_be_changed_alone(portal: Any, hosted: bool) -> None:  # noqa: FBT001  # a parameter of the table
    dataset = await portal.create()
    if hosted:
        resource, other = await portal.upload(dataset, "x.csv"), "remote"
    else:
        resource, other = await portal.link(dataset), "file"
    answer = await portal.put_resource(dataset, resource, {"filetype": other}, expect=400)
    assert answer == {"message": "Cannot modify filetype after creation"}


async def test_extras_are_replaced_as_a_whole(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    await portal.put_resource(dataset, resource, {"extras": {"a": 1, "b": {"c": [2]}}})
    changed = await portal.put_resource(dataset, resource, {"extras": {"b": 2}})
    assert changed["extras"] == {"b": 2}
    changed = await portal.put_resource(dataset, resource, {"extras": None})
    assert changed["extras"] == {}


async def test_extras_of_the_platform_are_dropped_without_a_word(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    reserved = {"check:status": 200, "analysis:x": 1, "validation-report:x": 1, "dcat": 1}
    changed = await portal.put_resource(
        dataset, resource, {"extras": reserved | {"bulkpub:key": "x", "checks": 1}}
    )
    assert changed["extras"] == {"bulkpub:key": "x", "checks": 1}


async def test_a_schema_is_merged_and_null_takes_it_away(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")

    async def put(schema: Any) -> Any:
        return (await portal.put_resource(dataset, resource, {"schema": schema}))["schema"]

    assert await put({"name": "a/b", "version": "1"}) == {
        "name": "a/b",
        "version": "1",
        "url": None,
    }
    assert await put({"url": "https://example.org/s.json"}) == {
        "name": "a/b",
        "version": "1",
        "url": "https://example.org/s.json",
    }
    assert await put({}) is None
    await put({"name": "a/b"})
    assert (await portal.put_resource(dataset, resource, {"title": "T"}))["schema"] is not None
    assert await put(None) is None


REFUSED: list[tuple[Any, Any]] = [
    ({"title": ""}, {"title": ["This field is required."]}),
    ({"title": None}, {"title": ["This field is required."]}),
    ({"title": "  "}, {"title": ["This field is required."]}),
    ({"title": "x" * 351}, {"title": ["Field cannot be longer than 350 characters."]}),
    ({"type": "zz"}, {"type": ["Not a valid choice."]}),
    ({"type": None}, {"type": ["This field is required."]}),
    ({"filetype": "zz"}, {"filetype": ["Not a valid choice."]}),
    ({"filesize": "zz"}, {"filesize": ["Not a valid integer value."]}),
    ({"url": "zz"}, {"url": ['Invalid URL "zz"']}),
    (
        {"url": "http://a.example/f"},
        {"url": ['Invalid URL "http://a.example/f": Invalid TLD example']},
    ),
    ({"extras": {"a": None}}, {"extras": {"a": NULL_EXTRA}}),
    ({"extras": "zz"}, {"extras": ["Unsupported data type"]}),
    (
        {"extras": {"$a": 1}},
        {"extras": ['Invalid dictionary key name - keys may not startswith "$" characters']},
    ),
    ({"extras": {"apidocUrl": "zz"}}, {"extras": {"apidocUrl": 'Invalid URL "zz"'}}),
    (
        {"schema": {"version": "1"}},
        {
            "schema": {
                "version": ["A schema must contains a name or an URL when a version is provided."]
            }
        },
    ),
    ([], {"request": "expecting a JSON object"}),
]


@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=lambda each: str(each)[:40])
async def test_what_is_wrong_is_told_field_by_field(portal: Any, body: Any, errors: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    answer = await portal.put_resource(dataset, resource, body, expect=400)
    assert answer["errors"] == errors


ACCEPTED: list[tuple[Any, Any]] = [
    ({"title": "x" * 350}, {"title": "x" * 350}),
    ({"title": " padded "}, {"title": " padded "}),
    ({"title": 7}, {"title": "7"}),
    ({"description": ""}, {"description": None}),
    ({"description": None}, {"description": None}),
    ({"description": "<script>"}, {"description": "<script>"}),
    ({"extras": {"a.b": 1, "": 2}}, {"extras": {"a.b": 1, "": 2}}),
    ({"extras": {"a": {"b": None}}}, {"extras": {"a": {"b": None}}}),
    ({"unknown": 1}, {"title": "x.csv"}),
    ({"id": "zz"}, {"title": "x.csv"}),
]


@pytest.mark.parametrize(("body", "fields"), ACCEPTED, ids=lambda each: str(each)[:40])
async def test_what_is_kept_of_odd_values(portal: Any, body: Any, fields: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    await portal.put_resource(dataset, resource, body)
    (stored,) = await portal.resources(dataset)
    assert {name: stored[name] for name in fields} == fields


async def test_a_body_that_is_no_json_is_refused(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    path = f"/datasets/{dataset['id']}/resources/{resource['id']}/"
    answer = await portal.call("PUT", path, data="x", expect=400)
    assert answer.body == {"errors": {"Content-Type": "expecting application/json"}}
    broken = {"data": '{"a', "headers": {"Content-Type": "application/json"}}
    answer = await portal.call("PUT", path, expect=400, **broken)
    assert "message" in answer.body


# --- links --------------------------------------------------------------------------------


async def test_a_link_keeps_what_it_is_told(portal: Any) -> None:
    fields = {
        "title": "L",
        "description": "D",
        "type": "api",
        "url": "https://example.org/a.csv?x=1",
        "mime": "text/csv",
        "filesize": 5,
        "checksum": {"type": "sha1", "value": "ff"},
        "extras": {"k": 1},
        "schema": {"name": "a/b", "version": None, "url": None},
    }
    link = await portal.link(await portal.create(), **fields, format=" CSV ")
    assert {name: link[name] for name in fields} == fields
    assert (link["filetype"], link["format"]) == ("remote", "csv")


async def test_a_link_is_of_type_other_unless_it_is_told(portal: Any) -> None:
    dataset = await portal.create()
    body = {"title": "L", "filetype": "remote", "url": "https://example.org/a"}
    path = f"/datasets/{dataset['id']}/resources/"
    assert (await portal.call("POST", path, json=body, expect=201)).body["type"] == "other"


async def test_a_link_may_point_elsewhere_later_and_lose_its_checksum(portal: Any) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset, checksum={"type": "sha1", "value": "ff"})
    changed = await portal.put_resource(dataset, link, {"url": "https://example.org/b"})
    assert (changed["url"], changed["checksum"]["value"]) == ("https://example.org/b", "ff")
    assert (await portal.put_resource(dataset, link, {"checksum": None}))["checksum"] is None


@pytest.mark.parametrize("kind", ["sha1", "sha2", "sha256", "md5", "crc"])
async def test_a_link_may_tell_checksums_of_these_kinds(portal: Any, kind: str) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset, checksum={"type": kind, "value": "ff"}, filesize=0)
    assert (link["checksum"], link["filesize"]) == ({"type": kind, "value": "ff"}, 0)
    other = {"type": kind, "value": "00"}
    changed = await portal.put_resource(dataset, link, {"checksum": other, "filesize": 7})
    assert (changed["checksum"], changed["filesize"]) == (other, 7)


async def test_a_link_tells_no_other_checksum_and_any_size(portal: Any) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset, filesize=-1)
    assert link["filesize"] == -1
    body = {"checksum": {"type": "sha512", "value": "ff"}}
    answer = await portal.put_resource(dataset, link, body, expect=400)
    assert answer["errors"] == {"checksum": {"type": ["Not a valid choice."]}}


async def test_only_links_can_be_posted(portal: Any) -> None:
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/resources/"
    body = {"title": "L", "filetype": "file", "url": "https://example.org/a"}
    answer = await portal.call("POST", path, json=body, expect=400)
    assert answer.body == {"message": "This endpoint only supports remote resources"}
    answer = await portal.call("POST", path, json={}, expect=400)
    assert set(answer.body["errors"]) == {"title", "url"}


async def test_the_id_of_a_new_resource_is_not_the_clients_to_choose(portal: Any) -> None:
    wanted = "00000000-0000-4000-8000-000000000000"
    link = await portal.link(await portal.create(), id=wanted)
    assert link["id"] != wanted


# --- deleting -----------------------------------------------------------------------------


async def test_deleting_a_resource_deletes_its_file(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    path = f"/datasets/{dataset['id']}/resources/{resource['id']}/"
    await portal.call("DELETE", path, expect=204)
    answer = await portal.call("DELETE", path, expect=404)
    assert answer.body == {"message": "Resource does not exist"}
    await portal.call("GET", resource["url"], key=None, expect=404)
    await portal.call("GET", resource["latest"], key=None, expect=404)
    assert await portal.resources(dataset) == []


async def test_a_resource_can_be_looked_at_alone(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    path = f"/datasets/{dataset['id']}/resources/"
    shown = (await portal.call("GET", f"{path}{resource['id']}/", key=None, expect=200)).body
    assert shown["checksum"] == resource["checksum"]
    await portal.call("GET", path + "zz/", key=None, expect=404)
    await portal.call("GET", path, key=None, expect=404)
