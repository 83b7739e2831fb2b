"""The distributions and services of a dataset in a graph of DCAT → what it offers.

Pure. A download address is a file's, an access address may be that of a page or an API, which
format and media type tell; a data service is an API.
"""

import re
from collections.abc import Iterable, Iterator

from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, Namespace
from rdflib.term import Node

from bulkpub.harvest.entries.entry import Offer
from bulkpub.harvest.reading.graphs import address, addresses, label, said, words
from bulkpub.harvest.words.formats import API, FILE, PAGE, nature

__all__ = ["offers"]

_SCHEMA_SIZE = Namespace("http://schema.org/").contentSize
_HTML = re.compile(r"html", re.IGNORECASE)


def offers(graph: Graph, dataset: Node, base: str) -> Iterator[Offer]:
    """What the dataset offers: its distributions, the services for it, its documentation."""
    offered: set[str] = set()
    for each in dict.fromkeys(graph.objects(dataset, DCAT.distribution)):
        found = _distribution(graph, each, base)
        offered.add(found.url)
        yield found
    for service in dict.fromkeys(graph.subjects(DCAT.servesDataset, dataset)):
        found = _service(graph, service, base)
        if found.url and found.url not in offered:
            offered.add(found.url)
            yield found
    for url in addresses(graph, dataset, (FOAF.page,), base):
        if url not in offered:
            offered.add(url)
            yield Offer(
                url=url,
                title=label(graph, URIRef(url)),
                declared="" if nature(Offer(url=url)) == FILE else PAGE,
                type="documentation",
            )


def _distribution(graph: Graph, node: Node, base: str) -> Offer:
    downloads = addresses(graph, node, (DCAT.downloadURL,), base)
    accesses = addresses(graph, node, (DCAT.accessURL,), base)
    services = list(graph.objects(node, DCAT.accessService))
    endpoints = [
        url for each in services for url in addresses(graph, each, (DCAT.endpointURL,), base)
    ]
    formats = words(graph, node, DCTERMS.format)
    mimes = words(graph, node, DCAT.mediaType)
    declared = ""
    if services and not downloads:
        declared = API
    elif downloads and not any(_HTML.search(each) for each in (*formats, *mimes)):
        # A service can stand here too: only then are its words believed.
        declared = FILE if nature(_plain(downloads[0], formats, mimes)) != API else API
    spoken = [word for each in services for word in words(graph, each, DCTERMS.conformsTo)]
    return Offer(
        id=str(node) if isinstance(node, URIRef) else "",
        url=next(iter((*downloads, *(endpoints if declared == API else ()), *accesses)), ""),
        title=said(graph, node, DCTERMS.title),
        description=said(graph, node, DCTERMS.description),
        format=_clearest(formats),
        mime=_clearest(mimes),
        declared=declared,
        protocols=tuple(spoken),
        conforms_to=tuple(words(graph, node, DCTERMS.conformsTo)),
        size=_size(said(graph, node, DCAT.byteSize, _SCHEMA_SIZE)),
        modified=said(graph, node, DCTERMS.modified, DCTERMS.issued),
    )


def _plain(url: str, formats: Iterable[str], mimes: Iterable[str]) -> Offer:
    return Offer(url=url, format=_clearest(formats), mime=_clearest(mimes))


def _clearest(told: Iterable[str]) -> str:
    """Of an address and a name, the one that says more: the register's, else the name."""
    several = list(told)
    return next((each for each in several if "/file-type/" in each), "") or next(iter(several), "")


def _service(graph: Graph, node: Node, base: str) -> Offer:
    endpoints = addresses(graph, node, (DCAT.endpointURL, DCAT.landingPage), base)
    return Offer(
        id=str(node) if isinstance(node, URIRef) else "",
        url=next(iter(endpoints), "") or (str(node) if address(node) else ""),
        title=said(graph, node, DCTERMS.title),
        description=said(graph, node, DCTERMS.description),
        declared=API,
        protocols=tuple(words(graph, node, DCTERMS.conformsTo)),
    )


def _size(written: str) -> int | None:
    """Bytes; catalogues write them as decimals."""
    found = re.fullmatch(r"(\d{1,15})(?:\.0*)?", written)
    return int(found[1]) if found and int(found[1]) else None
