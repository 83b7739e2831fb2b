"""The steps of the state machine that change what is wanted: the manifest, the files, the site.

What is drawn does not depend on what happened, so that a step can be left out of a story without
the others changing: numbers pick one of what there is, and where there is nothing to be done a
step does nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bulkpub.sandbox.records import Dataset, Resource
from tests.chaos.site import Style
from tests.chaos.stage import Stage, staged
from tests.chaos.strategies import contents, orders, picks, said
from tests.chaos.wanted import ADDRESSES, LINKS, NAMES, PAGES, Entry, Kind, WantedDataset
from tests.chaos.warp import IdleLoop
from tests.chaos.whims import NAMED_TITLE

__all__ = ["Changes", "nobody_elses"]

Said = dict[str, Any]
MOST_DATASETS = 3


class Changes(RuleBasedStateMachine):
    """A stage, and the steps that change what is wanted on it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=IdleLoop)
        self.told: list[str] = []
        self.closing = AsyncExitStack()
        self.stage: Stage = self.do(self.closing.enter_async_context(staged(self.told.append)))

    def teardown(self) -> None:
        """The portal closes, and the loop."""
        try:
            self.do(self.closing.aclose())
        finally:
            self.runner.close()

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Let it happen, in the loop in which portal and publisher live."""
        return self.runner.run(what)

    # --- the manifest ----------------------------------------------------------------------

    @initialize(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        contents=st.lists(contents, min_size=3, max_size=3),
        page=st.none() | st.sampled_from(PAGES),
        styles=st.permutations(list(Style)),
        guarded=st.booleans(),
    )
    def begin(
        self,
        *,
        names: list[str],
        contents: list[bytes],
        page: str | None,
        styles: list[Style],
        guarded: bool,
    ) -> None:
        """A dataset with some files."""
        dataset = self.stage.wanted.add_dataset()
        for name, content in zip(names, contents, strict=False):
            self.stage.wanted.add(dataset, Entry(name, guarded=guarded), 0, content)
        if page is not None:
            self.stage.wanted.add(dataset, Entry(page, kind=Kind.FETCHED), 0)
        for name, style in zip(PAGES, styles, strict=False):
            self.stage.site.page(name).style = style

    @rule(prune=st.sampled_from((None, "ours")), personal=st.booleans())
    def add_dataset(self, prune: str | None, *, personal: bool) -> None:
        """A dataset without files, the account's own or the organization's."""
        if len(self.stage.wanted.datasets) < MOST_DATASETS:
            add = self.stage.wanted.add_dataset
            self._change(partial(add, prune=prune, personal=personal))

    @rule(where=picks)
    def hand_over(self, where: int) -> None:
        """A dataset becomes the organization's."""
        self._change(self.dataset(where).hand_over)

    @rule(which=picks)
    def name_dataset(self, which: int) -> None:
        """The manifest names somebody's dataset by its id."""
        theirs = self.stage.others.own_datasets()
        if theirs and len(self.stage.wanted.datasets) < MOST_DATASETS:
            id_ = theirs[which % len(theirs)].id
            self._change(partial(self.stage.wanted.add_dataset, id_=id_))

    @rule(where=picks, name=st.sampled_from(NAMES), place=picks, content=contents, said=said)
    def add_file(self, where: int, name: str, place: int, content: bytes, said: Said) -> None:
        """A file more."""
        self._add(where, Entry(name, **said), place, content)

    @rule(
        where=picks,
        key=st.sampled_from(LINKS),
        place=picks,
        link=st.sampled_from(ADDRESSES),
        said=said,
    )
    def add_link(self, where: int, key: str, place: int, link: str, said: Said) -> None:
        """A link more."""
        self._add(where, Entry(key, kind=Kind.LINK, link=link, **said), place)

    @rule(where=picks, page=st.sampled_from(PAGES), place=picks, said=said)
    def add_fetched(self, where: int, page: str, place: int, said: Said) -> None:
        """A file more that is fetched from elsewhere."""
        self._add(where, Entry(page, kind=Kind.FETCHED, **said), place)

    @rule(where=picks, which=picks, content=st.none() | contents, titled=st.booleans())
    def name_resource(self, where: int, which: int, content: bytes | None, *, titled: bool) -> None:
        """The manifest names by its id what others put there: to describe it, or to replace it."""
        wanted = self.dataset(where)
        there = [r for d in self.stage.others.datasets_of(wanted) for r in self._theirs(d)]
        if there:
            resource = there[which % len(there)]
            kind = Kind.EXISTING if content is None else Kind.FILE
            title = NAMED_TITLE if titled else None
            entry = Entry(f"by-id/{resource.id[:8]}.csv", title, kind=kind, id=resource.id)
            self._add(where, entry, which, nobody_elses(content or b""))

    @rule(where=picks, which=picks, content=contents)
    def modify(self, where: int, which: int, content: bytes) -> None:
        """A file has another content, here or elsewhere."""
        self._change(partial(self._modify, where, which, content))

    @rule(where=picks, which=picks)
    def remove(self, where: int, which: int) -> None:
        """An entry goes."""
        self._change_entry(where, which, self.stage.wanted.remove)

    @rule(where=picks, which=picks, name=st.sampled_from(NAMES))
    def rename(self, where: int, which: int, name: str) -> None:
        """A file moves."""
        self._change_entry(where, which, lambda d, e: self.stage.wanted.rename(d, e, name))

    @rule(where=picks, which=picks, said=said)
    def describe(self, where: int, which: int, said: Said) -> None:
        """The manifest says something else of an entry."""

        def change(_: WantedDataset, entry: Entry) -> None:
            entry.title, entry.type = said["title"], said["type"]
            entry.extras = said.get("extras", entry.extras)
            if entry.id and entry.title:
                entry.title = NAMED_TITLE

        self._change_entry(where, which, change)

    @rule(where=picks, which=picks, link=st.sampled_from(ADDRESSES))
    def relink(self, where: int, which: int, link: str) -> None:
        """A link leads elsewhere."""

        def change(_: WantedDataset, entry: Entry) -> None:
            entry.link = link if entry.kind is Kind.LINK else ""

        self._change_entry(where, which, change)

    @rule(where=picks, which=picks, empty=st.booleans())
    def guard(self, where: int, which: int, *, empty: bool) -> None:
        """A file is guarded, and comes out empty; or it is guarded no longer."""

        def change(dataset: WantedDataset, entry: Entry) -> None:
            entry.guarded = entry.kind is Kind.FILE and (empty or not entry.guarded)
            if empty:
                self.stage.wanted.write(dataset, entry, b"")

        self._change_entry(where, which, change)

    @rule(where=picks, order=orders)
    def reorder(self, where: int, order: list[int]) -> None:
        """The entries in another order."""
        self._change(lambda: self.stage.wanted.reorder(self.dataset(where), order))

    @rule(where=picks, number=st.integers(1, 99))
    def retitle(self, where: int, number: int) -> None:
        """A dataset has another title."""
        dataset = self.dataset(where)
        self._change(partial(setattr, dataset, "title", f"{dataset.key} {number}"))

    @rule(page=st.sampled_from(PAGES), content=contents)
    def change_page(self, page: str, content: bytes) -> None:
        """What is fetched from elsewhere changes there."""
        self.change_site(page, content)

    @rule(page=st.sampled_from(PAGES))
    def lose_page(self, page: str) -> None:
        """What is fetched from elsewhere is gone there."""
        self._change(self.stage.site.page(page).vanish)

    # --- means -----------------------------------------------------------------------------

    def _change(self, change: Callable[[], object]) -> None:
        self.stage.change(change)

    def _add(self, where: int, entry: Entry, place: int, content: bytes = b"") -> None:
        wanted = self.stage.wanted
        self._change(lambda: wanted.add(self.dataset(where), entry, place, content))

    def _change_entry(
        self, where: int, which: int, change: Callable[[WantedDataset, Entry], None]
    ) -> None:
        dataset = self.dataset(where)
        if dataset.entries:
            entry = dataset.entries[which % len(dataset.entries)]
            self._change(partial(change, dataset, entry))

    def change_site(self, page: str, content: bytes) -> None:
        """Something else is there to be fetched."""
        self._change(partial(self.stage.site.publish, page, content))

    def freshen(self, fresh: list[bytes]) -> None:
        """The first files become these."""
        wanted = self.stage.wanted
        files = [(d, e) for d in wanted.datasets for e in d.entries if e.kind is Kind.FILE]
        for (dataset, entry), content in zip(files, fresh, strict=False):
            self._change(partial(wanted.write, dataset, entry, self.content(entry, content)))

    def _modify(self, where: int, which: int, content: bytes) -> None:
        dataset = self.dataset(where)
        if dataset.entries:
            entry = dataset.entries[which % len(dataset.entries)]
            if entry.kind is Kind.FETCHED:
                self.stage.site.publish(entry.path, content)
            self.stage.wanted.write(dataset, entry, self.content(entry, content))

    @staticmethod
    def content(entry: Entry, content: bytes) -> bytes:
        """What an entry may have for content."""
        return nobody_elses(content) if entry.id else content

    def dataset(self, where: int) -> WantedDataset:
        """One of those of the manifest."""
        there = self.stage.wanted.datasets
        return there[where % len(there)]

    def _theirs(self, dataset: Dataset) -> list[Resource]:
        return self.stage.others.theirs(dataset)


def nobody_elses(content: bytes) -> bytes:
    """Content that no other entry has."""
    return b"named by its id: " + content
