"""A file with a table in it, CSV or a workbook → the manifests that it is.

Apart from `reading`, since many manifests are none.
"""

from collections.abc import Iterator
from io import StringIO, TextIOWrapper

from bulkpub.core.csv_text import encoding_of
from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.csv_table import table_records
from bulkpub.manifest.form import Fault
from bulkpub.manifest.nodes import Node, Unreadable
from bulkpub.manifest.reading import EMPTY, Source, at_least_one, decoded
from bulkpub.manifest.table import Record, Table, read_table
from bulkpub.ordinary import open_ordinary

__all__ = ["open_sheets", "open_table"]

_BLOCK = 1024 * 1024


def open_table(source: Source) -> None:
    """Opens the table that `source` names; raises `Unreadable`."""
    _fill(source, table_records(_text_lines(source.name), source.name))


def open_sheets(source: Source) -> list[Source]:
    """Opens the workbook that `source` names: one for each sheet that is a manifest.

    There is a warning for each other sheet that may be meant as one. Raises `Unreadable`.
    """
    from bulkpub.manifest.sheets import sheet_records, sheets_meant  # noqa: PLC0415 - not for CSV
    from bulkpub.manifest.workbook import LARGEST, WorkbookFault, read_workbook  # noqa: PLC0415 - not for CSV

    with open_ordinary(source.name) as file:
        content = file.read(LARGEST + 1)
    try:
        meant, told = sheets_meant(read_workbook(content))
    except WorkbookFault as fault:
        raise Unreadable(Place(source.name), str(fault)) from None
    for sentence in told:
        source.warn(Place(source.name), sentence)
    if not meant:
        raise Unreadable(Place(source.name), EMPTY)
    sources: list[Source] = []
    for sheet in meant:
        name = f"{source.name} [{sheet.name}]" if len(meant) > 1 else source.name
        of_sheet = Source(name, source.base)
        of_sheet.warnings = source.warnings if sheet is meant[0] else []
        try:
            _fill(of_sheet, sheet_records(sheet, name))
        except Unreadable as error:
            of_sheet.faults.append(Fault(error.place, str(error)))
        sources.append(of_sheet)
    return sources


def _fill(source: Source, records: Iterator[Record]) -> None:
    table = read_table(records, source.name)
    source.header = table.top
    source.has_rows = True
    source.faults += table.faults
    source.warnings += table.warnings
    if not table.faults:
        source.datasets = at_least_one(_rows(table, source), source)


def _rows(table: Table, source: Source) -> Iterator[Node]:
    """The datasets of a table; after a quote that is never closed, nothing more can be read."""
    try:
        for node in table.datasets:
            source.own_faults = table.faults
            yield node
    except Unreadable as error:
        source.faults.append(Fault(error.place, str(error)))


def _text_lines(name: str) -> Iterator[str]:
    """The lines of a table, in the encoding that spreadsheets gave it."""
    with open_ordinary(name) as file:
        encoding = encoding_of(iter(lambda: file.read(_BLOCK), b""))
        if encoding.startswith("utf-8"):  # a fault in it has its place
            file.seek(0)
            for number, raw in enumerate(file, 1):
                line = decoded(raw, name, number)
                if "\r" in line[:-2]:
                    yield from StringIO(line, newline="")
                else:
                    yield line
            return
    try:
        with TextIOWrapper(open_ordinary(name), encoding=encoding, newline="") as text:
            yield from text
    except UnicodeError:
        sentence = say("this is neither UTF-8 nor Windows-1252: save the manifest as UTF-8")
        raise Unreadable(Place(name), sentence) from None
