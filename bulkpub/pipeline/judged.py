"""What only the portal can judge of a manifest's words: asked once, for what is needed, and told.

Licences, frequencies, types of resources, schemas, zones, granularities. The rule: what the portal
does not tell (an empty list, no such list, one that is out of order) is not checked; then it
judges what is written.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial

from bulkpub.core.catalogue import KnownSchema, catalogued, schema_fault
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    Place,
    ResourceSpec,
    TagChanges,
)
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.data.known_zones import known_granularity, known_zone
from bulkpub.http.tasks import side_by_side
from bulkpub.language import joined, say
from bulkpub.portals import Portal

__all__ = ["Told", "area_faults", "as_kept", "ask", "ask_of_areas", "kept_license"]
__all__ += ["word_faults"]

Fault = tuple[Place, str]


@dataclass(slots=True)
class Told:
    """What the portal told; what is missing or empty it was not asked for, or does not tell."""

    words: dict[Vocabulary, frozenset[str]]
    schemas: tuple[KnownSchema, ...] = ()
    unknown_zones: frozenset[str] = frozenset()


async def ask(portal: Portal, needed: Callable[[Vocabulary], bool], *, schemas: bool) -> Told:
    """Ask for the vocabularies that are `needed`, and for `schemas`, side by side.

    But for what areas need, which is `ask_of_areas`'s.
    """
    told = Told({})

    async def ask_for_schemas() -> None:
        told.schemas = await portal.schemas()

    asked: list[Callable[[], Awaitable[None]]] = [
        partial(_ask_for_words, portal, which, told)
        for which in portal.rules.asked
        if needed(which)
    ]
    asked += [ask_for_schemas] if schemas else []
    await side_by_side(asked)
    return told


async def ask_of_areas(portal: Portal, specs: Iterable[DatasetSpec]) -> Told:
    """Ask for what the areas of `specs`, as the manifest has them, need, side by side."""
    told, rules, which = Told({}), portal.rules, Vocabulary.GRANULARITIES
    zones, grained = set[str](), False
    for spec in specs:
        grained = grained or bool(spec.metadata.spatial and spec.metadata.spatial.granularity)
        for written, kept in _zones(spec, rules):
            zones.update(_forms(written, kept, rules))

    async def ask_for_zones() -> None:
        told.unknown_zones = await portal.unknown_zones(zones)

    asked: list[Callable[[], Awaitable[None]]] = [ask_for_zones] if zones else []
    if which in rules.asked and grained:
        asked.append(partial(_ask_for_words, portal, which, told))
    await side_by_side(asked)
    return told


async def _ask_for_words(portal: Portal, which: Vocabulary, told: Told) -> None:
    if words := await portal.vocabulary(which):
        told.words[which] = words


def as_kept(spec: DatasetSpec, told: Told, rules: Rules) -> DatasetSpec:
    """`spec` in the form in which the portal keeps what it says, so that comparing makes sense."""
    metadata, resources = rules.normalized(spec.metadata, told.words), spec.resources
    metadata = replace(metadata, license=kept_license(metadata.license, told))
    if any(each.metadata.schema is not None for each in resources):
        resources = tuple(_with_schema(each, told.schemas) for each in resources)
    tags = spec.tag_changes
    if tags is not None:
        add, remove = (tuple(map(rules.tag, each)) for each in (tags.add, tags.remove))
        tags = TagChanges(add, remove)
    return replace(spec, metadata=metadata, resources=resources, tag_changes=tags)


def kept_license(said: str | None, told: Told) -> str | None:
    """The id of the licence that is named by its address or its usual name."""
    known = told.words.get(Vocabulary.LICENSES)
    if said is None or (known is not None and said in known):
        return said
    meant = known_license([said])
    return meant if meant is not None and (known is None or meant in known) else said


def _with_schema(entry: ResourceSpec, catalogue: Sequence[KnownSchema]) -> ResourceSpec:
    if entry.metadata.schema is None:
        return entry
    schema = catalogued(entry.metadata.schema, catalogue)
    return replace(entry, metadata=replace(entry.metadata, schema=schema))


# --- what is wrong ------------------------------------------------------------------------


def word_faults(spec: DatasetSpec, told: Told) -> Iterator[Fault]:
    """What the portal would refuse of `spec`, as it keeps it: words and schemas."""
    metadata = spec.metadata
    for what, value, which, key in (
        ("licence", metadata.license, Vocabulary.LICENSES, "license"),
        ("frequency", metadata.frequency, Vocabulary.FREQUENCIES, "frequency"),
    ):
        if why := _unknown_word(what, value, which, told):
            # That of a value which several datasets have, a default; else the dataset's place.
            yield min(spec.place, spec.places.get(key, spec.place)), why
    for entry in spec.resources:
        kind, schema = entry.metadata.type, entry.metadata.schema
        if why := _unknown_word(say("resource type"), kind, Vocabulary.RESOURCE_TYPES, told):
            yield entry.place, why
        if schema is not None and (why := schema_fault(schema, told.schemas)):
            yield entry.place, why


def area_faults(spec: DatasetSpec, told: Told, rules: Rules) -> Iterator[Fault]:
    """The same of the area that `spec`, as the manifest has it, says it covers."""
    area = spec.metadata.spatial
    if area is None:
        return
    for index, (written, kept) in enumerate(_zones(spec, rules)):
        why = rules.zone_fault(kept) and (rules.zone_fault(written) or rules.zone_fault(kept))
        if not why and set(_forms(written, kept, rules)) <= told.unknown_zones:
            why = say("the portal knows no zone '{written}'", written=written)
        if why:
            place = spec.place_of(f"spatial.zones.{index}")
            yield place, joined("", (why, _meant_zone(written, {kept, *(area.zones or ())})))
    what, which = "granularity", Vocabulary.GRANULARITIES
    if why := _unknown_word(what, area.granularity, which, told):
        yield spec.place_of("spatial.granularity"), why


def _zones(spec: DatasetSpec, rules: Rules) -> list[tuple[str, str]]:
    """The zones, each as it is written and as the portal keeps it."""
    area = spec.metadata.spatial
    if area is None or not area.zones:
        return []
    kept = rules.normalized(DatasetMetadata(spatial=area), {}).spatial
    return list(zip(area.zones, (kept and kept.zones) or (), strict=True))


def _forms(written: str, kept: str, rules: Rules) -> list[str]:
    """What to ask for: a portal may have an id in either form, and take it as it keeps it."""
    return [each for each in {kept, written} if not rules.zone_fault(each)]


def _meant_zone(written: str, there: Collection[str]) -> str:
    meant = known_zone(written)
    return (
        say("; did you mean '{meant}'?", meant=meant)
        if meant and meant.lower() not in there
        else ""
    )


def _unknown_word(what: str, value: str | None, which: Vocabulary, told: Told) -> str:
    known = told.words.get(which)
    if not value or known is None or value in known:
        return ""
    return say(
        "the portal knows no {what} '{value}'{nearest}",
        what=what,
        value=value,
        nearest=_nearest(value, known, _UNDERSTOOD.get(which)),
    )


_UNDERSTOOD: Mapping[Vocabulary, Callable[[str], str | None]] = {
    Vocabulary.LICENSES: lambda said: known_license([said]),
    Vocabulary.FREQUENCIES: known_frequency,
    Vocabulary.GRANULARITIES: known_granularity,
}
"""What people call the words of a vocabulary."""


def _nearest(
    value: str, known: frozenset[str], understood: Callable[[str], str | None] | None
) -> str:
    meant = understood(value) if understood else None
    if meant in known:
        return say("; did you mean '{meant}'?", meant=meant)
    near = get_close_matches(value, sorted(known), n=1, cutoff=0.6)
    return (
        say("; did you mean '{near}'?", near=near[0])
        if near
        else say("; it knows: {known}", known=", ".join(sorted(known)))
    )
