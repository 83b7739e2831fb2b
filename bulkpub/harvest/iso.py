"""A record of ISO 19139, the metadata of geographic data → what it says of a dataset.

OWSLib takes the record apart; it comes with `bulkpub[iso]` and is imported when needed. What was
made for INSPIRE says who has access among its legal constraints: where these say
`otherRestrictions`, the words beside it count, and what is not understood there counts as a
restriction.
"""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from bulkpub.core.addresses import is_web, redacted
from bulkpub.errors import SourceFailed
from bulkpub.harvest.entries import Entry
from bulkpub.harvest.identity import Catalogue
from bulkpub.harvest.offers import API, FILE, PAGE, Offer, nature
from bulkpub.harvest.reading.csw import DCAT_SCHEMA
from bulkpub.harvest.reading.loose import clean
from bulkpub.harvest.reading.shapes import shape_note
from bulkpub.harvest.words.access import Said
from bulkpub.harvest.words.languages import short_language
from bulkpub.language import joined, say

__all__ = ["IsoReader", "NoDataset"]

_GMD = "http://www.isotc211.org/2005/gmd"
_OF_19139 = (f"{{{_GMD}}}", "{http://www.isotc211.org/2005/gmi}")
_DATA = frozenset({"", "dataset", "series", "nongeographicdataset", "tile", "document"})
"""Hierarchy levels of what is data; others are services, applications, maps."""
_DOWNLOAD = re.compile(r"download|ftp", re.IGNORECASE)
_LINK = re.compile(r"www:link|link-1\.0", re.IGNORECASE)
_OTHER = "otherRestrictions"


class NoDataset(Exception):  # it is named for what was found
    """The record is of something else than a dataset, which the message names."""


class IsoReader:
    """Reads the records that the answer at `where` gives, in `language` where they have several.

    They are of the `catalogue`.

    Raises `SourceFailed` when OWSLib is missing.
    """

    def __init__(self, where: str, language: str, catalogue: Catalogue) -> None:
        self._where = where
        self._language = language
        self._catalogue = catalogue
        try:
            self._parse: Any = import_module("owslib.etree").etree.fromstring
            self._record: Any = import_module("owslib.iso").MD_Metadata
        except ImportError:
            raise SourceFailed(
                say(
                    "{where} gives records in ISO 19139, which need OWSLib: pip install "
                    "'bulkpub[iso]', or ask for DCAT, with outputSchema={dcat_schema}",
                    where=where,
                    dcat_schema=DCAT_SCHEMA,
                )
            ) from None

    def entry(self, record: bytes) -> Entry:
        """What the record, in XML, says; raises `NoDataset` when it is of something else.

        SourceFailed when it cannot be read.
        """
        root = fromstring(record)
        if not str(root.tag).startswith(_OF_19139):
            raise SourceFailed(
                say(
                    "{where} gives records in ISO 19115-3, which is not read: ask for "
                    "outputSchema={gmd}, or for DCAT, with outputSchema={dcat_schema}",
                    where=self._where,
                    gmd=_GMD,
                    dcat_schema=DCAT_SCHEMA,
                )
            )
        try:
            read = self._record(self._parse(record))
            return _entry(read, root, self._language, self._catalogue)
        except (AttributeError, TypeError, ValueError, LookupError) as error:
            raise SourceFailed(
                say(
                    "{where}: a record of ISO 19139 cannot be read ({name})",
                    where=self._where,
                    name=type(error).__name__,
                )
            ) from error


def _entry(record: Any, root: Element, language: str, catalogue: Catalogue) -> Entry:  # noqa: ANN401 # OWSLib has no types
    level = _text(record.hierarchy).lower()
    identification = next(iter(record.identification), None)
    title = next(_written(root, "title", language), "")
    own_id = _text(record.identifier)
    if level not in _DATA:
        raise NoDataset(say("'{title}' is a {level}", title=title or own_id, level=level))
    if identification is None:
        return Entry(own_id, catalogue, title=own_id)
    dates = {_text(each.type): _text(each.date) for each in identification.date}
    issued = dates.get("publication", "")
    extras = {
        "harvest:issued_at": issued,
        "harvest:topics": ", ".join(_texts(identification.topiccategory)),
    }
    return Entry(
        id=own_id or next(iter(_texts(identification.uricode)), "") or title,
        catalogue=catalogue,
        title=title or own_id,
        description=next(_written(root, "abstract", language), ""),
        licenses=tuple(_constraints(identification)),
        frequencies=tuple(_codes(root, "MD_MaintenanceFrequencyCode")),
        tags=tuple(_written(root, "keyword", language)),
        start=_text(identification.temporalextent_start),
        end=_text(identification.temporalextent_end),
        page=next((url for url in (_text(record.dataseturi),) if is_web(url)), ""),
        modified=dates.get("revision", "") or _text(record.datestamp),
        publisher=_publisher(identification.contact),
        contact=tuple(_contacts((*identification.contact, *record.contact))),
        extras={name: value for name, value in extras.items() if value},
        offers=tuple(_offers(record.distribution)),
        access=tuple(_access(identification, issued)),
        notes=tuple(_area(identification.extent)),
    )


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _texts(values: object) -> list[str]:
    several = values if isinstance(values, list | tuple) else [values]
    return [found for each in several if (found := _text(each))]


