"""What the portal has of what the manifest names, in as few requests as it can be known.

The listing of an owner tells everything about a hundred datasets in one request, but all
its pages have to be read to be sure that something is *not* there; a dataset whose id is
known costs one request. Pages are dropped as they are read, but for what may match.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, inf
from sys import intern

import anyio

from bulkpub.core.match_datasets import Face, Look, Matched, face_of, match_datasets
from bulkpub.core.model import DatasetSpec, RemoteDataset
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.errors import ListingIncomplete
from bulkpub.http.tasks import side_by_side
from bulkpub.pipeline.index import Datasets, Entry
from bulkpub.portals import Account, Portal

__all__ = ["ask_one_by_one", "observe", "observe_elsewhere", "places_of"]

ASKED_AT_ONCE = 8
READINGS = 3
"""How often an incomplete listing is read before the run ends."""


SpecOf = Callable[[str], DatasetSpec]
"""The dataset that is wanted under a key, in full."""


async def observe(
    portal: Portal,
    owner: Owner,
    wanted: Sequence[Face],
    spec_of: SpecOf,
    seen: Datasets[RemoteDataset],
    *,
    ours: Collection[str] = (),
    known: Collection[Face] = (),
    rivals: Collection[Face] = (),
) -> Matched:
    """Find the datasets of one owner; see `match_datasets` for `ours` and the answer.

    `seen` has what was found, by id. Those `known`, which it has already, are not asked for again.
    `rivals` are not looked for, and have what is theirs all the same.
    """
    search = _Search(wanted, seen)
    search.found |= {str(each.id): each for each in known if each.id in search.ids}
    if owner == UNSAID:
        owner = await search.learn_owner(portal)
    alone = ask_one_by_one(pages_left=1, missing_ids=len(search.missing()), named=search.named)
    if owner != UNSAID and not alone:
        await search.read_listing(portal, owner)
    await search.ask_for_missing(portal)
    everyone = (*wanted, *rivals)
    matched = match_datasets(everyone, search.found.values(), _look(spec_of, seen), ours)
    for each in rivals:
        matched.pop(str(each.key), None)
    if not portal.rules.lists_files:
        await search.see_files(portal, matched)
    return matched


def places_of(account: Account) -> Sequence[Owner]:
    """Whose datasets an account may write to: its own, and those of its organizations."""
    organizations = (Owner(each.id, name=each.name) for each in account.organizations)
    return Owner(user=account.id), *organizations


async def observe_elsewhere(
    portal: Portal,
    account: Account,
    new: Sequence[Entry],
    spec_of: SpecOf,
    seen: Datasets[RemoteDataset],
) -> Matched:
    """Find the datasets `new` where the account has them, but not with their owners.

    That would be created a second time which only changed owner in the manifest. In the account's
    own space a dataset is known by our key. In another organization by key and title: there the
    same key may well be that of another manifest, made after one pattern for several of them.

    What changes owner meanwhile is nowhere, for whoever looks where it goes before and where it
    comes from after that. So all are looked through again, in the reverse order: as their owner's
    own datasets have to be before and after this, each place comes before and after each other one.
    """
    found: Matched = {}
    places = places_of(account)
    last: dict[str, Owner] = {}
    for place in (*places, *reversed(places)):
        missing = [
            each
            for each in new
            if each.key not in found and place not in {each.owner, last.get(each.key)}
        ]
        if missing:
            last |= {each.key: place for each in missing}
            faces = [each.face for each in missing]
            found |= await _find_in(place, portal, faces, spec_of, seen)
    return found


async def _find_in(
    place: Owner,
    portal: Portal,
    missing: Sequence[Face],
    spec_of: SpecOf,
    seen: Datasets[RemoteDataset],
) -> Matched:
    search = _Search(missing, seen)
    await search.read_listing(portal, place)
    titles = {face.key: face.title for face in missing}
    same = [
        each
        for each in search.found.values()
        if each.key in titles
        and not each.deleted
        and (place.organization is None or each.title == titles[each.key])
    ]
    return match_datasets(missing, same, _look(spec_of, seen))


def _look(spec_of: SpecOf, seen: Datasets[RemoteDataset]) -> Look:
    return lambda wanted, there: (spec_of(str(wanted.key)), seen[str(there.id)])


def ask_one_by_one(*, pages_left: float, missing_ids: int, named: bool) -> bool:
    """Whether asking for each missing id takes no more requests than reading the listing.

    A dataset that is only known by key, title or tag (`named`) can be found in the listing alone.
    """
    return not named and missing_ids <= pages_left


@dataclass(slots=True)
class _Search:
    wanted: Sequence[Face]
    seen: Datasets[RemoteDataset]
    found: dict[str, Face] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    ids: set[str] = field(init=False)
    keys: set[str] = field(init=False)
    titles: set[str | None] = field(init=False)
    tags: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {face.id for face in self.wanted if face.id}
        self.tags = {face.release_tag for face in self.wanted if not face.id} - {""}
        by_name = [face for face in self.wanted if not (face.id or face.release_tag)]
        self.keys = {str(face.key) for face in by_name}
        self.keys |= {former for face in by_name if (former := face.former_key)}
        self.titles = {face.title for face in by_name} - {None}

    @property
    def named(self) -> bool:
        return bool(self.keys or self.tags)

    async def learn_owner(self, portal: Portal) -> Owner:
        """Ask for one dataset, whose organization most likely has the others too."""
        some = min(self.ids)
        if some not in self.found:
            dataset = await portal.dataset(some)
            if dataset is None:
                return UNSAID
            self._keep(dataset)
            some = dataset.id
        return Owner(organization=self.seen.head(some).organization)

    def _keep(self, dataset: RemoteDataset) -> None:
        face = face_of(dataset)  # its words are most often those of what is wanted
        key, title = face.key and intern(face.key), face.title and intern(face.title)
        self.found[dataset.id] = replace(face, key=key, title=title)
        self.seen.put(dataset.id, dataset)

    async def read_listing(self, portal: Portal, owner: Owner) -> None:
        """Read the pages until nothing more can be found in them.

        Raises `ListingIncomplete` when the portal keeps leaving some of its datasets out: what
        cannot be seen would be created a second time.
        """
        for reading in range(1, READINGS + 1):
            try:
                await self._read_pages(portal, owner)
            except ListingIncomplete:
                if reading == READINGS:
                    raise
            else:
                return

    async def _read_pages(self, portal: Portal, owner: Owner) -> None:
        pages_read = 0
        async for page in portal.owned_by(organization=owner.organization, user=owner.user):
            pages_read += 1
            for dataset in page.datasets:
                if self._may_match(dataset):
                    self._keep(dataset)
                    self.listed.add(dataset.id)
            pages = inf if page.total is None else ceil(page.total / max(len(page.datasets), 1))
            missing = len(self.missing())
            if ask_one_by_one(pages_left=pages - pages_read, missing_ids=missing, named=self.named):
                return

    def _may_match(self, dataset: RemoteDataset) -> bool:
        return (
            dataset.id in self.ids
            or dataset.key in self.keys
            or dataset.metadata.title in self.titles
            or dataset.slug in self.tags
        )

    def missing(self) -> set[str]:
        return self.ids - self.found.keys()

    async def ask_for_missing(self, portal: Portal) -> None:
        await self._ask(portal, self.missing())

    async def see_files(self, portal: Portal, matched: Matched) -> None:
        """Ask for those of the `matched` that were only listed; what is gone by now is none."""
        found = {key: found for key, found in matched.items() if isinstance(found, str)}
        gone = await self._ask(portal, self.listed.intersection(found.values()))
        for key, dataset_id in found.items():
            if dataset_id in gone:
                del matched[key]

    async def _ask(self, portal: Portal, ids: Collection[str]) -> set[str]:
        """Ask for each of these datasets; the ids of those there are none of."""
        gone = set[str]()

        async def ask(dataset_id: str) -> None:
            if dataset := await portal.dataset(dataset_id):
                self._keep(dataset)
            else:
                gone.add(dataset_id)

        await side_by_side(
            [partial(ask, i) for i in sorted(ids)], anyio.CapacityLimiter(ASKED_AT_ONCE)
        )
        return gone
