"""Reading the values of a JSON body as udata's forms do, and saying what is wrong with the rest.

Every reader takes a JSON value and returns what is stored, or raises `FieldRefused` with udata's
sentence. Rule: nothing here knows a dataset or a resource, only values.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import crashed
from bulkpub.sandbox.records import Extras
from bulkpub.sandbox.slugs import tag_slug

__all__ = [
    "FieldRefused",
    "read_choice",
    "read_date_range",
    "read_extras",
    "read_flag",
    "read_moment",
    "read_tags",
    "read_text",
    "read_url",
]

REQUIRED = "This field is required."
_URL = re.compile(
    r"(?:https?|ftps?)://"
    r"(?:localhost|\[[0-9a-f:]+\]|(?:\d{1,3}\.){3}\d{1,3}|[\w.-]+\.(?P<tld>[\w-]{2,}))"
    r"(?::\d{2,5})?(?:/\S*)?(?:\?\S*)?",
    re.IGNORECASE,
)
_NO_TLDS = frozenset({"example", "invalid", "local", "test"})
"""Top level domains that udata does not take, among all there are not: RFC 2606, RFC 6762."""


class FieldRefused(Exception):
    """The field's errors, as they stand in the answer: a list of sentences, or an object."""

    def __init__(self, errors: Json) -> None:
        super().__init__(str(errors))
        self.errors = errors


def read_text(value: Json, *, required: bool = False, limit: int | None = None) -> str | None:
    """A string; what is not one is written as one, and nothing counts as None.

    :raises FieldRefused: when it is required and blank, or longer than `limit` characters.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    text = str(value) if value is not None and value != "" else None
    if required and (text is None or not text.strip()):
        raise FieldRefused([REQUIRED])
    if limit is not None and text is not None and len(text) > limit:
        raise FieldRefused([f"Field cannot be longer than {limit} characters."])
    return text


def read_choice(value: Json, choices: object) -> str:
    """One of `choices` (a container of strings).

    :raises FieldRefused: for nothing and for anything else.
    """
    if value is None or value == "":
        raise FieldRefused([REQUIRED])
    if isinstance(choices, (dict, tuple, frozenset)) and value in choices:
        return str(value)
    raise FieldRefused(["Not a valid choice."])


def read_flag(value: Json) -> bool:
    """A boolean, as lenient as an HTML form."""
    return value not in (None, False, "false", "", 0)


def read_url(value: Json) -> str:
    """An address on the web.

    :raises FieldRefused: for nothing, and for what udata would not call a URL.
    """
    if value is None or value == "":
        raise FieldRefused([REQUIRED])
    if not isinstance(value, str):
        raise FieldRefused(["Not a valid URL"])
    match = _URL.fullmatch(value.strip())
    if not match:
        raise FieldRefused([f'Invalid URL "{value}"'])
    if (match["tld"] or "").lower() in _NO_TLDS:
        raise FieldRefused([f'Invalid URL "{value}": Invalid TLD {match["tld"]}'])
    return value.strip()


def read_moment(value: Json) -> str | None:
    """A date or time, as ISO 8601 in UTC.

    :raises FieldRefused: when it cannot be read.
    """
    if value is None:
        return None
    if value == "":
        raise FieldRefused(["String does not contain a date: %s"])
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise FieldRefused(["Unknown string format: %s"]) from None
    return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _read_day(value: Json, today: date) -> str:
    if not isinstance(value, str):
        raise FieldRefused(["Date must be a string"])
    # What is left out of a date, udata takes from today.
    parts = value.split("-")
    try:
        if len(parts) <= 2:  # noqa: PLR2004  # a year, perhaps with a month
            month = int(parts[1]) if len(parts) > 1 else today.month
            return date(int(parts[0]), month, today.day).isoformat()
        return datetime.fromisoformat(value).date().isoformat()
    except ValueError:
        raise FieldRefused(["Unknown string format: %s"]) from None


def read_date_range(value: Json, today: date) -> dict[str, str | None] | None:
    """A period, `{"start", "end"}` or `start - end`; its ends are swapped when they are backwards.

    :raises FieldRefused: when it has no start or cannot be read.
    """
    if not value:
        return None
    if isinstance(value, str):
        start_text, _, end_text = value.partition(" - ")
        value = {"start": start_text, "end": end_text}
    if not isinstance(value, dict) or "start" not in value:
        raise FieldRefused(["Unable to parse date range"])
    start = _read_day(value["start"], today)
    end = _read_day(value["end"], today) if value.get("end") else None
    if end is not None and start > end:
        start, end = end, start
    return {"start": start, "end": end}


SHORTEST_TAG, LONGEST_TAG = 3, 96


def read_tags(value: Json) -> list[str]:
    """Tags, as slugs, sorted, each once. A single string is cut at its commas.

    :raises FieldRefused: when one is too short or too long once it is a slug.
    :raises Refused: 500 when one is not a string.
    """
    values = value if isinstance(value, list) else [value]
    if values in ([None], []):
        return []
    if not all(isinstance(each, str) for each in values):
        raise crashed()
    if len(values) == 1:
        values = [each for each in values[0].split(",") if each.strip()]
    tags = sorted({tag_slug(each) for each in values})
    for tag in tags:
        if not SHORTEST_TAG <= len(tag) <= LONGEST_TAG:
            raise FieldRefused(
                [f'Tag "{tag}" must be between {SHORTEST_TAG} and {LONGEST_TAG} characters long.']
            )
    return tags


_EXTRA_TYPES = "str, int, float, bool, datetime, date, list, dict"


def is_reserved(key: str, reserved: tuple[str, ...]) -> bool:
    """Whether an extra is the platform's own to write."""
    return any(fnmatchcase(key, pattern) for pattern in reserved)


def _keys(value: Json, *, in_lists: bool) -> Iterator[str]:
    """Those of the objects in it, at any depth."""
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each, in_lists=in_lists)
    elif isinstance(value, list) and in_lists:
        for each in value:
            yield from _keys(each, in_lists=in_lists)


def read_extras(
    value: Json, stored: Extras, *, reserved: tuple[str, ...], urls: frozenset[str]
) -> Extras:
    """All the extras a thing has after an update: those sent, and the reserved ones it had.

    Reserved keys are dropped from what was sent, silently, as udata does; `urls` are the keys
    whose value must be an address.

    :raises FieldRefused: when it is not an object, or has a null or a key that begins with `$`,
        which only objects in lists may have.
    :raises Refused: 500 when a key has a NUL in it.
    """
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise FieldRefused(["Unsupported data type"])
    sent = {key: each for key, each in value.items() if not is_reserved(key, reserved)}
    if any(key.startswith("$") for key in _keys(sent, in_lists=False)):
        raise FieldRefused(['Invalid dictionary key name - keys may not startswith "$" characters'])
    errors: dict[str, str] = {}
    for key, each in sent.items():
        if each is None:
            errors[key] = f"Value should be an instance of: {_EXTRA_TYPES}"
        elif key in urls:
            try:
                read_url(each)
            except FieldRefused as refusal:
                errors[key] = refusal.errors[0]
    if errors:
        raise FieldRefused(errors)
    if any("\0" in key for key in _keys(sent, in_lists=True)):
        raise crashed()
    return sent | {key: each for key, each in stored.items() if is_reserved(key, reserved)}
