"""Members of zip archives that are elsewhere: `zip://a/b.csv::https://c.example/d.zip`.

The rule: the archive is fetched like any file, and only the member is handed over. Of the
archive's validators the next fetch asks, so that an archive that did not change costs one small
request. A member is found by its whole name alone, and unpacked only up to the limit.
"""

import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import IO

import anyio.to_thread

from bulkpub.core.addresses import archive_of, shown_address
from bulkpub.core.model import LastFetch, UrlSource
from bulkpub.core.schemes import scheme_of
from bulkpub.errors import SourceFailed
from bulkpub.language import say
from bulkpub.sources.checks import DAMAGED_ZIP
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
)
from bulkpub.sources.file_names import plain_name
from bulkpub.sources.reach import AddressRefused
from bulkpub.sources.spool import SpoolFile

__all__ = ["ArchiveMembers"]

PIECE = 1024 * 1024


class ArchiveMembers:
    """Fetches members of archives, which `fetcher` fetches."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    @asynccontextmanager
    async def fetched(
        self,
        source: UrlSource,
        last: LastFetch | None,
        on_progress: Progress,
        name_fault: NameFault = any_name,
    ) -> AsyncIterator[Fetched]:
        """See `SourceKind`; progress is that of the archive."""
        fetcher, shown = self._fetcher, shown_address(source.url)
        member, archive = self._parts(source.url)
        refuse_name(shown, name_fault(plain_name(member)))
        async with fetcher.fetched(archive, last, on_progress) as got:
            if got.path is None:
                yield got
                return
            async with fetcher.spool.file_from(got.path, plain_name(member), shown) as file:
                await _unpack(got.path, member, file, shown, fetcher.limit(source))
                refuse_page(shown, source, file.head)
                yield fetched_to(file, shown, got.last.etag, got.last.last_modified)

    async def look(self, source: UrlSource, last: LastFetch | None) -> Looked:
        """See `SourceKind`; the archive is only looked at, so that the member may not be there."""
        member, archive = self._parts(source.url)
        looked = await self._fetcher.look(archive, last)
        if looked.unchanged:
            return looked
        return Looked(plain_name(member), None, unchanged=False, content_type="")

    async def expand(self, url: str) -> list[str]:
        """See `SourceKind`: one address is one member."""
        return [url]

    def _parts(self, url: str) -> tuple[str, UrlSource]:
        """The member's name and the archive; raises `AddressRefused` for nonsense."""
        first, archive = archive_of(url)
        member = first.partition("://")[2].strip("/")
        scheme = scheme_of(archive)
        if not archive or not member or (scheme is not None and scheme.is_archive):
            raise AddressRefused(
                say(
                    "{url} is no member of an archive: zip://MEMBER::ADDRESS",
                    url=shown_address(url),
                )
            )
        return member, UrlSource(archive, self._fetcher.max_size)


async def _unpack(archive: str, member: str, target: SpoolFile, shown: str, limit: int) -> None:
    """Write `member` of the archive at the path `archive` to `target`, `limit` bytes at most.

    Raises `SourceFailed` when it is not there, damaged, locked or larger.
    """
    with _explained(shown):
        opened = await anyio.to_thread.run_sync(partial(_opened, archive, member))
        try:
            while piece := await anyio.to_thread.run_sync(opened.read, PIECE):
                refuse_size(shown, target.size + len(piece), limit)
                await target.write(piece)
        finally:
            opened.close()
    target.finish()


def _opened(archive: str, member: str) -> IO[bytes]:
    with zipfile.ZipFile(archive) as file:  # what is opened of it stays open
        return file.open(member)


@contextmanager
def _explained(shown: str) -> Iterator[None]:
    try:
        yield
    except SourceFailed:
        raise
    except KeyError:
        raise SourceFailed(say("{shown}: the archive has no such member", shown=shown)) from None
    except (*DAMAGED_ZIP, RuntimeError, NotImplementedError, OSError) as error:
        raise SourceFailed(
            say("{shown} cannot be unpacked: {error}", shown=shown, error=error)
        ) from None
