"""What one value of a manifest may be: readers that take a value or say why not.

A reader gets the value as written and returns it checked, or raises a sentence in which
`{field}` stands for the field's name. Limits, vocabularies and the form of tags are the portal's
`Rules`. Text is taken without the white space around it, since YAML's block style adds a line
end nobody means.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from bulkpub.core import units
from bulkpub.core.addresses import address_fault, web_address_fault
from bulkpub.core.api_key import KEY_VARIABLE, is_key_variable
from bulkpub.core.model import Check, Html, Prune, State
from bulkpub.core.rules import Rules
from bulkpub.core.schemes import SCHEMES, scheme_of
from bulkpub.data import access_words, formats, key_variables
from bulkpub.language import say
from bulkpub.manifest.nodes import Number
from bulkpub.manifest.templates import NAME_OF_VARIABLE

__all__ = [
    "MAPPING",
    "OTHERWISE",
    "SENTENCE",
    "WHEN_COMPLETE",
    "Checks",
    "Day",
    "EmptyWord",
    "ExpectWord",
    "FileAddress",
    "FileName",
    "FirstDay",
    "Flag",
    "HtmlWord",
    "KeyVariable",
    "LastDay",
    "LinkAddress",
    "Mail",
    "Name",
    "PruneWord",
    "PublishWord",
    "RemoveWord",
    "Share",
    "Size",
    "StateWord",
    "Text",
    "Variables",
    "Version",
    "WebAddress",
    "WebAddressOrNone",
    "choice",
    "condition",
    "contact_name",
    "for_each_destination",
    "kind",
    "limited",
    "limited_reader",
    "list_of",
    "mapping_or",
    "nearest",
    "read_name",
    "refuse",
    "suggestion",
    "tag",
    "too_long",
]

SENTENCE = "bulkpub"
"""The pydantic error type of our own sentences, found in the context under `sentence`."""

_SHOWN = 40
_LIKENESS = 0.7
"""From 0 to 1; below it a hint is more often wrong (`file` for `title`) than right."""
_LONGEST = 200
"""Longer words are no typing mistakes, and comparing them takes long."""


def refuse(sentence: str) -> PydanticCustomError:
    """The error that carries `sentence` through pydantic untouched."""
    return PydanticCustomError(SENTENCE, "{sentence}", {"sentence": sentence})


def kind(value: object) -> str:
    """What `value` is, in words for a person."""
    match value:
        case None:
            return say("nothing")
        case bool():
            return "true" if value else "false"
        case Number():
            return say("the number {text}", text=value.text)
        case str():
            return say("'{text}'", text=f"{value[:_SHOWN]}{'…' if len(value) > _SHOWN else ''}")
        case dict():
            return say("a mapping")
        case _:
            return say("a list")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What of `known` is most like `word`, None when nothing is near."""
    if len(word) > _LONGEST:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_LIKENESS)
    return by_folded[found[0]] if found else None


def suggestion(word: str, known: Iterable[str], there: Container[str] = ()) -> str:
    """` (did you mean 'x'?)`, ready to be appended, empty when nothing known is near.

    So it is when the nearest is `there` already: nobody who misspells another one means that.
    """
    found = nearest(word, known)
    return say(" (did you mean '{found}'?)", found=found) if found and found not in there else ""


def _text(value: object) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        raise refuse(
            say(
                "{{field}} must be text, not {kind}; put it between quotes if you mean the word",
                kind=kind(value),
            )
        )
    raise refuse(
        say("{{field}} must be text, not {kind}{braced}", kind=kind(value), braced=_braced(value))
    )


