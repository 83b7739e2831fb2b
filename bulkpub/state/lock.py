"""One run of a manifest at a time on one machine: the second is told who holds the lock.

The lock is the operating system's, so that it goes with the process that holds it, however
that ends. It spares work; that nothing is published twice does not depend on it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from bulkpub.errors import StoppedEarly
from bulkpub.language import say
from bulkpub.state.files import opened, private_folder

__all__ = ["only_run_of"]

LONGEST_NOTE = 100
"""Bytes of what is said of the holder."""

log = structlog.get_logger("bulkpub.state.lock")


@contextmanager
def only_run_of(identity: Sequence[str], portal: str, folder: Path | None) -> Iterator[None]:
    """Hold the lock for what has this `identity`, on the portal at the address `portal`.

    The lock is a file in `folder`.

    Raises `StoppedEarly` when another run holds it. Without a folder, or where no lock can
    be made, the run goes on without one.
    """
    lock = None if folder is None else _lock(identity, portal, folder)
    if lock is None:
        yield
        return
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StoppedEarly(
            say(
                "another run of this manifest is under way on this machine: {lock}",
                lock=_holder(lock),
            )
        ) from None
    except OSError as error:
        log.warning("no lock, going on without", why=str(error))
        yield
        return
    try:
        _note_holder(lock)
        yield
    finally:
        with suppress(OSError):
            _note_file(lock).unlink(missing_ok=True)
        lock.release()


def _lock(identity: Sequence[str], portal: str, folder: Path) -> FileLock | None:
    whole = "\n".join([portal, *sorted(identity)]).encode(errors="surrogateescape")
    try:
        path = private_folder(folder, "locks") / f"{hashlib.sha256(whole).hexdigest()[:32]}.lock"
        with opened(path):
            pass  # it is there now, as a file of ours
    except OSError as error:
        log.warning("no lock, going on without", why=str(error))
        return None
    return FileLock(path)


def _note_file(lock: FileLock) -> Path:
    """Beside the lock's own file, which not every system lets others read while it is held."""
    return Path(lock.lock_file).with_suffix(".held-by")


def _note_holder(lock: FileLock) -> None:
    note = say(
        "process {process}, since {moment:%F %H:%M} UTC",
        process=os.getpid(),
        moment=datetime.now(UTC),
    )
    try:
        with opened(_note_file(lock)) as handle:
            os.truncate(handle, 0)
            os.write(handle, note.encode())
    except OSError as error:
        log.warning("who holds the lock cannot be noted", why=str(error))


def _holder(lock: FileLock) -> str:
    note = b""
    with suppress(OSError), opened(_note_file(lock), os.O_RDONLY) as handle:
        note = os.read(handle, LONGEST_NOTE)
    return note.decode(errors="replace") or say("a process that has just begun")
