"""What the publisher wants: a folder with files and a manifest that changes from run to run.

Names, contents and titles come from small pools, so that they collide as often as they can:
equal contents, equal names in two folders, empty files, names that slugify to the same. Rule:
nothing here is left to chance; who calls says what changes into what.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import orjson

__all__ = [
    "ADDRESSES",
    "CONTENTS",
    "LINKS",
    "MOST_ENTRIES",
    "NAMES",
    "PAGES",
    "TITLES",
    "TYPES",
    "Entry",
    "Kind",
    "Site",
    "Wanted",
    "WantedDataset",
]

NAMES = (
    *("a.csv", "b.csv", "c.json", "Été 1.csv", "ete-1.csv"),
    *("x/a.csv", "y/a.csv", "x/data.csv", "y/data.csv", "z/été 1.CSV"),
)
LINKS = ("link/1", "link/2", "link/3")
ADDRESSES = tuple(f"https://elsewhere.example.org/api/{name}" for name in ("one", "two", "trois"))
PAGES = ("far/a.csv", "far/far.csv", "far/f.json")
"""The keys of what is fetched from the site elsewhere, and where it is there."""
TITLES = (None, None, None, "Comptages", "Comptages", "Annexe", "Relevés 2024")
TYPES = (None, None, "main", "documentation", "other")
CONTENTS = (b"", b"one\n", b"two\n", b"2wo\n")
MOST_ENTRIES = 6


class Kind(StrEnum):
    """What an entry of the manifest is made of."""

    FILE = "path"
    LINK = "link"
    FETCHED = "url"
    EXISTING = "id"


class Site(Protocol):
    """A server elsewhere, with files to fetch."""

    def address(self, page: str) -> str:
        """Where a page is."""

    def content(self, page: str) -> bytes | None:
        """What is there; None when it cannot be had."""


@dataclass
class Entry:
    """One entry of the manifest; its key is its path.

    `link` is the address of a link, `id` the resource by which it is named; `guarded` entries are
    not published while they are empty, as is everybody's who says nothing.
    """

    path: str
    title: str | None = None
    type: str | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    kind: Kind = Kind.FILE
    link: str = ""
    id: str | None = None
    guarded: bool = False

    @property
    def name(self) -> str:
        """The file's name, and the title of what has none."""
        return (self.link or self.path).rpartition("/")[2]

    def said(self) -> dict[str, Any]:
        """What the manifest says of it, besides what it is made of."""
        extras = self.extras or None
        said = {"id": self.id, "title": self.title, "type": self.type, "extras": extras}
        unguarded = self.kind in {Kind.FILE, Kind.FETCHED} and not self.guarded
        said["guard"] = {"empty": "allow"} if unguarded else None
        return {name: value for name, value in said.items() if value is not None}

    def is_resource(self, resource_id: str, key: str | None) -> bool:
        """Whether that is the resource of this entry."""
        return resource_id == self.id if self.id else key == self.path


@dataclass
class WantedDataset:
    """One dataset of the manifest; its files are in a folder named for its key.

    One with an `id` is somebody's dataset already. A `personal` one is the account's own, else
    it is the organization's. One that `waits` is a draft until all its files are in.
    """

    key: str
    title: str
    entries: list[Entry] = field(default_factory=list)
    prune: str | None = None
    id: str | None = None
    personal: bool = False
    waits: bool = False

    def hand_over(self) -> None:
        """It becomes the organization's."""
        self.personal = False

    def is_dataset(self, dataset_id: str, key: str | None) -> bool:
        """Whether that is this dataset."""
        return dataset_id == self.id if self.id else key == self.key

    def entry_of(self, resource_id: str, key: str | None) -> Entry | None:
        """The entry whose resource that is."""
        return next((e for e in self.entries if e.is_resource(resource_id, key)), None)


