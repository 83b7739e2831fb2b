"""Files on servers that do not speak HTTP, through fsspec: FTP, SFTP and the clouds' storage.

The rule: what is fetched from FTP and SFTP servers has to be as public as what is fetched from
the web, and is connected to by the very address that was checked. S3, GCS and Azure are reached
as the user's own environment says (credentials, endpoint, region). Whether a file changed is
known by what the server says of it (its time or ETag) and its size; a transfer that breaks off
starts over. All of fsspec blocks: it is called in threads. It comes with the extra
`bulkpub[remote]` and is imported when needed.
"""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, Protocol, TypeVar
from urllib.parse import SplitResult, quote, unquote, urlsplit

import anyio
import anyio.to_thread

from bulkpub.core.addresses import shown_address
from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.core.schemes import Scheme, scheme_of
from bulkpub.core.text import bounded
from bulkpub.errors import SourceFailed
from bulkpub.language import say
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
from bulkpub.sources.file_names import plain_name
from bulkpub.sources.html_page import ENOUGH
from bulkpub.sources.reach import AddressRefused
from bulkpub.sources.spool import SpoolFile

__all__ = ["FOR_GOOD", "RemoteFiles", "cloud", "parsed"]

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


# --- the servers --------------------------------------------------------------------------


class _OpenFile(Protocol):
    """A file that is read from a server."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes more, none at its end."""

    def close(self) -> None:
        """Be done with it."""


class _FileSystem(Protocol):
    """What is used of an fsspec file system; every call blocks."""

    def info(self, path: str) -> Mapping[str, Any]:
        """What the server says of the file: `size`, `type` and more, named as it likes."""

    def open(self, path: str, mode: str, *, block_size: int) -> _OpenFile:
        """Begin to read the file, so many bytes at a time."""

    def glob(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, Any]]:
        """The files that fit the pattern, and what `info` says of each."""


@dataclass(frozen=True, slots=True)
class _Remote:
    """One address: what is at `path` on a server. `shown` is the address as people may see it.

    `host` is empty where a cloud is meant. `origin` begins the addresses of other files there.
    """

    scheme: Scheme
    path: str
    shown: str
    origin: str = field(repr=False)
    host: str = ""
    port: int = 0
    login: Mapping[str, str] = field(default_factory=dict, repr=False)

    def address(self, path: str) -> str:
        """The address of the file at `path` on the same server."""
        if not self.host:
            return f"{self.scheme.name}://{path.lstrip('/')}"
        return self.origin + quote(path if path.startswith("/") else f"/{path}")

    def open(self, ip: str, patience_s: float, known_hosts: str | None) -> _FileSystem:
        """Connect, for a host to the address `ip`.

        Raises `SourceFailed` when the package it needs is not installed.
        """
        opened: _FileSystem
        if self.scheme.name == "ftp":
            opened = _imported("bulkpub.sources.ftp").Ftp(
                ip, self.port, timeout=patience_s, use_listings_cache=False, **self.login
            )
        elif self.scheme.name == "sftp":
            # It verifies who answers, by the user's known hosts, under the name.
            opened = _imported("bulkpub.sources.sftp").Sftp(
                ip,
                port=self.port,
                host_key_alias=self.host,
                known_hosts=known_hosts or (),
                connect_timeout=patience_s,
                login_timeout=patience_s,
                skip_instance_cache=True,
                **self.login,
            )
        else:
            opened = cloud(self.scheme)
        return opened


def _closed(system: _FileSystem) -> None:
    """End the connection, for which fsspec has no word; that to a cloud ends by itself."""
    with suppress(Exception):  # it may be broken, and then it is closed
        if (ftp := getattr(system, "ftp", None)) is not None:
            ftp.close()
        elif (finalize := getattr(system, "_finalize", None)) is not None:
            finalize(*(getattr(system, name) for name in ("loop", "_pool", "_stack")))


def cloud(scheme: Scheme) -> Any:  # noqa: ANN401 # what is used of it differs
    """The file system of a cloud, as the user's environment says; raises as `_Remote.open`."""
    _imported(scheme.package)
    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme.name == "s3":  # public buckets are read without credentials
        options["anon"] = _imported("botocore.session").get_session().get_credentials() is None
    return _imported("fsspec").filesystem(scheme.name, **options)


def parsed(url: str) -> _Remote:
    """Read an address; raises `AddressRefused` when it makes no sense."""
    shown = shown_address(url)
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise AddressRefused(say("{shown} is not an address", shown=shown)) from None
    if not parts.netloc or not parts.path.strip("/"):
        raise AddressRefused(say("{shown} names no file", shown=shown))
    scheme = scheme_of(url.strip())
    if scheme is None:
        raise AddressRefused(say("{shown} is not an address", shown=shown))
    if not scheme.port:  # in a cloud, keys are taken as they are written, `%`, `?` and `#` included
        return _Remote(scheme, url.strip().partition("://")[2], shown, f"{scheme.name}://")
    path = unquote(parts.path)
    if not path.isprintable():  # a line end would begin another command
        raise AddressRefused(say("{shown} is not an address", shown=shown))
    origin = f"{scheme.name}://{parts.netloc}"
    return _Remote(scheme, path, shown, origin, host, port or scheme.port, _login(parts))


