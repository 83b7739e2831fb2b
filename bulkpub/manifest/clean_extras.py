"""Texts and extras as a manifest, and the portal behind it, can hold them."""

import math
from collections.abc import Mapping, Sequence

from bulkpub.core.model import Json
from bulkpub.manifest.extras import extra_name_fault, is_reserved

__all__ = ["clean_extras", "clean_text"]

_DEEPEST = 80
"""How deep values may be nested; the reader allows somewhat more in all."""
_INT64 = 2**63


class _Nothing(Exception):
    """Nothing is left of the value; the message says why."""


def clean_text(text: str) -> str:
    """The text, with a � for every half of a character (a lone surrogate)."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_extras(extras: Mapping[str, Json], notes: list[str], where: str) -> dict[str, Json]:
    """The extras that can be written; a sentence goes to `notes` for each that cannot.

    Those that are bulkpub's own go without: it writes them by itself. `where` begins the
    sentences.
    """
    own = {name for name in extras if is_reserved(name)}
    return _mapping({name: extras[name] for name in extras if name not in own}, notes, where, 0)


def _mapping(
    values: Mapping[str, Json], notes: list[str], where: str, depth: int
) -> dict[str, Json]:
    clean: dict[str, Json] = {}
    for name, value in values.items():
        key = clean_text(name)
        if fault := extra_name_fault(key):
            notes.append(f"{where}{fault}: left out")
            continue
        try:
            clean[key] = _value(value, notes, f"{where}in the extra '{key}', ", depth + 1)
        except _Nothing as error:
            notes.append(f"{where}the extra '{key}' {error}: left out")
    return clean


def _value(value: Json, notes: list[str], where: str, depth: int) -> Json:
    if depth > _DEEPEST:
        raise _Nothing("is nested too deep")
    match value:
        case str():
            return clean_text(value)
        case Mapping():
            return _mapping(value, notes, where, depth)
        case Sequence():
            return list(_items(value, notes, where, depth))
        case None:
            raise _Nothing("has no value")
        case bool():
            return value
        case int() if not -_INT64 <= value < _INT64:
            raise _Nothing("is a number beyond what the portal can store")
        case float() if not math.isfinite(value):
            raise _Nothing("is no number")
        case int() | float():
            return value
        case _:
            raise _Nothing(f"is a Python {type(value).__name__}")


def _items(values: Sequence[Json], notes: list[str], where: str, depth: int) -> list[Json]:
    clean: list[Json] = []
    for value in values:
        try:
            clean.append(_value(value, notes, where, depth + 1))
        except _Nothing as error:
            notes.append(f"{where}an item {error}: left out")
    return clean
