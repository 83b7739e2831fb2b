"""A portal in memory with the ways of udata, and a publisher that may lose answers and memory.

`PortalModel` is what the portal does to one dataset, `Publisher` what the pipeline does with the
pure core, with every answer at the mercy of the test. Both are handed out by fixtures;
Hypothesis draws the scenarios.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count

import pytest
from hypothesis import strategies as st

from bulkpub.core.actions import (
    Create,
    CreateDataset,
    Fetch,
    LeaveOut,
    ListItem,
    Plan,
    Refuse,
    Replace,
    UpdateDataset,
)
from bulkpub.core.diff import changed_fields
from bulkpub.core.finish import finishing
from bulkpub.core.match import hashes_needed
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Fingerprint,
    LinkSource,
    Prune,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.core.plan import plan
from bulkpub.portals.udata import RULES
from bulkpub.portals.udata.names import file_slug, upload_name


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


class Fate(Enum):
    """What becomes of a write."""

    ANSWERED = "done, and the answer arrives"
    UNHEARD = "done, but the answer is lost"
    LOST = "never arrived"


class PortalModel:
    """One dataset on a portal; what it does to resources is what udata does."""

    def __init__(self, dataset: RemoteDataset | None = None) -> None:
        self.dataset = dataset
        self._numbers: Iterator[int] = count(1)

    @property
    def resources(self) -> tuple[RemoteResource, ...]:
        return self.dataset.resources if self.dataset else ()

    def write_dataset(self, todo: Plan) -> None:
        match todo.dataset:
            case CreateDataset(metadata=metadata):
                self.dataset = RemoteDataset("dataset", metadata)
            case UpdateDataset(remote=remote, changes=changes):
                fresh = {name: getattr(changes, name) for name in changed_fields(changes)}
                self._set(metadata=replace(remote.metadata, **fresh))

    def upload(self, name: str, content: bytes, onto: str | None = None) -> RemoteResource:
        number, stored = next(self._numbers), file_slug(name)
        new = RemoteResource(
            id=f"new{number}", metadata=ResourceMetadata(title=stored, type="main", extras={})
        )
        old = next((r for r in self.resources if r.id == onto), None)
        assert (old is None) == (onto is None), "an upload onto a resource that is not there"
        base = old or new
        result = replace(
            base,
            metadata=replace(base.metadata, title=stored),
            url=f"https://portal.example/s/20260101-{number:06}/{stored}",
            size=len(content),
            digest=sha1(content),
            uploaded=not base.hosted,
        )
        rest = tuple(result if r.id == onto else r for r in self.resources)
        self._set(resources=rest if old else (result, *rest))
        return result

    def create_link(self, url: str, metadata: ResourceMetadata) -> RemoteResource:
        result = RemoteResource(f"new{next(self._numbers)}", metadata, hosted=False, url=url)
        self._set(resources=(result, *self.resources))
        return result

    def set_resources(self, items: tuple[ListItem, ...]) -> None:
        by_id = {resource.id: resource for resource in self.resources}
        assert sorted(item.id for item in items) == sorted(by_id), "400: not the whole list"
        self._set(resources=tuple(_described(by_id[item.id], item) for item in items))

    def delete(self, resource_id: str) -> None:
        self._set(resources=tuple(r for r in self.resources if r.id != resource_id))

    def _set(self, **changes: object) -> None:
        assert self.dataset is not None
        self.dataset = replace(self.dataset, **changes)  # type: ignore[arg-type] # by name


def _described(resource: RemoteResource, item: ListItem) -> RemoteResource:
    changes = item.changes or ResourceMetadata()
    fresh = {name: getattr(changes, name) for name in changed_fields(changes)}
    return replace(
        resource,
        metadata=replace(resource.metadata, **fresh),
        hosted=resource.hosted or item.host,
        url=item.url or resource.url,
    )


@dataclass
class Scenario:
    """A manifest's dataset, the contents of its files by resource key, and the portal."""

    spec: DatasetSpec
    contents: dict[str, bytes]
    portal: PortalModel


