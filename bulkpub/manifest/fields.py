"""What one field of a manifest may hold: readers that take a value or say why not.

A reader gets the value as written and returns it checked, or raises a sentence in which
`{field}` stands for the field's name. The limits are the portal's. Text is taken without the
white space around it, since YAML's block style adds a line end nobody means.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from bulkpub.core.model import Prune
from bulkpub.core.names import tag_slug
from bulkpub.manifest.nearest import suggestion
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.vocabulary import FREQUENCIES, RESOURCE_TYPES

__all__ = [
    "DESCRIPTION_LIMIT",
    "SENTENCE",
    "TITLE_LIMIT",
    "Description",
    "EmptyWord",
    "Extras",
    "FileName",
    "FirstDay",
    "Flag",
    "Frequency",
    "LastDay",
    "ListOf",
    "Name",
    "PruneWord",
    "ResourceDescription",
    "ResourceType",
    "Tag",
    "Text",
    "Title",
    "Version",
    "WebAddress",
    "kind",
    "refuse",
]

TITLE_LIMIT = 350
"""Characters in a dataset's title, as udata limits them."""
DESCRIPTION_LIMIT = 100_000
"""Characters in a dataset's description, as udata limits them."""
TAG_LIMITS = (3, 96)
"""Characters in a tag's slug, as udata limits them."""

SENTENCE = "bulkpub"
"""The pydantic error type of our own sentences, found in the context under `sentence`."""

_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_SHOWN = 40


def refuse(sentence: str) -> PydanticCustomError:
    """The error that carries `sentence` through pydantic untouched."""
    return PydanticCustomError(SENTENCE, "{sentence}", {"sentence": sentence})


