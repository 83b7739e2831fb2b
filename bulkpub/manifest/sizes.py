"""Sizes of files, written as `500 MB` or as a number of bytes, and read as bytes.

kB, MB, GB and TB count by 1000, KiB, MiB, GiB and TiB by 1024; case does not matter.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.manifest.fields import kind, refuse
from bulkpub.manifest.nodes import Number

__all__ = ["Size", "spell_size"]

_UNITS = {
    "TB": 1000**4,
    "GB": 1000**3,
    "MB": 1000**2,
    "kB": 1000,
    "TiB": 1024**4,
    "GiB": 1024**3,
    "MiB": 1024**2,
    "KiB": 1024,
    "B": 1,
}
_BY_NAME = {name.lower(): factor for name, factor in _UNITS.items()}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
_SIZE = re.compile(rf"({_NUMBER})\s*([kmgt]?i?b)?", re.IGNORECASE)


def _size(value: object) -> int:
    written = value.text if isinstance(value, Number) else value
    match = _SIZE.fullmatch(written.strip()) if isinstance(written, str) else None
    factor = _BY_NAME.get((match[2] or "B").lower()) if match else None
    size = Decimal(match[1]) * factor if match and factor else Decimal(0)
    if size < 1 or size != int(size):
        raise refuse(
            f"{{field}} must be a size of one byte or more, as in 500 MB, 2 GiB or 1000000, "
            f"not {kind(value)}"
        )
    return int(size)


def spell_size(size: int) -> str | int:
    """The shortest way to write exactly `size` bytes; a bare number when no unit fits."""
    for name, factor in _UNITS.items():
        if factor > 1 and size % factor == 0:
            return f"{size // factor} {name}"
    return size


Size = Annotated[
    int,
    PlainValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^\s*{_NUMBER}\s*(?:[kKmMgGtT]?i?[bB])?\s*$"},
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
]
"""A size in bytes, one at least."""
