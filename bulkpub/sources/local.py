"""Local files: looked at, hashed and streamed; only small ones are held in memory whole.

A file is published only as the one that was planned: its size, modification time and inode
are compared again once its last byte was read, before the request is completed, so that a
file that changes meanwhile never arrives half old and half new.

A small file is read in one go where it is needed, and not in a thread: changing threads costs
more than reading it does, and it was opened and looked at here anyway.
"""

import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from io import BufferedReader, FileIO

import anyio.to_thread
from aiofiles.threadpool import wrap

from bulkpub.core.model import FileSource, Fingerprint
from bulkpub.core.sources import DIGESTS, Digest
from bulkpub.errors import FileChanged, ResourceFailed
from bulkpub.language import say

__all__ = ["PIECE", "SMALL", "FileContent", "digest_of", "digests_of", "fingerprint"]

PIECE = 1024 * 1024
"""Bytes read, hashed and sent at a time."""
SMALL = 64 * 1024
"""Bytes of a file, at most, that is read in one go and held until it is sent."""


def fingerprint(source: FileSource) -> Fingerprint:
    """Look at the file without reading it; raises `ResourceFailed` when it is not one."""
    try:
        found = os.stat(source.path)  # noqa: PTH116 - called once per file, on a plain string
    except OSError as error:
        raise ResourceFailed(
            say("{shown} cannot be read: {strerror}", shown=source.shown, strerror=error.strerror)
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise ResourceFailed(say("{shown} is not a file", shown=source.shown))
    return Fingerprint(found.st_size, found.st_mtime_ns, found.st_ino)


def _beginning(source: FileSource, size: int) -> bytes:
    """The first `size` bytes of the file, or all; raises `FileChanged` when it cannot be read."""
    found = b""
    try:
        with open(source.path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            while len(found) < size and (piece := file.read(size - len(found))):
                found += piece
            return found
    except OSError as error:
        raise FileChanged(
            say("{shown} cannot be read: {strerror}", shown=source.shown, strerror=error.strerror)
        ) from error


async def digest_of(
    source: FileSource,
    planned: Fingerprint,
    kind: Digest,
    *,
    limiter: anyio.CapacityLimiter | None = None,
) -> str:
    """The digest of this kind of the file, in hex, read in a thread.

    Raises `FileChanged` when it is not the file that was `planned`, `ResourceFailed` when it
    cannot be read.
    """
    return await anyio.to_thread.run_sync(_digest, kind, source, planned, limiter=limiter)


async def digests_of(
    files: Sequence[tuple[FileSource, Fingerprint]],
    kind: Digest,
    *,
    limiter: anyio.CapacityLimiter | None = None,
) -> list[str | ResourceFailed]:
    """The digests of several small files, one after the other in one thread, with their faults.

    To have a thread take one up costs more than to hash it.
    """

    def digest_all() -> list[str | ResourceFailed]:
        return [_digest_or_fault(kind, source, planned) for source, planned in files]

    return await anyio.to_thread.run_sync(digest_all, limiter=limiter)


def _digest_or_fault(
    kind: Digest, source: FileSource, planned: Fingerprint
) -> str | ResourceFailed:
    try:
        return _digest(kind, source, planned)
    except ResourceFailed as fault:
        return fault


def _digest(kind: Digest, source: FileSource, planned: Fingerprint) -> str:
    try:
        if planned.size <= SMALL:  # if there is more by now, it is not the file that was planned
            digest: str = DIGESTS[kind](_beginning(source, planned.size)).hexdigest()
        else:
            with open(source.path, "rb") as file:  # noqa: PTH123 - a plain string, as above
                digest = hashlib.file_digest(file, kind).hexdigest()
    except OSError as error:
        raise ResourceFailed(
            say("{shown} cannot be read: {strerror}", shown=source.shown, strerror=error.strerror)
        ) from error
    _same_file(source, planned)
    return digest


def _same_file(source: FileSource, planned: Fingerprint) -> None:
    try:
        now = fingerprint(source)
    except ResourceFailed as error:
        raise FileChanged(
            say("{shown} vanished while it was being published", shown=source.shown)
        ) from error
    if (now.size, now.mtime_ns, now.inode) == (planned.size, planned.mtime_ns, planned.inode):
        return
    change = "changed"
    if now.size != planned.size:
        verb = "grew" if now.size > planned.size else "shrank"
        change = say(
            "{verb} from {size} to {now_size} bytes",
            verb=verb,
            size=planned.size,
            now_size=now.size,
        )
    raise FileChanged(
        say("{shown} {change} while it was being published", shown=source.shown, change=change)
    )


class _Hashing(BufferedReader):
    """A file whose bytes are hashed where they are read: in the same thread, beside others."""

    def __init__(self, opened: FileIO, digest: "hashlib._Hash") -> None:
        super().__init__(opened)
        self._digest = digest

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, and hash what was read."""
        piece = super().read(size)
        self._digest.update(piece)
        return piece


class FileContent:
    """The content of a local file on its way to a portal; see `bulkpub.portals.base.Content`.

    It is that of the file that was `planned`, or reading it ends in `FileChanged`. `on_progress`
    is told how many bytes were handed over so far. The digest is of this `kind`.
    What was read of a small file is kept.
    """

    def __init__(
        self,
        source: FileSource,
        planned: Fingerprint,
        on_progress: Callable[[int], None],
        kind: Digest = "sha1",
    ) -> None:
        self.name = source.name
        self.size = planned.size
        self.digest: str | None = None
        self.kind = kind
        self.bytes_sent = 0
        self.progressed = on_progress
        self.source = source
        self._planned = planned
        self._held: bytes | None = None

    def held(self) -> bytes | None:
        """All of a small file, None of a larger one; read at the first call.

        Raises `FileChanged` when it cannot be read, or is smaller than was planned.
        """
        if self.size > SMALL:
            return None
        if self._held is None:
            found = _beginning(self.source, self.size)
            if len(found) < self.size:
                self.see_that_it_is_the_same()
                raise FileChanged(
                    say(
                        "{shown} ended {missing} bytes early",
                        shown=self.source.shown,
                        missing=self.size - len(found),
                    )
                )
            self._held = found
        return self._held

    async def beginning(self, size: int) -> bytes:
        """The first `size` bytes, or all there are; those of a larger file are read in a thread.

        Raises `FileChanged` when it cannot be read.
        """
        held = self.held()
        if held is not None:
            return held[:size]
        return await anyio.to_thread.run_sync(_beginning, self.source, size)

    def see_that_it_is_the_same(self) -> None:
        """Raise `FileChanged` unless the file is still the one that was planned."""
        _same_file(self.source, self._planned)

    def open(self, start: int = 0, length: int | None = None) -> "FilePieces":
        """The content, or `length` bytes of it from `start` on, to be read once."""
        stretch = self.size - start if length is None else length
        return FilePieces(self, start, stretch)


class FilePieces:
    """A stretch of a file, read piece by piece; the whole of it is hashed on the way."""

    def __init__(self, content: FileContent, start: int, length: int) -> None:
        self.length = length
        self._content = content
        self._start = start
        self._opened: BufferedReader | None = None

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._opened is not None:
            self._opened.close()

    def at_once(self) -> bytes | None:
        """All of it, when the file is small; raises `FileChanged` when it is not as planned."""
        held = self._content.held()
        if held is None:
            return None
        piece = held[self._start : self._start + self.length]
        self._read_to_its_end(DIGESTS[self._content.kind](piece))
        return piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; raises `FileChanged` at their end when they are not as planned."""
        if (small := self.at_once()) is not None:
            yield small
            return
        source, left = self._content.source, self.length
        # A part is not hashed: the whole is, beside the parts.
        digest = DIGESTS[self._content.kind]() if left == self._content.size else None
        try:
            # Opened here and not in a thread: a thread that is given up while it opens leaves
            # an open file that nobody knows of.
            with open(source.path, "rb", buffering=0) as plain:  # noqa: ASYNC230, PTH123 - as above
                plain.seek(self._start)
                opened = self._opened = (
                    BufferedReader(plain) if digest is None else _Hashing(plain, digest)
                )
                file = wrap(opened)
                while left and (piece := await file.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise FileChanged(
                say(
                    "{shown} could not be read to its end: {strerror}",
                    shown=source.shown,
                    strerror=error.strerror,
                )
            ) from error
        self._read_to_its_end(digest, missing=left)

    def _read_to_its_end(self, digest: "hashlib._Hash | None", missing: int = 0) -> None:
        """See that what was read is the file that was planned, before it counts as sent."""
        content = self._content
        content.see_that_it_is_the_same()
        if missing:
            raise FileChanged(
                say(
                    "{shown} ended {missing} bytes early",
                    shown=content.source.shown,
                    missing=missing,
                )
            )
        content.bytes_sent += self.length
        if digest is not None and self.length == content.size:
            content.digest = digest.hexdigest()
