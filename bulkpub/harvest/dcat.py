"""A DCAT catalogue in RDF → datasets, page by page as Hydra or the Link header lead.

Pages follow each other by `hydra:next` of a `PartialCollectionView`, by `hydra:nextPage` of the
older `PagedCollection`, or by a Link header (rel=next). The datasets of a page are described in
that page; a dataset that is listed and described nowhere is told as lost.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, RDF

from bulkpub.core.addresses import joined
from bulkpub.errors import SourceFailed
from bulkpub.harvest.entries.dcat_entries import dcat_entry
from bulkpub.harvest.entries.entry import Entry
from bulkpub.harvest.found import Found, Page, Reader
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.reading.paging import Trail
from bulkpub.harvest.reading.rdf import ACCEPT, read_rdf
from bulkpub.manifest.addresses import public

__all__ = ["harvest"]

_HYDRA = "http://www.w3.org/ns/hydra/core#"
_NEXT = (URIRef(_HYDRA + "next"), URIRef(_HYDRA + "nextPage"))
_LINK = re.compile(r"<([^>]*)>\s*;[^,]*?\brel\s*=\s*\"?[^\",;]*\bnext\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What one page holds."""

    entries: tuple[Entry, ...]
    listed: tuple[str, ...]
    described: tuple[str, ...]
    following: str
    is_catalogue: bool


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> AsyncIterator[Found]:
    """The datasets of the DCAT catalogue at `source`; SourceFailed when it cannot be read."""
    trail = Trail(reader, options)
    listed: dict[str, None] = {}
    described: set[str] = set()
    url, complete = source, True
    while url and not trail.enough:
        leaf = await trail.read(url, ACCEPT, _leaf)
        if leaf is None:
            complete = False
            break
        if not (leaf.entries or leaf.is_catalogue or trail.known):
            raise SourceFailed(f"{public(url)} holds neither a catalogue of DCAT nor a dataset")
        new = trail.new(leaf.entries, lambda entry: entry.key)
        for found in trail.wanted(new):
            yield found
        listed.update(dict.fromkeys(leaf.listed))
        described.update(leaf.described)
        if leaf.following and not new and not trail.enough:
            trail.lost(f"{public(url)} brings nothing new: if more follows, it is missing")
            return
        url = leaf.following
    missing = [uri for uri in listed if uri not in described]
    # GeoNetwork lists and describes one dataset by two addresses: only their number tells.
    count = min(len(missing), len(listed) - len(described))
    if count > 0 and complete and not trail.enough:
        trail.lost(
            f"{public(source)} lists datasets that it does not describe: {count}, "
            f"{public(missing[0])} among them"
        )


def _leaf(page: Page) -> _Leaf:
    graph = read_rdf(page)
    subjects = list(dict.fromkeys(graph.subjects(RDF.type, DCAT.Dataset)))
    return _Leaf(
        entries=tuple(_entries(graph, public(page.url))),
        listed=tuple(
            str(each)
            for each in dict.fromkeys(graph.objects(None, DCAT.dataset))
            if isinstance(each, URIRef)
        ),
        described=tuple(str(each) for each in subjects),
        following=_following(graph, page),
        is_catalogue=(None, RDF.type, DCAT.Catalog) in graph,
    )


def _entries(graph: Graph, base: str) -> Iterator[Entry]:
    """One entry a dataset; datasets that say they are one another are told apart by address."""
    seen: set[str] = set()
    for subject in dict.fromkeys(graph.subjects(RDF.type, DCAT.Dataset)):
        entry = dcat_entry(graph, subject, base, seen)
        seen.add(entry.key)
        yield entry


def _following(graph: Graph, page: Page) -> str:
    for predicate in _NEXT:
        for each in graph.objects(None, predicate):
            if str(each).strip():
                return joined(page.url, str(each).strip())
    found = _LINK.search(page.link or "")
    return joined(page.url, found[1]) if found else ""
