"""JSON text → tree, with the line and column of every value.

YAML parsers choke on JSON indented with tabs, so JSON has its own way: orjson says whether
the text is JSON at all, and a scanner that may therefore trust its input builds the tree.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

import orjson

from bulkpub.core.model import Place
from bulkpub.manifest.nodes import MAX_DEPTH, Node, Number, Unreadable, Value
from bulkpub.manifest.traps import trap_in_json

__all__ = ["read_json"]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_NEWLINE = re.compile("\n")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str, file: str, first_line: int = 1) -> Node:
    """The tree of the JSON value in `text`, which starts on line `first_line` of `file`.

    Raises `Unreadable` with the place of whatever is wrong, a repeated key included.
    """
    scanner = _Scanner(text, file, first_line)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        position = _where(text, error)
        raise Unreadable(scanner.place(position), _sentence(text, position)) from None
    return scanner.scan()


def _where(text: str, error: json.JSONDecodeError) -> int:
    """The offset of the fault: the standard library points at it more exactly than orjson."""
    try:
        json.loads(text)
    except json.JSONDecodeError as exact:
        return exact.pos
    except (RecursionError, ValueError):
        return error.pos
    return error.pos


def _sentence(text: str, position: int) -> str:
    if text[position : position + 1] in {"\n", "\r", "\t"}:
        return "this is not JSON: inside text, a line end is written \\n and a tab \\t"
    return f"this is not JSON: {_fault(text[:position].rstrip(), text[position:].lstrip())}"


def _fault(before: str, rest: str) -> str:
    after_comma = before.endswith(",")
    for applies, words in (
        (not rest, "the text ends before everything is closed"),
        (rest[:1] in {"}", "]"} and after_comma, f"there is a comma before the closing {rest[:1]}"),
        (rest[:1] in {"}", "]", ","}, f"a value is missing before {rest[:1]}"),
        (
            rest[:1] == "{" and before.endswith("}"),
            "there is a second value; the name of a file with one a line ends in .jsonl",
        ),
        (rest[:1] == "'", "text stands between double quotes, not single ones"),
        (rest.startswith(("//", "/*", "#")), "it has no comments"),
        (
            rest[:1] == '"' and before.endswith(('"', "}", "]")),
            "a comma is missing before this quote",
        ),
    ):
        if applies:
            return words
    if trap := trap_in_json(before, rest):
        return trap
    return f"{rest[:1]!r} cannot stand here"


class _Scanner:
    """Builds the tree of a text already known to be JSON."""

    def __init__(self, text: str, file: str, first_line: int) -> None:
        self._text = text
        self._file = file
        self._first_line = first_line
        self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(text)

    def place(self, offset: int) -> Place:
        line = bisect_right(self._line_starts, offset)
        column = offset - self._line_starts[line - 1] + 1
        return Place(self._file, line - 1 + self._first_line, column)

    def scan(self) -> Node:
        return self._node(next(self._tokens), 0)

    def _node(self, token: re.Match[str], depth: int, key: Place | None = None) -> Node:
        place = self.place(token.start())
        if depth > MAX_DEPTH:
            raise Unreadable(place, f"values are nested more than {MAX_DEPTH} deep")
        return Node(self._value(token[0], depth), place, key)

    def _value(self, text: str, depth: int) -> Value:
        if text[0] == '"':
            return _string(text)
        if text == "{":
            return self._mapping(depth)
        if text == "[":
            return self._list(depth)
        return _WORDS[text] if text in _WORDS else Number(text)

    def _list(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while (token := next(self._tokens))[0] != "]":
            if token[0] != ",":
                items.append(self._node(token, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        while (token := next(self._tokens))[0] != "}":
            if token[0] == ",":
                continue
            key, place = _string(token[0]), self.place(token.start())
            if key in children:
                first = children[key].key
                raise Unreadable(place, f"the key '{key}' is already there, at {first}")
            next(self._tokens)  # the colon
            children[key] = self._node(next(self._tokens), depth + 1, place)
        return children


def _string(token: str) -> str:
    return str(json.loads(token)) if "\\" in token else token[1:-1]
