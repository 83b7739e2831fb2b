"""Results as people read them at the end of a command: a plan, the summary of a run.

The rule: a report in, text on the given console out; nothing is worked out here that the
report does not already say. Every name is escaped, no line is cut, so that addresses can be
clicked and lines searched; colour is the console's to decide.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bulkpub.cli.problems import left_out_lines, left_out_of
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.outcome import (
    SENT_ALREADY,
    STAYS,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.report import RateLimit, RunReport, Totals
from bulkpub.observers.text import (
    bytes_text,
    counted,
    duration_text,
    moment_text,
    path_text,
    printable,
    shown,
)

__all__ = ["render_plan", "render_summary"]

_SHOWN = 50
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

_SHOWN_LINKS = 20

_NO_LINK = frozenset({DatasetStatus.UNCHANGED, DatasetStatus.DELETED})

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

_UPLOADS = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})

# --- run ---------------------------------------------------------------------------------


def render_summary(report: RunReport, console: Console, *, report_path: str | None = None) -> None:
    """Print how a run went: figures, every failure (the first 50), links, where the report is."""
    if _nothing_changed(report):
        _print_line(console, _nothing_to_do(report))
    else:
        _print_headline(report, console)
        if not _nothing_begun(report):
            if report.totals.requests.total:
                _print_figures(report, console)
            _print_failures(report, console, report_path)
        _print_links(report, console, report_path)
        _print_warnings(report, console, report_path)
        _print_notes(report, console)
    _print_removed(report, console)
    _print_left(report, console)
    if report_path is not None:
        _print_line(console, f"Report: {shown(report_path)}")


def _print_removed(report: RunReport, console: Console) -> None:
    """How many files are no longer here, as they are published."""
    removed = sum(resource.removed for each in report.datasets for resource in each.resources)
    if removed:
        _print_line(console, f"Removed here, as the portal has them: {counted(removed, 'file')}")


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


def _print_figures(report: RunReport, console: Console) -> None:
    for name, figures in _figures(report):
        _print_line(console, Text.assemble((f"  {name:<10}", "bold"), figures))


def _figures(report: RunReport) -> Iterable[tuple[str, str]]:
    totals, quota = report.totals, report.rate_limit
    yield "Datasets", _by_status(asdict(totals.datasets))
    yield "Files", _by_status(asdict(totals.resources)) + _sent_already(report.datasets)
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


def _sent_already(datasets: Iterable[DatasetOutcome]) -> str:
    """How many of the pending files are on the portal, though not described yet."""
    sent = sum(
        resource.status is ResourceStatus.PENDING and resource.reason.startswith(SENT_ALREADY)
        for dataset in datasets
        for resource in dataset.resources
    )
    return f" ({sent:,} of them sent already)" if sent else ""


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
    failures = list(_failures(report))
    if not failures:
        return
    _print_line(console, Text("Not as wanted:", style="bold red"))
    for line in failures[:_SHOWN]:
        _print_line(console, line)
    _print_rest(console, len(failures) - _SHOWN, report_path)


def _failures(report: RunReport) -> Iterable[Text]:
    left_out = left_out_of(report)
    for words in left_out_lines(left_out):
        yield _marked("failed", words)
    for dataset in report.datasets:
        if dataset.key in left_out:
            continue
        if dataset.status is DatasetStatus.FAILED and dataset.error is not None:
            yield _marked("failed", f"{shown(dataset.key)}: {printable(dataset.error)}")
        for resource in dataset.resources:
            if resource.status is ResourceStatus.FAILED and not _shares_reason(resource, dataset):
                why = resource.error or resource.reason
                name = path_text(dataset.key, _name_of(resource))
                yield _marked("failed", f"{name}: {printable(why)}")


def _shares_reason(resource: ResourceOutcome, dataset: DatasetOutcome) -> bool:
    """Whether it failed because its dataset failed as a whole, which has said why."""
    own, shared = resource.error, dataset.error
    return shared is not None and (own is None or shared in own)


def _print_links(report: RunReport, console: Console, report_path: str | None) -> None:
    touched = [
        dataset for dataset in report.datasets if dataset.page and dataset.status not in _NO_LINK
    ]
    if not touched:
        return
    _print_line(console, Text("Datasets:", style="bold"))
    for dataset in touched[:_SHOWN_LINKS]:
        title = shown(dataset.title or dataset.key)
        _print_line(console, _marked(dataset.status.value, f"{title}: {shown(dataset.page or '')}"))
    _print_rest(console, len(touched) - _SHOWN_LINKS, report_path)


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
    run = report.run
    if _nothing_changed(report):
        _print_line(console, _nothing_to_do(report))
        _print_left(report, console)
        _print_notes(report, console)
        return
    if _nothing_planned(report):
        why = printable(run.error) if run.error else _SEE_PROBLEMS
        _print_line(console, Text(f"Nothing was planned: {why}", style="bold red"))
        _print_not_planned(report, console)
        return
    left_out = left_out_of(report)
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
    _print_left(report, console)
    _print_warnings(report, console, None)
    _print_notes(report, console)
    _print_line(console, _plan_total(report.datasets, run.portal, requests))
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
        told_above = failed and _shares_reason(resource, dataset)
        if resource.status is not ResourceStatus.UNCHANGED and not told_above:
            _print_line(console, _resource_plan(resource))
    same = sum(r.status is ResourceStatus.UNCHANGED for r in dataset.resources)
    if same:
        _print_line(console, _marked("unchanged", f"{counted(same, 'file')} unchanged", indent=4))


def _resource_plan(resource: ResourceOutcome) -> Text:
    sends = resource.status in _UPLOADS and resource.size is not None
    size = f" ({bytes_text(resource.size or 0)})" if sends else ""
    line = _marked(resource.status.value, f"{shown(_name_of(resource))}{size}", indent=4)
    return line.append(f" {printable(resource.error or resource.reason)}", style="dim")


def _plan_total(datasets: Sequence[DatasetOutcome], portal: str, requests: int | None) -> Text:
    sizes = [
        resource.size
        for dataset in datasets
        for resource in dataset.resources
        if resource.status in _UPLOADS and resource.size is not None
    ]
    uploads = f"{counted(len(sizes), 'upload')} of {bytes_text(sum(sizes))}"
    changed = sum(map(_is_written, datasets))
    sending = f", {counted(requests, 'request')}" if requests is not None else ""
    return Text(
        f"{counted(changed, 'dataset')} to write to {shown(portal)}, {uploads}{sending}. "
        "Nothing was sent.",
        style="bold",
    )


def _is_written(dataset: DatasetOutcome) -> bool:
    """Whether a run would write to it, be it only for those of its files that can be published."""
    if dataset.status in {DatasetStatus.CREATED, DatasetStatus.UPDATED, DatasetStatus.DELETED}:
        return True
    unwritten = {ResourceStatus.UNCHANGED, ResourceStatus.FAILED, ResourceStatus.PENDING}
    return dataset.error is None and any(r.status not in unwritten for r in dataset.resources)


# --- what they have in common ------------------------------------------------------------


def _nothing_changed(report: RunReport) -> bool:
    """Whether all is as wanted, and was before."""
    unchanged = all(
        dataset.status is DatasetStatus.UNCHANGED
        and all(r.status is ResourceStatus.UNCHANGED for r in dataset.resources)
        for dataset in report.datasets
    )
    return report.run.exit_code == ExitCode.DONE and unchanged


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


def _print_notes(report: RunReport, console: Console) -> None:
    """What of the manifest the portal cannot hold, each once."""
    notes = Counter(note for dataset in report.datasets for note in dataset.notes)
    for note, count in notes.items():
        line = Text.assemble(("note: ", "yellow"), printable(note))
        _print_line(console, line.append(f" ({counted(count, 'dataset')})", style="dim"))


def _print_warnings(report: RunReport, console: Console, report_path: str | None) -> None:
    """What is odd about files that are published all the same."""
    odd = [
        (path_text(dataset.key, _name_of(resource)), warning)
        for dataset in report.datasets
        for resource in dataset.resources
        for warning in resource.warnings
    ]
    for name, warning in odd[:_SHOWN]:
        line = Text.assemble(("warning: ", "yellow"), name, ": ", printable(warning))
        _print_line(console, line)
    _print_rest(console, len(odd) - _SHOWN, report_path)


def _print_left(report: RunReport, console: Console) -> None:
    """What was to be moved to the portal and is no file: nobody shall believe that it was."""
    left = [
        (dataset, resource)
        for dataset in report.datasets
        for resource in dataset.resources
        if resource.status is ResourceStatus.UNCHANGED and resource.reason.startswith(STAYS)
    ]
    for dataset, resource in left[:_SHOWN]:
        name = path_text(dataset.title or dataset.key, resource.title or _name_of(resource))
        _print_line(console, _marked("unchanged", f"{name}: {printable(resource.reason)}"))
    _print_rest(console, len(left) - _SHOWN, None)


def _name_of(resource: ResourceOutcome) -> str:
    """What a person knows it by."""
    return resource.source or resource.title or resource.key or resource.id or "?"


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
