"""A table of files, one a row → datasets: rows of one dataset follow one another.

What a dataset says of itself stands in one of its rows, or in each of them, the same. A cell
that is empty says nothing. Read as a stream: only the rows of one dataset are in memory. Comma,
semicolon, tab or bar stands between cells, whichever the first line has most of, or what a line
`sep=;` before it names; a record may span lines. Columns have their names in English or French.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bulkpub.core.csv_text import SEPARATORS, separator_named, separator_of
from bulkpub.core.fields import Column, Field
from bulkpub.core.model import Place
from bulkpub.core.names import plain_words
from bulkpub.data import columns_in_french
from bulkpub.manifest.form import Fault, Key
from bulkpub.manifest.keys import DATASET, RESOURCE
from bulkpub.manifest.nodes import Node, Unreadable, Value, check_text
from bulkpub.manifest.values import suggestion

__all__ = ["COLUMNS", "Cell", "Table", "read_table", "records"]

Columns = Mapping[str, tuple[str, Column]]
"""By the name of a column: the key whose value, or part of it, is in it."""


def _columns(rows: Iterable[Field | Key]) -> Columns:
    return {column.name: (row.name, column) for row in rows for column in row.columns}


_DATASET_COLUMNS = _columns(DATASET)
_RESOURCE_COLUMNS = _columns(RESOURCE)
COLUMNS = (*_DATASET_COLUMNS, *_RESOURCE_COLUMNS)
"""The columns a table may have, in any order."""

_IDENTITY = ("dataset", "dataset_id", "dataset_title")
"""The first of these columns that is filled in says of which dataset a row is."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without the white space around it, and where it starts."""

    text: str
    place: Place


Row = dict[str, Cell]


@dataclass(slots=True)
class Table:
    """The datasets of a table as they come; `faults` are those of the dataset given out last."""

    datasets: Iterator[Node]
    faults: list[Fault] = field(default_factory=list)


def read_table(lines: Iterable[str], file: str) -> Table:
    """Reads the first record, which names the columns; the others as datasets are taken.

    Raises `Unreadable` when there is none; for columns that are unknown, a sentence each is in
    `faults` and there are no datasets. While datasets are taken, `Unreadable` is raised for a
    quote that is never closed.
    """
    rest = records(lines, file)
    head = next(rest, None)
    if head is None:
        raise Unreadable(Place(file, 1, 1), "this manifest is empty")
    head = [replace(cell, text=_in_english(cell.text)) for cell in head]
    table = Table(iter(()))
    table.faults = list(_head_faults(head))
    if not table.faults:
        table.datasets = _datasets(_rows(head, rest), table)
    return table


def _in_english(name: str) -> str:
    """The column that `name` means, in French too; `name` itself where it means none."""
    return name if name in COLUMNS else columns_in_french().get(plain_words(name), name)


def _head_faults(head: Sequence[Cell]) -> Iterator[Fault]:
    seen: dict[str, Place] = {}
    there = {cell.text for cell in head}
    for cell in head:
        first = seen.setdefault(cell.text, cell.place)
        if cell.text and cell.text not in COLUMNS:
            hint = suggestion(cell.text, COLUMNS, there) or f"; there are {', '.join(COLUMNS)}"
            yield Fault(cell.place, f"unknown column '{cell.text}'{hint}")
        elif cell.text and first != cell.place:
            yield Fault(cell.place, f"the column '{cell.text}' is already there, at {first}")
    if not seen.keys() & set(_IDENTITY):
        wanted = "'dataset', 'dataset_id' or 'dataset_title'"
        yield Fault(head[0].place, f"a column {wanted} must say of which dataset each row is")


def _rows(head: Sequence[Cell], rest: Iterator[list[Cell]]) -> Iterator[Row]:
    """What is filled in, by column."""
    for record in rest:
        row: Row = {}
        for number, cell in enumerate(record):
            check_text(cell.text, cell.place)
            if not cell.text:
                continue
            if number >= len(head) or not head[number].text:
                row[""] = cell
            else:
                row[head[number].text] = cell
        yield row


