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
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from bulkpub.core.csv_text import SEPARATORS, separator_named, separator_of
from bulkpub.core.fields import Column, Field
from bulkpub.core.model import Place
from bulkpub.core.names import plain_words
from bulkpub.data import columns_in_french
from bulkpub.manifest.form import Fault, Key
from bulkpub.manifest.keys import DATASET, RESOURCE
from bulkpub.manifest.nodes import Deferred, Node, Unreadable, Value, check_text
from bulkpub.manifest.values import suggestion

__all__ = ["COLUMNS", "Cell", "Record", "Table", "read_table", "records"]

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
"""What is filled in, by column."""


class Record:
    """The cells of one record: their `texts`, without white space around them, and their places.

    A place is worked out when somebody asks for it.
    """

    __slots__ = ("_file", "_line", "_record", "_separator", "texts")

    def __init__(self, texts: list[str], record: str, separator: str, place: Place) -> None:
        self.texts = texts
        self._record = record
        self._separator = separator
        self._file = place.file
        self._line = place.line

    def place(self, number: int) -> Place:
        """Where the cell of that number, from 0, begins."""
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

    def cell(self, number: int) -> Cell:
        """The cell of that number, from 0."""
        return Cell(self.texts[number], self.place(number))

    def cells(self) -> list[Cell]:
        """All of them."""
        return [self.cell(number) for number in range(len(self.texts))]


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
    head.texts = list(map(_in_english, head.texts))
    table = Table(iter(()))
    table.faults = list(_head_faults(head.cells()))
    if not table.faults:
        table.datasets = _datasets(_Head(head.texts), _checked(rest), table)
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


class _Head:
    """Which column is where: numbers of cells, by the names of columns."""

    def __init__(self, names: Sequence[str]) -> None:
        numbers = {name: number for number, name in enumerate(names) if name}
        self.width = len(names)
        self.identity = [(name, numbers[name]) for name in _IDENTITY if name in numbers]
        self.own = {name: numbers[name] for name in _DATASET_COLUMNS if name in numbers}
        self.about = {name: numbers[name] for name in _RESOURCE_COLUMNS if name in numbers}
        self._nameless = [number for number, name in enumerate(names) if not name]

    def nameless(self, texts: Sequence[str]) -> int | None:
        """The last cell with a text that is in no column with a name."""
        beyond = range(self.width, len(texts))
        filled = [number for number in (*self._nameless, *beyond) if texts[number]]
        return filled[-1] if filled else None


def _checked(records: Iterator[Record]) -> Iterator[Record]:
    for record in records:
        for number, text in enumerate(record.texts):
            if not text.isascii():
                check_text(text, record.place(number))
        yield record


def _identity(head: _Head, texts: Sequence[str]) -> tuple[str, str] | None:
    for name, number in head.identity:
        if text := texts[number]:
            return name, text
    return None


def _datasets(head: _Head, records: Iterator[Record], given: Table) -> Iterator[Node]:
    """One tree for each group of rows; what is wrong between its rows goes to `given`."""
    group: list[Record] = []
    current: tuple[str, str] | None = None
    for record in records:
        if (missing := head.width - len(record.texts)) > 0:
            record.texts += [""] * missing
        identity = _identity(head, record.texts) or current
        if group and identity != current:
            yield _dataset(head, group, given)
            group = []
        current = identity
        group.append(record)
    if group:
        yield _dataset(head, group, given)


