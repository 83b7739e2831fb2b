"""What an answer of a portal has to look like, and how it becomes values of ours.

The rule: an answer is somebody else's data. It is read once, against a `Shape`; what is of
another form ends in one sentence that names the field, and nothing behind it sees JSON. Fields
that no shape names are not looked at.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic_core import CoreConfig, ErrorDetails, SchemaValidator, ValidationError, core_schema
from pydantic_core.core_schema import CoreSchema

from bulkpub.core.model import Json
from bulkpub.language import after, joined, say

__all__ = [
    "DAY",
    "EXTRAS",
    "FLAG",
    "ID",
    "INT64",
    "NAME",
    "NAMES",
    "REFERENCE",
    "SIZE",
    "TEXT",
    "Shape",
    "Unreadable",
    "either",
    "list_of",
    "made",
    "once_each",
    "optional",
    "record",
]

T = TypeVar("T")

DEEPEST = 80
"""How deep extras may be nested: what can still be sent back, and written into a manifest."""
LONGEST_PATH, LONGEST_VALUE = 120, 40
"""Characters of a field's path, and of a value, that a sentence repeats at most."""
INT64 = 2**63


class Unreadable(ValueError):
    """An answer is not of the form it should be; the message says where and how."""


class Shape(Generic[T]):
    """The form of one kind of answer; made of the schemas below, which say what it becomes."""

    def __init__(self, schema: CoreSchema) -> None:
        self.schema = schema
        self._validator = SchemaValidator(schema, CoreConfig(title="answer"))

    def read(self, content: bytes) -> T:
        """What the body of an answer says; raises `Unreadable`."""
        try:
            value: T = self._validator.validate_json(content, strict=True)
        except ValidationError as error:
            raise Unreadable(_sentence(error)) from None
        return value


# --- schemas ------------------------------------------------------------------------------


def optional(schema: CoreSchema) -> CoreSchema:
    """The same, or null."""
    return core_schema.nullable_schema(schema)


def made(schema: CoreSchema, make: Callable[[Any], Any]) -> CoreSchema:
    """What `make` makes of it; a `ValueError` says what is wrong, as the end of a sentence."""
    return core_schema.no_info_after_validator_function(make, schema)


def record(
    fields: Mapping[str, CoreSchema],
    make: Callable[[Mapping[str, Any]], Any],
    *,
    needed: Collection[str] = (),
) -> CoreSchema:
    """What `make` makes of an object. What is missing of its `fields` is null, unless `needed`."""

    def of(name: str, schema: CoreSchema) -> CoreSchema:
        if name in needed:
            return schema
        return core_schema.with_default_schema(schema, default=None, validate_default=True)

    typed = {
        name: core_schema.typed_dict_field(of(name, schema)) for name, schema in fields.items()
    }
    return made(core_schema.typed_dict_schema(typed, extra_behavior="ignore"), make)


def list_of(item: CoreSchema) -> CoreSchema:
    """A list; the first faulty item ends it."""
    return core_schema.list_schema(item, fail_fast=True)


def once_each(items: CoreSchema) -> CoreSchema:
    """A list of things with an `id`, as a tuple; none of them twice."""

    def check(values: Iterable[Any]) -> tuple[Any, ...]:
        places: dict[str, int] = {}
        for place, value in enumerate(values):
            if places.setdefault(value.id, place) != place:
                raise ValueError(say("[{place}].id is there twice", place=place))
        return tuple(values)

    return made(items, check)


def either(schema: CoreSchema, name: str) -> CoreSchema:
    """What `schema` describes, or an object that has it under `name`."""

    def inner(data: Any) -> Any:  # noqa: ANN401 # whatever an answer has there
        return data.get(name) if isinstance(data, dict) else data

    return core_schema.no_info_before_validator_function(inner, schema)


def _day(text: str) -> date:
    """Udata sends a day, older ones a day with a time; only the day means something."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(
            say("must be a day such as 2024-01-31, not '{text}'", text=_short(text))
        ) from None


def _sendable(extras: dict[str, Json]) -> dict[str, Json]:
    """The user's own values; they must be such that they can be sent back as they are."""
    for name, value in extras.items():
        if not isinstance(value, str) and (fault := _unsendable(value, 1)):
            raise ValueError(say(".{name} {fault}", name=_short(name), fault=fault))
    return extras


def _unsendable(value: Json, depth: int) -> str:
    match value:
        case bool() | None | str():
            return ""
        case int() if not -INT64 <= value < 2 * INT64:
            return say("must be a number of at most 64 bits")
        case float() if value - value != 0:
            return say("must be a finite number")
        case dict() | list() if depth >= DEEPEST:
            return say("must not be nested more than {deepest} deep", deepest=DEEPEST)
        case dict() | list():
            inner = value.values() if isinstance(value, dict) else value
            return next(filter(None, (_unsendable(each, depth + 1) for each in inner)), "")
        case _:
            return ""


NAME = core_schema.str_schema()
"""Text that has to be there."""
ID = core_schema.str_schema(min_length=1)
TEXT = optional(NAME)
"""Text or null."""
FLAG = optional(core_schema.bool_schema())
SIZE = optional(core_schema.int_schema(ge=0, lt=INT64))
"""A number of bytes or of things, or null."""
DAY = made(NAME, _day)
EXTRAS = optional(made(core_schema.dict_schema(NAME, core_schema.any_schema()), _sendable))
NAMES = optional(list_of(NAME))
REFERENCE = record({"id": ID}, lambda data: data["id"], needed=("id",))
"""The id of what an answer refers to."""


# --- sentences ----------------------------------------------------------------------------

_MUST = {
    "string_type": say("must be text"),
    "int_type": say("must be a whole number"),
    "int_from_float": say("must be a whole number"),
    "bool_type": say("must be true or false"),
    "list_type": say("must be a list"),
    "dict_type": say("must be an object"),
}
_FAULTS = {
    "missing": say("is missing"),
    "string_too_short": say("must not be empty"),
    "greater_than_equal": say("must not be negative"),
    "less_than": say("is larger than any there can be"),
    "int_parsing_size": say("is larger than any there can be"),
}


def _sentence(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    path, fault = _path(detail["loc"]), _fault(detail)
    if detail["type"] == "json_invalid":
        return fault
    if fault.startswith((".", "[")):  # it goes on with the path
        return joined("", (path, fault)) if path else after(fault, _undotted)
    return say("{what} {fault}", what=path or say("it"), fault=fault)


def _undotted(fault: str) -> str:
    return fault.lstrip(".")


def _fault(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "json_invalid" if "recursion" in detail["msg"]:
            return say("it is nested too deep")
        case "json_invalid":
            return say("it is not JSON")
        case kind if kind in _MUST:
            return say("{must}, not {given}", must=_MUST[kind], given=_called(detail["input"]))
        case kind:
            return _FAULTS.get(kind) or say("cannot be {detail}", detail=_called(detail["input"]))


def _path(steps: Iterable[int | str]) -> str:
    named = "".join(f"[{s}]" if isinstance(s, int) else f".{_short(s)}" for s in steps)
    return _short(named.lstrip("."), LONGEST_PATH)


def _called(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return say("an object")


def _short(text: str, most: int = LONGEST_VALUE) -> str:
    """Its beginning, in one line."""
    text = " ".join(text[: most + 1].split())
    return text if len(text) <= most else f"{text[:most]}…"
