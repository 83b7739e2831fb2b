"""How the portal turns names into slugs, so that we can tell beforehand what it will store.

udata uses awesome-slugify over Unidecode; `tests/contract` holds these to the real portal.
"""

import re
from functools import lru_cache

from unidecode import unidecode

__all__ = ["extension_of", "file_slug", "tag_slug", "upload_name"]

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.]+|_+")
_NOT_IN_TAGS = re.compile(r"[^\w]+|_+")


def _slug(text: str, unwanted: re.Pattern[str]) -> str:
    ascii_text = unidecode(text).lower().replace("'", "").strip()
    return "-".join(word for word in unwanted.split(ascii_text) if word)


@lru_cache(maxsize=65536)
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


LONGEST_UPLOAD_NAME = 200
"""Characters; a slug can be longer than the name it is made of, and portals answer 500 to a
name that is too long for their storage (255 on most)."""


@lru_cache(maxsize=65536)
def upload_name(name: str) -> str:
    """The name under which we send a file called `name`: its slug, of a length all can store.

    The portal makes a slug of what it receives and that changes a slug no more, so this is
    also the name it stores the file under.
    """
    slug = file_slug(name)
    if len(slug) <= LONGEST_UPLOAD_NAME:
        return slug
    stem, dot, extension = slug.rpartition(".")
    first, _, inner = stem.rpartition(".")
    if inner in COMPRESSED_STEMS:
        stem, extension = first, f"{inner}.{extension}"
    if not dot or len(extension) > LONGEST_EXTENSION:
        return slug[:LONGEST_UPLOAD_NAME].rstrip("-.")
    return f"{stem[: LONGEST_UPLOAD_NAME - len(extension) - 1].rstrip('-.')}.{extension}"


LONGEST_EXTENSION = 20
"""Characters; what follows the last dot of a name and is longer than this is no extension."""
COMPRESSED_STEMS = frozenset({"tar", "csv", "json", "xml", "geojson", "sql", "txt", "shp"})
"""Extensions that mean something before another one, as in `.csv.gz`."""
