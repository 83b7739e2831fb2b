"""A table of files, one a row → datasets: rows of one dataset follow one another.

What a dataset says of itself stands in one of its rows, or in each of them, the same. A cell
that is empty says nothing. Read as a stream: only the rows of one dataset are in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bulkpub.core.model import Place
from bulkpub.manifest.csv_text import Cell, records
from bulkpub.manifest.nearest import suggestion
from bulkpub.manifest.nodes import Node, Unreadable, Value, check_text
from bulkpub.manifest.sentences import Fault

__all__ = ["COLUMNS", "Table", "read_table"]

_DATASET_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "dataset": ("key",),
    "dataset_id": ("id",),
    "dataset_title": ("title",),
    "description": ("description",),
    "description_file": ("description_file",),
    "acronym": ("acronym",),
    "license": ("license",),
    "frequency": ("frequency",),
    "tags": ("tags",),
    "organization": ("organization",),
    "personal": ("personal",),
    "private": ("private",),
    "archived": ("archived",),
    "temporal_start": ("temporal_coverage", "start"),
    "temporal_end": ("temporal_coverage", "end"),
    "spatial_zones": ("spatial", "zones"),
    "spatial_granularity": ("spatial", "granularity"),
    "contact_points": ("contact_points",),
    "prune": ("prune",),
}
_RESOURCE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": ("path",),
    "url": ("url",),
    "max_size": ("max_size",),
    "expect": ("expect",),
    "link": ("link",),
    "host": ("host",),
    "resource_key": ("key",),
    "resource_id": ("id",),
    "title": ("title",),
    "resource_description": ("description",),
    "type": ("type",),
    "schema": ("schema",),
    "optional": ("optional",),
    "guard_empty": ("guard", "empty"),
    "guard_shrink": ("guard", "shrink"),
    "check": ("check",),
    "format": ("format",),
    "mime": ("mime",),
}
COLUMNS = (*_DATASET_COLUMNS, *_RESOURCE_COLUMNS)
"""The columns a table may have, in any order."""

_IDENTITY = ("dataset", "dataset_id", "dataset_title")
"""The first of these columns that is filled in says of which dataset a row is."""
_LISTS = {"tags", "spatial_zones", "contact_points", "check"}
_FLAGS = {"personal", "private", "archived", "host", "optional"}

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
    table = Table(iter(()))
    table.faults = list(_head_faults(head))
    if not table.faults:
        table.datasets = _datasets(_rows(head, rest), table)
    return table


def _head_faults(head: Sequence[Cell]) -> Iterator[Fault]:
    seen: dict[str, Place] = {}
    for cell in head:
        first = seen.setdefault(cell.text, cell.place)
        if cell.text and cell.text not in COLUMNS:
            hint = suggestion(cell.text, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
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


def _tree(row: Row, columns: Mapping[str, tuple[str, ...]], place: Place) -> Node:
    root: dict[str, Node] = {}
    for column, cell in row.items():
        *above, name = columns[column]
        holder = root
        for step in above:
            below = holder.setdefault(step, Node({}, cell.place))
            assert isinstance(below.value, dict)  # noqa: S101 # as built
            holder = below.value
        holder[name] = Node(_value(column, cell), cell.place)
    return Node(root, place)


def _value(column: str, cell: Cell) -> Value:
    text = cell.text
    if column in _LISTS:
        words = text.replace(";", ",").split(",")
        return [Node(word.strip(), cell.place) for word in words if word.strip()]
    if column in _FLAGS and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text
