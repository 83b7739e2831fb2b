"""Workbooks made on the spot: .xlsx by XlsxWriter, and .ods written out."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter  # type: ignore[import-untyped] # it comes without types

__all__ = ["Rows", "ods", "ods_of", "xlsx", "xlsx_with"]

Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows], hidden: Sequence[str] = ()) -> bytes:
    """A workbook with these sheets; days are cells of days, and texts with `=` formulas."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(row, column, datetime(*cell.timetuple()[:3]), day)  # noqa: DTZ001 - a cell has no time zone
                    elif cell is not None:
                        sheet.write(row, column, cell)
            if name in hidden:
                sheet.hide()
    return out.getvalue()


def xlsx_with(part: str, content: bytes | str, rows: Rows = (("a", "b"),)) -> bytes:
    """A workbook of which one part has another content."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx({"F": rows}))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)


def ods_of(body: str) -> bytes:
    """An OpenDocument spreadsheet with this content."""
    out = io.BytesIO()
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", kind, zipfile.ZIP_STORED)
        packed.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>',
        )
        packed.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {_SPACES}><office:body>'
            f"<office:spreadsheet>{body}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return out.getvalue()


def ods(sheets: Mapping[str, Rows]) -> bytes:
    """A spreadsheet with these sheets, written as LibreOffice does, empty rows behind included."""
    return ods_of("".join(_table(name, rows) for name, rows in sheets.items()))


def _table(name: str, rows: Rows) -> str:
    lines = "".join(
        f"<table:table-row>{''.join(map(_cell, cells))}"
        '<table:table-cell table:number-columns-repeated="1000"/></table:table-row>'
        for cells in rows
    )
    behind = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    )
    return f'<table:table table:name="{escape(name)}">{lines}{behind}</table:table>'


def _cell(value: object) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case bool():
            kind = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
        case int() | float():
            kind = f'office:value-type="float" office:value="{value}"'
        case date():
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        case _:
            kind = 'office:value-type="string"'
    shown = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
    return f"<table:table-cell {kind}>{shown}</table:table-cell>"
