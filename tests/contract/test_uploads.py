"""Uploading a file at once: order, checksums, replacing, refusals."""

import asyncio
import gzip
import hashlib
from typing import Any

import aiohttp
import pytest

from bulkpub.core.names import extension_of


async def test_the_answer_is_the_whole_resource_with_the_checksum_of_what_arrived(
    portal: Any,
) -> None:
    data = b"a,b\n1,2\n" * 1000
    resource = await portal.upload(await portal.create(), "x.csv", data)
    assert resource["success"] is True
    assert resource["checksum"] == {"type": "sha1", "value": hashlib.sha1(data).hexdigest()}
    assert resource["filesize"] == len(data)
    assert resource["filetype"] == "file"
    assert resource["type"] == "main"
    assert resource["description"] is None
    assert resource["extras"] == {}
    assert resource["schema"] is None
    assert (await portal.call("GET", resource["url"], key=None, expect=200)).content == data


async def test_an_empty_file_is_accepted(portal: Any) -> None:
    resource = await portal.upload(await portal.create(), "x.csv", b"")
    assert resource["filesize"] == 0
    assert resource["checksum"]["value"] == hashlib.sha1(b"").hexdigest()


async def test_all_other_form_fields_are_ignored(portal: Any) -> None:
    fields = {"title": "T", "description": "D", "type": "code", "filename": "other.csv"}
    resource = await portal.upload(await portal.create(), "x.csv", fields=fields)
    assert (resource["title"], resource["description"], resource["type"]) == (
        "x.csv",
        None,
        "main",
    )


async def test_a_body_without_content_length_is_accepted(portal: Any) -> None:
    dataset = await portal.create()
    form = aiohttp.FormData()

    async def pieces() -> Any:
        for _ in range(3):
            yield b"piece"

    form.add_field("file", pieces(), filename="x.csv")
    path = f"/datasets/{dataset['id']}/upload/"
    answer = await portal.call("POST", path, data=form, expect=201)
    assert answer.body["filesize"] == 15


async def test_new_resources_are_prepended(portal: Any) -> None:
    dataset = await portal.create()
    for name in ("1.csv", "2.csv", "3.csv"):
        await portal.upload(dataset, name)
    titles = [each["title"] for each in await portal.resources(dataset)]
    assert titles == ["3.csv", "2.csv", "1.csv"]


async def test_uploads_of_distinct_names_at_the_same_time_lose_nothing(portal: Any) -> None:
    dataset = await portal.create()
    await asyncio.gather(*(portal.upload(dataset, f"{n}.csv") for n in range(10)))
    titles = {each["title"] for each in await portal.resources(dataset)}
    assert titles == {f"{n}.csv" for n in range(10)}


# --- the same name ------------------------------------------------------------------------


async def test_the_same_slug_in_the_same_dataset_and_second_is_a_server_error(
    portal: Any,
) -> None:
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/upload/"
    statuses = [
        (await portal.post_form(path, {}, (name, b"1"))).status
        for name in ("Same Name.csv", "same-name.csv", "same_name.CSV", "Same name.csv")
    ]
    assert statuses[0] == 201
    assert 500 in statuses


async def test_the_same_slug_in_another_second_makes_a_second_resource(portal: Any) -> None:
    dataset = await portal.create()
    first = await portal.upload(dataset, "x.csv", b"1")
    await portal.next_second()
    second = await portal.upload(dataset, "x.csv", b"2")
    assert first["id"] != second["id"]
    assert first["url"] != second["url"]


async def test_the_same_slug_in_two_datasets_is_no_collision(portal: Any) -> None:
    for title in ("One", "Two"):
        await portal.upload(await portal.create(title), "x.csv")


