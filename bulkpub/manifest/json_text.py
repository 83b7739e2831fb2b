"""JSON text → tree, with the line and column of every value.

YAML parsers choke on JSON indented with tabs, so JSON has its own way: orjson says whether
the text is JSON at all, and a scanner that may therefore trust its input builds the tree.
Where nothing is wrong, `json_quick` has done it before.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Literal

import orjson

from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.json_quick import read_quickly
from bulkpub.manifest.nodes import MAX_DEPTH, Doubtful, Node, Number, Unreadable, Value
from bulkpub.manifest.traps import trap_in_json

__all__ = ["read_json"]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_NEWLINE = re.compile("\n")
_WORDS = {"true": True, "false": False, "null": None}


Holds = Literal["datasets", "a dataset"]
"""What the mapping is of which a text consists."""


def read_json(text: str, file: str, first_line: int = 1, *, holds: Holds | None = None) -> Node:
    """The tree of the JSON value in `text`, which starts on line `first_line` of `file`.

    Where it is known what the text `holds`, the tree is made as it is wanted. Raises `Unreadable`
    with the place of whatever is wrong, a repeated key included.
    """
    if holds:
        with suppress(Doubtful):  # what is wrong is said by the careful one
            tree = partial(_tree, text)
            return read_quickly(text, file, first_line, tree, document=holds == "datasets")
    scanner = _Scanner(text, 0, Place(file, first_line, 1))
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        position = _where(text, error)
        raise Unreadable(scanner.place(position), _sentence(text, position)) from None
    return scanner.scan(0)


def _tree(text: str, offset: int, place: Place, depth: int) -> Value:
    return _Scanner(text, offset, place).scan(depth).value


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
        return say("this is not JSON: inside text, a line end is written \\n and a tab \\t")
    return say(
        "this is not JSON: {fault}",
        fault=_fault(text[:position].rstrip(), text[position:].lstrip()),
    )


def _fault(before: str, rest: str) -> str:
    after_comma = before.endswith(",")
    for applies, words in (
        (not rest, say("the text ends before everything is closed")),
        (
            rest[:1] in {"}", "]"} and after_comma,
            say("there is a comma before the closing {rest}", rest=rest[:1]),
        ),
        (rest[:1] in {"}", "]", ","}, say("a value is missing before {rest}", rest=rest[:1])),
        (
            rest[:1] == "{" and before.endswith("}"),
            say("there is a second value; the name of a file with one a line ends in .jsonl"),
        ),
        (rest[:1] == "'", say("text stands between double quotes, not single ones")),
        (rest.startswith(("//", "/*", "#")), say("it has no comments")),
        (
            rest[:1] == '"' and before.endswith(('"', "}", "]")),
            say("a comma is missing before this quote"),
        ),
    ):
        if applies:
            return words
    if trap := trap_in_json(before, rest):
        return trap
    return say("{rest!r} cannot stand here", rest=rest[:1])


class _Scanner:
    """Builds the tree of a text already known to be JSON, from an offset on, which is at `start`.

    Lines are only looked for where they are needed.
    """

    def __init__(self, text: str, offset: int, start: Place) -> None:
        self._text = text
        self._start = start
        self._line_starts = [offset - start.column + 1]
        self._seen = offset
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(text, offset)

    def place(self, offset: int) -> Place:
        for match in _NEWLINE.finditer(self._text, self._seen, max(offset, self._seen)):
            self._line_starts.append(match.end())
        self._seen = max(offset, self._seen)
        line = bisect_right(self._line_starts, offset) - 1
        return Place(
            self._start.file, line + self._start.line, offset - self._line_starts[line] + 1
        )

    def scan(self, depth: int) -> Node:
        return self._node(next(self._tokens), depth)

    def _node(self, token: re.Match[str], depth: int, key: Place | None = None) -> Node:
        place = self.place(token.start())
        if depth > MAX_DEPTH:
            raise Unreadable(
                place, say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
            )
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
                raise Unreadable(
                    place, say("the key '{key}' is already there, at {first}", key=key, first=first)
                )
            next(self._tokens)  # the colon
            children[key] = self._node(next(self._tokens), depth + 1, place)
        return children


def _string(token: str) -> str:
    return str(json.loads(token)) if "\\" in token else token[1:-1]
