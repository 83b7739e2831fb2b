"""How far a run has come, worked out from its events; what every display shows is taken here.

The rule: no output, and no clock of its own. Each event comes with the moment it was seen
(seconds on any steady clock), so that the same events always give the same figures.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bulkpub.core.outcome import DatasetOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.http.pace import quota_wait
from bulkpub.observers.events import (
    Comparing,
    DatasetFinished,
    DatasetStarted,
    Event,
    FetchFinished,
    FetchProgressed,
    FetchStarted,
    Forecast,
    PlanReady,
    QuotaSeen,
    Reading,
    Retrying,
    RunFinished,
    RunStarted,
    Stopping,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
    called_apart,
)

__all__ = ["InWork", "Meter", "RunProgress", "Upload"]

_LONG_WINDOW_S = 60.0
"""Over so many seconds a speed is measured from which the time left is worked out."""
_STEP_S = 0.5
"""As often it is measured at most, however many events there are."""
_SETTLED_S = 3.0
"""Before that many seconds a speed says nothing of what is to come."""
_LIGHT = 500_000
"""Fewer bytes a request than this, and it is requests that a run takes its time for."""
_UNDONE = frozenset({ResourceStatus.FAILED, ResourceStatus.PENDING, ResourceStatus.DELETED})


class Meter:
    """Bytes per second over the last `window_s` seconds; a stalled transfer falls to zero."""

    def __init__(self, now: float, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, float]] = deque([(now, 0)])

    def add(self, now: float, total: float) -> None:
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

    @property
    def share(self) -> float:
        """How much of it is sent, from 0 to 1; an empty file has nothing left to send."""
        return min(1.0, self.sent / self.size) if self.size else 1.0


@dataclass(slots=True)
class InWork:
    """What is known of a dataset before its outcome is; `sent` are bytes of files that are done."""

    title: str = ""
    destination: str = ""
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    sent: int = 0

    @property
    def called(self) -> str:
        """Its title; with the destination before it, where there are several."""
        return (
            f"{self.destination}: {self.title}" if self.destination and self.title else self.title
        )


@dataclass(slots=True)
class _Work:
    """What a run has to do, or has done of it, in both units that may be scarce."""

    requests: float = 0.0
    bytes: float = 0.0

    def add(self, requests: float, bytes_: float) -> None:
        self.requests += requests
        self.bytes += bytes_


class RunProgress:
    """The state of a run. `datasets` and `files` are what the manifest has, once known.

    `bytes_sent` counts every byte handed to the network, repeated attempts included.
    `uploads` has the files now being sent, the oldest first; `fetches` how many bytes have come
    of each file now being fetched from elsewhere, `bytes_fetched` those of all. `reading` is what
    is being read and `comparing` what the portal is asked for, before the work begins; `stopping`
    that somebody asked it to end. Of several destinations `quota` is that of the one with the
    fewest requests left.
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
        self.reading: Reading | None = None
        self.comparing: Comparing | None = None
        self.stopping: Stopping | None = None
        self.in_work: dict[str, InWork] = {}
        self._titles: dict[tuple[str, str], str | None] = {}
        self._finished = _Counts()
        self._wait: tuple[float, Waiting] | None = None
        self._forecasts: dict[str, Forecast] = {}
        self._begun: set[str] = set()
        self._needs: dict[str, tuple[int, int]] = {}
        self._done: dict[str, _Work] = {}
        self._by_requests = False
        self._request_meter = Meter(now, _LONG_WINDOW_S)
        self._byte_meter = Meter(now, _LONG_WINDOW_S)
        self._begun_at = now
        self._measured_at = now - _STEP_S
        self._shown = 0.0

    @property
    def files_done(self) -> int:
        """Files that are on the portal as wanted."""
        return self._finished.done + sum(len(work.done) for work in self.in_work.values())

    @property
    def files_failed(self) -> int:
        """Files that are not, and of which the last attempt failed."""
        return self._finished.failed + sum(len(work.failed) for work in self.in_work.values())

    @property
    def in_flight(self) -> int:
        """Files whose bytes are on their way, to the portal or to here."""
        return sum(1 for each in self.uploads.values() if each.sent) + len(self.fetches)

    def titles(self, dataset: str, resource: str) -> tuple[str, str]:
        """What a person knows a file by: the titles of its dataset and of itself, or the keys."""
        work = self.in_work.get(dataset)
        title = self._titles.get((dataset, resource))
        named = work.called if work else ""
        return named or dataset, title or resource

    def share(self) -> float | None:
        """How much of the work is done, from 0 to 1. None: that is not known yet.

        It falls only when a further destination begins, and so more is to be done. In bytes or in
        requests, whichever a run takes its time for; where it sends nothing, in datasets.
        """
        if not self._forecasts and not self.dry_run:
            return None
        requests, size = self._all_of_it()
        if not requests:
            share = self.datasets_done / self.datasets if self.datasets else 0.0
        else:
            done = self._done_so_far().values()
            if self._by_requests:
                share = sum(each.requests for each in done) / requests
            else:
                share = sum(each.bytes for each in done) / size
        if self._begun - self._forecasts.keys():  # nobody knows yet how much there is at one
            share = min(share, self.datasets_done / self.datasets if self.datasets else 0.0)
        self._shown = max(self._shown, min(share, 1.0))
        return self._shown

    def time_left(self, now: float, moment: datetime) -> float | None:
        """Seconds until the work is done, about; `moment` is `now` by the calendar. None: unknown.

        What the quota allows counts, and the speeds of the last minute.
        """
        done = self._done_so_far()
        requests = size = 0.0
        spans: list[float] = []
        for where, forecast in self._forecasts.items():
            here = done.get(where, _Work())
            left = max(forecast.requests - here.requests, 0.0)
            requests += left
            size += max(forecast.bytes - here.bytes, 0.0)
            quota = self._quotas.get(where, RateLimit())
            reset = quota.reset_at
            spans.append(
                quota_wait(
                    round(left),
                    limit=quota.limit,
                    remaining=quota.remaining,
                    reset_in=(reset - moment).total_seconds() if reset else None,
                    reserve_share=forecast.reserve_share,
                    window=forecast.window_s,
                )
            )
        if self._by_requests:
            left, speed = requests, self._request_meter.rate(now)
        else:
            left, speed = size, self._byte_meter.rate(now)
        if speed and now - self._begun_at >= _SETTLED_S:
            spans.append(left / speed)
        return max(spans, default=0.0) or None

    def _done_so_far(self) -> dict[str, _Work]:
        """By destination."""
        done = {where: _Work(work.requests, work.bytes) for where, work in self._done.items()}
        sending: dict[str, _Work] = {}
        for upload in self.uploads.values():
            sending.setdefault(upload.dataset, _Work()).add(upload.share, upload.sent)
        for key, work in self.in_work.items():
            requests, size = self._needs.get(key, (0, 0))
            now = sending.get(key, _Work())
            done.setdefault(work.destination, _Work()).add(
                min(len(work.done) + now.requests, requests), min(work.sent + now.bytes, size)
            )
        return done

    def idle(self) -> Iterator[InWork]:
        """The datasets that are worked on without a file of theirs being on its way."""
        busy = {each.dataset for each in self.uploads.values()}
        busy |= {dataset for dataset, _ in self.fetches}
        return (work for key, work in self.in_work.items() if key not in busy)

    def wait(self, now: float) -> Waiting | None:
        """What holds requests back at `now`, if anything; of several waits the longest."""
        if self._wait is None or self._wait[0] <= now:
            return None
        return self._wait[1]

    def wait_left(self, now: float) -> float:
        """Seconds until it is over."""
        return max(self._wait[0] - now, 0.0) if self._wait else 0.0

    def note(self, event: Event, now: float) -> None:  # noqa: C901, PLR0912 - one case an event
        """Take note of `event`, seen at `now`."""
        destination, event = event.destination, called_apart(event)
        match event:
            case Reading():
                self.reading = event
            case Comparing():
                self.reading, self.comparing = None, event
            case Stopping():
                self.stopping = event
            case RunStarted():
                self._begin(event)
            case DatasetStarted():
                self.in_work[event.dataset] = InWork(event.title, destination)
            case PlanReady():
                self.uploads_planned += event.uploads
            case FetchStarted():
                self.fetches[event.dataset, event.resource] = 0
                self._titles[event.dataset, event.resource] = event.title
            case FetchProgressed():
                self._receive(event)
            case FetchFinished():
                self.fetches.pop((event.dataset, event.resource), None)
                self._titles.pop((event.dataset, event.resource), None)
            case UploadStarted():
                self._start(event, now)
            case UploadProgressed():
                self._advance((event.dataset, event.resource), event.sent, now)
            case UploadFinished():
                self._finish(event, now)
            case Waiting():
                self._by_requests |= event.reason is not WaitReason.ASKED
                ends_at = now + event.delay_s
                if self._wait is None or ends_at >= self._wait[0]:
                    self._wait = (ends_at, event)
            case QuotaSeen():
                self._quotas[event.destination] = event.rate_limit
                self.quota = min(self._quotas.values(), key=_left)
            case DatasetFinished():
                self._close(event.outcome)
            case Forecast():
                self._foresee(event, now)
            case Retrying() | RunFinished():
                pass
            case _:
                assert_never(event)

    def _begin(self, event: RunStarted) -> None:
        """Several destinations begin one after the other."""
        self.reading = self.comparing = None
        self._begun.add(event.destination)
        self._shown = 0.0
        portal = event.destination or event.portal
        self.portal = f"{self.portal}, {portal}" if self.portal else portal
        self.dry_run = event.dry_run
        self.datasets += event.datasets
        self.files += event.resources

    def _foresee(self, event: Forecast, now: float) -> None:
        where = event.destination
        if where not in self._forecasts:
            self._shown = 0.0
        self._forecasts[where] = event
        self._needs |= {
            f"{where}: {key}" if where else key: need for key, need in event.needs.items()
        }
        requests, size = self._all_of_it()
        self._by_requests |= event.wait_s > 0 or size < requests * _LIGHT
        self._begun_at = now
        self._request_meter = Meter(now, _LONG_WINDOW_S)
        self._byte_meter = Meter(now, _LONG_WINDOW_S)

    def _all_of_it(self) -> tuple[int, int]:
        """Requests and bytes that the whole of the work needs."""
        forecasts = self._forecasts.values()
        return sum(each.requests for each in forecasts), sum(each.bytes for each in forecasts)

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
        self._titles[event.dataset, event.resource] = event.title

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
        self._measure(now)

    def _finish(self, event: UploadFinished, now: float) -> None:
        which = (event.dataset, event.resource)
        work = self._work(event.dataset)
        if event.error is None:
            if which in self.uploads:
                self._advance(which, self.uploads[which].size, now)
                work.sent += self.uploads[which].size
            work.done.add(event.resource)
        else:
            work.failed.add(event.resource)
        self.uploads.pop(which, None)
        self._titles.pop(which, None)
        self._measure(now)

    def _measure(self, now: float) -> None:
        if now - self._measured_at < _STEP_S:
            return
        self._measured_at = now
        done = self._done_so_far().values()
        self._request_meter.add(now, sum(each.requests for each in done))
        self._byte_meter.add(now, sum(each.bytes for each in done))

    def _close(self, outcome: DatasetOutcome) -> None:
        done = self._done.setdefault(outcome.destination or "", _Work())
        done.add(*self._needs.get(outcome.called, (0, 0)))
        self.in_work.pop(outcome.called, None)
        failed = sum(r.status is ResourceStatus.FAILED for r in outcome.resources)
        self._finished.failed += failed
        self._finished.done += sum(r.status not in _UNDONE for r in outcome.resources)
        self.datasets_done += 1
        # A dataset may fail before any of its files is tried: that failure shows as its own.
        if outcome.error is not None:
            self.datasets_failed += 1

    def _work(self, dataset: str) -> InWork:
        return self.in_work.setdefault(dataset, InWork())


def _left(quota: RateLimit) -> float:
    """How many requests are left, for all that is known."""
    return float("inf") if quota.remaining is None else quota.remaining


@dataclass(slots=True)
class _Counts:
    done: int = 0
    failed: int = 0