def _login(parts: SplitResult) -> dict[str, str]:
    login: dict[str, str] = {}
    if parts.username is not None:
        login["username"] = unquote(parts.username)
    if parts.password is not None:
        login["password"] = unquote(parts.password)
    if not all(value.isprintable() for value in login.values()):
        raise AddressRefused(say("{parts} is not an address", parts=shown_address(parts.geturl())))
    return login


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = (error.name or name).partition(".")[0]
        raise SourceFailed(
            say(
                "{package} is needed for this address, and is not installed: pip install "
                "'bulkpub[remote]'",
                package=package,
            )
        ) from None


# --- the files ---------------------------------------------------------------------------


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

    remote: _Remote
    source: UrlSource
    last: LastFetch | None
    limit: int
    on_progress: Progress = lambda *_: None

    def is_last(self, found: _Found) -> bool:
        """Whether what is there is what was fetched last."""
        return (
            self.last is not None
            and found.version is not None
            and (found.version == self.last.etag)
        )


class RemoteFiles:
    """Fetches files by fsspec, into the spool of `fetcher`.

    Whom it may connect to, how many files of a host are under way at once, how often it tries and
    how long it waits for one step is as of the fetcher's web.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._web = fetcher.web
        self._spool = fetcher.spool
        self._patience_s = fetcher.web.patience.answer_s

    # --- what it is for --------------------------------------------------------------------

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AsyncIterator[Fetched]:
        """See `SourceKind`."""
        remote = parsed(source.url)
        refuse_name(remote.shown, name_fault(plain_name(remote.path)))
        limit = self._fetcher.limit(source)
        order = _Order(remote, source, last, limit, on_progress)
        async with AsyncExitStack() as stack:

            async def fetch() -> Fetched:
                await stack.aclose()  # what an attempt before this one left
                return await self._fetch(order, stack)

            yield await self._persist(order.remote, fetch)

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """See `SourceKind`."""
        order = _Order(parsed(source.url), source, last, self._fetcher.limit(source))
        return await self._persist(order.remote, partial(self._look, order))

    async def expand(self, url: str) -> list[str]:
        """See `SourceKind`; sorted."""
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
                    return fetched_to(file, remote.shown, found.version)
            # Not with an open connection: it may take as long as publishing a file does.
            share = await self._spool.room(found.size)
            stack.callback(self._spool.give_back, share)

    async def _copy(
        self, order: _Order, system: _FileSystem, file: SpoolFile, found: _Found
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
            raise _Passing(
                say("{size} bytes came of {found_size}", size=file.size, found_size=found.size)
            )
        if await self._found(remote, system) != found:
            raise _Passing(say("it changed while it was fetched"))
        file.finish()

    async def _found(self, remote: _Remote, system: _FileSystem) -> _Found:
        info = await self._run(remote, partial(system.info, remote.path))
        if info.get("type") == "directory":
            raise SourceFailed(say("{shown} is a folder, no file", shown=remote.shown))
        size = info.get("size")
        version = next((str(info[name]) for name in VERSIONS if info.get(name)), None)
        return _Found(size, None if version is None else f"{version}, {size} bytes")

    # --- one connection --------------------------------------------------------------------

    @asynccontextmanager
    async def _connected(self, remote: _Remote) -> AsyncIterator[_FileSystem]:
        async with self._web.hosts[remote.host or remote.scheme.name].place():
            ip = await self._web.address_of(remote.host, remote.port) if remote.host else ""
            opening = partial(remote.open, ip, self._patience_s, self._fetcher.known_hosts)
            system = await self._run(remote, opening)
            try:
                yield system
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(_closed, system)

    @asynccontextmanager
    async def _opened(self, remote: _Remote, system: _FileSystem) -> AsyncIterator[_OpenFile]:
        opening = partial(system.open, remote.path, "rb", block_size=AHEAD)
        opened = await self._run(remote, opening)
        try:
            yield opened
        finally:
            with suppress(Exception), anyio.CancelScope(shield=True):
                await self._run(remote, opened.close)

    async def _persist(self, remote: _Remote, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, again when it failed in a way that may pass."""
        attempts, attempt = self._web.policy.attempts, 1
        while True:
            try:
                return await work()
            except _Passing as failure:
                if attempt >= attempts:
                    often = f", {attempt} times" if attempt > 1 else ""
                    raise SourceFailed(
                        say(
                            "{shown} could not be fetched{often}: {failure}",
                            shown=remote.shown,
                            often=often,
                            failure=failure,
                        )
                    ) from None
            await self._web.back_off(attempt)
            attempt += 1

    async def _run(self, remote: _Remote, call: Callable[[], T]) -> T:
        """Call what blocks, in a thread that is left behind when it takes too long."""
        try:
            with anyio.fail_after(self._patience_s):
                return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)
        except SourceFailed:
            raise
        except FileNotFoundError:
            raise SourceFailed(say("{shown}: there is no such file", shown=remote.shown)) from None
        except TimeoutError:
            raise _Passing(say("it did not answer in time")) from None
        except Exception as error:  # noqa: BLE001 - these libraries' errors share no class
            why = _in_words(error, remote)
            if isinstance(error, PermissionError) or type(error).__name__ in FOR_GOOD:
                raise SourceFailed(
                    say("{shown} could not be fetched: {why}", shown=remote.shown, why=why)
                ) from None
            raise _Passing(why) from None


def _in_words(error: Exception, remote: _Remote) -> str:
    """What a library says, on one line, without the credentials it may repeat."""
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in remote.login.values():
        text = text.replace(secret, "…") if secret else text
    return bounded(text)
