"""How GitHub names the files of a release, so that we can tell beforehand: pure.

It puts dots in the place of special characters, and takes those away with which a name begins or
ends (docs.github.com, "Upload a release asset"). Which characters are special it does not say; what
is sent has none but letters, digits, `-`, `_` and dots, which it keeps.
"""

import re
from functools import lru_cache

from bulkpub.language import say
from bulkpub.letters import plain

__all__ = ["NEW", "asset_name", "name_fault", "without_mark"]

LONGEST_NAME = 200
"""Characters; with `NEW` behind it a name is still shorter than what file systems take."""
NEW = ".bulkpub-new"
"""What follows the name of a file that is to take the place of the one of that name."""


@lru_cache(maxsize=65536)
def asset_name(name: str) -> str:
    """The name under which a file called `name` is sent and kept: nothing changes it any more."""
    made = re.sub(r"[^A-Za-z0-9_-]+", ".", plain(name)).strip(".")
    if len(made) <= LONGEST_NAME:
        return made
    stem, dot, extension = made.rpartition(".")
    if not dot or len(extension) > LONGEST_NAME // 10:
        return made[:LONGEST_NAME].rstrip(".")
    return f"{stem[: LONGEST_NAME - len(extension) - 1].rstrip('.')}.{extension}"


def name_fault(name: str) -> str:
    """Why no file can be called `name`, as the end of a sentence; empty when one can."""
    kept = asset_name(name)
    if not kept:
        return say("has a name without any letter or digit that could be kept: rename it")
    if kept.endswith(NEW):
        return say(
            "has a name that ends in '{new}', by which files are told that take another's place",
            new=NEW,
        )
    return ""


def without_mark(name: str) -> str:
    """The name of a file without what marks one that is to take another's place."""
    return name.removesuffix(NEW)
