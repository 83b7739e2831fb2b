"""Sizes and durations as people write them: `64MiB`, `1.5G`, `30m`, `2h30m`."""

import re

import typer

__all__ = ["duration", "share", "size"]

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


def share(text: str | float) -> float:
    """A share from 0 to 1, written as a percentage (`5%`) or as a number (`0.05`).

    Raises `typer.BadParameter` when it is none, or would leave nothing.
    """
    written = str(text).strip()
    try:
        value = float(written.removesuffix("%")) / (100.0 if written.endswith("%") else 1.0)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no share; write for instance 5%") from None
    if not 0.0 <= value < 1.0:
        raise typer.BadParameter(f"'{text}' is out of range; write for instance 5%")
    return value
