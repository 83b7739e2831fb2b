"""Days, written as a day, a month or a year: `2024-01-31`, `2024-01`, `2024`."""

import re
from calendar import monthrange
from datetime import date
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from bulkpub.manifest.fields import kind, read_name, refuse

__all__ = ["FirstDay", "LastDay"]

_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def _day(value: object, *, last: bool) -> date:
    text = read_name(value)
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


_DAY_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"},
        {"type": "integer", "minimum": 1, "maximum": 9999},
    ]
}


FirstDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=False)), WithJsonSchema(_DAY_SCHEMA)
]
"""The first day of a period; a year or a month means its first day."""
LastDay = Annotated[
    date, PlainValidator(lambda value: _day(value, last=True)), WithJsonSchema(_DAY_SCHEMA)
]
"""The last day of a period; a year or a month means its last day."""