def _braced(value: object) -> str:
    """What to do about `title: {stem}` and `title: [Lot] 3`, which are no text for YAML."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return say(
            ': text that begins with [ goes between quotes, "[{items}]"',
            items=", ".join(value)[:_SHOWN],
        )
    if not isinstance(value, dict) or not value or any(value.values()):
        return ""
    return say(
        ': text that begins with {{ goes between quotes, "{{{items}}}"',
        items=", ".join(value)[:_SHOWN],
    )


def read_name(value: object) -> str:
    """The text, which must not be empty, without the white space around it."""
    text = _text(value)
    if not text:
        raise refuse(say("{{field}} is empty: write something, or take the line away"))
    return text


def _file_name(value: object) -> str:
    # Not stripped: a file's name may begin or end with a space.
    text = value if isinstance(value, str) else _text(value)
    if not text.strip():
        raise refuse(say("{{field}} is empty: write something, or take the line away"))
    return text


def too_long(text: str, limit: int | None) -> bool:
    """Whether the text has more characters than the portal takes; None: it takes any number."""
    return limit is not None and len(text) > limit


_FLAGS = {"oui": "true", "vrai": "true", "non": "false", "faux": "false"}
"""French for true and false; spreadsheets write VRAI and FAUX."""


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        hint = say("; yes, no, on and off are only text") if isinstance(value, str) else ""
        if isinstance(value, str) and (meant := _FLAGS.get(value.strip().lower())):
            hint = say(" (did you mean {meant}?)", meant=meant)
        raise refuse(
            say("{{field}} must be true or false, not {kind}{hint}", kind=kind(value), hint=hint)
        )
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        word = value.text if isinstance(value, Number) else value
        hint = (
            say(": write it as a list, [{word}]", word=word[:_SHOWN])
            if isinstance(word, str)
            else ""
        )
        raise refuse(say("{{field}} must be a list, not {kind}{hint}", kind=kind(value), hint=hint))
    return value


def _version(value: object) -> int:
    if (value.value if isinstance(value, Number) else value) not in (1, "1") or value is True:
        raise refuse(
            say("{{field}} must be 1, the only one there is, not {kind}", kind=kind(value))
        )
    return 1


Understood = Callable[[str], str | None]
"""The word of a vocabulary that people mean by another; None where that is not clear."""


def _one_of(words: Sequence[str], understood: Understood | None = None) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = read_name(value)
        if text in words:
            return text
        meant = understood(text) if understood else None
        hint = (
            say(" (did you mean '{meant}'?)", meant=meant)
            if meant in words
            else suggestion(text, words)
        )
        hint = hint or say("; it is one of {words}", words=", ".join(words))
        raise refuse(say("{{field}} cannot be {found}{hint}", found=kind(text), hint=hint))

    return read


def _mapping(value: object) -> object:
    if not isinstance(value, dict):
        raise refuse(
            say("{{field}} must be a mapping of names and values, not {kind}", kind=kind(value))
        )
    return value


def _check(value: object) -> Check:
    text = read_name(value)
    if text not in tuple(Check):
        hint = suggestion(text, Check) or say("; there are {names}", names=", ".join(Check))
        raise refuse(say("there is no check {found}{hint}", found=kind(text), hint=hint))
    return Check(text)


def _day(value: object, *, last: bool) -> date:
    text = read_name(value)
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text)
    if not match:
        raise refuse(
            say(
                "{{field}} must be a day, a month or a year, as in 2024-01-31, 2024-01 or 2024, "
                "not {found}",
                found=kind(text),
            )
        )
    try:
        year, month = int(match[1]), int(match[2] or (12 if last else 1))
        day = int(match[3] or (monthrange(year, month)[1] if last else 1))
        return date(year, month, day)
    except ValueError:
        raise refuse(say("{{field}} is {text}, which is in no calendar", text=text)) from None


_MAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]+"
_LONGEST_CONTACT = 255
"""Characters of the name of a contact point, and of its address."""


def contact_name() -> Any:  # noqa: ANN401 # as above
    """The name of a contact point, which has no address in it."""
    read = limited_reader(_LONGEST_CONTACT)

    def read_plain(value: object) -> str:
        text = read(value)
        if re.search(r"https?://|www\.", text):
            raise refuse(say("{{field}} has an address in it: that goes into 'form'"))
        return text

    return Annotated[str, PlainValidator(read_plain), WithJsonSchema(_NAME_SCHEMA)]


def _mail(value: object) -> str:
    text = limited_reader(_LONGEST_CONTACT)(value)
    if not re.fullmatch(_MAIL, text):
        raise refuse(say("{{field}} must be an address for mail, not {found}", found=kind(text)))
    return text


def _key_variable(value: object) -> str:
    # What is written may be the key itself: no sentence repeats it.
    name = value.strip() if isinstance(value, str) else ""
    if not is_key_variable(name) and name not in key_variables():
        raise refuse(
            say(
                "{{field}} must be the name of a variable that holds an API key, in capitals and "
                "with BULKPUB or DATAGOUV in it, as in BULKPUB_API_KEY_LYON; the key itself has "
                "no place in a manifest"
            )
        )
    return name


def _single_day(value: object) -> date | Literal[""]:
    text = _text(value)
    if not text:
        return ""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise refuse(
            say("{{field}} must be a day, as in 2027-01-31, not {found}", found=kind(text))
        )
    return _day(text, last=False)


_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:[0-9]+)?(/|$)")


def _address(
    fault_of: Callable[[str], str], hint: Callable[[str], str] = lambda _: ""
) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = read_name(value)
        if fault := fault_of(text):
            raise refuse(say("{{field}} {fault}{hint}", fault=fault, hint=hint(text)))
        return text

    return read


def _elsewhere(text: str) -> str:
    """What to do about an address that cannot be one."""
    name_of_file = PurePosixPath(text).suffix.removeprefix(".").lower() in formats().files
    if text.lower().startswith("www.") or (_HOST.match(text) and not name_of_file):
        return say("; write https:// in front")
    if "://" not in text or text.lower().startswith("file:"):
        return say("; for a file on this machine write `path:`")
    if scheme_of(text) is not None and not address_fault(text):
        return say("; for a file to be fetched write `url:`")
    return ""


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


def list_of(item: Any, *also: object) -> Any:  # noqa: ANN401 # a type made on the spot
    """A list of `item`, which is a type; says how to write a list when there is none."""
    return Annotated[list[item], BeforeValidator(_list), *also]


MAPPING, OTHERWISE = "\0mapping", "\0otherwise"
"""Steps of pydantic's ways to what is wrong, that are none in a manifest."""


