"""YAML text → tree, by YAML 1.2 and nothing of 1.1.

Libraries find the structure; what a plain word means is decided here, by the core schema
of YAML 1.2 and one rule of ours: what JSON has no type for stays text. So `no` and
`2024-01-01` are text, and so is `01`, because a code that starts with a zero is not a number.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from bulkpub.core.model import Place
from bulkpub.language import after, say
from bulkpub.manifest.nodes import MAX_DEPTH, Doubtful, Node, Number, Unreadable, Value, check_text
from bulkpub.manifest.traps import BACKSLASH, cut_short, trap_in_yaml
from bulkpub.manifest.yaml_events import careful_events, quick_events
from bulkpub.manifest.yaml_quick import PROSE, QuickComposer, plain_value

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

__all__ = ["compose", "read_yaml"]

_TAG = "tag:yaml.org,2002:"
_MEANT_TEXT = {"!", _TAG + "str"}
_PLAIN_TAGS = {_TAG + kind for kind in ("null", "bool", "int", "float")}
_COLLECTION_TAGS = {None, "!", _TAG + "map", _TAG + "seq"}

_SHOWN = 40
_LINE_END = re.compile(r"\r\n|\r|\n")

_MAX_ALIASED = 1_000_000
"""How many values aliases may add up to: far above any use, far below a memory bomb."""


def read_yaml(
    text: str, file: str, warn: Callable[[Place, str], None] = lambda *_: None
) -> Node | None:
    """The tree of the one document in `text`, None when there is nothing in it.

    `warn` learns what may not be meant as it is read. Raises `Unreadable` with the place of
    whatever is wrong.
    """
    with suppress(Doubtful, Unreadable):  # what is wrong is said by the careful one
        return _composed_quickly(text, file, warn)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415 - only where needed

    try:
        return _composed(careful_events(text), text, file, warn)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        lines = text.split("\n")
        at = min(mark.line, len(lines) - 1) if mark else 0
        before = next((line for line in reversed(lines[: at + 1]) if line.strip()), "")
        raise Unreadable(place, _sentence(error, lines[at], before)) from None
    except YAMLError as error:
        raise Unreadable(*_bad_character(error, text, file)) from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" is no character
        raise Unreadable(
            Place(file), say("this is not YAML: it holds an impossible escape")
        ) from None


def _composed(
    events: Iterator[Any], text: str, file: str, warn: Callable[[Place, str], None]
) -> Node | None:
    composer = _Composer(events, file)
    root = composer.document()
    if "#" in text:
        for fault in _cut_short(composer.plain, text):
            warn(*fault)
    return root


def _composed_quickly(text: str, file: str, warn: Callable[[Place, str], None]) -> Node | None:
    lines = enumerate(_LINE_END.split(text)) if "#" in text else ()
    marked = {number for number, line in lines if "#" in line}
    composer = QuickComposer(quick_events(text), file, marked)
    root = composer.document()
    if composer.plain:
        for fault in _cut_short(composer.plain, text):
            warn(*fault)
    return root


def _cut_short(
    plain: Iterable[tuple[str, str, Place, Any]], text: str
) -> Iterator[tuple[Place, str]]:
    """Text without quotes that a # cuts short, which YAML takes for a remark."""
    lines = _LINE_END.split(text)
    for key, value, place, end in plain:
        line = lines[end.line] if end.line < len(lines) else ""
        lost = cut_short(line[end.column :].lstrip(": "))
        if lost is not None:
            left = f"'{value[:_SHOWN]}'" if value else "nothing"
            sentence = say(
                "of '{key}' {left} is left, as a # begins a remark; if '{lost}' is part of it, "
                "put all of it between quotes",
                key=key,
                left=left,
                lost=lost[:_SHOWN],
            )
            yield place, sentence


def compose(events: Iterator[Any], file: str) -> Node | None:
    """The tree that the events of a text make; raises `Unreadable`, and what `events` raise."""
    return _Composer(events, file).document()


_HINTS = (
    (
        r"mapping values are not allowed",
        say(
            "there is a ':' where none can be; put the text between quotes, or look at the "
            "indentation"
        ),
    ),
    (r"'\\t'|\btabs?\b", say("lines are indented with spaces, never with tabs")),
    (
        r"unknown escape character|expected escape sequence",
        BACKSLASH,
    ),
    (
        r"found '<stream end>'",
        say("a [ or a {{ is opened and never closed, or a value is missing"),
    ),
    (r"found unexpected end of stream", say("a quote is opened here and never closed")),
    (
        r"could not find expected ':'",
        say("a ':' is missing after a key, or a line is not indented"),
    ),
    (
        r"character '(.)' that cannot start",
        say(r"text cannot begin with \1: put it between quotes"),
    ),
    (r"expected '(.)' or '(.)'", say(r"a \1 or a closing \2 is missing before this")),
    (
        r"expected <block end>",
        say("this does not fit what is above it: look at the indentation"),
    ),
)
"""What ruamel says, and what it means for somebody who does not know YAML's grammar."""


def _sentence(error: "MarkedYAMLError", line: str, before: str) -> str:
    """What is wrong, in the words of somebody who knows no YAML.

    `line` is where, and `before` the last line up to there in which something stands.
    """
    problem = str(error.problem or error.context or say("it cannot be read")).strip()
    if trap := trap_in_yaml(line, before):
        return say("this is not YAML: {trap}", trap=trap)
    for pattern, words in _HINTS:
        if match := re.search(pattern, problem):
            return say(
                "this is not YAML: {words}", words=after(words, partial(_filled, match.groups()))
            )
    return say("this is not YAML: {problem}", problem=problem)


