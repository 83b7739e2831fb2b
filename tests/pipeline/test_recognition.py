"""Who is who: files that are there already are adopted, and nothing is published twice."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

Publish = Callable[..., Any]


def uploads(sandbox: Sandbox) -> int:
    return sum(seen.path.endswith("/upload/") for seen in sandbox.requests)


async def test_a_renamed_file_is_recognised_by_its_content(
    publish: Publish, folder: Any, sandbox: Sandbox, statuses: Any
) -> None:
    folder.file("old.csv", "the same\n")
    first = await publish(folder.manifest(folder.dataset("a", "old.csv", "b.csv")))
    (folder.path / "old.csv").rename(folder.path / "new.csv")
    sandbox.requests.clear()
    manifest = folder.manifest(folder.dataset("a", "new.csv", "b.csv"))
    report = await publish(manifest)
    assert statuses(report) == {"a/new.csv": "adopted", "a/b.csv": "unchanged"}
    assert report.datasets[0].resources[0].id == first.datasets[0].resources[0].id
    assert uploads(sandbox) == 0
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_files_uploaded_by_hand_are_adopted_or_replaced_in_place(
    *, publish: Publish, folder: Any, sandbox: Sandbox, statuses: Any, by_hand: Any, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a")))
    dataset = dataset_of(sandbox, "a")
    same = await by_hand(dataset, "as a person called it.csv", b"the same\n")
    older = await by_hand(dataset, "older.csv", b"an older edition\n")
    folder.file("same.csv", "the same\n")
    folder.file("older.csv", "the edition of today\n")
    sandbox.requests.clear()
    manifest = folder.manifest(folder.dataset("a", "same.csv", "older.csv"))
    report = await publish(manifest)
    assert statuses(report) == {"a/same.csv": "adopted", "a/older.csv": "replaced"}
    assert [each.id for each in report.datasets[0].resources] == [same.id, older.id]
    assert uploads(sandbox) == 1
    assert len(dataset.resources) == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_a_dataset_made_by_hand_is_taken_over_by_its_title(
    publish: Publish, folder: Any, sandbox: Sandbox, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "a.csv")))
    dataset = dataset_of(sandbox, "a")
    dataset.extras, dataset.resources[0].extras = {"mine": 1}, {}
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")))
    assert report.totals.datasets.updated == 1
    assert report.totals.resources.adopted == 1
    assert list(sandbox.state.datasets) == [dataset.id]
    assert dataset.extras == {"mine": 1, "bulkpub:key": "a"}


async def test_two_datasets_of_one_title_are_an_error_that_names_both(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    await publish(folder.manifest(*(folder.dataset(k, title="Twins") for k in "ab")))
    ids = list(sandbox.state.datasets)
    for dataset in sandbox.state.datasets.values():
        dataset.extras = {}
    report = await publish(folder.manifest(folder.dataset("c", title="Twins")))
    assert report.run.exit_code == 1
    assert len(sandbox.state.datasets) == 2
    assert all(each in str(report.datasets[0].error) for each in ids)


async def test_two_resources_may_have_the_same_title(
    publish: Publish, folder: Any, titles: Any, sandbox: Sandbox
) -> None:
    entries = [{"path": name, "title": "Comptages"} for name in ("a.csv", "b.csv")]
    folder.file("a.csv")
    folder.file("b.csv")
    manifest = folder.manifest(folder.dataset("a", *entries))
    assert (await publish(manifest)).totals.resources.created == 2
    assert titles(sandbox) == {"Dataset a": ["Comptages", "Comptages"]}
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_one_file_name_in_two_folders_is_never_in_flight_twice(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
) -> None:
    """At the same time the portal would mix the two up, in the same second refuse the later."""
    flying, most = 0, 0

    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal flying, most
        if not request.path.endswith("/upload/"):
            return await handler(request)
        flying += 1
        most = max(most, flying)
        try:
            await asyncio.sleep(0.02)
            return await handler(request)
        finally:
            flying -= 1

    sandbox.interceptor = watch
    manifest = folder.manifest(folder.dataset("a", "2023/a.csv", "2024/a.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert [each.attempts for each in report.datasets[0].resources] == [1, 1]
    assert most == 1
    assert titles(sandbox) == {"Dataset a": ["a.csv", "a.csv"]}
    files = {each.sha1 for each in report.datasets[0].resources}
    (dataset,) = sandbox.state.datasets.values()
    assert {each.checksum["value"] for each in dataset.resources if each.checksum} == files
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_names_that_differ_only_until_they_are_slugs_count_as_one(
    publish: Publish, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "Été.csv", "ete.csv"))
    report = await publish(manifest)
    assert [each.attempts for each in report.datasets[0].resources] == [1, 1]
    assert report.totals.resources.created == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_files_of_equal_content_stay_two(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
) -> None:
    folder.file("a.csv", "the same\n")
    folder.file("b.csv", "the same\n")
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    assert (await publish(manifest)).totals.resources.created == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2
    assert titles(sandbox) == {"Dataset a": ["a.csv", "b.csv"]}


async def test_an_entry_that_names_a_resource_by_id_is_that_one(
    publish: Publish, folder: Any, sandbox: Sandbox, by_hand: Any, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a")))
    found = await by_hand(dataset_of(sandbox, "a"), "whatever.csv", b"old\n")
    folder.file("new.csv")
    entry = {"path": "new.csv", "id": found.id, "title": "New"}
    folder.file("other.csv")
    missing = {"path": "other.csv", "id": "00000000-0000-4000-8000-000000000000", "key": "k"}
    report = await publish(folder.manifest(folder.dataset("a", entry, missing)))
    done, failed = report.datasets[0].resources
    assert (done.status, done.id) == ("replaced", found.id)
    assert "no resource with the id 00000000-" in str(failed.error)
