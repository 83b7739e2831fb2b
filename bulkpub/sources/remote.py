"""Fetching from servers that do not speak HTTP: FTP, SFTP and the clouds' storage.

The rule is that of `fetch`: what is handed over is whole, within the limits, one version, and
no page of HTML in place of a file. Whether it changed is told by what the server says of it (its
time or ETag) and its size. A transfer that breaks off starts over.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.sources.filesystems import FileSystem, OpenFile, Remote, closed, parsed
from bulkpub.sources.incoming import refuse_page, refuse_size
from bulkpub.sources.looks import ENOUGH
from bulkpub.sources.naming import plain_name
from bulkpub.sources.politeness import Hosts
from bulkpub.sources.results import Fetched, Looked, spooled, unchanged
from bulkpub.sources.spool import Spool, SpoolFile
from bulkpub.sources.web import Web

__all__ = ["RemoteFiles"]

T = TypeVar("T")
PIECE = 1024 * 1024
AHEAD = 4 * PIECE
"""Bytes asked of a server at a time."""
VERSIONS = ("ETag", "etag", "md5", "generation", "modify", "mtime", "LastModified",
            "last_modified", "updated")  # fmt: skip
"""What file systems call the thing that changes whenever a file does."""
FOR_GOOD = frozenset(
    {"error_perm", "PermissionDenied", "HostKeyNotVerifiable", "NoCredentialsError"}
)
"""Errors by which FTP, SSH and S3 say that trying again is of no use."""
LONGEST = 200
"""Characters of what a library says went wrong."""


class _Passing(Exception):
    """It failed in a way that may pass; the message says how."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a server says of a file: its size in bytes and its version, if it does."""

    size: int | None
    version: str | None


@dataclass(frozen=True, slots=True)
class _Order:
    """One file to fetch."""

    remote: Remote
    source: UrlSource
    last: LastFetch | None
    limit: int
    on_progress: Callable[[int, int | None], None] = lambda *_: None

    def is_last(self, found: _Found) -> bool:
        """Whether what is there is what was fetched last."""
        return (
            self.last is not None
            and found.version is not None
            and (found.version == self.last.etag)
        )