class Wanted:
    """The manifest and the files, and the many ways in which they change.

    `tag` begins the keys of the datasets, on a portal that has others of us; `site` has what is
    fetched.
    """

    def __init__(self, root: Path, tag: str = "", site: Site | None = None) -> None:
        self.root = root
        self.tag = tag
        self.site = site
        self.datasets: list[WantedDataset] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self.count = 0

    def save(self) -> Path:
        """Write the manifest; the files are always as they should be."""
        manifest = self.root / "manifest.json"
        manifest.write_bytes(orjson.dumps(self.document()))
        return manifest

    def document(self) -> dict[str, Any]:
        """The manifest."""
        datasets = [self._written(dataset) for dataset in self.datasets]
        return {"organization": "test-organization", "datasets": datasets}

    def _written(self, dataset: WantedDataset) -> dict[str, Any]:
        said: dict[str, Any] = {
            "key": dataset.key,
            "title": dataset.title,
            "description": f"About {dataset.key}.",
        }
        more = {"id": dataset.id, "prune": dataset.prune, "personal": dataset.personal or None}
        more["publish"] = "when-complete" if dataset.waits else None
        said |= {name: value for name, value in more.items() if value is not None}
        resources = [{**self._source(dataset, e), **e.said()} for e in dataset.entries]
        return {**said, "resources": resources}

    def _source(self, dataset: WantedDataset, entry: Entry) -> dict[str, Any]:
        match entry.kind:
            case Kind.FILE:
                return {"path": f"{dataset.key}/{entry.path}", "key": entry.path}
            case Kind.LINK:
                return {"link": entry.link, "key": entry.path}
            case Kind.FETCHED:
                assert self.site is not None
                return {"url": self.site.address(entry.path), "key": entry.path}
            case Kind.EXISTING:
                return {"key": entry.path}

    def content(self, dataset: WantedDataset, entry: Entry) -> bytes | None:
        """The bytes that are to be published; None when the entry has none, or none to be had."""
        match entry.kind:
            case Kind.FILE:
                return self.files[dataset.key, entry.path]
            case Kind.FETCHED:
                assert self.site is not None
                return self.site.content(entry.path)
            case _:
                return None

    # --- changes ---------------------------------------------------------------------------

    def add_dataset(
        self, *, prune: str | None = None, id_: str | None = None, personal: bool = False
    ) -> WantedDataset:
        """A new dataset without entries, or somebody's that is there."""
        self.count += 1
        dataset = WantedDataset(f"{self.tag}d{self.count}", f"Dataset {self.tag}{self.count}")
        dataset.prune, dataset.id, dataset.personal = prune, id_, personal
        dataset.waits = id_ is None and self.count % 2 == 0  # every other one of ours
        self.datasets.append(dataset)
        return dataset

    def add(self, dataset: WantedDataset, entry: Entry, place: int, content: bytes = b"") -> None:
        """A new entry, unless its key or id is taken."""
        taken = {each.path for each in dataset.entries}
        ids = {each.id for each in dataset.entries if each.id}
        if entry.path in taken or entry.id in ids or len(dataset.entries) >= MOST_ENTRIES:
            return
        dataset.entries.insert(min(place, len(dataset.entries)), entry)
        if entry.kind is Kind.FILE:
            self.write(dataset, entry, content)

    def remove(self, dataset: WantedDataset, entry: Entry) -> None:
        """An entry goes, and its file."""
        dataset.entries.remove(entry)
        if entry.kind is Kind.FILE:
            (self.root / dataset.key / entry.path).unlink()
            del self.files[dataset.key, entry.path]

    def rename(self, dataset: WantedDataset, entry: Entry, path: str) -> None:
        """A file moves, and with it the key of its entry."""
        if (
            entry.kind is not Kind.FILE
            or entry.id
            or path in {each.path for each in dataset.entries}
        ):
            return
        before, entry.path = entry.path, path
        content = self.files.pop((dataset.key, before))
        (self.root / dataset.key / before).unlink()
        self.write(dataset, entry, content)

    def reorder(self, dataset: WantedDataset, order: Sequence[int]) -> None:
        """The entries follow each other as the numbers that stand for them do."""
        numbered = zip(order, dataset.entries, strict=False)
        dataset.entries = [e for _, e in sorted(numbered, key=lambda pair: pair[0])]

    def write(self, dataset: WantedDataset, entry: Entry, content: bytes) -> None:
        """A file gets this content; only files do."""
        if entry.kind is not Kind.FILE:
            return
        file = self.root / dataset.key / entry.path
        file.parent.mkdir(parents=True, exist_ok=True)
        # A file of its own each time, as a program that writes carefully makes it: the same
        # size and second must not let it pass for the one before.
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_bytes(content)
        fresh.replace(file)
        self.files[dataset.key, entry.path] = content
