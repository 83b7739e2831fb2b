"""What a catalogue lists under a dataset → a resource: a file to fetch and host, or a link.

Pure. Files are hosted unless links are asked for; APIs, pages and what may be a page stay links.
What has no address a portal could use is a note.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from bulkpub.core.model import (
    ContentSchema,
    Json,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.harvest.entries.entry import Offer
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.words.formats import API, FILE, PAGE, UNSURE, nature, short_format, short_mime
from bulkpub.harvest.words.markup import markdown
from bulkpub.manifest.addresses import SCHEMES, address_fault, public

__all__ = ["resource_of"]

_WEB = ("http", "https")
_FETCHED = frozenset(SCHEMES) - {"zip"}
_SCHEMA = re.compile(
    r"https?://schema\.data\.gouv\.fr/(?:schemas/)?([\w.-]+/[\w.-]+)(?:/(?:v?(\d[\w.]*)|latest))?"
    r"(?:/[\w.-]+\.json|\.html|/)*",
    re.IGNORECASE,
)
_TITLES = {API: "API", PAGE: "Page"}
_SHOWN = 80


def resource_of(
    offer: Offer, options: HarvestOptions, taken: Container[str]
) -> tuple[ResourceSpec | None, list[str]]:
    """The resource that an offer stands for, if it can be one, and what there is to say of it.

    `taken` has the keys of the dataset's other resources.
    """
    offer = replace(offer, url=_spelt(offer.url))
    name = _named(offer)
    if not offer.url:
        return None, [f"{name} has no address, left out"]
    if fault := address_fault(offer.url) or _scheme_fault(offer.url):
        return None, [f"the address of {name} {fault}: left out"]
    what = nature(offer)
    is_link = options.links or what != FILE
    if is_link and urlsplit(offer.url).scheme.lower() not in _WEB:
        return None, [f"{name} is left out: a link must be a web address, not {_told(offer.url)}"]
    notes: list[str] = []
    if what == UNSURE and not options.links:
        notes.append(f"{name} is only listed: nothing says whether {_told(offer.url)} is a file")
    spec = ResourceSpec(
        key=_key(offer, taken),
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
    return "" if scheme in _FETCHED else f"starts with {scheme}://, which no catalogue can mean"


def _told(url: str) -> str:
    return public(url)[:_SHOWN]


def _named(offer: Offer) -> str:
    """How a note calls it; never by an address with credentials."""
    title = " ".join((offer.title or offer.id).split())
    # Where it is long it is an address, whose end tells one from another.
    shown = title if len(title) <= _SHOWN else f"…{title[1 - _SHOWN :]}"
    return f"'{shown}'" if title else f"what is at {_told(offer.url) or 'no address'}"


def _key(offer: Offer, taken: Container[str]) -> str:
    """The catalogue's own id, else the address; numbered where another resource has it."""
    key = unique = " ".join(offer.id.split()) or public(offer.url)
    number = 1
    while unique in taken:
        number += 1
        unique = f"{key}-{number}"
    return unique


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
        if found := _SCHEMA.fullmatch(said):
            return ContentSchema(name=found[1], version=found[2])
        if re.match(r"https?://\S+$", said):
            return ContentSchema(url=said)
    if offer.conforms_to:
        notes.append(
            f"the schema of {_named(offer)} has no address: {offer.conforms_to[0][:_SHOWN]}"
        )
    return None


def _default_title(offer: Offer, what: str) -> str:
    parts = urlsplit(offer.url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2])
    if what in _TITLES:
        return f"{_TITLES[what]} ({short_format(offer.format) or parts.hostname})"
    return name or parts.hostname or offer.id
