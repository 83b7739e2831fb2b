"""What can be checked against the portal before the first write, for a handful of requests.

That the key works, that the organizations exist and are ours, that what only the portal can judge
is known there (`judged`), that contact points are the owners', that no file has an extension the
portal refuses. Everything found is returned at once; only what makes the whole run pointless is
raised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial

from bulkpub.core.fitting import fitted
from bulkpub.core.model import DatasetSpec, Place
from bulkpub.core.owners import UNSAID, Owner
from bulkpub.core.rules import Vocabulary
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.errors import PortalRefuses, Problem
from bulkpub.http.tasks import side_by_side
from bulkpub.pipeline.judged import area_faults, as_kept, ask, ask_of_areas, word_faults
from bulkpub.pipeline.refusals import refused_files
from bulkpub.portals import Account, Portal

__all__ = ["Checked", "check", "check_areas", "check_contacts"]


@dataclass(slots=True)
class Checked:
    """What is wrong, and the specs as the portal keeps them.

    `problems` keep everything from being published, those that are `alone` only the datasets
    they are of. By dataset key, `owners` tells whose it is, `notes` what of it the portal cannot
    hold, `refused` why it is not published, where that is a problem which it shares with others.
    `extensions` are those of the files that the portal takes, None when it did not tell.
    """

    account: Account
    specs: list[DatasetSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    alone: list[Problem] = field(default_factory=list)
    owners: dict[str, Owner] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    extensions: frozenset[str] | None = None

    def add(self, faults: "Faults", problems: list[Problem] | None = None) -> None:
        """One problem for each sentence and place, however many datasets have it in common."""
        problems = self.problems if problems is None else problems
        for (sentence, place), specs in faults.found.items():
            if len({spec.key for spec in specs}) == 1:
                problems.append(_problem(place, specs[0], sentence))
                continue
            problems.append(Problem(place.file, place.line, place.column, sentence))
            for spec in specs:
                others = self.refused.get(spec.key)
                self.refused[spec.key] = f"{others}; {sentence}" if others else sentence


async def check(portal: Portal, specs: Sequence[DatasetSpec]) -> Checked:
    """Check `specs` against the portal.

    Raises `PortalRefuses` when the key is not accepted, or gives no right to publish in any
    of the organizations the manifest names.
    """
    checked = Checked(await portal.account())
    told = await ask(portal, specs)
    wrong = Faults()
    for spec in specs:
        held = fitted(as_kept(spec, told, portal.rules), portal.rules)
        checked.specs.append(held.spec)
        checked.notes[spec.key] = (*_understood(spec, held.spec), *held.notes)
        checked.problems += [_problem(place, spec, why) for place, why in held.problems]
        wrong.add(held.spec, word_faults(held.spec, told))
    await _check_owners(portal, specs, checked)
    await check_contacts(portal, checked, checked.owners)
    checked.add(wrong)
    checked.extensions = told.words.get(Vocabulary.EXTENSIONS)
    for spec in checked.specs:
        for entry, why in refused_files(portal, spec, checked.extensions):
            checked.problems.append(_problem(entry.place, spec, why))
    return checked


async def check_areas(portal: Portal, checked: Checked, specs: Sequence[DatasetSpec]) -> None:
    """Check the areas of `specs`, as the manifest has them; faults are added to those `alone`."""
    held = {spec.key for spec in checked.specs if spec.metadata.spatial is not None}
    specs = [spec for spec in specs if spec.key in held]
    told, wrong = await ask_of_areas(portal, specs), Faults()
    for spec in specs:
        wrong.add(spec, area_faults(spec, told, portal.rules))
    checked.add(wrong, checked.alone)


def _understood(spec: DatasetSpec, kept: DatasetSpec) -> tuple[str, ...]:
    """What there is to say when a licence goes by another name than its id."""
    said, meant = spec.metadata.license, kept.metadata.license
    if said is None or meant is None or said == meant:
        return ()
    return (f"the licence '{said}' is the portal's '{meant}'",)


class Faults:
    """What is wrong at which places, and with which datasets."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Place], list[DatasetSpec]] = {}

    def add(self, spec: DatasetSpec, faults: Iterable[tuple[Place, str]]) -> None:
        """What is wrong with `spec`."""
        for place, sentence in faults:
            self.found.setdefault((sentence, place), []).append(spec)


