"""The JSON report on disk: complete or not there, never half."""

import errno
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

import orjson

from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.report import RunReport
from bulkpub.errors import OutputLost, SettingsInvalid
from bulkpub.language import say
from bulkpub.ordinary import open_ordinary

__all__ = [
    "STDOUT",
    "check_report_path",
    "holds_last_run",
    "to_json",
    "to_lines",
    "write_report",
    "write_whole",
]

STDOUT = "-"

OPTIONS = orjson.OPT_UTC_Z
PIECE = 1 << 20
"""Bytes that are written at a time, or some more."""


def to_json(report: RunReport) -> Iterator[bytes]:
    """The report as one JSON document, piece by piece; see `docs/reference/report.schema.json`.

    Times are UTC (`Z`). However many datasets there are, one of them is in memory at a time.
    """
    whole = {each.name: getattr(report, each.name) for each in fields(report)}
    datasets = whole.pop("datasets")
    after = {name: whole.pop(name) for name in ("timeline", "schema_version")}
    yield _indented(whole)[: -len("\n}")] + b',\n  "datasets": ['
    inner = b"\n    "
    for number, dataset in enumerate(datasets):
        yield (b"," if number else b"") + inner + _indented(dataset).replace(b"\n", inner)
    yield (b"\n  ]," if len(datasets) else b"],") + _indented(after)[len("{") :] + b"\n"


def _indented(value: object) -> bytes:
    return orjson.dumps(value, option=OPTIONS | orjson.OPT_INDENT_2)


def to_lines(report: RunReport) -> Iterator[bytes]:
    """The report as JSON Lines: the run, each dataset, then the totals."""
    option = OPTIONS | orjson.OPT_APPEND_NEWLINE
    version = report.schema_version
    yield orjson.dumps({"run": report.run, "schema_version": version}, option=option)
    for dataset in report.datasets:
        yield orjson.dumps({"dataset": dataset}, option=option)
    end = {
        "totals": report.totals,
        "rate_limit": report.rate_limit,
        "timeline": report.timeline,
    }
    yield orjson.dumps(end, option=option)


FORMATS: Mapping[str, Callable[[RunReport], Iterator[bytes]]] = {
    "json": to_json,
    "jsonl": to_lines,
}


def check_report_path(path: str, what: str | None = None) -> None:
    """See before the run that `what` can be written to `path`; raises `SettingsInvalid`."""
    what = what or say("the report")
    if path == STDOUT:
        return
    target = Path(path)
    if target.is_dir():
        raise SettingsInvalid(
            say("{what} cannot be written to {path}: it is a directory", what=what, path=path)
        )
    if not target.parent.is_dir():
        raise SettingsInvalid(
            say("{what} cannot be written: no directory {folder}", what=what, folder=target.parent)
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise SettingsInvalid(
            say(
                "{what} cannot be written: no right to write in {folder}",
                what=what,
                folder=target.parent,
            )
        )


_EXIT_CODE = re.compile(rb'"exit_code": ?(\d+)')
_HEAD = 1 << 20
"""Bytes of a report in which its exit code is, but for thousands of manifests."""


def holds_last_run(path: str, report: RunReport) -> bool:
    """Whether `report` is of a run that was wrong from the start, and `path` has one that was not.

    That one is worth more: it says what is published, and the next run that is not wrong replaces
    it.
    """
    if report.run.exit_code != ExitCode.WRONG or path == STDOUT:
        return False
    try:
        with open_ordinary(path) as file:
            found = _EXIT_CODE.search(file.read(_HEAD))
    except (OSError, ValueError):
        return False
    return found is not None and int(found[1]) != ExitCode.WRONG


def write_report(report: RunReport, path: str, form: str = "json") -> None:
    """Write the report as one of `FORMATS`; see `write_whole`."""
    write_whole(FORMATS[form](report), path, say("the report"))


def write_whole(content: Iterable[bytes], path: str, what: str) -> None:
    """Write `content` to `path`, or to stdout (`-`); `what` is what it is called in sentences.

    Raises `OutputLost` when it cannot be written, and leaves no half of it. A device or a pipe is
    written to; a file is replaced, behind a link too.
    """
    pieces = _joined(content)
    target = Path(path)
    try:
        if path == STDOUT:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
        elif target.exists() and not target.is_file():
            with _opened_device(target) as device:
                device.writelines(pieces)
        else:
            _replace(target.resolve(), pieces)
    except OSError as error:
        raise OutputLost(
            say(
                "{what} could not be written to {path}: {why}",
                what=what,
                path=path,
                why=error.strerror,
            )
        ) from error


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in pieces of a size that is worth a write."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) >= PIECE:
            yield bytes(content)
            content.clear()
    yield bytes(content)


def _opened_device(target: Path) -> BinaryIO:
    """A device or a pipe to write to; OSError for a pipe that nobody reads from."""
    try:
        handle = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from it") from None
        raise
    os.set_blocking(handle, True)
    return os.fdopen(handle, "wb")


def _replace(target: Path, pieces: Iterable[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # as a file made the plain way would be
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
