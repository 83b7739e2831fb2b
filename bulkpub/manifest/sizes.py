"""Sizes of files, written as `500 MB` or as a number of bytes, and read as bytes: `core.units`."""

from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.core import units
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.values import kind, refuse

__all__ = ["Size", "spell_size"]


def _size(value: object) -> int:
    written = value.text if isinstance(value, Number) else value
    try:
        return units.size(written if isinstance(written, str) else "")
    except ValueError:
        raise refuse(
            f"{{field}} must be a size of one byte or more, as in 500 MB, 2 GiB or 1000000, "
            f"not {kind(value)}"
        ) from None


def spell_size(size: int) -> str | int:
    """The shortest way to write exactly `size` bytes; a bare number when no unit fits."""
    spelled = units.spell_size(size)
    return size if spelled.isdecimal() else spelled


Size = Annotated[
    int,
    PlainValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^\s*{units.SIZE}\s*$"},
                {"type": "integer", "minimum": 1},
            ]
        }
    ),
]
"""A size in bytes, one at least."""
