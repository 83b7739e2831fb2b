"""What really arrived: the portal's datasets held against the files that were to be published.

Looked up over the API after the measured command, by SHA-1, never by what the command says.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal import PAGE, Portal
from ways import Material

__all__ = ["Arrived", "arrived"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Files that are missing, those that are there more than once, right titles, right orders."""

    wanted: int
    lost: int
    doubled: int
    titled: int
    ordered: int
    datasets: int

    def sentence(self) -> str:
        """The same for a table cell."""
        found = [f"{self.lost} LOST"] if self.lost else []
        found += [f"{self.doubled} DOUBLED"] if self.doubled else []
        found = found or ["all, once"]
        found.append(f"{self.titled} titled")
        found.append(f"{self.ordered}/{self.datasets} in order")
        return ", ".join(found)


def arrived(portal: Portal, material: Material) -> Arrived:
    """Compare what is on `portal` with `material`."""
    remote = _datasets(portal)
    lost = doubled = titled = ordered = 0
    for number, files in enumerate(material.datasets):
        resources = [
            resource
            for dataset in remote
            if dataset["title"] == material.title(number)
            for resource in dataset["resources"]
        ]
        there = [resource["checksum"]["value"] for resource in resources]
        wanted = [_sha1(file) for file in files]
        lost += (Counter(wanted) - Counter(there)).total()
        doubled += (Counter(there) - Counter(wanted)).total()
        titles = {_sha1(file): material.file_title(file) for file in files}
        titled += sum(r["title"] == titles.get(r["checksum"]["value"]) for r in resources)
        ordered += there == wanted
    count = sum(map(len, material.datasets))
    return Arrived(count, lost, doubled, titled, ordered, len(material.datasets))


def _datasets(portal: Portal) -> list[Any]:
    query = f"/datasets/?organization={portal.organization}&page_size={PAGE}&page="
    answer = portal.call("GET", f"{query}1")
    found: list[Any] = answer["data"]
    page = 1
    while len(found) < answer["total"]:
        page += 1
        found += portal.call("GET", f"{query}{page}")["data"]
    return found


def _sha1(file: Path, _seen: dict[Path, str] = {}) -> str:  # noqa: B006 # a cache, on purpose
    if file not in _seen:
        with file.open("rb") as content:
            _seen[file] = hashlib.file_digest(content, "sha1").hexdigest()
    return _seen[file]
