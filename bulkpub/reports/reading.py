"""A report file, as JSON or as JSON Lines, back to the value it was written from.

The rule: a report of an older bulkpub is read, with what it does not say left at its default; any
other file ends in a sentence (`ReportUnreadable`), and none in a traceback.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from pydantic import TypeAdapter, ValidationError

from bulkpub.core.report import SCHEMA_VERSION, RunReport
from bulkpub.core.text import bounded
from bulkpub.errors import ReportUnreadable
from bulkpub.ordinary import open_ordinary

__all__ = ["read_report", "report_of"]

LARGEST = 1 << 30
"""Bytes of a report that is read, unpacked."""
PIECE = 1 << 20
GZIP = b"\x1f\x8b"

_REPORT = TypeAdapter(RunReport)


def read_report(path: Path) -> RunReport:
    """The report in the file at `path`, which may be compressed (gzip).

    Raises `ReportUnreadable` when it cannot be read or is no report.
    """
    try:
        with open_ordinary(path) as file:
            content = _whole(file)
    except FileNotFoundError:
        raise ReportUnreadable(
            f"there is no report {path}: name one, or write one with `bulkpub run`"
        ) from None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ReportUnreadable(f"{path} cannot be read: {bounded(why)}") from error
    try:
        return report_of(content)
    except ReportUnreadable as error:
        raise ReportUnreadable(f"{path} {error}") from None


def _whole(file: BinaryIO) -> bytes:
    begin = file.read(len(GZIP))
    file.seek(0)
    opened = gzip.GzipFile(fileobj=file) if begin == GZIP else file
    content = bytearray()
    while piece := opened.read(PIECE):
        content += piece
        if len(content) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST >> 30} GiB")
    return bytes(content)


def report_of(content: bytes) -> RunReport:
    """The report that `content` is; raises `ReportUnreadable` with the rest of a sentence."""
    whole = _document(content) if content.strip() else None
    if whole is None:
        raise ReportUnreadable("is no report: it is empty")
    version = whole.get("schema_version")
    if "run" not in whole or not isinstance(version, int):
        raise ReportUnreadable("is no report of bulkpub's: it has no `run` and `schema_version`")
    if version > SCHEMA_VERSION:
        raise ReportUnreadable(
            f"was written by a newer bulkpub (schema_version {version}): use that one to read it"
        )
    try:
        report = _REPORT.validate_python(whole)
    except ValidationError as invalid:
        raise ReportUnreadable(f"is no report as bulkpub writes them: {_first(invalid)}") from None
    return replace(report, datasets=tuple(report.datasets))


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError:
        return _of_lines(content)
    if not isinstance(whole, dict):
        raise ReportUnreadable("is no report of bulkpub's: it is no JSON object")
    if "run" in whole and "totals" not in whole:  # the first line of a report in lines, alone
        return _of_lines(content)
    return whole


def _of_lines(content: bytes) -> Mapping[str, Any]:
    """The same of JSON Lines: the run, each dataset, then the totals."""
    whole: dict[str, Any] = {}
    datasets: list[Any] = []
    for number, line in enumerate(_lines(content), 1):
        try:
            part = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            what = "is no report: it is no JSON" if number == 1 else "is damaged or cut off"
            raise ReportUnreadable(f"{what} (line {number}: {bounded(str(error))})") from None
        if not isinstance(part, dict) or (number == 1 and "run" not in part):
            raise ReportUnreadable(f"is no report of bulkpub's (see its line {number})")
        if "dataset" in part:
            datasets.append(part["dataset"])
        else:
            whole |= part
    if "totals" not in whole:
        raise ReportUnreadable("is cut off: its last line, with the totals, is missing")
    return whole | {"datasets": datasets}


def _lines(content: bytes) -> Iterator[bytes]:
    return (line for line in BytesIO(content) if line.strip())


def _first(invalid: ValidationError) -> str:
    """Where it is wrong first, and why."""
    found = invalid.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, found["loc"]))
    return f"{where}: {found['msg'][:1].lower()}{found['msg'][1:]}"
