"""Zones that a manifest gives by name: the portal is asked for their ids, once for each name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import anyio

from bulkpub.core.catalogue import KnownZone
from bulkpub.core.model import DatasetSpec, NamedZone, Place
from bulkpub.core.rules import Rules
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.portals import Portal

__all__ = ["Found", "ask_for_zones", "with_zones", "zone_faults"]

ASKED_AT_ONCE = 8
MOST_NAMED = 5
"""Zones that one sentence names."""
Found = Mapping[str, Sequence[KnownZone] | None]
"""The zones of each name, or None where the portal does not tell."""


async def ask_for_zones(portal: Portal, specs: Iterable[DatasetSpec]) -> Found:
    """What the portal has under the names that `specs` give."""
    names = dict.fromkeys(zone.name for spec in specs for zone in _named(spec))
    ask = [partial(portal.zones_named, name) for name in names]
    found = await side_by_side(ask, anyio.CapacityLimiter(ASKED_AT_ONCE))
    return dict(zip(names, found, strict=True))


def with_zones(spec: DatasetSpec, found: Found, rules: Rules) -> DatasetSpec:
    """The spec with ids in the place of names, where each means one zone."""
    area = spec.metadata.spatial
    if area is None or not area.named:
        return spec
    ids = [fit[0].id for zone in area.named if len(fit := _fitting(zone, found)) == 1]
    zones = tuple(dict.fromkeys((*(area.zones or ()), *ids)))
    metadata = replace(spec.metadata, spatial=replace(area, zones=zones, named=()))
    return replace(spec, metadata=rules.normalized(metadata, {}))


def zone_faults(spec: DatasetSpec, found: Found) -> Iterator[tuple[Place, str]]:
    """What is wrong with the names: those that no zone has, and those that several have."""
    for index, zone in enumerate(_named(spec)):
        fit = _fitting(zone, found)
        if len(fit) != 1:
            yield spec.place_of(f"spatial.named.{index}"), _fault(zone, fit, found[zone.name])


def _named(spec: DatasetSpec) -> tuple[NamedZone, ...]:
    area = spec.metadata.spatial
    return area.named if area is not None else ()


def _fitting(zone: NamedZone, found: Found) -> list[KnownZone]:
    same = [each for each in found[zone.name] or () if _same(each.name, zone.name)]
    return [each for each in same if zone.level in {None, each.level}]


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def _fault(zone: NamedZone, fit: Sequence[KnownZone], there: Sequence[KnownZone] | None) -> str:
    level = say(" at the level '{level}'", level=zone.level) if zone.level else ""
    if there is None:
        return say("the portal does not tell which zone '{name}' is: give its id", name=zone.name)
    if fit:
        cure = say("give its id") if zone.level else say("say its 'level', or give its id")
        return say(
            "'{name}'{level} is {fit}: {cure}",
            name=zone.name,
            level=level,
            fit=_listed(fit, " and "),
            cure=cure,
        )
    others = say("; it has {there}", there=_listed(there, ", ")) if there else ""
    return say(
        "the portal knows no zone that is called '{name}'{level}{others}",
        name=zone.name,
        level=level,
        others=others,
    )


def _listed(zones: Sequence[KnownZone], between: str) -> str:
    shown = [f"{each.id} ({each.name})" for each in zones[:MOST_NAMED]]
    more = len(zones) - len(shown)
    return between.join([*shown, *([f"{more} more"] if more else [])])
