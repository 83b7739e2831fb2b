"""Results as people read them at the end of a command: the summary of a run, the problems.

The rule: a report in, text on the given console out; nothing is worked out here that the
report does not already say. Every name is escaped, no line is cut, so that addresses can be
clicked and lines searched; colour is the console's to decide.
"""

from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bulkpub.cli.lines import (
    SHOWN,
    marked,
    name_of,
    nothing_changed,
    nothing_to_do,
    print_left,
    print_line,
    print_rest,
    quota_text,
)
from bulkpub.core.outcome import (
    DatasetOutcome,
    DatasetStatus,
    ResourceStatus,
)
from bulkpub.core.report import RateLimit, RunReport, Totals
from bulkpub.errors import Problem
from bulkpub.observers.text import (
    bytes_text,
    counted,
    duration_text,
    path_text,
    printable,
)

__all__ = ["render_problems", "render_summary"]

_SHOWN_LINKS = 20

_HEADLINES = {
    0: ("Done in {took}", "bold green"),
    1: ("Done in {took}, but not everything is as wanted", "bold red"),
    2: ("Nothing was sent", "bold red"),
    3: ("The portal refuses", "bold red"),
    4: ("Stopped early after {took}", "bold yellow"),
    130: ("Interrupted after {took}", "bold yellow"),
}

_RESUMABLE = frozenset({4, 130})

# --- run ---------------------------------------------------------------------------------


def render_summary(report: RunReport, console: Console, *, report_path: str | None = None) -> None:
    """Print how a run went: figures, every failure (the first 50), links, where the report is."""
    if nothing_changed(report):
        print_line(console, nothing_to_do(report))
    else:
        _print_headline(report, console)
        if report.totals.requests.total:
            _print_figures(report, console)
        _print_failures(report, console, report_path)
        _print_links(report, console, report_path)
    print_left(report, console)
    if report_path is not None:
        print_line(console, f"Report: {printable(report_path)}")


def _print_headline(report: RunReport, console: Console) -> None:
    run = report.run
    words, style = _HEADLINES.get(run.exit_code, ("Ended after {took}", "bold red"))
    line = Text().append(words.format(took=duration_text(run.duration_s)), style=style)
    if run.error is not None:
        line.append(f": {printable(run.error)}")
    print_line(console, line)
    if run.exit_code in _RESUMABLE:
        print_line(console, "The same command goes on from here.")


def _print_figures(report: RunReport, console: Console) -> None:
    for name, figures in _figures(report.totals, report.rate_limit):
        print_line(console, Text.assemble((f"  {name:<10}", "bold"), figures))


def _figures(totals: Totals, quota: RateLimit) -> Iterable[tuple[str, str]]:
    yield "Datasets", _by_status(asdict(totals.datasets))
    yield "Files", _by_status(asdict(totals.resources))
    spared = f", {bytes_text(totals.bytes.spared)} spared" if totals.bytes.spared else ""
    yield "Bytes", f"{bytes_text(totals.bytes.uploaded)} sent{spared}"
    yield "Requests", _requests(totals)
    waits = [
        f"{duration_text(seconds)} {why}"
        for seconds, why in (
            (totals.waited_s.quota, "for the quota"),
            (totals.waited_s.backoff, "after failures"),
        )
        if seconds
    ]
    if waits:
        yield "Waited", ", ".join(waits)
    if quota.remaining is not None:
        yield "Quota", quota_text(quota)


def _by_status(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {status}" for status, n in counts.items() if n) or "none"


def _requests(totals: Totals) -> str:
    requests = totals.requests
    methods = ", ".join(f"{n:,} {method}" for method, n in sorted(requests.by_method.items()))
    parts = [f"{requests.total:,} ({methods})" if methods else f"{requests.total:,}"]
    if requests.retried:
        parts.append(f"{requests.retried:,} retried")
    if requests.rate_limited:
        parts.append(f"{requests.rate_limited:,} refused by the rate limit")
    return ", ".join(parts)


def _print_failures(report: RunReport, console: Console, report_path: str | None) -> None:
    failures = list(_failures(report.datasets))
    if not failures:
        return
    print_line(console, Text("Not as wanted:", style="bold red"))
    for line in failures[:SHOWN]:
        print_line(console, line)
    print_rest(console, len(failures) - SHOWN, report_path)


def _failures(datasets: Iterable[DatasetOutcome]) -> Iterable[Text]:
    for dataset in datasets:
        if dataset.status is DatasetStatus.FAILED and dataset.error is not None:
            yield marked("failed", f"{printable(dataset.key)}: {printable(dataset.error)}")
        for resource in dataset.resources:
            # When the dataset failed as a whole, its files share its reason: once is enough.
            own = resource.error
            shared = dataset.error is not None and (own is None or dataset.error in own)
            if resource.status is ResourceStatus.FAILED and not shared:
                why = own or resource.reason
                name = path_text(dataset.key, name_of(resource))
                yield marked("failed", f"{name}: {printable(why)}")


def _print_links(report: RunReport, console: Console, report_path: str | None) -> None:
    touched = [
        dataset
        for dataset in report.datasets
        if dataset.page and dataset.status is not DatasetStatus.UNCHANGED
    ]
    if not touched:
        return
    print_line(console, Text("Datasets:", style="bold"))
    for dataset in touched[:_SHOWN_LINKS]:
        title = printable(dataset.title or dataset.key)
        print_line(
            console, marked(dataset.status.value, f"{title}: {printable(dataset.page or '')}")
        )
    print_rest(console, len(touched) - _SHOWN_LINKS, report_path)


# --- problems ----------------------------------------------------------------------------


def render_problems(problems: Iterable[Problem], console: Console) -> None:
    """Print every problem as `file:line:column: message`, in the order of the files, and count."""
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
    for problem in ordered:
        print_line(console, printable(str(problem)))
    print_line(console, Text(f"{counted(len(ordered), 'problem')} found.", style="bold red"))
