"""The live display: what a person at a terminal sees while a run goes.

The rule: an event only changes figures, under a lock and without drawing; rich's own thread
draws a frame a few times a second. A thousand events cost no more drawing than one. Nothing
drawn is wider or higher than the terminal, and no name reaches it unescaped.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from bulkpub.observers.events import Event, Forecast, Stopping
from bulkpub.observers.progress import RunProgress
from bulkpub.observers.screen import frame, stopping_text
from bulkpub.observers.text import forecast_text

__all__ = ["FRAMES_PER_S", "LiveDisplay"]

FRAMES_PER_S = 5
QUIET_S = 1.0
"""What is over before so many seconds need not be shown."""


class LiveDisplay:
    """Shows a run on `console`, a terminal, until the context ends; then it vanishes.

    It is an observer. Logs and other output keep their place above it when they are printed
    through the same `console`, best a `SteadyConsole`. `clock` gives seconds that never run
    backwards, `calendar` the moment (UTC).
    """

    def __init__(
        self,
        console: Console,
        *,
        clock: Callable[[], float] = time.monotonic,
        calendar: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock, self._calendar = clock, calendar
        self._shown_from = clock() + QUIET_S
        self._lock = threading.Lock()
        self._progress = RunProgress(clock())
        self._live = Live(self, console=console, refresh_per_second=FRAMES_PER_S, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A terminal that was hung up cannot be tidied, and the run has its report to write.
        with suppress(OSError):
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of `event`; the next frame shows it."""
        if isinstance(event, Forecast) and event.requests and event.rate_limit.limit is not None:
            self._say(
                forecast_text(event.requests, event.rate_limit, event.wait_s, event.destination)
            )
        if isinstance(event, Stopping):
            self._say(stopping_text(event))
        with self._lock:
            self._progress.note(event, self._clock())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The frame of this moment, as wide as `options` allow."""
        with self._lock:
            now, moment = self._clock(), self._calendar()
            begun = self._progress.datasets or now >= self._shown_from
            size = options.max_width, console.height
            lines = frame(self._progress, *size, now=now, moment=moment) if begun else []
        yield Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _say(self, text: str) -> None:
        """Write a line that stays."""
        with suppress(OSError):
            self._live.console.print(text, markup=False, highlight=False)
