"""Paths as they are there, however whoever wrote them spells their accents.

The rule: a list from Windows has `é` as one character (NFC), a folder from a Mac as two (NFD);
both look the same, so both mean the same file. One that is there as it is written comes first.
"""

import os
import posixpath
from unicodedata import normalize

__all__ = ["as_it_is_there"]


def as_it_is_there(path: str) -> str:
    """The path of what is there by a name that looks the same; `path` itself if nothing is.

    For paths that were not found as they are written: folder by folder, since one may have come
    from elsewhere than the files in it. Raises `ValueError` for a name that no path can have.
    """
    if path.isascii():
        return path
    there, *parts = path.split("/")
    there = there or ("/" if parts else "")
    if not path.startswith("/"):
        there, parts = "", [there, *parts]
    for part in parts:
        spelled = (part, *(normalize(form, part) for form in ("NFC", "NFD")))
        found = (posixpath.join(there, each) for each in spelled)
        existing = next(filter(os.path.lexists, found), None)
        if existing is None:
            return path
        there = existing
    return there
