"""A table of files, one a row → datasets: rows of one dataset follow one another.

What a dataset says of itself stands in one of its rows, or in each of them, the same. A cell
that is empty says nothing. Read as a stream: only the rows of one dataset are in memory. Columns
have their names in English or French; above the row that names them a title may stand, and what
holds for all rows, its name in one cell and its value in another (`Organisation`, `ville-exemple`).

Where no column says of which dataset a row is, the title is a dataset's, and each title one.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from typing import Any

from bulkpub.core.fields import Column, Field
from bulkpub.core.model import Place
from bulkpub.core.names import plain_words
from bulkpub.data import columns_in_french
from bulkpub.language import say
from bulkpub.manifest.cells import is_address, said_in
from bulkpub.manifest.form import Fault, Key
from bulkpub.manifest.keys import DATASET, RESOURCE
from bulkpub.manifest.nodes import Deferred, Node, Unreadable, Value, check_text
from bulkpub.manifest.values import nearest, suggestion

__all__ = [
    "COLUMNS",
    "HEADER_WITHIN",
    "IDENTITY",
    "Cell",
    "Record",
    "Table",
    "is_header",
    "read_table",
    "way_of",
]

Columns = Mapping[str, tuple[str, Column]]
"""By the name of a column: the key whose value, or part of it, is in it."""


def _columns(rows: Iterable[Field | Key]) -> Columns:
    return {column.name: (row.name, column) for row in rows for column in row.columns}


_DATASET_COLUMNS = _columns(DATASET)
_RESOURCE_COLUMNS = _columns(RESOURCE)
COLUMNS = (*_DATASET_COLUMNS, *_RESOURCE_COLUMNS)
"""The columns a table may have, in any order."""

IDENTITY = ("dataset", "dataset_id", "dataset_title")
"""The first of these columns that is filled in says of which dataset a row is."""

HEADER_WITHIN = 20
"""Rows with something in them, among which the one that names the columns is."""
_ENOUGH = 2
"""Columns with a known name, by which that row is told from a title."""
_OWN = "#"
"""How the names of columns begin that are for people alone."""
_TOP = ("portal", "organization")
"""What is said above the columns and is no default."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without the white space around it, and where it starts."""

    text: str
    place: Place


Row = dict[str, Cell]
"""What is filled in, by column."""


class Record(ABC):
    """The cells of one record: their `texts`, without white space around them, and their places.

    `broken` are those whose text is not what was meant, by their number, each with a sentence.
    """

    __slots__ = ("broken", "texts")

    def __init__(self, texts: list[str], broken: Mapping[int, str] | None = None) -> None:
        self.texts = texts
        self.broken = broken or {}

    @abstractmethod
    def place(self, number: int) -> Place:
        """Where the cell of that number, from 0, begins; worked out when somebody asks for it."""

    def cell(self, number: int) -> Cell:
        """The cell of that number, from 0."""
        return Cell(self.texts[number], self.place(number))

    def cells(self) -> list[Cell]:
        """All of them."""
        return [self.cell(number) for number in range(len(self.texts))]


@dataclass(slots=True)
class Table:
    """The datasets of a table as they come; `faults` are those of the dataset given out last.

    `top` is what stands above the columns, as the header of a manifest; `warnings` what may not
    be meant as it was read.
    """

    datasets: Iterator[Node]
    top: Node
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def is_header(texts: Sequence[str]) -> bool:
    """Whether a row names columns, rather than being a title or holding values."""
    return len({name for text in texts if (name := _in_english(text)) in COLUMNS}) >= _ENOUGH


def read_table(rows: Iterator[Record], file: str) -> Table:
    """Reads down to the record that names the columns; the others as datasets are taken.

    Raises `Unreadable` when there is none; for columns that are unknown, a sentence each is in
    `faults` and there are no datasets. While datasets are taken, `Unreadable` is raised for a
    quote that is never closed.
    """
    above: list[Record] = []
    head: Record | None = None
    for record in rows:
        if is_header(record.texts):
            head = record
            break
        above.append(record)
        if len(above) == HEADER_WITHIN:
            break
    known = head is not None
    if head is None:
        if not above:
            raise Unreadable(Place(file, 1, 1), say("this manifest is empty"))
        head, *below = above
        rows, above = chain(below, rows), []
    table = Table(iter(()), Node({}, Place(file, 1, 1)))
    table.top = _top(above, table, file)
    head.texts = list(map(_in_english, head.texts))
    table.faults += _head_faults(head, table, known=known)
    if not table.faults:
        table.datasets = _datasets(_Head(head.texts), _checked(rows), table)
    return table


