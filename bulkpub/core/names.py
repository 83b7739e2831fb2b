"""How the portal turns names into slugs, so that we can tell beforehand what it will store.

udata uses awesome-slugify over Unidecode; `tests/contract` holds these to the real portal.
"""

import re

from unidecode import unidecode

__all__ = ["extension_of", "file_slug", "tag_slug"]

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.]+|_+")
_NOT_IN_TAGS = re.compile(r"[^\w]+|_+")


def _slug(text: str, unwanted: re.Pattern[str]) -> str:
    ascii_text = unidecode(text).lower().replace("'", "").strip()
    return "-".join(word for word in unwanted.split(ascii_text) if word)


def file_slug(name: str) -> str:
    """The name under which the portal stores a file called `name`, and its first title."""
    return _slug(name, _NOT_IN_FILE_NAMES)


def tag_slug(tag: str) -> str:
    """The form in which the portal keeps a tag."""
    return _slug(tag.lower(), _NOT_IN_TAGS)


def extension_of(name: str) -> str:
    """The extension by which the portal allows or refuses a file called `name`; may be empty.

    Only the last part of the slugified name counts, and a name that is nothing but an
    extension (`.csv`) has none.
    """
    stem, dot, extension = file_slug(name).rpartition(".")
    return extension if dot and stem.strip(".") else ""
