"""One dataset in a graph of DCAT, as the catalogues in use write it, → an entry.

Pure. Nothing is followed further than from a dataset to its distributions and from these to
what describes them, so that a graph with circles in it ends as any other.
"""

import re
from collections.abc import Container, Iterable, Iterator

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DC, DCAT, DCTERMS, FOAF, OWL, RDF, Namespace
from rdflib.term import Node

from bulkpub.harvest.entries.dcat_offers import offers
from bulkpub.harvest.entries.entry import Entry
from bulkpub.harvest.entries.mapping import listed
from bulkpub.harvest.reading.graphs import (
    address,
    addresses,
    label,
    literals,
    locals_of,
    named,
    said,
    words,
)
from bulkpub.harvest.words.periods import period
from bulkpub.harvest.words.shapes import shape_note

__all__ = ["dcat_entry"]

_VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_SCHEMA = ("http://schema.org/", "https://schema.org/")
_LOCN = Namespace("http://www.w3.org/ns/locn#")
_ADMS = Namespace("http://www.w3.org/ns/adms#")
_TIME = Namespace("http://www.w3.org/2006/time#")
_OWS = Namespace("http://www.opengis.net/rdf#")
_GEO = Namespace("http://www.opengis.net/ont/geosparql#")
_UPDATED = URIRef("http://purl.org/dc/terms/updated")  # GeoNetwork's, in no vocabulary
_STARTS = (DCAT.startDate, *(URIRef(base + "startDate") for base in _SCHEMA))
_ENDS = (DCAT.endDate, *(URIRef(base + "endDate") for base in _SCHEMA))
_SHAPES = (DCAT.bbox, _LOCN.geometry, DCAT.centroid, _GEO.asWKT, _OWS.asWKT)
_READ = frozenset(
    (
        RDF.type,
        DCTERMS.title,
        DCTERMS.description,
        DCTERMS.abstract,
        DCTERMS.alternative,
        DCTERMS.identifier,
        DCTERMS.license,
        DCTERMS.rights,
        DCTERMS.accessRights,
        DCTERMS.accrualPeriodicity,
        DCTERMS.temporal,
        DCTERMS.spatial,
        DCTERMS.modified,
        DCTERMS.issued,
        _UPDATED,
        DCTERMS.publisher,
        DCTERMS.creator,
        DCTERMS.conformsTo,
        DCTERMS.subject,
        DC.subject,
        DCAT.keyword,
        DCAT.theme,
        DCAT.distribution,
        DCAT.landingPage,
        DCAT.contactPoint,
        FOAF.page,
        FOAF.homepage,
    )
)
_LANGUAGES = frozenset((DCTERMS.language, DCTERMS.created, _ADMS.identifier, OWL.versionInfo))
"""Read by nobody, and told neither."""
_THEMES = re.compile(r"https?://", re.IGNORECASE)


def dcat_entry(graph: Graph, subject: Node, base: str, taken: Container[str]) -> Entry:
    """The entry for the dataset `subject`; `base` is the address of the page it is in.

    `taken` has the keys of the other datasets of that page.
    """
    notes: list[str] = []
    offered = tuple(offers(graph, subject, base))
    pages = addresses(graph, subject, (DCAT.landingPage, FOAF.homepage), base)
    title = said(graph, subject, DCTERMS.title)
    start, end = _period(graph, subject)
    key = _key(graph, subject, _first(pages), taken, notes)
    extras = {
        "harvest:themes": [each for each in _themes(graph, subject) if _THEMES.match(each)],
        "harvest:conforms_to": words(graph, subject, DCTERMS.conformsTo),
        "harvest:issued_at": said(graph, subject, DCTERMS.issued),
        "harvest:access_rights": ", ".join(words(graph, subject, DCTERMS.accessRights)),
    }
    left = [each for each in locals_of(graph, subject, _READ | _LANGUAGES) if each]
    if left:
        notes.append(f"not carried over: {listed(left)}")
    places = list(_places(graph, subject, notes))
    return Entry(
        key=key,
        title=title or (str(subject) if isinstance(subject, URIRef) else key),
        description=said(graph, subject, DCTERMS.description, DCTERMS.abstract),
        acronym=said(graph, subject, DCTERMS.alternative),
        licenses=tuple(_licenses(graph, subject, notes)),
        frequencies=tuple(words(graph, subject, DCTERMS.accrualPeriodicity)),
        tags=tuple(_tags(graph, subject)),
        start=start,
        end=end,
        places=tuple(places),
        page=_first(pages) or (str(subject) if address(subject) else ""),
        modified=said(graph, subject, DCTERMS.modified, _UPDATED),
        publisher=_first(named(graph, subject, DCTERMS.publisher, DCTERMS.creator)),
        contact=tuple(_contact(graph, subject)),
        extras={name: value for name, value in extras.items() if value},
        offers=offered,
        notes=tuple(notes),
    )


