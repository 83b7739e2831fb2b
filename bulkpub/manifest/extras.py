"""Extras: the user's own values, held to what the portal can store.

Null has no meaning there; which names the portal refuses, its `Rules` know; names that start
with `bulkpub:` are ours.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from bulkpub.core.model import Json
from bulkpub.core.rules import Rules
from bulkpub.language import say
from bulkpub.manifest.form import Fault
from bulkpub.manifest.nodes import INT64, Node, Number, bare, plain
from bulkpub.manifest.values import kind

__all__ = ["RESERVED", "clean_extras", "clean_text", "extras_faults", "read_extras"]

RESERVED = "bulkpub:"
"""What the names of bulkpub's own extras begin with."""
_DEEPEST = 80
"""How deep values may be nested; the reader allows somewhat more in all."""


# --- reading --------------------------------------------------------------------------------


def read_extras(node: Node | None) -> dict[str, Json] | None:
    """The extras as JSON values; None when none are written. They must be without fault."""
    return None if node is None else dict(plain(node))


def extras_faults(node: Node | None, rules: Rules) -> Iterator[Fault]:
    """Everything the portal would refuse in the extras written at `node`, if any are."""
    if node is None:
        return
    if not isinstance(node.value, dict):
        yield Fault(
            node.place,
            say(
                "'extras' must be a mapping of names and values, not {node}", node=kind(bare(node))
            ),
        )
        return
    for name, child in node.value.items():
        if name.startswith(RESERVED):
            yield Fault(
                child.key or child.place,
                say(
                    "the extra '{name}' cannot be set: bulkpub keeps names with '{reserved}' for "
                    "itself",
                    name=name,
                    reserved=RESERVED,
                ),
            )
    yield from _faults(node, "'extras'", rules)


def _faults(node: Node, where: str, rules: Rules) -> Iterator[Fault]:
    match node.value:
        case dict():
            for name, child in node.value.items():
                if sentence := rules.extra_fault(name):
                    yield Fault(child.key or child.place, sentence)
                yield from _faults(child, say("the extra '{name}'", name=name), rules)
        case list():
            for child in node.value:
                yield from _faults(child, say("an item of {where}", where=where), rules)
        case None:
            yield Fault(
                node.place, say("{where} has no value, which the portal refuses", where=where)
            )
        case Number() if node.value.value is None:
            yield Fault(
                node.place,
                say(
                    "{where} is a number beyond what the portal can store: put it between quotes",
                    where=where,
                ),
            )
        case _:
            pass


# --- writing --------------------------------------------------------------------------------


class _Nothing(Exception):
    """Nothing is left of the value; the message says why."""


def clean_text(text: str) -> str:
    """The text, with a � for every half of a character (a lone surrogate)."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_extras(
    extras: Mapping[str, Json], rules: Rules, notes: list[str], where: str
) -> dict[str, Json]:
    """The extras that can be written; a sentence goes to `notes` for each that cannot.

    Those that are bulkpub's own go without: it writes them by itself. `where` begins the
    sentences.
    """
    others = {name: value for name, value in extras.items() if not name.startswith(RESERVED)}
    return _mapping(others, rules, notes, where, 0)


def _mapping(
    values: Mapping[str, Json], rules: Rules, notes: list[str], where: str, depth: int
) -> dict[str, Json]:
    clean: dict[str, Json] = {}
    for name, value in values.items():
        key = clean_text(name)
        if fault := rules.extra_fault(key):
            notes.append(say("{where}{fault}: left out", where=where, fault=fault))
            continue
        try:
            inside = say("{where}in the extra '{key}', ", where=where, key=key)
            clean[key] = _value(value, rules, notes, inside, depth + 1)
        except _Nothing as error:
            notes.append(
                say("{where}the extra '{key}' {error}: left out", where=where, key=key, error=error)
            )
    return clean


def _value(value: Json, rules: Rules, notes: list[str], where: str, depth: int) -> Json:
    if depth > _DEEPEST:
        raise _Nothing(say("is nested too deep"))
    match value:
        case str():
            return clean_text(value)
        case Mapping():
            return _mapping(value, rules, notes, where, depth)
        case Sequence():
            return list(_items(value, rules, notes, where, depth))
        case None:
            raise _Nothing(say("has no value"))
        case bool():
            return value
        case int() if not -INT64 <= value < INT64:
            raise _Nothing(say("is a number beyond what the portal can store"))
        case float() if not math.isfinite(value):
            raise _Nothing(say("is no number"))
        case int() | float():
            return value
        case _:
            raise _Nothing(say("is a Python {name}", name=type(value).__name__))


def _items(
    values: Sequence[Json], rules: Rules, notes: list[str], where: str, depth: int
) -> list[Json]:
    clean: list[Json] = []
    for value in values:
        try:
            clean.append(_value(value, rules, notes, where, depth + 1))
        except _Nothing as error:
            notes.append(say("{where}an item {error}: left out", where=where, error=error))
    return clean
