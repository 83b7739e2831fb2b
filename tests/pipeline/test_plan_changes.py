"""A plan tells old and new of every field, what is taken over, and what pruning would delete."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub import RunReport
from bulkpub.portals.memory import Site

Publish = Callable[..., Any]


def changes_of(report: RunReport, key: str | None = None) -> dict[str, tuple[Any, Any]]:
    """Of the first dataset, or of its resource `key`."""
    dataset = report.datasets[0]
    found: Any = dataset
    if key is not None:
        (found,) = (each for each in dataset.resources if each.key == key)
    return {each.field: (each.old, each.new) for each in found.changes}


async def test_old_and_new_of_every_field_that_differs(
    publish: Publish, folder: Any, site: Site, edit: Any, dataset_of: Any
) -> None:
    link = {"link": "https://example.org/a", "key": "api", "title": "API"}
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv", link)))
    edit(dataset_of(site, "a"), title="By hand", tags=("velo", "ville"))
    edit(dataset_of(site, "a"), at=1, title="Also by hand")
    folder.file("1.csv", "longer than it was\n")
    link |= {"link": "https://example.org/b"}
    two = {"path": "2.csv", "title": "Two"}
    changed = folder.manifest(folder.dataset("a", two, "1.csv", link, tags=["ville", "pistes"]))
    planned = await publish(changed, dry_run=True)
    assert changes_of(planned) == {
        "title": ("By hand", "Dataset a"),
        "tags": (["velo", "ville"], ["pistes", "ville"]),
        "order": (["1.csv", "Also by hand", "API"], ["Also by hand", "1.csv", "API"]),
    }
    assert changes_of(planned, "2.csv") == {"title": ("Also by hand", "Two")}
    assert changes_of(planned, "api") == {"url": ("https://example.org/a", "https://example.org/b")}
    assert changes_of(planned, "1.csv")["size"] == (11, 19)
    verified = await publish(changed, dry_run=True, verify="quick")
    assert changes_of(verified) == changes_of(planned)
    done = await publish(changed)
    assert done.run.exit_code == 0
    assert (await publish(changed, dry_run=True)).totals.datasets.unchanged == 1


async def test_what_is_unchanged_carries_nothing(publish: Publish, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"), folder.dataset("b", "2.csv"))
    await publish(manifest)
    report = await publish(manifest, dry_run=True)
    assert [each.changes for each in report.datasets] == [(), ()]
    assert [each.changes for d in report.datasets for each in d.resources] == [(), ()]


async def test_a_new_dataset_tells_what_it_will_say(publish: Publish, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", frequency="daily"))
    report = await publish(manifest, dry_run=True)
    told = changes_of(report)
    assert told["frequency"] == (None, "daily")
    assert told["owner"][1]
    assert {old for old, _ in told.values()} == {None}


async def test_a_dataset_that_is_taken_over_by_its_title_says_so(
    publish: Publish, folder: Any, site: Site, edit: Any, dataset_of: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)
    edit(dataset_of(site, "a"), extras={})
    report = await publish(manifest, dry_run=True)
    assert "no key marks it" in report.datasets[0].reason
    assert changes_of(report)["extras.bulkpub:key"] == (None, "a")


@pytest.mark.parametrize(
    ("entries", "prune", "not_pruned", "why"),
    [
        (["1.csv"], "ours", ["2.csv", "3.csv", "4.csv"], "would delete 3 of"),
        (["1.csv", "2.csv", "empty.csv"], "ours", ["3.csv", "4.csv"], "some of its resources"),
        (["1.csv", "2.csv"], "ours", [], ""),
        (["1.csv"], "none", [], ""),
    ],
)
async def test_what_pruning_would_delete_is_told_when_it_does_not(
    publish: Publish, folder: Any, *, entries: Any, prune: str, not_pruned: Any, why: str
) -> None:
    names = [f"{n}.csv" for n in range(1, 5)]
    await publish(folder.manifest(folder.dataset("a", *names)))
    folder.file("empty.csv", "")
    manifest = folder.manifest(folder.dataset("a", *entries, prune=prune))
    for dry_run in (True, False):
        report = await publish(manifest, dry_run=dry_run)
        (dataset,) = report.datasets
        assert [each.title for each in dataset.not_pruned] == not_pruned
        assert why in f"{dataset.error} {dataset.reason}"
        assert not dataset.error or report.totals.requests.planned == 0
        assert (report.totals.resources.deleted > 0) is (prune == "ours" and not not_pruned)
