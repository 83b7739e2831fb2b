"""`bulkpub harvest index URL`: what a web server lists of its folders → one dataset a folder.

Goes no deeper than asked for, never above the address it was given, and into no folder twice:
servers show links to folders as folders, and some of those lead round in circles.

Understood as a listing is whatever links to what is below itself: Apache, nginx, lighttpd,
Python's http.server, a page made by hand. A link that sorts, goes up, carries a query or leads
anywhere else is no file; neither is one that only pretends to stay (`%2e%2e/`).
"""

import posixpath
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from bulkpub.core.addresses import place_of, redacted
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.names import extension_of
from bulkpub.core.origin import PLACE_EXTRA
from bulkpub.data import formats
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, Page, Reader
from bulkpub.harvest.paging import address_parts
from bulkpub.harvest.reading.local import is_file
from bulkpub.harvest.words.naming import readable_path, titles_of
from bulkpub.harvest.words.refused import without_refused
from bulkpub.language import say

__all__ = ["Entry", "Listing", "folder_of", "harvest", "read_listing"]

DEEPEST = 12
"""Folders below the first one; trees of data are shallower, circles are not."""
MOST_FOLDERS = 10_000
"""Folders read in one harvest; a server that has more is harvested in parts."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b"),  # Apache, Caddy
    re.compile(r"\b(?P<d>\d{1,2})-(?P<m>[A-Za-z]{3})-(?P<y>\d{4})\b"),  # nginx, older Apache
    re.compile(r"\b(?P<y>\d{4})-(?P<m>[A-Za-z]{3})-(?P<d>\d{1,2})\b"),  # lighttpd
)
_SAFE = "/%:@!$&'()+,;=~-._"
"""What may stand in a path as it is; a server may well have left the rest unquoted."""
_TITLE = re.compile(r"^\s*(index of|directory listing for|listing of)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or sub-folder: its address, and the day it changed, where the listing says."""

    url: str
    modified: date | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder: its address ends in a slash, as servers have it."""
        return self.url.endswith("/")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a page lists, in its order, each once; `titled` when it calls itself a listing."""

    entries: tuple[Entry, ...]
    titled: bool


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:
    """The datasets below the listing at `source`; with `options.recursive`, of all folders.

    Raises `SettingsInvalid` when `source` is no address, `SourceFailed` when it cannot be read or
    is no listing; a folder further down that cannot be read is lost, and the rest goes on.
    """
    if is_file(source):
        raise SettingsInvalid(
            say(
                "'{source}' is no address, and a saved listing does not say where its files are: "
                "give the listing's address, or harvest the files themselves as a folder",
                source=source,
            )
        )
    if "@" in address_parts(source).netloc:
        options.note(say("the password of the address does not go into the manifest"))
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
                self._note_rest(folder)
                continue
            below = []
            for entry in folder.listing.entries:
                if not entry.is_folder or entry.url in seen:
                    continue
                seen.add(entry.url)
                if len(seen) > MOST_FOLDERS:
                    self._options.lost(
                        say(
                            "{source} has more than {most_folders} folders: harvest its "
                            "sub-folders one by one",
                            source=redacted(self._source),
                            most_folders=MOST_FOLDERS,
                        )
                    )
                    return
                if (found := await self._descend(entry, folder)) is not None:
                    below.append(found)
            waiting += reversed(below)

    def _note_rest(self, folder: _Folder) -> None:
        below = sum(entry.is_folder for entry in folder.listing.entries)
        if below:
            what = say("sub-folder is") if below == 1 else say("sub-folders are")
            self._options.note(
                say(
                    "{below} {what} left out: `recursive` takes what is in sub-folders, too",
                    below=below,
                    what=what,
                )
            )

    async def _descend(self, entry: Entry, folder: _Folder) -> _Folder | None:
        above = (*folder.above, _shape(folder))
        if len(above) > DEEPEST:
            self._options.lost(
                say(
                    "{url} is more than {deepest} folders deep",
                    url=redacted(entry.url),
                    deepest=DEEPEST,
                )
            )
            return None
        try:
            found = await self._read(entry.url, above)
        except SourceFailed as error:
            self._options.lost(str(error))
            return None
        if unquote(found.url) != unquote(entry.url):
            self._options.note(
                say("{url} leads elsewhere and is not followed", url=redacted(entry.url))
            )
            return None
        if found.listing.entries and _shape(found) in above:
            self._options.note(
                say(
                    "{url} lists the same as a folder above it: taken for a circle",
                    url=redacted(entry.url),
                )
            )
            return None
        return found

    async def _read(self, url: str, above: tuple[tuple[str, ...], ...]) -> _Folder:
        page = await self._reader.read(url, accept="text/html")
        _check_listing(page, url)
        folder = folder_of(page.url)
        listing = read_listing(page.text(), folder)
        if not listing.entries and not listing.titled:
            raise SourceFailed(say("{url} is a page that lists no files", url=redacted(url)))
        return _Folder(folder, above, listing)

    # --- one dataset -------------------------------------------------------------------------

    def found(self, folder: _Folder) -> Found | None:
        """The dataset of a folder; None when it has no files, or is not asked for."""
        notes: list[str] = []
        files = [entry for entry in folder.listing.entries if not entry.is_folder]
        if not self._options.links:
            pages = [entry.url for entry in files if _is_page(entry.url)]
            files = [entry for entry in files if not _is_page(entry.url)]
            notes += [
                say("{url} is left out: it is a page, not a file", url=redacted(url))
                for url in pages
            ]
            named = [(entry, _name(entry.url)) for entry in files]
            files, refused = without_refused(named, self._options.rules.extensions_known)
            notes += refused
        if not files:
            where = redacted(folder.url)
            if notes:
                self._options.note(
                    say(
                        "{where} has no file that can be hosted: {notes}",
                        where=where,
                        notes="; ".join(notes),
                    )
                )
            return None
        names = [unquote(entry.url.removeprefix(folder.url)) for entry in files]
        title = self._title(folder)
        notes.append(
            say("a listing says nothing of its files: the description is only the address")
        )
        metadata = DatasetMetadata(
            title=title,
            description=f"{title}\n\n{redacted(folder.url)}",
            extras={PLACE_EXTRA: place_of(self._source)},
        )
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
        return ResourceSpec(redacted(url), source, ResourceMetadata(title=title))


