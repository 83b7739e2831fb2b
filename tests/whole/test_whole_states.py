"""Datasets that a manifest deletes, restores, and keeps a draft until all their files are in."""

from collections.abc import Callable
from typing import Any

Publish = Callable[..., Any]


async def test_a_dataset_is_deleted_restored_and_deleted_again(
    *, target: Any, publish: Publish, published: Publish, manifest: Any, said: Any, writes: Any
) -> None:
    wanted = said("state", "a.csv", tags=["velo"], temporal_coverage={"start": 2024})
    first = await published(manifest(wanted))
    before = await target.dataset(first)
    absent = {"key": wanted["key"], "state": "absent"}
    for status, count in (("deleted", 1), ("unchanged", 0)):
        report = await publish(manifest(absent), allow_mass_delete=True)
        assert (report.run.exit_code, report.datasets[0].status) == (0, status)
        assert writes(report) == count
    assert (await target.dataset(first))["deleted"]
    restored = await published(manifest({**wanted, "state": "present"}))
    assert "deleted (it is restored)" in restored.datasets[0].reason
    assert writes(restored) == 1
    after = await target.dataset(first)
    kept = ("id", "slug", "tags", "temporal_coverage", "extras", "deleted", "resources")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    by_id = {"id": before["id"], "state": "absent"}
    report = await publish(manifest(by_id), allow_mass_delete=True)
    assert report.datasets[0].status == "deleted"
    await target.portal.call("GET", f"/datasets/{before['id']}/", key=None, expect=410)


async def test_what_one_may_not_delete_is_told(
    target: Any, publish: Publish, manifest: Any
) -> None:
    theirs = await target.portal.create(key="user", organization=target.info["organization"]["id"])
    wanted = {"id": theirs["id"], "state": "absent", "organization": None}
    report = await publish(manifest(wanted), allow_mass_delete=True)
    assert report.run.exit_code == 1
    assert "no right to write the deletion of the dataset" in str(report.datasets[0].error)


async def test_a_dataset_becomes_public_when_all_its_files_are_in(
    *, target: Any, publish: Publish, published: Publish, folder: Any, manifest: Any, said: Any
) -> None:
    folder.file("b.csv", "a;b\n1;2\n")
    wanted = said("draft", "a.csv", publish="when-complete")
    wanted["resources"].append({"path": "b.csv", "check": "json"})
    report = await publish(manifest(wanted))
    assert report.run.exit_code == 1
    draft = await target.dataset(report)
    assert draft["private"] is True
    assert any("stays a draft" in note for note in report.datasets[0].notes)
    wanted["resources"][1].pop("check")
    await published(manifest(wanted))
    public = await target.dataset(report)
    assert (public["id"], public["private"]) == (draft["id"], False)
    assert public["extras"] == {"bulkpub:key": wanted["key"]}
    again = await published(manifest(wanted))
    assert again.datasets[0].status == "unchanged"
