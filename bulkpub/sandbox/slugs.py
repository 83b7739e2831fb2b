"""How udata makes a dataset's slug out of its title.

Written after awesome-slugify's `max_length` rule: whole words are left out as long as they
do not fit, and only a first word that is too long by itself is cut.
"""

import re
from collections.abc import Container
from uuid import UUID

from unidecode import unidecode

__all__ = ["MAX_SLUG", "free_slug", "title_slug"]

MAX_SLUG = 255
"""Characters a slug may have in udata."""

_UNWANTED = re.compile(r"[^\w]+|_+")


def title_slug(title: str) -> str:
    """The slug of a title; empty when nothing in it can be part of one."""
    text = unidecode(title).lower().replace("'", "").strip()
    words = iter([word for word in _UNWANTED.split(text) if word])
    slug = next(words, "")
    for word in words:
        if len(slug) + 1 + len(word) <= MAX_SLUG:
            slug = f"{slug}-{word}"
    return slug[:MAX_SLUG]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def free_slug(title: str, taken: Container[str]) -> str:
    """The slug a dataset of this title gets when others have `taken` theirs."""
    base = slug = title_slug(title)
    index = 0
    while slug in taken:
        index += 1
        slug = f"{base[: MAX_SLUG - 1 - len(str(index))]}-{index}"
    return f"{slug}-uuid" if _is_uuid(slug) else slug
