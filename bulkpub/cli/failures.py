"""What failed, as people read it: each cause once, with the first names of what failed for it."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from bulkpub.cli.lines import print_line
from bulkpub.core.failures import Cause, Failure
from bulkpub.language import tr
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
            yield tr("{name}: {sentence}", name=_name(first), sentence=sentence), ()
        elif cause.same:
            said = tr("{name}: {sentence}", name=_how_many(cause), sentence=sentence)
            yield said, list(_below(cause, report_path))
        else:
            head = tr(
                "{cause}, for instance {first}: {sentence}",
                cause=_how_many(cause),
                first=_name(first),
                sentence=sentence,
            )
            yield head, list(_below(cause, report_path, told=1))


def _below(cause: Cause, report_path: str | None, told: int = 0) -> Iterator[str]:
    named = cause.failures[told:NAMED]
    yield from map(_name, named)
    if more := cause.count - told - len(named):
        where = ""
        if report_path is not None:
            where = tr(" (report: {file})", file=shown(report_path))
        yield tr("and {more:,} more{where}", more=more, where=where)


def render_failures(
    causes: Sequence[Cause], console: Console, *, report_path: str | None = None
) -> None:
    """Print what failed, by cause, in whole lines."""
    for head, below in failure_lines(causes, report_path):
        _print(console, [Text.assemble("  ", ("!", "bold red"), f" {head}")])
        _print(console, (Text(f"      {words}") for words in below))
    if others := sum(cause.count for cause in causes[MOST_CAUSES:]):
        where = shown(report_path) if report_path is not None else tr("the report")
        _print(
            console,
            [
                Text(
                    tr("  … and {others:,} more in {where}", others=others, where=where),
                    style="dim",
                )
            ],
        )


def _print(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        print_line(console, line)


def _how_many(cause: Cause) -> str:
    is_file = cause.failures[0].resource is not None
    return counted(cause.count, "file" if is_file else "dataset")


def _name(failure: Failure) -> str:
    dataset = failure.dataset or "?"
    return shown(dataset) if failure.resource is None else path_text(dataset, failure.resource)
