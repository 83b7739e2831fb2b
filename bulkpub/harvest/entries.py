"""What a catalogue says of a dataset, in its own words → a dataset of the manifest.

Pure. Each kind of catalogue is read into an `Entry`; `found_of` alone turns entries into what a
manifest knows. The rules: what cannot be mapped becomes a note, a sentence for a person, and
nothing is dropped in silence. Only what is known to be a file is fetched and hosted; APIs, pages
and what may be a page stay links. An address that asks a map server for data in a file format is
a file. A restriction is never widened: what is not open to everyone makes the dataset private,
and its files stay links, as a portal serves the files of a private dataset to whoever has the
address.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from bulkpub.core.addresses import address_fault, archive_of, is_web, redacted
from bulkpub.core.model import (
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    Json,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
    UrlSource,
)
from bulkpub.core.origin import PAGE_EXTRA
from bulkpub.core.rules import Rules
from bulkpub.data import schema_registers
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.data.known_zones import known_granularity, known_zone
from bulkpub.harvest.base import Found, HarvestOptions
from bulkpub.harvest.identity import Catalogue, told_apart
from bulkpub.harvest.offers import API, FILE, PAGE, UNSURE, Offer, nature, sayings
from bulkpub.harvest.words.access import Said, restriction
from bulkpub.harvest.words.formats import short_format, short_mime
from bulkpub.harvest.words.markup import markdown
from bulkpub.harvest.words.periods import first_day, last_day
from bulkpub.language import say

__all__ = ["NOTHING", "Entry", "found_of", "listed"]

NOTHING = say("it lists nothing that could be published")
"""The note on a dataset without any resource."""

_TITLES = {API: "API", PAGE: "Page"}
_SHOWN = 80
"""Characters of a foreign value that a note repeats."""
_MOST_NAMED = 12
"""Names that a note lists; of more, only the number is given."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset of a catalogue.

    `id` is the dataset's own in its `catalogue`, and stable there; `address` is its own on the
    web, as far as it has one. `licenses`, `frequencies` and `places` are all ways
    in which the catalogue writes the one thing: ids, names, addresses; the first that is
    understood counts. `page` is where people look at it, `extras` are kept as they are. `access`
    is what is said of who has access to all of it.
    """

    id: str
    catalogue: Catalogue
    address: str = ""
    title: str = ""
    description: str = ""
    acronym: str = ""
    licenses: tuple[str, ...] = ()
    frequencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    places: tuple[str, ...] = ()
    granularity: str = ""
    page: str = ""
    modified: str = ""
    publisher: str = ""
    contact: tuple[str, ...] = ()
    extras: Mapping[str, Json] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    access: tuple[Said, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the dataset, which says where it comes from."""
        return self.catalogue.key(self.id, self.address)


