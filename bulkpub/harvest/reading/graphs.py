"""Values out of a graph of RDF, read loosely and in a fixed order.

Pure. A literal may stand where a node is expected and the other way round. A graph is read in one
language: of several translations that one counts, then what is in none, then any; a list keeps
what is in none as well, as nothing in it is surely its translation.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS
from rdflib.term import BNode, Node

from bulkpub.core.addresses import joined
from bulkpub.harvest.reading.loose import clean
from bulkpub.harvest.words.languages import rank_of

__all__ = [
    "Described",
    "address",
    "addresses",
    "label",
    "literals",
    "locals_of",
    "named",
    "said",
    "statements",
    "texts",
    "words",
]


class Described(Graph):
    """A graph, and the language, in two letters, in which it is read."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language


_LABELS = (SKOS.prefLabel, RDFS.label, DCTERMS.title, FOAF.name, RDF.value)
_MOST_SAID = 50
"""What is read of one statement at most."""
_WEB = ("http://", "https://", "ftp://")


def address(node: Node) -> bool:
    """Whether the node is an address that can be looked up."""
    return isinstance(node, URIRef) and str(node).lower().startswith(_WEB)


def _rank(graph: Described, node: Node) -> int:
    language = (node.language or "") if isinstance(node, Literal) else ""
    return rank_of(language, graph.language)


def said(graph: Described, subject: Node, *predicates: Node) -> str:
    """The literal (or the address) that the first of the predicates with any has."""
    for predicate in predicates:
        values = sorted(graph.objects(subject, predicate), key=lambda each: _rank(graph, each))
        for value in values:
            if not isinstance(value, BNode) and (found := clean(str(value))):
                return found
    return ""


def literals(graph: Described, subject: Node, predicate: Node) -> list[str]:
    """All values that are texts or addresses; of the texts in some language those in the best."""
    values = [each for each in graph.objects(subject, predicate) if not isinstance(each, BNode)]
    tagged = [each for each in values if isinstance(each, Literal) and each.language]
    best = min((_rank(graph, each) for each in tagged), default=None)
    left = {each for each in tagged if _rank(graph, each) != best}
    return [found for each in values if each not in left and (found := clean(str(each)))]


def texts(graph: Described, subject: Node, predicate: Node) -> list[str]:
    """The texts among the values, as `literals` has them, and the names of nodes."""
    nodes = [each for each in graph.objects(subject, predicate) if not isinstance(each, Literal)]
    addresses = {clean(str(each)) for each in nodes}
    written = [each for each in literals(graph, subject, predicate) if each not in addresses]
    return [each for each in (*written, *(label(graph, node) for node in nodes)) if each]


def label(graph: Described, node: Node) -> str:
    """The name of what `node` stands for; empty when it has none but an address."""
    if isinstance(node, Literal):
        return clean(str(node))
    return said(graph, node, *_LABELS)


def words(graph: Described, subject: Node, predicate: Node) -> list[str]:
    """All ways in which the values are written: addresses, texts, and the names of nodes."""
    found: dict[str, None] = {}
    for each in sorted(graph.objects(subject, predicate), key=lambda each: _rank(graph, each)):
        if not isinstance(each, BNode):
            found[clean(str(each))] = None
        if not isinstance(each, Literal):
            found[label(graph, each)] = None
            found.update(dict.fromkeys(literals(graph, each, DCTERMS.identifier)))
    return [each for each in found if each]


def named(graph: Described, subject: Node, *predicates: Node) -> Iterable[str]:
    """The names of those that the predicates point to."""
    for predicate in predicates:
        for each in graph.objects(subject, predicate):
            if name := label(graph, each):
                yield name


def addresses(graph: Described, subject: Node, predicates: Iterable[Node], base: str) -> list[str]:
    """The whole addresses that the predicates point to, in order."""
    found: dict[str, None] = {}
    for predicate in predicates:
        for each in graph.objects(subject, predicate):
            written = clean(str(each))
            if isinstance(each, BNode) or not written:
                continue
            found[joined(base, written)] = None
    return list(found)


def locals_of(graph: Described, subject: Node, known: Container[Node]) -> list[str]:
    """The last words of the predicates that say something of `subject` and are not known."""
    predicates = dict.fromkeys(graph.predicates(subject))
    return [_last(str(each)) for each in predicates if each not in known]


def _last(iri: str) -> str:
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2]


def statements(
    graph: Described, subject: Node, about: Callable[[str], object]
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
        groups += [sorted(translated, key=lambda each: _rank(graph, each))] if translated else []
        for group in groups:
            ways = dict.fromkeys(way for each in group for way in _ways(graph, each))
            found += [(name, tuple(ways))] if ways else []
    return tuple(sorted(found))


def _ways(graph: Described, node: Node, depth: int = 3) -> Iterator[str]:
    """An address or a text, and what its node says of itself; of one that says no word, that."""
    own = "" if isinstance(node, BNode) else clean(str(node))
    if own:
        yield own
    if isinstance(node, Literal) or not depth:
        return
    facts = islice(graph.predicate_objects(node), _MOST_SAID)  # circles may lead anywhere
    values = [value for predicate, value in facts if predicate != RDF.type and value != node]
    values.sort(key=lambda each: (_rank(graph, each), "" if isinstance(each, BNode) else str(each)))
    inner = [way for value in values for way in islice(_ways(graph, value, depth - 1), _MOST_SAID)]
    yield from inner or (["unreadable"] if values and not own else [])
