"""Where fetched files lie until they are published: few at a time, and gone right after.

The rule: nothing stays behind, and nothing that is not ours is touched. Every run has a folder
of its own beside a lock that it holds; the lock goes with the process, however that ends, and a
folder whose lock nobody holds is removed by the next run. How much room there is and who waits
for it is decided in `budget`.
"""

import errno
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import anyio.to_thread
import structlog
from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from bulkpub.core.sources import DIGESTS, Digest
from bulkpub.errors import SourceFailed
from bulkpub.language import say
from bulkpub.sources.budget import Budget, Share

__all__ = ["Spool", "SpoolFile", "spool_folder"]

log = structlog.get_logger("bulkpub.sources")

OURS = re.compile(r"bulkpub-spool-[0-9a-f]{16}")
STEP = 1024 * 1024
"""Bytes by which a file of unknown length grows at first, and at least."""
STEPS = 8
"""A file grows by an eighth of what it has, so that a large one does not ask all the time."""
HEAD = 4096
"""Bytes kept of how a file begins."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SpoolFile:
    """One file in the spool, being written or there to be read at `path`.

    `beside` is the size of what has the same share of the room.
    """

    def __init__(
        self,
        path: Path,
        share: Share,
        budget: Budget,
        shown: str,
        *,
        beside: int = 0,
        kind: Digest = "sha1",
    ) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        """The first bytes, `HEAD` or some more of them."""
        self._beside = beside
        self.share = share
        self._budget = budget
        self._shown = shown
        self._file: BufferedRandom | None = None
        self._kind: Digest = kind
        self._digest = DIGESTS[kind]()

    @property
    def digest(self) -> str:
        """The digest of what was written, in hex."""
        return str(self._digest.hexdigest())

    async def write(self, piece: bytes) -> None:
        """Add `piece`, once there is room for it; raises `SourceFailed` when the disk is full."""
        missing = self._beside + self.size + len(piece) - self.share.held
        if missing > 0:
            await self._budget.grow(self.share, max(missing, STEP, self.size // STEPS))
        await anyio.to_thread.run_sync(self._write, piece)
        self.size += len(piece)
        if len(self.head) < HEAD:
            self.head += piece[:HEAD]

    def restart(self) -> None:
        """Throw away what was written; the room stays."""
        with _explained(self._shown):
            self._opened().seek(0)
            self._opened().truncate()
        self.size, self.head, self._digest = 0, b"", DIGESTS[self._kind]()

    def finish(self) -> None:
        """The file is complete: what it did not need goes back to others."""
        with _explained(self._shown):
            self._opened().close()
        self._budget.keep(self.share, self._beside + self.size)

    def _write(self, piece: bytes) -> None:
        with _explained(self._shown):
            self._opened().write(piece)
        self._digest.update(piece)

    def _opened(self) -> BufferedRandom:
        if self._file is None:
            self._file = self.path.open("x+b")
        return self._file

    def remove(self) -> None:
        """Remove the file and the folder it is in."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()  # may fail to write what is left: it is removed anyway
        shutil.rmtree(self.path.parent, ignore_errors=True)


def spool_folder() -> Path:
    """Where fetched files are kept unless somebody says where: in the user's cache."""
    return user_cache_path("bulkpub") / "spool"