def mapping_or(shape: Any, otherwise: Any) -> Any:  # noqa: ANN401 # as above
    """A mapping of this `shape`, or else what is `otherwise` said there; both are types."""
    return Annotated[
        Annotated[shape, Tag(MAPPING)] | Annotated[otherwise, Tag(OTHERWISE)],
        Discriminator(lambda value: MAPPING if isinstance(value, dict) else OTHERWISE),
    ]


def _one_for_all(value: object) -> object:
    if isinstance(value, dict):
        raise refuse(
            say(
                "{{field}} is written for each destination here, and this manifest has no "
                "'destinations'"
            )
        )
    return value


def for_each_destination() -> Any:  # noqa: ANN401 # as above
    """A name, or one for each destination, by what these are called.

    Which of them counts is settled before a form is filled in (`manifest.destinations`).
    """
    each = {"type": "object", "additionalProperties": {"anyOf": [_NAME_SCHEMA, {"type": "null"}]}}
    schema = {"anyOf": [_NAME_SCHEMA, each]}
    return Annotated[
        str, PlainValidator(lambda value: read_name(_one_for_all(value))), WithJsonSchema(schema)
    ]


def size_from(least: Literal[0, 1], sentence: Callable[[str], str]) -> Any:  # noqa: ANN401 # a type
    """The type of a size in bytes, so many at least; `sentence` tells what something else is."""
    pattern = units.SIZE if least else f"(?:0|{units.SIZE})"

    def read(value: object) -> int:
        written = value.text if isinstance(value, Number) else value
        text = written.strip() if isinstance(written, str) else ""
        try:
            return 0 if text == "0" and not least else units.size(text)
        except ValueError:
            raise refuse(sentence(kind(value))) from None

    schema = [
        {"type": "string", "pattern": rf"^\s*{pattern}\s*$"},
        {"type": "integer", "minimum": least},
    ]
    return Annotated[int, PlainValidator(read), WithJsonSchema({"anyOf": schema})]


def _no_size(kind: str) -> str:
    return say(
        "{{field}} must be a size of one byte or more, as in 500 MB, 2 GiB or 1000000, not {kind}",
        kind=kind,
    )


_BARE_PERCENT = re.compile(r"\s*(100|[1-9][0-9]?(?:\.[0-9]+)?)\s*")


def _share(value: object) -> float:
    written = value.text if isinstance(value, Number) else value
    text = written if isinstance(written, str) else ""
    try:
        return units.share(text)
    except ValueError:
        bare = _BARE_PERCENT.fullmatch(text)
        hint = say("; if you mean percent, write {bare}%", bare=bare[1]) if bare else ""
        raise refuse(
            say(
                "{{field}} must be a share from 0% to 100%, as in 50% or 0.5, not {kind}{hint}",
                kind=kind(value),
                hint=hint,
            )
        ) from None


