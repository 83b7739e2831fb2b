"""How udata names what it stores, so that we can tell beforehand.

It uses awesome-slugify over Unidecode; `tests/contract` holds these to the real portal.
"""

import re
from functools import lru_cache

from bulkpub.core.names import extension_of, slug
from bulkpub.data import formats
from bulkpub.language import say

__all__ = ["file_slug", "name_fault", "tag_slug", "upload_name"]

LONGEST_UPLOAD_NAME = 200
"""Characters; a slug can be longer than the name it is made of, and portals answer 500 to a
name that is too long for their storage (255 on most)."""
LONGEST_EXTENSION = 20
"""Characters; what follows the last dot of a name and is longer than this is no extension."""


_USUAL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*\.[a-zA-Z0-9]+")
"""Names with which nothing is wrong, as most are: what they are made of stays."""


@lru_cache(maxsize=8192)
def file_slug(name: str) -> str:
    """The name under which the portal stores a file called `name`, and its first title."""
    return slug(name, dots=True)


def tag_slug(tag: str) -> str:
    """The form in which the portal keeps a tag."""
    return slug(tag.lower())


@lru_cache(maxsize=8192)
def upload_name(name: str) -> str:
    """The name under which we send a file called `name`: its slug, of a length all can store.

    The portal makes a slug of what it receives and that changes a slug no more, so this is
    also the name it stores the file under.
    """
    slugified = file_slug(name)
    if len(slugified) <= LONGEST_UPLOAD_NAME:
        return slugified
    stem, dot, extension = slugified.rpartition(".")
    first, _, inner = stem.rpartition(".")
    if inner in formats().compressible:
        stem, extension = first, f"{inner}.{extension}"
    if not dot or len(extension) > LONGEST_EXTENSION:
        return slugified[:LONGEST_UPLOAD_NAME].rstrip("-.")
    return f"{stem[: LONGEST_UPLOAD_NAME - len(extension) - 1].rstrip('-.')}.{extension}"


def name_fault(name: str) -> str:
    """Why the portal would refuse a file called `name`, as the end of a sentence, or nothing."""
    if _USUAL.fullmatch(name):
        return ""
    if not file_slug(name).strip("."):
        return say("has a name without any letter or digit the portal could keep: rename it")
    if not extension_of(name):
        if "." in name.strip("."):
            return say("has nothing before its extension that the portal could keep: rename it")
        return say(
            "has no extension, and the portal would refuse it: rename it, to .csv for instance"
        )
    return ""
