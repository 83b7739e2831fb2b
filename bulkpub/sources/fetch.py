"""Fetching a file from another server: only if it changed, into the spool, checked and hashed.

The rule: what is handed over is complete, and is the file: of the length announced, within the
limits, one version from the first byte to the last, and no page of HTML in its place.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from bulkpub.core.addresses import shown_address
from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.sources.download import sha1_at
from bulkpub.sources.filesystems import is_remote
from bulkpub.sources.incoming import Incoming, NoRoom, named, refuse_page, refuse_size, undoing
from bulkpub.sources.looks import ENOUGH
from bulkpub.sources.members import is_member, parts_of, unpack
from bulkpub.sources.naming import plain_name
from bulkpub.sources.remote import RemoteFiles
from bulkpub.sources.results import Fetched, Looked, spooled
from bulkpub.sources.spool import Spool
from bulkpub.sources.streamed import BrokeOff, Streamed
from bulkpub.sources.validators import conditions
from bulkpub.sources.web import Web

__all__ = ["Fetched", "Fetcher", "Looked"]

OK, NOT_MODIFIED = 200, 304
GIB = 1024**3
PROGRESS = 16 * 1024 * 1024
"""Bytes; a transfer that brought so many before it broke off has not failed, only begun."""


class Fetcher:
    """Fetches files into `spool`, through `web` or as their scheme has it (`remote`).

    A file has `max_size` bytes at most, unless its source says otherwise; `known_hosts` is the
    file with the keys of SFTP servers, None for the user's.

    A transfer that breaks off is asked for again as often as `web.policy` says; one that
    brought a good deal before it did counts anew. `portal_web` is what permalinks are read
    through: the same, but that it reaches the portal's host wherever that is (None: `web`).
    """

    def __init__(
        self,
        web: Web,
        spool: Spool,
        *,
        portal_web: Web | None = None,
        max_size: int = 8 * GIB,
        known_hosts: str | None = None,
    ) -> None:
        self._web = web
        self._portal_web = portal_web or web
        self._spool = spool
        self._max_size = max_size
        self._remote = RemoteFiles(web, spool, max_size=max_size, known_hosts=known_hosts)

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
        if is_member(source.url):
            async with self._member(source, last, on_progress) as got:
                yield got
            return
        if is_remote(source.url):
            async with self._remote.fetched(source, last, on_progress) as got:
                yield got
            return
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
            yield incoming.result

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """What is at `source`, by the head of its answer and its first bytes alone.

        Raises `NotAFile` when it is a page, `SourceFailed` when it could not be fetched.
        """
        if is_member(source.url):
            member, archive = parts_of(source.url)
            looked = await self.look(UrlSource(archive, self._max_size), last)
            if looked.unchanged:
                return looked
            return Looked(plain_name(member), None, unchanged=False, content_type="")
        if is_remote(source.url):
            return await self._remote.look(source, last)
        async with self._web.open(source.url, conditions(last)) as answer:
            if answer.status == NOT_MODIFIED and last is not None:
                return Looked(
                    last.name, last.size, unchanged=True, content_type=answer.content_type
                )
            if answer.status != OK:
                raise SourceFailed(f"{answer.shown} answered {answer.status}")
            name = named(answer, source)
            size = answer.length if undoing(answer, name) is None else None
            refuse_size(answer.shown, size, self._limit(source))
            refuse_page(answer.shown, source, await _beginning(answer))
            return Looked(name, size, unchanged=False, content_type=answer.content_type)

    @asynccontextmanager
    async def _member(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Callable[[int, int | None], None],
    ) -> AsyncIterator[Fetched]:
        """One member of an archive; progress is told of the archive."""
        member, address = parts_of(source.url)
        archive = UrlSource(address, self._max_size)
        shown, limit = shown_address(source.url), self._limit(source)
        async with self.fetched(archive, last, on_progress) as got:
            if got.path is None:
                yield got
                return
            name = plain_name(member)
            async with self._spool.file_from(got.path, name, shown) as file:
                await unpack(got.path, member, file, shown=shown, limit=limit)
                refuse_page(shown, source, file.head)
                yield spooled(file, shown, got.last.etag, got.last.last_modified)

    async def expand(self, url: str) -> list[str]:
        """The addresses that `url` stands for: of the files that fit, when it has a pattern.

        Only FTP, SFTP and the clouds' storage know patterns (`*`, `?`, `[...]`, `**`); of the
        web, and without a pattern, it is `url` itself.
        """
        return await self._remote.expand(url) if is_remote(url) else [url]

    async def published(self, permalink: str, size: int) -> tuple[str, int]:
        """The SHA-1 and size of what a permalink serves; see `sha1_at`."""
        return await sha1_at(self._portal_web, permalink, size)

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
