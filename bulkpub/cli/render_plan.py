"""A plan as people read it: a diff of each dataset, old and new values, what it takes.

The rule: what is unchanged is counted, never listed; what changes is listed as far as people
read, and then counted; what fails or is refused is listed even where other changes are not. A
value takes a line, two when old and new do not fit on one: long ones are cut to where they differ.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from bulkpub.cli.findings import SHOWN, UPLOADS, Findings, findings
from bulkpub.cli.lines import (
    SEE_PROBLEMS,
    destination_lines,
    marked,
    nothing_changed,
    nothing_planned,
    nothing_to_do,
    print_left,
    print_left_out,
    print_line,
    print_notes,
    print_warnings,
    quota_text,
)
from bulkpub.cli.problems import left_out_lines, left_out_of
from bulkpub.core.changes import differing_parts
from bulkpub.core.failures import name_of, shares_reason
from bulkpub.core.outcome import (
    Change,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.core.report import RunReport
from bulkpub.language import tr
from bulkpub.observers.text import bytes_text, counted, duration_text, elide, printable, shown

__all__ = ["render_plan"]

DATASETS = 30
"""Datasets that are shown change by change; the others are counted, but for those that fail."""
RESOURCES = 30
"""Resources of one dataset that are shown; likewise."""
FIELDS = 15
"""Fields of one thing that are shown."""
WIDEST, NARROWEST = 120, 40
_INDENT = 4
_OWN = "extras.bulkpub:"


def render_plan(report: RunReport, console: Console) -> None:
    """Print what a run would change, from the report of a dry run; nothing unchanged in detail."""
    run, left_out = report.run, left_out_of(report)
    found = findings(report.datasets)
    if nothing_changed(report):
        print_line(console, nothing_to_do(report))
        _print_removed(found, console)
        print_left(found, console)
        print_left_out(report, console)
        print_notes(found, console)
        return
    if nothing_planned(report):
        why = printable(run.error or SEE_PROBLEMS)
        print_line(console, Text(tr("Nothing was planned: {why}", why=why), style="bold red"))
        _print_not_planned(report, console)
        return
    _print_datasets((each for each in _told(report) if each.called not in left_out), console)
    for words in left_out_lines(left_out):
        print_line(console, marked("failed", words, indent=0))
    if same := report.totals.datasets.unchanged:
        print_line(
            console, marked("unchanged", tr("{n} unchanged", n=counted(same, "dataset")), indent=0)
        )
    _print_not_planned(report, console)
    if run.error is not None:
        print_line(console, Text(tr("Stopped: {why}", why=printable(run.error)), style="bold red"))
    _print_removed(found, console)
    print_left(found, console)
    print_left_out(report, console)
    print_warnings(found, console, None)
    print_notes(found, console)
    for line in destination_lines(report):
        print_line(console, line)
    print_line(console, _total(found, report))
    if report.totals.requests.planned_wait_s > 0:
        wait = duration_text(report.totals.requests.planned_wait_s)
        print_line(
            console, Text(tr("The quota makes that wait about {wait}.", wait=wait), style="yellow")
        )
    if report.rate_limit.remaining is not None:
        print_line(console, tr("Quota: {left}.", left=quota_text(report.rate_limit)))


def _told(report: RunReport) -> Iterator[DatasetOutcome]:
    """Those datasets of which there is something to tell."""
    untold = {DatasetStatus.UNCHANGED, DatasetStatus.PENDING}
    return (each for each in report.datasets if each.status not in untold)


def _print_datasets(datasets: Iterable[DatasetOutcome], console: Console) -> None:
    changed = failed = others = 0
    for each in datasets:
        if each.status is DatasetStatus.FAILED:
            failed += 1
            is_shown = failed <= SHOWN
        else:
            changed += 1
            is_shown = changed <= DATASETS
        if is_shown:
            _print_dataset(each, console)
        else:
            others += 1
    if others:
        words = tr("  … and {others}: --json has them all", others=counted(others, "more dataset"))
        print_line(console, Text(words, style="dim"))


def _print_dataset(dataset: DatasetOutcome, console: Console) -> None:
    title = shown(dataset.title or dataset.key)
    line = marked(dataset.status.value, title, indent=0)
    line.append(f" [{shown(dataset.called)}]", style="dim")
    created = dataset.status is DatasetStatus.CREATED
    changes = [
        each
        for each in dataset.changes
        if not (_is_ours(each) or (created and each.field == "title"))  # that is in the heading
    ]
    reason = dataset.error or ("" if changes and _is_listed(dataset) else dataset.reason)
    print_line(console, line.append(f" {printable(reason)}" if reason else "", style="dim"))
    _print_changes(changes, _INDENT, console)
    changed = failed = others = same = 0
    for resource in dataset.resources:
        is_failed = resource.status is ResourceStatus.FAILED
        if is_failed and shares_reason(resource, dataset):
            continue  # it is told above
        if resource.status is ResourceStatus.UNCHANGED:
            same += 1
            continue
        failed, changed = failed + is_failed, changed + (not is_failed)
        if (failed if is_failed else changed) <= RESOURCES:
            _print_resource(resource, console)
        else:
            others += 1
    if others:
        words = tr("… and {others}: --json has them all", others=counted(others, "more file"))
        print_line(console, Text(" " * _INDENT + words, style="dim"))
    if same:
        print_line(
            console, marked("unchanged", tr("{n} unchanged", n=counted(same, "file")), _INDENT)
        )
    _print_not_pruned(dataset, console)


def _is_listed(dataset: DatasetOutcome) -> bool:
    """Whether the reason says no more than its fields and files do, which are listed below it.

    What else is lost by a change stands in brackets.
    """
    return dataset.status is DatasetStatus.UPDATED and "(" not in dataset.reason


def _print_not_pruned(dataset: DatasetOutcome, console: Console) -> None:
    """What pruning would delete, did the dataset not fail."""
    for resource in dataset.not_pruned[:RESOURCES]:
        size = f" ({bytes_text(resource.size)})" if resource.size is not None else ""
        line = marked("unchanged", f"{shown(name_of(resource))}{size}", indent=_INDENT)
        line.append(
            tr(" stays, and would be pruned: {reason}", reason=printable(resource.reason)),
            style="dim",
        )
        print_line(console, line)
    if (others := len(dataset.not_pruned) - RESOURCES) > 0:
        words = tr("… and {others} would be pruned", others=counted(others, "more file"))
        print_line(console, Text(" " * _INDENT + words, style="dim"))


def _print_resource(resource: ResourceOutcome, console: Console) -> None:
    name = f"{shown(name_of(resource))}{_size_text(resource)}"
    line = marked(resource.status.value, name, indent=_INDENT)
    is_listed = resource.status is ResourceStatus.DESCRIBED and resource.changes
    reason = resource.error or ("" if is_listed else resource.reason)
    print_line(console, line.append(f" {printable(reason)}" if reason else "", style="dim"))
    if resource.status is ResourceStatus.CREATED:
        return  # its name and size say what it is
    told = {"sha1", "sha256"} | ({"size"} if resource.status in UPLOADS else set())
    changes = [each for each in resource.changes if each.field not in told and not _is_ours(each)]
    _print_changes(changes, 2 * _INDENT, console)


def _size_text(resource: ResourceOutcome) -> str:
    """How large the file is that is sent, and the one that it takes the place of, or is gone."""
    if resource.size is None or resource.status not in {*UPLOADS, ResourceStatus.DELETED}:
        return ""
    was = next((each.old for each in resource.changes if each.field == "size"), None)
    before = f"{bytes_text(was)} → " if isinstance(was, int) else ""
    return f" ({before}{bytes_text(resource.size)})"


# --- fields -------------------------------------------------------------------------------


def _is_ours(change: Change) -> bool:
    """Whether it is a mark of ours, which goes without saying."""
    return change.field.startswith(_OWN)


def _print_changes(changes: list[Change], indent: int, console: Console) -> None:
    for each in changes[:FIELDS]:
        for line in _change_lines(each, indent, max(NARROWEST, min(console.width, WIDEST))):
            print_line(console, line)
    if (others := len(changes) - FIELDS) > 0:
        words = tr("… and {others}", others=counted(others, "more field"))
        print_line(console, Text(" " * indent + words, style="dim"))


def _change_lines(change: Change, indent: int, width: int) -> Iterator[Text]:
    name = Text(" " * indent).append(f"{shown(change.field)}:", style="bold")
    room = width - indent - len(change.field) - 2
    if (told := _members_text(change)) is not None and len(told) <= room:
        yield name.append(f" {told}")
        return
    old, new = _value_text(change.old), _value_text(change.new)
    if change.old is None and len(new) <= room:
        yield name.append(" ").append(new, style="green")
    elif len(old) + len(new) + len(" → ") <= room:
        yield name.append(" ").append(old, style="red").append(" → ").append(new, style="green")
    else:
        yield name
        room = width - indent - 4
        old, new = differing_parts(old, new, room)
        if change.old is not None:
            yield Text(f"{' ' * indent}  - ").append(elide(old, room), style="red")
        yield Text(f"{' ' * indent}  + ").append(elide(new, room), style="green")


def _members_text(change: Change) -> str | None:
    """Of lists only what comes in and goes; None where that is not all of it."""
    old, new = change.old or [], change.new or []
    if not isinstance(old, list) or not isinstance(new, list) or change.digest or not old:
        return None
    comes = [f"+{_value_text(each)}" for each in new if each not in old]
    goes = [f"-{_value_text(each)}" for each in old if each not in new]
    return ", ".join((*comes, *goes)) or None


def _value_text(value: object) -> str:
    match value:
        case None:
            return tr("(none)")
        case bool():
            return tr("true") if value else tr("false")
        case list():
            return ", ".join(map(_value_text, value))
        case dict():
            return ", ".join(f"{printable(str(k))}: {_value_text(v)}" for k, v in value.items())
        case _:
            return printable(str(value))


# --- the end ------------------------------------------------------------------------------


def _print_removed(found: Findings, console: Console) -> None:
    if found.removed:
        files = counted(found.removed, "file")
        print_line(
            console, tr("To be removed here, as the portal will have them: {files}", files=files)
        )


def _total(found: Findings, report: RunReport) -> Text:
    totals = report.totals
    parts = [
        tr(
            "{written} to write to {portal}",
            written=counted(found.written, "dataset"),
            portal=shown(report.run.portal),
        ),
        tr(
            "{uploads} of {size}",
            uploads=counted(found.uploads, "upload"),
            size=bytes_text(found.size),
        ),
    ]
    if totals.resources.adopted:
        parts.append(tr("{adopted:,} taken over", adopted=totals.resources.adopted))
    if totals.resources.deleted:
        parts.append(counted(totals.resources.deleted, "deletion"))
    parts.append(counted(totals.requests.planned, "request"))
    return Text(tr("{parts}. Nothing was sent.", parts=", ".join(parts)), style="bold")


def _print_not_planned(report: RunReport, console: Console) -> None:
    """How many datasets nothing is known of, in one line, however many there are."""
    if waiting := report.totals.datasets.pending:
        words = tr("{waiting} not looked at", waiting=counted(waiting, "dataset"))
        print_line(console, marked("pending", words, indent=0))
