"""The run told as log lines.

The rule: one event, at most one kind of line, always with the keys `dataset` and `resource`
when it is about a file (and `destination`, of several), so that filtering on them gives one file's
whole story. Levels: error for what is not as wanted in the end, warning for what may pass (retries,
waits), info for each file and dataset done and for a failed attempt, debug for the rest. A failure
is said once: in the line of the file, or of the dataset where it failed as a whole; where a summary
follows for the same reader, all of them are info.
"""

from collections.abc import Callable
from typing import Any, assert_never

import structlog
from structlog.typing import FilteringBoundLogger

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.core.waits import WaitReason
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
)
from bulkpub.observers.text import moment_text

__all__ = ["LogObserver"]

Tell = Callable[..., Any]
"""Logs a line at some level."""
_NOTABLE_WAIT_S = 1.0
"""Shorter waits are pacing at work, not news."""


class LogObserver:
    """Tells the run as log lines, to whatever `configure_logging` set up before.

    With `is_summed_up`, a summary will say what failed to whoever reads these lines.
    """

    def __init__(self, *, is_summed_up: bool = False) -> None:
        self._is_summed_up = is_summed_up
        # Bound once: a logger that is not works out what was configured for each line anew.
        self._log: FilteringBoundLogger = structlog.get_logger("bulkpub.run").bind()
        self._logs: dict[str, FilteringBoundLogger] = {"": self._log}
        self._attempts: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._last_wait = ("", "", "")

    def __call__(self, event: Event) -> None:  # noqa: C901, PLR0912 - one case an event
        """Log `event`, if it is worth a line."""
        self._log = self._of(event.destination)
        match event:
            case Reading() | Comparing():
                pass
            case Stopping(uploads, within_s):
                self._log.debug("stopping", uploads=uploads, within_s=within_s)
            case RunStarted(portal, datasets, resources, dry_run):
                self._log.info(
                    "run started",
                    portal=portal,
                    datasets=datasets,
                    resources=resources,
                    dry_run=dry_run,
                )
            case Forecast(requests, quota, wait_s, size):
                tell = self._log.warning if wait_s > 0 else self._log.info
                tell(
                    "forecast",
                    requests=requests,
                    bytes=size,
                    quota_remaining=quota.remaining,
                    wait_s=round(wait_s),
                )
            case DatasetStarted(dataset, title):
                self._log.debug("dataset started", dataset=dataset, title=title)
            case PlanReady(dataset, uploads, size):
                self._log.debug("plan ready", dataset=dataset, uploads=uploads, bytes=size)
            case FetchStarted(dataset, resource, source):
                self._log.debug("fetching", dataset=dataset, resource=resource, source=source)
            case FetchProgressed():
                pass
            case FetchFinished(dataset, resource, error):
                self._fetched(dataset, resource, error)
            case UploadStarted():
                self._start(event)
            case UploadProgressed():
                pass
            case UploadFinished():
                self._finish(event)
            case Retrying(method, endpoint, reason, delay_s, attempt):
                self._log.warning(
                    "retrying",
                    method=method,
                    endpoint=endpoint,
                    reason=reason,
                    delay_s=round(delay_s, 3),
                    attempt=attempt,
                )
            case Waiting():
                self._wait(event)
            case QuotaSeen(rate):
                self._log.debug("quota seen", limit=rate.limit, remaining=rate.remaining)
            case DatasetFinished(outcome):
                self._close(outcome, event.worker)
            case RunFinished(report):
                self._end(report)
            case _:
                assert_never(event)

    def _of(self, destination: str) -> FilteringBoundLogger:
        """The log, which says with each line where that was, of several destinations."""
        if destination not in self._logs:
            log: FilteringBoundLogger = self._logs[""].bind(destination=destination)
            self._logs[destination] = log
        return self._logs[destination]

    def _fetched(self, dataset: str, resource: str, error: str | None) -> None:
        if error is None:
            self._log.debug("fetched", dataset=dataset, resource=resource)
        else:
            self._log.info("fetch failed", dataset=dataset, resource=resource, error=error)

    def _start(self, event: UploadStarted) -> None:
        which = (event.destination, event.dataset, event.resource)
        self._attempts[which] = (event.attempt, event.size)
        self._log.debug(
            "upload started",
            dataset=event.dataset,
            resource=event.resource,
            bytes=event.size,
            attempt=event.attempt,
        )

    def _finish(self, event: UploadFinished) -> None:
        which = (event.destination, event.dataset, event.resource)
        attempt, size = self._attempts.pop(which, (1, 0))
        told: dict[str, Any] = {"bytes": size} if event.error is None else {"error": event.error}
        self._log.info(
            "uploaded" if event.error is None else "upload failed",
            dataset=event.dataset,
            resource=event.resource,
            attempt=attempt,
            **told,
        )

    def _trouble(self, tell: Tell) -> Tell:
        """`tell`, or more quietly where a summary says the same."""
        return self._log.info if self._is_summed_up else tell

    def _wait(self, event: Waiting) -> None:
        # Every held-back request says so; they all wait for about the same moment, and of a pace
        # it is enough to know that there is one.
        paced = event.reason is WaitReason.PACING
        wait = (event.destination, event.reason, "" if paced else moment_text(event.until, 0))
        is_news = event.delay_s >= _NOTABLE_WAIT_S and wait != self._last_wait
        if is_news:
            self._last_wait = wait
        tell = self._log.warning if is_news else self._log.debug
        tell(
            "waiting",
            reason=event.reason,
            delay_s=round(event.delay_s, 3),
            until=event.until.isoformat(),
        )

    def _close(self, outcome: DatasetOutcome, worker: str) -> None:
        for resource in outcome.resources:
            self._settle(outcome, resource)
        # Where only files failed, they have said so themselves.
        failed = self._log.info if outcome.error is None else self._trouble(self._log.error)
        tell: Tell = {
            DatasetStatus.FAILED: failed,
            DatasetStatus.PENDING: self._trouble(self._log.warning),
        }.get(outcome.status, self._log.info)
        tell(
            f"dataset {outcome.status.value}",
            dataset=outcome.key,
            reason=outcome.reason,
            id=outcome.id,
            resources=len(outcome.resources),
            duration_s=round(outcome.duration_s, 3),
            **({"worker": worker} if worker else {}),
            **({} if outcome.error is None else {"error": outcome.error}),
        )

    def _settle(self, dataset: DatasetOutcome, resource: ResourceOutcome) -> None:
        tell: Tell = {
            ResourceStatus.FAILED: self._trouble(self._log.error),
            ResourceStatus.UNCHANGED: self._log.debug,
        }.get(resource.status, self._log.info)
        if dataset.error is not None and dataset.error in (resource.error or ""):
            tell = self._log.info  # the dataset's own line tells it once for all its files
        tell(
            f"resource {resource.status.value}",
            dataset=dataset.key,
            resource=resource.key,
            reason=resource.reason,
            id=resource.id,
            source=resource.source,
            **({} if resource.error is None else {"error": resource.error}),
        )
        warn = self._trouble(self._log.warning)
        for warning in resource.warnings:
            warn("odd file", dataset=dataset.key, resource=resource.key, warning=warning)

    def _end(self, report: RunReport) -> None:
        tell: Tell = self._log.info
        if report.run.error is not None:
            tell = self._trouble(self._log.warning)
        tell(
            "run finished",
            exit_code=int(report.run.exit_code),
            duration_s=round(report.run.duration_s, 3),
            requests=report.totals.requests.total,
            bytes=report.totals.bytes.uploaded,
            **({} if report.run.error is None else {"error": report.run.error}),
        )