def _filled(groups: tuple[str, ...], words: str) -> str:
    for number, group in enumerate(groups, 1):
        words = words.replace(f"\\{number}", group)
    return words


def _bad_character(error: "YAMLError", text: str, file: str) -> tuple[Place, str]:
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position >= len(text):
        return Place(file), say("this is not YAML: it cannot be read")
    line = text.count("\n", 0, position)
    column = position - (text.rfind("\n", 0, position) + 1)
    return (
        Place(file, line + 1, column + 1),
        say(
            "this is not YAML: the character U+{code:04X} is not allowed", code=ord(text[position])
        ),
    )


class _Composer:
    """Builds the tree of one text from its events."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: set[str] = set()
        self._count = 0
        self.plain: list[tuple[str, str, Place, Any]] = []
        """Text without quotes: its key, what it is, where it begins, and the mark of its end."""

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            match _kind(event):
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    continue
                case "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        raise Unreadable(
                            self._place(event),
                            say("a manifest is one document: take this `---` away"),
                        )
                case _:
                    root = self._node(event, 0)
        return None if root is None or root.value is None else root

    def _place(self, event: Any) -> Place:  # noqa: ANN401 # the events of two libraries have no common type
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 # as above
        place = self._place(event)
        if _kind(event) == "AliasEvent":
            return self._alias(event.anchor, place)
        if depth > MAX_DEPTH:
            raise Unreadable(
                place, say("values are nested more than {max_depth} deep", max_depth=MAX_DEPTH)
            )
        before, anchor = self._count, event.anchor
        self._count += 1
        if anchor is not None:
            self._open.add(anchor)
        node = Node(self._value(event, place, depth), place)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = node, self._count - before
        return node

    def _value(self, event: Any, place: Place, depth: int) -> Value:  # noqa: ANN401 # as above
        match _kind(event):
            case "ScalarEvent":
                return _scalar(event, place)
            case "MappingStartEvent":
                _check_tag(event.tag, place)
                return self._mapping(depth)
            case "SequenceStartEvent":
                _check_tag(event.tag, place)
                items: list[Node] = []
                while _kind(item := next(self._events)) != "SequenceEndEvent":
                    items.append(self._node(item, depth + 1))
                return items
            case _:
                raise Unreadable(place, say("this is not YAML: it cannot be read"))

    def _alias(self, anchor: str, place: Place) -> Node:
        if anchor in self._open:
            raise Unreadable(
                place, say("*{anchor} refers to what it is itself part of", anchor=anchor)
            )
        if anchor not in self._anchors:
            raise Unreadable(
                place,
                say(
                    "*{anchor} refers to an anchor &{anchor} that is not above it; text that "
                    "begins with * goes between quotes",
                    anchor=anchor,
                ),
            )
        node, weight = self._anchors[anchor]
        self._count += weight
        if weight > 1 and self._count > _MAX_ALIASED:
            raise Unreadable(
                place, say("the aliases add up to more values than a manifest can hold")
            )
        return Node(node.value, place)

    def _mapping(self, depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        merged: list[Node] = []
        while _kind(event := next(self._events)) != "MappingEndEvent":
            place = self._place(event)
            key = self._key(event, place, depth)
            below = next(self._events)
            child = self._node(below, depth + 1)
            if key in PROSE and _kind(below) == "ScalarEvent" and not below.style:
                # Of nothing, the marks are where the next thing begins.
                at = below if below.value else event
                self.plain.append((key, below.value, self._place(at), at.end_mark))
            if key == "<<" and not getattr(event, "style", None):
                merged += _merge_sources(child)
            elif key in children:
                first = children[key].key
                raise Unreadable(
                    place, say("the key '{key}' is already there, at {first}", key=key, first=first)
                )
            else:
                # An aliased scalar is shared: its key is where it stands here.
                children[key] = Node(child.value, child.place, place)
        for source in merged:
            assert isinstance(source.value, dict)  # noqa: S101 # _merge_sources lets no other pass
            for key, child in source.value.items():
                children.setdefault(key, child)
        return children

    def _key(self, event: Any, place: Place, depth: int) -> str:  # noqa: ANN401 # as above
        if _kind(event) == "ScalarEvent":
            self._node(event, depth + 1)  # a key may carry an anchor and must have a known tag
            return check_text(str(event.value), place)
        if _kind(event) == "AliasEvent":
            value = self._alias(event.anchor, place).value
            if isinstance(value, Number):
                return value.text
            if isinstance(value, str):
                return value
        raise Unreadable(place, say("a key must be text, not a list or a mapping"))


def _kind(event: object) -> str:
    """The name of the event's class, the same in both libraries."""
    return type(event).__name__


def _merge_sources(node: Node) -> list[Node]:
    sources = node.value if isinstance(node.value, list) else [node]
    for source in sources:
        if not isinstance(source.value, dict):
            raise Unreadable(source.place, say("`<<` merges mappings, and this is not one"))
    return sources


def _strange(tag: str) -> str:
    meant = "" if tag.startswith(_TAG) else say(", or put text that begins with ! between quotes")
    return say(
        "the tag {tag} means nothing in a manifest: take it away{meant}", tag=tag, meant=meant
    )


def _check_tag(tag: object, place: Place) -> None:
    if (None if tag is None else str(tag)) not in _COLLECTION_TAGS:
        raise Unreadable(place, _strange(str(tag)))


def _scalar(event: Any, place: Place) -> Value:  # noqa: ANN401 # as above
    text = check_text(str(event.value), place)
    tag = None if event.tag is None else str(event.tag)
    if tag in _MEANT_TEXT or (tag is None and event.style):
        return text
    if tag is not None and tag not in _PLAIN_TAGS:
        raise Unreadable(place, _strange(str(tag)))
    return plain_value(text)
