"""A dataset in a graph of RDF → what it says of itself, and what it offers.

Nothing is followed further than from a dataset to its distributions and from these to what
describes them, so that a graph with circles in it ends as any other. A download address is a
file's, an access address may be that of a page or an API, which format and media type decide; a
data service is an API.
"""

import re
from collections.abc import Container, Iterable, Iterator
from itertools import chain

from rdflib import Literal, URIRef
from rdflib.namespace import DC, DCAT, DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, Namespace
from rdflib.term import Node

from bulkpub.data import high_value_categories
from bulkpub.harvest.entries import Entry, listed
from bulkpub.harvest.identity import Catalogue
from bulkpub.harvest.offers import API, FILE, PAGE, Offer, nature
from bulkpub.harvest.reading.graphs import (
    Described,
    address,
    addresses,
    label,
    literals,
    locals_of,
    named,
    said,
    statements,
    texts,
    words,
)
from bulkpub.harvest.reading.shapes import shape_note
from bulkpub.harvest.words.access import speaks_of_access
from bulkpub.harvest.words.formats import short_format
from bulkpub.harvest.words.periods import period
from bulkpub.language import say

__all__ = ["end_of", "entry_of"]

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
_TITLES = (DCTERMS.title, DC.title, SKOS.prefLabel, RDFS.label, FOAF.name)
_DESCRIPTIONS = (DCTERMS.description, DCTERMS.abstract, DC.description, RDFS.comment)
_READ = frozenset(
    (
        RDF.type,
        *_TITLES,
        *_DESCRIPTIONS,
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
_OF_NO_USE = frozenset((DCTERMS.language, DCTERMS.created, _ADMS.identifier, OWL.versionInfo))
"""Read by nobody, and no loss."""
_THEMES = re.compile(r"https?://", re.IGNORECASE)
_SCHEMA_SIZE = Namespace("http://schema.org/").contentSize
_HTML = re.compile(r"html", re.IGNORECASE)


def entry_of(
    graph: Described, subject: Node, base: str, catalogue: Catalogue, taken: Container[str]
) -> Entry:
    """The entry for the dataset `subject`; `base` is the address of the page it is in.

    `taken` has the ids of the other datasets of that page.
    """
    notes: list[str] = []
    pages = addresses(graph, subject, (DCAT.landingPage, FOAF.homepage), base)
    offered = tuple(_offers(graph, subject, base, pages[1:]))
    title = said(graph, subject, *_TITLES, DCTERMS.alternative)
    start, end = _period(graph, subject)
    own_id = _id(graph, subject, _first(pages), taken, notes)
    extras = {
        "harvest:themes": [each for each in _themes(graph, subject) if _THEMES.match(each)],
        "harvest:conforms_to": words(graph, subject, DCTERMS.conformsTo),
        "harvest:issued_at": said(graph, subject, DCTERMS.issued),
        "harvest:access_rights": ", ".join(words(graph, subject, DCTERMS.accessRights)),
    }
    description = said(graph, subject, *_DESCRIPTIONS)
    spoken = {said(graph, subject, each): each for each in (*_TITLES, *_DESCRIPTIONS)}
    unread = {each for text, each in spoken.items() if text and text not in (title, description)}
    left = [
        each
        for each in locals_of(graph, subject, (_READ | _OF_NO_USE) - unread)
        if each and not speaks_of_access(each)
    ]
    if left:
        notes.append(say("not carried over: {left}", left=listed(left)))
    places = list(_places(graph, subject, notes))
    return Entry(
        id=own_id,
        catalogue=catalogue,
        address=str(subject) if isinstance(subject, URIRef) else "",
        title=title or (str(subject) if isinstance(subject, URIRef) else own_id),
        description=description,
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
        access=statements(graph, subject, speaks_of_access),
        notes=tuple(notes),
    )


def _first(several: Iterable[str]) -> str:
    return next(iter(several), "")


def _id(graph: Described, subject: Node, page: str, taken: Container[str], notes: list[str]) -> str:
    """The dataset's identifier, else its address, its page, its title: the first of its own."""
    identifiers = sorted(literals(graph, subject, DCTERMS.identifier))
    own = [str(subject)] if isinstance(subject, URIRef) else []
    written = (*identifiers, *own, page, said(graph, subject, DCTERMS.title))
    names = [" ".join(each.split()) for each in written if each.strip()]
    own_id = next((each for each in names if each not in taken), _first(names) or "dataset")
    if not identifiers and not own:
        notes.append(
            say("it has no identifier: its key is its page or its title, which may change")
        )
    elif own_id != names[0]:
        notes.append(say("another dataset has the identifier '{names}' as well", names=names[0]))
    return own_id


def _licenses(graph: Described, subject: Node, notes: list[str]) -> Iterator[str]:
    """Those of the dataset, then those of its distributions, then what its rights say."""
    own = words(graph, subject, DCTERMS.license)
    files = list(graph.objects(subject, DCAT.distribution))
    theirs = [tuple(words(graph, each, DCTERMS.license)) for each in files]
    differing = dict.fromkeys(each for each in theirs if each)
    if not own and len(differing) > 1:
        notes.append(
            say(
                "its files have several licences, and a dataset has one: {listed}",
                listed=listed(each[0] for each in differing),
            )
        )
        return
    yield from own
    for each in differing:
        yield from each
    for node in (subject, *files):
        yield from words(graph, node, DCTERMS.rights)


def _themes(graph: Described, subject: Node) -> list[str]:
    return words(graph, subject, DCAT.theme)


def _tags(graph: Described, subject: Node) -> Iterator[str]:
    """Keywords in the language wanted, and themes that have a name."""
    spoken = (DCAT.keyword, DC.subject, DCAT.theme, DCTERMS.subject)
    themes = (*graph.objects(subject, DCAT.theme), *graph.objects(subject, DCTERMS.subject))
    high_value = [
        name for each in themes if (name := high_value_categories().get(end_of(str(each))))
    ]
    yield from ["hvd", *high_value] if high_value else []
    keywords = [keyword for each in spoken for keyword in texts(graph, subject, each)]
    for each in dict.fromkeys(keywords):
        # Some write all keywords into one.
        yield from (part.strip() for part in re.split(r"[,;]", each) if part.strip())


def end_of(node: str) -> str:
    """What stands behind the last slash of an address, which is an id in many a register."""
    return node.rstrip("/").rpartition("/")[2]


def _period(graph: Described, subject: Node) -> tuple[str, str]:
    for each in graph.objects(subject, DCTERMS.temporal):
        start = said(graph, each, *_STARTS) or _time(graph, each, _TIME.hasBeginning)
        end = said(graph, each, *_ENDS) or _time(graph, each, _TIME.hasEnd)
        if start or end:
            return start, end
        if isinstance(each, Literal) and str(each).strip():
            return period(str(each))
    return "", ""


def _time(graph: Described, subject: Node, predicate: Node) -> str:
    instants = (
        said(graph, each, _TIME.inXSDDate, _TIME.inXSDDateTime, _TIME.inXSDDateTimeStamp)
        for each in graph.objects(subject, predicate)
    )
    return _first(filter(None, instants))


def _places(graph: Described, subject: Node, notes: list[str]) -> Iterator[str]:
    """Addresses and names of areas; of one area the address if it is sure, else its names."""
    for each in graph.objects(subject, DCTERMS.spatial):
        shape = shape_note(str(each)) if isinstance(each, Literal) else ""
        shapes = [
            note
            for predicate in _SHAPES
            for value in graph.objects(each, predicate)
            if (note := shape_note(str(value)))
        ]
        names = [] if shape else [*([str(each)] if address(each) else []), label(graph, each)]
        names += sorted(literals(graph, each, DCTERMS.identifier))
        yield from (place for place in dict.fromkeys(names) if place)
        if not any(names):
            notes.extend(([shape] if shape else shapes)[:1])


def _contact(graph: Described, subject: Node) -> Iterator[str]:
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


# --- what it offers ------------------------------------------------------------------------


def _offers(
    graph: Described, dataset: Node, base: str, pages: Iterable[str] = ()
) -> Iterator[Offer]:
    """What the dataset offers: its distributions, the services for it, its documentation.

    A service is one of them, however many of the distributions say no more than that it is theirs.
    `pages` are those about it, beside the one that it goes by.
    """
    offered: set[str] = set()
    given: set[Node] = set()
    ways: dict[tuple[Node, str, str], None] = {}
    for each in dict.fromkeys(graph.objects(dataset, DCAT.distribution)):
        found = _distribution(graph, each, base)
        services = set(graph.objects(each, DCAT.accessService))
        given |= services
        if found.url in offered and services and not _own_addresses(graph, each, base):
            way = (next(iter(services)), found.title, found.description)
            if way in ways:
                continue
        ways.update({(service, found.title, found.description): None for service in services})
        offered.add(found.url)
        yield found
    for service in dict.fromkeys(graph.subjects(DCAT.servesDataset, dataset)):
        found = _service(graph, service, base)
        if service not in given and found.url and found.url not in offered:
            offered.add(found.url)
            yield found
    for url in (*addresses(graph, dataset, (FOAF.page,), base), *pages):
        if url not in offered:
            offered.add(url)
            yield Offer(
                url=url,
                title=label(graph, URIRef(url)),
                declared="" if nature(Offer(url=url)) == FILE else PAGE,
                type="documentation",
            )


def _own_addresses(graph: Described, distribution: Node, base: str) -> list[str]:
    return addresses(graph, distribution, (DCAT.downloadURL, DCAT.accessURL), base)


def _is_of_many(graph: Described, services: Iterable[Node]) -> bool:
    """Whether one of the services gives access to more than one dataset, as a whole portal's."""
    for service in services:
        datasets = set()
        served = chain(
            graph.objects(service, DCAT.servesDataset),
            (
                dataset
                for each in graph.subjects(DCAT.accessService, service)
                for dataset in graph.subjects(DCAT.distribution, each)
            ),
        )
        for dataset in served:
            datasets.add(dataset)
            if len(datasets) > 1:
                return True
    return False


def _distribution(graph: Described, node: Node, base: str) -> Offer:
    downloads = addresses(graph, node, (DCAT.downloadURL,), base)
    accesses = addresses(graph, node, (DCAT.accessURL,), base)
    services = list(graph.objects(node, DCAT.accessService))
    endpoints = [
        url for each in services for url in addresses(graph, each, (DCAT.endpointURL,), base)
    ]
    # Of an API that serves many datasets, the distribution's own address says which of them.
    own_way = bool(accesses and endpoints) and _is_of_many(graph, services)
    formats = words(graph, node, DCTERMS.format)
    mimes = words(graph, node, DCAT.mediaType)
    declared = ""
    if services and not downloads and not own_way:
        declared = API
    elif downloads and not any(_HTML.search(each) for each in (*formats, *mimes)):
        # A service can stand here too: only then are its words believed.
        declared = FILE if nature(_as_offered(downloads[0], formats, mimes)) != API else API
    spoken = [word for each in services for word in words(graph, each, DCTERMS.conformsTo)]
    return Offer(
        id=str(node) if isinstance(node, URIRef) else "",
        url=next(iter((*downloads, *(endpoints if declared == API else ()), *accesses)), ""),
        title=said(graph, node, *_TITLES),
        description=said(graph, node, *_DESCRIPTIONS),
        format=_clearest(formats),
        mime=_clearest(mimes),
        declared=declared,
        protocols=tuple(spoken),
        conforms_to=tuple(words(graph, node, DCTERMS.conformsTo)),
        size=_size(said(graph, node, DCAT.byteSize, _SCHEMA_SIZE)),
        modified=said(graph, node, DCTERMS.modified, DCTERMS.issued),
        access=statements(graph, node, speaks_of_access),
    )


def _as_offered(url: str, formats: Iterable[str], mimes: Iterable[str]) -> Offer:
    return Offer(url=url, format=_clearest(formats), mime=_clearest(mimes))


def _clearest(ways: Iterable[str]) -> str:
    """Of an address and a name, the one that says more: the EU's, else one that is understood."""
    several = list(ways)
    known = next((each for each in several if "/file-type/" in each), "")
    return known or next(filter(short_format, several), "") or next(iter(several), "")


def _service(graph: Described, node: Node, base: str) -> Offer:
    endpoints = addresses(graph, node, (DCAT.endpointURL, DCAT.landingPage), base)
    return Offer(
        id=str(node) if isinstance(node, URIRef) else "",
        url=next(iter(endpoints), "") or (str(node) if address(node) else ""),
        title=said(graph, node, *_TITLES),
        description=said(graph, node, *_DESCRIPTIONS),
        declared=API,
        protocols=tuple(words(graph, node, DCTERMS.conformsTo)),
    )


def _size(written: str) -> int | None:
    """Bytes; catalogues write them as decimals."""
    found = re.fullmatch(r"(\d{1,15})(?:\.0*)?", written)
    return int(found[1]) if found and int(found[1]) else None
