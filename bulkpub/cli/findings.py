"""What is worth telling of a run's outcomes, gathered in one look at them.

They may be many, and read from a file: of each kind only the first are kept, as many as are shown.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bulkpub.core.failures import name_of
from bulkpub.core.outcome import (
    SENT_ALREADY,
    STAYS,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
)
from bulkpub.observers.text import path_text, printable, shown

__all__ = ["SHOWN", "UPLOADS", "Findings", "First", "findings"]

T = TypeVar("T")

SHOWN = 50
"""Lines of one kind that are printed at most; the report has them all."""
SHOWN_LINKS = 20

UPLOADS = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})
_NO_LINK = frozenset({DatasetStatus.UNCHANGED, DatasetStatus.DELETED})
_WRITTEN = frozenset({DatasetStatus.CREATED, DatasetStatus.UPDATED, DatasetStatus.DELETED})
_UNWRITTEN = frozenset({ResourceStatus.UNCHANGED, ResourceStatus.FAILED, ResourceStatus.PENDING})


@dataclass(slots=True)
class First(Generic[T]):
    """The first `most` of many things, and how many others there are."""

    most: int = SHOWN
    there: list[T] = field(default_factory=list)
    others: int = 0

    def add(self, each: T) -> None:
        """One more."""
        if len(self.there) < self.most:
            self.there.append(each)
        else:
            self.others += 1


@dataclass(slots=True)
class Findings:
    """What outcomes say that people want to know, in their order.

    `links` have the status, title and page of datasets that were touched,
    `warnings` what is odd about files, each with its name; `left`, likewise, why what was to be
    hosted stays where it is. `notes` count datasets. `sent` files are on the portal, but not
    described yet; `uploads` are those sent or to be sent, `size` bytes in all; `written` datasets
    that are, or would be, written to; `removed` files are no longer here.
    """

    links: First[tuple[str, str, str]] = field(default_factory=lambda: First(SHOWN_LINKS))
    warnings: First[tuple[str, str]] = field(default_factory=First)
    left: First[tuple[str, str]] = field(default_factory=First)
    notes: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    uploads: int = 0
    size: int = 0
    written: int = 0
    removed: int = 0


def findings(datasets: Iterable[DatasetOutcome]) -> Findings:
    """What the outcomes of `datasets` say."""
    found = Findings()
    for dataset in datasets:
        if dataset.page and dataset.status not in _NO_LINK:
            title = shown(dataset.heading)
            found.links.add((dataset.status.value, title, shown(dataset.page)))
        found.notes.update(dataset.notes)
        found.written += _is_written(dataset)
        for resource in dataset.resources:
            _look_at_file(found, dataset, resource)
    return found


def _look_at_file(found: Findings, dataset: DatasetOutcome, resource: ResourceOutcome) -> None:
    status, reason = resource.status, resource.reason
    found.removed += resource.removed
    if status in UPLOADS and resource.size is not None:
        found.uploads += 1
        found.size += resource.size
    elif status is ResourceStatus.PENDING:
        found.sent += reason.startswith(SENT_ALREADY)
    elif status is ResourceStatus.UNCHANGED and reason.startswith(STAYS):
        title = resource.title or name_of(resource)
        found.left.add((path_text(dataset.heading, title), printable(reason)))
    for warning in resource.warnings:
        found.warnings.add((path_text(dataset.called, name_of(resource)), printable(warning)))


def _is_written(dataset: DatasetOutcome) -> bool:
    """Whether a run would write to it, be it only for those of its files that can be published."""
    if dataset.status in _WRITTEN:
        return True
    return dataset.error is None and any(r.status not in _UNWRITTEN for r in dataset.resources)
