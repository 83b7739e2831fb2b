"""Documents in every encoding that they, or their servers, say they are in."""

import codecs
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page

Harvest = Callable[..., Awaitable[Any]]
URL = "https://data.example.org/catalogue"
TITLE = "Pistes cyclables à Nîmes, «5€»"
XML = """<?xml version="1.0"{declaration}?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">
<dcat:Dataset rdf:about="https://data.example.org/d"><dct:title>{title}</dct:title></dcat:Dataset>
</rdf:RDF>
"""
TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
<https://data.example.org/d> a dcat:Dataset ; dct:title "{title}" .
"""
NTRIPLES = (
    "<https://data.example.org/d> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
    "<http://www.w3.org/ns/dcat#Dataset> .\n"
    '<https://data.example.org/d> <http://purl.org/dc/terms/title> "{title}" .\n'
)
JSON_LD = json.dumps(
    {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@id": "https://data.example.org/d",
        "@type": "dcat:Dataset",
        "dct:title": "{title}",
    }
)
CKAN = json.dumps(
    {"success": True, "result": {"count": 1, "results": [{"id": "d", "title": "{title}"}]}}
)
ODS = json.dumps(
    {
        "total_count": 1,
        "results": [{"dataset_id": "d", "metas": {"default": {"title": "{title}"}}}],
    }
)


class Served:
    """A server that has this page alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        del url, accept
        return self.page


async def title(harvest: Harvest, kind: str, page: Page) -> str:
    harvested = await harvest(kind, URL, Served(page))
    assert harvested.lost == []
    said: str = harvested.only.metadata.title
    return said


def declaring(encoding: str, text: str = TITLE) -> str:
    return XML.format(declaration=f' encoding="{encoding}"' if encoding else "", title=text)


@pytest.mark.parametrize("content_type", ["application/rdf+xml", "text/xml", "application/xml", ""])
@pytest.mark.parametrize(
    ("encoding", "content", "charset"),
    [
        ("UTF-8", declaring("UTF-8").encode(), None),
        ("", declaring("").encode(), None),
        ("", declaring("").encode("utf-8-sig"), None),
        ("windows-1252", declaring("windows-1252").encode("cp1252"), None),
        ("ISO-8859-15", declaring("ISO-8859-15").encode("iso8859-15"), None),
        ("ISO-8859-1, but Windows", declaring("ISO-8859-1").encode("cp1252"), None),
        ("UTF-16 with a mark", declaring("UTF-16").encode("utf-16"), None),
        ("UTF-16 without a mark", declaring("UTF-16").encode("utf-16-be"), None),
        ("UTF-16 little", declaring("UTF-16").encode("utf-16-le"), None),
        ("UTF-16 undeclared", declaring("").encode("utf-16"), None),
        ("UTF-16 by the server", declaring("").encode("utf-16"), "utf-16"),
        ("the server says it", declaring("").encode("cp1252"), "windows-1252"),
        ("the server is believed first", declaring("ISO-8859-1").encode(), "utf-8"),
        ("the server is wrong", declaring("windows-1252").encode("cp1252"), "utf-8"),
        ("the server says nonsense", declaring("windows-1252").encode("cp1252"), "none-such"),
        ("a mark is believed before all", declaring("ISO-8859-1").encode("utf-8-sig"), "latin-1"),
        ("declared as wide, and is not", declaring("utf-16").encode(), None),
    ],
)  # fmt: skip
async def test_xml(
    harvest: Harvest, encoding: str, content: bytes, charset: str | None, content_type: str
) -> None:
    said = await title(harvest, "dcat", Page(URL, content, content_type, charset))
    assert said == TITLE, encoding


DOCUMENTS = [
    ("dcat", "text/turtle", TURTLE),
    ("dcat", "application/n-triples", NTRIPLES),
    ("dcat", "application/ld+json", JSON_LD),
    ("dcat", "application/json", JSON_LD),
    ("dcat", "", JSON_LD),
    ("ckan", "application/json", CKAN),
    ("opendatasoft", "application/json", ODS),
]
ENCODINGS = [
    ("utf-8", None),
    ("utf-8-sig", None),
    ("utf-8", "iso-8859-1"),  # the formats say that they are in UTF-8
    ("utf-8-sig", "iso-8859-1"),
    ("utf-8", "none-such"),
    ("cp1252", "windows-1252"),
    ("cp1252", "iso-8859-1"),
    ("utf-16", None),
    ("utf-16-le", None),
    ("utf-32", None),
]


@pytest.mark.parametrize(
    ("kind", "content_type", "template", "encoding", "charset"),
    [
        (*document, *encoding)
        for document in DOCUMENTS
        for encoding in ENCODINGS
        # Without a mark, only of JSON it can be known.
        if encoding[0] != "utf-16-le" or document[2].startswith("{")
    ],
)
async def test_json_and_turtle(
    *,
    harvest: Harvest,
    kind: str,
    content_type: str,
    template: str,
    encoding: str,
    charset: str | None,
) -> None:
    content = template.replace("{title}", TITLE).encode(encoding)
    assert await title(harvest, kind, Page(URL, content, content_type, charset)) == TITLE


@pytest.mark.parametrize(
    "content",
    [
        declaring("UTF-8").encode("cp1252"),
        codecs.BOM_UTF16_LE + b"\x00\xd8",
        declaring("unicode_escape").encode("cp1252"),
    ],
)
async def test_what_nothing_can_decode_is_named(harvest: Harvest, content: bytes) -> None:
    with pytest.raises(SourceFailed, match="cannot be read as"):
        await title(harvest, "dcat", Page(URL, content, "application/rdf+xml"))
