"""The tag of the release that is a dataset: pure.

A tag has to be the name of a git reference (git-check-ref-format), and stands in addresses.
"""

import re

from unidecode import unidecode

__all__ = ["tag_name"]

LONGEST_TAG = 100


def tag_name(key: str) -> str:
    """The tag of the release that is the dataset with this key."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", unidecode(key))
    plain = re.sub(r"\.{2,}", ".", plain).strip("-.")[:LONGEST_TAG].rstrip("-.")
    return f"{plain}-lock" if plain.lower().endswith(".lock") else plain or "dataset"
