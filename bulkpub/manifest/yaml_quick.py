"""Events of YAML → tree, quickly: of what there are thousands, the tree is only made if wanted.

For the events of the quick reader alone. So the entries of `resources` are `Deferred`. Whatever
is in doubt (a key that is there twice, a merge, values nested too deep) is left to `yaml_text`.
"""

import re
from array import array
from collections.abc import Container, Iterator, Mapping
from functools import partial
from typing import Any

from bulkpub.core.model import Place
from bulkpub.manifest.nodes import MAX_DEPTH, Deferred, Doubtful, Node, Number, Value, bare

__all__ = ["PROSE", "QuickComposer", "plain_value"]

PROSE = {"title", "description", "description_short", "acronym", "path", "glob"}
"""Keys that hold free text, in which a # may stand."""

_NUMBER = re.compile(
    r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?"
    r"|0o[0-7]+|0x[0-9a-fA-F]+"
)
_NUMBER_BEGINS = frozenset("-+.0123456789")
_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def plain_value(text: str) -> str | bool | Number | None:
    """What is meant by text without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_BEGINS and _NUMBER.fullmatch(text):
        return Number(text)
    return text


class QuickComposer:
    """Builds the tree of one text from its events, which `quick_events` gives.

    `marked` are the numbers, from 0, of the lines in which there is a #; of what ends in one, it
    keeps in `plain` what `yaml_text` has to look at.
    """

    def __init__(self, events: Iterator[Any], file: str, marked: Container[int]) -> None:
        from yaml import events as kinds  # noqa: PLC0415 - only where YAML is read

        self._events = events
        self._next = events.__next__
        self._file = file
        self._marked = marked
        self._scalar: Any = kinds.ScalarEvent
        self._mapping_start, self._mapping_end = kinds.MappingStartEvent, kinds.MappingEndEvent
        self._list_start, self._list_end = kinds.SequenceStartEvent, kinds.SequenceEndEvent
        self._around = {
            kinds.StreamStartEvent,
            kinds.StreamEndEvent,
            kinds.DocumentStartEvent,
            kinds.DocumentEndEvent,
        }
        self.plain: list[tuple[str, str, Place, Any]] = []

    def document(self) -> Node | None:
        """The tree, None when there is nothing; raises `Doubtful`."""
        root: Node | None = None
        for event in self._events:
            if type(event) in self._around:
                continue
            if root is not None:
                raise Doubtful
            root = self._node(event, 0)
        return None if root is None or root.value is None else root

    def _place(self, event: Any) -> Place:  # noqa: ANN401 # any event
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 # as above
        kind = type(event)
        if kind is self._scalar:
            if depth > MAX_DEPTH:
                raise Doubtful
            return Node(_value(event), self._place(event))
        _check(event, depth)
        place = self._place(event)
        if kind is self._mapping_start:
            return Node(self._mapping(depth + 1), place)
        if kind is not self._list_start:
            raise Doubtful
        items: list[Node] = []
        while type(event := self._next()) is not self._list_end:
            items.append(self._node(event, depth + 1))
        return Node(items, place)

    def _key(self, children: Container[str], depth: int) -> Any:  # noqa: ANN401 # as above
        """The next key's event, None at the end of the mapping."""
        event = self._next()
        if type(event) is self._mapping_end:
            return None
        if type(event) is not self._scalar:
            raise Doubtful
        _check(event, depth)
        if event.value in children or (event.value == "<<" and not event.style):
            raise Doubtful
        return event

    def _mapping(self, depth: int) -> dict[str, Node]:
        """What is in a mapping, whose values are nested so deep."""
        children: dict[str, Node] = {}
        while (event := self._key(children, depth)) is not None:
            key, below = event.value, self._next()
            if key == "resources" and type(below) is self._list_start:
                _check(below, depth)
                node = Node(self._resources(depth + 1), self._place(below))
            else:
                node = self._node(below, depth)
            node.key = self._place(event)
            self._look_at(key, below)
            children[key] = node
        return children

    def _resources(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while type(event := self._next()) is not self._list_end:
            is_mapping = type(event) is self._mapping_start
            items.append(self._entry(event, depth) if is_mapping else self._node(event, depth))
        return items

    def _entry(self, start: Any, depth: int) -> Node:  # noqa: ANN401 # as above
        _check(start, depth)
        said: dict[str, Any] = {}
        nested: dict[str, Value] = {}
        marks: list[int] = []
        while (event := self._key(said, depth + 1)) is not None:
            key, below = event.value, self._next()
            if type(below) is self._scalar:
                said[key] = _value(below)
                self._look_at(key, below)
            else:
                node = self._node(below, depth + 1)
                said[key], nested[key] = bare(node), node.value
            there, here = event.start_mark, below.start_mark
            marks += (there.line, there.column, here.line, here.column)
        tree = partial(_tree, self._file, said, nested, array("L", marks))
        return Deferred(said, self._place(start), tree)

    def _look_at(self, key: str, below: Any) -> None:  # noqa: ANN401 # as above
        if (
            key in PROSE
            and type(below) is self._scalar
            and not below.style
            and below.end_mark.line in self._marked
        ):
            self.plain.append((key, below.value, self._place(below), below.end_mark))


def _tree(
    file: str, said: Mapping[str, Any], nested: Mapping[str, Value], marks: "array[int]"
) -> Value:
    """The tree of an entry; four `marks` for each key: where it is, and where its value is."""
    places = iter(marks)
    children: dict[str, Node] = {}
    for key, value in said.items():
        there, here = (Place(file, next(places) + 1, next(places) + 1) for _ in range(2))
        children[key] = Node(nested.get(key, value), here, there)
    return children


def _check(event: Any, depth: int) -> None:  # noqa: ANN401 # as above
    if depth > MAX_DEPTH or event.anchor is not None or event.tag is not None:
        raise Doubtful


def _value(event: Any) -> str | bool | Number | None:  # noqa: ANN401 # as above
    if event.anchor is not None or event.tag is not None:
        raise Doubtful
    text: str = event.value
    return text if event.style else plain_value(text)
