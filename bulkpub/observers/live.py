"""The live display: what a person at a terminal sees while a run goes.

The rule: an event only changes figures, under a lock and without drawing; rich's own thread
draws a frame a few times a second. A thousand events cost no more drawing than one. Nothing
drawn is wider or higher than the terminal, and no name reaches it unescaped.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from bulkpub.observers.events import Event, Forecast, Waiting
from bulkpub.observers.progress import RunProgress, Upload
from bulkpub.observers.text import (
    bytes_text,
    counted,
    elide,
    forecast_text,
    moment_text,
    path_text,
    printable,
    rate_text,
)

__all__ = ["FRAMES_PER_S", "LiveDisplay", "frame"]

FRAMES_PER_S = 5

_BAR_CELLS = 14
_WIDE = 72
"""From this many columns on there is room for the bar and the bytes."""
_NARROW = 36
"""Below this many columns even the speed is left out."""
_LINES_BELOW = 5
"""Lines kept free below the uploads: the rest, the wait, the totals and the cursor."""
_ALL = 100


class LiveDisplay:
    """Shows a run on `console`, a terminal, until the context ends; then it vanishes.

    It is an observer. Logs and other output keep their place above it when they are printed
    through the same `console`, best a `SteadyConsole`. `clock` gives seconds that never run
    backwards.
    """

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
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
            text = forecast_text(event.requests, event.rate_limit, event.wait_s, event.destination)
            self._live.console.print(text, markup=False, highlight=False)
        with self._lock:
            self._progress.note(event, self._clock())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The frame of this moment, as wide as `options` allow."""
        with self._lock:
            lines = frame(self._progress, options.max_width, console.height, self._clock())
        yield Text("\n", no_wrap=True, overflow="crop").join(lines)


def frame(progress: RunProgress, width: int, height: int, now: float) -> list[Text]:
    """What to show at `now` in `width` columns and `height` rows, one `Text` a row."""
    uploads = list(progress.uploads.values())
    room = max(1, height - _LINES_BELOW)
    lines = [upload_line(upload, width, now) for upload in uploads[:room]]
    if len(uploads) > room:
        more = f"and {counted(len(uploads) - room, 'more upload')}"
        lines.append(Text(elide(more, width), style="dim"))
    wait = progress.wait(now)
    if wait is not None:
        lines.append(Text(elide(wait_text(wait), width), style="yellow"))
    lines.extend(Text(line, style="bold") for line in _packed(_totals(progress, now), width))
    return lines


def wait_text(wait: Waiting) -> str:
    """`quota used up: waiting until 14:32 UTC`."""
    return f"{printable(wait.reason)}: waiting until {moment_text(wait.until, wait.delay_s)}"


def upload_line(upload: Upload, width: int, now: float) -> Text:
    """One upload in exactly `width` cells: its name, how far it has come, how fast it goes."""
    # An empty file has nothing left to send.
    share = min(1.0, upload.sent / upload.size) if upload.size else 1.0
    percent = f"{int(share * _ALL):>3}%"
    speed = f"{rate_text(upload.meter.rate(now)):>10}"
    if width >= _WIDE:
        filled = int(share * _BAR_CELLS)
        sizes = f"{bytes_text(upload.sent)}/{bytes_text(upload.size)}"
        parts = [
            ("━" * filled, "green"),
            ("─" * (_BAR_CELLS - filled), "dim"),
            (f"  {sizes:>17}  {speed}", ""),
        ]
    elif width >= _NARROW:
        parts = [(f"{percent}  {speed}", "")]
    else:
        parts = [(percent, "")]
    taken = sum(cell_len(part) for part, _ in parts) + 1
    room = max(1, width - taken)
    name = elide(path_text(upload.dataset, upload.resource), room)
    line = Text(set_cell_size(name, room) + " ")
    for part, style in parts:
        line.append(part, style)
    line.truncate(width)
    return line


def _totals(progress: RunProgress, now: float) -> Iterable[str]:
    yield f"{progress.datasets_done:,}/{counted(progress.datasets, 'dataset')}"
    yield f"{progress.files_done:,}/{counted(progress.files, 'file')}"
    if progress.files_failed:
        yield f"{counted(progress.files_failed, 'file')} failed"
    if progress.datasets_failed:
        yield f"{counted(progress.datasets_failed, 'dataset')} failed"
    if progress.fetches:
        yield f"{counted(len(progress.fetches), 'file')} being fetched"
    if progress.bytes_fetched:
        yield f"{bytes_text(progress.bytes_fetched)} fetched"
    if not progress.dry_run:
        yield f"{bytes_text(progress.bytes_sent)} sent"
        yield rate_text(progress.meter.rate(now))
    if progress.quota.remaining is not None:
        of = f" of {progress.quota.limit:,}" if progress.quota.limit is not None else ""
        yield f"{progress.quota.remaining:,}{of} requests left"


def _packed(parts: Iterable[str], width: int) -> list[str]:
    """The parts on as few lines as hold them, broken only between parts."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(elide(part, width))
    return lines