def kind(value: object) -> str:
    """What `value` is, in words for a person."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case Number():
            return f"the number {value.text}"
        case str():
            return f"'{value[:_SHOWN]}{'…' if len(value) > _SHOWN else ''}'"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _text(value: object) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        raise refuse(
            f"{{field}} must be text, not {kind(value)}; put it between quotes if you mean the word"
        )
    raise refuse(f"{{field}} must be text, not {kind(value)}")


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise refuse("{field} is empty: write something, or take the line away")
    return text


def _file_name(value: object) -> str:
    # Not stripped: a file's name may begin or end with a space.
    text = value if isinstance(value, str) else _text(value)
    if not text.strip():
        raise refuse("{field} is empty: write something, or take the line away")
    return text


def _limited(limit: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = _name(value)
        if len(text) > limit:
            raise refuse(f"{{field}} has {len(text)} characters; the portal takes {limit} at most")
        return text

    return read


def _short_enough(value: object) -> str:
    """Any text the portal takes as a description; empty to have none."""
    text = _text(value)
    return _limited(DESCRIPTION_LIMIT)(text) if text else text


def _tag(value: object) -> str:
    text = _name(value)
    slug = tag_slug(text)
    low, high = TAG_LIMITS
    if not low <= len(slug) <= high:
        fault = "short" if len(slug) < low else "long"
        kept = f"the portal keeps it as '{slug}' and" if slug != text else "the portal"
        raise refuse(
            f"the tag {kind(text)} is too {fault}: {kept} wants {low} to {high} characters"
        )
    return slug


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        hint = "; yes, no, on and off are only text" if isinstance(value, str) else ""
        raise refuse(f"{{field}} must be true or false, not {kind(value)}{hint}")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        word = value.text if isinstance(value, Number) else value
        hint = f": write it as a list, [{word[:_SHOWN]}]" if isinstance(word, str) else ""
        raise refuse(f"{{field}} must be a list, not {kind(value)}{hint}")
    return value


def _version(value: object) -> int:
    if (value.value if isinstance(value, Number) else value) not in (1, "1") or value is True:
        raise refuse(f"{{field}} must be 1, the only one there is, not {kind(value)}")
    return 1


def _one_of(words: Sequence[str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = _name(value)
        if text in words:
            return text
        hint = suggestion(text, words) or f"; it is one of {', '.join(words)}"
        raise refuse(f"{{field}} cannot be {kind(text)}{hint}")

    return read


def _day(value: object, *, last: bool) -> date:
    text = _name(value)
    match = _DAY.fullmatch(text)
    if not match:
        raise refuse(
            f"{{field}} must be a day, a month or a year, as in 2024-01-31, 2024-01 or 2024, "
            f"not {kind(text)}"
        )
    try:
        year, month = int(match[1]), int(match[2] or (12 if last else 1))
        day = int(match[3] or (monthrange(year, month)[1] if last else 1))
        return date(year, month, day)
    except ValueError:
        raise refuse(f"{{field}} is {text}, which is in no calendar") from None


def _web_address_fault(text: str) -> str:
    """Why `text` is no http(s) address, as the end of a sentence; empty when it is one."""
    if not re.match(r"https?:", text, re.IGNORECASE):
        return "must be a web address that starts with http:// or https://"
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket left open
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f]", text):
        return "must be a whole web address, with a host and without spaces"
    return ""


def _web_address(value: object) -> str:
    text = _name(value)
    fault = _web_address_fault(text)
    if fault:
        raise refuse(f"{{field}} {fault}, not {kind(text)}")
    return text


_EMPTY_WORDS = ("allow", "refuse")
_TEXT_SCHEMA = {"type": ["string", "number"]}
_NAME_SCHEMA = {"type": ["string", "number"], "minLength": 1}
_DAY_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"},
        {"type": "integer", "minimum": 1, "maximum": 9999},
    ]
}


def _choice(words: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(words)})


Text = Annotated[str, PlainValidator(_text), WithJsonSchema(_TEXT_SCHEMA)]
"""Any text, empty included; a number counts as the text it was written as."""
Name = Annotated[str, PlainValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
"""Text that is not empty."""
FileName = Annotated[str, PlainValidator(_file_name), WithJsonSchema(_NAME_SCHEMA)]
"""The path of a file, or a pattern, exactly as written."""
Title = Annotated[
    str,
    PlainValidator(_limited(TITLE_LIMIT)),
    WithJsonSchema({**_NAME_SCHEMA, "maxLength": TITLE_LIMIT}),
]
Description = Annotated[
    str,
    PlainValidator(_limited(DESCRIPTION_LIMIT)),
    WithJsonSchema({**_NAME_SCHEMA, "maxLength": DESCRIPTION_LIMIT}),
]
ResourceDescription = Annotated[
    str,
    PlainValidator(_short_enough),
    WithJsonSchema({**_TEXT_SCHEMA, "maxLength": DESCRIPTION_LIMIT}),
]
"""A description that may be empty."""
Tag = Annotated[str, PlainValidator(_tag), WithJsonSchema(_NAME_SCHEMA)]
"""A tag, read as the slug the portal keeps."""
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"enum": [1, "1"]})]
Frequency = Annotated[str, PlainValidator(_one_of(FREQUENCIES)), _choice(FREQUENCIES)]
ResourceType = Annotated[str, PlainValidator(_one_of(RESOURCE_TYPES)), _choice(RESOURCE_TYPES)]
PruneWord = Annotated[
    Prune,
    PlainValidator(lambda value: Prune(_one_of(tuple(Prune))(value))),
    _choice(tuple(Prune)),
]
EmptyWord = Annotated[str, PlainValidator(_one_of(_EMPTY_WORDS)), _choice(_EMPTY_WORDS)]
"""What to do with an empty file."""
FirstDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=False)), WithJsonSchema(_DAY_SCHEMA)
]
"""The first day of a period; a year or a month means its first day."""
LastDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=True)), WithJsonSchema(_DAY_SCHEMA)
]
"""The last day of a period; a year or a month means its last day."""
WebAddress = Annotated[
    str,
    PlainValidator(_web_address),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://"}),
]
Extras = Annotated[
    Any,
    PlainValidator(lambda value: value),
    WithJsonSchema(
        {"type": "object", "propertyNames": {"pattern": r"^(?!\$|bulkpub:)[^.\u0000]+$"}}
    ),
]
"""Extras, checked by other code because their faults have places of their own."""
ListOf = BeforeValidator(_list)
"""Before a list type: says how to write a list when there is none."""
