"""Files that are published one after the other, each under the next name: `append: true`.

A `Series` is the pattern of their names, with the day and the number of the day in it. The rule:
the names that a portal stores are the memory of what was published. Which content is there
already, and which number is the next one, is read off them, on any day and after any accident.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

__all__ = ["Day", "Named", "Number", "Series"]

_DIGITS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "y": 2, "j": 3, "G": 4, "V": 2, "u": 1}
"""How many digits each directive of a day writes."""


@dataclass(frozen=True, slots=True)
class Day:
    """One directive of the day, such as `Y`."""

    directive: str


@dataclass(frozen=True, slots=True)
class Number:
    """The number of the day, from 1, with at least so many digits."""

    width: int = 1


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says: the name itself, as it was given, its number, and its day as written."""

    name: str
    number: int
    day: tuple[str, ...]


FileName = Callable[[str], str]
"""The name under which a portal stores a file called so."""


@dataclass(frozen=True, slots=True)
class Series:
    """The names of one series; `day` is that of this run."""

    parts: tuple[str | Day | Number, ...]
    day: date

    def name(self, number: int) -> str:
        """The name of today's file with this number."""
        return "".join(
            part if isinstance(part, str) else self._written(part, number) for part in self.parts
        )

    def _written(self, part: Day | Number, number: int) -> str:
        if isinstance(part, Number):
            return str(number).zfill(part.width)
        return self.day.strftime(f"%{part.directive}")

    @property
    def today(self) -> tuple[str, ...]:
        """The day of this run, as names have it."""
        return tuple(self._written(part, 0) for part in self.parts if isinstance(part, Day))

    def read(self, stored: str, file_name: FileName) -> Named | None:
        """What the name says under which a portal stores a file; None: it is of no such file."""
        match = _pattern(self.parts, file_name).fullmatch(stored)
        if match is None:
            return None
        found = iter(match.groups())
        name, day, number = "", [], 1
        for part in self.parts:
            if isinstance(part, str):
                name += part
                continue
            digits = next(found)
            name += digits
            if isinstance(part, Number):
                number = int(digits)
            else:
                day.append(digits)
        return Named(name, number, tuple(day))

    def taken_twice(self, stored: Iterable[str], file_name: FileName) -> dict[str, int]:
        """The names that several files have, and how many; nobody who publishes alone makes any."""
        named = (self.read(each, file_name) for each in stored)
        times = Counter(each.name for each in named if each is not None)
        return {name: count for name, count in times.items() if count > 1}

    def next_name(self, stored: Iterable[str], file_name: FileName) -> str:
        """The name after all of today's among those that a portal stores."""
        named = (self.read(each, file_name) for each in stored)
        numbers = [each.number for each in named if each is not None and each.day == self.today]
        return self.name(max(numbers, default=0) + 1)


@lru_cache(maxsize=1024)
def _pattern(parts: tuple[str | Day | Number, ...], file_name: FileName) -> re.Pattern[str]:
    """What fits the stored names: each day's directive and the number is a group.

    How a portal changes a name depends on the whole of it, but digits stay what they are: numbers
    that stand for them show where they end up.
    """
    plain = "".join(part for part in parts if isinstance(part, str))
    marks: dict[str, str] = {}
    whole, candidate = "", 90_000_000_000
    for part in parts:
        if isinstance(part, str):
            whole += part
            continue
        candidate += 1
        while str(candidate) in plain:
            candidate += 1
        mark = str(candidate)
        digits = f"{part.width}," if isinstance(part, Number) else _DIGITS[part.directive]
        marks[mark] = f"([0-9]{{{digits}}})"
        whole += mark
    pattern = re.escape(file_name(whole))
    if not all(mark in pattern for mark in marks):  # it was cut off
        return re.compile("(?!)")
    for mark, group in marks.items():
        pattern = pattern.replace(mark, group, 1)
    return re.compile(pattern)
