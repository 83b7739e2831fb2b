"""Names and figures as people read them: nothing here may act on a terminal.

The rule: whatever came from a file name, a manifest or a portal goes through `printable`
before it is shown; figures are decimal (1 kB is 1,000 bytes), moments in local time: that of
whoever reads, and with its zone where it may be read elsewhere.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import accumulate, takewhile

from rich.cells import cell_len

from bulkpub.core.outcome import status_count
from bulkpub.core.report import RateLimit
from bulkpub.core.text import bounded
from bulkpub.language import in_language, tr, tr_n

__all__ = [
    "ELLIPSIS",
    "by_status",
    "bytes_text",
    "clock_text",
    "counted",
    "duration_text",
    "elide",
    "forecast_text",
    "moment_text",
    "path_text",
    "printable",
    "rate_text",
    "shown",
    "span_text",
]

ELLIPSIS = "…"

_ACTIVE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that move the cursor, reorder or hide text, or cannot be encoded."""

_UNDECODED = range(0xDC80, 0xDD00)
"""How Python spells the bytes of a file name that is not UTF-8 (PEP 383)."""

_KILO = 1000
_ROUNDS_UP = 999.95
_MINUTE, _HOUR = 60, 3600
_LONGEST_ZONE = 6
_TENTHS = 10
"""Below so many seconds the tenths are worth reading, of what took so long."""
_SHORT_WAIT_S, _LONG_WAIT_S = 2 * _MINUTE, 12 * _HOUR


def printable(text: str) -> str:
    r"""`text` as the reader's language has it, on one line.

    What would act on a terminal is escaped: `\x1b`, `\n`, `\u202e`.
    """
    text = in_language(text)
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def shown(text: str) -> str:
    """`text` as `printable` has it, and no longer than people read (`bounded`)."""
    return printable(bounded(in_language(text)))


def _escaped(character: str) -> str:
    code = ord(character)
    if code in _UNDECODED:
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(character) in _ACTIVE:
        return character.encode("unicode_escape").decode("ascii")
    return character


def path_text(dataset: str, resource: str) -> str:
    """A resource of a dataset, by whatever name each goes, on one line, printable."""
    return f"{shown(dataset)} › {shown(resource)}"  # noqa: RUF001 - a path sign, no typo


def elide(text: str, width: int) -> str:
    """`text` in at most `width` terminal cells; what is too long loses its middle.

    Both ends are kept, since names differ in them: a number in front, an extension behind.
    """
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    tail_cells = (width - 1) // 2
    head = _first_cells(text, width - 1 - tail_cells)
    tail = _first_cells(text[::-1], tail_cells)[::-1]
    # Together, characters may be wider than each alone: an emoji and its variation selector.
    while cell_len(f"{head}{ELLIPSIS}{tail}") > width:
        head, tail = head[:-1], tail[1:]
    return f"{head}{ELLIPSIS}{tail}"


def _first_cells(text: str, cells: int) -> str:
    ends = accumulate(map(cell_len, text))
    return text[: sum(1 for _ in takewhile(lambda end: end <= cells, ends))]


def bytes_text(size: float) -> str:
    """A number of bytes: `999 B`, `1.2 kB`, `34.5 MB`."""
    if size < _KILO:
        return tr("{size:.0f} B", size=size)
    for text in _SIZES:
        size /= _KILO
        if size < _ROUNDS_UP:
            return text(size)
    return tr("{size:,.1f} PB", size=size / _KILO)


_SIZES: Sequence[Callable[[float], str]] = (
    lambda size: tr("{size:.1f} kB", size=size),
    lambda size: tr("{size:.1f} MB", size=size),
    lambda size: tr("{size:.1f} GB", size=size),
    lambda size: tr("{size:.1f} TB", size=size),
)


def rate_text(bytes_per_s: float) -> str:
    """A speed: `1.2 MB/s`."""
    return f"{bytes_text(bytes_per_s)}/s"