# --- the dataset --------------------------------------------------------------------------


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, shortened when there are many or when they are long."""
    shown = [_short(name) for name in dict.fromkeys(names)]
    more = len(shown) - _MOST_NAMED
    return ", ".join(shown[:_MOST_NAMED]) + (say(" and {more} more", more=more) if more > 0 else "")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def found_of(entry: Entry, options: HarvestOptions) -> Found:
    """The dataset that the catalogue's entry stands for, and what could not be mapped."""
    notes = list(entry.notes)
    title = entry.title or entry.id
    closed, entry = _restricted(entry, options, notes)
    metadata = DatasetMetadata(
        title=title,
        description=_description(entry, title, notes),
        acronym=entry.acronym or None,
        license=_license(entry, notes),
        frequency=_frequency(entry, notes),
        tags=_tags(entry, options.rules, notes),
        private=True if closed else None,
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
        notes.append(NOTHING)
    return Found(spec, tuple(dict.fromkeys(notes)), closed)


def _restricted(entry: Entry, options: HarvestOptions, notes: list[str]) -> tuple[str, Entry]:
    """What keeps it from being open to everyone, and the entry without what is then left out.

    Of a dataset that is open but for some files, `skip` leaves out those files alone.
    """
    if closed := restriction(entry.access, options.today):
        notes.append(
            say(
                "its source does not open it to everyone ({closed}): it is private here, and its "
                "files are only listed",
                closed=closed,
            )
        )
        extras = {**entry.extras, "harvest:access_rights": closed}
        offers = tuple(replace(each, access=entry.access) for each in entry.offers)
        return closed, replace(entry, extras=extras, offers=offers)
    of_files = {
        place: said
        for place, each in enumerate(entry.offers)
        if (said := restriction(each.access, options.today))
    }
    shown = ", ".join(dict.fromkeys(of_files.values()))
    for place, said in of_files.items():
        notes.append(
            say(
                "{file} is not open to everyone ({said}): {consequence}",
                file=_called(entry.offers[place]),
                said=said,
                consequence=say("left out")
                if options.restricted == "skip"
                else say("the dataset is private here"),
            )
        )
    if options.restricted == "skip" and len(of_files) < len(entry.offers):
        kept = tuple(each for place, each in enumerate(entry.offers) if place not in of_files)
        return "", replace(entry, offers=kept)
    return shown, entry


def _description(entry: Entry, title: str, notes: list[str]) -> str:
    """A portal creates no dataset without one."""
    written = markdown(entry.description)
    if not written:
        notes.append(say("it has no description: its title stands for it"))
    return written or title


def _license(entry: Entry, notes: list[str]) -> str | None:
    said = [each for each in entry.licenses if each]
    known = known_license(said)
    if said and known is None:
        notes.append(say("the portal has no such licence, left out: {said}", said=listed(said)))
    return known


def _frequency(entry: Entry, notes: list[str]) -> str | None:
    said = [each for each in entry.frequencies if each]
    known = next((word for each in said if (word := known_frequency(each))), None)
    if said and known is None:
        notes.append(say("the portal has no such frequency, left out: {said}", said=listed(said)))
    return known


def _tags(entry: Entry, rules: Rules, notes: list[str]) -> tuple[str, ...] | None:
    """The tags as the portal keeps them, those of a length it takes."""
    tags: dict[str, None] = {}
    left: list[str] = []
    for tag in entry.tags:
        kept = rules.tag(tag)
        if rules.takes_tag(kept):
            tags[kept] = None
        elif tag.strip():
            left.append(tag)
    if left:
        low, high = rules.limits.shortest_tag, rules.limits.longest_tag
        wanted = say("at least {low}", low=low) if high is None else f"{low} to {high}"
        notes.append(
            say("a tag has {wanted} characters, left out: {left}", wanted=wanted, left=listed(left))
        )
    return tuple(tags) or None


def _period(entry: Entry, notes: list[str]) -> TemporalCoverage | None:
    if not (entry.start or entry.end):
        return None
    start, end = first_day(entry.start), last_day(entry.end)
    span = say(
        "from {start} to {end}", start=_short(entry.start) or "…", end=_short(entry.end) or "…"
    )
    if start is None:
        notes.append(
            say(
                "the period it covers has no first day that can be read, left out: {span}",
                span=span,
            )
        )
        return None
    if entry.end and end is None:
        notes.append(
            say(
                "the period it covers has no last day that can be read, left open: {span}",
                span=span,
            )
        )
    if end is not None and end < start:
        notes.append(say("the period it covers ends before it starts, left out: {span}", span=span))
        return None
    return TemporalCoverage(start, end)


def _spatial(entry: Entry, notes: list[str]) -> Spatial | None:
    zones, unknown = [], []
    for place in entry.places:
        zone = known_zone(place)
        if zone is None:
            unknown.append(place)
        elif zone not in zones:
            zones.append(zone)
    if unknown:
        notes.append(
            say(
                "the area is not surely one of the portal's zones, left out: {unknown}",
                unknown=listed(unknown),
            )
        )
    granularity = known_granularity(entry.granularity)
    if entry.granularity and granularity is None:
        notes.append(
            say(
                "the portal has no such granularity, left out: {granularity}",
                granularity=_short(entry.granularity),
            )
        )
    return Spatial(tuple(zones) or None, granularity) if zones or granularity else None


def _extras(entry: Entry) -> Mapping[str, Json]:
    extras = {
        **entry.catalogue.extras(entry.id),
        PAGE_EXTRA: entry.page,
        "harvest:modified_at": entry.modified,
        "harvest:publisher": entry.publisher,
        "harvest:contact": ", ".join(dict.fromkeys(each for each in entry.contact if each)),
    }
    return {**entry.extras, **{name: value for name, value in extras.items() if value}}


def _resources(entry: Entry, options: HarvestOptions, notes: list[str]) -> list[ResourceSpec]:
    """The resources that its offers stand for, each with a key of its own."""
    specs: list[ResourceSpec] = []
    offers: list[Offer] = []
    for offer in entry.offers:
        spec, said = _resource_of(offer, options)
        notes += said
        if spec is not None:
            specs.append(spec)
            offers.append(offer)
    keys = told_apart([spec.key for spec in specs], [sayings(offer) for offer in offers])
    notes += [
        say("{offer} is listed twice, and taken once", offer=_called(offer))
        for offer, key in zip(offers, keys, strict=True)
        if key is None
    ]
    return [replace(spec, key=key) for spec, key in zip(specs, keys, strict=True) if key]


# --- what it offers -----------------------------------------------------------------------


def _resource_of(offer: Offer, options: HarvestOptions) -> tuple[ResourceSpec | None, list[str]]:
    """The resource that an offer stands for, if it can be one, and what there is to say of it.

    Its key is the catalogue's own id, else its address, which others may have as well.
    """
    offer = replace(offer, url=_spelt(offer.url))
    name = _called(offer)
    if not offer.url:
        return None, [say("{name} has no address, left out", name=name)]
    if fault := address_fault(offer.url) or _scheme_fault(offer.url):
        return None, [say("the address of {name} {fault}: left out", name=name, fault=fault)]
    what = nature(offer)
    is_open = not restriction(offer.access, options.today)
    is_link = bool(options.links) or what != FILE or not is_open
    if is_link and not is_web(offer.url):
        return None, [
            say(
                "{name} is left out: a link must be a web address, not {url}",
                name=name,
                url=_shown_address(offer.url),
            )
        ]
    notes: list[str] = []
    if what == UNSURE and not options.links:
        notes.append(
            say(
                "{name} is only listed: nothing says whether {url} is a file",
                name=name,
                url=_shown_address(offer.url),
            )
        )
    spec = ResourceSpec(
        key=" ".join(offer.id.split()) or redacted(offer.url),
        source=LinkSource(offer.url) if is_link else UrlSource(offer.url),
        metadata=_metadata(offer, what, notes, is_link=is_link),
        default_title=_default_title(offer, what),
    )
    return spec, notes


def _spelt(url: str) -> str:
    """The address with its spaces and the like encoded, as browsers do."""
    return re.sub(r"[\s<>\"\\^`{|}]", lambda found: f"%{ord(found[0]):02X}", url.strip())


def _scheme_fault(url: str) -> str:
    scheme = urlsplit(url).scheme.lower()
    return (
        say("starts with {scheme}://, which no catalogue can mean", scheme=scheme)
        if archive_of(url)[1]
        else ""
    )


def _shown_address(url: str) -> str:
    return redacted(url)[:_SHOWN]


def _called(offer: Offer) -> str:
    """How a note calls it; never by an address with credentials."""
    title = " ".join((offer.title or offer.id).split())
    # Where it is long it is an address, whose end sets one apart from another.
    shown = title if len(title) <= _SHOWN else f"…{title[1 - _SHOWN :]}"
    return (
        f"'{shown}'"
        if title
        else say("what is at {url}", url=_shown_address(offer.url) or "no address")
    )


def _metadata(offer: Offer, what: str, notes: list[str], *, is_link: bool) -> ResourceMetadata:
    extras: Mapping[str, Json] = {
        name: value
        for name, value in {
            "harvest:modified_at": offer.modified,
            "harvest:size": offer.size if is_link else None,
        }.items()
        if value
    }
    return ResourceMetadata(
        title=offer.title or _default_title(offer, what),
        description=markdown(offer.description) or None,
        type=_type(offer, what),
        schema=_schema(offer, what, notes),
        format=(short_format(offer.format) or short_format(offer.mime) or None)
        if is_link
        else None,
        mime=(short_mime(offer.mime) or None) if is_link else None,
        extras=extras or None,
    )


def _type(offer: Offer, what: str) -> str | None:
    if what == API:
        return "api"
    if offer.type:
        return offer.type
    return "other" if what in (PAGE, UNSURE) else None


def _schema(offer: Offer, what: str, notes: list[str]) -> ContentSchema | None:
    """The schema of the content; what an API conforms to is its protocol."""
    if what == API:
        return None
    for said in offer.conforms_to:
        for register in schema_registers():
            if found := register.fullmatch(said):
                return ContentSchema(name=found[1], version=found[2])
        if re.match(r"https?://\S+$", said):
            return ContentSchema(url=said)
    if offer.conforms_to:
        notes.append(
            say(
                "the schema of {offer} has no address: {conforms_to}",
                offer=_called(offer),
                conforms_to=offer.conforms_to[0][:_SHOWN],
            )
        )
    return None


def _default_title(offer: Offer, what: str) -> str:
    parts = urlsplit(offer.url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2])
    if what in _TITLES:
        return f"{_TITLES[what]} ({short_format(offer.format) or parts.hostname})"
    return name or parts.hostname or offer.id
