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
from bulkpub.language import say
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
            say("there is no report {path}: name one, or see `bulkpub history`", path=path)
        ) from None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        why = bounded(getattr(error, "strerror", None) or str(error))
        raise ReportUnreadable(say("{path} cannot be read: {why}", path=path, why=why)) from error
    try:
        return report_of(content)
    except ReportUnreadable as error:
        raise ReportUnreadable(
            say("{path} is no report that can be read: {why}", path=path, why=str(error))
        ) from None


def _whole(file: BinaryIO) -> bytes:
    begin = file.read(len(GZIP))
    file.seek(0)
    opened = gzip.GzipFile(fileobj=file) if begin == GZIP else file
    content = bytearray()
    while piece := opened.read(PIECE):
        content += piece
        if len(content) > LARGEST:
            raise ValueError(say("it is larger than {n} GiB", n=LARGEST >> 30))
    return bytes(content)


def report_of(content: bytes) -> RunReport:
    """The report that `content` is; raises `ReportUnreadable` with why it is none."""
    if not content.strip():
        raise ReportUnreadable(say("it is empty"))
    whole = _document(content)
    version = whole.get("schema_version")
    if "run" not in whole or not isinstance(version, int):
        raise ReportUnreadable(say("bulkpub writes `run` and `schema_version`, which it lacks"))
    if version > SCHEMA_VERSION:
        raise ReportUnreadable(
            say(
                "a newer bulkpub wrote it (schema_version {version}): use that one to read it",
                version=version,
            )
        )
    try:
        report = _REPORT.validate_python(whole)
    except ValidationError as invalid:
        raise ReportUnreadable(_first(invalid)) from None
    return replace(report, datasets=tuple(report.datasets))


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        whole = orjson.loads(content)
    except orjson.JSONDecodeError:
        return _of_lines(content)
    if not isinstance(whole, dict):
        raise ReportUnreadable(say("it is no JSON object"))
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
            why = bounded(str(error))
            if number == 1:
                raise ReportUnreadable(say("it is no JSON ({why})", why=why)) from None
            raise ReportUnreadable(
                say("it is damaged or cut off (line {line}: {why})", line=number, why=why)
            ) from None
        if not isinstance(part, dict) or (number == 1 and "run" not in part):
            raise ReportUnreadable(say("bulkpub writes no such line {line}", line=number))
        if "dataset" in part:
            datasets.append(part["dataset"])
        else:
            whole |= part
    if "totals" not in whole:
        raise ReportUnreadable(
            say("it is cut off: its last line, which has the totals, is missing")
        )
    return whole | {"datasets": datasets}


def _lines(content: bytes) -> Iterator[bytes]:
    return (line for line in BytesIO(content) if line.strip())


def _first(invalid: ValidationError) -> str:
    """Where it is wrong first, and why."""
    found = invalid.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, found["loc"]))
    return f"{where}: {found['msg'][:1].lower()}{found['msg'][1:]}"
