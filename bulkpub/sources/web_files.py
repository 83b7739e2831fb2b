"""Files on the web: one request asks whether a file changed, and brings it if it did.

The rule: the bytes of two versions are never mixed. A transfer that broke off goes on only where
the server confirms that it is the same version (`If-Range`, RFC 9110, section 13.1.5) and says
that it sends what is missing; in every other case the file starts over. What a server says of
versions is read by RFC 9110, sections 8.8 (validators), 13 (conditional requests), 14 (ranges).
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.language import say
from bulkpub.sources.answers import BrokeOff, Decoder, Streamed
from bulkpub.sources.budget import Share
from bulkpub.sources.fetch import (
    Fetched,
    Fetcher,
    Looked,
    NameFault,
    Progress,
    any_name,
    fetched_to,
    refuse_name,
    refuse_page,
    refuse_size,
    unchanged,
)
from bulkpub.sources.file_names import file_name
from bulkpub.sources.html_page import ENOUGH
from bulkpub.sources.spool import Spool, SpoolFile

__all__ = ["WebFiles"]

OK, PARTIAL, NOT_MODIFIED, NOT_SATISFIABLE = 200, 206, 304, 416
PROGRESS = 16 * 1024 * 1024
"""Bytes; a transfer that brought so many before it broke off has not failed, only begun."""
LONGEST = 1000
"""Characters of a validator worth keeping and sending back."""
STRONG_AFTER = 60.0
"""Seconds; a date tells versions apart that did not change for so long before it was sent."""
CONTENT_RANGE = re.compile(r"\s*bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\s*", re.IGNORECASE)


class WebFiles:
    """Fetches files by HTTP, through the web of `fetcher` into its spool.

    A transfer that breaks off is asked for again as often as the web's policy says; one that
    brought a good deal before it did counts anew.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._web = fetcher.web
        self._spool = fetcher.spool

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AsyncIterator[Fetched]:
        """See `SourceKind`."""
        async with AsyncExitStack() as stack:
            incoming = _Incoming(
                source,
                last,
                spool=self._spool,
                limit=self._fetcher.limit(source),
                stack=stack,
                on_progress=on_progress,
                name_fault=name_fault,
            )
            await self._receive(source, incoming, stack)
            yield incoming.result

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """See `SourceKind`."""
        async with self._web.open(source.url, _conditions(last)) as answer:
            if answer.status == NOT_MODIFIED and last is not None:
                return Looked(
                    last.name, last.size, unchanged=True, content_type=answer.content_type
                )
            if answer.status != OK:
                raise SourceFailed(f"{answer.shown} answered {answer.status}")
            name = _name_of(answer, source)
            size = answer.length if answer.decoder(name) is None else None
            refuse_size(answer.shown, size, self._fetcher.limit(source))
            refuse_page(answer.shown, source, await _beginning(answer))
            return Looked(name, size, unchanged=False, content_type=answer.content_type)

    async def expand(self, url: str) -> list[str]:
        """See `SourceKind`: on the web a star is only a star."""
        return [url]

    async def _receive(
        self, source: UrlSource, incoming: "_Incoming", stack: AsyncExitStack
    ) -> None:
        attempt = 1
        while True:
            before = incoming.received
            try:
                async with self._web.open(source.url, incoming.asks) as answer:
                    return await incoming.take(answer)
            except _NoRoom as full:
                # Not with an open connection: it may take as long as publishing a file does.
                share = await self._spool.room(full.size)
                stack.callback(self._spool.give_back, share)
                incoming.share = share
                continue
            except BrokeOff:
                if incoming.received - before >= PROGRESS:
                    attempt = 0
                elif attempt >= self._web.policy.attempts:
                    raise
            await self._web.back_off(max(attempt, 1))
            attempt += 1


def _name_of(answer: Streamed, source: UrlSource) -> str:
    return file_name(answer.url, answer.headers, source.url)


async def _beginning(answer: Streamed) -> bytes:
    head = b""
    async for piece in answer.decoded():
        head += piece
        if len(head) >= ENOUGH:
            break
    return head


# --- one file on its way into the spool ----------------------------------------------------


class _NoRoom(Exception):
    """The spool is full at the moment; `size` is how much room is needed, if it is known."""

    def __init__(self, size: int | None) -> None:
        self.size = size
        super().__init__(size)


