"""Datasets that were moved, deleted, archived or hidden, and accounts without every right."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

Publish = Callable[..., Any]


async def test_a_dataset_that_moved_on_the_portal_is_found_and_moved_back(
    target: Any, published: Publish, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = manifest(said("moved", "a.csv", "b.csv"))
    first = await published(wanted)
    before = await target.dataset(first)
    moved = await target.portal.put(before, {"title": f"Elsewhere {target.tag}", "tags": []})
    assert moved["slug"] != before["slug"]
    folder.file("a.csv", "changed\n")
    await target.next_second()
    second = await published(wanted)
    assert second.datasets[0].id == before["id"]
    assert [each.permalink for each in first.datasets[0].resources] == [
        each.permalink for each in second.datasets[0].resources
    ]
    assert (await target.dataset(second))["title"] == before["title"]


async def test_a_dataset_that_the_manifest_moves_keeps_its_files_and_permalinks(
    target: Any, published: Publish, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = said("moved", "a.csv", "b.csv")
    first = await published(manifest(wanted))
    before = await target.dataset(first)
    folder.file("a.csv", "changed\n")
    await target.next_second()
    second = await published(manifest({**wanted, "title": f"Elsewhere {target.tag}"}))
    after = await target.dataset(second)
    assert (after["id"], after["slug"]) == (before["id"], f"elsewhere-{target.tag}")
    assert [each["latest"] for each in after["resources"]] == [
        each["latest"] for each in before["resources"]
    ]


async def test_a_deleted_dataset_is_told_and_gets_nothing(
    target: Any, publish: Publish, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = said("deleted", "a.csv")
    first = await publish(manifest(wanted))
    resources = await target.resources(first)
    path = f"/datasets/{first.datasets[0].id}/"
    await target.portal.call("DELETE", path, expect=204)
    folder.file("a.csv", "changed\n")
    await target.next_second()
    report = await publish(manifest(wanted, said("alive", "b.csv")))
    assert report.run.exit_code == 1
    assert [each.status for each in report.datasets] == ["failed", "created"]
    assert "was deleted on the portal" in str(report.datasets[0].error)
    assert (await target.dataset(first))["deleted"]
    assert await target.resources(first) == resources


@pytest.mark.parametrize("state", ["archived", "private"])
async def test_a_dataset_that_a_person_archived_or_hid_stays_so_and_is_kept_up(
    *, target: Any, published: Publish, folder: Any, manifest: Any, said: Any, state: str
) -> None:
    wanted = manifest(said("state", "a.csv"))
    first = await published(wanted)
    value: Any = datetime.now(UTC).isoformat() if state == "archived" else True
    await target.portal.put(await target.dataset(first), {state: value})
    folder.file("a.csv", "changed\n")
    await target.next_second()
    second = await published(wanted)
    assert second.datasets[0].id == first.datasets[0].id
    assert (await target.dataset(second))[state]
    assert (await published(wanted)).totals.datasets.unchanged == 1


@pytest.mark.parametrize("state", ["archived", "private"])
async def test_the_manifest_archives_and_hides_and_takes_it_back(
    *, target: Any, published: Publish, manifest: Any, said: Any, state: str
) -> None:
    for value in (True, False):
        report = await published(manifest(said("state", "a.csv", **{state: value})))
        assert bool((await target.dataset(report))[state]) is value


async def test_a_partial_editor_publishes_what_it_created_and_nothing_else(
    *, target: Any, publish: Publish, published: Publish, folder: Any, manifest: Any, said: Any
) -> None:
    header = {"organization": "test-organization"}
    theirs, own = said("theirs", "a.csv"), said("own", "b.csv")
    first = await published(manifest(theirs, **header), account="user")
    before = await target.resources(first)
    for content in ("one\n", "two\n"):
        folder.file("b.csv", content)
        await published(manifest(own, **header), account="partial")
        await target.next_second()
    folder.file("a.csv", "changed\n")
    report = await publish(manifest(theirs, own, **header), account="partial")
    assert report.run.exit_code == 1
    assert [each.status for each in report.datasets] == ["failed", "unchanged"]
    said_why = str(report.datasets[0].error or report.datasets[0].resources[0].error)
    assert "no right to write" in said_why
    assert await target.resources(first) == before


@pytest.mark.parametrize("account", ["user", "partial", "expired"])
async def test_the_key_of_the_wrong_organization_writes_nothing(
    *, target: Any, publish: Publish, manifest: Any, said: Any, writes: Any, account: str
) -> None:
    wanted = said("wrong", "a.csv")
    report = await publish(manifest(wanted), account=account)
    assert report.run.exit_code == 3
    reason = "does not accept the API key" if account == "expired" else "is not a member of"
    assert reason in str(report.run.error)
    assert writes(report) == 0
    listed = await target.portal.call(
        "GET", f"/datasets/?organization={target.portal.org}&page_size=1000", expect=200
    )
    assert wanted["title"] not in {each["title"] for each in listed.body["data"]}
