"""Results as tables in Markdown: for the terminal, and for the page of the documentation."""

from collections.abc import Iterable, Mapping, Sequence

from bars import BARS, Bar, judged
from results import Results, Row

__all__ = ["QUANTITIES", "bars_table", "beside", "page_with", "report", "work_table"]

MIB = float(1 << 20)
QUANTITIES = {
    "wall": "wall",
    "cpu": "CPU",
    "cluster": "cluster's part of wall",
    "cpu_each": "CPU a file",
    "wall_job": "wall a dataset",
    "cpu_job": "CPU a dataset",
    "wall_work": "wall, the start off",
    "cpu_work": "CPU, the start off",
    "cores": "cores at work",
    "first_request": "first request after",
    "memory": "peak memory",
    "report": "report",
    "requests": "requests",
    "portal_cpu": "portal's CPU",
}
"""What is measured, and how it is called; a table has those columns that it has figures for."""
GROWTH = ("linear", "million", "million-first")
GROWING = (1_000, 10_000, 100_000, 1_000_000)
_WARM = " again, journal warm"
_GROWN = (
    (", first", "cpu"),
    (", first", "memory"),
    (_WARM, "cpu"),
    (_WARM, "memory"),
    (_WARM, "report"),
)


def shown(quantity: str, value: float) -> str:
    """A figure in the unit that suits it."""
    match quantity:
        case "memory":
            return f"{value / MIB:,.0f} MiB"
        case "report":
            return f"{value / MIB:,.1f} MiB"
        case "requests":
            return f"{value:,.0f}"
        case "cores":
            return f"{value:,.2f}"
        case "cpu_each" | "wall_job" | "cpu_job":
            return f"{1000 * value:.2f} ms"
        case _:
            return f"{value:,.2f} s"


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; figures stand right."""
    marks = ["---" if place == 0 else "---:" for place in range(len(heads))]
    return "".join("| " + " | ".join(line) + " |\n" for line in [heads, marks, *lines])


def work_table(rows: Sequence[Row]) -> str:
    """All rows of one work."""
    quantities = [q for q in QUANTITIES if any(q in run.figures for r in rows for run in r.runs)]
    lines = []
    for row in rows:
        name = f"{row.step}: {row.way}" if len({each.step for each in rows}) > 1 else row.way
        wrong = row.note or row.fault
        medians = [row.median(quantity) for quantity in quantities]
        cells = [
            "" if value is None else shown(quantity, value)
            for quantity, value in zip(quantities, medians, strict=True)
        ]
        lines.append([name + (f" **{wrong}**" if wrong else ""), *cells])
    return table(["what", *(QUANTITIES[each] for each in quantities)], lines)


def bars_table(results: Results, bars: Sequence[Bar] = BARS, *, every: bool) -> str:
    """The bars: the figure, what it may be, and whether that is so.

    Without `every`, those alone that there was something to see of.
    """
    lines = []
    for each in judged(results, bars):
        if not every and each.met is None and not each.failed:
            continue
        figure, most = each.cells()
        verdict = each.verdict()
        marked = f"**{verdict}**" if each.failed or each.met is False else verdict
        lines.append([f"{each.bar.number}. {each.bar.says}", figure, most, marked])
    return table(["bar", "measured", "at most", "verdict"], lines)


def report(
    results: Results,
    titles: Mapping[str, str],
    bars: Sequence[Bar] = BARS,
    *,
    every: bool = False,
) -> str:
    """All of it: the machine, the bars (see `bars_table`), a table for each work."""
    parts = [f"{results.machine}\n", bars_table(results, bars, every=every)]
    known = [work for work in titles if results.of(work)]
    for work in [*known, *(work for work in results.works() if work not in titles)]:
        rows = results.of(work)
        parts.append(f"{titles.get(work, work)}{_only_step(rows)} (`{work}`{_runs(rows)}):\n")
        parts.append(work_table(rows))
    if grown := growth_table(results):
        parts.append("How it grows: the first publication, and again with the journal warm:\n")
        parts.append(grown)
    return "\n".join(parts)


def growth_table(results: Results) -> str:
    """CPU, memory and report by the number of files; empty when nothing of it was measured."""
    lines = []
    for files in GROWING:
        found = {row.step: row for row in results.rows if row.work in GROWTH}
        cells = [
            "" if value is None else shown(quantity, value)
            for step, quantity in _GROWN
            for value in [_median(found.get(f"{files:,} files{step}"), quantity)]
        ]
        if any(cells):
            lines.append([f"{files:,} files", *cells])
    heads = ["what", "first: CPU", "memory", "again: CPU", "memory", "report"]
    return table(heads, lines) if lines else ""


def _median(row: Row | None, quantity: str) -> float | None:
    return row.median(quantity) if row else None


def _only_step(rows: Sequence[Row]) -> str:
    """What the rows do not say themselves: the one step that all of them are about."""
    steps = {row.step for row in rows}
    return f": {steps.pop()}" if len(steps) == 1 and steps != {"first"} and any(steps) else ""


def _runs(rows: Sequence[Row]) -> str:
    most = max((len(row.runs) for row in rows), default=0)
    return f"; medians of {most} runs" if most > 1 else ""


def page_with(page: str, mark: str, text: str) -> str:
    """The page with `text` in place of what is between `<!-- bench: MARK -->` and the end mark.

    :raises ValueError: it has no such place.
    """
    before, begins, rest = page.partition(f"<!-- bench: {mark} -->\n")
    _, ends, after = rest.partition("<!-- bench: end -->")
    if not begins or not ends:
        raise ValueError(f"the page has no place marked <!-- bench: {mark} -->")
    return f"{before}{begins}\n{text}\n{ends}{after}"


def beside(before: Results, after: Results) -> str:
    """What both measured, the earlier figure first."""
    lines = []
    for row in after.rows:
        was = before.find(row.work, row.step, row.way)
        if was is None:
            continue
        cells = []
        for quantity in ("wall", "cpu", "memory", "requests"):
            old, new = was.median(quantity), row.median(quantity)
            if old is None or new is None:
                cells.append("")
            else:
                cells.append(f"{shown(quantity, old)} → {shown(quantity, new)}")
        lines.append([f"{row.work}, {row.step}: {row.way}", *cells])
    return table(["what", "wall", "CPU", "peak memory", "requests"], lines)
