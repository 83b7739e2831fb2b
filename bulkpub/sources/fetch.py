"""Fetching a file from elsewhere: only if it changed, into the spool, checked and hashed.

The rule: what is handed over is complete, and is the file: of the length announced, within the
limits, one version from the first byte to the last, and no page of HTML in its place. How that
is done is a matter of the address's scheme: `bulkpub.core.schemes` lists them, and names what
fetches each (a `SourceKind`).
"""

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol, cast

from bulkpub.core.model import FileSource, Fingerprint, LastFetch, UrlSource
from bulkpub.core.schemes import SCHEMES, scheme_of
from bulkpub.errors import NotAFile, SourceFailed
from bulkpub.language import say
from bulkpub.sources.html_page import is_html
from bulkpub.sources.local import fingerprint
from bulkpub.sources.spool import Spool, SpoolFile
from bulkpub.sources.web import Web

__all__ = [
    "Fetched",
    "Fetcher",
    "Looked",
    "NameFault",
    "Progress",
    "SourceKind",
    "any_name",
    "fetched_to",
    "refuse_name",
    "refuse_page",
    "refuse_size",
    "unchanged",
]

GIB = 1024**3

Progress = Callable[[int, int | None], None]
"""Is called with the bytes of the file so far, and in all, if known; anew when it starts over."""

NameFault = Callable[[str], str | None]
"""Why a file of this name is not wanted, as a sentence; None when it is."""


def any_name(_name: str) -> None:
    """Every name is wanted."""


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
    """What a source says of its file: its size in bytes, if it does, and its content type.

    `unchanged`: it is the one that was fetched last.
    """

    name: str
    size: int | None
    unchanged: bool
    content_type: str


class SourceKind(Protocol):
    """What fetches from the addresses of some schemes; it is made with the `Fetcher` it serves.

    All raise `SourceFailed`, whose sentence shows the address, when a file cannot be had.
    """

    def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AbstractAsyncContextManager[Fetched]:
        """The file, in the spool for as long as the context lasts; see `Fetcher.fetched`."""

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """What there is, without fetching it; see `Fetcher.look`."""

    async def expand(self, url: str) -> list[str]:
        """The addresses of the files that fit the pattern `url`; see `Fetcher.expand`."""


class Fetcher:
    """Fetches files into `spool`; whom it reaches and how patiently it asks is as of `web`.

    A file has `max_size` bytes at most, unless its source says otherwise; `known_hosts` is the
    file with the keys of SFTP servers, None for the user's. `portal_web` is what permalinks are
    read through: the same as `web`, but that it reaches the portal's host wherever that is
    (None: `web`).
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
        self.web = web
        self.spool = spool
        self.max_size = max_size
        self.known_hosts = known_hosts
        self._portal_web = portal_web or web
        self._kinds: dict[str, SourceKind] = {}

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AsyncIterator[Fetched]:
        """The file at `source`, for as long as the context lasts; `last` asks only for a new one.

        One whose name has a fault is refused as soon as the name is known, with its first bytes.
        Raises `SourceFailed`: nothing stays in the spool.
        """
        kind = self._kind(source.url)
        async with kind.fetched(source, last, on_progress, name_fault) as got:
            yield got

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """What is at `source`, by what its server says of it and its first bytes alone.

        Raises `NotAFile` when it is a page, `SourceFailed` when it could not be fetched.
        """
        return await self._kind(source.url).look(source, last)

    async def expand(self, url: str) -> list[str]:
        """The addresses that `url` stands for: of the files that fit, when it has a pattern.

        Patterns are `*`, `?`, `[...]` and `**`, where the scheme has them; without one, it is
        `url` itself.
        """
        return await self._kind(url).expand(url)

    async def published(
        self, permalink: str, size: int, own: Mapping[str, str] | None = None
    ) -> tuple[str, int]:
        """The digest (hex) and the size of what everybody gets by a permalink of the portal's.

        Reading stops soon after `size` bytes, as more than that is different anyway. No key and
        no cookie is sent, unless in the headers `own`, for the portal itself. Raises
        `SourceFailed`.
        """
        return await self._portal_web.digest_of(permalink, size, self.spool.kind, own)

    def limit(self, source: UrlSource) -> int:
        """The bytes that the file at `source` may have."""
        return self.max_size if source.max_size is None else source.max_size

    def _kind(self, url: str) -> SourceKind:
        scheme = scheme_of(url) or SCHEMES["https"]  # whatever else it is, the web refuses it
        if scheme.fetched_by not in self._kinds:
            module, _, name = scheme.fetched_by.partition(":")
            kind = cast(
                "Callable[[Fetcher], SourceKind]", getattr(importlib.import_module(module), name)
            )
            self._kinds[scheme.fetched_by] = kind(self)
        return self._kinds[scheme.fetched_by]


# --- for every kind -----------------------------------------------------------------------


def unchanged(last: LastFetch) -> Fetched:
    """Nothing was fetched: it is what was fetched last."""
    return Fetched(None, last.name, Fingerprint(last.size, digest=last.digest), last)


def fetched_to(
    file: SpoolFile, shown: str, etag: str | None, last_modified: str | None = None
) -> Fetched:
    """What lies in the spool, complete."""
    known = fingerprint(FileSource(str(file.path), shown))
    name = file.path.name
    last = LastFetch(file.digest, known.size, name, etag, last_modified)
    return Fetched(str(file.path), name, replace(known, digest=file.digest), last)


def refuse_name(shown: str, why: str | None) -> None:
    """Raise `SourceFailed` when there is a fault with the file's name."""
    if why:
        raise SourceFailed(f"{shown}: {why}")


def refuse_size(shown: str, size: int | None, limit: int) -> None:
    """Raise `SourceFailed` when `size` bytes are more than `limit`."""
    if size is not None and size > limit:
        raise SourceFailed(
            say(
                "{shown} is larger than the {limit} bytes allowed (max_size)",
                shown=shown,
                limit=limit,
            )
        )


def refuse_page(shown: str, source: UrlSource, head: bytes) -> None:
    """Raise `NotAFile` when `head` begins a page of HTML that nobody expects."""
    if not source.html and is_html(head):
        raise NotAFile(
            say("{shown} is a page of HTML, no file; if one is wanted: expect: html", shown=shown)
        )
