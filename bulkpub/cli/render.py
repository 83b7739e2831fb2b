"""Results as people read them at the end of a command: a plan, the summary of a run.

The rule: a report in, text on the given console out; nothing is worked out here that the
report does not already say. Every name is escaped, no line is cut, so that addresses can be
clicked and lines searched; colour is the console's to decide.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bulkpub.cli.findings import UPLOADS, Findings, First, findings
from bulkpub.cli.problems import left_out_lines, left_out_of
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.failures import name_of, shares_reason
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit, RunReport, Totals
from bulkpub.observers.text import (
    bytes_text,
    counted,
    duration_text,
    moment_text,
    printable,
    shown,
)

__all__ = ["render_plan", "render_summary"]

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

_HEADLINES: dict[int, tuple[str, str]] = {
    ExitCode.DONE: ("Done in {took}", "bold green"),
    ExitCode.SOME_FAILED: ("Done in {took}, but not everything is as wanted", "bold red"),
    ExitCode.WRONG: ("Nothing was sent", "bold red"),
    ExitCode.REFUSED: ("The portal refuses", "bold red"),
    ExitCode.STOPPED_EARLY: ("Stopped early after {took}", "bold yellow"),
    ExitCode.INTERRUPTED: ("Interrupted after {took}", "bold yellow"),
}

_RESUMABLE = frozenset({ExitCode.STOPPED_EARLY, ExitCode.INTERRUPTED})

_SEE_PROBLEMS = "see the problems"

# --- run ---------------------------------------------------------------------------------


def render_summary(report: RunReport, console: Console, *, report_path: str | None = None) -> None:
    """Print how a run went: figures, every failure (the first 50), links, where the report is."""
    left_out = left_out_of(report)
    found = findings(report.datasets, left_out)
    if _nothing_changed(report):
        _print_line(console, _nothing_to_do(report))
    else:
        _print_headline(report, console)
        if not _nothing_begun(report):
            if report.totals.requests.total:
                _print_figures(report, found, console)
            _print_failures(found, left_out, console, report_path)
        _print_links(found, console, report_path)
        _print_warnings(found, console, report_path)
        _print_notes(found, console)
    _print_removed(found, console)
    _print_left(found, console)
    if report_path is not None:
        _print_line(console, f"Report: {shown(report_path)}")


def _print_removed(found: Findings, console: Console) -> None:
    """How many files are no longer here, as they are published."""
    if found.removed:
        files = counted(found.removed, "file")
        _print_line(console, f"Removed here, as the portal has them: {files}")


def _print_headline(report: RunReport, console: Console) -> None:
    run = report.run
    words, style = _HEADLINES.get(run.exit_code, ("Ended after {took}", "bold red"))
    line = Text().append(words.format(took=duration_text(run.duration_s)), style=style)
    if run.error is not None:
        line.append(f": {printable(run.error)}")
    elif run.problems and run.exit_code == ExitCode.WRONG:
        line.append(f": {_SEE_PROBLEMS}")
    _print_line(console, line)
    if run.exit_code in _RESUMABLE:
        _print_line(console, "The same command goes on from here.")


def _print_figures(report: RunReport, found: Findings, console: Console) -> None:
    for name, figures in _figures(report, found):
        _print_line(console, Text.assemble((f"  {name:<10}", "bold"), figures))


def _figures(report: RunReport, found: Findings) -> Iterable[tuple[str, str]]:
    totals, quota = report.totals, report.rate_limit
    yield "Datasets", _by_status(asdict(totals.datasets))
    yield "Files", _by_status(asdict(totals.resources)) + _sent_already(found)
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
        yield "Quota", _quota_text(quota)


def _sent_already(found: Findings) -> str:
    """How many of the pending files are on the portal, though not described yet."""
    return f" ({found.sent:,} of them sent already)" if found.sent else ""


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


def _print_failures(
    found: Findings, left_out: Mapping[str, str], console: Console, report_path: str | None
) -> None:
    failures = First[str]()
    for words in left_out_lines(left_out):
        failures.add(words)
    for words in found.failures.there:
        failures.add(words)
    if not failures.there:
        return
    _print_line(console, Text("Not as wanted:", style="bold red"))
    for words in failures.there:
        _print_line(console, _marked("failed", words))
    _print_rest(console, failures.others + found.failures.others, report_path)


def _print_links(found: Findings, console: Console, report_path: str | None) -> None:
    if not found.links.there:
        return
    _print_line(console, Text("Datasets:", style="bold"))
    for status, title, page in found.links.there:
        _print_line(console, _marked(status, f"{title}: {page}"))
    _print_rest(console, found.links.others, report_path)


# --- plan --------------------------------------------------------------------------------


def render_plan(
    report: RunReport,
    console: Console,
    *,
    requests: int | None = None,
    quota_wait_s: float = 0.0,
) -> None:
    """Print what a run would change, from the report of a dry run; nothing unchanged in detail.

    `requests` is how many the run would send, and `quota_wait_s` how many seconds of waiting
    for the quota that means, where that is known.
    """
    run, left_out = report.run, left_out_of(report)
    found = findings(report.datasets, left_out)
    if _nothing_changed(report):
        _print_line(console, _nothing_to_do(report))
        _print_left(found, console)
        _print_notes(found, console)
        return
    if _nothing_planned(report):
        why = printable(run.error) if run.error else _SEE_PROBLEMS
        _print_line(console, Text(f"Nothing was planned: {why}", style="bold red"))
        _print_not_planned(report, console)
        return
    for dataset in report.datasets:
        untold = dataset.status not in {DatasetStatus.UNCHANGED, DatasetStatus.PENDING}
        if untold and dataset.key not in left_out:
            _print_dataset_plan(dataset, console)
    for words in left_out_lines(left_out):
        _print_line(console, _marked("failed", words, indent=0))
    if same := report.totals.datasets.unchanged:
        _print_line(
            console, _marked("unchanged", f"{counted(same, 'dataset')} unchanged", indent=0)
        )
    _print_not_planned(report, console)
    if run.error is not None:
        _print_line(console, Text(f"Stopped: {printable(run.error)}", style="bold red"))
    _print_left(found, console)
    _print_warnings(found, console, None)
    _print_notes(found, console)
    _print_line(console, _plan_total(found, run.portal, requests))
    if quota_wait_s > 0:
        wait = duration_text(quota_wait_s)
        _print_line(console, Text(f"The quota makes that wait about {wait}.", style="yellow"))
    if report.rate_limit.remaining is not None:
        _print_line(console, f"Quota: {_quota_text(report.rate_limit)}.")


def _print_dataset_plan(dataset: DatasetOutcome, console: Console) -> None:
    title = shown(dataset.title or dataset.key)
    line = _marked(dataset.status.value, title, indent=0).append(
        f" [{shown(dataset.key)}] {printable(dataset.error or dataset.reason)}", style="dim"
    )
    _print_line(console, line)
    for resource in dataset.resources:
        failed = resource.status is ResourceStatus.FAILED
        told_above = failed and shares_reason(resource, dataset)
        if resource.status is not ResourceStatus.UNCHANGED and not told_above:
            _print_line(console, _resource_plan(resource))
    same = sum(r.status is ResourceStatus.UNCHANGED for r in dataset.resources)
    if same:
        _print_line(console, _marked("unchanged", f"{counted(same, 'file')} unchanged", indent=4))


def _resource_plan(resource: ResourceOutcome) -> Text:
    sends = resource.status in UPLOADS and resource.size is not None
    size = f" ({bytes_text(resource.size or 0)})" if sends else ""
    line = _marked(resource.status.value, f"{shown(name_of(resource))}{size}", indent=4)
    return line.append(f" {printable(resource.error or resource.reason)}", style="dim")


def _plan_total(found: Findings, portal: str, requests: int | None) -> Text:
    uploads = f"{counted(found.uploads, 'upload')} of {bytes_text(found.size)}"
    sending = f", {counted(requests, 'request')}" if requests is not None else ""
    return Text(
        f"{counted(found.written, 'dataset')} to write to {shown(portal)}, {uploads}{sending}. "
        "Nothing was sent.",
        style="bold",
    )


# --- what they have in common ------------------------------------------------------------


def _nothing_changed(report: RunReport) -> bool:
    """Whether all is as wanted, and was before."""
    counts = (asdict(report.totals.datasets), asdict(report.totals.resources))
    changed = sum(n for count in counts for status, n in count.items() if status != "unchanged")
    return report.run.exit_code == ExitCode.DONE and not changed


def _nothing_begun(report: RunReport) -> bool:
    """Whether it ended before the first dataset's turn came, for what is wrong or refused."""
    refused = report.run.exit_code == ExitCode.REFUSED and _nothing_planned(report)
    return refused or report.run.exit_code == ExitCode.WRONG


