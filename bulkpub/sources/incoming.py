"""One file on its way into the spool, over as many connections as it takes.

The rule: the bytes of two versions are never mixed. A transfer that broke off goes on only where
the server confirms that it is the same version (`If-Range`, RFC 9110, section 13.1.5) and says
that it sends what is missing; in every other case the file starts over.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack

from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.errors import NotAFile, SourceFailed
from bulkpub.sources.budget import Share
from bulkpub.sources.decoding import Decoder, decoder_of
from bulkpub.sources.looks import ENOUGH, is_html
from bulkpub.sources.naming import file_name
from bulkpub.sources.results import Fetched, spooled, unchanged
from bulkpub.sources.spool import Spool, SpoolFile
from bulkpub.sources.streamed import BrokeOff, Streamed
from bulkpub.sources.validators import conditions, content_range, strong_validator, told

__all__ = ["Incoming", "NoRoom", "named", "refuse_page", "refuse_size", "undoing"]

OK, PARTIAL, NOT_MODIFIED, NOT_SATISFIABLE = 200, 206, 304, 416
PACKED = (".gz", ".tgz")
"""Names of files that are compressed themselves, and not only on their way."""


class NoRoom(Exception):
    """The spool is full at the moment; `size` is how much room is needed, if it is known."""

    def __init__(self, size: int | None) -> None:
        self.size = size
        super().__init__()


def named(answer: Streamed, source: UrlSource) -> str:
    """The name of the file that `answer` holds."""
    return file_name(answer.url, answer.headers, source.url)


def undoing(answer: Streamed, name: str) -> Decoder | None:
    """What undoes the encoding of `answer`, None when its bytes are the file."""
    if name.lower().endswith(PACKED):
        return None
    return decoder_of(answer.headers.get("Content-Encoding"), answer.shown)


def refuse_size(shown: str, size: int | None, limit: int) -> None:
    """Raise `SourceFailed` when `size` bytes are more than `limit`."""
    if size is not None and size > limit:
        raise SourceFailed(f"{shown} is larger than the {limit} bytes allowed (max_size)")


def refuse_page(shown: str, source: UrlSource, head: bytes) -> None:
    """Raise `NotAFile` when `head` begins a page of HTML that nobody expects."""
    if not source.html and is_html(head):
        raise NotAFile(f"{shown} is a page of HTML, no file; if one is wanted: expect: html")


class Incoming:
    """The file at `source`, at most `limit` bytes of it.

    `share` is room in the spool that was waited for. The file is removed, and its room given
    back, when `stack` ends.
    """

    def __init__(
        self,
        source: UrlSource,
        last: LastFetch | None,
        *,
        spool: Spool,
        limit: int,
        stack: AsyncExitStack,
        on_progress: Callable[[int, int | None], None],
    ) -> None:
        self.share: Share | None = None
        self.received = 0
        """Bytes of this version that came, as they were sent."""
        self._source = source
        self._last = last
        self._spool = spool
        self._limit = limit
        self._stack = stack
        self._on_progress = on_progress
        self._file: SpoolFile | None = None
        self._validator: str | None = None
        self._total: int | None = None
        self._decoder: Decoder | None = None
        self._head = b""
        self._etag: str | None = None
        self._modified: str | None = None

    @property
    def asks(self) -> dict[str, str]:
        """The headers to ask with: for what is missing, or only for what is new."""
        if self.received and self._validator:
            return {"Range": f"bytes={self.received}-", "If-Range": self._validator}
        return {} if self._file else conditions(self._last)

    async def take(self, answer: Streamed) -> None:
        """Take what `answer` has: the file, or that it has not changed since the last fetch.

        Raises `BrokeOff` when it has to be asked for again, `NoRoom` when the spool is full,
        `SourceFailed` when it cannot be had.
        """
        resuming = "Range" in self.asks
        if answer.status == NOT_MODIFIED and not resuming and self.asks:
            return
        if answer.status == OK:
            await self._begin(answer)
        elif resuming and answer.status in {PARTIAL, NOT_SATISFIABLE}:
            self._go_on(answer)
        else:
            raise SourceFailed(f"{answer.shown} answered {answer.status}")
        async for piece in answer.pieces():
            await self._add(answer, piece)
        self._end(answer)

    @property
    def result(self) -> Fetched:
        """What was fetched, or that nothing had to be; once `take` came to its end."""
        if self._file is not None:
            return spooled(self._file, self._source.shown, self._etag, self._modified)
        if self._last is None:
            raise AssertionError("what was never fetched has not changed")
        return unchanged(self._last)

    async def _begin(self, answer: Streamed) -> None:
        """A version begins; what came of another one is thrown away."""
        name = named(answer, self._source)
        decoder = undoing(answer, name)
        total = answer.length
        size = total if decoder is None else None
        refuse_size(answer.shown, size, self._limit)
        if self._file is None:
            self._file = await self._room(name, size, answer.shown)
        else:
            self._file.restart()
        self.received, self._head, self._total, self._decoder = 0, b"", total, decoder
        self._validator = strong_validator(answer.headers)
        self._etag = told(answer.headers, "ETag")
        self._modified = told(answer.headers, "Last-Modified")

    async def _room(self, name: str, size: int | None, shown: str) -> SpoolFile:
        share = self.share or self._spool.room_at_once(size)
        if share is None:
            raise NoRoom(size)
        self.share = None
        return await self._stack.enter_async_context(self._spool.file(name, share, shown))

    def _go_on(self, answer: Streamed) -> None:
        """The rest of the same version follows; raises `BrokeOff` unless it is just that."""
        found = content_range(answer.headers)
        tag = told(answer.headers, "ETag")
        fits = (
            answer.status == PARTIAL
            and found is not None
            and found.start == self.received
            and (None in {found.total, self._total} or found.total == self._total)
            and (tag is None or tag == self._etag)
        )
        if not fits:
            self._validator = None  # it is not to be trusted with ranges
            raise BrokeOff(f"{answer.shown}: the rest of its content is not what was asked for")
        if self._total is None and found is not None:
            self._total = found.total

    async def _add(self, answer: Streamed, piece: bytes) -> None:
        self.received += len(piece)
        for part in (piece,) if self._decoder is None else self._decoder.feed(piece):
            await self._store(answer, part)

    async def _store(self, answer: Streamed, part: bytes) -> None:
        if self._file is None:
            raise AssertionError("a file is stored after it has begun")
        refuse_size(answer.shown, self._file.size + len(part), self._limit)
        if len(self._head) < ENOUGH:
            self._head += part[:ENOUGH]
            if len(self._head) >= ENOUGH:
                refuse_page(answer.shown, self._source, self._head)
        await self._file.write(part)
        self._on_progress(self._file.size, None if self._decoder else self._total)

    def _end(self, answer: Streamed) -> None:
        if self._total is not None and self.received != self._total:
            raise BrokeOff(
                f"{answer.shown}: {self.received} bytes came of the {self._total} announced"
            )
        if self._decoder is not None and not self._decoder.complete:
            self._validator = None
            raise BrokeOff(f"{answer.shown}: its compressed content has no end")
        refuse_page(answer.shown, self._source, self._head)
        if self._file is not None:
            self._file.finish()
