"""What can be checked against the portal before the first write, for a handful of requests.

That the key works, that the organizations exist and are ours, that licences, frequencies
and resource types are known, that no file has an extension the portal refuses. Everything
found is returned at once; only what makes the whole run pointless is raised.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial

from bulkpub.core.fitting import fitted
from bulkpub.core.model import DatasetSpec, Place, is_sent
from bulkpub.core.rules import Vocabulary
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.errors import PortalRefuses, Problem
from bulkpub.http.tasks import side_by_side
from bulkpub.pipeline.job import Owner
from bulkpub.pipeline.refusals import refused_files
from bulkpub.portals import Account, Portal

__all__ = ["Checked", "check"]


@dataclass(slots=True)
class Checked:
    """What is wrong, and the specs as the portal keeps them.

    By dataset key, `owners` tells whose it is, `notes` what of it the portal cannot hold,
    `refused` why it is not published, where that is a problem which it shares with others.
    `extensions` are those of the files that the portal takes, None when it was not asked.
    """

    account: Account
    specs: list[DatasetSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    owners: dict[str, Owner] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    extensions: frozenset[str] | None = None


async def check(portal: Portal, specs: Sequence[DatasetSpec]) -> Checked:
    """Check `specs` against the portal.

    Raises `PortalRefuses` when the key is not accepted, or gives no right to publish in any
    of the organizations the manifest names.
    """
    checked = Checked(await portal.account())
    known = await _vocabularies(portal, specs)
    normalized = portal.rules.normalized
    for spec in specs:
        kept = replace(spec, metadata=normalized(spec.metadata, known))
        held = fitted(kept, portal.rules)
        checked.specs.append(held.spec)
        checked.notes[spec.key] = held.notes
        checked.problems += [_problem(place, spec, why) for place, why in held.problems]
    await _check_owners(portal, specs, checked)
    _add_unknown_values(checked, known)
    checked.extensions = known.get(Vocabulary.EXTENSIONS)
    for spec in checked.specs:
        for entry, why in refused_files(portal, spec, checked.extensions):
            checked.problems.append(_problem(entry.place, spec, why))
    return checked


# --- values and files ---------------------------------------------------------------------


async def _vocabularies(
    portal: Portal, specs: Sequence[DatasetSpec]
) -> dict[Vocabulary, frozenset[str]]:
    """Fetch the lists that the manifest needs, side by side."""
    resources = [resource for spec in specs for resource in spec.resources]
    needed = {
        Vocabulary.LICENSES: any(s.metadata.license for s in specs),
        Vocabulary.FREQUENCIES: any(s.metadata.frequency for s in specs),
        Vocabulary.RESOURCE_TYPES: any(r.metadata.type for r in resources),
        Vocabulary.EXTENSIONS: any(is_sent(r.source) for r in resources),
    }
    needed = {which: needed[which] for which in needed if which in portal.rules.asked}
    known: dict[Vocabulary, frozenset[str]] = {}

    async def fetch(which: Vocabulary) -> None:
        known[which] = await portal.vocabulary(which)

    await side_by_side([partial(fetch, which) for which, is_needed in needed.items() if is_needed])
    return known


def _add_unknown_values(checked: Checked, known: dict[Vocabulary, frozenset[str]]) -> None:
    faults: dict[tuple[str, Place], list[DatasetSpec]] = {}
    for spec in checked.specs:
        metadata = spec.metadata
        wanted = [
            ("licence", metadata.license, Vocabulary.LICENSES, _shared(spec, "license")),
            ("frequency", metadata.frequency, Vocabulary.FREQUENCIES, _shared(spec, "frequency")),
        ]
        wanted += [
            ("resource type", resource.metadata.type, Vocabulary.RESOURCE_TYPES, resource.place)
            for resource in spec.resources
        ]
        for what, value, which, place in wanted:
            if value and which in known and value not in known[which]:
                near = _nearest(value, known[which], _UNDERSTOOD.get(which))
                sentence = f"the portal knows no {what} '{value}'{near}"
                faults.setdefault((sentence, place), []).append(spec)
    _add(checked, faults)


def _shared(spec: DatasetSpec, key: str) -> Place:
    """Where a value is written that several datasets have, a default; else the dataset's place."""
    return min(spec.place, spec.places.get(key, spec.place))


def _add(checked: Checked, faults: Mapping[tuple[str, Place], Sequence[DatasetSpec]]) -> None:
    """One problem for each sentence and place, however many datasets have it in common."""
    for (sentence, place), specs in faults.items():
        if len({spec.key for spec in specs}) == 1:
            checked.problems.append(_problem(place, specs[0], sentence))
            continue
        checked.problems.append(Problem(place.file, place.line, place.column, sentence))
        for spec in specs:
            others = checked.refused.get(spec.key)
            checked.refused[spec.key] = f"{others}; {sentence}" if others else sentence


_UNDERSTOOD: Mapping[Vocabulary, Callable[[str], str | None]] = {
    Vocabulary.LICENSES: lambda said: known_license([said]),
    Vocabulary.FREQUENCIES: known_frequency,
}
"""What people call the words of a vocabulary."""


def _nearest(
    value: str, known: frozenset[str], understood: Callable[[str], str | None] | None
) -> str:
    meant = understood(value) if understood else None
    if meant in known:
        return f"; did you mean '{meant}'?"
    near = get_close_matches(value, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else f"; it knows: {', '.join(sorted(known))}"


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
    faults: dict[tuple[str, Place], list[DatasetSpec]] = {}
    for spec in specs:
        if spec.organization is None:
            # Whose dataset an id is, the portal knows; without an id it is our own account's.
            silent = spec.id is not None and not spec.personal
            checked.owners[spec.key] = Owner() if silent else Owner(user=account.id)
        elif spec.organization in ours:
            organization = ours[spec.organization]
            checked.owners[spec.key] = Owner(organization.id, name=organization.name)
        else:
            sentence = refused.get(spec.organization) or _unknown(spec, ours)
            place = spec.places.get("organization", spec.place)
            faults.setdefault((sentence, place), []).append(spec)
    _add(checked, _once(faults))


def _once(
    faults: Mapping[tuple[str, Place], list[DatasetSpec]],
) -> Mapping[tuple[str, Place], list[DatasetSpec]]:
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
