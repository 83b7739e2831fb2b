"""What can happen in a run, as values; `dataset` and `resource` are keys of the manifest.

`destination` is the one of several portals where it happened; empty where there is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.report import RateLimit, RunReport
from bulkpub.core.waits import WaitReason

__all__ = [
    "Comparing",
    "DatasetFinished",
    "DatasetStarted",
    "Event",
    "FetchFinished",
    "FetchProgressed",
    "FetchStarted",
    "Forecast",
    "Observer",
    "PlanReady",
    "QuotaSeen",
    "Reading",
    "Retrying",
    "RunFinished",
    "RunStarted",
    "Stopping",
    "UploadFinished",
    "UploadProgressed",
    "UploadStarted",
    "Waiting",
    "called_apart",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """Manifests are being read; so many files were found in them so far."""

    manifests: tuple[str, ...]
    files: int = 0
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Comparing:
    """The manifests were read; the portal is asked what it has of what is in them."""

    portal: str
    datasets: int
    resources: int
    destination: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The manifest was read and checked; the work begins."""

    portal: str
    datasets: int
    resources: int
    dry_run: bool
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the run needs at most, before the first write: so many requests.

    `wait_s` is how many seconds the quota makes them wait, 0 where that is unknown; `bytes` are
    those of the local files to be sent. `needs` has both, requests and bytes, by dataset; of the
    quota, `reserve_share` is left to others, and it is for `window_s` seconds.
    """

    requests: int
    rate_limit: RateLimit
    wait_s: float
    bytes: int = 0
    needs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    reserve_share: float = 0.0
    window_s: float = 3600.0
    destination: str = ""


@dataclass(frozen=True, slots=True)
class DatasetStarted:
    """A worker took the dataset up."""

    dataset: str
    title: str
    destination: str = ""


@dataclass(frozen=True, slots=True)
class PlanReady:
    """It is known what this dataset needs: how many uploads of how many bytes."""

    dataset: str
    uploads: int
    bytes: int
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FetchStarted:
    """A file on another server is asked for; `source` is its address as it may be told."""

    dataset: str
    resource: str
    source: str
    title: str | None = None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FetchProgressed:
    """`received` bytes of it have arrived so far, of `size` if the server told."""

    dataset: str
    resource: str
    received: int
    size: int | None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class FetchFinished:
    """It is here, or has not changed since it was last fetched; `error` is None then."""

    dataset: str
    resource: str
    error: str | None = None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class UploadStarted:
    """The bytes of a file begin to be sent; `attempt` counts from 1."""

    dataset: str
    resource: str
    size: int
    attempt: int
    title: str | None = None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class UploadProgressed:
    """`sent` bytes of the file have been handed to the network so far."""

    dataset: str
    resource: str
    sent: int
    size: int
    destination: str = ""


@dataclass(frozen=True, slots=True)
class UploadFinished:
    """The attempt ended; `error` is None when the portal has the file."""

    dataset: str
    resource: str
    error: str | None = None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request failed in a way that may pass; it is sent again after `delay_s` seconds."""

    method: str
    endpoint: str
    reason: str
    delay_s: float
    attempt: int
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Requests are held back for `delay_s` seconds, until `until` (UTC)."""

    reason: WaitReason
    delay_s: float
    until: datetime
    destination: str = ""


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """The portal told its rate limit."""

    rate_limit: RateLimit
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Stopping:
    """Somebody asked the run to end: it begins nothing new.

    The `uploads` that are being sent are given `within_s` seconds (0: they are broken off).
    """

    uploads: int
    within_s: float
    destination: str = ""


@dataclass(frozen=True, slots=True)
class DatasetFinished:
    """The dataset's story is over; the outcome has its resources.

    `worker` is the name of the process that worked on it, where that is another one than this.
    """

    outcome: DatasetOutcome
    destination: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over, whatever the reason."""

    report: RunReport
    destination: str = ""


Event = (
    Reading
    | Comparing
    | RunStarted
    | Forecast
    | DatasetStarted
    | PlanReady
    | FetchStarted
    | FetchProgressed
    | FetchFinished
    | UploadStarted
    | UploadProgressed
    | UploadFinished
    | Retrying
    | Waiting
    | QuotaSeen
    | Stopping
    | DatasetFinished
    | RunFinished
)


def called_apart(event: Event) -> Event:
    """The event, with the destination before the dataset's key, where there are several.

    As `DatasetOutcome.called` has it: for those who tell datasets apart by one name.
    """
    if not event.destination:
        return event
    match event:
        case (
            DatasetStarted()
            | PlanReady()
            | FetchStarted()
            | FetchProgressed()
            | FetchFinished()
            | UploadStarted()
            | UploadProgressed()
            | UploadFinished()
        ):
            return replace(event, dataset=f"{event.destination}: {event.dataset}", destination="")
        case _:
            return event


class Observer(Protocol):
    """Someone who watches a run."""

    def __call__(self, event: Event) -> None:
        """Take note of `event`; return at once, never raise."""