# --- the columns ----------------------------------------------------------------------------


@cache
def _plain_columns() -> Mapping[str, str]:
    return {plain_words(name): name for name in COLUMNS}


def _in_english(name: str) -> str:
    """The column that `name` means, in French too; `name` itself where it means none."""
    if name in COLUMNS:
        return name
    for each in (name, re.sub(r"\(.*?\)", " ", name)):  # Licence (obligatoire)
        plain = plain_words(each)
        if meant := _plain_columns().get(plain) or columns_in_french().get(plain):
            return meant
    return name


def _head_faults(head: Record, table: Table, *, known: bool) -> Iterator[Fault]:
    """What is wrong with the row of columns; without a `known` one, all that is unknown is."""
    _name_datasets_by_title(head, table)
    seen: dict[str, Place] = {}
    there = set(head.texts)
    for number, cell in enumerate(head.cells()):
        if number in head.broken:
            yield Fault(cell.place, head.broken[number])
        if not cell.text:
            continue
        first = seen.setdefault(cell.text, cell.place)
        if cell.text not in COLUMNS:
            meant = _nearest(cell.text)
            if meant or not known:
                sure = meant and meant not in there
                hint = (
                    say(" (did you mean '{meant}'?)", meant=meant)
                    if sure
                    else say("; there are {columns}", columns=", ".join(COLUMNS))
                )
                yield Fault(
                    cell.place, say("unknown column '{text}'{hint}", text=cell.text, hint=hint)
                )
            elif not cell.text.startswith(_OWN):
                sentence = say(
                    "the column '{text}' says nothing that is known, and is left out; called "
                    "'{own}{text}' it would be so without a word",
                    text=cell.text,
                    own=_OWN,
                )
                table.warnings.append(Fault(cell.place, sentence))
        elif first != cell.place:
            yield Fault(
                cell.place,
                say(
                    "the column '{text}' is already there, at {first}", text=cell.text, first=first
                ),
            )
    if not seen.keys() & set(IDENTITY):
        wanted = say("'dataset', 'dataset_id' or 'dataset_title'")
        yield Fault(
            head.place(0),
            say("a column {wanted} must say of which dataset each row is", wanted=wanted),
        )


def _nearest(name: str) -> str | None:
    """The column that a name nobody knows is most like."""
    if name.startswith(_OWN):
        return None
    if found := nearest(name, COLUMNS):
        return found
    french = nearest(plain_words(name), columns_in_french())
    return columns_in_french()[french] if french else None


def _name_datasets_by_title(head: Record, table: Table) -> None:
    """Where nothing else says of which dataset a row is, its title does."""
    if set(IDENTITY) & set(head.texts) or head.texts.count("title") != 1:
        return
    number = head.texts.index("title")
    head.texts[number] = "dataset_title"
    sentence = say(
        "no column says of which dataset a row is: each title is taken for that of a dataset; for "
        "several files of one dataset, add a column 'dataset_title'"
    )
    table.warnings.append(Fault(head.place(number), sentence))


