"""What is published: files that follow from their numbers, and so does what a portal has of them.

The rule: nothing here is looked up. Which file belongs to which dataset, what is in it and what
it is called are worked out from its number, so that a sink can tell a listing of a million
files that it never saw.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TextIO

__all__ = ["MIB", "SPARSE_FROM", "Material", "NoRoom", "room_for"]

MIB = 1 << 20
SPARSE_FROM = MIB
"""Files from this size on are sparse: they take no room here, and differ in their beginning."""
SPARE = 1 << 30
DESCRIPTION = "Fichiers d'un banc d'essai."


class NoRoom(Exception):
    """A disk is too full for a work; the message says which, and how much is missing."""


def room_for(folder: Path, size: int) -> None:
    """See that `size` bytes fit on the disk of `folder`, and some more; raises `NoRoom`."""
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        missing = (size + SPARE - free) / MIB
        raise NoRoom(f"left out: {missing:,.0f} MiB are missing on the disk of {folder}")


@dataclass(frozen=True, slots=True)
class Material:
    """`files` files of `size` bytes each below `folder`, in `datasets` datasets, in order."""

    folder: Path
    files: int
    size: int
    datasets: int = 1
    changed: int = 0
    """Percent of the files that have another content than at first."""

    def numbers(self, dataset: int) -> range:
        """The files of a dataset."""
        first, end = (each * self.files // self.datasets for each in (dataset, dataset + 1))
        return range(first, end)

    def name(self, dataset: int, number: int) -> str:
        """A file's path from `folder`, with slashes; its key, too."""
        return f"d-{dataset:06}/f-{number:07}.csv"

    def path(self, dataset: int, number: int) -> Path:
        """Where a file is."""
        return self.folder / self.name(dataset, number)

    def title(self, dataset: int) -> str:
        """The title of a dataset, and its key."""
        return f"dataset-{dataset:06}"

    def file_title(self, number: int) -> str:
        """The title that a file shall have."""
        return f"Relevés {number:07}"

    def content(self, number: int) -> bytes:
        """What a file begins with; all of it, but for one so large that it is sparse."""
        begins = b"%d;" % number
        if number % 100 < self.changed:
            begins += b"changed;"
        return begins if self.size >= SPARSE_FROM else begins.ljust(self.size, b"x")

    def sha1(self, number: int) -> str:
        """The checksum of a file."""
        content = self.content(number)
        return _sha1(content, self.size - len(content))

    def all(self) -> Iterator[tuple[int, int]]:
        """Every file: dataset and number."""
        for dataset in range(self.datasets):
            for number in self.numbers(dataset):
                yield dataset, number

    def make(self) -> "Material":
        """Write all files; each dataset's are in a folder of its own."""
        for dataset in range(self.datasets):
            (self.folder / f"d-{dataset:06}").mkdir(parents=True, exist_ok=True)
            for number in self.numbers(dataset):
                with self.path(dataset, number).open("wb") as file:
                    file.write(self.content(number))
                    file.truncate(self.size)
                if self.size >= SPARSE_FROM:
                    _read_through(self.path(dataset, number))
        return self

    def payload(self, dataset: int, organization: str) -> dict[str, str]:
        """What a dataset is created with, over the API."""
        described = {"title": self.title(dataset), "description": DESCRIPTION}
        return {**described, "organization": organization}

    def with_changes(self, percent: int) -> "Material":
        """The same with so many of its files written anew, evenly spread."""
        changed = replace(self, changed=percent)
        for dataset, number in self.all():
            if changed.content(number) != self.content(number):
                self.path(dataset, number).write_bytes(changed.content(number))
        return changed

    def manifest(self, file: Path, organization: str) -> Path:
        """Write a manifest of all of it to `file`, which lies in `folder`; its path.

        The suffix says how it is spelled: .json, .jsonl, .yaml or .csv.
        """
        head = {"version": 1, "organization": organization}
        entries = map(self._entry, range(self.datasets))
        with file.open("w", newline="") as out:
            match file.suffix:
                case ".jsonl":
                    out.writelines(json.dumps(each) + "\n" for each in (head, *entries))
                case ".csv":
                    _write_rows(out, entries, organization)
                case ".yaml":
                    out.write(f"version: 1\norganization: {organization}\ndatasets:\n")
                    out.writelines(map(_in_yaml, entries))
                case _:
                    json.dump(head | {"datasets": list(entries)}, out)
        return file

    def _entry(self, dataset: int) -> dict[str, Any]:
        resources = [
            {"path": self.name(dataset, number), "title": self.file_title(number)}
            for number in self.numbers(dataset)
        ]
        described = {"key": self.title(dataset), "title": self.title(dataset)}
        return {**described, "description": DESCRIPTION, "resources": resources}


def _read_through(path: Path) -> None:
    """Read a file once: who is the first to do it pays for the system's making pages of it."""
    with path.open("rb") as file:
        while file.read(MIB):
            pass


def _in_yaml(entry: dict[str, Any]) -> str:
    """As a person writes it: one key a line."""
    lines = [f"- key: {entry['key']}", f"  title: {entry['title']}"]
    lines += [f"  description: {entry['description']}", "  resources:"]
    for resource in entry["resources"]:
        lines += [f"  - path: {resource['path']}", f"    title: {resource['title']}"]
    return "\n".join(lines) + "\n"


def _write_rows(out: TextIO, entries: Iterable[dict[str, Any]], organization: str) -> None:
    rows = csv.writer(out)
    rows.writerow(["dataset", "dataset_title", "description", "organization", "path", "title"])
    for entry in entries:
        described = [entry["title"], entry["description"], organization]
        for resource in entry["resources"]:
            rows.writerow([entry["key"], *described, resource["path"], resource["title"]])
            described = ["", "", ""]


@cache
def _zeros(number: int) -> bytes:
    return bytes(number)


@lru_cache(maxsize=1_000)  # those of large files take seconds, and are asked for again
def _sha1(begins: bytes, zeros: int) -> str:
    digest = hashlib.sha1(begins)
    block = 4 * MIB
    while zeros > 0:
        digest.update(_zeros(min(block, zeros)))
        zeros -= block
    return digest.hexdigest()
