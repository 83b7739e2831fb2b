"""The state of an embedded portal: every dataset, who moved where, and how it survives a restart.

Rule: the records are changed only between two awaits, so no reader ever sees half a change;
the indexes (slug, resource id) change together with them, here and nowhere else. On disk the
state is one JSON file, replaced atomically; nothing is fsynced, this is not a database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from bulkpub.sandbox.slugs import free_slug

__all__ = ["State"]


@dataclass(slots=True)
class State:
    """What is published, and the ways to find it."""

    datasets: dict[str, Dataset] = field(default_factory=dict)
    community: dict[str, Resource] = field(default_factory=dict)
    contacts: dict[str, ContactPoint] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Slugs datasets once had, and the slug they have now."""
    changes: int = 0
    """How often anything changed; tells whether the file on disk is up to date."""
    _slugs: dict[str, str] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)

    # --- datasets ------------------------------------------------------------------------

    def by_slug(self, slug: str) -> Dataset | None:
        """The dataset that has this slug now."""
        found = self._slugs.get(slug)
        return self.datasets[found] if found is not None else None

    def add(self, dataset: Dataset) -> None:
        """Take in a new dataset and give it a slug of its own."""
        self.datasets[dataset.id] = dataset
        self._take_slug(dataset)
        self.changes += 1

    def rename(self, dataset: Dataset, title: str) -> None:
        """Give a dataset another title, and the slug that goes with it."""
        if title == dataset.title:
            return
        dataset.title = title
        old = dataset.slug
        self._slugs.pop(old, None)
        self._take_slug(dataset)
        if dataset.slug != old:
            for former, present in self.moved.items():
                if present == old:
                    self.moved[former] = dataset.slug
            self.moved[old] = dataset.slug
        self.changes += 1

    def _take_slug(self, dataset: Dataset) -> None:
        dataset.slug = free_slug(dataset.title, self._slugs)
        self._slugs[dataset.slug] = dataset.id
        self.moved.pop(dataset.slug, None)

    # --- resources -----------------------------------------------------------------------

    def prepend(self, dataset: Dataset, resource: Resource, now: str) -> None:
        """Put a new resource before the others, as udata does."""
        dataset.resources.insert(0, resource)
        self._homes[resource.id] = dataset.id
        dataset.resource_changed(now)
        self.changes += 1

    def remove(self, dataset: Dataset, resource: Resource, now: str) -> None:
        """Take a resource out of its dataset."""
        dataset.resources.remove(resource)
        self._homes.pop(resource.id, None)
        dataset.touch(now)
        self.changes += 1

    def replace_resources(self, dataset: Dataset, resources: Iterable[Resource]) -> None:
        """Give a dataset these resources, in this order, instead of those it had."""
        for resource in dataset.resources:
            self._homes.pop(resource.id, None)
        dataset.resources = list(resources)
        for resource in dataset.resources:
            self._homes[resource.id] = dataset.id
        self.changes += 1

    def anywhere(self, resource_id: str) -> tuple[Dataset | None, Resource | None]:
        """The resource with this id, of a dataset or of the community, and its dataset."""
        home = self._homes.get(resource_id)
        if home is not None:
            return self.datasets[home], self.datasets[home].resource(resource_id)
        shared = self.community.get(resource_id)
        if shared is None:
            return None, None
        return self.datasets.get(shared.dataset or ""), shared

    def community_of(self, dataset: Dataset) -> Iterator[Resource]:
        """The community resources of a dataset, newest first."""
        return (each for each in self.newest_community() if each.dataset == dataset.id)

    def newest_community(self) -> Iterator[Resource]:
        """All community resources, newest first."""
        return reversed(self.community.values())

    # --- on disk -------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write everything to `path`, all or nothing."""
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(
            orjson.dumps(
                {
                    "datasets": list(self.datasets.values()),
                    "community": list(self.community.values()),
                    "contacts": list(self.contacts.values()),
                    "moved": self.moved,
                }
            )
        )
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "State":
        """Read what `save` wrote; a missing file is an empty portal."""
        state = cls()
        if not path.exists():
            return state
        kept: dict[str, Any] = orjson.loads(path.read_bytes())
        for fields in kept["datasets"]:
            resources = [Resource(**each) for each in fields.pop("resources")]
            dataset = Dataset(**fields)
            state.datasets[dataset.id] = dataset
            state._slugs[dataset.slug] = dataset.id
            state.replace_resources(dataset, resources)
        state.community = {each["id"]: Resource(**each) for each in kept["community"]}
        state.contacts = {each["id"]: ContactPoint(**each) for each in kept["contacts"]}
        state.moved = kept["moved"]
        state.changes = 0
        return state
