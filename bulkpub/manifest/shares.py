"""Shares of a whole, written as `50%` or as 0.5, read as a number from 0 to 1: `core.units`."""

import re
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.core import units
from bulkpub.core.units import spell_share
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.values import kind, refuse

__all__ = ["Share", "spell_share"]

_BARE_PERCENT = re.compile(r"\s*(100|[1-9][0-9]?(?:\.[0-9]+)?)\s*")


def _share(value: object) -> float:
    written = value.text if isinstance(value, Number) else value
    text = written if isinstance(written, str) else ""
    try:
        return units.share(text)
    except ValueError:
        bare = _BARE_PERCENT.fullmatch(text)
        hint = f"; if you mean percent, write {bare[1]}%" if bare else ""
        raise refuse(
            f"{{field}} must be a share from 0% to 100%, as in 50% or 0.5, not {kind(value)}{hint}"
        ) from None


Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^\s*(?:{units.PERCENT}|{units.SHARE_PART})\s*$"},
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""A share of a whole, from 0 to 1."""