# --- what the portal's rules decide ---------------------------------------------------------


def limited_reader(limit: int | None, *, may_be_empty: bool = False) -> Callable[[object], str]:
    """Reads text of at most `limit` characters."""

    def read(value: object) -> str:
        text = _text(value) if may_be_empty else read_name(value)
        if too_long(text, limit):
            raise refuse(
                say(
                    "{{field}} has {count} characters; the portal takes {limit} at most",
                    count=len(text),
                    limit=limit,
                )
            )
        return text

    return read


def limited(limit: int | None, *, may_be_empty: bool = False) -> Any:  # noqa: ANN401 # as above
    """Text of at most `limit` characters."""
    read = limited_reader(limit, may_be_empty=may_be_empty)
    schema = dict(_TEXT_SCHEMA if may_be_empty else _NAME_SCHEMA)
    if limit is not None:
        schema["maxLength"] = limit
    return Annotated[str, PlainValidator(read), WithJsonSchema(schema)]


def choice(
    words: Sequence[str], understood: Understood | None = None, *, may_be_empty: bool = False
) -> Any:  # noqa: ANN401 # as above
    """One of these words; what is `understood` as one of them is suggested."""
    read = _one_of(words, understood)
    if may_be_empty:
        read = _or_nothing(read)
    return Annotated[str, PlainValidator(read), _enum((*words, "") if may_be_empty else words)]


def _or_nothing(read: Callable[[object], str]) -> Callable[[object], str]:
    return lambda value: "" if isinstance(value, str) and not value.strip() else read(value)


def condition() -> Any:  # noqa: ANN401 # as above
    """On which condition there is access; `yes` and `no` are flags in older YAML."""
    read = _one_of(access_words().conditions)

    def read_either(value: object) -> str:
        return read(
            {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        )

    words = (*access_words().conditions, True, False)
    return Annotated[str, PlainValidator(read_either), WithJsonSchema({"enum": list(words)})]


def tag(rules: Rules) -> Any:  # noqa: ANN401 # as above
    """A tag, read as the portal keeps it."""
    low, high = rules.limits.shortest_tag, rules.limits.longest_tag

    def read(value: object) -> str:
        text = read_name(value)
        kept = rules.tag(text)
        if not rules.takes_tag(kept):
            fault = say("short") if len(kept) < low else say("long")
            who = (
                say("the portal keeps it as '{kept}' and", kept=kept)
                if kept != text
                else say("the portal")
            )
            wanted = (
                say("at least {low}", low=low)
                if high is None
                else say("{low} to {high}", low=low, high=high)
            )
            raise refuse(
                say(
                    "the tag {found} is too {fault}: {who} wants {wanted} characters",
                    found=kind(text),
                    fault=fault,
                    who=who,
                    wanted=wanted,
                )
            )
        return kept

    return Annotated[str, PlainValidator(read), WithJsonSchema(_NAME_SCHEMA)]


# --- what is the same for every portal ------------------------------------------------------


_EMPTY_WORDS = ("allow", "refuse")
_EXPECT_WORDS = ("html",)
_REMOVE_WORDS = ("verified",)
_TEXT_SCHEMA = {"type": ["string", "number"]}
_NAME_SCHEMA = {"type": ["string", "number"], "minLength": 1}


def _address_schema(*schemes: str) -> WithJsonSchema:
    either_case = (
        "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in name) for name in schemes
    )
    pattern = f"^({'|'.join(either_case)})://"
    return WithJsonSchema({"type": "string", "format": "uri", "pattern": pattern})


def _enum(words: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(words)})


