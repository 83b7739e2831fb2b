"""What failed, as people read it: each cause once, with the first names of what failed for it."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from bulkpub.cli.lines import print_line
from bulkpub.core.failures import Cause, Failure
from bulkpub.observers.text import counted, path_text, printable, shown

__all__ = ["NAMED", "failure_lines", "render_failures"]

NAMED = 3
"""So many of those that failed for one cause are named; the report has them all."""
MOST_CAUSES = 50


def failure_lines(
    causes: Sequence[Cause], report_path: str | None
) -> Iterator[tuple[str, Sequence[str]]]:
    """A line for each of the causes, and what stands below it; the report is at `report_path`."""
    for cause in causes[:MOST_CAUSES]:
        first, sentence = cause.failures[0], printable(cause.sentence)
        if cause.count == 1:
            yield f"{_name(first)}: {sentence}", ()
        elif cause.same:
            yield f"{_how_many(cause)}: {sentence}", list(_below(cause, report_path))
        else:
            head = f"{_how_many(cause)}, for instance {_name(first)}: {sentence}"
            yield head, list(_below(cause, report_path, told=1))


def _below(cause: Cause, report_path: str | None, told: int = 0) -> Iterator[str]:
    named = cause.failures[told:NAMED]
    yield from map(_name, named)
    if more := cause.count - told - len(named):
        where = f" (report: {shown(report_path)})" if report_path is not None else ""
        yield f"and {more:,} more{where}"


def render_failures(
    causes: Sequence[Cause], console: Console, *, report_path: str | None = None
) -> None:
    """Print what failed, by cause, in whole lines."""
    for head, below in failure_lines(causes, report_path):
        _print(console, [Text.assemble("  ", ("!", "bold red"), f" {head}")])
        _print(console, (Text(f"      {words}") for words in below))
    if others := sum(cause.count for cause in causes[MOST_CAUSES:]):
        where = shown(report_path) if report_path is not None else "the report"
        _print(console, [Text(f"  … and {others:,} more in {where}", style="dim")])


def _print(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        print_line(console, line)


def _how_many(cause: Cause) -> str:
    is_file = cause.failures[0].resource is not None
    return counted(cause.count, "file" if is_file else "dataset")


def _name(failure: Failure) -> str:
    dataset = failure.dataset or "?"
    return shown(dataset) if failure.resource is None else path_text(dataset, failure.resource)