async def test_the_stored_path_names_the_dataset_the_second_and_the_file(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    slug, stamp, name = resource["url"].rsplit("/", 3)[1:]
    assert (slug, name) == (dataset["slug"], "x.csv")
    day, _, second = stamp.partition("-")
    assert len(day) == 8
    assert len(second) == 6


# --- replacing ----------------------------------------------------------------------------


async def test_replacing_resets_the_title_and_keeps_the_rest(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "one.csv", b"one")
    await portal.upload(dataset, "last.csv")
    kept = {
        "description": "D",
        "type": "documentation",
        "extras": {"a": 1},
        "schema": {"name": "a/b", "version": "1", "url": None},
    }
    await portal.put_resource(dataset, resource, kept | {"title": "A title"})
    await portal.next_second()
    replaced = await portal.upload(dataset, "Other Name.txt", b"two", resource=resource)
    assert replaced["title"] == "other-name.txt"
    assert {name: replaced[name] for name in kept} == kept
    assert (replaced["id"], replaced["latest"]) == (resource["id"], resource["latest"])
    assert (replaced["format"], replaced["mime"]) == ("txt", "text/plain")
    assert [each["title"] for each in await portal.resources(dataset)] == [
        "last.csv",
        "other-name.txt",
    ]


async def test_replacing_deletes_the_old_file_and_moves_the_permalink(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv", b"one")
    await portal.next_second()
    replaced = await portal.upload(dataset, "x.csv", b"two", resource=resource)
    await portal.call("GET", resource["url"], key=None, expect=404)
    permalink = await portal.call("GET", resource["latest"], key=None, expect=302)
    assert permalink.headers["Location"] == replaced["url"]
    assert (await portal.call("GET", replaced["url"], expect=200)).content == b"two"


async def test_after_a_failed_replacement_the_old_file_is_intact(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv", b"one")
    await portal.upload(dataset, "x.exe", b"two", resource=resource, expect=400)
    assert (await portal.resources(dataset))[0]["checksum"] == resource["checksum"]
    assert (await portal.call("GET", resource["url"], expect=200)).content == b"one"


async def test_replacing_an_unknown_resource_is_not_found(portal: Any) -> None:
    dataset = await portal.create()
    unknown = {"id": "00000000-0000-0000-0000-000000000000"}
    answer = await portal.upload(dataset, "x.csv", resource=unknown, expect=404)
    assert answer == {"message": "Resource does not exist"}


# --- refused ------------------------------------------------------------------------------


REFUSED = ["x", "x.", ".csv", "...csv", "gz", "日本", "x.exe", "x.sh", "x.mp3", "x.txz", "x.c s v"]
REFUSED += ["x.html", "x.csv.html", "x.parquet", "x.tsv", "x.md", "x.jsonl", "x.toml", "x.feather"]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_missing_or_forbidden_extension_is_refused(portal: Any, name: str) -> None:
    dataset = await portal.create()
    answer = await portal.upload(dataset, name, expect=400)
    assert answer["message"].endswith("/api/1/datasets/extensions/")
    assert await portal.resources(dataset) == []


UNLISTED = ["yaml", "yml", "ini", "plist", "odf", "gnumeric", "abw", "bmp"]


@pytest.mark.parametrize("extension", UNLISTED)
async def test_some_extensions_pass_although_they_are_not_listed(
    portal: Any, extension: str
) -> None:
    listed = (await portal.call("GET", "/datasets/extensions/", expect=200)).body
    assert extension not in listed
    resource = await portal.upload(await portal.create(), f"x.{extension}")
    assert resource["format"] == extension


async def test_every_listed_extension_passes(portal: Any) -> None:
    dataset = await portal.create()
    listed = (await portal.call("GET", "/datasets/extensions/", expect=200)).body
    assert [extension_of(f"x.{extension}") for extension in listed] == listed
    for start in range(0, len(listed), 16):
        some = listed[start : start + 16]
        await asyncio.gather(*(portal.upload(dataset, f"x.{each}", b"1") for each in some))


async def test_a_form_without_a_file_is_refused_in_another_shape(portal: Any) -> None:
    dataset = await portal.create()
    path = f"/datasets/{dataset['id']}/upload/"
    refusal = {"error": "Missing file parameter", "message": "", "success": False}
    assert (await portal.post_form(path, {"a": 1}, None, expect=400)).body == refusal
    assert (await portal.post_form(path, {}, ("", b"1"), expect=400)).body == refusal
    assert (await portal.call("POST", path, json={}, expect=400)).body == refusal
    assert (await portal.call("POST", path, expect=400)).body == refusal


async def test_a_stored_name_holds_255_bytes_and_no_more(portal: Any) -> None:
    dataset = await portal.create()
    await portal.upload(dataset, "x" * 251 + ".csv")
    await portal.upload(dataset, "x" * 252 + ".csv", expect=500)
    await portal.upload(dataset, "x" * 300 + ".csv", expect=500)


async def test_uploading_into_an_unknown_dataset_is_not_found(portal: Any) -> None:
    await portal.upload({"id": "64a0000000000000000000ee"}, "x.csv", expect=404)


# --- getting it back ----------------------------------------------------------------------


async def test_files_are_public_and_tell_their_length(portal: Any) -> None:
    resource = await portal.upload(await portal.create(), "x.csv", b"12345")
    answer = await portal.call("GET", resource["url"], key=None, expect=200)
    assert answer.headers["Content-Length"] == "5"
    assert answer.headers["Content-Type"].startswith("text/csv")
    head = await portal.call("HEAD", resource["url"], key=None, expect=200)
    assert head.headers["Content-Length"] == "5"
    part = await portal.call(
        "GET", resource["url"], key=None, expect=206, headers={"Range": "bytes=1-2"}
    )
    assert part.content == b"23"


async def test_the_permalink_redirects_to_where_the_file_is_now(portal: Any) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "x.csv")
    link = await portal.link(dataset)
    for each in (resource, link):
        assert each["latest"] == f"{portal.info['api_url']}/datasets/r/{each['id']}"
        answer = await portal.call("GET", each["latest"], key=None, expect=302)
        assert answer.headers["Location"] == each["url"]
    unknown = "/datasets/r/00000000-0000-0000-0000-000000000000"
    await portal.call("GET", unknown, key=None, expect=404)


async def test_a_gzipped_file_is_served_as_what_is_in_it(portal: Any) -> None:
    """So whoever hashes a download has to take it as it comes over the wire."""
    dataset = await portal.create()
    packed = gzip.compress(b"a,b\n1,2\n", mtime=0)
    resource = await portal.upload(dataset, "x.csv.gz", packed)
    assert resource["mime"] == "application/gzip"
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(resource["url"]) as answer,
    ):
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert await answer.read() == packed
