"""Values out of a graph of RDF, read loosely and in a fixed order.

Pure. A literal may stand where a node is expected and the other way round; of several
languages French comes first, then English, then none, then any.
"""

from collections.abc import Callable, Container, Iterable

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS
from rdflib.term import BNode, Node

from bulkpub.core.addresses import joined
from bulkpub.harvest.reading.loose import LANGUAGES, clean

__all__ = [
    "address",
    "addresses",
    "label",
    "literals",
    "locals_of",
    "named",
    "said",
    "statements",
    "words",
]

_LABELS = (SKOS.prefLabel, RDFS.label, DCTERMS.title, FOAF.name, RDF.value)
_WEB = ("http://", "https://", "ftp://")


def address(node: Node) -> bool:
    """Whether the node is an address that can be looked up."""
    return isinstance(node, URIRef) and str(node).lower().startswith(_WEB)


def _rank(node: Node) -> int:
    language = (node.language or "") if isinstance(node, Literal) else ""
    short = language.lower().split("-")[0]
    if short in LANGUAGES:
        return LANGUAGES.index(short)
    return len(LANGUAGES) + bool(short)


def said(graph: Graph, subject: Node, *predicates: Node) -> str:
    """The literal (or the address) that the first of the predicates with any has."""
    for predicate in predicates:
        values = sorted(graph.objects(subject, predicate), key=_rank)
        for value in values:
            if not isinstance(value, BNode) and (found := clean(str(value))):
                return found
    return ""


def literals(graph: Graph, subject: Node, predicate: Node) -> list[str]:
    """All values that are texts or addresses; of several languages only the one wanted most."""
    values = [each for each in graph.objects(subject, predicate) if not isinstance(each, BNode)]
    best = min((_rank(each) for each in values), default=0)
    return [found for each in values if _rank(each) == best and (found := clean(str(each)))]


def label(graph: Graph, node: Node) -> str:
    """The name of what `node` stands for; empty when it has none but an address."""
    if isinstance(node, Literal):
        return clean(str(node))
    return said(graph, node, *_LABELS)


def words(graph: Graph, subject: Node, predicate: Node) -> list[str]:
    """All ways in which the values are written: addresses, texts, and the names of nodes."""
    found: dict[str, None] = {}
    for each in sorted(graph.objects(subject, predicate), key=_rank):
        if not isinstance(each, BNode):
            found[clean(str(each))] = None
        if not isinstance(each, Literal):
            found[label(graph, each)] = None
            found.update(dict.fromkeys(literals(graph, each, DCTERMS.identifier)))
    return [each for each in found if each]


def named(graph: Graph, subject: Node, *predicates: Node) -> Iterable[str]:
    """The names of those that the predicates point to."""
    for predicate in predicates:
        for each in graph.objects(subject, predicate):
            if name := label(graph, each):
                yield name


def addresses(graph: Graph, subject: Node, predicates: Iterable[Node], base: str) -> list[str]:
    """The whole addresses that the predicates point to, in order."""
    found: dict[str, None] = {}
    for predicate in predicates:
        for each in graph.objects(subject, predicate):
            written = clean(str(each))
            if isinstance(each, BNode) or not written:
                continue
            found[joined(base, written)] = None
    return list(found)


def locals_of(graph: Graph, subject: Node, known: Container[Node]) -> list[str]:
    """The last words of the predicates that say something of `subject` and are not known."""
    predicates = dict.fromkeys(graph.predicates(subject))
    return [_last(str(each)) for each in predicates if each not in known]


def _last(iri: str) -> str:
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2]


def statements(
    graph: Graph, subject: Node, about: Callable[[str], bool]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the predicates say whose last word `about` takes, each value in all its ways.

    Those are an address, a text, and whatever a node says of itself. Texts that differ in their
    language are one value.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for predicate in dict.fromkeys(graph.predicates(subject)):
        name = _last(str(predicate))
        if not about(name):
            continue
        values = list(graph.objects(subject, predicate))
        translated = [each for each in values if isinstance(each, Literal) and each.language]
        groups = [[each] for each in values if each not in translated]
        groups += [sorted(translated, key=_rank)] if translated else []
        for group in groups:
            ways = dict.fromkeys(way for each in group for way in _ways(graph, each))
            found += [(name, tuple(ways))] if ways else []
    return tuple(sorted(found))


def _ways(graph: Graph, node: Node) -> Iterable[str]:
    own = [] if isinstance(node, BNode) else [str(node)]
    said_there = [
        (_rank(value), str(value))
        for predicate, value in graph.predicate_objects(node)
        if predicate != RDF.type and not isinstance(value, BNode) and not isinstance(node, Literal)
    ]
    return filter(None, map(clean, (*own, *(text for _, text in sorted(said_there)))))
