"""Many files, and large ones."""

import shutil
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from bulkpub import RunOptions
from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.faults import FaultScript, TooLarge
from bulkpub.sandbox.mischief import Mischief

Published = Callable[..., Any]

MIB = 1 << 20

# Published into the personal space of an account that publishes nothing else: what it holds is
# listed at the start of every run, and these would slow all others down.
ALONE: dict[str, Any] = {"account": "partial"}


@pytest.fixture
def personal(folder: Any) -> Callable[..., Path]:
    """Write a manifest of personal datasets."""

    def personal(*datasets: Any) -> Path:
        own = [{**dataset, "personal": True} for dataset in datasets]
        path: Path = folder.file("manifest.json", orjson.dumps({"datasets": own}))
        return path

    return personal


@pytest.mark.timeout(600)
async def test_200_files_in_one_dataset(
    target: Any, published: Published, personal: Any, said: Any, writes: Any
) -> None:
    names = [f"Relevé {index:03}.csv" for index in range(200)]
    wanted = personal(said("many", *names))
    report = await published(wanted, **ALONE)
    assert report.totals.resources.created == 200
    assert writes(report) == 1 + 200 + 1
    again = await published(wanted, **ALONE)
    assert writes(again) == 0
    await forget(target, report)


@pytest.mark.timeout(600)
async def test_many_files_in_20_datasets(
    target: Any, published: Published, personal: Any, said: Any, writes: Any
) -> None:
    """1000 of them on a real portal."""
    each = 50 if target.sandbox is None else 10
    names = [[f"{number}/F {index}.csv" for index in range(each)] for number in range(20)]
    wanted = personal(*(said(f"d{number}", *some) for number, some in enumerate(names)))
    report = await published(wanted, **ALONE)
    assert (report.totals.datasets.created, report.totals.resources.created) == (20, 20 * each)
    assert writes(report) == 20 + 20 * each + 20
    again = await published(wanted, **ALONE)
    assert writes(again) == 0
    await forget(target, report)


async def forget(target: Any, report: Any) -> None:
    """Delete the datasets, so that later listings stay small and the disk empty."""
    for dataset in report.datasets:
        left = {"resources": [{"id": dataset.resources[0].id}]}
        path = f"/datasets/{dataset.id}/"
        await target.portal.call("PUT", path, key=ALONE["account"], json=left, expect=200)
        await target.portal.call("DELETE", path, key=ALONE["account"], expect=204)


# --- large files --------------------------------------------------------------------------


def large(path: Path, mebibytes: int) -> Path:
    """A file no two MiB of which are the same, and most of which takes no place on the disk."""
    with path.open("wb") as file:
        for index in range(mebibytes):
            file.seek(index * MIB)
            file.write(f"{path.name} {index}\n".encode())
        file.truncate(mebibytes * MIB)
    return path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("in_parts", [False, True], ids=["whole", "in-parts"])
async def test_a_large_file(
    *,
    target: Any,
    published: Published,
    folder: Any,
    personal: Any,
    said: Any,
    in_parts: bool,
) -> None:
    """Whole unless told otherwise; in parts there is one request to join them.

    Joining takes udata a time that grows with the square of a part's size: 14 s for a part of
    64 MiB, 0.3 s for one of 16 MiB. An answer that comes too late costs the file once more.
    """
    size = 100 if in_parts and target.sandbox is not None else 300
    options = {"chunk_above": (size - 44) * MIB} if in_parts else {}
    large(folder.path / "Grand Fichier.csv", size)
    wanted = personal(said("large", "Grand Fichier.csv"))
    report = await published(wanted, **options, **ALONE)
    assert report.totals.bytes.uploaded == size * MIB
    assert sent(report) == (ceil(size * MIB / RunOptions().chunk_size) + 1 if options else 1)
    again = await published(wanted, **options, **ALONE)
    assert again.totals.resources.unchanged == 1
    resource = report.datasets[0].resources[0]
    path = f"/datasets/{report.datasets[0].id}/resources/{resource.id}/"
    await target.portal.call("DELETE", path, key=ALONE["account"], expect=204)


