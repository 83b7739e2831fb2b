"""`bulkpub harvest dcat URL`: a DCAT catalogue in RDF → datasets, page by page.

Pages follow each other by `hydra:next` of a `PartialCollectionView`, by `hydra:nextPage` of the
older `PagedCollection`, by a Link header (rel=next), or by the next record of a CSW. What a
catalogue lists as a dataset is one, and so is what has files, whether it says so or not. The
datasets of a page are described in that page; one that is described nowhere counts as lost.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from rdflib import Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SKOS
from rdflib.term import Node

from bulkpub.core.addresses import is_web, joined, redacted
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, Reader
from bulkpub.harvest.described import end_of, entry_of
from bulkpub.harvest.entries import Entry, listed
from bulkpub.harvest.identity import Catalogue, catalogue_at, is_own_address
from bulkpub.harvest.iso import IsoReader, NoDataset
from bulkpub.harvest.paging import Trail
from bulkpub.harvest.reading.csw import DCAT_SCHEMA, CswAnswer, csw_answer
from bulkpub.harvest.reading.graphs import (
    Described,
    literals,
    said,
    statements,
)
from bulkpub.harvest.reading.rdf import ACCEPT, read_rdf
from bulkpub.harvest.words.access import Said
from bulkpub.language import say

__all__ = ["harvest"]

_HYDRA = "http://www.w3.org/ns/hydra/core#"
_NEXT = (URIRef(_HYDRA + "next"), URIRef(_HYDRA + "nextPage"))
_TOTAL = URIRef(_HYDRA + "totalItems")
_NUMBER = re.compile(r"[0-9]{1,9}")
_LINK = re.compile(r"<([^>]*)>\s*;[^,]*?\brel\s*=\s*\"?[^\",;]*\bnext\b", re.IGNORECASE)
_DCAT = "http://www.w3.org/ns/dcat#"
_DATASETS = (DCAT.Dataset, URIRef(_DCAT + "DatasetSeries"))
_RESOURCE = URIRef(_DCAT + "resource")
_OTHERS = frozenset((DCAT.Catalog, DCAT.DataService))
"""What is listed, or has distributions, and is no dataset all the same."""
_HVD = tuple(
    URIRef(base + "hvdCategory")
    for base in ("http://data.europa.eu/r5r/", "https://data.europa.eu/r5r/", _DCAT)
)
_ONE_WORD = {
    **dict.fromkeys(_HVD, DCAT.theme),
    URIRef(_DCAT + "distributions"): DCAT.distribution,
    URIRef(_DCAT + "datasets"): DCAT.dataset,
    URIRef(_DCAT + "keywords"): DCAT.keyword,
    URIRef(_DCAT + "themes"): DCAT.theme,
    SKOS.altLabel: DCTERMS.alternative,
}
"""Predicates that catalogues write, and those by which they are read here."""
_MOST_BARREN = 20
"""Pages of a CSW in a row that may be without any new dataset."""
_ACCESS_RIGHTS = re.compile("access_?rights?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What one page holds.

    `lost` says what of it could not be read, `notes` what is no dataset, `patience` after how
    many pages in a row without any new dataset the way ends: of a CSW, whole pages may be of
    services.
    """

    entries: tuple[Entry, ...]
    listed: tuple[str, ...]
    described: tuple[str, ...]
    following: str
    total: int | None
    is_catalogue: bool
    catalogue: Catalogue
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    patience: int = 0


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> AsyncIterator[Found]:
    """The datasets of the DCAT catalogue at `source`; SourceFailed when it cannot be read."""
    trail, catalogue = Trail(reader, options), catalogue_at(source, base=options.base)
    listed: dict[str, None] = {}
    described: set[str] = set()
    url, complete, barren = source, True, 0
    while url and not trail.enough:
        leaf = await trail.read(url, ACCEPT, partial(_leaf, options.preferred_language, catalogue))
        if leaf is None:
            complete = False
            break
        if not (leaf.entries or leaf.is_catalogue or trail.known):
            raise SourceFailed(
                say("{url} holds neither a catalogue of DCAT nor a dataset", url=redacted(url))
            )
        catalogue, before = leaf.catalogue, trail.known
        new = trail.new(leaf.entries, lambda entry: entry.id and entry.key)
        for found in trail.wanted(new):
            yield found
        listed.update(dict.fromkeys(leaf.listed))
        described.update(leaf.described)
        for sentence in leaf.lost:
            trail.lost(sentence)
        for sentence in leaf.notes:
            options.note(sentence)
        barren = 0 if new else barren + 1
        if leaf.following and barren > leaf.patience and not trail.enough:
            trail.lost(
                say("{url} brings nothing new: if more follows, it is missing", url=redacted(url))
            )
            return
        if leaf.following and leaf.total is not None and before >= leaf.total:
            trail.lost(
                say(
                    "{url} goes on beyond the {total} datasets that it tells of: if more follows, "
                    "it is missing",
                    url=redacted(url),
                    total=leaf.total,
                )
            )
            return
        url = leaf.following
    # GeoNetwork lists and describes one dataset by two addresses, the same but for their ends.
    missing = [
        each for each in listed if described.isdisjoint((_plain(each), end_of(_plain(each))))
    ]
    if missing and complete and not trail.enough:
        named = next(
            (
                say(", {address} among them", address=redacted(each))
                for each in missing
                if is_web(each)
            ),
            "",
        )
        trail.lost(
            say(
                "{source} lists datasets that it does not describe: {count}{named}",
                source=redacted(source),
                count=len(missing),
                named=named,
            )
        )


