"""A manifest as a tree of values, each with the place where it was written.

Every spelling (YAML, JSON, a Python mapping) becomes this tree first, and the tree is what
defaults are merged in and what problems point into. A number keeps the text it was written
as, so that a title `2024.10` or a code `01` is never changed by having been read.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike, fspath
from typing import Any

from bulkpub.core.model import Json, Place
from bulkpub.language import say

__all__ = [
    "INT64",
    "MAX_DEPTH",
    "Deferred",
    "Doubtful",
    "Node",
    "Number",
    "Unreadable",
    "bare",
    "check_text",
    "child",
    "find",
    "from_python",
    "is_mapping",
    "keys_of",
    "plain",
    "walk",
]

MAX_DEPTH = 100
"""How deep values may be nested; no manifest needs it, and it keeps recursion safe."""

INT64 = 2**63
"""No portal stores whole numbers from here on, nor below the negative of it."""


class Unreadable(Exception):
    """What is written at `place` cannot become a tree; the message is a sentence for the user."""

    def __init__(self, place: Place, sentence: str) -> None:
        self.place = place
        self.sentence = sentence
        super().__init__(place, sentence)

    def __str__(self) -> str:
        return self.sentence


class Doubtful(Exception):
    """A text is not for the quick reader: the careful one has to say what it means."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as it was written."""

    text: str

    @property
    def value(self) -> int | float | None:
        """The number as JSON has it; None when no portal could keep it (over 64 bits, infinite)."""
        try:
            whole = int(self.text, 0) if self.text[:2] in {"0x", "0o"} else int(self.text)
        except ValueError:  # has a fraction or an exponent, or thousands of digits
            number = float(self.text)
            return number if math.isfinite(number) else None
        return whole if -INT64 <= whole < INT64 else None


Value = str | bool | Number | list["Node"] | dict[str, "Node"] | None


@dataclass(slots=True, eq=False)
class Node:
    """One value, where it starts and, inside a mapping, where its key starts."""

    value: Value
    place: Place
    key: Place | None = None


class Deferred(Node):
    """A mapping whose tree, with a place for each value, is only made if somebody looks into it.

    `read` makes it when `value` is first asked for, and never raises. `said` are the values as
    `bare` would give them, None where they were not kept.
    """

    __slots__ = ("_read", "said")

    def __init__(
        self, said: Mapping[str, Any] | None, place: Place, read: Callable[[], Value]
    ) -> None:
        self.said = said
        self.place = place
        self.key = None
        self._read = read

    def __getattr__(self, name: str) -> Value:
        """Called for what is not there yet: the tree."""
        if name != "value":
            raise AttributeError(name)
        self.value = self._read()
        return self.value


def is_mapping(node: Node) -> bool:
    """Whether the node is one, which is known of what is deferred."""
    return isinstance(node, Deferred) or isinstance(node.value, dict)


def keys_of(node: Node) -> Collection[str]:
    """The keys of a mapping, with or without a value; anything else has none."""
    if isinstance(node, Deferred) and node.said is not None:
        return node.said.keys()
    return node.value.keys() if isinstance(node.value, dict) else ()


def child(node: Node, key: str) -> Node | None:
    """What the mapping `node` has under `key`, None for nothing or `null`."""
    if key not in keys_of(node) or not isinstance(node.value, dict):
        return None
    found = node.value.get(key)
    return None if found is None or found.value is None else found


def find(node: Node, path: Sequence[str | int]) -> Node:
    """The node at `path`, or the deepest one on the way that exists."""
    for step in path:
        children = node.value
        below: Node | None = None
        if isinstance(children, dict) and isinstance(step, str):
            below = children.get(step)
        elif isinstance(children, list) and isinstance(step, int) and step < len(children):
            below = children[step]
        if below is None:
            break
        node = below
    return node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    if isinstance(node.value, dict):
        for below in node.value.values():
            yield from walk(below)
    elif isinstance(node.value, list):
        for below in node.value:
            yield from walk(below)


def bare(node: Node) -> Any:  # noqa: ANN401 # it feeds pydantic, which takes anything
    """The values without their places, numbers still as written."""
    if isinstance(node, Deferred) and node.said is not None:
        return node.said
    value = node.value
    if isinstance(value, dict):
        return {key: bare(below) for key, below in value.items()}
    if isinstance(value, list):
        return [bare(below) for below in value]
    return value


def plain(node: Node) -> Json:
    """The values as JSON has them."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(below) for key, below in value.items()}
    if isinstance(value, list):
        return [plain(below) for below in value]
    return value.value if isinstance(value, Number) else value


def check_text(text: str, place: Place) -> str:
    """The same text; `Unreadable` when UTF-8 cannot hold it (half of a surrogate pair)."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unreadable(
                place, say("this text holds a broken character (half of a surrogate pair)")
            ) from None
    return text


def from_python(data: object, name: str, path: str = "", depth: int = 0) -> Node:
    """The tree of a Python value; places name the way to it: `<manifest> datasets[0].title`."""
    place = Place(f"{name} {path}" if path else name)
    if depth > MAX_DEPTH:
        raise Unreadable(
            place, say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
        )
    if isinstance(data, Mapping):
        return _mapping(data, name, path, place, depth)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes | bytearray):
        items = [
            from_python(item, name, f"{path}[{number}]", depth + 1)
            for number, item in enumerate(data)
        ]
        return Node(items, place)
    return Node(_scalar(data, place), place)


def _scalar(data: object, place: Place) -> Value:
    match data:
        case None | bool():
            return data
        case str():
            return check_text(str(data), place)
        case int() | float():
            return Number(_digits(data))
        case date():
            return data.isoformat()
        case PathLike():
            return check_text(str(fspath(data)), place)
        case _:
            raise Unreadable(
                place, say("a manifest cannot hold a Python {name}", name=type(data).__name__)
            )


def _mapping(data: Mapping[Any, object], name: str, path: str, place: Place, depth: int) -> Node:
    children: dict[str, Node] = {}
    for key, value in data.items():
        if not isinstance(key, str):
            raise Unreadable(place, say("the key {key!r} must be text", key=key))
        below = from_python(value, name, f"{path}.{key}" if path else key, depth + 1)
        below.key = below.place
        children[check_text(key, place)] = below
    return Node(children, place)


def _digits(number: float) -> str:
    try:
        return str(number)
    except ValueError:  # Python refuses to write out thousands of digits
        return "inf"
