"""CSV lines → records, each cell with its line and column; a record may span lines.

Comma, semicolon or tab, whichever the first line has most of. What a cell means is for others.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from bulkpub.core.model import Place
from bulkpub.manifest.nodes import Unreadable

__all__ = ["Cell", "records"]

_DELIMITERS = (",", ";", "\t")
_QUOTED = re.compile(r'(^|[,;\t])"(?:[^"]|"")*"')
_OPENING = re.compile(r'(?:^|[,;\t])"')
LONGEST_CELL = 131_072
"""Characters of a cell; a description has 100,000 at most."""
_CLOSING = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
_LONGEST = 500_000
"""Characters of one record; in a longer one a quote is never closed."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without the white space around it, and where it starts."""

    text: str
    place: Place


def records(lines: Iterable[str], file: str) -> Iterator[list[Cell]]:
    """The records of a CSV file, empty ones left out.

    Raises `Unreadable` with the place of a row in which a quote is never closed.
    """
    delimiter = ""
    for number, record in _records(lines, file):
        delimiter = delimiter or max(_DELIMITERS, key=_QUOTED.sub("", record).count)
        cells = list(_cells(record, number, delimiter, file))
        if any(cell.text for cell in cells):
            yield cells


def _records(lines: Iterable[str], file: str) -> Iterator[tuple[int, str]]:
    """Each record as written, with the number of its first line."""
    record, first, is_open = "", 1, False
    for number, line in enumerate(lines, 1):
        if not record:
            first = number
        record += line
        if len(record) > _LONGEST:
            break
        is_open = _stays_open(line, is_open)
        if not is_open:
            yield first, record.rstrip("\r\n")
            record = ""
    if record:
        raise Unreadable(Place(file, first, 1), "a quote is opened in this row and never closed")


def _stays_open(line: str, is_open: bool) -> bool:  # noqa: FBT001 # a state, not a choice
    """Whether a quote is open at the end of the line, as one was or not at its beginning."""
    end = 0
    while True:
        if is_open:
            closing = _CLOSING.match(line, end)
            if closing is None:
                return True
            end = closing.end()
        opening = _OPENING.search(line, end)
        if opening is None:
            return False
        end, is_open = opening.end(), True


def _cells(record: str, line: int, delimiter: str, file: str) -> Iterator[Cell]:
    reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter)
    cell = re.compile(rf'(?:"(?:[^"]|"")*")?[^{delimiter}]*')
    offset = 0
    values: list[str] | None = None
    with suppress(csv.Error):  # its limit is everybody's, and others who read tables raise it
        values = next(reader, [])
    if values is None or any(len(value) > LONGEST_CELL for value in values):
        raise Unreadable(Place(file, line, 1), "a cell of this row is too long")
    for value in values:
        above = record.count("\n", 0, offset)
        column = offset - record.rfind("\n", 0, offset)
        yield Cell(value.strip(), Place(file, line + above, column))
        match = cell.match(record, offset)
        offset = match.end() + 1 if match else offset
