"""Comments of a YAML or TOML text, and the values they speak of; and their way into another text.

The rule: a comment on a line of its own speaks of what begins next, one behind a value of that
value. In the other text it goes to the same value, wherever that is written there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bulkpub.manifest.nodes import Node
from bulkpub.manifest.toml_text import toml_comments
from bulkpub.manifest.yaml_events import careful_events

__all__ = ["Comment", "comments_in_toml", "comments_in_yaml", "with_comments"]

_IN_HEADER = re.compile(r"[|>][-+0-9]*[ \t]+(#[^\r\n]*)")
_BLOCK = re.compile(r"[|>][-+0-9]*$")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, `#` included: its line, from 1, and whether a value stands before it there."""

    text: str
    line: int
    behind: bool


def comments_in_yaml(text: str) -> list[Comment]:
    """The comments of a text that is YAML without fault."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: list[Comment] = []
    end = 0
    scalars = (each for each in careful_events(text) if getattr(each, "value", None) is not None)
    spans = [(each.start_mark.index, each.end_mark.index) for each in scalars]
    for start, stop in [*spans, (len(text), len(text))]:
        found += _between(text, end, start)
        if header := _IN_HEADER.match(text, start):
            found.append(Comment(header[1].rstrip(), text.count("\n", 0, start) + 1, behind=True))
        end = max(end, stop)
    return found


def _between(text: str, start: int, stop: int) -> Iterator[Comment]:
    """The comments between two scalars, where no # can be anything else."""
    line = text.count("\n", 0, start) + 1
    begin = text.rfind("\n", 0, start) + 1
    for number, part in enumerate(text[start:stop].split("\n")):
        at = part.find("#")
        if at >= 0:
            before = (text[begin:start] if number == 0 else "") + part[:at]
            yield Comment(part[at:].rstrip(), line + number, behind=bool(before.strip()))


def comments_in_toml(text: str) -> list[Comment]:
    """The comments of a text that is TOML without fault."""
    return [
        Comment(said.rstrip(), line, behind=behind) for said, line, behind in toml_comments(text)
    ]


# --- into another text ----------------------------------------------------------------------


def with_comments(
    lines: Sequence[str], comments: Sequence[Comment], old: Node, new: Node
) -> list[str]:
    """The lines, whose tree is `new`, with the comments of the text whose tree is `old`.

    The trees say the same.
    """
    lines_of = _lines_of(old, new)
    starts = sorted(lines_of)
    before: dict[int, list[str]] = {}
    behind: dict[int, list[str]] = {}
    for each in comments:
        if each.behind:
            start = max((line for line in starts if line <= each.line), default=None)
        else:
            start = next((line for line in starts if line > each.line), None)
        at = len(lines) + 1 if start is None else lines_of[start][-1 if each.behind else 0]
        fits = each.behind and start is not None and _is_whole(lines[at - 1])
        (behind if fits else before).setdefault(at, []).append(each.text)
    out: list[str] = []
    for number, text in enumerate(lines, 1):
        indent = text[: len(text) - len(text.lstrip(" "))]
        out += (f"{indent}{said}" for said in before.get(number, ()))
        out.append("  ".join((text, *behind.get(number, ()))))
    return out + before.get(len(lines) + 1, [])


def _is_whole(line: str) -> bool:
    """Whether something can be written behind what is on that line."""
    return not (_BLOCK.search(line) or line.count('"""') % 2)


def _lines_of(old: Node, new: Node) -> Mapping[int, tuple[int, int]]:
    """The lines on which something begins in the old text → where that begins in the new one.

    Of what begins on one line there, the first and the last here.
    """
    found: dict[int, tuple[int, int]] = {}
    waiting = [(old, new)]
    while waiting:
        one, other = waiting.pop()
        # A value begins at its key; what is in a list has none, nor has the whole.
        here, there = one.key or one.place, other.key or other.place
        if one is not old:
            first, last = found.get(here.line, (there.line, there.line))
            found[here.line] = min(first, there.line), max(last, there.line)
        if isinstance(one.value, dict) and isinstance(other.value, dict):
            waiting += [(one.value[k], other.value[k]) for k in one.value if k in other.value]
        elif isinstance(one.value, list) and isinstance(other.value, list):
            waiting += zip(one.value, other.value, strict=False)
    return found
