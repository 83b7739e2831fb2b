"""What is good enough: each bar a figure of one run held against another, or against a number.

The rule: a bar is a row here and nowhere else; what is printed and what stands in the docs is
made of these rows. Ratios are within one benchmark on one machine, since seconds alone
mean little elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from results import At, Results
from ways import ALONE, BULKPUB, CLIENT_8, CURL, DASK, EQUAL

__all__ = ["BARS", "Bar", "Judged", "judged"]

MIB = float(1 << 20)


@dataclass(frozen=True, slots=True)
class Bar:
    """`figure` may be `most`, in its own unit; or, with `times`, `most` times that, and `plus`.

    `less` is taken off the figure first. Figures are shown in a `unit`: its name, and its size in
    our own (seconds, bytes, plain numbers).
    """

    number: str
    says: str
    figure: At
    most: float
    times: At | None = None
    plus: float = 0.0
    less: At | None = None
    unit: tuple[str, float] = ("s", 1.0)

    @property
    def command(self) -> str:
        """What measures it."""
        return f'make bench ARGS="--only {self.figure.work}"'


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar, the figure, and what it may be; None where it was not measured or failed."""

    bar: Bar
    value: float | None
    allowed: float | None
    failed: bool = False
    """A command that the bar needs failed."""

    @property
    def met(self) -> bool | None:
        """None when there is nothing to judge."""
        if self.value is None or self.allowed is None:
            return None
        return self.value <= self.allowed

    def verdict(self) -> str:
        """Met, or by how much it is missed."""
        if self.failed:
            return "FAILED"
        if self.value is None or self.allowed is None:
            return "not measured"
        if self.met:
            return "met"
        return f"MISSED by {100 * (self.value / self.allowed - 1):.0f} %"

    def cells(self) -> tuple[str, str]:
        """The figure and the most it may be, as they are shown."""
        if self.value is None or self.allowed is None:
            return "", ""
        name, size = self.bar.unit

        def shown(value: float) -> str:
            digits = 0 if name in {"MiB", "requests"} else 2
            return f"{value / size:,.{digits}f} {name}"

        ratio = ""
        if self.bar.times:
            base = (self.allowed - self.bar.plus) / self.bar.most
            ratio = f"{self.value / base:.2f} times: "
        limit = f"{self.bar.most:g} times" if self.bar.times else shown(self.allowed)
        if self.bar.plus:
            limit += f" and {shown(self.bar.plus)}"
        return f"{ratio}{shown(self.value)}", limit


def judged(results: Results, bars: Sequence[Bar] | None = None) -> Iterator[Judged]:
    """Every bar, held against what was measured."""
    for bar in BARS if bars is None else bars:
        needed = [at for at in (bar.figure, bar.less, bar.times) if at]
        found = {at: results.value(at) for at in needed}
        if any(value is None for value in found.values()):
            yield Judged(bar, None, None, failed=any(map(results.failed, needed)))
            continue
        known = {at: value for at, value in found.items() if value is not None}
        value = known[bar.figure] - (known[bar.less] if bar.less else 0.0)
        allowed = bar.most * (known[bar.times] if bar.times else 1.0) + bar.plus
        yield Judged(bar, value, allowed)


def _at(work: str, step: str, quantity: str, way: str = BULKPUB) -> At:
    return At(work, step, way, quantity)


_MEMORY, _REQUESTS, _MILLISECONDS = ("MiB", MIB), ("requests", 1.0), ("ms", 0.001)
_SMALL, _LATE, _FIRST = "small", "latency", "first"
_WARM, _EMPTY = "100,000 files again, journal warm", "100,000 files again, journal empty"


def _large() -> Iterator[Bar]:
    for work, name in (("large-256", "256 MiB"), ("large-1024", "1 GiB"), ("large-2048", "2 GiB")):
        says = f"real udata, one file of {name}"
        wall, curl = _at(work, _FIRST, "wall"), _at(work, _FIRST, "wall", CURL)
        yield Bar("3", f"{says}, beside curl", wall, 1.15, curl, plus=0.5)
        yield Bar("3", f"{says}, memory", _at(work, _FIRST, "memory"), 80 * MIB, unit=_MEMORY)


def _engines() -> Iterator[Bar]:
    says = "Dask with two workers beside one process"
    for wait in (0, 50):
        step = f"2,000 files, {wait} ms before every answer"
        wall, one = _at("engines", step, "wall", DASK), _at("engines", step, "wall")
        start = _at("engines", "one file: the start", "cluster", DASK)
        yield Bar("8", f"{says}, {step}", wall, 1.3, one)
        yield Bar("8", f"{says}, {step}, the cluster's start taken off", wall, 1.3, one, less=start)
    says, step = "Dask with two workers hashes 20 files of 500 MB", "20 files of 500 MB"
    yield Bar(
        "8",
        f"{says}, the start taken off: wall beside CPU, 1 / 1.6 for 1.6 cores",
        _at("hashing", step, "wall_work", DASK),
        1 / 1.6,
        _at("hashing", step, "cpu_work", DASK),
    )
    yield Bar(
        "8",
        f"{says}, the cluster's start taken off, beside one process",
        _at("hashing", step, "wall", DASK),
        1.3,
        _at("hashing", step, "wall"),
        less=_at("hashing", "one file: the start", "cluster", DASK),
    )


