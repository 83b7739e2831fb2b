"""The sheets of a workbook as tables: which of them are meant, and their records.

Each sheet that people see and that has a row which names columns is a manifest of its own. One
that has something in several columns, and no such row, is told, and so is a hidden one with such a
row: no row of files is passed over in silence. A sheet of one column is what people write for
people.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.csv_table import LONGEST_CELL
from bulkpub.manifest.nodes import Unreadable
from bulkpub.manifest.table import HEADER_WITHIN, Record, is_header
from bulkpub.manifest.workbook import Sheet

__all__ = ["SheetRecord", "sheet_records", "sheets_meant"]


class SheetRecord(Record):
    """One row of a sheet."""

    __slots__ = ("_file", "_row")

    def __init__(
        self, texts: Sequence[str], row: int, file: str, broken: Mapping[int, str]
    ) -> None:
        super().__init__(list(texts), broken)
        self._file = file
        self._row = row

    def place(self, number: int) -> Place:
        """See `Record`; row and column count from 1, so that the cell C2 is 2:3."""
        return Place(self._file, self._row + 1, number + 1)


def sheets_meant(sheets: Sequence[Sheet]) -> tuple[list[Sheet], list[str]]:
    """The sheets that are manifests, and a sentence for each other one that may be meant as one.

    Where none has a row which names columns, the first with anything in it is taken for one.
    """
    seen = [sheet for sheet in sheets if not sheet.hidden and any(map(any, sheet.rows))]
    meant = [sheet for sheet in seen if _has_header(sheet)] or seen[:1]
    told = [
        say("the sheet '{name}' has no row that names columns, and is left out", name=sheet.name)
        for sheet in seen
        if sheet not in meant and _width(sheet) > 1
    ]
    told += [
        say("the sheet '{name}' is hidden, and is left out", name=sheet.name)
        for sheet in sheets
        if sheet.hidden and _has_header(sheet)
    ]
    return meant, told


def _has_header(sheet: Sheet) -> bool:
    filled = (row for row in sheet.rows if any(row))
    return any(map(is_header, islice(filled, HEADER_WITHIN)))


def _width(sheet: Sheet) -> int:
    return len({number for row in sheet.rows for number, text in enumerate(row) if text})


def sheet_records(sheet: Sheet, file: str) -> Iterator[Record]:
    """The rows with something in them; raises `Unreadable` for a cell that is too long."""
    of_row: dict[int, dict[int, str]] = {}
    for (row, column), sentence in sheet.broken.items():
        of_row.setdefault(row, {})[column] = sentence
    for row, texts in enumerate(sheet.rows):
        broken = of_row.get(row, {})
        if not any(texts) and not broken:
            continue
        if max(map(len, texts), default=0) > LONGEST_CELL:
            raise Unreadable(Place(file, row + 1, 1), say("a cell of this row is too long"))
        if not broken:
            yield SheetRecord(texts, row, file, {})
            continue
        kept = ["" if number in broken else text for number, text in enumerate(texts)]
        kept += [""] * (max(broken) + 1 - len(kept))
        yield SheetRecord(kept, row, file, broken)
