"""Other people at the same portal: they upload, rename, describe, reorder and delete by hand.

What they upload has names, titles and contents of its own, so that nobody could mistake it for
the publisher's; the one exception is a file put there by hand before the publisher came to it.
"""

import hashlib
from pathlib import Path
from random import Random
from uuid import uuid4

from bulkpub.core.names import file_slug
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.routes.uploads import Stored
from tests.chaos.judge import Known
from tests.chaos.seen import KEY, look
from tests.chaos.wanted import Wanted
from tests.chaos.warp import clock

__all__ = ["Others"]


class Others:
    """They write straight to the sandbox's state, between two requests of the publisher."""

    def __init__(self, sandbox: Sandbox, wanted: Wanted, known: Known, chance: Random) -> None:
        self.sandbox = sandbox
        self.wanted = wanted
        self.known = known
        self.chance = chance
        self.count = 0
        self.found_dataset()

    def act_meanwhile(self) -> None:
        """Something that may happen while the publisher is at work."""
        deeds = (self._upload, self._upload, self._edit_foreign, self._reorder, self.found_dataset)
        self.chance.choice(deeds)()

    def act(self) -> None:
        """Something that may happen between two runs, also to what the publisher published."""
        deeds = (
            *(self._upload, self._edit_foreign, self._reorder, self._edit_ours, self._edit_ours),
            *(self._delete_ours, self._edit_dataset, self._upload_first),
        )
        self.chance.choice(deeds)()

    # --- deeds -----------------------------------------------------------------------------

    def found_dataset(self) -> None:
        """Somebody makes a dataset in the same organization."""
        self.count += 1
        now = clock().isoformat(timespec="microseconds")
        organization = self.sandbox.info["organization"]["id"]
        dataset = Dataset(
            id=f"{self.count:024x}",
            title=f"Other {self.count}",
            slug="",
            created_at=now,
            last_modified=now,
            last_update=now,
            description="By hand.",
            organization=organization,
        )
        self.sandbox.state.add(dataset)
        self.known.note(look(self.sandbox), dataset.id)

    def _upload(self) -> None:
        if dataset := self._some_dataset():
            self.count += 1
            name = f"by-hand-{self.count}.csv"
            self._put(dataset, name, f"By hand {self.count}", f"by hand {self.count}".encode())

    def _upload_first(self) -> None:
        """A file the publisher wants and has not published, whose name nobody else has."""
        for wanted in self.wanted.datasets:
            dataset = self._published(wanted.key)
            if dataset is None:
                continue
            there = {each.extras.get(KEY) for each in dataset.resources}
            names = [file_slug(entry.name) for entry in wanted.entries]
            contents = [self.wanted.content(wanted, entry) for entry in wanted.entries]
            hashes = {each.checksum["value"] for each in dataset.resources if each.checksum}
            for entry, name, content in zip(wanted.entries, names, contents, strict=True):
                is_alone = names.count(name) == contents.count(content) == 1
                sha1 = hashlib.sha1(content).hexdigest()
                taken = sha1 in hashes or any(r.url.endswith(f"/{name}") for r in dataset.resources)
                if entry.path not in there and is_alone and not taken:
                    self.count += 1
                    self._put(dataset, name, self.chance.choice((name, "Put first")), content)
                    return

    def _edit_foreign(self) -> None:
        for dataset in self._datasets():
            for resource in dataset.resources:
                if KEY not in resource.extras and resource.title.startswith("By hand"):
                    self._edit(dataset, resource, title=True)
                    return

    def _edit_ours(self) -> None:
        dataset = self._some_dataset()
        ours = [each for each in dataset.resources if KEY in each.extras] if dataset else []
        if dataset is None or not ours:
            return
        resource = self.chance.choice(ours)
        key = resource.extras[KEY]
        entries = [e for w in self.wanted.datasets for e in w.entries if e.path == key]
        silent = all(entry.title is None for entry in entries)
        self._edit(dataset, resource, title=silent)

    def _edit(self, dataset: Dataset, resource: Resource, *, title: bool) -> None:
        self.count += 1
        match self.chance.randrange(3):
            case 0 if title:
                resource.title = f"By hand {self.count}"
            case 1:
                resource.description = f"Described by hand {self.count}"
            case _:
                resource.extras = {**resource.extras, "note": self.count}
        self._note(dataset, resource.id)

    def _delete_ours(self) -> None:
        dataset = self._some_dataset()
        ours = [each for each in dataset.resources if KEY in each.extras] if dataset else []
        if dataset is not None and ours:
            resource = self.chance.choice(ours)
            self.sandbox.state.remove(dataset, resource, clock().isoformat())
            self._note(dataset, resource.id)

    def _reorder(self) -> None:
        if dataset := self._some_dataset():
            self.chance.shuffle(dataset.resources)
            self.known.reordered.add(dataset.id)
            self._note(dataset)

    def _edit_dataset(self) -> None:
        if dataset := self._some_dataset():
            self.count += 1
            dataset.tags = [f"tag-{self.count}"]
            dataset.extras = {**dataset.extras, "note": self.count}
            self._note(dataset)

    # --- means -----------------------------------------------------------------------------

    def _datasets(self) -> list[Dataset]:
        return list(self.sandbox.state.datasets.values())

    def _published(self, key: str) -> Dataset | None:
        return next((d for d in self._datasets() if d.extras.get(KEY) == key), None)

    def _some_dataset(self) -> Dataset | None:
        ours = [each for each in self._datasets() if KEY in each.extras]
        return self.chance.choice(ours) if ours else None

    def _put(self, dataset: Dataset, name: str, title: str, content: bytes) -> None:
        now = clock().isoformat(timespec="microseconds")
        path = f"{dataset.slug}/by-hand-{self.count}/{name}"
        file = Path(self.sandbox.info["data_dir"]) / "resources" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        # ids by our own chance, so that a history is the same each time
        resource = Resource(
            id=str(uuid4()), title="", created_at=now, last_modified=now, type="main"
        )
        Stored(path, len(content), hashlib.sha1(content).hexdigest()).describe(resource, now)
        resource.title = title
        self.sandbox.state.prepend(dataset, resource, now)
        self._note(dataset, resource.id)

    def _note(self, dataset: Dataset, *touched: str) -> None:
        self.known.note(look(self.sandbox), dataset.id, *touched)
