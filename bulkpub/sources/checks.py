"""What a file is looked through for before it is published, to see that it is what it says.

The rule: each check reads the file once, as a stream, and says in a sentence what is wrong and
where. Nothing a file refers to is followed, nothing is unpacked to disk, and no bomb is set off:
what an archive says it unpacks to is held to what its own size allows before any of it is.
"""

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

import defusedxml.sax
import ijson  # type: ignore[import-untyped]  # it comes without types
import orjson
from defusedxml import DefusedXmlException

from bulkpub.core.csv_text import marked_encoding, separator_named
from bulkpub.core.model import Check
from bulkpub.errors import ResourceFailed
from bulkpub.language import joined, say
from bulkpub.sources.html_page import ENOUGH, is_html

__all__ = ["DAMAGED_ZIP", "check_file"]

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
                raise ResourceFailed(joined(" ", (name, wrong)))
    except OSError as error:
        raise ResourceFailed(
            say("{name} cannot be read: {strerror}", name=name, strerror=error.strerror or error)
        ) from error


def _wrong_when_empty(path: Path) -> str | None:
    return None if path.stat().st_size else say("is empty")


def _wrong_when_html(path: Path) -> str | None:
    with path.open("rb") as file:
        return say("is a page of HTML") if is_html(file.read(ENOUGH)) else None


def _wrong_with_json(path: Path) -> str | None:
    if path.stat().st_size <= SMALL:
        try:
            # A mark at the beginning may be ignored: RFC 8259, section 8.1.
            orjson.loads(path.read_bytes().removeprefix(MARK))
        except orjson.JSONDecodeError as error:
            what = error.msg.partition(":")[0]
            where = say("in line {lineno}, column {colno}", lineno=error.lineno, colno=error.colno)
        else:
            return None
        # Numbers too large for a float and very deep nesting are still JSON.
        return (
            say("is not valid JSON: {what}, {where}", what=what, where=where)
            if _wrong_in_stream(path)
            else None
        )
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
            return say(
                "is not valid JSON: {what}, somewhere before byte {file}",
                what=what,
                file=file.tell(),
            )
    return None


def _wrong_with_xml(path: Path) -> str | None:
    with path.open("rb") as file:
        try:
            # Entities are refused: they can be a bomb, and can read what is not in the file.
            # A document type that is elsewhere is common and is not looked at.
            defusedxml.sax.parse(file, ContentHandler(), forbid_external=False)
        except SAXParseException as error:
            line, column = error.getLineNumber(), (error.getColumnNumber() or 0) + 1
            return say(
                "is not well-formed XML: {error}, in line {line}, column {column}",
                error=error.getMessage(),
                line=line,
                column=column,
            )
        except (DefusedXmlException, SAXException, ValueError, LookupError) as error:
            entities = isinstance(error, DefusedXmlException)
            what = say("it defines entities, which are not read") if entities else str(error)
            return say("cannot be checked as XML: {what}", what=what)
    return None


# --- CSV ----------------------------------------------------------------------------------

SEPARATORS = ";,\t|"
"""Those that data is separated by; on a tie, the first."""
LONGEST_LINE = 64 * 1024 * 1024
"""Characters; a geometry is long, but a file without any line end is no table."""
SAMPLE = 256 * 1024
"""Characters in which the first rows are."""
TELLING = 20
"""Rows that tell the separator."""


class _NoTable(Exception):
    """It is no CSV, for the reason in the message."""


def _wrong_with_csv(path: Path) -> str | None:
    """Whether it has a header, and rows of as many columns as that.

    Encoding and separator are found out, not asked for: UTF-8 (or what the byte order mark
    says), else Windows-1252, and the separator by which the first rows agree.
    """
    try:
        try:
            _check_table(path, _marked(path) or "utf-8")
        except UnicodeError:
            if _marked(path):
                raise
            _check_table(path, "cp1252")
    except UnicodeError:
        return say("is not readable as CSV: its text is neither UTF-8 nor Windows-1252")
    except _NoTable as error:
        return str(error)
    return None


def _marked(path: Path) -> str | None:
    with path.open("rb") as file:
        return marked_encoding(file.read(3))


