"""What a catalogue service of the OGC (CSW 2.0.2 and 3) answers → the records in it.

Pure. Read are the answers to GetRecords and GetRecordById; capabilities lead to the request for all
records, and an exception report is the server's reason for giving none. What a record is written in
stays for others to read. Nothing is fetched, and entities are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bulkpub.core.addresses import is_web, joined, redacted
from bulkpub.core.text import bounded
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from bulkpub.harvest.reading.encodings import in_utf8
from bulkpub.language import say

__all__ = ["DCAT_SCHEMA", "CswAnswer", "csw_answer", "root_of"]

DCAT_SCHEMA = "http://www.w3.org/ns/dcat#"
"""The outputSchema for records in DCAT, as GeoNetwork and pycsw call it."""
_ROWS = 100
"""Records a page; servers give fewer than they are asked for when that is their limit."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>\s*)*<([\w.-]+:)?([\w.-]+)",
    re.DOTALL | re.IGNORECASE,
)
_ANSWERS = frozenset({"GetRecordsResponse", "GetRecordByIdResponse", "SearchResults"})
_EXCEPTIONS = frozenset({"ExceptionReport", "ServiceExceptionReport"})
_ISO = frozenset({"MD_Metadata", "MI_Metadata"})
_OF_PAGES = frozenset({"startposition", "maxrecords"})


@dataclass(frozen=True, slots=True)
class CswAnswer:
    """The records on one page.

    `rdf` are documents of RDF/XML, `iso` records of ISO 19139 or 19115-3 as XML; `others` are the
    names of what is neither. `matched` is how many records the whole has, `last` the number of the
    last one on this page, `following` the address of the next page, if there is one.
    """

    rdf: tuple[bytes, ...] = ()
    iso: tuple[bytes, ...] = ()
    others: tuple[str, ...] = ()
    matched: int | None = None
    last: int = 0
    following: str = ""


def root_of(page: Page) -> str:
    """The name of the document's root element without its prefix; empty when it is no XML."""
    found = _ROOT.match(in_utf8(page).content[:65536].decode("utf-8", "replace").lstrip("\ufeff"))
    return found[2] if found else ""


