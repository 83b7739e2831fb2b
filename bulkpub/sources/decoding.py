"""Content that a server compressed on its way, though it was asked not to: decoded as it comes.

The rule: what comes out is handed on in small pieces, so that whoever counts them can stop long
before a decompression bomb has gone off.
"""

import zlib
from collections.abc import Iterator

from bulkpub.errors import SourceFailed

__all__ = ["Decoder", "decoder_of"]

PIECE = 256 * 1024
"""Bytes given out at a time at most."""
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
DEFLATED = frozenset({"gzip", "x-gzip", "deflate"})
PLAIN = frozenset({"", "identity", "none", "utf-8", "binary"})
"""What says that nothing was done; the last three are no encodings, but some servers say so."""


def decoder_of(encoding: str | None, shown: str) -> "Decoder | None":
    """What undoes the Content-Encoding `encoding`, None when there is nothing to undo.

    `shown` is the address as it may be told. Raises `SourceFailed` for an encoding that cannot
    be undone.
    """
    name = (encoding or "").strip().lower()
    if name in PLAIN:
        return None
    if name in DEFLATED:
        return Decoder(shown)
    raise SourceFailed(f"{shown} sends its content encoded as {name[:40]!r}, though not asked to")


class Decoder:
    """Undoes gzip, and deflate with and without zlib's header: RFC 9110, section 8.4.1."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Give out what `piece` adds; raises `SourceFailed` when it is not what it says."""
        while piece:
            if self._inflate.eof:
                # Several members make one file: RFC 1952, section 2.2. Anything else is padding.
                if not piece.startswith(GZIP_MAGIC):
                    return
                self._inflate = zlib.decompressobj(GZIP_OR_ZLIB)
            yield from self._inflated(piece)
            piece = self._inflate.unused_data

    def _inflated(self, piece: bytes) -> Iterator[bytes]:
        while True:
            out = self._step(piece)
            if out:
                yield out
            piece = self._inflate.unconsumed_tail
            if self._inflate.eof or (not piece and len(out) < PIECE):
                return

    def _step(self, piece: bytes) -> bytes:
        try:
            out = self._inflate.decompress(piece, PIECE)
        except zlib.error:
            if self._begun:
                raise SourceFailed(f"{self._shown}: its compressed content is damaged") from None
            self._inflate, self._begun = zlib.decompressobj(RAW), True
            return self._step(piece)
        self._begun = True
        return out

    @property
    def complete(self) -> bool:
        """Whether the compressed content has come to its end; one that never began has, too."""
        return self._inflate.eof or not self._begun
