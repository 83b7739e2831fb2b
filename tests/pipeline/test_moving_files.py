"""Files that change while they are published fail alone, with that as the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import FileSource
from bulkpub.observers import Event
from bulkpub.observers.events import RunStarted, UploadProgressed, UploadStarted
from bulkpub.portals.memory import Site
from bulkpub.sources import local

Publish = Callable[..., Any]

SIZE = 3 * 1024 * 1024
"""Three pieces: what happens after the first one happens in the middle."""


def grows(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrinks(path: Path) -> None:
    with path.open("rb+") as file:
        file.truncate(SIZE // 2)


def is_rewritten(path: Path) -> None:
    path.write_bytes(b"y" * SIZE)


def is_swapped(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"z" * SIZE)
    other.rename(path)


class Meddler:
    """Does something to a file when the first of its bytes have been handed to the network."""

    def __init__(self, path: Path, meddle: Callable[[Path], None], moment: type[Event]) -> None:
        self.done = False
        self._path = path
        self._meddle = meddle
        self._moment = moment

    def __call__(self, event: Event) -> None:
        if self.done or not isinstance(event, self._moment):
            return
        if getattr(event, "resource", self._path.name) == self._path.name:
            self.done = True
            self._meddle(self._path)


@pytest.mark.parametrize(
    ("meddle", "words"),
    [
        (grows, f"grew from {SIZE} to {SIZE + 4} bytes"),
        (shrinks, f"shrank from {SIZE} to {SIZE // 2} bytes"),
        (is_rewritten, "changed while it was being published"),
        (is_swapped, "changed while it was being published"),
        (Path.unlink, "vanished while it was being published"),
    ],
)
@pytest.mark.parametrize("onto", ["new", "replaced"])
async def test_a_file_that_changes_while_it_is_sent_fails_alone(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    titles: Any,
    statuses: Any,
    meddle: Callable[[Path], None],
    words: str,
    onto: str,
) -> None:
    path = folder.file("moving.csv", b"old")
    manifest = folder.manifest(folder.dataset("a", "1.csv", "moving.csv", "2.csv"))
    if onto == "replaced":
        await publish(manifest)
    path.write_bytes(b"x" * SIZE)
    meddler = Meddler(path, meddle, UploadProgressed)
    report = await publish(manifest, observers=(meddler,))
    assert meddler.done
    assert report.run.exit_code == 1
    calm = "unchanged" if onto == "replaced" else "created"
    assert statuses(report) == {"a/1.csv": calm, "a/moving.csv": "failed", "a/2.csv": calm}
    failed = report.datasets[0].resources[1]
    assert words in str(failed.error)
    assert failed.attempts == 1
    there = ["1.csv", "moving.csv", "2.csv"] if onto == "replaced" else ["1.csv", "2.csv"]
    assert titles(site) == {"Dataset a": there}
    (dataset,) = site.datasets.values()
    assert {each.size for each in dataset.resources} <= {3, len("name\n1.csv\n")}

    folder.file("moving.csv", "calm at last\n")
    assert (await publish(manifest)).run.exit_code == 0
    assert titles(site) == {"Dataset a": ["1.csv", "moving.csv", "2.csv"]}


@pytest.mark.parametrize("moment", [RunStarted, UploadStarted])
async def test_a_file_that_vanishes_before_it_is_sent_fails_alone(
    publish: Publish,
    folder: Any,
    statuses: Any,
    moment: type[Event],
) -> None:
    path = folder.file("gone.csv")
    meddler = Meddler(path, Path.unlink, moment)
    manifest = folder.manifest(folder.dataset("a", "1.csv", "gone.csv"), folder.dataset("b"))
    report = await publish(manifest, observers=(meddler,))
    assert report.run.exit_code == 1
    assert statuses(report) == {"a/1.csv": "created", "a/gone.csv": "failed"}
    assert "gone.csv" in str(report.datasets[0].resources[1].error)
    assert report.datasets[1].status == "created"


@pytest.mark.local_only("it changes right when this process reads it")
async def test_a_file_that_changes_while_it_is_hashed_fails_alone(
    publish: Publish, folder: Any, statuses: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run hashes what has the same size on the portal."""
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    really = local._beginning

    def meddling(source: FileSource, size: int) -> bytes:
        found = really(source, size)
        if source.path.endswith("1.csv"):
            grows(Path(source.path))
        return found

    monkeypatch.setattr(local, "_beginning", meddling)
    report = await publish(manifest)
    assert statuses(report) == {"a/1.csv": "failed", "a/2.csv": "unchanged"}
    assert "grew from 11 to 15 bytes" in str(report.datasets[0].resources[0].error)


async def test_a_failed_file_leaves_what_others_see_of_it_as_it_was(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    """Neither content nor title of the published edition is lost with the new one."""
    path = folder.file("a.csv", b"old")
    entry = {"path": "a.csv", "title": "T", "description": "D"}
    manifest = folder.manifest(folder.dataset("a", entry))
    await publish(manifest)
    before = dataset_of(site, "a").resources[0].digest
    path.write_bytes(b"x" * SIZE)
    await publish(manifest, observers=(Meddler(path, grows, UploadProgressed),))
    resource = dataset_of(site, "a").resources[0]
    said = resource.metadata
    assert (said.title, said.description, resource.digest) == ("T", "D", before)
