"""A local folder → its folders in natural order, each with the files in it that are data.

Looks at names only. Hidden files, backups of editors and what systems leave behind are no
data; READMEs and sidecars are told apart, since they say what the data is.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

from bulkpub.manifest.globs import natural
from bulkpub.manifest.sentences import reason

__all__ = ["Folder", "absolute", "folders"]

PACKAGE = "datapackage.json"
"""The descriptor of a data package (https://datapackage.org/standard/data-package/)."""
METADATA = ("metadata.yaml", "metadata.yml")
"""Sidecars with the keys that a dataset has in a manifest."""

_README = re.compile(
    r"(readme|read[_-]me|lisez[_-]?moi)(\.(md|markdown|txt))?|description\.(md|markdown)",
    re.IGNORECASE,
)
_README_ORDER = (".md", ".markdown", ".txt", "")
_NO_DATA = (
    ".*",
    "*~",
    "#*#",
    "~$*",
    "*.bak",
    "*.swp",
    "*.tmp",
    "*.part",
    "*.crdownload",
    "thumbs.db",
    "desktop.ini",
    "bulkpub-report.json",
)
_NO_DATA_FOLDERS = (".*", "__macosx", "__pycache__", "lost+found", "$recycle.bin")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder. `path` is absolute, `inside` the way to it from the first one ('' for that).

    `files` are names in natural order; `readme`, `package` and `metadata` are names, None
    where there is none of the kind.
    """

    path: str
    inside: str
    files: tuple[str, ...]
    readme: str | None = None
    package: str | None = None
    metadata: str | None = None


def folders(
    root: str, told: Callable[[str], None], lost: Callable[[str], None]
) -> Iterator[Folder]:
    """`root` and all folders below it, parents first, empty ones included.

    Links to folders are not followed, which `told` learns; `lost` learns of the folders that
    cannot be read.
    """
    waiting = [(absolute(root), "")]
    while waiting:
        path, inside = waiting.pop()
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: natural(entry.name))
        except OSError as error:
            lost(f"the folder {inside or path} cannot be read: {reason(error)}")
            continue
        yield _folder(path, inside, [entry.name for entry in entries if not entry.is_dir()])
        for entry in reversed(entries):
            if not entry.is_dir() or _is_like(entry.name, _NO_DATA_FOLDERS):
                continue
            below = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_symlink():
                told(f"{below} is a link to a folder, and is not followed")
            elif _is_utf8(entry.name):
                waiting.append((entry.path, below))
            else:
                lost(f"the folder {below} has a name that is not UTF-8: rename it")


def absolute(path: str) -> str:
    """The path from the root, links in it as they are: the names are those the user sees."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow the links


def _folder(path: str, inside: str, names: list[str]) -> Folder:
    readmes = sorted(filter(_README.fullmatch, names), key=_readme_rank)
    sidecars = {PACKAGE, *METADATA}
    return Folder(
        path,
        inside,
        tuple(
            name
            for name in names
            if name not in readmes and name not in sidecars and not _is_like(name, _NO_DATA)
        ),
        readme=readmes[0] if readmes else None,
        package=PACKAGE if PACKAGE in names else None,
        metadata=next((name for name in METADATA if name in names), None),
    )


def _readme_rank(name: str) -> tuple[int, str]:
    return _README_ORDER.index(os.path.splitext(name)[1].lower()), name  # noqa: PTH122 - a name, no path


def _is_like(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name.lower(), pattern) for pattern in patterns)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # no manifest could spell it
        return False
    return True
