"""What can be checked against the portal before the first write, for a handful of requests.

That the key works, that the organizations exist and are ours, that what only the portal can judge
is known there (`judged`), that contact points are the owners', that no file has an extension the
portal refuses. Everything found is returned at once; only what makes the whole run pointless is
raised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial

from bulkpub.core.fitting import Fitted, fitted
from bulkpub.core.model import DatasetSpec, Place
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.errors import PortalRefuses, Problem
from bulkpub.http.tasks import side_by_side
from bulkpub.language import joined, say, say_n
from bulkpub.pipeline.index import Entry, Index
from bulkpub.pipeline.judged import Told, area_faults, as_kept, ask, ask_of_areas, word_faults
from bulkpub.pipeline.refusals import refused_files
from bulkpub.pipeline.zones import Found, ask_for_zones, with_zones, zone_faults
from bulkpub.portals import Account, Portal

__all__ = ["Checked", "check", "check_areas", "check_contacts"]


@dataclass(slots=True)
class Checked:
    """What is wrong, and what makes of a dataset what the portal keeps of it.

    `problems` keep everything from being published, those that are `alone` only the datasets
    they are of. `refused` tells by dataset key why it is not published, where that is a problem
    which it shares with others. `told` is what the portal told of words, `zones` what of the names
    of zones.
    """

    account: Account
    rules: Rules
    told: Told
    problems: list[Problem] = field(default_factory=list)
    alone: list[Problem] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    zones: Found = field(default_factory=dict)

    @property
    def extensions(self) -> frozenset[str] | None:
        """Those of the files that the portal takes, None when it did not tell."""
        return self.told.words.get(Vocabulary.EXTENSIONS)

    def held(self, spec: DatasetSpec) -> Fitted:
        """The dataset as the portal keeps it, with notes on what it cannot hold."""
        held = fitted(as_kept(spec, self.told, self.rules), self.rules)
        kept = with_zones(held.spec, self.zones, self.rules)
        return replace(held, spec=kept, notes=(*_understood(spec, kept), *held.notes))

    def add(self, faults: "Faults", problems: list[Problem] | None = None) -> None:
        """One problem for each sentence and place, however many datasets have it in common."""
        problems = self.problems if problems is None else problems
        for (sentence, place), keys in faults.found.items():
            if len(set(keys)) == 1:
                problems.append(_problem(place, keys[0], sentence))
                continue
            problems.append(Problem(place.file, place.line, place.column, sentence))
            for key in keys:
                others = self.refused.get(key)
                self.refused[key] = f"{others}; {sentence}" if others else sentence


async def check(portal: Portal, index: Index) -> Checked:
    """Check the datasets of `index` against the portal; their entries get their owners.

    Raises `PortalRefuses` when the key is not accepted, or gives no right to publish in any
    of the organizations the manifest names.
    """
    account, words = await portal.account(), index.words
    told = await ask(portal, words.needs, schemas=words.has_schemas)
    areas = "spatial" not in portal.rules.lacks_dataset
    named = [entry.key for entry in index.entries.values() if areas and entry.has_zone_names]
    zones = await ask_for_zones(portal, map(index.head, named))
    checked = Checked(account, portal.rules, told, zones=zones)
    wrong = Faults()
    for key in named:
        wrong.add(key, zone_faults(index.head(key), zones))
    if not words.are_known(portal, told):
        for spec in index.specs():
            held = checked.held(spec)
            checked.problems += [_problem(place, spec.key, why) for place, why in held.problems]
            checked.alone += [_problem(place, spec.key, why) for place, why in held.exposed]
            wrong.add(spec.key, word_faults(held.spec, told))
            for entry, why in refused_files(portal, held.spec, checked.extensions):
                checked.problems.append(_problem(entry.place, spec.key, why))
    await _check_owners(portal, index, checked)
    owners = {entry.key: entry.owner for entry in index.entries.values() if entry.has_contacts}
    await check_contacts(portal, checked, index, owners)
    checked.add(wrong)
    return checked


async def check_areas(portal: Portal, checked: Checked, index: Index, keys: Iterable[str]) -> None:
    """Check the areas of the datasets `keys`, as the manifest has them.

    Faults are added to those `alone`.
    """
    keys = [
        key
        for key in keys
        if index.entries[key].has_area
        and checked.held(index.head(key)).spec.metadata.spatial is not None
    ]
    told, wrong = await ask_of_areas(portal, map(index.head, keys)), Faults()
    for key in keys:
        wrong.add(key, area_faults(index.head(key), told, portal.rules))
    checked.add(wrong, checked.alone)


def _understood(spec: DatasetSpec, kept: DatasetSpec) -> tuple[str, ...]:
    """What there is to say when a licence goes by another name than its id."""
    said, meant = spec.metadata.license, kept.metadata.license
    if said is None or meant is None or said == meant:
        return ()
    return (say("the licence '{said}' is the portal's '{meant}'", said=said, meant=meant),)


class Faults:
    """What is wrong at which places, and with which datasets, by key."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Place], list[str]] = {}

    def add(self, key: str, faults: Iterable[tuple[Place, str]]) -> None:
        """What is wrong with the dataset `key`."""
        for place, sentence in faults:
            self.found.setdefault((sentence, place), []).append(key)


