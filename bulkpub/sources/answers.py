"""What a server answers: its head at once, its content in pieces, or one document read whole.

The rule: content that does not come, breaks off or only trickles ends in a `SourceFailed` that
names the address; time that the reader takes is not held against the server. What a server
compressed on its way, though not asked to, is undone in small pieces, so that whoever counts
them can stop long before a decompression bomb has gone off. A document is always readable: a
charset that is wrong, unknown or missing costs at worst a few characters.
"""

import codecs
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Self

import aiohttp
import anyio

from bulkpub.errors import SourceFailed
from bulkpub.language import say

__all__ = ["MARKS", "BrokeOff", "Decoder", "Page", "Patience", "Streamed", "known_charset"]

LONGEST_NUMBER = 18
"""Digits."""
WINDOW_S = 60.0
PACKED = (".br", ".bz2", ".gz", ".svgz", ".tbz2", ".tgz", ".txz", ".xz", ".z", ".zst")
"""Names of files that are compressed themselves, and not only on their way: servers that go by
names (as Python's do, by `mimetypes.encodings_map`) call either of them a Content-Encoding."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a connection, for an answer to begin, between two pieces.

    Connecting is a part of waiting for an answer. Over each `window_s` of waiting for content,
    at least `slowest` bytes a second have to come.
    """

    connect_s: float = 30.0
    answer_s: float = 60.0
    between_s: float = 60.0
    window_s: float = WINDOW_S
    slowest: float = 2048.0
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def without_progress(cls, seconds: float) -> Self:
        """Wait so long for an answer, whether it is to begin or to go on."""
        return cls(answer_s=seconds, between_s=seconds, window_s=max(seconds, WINDOW_S))


class BrokeOff(SourceFailed):
    """The content broke off in the middle; asked for again, the rest may well come."""


class Streamed:
    """The answer to a GET. `url` is where it was in the end, after redirects, credentials left out.

    `shown` is the address that was asked for, as people may see it.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, shown: str, patience: Patience | None = None
    ) -> None:
        self.status = response.status
        self.headers = response.headers
        self.url = str(response.url.with_user(None))
        self.shown = shown
        self._response = response
        self._patience = patience or Patience()

    @property
    def content_type(self) -> str:
        """The content type in lower case, without parameters; empty when there is none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The charset as the server says, if it does."""
        return self._response.charset if "Content-Type" in self.headers else None

    @property
    def length(self) -> int | None:
        """The bytes of the content as they are sent, if the server says."""
        said = self.headers.get("Content-Length", "")
        return int(said) if said.isdecimal() and len(said) <= LONGEST_NUMBER else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content as it is sent, encoded or not.

        Raises `BrokeOff` when it breaks off, `SourceFailed` when it only trickles.
        """
        patience, content = self._patience, self._response.content
        waited, came = 0.0, 0
        while True:
            since = patience.clock()
            piece = await self._next(content)
            if not piece:
                return
            waited, came = waited + patience.clock() - since, came + len(piece)
            if waited >= patience.window_s:
                if came < patience.slowest * waited:
                    raise SourceFailed(
                        say(
                            "{shown} sends too slowly: {came} bytes in {waited:.0f} s",
                            shown=self.shown,
                            came=came,
                            waited=waited,
                        )
                    )
                waited, came = 0.0, 0
            yield piece

    async def _next(self, content: aiohttp.StreamReader) -> bytes:
        try:
            with anyio.fail_after(self._patience.between_s):
                return await content.readany()
        except TimeoutError:
            why = say("no more came for {seconds:g} s", seconds=self._patience.between_s)
        except (aiohttp.ClientError, ConnectionError) as error:
            why = (
                say("the connection failed")
                if isinstance(error, ConnectionError)
                else say("it is cut")
            )
        raise BrokeOff(
            say("{shown}: its content broke off in the middle ({why})", shown=self.shown, why=why)
        ) from None

    def decoder(self, name: str = "") -> "Decoder | None":
        """What undoes the encoding of the content of the file `name`; None: nothing is to be.

        A file that is compressed itself is not taken apart. Raises `SourceFailed` for an
        encoding that cannot be undone.
        """
        if name.lower().endswith(PACKED):
            return None
        return _decoder_of(self.headers.get("Content-Encoding"), self.shown)

    async def decoded(self) -> AsyncIterator[bytes]:
        """The content as it was before the server compressed it, in pieces of limited size.

        Raises what `pieces` and `decoder` do.
        """
        decoder = self.decoder()
        async for piece in self.pieces():
            for part in (piece,) if decoder is None else decoder.feed(piece):
                yield part
        if decoder is not None and not decoder.complete:
            raise BrokeOff(
                say("{shown}: its compressed content broke off in the middle", shown=self.shown)
            )