Text = Annotated[str, PlainValidator(_text), WithJsonSchema(_TEXT_SCHEMA)]
"""Any text, empty included; a number counts as the text it was written as."""
Name = Annotated[str, PlainValidator(read_name), WithJsonSchema(_NAME_SCHEMA)]
"""Text that is not empty."""
FileName = Annotated[str, PlainValidator(_file_name), WithJsonSchema(_NAME_SCHEMA)]
"""The path of a file, or a pattern, exactly as written."""
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"enum": [1, "1"]})]
PruneWord = Annotated[
    Prune,
    PlainValidator(lambda value: Prune(_one_of(tuple(Prune))(value))),
    _enum(tuple(Prune)),
]
StateWord = Annotated[
    State,
    PlainValidator(lambda value: State(_one_of(tuple(State))(value))),
    _enum([state.value for state in State]),
]
WHEN_COMPLETE = "when-complete"
_PUBLISH_WORDS = ("at-once", WHEN_COMPLETE)
PublishWord = Annotated[str, PlainValidator(_one_of(_PUBLISH_WORDS)), _enum(_PUBLISH_WORDS)]
"""When a new dataset becomes public."""
EmptyWord = Annotated[str, PlainValidator(_one_of(_EMPTY_WORDS)), _enum(_EMPTY_WORDS)]
"""What to do with an empty file."""
HtmlWord = Annotated[
    Html, PlainValidator(lambda value: Html(_one_of(tuple(Html))(value))), _enum(tuple(Html))
]
"""What to do with a page of HTML in the place of data."""
RemoveWord = Annotated[str, PlainValidator(_one_of(_REMOVE_WORDS)), _enum(_REMOVE_WORDS)]
"""When a file is removed here."""
ExpectWord = Annotated[str, PlainValidator(_one_of(_EXPECT_WORDS)), _enum(_EXPECT_WORDS)]
"""What an address is expected to give, where that is not an ordinary file of data."""
Size = size_from(1, _no_size)
"""A size in bytes, one at least."""
Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^\s*(?:{units.PERCENT}|{units.SHARE_PART})\s*$"},
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""A share of a whole, from 0 to 1."""
_WEB = _address_schema(*(name for name, scheme in SCHEMES.items() if scheme.is_web))
Variables = Annotated[
    Any,
    PlainValidator(_mapping),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME_OF_VARIABLE}$"},
            "additionalProperties": {"type": ["string", "number", "null"]},
        }
    ),
]
"""Names and texts or numbers; what each is, `variables` checks, as it knows its place."""
WebAddress = Annotated[str, PlainValidator(_address(web_address_fault)), _WEB]
Mail = Annotated[
    str, PlainValidator(_mail), WithJsonSchema({"type": "string", "pattern": f"^{_MAIL}$"})
]
"""An address for mail."""
KeyVariable = Annotated[
    str,
    PlainValidator(_key_variable),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": KEY_VARIABLE},
                {"enum": sorted(key_variables())},
            ]
        }
    ),
]
"""The name of a variable that holds an API key."""
WebAddressOrNone = Annotated[
    str,
    PlainValidator(_or_nothing(_address(web_address_fault))),
    WithJsonSchema({"anyOf": [_WEB.json_schema or {}, {"const": ""}]}),
]
LinkAddress = Annotated[str, PlainValidator(_address(web_address_fault, _elsewhere)), _WEB]
"""An address on the web where something is that is only listed."""
FileAddress = Annotated[
    str,
    PlainValidator(_address(address_fault, _elsewhere)),
    _address_schema(*SCHEMES),
]
"""An address from which a file can be fetched."""
_CHECK_SCHEMA = {"enum": list(Check)}
Checks = Annotated[
    list[Annotated[Check, PlainValidator(_check)]],
    BeforeValidator(_list),
    BeforeValidator(_words),
    WithJsonSchema({"anyOf": [_CHECK_SCHEMA, {"type": "array", "items": _CHECK_SCHEMA}]}),
]
"""What to look a file through for: a word, or a list of words."""
_DAY_PATTERN = r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?|today|.*\{.*\}.*)$"
"""With what becomes a day only when variables are put in."""
_DAY_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": _DAY_PATTERN},
        {"type": "integer", "minimum": 1, "maximum": 9999},
    ]
}
FirstDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=False)), WithJsonSchema(_DAY_SCHEMA)
]
"""The first day of a period; a year or a month means its first day."""
Day = Annotated[
    date | Literal[""],
    PlainValidator(_single_day),
    WithJsonSchema({"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}),
]
"""A day, or an empty text."""
LastDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=True)), WithJsonSchema(_DAY_SCHEMA)
]
"""The last day of a period; a year or a month means its last day."""
