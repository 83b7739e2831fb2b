"""A manifest's tree → a table of files, such that our reader gets exactly that tree back.

What a table cannot say becomes a fault at its place: nothing is written as something else.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from bulkpub.core.fields import Column
from bulkpub.language import say
from bulkpub.manifest.cells import said_in
from bulkpub.manifest.form import Fault
from bulkpub.manifest.keys import DATASET, RESOURCE
from bulkpub.manifest.nodes import Node, Number
from bulkpub.manifest.table import COLUMNS, IDENTITY, way_of

__all__ = ["SILENT", "table_text"]

Row = dict[str, str]

_OF_DATASET = {row.name: row.columns for row in DATASET}
_OF_RESOURCE = {row.name: row.columns for row in RESOURCE}
_INHERITED = frozenset(row.name for row in DATASET if row.inherited)
SILENT = ("version", "$schema")
"""Keys of the top that say nothing of the datasets, and have no place in a table."""


def table_text(top: Node, datasets: Sequence[Node], separator: str, faults: list[Fault]) -> str:
    """The table; what it cannot say goes to `faults`."""
    above = list(_above(top, faults))
    rows = [row for node in datasets for row in _rows(node, faults)]
    named = {name for row in rows for name in row}
    # Two of them tell the row that names the columns.
    named |= {"dataset", "dataset_title"} if len(named) < 2 else set()  # noqa: PLR2004 - see above
    columns = [name for name in COLUMNS if name in named]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows(above)
    if above:
        writer.writerow([])
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return out.getvalue()


def _above(top: Node, faults: list[Fault]) -> Iterator[tuple[str, str]]:
    """What holds for all datasets, each with its name."""
    assert isinstance(top.value, dict)  # noqa: S101 # as every top is
    for key, node in top.value.items():
        if key == "defaults" and isinstance(node.value, dict):
            for name, below in node.value.items():
                known = _OF_DATASET.get(name, ()) if name in _INHERITED else ()
                yield from _cells(name, below, known, faults).items()
        elif key in {"portal", "organization"}:
            yield from _cells(key, node, (Column(key),), faults).items()
        elif key not in SILENT:
            faults.append(Fault(node.key or node.place, _no_column(key)))


def _rows(node: Node, faults: list[Fault]) -> Iterator[Row]:
    if not isinstance(node.value, dict):
        faults.append(Fault(node.place, say("in a table, a dataset is a mapping and nothing else")))
        return
    own: Row = {}
    for key, below in node.value.items():
        if key != "resources":
            own |= _cells(key, below, _OF_DATASET.get(key, ()), faults)
    identity = {name: own[name] for name in IDENTITY if name in own}
    if not identity:
        sentence = say(
            "in a table, a dataset needs a 'key', an 'id' or a 'title', to tell its rows"
        )
        faults.append(Fault(node.place, sentence))
    first = dict(list(identity.items())[:1])
    files = _files(node.value.get("resources"), faults)
    yield own | (files[0] if files else {})
    yield from (first | file for file in files[1:])


def _files(node: Node | None, faults: list[Fault]) -> list[Row]:
    if node is None or node.value == []:
        return []
    if not isinstance(node.value, list):
        faults.append(Fault(node.place, say("in a table, 'resources' are a list and nothing else")))
        return []
    files: list[Row] = []
    for each in node.value:
        said: Row = {}
        for key, below in each.value.items() if isinstance(each.value, dict) else ():
            said |= _cells(key, below, _OF_RESOURCE.get(key, ()), faults)
        if not said:
            faults.append(
                Fault(each.place, say("a table has no row for a resource that says nothing"))
            )
        files.append(said)
    return files


def _cells(key: str, node: Node, columns: Sequence[Column], faults: list[Fault]) -> Row:
    """The cells that say what is under `key`."""
    if not columns:
        faults.append(Fault(node.key or node.place, _no_column(key)))
        return {}
    parts = {column.part: column for column in columns if column.part}
    if not parts:
        return _cell(key, node, columns[0], faults)
    if not isinstance(node.value, dict) or not node.value:
        faults.append(Fault(node.place, _cannot(key)))
        return {}
    said: Row = {}
    for name, below in node.value.items():
        if name in parts:
            said |= _cell(name, below, parts[name], faults)
        else:
            faults.append(Fault(below.key or below.place, _no_column(f"{key}.{name}")))
    return said


def _cell(key: str, node: Node, column: Column, faults: list[Fault]) -> Row:
    value = node.value
    text = _text(value)
    wanted = _bare(value)
    if (
        not text
        or text != text.strip()
        or "\0" in text
        or "\r" in text
        or said_in(column, text) != wanted
        or way_of(column.name, text) != column.name
    ):
        faults.append(Fault(node.place, _cannot(key)))
        return {}
    return {column.name: text}


def _bare(value: object) -> str | bool | list[str] | None:
    match value:
        case Number():
            return value.text
        case list():
            return [str(each.value) for each in value]
        case str() | bool():
            return value
        case _:
            return None


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Number():
            return value.text
        case list() if all(isinstance(each.value, str) for each in value):
            return ", ".join(str(each.value) for each in value)
        case _:
            return ""


def _no_column(key: str) -> str:
    return say("a table has no column for '{key}'", key=key)


def _cannot(key: str) -> str:
    return say("a table cannot say what '{key}' says here", key=key)
