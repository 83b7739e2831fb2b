"""The tag of the release that is a dataset: pure.

A tag has to be the name of a git reference (git-check-ref-format), and stands in addresses.
"""

import re

from bulkpub.letters import plain

__all__ = ["tag_name"]

LONGEST_TAG = 100


def tag_name(key: str) -> str:
    """The tag of the release that is the dataset with this key."""
    made = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain(key))
    made = re.sub(r"\.{2,}", ".", made).strip("-.")[:LONGEST_TAG].rstrip("-.")
    return f"{made}-lock" if made.lower().endswith(".lock") else made or "dataset"
