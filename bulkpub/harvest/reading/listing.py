"""The listing of a folder as web servers make it → its files and sub-folders; pure.

Understood is whatever links to what is below itself: Apache, nginx, lighttpd, Python's
http.server, a page made by hand. A link that sorts, goes up, carries a query or leads anywhere
else is no file; neither is one that only pretends to stay (`%2e%2e/`).
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

__all__ = ["Entry", "Listing", "folder_of", "read_listing"]

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
    """A file or sub-folder: its address, and the day it changed, where the listing tells."""

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
