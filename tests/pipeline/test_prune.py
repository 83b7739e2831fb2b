"""Deleting what the manifest no longer names: only when asked for, and never too much."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.errors import ResourceFailed
from bulkpub.portals.memory import Site

Publish = Callable[..., Any]
NAMES = ["1.csv", "2.csv", "3.csv", "4.csv"]


@pytest.fixture
async def started(publish: Publish, folder: Any, site: Site, by_hand: Any, dataset_of: Any) -> None:
    """A dataset with four files of ours and one that a person added."""
    await publish(folder.manifest(folder.dataset("a", *NAMES)))
    by_hand(dataset_of(site, "a"), "guide.pdf", b"%PDF")


@pytest.mark.parametrize(
    ("prune", "left"),
    [
        ("none", ["guide.pdf", "2.csv", "3.csv", "1.csv", "4.csv"]),
        ("ours", ["guide.pdf", "2.csv", "3.csv"]),
        ("all", ["2.csv", "3.csv", "4.csv"]),
    ],
)
@pytest.mark.usefixtures("started")
async def test_what_is_deleted(
    *, publish: Publish, folder: Any, site: Site, titles: Any, prune: str, left: list[str]
) -> None:
    names = [name for name in left if name.endswith(".csv")]
    if prune == "none":
        names = ["2.csv", "3.csv"]
        left = ["guide.pdf", "1.csv", "2.csv", "3.csv", "4.csv"]
    manifest = folder.manifest(folder.dataset("a", *names, prune=prune))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report.datasets[0].error
    assert titles(site) == {"Dataset a": left}
    assert report.totals.resources.deleted == 5 - len(left)
    told = {each.title for each in report.datasets[0].resources if each.status == "deleted"}
    assert told == {"guide.pdf", *NAMES} - set(left)
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.usefixtures("started")
async def test_more_than_half_is_deleted_only_on_demand(
    publish: Publish, folder: Any, site: Site, titles: Any, writes: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", prune="ours"))
    site.calls.clear()
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert "would delete 3 of the dataset's 5 resources" in str(report.datasets[0].error)
    assert "`allow_mass_delete`" in str(report.datasets[0].error)
    assert writes(site) == []
    report = await publish(manifest, allow_mass_delete=True)
    assert report.totals.resources.deleted == 3
    assert titles(site) == {"Dataset a": ["guide.pdf", "1.csv"]}


@pytest.mark.usefixtures("started")
async def test_a_dataset_with_a_failed_file_loses_nothing(
    publish: Publish, folder: Any, site: Site, titles: Any, refuse: Any
) -> None:
    site.trouble = refuse("upload", ResourceFailed("no"))
    manifest = folder.manifest(
        folder.dataset("a", "1.csv", "2.csv", "3.csv", "5.csv", prune="ours")
    )
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert report.totals.resources.deleted == 0
    assert sorted(titles(site)["Dataset a"]) == sorted([*NAMES, "guide.pdf"])


@pytest.mark.usefixtures("started")
async def test_a_plan_announces_deletions_and_deletes_nothing(
    publish: Publish, folder: Any, site: Site, writes: Any
) -> None:
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", "3.csv", prune="ours"))
    report = await publish(manifest, dry_run=True)
    assert report.totals.resources.deleted == 1
    assert writes(site) == []


@pytest.mark.parametrize("prune", ["ours", "all"])
async def test_a_file_renamed_in_a_dataset_named_by_id_is_recognised_where_it_would_be_pruned(
    *, publish: Publish, folder: Any, site: Site, statuses: Any, edit: Any, prune: str
) -> None:
    """The keys in it are this manifest's, or pruning would not be asked for."""
    await publish(folder.manifest(folder.dataset("a")))
    dataset = edit(next(iter(site.datasets.values())), extras={})
    entry = {"id": dataset.id, "prune": prune, "resources": [{"path": "old.csv"}]}
    folder.file("old.csv", "the same\n")
    first = await publish(folder.manifest(entry))
    (folder.path / "old.csv").rename(folder.path / "new.csv")
    report = await publish(folder.manifest({**entry, "resources": [{"path": "new.csv"}]}))
    assert report.run.exit_code == 0
    assert list(statuses(report).values()) == ["adopted"]
    assert report.datasets[0].resources[0].id == first.datasets[0].resources[0].id
