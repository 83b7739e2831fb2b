"""Members of zip archives that are elsewhere: `zip://a/b.csv::https://c.example/d.zip`.

The rule: the archive is fetched like any file, and only the member is handed over. Of the
archive's validators the next fetch asks, so that an archive that did not change costs one small
request. A member is found by its whole name alone, and unpacked only up to the limit.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

import anyio.to_thread

from bulkpub.core.addresses import shown_address
from bulkpub.errors import SourceFailed
from bulkpub.sources.addresses import AddressRefused
from bulkpub.sources.archives import DAMAGED
from bulkpub.sources.incoming import refuse_size
from bulkpub.sources.spool import SpoolFile

__all__ = ["is_member", "parts_of", "unpack"]

SCHEME, BETWEEN = "zip://", "::"
PIECE = 1024 * 1024


def is_member(url: str) -> bool:
    """Whether `url` means a member of an archive."""
    return url[: len(SCHEME)].lower() == SCHEME


def parts_of(url: str) -> tuple[str, str]:
    """The member's name and the archive's address; raises `AddressRefused` for nonsense."""
    member, between, archive = url[len(SCHEME) :].partition(BETWEEN)
    if not between or not member.strip("/") or is_member(archive):
        raise AddressRefused(
            f"{shown_address(url)} is no member of an archive: zip://MEMBER::ADDRESS"
        )
    return member.strip("/"), archive


async def unpack(archive: str, member: str, target: SpoolFile, *, shown: str, limit: int) -> None:
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
        raise SourceFailed(f"{shown}: the archive has no such member") from None
    except (*DAMAGED, RuntimeError, NotImplementedError, OSError) as error:
        raise SourceFailed(f"{shown} cannot be unpacked: {error}") from None
