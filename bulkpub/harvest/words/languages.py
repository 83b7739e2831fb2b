"""Which of several languages counts: the wanted one, then what is in none, then any.

Pure. Of any, English comes first, as it is what most people read. Codes of three letters are in
`data/languages.csv`.
"""

import re

from bulkpub.data import languages

__all__ = ["rank_of", "short_language"]


def short_language(tag: str) -> str:
    """The language in a tag, in two letters where it has such: `fr-CA`, `fre` and `FR` are `fr`.

    Empty for none, and for a tag that says that there is none.
    """
    found = re.match(r"[a-z]{2,8}", tag.strip().lower())
    code = found[0] if found else ""
    return "" if code in ("mul", "und", "zxx") else languages().get(code, code)


def rank_of(tag: str, wanted: str) -> int:
    """How late what is in this language counts; `wanted` is a language in two letters."""
    order = (wanted, "", "en")
    short = short_language(tag)
    return order.index(short) if short in order else len(order)
