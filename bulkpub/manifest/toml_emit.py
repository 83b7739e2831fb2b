"""Values → TOML a person likes to read, such that our reader gets exactly these values back.

The top is written first, then `[defaults]` and other mappings of it, then a `[[datasets]]` for each
dataset and within it a `[[datasets.resources]]` for each resource; what is below is written inline.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bulkpub.language import say

__all__ = ["document_lines"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def document_lines(top: Mapping[str, Any], datasets: Sequence[Any]) -> Iterator[str]:
    """The lines of a manifest with this top and these datasets.

    Values are texts, numbers, true and false, lists and mappings; there is no null. Numbers are
    written as their `repr`.
    """
    tables = {name: value for name, value in top.items() if _is_table(value)}
    yield from (line for name in top if name not in tables for line in _pair(name, top[name]))
    for name, table in tables.items():
        yield ""
        yield f"[{_key(name)}]"
        yield from _pairs(table)
    if not all(map(_is_table, datasets)):  # no dataset at all is wrong, and is said as such
        if tables:
            raise ValueError(say("what is no mapping must come before tables"))
        yield from _pair("datasets", list(datasets))
        return
    for dataset in datasets:
        yield ""
        yield "[[datasets]]"
        resources = dataset.get("resources")
        apart = isinstance(resources, list) and bool(resources) and all(map(_is_table, resources))
        yield from _pairs({k: v for k, v in dataset.items() if not (apart and k == "resources")})
        for resource in resources if apart else ():
            yield ""
            yield "[[datasets.resources]]"
            yield from _pairs(resource)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield from _pair(name, value)


def _pair(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 # any value
    if isinstance(value, str) and "\n" in value:
        yield f'{_key(name)} = """'
        yield from f'{_in_block(value)}"""'.split("\n")
    else:
        yield f"{_key(name)} = {_inline(value)}"


def _inline(value: Any) -> str:  # noqa: ANN401 # any value
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case Mapping():
            inside = ", ".join(f"{_key(name)} = {_inline(each)}" for name, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list():
            return f"[{', '.join(map(_inline, value))}]"
        case _:
            return repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_block(text: str) -> str:
    """The text between three quotes: line ends as they are, everything else as in one line."""
    return "\n".join(_quoted(line)[1:-1] for line in text.split("\n"))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)
