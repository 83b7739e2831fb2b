"""What the publisher and other people may take it into their heads to do, drawn by chance."""

from random import Random

from tests.chaos.others import Others
from tests.chaos.site import FlakySite
from tests.chaos.wanted import (
    ADDRESSES,
    CONTENTS,
    LINKS,
    MOST_ENTRIES,
    NAMES,
    PAGES,
    TITLES,
    TYPES,
    Entry,
    Kind,
    Wanted,
    WantedDataset,
)

__all__ = ["NAMED_TITLE", "OtherWhims", "Whims"]

NAMED_TITLE = "By hand, and named"
"""The title of what is named by its id: once it no longer is, no entry passes for it."""


class Whims:
    """Changes to a manifest, its files and what it fetches; it begins with a dataset or two."""

    def __init__(self, wanted: Wanted, chance: Random, site: FlakySite | None = None) -> None:
        self.wanted = wanted
        self.chance = chance
        self.site = site
        for _ in range(chance.choice((1, 1, 2))):
            self.add_dataset()

    def add_dataset(self, id_: str | None = None) -> None:
        """A dataset with some entries; with an id, somebody's that is there."""
        prune = self.chance.choice((None, None, None, "ours"))
        personal = id_ is None and self.chance.random() < 0.2
        dataset = self.wanted.add_dataset(prune=prune, id_=id_, personal=personal)
        for _ in range(self.chance.randint(0, 4)):
            self._add(dataset)

    def change(self) -> None:
        """Change something, or several things, or nothing."""
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            dataset = self.chance.choice(self.wanted.datasets)
            change = self.chance.choice(
                (
                    *(self._add, self._add, self._modify, self._modify, self._modify_all),
                    *(self._remove, self._rename, self._describe, self._reorder, self._retitle),
                    *(self._add_link, self._relink, self._add_fetched, self._guard),
                    self._hand_over,
                )
            )
            change(dataset)
        if len(self.wanted.datasets) < 3 and self.chance.random() < 0.1:
            self.add_dataset()

    def modify(self) -> None:
        """One file becomes another, and the manifest stays."""
        self._modify(self.chance.choice(self.wanted.datasets))

    # --- entries ---------------------------------------------------------------------------

    def _add(self, dataset: WantedDataset) -> None:
        self._insert(dataset, NAMES, Kind.FILE)

    def _add_link(self, dataset: WantedDataset) -> None:
        self._insert(dataset, LINKS, Kind.LINK)

    def _add_fetched(self, dataset: WantedDataset) -> None:
        if self.site is not None:
            self._insert(dataset, PAGES, Kind.FETCHED)

    def _insert(self, dataset: WantedDataset, names: tuple[str, ...], kind: Kind) -> None:
        taken = {entry.path for entry in dataset.entries}
        free = [name for name in names if name not in taken]
        if not free or len(dataset.entries) >= MOST_ENTRIES:
            return
        entry = Entry(self.chance.choice(free), kind=kind)
        if kind is Kind.LINK:
            entry.link = self.chance.choice(ADDRESSES)
        self._describe_entry(entry)
        place = self.chance.randint(0, len(dataset.entries))
        self.wanted.add(dataset, entry, place, self._content(entry))

    def name_something(self, others: Others) -> None:
        """The manifest names by id what others made: a dataset of theirs, or a file in ours."""
        if (theirs := others.own_datasets()) and len(self.wanted.datasets) < 4:
            self.add_dataset(self.chance.choice(theirs).id)
            return
        for wanted in self.wanted.datasets:
            for dataset in others.datasets_of(wanted):
                for resource in others.theirs(dataset)[:1]:
                    self._name_existing(wanted, resource.id)

    def _name_existing(self, dataset: WantedDataset, resource_id: str) -> None:
        """An entry for what others put there, named by its id: described, or replaced."""
        kind = self.chance.choice((Kind.EXISTING, Kind.FILE))
        entry = Entry(f"by-id/{resource_id[:8]}.csv", kind=kind, id=resource_id)
        self._describe_entry(entry)
        self.wanted.add(dataset, entry, self.chance.randint(0, 6), self._content(entry))

    def _modify(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            self._modify_entry(dataset, self.chance.choice(dataset.entries))

    def _modify_all(self, dataset: WantedDataset) -> None:
        for entry in dataset.entries:
            self._modify_entry(dataset, entry)

    def _modify_entry(self, dataset: WantedDataset, entry: Entry) -> None:
        if entry.kind is Kind.FETCHED and self.site is not None:
            self.site.publish(entry.path, self._content(entry))
        self.wanted.write(dataset, entry, self._content(entry))

    def _remove(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            self.wanted.remove(dataset, self.chance.choice(dataset.entries))

    def _rename(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            entry = self.chance.choice(dataset.entries)
            self.wanted.rename(dataset, entry, self.chance.choice(NAMES))

    def _describe(self, dataset: WantedDataset) -> None:
        if dataset.entries:
            self._describe_entry(self.chance.choice(dataset.entries))

    def _describe_entry(self, entry: Entry) -> None:
        titles = (None, NAMED_TITLE) if entry.id else TITLES
        entry.title, entry.type = self.chance.choice(titles), self.chance.choice(TYPES)
        if self.chance.random() < 0.3:
            entry.extras = {"lot": self.chance.randint(1, 3)}

    def _relink(self, dataset: WantedDataset) -> None:
        links = [entry for entry in dataset.entries if entry.kind is Kind.LINK]
        if links:
            self.chance.choice(links).link = self.chance.choice(ADDRESSES)

    def _guard(self, dataset: WantedDataset) -> None:
        files = [entry for entry in dataset.entries if entry.kind is Kind.FILE]
        if files:
            entry = self.chance.choice(files)
            entry.guarded = not entry.guarded
            if self.chance.random() < 0.5:
                self.wanted.write(dataset, entry, b"")

    def _reorder(self, dataset: WantedDataset) -> None:
        self.chance.shuffle(dataset.entries)

    def _retitle(self, dataset: WantedDataset) -> None:
        dataset.title = f"{dataset.key} {self.chance.randint(1, 1000)}"

    def _hand_over(self, dataset: WantedDataset) -> None:
        dataset.hand_over()

    def _content(self, entry: Entry) -> bytes:
        if entry.id:  # no other entry's, or that entry could pass for it once it is not named
            return self.chance.randbytes(8)
        if self.chance.random() < 0.5:
            return self.chance.choice(CONTENTS)
        return self.chance.randbytes(self.chance.choice((3, 3, 40, 5_000)))


class OtherWhims:
    """What other people do at the portal."""

    def __init__(self, others: Others, chance: Random) -> None:
        self.others = others
        self.chance = chance

    def act_meanwhile(self) -> None:
        """Something that may happen while the publisher is at work."""
        others = self.others
        deeds = (self._upload, self._upload, self._edit, self._reorder, others.found_dataset)
        self.chance.choice(deeds)()

    def act(self) -> None:
        """Something that may happen between two runs, also to what the publisher published."""
        deeds = (
            *(self._upload, self._edit, self._reorder, self._edit_ours, self._edit_ours),
            *(self._delete_ours, self._edit_dataset, self._upload_first),
        )
        self.chance.choice(deeds)()

    def _upload(self) -> None:
        self.others.upload(self._pick())

    def _upload_first(self) -> None:
        self.others.upload_first(titled=self.chance.random() < 0.5)

    def _edit(self) -> None:
        self.others.edit(self.chance.randrange(3))

    def _edit_ours(self) -> None:
        self.others.edit_ours(self._pick(), self._pick(), self.chance.randrange(3))

    def _delete_ours(self) -> None:
        self.others.delete_ours(self._pick(), self._pick())

    def _reorder(self) -> None:
        self.others.reorder(self._pick(), [self.chance.random() for _ in range(20)])

    def _edit_dataset(self) -> None:
        self.others.edit_dataset(self._pick())

    def _pick(self) -> int:
        return self.chance.randrange(60)