def _check_table(path: Path, encoding: str) -> None:
    csv.field_size_limit(LONGEST_LINE)  # a line bounds the fields in it; the limit is global
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
        if "\0" in sample:
            raise _NoTable(say("is not CSV: it holds binary data"))
        if not sample.strip():
            raise _NoTable(say("is not CSV: it has no header"))
        separator = separator_named(io.StringIO(sample, newline="").readline())
        file.seek(0)
        before = 1 if separator else 0
        if separator:
            file.readline()
        else:
            separator = max(SEPARATORS, key=lambda each: _fit(sample, each))
        _check_rows(file, separator, before)


def _fit(sample: str, separator: str) -> tuple[int, int]:
    """How well `separator` fits: rows with as many columns as the header, and these."""
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        columns = [len(row) for row in islice((row for row in rows if row), TELLING)]
    except csv.Error:
        return 0, 0
    if not columns or columns[0] == 1:  # one column is what every wrong separator gives
        return 0, 0
    return columns.count(columns[0]), columns[0]


def _check_rows(file: TextIO, separator: str, before: int) -> None:
    """Hold the rows from where `file` is, after `before` lines, to the first of them."""
    reader = csv.reader(_lines(file), delimiter=separator, strict=True)
    columns, line = 0, before + 1
    try:
        for row in reader:
            columns = columns or len(row)
            if row and len(row) != columns:
                raise _NoTable(
                    say(
                        "is not CSV of one shape: line {line} has {count}, the header {columns}",
                        line=line,
                        count=_counted(len(row)),
                        columns=_counted(columns),
                    )
                )
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise _NoTable(
            say("is not valid CSV: {error}, in line {line}", error=error, line=line)
        ) from None


def _counted(columns: int) -> str:
    return f"{columns} column{'s' if columns != 1 else ''}"


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise _NoTable(
                say(
                    "is not CSV: it has a line of more than {longest_line} characters",
                    longest_line=LONGEST_LINE,
                )
            )
        yield line


# --- zip ----------------------------------------------------------------------------------

LARGEST = 64 * 1024**3
"""Bytes; nothing published is larger when unpacked."""
MOST_SHRUNK = 1100
"""Deflate, by which nearly all is packed, shrinks to a 1032nd at best."""
ENCRYPTED = 0x1
"""Bit 0 of a member's flags: APPNOTE.TXT, section 4.4.4."""
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, struct.error)
"""What the standard library raises for an archive that is damaged."""


def _wrong_with_zip(path: Path) -> str | None:
    """Whether every member unpacks to what the archive says it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(each.file_size for each in members)
            if unpacked > min(LARGEST, MOST_SHRUNK * path.stat().st_size):
                return say(
                    "is no zip archive to trust: it says that it unpacks to {unpacked} bytes",
                    unpacked=unpacked,
                )
            for member in members:
                if wrong := _wrong_with(archive, member):
                    return say(
                        "is a damaged zip archive: {file!r} {wrong}",
                        file=member.filename,
                        wrong=wrong,
                    )
    except DAMAGED_ZIP as error:
        return say("is not a zip archive: {error}", error=error)
    return None


def _wrong_with(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str | None:
    if member.flag_bits & ENCRYPTED:
        return say("is locked with a password")
    try:
        with archive.open(member) as file:
            while file.read(PIECE):
                pass
    except NotImplementedError:
        return None  # packed in a way only others can unpack, as Deflate64: nothing to say
    except (*DAMAGED_ZIP, OSError, RuntimeError) as error:  # OSError: damaged bzip2
        return say("cannot be unpacked ({error})", error=error)
    return None


# --- all of them --------------------------------------------------------------------------

_CHECKS: Mapping[Check, Callable[[Path], str | None]] = {
    Check.NOT_EMPTY: _wrong_when_empty,
    Check.NOT_HTML: _wrong_when_html,
    Check.JSON: _wrong_with_json,
    Check.XML: _wrong_with_xml,
    Check.CSV: _wrong_with_csv,
    Check.ZIP: _wrong_with_zip,
}
