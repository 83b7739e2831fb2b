"""A workbook (.xlsx, .xlsm, .ods) → its sheets, each a grid of texts; python-calamine reads them.

The rule: a file that somebody was sent is opened without harm. What calamine does not look at is
looked at before: how much a packed file holds, how far apart its cells are (calamine asks for the
memory of all that lies between, and the process ends if there is none), which formulas have
no result and which cells an error. Nothing is calculated, and no macro is run.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from bulkpub.language import say

__all__ = ["Sheet", "WorkbookFault", "read_workbook"]

LARGEST = 64 * 1024 * 1024
"""Bytes of a file."""
UNPACKED = 256 * 1024 * 1024
"""Bytes of all that is packed in it; a sheet of 100,000 rows has 40 MB."""
MOST_CELLS = 4_000_000
"""Cells of all sheets, with the empty ones between the first one and the last one."""
MOST_SHEETS = 100
_MOST_BROKEN = 1_000
"""Cells with an error that are remembered of one sheet."""
_BLOCK = 1024 * 1024
_EXACT = 10**15
"""Whole numbers below this are exact in a spreadsheet."""

_NO_RESULT = say(
    "this formula has no result in the file: open it in a spreadsheet program, save it, and try "
    "again"
)


class WorkbookFault(Exception):
    """The workbook cannot be read; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows from the first one on, the texts of their cells from the first column on.

    `broken` are the cells that have no value but an error, by row and column from 0, each with a
    sentence; their text is empty. `hidden` sheets are those that people do not see.
    """

    name: str
    hidden: bool
    rows: Sequence[Sequence[str]]
    broken: Mapping[tuple[int, int], str] = field(default_factory=dict)


def read_workbook(content: bytes) -> list[Sheet]:
    """The sheets, in their order; raises `WorkbookFault` for what cannot be read."""
    if len(content) > LARGEST:
        raise WorkbookFault(
            say(
                "this spreadsheet has more than {largest} bytes: save the rows that are meant as "
                "CSV",
                largest=LARGEST,
            )
        )
    try:
        import python_calamine as calamine  # noqa: PLC0415 - an extra, and only spreadsheets need it
    except ImportError:
        raise WorkbookFault(
            say(
                "reading spreadsheets needs one more package: pip install 'bulkpub[spreadsheets]' "
                "(or save the sheet as CSV, and name that)"
            )
        ) from None
    looks = _look_into(content)
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            names = book.sheets_metadata
            if len(names) > MOST_SHEETS:
                raise WorkbookFault(
                    say(
                        "this spreadsheet has more than {most_sheets} sheets",
                        most_sheets=MOST_SHEETS,
                    )
                )
            return [
                Sheet(
                    each.name,
                    each.visible != calamine.SheetVisibleEnum.Visible,
                    [
                        list(map(_text, row))
                        for row in book.get_sheet_by_name(each.name).to_python(
                            skip_empty_area=False
                        )
                    ],
                    looks.get(each.name, {}),
                )
                for each in names
                if each.typ == calamine.SheetTypeEnum.WorkSheet
            ]
    except calamine.PasswordError:
        raise WorkbookFault(
            say("a password protects this spreadsheet: save it without one")
        ) from None
    except calamine.CalamineError as error:
        raise WorkbookFault(say("this spreadsheet is damaged: {error}", error=error)) from None


def _text(value: object) -> str:
    """What the cell shows, without thousands, currencies and the like; days as 2026-01-31."""
    match value:
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case float():  # as many digits as spreadsheets keep
            return (
                str(int(value)) if value.is_integer() and abs(value) < _EXACT else f"{value:.15g}"
            )
        case datetime():
            return (value.date() if value.time() == time() else value).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


# --- before it is read ----------------------------------------------------------------------

_Looks = Mapping[str, Mapping[tuple[int, int], str]]
"""By the name of a sheet, its broken cells."""


def _look_into(content: bytes) -> _Looks:
    """The broken cells of all sheets; raises `WorkbookFault` for what would be too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _look(packed)
    except ParseError:
        raise WorkbookFault(say("this spreadsheet is damaged: what is in it is no XML")) from None
    except DefusedXmlException:
        raise WorkbookFault(
            say("this spreadsheet declares entities, which no spreadsheet program writes")
        ) from None
    except _DAMAGED as error:
        raise WorkbookFault(
            say(
                "this is no spreadsheet, or a damaged one, whatever its name says: {error}",
                error=error,
            )
        ) from None


