"""Local files: looked at, hashed and streamed, never held in memory whole.

A file is published only as the one that was planned: its size, modification time and inode
are compared again once its last byte was read, before the request is completed, so that a
file that changes meanwhile never arrives half old and half new.
"""

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable
from io import BufferedReader

import anyio.to_thread
from aiofiles.threadpool import wrap

from bulkpub.core.model import FileSource, Fingerprint
from bulkpub.errors import FileChanged, ResourceFailed

__all__ = ["PIECE", "FileContent", "fingerprint", "see_that_it_can_be_read", "sha1_of"]

PIECE = 1024 * 1024
"""Bytes read, hashed and sent at a time."""


def fingerprint(source: FileSource) -> Fingerprint:
    """Look at the file without reading it; raises `ResourceFailed` when it is not one."""
    try:
        found = os.stat(source.path)  # noqa: PTH116 - called once per file, on a plain string
    except OSError as error:
        raise ResourceFailed(f"{source.shown} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ResourceFailed(f"{source.shown} is not a file")
    return Fingerprint(found.st_size, found.st_mtime_ns, found.st_ino)


def see_that_it_can_be_read(source: FileSource, planned: Fingerprint) -> None:
    """Raise `FileChanged` unless the file can be opened, and is still the one that was planned."""
    try:
        with open(source.path, "rb") as file:  # noqa: PTH123 - a plain string, as above
            file.read(1)
    except OSError as error:
        raise FileChanged(f"{source.shown} cannot be read: {error.strerror}") from error
    _same_file(source, planned)


async def sha1_of(
    source: FileSource, planned: Fingerprint, *, limiter: anyio.CapacityLimiter | None = None
) -> str:
    """The SHA-1 of the file, in hex, read in a thread.

    Raises `FileChanged` when it is not the file that was `planned`, `ResourceFailed` when it
    cannot be read.
    """
    return await anyio.to_thread.run_sync(_digest, source, planned, limiter=limiter)


def _digest(source: FileSource, planned: Fingerprint) -> str:
    try:
        with open(source.path, "rb") as file:  # noqa: PTH123 - a plain string, as above
            digest = hashlib.file_digest(file, "sha1").hexdigest()
    except OSError as error:
        raise ResourceFailed(f"{source.shown} cannot be read: {error.strerror}") from error
    _same_file(source, planned)
    return digest


def _same_file(source: FileSource, planned: Fingerprint) -> None:
    try:
        now = fingerprint(source)
    except ResourceFailed as error:
        raise FileChanged(f"{source.shown} vanished while it was being published") from error
    if (now.size, now.mtime_ns, now.inode) == (planned.size, planned.mtime_ns, planned.inode):
        return
    change = "changed"
    if now.size != planned.size:
        verb = "grew" if now.size > planned.size else "shrank"
        change = f"{verb} from {planned.size} to {now.size} bytes"
    raise FileChanged(f"{source.shown} {change} while it was being published")


class FileContent:
    """The content of a local file on its way to a portal; see `bulkpub.portals.base.Content`.

    It is that of the file that was `planned`, or reading it ends in `FileChanged`. `on_progress`
    is told how many bytes were handed over so far.
    """

    def __init__(
        self, source: FileSource, planned: Fingerprint, on_progress: Callable[[int], None]
    ) -> None:
        self.name = source.name
        self.size = planned.size
        self.sha1: str | None = None
        self.bytes_sent = 0
        self.progressed = on_progress
        self._source = source
        self._planned = planned

    def open(self, start: int = 0, length: int | None = None) -> "FilePieces":
        """The content, or `length` bytes of it from `start` on, to be read once."""
        stretch = self.size - start if length is None else length
        return FilePieces(self, self._source, self._planned, start, stretch)


class FilePieces:
    """A stretch of a file, read piece by piece; the whole of it is hashed on the way."""

    def __init__(
        self,
        content: FileContent,
        source: FileSource,
        planned: Fingerprint,
        start: int,
        length: int,
    ) -> None:
        self.length = length
        self._content = content
        self._source = source
        self._planned = planned
        self._start = start
        self._opened: BufferedReader | None = None

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._opened is not None:
            self._opened.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; raises `FileChanged` at their end when they are not as planned."""
        digest, left = hashlib.sha1(), self.length
        try:
            # Opened here and not in a thread: a thread that is given up while it opens leaves
            # an open file that nobody knows of.
            with open(self._source.path, "rb") as opened:  # noqa: ASYNC230, PTH123 - as above
                self._opened = opened
                opened.seek(self._start)
                file = wrap(opened)
                while left and (piece := await file.read(min(PIECE, left))):
                    digest.update(piece)
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise FileChanged(
                f"{self._source.shown} could not be read to its end: {error.strerror}"
            ) from error
        _same_file(self._source, self._planned)
        if left:
            raise FileChanged(f"{self._source.shown} ended {left} bytes early")
        self._content.bytes_sent += self.length
        if self.length == self._content.size:
            self._content.sha1 = digest.hexdigest()
