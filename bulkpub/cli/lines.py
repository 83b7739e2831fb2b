"""The lines that the summary of a run and a plan have in common.

Every name is escaped, no line is cut, so that addresses can be clicked and lines searched;
colour is the console's to decide.
"""

from rich.console import Console
from rich.text import Text

from bulkpub.core.outcome import STAYS, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit, RunReport
from bulkpub.observers.text import counted, duration_text, moment_text, path_text, printable

__all__ = [
    "SHOWN",
    "marked",
    "name_of",
    "nothing_changed",
    "nothing_to_do",
    "print_left",
    "print_line",
    "print_rest",
    "quota_text",
]

SHOWN = 50
"""Lines of one kind that are printed at most; the report has them all."""

_MARKS = {
    "created": ("+", "green"),
    "updated": ("~", "yellow"),
    "replaced": ("~", "yellow"),
    "described": ("~", "yellow"),
    "adopted": ("~", "yellow"),
    "unchanged": ("=", "dim"),
    "deleted": ("-", "red"),
    "failed": ("!", "bold red"),
    "pending": ("?", "yellow"),
}


def nothing_changed(report: RunReport) -> bool:
    """Whether all is as wanted, and was before."""
    unchanged = all(
        dataset.status is DatasetStatus.UNCHANGED
        and all(r.status is ResourceStatus.UNCHANGED for r in dataset.resources)
        for dataset in report.datasets
    )
    return report.run.exit_code == 0 and unchanged


def nothing_to_do(report: RunReport) -> Text:
    """The one line that says so."""
    datasets = counted(report.totals.datasets.unchanged, "dataset")
    files = counted(report.totals.resources.unchanged, "file")
    requests = counted(report.totals.requests.total, "request")
    took = duration_text(report.run.duration_s)
    return Text.assemble(
        ("Nothing to do", "bold green"),
        f": {datasets} and {files} are as wanted.",
        (f" ({requests}, {took})", "dim"),
    )


def quota_text(quota: RateLimit) -> str:
    """`5 of 10 requests left until 14:32 UTC`."""
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    reset = f" until {moment_text(quota.reset_at)}" if quota.reset_at is not None else ""
    return f"{quota.remaining:,}{of} requests left{reset}"


def print_left(report: RunReport, console: Console) -> None:
    """What was to be moved to the portal and is no file: nobody shall believe that it was."""
    left = [
        (dataset, resource)
        for dataset in report.datasets
        for resource in dataset.resources
        if resource.status is ResourceStatus.UNCHANGED and resource.reason.startswith(STAYS)
    ]
    for dataset, resource in left[:SHOWN]:
        name = path_text(dataset.title or dataset.key, resource.title or name_of(resource))
        print_line(console, marked("unchanged", f"{name}: {printable(resource.reason)}"))
    print_rest(console, len(left) - SHOWN, None)


def name_of(resource: ResourceOutcome) -> str:
    """What a person knows it by."""
    return resource.source or resource.title or resource.key or resource.id or "?"


def marked(status: str, words: str, indent: int = 2) -> Text:
    """A line with the mark of its status in front."""
    mark, style = _MARKS[status]
    return Text(" " * indent).append(mark, style=style).append(f" {words}")


def print_rest(console: Console, rest: int, report_path: str | None) -> None:
    """Where the lines are that are not printed, if there are any."""
    if rest > 0:
        where = printable(report_path) if report_path is not None else "the report"
        print_line(console, Text(f"  … and {rest:,} more in {where}", style="dim"))


def print_line(console: Console, line: str | Text) -> None:
    """Print it whole, however wide the terminal is."""
    text = line if isinstance(line, Text) else Text(line)
    console.print(text, soft_wrap=True)
