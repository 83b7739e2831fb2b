"""What an API key looks like, and the variables that may hold one; a key is never shown."""

import re

__all__ = ["KEY_VARIABLE", "can_be_key", "is_key_variable"]

KEY_VARIABLE = "^[A-Z0-9_]*(BULKPUB|DATAGOUV)[A-Z0-9_]*$"
"""What the name of a variable looks like that may hold a key.

A manifest, which may be somebody else's, names variables: none of them can be another program's.
"""


def is_key_variable(name: str) -> bool:
    """Whether a variable of this name may hold the key of a portal."""
    return re.search(KEY_VARIABLE, name) is not None


def can_be_key(text: str) -> bool:
    """Whether an API key can look so: no white space, no line ends, nothing that has no shape."""
    return text.isascii() and text.isprintable() and " " not in text
