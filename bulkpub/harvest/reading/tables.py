"""A table as spreadsheets save it → its rows, by what their cells mean.

Pure. Delimiter, encoding and the names of the columns are recognised, in English and French; what
a column means is decided by its name alone (`data/columns.csv`; of access, whatever `words.access`
knows), and a column nobody knows is named, not guessed at.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from bulkpub.core.csv_text import lines_of, no_text_but, separator_named, separator_of
from bulkpub.core.names import plain_words
from bulkpub.data import columns, columns_of_datasets
from bulkpub.harvest.reading.loose import clean
from bulkpub.harvest.words.access import speaks_of_access
from bulkpub.language import say

__all__ = ["ACCESS", "Row", "Table", "TableFault", "read_table"]

ACCESS = "access: "
"""What begins the meaning of a column that says who has access; its name follows."""

_LONGEST_CELL = 1_000_000
"""Characters; the csv module takes 131,072 of its own accord, less than a description may have."""
_ENOUGH = 64
"""Bytes that tell what is no text."""
_ADDRESSES = ("url", "dataset page")


_LINE_ENDS = str.maketrans(dict.fromkeys("\x0b\x0c\x85\u2028\u2029", "\n"))
"""What programs leave for the end of a line within a cell; to the table itself it is none."""


class TableFault(Exception):
    """The table cannot be read at all; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file (from 1), its cells by meaning, without those left empty."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `columns` are the names of its columns by meaning, `unknown` the other columns.

    `of_datasets`: it has a column that only a table with one dataset a row has.
    """

    rows: Iterator[Row]
    columns: Mapping[str, str]
    unknown: tuple[str, ...]
    of_datasets: bool


def read_table(content: bytes) -> Table:
    """The table in `content`; raises `TableFault` without a column of addresses, and for no text.

    UTF-8 (with or without a byte order mark), else UTF-16 by its mark, else Windows-1252.
    """
    if what := no_text_but(content[:_ENOUGH]):
        raise TableFault(say("it is {what}", what=what))
    csv.field_size_limit(_LONGEST_CELL)
    lines = lines_of(content)
    first, header, delimiter = 0, "", ""
    for first, header in enumerate(lines):  # noqa: B007 # the header is where this ends
        delimiter = delimiter or separator_named(header)
        if header.strip() and not separator_named(header):
            break
    else:
        raise TableFault(say("it is empty"))
    delimiter = delimiter or separator_of(header)
    reader = csv.reader(chain([header], lines), delimiter=delimiter, skipinitialspace=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise TableFault(say("its first line cannot be read: {error}", error=error)) from None
    meanings = _meanings(names)
    if not set(_ADDRESSES) & set(meanings.values()):
        shown = ", ".join(name.strip() for name in names if name.strip())
        raise TableFault(
            say(
                "it has no column called url, link, lien or adresse, but {shown}", shown=shown[:200]
            )
        )
    return Table(
        _rows(reader, meanings, first),
        columns={meaning: names[place].strip() for place, meaning in meanings.items()},
        unknown=tuple(
            name.strip()
            for place, name in enumerate(names)
            if place not in meanings and name.strip()
        ),
        of_datasets=any(plain_words(names[place]) in columns_of_datasets() for place in meanings),
    )


def _meanings(names: list[str]) -> dict[int, str]:
    """What each column means, by its place; of two that mean the same, the first counts."""
    meanings: dict[int, str] = {}
    for place, name in enumerate(names):
        meaning = columns().get(plain_words(name))
        if meaning is None and speaks_of_access(name):
            meaning = f"{ACCESS}{name.strip()}"
        if meaning is not None and meaning not in meanings.values():
            meanings[place] = meaning
    return meanings


def _rows(reader: Iterator[list[str]], meanings: Mapping[int, str], before: int) -> Iterator[Row]:
    while True:
        line = before + getattr(reader, "line_num", 0) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableFault(
                say("line {line} cannot be read: {error}", line=line, error=error)
            ) from None
        said = {
            meanings[place]: text
            for place, cell in enumerate(cells)
            if place in meanings and (text := clean(cell.translate(_LINE_ENDS)))
        }
        if any(cell.strip() for cell in cells):
            yield Row(line, said)
