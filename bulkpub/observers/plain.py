"""Progress for a log file or a CI system: a plain line now and then.

The rule: silence unless there is news. At most one line of figures every `every_s` seconds,
only on an event, only when the figures changed, and none in a run that sends nothing.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from bulkpub.core.outcome import DatasetOutcome, ResourceStatus
from bulkpub.observers.events import (
    DatasetFinished,
    Event,
    Forecast,
    RunFinished,
    UploadFinished,
    Waiting,
    called_apart,
)
from bulkpub.observers.progress import RunProgress
from bulkpub.observers.text import (
    bytes_text,
    counted,
    duration_text,
    forecast_text,
    moment_text,
    path_text,
    printable,
    rate_text,
    shown,
)

__all__ = ["PlainProgress"]


class PlainProgress:
    """Writes to `stream` how far a run has come. `clock` gives seconds that never run backwards.

    A failed file and a wait longer than `every_s` are told at once; with `shows_trouble`
    False they are not, for a stream on which the log already tells them.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float],
        every_s: float = 10.0,
        *,
        shows_trouble: bool = True,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._every_s = every_s
        self._shows_trouble = shows_trouble
        self._shown_at = clock()
        self._shown = ""
        self._shown_errors: dict[tuple[str, str], str] = {}
        self._wait_shown_until = self._shown_at
        self._progress = RunProgress(self._shown_at)

    def __call__(self, event: Event) -> None:
        """Take note of `event`, and write a line when it is due."""
        now, event = self._clock(), called_apart(event)
        self._progress.note(event, now)
        if isinstance(event, Forecast) and event.requests and event.rate_limit.limit is not None:
            self._write(
                forecast_text(event.requests, event.rate_limit, event.wait_s, event.destination)
            )
        if self._shows_trouble:
            self._show_trouble(event, now)
        if now - self._shown_at >= self._every_s and not isinstance(event, RunFinished):
            self._show_progress(now)

    def _show_progress(self, now: float) -> None:
        progress = self._progress
        moved = progress.bytes_sent or progress.bytes_fetched
        has_news = progress.uploads_planned or moved or progress.files_failed
        line = self._figures()
        if progress.dry_run or not has_news or line == self._shown:
            return
        self._shown, self._shown_at = line, now
        self._write(f"{line}, {rate_text(progress.meter.rate(now))}")

    def _figures(self) -> str:
        progress = self._progress
        parts = [
            f"{progress.datasets_done:,}/{counted(progress.datasets, 'dataset')}",
            f"{progress.files_done:,}/{counted(progress.files, 'file')}",
        ]
        if progress.files_failed:
            parts.append(f"{counted(progress.files_failed, 'file')} failed")
        if progress.datasets_failed:
            parts.append(f"{counted(progress.datasets_failed, 'dataset')} failed")
        if progress.quota.remaining is not None:
            parts.append(f"{counted(progress.quota.remaining, 'request')} left")
        if progress.bytes_fetched:
            parts.append(f"{bytes_text(progress.bytes_fetched)} fetched")
        parts.append(f"{bytes_text(progress.bytes_sent)} sent")
        return ", ".join(parts)

    def _show_trouble(self, event: Event, now: float) -> None:
        match event:
            case UploadFinished(dataset, resource, str() as error):
                self._show_error(dataset, resource, error)
            case DatasetFinished(outcome):
                self._show_failures(outcome)
            case Waiting():
                self._show_wait(event, now)
            case _:
                pass

    def _show_failures(self, outcome: DatasetOutcome) -> None:
        if outcome.error is not None:
            self._write(f"failed: {shown(outcome.called)}: {printable(outcome.error)}")
        for resource in outcome.resources:
            # A dataset that failed as a whole has already said why.
            if resource.status is ResourceStatus.FAILED and resource.error != outcome.error:
                name = resource.key or resource.title or resource.id or "?"
                self._show_error(outcome.called, name, resource.error or resource.reason)
        self._shown_errors = {
            which: error
            for which, error in self._shown_errors.items()
            if which[0] != outcome.called
        }

    def _show_error(self, dataset: str, resource: str, error: str) -> None:
        # The end of the last attempt and the outcome tell the same error: once is enough.
        if self._shown_errors.get((dataset, resource)) != error:
            self._shown_errors[dataset, resource] = error
            self._write(f"failed: {path_text(dataset, resource)}: {printable(error)}")

    def _show_wait(self, wait: Waiting, now: float) -> None:
        # Every held-back request says so; they all wait for about the same moment.
        ends_at = now + wait.delay_s
        if wait.delay_s > self._every_s and ends_at > self._wait_shown_until + self._every_s:
            self._wait_shown_until = ends_at
            until = moment_text(wait.until, wait.delay_s)
            span = duration_text(wait.delay_s)
            self._write(f"{shown(wait.reason)}: waiting until {until} ({span})")

    def _write(self, line: str) -> None:
        # A reader that went away (`bulkpub run 2>&1 | head`) must not stop the run.
        with suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()
