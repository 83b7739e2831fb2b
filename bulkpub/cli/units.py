"""Sizes and durations as people write them: `64MiB`, `1.5G`, `30m`, `2h30m`."""

import re

import typer

__all__ = ["duration", "size"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhd]?)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def size(text: str | int) -> int:
    """Bytes; `k`, `M`, `G`, `T` are powers of 1024, with or without `iB` after them.

    Raises `typer.BadParameter` when it is no size, or nothing at all.
    """
    found = _SIZE.fullmatch(str(text).strip())
    if found is None:
        raise typer.BadParameter(f"'{text}' is no size; write for instance 64MiB")
    value = int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
    if value < 1:
        raise typer.BadParameter(f"'{text}' is too small")
    return value


def duration(text: str | float) -> float:
    """Seconds; units `s`, `m`, `h`, `d`, which may follow each other, as in `2h30m`.

    Raises `typer.BadParameter` when it is no duration.
    """
    written = str(text).strip()
    steps = _STEP.findall(written)
    if not steps or "".join(a + b for a, b in steps) != re.sub(r"\s+", "", written):
        raise typer.BadParameter(f"'{text}' is no duration; write for instance 30m")
    return sum(float(count) * _SECONDS[unit.lower()] for count, unit in steps)
