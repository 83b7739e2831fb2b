"""What the publisher wants: a folder with files and a manifest that changes from run to run.

Names, contents and titles come from small pools, so that they collide as often as they can:
equal contents, equal names in two folders, empty files, names that slugify to the same.
"""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

__all__ = ["Entry", "Wanted", "WantedDataset"]

NAMES = (
    *("a.csv", "b.csv", "c.json", "Été 1.csv", "ete-1.csv"),
    *("x/a.csv", "y/a.csv", "x/data.csv", "y/data.csv", "z/été 1.CSV"),
)
TITLES = (None, None, None, "Comptages", "Comptages", "Annexe", "Relevés 2024")
TYPES = (None, None, "main", "documentation", "other")
MOST_ENTRIES = 6


@dataclass
class Entry:
    """One file of the manifest; its key is its path."""

    path: str
    title: str | None = None
    type: str | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def written(self, folder: str) -> dict[str, Any]:
        said = {"title": self.title, "type": self.type, "extras": self.extras or None}
        silent = {name: value for name, value in said.items() if value is not None}
        return {"path": f"{folder}/{self.path}", "key": self.path, **silent}


@dataclass
class WantedDataset:
    """One dataset of the manifest; its files are in a folder named for its key."""

    key: str
    title: str
    entries: list[Entry] = field(default_factory=list)
    prune: str | None = None

    def written(self) -> dict[str, Any]:
        said = {"key": self.key, "title": self.title, "description": f"About {self.key}."}
        pruning = {"prune": self.prune} if self.prune else {}
        return {**said, **pruning, "resources": [each.written(self.key) for each in self.entries]}

    def entry(self, key: str) -> Entry:
        (found,) = (each for each in self.entries if each.path == key)
        return found


class Wanted:
    """The manifest and the files, and the many ways in which they change.

    `tag` begins the keys of the datasets, on a portal that has others of us.
    """

    def __init__(self, root: Path, chance: Random, tag: str = "") -> None:
        self.root = root
        self.tag = tag
        self.chance = chance
        self.datasets: list[WantedDataset] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self.count = 0
        for _ in range(chance.choice((1, 1, 2))):
            self.add_dataset()

    def save(self) -> Path:
        """Write the manifest; the files are always as they should be."""
        document = {
            "organization": "test-organization",
            "datasets": [dataset.written() for dataset in self.datasets],
        }
        manifest = self.root / "manifest.json"
        manifest.write_bytes(orjson.dumps(document))
        return manifest

    def content(self, dataset: WantedDataset, entry: Entry) -> bytes:
        return self.files[dataset.key, entry.path]

    # --- changes ---------------------------------------------------------------------------

    def add_dataset(self) -> None:
        self.count += 1
        dataset = WantedDataset(f"{self.tag}d{self.count}", f"Dataset {self.tag}{self.count}")
        dataset.prune = self.chance.choice((None, None, None, "ours"))
        self.datasets.append(dataset)
        for _ in range(self.chance.randint(0, 4)):
            self._add(dataset)

    def change(self) -> None:
        """Change something, or several things, or nothing."""
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            dataset = self.chance.choice(self.datasets)
            change = self.chance.choice(
                (
                    *(self._add, self._add, self._modify, self._modify, self._modify_all),
                    *(self._remove, self._rename, self._describe, self._reorder, self._retitle),
                )
            )
            change(dataset)
        if len(self.datasets) < 3 and self.chance.random() < 0.1:
            self.add_dataset()

    def modify(self) -> None:
        """One file becomes another, and the manifest stays."""
        self._modify(self.chance.choice(self.datasets))

    def _add(self, dataset: WantedDataset) -> None:
        taken = {entry.path for entry in dataset.entries}
        free = [name for name in NAMES if name not in taken]
        if not free or len(dataset.entries) >= MOST_ENTRIES:
            return
        entry = Entry(self.chance.choice(free))
        self._describe_entry(entry)
        place = self.chance.randint(0, len(dataset.entries))
        dataset.entries.insert(place, entry)
        self._write(dataset, entry.path, self._new_content())

    def _modify(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            entry = self.chance.choice(dataset.entries)
            self._write(dataset, entry.path, self._new_content())

    def _modify_all(self, dataset: WantedDataset) -> None:
        for entry in dataset.entries:
            self._write(dataset, entry.path, self._new_content())

    def _remove(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            entry = dataset.entries.pop(self.chance.randrange(len(dataset.entries)))
            (self.root / dataset.key / entry.path).unlink()
            del self.files[dataset.key, entry.path]

    def _rename(self, dataset: WantedDataset) -> None:
        free = [n for n in NAMES if n not in {entry.path for entry in dataset.entries}]
        if dataset.entries and free:
            entry = self.chance.choice(dataset.entries)
            before, entry.path = entry.path, self.chance.choice(free)
            content = self.files.pop((dataset.key, before))
            (self.root / dataset.key / before).unlink()
            self._write(dataset, entry.path, content)

    def _describe(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            self._describe_entry(self.chance.choice(dataset.entries))

    def _describe_entry(self, entry: Entry) -> None:
        entry.title, entry.type = self.chance.choice(TITLES), self.chance.choice(TYPES)
        if self.chance.random() < 0.3:
            entry.extras = {"lot": self.chance.randint(1, 3)}

    def _reorder(self, dataset: WantedDataset) -> None:
        self.chance.shuffle(dataset.entries)

    def _retitle(self, dataset: WantedDataset) -> None:
        dataset.title = f"{dataset.key} {self.chance.randint(1, 1000)}"

    # --- files -----------------------------------------------------------------------------

    def _new_content(self) -> bytes:
        if self.chance.random() < 0.5:
            return self.chance.choice((b"", b"one\n", b"two\n", b"2wo\n"))
        return self.chance.randbytes(self.chance.choice((3, 3, 40, 5_000)))

    def _write(self, dataset: WantedDataset, path: str, content: bytes) -> None:
        file = self.root / dataset.key / path
        file.parent.mkdir(parents=True, exist_ok=True)
        # A file of its own each time, as a program that writes carefully makes it: the same
        # size and second must not let it pass for the one before.
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_bytes(content)
        fresh.replace(file)
        self.files[dataset.key, path] = content
