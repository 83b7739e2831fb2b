"""CSV as text → the records of a table, each cell with its place.

Comma, semicolon, tab or bar stands between cells: whichever the row that names the columns has, or
the first line has most of, or what a line `sep=;` before it names; a record may span lines.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import chain, islice

from bulkpub.core.csv_text import SEPARATORS, separator_named, separator_of
from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.nodes import Unreadable
from bulkpub.manifest.table import HEADER_WITHIN, Record, is_header

__all__ = ["LONGEST_CELL", "CsvRecord", "records", "table_records"]

LONGEST_CELL = 131_072
"""Characters of a cell; a description has 100,000 at most."""
_CLOSING = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
_LONGEST = 500_000
"""Characters of one record; in a longer one a quote is never closed."""


class CsvRecord(Record):
    """One record of CSV."""

    __slots__ = ("_file", "_line", "_record", "_separator")

    def __init__(self, texts: list[str], record: str, separator: str, place: Place) -> None:
        super().__init__(texts)
        self._record = record
        self._separator = separator
        self._file = place.file
        self._line = place.line

    def place(self, number: int) -> Place:
        """See `Record`."""
        if '"' not in self._record:
            before = self._record.split(self._separator, number)[:number]
            return Place(self._file, self._line, 1 + number + sum(map(len, before)))
        offset = 0
        cell = _cell(self._separator)
        for _ in range(number):
            match = cell.match(self._record, offset)
            offset = match.end() + 1 if match else offset
        above = self._record.count("\n", 0, offset)
        column = offset - self._record.rfind("\n", 0, offset)
        return Place(self._file, self._line + above, column)


def table_records(lines: Iterable[str], file: str) -> Iterator[Record]:
    """What `records` gives, the separator told by the row that names the columns, where one does.

    Above that row may stand a title, with other separators in it, or none.
    """
    lines = iter(lines)
    first = list(islice(lines, HEADER_WITHIN))
    return records(chain(first, lines), file, _separator_of_header(first))


def _separator_of_header(lines: Iterable[str]) -> str:
    for line in lines:
        if separator_named(line.rstrip("\r\n")):
            return ""  # it says so itself
        for separator in SEPARATORS:
            cells: Sequence[str] = ()
            with suppress(csv.Error):
                cells = next(csv.reader([line[:_LONGEST]], delimiter=separator), ())
            if is_header([cell.strip() for cell in cells]):
                return separator
    return ""


def records(lines: Iterable[str], file: str, separator: str = "") -> Iterator[Record]:
    """The records of a CSV file, empty ones left out; without `separator`, the first line tells.

    Raises `Unreadable` with the place of a row in which a quote is never closed.
    """
    numbered = enumerate(lines, 1)
    delimiter = separator
    for number, record in () if delimiter else _records(numbered, file, SEPARATORS):
        if not delimiter and (delimiter := separator_named(record)):
            continue
        separator = delimiter or separator_of(record)
        read = _record(record, number, separator, file)
        if any(read.texts):
            yield read
            delimiter = separator
            break
    if not delimiter:
        return
    for number, record in _records(numbered, file, delimiter):
        read = _record(record, number, delimiter, file)
        if any(read.texts):
            yield read


def _records(
    lines: Iterable[tuple[int, str]], file: str, delimiters: str
) -> Iterator[tuple[int, str]]:
    """Each record as written, with the number of its first line."""
    opening = re.compile(rf'(?:^|[{re.escape(delimiters)}])"')
    record, first, is_open = "", 1, False
    for number, line in lines:
        if not record:
            first = number
        record += line
        if len(record) > _LONGEST:
            break
        if '"' not in record:
            yield first, record.rstrip("\r\n")
            record = ""
            continue
        is_open = _stays_open(line, opening, is_open=is_open)
        if not is_open:
            yield first, record.rstrip("\r\n")
            record = ""
    if record:
        raise Unreadable(
            Place(file, first, 1), say("a quote is opened in this row and never closed")
        )


def _stays_open(line: str, opens: re.Pattern[str], *, is_open: bool) -> bool:
    """Whether a quote is open at the end of the line, as one was or not at its beginning."""
    end = 0
    while True:
        if is_open:
            closing = _CLOSING.match(line, end)
            if closing is None:
                return True
            end = closing.end()
        opening = opens.search(line, end)
        if opening is None:
            return False
        end, is_open = opening.end(), True


def _record(record: str, line: int, delimiter: str, file: str) -> CsvRecord:
    place = Place(file, line, 1)
    values: list[str] | None = None
    if '"' not in record:
        values = record.split(delimiter)
    else:
        reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter)
        with suppress(csv.Error):  # its limit is everybody's, and others who read tables raise it
            values = next(reader, [])
    if values is None or (len(record) > LONGEST_CELL and max(map(len, values)) > LONGEST_CELL):
        raise Unreadable(place, say("a cell of this row is too long"))
    return CsvRecord([value.strip() for value in values], record, delimiter, place)


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    """One cell as it is written."""
    return re.compile(rf'(?:"(?:[^"]|"")*")?[^{re.escape(delimiter)}]*')
