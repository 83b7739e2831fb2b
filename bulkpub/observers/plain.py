"""Progress for a log, a CI system or a terminal that cannot move its cursor: a line now and then.

The rule: silence unless there is news. At most one line of figures every `every_s` seconds, and
more seldom the longer a run takes; only on an event, only when the figures changed, and none in a
run that sends nothing. What failed is told at the end, once, and not here.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from bulkpub.core.waits import WaitReason
from bulkpub.language import tr
from bulkpub.observers.events import (
    Comparing,
    Event,
    Forecast,
    Reading,
    RunFinished,
    Stopping,
    Waiting,
)
from bulkpub.observers.progress import RunProgress
from bulkpub.observers.screen import preparing_text, stopping_text, wait_text
from bulkpub.observers.text import bytes_text, counted, forecast_text, rate_text, span_text

__all__ = ["PlainProgress"]

_SELDOM = 20
"""A line is due when a twentieth of the time that the run took so far has passed."""
_SELDOMEST_S = 300.0
_ALL = 100


class PlainProgress:
    """Writes to `stream` how far a run has come.

    `clock` gives seconds that never run backwards, `calendar` the moment (UTC). A wait longer than
    `every_s` is told at once; with `shows_waits` False it is not, for a stream on which the log
    tells them already.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float],
        every_s: float = 10.0,
        *,
        shows_waits: bool = True,
        calendar: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._stream = stream
        self._clock, self._calendar = clock, calendar
        self._every_s = every_s
        self._shows_waits = shows_waits
        self._started_at = self._shown_at = clock()
        self._shown = ""
        self._waits_shown: dict[str, tuple[WaitReason, float]] = {}
        self._progress = RunProgress(self._started_at)

    def __call__(self, event: Event) -> None:
        """Take note of `event`, and write a line when it is due."""
        now = self._clock()
        self._progress.note(event, now)
        match event:
            case Forecast() if event.requests and event.rate_limit.limit is not None:
                self._write(
                    forecast_text(event.requests, event.rate_limit, event.wait_s, event.destination)
                )
            case Stopping():
                self._write(stopping_text(event))
            case Waiting() if self._shows_waits:
                self._show_wait(event, now)
            case RunFinished():
                return
        due_s = min(max(self._every_s, (now - self._started_at) / _SELDOM), _SELDOMEST_S)
        if now - self._shown_at >= due_s:
            if isinstance(event, Reading | Comparing):
                self._shown_at = now
                self._write(preparing_text(self._progress))
            else:
                self._show_progress(now)

    def _show_progress(self, now: float) -> None:
        progress = self._progress
        moved = progress.bytes_sent or progress.bytes_fetched
        has_news = progress.uploads_planned or moved or progress.files_failed
        line = self._figures()
        if progress.dry_run or not has_news or line == self._shown:
            return
        self._shown, self._shown_at = line, now
        line = f"{line}, {rate_text(progress.meter.rate(now))}"
        if share := progress.share():
            line = f"{int(share * _ALL)}%, {line}"
            if left := progress.time_left(now, self._calendar()):
                line = tr("{line}, about {left} left", line=line, left=span_text(left))
        self._write(line)

    def _figures(self) -> str:
        progress = self._progress
        parts = [
            f"{progress.datasets_done:,}/{counted(progress.datasets, 'dataset')}",
            f"{progress.files_done:,}/{counted(progress.files, 'file')}",
        ]
        if progress.files_failed:
            parts.append(tr("{n} failed", n=counted(progress.files_failed, "file")))
        if progress.datasets_failed:
            parts.append(tr("{n} failed", n=counted(progress.datasets_failed, "dataset")))
        if progress.quota.remaining is not None:
            parts.append(tr("{n} left", n=counted(progress.quota.remaining, "request")))
        if progress.bytes_fetched:
            parts.append(tr("{size} fetched", size=bytes_text(progress.bytes_fetched)))
        parts.append(tr("{size} sent", size=bytes_text(progress.bytes_sent)))
        return ", ".join(parts)

    def _show_wait(self, wait: Waiting, now: float) -> None:
        # Every held-back request says so; they all wait for about the same moment. Of a pace it is
        # enough to hear now and then.
        reason, until = self._waits_shown.get(wait.destination, (None, now))
        ends_at = now + wait.delay_s
        apart = _SELDOMEST_S if wait.reason is WaitReason.PACING else self._every_s
        if wait.delay_s > self._every_s and (reason != wait.reason or ends_at > until + apart):
            self._waits_shown[wait.destination] = (wait.reason, ends_at)
            moment = self._calendar()
            left = self._progress.time_left(now, moment)
            self._write(wait_text(wait, wait.delay_s, moment, left))

    def _write(self, line: str) -> None:
        # A reader that went away (`bulkpub run 2>&1 | head`) must not stop the run.
        with suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()
