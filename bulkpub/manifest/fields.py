"""What one field of a manifest may hold: readers that take a value or say why not.

A reader gets the value as written and returns it checked, or raises a sentence in which
`{field}` stands for the field's name. The limits are the portal's. Text is taken without the
white space around it, since YAML's block style adds a line end nobody means.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from bulkpub.core.addresses import address_fault, web_address_fault
from bulkpub.core.model import Check, Prune
from bulkpub.core.names import key_of
from bulkpub.core.schemes import SCHEMES
from bulkpub.manifest.nearest import suggestion
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.vocabulary import FREQUENCIES, RESOURCE_TYPES

__all__ = [
    "DESCRIPTION_LIMIT",
    "SENTENCE",
    "TITLE_LIMIT",
    "CheckWord",
    "Description",
    "EmptyWord",
    "ExpectWord",
    "Extras",
    "FileAddress",
    "FileName",
    "Flag",
    "Frequency",
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
    "read_name",
    "refuse",
    "words",
]

TITLE_LIMIT = 350
"""Characters in a dataset's title, as udata limits them."""
DESCRIPTION_LIMIT = 100_000
"""Characters in a dataset's description, as udata limits them."""
TAG_LIMITS = (3, 96)
"""Characters in a tag's slug, as udata limits them."""

SENTENCE = "bulkpub"
"""The pydantic error type of our own sentences, found in the context under `sentence`."""

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


def read_name(value: object) -> str:
    """The text, which must not be empty, without the white space around it."""
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
        text = read_name(value)
        if len(text) > limit:
            raise refuse(f"{{field}} has {len(text)} characters; the portal takes {limit} at most")
        return text

    return read


def _short_enough(value: object) -> str:
    """Any text the portal takes as a description; empty to have none."""
    text = _text(value)
    return _limited(DESCRIPTION_LIMIT)(text) if text else text


def _tag(value: object) -> str:
    text = read_name(value)
    slug = key_of(text)
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
        text = read_name(value)
        if text in words:
            return text
        hint = suggestion(text, words) or f"; it is one of {', '.join(words)}"
        raise refuse(f"{{field}} cannot be {kind(text)}{hint}")

    return read


def _check(value: object) -> Check:
    text = read_name(value)
    if text not in tuple(Check):
        hint = suggestion(text, Check) or f"; there are {', '.join(Check)}"
        raise refuse(f"there is no check {kind(text)}{hint}")
    return Check(text)


def _address(fault_of: Callable[[str], str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = read_name(value)
        if fault := fault_of(text):
            raise refuse(f"{{field}} {fault}")
        return text

    return read


def words(value: object) -> object:
    """One word for a list of one."""
    return [value] if isinstance(value, str) else value


_EMPTY_WORDS = ("allow", "refuse")
_EXPECT_WORDS = ("html",)
_TEXT_SCHEMA = {"type": ["string", "number"]}
_NAME_SCHEMA = {"type": ["string", "number"], "minLength": 1}


def _address_schema(*schemes: str) -> WithJsonSchema:
    either_case = (
        "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in name) for name in schemes
    )
    pattern = f"^({'|'.join(either_case)})://"
    return WithJsonSchema({"type": "string", "format": "uri", "pattern": pattern})


def _choice(words: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(words)})


Text = Annotated[str, PlainValidator(_text), WithJsonSchema(_TEXT_SCHEMA)]
"""Any text, empty included; a number counts as the text it was written as."""
Name = Annotated[str, PlainValidator(read_name), WithJsonSchema(_NAME_SCHEMA)]
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
ExpectWord = Annotated[str, PlainValidator(_one_of(_EXPECT_WORDS)), _choice(_EXPECT_WORDS)]
"""What an address is expected to give, where that is not an ordinary file of data."""
WebAddress = Annotated[
    str,
    PlainValidator(_address(web_address_fault)),
    _address_schema(*(name for name, scheme in SCHEMES.items() if scheme.is_web)),
]
FileAddress = Annotated[str, PlainValidator(_address(address_fault)), _address_schema(*SCHEMES)]
"""An address from which a file can be fetched."""
CheckWord = Annotated[Check, PlainValidator(_check), _choice(tuple(Check))]
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
