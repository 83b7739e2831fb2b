"""Everything about many resources in one request: the PUT of the whole list."""

from typing import Any

import pytest


@pytest.fixture
async def filled(portal: Any) -> tuple[Any, list[Any]]:
    """A dataset with a file, another file and a link, in the portal's order."""
    dataset = await portal.create()
    await portal.upload(dataset, "one.csv", b"1")
    await portal.upload(dataset, "two.csv", b"2")
    await portal.link(dataset, title="Link")
    return dataset, await portal.resources(dataset)


def ids(resources: list[Any]) -> list[str]:
    return [each["id"] for each in resources]


@pytest.mark.parametrize("as_objects", [True, False])
async def test_a_list_of_ids_only_sets_the_order(
    portal: Any,
    filled: Any,
    as_objects: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    dataset, resources = filled
    order = list(reversed(ids(resources)))
    items = [{"id": each} for each in order] if as_objects else order
    answer = await portal.put_list(dataset, items)
    assert ids(answer) == order
    assert ids(await portal.resources(dataset)) == order
    before = {each["id"]: each for each in resources}
    for each in answer:
        assert each["last_modified"] == before[each["id"]]["last_modified"]
        assert each["title"] == before[each["id"]]["title"]


async def test_partial_items_update_what_they_say_and_keep_the_rest(
    portal: Any, filled: Any
) -> None:
    dataset, (link, two, one) = filled
    await portal.put_resource(dataset, one, {"extras": {"kept": 1}, "description": "kept"})
    answer = await portal.put_list(
        dataset,
        [
            {"id": one["id"], "title": "One", "type": "documentation"},
            {"id": link["id"], "description": "new", "extras": {"a": 1}},
            two["id"],
        ],
    )
    assert [each["title"] for each in answer] == ["One", "Link", "two.csv"]
    first, second, _ = answer
    assert (first["type"], first["extras"], first["description"]) == (
        "documentation",
        {"kept": 1},
        "kept",
    )
    assert first["checksum"] == one["checksum"]
    assert first["url"] == one["url"]
    assert (second["description"], second["extras"]) == ("new", {"a": 1})
    assert await portal.resources(dataset) == answer


async def test_extras_are_replaced_as_a_whole(portal: Any, filled: Any) -> None:
    dataset, (link, two, one) = filled
    rest = [two["id"], one["id"]]
    await portal.put_list(dataset, [{"id": link["id"], "extras": {"a": 1, "b": 2}}, *rest])
    answer = await portal.put_list(dataset, [{"id": link["id"], "extras": {"c": 3}}, *rest])
    assert answer[0]["extras"] == {"c": 3}
    answer = await portal.put_list(dataset, [{"id": link["id"], "extras": {}}, *rest])
    assert answer[0]["extras"] == {}


async def test_descriptions_can_be_emptied(portal: Any, filled: Any) -> None:
    dataset, (link, two, one) = filled
    rest = [two["id"], one["id"]]
    for nothing in ("", None):
        await portal.put_list(dataset, [{"id": link["id"], "description": "D"}, *rest])
        item = {"id": link["id"], "description": nothing}
        assert (await portal.put_list(dataset, [item, *rest]))[0]["description"] is None


async def test_a_schema_can_be_set_but_not_taken_away(portal: Any, filled: Any) -> None:
    dataset, (link, two, one) = filled
    rest = [two["id"], one["id"]]

    async def put(schema: Any) -> Any:
        answer = await portal.put_list(dataset, [{"id": link["id"], "schema": schema}, *rest])
        return answer[0]["schema"]

    set_ = {"name": "a/b", "version": "2", "url": None}
    assert await put({"name": "a/b", "version": "2"}) == set_
    assert await put(None) == set_
    assert await put({}) == set_
    emptied = {"name": None, "version": None, "url": None}
    assert await put(emptied) == emptied


@pytest.mark.parametrize("change", ["missing", "unknown", "twice", "empty"])
async def test_a_list_of_other_resources_is_refused(portal: Any, filled: Any, change: str) -> None:
    dataset, resources = filled
    order = ids(resources)
    lists = {
        "missing": order[:-1],
        "unknown": [*order[:-1], "00000000-0000-4000-8000-000000000000"],
        "twice": [*order[:-1], order[0]],
        "empty": [],
    }
    answer = await portal.put_list(dataset, lists[change], expect=400)
    assert "message" in answer
    assert await portal.resources(dataset) == resources


async def test_a_list_without_ids_or_that_is_none_is_refused(portal: Any, filled: Any) -> None:
    dataset, _ = filled
    answer = await portal.put_list(dataset, [{"title": "x"}] * 3, expect=400)
    assert answer == {"message": "Each resource must have an 'id' field"}
    await portal.put_list(dataset, "x", expect=400)
    path = f"/datasets/{dataset['id']}/resources/"
    await portal.call("PUT", path, data="x", expect=415)


REFUSED: list[tuple[Any, Any]] = [
    ({"title": ""}, {"title": ["This field is required."]}),
    ({"title": None}, {"title": ["This field is required."]}),
    ({"title": "x" * 351}, {"title": ["Field cannot be longer than 350 characters."]}),
    ({"type": "zz"}, {"type": ["Not a valid choice."]}),
    ({"filetype": "zz"}, {"filetype": ["Not a valid choice."]}),
]


@pytest.mark.parametrize(("fields", "errors"), REFUSED, ids=lambda each: str(each)[:40])
async def test_errors_come_as_a_list_in_the_order_sent_and_nothing_changes(
    portal: Any, filled: Any, fields: Any, errors: Any
) -> None:
    dataset, resources = filled
    link, two, one = resources
    items = [{"id": one["id"], "title": "One"}, {"id": two["id"], **fields}, link["id"]]
    answer = await portal.put_list(dataset, items, expect=400)
    assert answer == {"errors": [{}, errors, {}]}
    assert await portal.resources(dataset) == resources


async def test_hosted_files_do_not_let_themselves_be_redirected(portal: Any, filled: Any) -> None:
    dataset, (link, two, one) = filled
    lie = {"id": one["id"], "filetype": "remote", "url": "https://example.org/lie", "filesize": 9}
    answer = await portal.put_list(dataset, [lie, two["id"], link["id"]])
    assert {name: answer[0][name] for name in ("filetype", "url", "filesize")} == {
        name: one[name] for name in ("filetype", "url", "filesize")
    }


# --- moving a link onto the portal, in place ------------------------------------------------


async def test_uploading_onto_a_link_changes_its_file_but_not_its_file_type(portal: Any) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset, description="D", extras={"a": 1}, type="update")
    moved = await portal.upload(dataset, "x.csv", b"moved", resource=link)
    assert moved["filetype"] == "remote"
    assert moved["filesize"] == 5
    assert moved["url"].startswith(portal.info["base_url"])
    for name in ("id", "latest", "description", "extras", "type"):
        assert moved[name] == link[name]


