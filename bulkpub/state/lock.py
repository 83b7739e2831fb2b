"""One run of a manifest at a time on one machine: the second is told who holds the lock.

The lock is the operating system's, so that it goes with the process that holds it, however
that ends. It spares work; that nothing is published twice does not depend on it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from bulkpub.errors import StoppedEarly

__all__ = ["only_run_of"]

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
            f"another run of this manifest is under way on this machine: {_holder(lock)}"
        ) from None
    except OSError as error:
        log.warning("no lock, going on without", why=str(error))
        yield
        return
    try:
        _note_file(lock).write_text(
            f"process {os.getpid()}, since {datetime.now(UTC):%F %H:%M} UTC"
        )
        yield
    finally:
        _note_file(lock).unlink(missing_ok=True)
        lock.release()


def _lock(identity: Sequence[str], portal: str, folder: Path) -> FileLock | None:
    whole = "\n".join([portal, *sorted(identity)]).encode(errors="surrogateescape")
    path = folder / "locks" / f"{hashlib.sha256(whole).hexdigest()[:32]}.lock"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        log.warning("no lock, going on without", why=str(error))
        return None
    return FileLock(path)


def _note_file(lock: FileLock) -> Path:
    """Beside the lock's own file, which not every system lets others read while it is held."""
    return Path(lock.lock_file).with_suffix(".held-by")


def _holder(lock: FileLock) -> str:
    try:
        return _note_file(lock).read_text() or "a process that has just begun"
    except OSError:
        return "a process that has just begun"
