"""Values → YAML a person likes to read, such that our reader gets exactly these values back.

Block style, but for short lists of words. A text stands without quotes only where no reader of
YAML, old or new, could take it for anything else; text of several lines is a literal block.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

__all__ = ["comment", "entry_lines", "list_item_lines", "spread_lines"]

_UNSAFE = re.compile(
    "[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069]"
)
"""What YAML does not allow, takes for a line end, or nobody could see: written as escapes."""
_PLAIN = re.compile(r"\w(?:[^\n\t]*[^\s:])?|/[^\n\t]*[^\s:]")
_NUMBER_LIKE = re.compile(r"[\d_][\d_+.,:\sa-foxtz-]*", re.IGNORECASE)
"""Numbers, days and times, and whatever some reader of YAML may take for one."""
_NOT_IN_PLAIN = re.compile(r":\s|\s#|^https?:$")
_NOT_IN_FLOW = re.compile(r"[\[\]{},\"'#?]|:(?!\w)")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that are no text for some reader of YAML, in whatever case."""
_WORD = {None: "null", True: "true", False: "false"}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}

_LONG = 80
"""Characters; a longer description is a block even when it is one line."""
_FLOW_WIDTH = 90
"""Characters; a longer list of words has a line for each."""
_LONGEST_KEY = 1000
"""Characters of a key as written; YAML gives up looking for the colon after 1,024."""


def comment(text: str, indent: int) -> str:
    """`text` as one line of comment, whatever is in it."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return f"{' ' * indent}# {_UNSAFE.sub('�', line)}".rstrip()


def list_item_lines(mapping: Mapping[str, Any], indent: int) -> Iterator[str]:
    """The lines of one item of a list; the dash stands in column `indent` (from 0)."""
    first = True
    for key, value in mapping.items():
        for line in entry_lines(key, value, indent + 2):
            yield f"{' ' * indent}- {line[indent + 2 :]}" if first else line
            first = False
    if first:
        yield f"{' ' * indent}- {{}}"


def entry_lines(key: str, value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 # any JSON
    """The lines of `key: value`, the key in column `indent` (from 0)."""
    name = _in_one_line(key)
    start = f"{' ' * indent}{name}:"
    if len(name) > _LONGEST_KEY:
        yield f"{' ' * indent}? {name}"
        start = f"{' ' * indent}:"
    below = list(_value_lines(key, value, indent))
    yield f"{start} {below[0]}" if below[0] else start
    yield from below[1:]


def spread_lines(key: str, mapping: Mapping[str, Any]) -> Iterator[str]:
    """The lines of `key:` at the margin, with a line for each of what is in it, to add others."""
    yield f"{_in_one_line(key)}:"
    for name, below in mapping.items():
        yield from entry_lines(name, below, 2)


def _value_lines(key: str, value: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 # any JSON
    """What follows the colon, then the lines below it."""
    if isinstance(value, str):
        yield from _text_lines(key, value, indent + 2)
    elif isinstance(value, Mapping) and value:
        if (flow := _flow_mapping(value)) and len(flow) + indent <= _FLOW_WIDTH:
            yield flow
            return
        yield ""
        for name, below in value.items():
            yield from entry_lines(name, below, indent + 2)
    elif isinstance(value, list | tuple) and value:
        if (flow := _flow_list(value)) and len(flow) + indent <= _FLOW_WIDTH:
            yield flow
            return
        yield ""
        for item in value:
            yield from _item_lines(item, indent + 2)
    else:
        yield _in_one_line(value)


def _item_lines(item: Any, indent: int) -> Iterator[str]:  # noqa: ANN401 # any JSON
    if isinstance(item, Mapping) and item:
        yield from list_item_lines(item, indent)
        return
    below = list(_value_lines("", item, indent))
    yield f"{' ' * indent}- {below[0]}" if below[0] else f"{' ' * indent}-"
    yield from below[1:]


def _text_lines(key: str, text: str, indent: int) -> Iterator[str]:
    """A literal block where it can be one, or else the text in one line."""
    wanted = "\n" in text or (key == "description" and len(text) > _LONG)
    if not wanted or _UNSAFE.search(text) or not text.strip() or text.endswith("\n\n"):
        yield _in_one_line(text)
        return
    needs_width = text[0] in " \t\n"
    yield f"|{'2' if needs_width else ''}{'' if text.endswith(chr(10)) else '-'}"
    for line in text.removesuffix("\n").split("\n"):
        yield f"{' ' * indent}{line}" if line else ""


def _flow_mapping(value: Mapping[str, Any]) -> str:
    """`{a: b}` for a small mapping of single values; empty when it is none."""
    if not all(_is_word(key) and _is_short(below) for key, below in value.items()):
        return ""
    return "{" + ", ".join(f"{key}: {_flow(below)}" for key, below in value.items()) + "}"


def _flow_list(value: Sequence[Any]) -> str:
    """`[a, b]` for a list of single values; empty when it is none."""
    return f"[{', '.join(map(_flow, value))}]" if all(map(_is_single, value)) else ""


def _flow(value: Any) -> str:  # noqa: ANN401 # any JSON
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _flow_list(value)
    if isinstance(value, str) and _NOT_IN_FLOW.search(value):
        return _quoted(value)
    return _in_one_line(value)


def _is_short(value: Any) -> bool:  # noqa: ANN401 # any JSON
    return _is_single(value) or (not isinstance(value, Mapping) and all(map(_is_single, value)))


def _is_single(value: Any) -> bool:  # noqa: ANN401 # any JSON
    return not isinstance(value, Mapping | list | tuple)


def _is_word(key: str) -> bool:
    return bool(re.fullmatch(r"[a-z_]+", key)) and key not in _WORDS


def _in_one_line(value: Any) -> str:  # noqa: ANN401 # any JSON
    match value:
        case str():
            return str(value) if _is_plain(value) else _quoted(value)
        case date():
            return value.isoformat()
        case None | bool():
            return _WORD[value]
        case Mapping() | list() | tuple():  # an empty one: others have lines of their own
            return "{}" if isinstance(value, Mapping) else "[]"
        case _:
            return repr(value)


def _is_plain(text: str) -> bool:
    return bool(
        _PLAIN.fullmatch(text)
        and not _UNSAFE.search(text)
        and not _NOT_IN_PLAIN.search(text)
        and not _NUMBER_LIKE.fullmatch(text)
        and text.casefold() not in _WORDS
    )


def _quoted(text: str) -> str:
    if re.search(r'["\\]', text) and not re.search(r"[\n\t]", text) and not _UNSAFE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not _UNSAFE.match(character):
        return character
    return f"\\u{ord(character):04x}"