def sent(report: Any) -> int:
    """Requests that carried a file, or a part of one, or joined the parts."""
    endpoints = report.totals.requests.by_endpoint.items()
    return sum(count for endpoint, count in endpoints if endpoint.endswith("/upload/"))


async def test_a_file_in_parts_is_replaced_in_place(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    in_parts = {"chunk_above": MIB, "chunk_size": MIB}
    large(folder.path / "a.csv", 5)
    wanted = manifest(said("parts", "a.csv", "b.csv"))
    first = await published(wanted, **in_parts)
    large(folder.path / "c.csv", 4)
    shutil.move(folder.path / "c.csv", folder.path / "a.csv")
    await target.next_second()
    second = await published(wanted, **in_parts)
    assert sent(second) == 5
    before, after = first.datasets[0].resources[0], second.datasets[0].resources[0]
    assert (after.status, after.permalink) == ("replaced", before.permalink)


@pytest.mark.parametrize("portal_kind", ["sandbox"], indirect=True)
async def test_what_is_refused_whole_goes_in_parts_and_the_size_is_remembered(
    *,
    target: Any,
    published: Published,
    folder: Any,
    manifest: Any,
    said: Any,
    tmp_path: Path,
) -> None:
    """One request is lost to it, for all files of all runs."""
    proxy = FaultScript([TooLarge(above=3 * MIB)])
    target.sandbox.interceptor = Mischief(proxy)
    large(folder.path / "a.csv", 5)
    large(folder.path / "b.csv", 2)
    wanted = manifest(said("parts", "a.csv", "b.csv"))
    options = {"state_dir": tmp_path / "state", "chunk_size": MIB, "uploads": 1}
    first = await published(wanted, **options)
    assert sent(first) == 1 + (5 + 1) + 1
    large(folder.path / "c.csv", 6)
    again = await published(manifest(said("parts", "a.csv", "b.csv", "c.csv")), **options)
    assert again.totals.resources.created == 1
    assert sent(again) == 6 + 1
    assert proxy.met == {"too-large": 1}


@pytest.mark.parametrize("portal_kind", ["sandbox"], indirect=True)
async def test_what_breaks_off_whole_goes_in_parts_the_next_time(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    """As where a proxy hangs up on what takes too long."""
    large(folder.path / "a.csv", 9)
    cut = 0

    async def hang_up(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal cut
        if (request.content_length or 0) < 8 * MIB:
            return await handler(request)
        cut += 1
        await request.content.readexactly(MIB)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    target.sandbox.interceptor = hang_up
    report = await published(manifest(said("parts", "a.csv")), chunk_size=MIB)
    assert (cut, report.totals.resources.created) == (1, 1)


@pytest.mark.parametrize("portal_kind", ["sandbox"], indirect=True)
@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
@pytest.mark.parametrize("lost", [1, 3, 5, 6])
async def test_a_part_or_a_finish_that_is_lost_costs_that_part_and_not_the_file(
    *,
    target: Any,
    published: Published,
    folder: Any,
    manifest: Any,
    said: Any,
    lost: int,
    before: bool,
) -> None:
    """The sixth request joins the parts."""
    large(folder.path / "a.csv", 5)
    seen = 0

    async def lose(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal seen
        if not request.path.endswith("/upload/"):
            return await handler(request)
        seen += 1
        if seen != lost:
            return await handler(request)
        if before:
            await request.read()
        answer = web.Response() if before else await handler(request)
        assert request.transport is not None
        request.transport.abort()
        return answer

    target.sandbox.interceptor = lose
    wanted = manifest(said("parts", "a.csv"))
    report = await published(wanted, chunk_above=MIB, chunk_size=MIB)
    assert report.totals.resources.created == 1
    joined_again = {(6, True): 7 + 5, (6, False): 6}
    assert sent(report) <= joined_again.get((lost, before), 6 + 3)
