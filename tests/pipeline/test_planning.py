"""A plan reads, never writes, and announces what the run then does."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.portals.memory import Site

Publish = Callable[..., Any]


@pytest.fixture
async def history(publish: Publish, folder: Any) -> Any:
    """A portal on which everything a plan can say has a reason; the manifest that says it."""
    folder.file("moved.csv", "the same\n")
    resources = ["kept.csv", "changed.csv", "described.csv", "moved.csv", "dropped.csv"]
    await publish(
        folder.manifest(folder.dataset("old", *resources), folder.dataset("same", "s.csv"))
    )
    folder.file("changed.csv", "changed\n")
    (folder.path / "moved.csv").rename(folder.path / "renamed.csv")
    described = {"path": "described.csv", "title": "Now with a title"}
    return folder.manifest(
        folder.dataset(
            "old", "kept.csv", "changed.csv", described, "renamed.csv", "new.csv", prune="ours"
        ),
        folder.dataset("same", "s.csv"),
        folder.dataset("fresh", "f.csv", {"link": "https://example.org/api"}),
    )


async def test_a_plan_announces_what_the_run_then_does(
    publish: Publish, statuses: Any, history: Any
) -> None:
    planned = await publish(history, dry_run=True)
    done = await publish(history)
    assert planned.run.dry_run
    assert not done.run.dry_run
    assert planned.run.exit_code == done.run.exit_code == 0
    assert statuses(planned) == statuses(done)
    assert [d.status for d in planned.datasets] == [d.status for d in done.datasets]
    assert {r.status for d in planned.datasets for r in d.resources} == {
        "unchanged",
        "replaced",
        "described",
        "adopted",
        "created",
        "deleted",
    }
    sent = sum(n for m, n in done.totals.requests.by_method.items() if m != "GET")
    assert planned.totals.requests.planned == sent


async def test_a_plan_writes_nothing(
    publish: Publish, site: Site, titles: Any, history: Any
) -> None:
    before = titles(site)
    site.calls.clear()
    report = await publish(history, dry_run=True)
    assert {call.method for call in site.calls} == {"GET"}
    assert titles(site) == before
    assert report.totals.bytes.uploaded == 0


async def test_a_plan_after_the_run_has_nothing_to_say(publish: Publish, history: Any) -> None:
    await publish(history)
    planned = await publish(history, dry_run=True)
    assert planned.totals.datasets.unchanged == 3
    assert planned.totals.requests.planned == 0
