"""What really arrived: the portal's datasets held against the files that were to be published.

Looked up over the API after the measured command, by SHA-1, never by what the command says.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from material import Material

__all__ = ["Arrived", "arrived"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Files that are missing, those that are there more than once, right titles, right orders."""

    files: int
    lost: int
    doubled: int
    titled: int
    ordered: int
    datasets: int

    def fault(self, *, titles: bool, order: bool) -> str:
        """What is not as it should be, for a table cell; empty when all is well."""
        wrong = [f"{self.lost} LOST"] if self.lost else []
        wrong += [f"{self.doubled} DOUBLED"] if self.doubled else []
        if titles and self.titled != self.files:
            wrong.append(f"{self.titled} of {self.files} titled")
        if order and self.ordered != self.datasets:
            wrong.append(f"{self.ordered} of {self.datasets} in order")
        return ", ".join(wrong)


def arrived(found: Sequence[Any], material: Material) -> Arrived:
    """Compare the datasets of a portal, as its API tells them, with `material`."""
    by_title: dict[str, list[Any]] = {}
    for each in found:
        by_title.setdefault(each["title"], []).extend(each["resources"])
    lost = doubled = titled = ordered = 0
    for dataset in range(material.datasets):
        resources = by_title.pop(material.title(dataset), [])
        there = [resource["checksum"]["value"] for resource in resources]
        titles = {material.sha1(n): material.file_title(n) for n in material.numbers(dataset)}
        wanted = list(titles)
        lost += (Counter(wanted) - Counter(there)).total()
        doubled += (Counter(there) - Counter(wanted)).total()
        titled += sum(each["title"] == titles.get(each["checksum"]["value"]) for each in resources)
        ordered += there == wanted
    doubled += sum(map(len, by_title.values()))
    return Arrived(material.files, lost, doubled, titled, ordered, material.datasets)