def _codes(root: Element, name: str) -> Iterator[str]:
    for each in root.iter(f"{{{_GMD}}}{name}"):
        yield _text(each.get("codeListValue")) or _text(each.text)


def _written(root: Element, name: str, language: str) -> Iterator[str]:
    """The texts of that name in the description of the data, translations and anchors included.

    OWSLib knows no translations, and of keywords no anchors beside plain ones.
    """
    for part in root.iter(f"{{{_GMD}}}identificationInfo"):
        for each in part.iter(f"{{{_GMD}}}{name}"):
            if found := _spoken(each, language):
                yield found


def _spoken(element: Element, language: str) -> str:
    """Its text, in the language wanted if it is translated into that."""
    translations = {
        short_language(each.get("locale", "").lstrip("#").removeprefix("locale-")): _text(each.text)
        for each in element.iter(f"{{{_GMD}}}LocalisedCharacterString")
    }
    own = next((_text(each.text) for each in element if _text(each.text)), "")
    return translations.get(language, "") or own or next(filter(None, translations.values()), "")


# --- constraints --------------------------------------------------------------------------


def _constraints(identification: Any) -> Iterator[str]:  # noqa: ANN401 # OWSLib has no types
    """What may name the licence, addresses first, as they are sure."""
    yield from _texts(identification.otherconstraints_url)
    yield from _texts(identification.uselimitation_url)
    yield from _texts(identification.otherconstraints)
    yield from _texts(identification.uselimitation)


def _access(identification: Any, issued: str) -> Iterator[Said]:  # noqa: ANN401 # OWSLib has no types
    codes = _texts(identification.accessconstraints)
    yield from (("accessConstraints", (code,)) for code in codes if code != _OTHER)
    words = (*_texts(identification.otherconstraints), *_texts(identification.otherconstraints_url))
    if _OTHER in codes:
        yield _OTHER, words or (_OTHER,)
    for each in (*words, *_texts(identification.uselimitation)):
        yield "useLimitation", (each,)
    for each in (
        *_texts(identification.securityconstraints),
        *_texts(identification.classification),
    ):
        yield "securityClassification", (each,)
    if issued:
        yield "issued", (issued,)


# --- people and places --------------------------------------------------------------------


def _publisher(contacts: Iterable[Any]) -> str:
    """The publisher's organization, else the owner's, else that of anybody named."""
    by_role: dict[str, str] = {}
    for each in contacts:
        if name := _text(each.organization):
            by_role.setdefault(_text(each.role), name)
    roles = ("publisher", "owner", *by_role)
    return next((by_role[role] for role in roles if role in by_role), "")


def _contacts(contacts: Iterable[Any]) -> Iterator[str]:
    for each in contacts:
        name, mail = _text(each.name) or _text(each.organization), _text(each.email)
        yield " ".join(filter(None, (name, f"<{mail}>" if "@" in mail else "")))


def _area(extent: Any) -> Iterator[str]:  # noqa: ANN401 # OWSLib has no types
    box = getattr(extent, "boundingBox", None)
    if box is not None:
        corners = [_text(each) for each in (box.minx, box.miny, box.maxx, box.maxy)]
        if note := shape_note(" ".join(corners)):
            yield joined(": ", (note, ", ".join(corners)))


# --- what it offers -----------------------------------------------------------------------


def _offers(distribution: Any) -> Iterator[Offer]:  # noqa: ANN401 # OWSLib has no types
    if distribution is None:
        return
    seen: set[tuple[str, str]] = set()
    online = [each for one in distribution.distributor for each in one.online]
    for each in (*distribution.online, *online):
        found = _offer(each)
        if (found.url, found.title) not in seen:
            seen.add((found.url, found.title))
            yield found


def _offer(online: Any) -> Offer:  # noqa: ANN401 # OWSLib has no types
    protocol, function = _text(online.protocol), _text(online.function)
    plain = Offer(
        url=_text(online.url),
        title=_text(online.name) or _text(online.description),
        description=_text(online.description) if _text(online.name) else "",
        protocols=tuple(filter(None, (protocol, _text(online.protocol_url)))),
    )
    what = nature(plain)
    if what not in (API, FILE) and (_DOWNLOAD.search(protocol) or function == "download"):
        what = FILE
    elif what != API and (_LINK.search(protocol) or function == "information"):
        what = FILE if what == FILE else PAGE
    declared = what if what in (API, FILE, PAGE) else ""
    return Offer(
        url=plain.url,
        title=plain.title or redacted(plain.url),
        description=plain.description,
        declared=declared,
        protocols=plain.protocols,
    )
