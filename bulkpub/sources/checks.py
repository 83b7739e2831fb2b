"""What a file is looked through for before it is published, to see that it is what it says.

The rule: each check reads the file once, as a stream, and says in a sentence what is wrong and
where. Nothing a file refers to is followed, and nothing is unpacked to disk.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

import defusedxml.sax
import ijson  # type: ignore[import-untyped]  # it comes without types
import orjson
from defusedxml import DefusedXmlException

from bulkpub.core.model import Check
from bulkpub.errors import ResourceFailed
from bulkpub.sources.archives import wrong_with_zip
from bulkpub.sources.looks import ENOUGH, is_html
from bulkpub.sources.tables import wrong_with_csv

__all__ = ["check_file"]

SMALL = 16 * 1024 * 1024
"""Bytes up to which JSON is parsed at once, which is quick and tells line and column."""
PIECE = 256 * 1024
MARK = b"\xef\xbb\xbf"


def check_file(path: str, name: str, checks: Sequence[Check]) -> None:
    """Hold the file at `path`, called `name`, to `checks`; it blocks, so call it in a thread.

    Raises `ResourceFailed` with what is wrong, and where if that is known, for the first check
    it does not pass, or when it cannot be read.
    """
    try:
        for check in checks:
            if wrong := _CHECKS[check](Path(path)):
                raise ResourceFailed(f"{name} {wrong}")
    except OSError as error:
        raise ResourceFailed(f"{name} cannot be read: {error.strerror or error}") from error


def _wrong_when_empty(path: Path) -> str | None:
    return None if path.stat().st_size else "is empty"


def _wrong_when_html(path: Path) -> str | None:
    with path.open("rb") as file:
        return "is a page of HTML" if is_html(file.read(ENOUGH)) else None


def _wrong_with_json(path: Path) -> str | None:
    if path.stat().st_size <= SMALL:
        try:
            # A mark at the beginning may be ignored: RFC 8259, section 8.1.
            orjson.loads(path.read_bytes().removeprefix(MARK))
        except orjson.JSONDecodeError as error:
            what = error.msg.partition(":")[0]
            where = f"in line {error.lineno}, column {error.colno}"
        else:
            return None
        # Numbers too large for a float and very deep nesting are still JSON.
        return f"is not valid JSON: {what}, {where}" if _wrong_in_stream(path) else None
    return _wrong_in_stream(path)


def _wrong_in_stream(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(len(MARK)) != MARK:
            file.seek(0)
        try:
            for _ in ijson.basic_parse(file, buf_size=PIECE):
                pass
        except (ijson.JSONError, UnicodeError, ValueError) as error:
            what = str(error).partition("\n")[0].strip()
            return f"is not valid JSON: {what}, somewhere before byte {file.tell()}"
    return None


def _wrong_with_xml(path: Path) -> str | None:
    with path.open("rb") as file:
        try:
            # Entities are refused: they can be a bomb, and can read what is not in the file.
            # A document type that is elsewhere is common and is not looked at.
            defusedxml.sax.parse(file, ContentHandler(), forbid_external=False)
        except SAXParseException as error:
            line, column = error.getLineNumber(), (error.getColumnNumber() or 0) + 1
            return f"is not well-formed XML: {error.getMessage()}, in line {line}, column {column}"
        except (DefusedXmlException, SAXException, ValueError, LookupError) as error:
            entities = isinstance(error, DefusedXmlException)
            what = "it defines entities, which are not read" if entities else str(error)
            return f"cannot be checked as XML: {what}"
    return None


_CHECKS: Mapping[Check, Callable[[Path], str | None]] = {
    Check.NOT_EMPTY: _wrong_when_empty,
    Check.NOT_HTML: _wrong_when_html,
    Check.JSON: _wrong_with_json,
    Check.XML: _wrong_with_xml,
    Check.CSV: wrong_with_csv,
    Check.ZIP: wrong_with_zip,
}
