"""A table as spreadsheets save it → its rows, by what their cells mean.

Pure. Delimiter, encoding and the names of the columns are recognised, in English and French; what
a column means is decided by its name alone (`data/columns.csv`; of access, whatever `words.access`
knows), and a column nobody knows is named, not guessed at.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

from bulkpub.core.csv_text import lines_of, no_text_but, separator_named, separator_of
from bulkpub.core.names import plain_words
from bulkpub.data import columns, columns_of_datasets
from bulkpub.harvest.reading.loose import clean
from bulkpub.harvest.words.access import speaks_of_access
from bulkpub.language import say
from bulkpub.manifest.workbook import Sheet, WorkbookFault, read_workbook

__all__ = ["ACCESS", "Row", "Table", "TableFault", "read_table"]

ACCESS = "access: "
"""What begins the meaning of a column that says who has access; its name follows."""

_LONGEST_CELL = 1_000_000
"""Characters; the csv module takes 131,072 of its own accord, less than a description may have."""
_ENOUGH = 64
"""Bytes that tell what is no text."""
_ADDRESSES = ("url", "path", "dataset page")
_PACKED = b"PK\x03\x04"
"""How a workbook begins."""
_HEAD_WITHIN = 20
"""Rows among which the one that names the columns is."""


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

    `of_datasets`: it has a column that only a table with one dataset a row has. `sheets_left` are
    the other sheets of its workbook with something in them.
    """

    rows: Iterator[Row]
    columns: Mapping[str, str]
    unknown: tuple[str, ...]
    of_datasets: bool
    sheets_left: tuple[str, ...] = ()


def read_table(content: bytes) -> Table:
    """The table in `content`; raises `TableFault` without a column of addresses, and for no text.

    UTF-8 (with or without a byte order mark), else UTF-16 by its mark, else Windows-1252; or the
    sheet of a workbook that has such a column.
    """
    if content.startswith(_PACKED):
        return _of_workbook(content)
    if what := no_text_but(content[:_ENOUGH]):
        raise TableFault(say("it is {what}", what=what))
    csv.field_size_limit(_LONGEST_CELL)
    lines = lines_of(content)
    top = list(islice(lines, _HEAD_WITHIN))
    titles = _titles_above(top)
    lines = chain(top[titles:], lines)
    first, header, delimiter = 0, "", ""
    for first, header in enumerate(lines, titles):  # noqa: B007 # the header is where this ends
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
    return _table(names, partial(_rows, reader, before=first))


def _titles_above(lines: Sequence[str]) -> int:
    """How many lines stand above the one that names the columns, if it is not the first one.

    One with an address and another column is it; of a first line that names a separator, none is
    above.
    """
    for number, line in enumerate(lines):
        if separator_named(line):
            return 0
        cells: list[str] = []
        with suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=separator_of(line)), [])
        meanings = set(_meanings(cells).values())
        if meanings & set(_ADDRESSES) and (len(meanings) > 1 or number == 0):
            return number
    return 0


def _table(names: list[str], rows_of: Callable[[Mapping[int, str]], Iterator[Row]]) -> Table:
    """The table whose columns are called `names`; raises `TableFault` without an address."""
    meanings = _meanings(names)
    if not set(_ADDRESSES) & set(meanings.values()):
        shown = ", ".join(name.strip() for name in names if name.strip())
        raise TableFault(
            say(
                "it has no column called url, link, lien, adresse or fichier, but {shown}",
                shown=shown[:200],
            )
        )
    return Table(
        rows_of(meanings),
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
        if any(cell.strip() for cell in cells):
            yield Row(line, _said(cells, meanings))


def _said(cells: Sequence[str], meanings: Mapping[int, str]) -> Mapping[str, str]:
    return {
        meanings[place]: text
        for place, cell in enumerate(cells)
        if place in meanings and (text := clean(cell.translate(_LINE_ENDS)))
    }


# --- workbooks ------------------------------------------------------------------------------


def _of_workbook(content: bytes) -> Table:
    """The table of the first sheet that people see and that has a row which names an address."""
    try:
        sheets = [sheet for sheet in read_workbook(content) if not sheet.hidden]
    except WorkbookFault as fault:
        raise TableFault(str(fault)) from None
    heads = ((sheet, row) for sheet in sheets if (row := _head_row(sheet)) is not None)
    sheet, head = next(heads, (None, 0))
    if sheet is None:
        raise TableFault(say("it has no sheet with a column called url, link, fichier or the like"))
    for (row, _), sentence in sorted(sheet.broken.items()):
        raise TableFault(say("row {row}: {sentence}", row=row + 1, sentence=sentence))
    table = _table(list(sheet.rows[head]), partial(_rows_of_sheet, sheet, head))
    left = tuple(each.name for each in sheets if each is not sheet and any(map(any, each.rows)))
    return replace(table, sheets_left=left)


def _head_row(sheet: Sheet) -> int | None:
    rows = islice(((n, row) for n, row in enumerate(sheet.rows) if any(row)), _HEAD_WITHIN)
    wanted = set(_ADDRESSES)
    return next((n for n, row in rows if wanted & set(_meanings(list(row)).values())), None)


def _rows_of_sheet(sheet: Sheet, head: int, meanings: Mapping[int, str]) -> Iterator[Row]:
    for number, cells in enumerate(sheet.rows[head + 1 :], head + 2):
        if any(cells):
            yield Row(number, _said(cells, meanings))
