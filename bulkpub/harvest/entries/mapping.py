"""What a catalogue says of a dataset, in its own words → what a portal knows of one.

Pure. The rule: what cannot be mapped becomes a note, a sentence for a person; nothing is
dropped in silence. Limits of length and the like are `fitting`'s.
"""

from collections.abc import Iterable, Mapping

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    Json,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.names import key_of
from bulkpub.harvest.entries.entry import Entry
from bulkpub.harvest.entries.offers import resource_of
from bulkpub.harvest.found import Found
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.words.frequencies import portal_frequency
from bulkpub.harvest.words.licenses import portal_license
from bulkpub.harvest.words.markup import markdown
from bulkpub.harvest.words.periods import first_day, last_day
from bulkpub.harvest.words.zones import portal_granularity, portal_zone
from bulkpub.manifest.fields import TAG_LIMITS

__all__ = ["found_of", "listed"]

_SHOWN = 80
"""Characters of a foreign value that a note repeats."""
_MOST_NAMED = 12
"""Names that a note lists; of more, the number is told."""


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, shortened when there are many or when they are long."""
    shown = [_short(name) for name in dict.fromkeys(names)]
    more = len(shown) - _MOST_NAMED
    return ", ".join(shown[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def found_of(entry: Entry, options: HarvestOptions) -> Found:
    """The dataset that the catalogue's entry stands for, and what could not be mapped."""
    notes = list(entry.notes)
    title = entry.title or entry.key
    metadata = DatasetMetadata(
        title=title,
        description=_description(entry, title, notes),
        acronym=entry.acronym or None,
        license=_license(entry, notes),
        frequency=_frequency(entry, notes),
        tags=_tags(entry, notes),
        temporal_coverage=_period(entry, notes),
        spatial=_spatial(entry, notes),
        extras=_extras(entry),
    )
    spec = DatasetSpec(
        key=entry.key,
        metadata=metadata,
        resources=tuple(_resources(entry, options, notes)),
    )
    if not spec.resources:
        notes.append("it lists nothing that could be published")
    return Found(spec, tuple(dict.fromkeys(notes)))


def _description(entry: Entry, title: str, notes: list[str]) -> str:
    """A portal creates no dataset without one."""
    written = markdown(entry.description)
    if not written:
        notes.append("it has no description: its title stands for it")
    return written or title


def _license(entry: Entry, notes: list[str]) -> str | None:
    said = [each for each in entry.licenses if each]
    known = portal_license(said)
    if said and known is None:
        notes.append(f"the portal has no such licence, left out: {listed(said)}")
    return known


def _frequency(entry: Entry, notes: list[str]) -> str | None:
    said = [each for each in entry.frequencies if each]
    known = next((word for each in said if (word := portal_frequency(each))), None)
    if said and known is None:
        notes.append(f"the portal has no such frequency, left out: {listed(said)}")
    return known


def _tags(entry: Entry, notes: list[str]) -> tuple[str, ...] | None:
    """The slugs the portal keeps tags as, those of a length it takes."""
    slugs: dict[str, None] = {}
    left: list[str] = []
    low, high = TAG_LIMITS
    for tag in entry.tags:
        slug = key_of(tag)
        if low <= len(slug) <= high:
            slugs[slug] = None
        elif tag.strip():
            left.append(tag)
    if left:
        notes.append(f"a tag has {low} to {high} characters, left out: {listed(left)}")
    return tuple(slugs) or None


def _period(entry: Entry, notes: list[str]) -> TemporalCoverage | None:
    if not (entry.start or entry.end):
        return None
    start, end = first_day(entry.start), last_day(entry.end)
    told = f"from {_short(entry.start) or '…'} to {_short(entry.end) or '…'}"
    if start is None:
        notes.append(f"the period it covers has no first day that can be read, left out: {told}")
        return None
    if entry.end and end is None:
        notes.append(f"the period it covers has no last day that can be read, left open: {told}")
    if end is not None and end < start:
        notes.append(f"the period it covers ends before it starts, left out: {told}")
        return None
    return TemporalCoverage(start, end)


def _spatial(entry: Entry, notes: list[str]) -> Spatial | None:
    zones, unknown = [], []
    for place in entry.places:
        zone = portal_zone(place)
        if zone is None:
            unknown.append(place)
        elif zone not in zones:
            zones.append(zone)
    if unknown:
        notes.append(
            f"the area is not surely one of the portal's zones, left out: {listed(unknown)}"
        )
    granularity = portal_granularity(entry.granularity)
    if entry.granularity and granularity is None:
        notes.append(f"the portal has no such granularity, left out: {_short(entry.granularity)}")
    return Spatial(tuple(zones) or None, granularity) if zones or granularity else None


def _extras(entry: Entry) -> Mapping[str, Json]:
    told = {
        "harvest:remote_id": entry.key,
        "harvest:remote_url": entry.page,
        "harvest:modified_at": entry.modified,
        "harvest:publisher": entry.publisher,
        "harvest:contact": ", ".join(dict.fromkeys(each for each in entry.contact if each)),
    }
    return {**entry.extras, **{name: value for name, value in told.items() if value}}


def _resources(entry: Entry, options: HarvestOptions, notes: list[str]) -> list[ResourceSpec]:
    specs: dict[str, ResourceSpec] = {}
    for offer in entry.offers:
        spec, told = resource_of(offer, options, specs)
        notes += told
        if spec is not None:
            specs[spec.key] = spec
    return list(specs.values())