def _top(above: Iterable[Record], table: Table, file: str) -> Node:
    """What the rows above the columns say of all datasets: a name in one cell, a value in another.

    What does not look like that is a title.
    """
    header: Row = {}
    inherited: Row = {}
    allowed = {column.name for row in DATASET if row.inherited for column in row.columns}
    for record in above:
        filled = [number for number, text in enumerate(record.texts) if text]
        if len(filled) != _ENOUGH:
            continue
        name, said = (record.cell(number) for number in filled)
        word = _TOP_WORDS.get(plain_words(name.text)) or _in_english(name.text)
        where = header if word in _TOP else inherited if word in allowed else None
        if where is not None:
            if word in where:
                sentence = say(
                    "'{word}' is already said, at {place}", word=word, place=where[word].place
                )
                table.faults.append(Fault(name.place, sentence))
            where[word] = said
        elif hint := suggestion(name.text, (*allowed, *_TOP)):
            sentence = say(
                "'{text}' says nothing that is known, and is left out{hint}",
                text=name.text,
                hint=hint,
            )
            table.warnings.append(Fault(name.place, sentence))
    top = _tree(header, _TOP_COLUMNS, Place(file, 1, 1))
    assert isinstance(top.value, dict)  # noqa: S101 # as built
    if inherited:
        first = min(cell.place for cell in inherited.values())
        top.value["defaults"] = _tree(inherited, _DATASET_COLUMNS, first)
    return top


_TOP_WORDS = {"portal": "portal", "portail": "portal"}
_TOP_COLUMNS: Columns = {
    "portal": ("portal", Column("portal")),
    "organization": _DATASET_COLUMNS["organization"],
}


# --- rows → datasets ---------------------------------------------------------------------------


class _Head:
    """Which column is where: numbers of cells, by the names of columns."""

    def __init__(self, names: Sequence[str]) -> None:
        numbers = {name: number for number, name in enumerate(names) if name}
        self.width = len(names)
        self.identity = [(name, numbers[name]) for name in IDENTITY if name in numbers]
        self.own = {name: numbers[name] for name in _DATASET_COLUMNS if name in numbers}
        self.about = {name: numbers[name] for name in _RESOURCE_COLUMNS if name in numbers}
        self.known = {*self.own.values(), *self.about.values()}
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
    place = first.place(next(n for n, text in enumerate(first.texts) if text or n in first.broken))
    given.faults = []
    if _identity(head, first.texts) is None:
        sentence = say("no row above says of which dataset this one is: fill in 'dataset'")
        given.faults.append(Fault(place, sentence))
    for record in group:
        if (number := head.nameless(record.texts)) is not None:
            sentence = say("this cell is in a column without a name")
            given.faults.append(Fault(record.place(number), sentence))
        given.faults += (
            Fault(record.place(broken), sentence)
            for broken, sentence in record.broken.items()
            if broken in head.known
        )
    said = _said_of_dataset(head, group, given)
    given.faults += _whole_and_part(said)
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
                sentence = say(
                    "'{name}' says something else than at {place}: rows of one dataset say the "
                    "same of it, or leave the cell empty",
                    name=name,
                    place=said[name].place,
                )
                given.faults.append(Fault(record.place(number), sentence))
    return said


def _whole_and_part(said: Row) -> Iterator[Fault]:
    """What a column says of a whole that another one has a part of; the part is taken out."""
    whole = {
        _DATASET_COLUMNS[name][0]: cell
        for name, cell in said.items()
        if not _DATASET_COLUMNS[name][1].part
    }
    for name, cell in list(said.items()):
        key, column = _DATASET_COLUMNS[name]
        if column.part and key in whole:
            sentence = say(
                "a dataset has either '{key}', as at {place}, or '{name}': the first replaces "
                "what the portal has, the other changes it",
                key=key,
                place=whole[key].place,
                name=name,
            )
            yield Fault(cell.place, sentence)
            del said[name]


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
        key, value = way_of(key, text), said_in(column, text)
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
        key, value = way_of(key, cell.text), Node(_value(column, cell), cell.place)
        if not column.part:
            root[key] = value
            continue
        whole = root.setdefault(key, Node({}, cell.place))
        assert isinstance(whole.value, dict)  # noqa: S101 # as built
        whole.value[column.part] = value
    return Node(root, place)


def way_of(key: str, text: str) -> str:
    """The key of what a cell says: a column of files may have addresses in it."""
    return "url" if key == "path" and is_address(text) else key


def _value(column: Column, cell: Cell) -> Value:
    value = said_in(column, cell.text)
    if isinstance(value, list):
        return [Node(word, cell.place) for word in value]
    if isinstance(value, dict):
        return {name: Node(word, cell.place) for name, word in value.items()}
    return value
