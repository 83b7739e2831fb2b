"""How far a run has come, worked out from its events; what every display shows is taken here.

The rule: no output, and no clock of its own. Each event comes with the moment it was seen
(seconds on any steady clock), so that the same events always give the same figures.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import assert_never

from bulkpub.core.outcome import DatasetOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.observers.events import (
    DatasetFinished,
    DatasetStarted,
    Event,
    FetchFinished,
    FetchProgressed,
    FetchStarted,
    Forecast,
    PlanReady,
    QuotaSeen,
    Retrying,
    RunFinished,
    RunStarted,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
    called_apart,
)

__all__ = ["Meter", "RunProgress", "Upload"]

_UNDONE = frozenset({ResourceStatus.FAILED, ResourceStatus.PENDING, ResourceStatus.DELETED})


class Meter:
    """Bytes per second over the last `window_s` seconds; a stalled transfer falls to zero."""

    def __init__(self, now: float, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque([(now, 0)])

    def add(self, now: float, total: int) -> None:
        """Take note that `total` bytes had been sent by `now`."""
        step_s = self._window_s / 20
        if len(self._samples) > 1 and now - self._samples[-2][0] < step_s:
            self._samples[-1] = (now, total)
        else:
            self._samples.append((now, total))
        self._forget(now)

    def rate(self, now: float) -> float:
        """The speed at `now`, in bytes per second."""
        self._forget(now)
        first_at, first_total = self._samples[0]
        elapsed_s = now - first_at
        return (self._samples[-1][1] - first_total) / elapsed_s if elapsed_s > 0 else 0.0

    def _forget(self, now: float) -> None:
        while len(self._samples) > 1 and self._samples[1][0] <= now - self._window_s:
            self._samples.popleft()


@dataclass(slots=True)
class Upload:
    """One file on its way; sizes in bytes."""

    dataset: str
    resource: str
    size: int
    meter: Meter
    sent: int = 0


@dataclass(slots=True)
class _InWork:
    """What is known of a dataset before its outcome is."""

    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)


class RunProgress:
    """The state of a run. `datasets` and `files` are what the manifest has, once known.

    `bytes_sent` counts every byte handed to the network, repeated attempts included.
    `uploads` has the files now being sent, the oldest first; `fetches` how many bytes have come
    of each file now being fetched from elsewhere, `bytes_fetched` those of all. Of several
    destinations `quota` is that of the one with the fewest requests left.
    """

    def __init__(self, now: float) -> None:
        self.portal = ""
        self.dry_run = False
        self.datasets = 0
        self.datasets_done = 0
        self.datasets_failed = 0
        self.files = 0
        self.bytes_sent = 0
        self.bytes_fetched = 0
        self.uploads_planned = 0
        self.fetches: dict[tuple[str, str], int] = {}
        self.uploads: dict[tuple[str, str], Upload] = {}
        self.quota = RateLimit()
        self._quotas: dict[str, RateLimit] = {}
        self.meter = Meter(now)
        self._finished = _Counts()
        self._in_work: dict[str, _InWork] = {}
        self._wait: tuple[float, Waiting] | None = None

    @property
    def files_done(self) -> int:
        """Files that are on the portal as wanted."""
        return self._finished.done + sum(len(work.done) for work in self._in_work.values())

    @property
    def files_failed(self) -> int:
        """Files that are not, and of which the last attempt failed."""
        return self._finished.failed + sum(len(work.failed) for work in self._in_work.values())

    def wait(self, now: float) -> Waiting | None:
        """What holds requests back at `now`, if anything; of several waits the longest."""
        if self._wait is None or self._wait[0] <= now:
            return None
        return self._wait[1]

    def note(self, event: Event, now: float) -> None:  # noqa: C901, PLR0912 - one case an event
        """Take note of `event`, seen at `now`."""
        event = called_apart(event)
        match event:
            case RunStarted():
                self._begin(event)
            case DatasetStarted():
                self._in_work[event.dataset] = _InWork()
            case PlanReady():
                self.uploads_planned += event.uploads
            case FetchStarted():
                self.fetches[event.dataset, event.resource] = 0
            case FetchProgressed():
                self._receive(event)
            case FetchFinished():
                self.fetches.pop((event.dataset, event.resource), None)
            case UploadStarted():
                self._start(event, now)
            case UploadProgressed():
                self._advance((event.dataset, event.resource), event.sent, now)
            case UploadFinished():
                self._finish(event, now)
            case Waiting():
                ends_at = now + event.delay_s
                if self._wait is None or ends_at >= self._wait[0]:
                    self._wait = (ends_at, event)
            case QuotaSeen():
                self._quotas[event.destination] = event.rate_limit
                self.quota = min(self._quotas.values(), key=_left)
            case DatasetFinished():
                self._close(event.outcome)
            case Forecast() | Retrying() | RunFinished():
                pass
            case _:
                assert_never(event)

    def _begin(self, event: RunStarted) -> None:
        """Several destinations begin one after the other."""
        portal = event.destination or event.portal
        self.portal = f"{self.portal}, {portal}" if self.portal else portal
        self.dry_run = event.dry_run
        self.datasets += event.datasets
        self.files += event.resources

    def _receive(self, event: FetchProgressed) -> None:
        which = (event.dataset, event.resource)
        # Fewer than before: the transfer begins anew, and its bytes come once more.
        before = self.fetches.get(which, 0)
        self.bytes_fetched += event.received - (before if before <= event.received else 0)
        self.fetches[which] = event.received

    def _start(self, event: UploadStarted, now: float) -> None:
        if not self.bytes_sent:
            # The time before the first byte had a chance to go says nothing of the speed.
            self.meter = Meter(now)
        self._work(event.dataset).failed.discard(event.resource)
        self.uploads[event.dataset, event.resource] = Upload(
            event.dataset, event.resource, event.size, Meter(now)
        )

    def _advance(self, which: tuple[str, str], sent: int, now: float) -> None:
        upload = self.uploads.get(which)
        if upload is None:
            return
        if sent < upload.sent:
            # The request is being repeated: its bytes go out once more.
            upload.sent, upload.meter = 0, Meter(now)
        self.bytes_sent += sent - upload.sent
        upload.sent = sent
        upload.meter.add(now, sent)
        self.meter.add(now, self.bytes_sent)

    def _finish(self, event: UploadFinished, now: float) -> None:
        which = (event.dataset, event.resource)
        work = self._work(event.dataset)
        if event.error is None:
            work.done.add(event.resource)
            if which in self.uploads:
                self._advance(which, self.uploads[which].size, now)
        else:
            work.failed.add(event.resource)
        self.uploads.pop(which, None)

    def _close(self, outcome: DatasetOutcome) -> None:
        self._in_work.pop(outcome.called, None)
        failed = sum(r.status is ResourceStatus.FAILED for r in outcome.resources)
        self._finished.failed += failed
        self._finished.done += sum(r.status not in _UNDONE for r in outcome.resources)
        self.datasets_done += 1
        # A dataset may fail before any of its files is tried: that failure shows as its own.
        if outcome.error is not None:
            self.datasets_failed += 1

    def _work(self, dataset: str) -> _InWork:
        return self._in_work.setdefault(dataset, _InWork())


def _left(quota: RateLimit) -> float:
    """How many requests are left, for all that is known."""
    return float("inf") if quota.remaining is None else quota.remaining


@dataclass(slots=True)
class _Counts:
    done: int = 0
    failed: int = 0
