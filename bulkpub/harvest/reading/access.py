"""JSON of catalogues → what it says of access, for `words.access` to judge.

A value is text, a yes or no, a list of such, or a mapping with a `level` (ckanext-restricted, which
writes that mapping as a text, too). One that cannot be read is not passed over: it closes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from bulkpub.harvest.reading.loose import text
from bulkpub.harvest.words.access import Said, speaks_of_access

__all__ = ["statements_of"]


def statements_of(fields: Mapping[str, Any]) -> tuple[Said, ...]:
    """What those of the fields say that speak of access."""
    return tuple(
        (name, (written,))
        for name, value in fields.items()
        if speaks_of_access(name)
        for written in _written(value)
    )


def _written(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    match value:
        case [*several]:
            for each in several:
                yield from _one(each)
        case {"level": level}:
            yield from _one(level)
        case _:
            yield from _one(value)


def _one(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(value).lower()
    elif written := text(value):
        yield written
    elif value and not (isinstance(value, str) and not value.strip()):
        yield "unreadable"
