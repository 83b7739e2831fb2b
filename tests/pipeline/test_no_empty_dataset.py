"""A dataset is created when something is at hand to be published in it, and not before."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import anyio
import pytest

from bulkpub.core.outcome import DatasetStatus, ResourceStatus
from bulkpub.errors import Uncertain
from bulkpub.observers.events import Event, PlanReady
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]

NOT_CREATED = "it is not created on the portal, as none of its resources can be published"
PAGE = "<!doctype html><title>Oops</title>"


def zipped(name: str) -> bytes:
    with BytesIO() as buffer:
        with ZipFile(buffer, "w") as archive:
            archive.writestr(name, "a;b\n1;2\n")
        return buffer.getvalue()


ENTRIES: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "lost": lambda _, there: {"url": f"{there.address}/gone.csv"},
    "not over TLS": lambda _, there: {
        "url": there.has("b.csv").replace("http:", "https:"),
    },
    "a page": lambda _, there: {"url": there.has("page.csv", PAGE, "text/csv")},
    "of a kind that is refused": lambda _, there: {
        "url": there.has("export", b"x" * 1000, "application/vnd.apache.parquet")
    },
    "empty": lambda _, there: {"url": there.has("e.csv", ""), "guard": {"empty": "refuse"}},
    "not what it says": lambda _, there: {"url": there.has("b.json", "{no"), "check": "json"},
    "not in the archive": lambda _, there: {
        "url": "zip://b.csv::" + there.has("some.zip", zipped("a.csv"), "application/zip")
    },
    "empty here": lambda folder, _: {
        "path": folder.file("e.csv", "").name,
        "guard": {"empty": "refuse"},
    },
    "not what it says here": lambda folder, _: {
        "path": folder.file("b.json", "{no").name,
        "check": "json",
    },
    "empty, one of many": lambda folder, _: {
        "glob": folder.file("many/e.csv", "").parent.name + "/*.csv",
        "guard": {"empty": "refuse"},
    },
}
"""Resources that cannot be had."""
PLANNED = {"lost", "of a kind that is refused"}
"""Those of which a plan knows although it fetches nothing."""


@pytest.mark.parametrize("which", ENTRIES)
async def test_nothing_is_created_when_none_of_its_files_can_be_had(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, writes: Any, which: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", ENTRIES[which](folder, elsewhere)))
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert (writes(site), site.datasets) == ([], {})
    (dataset,) = report.datasets
    assert (dataset.status, dataset.error, dataset.id) == (DatasetStatus.FAILED, NOT_CREATED, None)
    (resource,) = dataset.resources
    assert resource.status is ResourceStatus.FAILED
    assert resource.error
    assert NOT_CREATED not in resource.error


@pytest.mark.parametrize("which", [each for each in ENTRIES if "here" in each or each in PLANNED])
async def test_a_plan_says_what_the_run_does(
    *, publish: Publish, folder: Any, elsewhere: Any, which: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", ENTRIES[which](folder, elsewhere)))
    plan, run = [await publish(manifest, dry_run=dry_run) for dry_run in (True, False)]
    assert plan.run.exit_code == 1
    assert [(each.status, each.error) for each in plan.datasets] == [
        (each.status, each.error) for each in run.datasets
    ]


async def test_what_can_be_had_is_published_without_what_cannot(
    *, publish: Publish, folder: Any, elsewhere: Any, site: Site, statuses: Any, titles: Any
) -> None:
    broken = [make(folder, elsewhere) for name, make in ENTRIES.items() if "many" not in name]
    good = {"url": elsewhere.has("good.csv"), "key": "good"}
    report = await publish(folder.manifest(folder.dataset("a", *broken, good)))
    assert report.run.exit_code == 1
    assert [key for key, what in statuses(report).items() if what != "failed"] == ["a/good"]
    assert titles(site) == {"Dataset a": ["good.csv"]}
    assert report.datasets[0].error is None


async def test_a_dataset_without_resources_is_created_as_it_is_meant(
    publish: Publish, folder: Any, site: Site
) -> None:
    assert (await publish(folder.manifest(folder.dataset("a")))).run.exit_code == 0
    assert len(site.datasets) == 1


async def test_a_link_is_enough(publish: Publish, folder: Any, elsewhere: Any, site: Site) -> None:
    entries = [{"url": f"{elsewhere.address}/gone.csv"}, {"link": "https://example.org/x"}]
    report = await publish(folder.manifest(folder.dataset("a", *entries)))
    assert report.run.exit_code == 1
    (dataset,) = site.datasets.values()
    assert [each.url for each in dataset.resources] == ["https://example.org/x"]


def changes(path: Path) -> None:
    path.write_text("more than there was before\n")


def becomes_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.local_only("who watches a run elsewhere is told a moment later")
@pytest.mark.parametrize("what_happens", [Path.unlink, changes, becomes_a_folder])
async def test_a_file_that_is_lost_after_it_was_planned_creates_nothing(
    *, publish: Publish, folder: Any, site: Site, writes: Any, what_happens: Callable[[Path], None]
) -> None:
    def lose_it(event: Event) -> None:
        if isinstance(event, PlanReady):
            what_happens(folder.path / "a.csv")

    report = await publish(folder.manifest(folder.dataset("a", "a.csv")), observers=(lose_it,))
    assert report.run.exit_code == 1
    assert writes(site) == []


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_many_files_create_their_dataset_once_though_the_answer_is_lost(
    *, publish: Publish, folder: Any, site: Site, titles: Any, lose_answers: Any, before: bool
) -> None:
    names = [f"{number}.csv" for number in range(12)]
    site.trouble = lose_answers("create_dataset", before=before)
    report = await publish(folder.manifest(folder.dataset("a", *names)))
    assert report.run.exit_code == 0
    assert titles(site) == {"Dataset a": names}
    assert sum(call.name == "create_dataset" for call in site.calls) == 1 + before
    assert [each.attempts for each in report.datasets[0].resources] == [1] * 12


async def test_a_dataset_the_portal_refuses_fails_with_all_its_files_after_one_attempt(
    *, publish: Publish, folder: Any, site: Site, writes: Any
) -> None:
    names = [f"{number}.csv" for number in range(12)]

    async def refuse(call: Call, carry_out: Any) -> Any:
        if call.name == "create_dataset":
            await anyio.sleep(0.01)  # so that all the others are waiting for it
            raise Uncertain("the answer was lost")
        return await carry_out()

    site.trouble = refuse
    report = await publish(folder.manifest(folder.dataset("a", *names)))
    assert report.run.exit_code == 1
    assert {call.name for call in writes(site)} == {"create_dataset"}
    assert "given up after planning it 6 times" in str(report.datasets[0].error)
    assert len(writes(site)) == 6
