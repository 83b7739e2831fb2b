"""TOML text → tree, with the line and column of every value.

The standard library says whether the text is TOML at all, but not where anything is; so a
scanner that may trust its input builds the tree. What JSON has no type for stays text, as in
YAML: dates are written as dates and read as text.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

from bulkpub.core.model import Place
from bulkpub.language import say
from bulkpub.manifest.nodes import MAX_DEPTH, Node, Number, Unreadable, Value
from bulkpub.manifest.traps import BACKSLASH, trap_in_toml

__all__ = ["read_toml", "toml_comments"]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?""""{0,2}'
    r"|'''.*?''''{0,2}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|(?P<comment>\#[^\n]*)|\n|[\[\]{}=,.]"
    r"|[^\s\[\]{}=,.\#\"']+",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"[+-]?[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][+-]?[0-9_]+)?|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+"
)
_AT = re.compile(r"(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)", re.DOTALL)
_NEWLINE = re.compile("\n")

_SENTENCES = (
    (r"Cannot overwrite|Cannot declare|Cannot mutate|Duplicate", say("this is written twice")),
    (r"Expected '=' after a key", say("a '=' is missing after a key")),
    (
        r"Unterminated string|Illegal character '\\n'|Expected \"",
        say("a quote is never closed"),
    ),
    (r"Unclosed (array|inline table)", say("a closing bracket is missing")),
    (r"Invalid value", say("a value is missing, or is text without quotes")),
    (r"Expected newline or end", say("there is more on this line than one value")),
    (r"Invalid initial character|Invalid statement", say("no key can begin like this")),
    (r"escape|scalar value|hex value", BACKSLASH),
)
"""What tomllib says, and what it means for somebody who does not know its grammar."""


def read_toml(text: str, file: str) -> Node | None:
    """The tree of the TOML document in `text`, None when there is nothing in it.

    Raises `Unreadable` with the place of whatever is wrong.
    """
    text = text.replace("\r\n", "\n")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(*_fault(str(error), text, file)) from None
    except RecursionError:
        raise Unreadable(
            Place(file), say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
        ) from None
    root = _Scanner(text, file).document()
    return root if root.value else None


def _fault(message: str, text: str, file: str) -> tuple[Place, str]:
    match = _AT.fullmatch(message)
    said = match[1] if match else message
    if match and match[2]:
        place = Place(file, int(match[2]), int(match[3]))
    else:
        place = Place(file, text.count("\n") + 1, len(text) - text.rfind("\n"))
    lines = text.split("\n")
    trap = trap_in_toml(lines[place.line - 1]) if place.line <= len(lines) else None
    known = (words for pattern, words in _SENTENCES if re.search(pattern, said))
    words = trap or next(known, said)
    return place, say("this is not TOML: {words}", words=words)


class _Scanner:
    """Builds the tree of a text already known to be TOML."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self._tokens = [match for match in _TOKEN.finditer(text) if not match["comment"]]
        self._next = 0

    def document(self) -> Node:
        root = Node({}, Place(self._file, 1, 1))
        table, depth = root, 0
        while self._peek():
            if self._peek() == "\n":
                self._take()
            elif self._peek() == "[":
                table, depth = self._header(root)
            else:
                self._pair(table, depth)
        return root

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self) -> re.Match[str]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _place(self, token: re.Match[str]) -> Place:
        line = bisect_right(self._line_starts, token.start())
        return Place(self._file, line, token.start() - self._line_starts[line - 1] + 1)

    def _key(self) -> list[tuple[str, Place]]:
        """The parts of a dotted key, each with its place; the end of it is taken, too."""
        parts: list[tuple[str, Place]] = []
        while (token := self._take())[0] not in {"=", "]"}:
            if token[0] != ".":
                parts.append((_text(token[0]), self._place(token)))
        if len(parts) > MAX_DEPTH:
            raise Unreadable(
                parts[0][1],
                say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH),
            )
        return parts

    def _header(self, root: Node) -> tuple[Node, int]:
        """The table that `[name]` or `[[name]]` opens, and how deep it is."""
        place = self._place(self._take())
        is_item = self._peek() == "["
        if is_item:
            self._take()
        path = self._key()
        if is_item:
            self._take()
        table = root
        for name, where in path[:-1]:
            table = _last(_child(table, name, Node({}, where, where)))
        name, where = path[-1]
        if not is_item:
            return _child(table, name, Node({}, place, where)), len(path)
        items = _child(table, name, Node([], where, where))
        assert isinstance(items.value, list)  # noqa: S101 # tomllib has seen to it
        items.value.append(Node({}, place))
        return items.value[-1], len(path) + 1

    def _pair(self, table: Node, depth: int) -> None:
        path = self._key()
        for name, where in path[:-1]:
            table = _child(table, name, Node({}, where, where))
        name, where = path[-1]
        value = self._value(depth + len(path))
        value.key = where
        _child(table, name, value)

    def _value(self, depth: int) -> Node:
        token = self._take()
        place = self._place(token)
        if depth > MAX_DEPTH:
            raise Unreadable(
                place, say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
            )
        if token[0] == "[":
            return Node(self._list(depth), place)
        if token[0] == "{":
            return self._inline_table(place, depth)
        return Node(self._scalar(token), place)

    def _list(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while self._peek() != "]":
            if self._peek() in {",", "\n"}:
                self._take()
            else:
                items.append(self._value(depth + 1))
        self._take()
        return items

    def _inline_table(self, place: Place, depth: int) -> Node:
        table = Node({}, place)
        while self._peek() != "}":
            if self._peek() in {",", "\n"}:
                self._take()
            else:
                self._pair(table, depth)
        self._take()
        return table

    def _scalar(self, token: re.Match[str]) -> Value:
        text = token[0]
        if text[0] in "\"'":
            return _text(text)
        end = token.end()
        while self._peek() and self._peek()[0] not in ",\n]}":  # 1.5, 07:32:00.5, a date and a time
            end = self._take().end()
        text = self._text[token.start() : end]
        if text in {"true", "false"}:
            return text == "true"
        if not _NUMBER.fullmatch(text):
            return text
        plain = text.replace("_", "").removeprefix("+")
        return Number(str(int(plain, 2)) if plain.startswith("0b") else plain)


def _text(token: str) -> str:
    if token[0] not in "\"'":
        return token
    return str(tomllib.loads(f"text = {token}")["text"])


def _child(table: Node, name: str, new: Node) -> Node:
    assert isinstance(table.value, dict)  # noqa: S101 # tomllib has seen to it
    return table.value.setdefault(name, new)


def _last(node: Node) -> Node:
    return node.value[-1] if isinstance(node.value, list) else node


def toml_comments(text: str) -> Iterator[tuple[str, int, bool]]:
    """The comments of a text that is TOML: each, its line, and whether something is before it."""
    text = text.replace("\r\n", "\n")
    for token in _TOKEN.finditer(text):
        if token["comment"]:
            start = text.rfind("\n", 0, token.start()) + 1
            line = text.count("\n", 0, token.start()) + 1
            yield token[0], line, bool(text[start : token.start()].strip())
