"""The JSON report on disk: complete or not there, never half."""

import errno
import os
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import orjson

from bulkpub.core.report import RunReport
from bulkpub.errors import OutputLost, SettingsInvalid

__all__ = ["STDOUT", "check_report_path", "to_json", "write_report"]

STDOUT = "-"


def to_json(report: RunReport) -> bytes:
    """The report as JSON; see `docs/reference/report.schema.json`. Times are UTC (`Z`)."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(report, option=options)


def check_report_path(path: str) -> None:
    """See before the run that the report can be written; raises `SettingsInvalid`."""
    if path == STDOUT:
        return
    target = Path(path)
    if target.is_dir():
        raise SettingsInvalid(f"the report cannot be written to {path}: it is a directory")
    if not target.parent.is_dir():
        raise SettingsInvalid(f"the report cannot be written: no directory {target.parent}")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise SettingsInvalid(f"the report cannot be written: no right to in {target.parent}")


def write_report(report: RunReport, path: str) -> None:
    """Write the report; raises `OutputLost` when it cannot be, and leaves no half of it.

    A device or a pipe is written to; a file is replaced, behind a link too.
    """
    content = to_json(report)
    target = Path(path)
    try:
        if path == STDOUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        elif target.exists() and not target.is_file():
            with _opened_device(target) as device:
                device.write(content)
        else:
            _replace(target.resolve(), content)
    except OSError as error:
        raise OutputLost(f"the report could not be written to {path}: {error.strerror}") from error


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


def _replace(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # as a file made the plain way would be
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
