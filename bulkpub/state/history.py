"""The reports of past runs: one file each beside a short one, kept for a while and within bounds.

The rule: what a run leaves here is a help to look back, and never worth a run: whatever goes wrong
with it is no error of the run's. Two runs at once have files of their own, whose names begin with
the second in which each began.
"""

import gzip
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bulkpub.state.files import opened, private_folder

__all__ = ["is_run_id", "keep", "kept_report", "past"]

DAYS = 90
RUNS = 1000
ALL = 200 << 20
"""Bytes of all that is kept."""
ONE = 32 << 20
"""Bytes of the report of one run, packed; of a larger one only the short file is kept."""
LARGEST_SHORT = 1 << 20

SHORT, REPORT, PART = ".json", ".jsonl.gz", ".part"
_ID = re.compile(r"(\d{8}T\d{6})Z-[0-9a-f]{8}")

log = structlog.get_logger("bulkpub.state")


def is_run_id(text: str) -> bool:
    """Whether `text` is the id of a run, as reports have it."""
    return _ID.fullmatch(text) is not None


def keep(folder: Path, run: str, short: bytes, report: Iterable[bytes]) -> None:
    """Keep what `short` says of the run with that id, and its report, beside those of others.

    What is old, or too much, goes. Never raises for what is wrong with the disk.
    """
    try:
        place = private_folder(folder, "history")
        if not is_run_id(run) or len(short) > LARGEST_SHORT:
            return
        _write_report(place, run, report)
        _put(place / f"{run}{SHORT}", short)
        _tidy(place, datetime.now(UTC))
    except OSError as error:
        log.info("the report is not kept for later", why=error.strerror)


def _write_report(place: Path, run: str, report: Iterable[bytes]) -> None:
    part = place / f"{run}{REPORT}{PART}"
    with opened(part) as handle:
        os.truncate(handle, 0)
        with (
            os.fdopen(os.dup(handle), "wb") as file,
            gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
        ):
            for piece in report:
                packed.write(piece)
                if file.tell() > ONE:
                    break
            else:
                packed.close()
                part.replace(place / f"{run}{REPORT}")
                return
    part.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}{PART}")
    with opened(part) as handle:
        os.truncate(handle, 0)
        os.write(handle, content)
    part.replace(path)


def _tidy(place: Path, now: datetime) -> None:
    """Remove what is older than `DAYS`, and the oldest of what is more than there is room for."""
    oldest = f"{now - timedelta(days=DAYS):%Y%m%dT%H%M%S}"
    unfinished = f"{now - timedelta(days=1):%Y%m%dT%H%M%S}"
    runs, size = set[str](), 0
    for path in sorted(place.iterdir(), reverse=True):
        found = _ID.match(path.name)
        if found is None:
            continue
        with suppress(OSError):  # another run may have removed it
            size += path.lstat().st_size
            runs.add(found[0])
            too_old = found[1] < (unfinished if path.name.endswith(PART) else oldest)
            if too_old or len(runs) > RUNS or size > ALL:
                path.unlink()


def past(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The id of each run that is remembered and what was said of it in short, the newest first."""
    found = list[tuple[str, int, str]]()
    with suppress(OSError):
        for path in (folder / "history").iterdir():
            run = path.name.removesuffix(SHORT)
            if run != path.name and (when := _ID.fullmatch(run)):
                found.append((when[1], path.lstat().st_mtime_ns, run))
    for _, _, run in sorted(found, reverse=True):
        path = folder / "history" / f"{run}{SHORT}"
        with suppress(OSError), opened(path, os.O_RDONLY) as handle:
            yield run, os.read(handle, LARGEST_SHORT)


def kept_report(folder: Path, run: str) -> Path | None:
    """Where the report of the run with that id is, in packed JSON Lines; None: it is not kept."""
    path = folder / "history" / f"{run}{REPORT}"
    return path if is_run_id(run) and path.is_file() and not path.is_symlink() else None
