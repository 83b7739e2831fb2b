"""Names of files and folders → titles a person would write, and titles that differ.

Pure. A title made here depends on the name alone (and on its namesakes beside it), so that
the next harvest makes the same one.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Sequence

from bulkpub.data import formats

__all__ = ["readable", "readable_path", "stem_of", "titles_of"]

_JOINTS = re.compile(r"_+|(?<=[^\W\d_])-+(?=\w)|(?<=\d)-+(?=[^\W\d_])|\s+")
"""What stands for a space; the hyphens of `2024-01-31` are kept, as are those at either end."""


def readable(name: str) -> str:
    """`comptages_velo-2024` → `Comptages velo 2024`; days such as 2024-01-31 stay whole."""
    shown = "".join(each if each.isprintable() else " " for each in name)
    text = _JOINTS.sub(" ", shown).strip()
    return text[:1].upper() + text[1:] if text else shown


def readable_path(path: str) -> str:
    """`mobilite/comptages_velo` → `Mobilite – Comptages velo`; the same for a whole path."""  # noqa: RUF002 - a dash between titles is no hyphen
    return " – ".join(readable(part) for part in path.split("/") if part)  # noqa: RUF001 - as above


def stem_of(path: str) -> str:
    """The path without the extension, a double one (`.csv.gz`) included."""
    stem, extension = posixpath.splitext(path)
    inner, inner_extension = posixpath.splitext(stem)
    if (
        extension[1:].lower() in formats().compressed
        and inner_extension[1:].lower() in formats().compressible
    ):
        return inner
    return stem


def titles_of(paths: Sequence[str]) -> list[str]:
    """A title for each file of one dataset, by its path in it; namesakes name their format.

    Of `a.csv` and `a.json` the titles are `A (csv)` and `A (json)`, and where even those are
    the same, the path itself is the title.
    """
    plain = [readable_path(stem_of(path)) for path in paths]
    shared = Counter(plain)
    titles = [
        f"{title} ({path[len(stem_of(path)) + 1 :].lower()})"
        if shared[title] > 1 and len(path) > len(stem_of(path))
        else title
        for title, path in zip(plain, paths, strict=True)
    ]
    again = Counter(titles)
    return [path if again[title] > 1 else title for title, path in zip(titles, paths, strict=True)]