class Spool:
    """Room for files of `size` bytes in all, in `folder`; an async context manager.

    None takes a folder in the user's cache. `kind` is that of their digests. It cannot be
    pickled: every process opens its own. A
    file that is larger than all the room is let in when it is alone. Whoever holds a file must
    not wait for another one to be let in, nor hold anything that those who hold files wait for.
    """

    def __init__(self, folder: Path | None, size: int, kind: Digest = "sha1") -> None:
        self.kind = kind
        self._folder = folder or spool_folder()
        self._budget = Budget(size)
        self._own: Path | None = None
        self._lock: FileLock | None = None
        self._count = 0
        self._files: dict[str, SpoolFile] = {}

    async def __aenter__(self) -> Self:
        """Remove what killed runs left; the own folder is made when the first file comes."""
        await anyio.to_thread.run_sync(_remove_abandoned, self._folder)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove everything of this run."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            self._own = None
        if self._lock is not None:
            _let_go(self._lock)
            self._lock = None

    def __reduce__(self) -> NoReturn:
        """A copy in another process would give out the same room a second time."""
        raise TypeError(say("a spool belongs to the process that opened it, and cannot be pickled"))

    @property
    def held(self) -> int:
        """Bytes of room given out now."""
        return self._budget.held

    async def room(self, size: int | None) -> Share:
        """Wait for room for a file of `size` bytes (None: nobody knows yet).

        It is handed to `file`, or given back with `give_back`.
        """
        return await self._budget.enter(STEP if size is None else size)

    def room_at_once(self, size: int | None) -> Share | None:
        """What `room` gives, or None if that would have to wait."""
        return self._budget.enter_at_once(STEP if size is None else size)

    def give_back(self, share: Share) -> None:
        """Give back room that was not needed."""
        self._budget.leave(share)

    @asynccontextmanager
    async def file(self, name: str, share: Share, shown: str) -> AsyncIterator[SpoolFile]:
        """A new file called `name`, alone in its folder; removed at the end, with its room.

        `shown` is where it comes from, for messages. Raises `SourceFailed` when the disk cannot
        be written to.
        """
        spooled: SpoolFile | None = None
        try:
            spooled = SpoolFile(
                self._new_folder(shown) / name, share, self._budget, shown, kind=self.kind
            )
            self._files[str(spooled.path)] = spooled
            yield spooled
        finally:
            if spooled is not None:
                del self._files[str(spooled.path)]
                spooled.remove()
            self._budget.leave(share)

    @asynccontextmanager
    async def file_from(self, path: str, name: str, shown: str) -> AsyncIterator[SpoolFile]:
        """A new file, made of the one at `path` in this spool, whose room grows for both."""
        made_of = self._files[path]
        made = SpoolFile(
            self._new_folder(shown) / name,
            made_of.share,
            self._budget,
            shown,
            beside=made_of.size,
            kind=self.kind,
        )
        self._files[str(made.path)] = made
        try:
            yield made
        finally:
            del self._files[str(made.path)]
            made.remove()

    def _new_folder(self, shown: str) -> Path:
        with _explained(shown):
            own = self._own or self._begin()
            self._count += 1
            folder = own / str(self._count)
            folder.mkdir()
        return folder

    def _begin(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = self._folder / f"bulkpub-spool-{secrets.token_hex(8)}"
            lock = FileLock(path.with_suffix(".lock"))
            # Between being made and being held it may be taken for an abandoned one.
            with suppress(Timeout):
                lock.acquire(blocking=False)
                if Path(lock.lock_file).exists():
                    break
                lock.release()
        self._lock, self._own = lock, path
        path.mkdir(mode=0o700)
        return path


def _remove_abandoned(folder: Path) -> None:
    """Remove the folders of runs that are no more: those whose lock can be had."""
    for lock_file in folder.glob("bulkpub-spool-*.lock"):
        if not OURS.fullmatch(lock_file.stem) or lock_file.is_symlink():
            continue
        lock = FileLock(lock_file)
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):
            continue
        left = lock_file.with_suffix("")
        if left.is_dir() and not left.is_symlink():
            log.info("removing files that a killed run left", folder=str(left))
            shutil.rmtree(left, ignore_errors=True)
        if not left.exists():
            _let_go(lock)
        else:
            lock.release()


def _let_go(lock: FileLock) -> None:
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()


@contextmanager
def _explained(shown: str) -> Iterator[None]:
    """Say in words why the disk could not be written to."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise SourceFailed(
                say(
                    "{shown} does not fit on the disk any more ({strerror}); another folder can "
                    "be chosen with `spool_dir`",
                    shown=shown,
                    strerror=error.strerror,
                )
            ) from error
        raise SourceFailed(
            say(
                "{shown} cannot be kept on the disk: {strerror}; another folder can be chosen "
                "with `spool_dir`",
                shown=shown,
                strerror=error.strerror,
            )
        ) from error