def _identity(row: Row) -> tuple[str, str] | None:
    return next(((column, row[column].text) for column in _IDENTITY if column in row), None)


def _datasets(rows: Iterator[Row], given: Table) -> Iterator[Node]:
    """One tree for each group of rows; what is wrong between its rows goes to `given`."""
    group: list[Row] = []
    current: tuple[str, str] | None = None
    for row in rows:
        identity = _identity(row) or current
        if group and identity != current:
            yield _dataset(group, given)
            group = []
        current = identity
        group.append(row)
    if group:
        yield _dataset(group, given)


def _dataset(group: Sequence[Row], given: Table) -> Node:
    place = min(cell.place for cell in group[0].values())
    said: Row = {}
    given.faults = []
    resources: list[Node] = []
    if _identity(group[0]) is None:
        sentence = "no row above says of which dataset this one is: fill in 'dataset'"
        given.faults.append(Fault(place, sentence))
    for row in group:
        if extra := row.get(""):
            given.faults.append(Fault(extra.place, "this cell is in a column without a name"))
        for column in _DATASET_COLUMNS.keys() & row.keys():
            cell = row[column]
            first = said.setdefault(column, cell)
            if first.text != cell.text:
                sentence = (
                    f"'{column}' says something else than at {first.place}: rows of one dataset "
                    "say the same of it, or leave the cell empty"
                )
                given.faults.append(Fault(cell.place, sentence))
        if about := {column: row[column] for column in _RESOURCE_COLUMNS if column in row}:
            start = min(cell.place for cell in about.values())
            resources.append(_tree(about, _RESOURCE_COLUMNS, start))
    given.faults.sort(key=lambda fault: fault.place)
    tree = _tree(
        {column: said[column] for column in COLUMNS if column in said}, _DATASET_COLUMNS, place
    )
    assert isinstance(tree.value, dict)  # noqa: S101 # as built
    if resources:
        tree.value["resources"] = Node(resources, place)
    return tree


def _tree(row: Row, columns: Columns, place: Place) -> Node:
    root: dict[str, Node] = {}
    for name, cell in row.items():
        key, column = columns[name]
        value = Node(_value(column, cell), cell.place)
        if not column.part:
            root[key] = value
            continue
        whole = root.setdefault(key, Node({}, cell.place))
        assert isinstance(whole.value, dict)  # noqa: S101 # as built
        whole.value[column.part] = value
    return Node(root, place)


def _value(column: Column, cell: Cell) -> Value:
    text = cell.text
    if column.is_list:
        words = text.replace(";", ",").split(",")
        return [Node(word.strip(), cell.place) for word in words if word.strip()]
    if column.is_flag and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


# --- CSV as text ----------------------------------------------------------------------------

LONGEST_CELL = 131_072
"""Characters of a cell; a description has 100,000 at most."""
_CLOSING = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
_LONGEST = 500_000
"""Characters of one record; in a longer one a quote is never closed."""


def records(lines: Iterable[str], file: str) -> Iterator[list[Cell]]:
    """The records of a CSV file, empty ones left out.

    Raises `Unreadable` with the place of a row in which a quote is never closed.
    """
    numbered = enumerate(lines, 1)
    delimiter = ""
    for number, record in _records(numbered, file, SEPARATORS):
        if not delimiter and (delimiter := separator_named(record)):
            continue
        separator = delimiter or separator_of(record)
        cells = list(_cells(record, number, separator, file))
        if any(cell.text for cell in cells):
            yield cells
            delimiter = separator
            break
    else:
        return
    for number, record in _records(numbered, file, delimiter):
        cells = list(_cells(record, number, delimiter, file))
        if any(cell.text for cell in cells):
            yield cells


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
        is_open = _stays_open(line, opening, is_open=is_open)
        if not is_open:
            yield first, record.rstrip("\r\n")
            record = ""
    if record:
        raise Unreadable(Place(file, first, 1), "a quote is opened in this row and never closed")


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


def _cells(record: str, line: int, delimiter: str, file: str) -> Iterator[Cell]:
    reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter)
    cell = re.compile(rf'(?:"(?:[^"]|"")*")?[^{re.escape(delimiter)}]*')
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