@dataclass
class Publisher:
    """Publishes a scenario with the pure core alone, as the pipeline does."""

    scenario: Scenario
    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    wanted: dict[str, ResourceMetadata] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start afresh, as after a crash or on another machine."""
        contents = self.scenario.contents
        self.fingerprints = {key: Fingerprint(len(content)) for key, content in contents.items()}
        self.bound, self.created, self.wanted = {}, set(), {}

    def hash(self, key: str) -> None:
        known = self.fingerprints[key]
        self.fingerprints[key] = replace(known, digest=sha1(self.scenario.contents[key]))

    def plan(self) -> Plan:
        spec, remote = self.scenario.spec, self.scenario.portal.dataset
        if remote is not None:
            asked = hashes_needed(spec.resources, self.fingerprints, remote.resources, self.bound)
            for key in asked:
                self.hash(key)
        todo = plan(
            spec, self.fingerprints, remote, RULES, bound=self.bound, allow_mass_delete=True
        )
        self.ids = {}
        for action in todo.resources:
            if not isinstance(action, Refuse | LeaveOut):
                self.wanted.setdefault(action.spec.key, action.wanted)
            if not isinstance(action, Create | Fetch | Refuse | LeaveOut):
                self.ids[action.spec.key] = action.remote.id
        return todo

    def send(self, action: Create | Replace, fate: Fate) -> None:
        if fate is Fate.LOST:
            return
        portal, source, key = self.scenario.portal, action.spec.source, action.spec.key
        if isinstance(source, LinkSource):
            result = portal.create_link(source.url, self.wanted[key])
        else:
            assert isinstance(source, FileSource)
            onto = action.remote.id if isinstance(action, Replace) else None
            result = portal.upload(upload_name(source.name), self.scenario.contents[key], onto)
            self.hash(key)
        if fate is Fate.ANSWERED:
            self.bound[key] = self.ids[key] = result.id
            if isinstance(action, Create):
                self.created.add(result.id)

    def send_unheard(self, action: Create | Replace) -> None:
        self.send(action, Fate.UNHEARD)

    def finish(self, todo: Plan, fate: Fate = Fate.ANSWERED) -> None:
        portal, spec = self.scenario.portal, self.scenario.spec
        wanted = {key: self.wanted[key] for key in self.ids}
        created = frozenset(self.created)
        items = finishing(spec, wanted, self.ids, portal.resources, RULES, created=created)
        if items is not None and fate is not Fate.LOST:
            portal.set_resources(items)
        if fate is Fate.ANSWERED:
            self.created.clear()
            for deletion in todo.deletions:
                portal.delete(deletion.remote.id)

    def publish(self) -> Plan:
        """Plan, and carry the plan out without any trouble."""
        todo = self.plan()
        self.scenario.portal.write_dataset(todo)
        for action in todo.sends:
            self.send(action, Fate.ANSWERED)
        self.finish(todo)
        return todo

    def publish_with_trouble(self, draw: st.DrawFn) -> Plan:
        """Plan, and carry the plan out as far as drawn answers, or a crash, let it go."""
        todo = self.plan()
        self.scenario.portal.write_dataset(todo)
        fates = [draw(st.sampled_from(Fate)) for _ in todo.sends]
        for index in draw(st.permutations(range(len(fates)))):
            self.send(todo.sends[index], fates[index])
        if all(fate is Fate.ANSWERED for fate in fates) and draw(st.booleans()):
            self.finish(todo, draw(st.sampled_from(Fate)))
        if draw(st.booleans()):
            self.forget()
        return todo


# --- scenarios: small alphabets, so that everything collides -------------------------------

NAMES = ("a.csv", "A.csv", "b.csv", "Été 1.csv")
CONTENTS = (b"", b"x", b"y", b"long")
TITLES = (None, "Same", "Other", "a.csv")
ADDRESSES = ("https://x.example/1", "https://x.example/a.csv")


@st.composite
def hand_made(draw: st.DrawFn, number: int) -> RemoteResource:
    """A resource that was there before: a file or a link, put there by a person or by us."""
    key = draw(st.sampled_from((None, None, None, "k0", "k1", "old", "older")))
    metadata = ResourceMetadata(
        title=draw(st.sampled_from(("Same", "Other", "a.csv", "By hand"))),
        type=draw(st.sampled_from(("main", "documentation"))),
        extras={"theirs": number} if key is None else {KEY_EXTRA: key},
    )
    if draw(st.integers(0, 4)) == 0:
        url = draw(st.sampled_from(ADDRESSES))
        return RemoteResource(f"r{number}", metadata, hosted=False, url=url)
    content, name = draw(st.sampled_from(CONTENTS)), draw(st.sampled_from(NAMES))
    return RemoteResource(
        f"r{number}",
        metadata,
        url=f"https://portal.example/s/20250101-{number:06}/{file_slug(name)}",
        size=len(content),
        digest=sha1(content) if draw(st.integers(0, 5)) else None,
    )


@st.composite
def entry(draw: st.DrawFn, number: int, *, resource_id: str | None = None) -> ResourceSpec:
    name = draw(st.sampled_from(NAMES))
    link = draw(st.integers(0, 5)) == 0
    return ResourceSpec(
        key=f"k{number}",
        source=LinkSource(draw(st.sampled_from(ADDRESSES)))
        if link
        else FileSource(f"/m/{number}/{name}", f"{number}/{name}"),
        metadata=ResourceMetadata(
            title=draw(st.sampled_from(TITLES)),
            type=draw(st.sampled_from((None, "main", "documentation"))),
            extras=draw(st.sampled_from((None, {"note": "n"}))),
        ),
        default_title=f"{name} of folder {number}",
        id=resource_id,
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Up to four entries and five resources, alike in everything in which they can be."""
    remote = [draw(hand_made(number)) for number in range(draw(st.integers(0, 5)))]
    ids = {r.id for r in remote}
    entries = []
    for number in range(draw(st.integers(1, 4))):
        named = draw(st.sampled_from(sorted(ids))) if ids and draw(st.integers(0, 9)) == 9 else None
        ids.discard(named or "")
        entries.append(draw(entry(number, resource_id=named)))
    spec = DatasetSpec(
        key="d",
        metadata=DatasetMetadata(title="Title", tags=("a",)),
        resources=tuple(draw(st.permutations(entries))),
        prune=draw(st.sampled_from(Prune)),
    )
    files = [e for e in entries if isinstance(e.source, FileSource)]
    contents = {file.key: draw(st.sampled_from(CONTENTS)) for file in files}
    there = RemoteDataset("dataset", DatasetMetadata(title="Title"), tuple(remote))
    return Scenario(spec, contents, PortalModel(there if remote else None))


@pytest.fixture(scope="session")
def any_scenario() -> st.SearchStrategy[Scenario]:
    return scenarios()


@pytest.fixture(scope="session")
def new_scenario() -> Callable[..., Scenario]:
    """A scenario made by hand: the entries, the contents of the files, what is there."""

    def make(
        specs: list[ResourceSpec], contents: dict[str, bytes], there: list[RemoteResource]
    ) -> Scenario:
        spec = DatasetSpec("d", DatasetMetadata(title="Title"), tuple(specs))
        dataset = RemoteDataset("dataset", DatasetMetadata(title="Title"), tuple(there))
        return Scenario(spec, contents, PortalModel(dataset))

    return make


@pytest.fixture(scope="session")
def new_publisher() -> Callable[[Scenario], Publisher]:
    return Publisher


@pytest.fixture(scope="session")
def digest() -> Callable[[bytes], str]:
    return sha1
