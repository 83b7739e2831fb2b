"""All datasets that are wanted, and those found on the portal: any number of them in little memory.

What has to be known of all of them at once (names, owners, counts) is an `Entry` each; the rest
lies in an `Overflow` and is read one dataset at a time. What a dataset says of itself lies apart
from its resources, of which there may be many and which most questions do not need.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from sys import intern
from typing import Any, Generic, TypeVar

from bulkpub.core.addresses import has_pattern
from bulkpub.core.match import Conflict
from bulkpub.core.match_datasets import Face, face_of
from bulkpub.core.model import (
    DatasetSpec,
    RemoteDataset,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.core.rules import Rules
from bulkpub.pipeline.words import Words
from bulkpub.state.overflow import Pairs

__all__ = ["Datasets", "Entry", "Index", "is_permalink"]

Dataset = TypeVar("Dataset", DatasetSpec, RemoteDataset)


_SILENT: Mapping[tuple[bool, bool], tuple[str, ...]] = {
    (False, False): (),
    (True, False): ("license",),
    (False, True): ("frequency",),
    (True, True): ("license", "frequency"),
}
"""The names of what is silent: licence, frequency. A tuple for all datasets, not one for each."""


class Datasets(Generic[Dataset]):
    """Whole datasets by name, wanted or on the portal."""

    def __init__(self, folder: Path | None) -> None:
        self._before = ""
        self._there: Pairs[Dataset, tuple[Any, ...]] = Pairs(folder)

    def apart(self, whose: str) -> "Datasets[Dataset]":
        """Others in the same room, under names of their own."""
        others = copy(self)
        others._before = f"{whose}\n"  # noqa: SLF001 - of this class
        return others

    def put(self, name: str, dataset: Dataset) -> None:
        """Keep `dataset` under `name`."""
        pair = replace(dataset, resources=()), dataset.resources
        self._there.put(self._before + name, pair, weight=len(dataset.resources) + 1)

    def head(self, name: str) -> Dataset:
        """The dataset without its resources."""
        return self._there.first(self._before + name)

    def __getitem__(self, name: str) -> Dataset:
        """The whole dataset."""
        head, resources = self._there[self._before + name]
        return replace(head, resources=resources)

    def close(self) -> None:
        """Let go of them all."""
        self._there.close()


@dataclass(slots=True)
class Entry:
    """What has to be known of a dataset that is wanted, while all of them have to be known.

    `files` are its resources, as many as are not left out.
    `owner` is whose it shall be, `found` the id of the portal's dataset that it is, or why that
    cannot be told, None: it is new. `has_area`, `has_shape`, `has_zone_names`, `has_contacts` (by
    id), `has_named` (contacts by name), `has_patterns`, `has_permalinks`: whether its spec says
    something of the kind. `silent` are the fields that a new dataset should have and of which it
    says nothing.
    """

    face: Face
    organization: str | None
    personal: bool
    community: bool
    files: int
    files_left_out: int
    has_area: bool
    has_shape: bool
    has_zone_names: bool
    has_contacts: bool
    has_named: bool
    has_patterns: bool
    has_permalinks: bool
    silent: tuple[str, ...] = ()
    owner: Owner = UNSAID
    found: str | Conflict | None = None

    @property
    def key(self) -> str:
        """Its key in the manifest."""
        return str(self.face.key)


class Index:
    """The datasets that are wanted, in the manifest's order; those `left_out` a run is not about.

    `words` are those of all of them that only the portal can judge; `rules` are those of the kind
    of portals by which they were read.
    """

    def __init__(self, rules: Rules, folder: Path | None = None) -> None:
        self.entries: dict[str, Entry] = {}
        self.left_out: dict[str, Entry] = {}
        self.words = Words(rules)
        self._specs: Datasets[DatasetSpec] = Datasets(folder)

    def put(self, spec: DatasetSpec) -> str:
        """Add a dataset, or put another in the place of the one with its key; that key."""
        self.words.add(spec)
        face, key, area = face_of(spec), intern(spec.key), spec.metadata.spatial
        self.entries[key] = Entry(
            replace(face, key=key, title=face.title and intern(face.title)),
            spec.organization and intern(spec.organization),
            spec.personal,
            spec.community,
            len(spec.resources) - len(spec.left_out),
            len(spec.left_out),
            has_area=area is not None,
            has_shape=area is not None and area.shape is not None,
            has_zone_names=area is not None and bool(area.named),
            has_contacts=bool(spec.metadata.contact_points),
            has_named=bool(spec.contacts),
            has_patterns=any(map(_stands_for_many, spec.resources)),
            has_permalinks=any(map(is_permalink, spec.resources)),
            silent=_SILENT[spec.metadata.license is None, spec.metadata.frequency is None],
        )
        self._specs.put(key, spec)
        return key

    def know_tags(self, rules: Rules) -> None:
        """Put the tags of releases as the portal has them, where datasets are releases there."""
        for key, entry in self.entries.items():
            tag = rules.tag_of(entry.face.release_tag, key)
            if tag != entry.face.release_tag:
                entry.face = replace(entry.face, release_tag=tag)

    def drop(self, key: str) -> None:
        """The dataset is not wanted after all."""
        self.entries.pop(key, None)

    def leave_out(self, key: str) -> None:
        """The run is not about the dataset, which counts as named all the same."""
        self.left_out[key] = self.entries.pop(key)

    def head(self, key: str) -> DatasetSpec:
        """The dataset without its resources."""
        return self._specs.head(key)

    def spec(self, key: str) -> DatasetSpec:
        """The whole dataset."""
        return self._specs[key]

    def specs(self) -> Iterator[DatasetSpec]:
        """All of them, one at a time."""
        return (self._specs[key] for key in list(self.entries))

    def close(self) -> None:
        """Let go of the datasets; their entries stay."""
        self._specs.close()


def is_permalink(entry: ResourceSpec) -> bool:
    """Whether a resource is named by the address that leads to it, in place of its id."""
    return entry.id is not None and "://" in entry.id


def _stands_for_many(entry: ResourceSpec) -> bool:
    return isinstance(entry.source, UrlSource) and has_pattern(entry.source.url)
