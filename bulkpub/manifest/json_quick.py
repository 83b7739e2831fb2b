"""JSON text → tree, quickly: of what there are thousands, the tree is only made if it is wanted.

The scanner of the standard library, which is written in C, says what a value is and where it
ends; so the entries of `resources`, and the datasets of a document, are `Deferred`. Whatever is
in doubt (no JSON, a key that is there twice, half of a surrogate pair, values nested too deep) is
left to `json_text`, which knows what to say of it.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from bulkpub.core.model import Place
from bulkpub.manifest.nodes import MAX_DEPTH, Deferred, Doubtful, Node, Number, Unreadable, Value

__all__ = ["Tree", "read_quickly"]

_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_NEXT = re.compile(r"[ \t\n\r]*(?:,[ \t\n\r]*(?![\]}])|(?=[\]}]))")
"""What follows a value: a comma and another one, or the end, which is not part of it."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


_COLLECTIONS = frozenset({dict, list})


class Tree(Protocol):
    """Makes the tree of the value at an offset, by the slow way; may raise `Unreadable`."""

    def __call__(self, offset: int, place: Place, depth: int) -> Value:
        """`place` is where it begins, `depth` how deep it is nested."""


def _mapping(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Doubtful
    return found


def _number(text: str) -> Number:
    if not math.isfinite(float(text)):
        raise Doubtful
    return Number(text)


def _constant(_text: str) -> None:
    raise Doubtful  # NaN and the infinities are not JSON


_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
    object_pairs_hook=_mapping, parse_int=_number, parse_float=_number, parse_constant=_constant
).raw_decode
"""The value at an offset, as `bare` gives it, and where it ends."""


def read_quickly(text: str, file: str, first_line: int, tree: Tree, *, document: bool) -> Node:
    """The tree of `text`, which is a `document` with `datasets`, or one dataset.

    Raises `Doubtful`. `text` is what UTF-8 could hold.
    """
    if _HALF.search(text) if "\\u" in text else False:
        raise Doubtful
    start = _end(_SPACE, text, 0)
    line = first_line + text.count("\n", 0, start)
    place = Place(file, line, start - text.rfind("\n", 0, start))
    reader = _Reader(text, tree, start, place)
    try:
        value, end = reader.document(start) if document else reader.dataset(start, 0)
    except (ValueError, RecursionError, Unreadable) as error:
        raise Doubtful from error
    if _end(_SPACE, text, end) != len(text):
        raise Doubtful
    return Node(value, place)


class _Reader:
    """Reads on from an offset, which is at `place`."""

    def __init__(self, text: str, tree: Tree, offset: int, place: Place) -> None:
        self._text = text
        self._tree = tree
        self._file = place.file
        self._line = place.line
        self._line_start = offset - place.column + 1
        self._seen = offset

    def document(self, offset: int) -> tuple[dict[str, Node], int]:
        """The mapping at `offset`, and where it ends."""
        return self._mapping(offset, 0, "datasets", self._datasets)

    def dataset(self, offset: int, depth: int) -> tuple[dict[str, Node], int]:
        """The mapping at `offset`, nested so deep, and where it ends."""
        return self._mapping(offset, depth, "resources", self._resources)

    def _place(self, offset: int) -> Place:
        """Where the offset is, which may not be before one that was asked for."""
        if lines := self._text.count("\n", self._seen, offset):
            self._line += lines
            self._line_start = self._text.rfind("\n", 0, offset) + 1
        self._seen = offset
        return Place(self._file, self._line, offset - self._line_start + 1)

    def _mapping(
        self,
        offset: int,
        depth: int,
        many: str,
        items: Callable[[int, int], tuple[list[Node], int]],
    ) -> tuple[dict[str, Node], int]:
        """The mapping at `offset`, and where it ends; a list under `many` is read by `items`."""
        text = self._text
        if not text.startswith("{", offset):
            raise Doubtful
        children: dict[str, Node] = {}
        offset = _end(_SPACE, text, offset + 1)
        while not text.startswith("}", offset):
            if not text.startswith('"', offset):
                raise Doubtful
            key_place = self._place(offset)
            key, offset = _scan(text, offset)
            if key in children:
                raise Doubtful
            offset = _end(_COLON, text, offset)
            place = self._place(offset)
            value: Value
            if key == many and text.startswith("[", offset):
                value, offset = items(offset, depth + 1)
            else:
                value, offset = self._value(offset, place, depth + 1)
            children[key] = Node(value, place, key_place)
            offset = _end(_NEXT, text, offset)
        return children, offset + 1

    def _value(self, offset: int, place: Place, depth: int) -> tuple[Value, int]:
        value, end = _scan(self._text, offset)
        if isinstance(value, dict | list):
            value = self._tree(offset, place, depth)
        return value, end

    def _resources(self, offset: int, depth: int) -> tuple[list[Node], int]:
        """The list at `offset`, and where it ends."""
        text, items = self._text, list[Node]()
        offset = _end(_SPACE, text, offset + 1)
        while not text.startswith("]", offset):
            place = self._place(offset)
            value, end = _scan(text, offset)
            if isinstance(value, dict):
                nested = not _COLLECTIONS.isdisjoint(map(type, value.values()))
                if nested and _height(value) > MAX_DEPTH - depth - 1:
                    raise Doubtful
                tree = partial(self._tree, offset, place, depth + 1)
                items.append(Deferred(value, place, tree))
            else:
                items.append(Node(self._value(offset, place, depth + 1)[0], place))
            offset = _end(_NEXT, text, end)
        return items, offset + 1

    def _datasets(self, offset: int, depth: int) -> tuple[list[Node], int]:
        """The list at `offset`, and where it ends; everything in it was read once to know."""
        text, items = self._text, list[Node]()
        offset = _end(_SPACE, text, offset + 1)
        while not text.startswith("]", offset):
            place = self._place(offset)
            if text.startswith("{", offset):
                _, end = self.dataset(offset, depth + 1)
                again = partial(_dataset, text, self._tree, offset, place, depth + 1)
                items.append(Deferred(None, place, again))
            else:
                value, end = self._value(offset, place, depth + 1)
                items.append(Node(value, place))
            offset = _end(_NEXT, text, end)
        return items, offset + 1


def _dataset(text: str, tree: Tree, offset: int, place: Place, depth: int) -> Value:
    return _Reader(text, tree, offset, place).dataset(offset, depth)[0]


def _end(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """Where what the pattern matches at `offset` ends; raises `Doubtful` if it does not."""
    match = pattern.match(text, offset)
    if match is None:
        raise Doubtful
    return match.end()


def _height(value: Any) -> int:  # noqa: ANN401 # any JSON
    """How many levels there are below the value."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 0
    return 1 + max((_height(each) for each in value if isinstance(each, dict | list)), default=0)