class _Incoming:
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
        on_progress: Progress,
        name_fault: NameFault,
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
        self._name_fault = name_fault
        self._file: SpoolFile | None = None
        self._validator: str | None = None
        self._total: int | None = None
        self._decoder: Decoder | None = None
        self._head = b""
        self._unwanted: str | None = None
        self._etag: str | None = None
        self._modified: str | None = None

    @property
    def asks(self) -> dict[str, str]:
        """The headers to ask with: for what is missing, or only for what is new."""
        if self.received and self._validator:
            return {"Range": f"bytes={self.received}-", "If-Range": self._validator}
        return {} if self._file else _conditions(self._last)

    async def take(self, answer: Streamed) -> None:
        """Take what `answer` has: the file, or that it has not changed since the last fetch.

        Raises `BrokeOff` when it has to be asked for again, `_NoRoom` when the spool is full,
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
            return fetched_to(self._file, self._source.shown, self._etag, self._modified)
        if self._last is None:
            raise AssertionError("what was never fetched has not changed")
        return unchanged(self._last)

    async def _begin(self, answer: Streamed) -> None:
        """A version begins; what came of another one is thrown away."""
        name = _name_of(answer, self._source)
        self._unwanted = self._name_fault(name)
        decoder = answer.decoder(name)
        total = answer.length
        size = total if decoder is None else None
        refuse_size(answer.shown, size, self._limit)
        if self._file is None:
            self._file = await self._room(name, size, answer.shown)
        else:
            self._file.restart()
        self.received, self._head, self._total, self._decoder = 0, b"", total, decoder
        self._validator = _strong_validator(answer.headers)
        self._etag = _kept(answer.headers, "ETag")
        self._modified = _kept(answer.headers, "Last-Modified")

    async def _room(self, name: str, size: int | None, shown: str) -> SpoolFile:
        share = self.share or self._spool.room_at_once(size)
        if share is None:
            raise _NoRoom(size)
        self.share = None
        return await self._stack.enter_async_context(self._spool.file(name, share, shown))

    def _go_on(self, answer: Streamed) -> None:
        """The rest of the same version follows; raises `BrokeOff` unless it is just that."""
        found = _content_range(answer.headers)
        tag = _kept(answer.headers, "ETag")
        fits = (
            answer.status == PARTIAL
            and found is not None
            and found.start == self.received
            and (None in {found.total, self._total} or found.total == self._total)
            and (tag is None or tag == self._etag)
        )
        if not fits:
            self._validator = None  # it is not to be trusted with ranges
            raise BrokeOff(
                say(
                    "{shown}: the rest of its content is not what was asked for", shown=answer.shown
                )
            )
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
                self._refuse(answer)
        await self._file.write(part)
        self._on_progress(self._file.size, None if self._decoder else self._total)

    def _end(self, answer: Streamed) -> None:
        if self._total is not None and self.received != self._total:
            raise BrokeOff(
                say(
                    "{shown}: {received} bytes came of the {total} announced",
                    shown=answer.shown,
                    received=self.received,
                    total=self._total,
                )
            )
        if self._decoder is not None and not self._decoder.complete:
            self._validator = None
            raise BrokeOff(say("{shown}: its compressed content has no end", shown=answer.shown))
        self._refuse(answer)
        if self._file is not None:
            self._file.finish()

    def _refuse(self, answer: Streamed) -> None:
        """Refuse what is no file by its first bytes, and else what has a name nobody wants."""
        refuse_page(answer.shown, self._source, self._head)
        refuse_name(answer.shown, self._unwanted)


# --- which version it is -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Range:
    """The stretch of a file that a 206 holds, in bytes: `start` to `end`, `total` if known."""

    start: int
    end: int
    total: int | None


def _kept(headers: Mapping[str, str], name: str) -> str | None:
    """A header worth sending back one day, as the server wrote it; None for nonsense."""
    value = headers.get(name, "").strip()
    return value if value and len(value) <= LONGEST and value.isascii() else None


def _conditions(last: LastFetch | None) -> dict[str, str]:
    """The headers that ask for the file only if it is not the one that was fetched last."""
    asked: dict[str, str] = {}
    if last is not None and last.etag:
        asked["If-None-Match"] = last.etag
    if last is not None and last.last_modified:
        asked["If-Modified-Since"] = last.last_modified
    return asked


def _strong_validator(headers: Mapping[str, str]) -> str | None:
    """What `If-Range` may be asked with: it changes whenever a single byte does.

    That is a strong ETag, or a date of modification well before the answer's own date.
    """
    if headers.get("Accept-Ranges", "").strip().lower() == "none":
        return None
    etag = _kept(headers, "ETag")
    if etag is not None:
        return etag if etag.startswith('"') else None
    modified = _kept(headers, "Last-Modified")
    try:
        changed = parsedate_to_datetime(modified or "")
        sent = parsedate_to_datetime(headers.get("Date", ""))
        apart = sent.timestamp() - changed.timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return modified if apart >= STRONG_AFTER else None


def _content_range(headers: Mapping[str, str]) -> _Range | None:
    """What a 206 says it holds; None when that makes no sense."""
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None:
        return None
    start, end, total = int(found[1]), int(found[2]), found[3]
    of = None if total == "*" else int(total)
    if end < start or (of is not None and end >= of):
        return None
    return _Range(start, end, of)