# --- values and files ---------------------------------------------------------------------


def _problem(place: Place, spec: DatasetSpec, message: str) -> Problem:
    return Problem(
        place.file, place.line, place.column, bounded(message, LONGEST_SENTENCE), spec.key
    )


# --- owners -------------------------------------------------------------------------------


async def _check_owners(portal: Portal, specs: Sequence[DatasetSpec], checked: Checked) -> None:
    account = checked.account
    ours = {name: o for o in account.organizations for name in (o.id, o.slug)}
    named = {spec.organization for spec in specs if spec.organization}
    refused: dict[str, str] = {}
    for name in sorted(named - ours.keys()):
        organization = await portal.organization(name)
        if organization and account.administrator:
            ours[name] = organization
        elif organization:
            refused[name] = (
                f"the account of this API key ({account.name}) is not a member of the "
                f"organization '{organization.name}'; publishing there needs the key of a member"
            )
    if refused and refused.keys() >= named and all(spec.organization for spec in specs):
        raise PortalRefuses("; ".join(refused.values()))
    faults = Faults()
    for spec in specs:
        if spec.organization is None:
            # Whose dataset an id is, the portal knows; without an id it is our own account's.
            silent = spec.id is not None and not spec.personal and not spec.community
            checked.owners[spec.key] = Owner() if silent else Owner(user=account.id)
        elif spec.organization in ours:
            organization = ours[spec.organization]
            uploader = account.id if spec.community else None
            checked.owners[spec.key] = Owner(organization.id, uploader, name=organization.name)
        else:
            sentence = refused.get(spec.organization) or _unknown(spec, ours)
            place = spec.place_of("organization")
            faults.add(spec, [(place, sentence)])
    faults.found = _once(faults.found)
    checked.add(faults)


def _once(
    faults: Mapping[tuple[str, Place], list[DatasetSpec]],
) -> dict[tuple[str, Place], list[DatasetSpec]]:
    """Each sentence at the first of its places: every row of a table may name one organization."""
    places: dict[str, dict[Place, list[DatasetSpec]]] = {}
    for (sentence, place), specs in faults.items():
        places.setdefault(sentence, {})[place] = specs
    once: dict[tuple[str, Place], list[DatasetSpec]] = {}
    for sentence, found in places.items():
        others = len(found) - 1
        also = f" (written in {others} more place{'s' if others > 1 else ''})" if others else ""
        once[f"{sentence}{also}", min(found)] = [spec for specs in found.values() for spec in specs]
    return once


def _unknown(spec: DatasetSpec, ours: Iterable[str]) -> str:
    near = get_close_matches(spec.organization or "", sorted(ours), n=1, cutoff=0.6)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"the portal knows no organization '{spec.organization}'{hint}"


# --- contact points -----------------------------------------------------------------------


async def check_contacts(portal: Portal, checked: Checked, owners: Mapping[str, Owner]) -> None:
    """See that contact points are those of the datasets' owners, where `owners` has them by key."""
    of_owner: dict[Owner, list[DatasetSpec]] = {}
    for spec in checked.specs:
        owner = owners.get(spec.key, UNSAID)
        if spec.metadata.contact_points and owner != UNSAID:
            of_owner.setdefault(owner, []).append(spec)
    ask = [partial(_foreign, portal, owner, specs) for owner, specs in of_owner.items()]
    foreign_to = dict(zip(of_owner, await side_by_side(ask), strict=True))
    faults = Faults()
    for owner, specs in of_owner.items():
        foreign = foreign_to[owner]
        for spec in specs:
            named = enumerate(spec.metadata.contact_points or ())
            wrong = [(spec.place_of(f"contact_points.{n}"), c) for n, c in named if c in foreign]
            faults.add(
                spec,
                [(place, f"the contact point '{c}' {foreign[c]}; {_OWN}") for place, c in wrong],
            )
    checked.add(faults)


async def _foreign(portal: Portal, owner: Owner, specs: Iterable[DatasetSpec]) -> Mapping[str, str]:
    contacts = {each for spec in specs for each in spec.metadata.contact_points or ()}
    return await portal.foreign_contacts(contacts, organization=owner.organization, user=owner.user)


_OWN = "a dataset can only have those of its own organization or account"
