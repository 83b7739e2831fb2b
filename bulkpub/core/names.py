"""Names in plain letters: words of ASCII letters and digits, joined by hyphens.

Keys of datasets are made so of titles, and most portals name what they store in some such way.
"""

import re
from functools import lru_cache

from bulkpub.letters import plain

__all__ = ["extension_of", "key_of", "plain_words", "slug"]

_NO_WORD = re.compile(r"[\W_]+")
_BETWEEN_WORDS = re.compile(r"[^\w]+|_+")
_BETWEEN_WORDS_AND_DOTS = re.compile(r"[^\w.]+|_+")


@lru_cache(maxsize=4096)  # a file's name is asked about at each step of its way
def slug(text: str, *, dots: bool = False) -> str:
    """`text` in plain letters: `Été à Paris` is `ete-a-paris`; with `dots`, those stay."""
    ascii_text = plain(text).lower().replace("'", "").strip()
    between = _BETWEEN_WORDS_AND_DOTS if dots else _BETWEEN_WORDS
    return "-".join(word for word in between.split(ascii_text) if word)


def key_of(title: str) -> str:
    """The key of a dataset that is given none; the same from run to run as long as its title is.

    Empty when the title has neither letters nor digits.
    """
    return slug(title.lower())


def plain_words(text: str) -> str:
    """The words of `text` in plain letters, one space between them: `Mots-clés` is `mots cles`."""
    return _NO_WORD.sub(" ", plain(text).casefold()).strip()


def extension_of(name: str) -> str:
    """The extension of a file called `name`, in plain letters; may be empty.

    A name that is nothing but an extension (`.csv`) has none.
    """
    stem, dot, extension = slug(name, dots=True).rpartition(".")
    return extension if dot and stem.strip(".") else ""
