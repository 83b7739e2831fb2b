"""Where in a YAML text the pieces lie, so that lines can be added without touching any other.

Offsets count characters. A piece ends where its last line ends: what follows on that line can
only be a comment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bulkpub.language import say

__all__ = ["Piece", "lay_out"]


@dataclass(slots=True)
class Piece:
    """One value: where it starts, and the offset at which lines can follow it.

    `line` counts from 1, `column` from 0; `start` is the offset of that line. `block` is True for a
    mapping or list in block style, to which lines can be added. `keys` has the offsets of the
    lines on which the keys of a mapping stand.
    """

    line: int
    column: int
    start: int
    end: int
    block: bool = False
    empty: bool = False
    entries: dict[str, "Piece"] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    items: list["Piece"] = field(default_factory=list)


def lay_out(text: str) -> Piece:
    """The layout of a text that is one YAML document, without fault, and not empty."""
    events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
    for event in events:
        if isinstance(event, MappingStartEvent | SequenceStartEvent | ScalarEvent):
            return _piece(event, events, text)
    raise ValueError(say("there is nothing in the text"))


def _piece(event: Any, events: Iterator[Any], text: str) -> Piece:  # noqa: ANN401 # ruamel's events have no common type
    mark = event.start_mark
    start = text.rfind("\n", 0, mark.index) + 1
    piece = Piece(mark.line + 1, mark.column, start, _line_end(text, event.end_mark.index))
    match event:
        case ScalarEvent():
            if event.style in {"|", ">"} and event.end_mark.column == 0:
                piece.end = event.end_mark.index  # where the next line begins already
            piece.empty = event.style is None and event.start_mark.index == event.end_mark.index
        case MappingStartEvent():
            piece.block = not event.flow_style
            while not isinstance(key := next(events), MappingEndEvent):
                name = _piece(key, events, text)
                value = _piece(next(events), events, text)
                if isinstance(key, ScalarEvent):
                    piece.entries[str(key.value)] = value
                    piece.keys[str(key.value)] = name.start
                piece.end = max(piece.end, name.end, value.end)
            _close(piece, key, text)
        case SequenceStartEvent():
            piece.block = not event.flow_style
            while not isinstance(item := next(events), SequenceEndEvent):
                piece.items.append(_piece(item, events, text))
                piece.end = max(piece.end, piece.items[-1].end)
            _close(piece, item, text)
        case AliasEvent():
            pass
    return piece


def _close(piece: Piece, event: Any, text: str) -> None:  # noqa: ANN401 # as above
    if not piece.block:
        piece.end = _line_end(text, event.end_mark.index)


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1
