"""Other people at the same portal: they upload, rename, describe, reorder and delete by hand.

What they upload has names, titles and contents of its own, so that nobody could mistake it for
the publisher's; the one exception is a file put there by hand before the publisher came to it.
They write straight to the sandbox's state, between two requests of the publisher. Numbers called
`which` and the like pick one of several, and are taken modulo how many there are.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from bulkpub.portals.udata.names import file_slug
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.routes.uploads import Stored
from tests.chaos.judge import Known
from tests.chaos.seen import KEY, look
from tests.chaos.wanted import Kind, Wanted, WantedDataset
from tests.chaos.warp import clock

__all__ = ["Others"]

BY_HAND = "By hand"


class Others:
    """They begin with a dataset of their own."""

    def __init__(self, sandbox: Sandbox, wanted: Wanted, known: Known) -> None:
        self.sandbox = sandbox
        self.wanted = wanted
        self.known = known
        self.count = 0
        self.found_dataset()

    # --- at any time -----------------------------------------------------------------------

    def found_dataset(self) -> None:
        """Somebody makes a dataset in the same organization."""
        self.count += 1
        now = clock().isoformat(timespec="microseconds")
        dataset = Dataset(
            id=f"{self.count:024x}",
            title=f"Other {self.count}",
            slug="",
            created_at=now,
            last_modified=now,
            last_update=now,
            description="By hand.",
            organization=self.sandbox.info["organization"]["id"],
        )
        self.sandbox.state.add(dataset)
        self._note(dataset)

    def upload(self, which: int) -> None:
        """A file of their own, into one of the publisher's datasets."""
        if dataset := self._one_of_ours(which):
            self.count += 1
            name = f"by-hand-{self.count}.csv"
            self._put(dataset, name, f"By hand {self.count}", f"by hand {self.count}".encode())

    def edit(self, what: int) -> None:
        """They change what is theirs, and in no manifest."""
        for dataset in self._datasets():
            for resource in self.theirs(dataset):
                self._edit(dataset, resource, what)
                return

    def reorder(self, which: int, order: Sequence[float]) -> None:
        """The resources of one of the publisher's datasets, by the numbers that stand for them."""
        if dataset := self._one_of_ours(which):
            numbered = list(zip(order, dataset.resources, strict=False))
            rest = dataset.resources[len(numbered) :]
            numbered.sort(key=lambda pair: pair[0])
            dataset.resources[:] = [resource for _, resource in numbered] + rest
            self.known.reordered.add(dataset.id)
            self._note(dataset)

    # --- between two runs ------------------------------------------------------------------

    def upload_first(self, *, titled: bool) -> None:
        """A file the publisher wants and has not published, whose name nobody else has."""
        for wanted in self.wanted.datasets:
            for dataset in self.datasets_of(wanted)[:1]:
                if found := self._unpublished(wanted, dataset):
                    name, content = found
                    self.count += 1
                    self._put(dataset, name, "Put first" if titled else name, content)
                    return

    def _unpublished(self, wanted: WantedDataset, dataset: Dataset) -> tuple[str, bytes] | None:
        there = {each.extras.get(KEY) for each in dataset.resources}
        hashes = {each.checksum["value"] for each in dataset.resources if each.checksum}
        files = [entry for entry in wanted.entries if entry.kind is Kind.FILE]
        names = [file_slug(entry.name) for entry in wanted.entries]
        contents = [self.wanted.content(wanted, entry) for entry in wanted.entries]
        for entry in files:
            name, content = file_slug(entry.name), self.wanted.content(wanted, entry)
            assert content is not None
            is_alone = names.count(name) == contents.count(content) == 1
            sha1 = hashlib.sha1(content).hexdigest()
            taken = sha1 in hashes or any(r.url.endswith(f"/{name}") for r in dataset.resources)
            if entry.path not in there and not entry.id and is_alone and not taken:
                return name, content
        return None

    def edit_ours(self, which: int, resource: int, what: int) -> None:
        """Somebody changes what the publisher published, where the manifest is silent."""
        dataset = self._one_of_ours(which)
        ours = self._published(dataset) if dataset else []
        if dataset is None or not ours:
            return
        chosen = ours[resource % len(ours)]
        entries = [e for w in self.wanted.datasets for e in w.entries if e.path == _key(chosen)]
        silent = all(entry.title is None for entry in entries)
        self._edit(dataset, chosen, what if silent else max(what % 3, 1))

    def delete_ours(self, which: int, resource: int) -> None:
        """Somebody deletes what the publisher published."""
        dataset = self._one_of_ours(which)
        ours = self._published(dataset) if dataset else []
        if dataset is not None and ours:
            self.delete(dataset, ours[resource % len(ours)])

    def delete(self, dataset: Dataset, resource: Resource) -> None:
        """Somebody deletes this one."""
        self.sandbox.state.remove(dataset, resource, clock().isoformat())
        self._note(dataset, resource.id)

    def delete_dataset(self, dataset: Dataset) -> None:
        """Somebody deletes a whole dataset."""
        dataset.deleted = clock().isoformat(timespec="microseconds")
        self.known.datasets.pop(dataset.id, None)

    def edit_dataset(self, which: int) -> None:
        """Somebody gives one of the publisher's datasets a tag and an extra."""
        if dataset := self._one_of_ours(which):
            self.count += 1
            dataset.tags = [f"tag-{self.count}"]
            dataset.extras = {**dataset.extras, "note": self.count}
            self._note(dataset)

    # --- what there is ---------------------------------------------------------------------

    def theirs(self, dataset: Dataset) -> list[Resource]:
        """What they put into a dataset, but for what the manifest names by id."""
        ids = {entry.id for wanted in self.wanted.datasets for entry in wanted.entries}
        by_hand = (each for each in dataset.resources if each.title.startswith(BY_HAND))
        return [each for each in by_hand if KEY not in each.extras and each.id not in ids]

    def own_datasets(self) -> list[Dataset]:
        """The datasets that no manifest named so far."""
        return [d for d in self._datasets() if KEY not in d.extras and not self._wanted(d)]

    def datasets_of(self, wanted: WantedDataset) -> list[Dataset]:
        """What the portal has of a dataset of the manifest: one, or none, or too many."""
        there = self._datasets()
        return [d for d in there if wanted.is_dataset(d.id, d.extras.get(KEY))]

    def is_mere_upload(self, resource: Resource) -> bool:
        """Whether nobody has said anything of it since it was uploaded."""
        return KEY not in resource.extras and resource.url.endswith(f"/{resource.title}")

    def _datasets(self) -> list[Dataset]:
        return [each for each in self.sandbox.state.datasets.values() if not each.deleted]

    def _wanted(self, dataset: Dataset) -> bool:
        key = dataset.extras.get(KEY)
        return any(wanted.is_dataset(dataset.id, key) for wanted in self.wanted.datasets)

    def _one_of_ours(self, which: int) -> Dataset | None:
        ours = [each for each in self._datasets() if self._wanted(each)]
        return ours[which % len(ours)] if ours else None

    def _published(self, dataset: Dataset) -> list[Resource]:
        return [each for each in dataset.resources if KEY in each.extras]

    # --- means -----------------------------------------------------------------------------

    def _edit(self, dataset: Dataset, resource: Resource, what: int) -> None:
        self.count += 1
        match what % 3:
            case 0:
                resource.title = f"By hand {self.count}"
            case 1:
                resource.description = f"Described by hand {self.count}"
            case _:
                resource.extras = {**resource.extras, "note": self.count}
        self._note(dataset, resource.id)

    def _put(self, dataset: Dataset, name: str, title: str, content: bytes) -> None:
        now = clock().isoformat(timespec="microseconds")
        path = f"{dataset.slug}/by-hand-{self.count}/{name}"
        file = Path(self.sandbox.info["data_dir"]) / "resources" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        resource = Resource(
            id=str(uuid4()), title="", created_at=now, last_modified=now, type="main"
        )
        Stored(path, len(content), hashlib.sha1(content).hexdigest()).describe(resource, now)
        resource.title = title
        self.sandbox.state.prepend(dataset, resource, now)
        self._note(dataset, resource.id)

    def _note(self, dataset: Dataset, *touched: str) -> None:
        self.known.note(look(self.sandbox), dataset.id, *touched)


def _key(resource: Resource) -> str | None:
    key = resource.extras.get(KEY)
    return key if isinstance(key, str) else None