_DAMAGED = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError,
    ValueError, LookupError,
)  # fmt: skip
"""What reading a packed file raises, and XML in an encoding that nobody knows."""


def _look(packed: zipfile.ZipFile) -> _Looks:
    left = UNPACKED
    grids: dict[str, _Grid] = {}
    for info in packed.infolist():
        sheets = _OpenDocument() if posixpath.basename(info.filename) == "content.xml" else None
        grid = _OfficeXml() if sheets is None else None
        is_xml = info.filename.lower().endswith(".xml")
        parser: Any = DefusedXMLParser(target=sheets or grid, forbid_dtd=True) if is_xml else None
        for block in _blocks(packed, info):
            left -= len(block)
            if left < 0:
                raise WorkbookFault(
                    say(
                        "this spreadsheet unpacks to more than {unpacked} bytes: save the rows "
                        "that are meant as CSV",
                        unpacked=UNPACKED,
                    )
                )
            if parser is not None:
                parser.feed(block)
        if parser is not None:
            parser.close()
        if sheets is not None:
            grids |= sheets.grids
        elif grid is not None:
            grids[info.filename] = grid.grid
    if grids:
        _check_reach(grids.values())
    names = _names(packed) if "xl/workbook.xml" in packed.namelist() else {}
    return {names.get(part, part): each.broken for part, each in grids.items()}