# --- compressed on its way ----------------------------------------------------------------

PIECE = 256 * 1024
"""Bytes given out at a time at most."""
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
DEFLATED = frozenset({"gzip", "x-gzip", "deflate"})
PLAIN = frozenset({"", "identity", "none", "utf-8", "binary"})
"""What says that nothing was done; the last three are no encodings, but some servers say so."""


def _decoder_of(encoding: str | None, shown: str) -> "Decoder | None":
    """What undoes the Content-Encoding `encoding`, None when there is nothing to undo.

    `shown` is the address as people may see it. Raises `SourceFailed` for an encoding that cannot
    be undone.
    """
    name = (encoding or "").strip().lower()
    if name in PLAIN:
        return None
    if name in DEFLATED:
        return Decoder(shown)
    raise SourceFailed(
        say(
            "{shown} sends its content encoded as {name!r}, though not asked to",
            shown=shown,
            name=name[:40],
        )
    )


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
                raise SourceFailed(
                    say("{shown}: its compressed content is damaged", shown=self._shown)
                ) from None
            self._inflate, self._begun = zlib.decompressobj(RAW), True
            return self._step(piece)
        self._begun = True
        return out

    @property
    def complete(self) -> bool:
        """Whether the compressed content has come to its end; one that never began has, too."""
        return self._inflate.eof or not self._begun


# --- read whole ---------------------------------------------------------------------------

MARKS = (
    # The longer ones first: UTF-32's mark begins with that of UTF-16.
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the encodings that take them away."""
NOT_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
"""What Python can decode too, but no server means: escapes, slow or warned about."""


@dataclass(frozen=True, slots=True)
class Page:
    """One document. `url` is where it was in the end, after redirects.

    `content_type` is in lower case and without parameters, `charset` as the server says, if it
    does; `link` is the Link header, for paging.
    """

    url: str
    content: bytes
    content_type: str = ""
    charset: str | None = None
    link: str | None = None

    def text(self) -> str:
        """The content as text.

        A byte order mark is believed first, as the WHATWG's encoding standard has it (section
        6, "decode"), then the charset the server says, then UTF-8; what none of them can read
        is Windows-1252, with U+FFFD for what that has no character for.
        """
        marked = [name for mark, name in MARKS if self.content.startswith(mark)]
        for encoding in [*marked[:1], known_charset(self.charset), "utf-8"]:
            try:
                if encoding:
                    return self.content.decode(encoding)
            except (UnicodeError, LookupError):  # the latter for what makes bytes, as `zlib`
                continue
        return self.content.decode("cp1252", errors="replace")


def known_charset(charset: str | None) -> str | None:
    """What Python calls the charset `charset` of text; None when it knows none of that name."""
    try:
        name = codecs.lookup((charset or "").strip(" '\"")).name
    except (LookupError, ValueError):
        return None
    if name.replace("_", "-") in NOT_CHARSETS:
        return None
    # Those who say Latin-1 mean Windows-1252: the standard above, section 4.2.
    return "cp1252" if name == "iso8859-1" else name
