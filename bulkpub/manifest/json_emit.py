"""Values → JSON, indented for people or one value a line; numbers are written as their `repr`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["json_lines", "json_text"]

_WIDTH = 90
"""Characters; a longer list or mapping has a line for each of what is in it."""


def json_text(value: Any) -> str:  # noqa: ANN401 # any value
    """One document."""
    return f"{_spread(value, 0)}\n"


def json_lines(values: Iterable[Any]) -> str:
    """One value a line."""
    return "".join(f"{_compact(value)}\n" for value in values)


def _spread(value: Any, indent: int) -> str:  # noqa: ANN401 # any value
    compact = _compact(value)
    if len(compact) + indent <= _WIDTH or not isinstance(value, Mapping | list) or not value:
        return compact
    inner = " " * (indent + 2)
    if isinstance(value, Mapping):
        items = [f"{_word(key)}: {_spread(below, indent + 2)}" for key, below in value.items()]
        opening, closing = "{", "}"
    else:
        items = [_spread(below, indent + 2) for below in value]
        opening, closing = "[", "]"
    inside = f",\n{inner}".join(items)
    return f"{opening}\n{inner}{inside}\n{' ' * indent}{closing}"


def _compact(value: Any) -> str:  # noqa: ANN401 # any value
    match value:
        case None | bool() | str():
            return _word(value)
        case Mapping():
            return f"{{{', '.join(f'{_word(k)}: {_compact(v)}' for k, v in value.items())}}}"
        case list():
            return f"[{', '.join(map(_compact, value))}]"
        case _:
            return repr(value)


def _word(value: str | bool | None) -> str:  # noqa: FBT001 # one of JSON's words
    return json.dumps(value, ensure_ascii=False)