def duration_text(seconds: float) -> str:
    """A time span: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < _TENTHS:
        return tr("{seconds:.1f} s", seconds=seconds)
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE:02} min"


def span_text(seconds: float) -> str:
    """A time span to come, in what people count in: `12 s`, `1 min 12 s`, `2 h 05 min`."""
    return f"{round(seconds)} s" if seconds < _TENTHS else duration_text(seconds)


def clock_text(moment: datetime, delay_s: float, zone: tzinfo | None = None) -> str:
    """A moment that is `delay_s` seconds away, on the clock of who reads it (or in `zone`).

    To the second when it is near, with its date when it is far.
    """
    local = moment.astimezone(zone)
    if delay_s < _SHORT_WAIT_S:
        return f"{local:%H:%M:%S}"
    return f"{local:%H:%M}" if delay_s < _LONG_WAIT_S else f"{local:%Y-%m-%d %H:%M}"


def moment_text(
    moment: datetime, delay_s: float = _SHORT_WAIT_S, zone: tzinfo | None = None
) -> str:
    """The same with the name of the zone, for what may be read elsewhere: `14:32 UTC`."""
    local = moment.astimezone(zone)
    name = f"{local:%Z}"
    # Windows spells zones out.
    name = name if len(name) <= _LONGEST_ZONE else f"UTC{local:%z}"
    return f"{clock_text(moment, delay_s, zone)} {name}"


def counted(number: int, noun: str) -> str:
    """`1 file`, `1,234 files`: of nouns that are in the list."""
    return _COUNTED[noun](number)


_COUNTED: Mapping[str, Callable[[int], str]] = {
    "dataset": lambda n: tr_n("{n:,} dataset", "{n:,} datasets", n),
    "deletion": lambda n: tr_n("{n:,} deletion", "{n:,} deletions", n),
    "file": lambda n: tr_n("{n:,} file", "{n:,} files", n),
    "link": lambda n: tr_n("{n:,} link", "{n:,} links", n),
    "manifest": lambda n: tr_n("{n:,} manifest", "{n:,} manifests", n),
    "more dataset": lambda n: tr_n("{n:,} more dataset", "{n:,} more datasets", n),
    "more field": lambda n: tr_n("{n:,} more field", "{n:,} more fields", n),
    "more file": lambda n: tr_n("{n:,} more file", "{n:,} more files", n),
    "note": lambda n: tr_n("{n:,} note", "{n:,} notes", n),
    "part": lambda n: tr_n("{n:,} part", "{n:,} parts", n),
    "problem": lambda n: tr_n("{n:,} problem", "{n:,} problems", n),
    "request": lambda n: tr_n("{n:,} request", "{n:,} requests", n),
    "resource": lambda n: tr_n("{n:,} resource", "{n:,} resources", n),
    "thing": lambda n: tr_n("{n:,} thing", "{n:,} things", n),
    "upload": lambda n: tr_n("{n:,} upload", "{n:,} uploads", n),
    "whole dataset": lambda n: tr_n("{n:,} whole dataset", "{n:,} whole datasets", n),
}


def by_status(counts: Mapping[str, int]) -> str:
    """`2 created, 5 unchanged`: those of which there are some; empty when there are none."""
    return ", ".join(in_language(status_count(each, n)) for each, n in counts.items() if n)


def forecast_text(requests: int, quota: RateLimit, wait_s: float, destination: str = "") -> str:
    """What a run needs, what the portal has left, and how long that takes, in sentences."""
    parts = [tr_n("Needs 1 request at most.", "Needs {n:,} requests at most.", requests)]
    if quota.remaining is not None and quota.limit is not None:
        figures = {"remaining": quota.remaining, "limit": quota.limit}
        if quota.reset_at is None:
            parts.append(tr("The quota has {remaining:,} of {limit:,} left.", **figures))
        else:
            moment = moment_text(quota.reset_at, _ALWAYS_FAR_S)
            parts.append(
                tr(
                    "The quota has {remaining:,} of {limit:,} left until {moment}.",
                    moment=moment,
                    **figures,
                )
            )
    if wait_s > 0:
        span = duration_text(wait_s)
        parts.append(tr("Keeping to it takes about {span}.", span=span))
    said = " ".join(parts)
    return f"{printable(destination)}: {said}" if destination else said


_ALWAYS_FAR_S = 3600.0
