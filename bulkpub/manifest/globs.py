"""Patterns → files, in an order that is the same on every machine.

`*`, `?` and `[..]` stay within one name; `**` stands for any number of folders and follows
no links to folders. What starts with a dot matches only a part that starts with a dot too.
The case of letters counts everywhere; how accents are written (as one character or two) does
not. A link that leads nowhere still matches, so that it
is reported rather than skipped.
"""

import fnmatch
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

from bulkpub.core.natural import natural

__all__ = ["Listing", "excluded", "expand"]

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    is_folder: bool
    is_file: bool
    is_link: bool


class Listing:
    """Reads folders, and each once unless many others came between.

    A folder that cannot be read raises OSError each time.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._kept = 0
        self._seen: dict[str, tuple[_Entry, ...]] = {}
        """The folders looked into last, with no more than `most` names in all but the last."""

    def __call__(self, folder: str) -> tuple[_Entry, ...]:
        """What is in `folder`."""
        found = self._seen.pop(folder, None)
        if found is None:
            with os.scandir(folder) as entries:
                found = tuple(_entry(entry) for entry in entries)
            self._kept += len(found)
        while self._seen and self._kept > self._most:
            self._kept -= len(self._seen.pop(next(iter(self._seen))))
        self._seen[folder] = found
        return found

    def names(self, folder: str) -> list[str]:
        """The names of the files in `folder`; empty when it cannot be read."""
        try:
            return [entry.name for entry in self(folder) if not entry.is_folder]
        except OSError:
            return []


def _entry(entry: os.DirEntry[str]) -> _Entry:
    is_link, is_folder, is_file = entry.is_symlink(), entry.is_dir(), entry.is_file()
    broken = is_link and not (is_folder or is_file) and not os.path.exists(entry.path)  # noqa: PTH110 # a path is built for no other entry
    return _Entry(entry.name, is_folder, is_file or broken, is_link)


def expand(base: str, pattern: str, listing: Listing) -> list[str]:
    """The files that match, spelled as the pattern is (relative to `base`), in natural order.

    Raises OSError for a folder on the way that cannot be read.
    """
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    root = "/" if pattern.startswith("/") else ""
    found = dict.fromkeys(_walk(base, root, parts, listing))
    return sorted(found, key=natural)


def _walk(base: str, shown: str, parts: Sequence[str], listing: Listing) -> Iterator[str]:
    part, rest = parts[0] if parts else "**", parts[1:]
    folder = posixpath.join(base, shown)
    if part == "**":
        yield from _walk_any(base, shown, rest or ["*"], listing)
    elif not _MAGIC.search(part) and (
        part.isascii() or os.path.lexists(posixpath.join(folder, part))
    ):
        yield from _walk_exact(base, posixpath.join(shown, part), rest, listing)
    elif os.path.isdir(folder):  # noqa: PTH112 # strings throughout: a manifest may match 100,000 files
        matches = _matcher(part)
        for entry in listing(folder):
            if not matches(entry.name):
                continue
            spelled = posixpath.join(shown, entry.name)
            if rest and entry.is_folder:
                yield from _walk(base, spelled, rest, listing)
            elif not rest and entry.is_file:
                yield spelled


def _walk_exact(base: str, shown: str, rest: Sequence[str], listing: Listing) -> Iterator[str]:
    path = posixpath.join(base, shown)
    if rest:
        if os.path.isdir(path):  # noqa: PTH112 # as above
            yield from _walk(base, shown, rest, listing)
    elif os.path.isfile(path):  # noqa: PTH113 # as above
        yield shown


def _walk_any(base: str, shown: str, rest: Sequence[str], listing: Listing) -> Iterator[str]:
    yield from _walk(base, shown, rest, listing)
    folder = posixpath.join(base, shown)
    if os.path.isdir(folder):  # noqa: PTH112 # as above
        for entry in listing(folder):
            if entry.is_folder and not entry.is_link and not entry.name.startswith("."):
                yield from _walk_any(base, posixpath.join(shown, entry.name), rest, listing)


class _Matcher:
    __slots__ = ("_hidden", "_regex")

    def __init__(self, part: str) -> None:
        self._regex = re.compile(fnmatch.translate(normalize("NFC", part)))
        self._hidden = part.startswith(".")

    def __call__(self, name: str) -> bool:
        return (self._hidden or not name.startswith(".")) and self.fits(name)

    def fits(self, name: str) -> bool:
        """Whether the name matches, a leading dot being a character like any other."""
        return bool(self._regex.match(name if name.isascii() else normalize("NFC", name)))


@cache
def _matcher(part: str) -> _Matcher:
    return _Matcher(part)


def excluded(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of `patterns` takes away the normalized relative `path`.

    A pattern without a slash goes for the file's own name, in any folder.
    """
    names = path.split("/")
    return any(
        _fits(posixpath.normpath(pattern).split("/"), names if "/" in pattern else names[-1:])
        for pattern in patterns
    )


def _fits(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_fits(parts[1:], names[skipped:]) for skipped in range(len(names) + 1))
    return bool(names) and _matcher(parts[0]).fits(names[0]) and _fits(parts[1:], names[1:])
