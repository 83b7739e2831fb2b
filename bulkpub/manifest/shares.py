"""Shares of a whole, written as `50%` or as 0.5, and read as a number from 0 to 1.

A bare number from 1 on is refused: 1 could mean everything as well as a hundredth.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.manifest.fields import kind, refuse
from bulkpub.manifest.nodes import Number

__all__ = ["Share", "spell_share"]

_PERCENT = r"(?:100(?:\.0*)?|[0-9]{1,2}(?:\.[0-9]*)?|\.[0-9]+)\s*%"
_PART = r"(?:0(?:\.[0-9]*)?|\.[0-9]+)"
_BARE_PERCENT = re.compile(r"100|[1-9][0-9]?(?:\.[0-9]+)?")


def _share(value: object) -> float:
    written = value.text if isinstance(value, Number) else value
    text = written.strip() if isinstance(written, str) else ""
    if re.fullmatch(_PERCENT, text):
        return float(Decimal(text.rstrip("%").rstrip()) / 100)
    if re.fullmatch(_PART, text):
        return float(text)
    hint = f"; if you mean percent, write {text}%" if _BARE_PERCENT.fullmatch(text) else ""
    raise refuse(
        f"{{field}} must be a share from 0% to 100%, as in 50% or 0.5, not {kind(value)}{hint}"
    )


def spell_share(share: float) -> str:
    """The share in percent, or as a part of 1 where only that gives exactly the same number."""
    percent = f"{share * 100:g}%"
    same = re.fullmatch(_PERCENT, percent) and _share(percent) == share
    return percent if same else format(Decimal(repr(share)), "f")


Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^\s*(?:{_PERCENT}|{_PART})\s*$"},
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""A share of a whole, from 0 to 1."""
