"""Finds the files a manifest names, and says what keeps one from being published.

Looks at names and at one `stat` a file; what is in them is never read. All paths are taken
from the manifest's folder.
"""

import os
import posixpath
import stat
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from bulkpub.accents import as_it_is_there
from bulkpub.core.rules import Rules
from bulkpub.language import say
from bulkpub.manifest.form import reason
from bulkpub.manifest.globs import Listing, excluded, expand
from bulkpub.manifest.values import suggestion

__all__ = ["Files", "Found", "Unusable", "safe", "slashes"]

_MOST_SUGGESTIONS = 20
"""Comparing names takes time; after this many missing files nobody reads the hints."""
_MOST_NAMES = 2_000


class Unusable(Exception):
    """The file or pattern cannot be published; the message is a sentence for the user.

    `missing` is True when there is simply nothing there, which `optional: true` allows.
    """

    def __init__(self, sentence: str, *, missing: bool = False) -> None:
        self.missing = missing
        super().__init__(sentence)


class Found(NamedTuple):
    """A file: where it is, how the manifest spells it, its default key, its time in seconds.

    `name` is its own, `folder` that of the folder it is in.
    """

    path: str
    shown: str
    key: str
    mtime: float
    name: str
    folder: str


class Files:
    """The files around one manifest, whose folder is `base` (absolute)."""

    def __init__(self, base: str, rules: Rules) -> None:
        self._base = base
        self._beside = posixpath.join(base, "")
        self._inside = posixpath.normpath(base).rstrip("/") + "/"
        self._file_fault = rules.file_fault
        self._listing = Listing()
        self._named = array("q")
        """A number for each file that was named, which tells it from all others."""
        self._missed: dict[str, str] = {}
        """Paths of files that are not there, by the sentences that say so."""

    def glob(
        self, pattern: str, exclude: Sequence[str], *, renamed: bool = False
    ) -> tuple[list[Found], list[str]]:
        """The files that match, and a sentence for each that cannot be published.

        Those to be `renamed` may be called whatever they are.

        Raises `Unusable` when nothing matches or a folder cannot be read.
        """
        try:
            matches = expand(self._base, pattern, self._listing)
        except OSError as error:
            raise Unusable(
                say(
                    "the folder {filename} cannot be read: {error}",
                    filename=error.filename,
                    error=reason(error),
                )
            ) from None
        except ValueError:
            raise Unusable(
                say(
                    "the pattern {pattern!r} holds a character no path can have{hint}",
                    pattern=pattern,
                    hint=slashes(pattern),
                )
            ) from None
        for each in exclude:  # one that takes nothing away publishes what nobody wanted
            if "\\" in each and not any(excluded(self._key(match), [each]) for match in matches):
                raise Unusable(
                    say(
                        "nothing is excluded by {pattern}{hint}",
                        pattern=safe(each),
                        hint=slashes(each),
                    )
                )
        kept = [match for match in matches if not excluded(self._key(match), exclude)]
        if not kept:
            left_out = len(matches)
            why = (
                say(": all {left_out} files it matches are excluded", left_out=left_out)
                if left_out
                else ""
            )
            hint = slashes(pattern) or say("; write `optional: true` if that may be")
            raise Unusable(
                say(
                    "no file matches {pattern}{why}{hint}",
                    pattern=safe(pattern),
                    why=why,
                    hint=hint,
                ),
                missing=True,
            )
        found: list[Found] = []
        sentences: list[str] = []
        for match in kept:
            try:
                found.append(self.path(match, renamed=renamed))
            except Unusable as error:
                sentences.append(str(error))
        return found, sentences

    def path(self, shown: str, *, renamed: bool = False) -> Found:
        """The one file written as `shown`, `renamed` as in `glob`; raises `Unusable`."""
        # Not normalized: behind a link to a folder, `..` is where the system says it is.
        path = shown if shown.startswith("/") else self._beside + shown
        try:
            path, status = _stat(path)
        except FileNotFoundError:
            raise Unusable(self._missing(path, shown), missing=True) from None
        except ValueError:
            raise Unusable(
                say(
                    "the path {shown!r} holds a character no path can have{hint}",
                    shown=shown,
                    hint=slashes(shown),
                )
            ) from None
        except OSError as error:
            raise Unusable(
                say(
                    "the file {shown} cannot be read: {error}",
                    shown=safe(shown),
                    error=reason(error),
                )
            ) from None
        if stat.S_ISDIR(status.st_mode):
            inside = posixpath.join(shown, "*")
            raise Unusable(
                say(
                    "{shown} is a folder; for the files in it write `glob: {inside}`",
                    shown=shown,
                    inside=inside,
                )
            )
        if not stat.S_ISREG(status.st_mode):
            raise Unusable(say("{shown} is not an ordinary file", shown=safe(shown)))
        if not os.access(path, os.R_OK):
            raise Unusable(
                say("the file {shown} cannot be read: permission denied", shown=safe(shown))
            )
        normal = posixpath.normpath(path)
        above, _, name = normal.rpartition("/")
        if fault := "" if renamed else self._name_fault(name):
            raise Unusable(say("the file {shown} {fault}", shown=safe(shown), fault=fault))
        self._named.append(hash(normal))
        return Found(path, shown, self._key(shown), status.st_mtime, name, above.rpartition("/")[2])

    def _name_fault(self, name: str) -> str:
        """Why the portal would refuse a file called `name`: the end of a sentence, or nothing."""
        if not name.isascii():
            try:
                name.encode()
            except UnicodeEncodeError:
                return say("has a name that is not UTF-8: rename it")
        return self._file_fault(name)

    def _key(self, shown: str) -> str:
        return posixpath.normpath(shown).removeprefix(self._inside)

    def _missing(self, path: str, shown: str) -> str:
        if hint := slashes(shown):
            return say("the file {shown} does not exist{hint}", shown=safe(shown), hint=hint)
        if os.path.islink(path):  # noqa: PTH114 # beside os.stat
            return say("{shown} is a link to a file that does not exist", shown=safe(shown))
        folder = posixpath.dirname(path)
        if not os.path.isdir(folder):  # noqa: PTH112 # beside os.stat
            return say(
                "the file {shown} does not exist, nor does its folder {folder}",
                shown=safe(shown),
                folder=_dirname(shown),
            )
        sentence = say("the file {shown} does not exist", shown=safe(shown))
        self._missed[sentence] = posixpath.normpath(path)
        return sentence

    def named_again(self, paths: Iterable[str]) -> set[str]:
        """Those of the paths, which are normalized, that were named more than once."""
        numbers = {hash(path): path for path in paths}
        counts = Counter(filter(numbers.__contains__, self._named))
        return {numbers[number] for number, count in counts.items() if count > 1}

    def meant(self) -> dict[str, str]:
        """What is to be added to sentences that were said: what is there, and may be meant.

        It is known when all files were named: nobody who misspells one means another of these.
        """
        hints: dict[str, str] = {}
        for sentence, path in islice(self._missed.items(), _MOST_SUGGESTIONS):
            folder, name = posixpath.split(path)
            names = self._listing.names(folder)[:_MOST_NAMES]
            beside = {hash(posixpath.join(folder, each)): each for each in names}
            named = {beside[number] for number in self._named if number in beside}
            if hint := suggestion(name, names, named):
                hints[sentence] = hint
        return hints


def _stat(path: str) -> tuple[str, os.stat_result]:
    """The path of what is there, and its status, however its accents are written."""
    try:
        return path, os.stat(path)  # noqa: PTH116 # one call a file, and no object for each
    except FileNotFoundError:
        there = as_it_is_there(path)
        return there, os.stat(there)  # noqa: PTH116 # as above


_ESCAPED = "\0\a\b\t\n\v\f\r\x1b\x85\u2028\u2029"
"""What the escapes of YAML, TOML and JSON with one letter make, and no name of a file holds."""


def slashes(shown: str) -> str:
    """What to do about a path of Windows that leads nowhere; empty for any other."""
    if "\\" in shown:
        return say("; write / between folders: {path}", path=safe(shown).replace(chr(92), "/"))
    if any(character in shown for character in _ESCAPED):
        return say("; a \\ between double quotes begins an escape: write / between folders")
    return ""


def _dirname(shown: str) -> str:
    return posixpath.dirname(posixpath.normpath(shown)) or "."


def safe(shown: str) -> str:
    """`shown` with what UTF-8 or a line cannot hold made visible, so that it can be printed."""
    text = shown.encode("utf-8", "backslashreplace").decode()
    return text if text.isprintable() else repr(text)
