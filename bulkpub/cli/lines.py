"""What a plan and the summary of a run have in common: lines, marks, and what is nothing at all.

Every name is escaped, no line is cut, so that addresses can be clicked and lines searched; colour
is the console's to decide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bulkpub.cli.findings import Findings
from bulkpub.cli.problems import left_out_of
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.outcome import DatasetStatus
from bulkpub.core.report import RateLimit, RunReport
from bulkpub.language import in_language, say, tr
from bulkpub.observers.console import print_line
from bulkpub.observers.text import (
    by_status,
    bytes_text,
    counted,
    duration_text,
    moment_text,
    printable,
    shown,
)

__all__ = [
    "SEE_PROBLEMS",
    "destination_lines",
    "marked",
    "nothing_begun",
    "nothing_changed",
    "nothing_planned",
    "nothing_to_do",
    "print_left",
    "print_left_out",
    "print_line",
    "print_notes",
    "print_rest",
    "print_verified",
    "print_warnings",
    "quota_text",
]

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

_ENDED: Mapping[int, tuple[str, str]] = {
    ExitCode.DONE: (say("done"), "green"),
    ExitCode.CHANGES: (say("done"), "green"),
    ExitCode.SOME_FAILED: (say("not everything is as wanted"), "bold red"),
    ExitCode.WRONG: (say("nothing was sent"), "bold red"),
    ExitCode.REFUSED: (say("the portal refuses"), "bold red"),
    ExitCode.STOPPED_EARLY: (say("stopped early"), "bold yellow"),
    ExitCode.INTERRUPTED: (say("interrupted"), "bold yellow"),
}

SEE_PROBLEMS = say("see the problems")


def nothing_changed(report: RunReport) -> bool:
    """Whether all is as wanted, and was before."""
    counts = (asdict(report.totals.datasets), asdict(report.totals.resources))
    changed = sum(n for count in counts for status, n in count.items() if status != "unchanged")
    return report.run.exit_code == ExitCode.DONE and not changed


def nothing_begun(report: RunReport) -> bool:
    """Whether it ended before the first dataset's turn came, for what is wrong or refused."""
    refused = report.run.exit_code == ExitCode.REFUSED and nothing_planned(report)
    return refused or report.run.exit_code == ExitCode.WRONG


def nothing_planned(report: RunReport) -> bool:
    """Whether it ended early, and no dataset's turn came."""
    if report.run.exit_code in {ExitCode.DONE, ExitCode.SOME_FAILED, ExitCode.CHANGES}:
        return False
    left_out = left_out_of(report)
    return all(
        dataset.status is DatasetStatus.PENDING or dataset.called in left_out
        for dataset in report.datasets
    )


def nothing_to_do(report: RunReport) -> Text:
    """The one line that says so."""
    datasets = counted(report.totals.datasets.unchanged, "dataset")
    files = counted(report.totals.resources.unchanged, "file")
    requests = counted(report.totals.requests.total, "request")
    took = duration_text(report.run.duration_s)
    if report.run.verify:
        headline = tr("As wanted")
        rest = tr(": {datasets} and {files}.", datasets=datasets, files=files)
    else:
        headline = tr("Nothing to do")
        rest = tr(": {datasets} and {files} are as wanted.", datasets=datasets, files=files)
    return Text.assemble(
        (headline, "bold green"),
        rest,
        (f" ({requests}, {took})", "dim"),
    )


def quota_text(quota: RateLimit) -> str:
    """`5 of 10 requests left until 14:32 UTC`."""
    of = tr(" of {limit:,}", limit=quota.limit) if quota.limit is not None else ""
    reset = ""
    if quota.reset_at is not None:
        reset = tr(" until {moment}", moment=moment_text(quota.reset_at))
    return tr(
        "{remaining:,}{of} requests left{reset}", remaining=quota.remaining, of=of, reset=reset
    )


def print_notes(found: Findings, console: Console) -> None:
    """What of the manifest the portal cannot hold, each once."""
    for note, count in found.notes.items():
        line = Text.assemble((tr("note: "), "yellow"), printable(note))
        print_line(console, line.append(f" ({counted(count, 'dataset')})", style="dim"))


def print_warnings(found: Findings, console: Console, report_path: str | None) -> None:
    """What is odd about files that are published all the same."""
    for name, warning in found.warnings.there:
        print_line(console, Text.assemble((tr("warning: "), "yellow"), name, tr(": "), warning))
    print_rest(console, found.warnings.others, report_path)


_COMPARED = {
    "full": say(
        "Verified: {{files}} ({{size}}), each downloaded through its permalink and compared by "
        "checksum; titles and all else that the manifest says, too."
    ),
    "quick": say(
        "Verified: {{files}} ({{size}}), by the checksums that the portal tells, without "
        "downloading; titles and all else that the manifest says, too."
    ),
}


def print_verified(report: RunReport, console: Console) -> None:
    """What was compared, how, and with what."""
    verified, template = report.totals.verified, _COMPARED.get(report.run.verify or "")
    if template and not verified.files and nothing_planned(report):
        print_line(console, tr("Nothing was verified."))
    elif template:
        files, size = counted(verified.files, "file"), bytes_text(verified.bytes)
        print_line(console, in_language(template).format(files=files, size=size))


def print_left_out(report: RunReport, console: Console) -> None:
    """How much of the manifest the run was not about: nobody shall believe that it was done."""
    left_out = report.totals.left_out
    if left_out.datasets or left_out.resources:
        datasets = counted(left_out.datasets, "whole dataset")
        files = counted(left_out.resources, "file")
        words = tr("Left out by --only or --exclude: {files}.", files=files)
        if left_out.datasets:
            words = tr(
                "Left out by --only or --exclude: {datasets}, {files} in all.",
                datasets=datasets,
                files=files,
            )
        print_line(console, Text(words, style="yellow"))


def print_left(found: Findings, console: Console) -> None:
    """What was to be moved to the portal and is no file: nobody shall believe that it was."""
    for name, why in found.left.there:
        print_line(console, marked("unchanged", tr("{name}: {why}", name=name, why=why)))
    print_rest(console, found.left.others, None)


def destination_lines(report: RunReport) -> Iterator[Text]:
    """How it went at each destination, where there are several; a line each."""
    for each in report.run.destinations:
        words, style = _ENDED.get(each.exit_code, ("?", ""))
        line = Text.assemble("  ", (f"{shown(each.name)}: ", "bold"), (in_language(words), style))
        if each.error is not None:
            line.append(tr(": {why}", why=printable(each.error)))
        counts = by_status(asdict(each.totals.datasets)) or tr("no dataset")
        line.append(f" ({counts}; {counted(each.totals.requests.total, 'request')}")
        if each.rate_limit.remaining is not None:
            line.append(f"; {quota_text(each.rate_limit)}")
        yield line.append(")")


def marked(status: str, words: str, indent: int = 2) -> Text:
    """A line with the mark of its status in front."""
    mark, style = _MARKS[status]
    return Text(" " * indent).append(mark, style=style).append(f" {words}")


def print_rest(console: Console, rest: int, report_path: str | None) -> None:
    """Where the lines are that are not printed, if there are any."""
    if rest > 0:
        where = shown(report_path) if report_path is not None else tr("the report")
        print_line(
            console,
            Text(tr("  … and {rest:,} more in {where}", rest=rest, where=where), style="dim"),
        )
