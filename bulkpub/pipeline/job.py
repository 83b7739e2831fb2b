"""The unit of work and what came of it: values, so that they can be worked on anywhere.

All of it is frozen and survives pickling, errors included. Nothing in a `Job` is a secret or a
thing of this machine: no key, no open file, no connection; those are `Means`.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum

from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, RemoteDataset
from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.owners import Owner
from bulkpub.errors import Stop
from bulkpub.observers.events import Event
from bulkpub.portals.whole_or_parts import PartSizes

__all__ = [
    "MOST_AT_ONCE",
    "Figures",
    "Job",
    "JobOptions",
    "Owner",
    "Result",
    "RunOptions",
    "Verify",
]


MOST_AT_ONCE = 64
"""Requests in flight at most, however fast a portal may be with more."""


class Verify(StrEnum):
    """How to compare instead of publishing: not at all, by checksums, by downloading all."""

    NO = "no"
    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What decides how one dataset is dealt with.

    `uploads` files at once. `attempts` is how often the bytes of one file are sent before it is
    given up, `look_again_s` how long to wait (seconds) before looking what became of a request
    whose answer was lost.
    """

    dry_run: bool = False
    exact: bool = False
    verify: Verify = Verify.NO
    allow_mass_delete: bool = False
    uploads: int = 8
    attempts: int = 4
    look_again_s: float = 2.0


@dataclass(frozen=True, slots=True)
class RunOptions(JobOptions):
    """How to go about a run: what decides each of its jobs, and the run as a whole.

    At most `concurrency` requests are in flight, and as many datasets worked on; None: as many as
    the portal is the faster for, up to `MOST_AT_ONCE`. Of one dataset at most `uploads` files are
    sent at once. `attempts` is how often the bytes of one file are sent before it is given up,
    `look_again_s` how long to wait (seconds) before looking what became of a request whose answer
    was lost. `only` and `exclude` are patterns by which datasets and resources are left out, see
    `core.selection`.

    Files of more than `chunk_above` bytes are sent in parts of `chunk_size` bytes; where
    that is None, those that the portal refuses whole, that broke off, or that would take longer
    than `chunk_after_s` seconds.
    """

    keep_going: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    concurrency: int | None = None
    chunk_size: int = PartSizes().size
    chunk_above: int | None = None
    chunk_after_s: float = PartSizes().after_s

    @property
    def of_a_job(self) -> JobOptions:
        """Those that decide how one dataset is dealt with."""
        return JobOptions(**{each.name: getattr(self, each.name) for each in fields(JobOptions)})


@dataclass(frozen=True, slots=True)
class Job:
    """One dataset: what is wanted of it, what the portal has, whose it is, and how to go about it.

    `found` is what observing gave: the dataset, None when there is none yet, or why it cannot be
    told. `notes` say what of it the portal cannot hold; `namesakes` are the keys of the manifest's
    other datasets of the same title. `extensions` are those that the portal says it takes, None
    when it was not asked. `makes` is how many contact points are made for it first, those that an
    earlier job makes not among them.
    Nothing but what `saved`, a plan made before, has is done; None: whatever it takes.
    """

    spec: DatasetSpec
    found: RemoteDataset | Conflict | None = None
    owner: Owner = field(default_factory=Owner)
    options: JobOptions = field(default_factory=JobOptions)
    notes: tuple[str, ...] = ()
    namesakes: frozenset[str] = frozenset()
    extensions: frozenset[str] | None = None
    makes: int = 0
    saved: DatasetOutcome | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes hashed before sending, bytes sent, and writes in the first plan.

    When only comparing: the files whose content was compared, and bytes of them.
    """

    hashed: int = 0
    uploaded: int = 0
    planned_requests: int = 0
    compared: int = 0
    compared_bytes: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(
            self.hashed + other.hashed,
            self.uploaded + other.uploaded,
            self.planned_requests + other.planned_requests,
            self.compared + other.compared,
            self.compared_bytes + other.compared_bytes,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a `Job`, complete or as far as it got.

    `events` are those nobody was there to be told of as they happened; `stop` is why nothing
    more can be done in this run, if so.
    """

    outcome: DatasetOutcome
    figures: Figures = field(default_factory=Figures)
    events: tuple[Event, ...] = ()
    stop: Stop | None = None
