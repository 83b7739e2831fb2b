"""A document of RDF → its graph, whoever wrote it: RDF/XML, Turtle, N-Triples or JSON-LD.

The rule: a document does nothing but be read. No address in it is fetched (XML entities and
document types, contexts of JSON-LD), and no entity multiplies. What the server says of
the format is believed only where the content does not say otherwise. Contexts of JSON-LD that
catalogues refer to are kept here (`data/json_ld_contexts.toml`); any other is refused. All
faults are SourceFailed.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from rdflib.plugins.parsers.jsonld import to_rdf

from bulkpub.core.addresses import redacted
from bulkpub.core.text import bounded
from bulkpub.data import json_ld_contexts
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from bulkpub.harvest.reading.csw import root_of
from bulkpub.harvest.reading.data_json import as_json_ld
from bulkpub.harvest.reading.encodings import in_utf8
from bulkpub.harvest.reading.graphs import Described
from bulkpub.harvest.reading.loose import is_html, parse_json
from bulkpub.language import say

__all__ = ["ACCEPT", "read_rdf"]

ACCEPT = (
    "application/rdf+xml, text/turtle, application/ld+json, application/n-triples;q=0.9, "
    "application/xml;q=0.5, application/json;q=0.5, */*;q=0.1"
)

_FORMATS = {
    "application/rdf+xml": "xml",
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "text/n3": "turtle",
    "application/n-triples": "nt",
    "application/ld+json": "json-ld",
    "application/json": "json-ld",
}
_DEEPEST = 200
_MOST_EXPANDED = 16 * 1024 * 1024
"""Characters that a document's own entities may add to it; some write namespaces with them."""

# rdflib warns of each odd address and date; catalogues are full of them, and we have our own notes.
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)


class _Enough(Exception):  # no error: the part that matters was read
    """The root element begins: all entities are declared."""


def read_rdf(page: Page, language: str, into: Described | None = None) -> Described:
    """The graph that the page holds, to be read in `language`; addresses in it are whole.

    `into` is the graph of other documents that it adds to.
    """
    # Addresses in the document are made whole by its own, whose credentials stay here.
    page, where = in_utf8(page), redacted(page.url)
    if is_html(page):
        raise SourceFailed(
            say("{where} answers with a page of HTML where RDF was asked for", where=where)
        )
    form = _format(page)
    graph = Described(language) if into is None else into
    try:
        if form == "json-ld":
            document = _with_local_contexts(as_json_ld(parse_json(page)), where)
            to_rdf(document, graph, base=where)
        elif form == "xml":
            _refuse_dangerous(page.content)
            graph.parse(data=page.content, format="xml", publicID=where)
        else:
            graph.parse(data=page.content, format=form, publicID=where)
    except SourceFailed:
        raise
    except RecursionError:
        raise SourceFailed(say("{where} is nested too deeply to be read", where=where)) from None
    except Exception as error:  # rdflib and its parsers raise nearly anything on faulty input
        root = root_of(page)[:_SHOWN]
        if root not in ("", "RDF") and (b"</" in page.content or form == "xml"):
            raise SourceFailed(
                say(
                    "{where} holds XML of another kind, no RDF that can be read: its root is "
                    "'{root}'",
                    where=where,
                    root=root,
                )
            ) from None
        reason = bounded(" ".join(str(error).split())) or type(error).__name__
        raise SourceFailed(
            say(
                "{where} cannot be read as {names}: {reason}",
                where=where,
                names=_NAMES[form],
                reason=reason,
            )
        ) from error
    return graph


_SHOWN = 80
_NAMES = {"xml": "RDF/XML", "turtle": "Turtle", "nt": "N-Triples", "json-ld": "JSON-LD"}


def _format(page: Page) -> str:
    declared = _FORMATS.get(page.content_type, "")
    start = page.content[:4000].lstrip()
    if start.startswith((b"{", b"[")) and declared not in ("turtle", "nt"):
        return "json-ld"
    if re.match(rb"<(?:\?xml|!doctype|!--|rdf:|[\w-]+:RDF|rdf)", start, re.IGNORECASE):
        return "xml"
    return declared if declared not in ("", "json-ld") or start[:1] in b"{[" else "turtle"


def _refuse_dangerous(content: bytes) -> None:
    """Raise ValueError if the document's entities reach outside of it, or multiply."""
    entities: dict[str, str] = {}

    def declared(*facts: object) -> None:
        name, is_parameter, value = facts[:3]
        if is_parameter or not isinstance(value, str):
            raise ValueError(say("it declares '{name}' as an entity that is elsewhere", name=name))
        if "&" in value or "%" in value:
            raise ValueError(say("its entity '{name}' is made of other entities", name=name))
        entities[str(name)] = value

    def begun(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = begun
    try:
        parser.Parse(content, True)  # noqa: FBT003 # expat takes no keywords
    except _Enough:
        pass
    except expat.ExpatError:
        return  # faulty, which the parser proper explains better
    added = sum(content.count(f"&{name};".encode()) * len(text) for name, text in entities.items())
    if added > _MOST_EXPANDED:
        raise ValueError(say("its entities make it many times as long as it is"))


# --- JSON-LD -------------------------------------------------------------------------------


def _with_local_contexts(document: Any, where: str) -> Any:  # noqa: ANN401 # JSON is anything
    """The document with the contexts it refers to put in place of their addresses.

    `where` is the document's own address, for what is raised: SourceFailed, when a context is
    none of those known here.
    """
    return _walk(document, where, _DEEPEST)


def _walk(value: Any, where: str, depth: int) -> Any:  # noqa: ANN401 # JSON is anything
    if depth == 0:
        raise SourceFailed(say("{where} is nested too deeply to be read", where=where))
    if isinstance(value, list):
        return [_walk(each, where, depth - 1) for each in value]
    if not isinstance(value, dict):
        return value
    if "@import" in value:
        raise SourceFailed(
            say("{where} imports a context of JSON-LD, which is not fetched", where=where)
        )
    return {
        name: _context(inner, where, depth - 1)
        if name == "@context"
        else _walk(inner, where, depth - 1)
        for name, inner in value.items()
    }


def _context(said: Any, where: str, depth: int) -> Any:  # noqa: ANN401 # JSON is anything
    if isinstance(said, list):
        return [_context(each, where, depth - 1) for each in said]
    return _known(said, where) if isinstance(said, str) else _walk(said, where, depth)


def _known(address: str, where: str) -> Mapping[str, Any]:
    bare = re.sub(r"^https?://(?:www\.)?", "", address.strip(), flags=re.IGNORECASE)
    for pattern, context in json_ld_contexts():
        if pattern.fullmatch(bare):
            return context
    raise SourceFailed(
        say(
            "{where} refers to the JSON-LD context {address}, which is not known here and not "
            "fetched: ask for RDF/XML or Turtle instead",
            where=where,
            address=redacted(address)[:200],
        )
    )
