"""Problems as people read them: each printed once, and named by its place after that."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text

from bulkpub.core.failures import left_out_names
from bulkpub.core.outcome import DatasetStatus
from bulkpub.core.report import RunReport
from bulkpub.errors import Problem
from bulkpub.language import tr
from bulkpub.observers.console import print_line
from bulkpub.observers.text import counted, printable, shown

__all__ = ["left_out_lines", "left_out_of", "render_problems", "render_warnings"]


def render_problems(problems: Iterable[Problem], console: Console) -> None:
    """Print every problem as `file:line:column: message`, in the order of the files, and count.

    What one place says of many files is one entry: a pattern may match thousands of a kind.
    """
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
    if not ordered:
        return
    for first, *others in _by_cause(ordered):
        print_line(console, _problem_text(first))
        names = [_named(each)[0] for each in others]
        shown_names = ", ".join(map(shown, names[:_MOST_NAMES]))
        if len(names) > _MOST_NAMES:
            count, rest = len(names), len(names) - _MOST_NAMES
            told = tr(
                "  and the same of {count:,} more: {names} … and {rest:,} more",
                count=count,
                names=shown_names,
                rest=rest,
            )
            print_line(console, told)
        elif names:
            told = tr(
                "  and the same of {count:,} more: {names}", count=len(names), names=shown_names
            )
            print_line(console, told)
    found = tr("{problems} found.", problems=counted(len(ordered), "problem"))
    console.print(Text(found, style="bold red"))


_MOST_NAMES = 10


def _by_cause(problems: Iterable[Problem]) -> Iterable[list[Problem]]:
    """Those that one place has in common, but for the file they begin with."""
    found: dict[object, list[Problem]] = {}
    for number, problem in enumerate(problems):
        name, why = _named(problem)
        key = (problem.at, why) if name and problem.line else number
        found.setdefault(key, []).append(problem)
    return found.values()


def _named(problem: Problem) -> tuple[str, str]:
    """The file it begins with, and what is wrong with that; no file where it names none."""
    name, colon, why = problem.sentence.partition(": ")
    return (name, why) if colon and why else ("", problem.sentence)


def render_warnings(warnings: Iterable[Problem], console: Console) -> None:
    """Print what may not be meant as it was read, with its place."""
    for warning in warnings:
        print_line(console, Text.assemble((tr("warning: "), "yellow"), _problem_text(warning)))


def _problem_text(problem: Problem) -> str:
    """`file:line:column: message`: the place stays as editors and CI systems read it."""
    where = f"{printable(problem.at)}: " if problem.file else ""
    return where + printable(problem.sentence)


def left_out_of(report: RunReport) -> dict[str, str]:
    """By what the datasets are called that problems keep from being published, where these are."""
    places: dict[str, list[str]] = {}
    shared: list[Problem] = []
    for problem in report.run.problems:
        if problem.dataset is None:
            shared.append(problem)
        elif problem.file:
            for name in left_out_names([problem]):
                places.setdefault(name, []).append(shown(problem.at))
    found: dict[str, str] = {}
    for dataset in report.datasets if report.run.problems else ():
        if dataset.status is not DatasetStatus.FAILED or (error := dataset.error) is None:
            continue
        where = [shown(each.at) for each in shared if each.file and each.message in error]
        own = (*places.get(dataset.key, ()), *places.get(dataset.called, ()))
        if where := [*own, *where]:
            found[dataset.called] = ", ".join(dict.fromkeys(where))
    return found


def left_out_lines(left_out: Mapping[str, str]) -> Iterable[str]:
    """A line for each place that datasets are left out for, however many have it in common."""
    by_place: dict[str, list[str]] = {}
    for key, where in left_out.items():
        by_place.setdefault(where, []).append(key)
    for where, keys in by_place.items():
        name = shown(keys[0]) if len(keys) == 1 else counted(len(keys), "dataset")
        yield tr("{name}: left out, see {where}", name=name, where=where)