BARS: tuple[Bar, ...] = (
    Bar(
        "1",
        "real udata, 200 small files, beside curl doing equal work",
        _at(_SMALL, _FIRST, "wall"),
        1.15,
        _at(_SMALL, _FIRST, "wall", EQUAL),
    ),
    Bar(
        "1",
        "real udata, 200 small files, beside the official client with 8 threads",
        _at(_SMALL, _FIRST, "wall"),
        0.75,
        _at(_SMALL, _FIRST, "wall", CLIENT_8),
    ),
    Bar(
        "1",
        "200 small files, 100 ms before every answer, beside curl doing equal work",
        _at(_LATE, "100 ms before every answer", "wall"),
        0.9,
        _at(_LATE, "100 ms before every answer", "wall", EQUAL),
    ),
    Bar(
        "2",
        "CPU for a small file into the sink, the start taken off",
        _at("cost", "5,000 files", "cpu_each"),
        0.0008,
        unit=_MILLISECONDS,
    ),
    *_large(),
    Bar(
        "4",
        "200 unchanged files again: requests",
        _at(_SMALL, "again, nothing changed", "requests"),
        3,
        unit=_REQUESTS,
    ),
    Bar(
        "4",
        "200 unchanged files again",
        _at(_SMALL, "again, nothing changed", "wall"),
        0.5,
    ),
    Bar("4", "100,000 unchanged files, journal warm: CPU", _at("linear", _WARM, "cpu"), 8.0),
    Bar(
        "4",
        "100,000 unchanged files, journal warm: memory",
        _at("linear", _WARM, "memory"),
        150 * MIB,
        unit=_MEMORY,
    ),
    Bar(
        "4",
        "100,000 unchanged files, journal empty, all of it, beside stat and SHA-1 alone: CPU",
        _at("linear", _EMPTY, "cpu"),
        1.3,
        _at("linear", _EMPTY, "cpu", ALONE),
    ),
    Bar(
        "4",
        "100,000 unchanged files, what the empty journal adds, beside stat and SHA-1 alone: CPU",
        _at("linear", _EMPTY, "cpu"),
        1.3,
        _at("linear", _EMPTY, "cpu", ALONE),
        less=_at("linear", _WARM, "cpu"),
    ),
    Bar(
        "4",
        "1,000,000 unchanged files, memory beside that for 100,000",
        _at("million", "1,000,000 files again, journal warm", "memory"),
        1.1,
        _at("linear", _WARM, "memory"),
        unit=_MEMORY,
    ),
    Bar(
        "5",
        "first publication of 100,000 files, memory beside that for 10,000",
        _at("linear", "100,000 files, first", "memory"),
        1.1,
        _at("linear", "10,000 files, first", "memory"),
        unit=_MEMORY,
    ),
    Bar(
        "5",
        "first publication of 1,000,000 files, memory beside that for 100,000",
        _at("million-first", "1,000,000 files, first", "memory"),
        1.1,
        _at("linear", "100,000 files, first", "memory"),
        unit=_MEMORY,
    ),
    Bar(
        "5",
        "validate 1,000,000 files in JSONL, memory beside that for 100,000",
        _at("million", "1,000,000 files, validate", "memory"),
        1.1,
        _at("validate", "100,000 files, JSONL", "memory"),
        unit=_MEMORY,
    ),
    Bar(
        "5",
        "validate 100,000 files, YAML beside JSON: CPU",
        _at("validate", "100,000 files, YAML", "cpu"),
        2.0,
        _at("validate", "100,000 files, JSON", "cpu"),
    ),
    Bar("6", "--help", _at("start", "--help", "wall"), 0.2),
    Bar("6", "--help: memory", _at("start", "--help", "memory"), 35 * MIB, unit=_MEMORY),
    Bar("6", "--version", _at("start", "--version", "wall"), 0.2),
    Bar("6", "--version: memory", _at("start", "--version", "memory"), 35 * MIB, unit=_MEMORY),
    Bar("6", "shell completion", _at("start", "completion", "wall"), 0.2),
    Bar(
        "6",
        "shell completion: memory",
        _at("start", "completion", "memory"),
        35 * MIB,
        unit=_MEMORY,
    ),
    Bar("6", "run: the first request is sent", _at("start", "run", "first_request"), 0.35),
    Bar(
        "7",
        "CPU of ten times as many unchanged files (100,000 beside 10,000)",
        _at("linear", _WARM, "cpu"),
        10.0,
        _at("linear", "10,000 files again, journal warm", "cpu"),
    ),
    Bar(
        "7",
        "CPU of publishing ten times as many files (100,000 beside 10,000)",
        _at("linear", "100,000 files, first", "cpu"),
        10.0,
        _at("linear", "10,000 files, first", "cpu"),
    ),
    Bar(
        "7",
        "report of ten times as many files (100,000 beside 10,000)",
        _at("linear", _WARM, "report"),
        10.5,
        _at("linear", "10,000 files again, journal warm", "report"),
        unit=_MEMORY,
    ),
    *_engines(),
)