def _blocks(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """What is packed there, all of it, whatever size it says it has."""
    told = copy(info)
    told.file_size = UNPACKED + _BLOCK
    with packed.open(told) as file:
        while block := file.read(_BLOCK):
            yield block


def _names(packed: zipfile.ZipFile) -> Mapping[str, str]:
    """The names of the sheets, by the parts of the package that they are in."""
    parts: dict[str, str] = {}
    for each in _elements(packed, "xl/_rels/workbook.xml.rels", "Relationship"):
        target = each.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        parts[each.get("Id", "")] = posixpath.normpath(path)
    found = _elements(packed, "xl/workbook.xml", "sheet")
    ids = ((each.get("name", ""), _attribute(each, "id")) for each in found)
    return {parts[number]: name for name, number in ids if number in parts}


def _elements(packed: zipfile.ZipFile, part: str, name: str) -> list[Mapping[str, str]]:
    """The attributes of all elements of that name; the part was seen to be small enough."""
    found = _Named(name)
    if part in packed.namelist():
        parser: Any = DefusedXMLParser(target=found, forbid_dtd=True)
        for block in _blocks(packed, packed.getinfo(part)):
            parser.feed(block)
        parser.close()
    return found.found


def _local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    """The attribute of that name in a namespace, else in none."""
    inside = (value for key, value in attributes.items() if key.endswith(f"}}{name}"))
    return next(inside, attributes.get(name, ""))


class _Named:
    """The attributes of the elements of one name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.found: list[Mapping[str, str]] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if _local(tag) == self._name:
            self.found.append(dict(attributes))

    def close(self) -> None:
        """See `XMLParser`."""


@dataclass(slots=True)
class _Grid:
    """How far the cells of a sheet reach, as numbers of rows and columns; those that are broken."""

    rows: int = 0
    columns: int = 0
    broken: dict[tuple[int, int], str] = field(default_factory=dict)

    def filled(self, row: int, column: int) -> None:
        """Take note of a cell with something in it, by its row and column from 0."""
        self.rows = max(self.rows, row + 1)
        self.columns = max(self.columns, column + 1)

    def breaks(self, row: int, column: int, sentence: str) -> None:
        """Take note of a cell without a value."""
        if len(self.broken) < _MOST_BROKEN:
            self.broken[row, column] = sentence


def _check_reach(grids: Collection[_Grid]) -> None:
    """Raise `WorkbookFault` for more cells than are read."""
    if sum(grid.rows * grid.columns for grid in grids) > MOST_CELLS:
        widest = max(grids, key=lambda grid: grid.rows * grid.columns)
        raise WorkbookFault(
            say(
                "a sheet of this spreadsheet reaches to row {rows} and column {columns}, too far "
                "to be read: delete what stands far from the table, or save it as CSV",
                rows=widest.rows,
                columns=widest.columns,
            )
        )


class _OfficeXml:
    """A part of an Office Open XML workbook, of which sheets have cells."""

    def __init__(self) -> None:
        self.grid = _Grid()
        self._row = self._column = -1
        self._kind = ""
        self._has_formula = self._has_value = False
        self._inside = ""
        self._text = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match _local(tag):
            case "row":
                self._row = _number(attributes.get("r"), self._row + 2) - 1
                self._column = -1
            case "c":
                row, column = _reference(attributes.get("r", ""))
                self._row = self._row if row is None else row
                self._column = self._column + 1 if column is None else column
                self._kind = attributes.get("t", "")
                self._has_formula = self._has_value = False
                self._text = ""
            case "f":
                self._has_formula = True
            case "v" | "is" as name:
                self._has_value = True
                self._inside = name

    def data(self, text: str) -> None:
        if self._inside == "v":
            self._text += text[:_SHOWN]

    def end(self, tag: str) -> None:
        name = _local(tag)
        if name in {"v", "is"}:
            self._inside = ""
        if name != "c" or not (self._has_formula or self._has_value):
            return
        self.grid.filled(self._row, self._column)
        if self._kind == "e":
            self.grid.breaks(self._row, self._column, _error(self._text))
        elif self._has_formula and not self._text and self._kind != "str":
            self.grid.breaks(self._row, self._column, _NO_RESULT)

    def close(self) -> None:
        """See `XMLParser`."""


_SHOWN = 40


def _error(text: str) -> str:
    return say(
        "this cell has the error {text} in place of a value", text=text[:_SHOWN] or "of a formula"
    )


_DIGITS, _LETTERS = 12, 6
"""As many as tell that it is too far."""


def _number(text: str | None, otherwise: int) -> int:
    return int(text[:_DIGITS]) if text and text.isdecimal() else otherwise


def _reference(text: str) -> tuple[int | None, int | None]:
    """Row and column, from 0, of a cell called `B3`; None where nothing is said."""
    letters = text.rstrip("0123456789")
    digits = text[len(letters) :]
    column = 0
    for letter in letters[:_LETTERS].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return (_number(digits, 0) - 1 if digits else None), (column - 1 if letters else None)


class _OpenDocument:
    """The content of an OpenDocument spreadsheet: its tables, which repeat rows and cells."""

    def __init__(self) -> None:
        self.grids: dict[str, _Grid] = {}
        self._grid = _Grid()
        self._row = self._column = 0
        self._repeated = 1
        self._rows_repeated = 1
        self._widest = 0
        self._is_filled = False
        self._formula = self._error = False
        self._text = ""
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match _local(tag):
            case "table":
                self._grid = self.grids.setdefault(_attribute(attributes, "name"), _Grid())
                self._row = 0
            case "table-row":
                self._column = self._widest = 0
                self._rows_repeated = _number(_attribute(attributes, "number-rows-repeated"), 1)
            case "table-cell" | "covered-table-cell":
                self._repeated = _number(_attribute(attributes, "number-columns-repeated"), 1)
                kinds = {value for key, value in attributes.items() if key.endswith("value-type")}
                self._formula = bool(_attribute(attributes, "formula"))
                self._error = "error" in kinds
                self._is_filled = bool(kinds) or self._formula
                self._text = ""
            case "p":
                self._is_filled = True
                self._depth += 1

    def data(self, text: str) -> None:
        if self._depth and len(self._text) < _SHOWN:
            self._text += text[:_SHOWN]

    def end(self, tag: str) -> None:
        match _local(tag):
            case "p":
                self._depth -= 1
            case "table-cell" | "covered-table-cell":
                self._close_cell()
            case "table-row":
                if self._widest:
                    self._grid.filled(self._row + self._rows_repeated - 1, self._widest - 1)
                self._row += self._rows_repeated
            case _:
                pass

    def _close_cell(self) -> None:
        if self._is_filled:
            self._widest = self._column + self._repeated
            if self._error or self._text in _ERRORS:
                self._grid.breaks(self._row, self._column, _error(self._text))
            elif self._formula and not self._text:
                self._grid.breaks(self._row, self._column, _NO_RESULT)
        self._column += self._repeated

    def close(self) -> None:
        """See `XMLParser`."""


_ERRORS = frozenset(
    ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "Err:502", "Err:508")
)
"""What LibreOffice shows where a formula goes wrong, and the text that is left of it."""
