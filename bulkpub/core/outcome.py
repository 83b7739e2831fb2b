"""What became of each dataset and of each of its resources: values, one per item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bulkpub.language import say, say_n

__all__ = [
    "SENT_ALREADY",
    "STAYS",
    "Change",
    "DatasetOutcome",
    "DatasetStatus",
    "ResourceOutcome",
    "ResourceStatus",
    "status_count",
]


STAYS = say("left where it is")
"""How the reason begins of a resource that was to be hosted, and is no file."""


SENT_ALREADY = say("it was sent")
"""How the reason begins of a resource that arrived, and is not described yet."""


class ResourceStatus(StrEnum):
    """The fate of one resource."""

    CREATED = "created"
    """Its file was uploaded (or its link listed) as a new resource."""
    REPLACED = "replaced"
    """Its file was uploaded onto the existing resource; id and permalink stay."""
    DESCRIBED = "described"
    """The content was already right; what is said of it, or its place, was updated."""
    ADOPTED = "adopted"
    """The portal already had this very content; it now carries our key."""
    UNCHANGED = "unchanged"
    """Nothing had to be done."""
    DELETED = "deleted"
    """The manifest no longer names it, and pruning was asked for."""
    FAILED = "failed"
    """It is not on the portal as wanted; `error` says why."""
    PENDING = "pending"
    """The run ended before its turn came; running again completes it."""


class DatasetStatus(StrEnum):
    """The fate of one dataset."""

    CREATED = "created"
    """It did not exist and was created."""
    UPDATED = "updated"
    """It, or at least one of its resources, was written to."""
    UNCHANGED = "unchanged"
    """Not one write was needed."""
    DELETED = "deleted"
    """The manifest wants it absent, and it was there."""
    FAILED = "failed"
    """It, or at least one of its resources, is not as wanted."""
    PENDING = "pending"
    """The run ended before its turn came."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after: what a plan would write, or what `verify` finds different.

    `field` is called as the manifest calls it, a part of it behind a dot (`spatial.zones`,
    `extras.theme`); beside those there are `owner`, `order` (titles), `deleted`, `hosted`, `size`
    (bytes), and `sha1` or `sha256`. `old` and `new` are JSON, None for nothing. Long ones are cut
    to where they differ; then `digest` is the SHA-256 of both in full.
    """

    field: str
    old: Any
    new: Any
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceOutcome:
    """What happened to one resource, in the words of the report.

    `source` is the file as the manifest spells it, or the address of a link; None for a
    deleted resource. `reason` tells why this status, `error` what went wrong (failed only).
    `warnings` say what is odd about a file that is published all the same.
    `removed`: its file was removed here, as the portal has it; of a plan: it would be.
    `sha1` or `sha256`, whichever the portal compares files by, and `size` (bytes) are those of the
    file published, when known. `attempts` counts the times its bytes were sent; `sent_at` is when
    that began first (UTC), None when it was not sent; `duration_s` is the time spent on sending it,
    in seconds.

    `changes` are told by what only looks: a plan, `verify`.
    """

    key: str | None
    status: ResourceStatus
    reason: str
    id: str | None = None
    title: str | None = None
    source: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    size: int | None = None
    url: str | None = None
    permalink: str | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    duration_s: float = 0.0
    error: str | None = None
    warnings: tuple[str, ...] = ()
    removed: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetOutcome:
    """What happened to one dataset; its resources in the manifest's order, deleted ones last.

    `page` is the address of the dataset for people, `destination` the name of the portal where it
    happened, of several. `notes` say what of the manifest the portal
    cannot hold. `error` is a failure of the dataset as a
    whole; a dataset in which only some resources failed is `failed` with `error` None. `changes`
    are those of the dataset itself, told by what only looks. `not_pruned` are the resources that
    `prune` would have deleted and that stay, as it is refused or something else failed.
    """

    key: str
    status: DatasetStatus
    reason: str
    id: str | None = None
    title: str | None = None
    page: str | None = None
    duration_s: float = 0.0
    error: str | None = None
    resources: tuple[ResourceOutcome, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    not_pruned: tuple[ResourceOutcome, ...] = ()
    destination: str | None = None

    @property
    def called(self) -> str:
        """Its key; with the destination before it, where there are several."""
        return self.key if self.destination is None else f"{self.destination}: {self.key}"

    @property
    def heading(self) -> str:
        """Its title, or its key without one; likewise."""
        title = self.title or self.key
        return title if self.destination is None else f"{self.destination}: {title}"


def status_count(status: str, number: int) -> str:
    """`3 created`: how many there are of a status."""
    return _COUNTS[status](number)


_COUNTS: Mapping[str, Callable[[int], str]] = {
    "created": lambda n: say_n("{n:,} created", "{n:,} created", n),
    "updated": lambda n: say_n("{n:,} updated", "{n:,} updated", n),
    "replaced": lambda n: say_n("{n:,} replaced", "{n:,} replaced", n),
    "described": lambda n: say_n("{n:,} described", "{n:,} described", n),
    "adopted": lambda n: say_n("{n:,} adopted", "{n:,} adopted", n),
    "unchanged": lambda n: say_n("{n:,} unchanged", "{n:,} unchanged", n),
    "deleted": lambda n: say_n("{n:,} deleted", "{n:,} deleted", n),
    "failed": lambda n: say_n("{n:,} failed", "{n:,} failed", n),
    "pending": lambda n: say_n("{n:,} pending", "{n:,} pending", n),
}