class RemoteFiles:
    """Fetches files into `spool`; whom it may connect to and how often it tries is as of `web`.

    `patience_s` is how long to wait for one step, in seconds (None: as `web` does);
    `known_hosts` the file with the keys of SFTP servers, None for the user's.
    """

    def __init__(
        self,
        web: Web,
        spool: Spool,
        *,
        max_size: int,
        patience_s: float | None = None,
        known_hosts: str | None = None,
    ) -> None:
        self._web = web
        self._spool = spool
        self._max_size = max_size
        self._patience_s = web.patience.answer_s if patience_s is None else patience_s
        self._known_hosts = known_hosts
        self._hosts = Hosts()

    # --- what it is for --------------------------------------------------------------------

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Callable[[int, int | None], None],
    ) -> AsyncIterator[Fetched]:
        """What `Fetcher.fetched` gives."""
        order = _Order(parsed(source.url), source, last, self._limit(source), on_progress)
        async with AsyncExitStack() as stack:

            async def fetch() -> Fetched:
                await stack.aclose()  # what an attempt before this one left
                return await self._fetch(order, stack)

            yield await self._persist(order.remote, fetch)

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """What `Fetcher.look` gives."""
        order = _Order(parsed(source.url), source, last, self._limit(source))
        return await self._persist(order.remote, partial(self._look, order))

    async def expand(self, url: str) -> list[str]:
        """What `Fetcher.expand` gives; sorted."""
        remote = parsed(url)
        if not set("*?[") & set(remote.path):
            return [url]

        async def expand() -> list[str]:
            async with self._connected(remote) as system:
                glob = partial(system.glob, remote.path, detail=True)
                matches = await self._run(remote, glob)
            files = [path for path, info in matches.items() if info.get("type") == "file"]
            return [remote.address(path) for path in sorted(files)]

        return await self._persist(remote, expand)

    # --- one file --------------------------------------------------------------------------

    async def _look(self, order: _Order) -> Looked:
        remote, name = order.remote, plain_name(order.remote.path)
        async with self._connected(remote) as system:
            found = await self._found(remote, system)
            if order.last is not None and order.is_last(found):
                return Looked(order.last.name, order.last.size, unchanged=True, content_type="")
            refuse_size(remote.shown, found.size, order.limit)
            async with self._opened(remote, system) as file:
                head = await self._run(remote, partial(file.read, ENOUGH))
            refuse_page(remote.shown, order.source, head)
            return Looked(name, found.size, unchanged=False, content_type="")

    async def _fetch(self, order: _Order, stack: AsyncExitStack) -> Fetched:
        remote, share = order.remote, None
        while True:
            async with self._connected(remote) as system:
                found = await self._found(remote, system)
                if order.last is not None and order.is_last(found):
                    return unchanged(order.last)
                refuse_size(remote.shown, found.size, order.limit)
                share = share or self._spool.room_at_once(found.size)
                if share is not None:
                    name = plain_name(remote.path)
                    spooling = self._spool.file(name, share, remote.shown)
                    file = await stack.enter_async_context(spooling)
                    await self._copy(order, system, file, found)
                    return spooled(file, remote.shown, found.version)
            # Not with an open connection: it may take as long as publishing a file does.
            share = await self._spool.room(found.size)
            stack.callback(self._spool.give_back, share)

    async def _copy(
        self, order: _Order, system: FileSystem, file: SpoolFile, found: _Found
    ) -> None:
        remote, head = order.remote, b""
        async with self._opened(remote, system) as opened:
            while piece := await self._run(remote, partial(opened.read, PIECE)):
                refuse_size(remote.shown, file.size + len(piece), order.limit)
                if len(head) < ENOUGH:
                    head += piece[:ENOUGH]
                    refuse_page(remote.shown, order.source, head)
                await file.write(piece)
                order.on_progress(file.size, found.size)
        if found.size not in {None, file.size}:
            raise _Passing(f"{file.size} bytes came of {found.size}")
        if await self._found(remote, system) != found:
            raise _Passing("it changed while it was fetched")
        file.finish()

    async def _found(self, remote: Remote, system: FileSystem) -> _Found:
        info = await self._run(remote, partial(system.info, remote.path))
        if info.get("type") == "directory":
            raise SourceFailed(f"{remote.shown} is a folder, no file")
        size = info.get("size")
        told = next((str(info[name]) for name in VERSIONS if info.get(name)), None)
        return _Found(size, None if told is None else f"{told}, {size} bytes")

    # --- one connection --------------------------------------------------------------------

    @asynccontextmanager
    async def _connected(self, remote: Remote) -> AsyncIterator[FileSystem]:
        async with self._hosts[remote.host or remote.scheme].place():
            ip = await self._web.address_of(remote.host, remote.port) if remote.host else ""
            opening = partial(remote.open, ip, self._patience_s, self._known_hosts)
            system = await self._run(remote, opening)
            try:
                yield system
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(closed, system)

    @asynccontextmanager
    async def _opened(self, remote: Remote, system: FileSystem) -> AsyncIterator[OpenFile]:
        opening = partial(system.open, remote.path, "rb", block_size=AHEAD)
        opened = await self._run(remote, opening)
        try:
            yield opened
        finally:
            with suppress(Exception), anyio.CancelScope(shield=True):
                await self._run(remote, opened.close)

    async def _persist(self, remote: Remote, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, again when it failed in a way that may pass."""
        attempts, attempt = self._web.policy.attempts, 1
        while True:
            try:
                return await work()
            except _Passing as failure:
                if attempt >= attempts:
                    often = f", {attempt} times" if attempt > 1 else ""
                    raise SourceFailed(
                        f"{remote.shown} could not be fetched{often}: {failure}"
                    ) from None
            await self._web.back_off(attempt)
            attempt += 1

    async def _run(self, remote: Remote, call: Callable[[], T]) -> T:
        """Call what blocks, in a thread that is left behind when it takes too long."""
        try:
            with anyio.fail_after(self._patience_s):
                return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        except SourceFailed:
            raise
        except FileNotFoundError:
            raise SourceFailed(f"{remote.shown}: there is no such file") from None
        except TimeoutError:
            raise _Passing("it did not answer in time") from None
        except Exception as error:  # noqa: BLE001 - these libraries' errors share no class
            why = _in_words(error, remote)
            if isinstance(error, PermissionError) or type(error).__name__ in FOR_GOOD:
                raise SourceFailed(f"{remote.shown} could not be fetched: {why}") from None
            raise _Passing(why) from None

    def _limit(self, source: UrlSource) -> int:
        return self._max_size if source.max_size is None else source.max_size


def _in_words(error: Exception, remote: Remote) -> str:
    """What a library says, on one line, without the credentials it may repeat."""
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in remote.login.values():
        text = text.replace(secret, "…") if secret else text
    return text[:LONGEST]