async def test_the_list_then_makes_it_a_hosted_file_with_the_same_permalink(portal: Any) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset)
    moved = await portal.upload(dataset, "x.csv", b"moved", resource=link)
    item = {"id": link["id"], "filetype": "file", "title": "Title"}
    (hosted,) = await portal.put_list(dataset, [item])
    assert (hosted["filetype"], hosted["title"]) == ("file", "Title")
    for name in ("url", "checksum", "filesize"):
        assert hosted[name] == moved[name]
    answer = await portal.call("GET", link["latest"], key=None, expect=302)
    assert answer.headers["Location"] == moved["url"]
    assert (await portal.call("GET", moved["url"], key=None, expect=200)).content == b"moved"
    await portal.next_second()
    replaced = await portal.upload(dataset, "x.csv", b"again", resource=link)
    assert (replaced["filetype"], replaced["filesize"]) == ("file", 5)
    (still,) = await portal.put_list(dataset, [{"id": link["id"], "filetype": "remote"}])
    assert still["filetype"] == "file"


async def test_only_a_change_of_the_link_alone_tells_when_its_address_changed(portal: Any) -> None:
    dataset = await portal.create()
    link = await portal.link(dataset)

    async def moments() -> tuple[str, str]:
        now = await portal.get(dataset)
        return now["last_update"], now["resources"][0]["last_modified"]

    before = await moments()
    items = [{"id": link["id"], "url": "https://example.org/b.csv"}]
    assert (await portal.put_list(dataset, items))[0]["url"] == "https://example.org/b.csv"
    assert await moments() == before
    await portal.put_resource(dataset, link, {"url": "https://example.org/c.csv"})
    after = await moments()
    assert after > before
    assert after[0] == after[1] != before[1]
