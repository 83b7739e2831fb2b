"""Sizes, durations and shares as people write them: one way for the manifest and the command line.

The rule: kB, MB, GB and TB count by 1000, KiB, MiB, GiB and TiB by 1024, and so do K, M, G and T
alone, as GNU's tools have it. Case does not matter. What cannot be read raises `ValueError`,
with a sentence.
"""

import re
from decimal import Decimal

from bulkpub.language import say

__all__ = [
    "PERCENT",
    "SHARE_PART",
    "SIZE",
    "duration",
    "share",
    "size",
    "spell_duration",
    "spell_share",
    "spell_size",
]

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
SIZE = rf"{_NUMBER}\s*(?:[kKmMgGtT][iI]?)?[bB]?"
"""The form of a size, for schemas."""
_SIZE = re.compile(rf"({_NUMBER})\s*(?:([kmgt])(i?))?(b?)", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
_SIZE_UNITS = {
    "TB": 1000**4,
    "GB": 1000**3,
    "MB": 1000**2,
    "kB": 1000,
    "TiB": 1024**4,
    "GiB": 1024**3,
    "MiB": 1024**2,
    "KiB": 1024,
}

_STEP = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|[smhd]?)", re.IGNORECASE)
_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0, "ms": 0.001}

PERCENT = r"(?:100(?:\.0*)?|[0-9]{1,2}(?:\.[0-9]*)?|\.[0-9]+)\s*%"
SHARE_PART = r"(?:0(?:\.[0-9]*)?|\.[0-9]+)"
"""The two forms of a share, for schemas: in percent, and as a part of 1."""


def size(text: str) -> int:
    """Bytes, one at least: `64MiB`, `1.5 GB`, `1000000`."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(say("'{text}' is no size; write for instance 64MiB", text=text))
    number, letter, binary, byte = found.groups(default="")
    base = 1000 if byte and not binary else 1024
    value = Decimal(number) * base ** _POWERS.get(letter.lower(), 0)
    if value < 1:
        raise ValueError(say("'{text}' is too small; write for instance 64MiB", text=text))
    if value != int(value):
        raise ValueError(
            say("'{text}' is no whole number of bytes; write for instance 64MiB", text=text)
        )
    return int(value)


def spell_size(size: int) -> str:
    """The shortest way to write exactly `size` bytes; a bare number when no unit fits."""
    for name, factor in _SIZE_UNITS.items():
        if size and size % factor == 0:
            return f"{size // factor} {name}"
    return str(size)


def duration(text: str) -> float:
    """Seconds; the units ms, s, m, h and d may follow each other, as in `2h30m`."""
    steps = _STEP.findall(text)
    if not steps or "".join(map("".join, steps)) != re.sub(r"\s+", "", text):
        raise ValueError(say("'{text}' is no duration; write for instance 30m", text=text))
    return sum(float(count) * _SECONDS[unit.lower()] for count, unit in steps)


def spell_duration(seconds: float) -> str:
    """The shortest way to write it in one unit."""
    units = ((unit, factor) for unit, factor in _SECONDS.items() if unit)
    fitting = (f"{seconds / factor:g}{unit}" for unit, factor in units if seconds % factor == 0)
    return next(fitting, f"{seconds:g}s")


def share(text: str) -> float:
    """A share from 0 to 1, written in percent (`5%`) or as a part of 1 (`0.05`).

    A bare number from 1 on is refused: 1 could mean everything as well as a hundredth.
    """
    written = text.strip()
    if re.fullmatch(PERCENT, written):
        return float(Decimal(written.rstrip("%").rstrip()) / 100)
    if re.fullmatch(SHARE_PART, written):
        return float(written)
    raise ValueError(say("'{text}' is no share; write for instance 5%", text=text))


def spell_share(part: float) -> str:
    """The share in percent, or as a part of 1 where only that gives exactly the same number."""
    percent = f"{part * 100:g}%"
    same = re.fullmatch(PERCENT, percent) and share(percent) == part
    return percent if same else format(Decimal(repr(part)), "f")