# --- values and files ---------------------------------------------------------------------


def _problem(place: Place, key: str, message: str) -> Problem:
    return Problem(place.file, place.line, place.column, bounded(message, LONGEST_SENTENCE), key)


# --- owners -------------------------------------------------------------------------------


async def _check_owners(portal: Portal, index: Index, checked: Checked) -> None:
    account, entries = checked.account, index.entries.values()
    ours = {
        name: Owner(o.id, name=o.name) for o in account.organizations for name in (o.id, o.slug)
    }
    named = {entry.organization for entry in entries if entry.organization}
    if not portal.rules.organizations:
        named = set()
    refused: dict[str, str] = {}
    for name in sorted(named - ours.keys()):
        organization = await portal.organization(name)
        if organization and account.administrator:
            ours[name] = Owner(organization.id, name=organization.name)
        elif organization:
            refused[name] = say(
                "the account of this API key ({name}) is not a member of the organization "
                "'{organization_name}'; publishing there needs the key of a member",
                name=account.name,
                organization_name=organization.name,
            )
    if refused and refused.keys() >= named and all(entry.organization for entry in entries):
        raise PortalRefuses("; ".join(refused.values()))
    faults, personal = Faults(), Owner(user=account.id)
    for entry in entries:
        if not portal.rules.organizations:
            entry.owner = personal
        elif entry.organization is None:
            # Whose dataset an id is, the portal knows; without an id it is our own account's.
            silent = entry.face.id is not None and not entry.personal and not entry.community
            entry.owner = UNSAID if silent else personal
        elif entry.organization in ours:
            owner = ours[entry.organization]
            entry.owner = replace(owner, user=account.id) if entry.community else owner
        else:
            sentence = refused.get(entry.organization) or _unknown(entry, ours)
            place = index.head(entry.key).place_of("organization")
            faults.add(entry.key, [(place, sentence)])
    _own_left_out(index, ours if portal.rules.organizations else {}, personal)
    faults.found = _once(faults.found)
    checked.add(faults)


def _own_left_out(index: Index, ours: Mapping[str, Owner], personal: Owner) -> None:
    """Give those that the run is not about their owners, too; nothing is wrong with them."""
    for entry in index.left_out.values():
        name = entry.organization
        entry.owner = personal if name is None or not ours else ours.get(name, UNSAID)


def _once(
    faults: Mapping[tuple[str, Place], list[str]],
) -> dict[tuple[str, Place], list[str]]:
    """Each sentence at the first of its places: every row of a table may name one organization."""
    places: dict[str, dict[Place, list[str]]] = {}
    for (sentence, place), keys in faults.items():
        places.setdefault(sentence, {})[place] = keys
    once: dict[tuple[str, Place], list[str]] = {}
    for sentence, found in places.items():
        others = len(found) - 1
        also = (
            say_n(" (written in 1 more place)", " (written in {n} more places)", others)
            if others
            else ""
        )
        once[joined("", (sentence, also)), min(found)] = [
            key for keys in found.values() for key in keys
        ]
    return once


def _unknown(entry: Entry, ours: Iterable[str]) -> str:
    near = get_close_matches(entry.organization or "", sorted(ours), n=1, cutoff=0.6)
    hint = say("; did you mean '{near}'?", near=near[0]) if near else ""
    return say(
        "the portal knows no organization '{organization}'{hint}",
        organization=entry.organization,
        hint=hint,
    )


# --- contact points -----------------------------------------------------------------------


async def check_contacts(
    portal: Portal, checked: Checked, index: Index, owners: Mapping[str, Owner]
) -> None:
    """See that contact points are those of the datasets' owners, where `owners` has them by key."""
    of_owner: dict[Owner, set[str]] = {}
    for key, owner in owners.items():
        if owner != UNSAID:
            of_owner.setdefault(owner, set()).update(_contacts(checked, index, key))
    named = {owner: contacts for owner, contacts in of_owner.items() if contacts}
    ask_all = [partial(_foreign, portal, owner, contacts) for owner, contacts in named.items()]
    foreign_to = dict(zip(named, await side_by_side(ask_all), strict=True))
    faults = Faults()
    for key, owner in owners.items():
        if foreign := foreign_to.get(owner):
            spec = index.head(key)
            faults.add(
                key,
                [
                    (
                        spec.place_of(f"contact_points.{number}"),
                        say(
                            "the contact point '{contact}' {foreign}; {own}",
                            contact=each,
                            foreign=foreign[each],
                            own=_OWN,
                        ),
                    )
                    for number, each in enumerate(_contacts(checked, index, key))
                    if each in foreign
                ],
            )
    checked.add(faults)


def _contacts(checked: Checked, index: Index, key: str) -> Sequence[str]:
    """Those of a dataset, as the portal keeps them."""
    return checked.held(index.head(key)).spec.metadata.contact_points or ()


async def _foreign(portal: Portal, owner: Owner, contacts: set[str]) -> Mapping[str, str]:
    return await portal.foreign_contacts(contacts, organization=owner.organization, user=owner.user)


_OWN = say("a dataset can only have those of its own organization or account")
