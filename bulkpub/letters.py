"""Any text in the plain letters of ASCII: `Été` is `Ete`.

What stands for no character, half of a surrogate pair, is left out; catalogues have such.
"""

import re

from unidecode import unidecode

__all__ = ["plain"]

_HALVES = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` in letters, digits and signs of ASCII, as close to it as they come."""
    return unidecode(text if text.isascii() else _HALVES.sub("", text))