def _plain(address: str) -> str:
    """The address without scheme, double slashes, a slash at its end and a second one behind it."""
    return re.sub(r"^https?://|(?<=/)/+|/*(?:\s.*)?$", "", address, flags=re.DOTALL)


def _leaf(language: str, catalogue: Catalogue, page: Page) -> _Leaf:
    answer = csw_answer(page)
    if answer is not None:
        return _of_csw(answer, language, catalogue, page)
    return _of_graph(read_rdf(page, language), catalogue, page)


def _of_graph(graph: Described, catalogue: Catalogue, page: Page) -> _Leaf:
    graph = _in_one_word(graph)
    catalogue = _itself(graph, catalogue)
    subjects, of_all = _datasets(graph), _of_catalogues(graph)
    entries = _entries(graph, subjects, redacted(page.url), catalogue)
    return _Leaf(
        entries=tuple(replace(each, access=(*each.access, *of_all)) for each in entries),
        listed=tuple(str(each) for each in dict.fromkeys(graph.objects(None, DCAT.dataset))),
        described=tuple(
            name
            for each in subjects
            for name in (_plain(str(each)), *literals(graph, each, DCTERMS.identifier))
        ),
        following=_following(graph, page),
        total=_total(graph),
        catalogue=catalogue,
        is_catalogue=(None, RDF.type, DCAT.Catalog) in graph or (None, DCAT.dataset, None) in graph,
        notes=tuple(_lone_services(graph, subjects, page)),
    )


def _of_catalogues(graph: Described) -> list[Said]:
    """Who has access to the catalogue, and so to all that is in it."""
    return [
        said
        for catalogue in graph.subjects(RDF.type, DCAT.Catalog)
        for said in statements(graph, catalogue, _ACCESS_RIGHTS.fullmatch)
    ]


def _lone_services(graph: Described, datasets: Iterable[Node], page: Page) -> Iterator[str]:
    """The note on services of data that are of none of the datasets, and are not listed so."""
    known, used = set(datasets), set(graph.objects(None, DCAT.accessService))
    alone = [
        each
        for each in dict.fromkeys(graph.subjects(RDF.type, DCAT.DataService))
        if each not in known | used and known.isdisjoint(graph.objects(each, DCAT.servesDataset))
    ]
    if alone:
        names = [said(graph, each, DCTERMS.title) or end_of(str(each)) for each in alone]
        yield (
            say(
                "{url} has {count} data services that serve none of its datasets, left out: "
                "{names}",
                url=redacted(page.url),
                count=len(alone),
                names=listed(names),
            )
        )


