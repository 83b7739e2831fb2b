"""From what is wanted to jobs: check against the portal, see what it has; nothing is written.

Everything that is wrong is found before the first write, and told at once. Of all the datasets
only their entries are in memory; jobs are made one at a time, when somebody takes them up.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bulkpub.core.diff import dataset_changes
from bulkpub.core.match import Conflict
from bulkpub.core.match_datasets import Face
from bulkpub.core.model import Contact, DatasetSpec, RemoteDataset, State
from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.errors import ManifestInvalid, Problem
from bulkpub.language import say
from bulkpub.pipeline.absence import too_many
from bulkpub.pipeline.choosing import Choosing
from bulkpub.pipeline.contacts import known_contacts, made_since, new_contacts, with_contacts
from bulkpub.pipeline.expanding import expand
from bulkpub.pipeline.identify import identify
from bulkpub.pipeline.index import Datasets, Entry, Index
from bulkpub.pipeline.job import Job, RunOptions
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.observe import observe, observe_elsewhere, places_of
from bulkpub.pipeline.preflight import Checked, check, check_areas, check_contacts
from bulkpub.portals import Portal

__all__ = ["Preparation"]


class Preparation:
    """What is being made of the datasets in `index`, whatever ends it.

    `problems` grow; `refused` has the problems of datasets that are not published, by key; `to_do`
    are the keys of the others, once they are known.
    """

    def __init__(
        self,
        index: Index,
        options: RunOptions,
        folder: Path | None = None,
        choosing: Choosing | None = None,
    ) -> None:
        self.index = index
        self.problems: list[Problem] = []
        self.refused: dict[str, str] = {}
        self.to_do: list[str] = []
        self._alone = 0  # of the problems, those that keep nothing else from being published
        self._options = options
        self._choosing = choosing or Choosing()
        self._seen: Datasets[RemoteDataset] = Datasets(folder)
        self._checked: Checked | None = None
        self._notes: Mapping[str, str] = {}
        self._namesakes: dict[str | None, frozenset[str]] = {}
        self._contacts: Mapping[str, Mapping[Contact, str]] = {}
        self._makes: dict[str, int] = {}

    async def run(self, means: Means) -> None:
        """Find out what there is to do.

        Raises `ManifestInvalid` when there are problems and `keep_going` was not asked for,
        `PortalRefuses`, `PortalUnavailable` or `NotAPortal` when the portal cannot be worked
        with.
        """
        index, portal = self.index, means.portal
        patterned = [key for key, entry in index.entries.items() if entry.has_patterns]
        self.problems += await expand(index, means.sources)
        self._choosing.choose_expanded(index, patterned)
        identified = await identify(portal, index, self._seen)
        index.know_tags(portal.rules)
        self.problems += identified.problems
        self._notes = identified.notes
        checked = self._checked = await check(portal, index)
        if (self.problems or checked.problems) and not self._options.keep_going:
            await check_areas(portal, checked, index, index.entries)  # all that is wrong, at once
        self._take(checked)
        self._refuse(checked)
        await self._observe(means, checked, identified.found)
        await self._look_at_shapes(portal)
        # What a dataset has already, the portal knows: nobody has to ask for it every night.
        await check_areas(portal, checked, index, list(self._with_another_area(checked)))
        if owners := self._owners_learned(checked):
            await check_contacts(portal, checked, index, owners)
        self._take(checked)
        self._refuse(checked)
        owners = self._owners_of_named(checked)
        self._contacts = await known_contacts(portal, owners)
        self._find_namesakes()
        self.to_do = [key for key in index.entries if key not in self.refused]
        self._count_contacts(checked, owners)

    def job(self, key: str) -> Job:
        """The job of one of those `to_do`."""
        assert self._checked is not None  # noqa: S101 - they are known
        entry = self.index.entries[key]
        held = self._checked.held(self.index.spec(key))
        found = entry.found
        there = self._seen_with(entry)[found] if isinstance(found, str) else found
        spec = with_contacts(held.spec, self._contacts.get(key))
        return Job(
            spec,
            there,
            entry.owner,
            self._options.of_a_job,
            (
                *([self._notes[key]] if key in self._notes else ()),
                *held.notes,
                *_recognised(spec, there),
                *new_contacts(spec),
            ),
            self._namesakes.get(entry.face.title, frozenset()) - {key},
            self._checked.extensions,
            self._makes.get(key, 0),
        )

    def planned(self, key: str, saved: DatasetOutcome) -> DatasetOutcome:
        """What a plan `saved` says of a dataset, with what the portal has by now of what it makes.

        It may be there since a run that was broken off.
        """
        return made_since(saved, self._contacts.get(key, {}))

    def close(self) -> None:
        """Let go of the datasets."""
        self.index.close()
        self._seen.close()

    def _sound(self) -> Iterator[Entry]:
        return (each for each in self.index.entries.values() if each.key not in self.refused)

    def _take(self, checked: Checked) -> None:
        """Take its problems over; raises `ManifestInvalid` unless the others are to go on."""
        self.problems += checked.problems
        ends = len(self.problems) > self._alone and not self._options.keep_going
        self.problems += checked.alone
        self._alone += len(checked.alone)
        checked.problems, checked.alone = [], []
        if ends:
            raise ManifestInvalid(sorted(self.problems))

    def _refuse(self, checked: Checked) -> None:
        wrong = {key: [why] for key, why in checked.refused.items()}
        for problem in self.problems:
            if problem.dataset is not None:
                wrong.setdefault(problem.dataset, []).append(problem.message)
        self.refused = {key: "; ".join(why) for key, why in wrong.items()}

    async def _observe(self, means: Means, checked: Checked, known: Sequence[Face]) -> None:
        by_owner: dict[tuple[Owner, bool], list[Entry]] = {}
        for entry in self._sound():
            by_owner.setdefault((entry.owner, entry.community), []).append(entry)
        for (owner, beside), entries in by_owner.items():
            portal = means.portal.community(owner) if beside else means.portal
            await self._look_for(entries, portal, known=() if beside else known)
        portal, account, index = means.portal, checked.account, self.index
        new = [each for each in self._sound() if _is_new(each)]
        self._tell(await observe_elsewhere(portal, account, new, index.spec, self._seen))
        for (owner, _), entries in by_owner.items():
            new = [each for each in entries if _is_new(each)]
            if new and any(place != owner for place in places_of(account)):
                # What has left one of those before it was looked for there is its owner's by now.
                await self._look_for(new, portal, among=entries)
        if not self._options.allow_mass_delete:
            self._tell(await too_many(portal, self._sound(), self._head, account))

    async def _look_for(
        self,
        wanted: Sequence[Entry],
        portal: Portal,
        *,
        among: Sequence[Entry] = (),
        known: Sequence[Face] = (),
    ) -> None:
        """Look for those `wanted` of one owner; those `among` which they are have been found."""
        index, owner, community = self.index, wanted[0].owner, wanted[0].community
        keys = {each.key for each in wanted}
        others = [
            each
            for each in index.left_out.values()
            if (each.owner, each.community) == (owner, community) and each.face.id is None
        ]
        others += [each for each in among if each.key not in keys]
        found = await observe(
            portal,
            owner,
            [each.face for each in wanted],
            index.spec,
            self._seen_with(wanted[0]),
            ours=index.entries.keys() | index.left_out.keys(),
            known=known,
            rivals=[each.face for each in others],
        )
        self._tell(found)
        self._give_back()

    def _give_back(self) -> None:
        """What a title alone tells is not taken from a dataset left out that names it by its id."""
        others = [entry.face.id for entry in self.index.left_out.values() if entry.face.id]
        named = {each.rstrip("/").rpartition("/")[2] for each in others}
        for entry in self.index.entries.values() if named else ():
            if isinstance(entry.found, str) and entry.face.id is None:
                there = self._head(entry)
                if there.key is None and not named.isdisjoint({there.id, there.slug}):
                    entry.found = None

    def _seen_with(self, entry: Entry) -> Datasets[RemoteDataset]:
        """Where what it was found as is: what several put beside one dataset are several."""
        owner = f"{entry.owner.organization} {entry.owner.user}"
        return self._seen.apart(owner) if entry.community else self._seen

    def _head(self, entry: Entry) -> RemoteDataset:
        """What it was found as, without resources."""
        return self._seen_with(entry).head(str(entry.found))

    def _tell(self, matched: Mapping[str, str | Conflict]) -> None:
        for key, found in matched.items():
            self.index.entries[key].found = found

    async def _look_at_shapes(self, portal: Portal) -> None:
        """Ask for the shapes of those alone that shall have one: a listing leaves them out."""
        for entry in self._sound():
            if not entry.has_shape or not isinstance(entry.found, str):
                continue
            has = self._head(entry).metadata.spatial
            if has is not None and has.drawn and has.shape is None:
                whole = await portal.dataset(entry.found)
                if whole is not None:
                    self._seen_with(entry).put(entry.found, whole)

    def _with_another_area(self, checked: Checked) -> Iterator[str]:
        """The keys of those that are new, or whose area is not what the portal has."""
        for entry in self._sound():
            if not entry.has_area:
                continue
            if isinstance(entry.found, str):
                remote = self._head(entry)
                spec = checked.held(self.index.head(entry.key)).spec
                changes = dataset_changes(spec, remote, checked.rules)
                if changes is None or changes.spatial is None:
                    continue
            yield entry.key

    def _owners_learned(self, checked: Checked) -> Mapping[str, Owner]:
        """Whose datasets with contact points are, where only the portal knew, by key."""
        learned: dict[str, Owner] = {}
        for entry in self._sound():
            if not entry.has_contacts or entry.owner != UNSAID or not isinstance(entry.found, str):
                continue
            remote = self._head(entry)
            wanted = checked.held(self.index.head(entry.key)).spec.metadata.contact_points
            if wanted and wanted != remote.metadata.contact_points:
                learned[entry.key] = _owner_of(remote, checked)
        return learned

    def _owners_of_named(self, checked: Checked) -> Mapping[str, Owner]:
        """Whose datasets with contacts by name are, by key, as far as somebody knows."""
        owners: dict[str, Owner] = {}
        for entry in self._sound():
            if not entry.has_named or "contact_points" in checked.rules.lacks_dataset:
                continue
            if entry.owner != UNSAID:
                owners[entry.key] = entry.owner
            elif isinstance(entry.found, str):
                owners[entry.key] = _owner_of(self._head(entry), checked)
        return owners

    def _count_contacts(self, checked: Checked, owners: Mapping[str, Owner]) -> None:
        """Which dataset has how many contact points made, each once, for the first who wants it."""
        made: set[tuple[str | None, Contact]] = set()
        for key in self.to_do:
            if (owner := owners.get(key)) is None:
                continue
            spec = with_contacts(checked.held(self.index.head(key)).spec, self._contacts.get(key))
            new = {(owner.organization, each) for each in spec.contacts} - made
            self._makes[key] = len(new)
            made |= new

    def _find_namesakes(self) -> None:
        """Which titles several datasets have, and the keys of these."""
        first: dict[str | None, str] = {}
        several: dict[str | None, set[str]] = {}
        for key, entry in (*self.index.entries.items(), *self.index.left_out.items()):
            other = first.setdefault(entry.face.title, key)
            if other != key:
                several.setdefault(entry.face.title, {other}).add(key)
        self._namesakes = {title: frozenset(keys) for title, keys in several.items()}


def _is_new(entry: Entry) -> bool:
    return entry.found is None and entry.face.state is not State.ABSENT


def _owner_of(remote: RemoteDataset, checked: Checked) -> Owner:
    return Owner(remote.organization, None if remote.organization else checked.account.id)


def _recognised(spec: DatasetSpec, found: RemoteDataset | Conflict | None) -> tuple[str, ...]:
    """What there is to say when a dataset goes by the key that it was harvested under before."""
    if not isinstance(found, RemoteDataset) or found.key in {None, spec.key} or spec.id:
        return ()
    note = say(
        "'{title}' ({id}) was harvested before under the key '{key}': it is the same dataset, and "
        "gets the key '{spec_key}'",
        title=found.metadata.title,
        id=found.id,
        key=found.key,
        spec_key=spec.key,
    )
    return (note,)
