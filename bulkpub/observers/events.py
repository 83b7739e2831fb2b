"""What can happen in a run, as values; `dataset` and `resource` are keys of the manifest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bulkpub.core.outcome import DatasetOutcome
from bulkpub.core.report import RateLimit, RunReport

__all__ = [
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
    "Retrying",
    "RunFinished",
    "RunStarted",
    "UploadFinished",
    "UploadProgressed",
    "UploadStarted",
    "Waiting",
]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The manifest was read and checked; the work begins."""

    portal: str
    datasets: int
    resources: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the run needs at most, before the first write: so many requests.

    `wait_s` is how many seconds the quota makes them wait, 0 where that is unknown; `bytes` are
    those of the local files to be sent.
    """

    requests: int
    rate_limit: RateLimit
    wait_s: float
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class DatasetStarted:
    """A worker took the dataset up."""

    dataset: str
    title: str


@dataclass(frozen=True, slots=True)
class PlanReady:
    """It is known what this dataset needs: how many uploads of how many bytes."""

    dataset: str
    uploads: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FetchStarted:
    """A file on another server is asked for; `source` is its address as it may be told."""

    dataset: str
    resource: str
    source: str


@dataclass(frozen=True, slots=True)
class FetchProgressed:
    """`received` bytes of it have arrived so far, of `size` if the server told."""

    dataset: str
    resource: str
    received: int
    size: int | None


@dataclass(frozen=True, slots=True)
class FetchFinished:
    """It is here, or has not changed since it was last fetched; `error` is None then."""

    dataset: str
    resource: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class UploadStarted:
    """The bytes of a file begin to be sent; `attempt` counts from 1."""

    dataset: str
    resource: str
    size: int
    attempt: int


@dataclass(frozen=True, slots=True)
class UploadProgressed:
    """`sent` bytes of the file have been handed to the network so far."""

    dataset: str
    resource: str
    sent: int
    size: int


@dataclass(frozen=True, slots=True)
class UploadFinished:
    """The attempt ended; `error` is None when the portal has the file."""

    dataset: str
    resource: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request failed in a way that may pass; it is sent again after `delay_s` seconds."""

    method: str
    endpoint: str
    reason: str
    delay_s: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Requests are held back for `delay_s` seconds, until `until` (UTC)."""

    reason: str
    delay_s: float
    until: datetime


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """The portal told its rate limit."""

    rate_limit: RateLimit


@dataclass(frozen=True, slots=True)
class DatasetFinished:
    """The dataset's story is over; the outcome has its resources."""

    outcome: DatasetOutcome


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over, whatever the reason."""

    report: RunReport


Event = (
    RunStarted
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
    | DatasetFinished
    | RunFinished
)


class Observer(Protocol):
    """Someone who watches a run."""

    def __call__(self, event: Event) -> None:
        """Take note of `event`; return at once, never raise."""