def _of_csw(answer: CswAnswer, language: str, catalogue: Catalogue, page: Page) -> _Leaf:
    """The records of one answer, of which any that cannot be read is lost alone."""
    graph, lost, where = Described(language), [], redacted(page.url)
    for record in answer.rdf:
        document = replace(page, content=record, content_type="application/rdf+xml", charset=None)
        try:
            read_rdf(document, language, graph)
        except SourceFailed as error:
            lost.append(say("a record is left out: {error}", error=error))
    if answer.others:
        sentence = say(
            "{where} gives records in {others}, which is not read: ask for DCAT, with "
            "outputSchema={dcat_schema}",
            where=where,
            others=listed(answer.others),
            dcat_schema=DCAT_SCHEMA,
        )
        if not (answer.rdf or answer.iso):
            raise SourceFailed(sentence)
        lost.append(
            say("{sentence} ({count} left out)", sentence=sentence, count=len(answer.others))
        )
    entries, others = (
        _of_iso(answer.iso, IsoReader(where, language, catalogue), lost) if answer.iso else ([], [])
    )
    if answer.matched is not None and answer.last < answer.matched and not answer.following:
        lost.append(
            say(
                "{where} tells of {matched} records and ends at {last}",
                where=where,
                matched=answer.matched,
                last=answer.last,
            )
        )
    leaf = _of_graph(graph, catalogue, page)
    return replace(
        leaf,
        entries=(*leaf.entries, *entries),
        notes=(*leaf.notes, *others),
        following=answer.following,
        is_catalogue=True,
        lost=tuple(lost),
        patience=_MOST_BARREN,
    )


def _of_iso(
    records: Sequence[bytes], reader: IsoReader, lost: list[str]
) -> tuple[list[Entry], list[str]]:
    """The datasets among the records, and what the others are."""
    entries: list[Entry] = []
    others: list[str] = []
    failed: list[SourceFailed] = []
    for record in records:
        try:
            entries.append(reader.entry(record))
        except NoDataset as other:
            others.append(say("{other}: left out", other=other))
        except SourceFailed as error:
            failed.append(error)
    if len(failed) == len(records):
        raise failed[0]
    lost += [say("a record is left out: {error}", error=error) for error in failed]
    return entries, others


def _datasets(graph: Described) -> list[Node]:
    """What is described and listed as a dataset, or called one, or has files."""
    records = graph.subjects(RDF.type, DCAT.CatalogRecord)
    listed = graph.objects(None, DCAT.dataset)
    called = (each for kind in _DATASETS for each in graph.subjects(RDF.type, kind))
    others = chain(
        graph.objects(None, _RESOURCE),
        (topic for each in records for topic in graph.objects(each, FOAF.primaryTopic)),
        graph.subjects(DCAT.distribution, None),
    )
    found = (*listed, *called, *(each for each in others if not _is_other(graph, each)))
    return [
        each
        for each in dict.fromkeys(found)
        if not isinstance(each, Literal) and (each, None, None) in graph
    ]


def _is_other(graph: Described, node: Node) -> bool:
    return not _OTHERS.isdisjoint(graph.objects(node, RDF.type))


def _itself(graph: Described, catalogue: Catalogue) -> Catalogue:
    """The catalogue by the address it has for itself, if it is one and has one."""
    own = [str(each) for each in set(graph.subjects(RDF.type, DCAT.Catalog))]
    return (
        catalogue.naming_itself(own[0]) if len(own) == 1 and is_own_address(own[0]) else catalogue
    )


def _in_one_word(graph: Described) -> Described:
    """The same graph, in which each thing is said by one predicate."""
    for other, usual in _ONE_WORD.items():
        for subject, _, value in list(graph.triples((None, other, None))):
            graph.remove((subject, other, value))
            graph.add((subject, usual, value))
    return graph


def _entries(
    graph: Described, subjects: Iterable[Node], base: str, catalogue: Catalogue
) -> Iterator[Entry]:
    """One entry a dataset; datasets that say they are one another are kept apart by address."""
    seen: set[str] = set()
    for subject in subjects:
        entry = entry_of(graph, subject, base, catalogue, seen)
        seen.add(entry.id)
        yield entry


def _following(graph: Described, page: Page) -> str:
    for predicate in _NEXT:
        for each in graph.objects(None, predicate):
            if str(each).strip():
                return joined(page.url, str(each).strip())
    found = _LINK.search(page.link or "")
    return joined(page.url, found[1]) if found else ""


def _total(graph: Described) -> int | None:
    """How many datasets the whole catalogue says it has."""
    numbers = filter(_NUMBER.fullmatch, map(str, graph.objects(None, _TOTAL)))
    return max(map(int, numbers), default=None)
