"""`bulkpub harvest index URL`: what a web server lists of its folders → one dataset a folder.

Goes no deeper than asked for, never above the address it was given, and into no folder twice:
servers show links to folders as folders, and some of those lead round in circles.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote, urlsplit

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.names import extension_of
from bulkpub.errors import SourceFailed
from bulkpub.harvest.found import Found, Harvest, Page, Reader
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.reading.listing import Entry, Listing, folder_of, read_listing
from bulkpub.harvest.reading.paging import address_parts
from bulkpub.harvest.words.naming import readable_path, titles_of
from bulkpub.manifest.addresses import public

__all__ = ["harvest"]

DEEPEST = 12
"""Folders below the first one; trees of data are shallower, circles are not."""
MOST_FOLDERS = 10_000
"""Folders read in one harvest; a server that has more is harvested in parts."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_PAGES = frozenset({"html", "htm", "xhtml", "php", "asp", "aspx", "jsp"})


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:
    """The datasets below the listing at `source`; with `options.recursive`, of all folders.

    Raises `SourceFailed` when `source` cannot be read or is no listing; a folder further down
    that cannot be read is lost, and the rest goes on.
    """
    if "@" in address_parts(source).netloc:
        options.note("the password of the address does not go into the manifest")
    walk = _Walk(source, reader, options)
    async for folder in walk.folders():
        found = walk.found(folder)
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that was read: its address, how deep it is, the listings above it."""

    url: str
    above: tuple[tuple[str, ...], ...]
    listing: Listing


class _Walk:
    """One server's folders, from the address that was given downwards."""

    def __init__(self, source: str, reader: Reader, options: HarvestOptions) -> None:
        self._source = source
        self._reader = reader
        self._options = options
        self._start = ""

    async def folders(self) -> AsyncIterator[_Folder]:
        """The folders in the server's order, parents first."""
        first = await self._read(self._source, ())
        self._start = first.url
        waiting, seen = [first], {first.url}
        while waiting:
            folder = waiting.pop()
            yield folder
            if not self._options.recursive:
                self._tell_of_rest(folder)
                continue
            below = []
            for entry in folder.listing.entries:
                if not entry.is_folder or entry.url in seen:
                    continue
                seen.add(entry.url)
                if len(seen) > MOST_FOLDERS:
                    self._options.lost(
                        f"{public(self._source)} has more than {MOST_FOLDERS} folders: "
                        "harvest its sub-folders one by one"
                    )
                    return
                if (found := await self._descend(entry, folder)) is not None:
                    below.append(found)
            waiting += reversed(below)

    def _tell_of_rest(self, folder: _Folder) -> None:
        below = sum(entry.is_folder for entry in folder.listing.entries)
        if below:
            what = "sub-folder is" if below == 1 else "sub-folders are"
            self._options.note(
                f"{below} {what} left out: `recursive` takes what is in sub-folders, too"
            )

    async def _descend(self, entry: Entry, folder: _Folder) -> _Folder | None:
        above = (*folder.above, _shape(folder))
        if len(above) > DEEPEST:
            self._options.lost(f"{public(entry.url)} is more than {DEEPEST} folders deep")
            return None
        try:
            found = await self._read(entry.url, above)
        except SourceFailed as error:
            self._options.lost(str(error))
            return None
        if unquote(found.url) != unquote(entry.url):
            self._options.note(f"{public(entry.url)} leads elsewhere and is not followed")
            return None
        if found.listing.entries and _shape(found) in above:
            self._options.note(
                f"{public(entry.url)} lists the same as a folder above it: taken for a circle"
            )
            return None
        return found

    async def _read(self, url: str, above: tuple[tuple[str, ...], ...]) -> _Folder:
        page = await self._reader.read(url, accept="text/html")
        _check_listing(page, url)
        folder = folder_of(page.url)
        listing = read_listing(page.text(), folder)
        if not listing.entries and not listing.titled:
            raise SourceFailed(f"{public(url)} is a page that lists no files")
        return _Folder(folder, above, listing)

    # --- one dataset -------------------------------------------------------------------------

    def found(self, folder: _Folder) -> Found | None:
        """The dataset of a folder; None when it has no files, or is not asked for."""
        notes: list[str] = []
        files = [entry for entry in folder.listing.entries if not entry.is_folder]
        if not self._options.links:
            pages = [entry.url for entry in files if _is_page(entry.url)]
            files = [entry for entry in files if not _is_page(entry.url)]
            notes += [f"{public(url)} is left out: it is a page, not a file" for url in pages]
        if not files:
            where = public(folder.url)
            if notes:
                self._options.note(f"{where} has no file but pages")
            return None
        names = [unquote(entry.url.removeprefix(folder.url)) for entry in files]
        title = self._title(folder)
        notes.append("a listing says nothing of its files: the description is only the address")
        metadata = DatasetMetadata(title=title, description=f"{title}\n\n{public(folder.url)}")
        resources = tuple(
            self._resource(entry.url, name)
            for entry, name in zip(files, titles_of(names), strict=True)
        )
        spec = DatasetSpec(_key(folder.url), metadata, resources)
        if not self._options.wanted(spec, _newest(files)):
            return None
        return Found(spec, tuple(notes))

    def _title(self, folder: _Folder) -> str:
        """The names of the folders from the first one down; it is the last of its own address."""
        parts = urlsplit(self._start)
        first = (
            unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc.rpartition("@")[2]
        )
        inside = unquote(folder.url.removeprefix(self._start)).strip("/")
        return readable_path(f"{first}/{inside}")

    def _resource(self, url: str, title: str) -> ResourceSpec:
        source = LinkSource(url) if self._options.links else UrlSource(url)
        return ResourceSpec(public(url), source, ResourceMetadata(title=title))


def _check_listing(page: Page, url: str) -> None:
    if page.content_type and page.content_type not in _HTML:
        raise SourceFailed(
            f"{public(url)} is no directory listing but {page.content_type}: give the address "
            "of the folder"
        )


def _shape(folder: _Folder) -> tuple[str, ...]:
    """What a folder lists, by names alone: two that list the same may be one."""
    return tuple(entry.url.removeprefix(folder.url) for entry in folder.listing.entries)


def _is_page(url: str) -> bool:
    return extension_of(unquote(urlsplit(url).path.rpartition("/")[2])) in _PAGES


def _key(url: str) -> str:
    """The address without its scheme: the same over http and https."""
    parts = urlsplit(public(url))
    return f"{parts.netloc}{unquote(parts.path)}".strip("/")


def _newest(files: list[Entry]) -> date | None:
    """The last day on which a file changed; None when the listing does not tell of one."""
    days = [entry.modified for entry in files]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