def csw_answer(page: Page) -> CswAnswer | None:
    """What the page says as the answer of a CSW; None when it is none of one.

    Raises `SourceFailed` when it is one that has no records to read.
    """
    name = root_of(page)
    if name not in _ANSWERS | _EXCEPTIONS | _ISO and not name.endswith("Capabilities"):
        return None
    where = redacted(page.url)
    try:
        root = fromstring(in_utf8(page).content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceFailed(
            say("{where} cannot be read as XML: {error}", where=where, error=bounded(str(error)))
        ) from None
    except RecursionError:
        raise SourceFailed(say("{where} is nested too deeply to be read", where=where)) from None
    if name in _EXCEPTIONS:
        raise SourceFailed(say("{where} refuses: {reason}", where=where, reason=_reason(root)))
    if name.endswith("Capabilities"):
        return CswAnswer(following=_all_records(root, page.url))
    if name in _ISO:
        return CswAnswer(iso=(tostring(root),))
    return _records(root, page.url)


def _named(root: Element, name: str) -> Iterator[Element]:
    """The elements of that name in any namespace, as versions differ in it."""
    return (each for each in root.iter() if _local(each) == name)


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _reason(root: Element) -> str:
    said = []
    for each in (*_named(root, "Exception"), *_named(root, "ServiceException")):
        codes = (each.get("exceptionCode"), each.get("code"), each.get("locator"))
        words = " ".join(" ".join(each.itertext()).split())
        said.append(": ".join(filter(None, (" ".join(filter(None, codes)), words))))
    return bounded("; ".join(said) or say("it reports an exception and does not say which"))


# --- the answer to GetRecords -------------------------------------------------------------


def _records(root: Element, url: str) -> CswAnswer:
    results = next(_named(root, "SearchResults"), root)
    rdf, iso, others, loose = [], [], [], Element(f"{{{_RDF}}}RDF")
    for each in results:
        local, tag = _local(each), str(each.tag)
        if tag == f"{{{_RDF}}}RDF":
            rdf.append(tostring(each))
        elif tag.startswith((f"{{{_RDF}}}", f"{{{DCAT_SCHEMA}}}")):
            loose.append(each)
        elif local in _ISO:
            iso.append(tostring(each))
        elif local:
            others.append(local)
    rdf += [tostring(loose)] if len(loose) else []
    count = len(results)
    matched, following = _number(results, "numberOfRecordsMatched"), ""
    first = _first_record(url)
    if not count and matched and first == 1:
        raise SourceFailed(
            say(
                "{url} tells of {matched} records and gives none: ask with resultType=results",
                url=redacted(url),
                matched=matched,
            )
        )
    upcoming = _number(results, "nextRecord") or 0
    if upcoming > first and count and (matched is None or upcoming <= matched):
        following = _page_from(url, upcoming)
    return CswAnswer(tuple(rdf), tuple(iso), tuple(others), matched, first + count - 1, following)


def _number(element: Element, name: str) -> int | None:
    written = element.get(name, "").strip()
    return int(written) if re.fullmatch(r"[0-9]{1,9}", written) else None


def _first_record(url: str) -> int:
    """The number of the first record that the address asks for."""
    said = [value for name, value in _query(url) if name.lower() == "startposition"]
    return int(said[0]) if said and re.fullmatch(r"[1-9][0-9]{0,8}", said[0]) else 1


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _page_from(url: str, number: int) -> str:
    kept = [(name, value) for name, value in _query(url) if name.lower() != "startposition"]
    query = urlencode([*kept, ("startPosition", str(number))])
    return urlunsplit(urlsplit(url)._replace(query=query, fragment=""))


# --- capabilities -------------------------------------------------------------------------


def _all_records(root: Element, url: str) -> str:
    """The address that asks for all records of the service whose capabilities these are."""
    where = redacted(url)
    request = next(
        (each for each in _named(root, "Operation") if each.get("name") == "GetRecords"), None
    )
    if request is None:
        raise SourceFailed(
            say(
                "{where} holds the capabilities of a service ({root}) that lists no records: it "
                "is no catalogue",
                where=where,
                root=_local(root),
            )
        )
    address = next((found for each in _named(request, "Get") if (found := _href(each))), url)
    address = joined(url, address)
    if not is_web(address):
        raise SourceFailed(
            say("{where} does not say at which web address its records are asked for", where=where)
        )
    version = root.get("version", "")
    query = [
        (name, value)
        for name, value in _query(address)
        if name.lower() not in _OF_PAGES | {"service", "request", "version"}
    ]
    query += [
        ("service", "CSW"),
        ("version", version if re.fullmatch(r"[23](?:\.\d){1,2}", version) else "2.0.2"),
        ("request", "GetRecords"),
        ("resultType", "results"),
        ("typeNames", "csw:Record"),
        ("elementSetName", "full"),
        ("outputSchema", _schema(request, where)),
        ("maxRecords", str(_ROWS)),
        ("startPosition", "1"),
    ]
    return urlunsplit(urlsplit(address)._replace(query=urlencode(query), fragment=""))


def _href(element: Element) -> str:
    return next((value for name, value in element.items() if name.endswith("}href")), "")


def _schema(request: Element, where: str) -> str:
    """The form of records to ask for: DCAT, else ISO."""
    offered = [
        (value.text or "").strip()
        for each in _named(request, "Parameter")
        if each.get("name", "").lower() == "outputschema"
        for value in (*_named(each, "Value"), *_named(each, "AllowedValues"))
    ]
    for wanted in ("ns/dcat", "2005/gmd"):
        if found := next((each for each in offered if wanted in each), ""):
            return found
    if not offered:
        return DCAT_SCHEMA
    shown = bounded(", ".join(filter(None, offered)))
    raise SourceFailed(
        say(
            "{where} gives records neither in DCAT nor in ISO 19139, but in {shown}",
            where=where,
            shown=shown,
        )
    )
