"""What a cell of a table says, as spreadsheets in French or English have it.

The rule: where only one thing can be meant, that is taken: `oui` and `VRAI`, `31/01/2026`,
`1,5 Mo`, `annuelle`, a path of Windows. Anything else stays as it is, for the check of its key to
judge. A day is in the order of French tables, the day before the month.
"""

import re
from collections.abc import Iterable
from datetime import date

from bulkpub.core.fields import Column
from bulkpub.core.schemes import scheme_of
from bulkpub.data.known_frequencies import known_frequency

__all__ = ["day_in", "is_address", "said_in"]

_FLAGS = {
    **dict.fromkeys(("true", "yes", "oui", "vrai"), True),
    **dict.fromkeys(("false", "no", "non", "faux"), False),
}
_DAY = re.compile(r"(?:(\d{1,2})[/.-])?(\d{1,2})[/.-](\d{4})(?:[T ]\d.*)?", re.DOTALL)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00)?")
_NUMBER = re.compile(
    r"(\d+)(?:,(\d+))?\s*(?:(k|m|g|t)(i?)(o|b|octets?)?|o|octets?|(%))?", re.IGNORECASE
)


def said_in(column: Column, text: str) -> str | bool | list[str] | dict[str, str]:
    """What a cell in this column says; `text` has no white space around it."""
    if column.is_list or column.is_pairs:
        split = text.replace(";", ",").split(",")
        words = [word.strip() for word in split if word.strip()]
        return _pairs(words) if column.is_pairs else words
    if column.is_flag:
        return _FLAGS.get(text.lower(), text)
    return _text(column, text)


def _pairs(words: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        name, _, value = (each.strip() for each in word.partition(":"))
        # Said twice, it can be neither.
        pairs[name] = f"{pairs[name]}, {value}" if name in pairs else value
    return pairs


def _text(column: Column, text: str) -> str:
    if column.is_day:
        return day_in(text)
    if column.is_number:
        return _number(text)
    if column.is_path:
        return text.replace("\\", "/")
    return (known_frequency(text) or text) if column.name == "frequency" else text


def is_address(text: str) -> bool:
    """Whether the text is an address rather than the way to a file."""
    return scheme_of(text) is not None


def day_in(text: str) -> str:
    """A day or a month in the order of French tables, 31/01/2024, as 2024-01-31; else the text."""
    if found := _MIDNIGHT.fullmatch(text):
        return found[1]
    found = _DAY.fullmatch(text)
    if found is None:
        return text
    day, month, year = found[1], int(found[2]), int(found[3])
    try:
        made = date(year, month, int(day or 1))
    except ValueError:
        return text
    return made.isoformat() if day else made.isoformat()[:7]


def _number(text: str) -> str:
    """A number with a decimal comma, or bytes in French, as they are written in a manifest."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    whole, part, letter, binary, byte, percent = found.groups(default="")
    number = f"{whole}.{part}" if part else whole
    if letter:
        return f"{number} {letter}{binary}{'B' if byte else ''}"
    return f"{number}{percent}"
