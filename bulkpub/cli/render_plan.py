"""A plan as people read it: what a run would change, and nothing of what it would leave alone."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bulkpub.cli.lines import (
    marked,
    name_of,
    nothing_changed,
    nothing_to_do,
    print_left,
    print_line,
    quota_text,
)
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.observers.text import bytes_text, counted, duration_text, printable

__all__ = ["render_plan"]

_UPLOADS = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})


def render_plan(
    report: RunReport,
    console: Console,
    *,
    requests: int | None = None,
    quota_wait_s: float = 0.0,
) -> None:
    """Print what a run would change, from the report of a dry run; nothing unchanged in detail.

    `requests` is how many the run would send, and `quota_wait_s` how many seconds of waiting
    for the quota that means, where the planner can tell.
    """
    run = report.run
    if nothing_changed(report):
        print_line(console, nothing_to_do(report))
        print_left(report, console)
        return
    for dataset in report.datasets:
        if dataset.status is not DatasetStatus.UNCHANGED:
            _print_dataset_plan(dataset, console)
    if same := report.totals.datasets.unchanged:
        print_line(console, marked("unchanged", f"{counted(same, 'dataset')} unchanged", indent=0))
    if run.error is not None:
        print_line(console, Text(f"Stopped: {printable(run.error)}", style="bold red"))
    print_left(report, console)
    print_line(console, _plan_total(report.datasets, run.portal, requests))
    if quota_wait_s > 0:
        wait = duration_text(quota_wait_s)
        print_line(console, Text(f"The quota makes that wait about {wait}.", style="yellow"))
    if report.rate_limit.remaining is not None:
        print_line(console, f"Quota: {quota_text(report.rate_limit)}.")


def _print_dataset_plan(dataset: DatasetOutcome, console: Console) -> None:
    title = printable(dataset.title or dataset.key)
    line = marked(dataset.status.value, title, indent=0).append(
        f" [{printable(dataset.key)}] {printable(dataset.error or dataset.reason)}", style="dim"
    )
    print_line(console, line)
    for resource in dataset.resources:
        if resource.status is not ResourceStatus.UNCHANGED:
            print_line(console, _resource_plan(resource))
    same = sum(r.status is ResourceStatus.UNCHANGED for r in dataset.resources)
    if same:
        print_line(console, marked("unchanged", f"{counted(same, 'file')} unchanged", indent=4))


def _resource_plan(resource: ResourceOutcome) -> Text:
    sends = resource.status in _UPLOADS and resource.size is not None
    size = f" ({bytes_text(resource.size or 0)})" if sends else ""
    line = marked(resource.status.value, f"{printable(name_of(resource))}{size}", indent=4)
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
        f"{counted(changed, 'dataset')} to write to {printable(portal)}, {uploads}{sending}. "
        "Nothing was sent.",
        style="bold",
    )


def _is_written(dataset: DatasetOutcome) -> bool:
    """Whether a run would write to it, be it only for those of its files that can be published."""
    if dataset.status in {DatasetStatus.CREATED, DatasetStatus.UPDATED}:
        return True
    unwritten = {ResourceStatus.UNCHANGED, ResourceStatus.FAILED, ResourceStatus.PENDING}
    return dataset.error is None and any(r.status not in unwritten for r in dataset.resources)
