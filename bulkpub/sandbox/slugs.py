"""How udata makes slugs: of a dataset's title, of a file's name, of a tag.

That of a title is written after awesome-slugify's `max_length` rule: whole words are left out as
long as they do not fit, and only a first word that is too long by itself is cut.
"""

import re
from collections.abc import Container
from uuid import UUID

from bulkpub.core.names import extension_of, slug
from bulkpub.letters import plain

__all__ = ["MAX_SLUG", "extension_of", "file_slug", "free_slug", "tag_slug", "title_slug"]

MAX_SLUG = 255
"""Characters a slug may have in udata."""

_UNWANTED = re.compile(r"[^\w]+|_+")


def title_slug(title: str) -> str:
    """The slug of a title; empty when nothing in it can be part of one."""
    text = plain(title).lower().replace("'", "").strip()
    words = iter([word for word in _UNWANTED.split(text) if word])
    made = next(words, "")
    for word in words:
        if len(made) + 1 + len(word) <= MAX_SLUG:
            made = f"{made}-{word}"
    return made[:MAX_SLUG]


def file_slug(name: str) -> str:
    """The name under which a file is stored; empty when nothing in it can be part of one."""
    return slug(name, dots=True)


def tag_slug(tag: str) -> str:
    """The form in which a tag is kept."""
    return slug(tag.lower())


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def free_slug(title: str, taken: Container[str]) -> str:
    """The slug a dataset of this title gets when others have `taken` theirs."""
    base = free = title_slug(title)
    index = 0
    while free in taken:
        index += 1
        free = f"{base[: MAX_SLUG - 1 - len(str(index))]}-{index}"
    return f"{free}-uuid" if _is_uuid(free) else free