def _nothing_planned(report: RunReport) -> bool:
    """Whether it ended early, and no dataset's turn came."""
    if report.run.exit_code in {ExitCode.DONE, ExitCode.SOME_FAILED}:
        return False
    left_out = left_out_of(report)
    return all(
        dataset.status is DatasetStatus.PENDING or dataset.key in left_out
        for dataset in report.datasets
    )


def _print_not_planned(report: RunReport, console: Console) -> None:
    """How many datasets nothing is known of, in one line, however many there are."""
    if waiting := report.totals.datasets.pending:
        words = f"{counted(waiting, 'dataset')} not looked at"
        _print_line(console, _marked("pending", words, indent=0))


def _nothing_to_do(report: RunReport) -> Text:
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


def _quota_text(quota: RateLimit) -> str:
    """`5 of 10 requests left until 14:32 UTC`."""
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    reset = f" until {moment_text(quota.reset_at)}" if quota.reset_at is not None else ""
    return f"{quota.remaining:,}{of} requests left{reset}"


def _print_notes(found: Findings, console: Console) -> None:
    """What of the manifest the portal cannot hold, each once."""
    for note, count in found.notes.items():
        line = Text.assemble(("note: ", "yellow"), printable(note))
        _print_line(console, line.append(f" ({counted(count, 'dataset')})", style="dim"))


def _print_warnings(found: Findings, console: Console, report_path: str | None) -> None:
    """What is odd about files that are published all the same."""
    for name, warning in found.warnings.there:
        _print_line(console, Text.assemble(("warning: ", "yellow"), name, ": ", warning))
    _print_rest(console, found.warnings.others, report_path)


def _print_left(found: Findings, console: Console) -> None:
    """What was to be moved to the portal and is no file: nobody shall believe that it was."""
    for name, why in found.left.there:
        _print_line(console, _marked("unchanged", f"{name}: {why}"))
    _print_rest(console, found.left.others, None)


def _marked(status: str, words: str, indent: int = 2) -> Text:
    """A line with the mark of its status in front."""
    mark, style = _MARKS[status]
    return Text(" " * indent).append(mark, style=style).append(f" {words}")


def _print_rest(console: Console, rest: int, report_path: str | None) -> None:
    """Where the lines are that are not printed, if there are any."""
    if rest > 0:
        where = shown(report_path) if report_path is not None else "the report"
        _print_line(console, Text(f"  … and {rest:,} more in {where}", style="dim"))


def _print_line(console: Console, line: str | Text) -> None:
    """Print it whole, however wide the terminal is."""
    text = line if isinstance(line, Text) else Text(line)
    console.print(text, soft_wrap=True)
