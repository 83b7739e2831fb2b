"""Uploading a file in parts: what is accepted, and where it ends in a server error."""

import hashlib
import uuid
from typing import Any

import pytest

PARTS = [b"first part,", b"second part,", b"third"]
WHOLE = b"".join(PARTS)


def path_of(dataset: Any, resource: Any = None) -> str:
    inner = f"resources/{resource['id']}/" if resource else ""
    return f"/datasets/{dataset['id']}/{inner}upload/"


async def send(portal: Any, path: str, upload: str, index: int, **more: Any) -> Any:
    data = more.pop("data", PARTS[index] if index < len(PARTS) else b"")
    fields = {
        "uuid": upload,
        "filename": "big.csv",
        "partindex": index,
        "totalparts": len(PARTS),
        "chunksize": more.pop("chunksize", len(data)),
    }
    return await portal.post_form(path, fields, ("blob", data), **more)


async def finish(portal: Any, path: str, upload: str, **more: Any) -> Any:
    fields = {"uuid": upload, "filename": more.pop("name", "big.csv"), "totalparts": len(PARTS)}
    return await portal.post_form(path, fields, None, **more)


@pytest.fixture
def upload() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
async def test_parts_in_any_order_then_a_finish_make_the_file(
    portal: Any, upload: str, order: tuple[int, ...]
) -> None:
    path = path_of(await portal.create())
    for index in order:
        answer = await send(portal, path, upload, index, expect=200)
        assert answer.body["success"] is True
    resource = (await finish(portal, path, upload, expect=201)).body
    assert resource["success"] is True
    assert resource["title"] == "big.csv"
    assert resource["filesize"] == len(WHOLE)
    assert resource["checksum"]["value"] == hashlib.sha1(WHOLE).hexdigest()
    assert (await portal.call("GET", resource["url"], expect=200)).content == WHOLE


async def test_a_file_in_parts_can_replace_another(portal: Any, upload: str) -> None:
    dataset = await portal.create()
    resource = await portal.upload(dataset, "old.csv", b"old")
    path = path_of(dataset, resource)
    for index in range(3):
        await send(portal, path, upload, index, expect=200)
    replaced = (await finish(portal, path, upload, expect=200)).body
    assert replaced["id"] == resource["id"]
    assert replaced["filesize"] == len(WHOLE)
    await portal.call("GET", resource["url"], expect=404)


async def test_a_finish_without_multipart_works_too(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    for index in range(3):
        await send(portal, path, upload, index, expect=200)
    form = {"uuid": upload, "filename": "big.csv", "totalparts": "3"}
    await portal.call("POST", path, data=form, expect=201)


async def test_nothing_is_in_the_dataset_before_the_finish(portal: Any, upload: str) -> None:
    dataset = await portal.create()
    for index in range(3):
        await send(portal, path_of(dataset), upload, index, expect=200)
    assert await portal.resources(dataset) == []


async def test_a_wrong_chunk_size_is_refused_and_the_part_can_be_sent_again(
    portal: Any, upload: str
) -> None:
    path = path_of(await portal.create())
    answer = await send(portal, path, upload, 0, chunksize=99, expect=400)
    assert answer.body == {"error": "Chunk size mismatch", "message": "", "success": False}
    await send(portal, path, upload, 0, expect=200)


async def test_sending_a_stored_part_again_is_a_server_error(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    await send(portal, path, upload, 0, expect=200)
    await send(portal, path, upload, 0, expect=500)
    for index in (1, 2):
        await send(portal, path, upload, index, expect=200)
    resource = (await finish(portal, path, upload, expect=201)).body
    assert resource["checksum"]["value"] == hashlib.sha1(WHOLE).hexdigest()


async def test_finishing_twice_is_a_server_error(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    for index in range(3):
        await send(portal, path, upload, index, expect=200)
    await finish(portal, path, upload, expect=201)
    await finish(portal, path, upload, expect=500)
    await portal.next_second()
    await finish(portal, path, upload, expect=500)


async def test_a_missing_part_can_be_sent_and_the_finish_repeated_in_another_second(
    portal: Any, upload: str
) -> None:
    path = path_of(await portal.create())
    for index in (0, 2):
        await send(portal, path, upload, index, expect=200)
    await finish(portal, path, upload, expect=500)
    await send(portal, path, upload, 1, expect=200)
    await portal.next_second()
    resource = (await finish(portal, path, upload, expect=201)).body
    assert resource["checksum"]["value"] == hashlib.sha1(WHOLE).hexdigest()


async def test_an_unknown_upload_is_a_server_error(portal: Any, upload: str) -> None:
    dataset = await portal.create()
    await finish(portal, path_of(dataset), upload, expect=500)
    assert await portal.resources(dataset) == []


async def test_the_extension_is_checked_at_the_finish_only(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    for index in range(3):
        await send(portal, path, upload, index, expect=200)
    answer = await finish(portal, path, upload, name="big.exe", expect=400)
    assert "not allowed" in answer.body["message"]
    await finish(portal, path, upload, name="big.csv", expect=201)


async def test_parts_belong_to_the_upload_and_not_to_the_dataset(portal: Any, upload: str) -> None:
    one, other = await portal.create("One"), await portal.create("Other")
    for index in range(3):
        await send(portal, path_of(one), upload, index, expect=200)
    await finish(portal, path_of(other), upload, expect=201)
    assert len(await portal.resources(other)) == 1


async def test_one_part_is_no_chunked_upload(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    fields = {"uuid": upload, "filename": "big.csv", "partindex": 0, "totalparts": 1}
    resource = (await portal.post_form(path, fields, ("small.csv", b"1"), expect=201)).body
    assert resource["title"] == "small.csv"
    await portal.post_form(path, fields, None, expect=400)


async def test_a_number_that_is_none_is_refused_as_an_argument(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    fields = {"uuid": upload, "filename": "big.csv", "totalparts": "three"}
    answer = await portal.post_form(path, fields, None, expect=400)
    assert answer.body["message"] == "Input payload validation failed"
    assert set(answer.body["errors"]) == {"totalparts"}


async def test_parts_need_the_right_to_edit(portal: Any, upload: str) -> None:
    path = path_of(await portal.create())
    await send(portal, path, upload, 0, key="outsider", expect=403)
    await send(portal, path, upload, 0, key=None, expect=401)