def _dataset(head: _Head, group: Sequence[Record], given: Table) -> Node:
    first = group[0]
    place = first.place(next(number for number, text in enumerate(first.texts) if text))
    given.faults = []
    if _identity(head, first.texts) is None:
        sentence = "no row above says of which dataset this one is: fill in 'dataset'"
        given.faults.append(Fault(place, sentence))
    for record in group:
        if (number := head.nameless(record.texts)) is not None:
            sentence = "this cell is in a column without a name"
            given.faults.append(Fault(record.place(number), sentence))
    said = _said_of_dataset(head, group, given)
    given.faults.sort(key=lambda fault: fault.place)
    tree = _tree(
        {column: said[column] for column in COLUMNS if column in said}, _DATASET_COLUMNS, place
    )
    assert isinstance(tree.value, dict)  # noqa: S101 # as built
    if resources := [each for record in group if (each := _resource(head, record))]:
        tree.value["resources"] = Node(resources, place)
    return tree


def _said_of_dataset(head: _Head, group: Sequence[Record], given: Table) -> Row:
    """What the rows say of their dataset, each of it by the first row that does."""
    said: Row = {}
    for name, number in head.own.items():
        for record in group:
            text = record.texts[number]
            if not text:
                continue
            if name not in said:
                said[name] = record.cell(number)
            elif said[name].text != text:
                sentence = (
                    f"'{name}' says something else than at {said[name].place}: rows of one dataset "
                    "say the same of it, or leave the cell empty"
                )
                given.faults.append(Fault(record.place(number), sentence))
    return said


def _resource(head: _Head, record: Record) -> Node | None:
    """What a row says of a resource; None when it says nothing."""
    texts = record.texts
    said: dict[str, Any] = {}
    start = len(texts)
    for name, number in head.about.items():
        if not (text := texts[number]):
            continue
        start = min(start, number)
        key, column = _RESOURCE_COLUMNS[name]
        value = _bare(column, text)
        if column.part:
            said.setdefault(key, {})[column.part] = value
        else:
            said[key] = value
    return Deferred(said, record.place(start), partial(_about, head, record)) if said else None


def _about(head: _Head, record: Record) -> Value:
    """The tree of what `_resource` reads."""
    row = {name: record.cell(number) for name, number in head.about.items() if record.texts[number]}
    return _tree(row, _RESOURCE_COLUMNS, record.place(0)).value


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
    value = _bare(column, cell.text)
    if isinstance(value, list):
        return [Node(word, cell.place) for word in value]
    return value


def _bare(column: Column, text: str) -> str | bool | list[str]:
    """What a cell in this column says."""
    if column.is_list:
        words = text.replace(";", ",").split(",")
        return [word.strip() for word in words if word.strip()]
    if column.is_flag and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


# --- CSV as text ----------------------------------------------------------------------------

LONGEST_CELL = 131_072
"""Characters of a cell; a description has 100,000 at most."""
_CLOSING = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
_LONGEST = 500_000
"""Characters of one record; in a longer one a quote is never closed."""


def records(lines: Iterable[str], file: str) -> Iterator[Record]:
    """The records of a CSV file, empty ones left out.

    Raises `Unreadable` with the place of a row in which a quote is never closed.
    """
    numbered = enumerate(lines, 1)
    delimiter = ""
    for number, record in _records(numbered, file, SEPARATORS):
        if not delimiter and (delimiter := separator_named(record)):
            continue
        separator = delimiter or separator_of(record)
        read = _record(record, number, separator, file)
        if any(read.texts):
            yield read
            delimiter = separator
            break
    else:
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


def _record(record: str, line: int, delimiter: str, file: str) -> Record:
    place = Place(file, line, 1)
    values: list[str] | None = None
    if '"' not in record:
        values = record.split(delimiter)
    else:
        reader = csv.reader(io.StringIO(record, newline=""), delimiter=delimiter)
        with suppress(csv.Error):  # its limit is everybody's, and others who read tables raise it
            values = next(reader, [])
    if values is None or (len(record) > LONGEST_CELL and max(map(len, values)) > LONGEST_CELL):
        raise Unreadable(place, "a cell of this row is too long")
    return Record([value.strip() for value in values], record, delimiter, place)


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    """One cell as it is written."""
    return re.compile(rf'(?:"(?:[^"]|"")*")?[^{re.escape(delimiter)}]*')
