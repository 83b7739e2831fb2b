"""Days and periods as catalogues write them → days of the calendar.

Pure. A year or a month means its first day at the start of a period and its last at the end;
what cannot be read is None, never a guess: `03/04/2024` is a day in two months.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime

__all__ = ["first_day", "instant", "last_day", "period"]

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ].*)?)?)?Z?", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_MONTHS = 12
_FIRST, _LAST = date(1, 1, 2), date(9998, 12, 31)
"""Beyond these, catalogues write 0001-01-01 and 9999-12-31 for a period without end."""


def first_day(text: str) -> date | None:
    """The day a period starts on."""
    return _day(text, last=False)


def last_day(text: str) -> date | None:
    """The day a period ends on."""
    return _day(text, last=True)


def _day(text: str, *, last: bool) -> date | None:
    text = text.strip()
    if found := _NUMBERS.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
        # Day and month cannot be kept apart unless one of them is no month, or both are one.
        if month > _MONTHS:
            day, month = month, day
        elif day <= _MONTHS and day != month:
            return None
    elif found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month = int(found[1]), int(found[2] or (_MONTHS if last else 1))
        if not (1 <= month <= _MONTHS and year):
            return None
        day = int(found[3] or (monthrange(year, month)[1] if last else 1))
    else:
        return None
    try:
        read = date(year, month, day)
    except ValueError:
        return None
    return read if _FIRST <= read <= _LAST else None


def period(text: str) -> tuple[str, str]:
    """The two ends of `2019-01-01/2020-12-31`, or of one year or month; empty where open."""
    start, slash, end = text.partition("/")
    if slash:
        return start.strip(" .\n\t"), end.strip(" .\n\t")
    return text.strip(), text.strip()


def instant(text: str) -> datetime | date | None:
    """The moment (in its own zone, else in UTC) or the day on which something happened."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return first_day(text)
    if not re.search(r"[T ]\d", text):
        return found.date()
    return found if found.tzinfo else found.replace(tzinfo=UTC)
