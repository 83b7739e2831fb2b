"""Fetching a file from another server: only if it changed, into the spool, checked and hashed.

The rule: what is handed over is complete, and is the file: of the length announced, within the
limits, one version from the first byte to the last, and no page of HTML in its place.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bulkpub.core.model import Fingerprint, LastFetch, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.sources.incoming import Incoming, NoRoom, named, refuse_page, refuse_size, undoing
from bulkpub.sources.looks import ENOUGH
from bulkpub.sources.spool import Spool
from bulkpub.sources.streamed import BrokeOff, Streamed
from bulkpub.sources.validators import conditions
from bulkpub.sources.web import Web

__all__ = ["Fetched", "Fetcher", "Looked"]

OK, NOT_MODIFIED = 200, 304
GIB = 1024**3
PROGRESS = 16 * 1024 * 1024
"""Bytes; a transfer that brought so many before it broke off has not failed, only begun."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, at `path` in the spool, or one that need not be.

    `path` is None when nothing was fetched as the source has not changed since the last fetch;
    the rest is then what that gave. `name` is the file's name, `last` what to remember of it.
    """

    path: str | None
    name: str
    fingerprint: Fingerprint
    last: LastFetch


@dataclass(frozen=True, slots=True)
class Looked:
    """What a source says of its file: its size in bytes, if told, and its content type.

    `unchanged`: it is the one that was fetched last.
    """

    name: str
    size: int | None
    unchanged: bool
    content_type: str


class Fetcher:
    """Fetches files through `web` into `spool`, of `max_size` bytes unless their source says.

    A transfer that breaks off is asked for again as often as `web.policy` says; one that
    brought a good deal before it did counts anew.
    """

    def __init__(self, web: Web, spool: Spool, *, max_size: int = 8 * GIB) -> None:
        self._web = web
        self._spool = spool
        self._max_size = max_size

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Callable[[int, int | None], None],
    ) -> AsyncIterator[Fetched]:
        """The file at `source`, for as long as the context lasts; `last` asks only for a new one.

        `on_progress` is told the bytes of the file so far, and in all, if known; it starts
        anew when the file does. Raises `SourceFailed`: nothing stays in the spool.
        """
        async with AsyncExitStack() as stack:
            incoming = Incoming(
                source,
                last,
                spool=self._spool,
                limit=self._limit(source),
                stack=stack,
                on_progress=on_progress,
            )
            await self._receive(source, incoming, stack)
            fingerprint, remembered = incoming.remembered()
            yield Fetched(incoming.path, remembered.name, fingerprint, remembered)

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """What is at `source`, by the head of its answer and its first bytes alone.

        Raises `NotAFile` when it is a page, `SourceFailed` when it could not be fetched.
        """
        async with self._web.open(source.url, conditions(last)) as answer:
            if answer.status == NOT_MODIFIED and last is not None:
                return Looked(
                    last.name, last.size, unchanged=True, content_type=answer.content_type
                )
            if answer.status != OK:
                raise SourceFailed(f"{answer.shown} answered {answer.status}")
            name = named(answer, source)
            size = answer.length if undoing(answer, name) is None else None
            refuse_size(answer, size, self._limit(source))
            refuse_page(answer, source, await _beginning(answer))
            return Looked(name, size, unchanged=False, content_type=answer.content_type)

    def _limit(self, source: UrlSource) -> int:
        return self._max_size if source.max_size is None else source.max_size

    async def _receive(self, source: UrlSource, incoming: Incoming, stack: AsyncExitStack) -> None:
        attempt = 1
        while True:
            before = incoming.received
            try:
                async with self._web.open(source.url, incoming.asks) as answer:
                    return await incoming.take(answer)
            except NoRoom as full:
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


async def _beginning(answer: Streamed) -> bytes:
    head = b""
    async for piece in answer.decoded():
        head += piece
        if len(head) >= ENOUGH:
            break
    return head
