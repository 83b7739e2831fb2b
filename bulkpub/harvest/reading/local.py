"""Documents of catalogues that people saved: files of this machine, read as those of the web are.

The rule: only what was named for the harvest is read. No address in a catalogue leads to a file
here, whatever that catalogue says, and the way to a file shows nowhere: its name is its address.
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from anyio import to_thread

from bulkpub.core.schemes import scheme_of
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.base import Page, Reader
from bulkpub.language import say
from bulkpub.manifest.form import reason
from bulkpub.ordinary import open_ordinary

__all__ = ["WithFiles", "is_file"]

_LARGEST = 64 * 1024 * 1024
"""Bytes, as many as are read of a page of the web."""


def is_file(source: str) -> bool:
    """Whether `source` names a file of this machine rather than an address."""
    return scheme_of(source) is None and "://" not in source


class WithFiles:
    """Reads the files that were named from the disk, and all else with another reader."""

    def __init__(self, reader: Reader, sources: Iterable[str]) -> None:
        self._reader = reader
        self._files = frozenset(filter(is_file, sources))

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        """See `Reader`; raises `SettingsInvalid` when there is no such file."""
        if url in self._files:
            return await to_thread.run_sync(_page, url)
        if url.lower().startswith("file:"):
            raise SourceFailed(
                say("{url} is not read: name the file for the harvest as well", url=url)
            )
        return await self._reader.read(url, accept=accept)


def _page(path: str) -> Page:
    name = f"file:///{quote(Path(path).name)}"
    try:
        with open_ordinary(path) as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        hint = "" if Path(path).exists() else say("; an address begins with https://")
        raise SettingsInvalid(
            say("{path} cannot be read: {error}{hint}", path=path, error=reason(error), hint=hint)
        ) from None
    if len(content) > _LARGEST:
        raise SourceFailed(
            say(
                "{path} is larger than the {largest} bytes read of a document",
                path=path,
                largest=_LARGEST,
            )
        )
    return Page(name, content, "")
