"""The summary of a run, as people read it at the end of a command.

The rule: a report in, text on the given console out; nothing is worked out here that the
report does not already say. Every name is escaped, no line is cut, so that addresses can be
clicked and lines searched; colour is the console's to decide.
"""

from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bulkpub.cli.failures import render_failures
from bulkpub.cli.findings import Findings, First, findings
from bulkpub.cli.lines import (
    SEE_PROBLEMS,
    destination_lines,
    marked,
    nothing_begun,
    nothing_changed,
    nothing_to_do,
    print_left,
    print_left_out,
    print_line,
    print_notes,
    print_rest,
    print_verified,
    print_warnings,
    quota_text,
)
from bulkpub.cli.problems import left_out_lines, left_out_of
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.failures import causes, failures_of
from bulkpub.core.report import RunReport, Totals
from bulkpub.language import in_language, say, tr
from bulkpub.observers.text import (
    by_status,
    bytes_text,
    counted,
    duration_text,
    printable,
    shown,
)

__all__ = ["render_not_as_wanted", "render_summary"]

_HEADLINES: dict[int, tuple[str, str]] = {
    ExitCode.DONE: (say("Done in {{took}}"), "bold green"),
    ExitCode.SOME_FAILED: (say("Done in {{took}}, but not everything is as wanted"), "bold red"),
    ExitCode.WRONG: (say("Nothing was sent"), "bold red"),
    ExitCode.REFUSED: (say("The portal refuses"), "bold red"),
    ExitCode.STOPPED_EARLY: (say("Stopped early after {{took}}"), "bold yellow"),
    ExitCode.INTERRUPTED: (say("Interrupted after {{took}}"), "bold yellow"),
}

_RESUMABLE = frozenset({ExitCode.STOPPED_EARLY, ExitCode.INTERRUPTED})

# --- run ---------------------------------------------------------------------------------


def render_summary(report: RunReport, console: Console, *, report_path: str | None = None) -> None:
    """Print how a run went: figures, every failure (the first 50), links, where the report is."""
    found = findings(report.datasets)
    if nothing_changed(report):
        print_line(console, nothing_to_do(report))
    else:
        _print_headline(report, found, console)
        for line in destination_lines(report):
            print_line(console, line)
        if not nothing_begun(report):
            if report.totals.requests.total:
                _print_figures(report, found, console)
            render_not_as_wanted(report, console, report_path=report_path)
        _print_links(found, console, report_path)
        print_warnings(found, console, report_path)
        print_notes(found, console)
    _print_removed(found, console)
    print_left(found, console)
    print_verified(report, console)
    print_left_out(report, console)
    if report_path is not None:
        print_line(console, tr("Report: {file}", file=shown(report_path)))


def _print_removed(found: Findings, console: Console) -> None:
    """How many files are no longer here, as they are published."""
    if found.removed:
        files = counted(found.removed, "file")
        print_line(console, tr("Removed here, as the portal has them: {files}", files=files))


def _print_headline(report: RunReport, found: Findings, console: Console) -> None:
    run = report.run
    words, style = _HEADLINES.get(run.exit_code, (say("Ended after {{took}}"), "bold red"))
    if run.exit_code == ExitCode.REFUSED and not report.totals.requests.total:
        words, style = _HEADLINES[ExitCode.WRONG]  # nobody was asked
    line = Text().append(in_language(words).format(took=duration_text(run.duration_s)), style=style)
    if run.exit_code == ExitCode.INTERRUPTED and run.error is not None and not run.destinations:
        why = printable(run.error).removeprefix(tr("interrupted "))
        line.append(f" {why}")
    elif run.error is not None and not run.destinations:  # else each says its own
        line.append(tr(": {why}", why=printable(run.error)))
    elif run.problems and run.exit_code == ExitCode.WRONG:
        line.append(tr(": {why}", why=in_language(SEE_PROBLEMS)))
    print_line(console, line)
    if run.exit_code in _RESUMABLE:
        print_line(console, _what_is_left(report, found))


def _what_is_left(report: RunReport, found: Findings) -> str:
    """What arrived before it ended, and what did not: the next run does the rest."""
    files = report.totals.resources
    arrived, left = files.created + files.replaced + found.sent, files.pending - found.sent
    if not arrived:
        return tr("No file was sent. Run again to go on.")
    if not left:
        return tr("Arrived: {arrived}; none is left.", arrived=counted(arrived, "file"))
    return tr(
        "Arrived: {arrived}; left: {left}. Run again to do the rest.",
        arrived=counted(arrived, "file"),
        left=counted(left, "file"),
    )


def _print_figures(report: RunReport, found: Findings, console: Console) -> None:
    rows = list(_figures(report, found))
    width = max(len(name) for name, _ in rows) + 2
    for name, figures in rows:
        print_line(console, Text.assemble((f"  {name:<{width}}", "bold"), figures))


def _figures(report: RunReport, found: Findings) -> Iterable[tuple[str, str]]:
    totals, quota = report.totals, report.rate_limit
    yield tr("Datasets"), by_status(asdict(totals.datasets)) or tr("none")
    files = by_status(asdict(totals.resources)) or tr("none")
    yield tr("Files"), files + _sent_already(found)
    if not report.run.verify:
        sent = tr("{size} sent", size=bytes_text(totals.bytes.uploaded))
        if totals.bytes.spared:
            sent += tr(", {size} spared", size=bytes_text(totals.bytes.spared))
        yield tr("Bytes"), sent
    yield tr("Requests"), _requests(totals)
    waits = [
        f"{duration_text(seconds)} {why}"
        for seconds, why in (
            (totals.waited_s.quota, tr("for the quota")),
            (totals.waited_s.backoff, tr("after failures")),
        )
        if seconds
    ]
    if waits:
        yield tr("Waited"), ", ".join(waits)
    if quota.remaining is not None:
        yield tr("Quota"), quota_text(quota)


def _sent_already(found: Findings) -> str:
    """How many of the pending files are on the portal, though not described yet."""
    return tr(" ({sent:,} of them sent already)", sent=found.sent) if found.sent else ""


def _requests(totals: Totals) -> str:
    requests = totals.requests
    methods = ", ".join(f"{n:,} {method}" for method, n in sorted(requests.by_method.items()))
    parts = [f"{requests.total:,} ({methods})" if methods else f"{requests.total:,}"]
    if requests.retried:
        parts.append(tr("{n:,} retried", n=requests.retried))
    if requests.rate_limited:
        parts.append(tr("{n:,} refused by the rate limit", n=requests.rate_limited))
    return ", ".join(parts)


def render_not_as_wanted(
    report: RunReport, console: Console, *, report_path: str | None = None
) -> None:
    """Print what failed and why, each cause once; nothing where all is as wanted."""
    left_out = left_out_of(report)
    failed = report.totals.datasets.failed or report.totals.resources.failed
    told = (each for each in report.datasets if failed and each.called not in left_out)
    found = causes(failures_of(told))
    if not (left_out or found):
        return
    print_line(console, Text(tr("Not as wanted:"), style="bold red"))
    places = First[str]()
    for words in left_out_lines(left_out):
        places.add(words)
    for words in places.there:
        print_line(console, marked("failed", words))
    print_rest(console, places.others, report_path)
    render_failures(found, console, report_path=report_path)


def _print_links(found: Findings, console: Console, report_path: str | None) -> None:
    if not found.links.there:
        return
    print_line(console, Text(tr("Datasets:"), style="bold"))
    for status, title, page in found.links.there:
        print_line(console, marked(status, tr("{title}: {page}", title=title, page=page)))
    print_rest(console, found.links.others, report_path)