def _check_listing(page: Page, url: str) -> None:
    if page.content_type and page.content_type not in _HTML:
        raise SourceFailed(
            say(
                "{url} is no directory listing but {content_type}: give the address of the folder",
                url=redacted(url),
                content_type=page.content_type,
            )
        )


def _shape(folder: _Folder) -> tuple[str, ...]:
    """What a folder lists, by names alone: two that list the same may be one."""
    return tuple(entry.url.removeprefix(folder.url) for entry in folder.listing.entries)


def _is_page(url: str) -> bool:
    return extension_of(_name(url)) in formats().page_extensions


def _name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _key(url: str) -> str:
    """The address without its scheme, in plain letters: the same over http and https."""
    return unquote(place_of(url))


def _newest(files: list[Entry]) -> date | None:
    """The last day on which a file changed; None when the listing does not say."""
    days = [entry.modified for entry in files]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


# --- one listing ---------------------------------------------------------------------------


def folder_of(url: str) -> str:
    """The address of the folder that a listing at `url` shows: without query and file name.

    What has no slash at its end and no file name either (`/data`) is a folder all the same.
    """
    parts = urlsplit(url)
    head, _, last = parts.path.rpartition("/")
    if last and "." not in last:
        head = f"{head}/{last}"
    return urlunsplit((parts.scheme, parts.netloc, f"{head}/", "", ""))


def read_listing(html: str, folder: str) -> Listing:
    """What the page lists that is below `folder`, which is its address as `folder_of` has it."""
    parser = _Links()
    parser.feed(html)
    parser.close()
    found: dict[str, Entry] = {}
    for href, text in parser.links:
        url = _below(href, folder)
        if url is not None and url not in found:
            found[url] = Entry(url, _day(text))
    return Listing(tuple(found.values()), bool(_TITLE.match(parser.title)))


def _below(href: str, folder: str) -> str | None:
    """The address `href` leads to, when that is something below `folder`."""
    try:
        parts = urlsplit(urljoin(folder, href.strip()))
        home = urlsplit(folder)
    except ValueError:  # a bracket left open
        return None
    if parts.query or (parts.scheme, parts.netloc) != (home.scheme, home.netloc):
        return None
    steps = [unquote(step) for step in parts.path.split("/")]
    if any(step in {".", ".."} or "/" in step or "\\" in step or "\0" in step for step in steps):
        return None
    if not parts.path.startswith(home.path) or parts.path == home.path:
        return None
    name = unquote(posixpath.basename(parts.path.rstrip("/")))
    if name.startswith(".") or not name.isprintable():
        return None
    return urlunsplit((parts.scheme, parts.netloc, quote(parts.path, safe=_SAFE), "", ""))


def _day(text: str) -> date | None:
    for pattern in _DATES:
        if match := pattern.search(text):
            month = match["m"].lower()
            number = _MONTHS.index(month) + 1 if month in _MONTHS else month
            try:
                return date(int(match["y"]), int(number), int(match["d"]))
            except ValueError:
                continue
    return None


class _Links(HTMLParser):
    """The links of a page, each with the text that follows it up to the next one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._links: list[tuple[str, list[str]]] = []
        self._inside: str | None = None

    @property
    def links(self) -> Iterator[tuple[str, str]]:
        """The addresses as written, and the text after each."""
        return ((href, "".join(text)) for href, text in self._links)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a link, or that text of a link or of the title begins."""
        if tag == "a":
            href = dict(attrs).get("href")
            if href:
                self._links.append((href, []))
        if tag in {"a", "title"}:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Notice that the text of a link or of the title is over."""
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        """Text: of the title, or after a link; a date in a file's own name is no date of it."""
        if self._inside == "title":
            self.title += data
        elif self._inside is None and self._links:
            self._links[-1][1].append(data)
