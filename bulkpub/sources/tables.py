"""Whether a file has the shape of a CSV: a header, and rows of as many columns as that.

The rule: which encoding and separator it has is found out, not asked for: UTF-8 (or what its
byte order mark says), else Windows-1252, and the separator by which the first rows agree.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

__all__ = ["wrong_with_csv"]

SEPARATORS = ";,\t|"
"""Those that data is separated by; on a tie, the first."""
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
LONGEST_LINE = 64 * 1024 * 1024
"""Characters; a geometry is long, but a file without any line end is no table."""
SAMPLE = 256 * 1024
"""Characters in which the first rows are."""
TELLING = 20
"""Rows that tell the separator."""


class _NoTable(Exception):
    """It is no CSV, for the reason in the message."""


def wrong_with_csv(path: Path) -> str | None:
    """What is wrong with the CSV at `path`, in words and with the line; None when nothing is."""
    try:
        try:
            _check(path, _marked(path) or "utf-8")
        except UnicodeError:
            if _marked(path):
                raise
            _check(path, "cp1252")
    except UnicodeError:
        return "is not readable as CSV: its text is neither UTF-8 nor Windows-1252"
    except _NoTable as error:
        return str(error)
    return None


def _marked(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(3)
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def _check(path: Path, encoding: str) -> None:
    csv.field_size_limit(LONGEST_LINE)  # a line bounds the fields in it; the limit is global
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
        if "\0" in sample:
            raise _NoTable("is not CSV: it holds binary data")
        if not sample.strip():
            raise _NoTable("is not CSV: it has no header")
        separator = max(SEPARATORS, key=lambda each: _fit(sample, each))
        file.seek(0)
        _check_rows(file, separator)


def _fit(sample: str, separator: str) -> tuple[int, int]:
    """How well `separator` fits: rows with as many columns as the header, and these."""
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        columns = [len(row) for row in islice((row for row in rows if row), TELLING)]
    except csv.Error:
        return 0, 0
    if not columns or columns[0] == 1:  # one column is what every wrong separator gives
        return 0, 0
    return columns.count(columns[0]), columns[0]


def _check_rows(file: TextIO, separator: str) -> None:
    reader = csv.reader(_lines(file), delimiter=separator, strict=True)
    columns, line = 0, 1
    try:
        for row in reader:
            columns = columns or len(row)
            if row and len(row) != columns:
                raise _NoTable(
                    f"is not CSV of one shape: line {line} has {_counted(len(row))}, "
                    f"the header {_counted(columns)}"
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise _NoTable(f"is not valid CSV: {error}, in line {line}") from None


def _counted(columns: int) -> str:
    return f"{columns} column{'s' if columns != 1 else ''}"


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise _NoTable(f"is not CSV: it has a line of more than {LONGEST_LINE} characters")
        yield line