def _first(several: Iterable[str]) -> str:
    return next(iter(several), "")


def _key(graph: Graph, subject: Node, page: str, taken: Container[str], notes: list[str]) -> str:
    """The dataset's identifier, else its address, its page, its title: the first of its own."""
    identifiers = sorted(literals(graph, subject, DCTERMS.identifier))
    own = [str(subject)] if isinstance(subject, URIRef) else []
    told = (*identifiers, *own, page, said(graph, subject, DCTERMS.title))
    ways = [" ".join(each.split()) for each in told if each.strip()]
    key = next((each for each in ways if each not in taken), _first(ways) or "dataset")
    if not identifiers and not own:
        notes.append("it has no identifier: its key is its page or its title, which may change")
    elif key != ways[0]:
        notes.append(f"another dataset has the identifier '{ways[0]}' as well")
    return key


def _licenses(graph: Graph, subject: Node, notes: list[str]) -> Iterator[str]:
    """Those of the dataset, then those of its distributions, then what its rights say."""
    own = words(graph, subject, DCTERMS.license)
    files = list(graph.objects(subject, DCAT.distribution))
    theirs = [tuple(words(graph, each, DCTERMS.license)) for each in files]
    differing = dict.fromkeys(told for told in theirs if told)
    if not own and len(differing) > 1:
        notes.append(
            "its files have several licences, and a dataset has one: "
            f"{listed(told[0] for told in differing)}"
        )
        return
    yield from own
    for told in differing:
        yield from told
    for each in (subject, *files):
        yield from words(graph, each, DCTERMS.rights)


def _themes(graph: Graph, subject: Node) -> list[str]:
    return words(graph, subject, DCAT.theme)


def _tags(graph: Graph, subject: Node) -> Iterator[str]:
    """Keywords in the language wanted, and themes that have a name."""
    themes = (*graph.objects(subject, DCAT.theme), *graph.objects(subject, DCTERMS.subject))
    told = [
        *literals(graph, subject, DCAT.keyword),
        *literals(graph, subject, DC.subject),
        *(label(graph, theme) for theme in themes),
    ]
    for each in dict.fromkeys(told):
        # Some write all keywords into one.
        yield from (part.strip() for part in re.split(r"[,;]", each) if part.strip())


def _period(graph: Graph, subject: Node) -> tuple[str, str]:
    for each in graph.objects(subject, DCTERMS.temporal):
        start = said(graph, each, *_STARTS) or _time(graph, each, _TIME.hasBeginning)
        end = said(graph, each, *_ENDS) or _time(graph, each, _TIME.hasEnd)
        if start or end:
            return start, end
        if isinstance(each, Literal) and str(each).strip():
            return period(str(each))
    return "", ""


def _time(graph: Graph, subject: Node, predicate: Node) -> str:
    instants = (
        said(graph, each, _TIME.inXSDDate, _TIME.inXSDDateTime, _TIME.inXSDDateTimeStamp)
        for each in graph.objects(subject, predicate)
    )
    return _first(filter(None, instants))


def _places(graph: Graph, subject: Node, notes: list[str]) -> Iterator[str]:
    """Addresses and names of areas; of one area the address if it is sure, else its names."""
    for each in graph.objects(subject, DCTERMS.spatial):
        shape = shape_note(str(each)) if isinstance(each, Literal) else ""
        shapes = [
            note
            for predicate in _SHAPES
            for value in graph.objects(each, predicate)
            if (note := shape_note(str(value)))
        ]
        told = [] if shape else [*([str(each)] if address(each) else []), label(graph, each)]
        told += sorted(literals(graph, each, DCTERMS.identifier))
        yield from (place for place in dict.fromkeys(told) if place)
        if not any(told):
            notes.extend(([shape] if shape else shapes)[:1])


def _contact(graph: Graph, subject: Node) -> Iterator[str]:
    for each in graph.objects(subject, DCAT.contactPoint):
        name = said(graph, each, _VCARD.fn, _VCARD["organization-name"], FOAF.name) or (
            str(each) if isinstance(each, Literal) else ""
        )
        mails = words(graph, each, _VCARD.hasEmail) or words(graph, each, _VCARD.email)
        mails = mails or words(graph, each, FOAF.mbox)
        values = [
            _first(words(graph, node, _VCARD.hasValue))
            for node in graph.objects(each, _VCARD.hasEmail)
        ]
        mail = _first(filter(None, values)) or _first(mails)
        mail = mail.removeprefix("mailto:").strip()
        yield " ".join(filter(None, (name, f"<{mail}>" if "@" in mail else "")))
