import logging
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Protocol

import pytest
import structlog
from rich.cells import cell_len
from rich.console import Console

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus
from bulkpub.core.report import RateLimit
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.events import (
    DatasetFinished,
    Event,
    QuotaSeen,
    RunStarted,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.live import FRAMES_PER_S, LiveDisplay, frame
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.progress import RunProgress

HOSTILE = "\x1b[2J[bold red]\u202e日本語" + "très-long-" * 30 + "\n2024.csv"
UNTIL = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)


class Clock(Protocol):
    def __call__(self) -> float: ...
    def forward(self, seconds: float) -> None: ...


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def lines_after(*events: Event, width: int = 80, height: int = 25, now: float = 2.0) -> list[str]:
    progress = RunProgress(0.0)
    for event in events:
        progress.note(event, 1.0)
    return [line.plain for line in frame(progress, width, height, now)]


def test_a_frame_has_a_line_an_upload_the_wait_and_the_totals() -> None:
    lines = lines_after(
        RunStarted("p", 12, 480, dry_run=False),
        UploadStarted("velos", "2024.csv", 20_000_000, 1),
        UploadProgressed("velos", "2024.csv", 10_000_000, 20_000_000),
        UploadStarted("gares", "gares.csv", 0, 1),
        Waiting("quota used up", 600, UNTIL),
        QuotaSeen(RateLimit(1000, 870)),
    )
    assert lines == [
        "velos › 2024.csv                   ━━━━━━━───────    10.0 MB/20.0 MB   10.0 MB/s",  # noqa: RUF001 - the sign shown
        "gares › gares.csv                  ━━━━━━━━━━━━━━            0 B/0 B       0 B/s",  # noqa: RUF001 - the sign shown
        "quota used up: waiting until 14:32 UTC",
        "0/12 datasets · 0/480 files · 10.0 MB sent · 10.0 MB/s",
        "870 of 1,000 requests left",
    ]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (50, "velos › 2024.csv                  50%   10.0 MB/s"),  # noqa: RUF001 - the sign shown
        (40, "velos › 2024.csv        50%   10.0 MB/s"),  # noqa: RUF001 - the sign shown
        (20, "velos › 2024.cs  50%"),  # noqa: RUF001 - the sign shown
        (8, "v…v  50%"),
    ],
)
def test_a_narrow_terminal_shows_less_but_shows_it_whole(width: int, line: str) -> None:
    shown = lines_after(
        UploadStarted("velos", "2024.csv", 20_000_000, 1),
        UploadProgressed("velos", "2024.csv", 10_000_000, 20_000_000),
        width=width,
    )[0]
    assert cell_len(shown) == width
    assert shown.split()[-1] == line.rsplit(maxsplit=1)[-1]
    assert "50%" in shown


@pytest.mark.parametrize("width", [1, 10, 20, 40, 71, 72, 80, 200])
@pytest.mark.parametrize("height", [1, 4, 25, 60])
def test_hundreds_of_hostile_uploads_stay_within_the_terminal(width: int, height: int) -> None:
    lines = lines_after(
        RunStarted("p", 300, 9000, dry_run=False),
        *(UploadStarted(f"{n}{HOSTILE}", HOSTILE, 10**6, 1) for n in range(200)),
        Waiting(HOSTILE, 600, UNTIL),
        QuotaSeen(RateLimit(1000, 870)),
        width=width,
        height=height,
    )
    assert all(cell_len(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)
    uploads = [line for line in lines if line.endswith("0%") or "/s" in line]
    assert len(uploads) <= max(1, height - 5) + 1


def test_uploads_without_room_are_counted() -> None:
    lines = lines_after(*(UploadStarted(f"d{n}", "f", 1, 1) for n in range(30)), height=15)
    assert lines[10] == "and 20 more uploads"


def test_failures_show_in_the_totals() -> None:
    lost = DatasetOutcome("gares", DatasetStatus.FAILED, "", error="no such dataset")
    lines = lines_after(
        RunStarted("p", 2, 2, dry_run=False),
        UploadFinished("velos", "a.csv", "broken off"),
        DatasetFinished(lost),
    )
    assert lines == [
        "1/2 datasets · 0/2 files · 1 file failed · 1 dataset failed · 0 B sent · 0 B/s"
    ]


def test_a_dry_run_shows_nothing_sent() -> None:
    assert lines_after(RunStarted("p", 1, 2, dry_run=True)) == ["0/1 dataset · 0/2 files"]


def test_no_name_reaches_the_terminal_as_markup_or_control(
    make_console: Callable[..., Console], clock: Clock
) -> None:
    console = make_console(width=120, terminal=False)
    display = LiveDisplay(console, clock=clock)
    display(UploadStarted("[bold]x[/bold]", "\x1b[2J.csv", 10, 1))
    console.print(display)
    shown = written(console)
    assert r"[bold]x[/bold] › \x1b[2J.csv" in shown  # noqa: RUF001 - the sign shown
    assert "\x1b" not in shown


def test_speed_comes_from_the_clock(make_console: Callable[..., Console], clock: Clock) -> None:
    console = make_console(terminal=False)
    display = LiveDisplay(console, clock=clock)
    display(UploadStarted("velos", "a.csv", 10_000_000, 1))
    clock.forward(2.0)
    display(UploadProgressed("velos", "a.csv", 5_000_000, 10_000_000))
    console.print(display)
    assert "2.5 MB/s" in written(console)


def test_the_display_vanishes_at_the_end(
    make_console: Callable[..., Console], clock: Clock
) -> None:
    console = make_console()
    with LiveDisplay(console, clock=clock) as display:
        display(RunStarted("p", 12, 480, dry_run=False))
        console.print("something of its own")
    shown = written(console)
    assert "0/12 datasets" in shown
    assert shown.endswith("\x1b[2K")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1


def test_log_lines_keep_their_place_above_the_display(
    make_console: Callable[..., Console], clock: Clock
) -> None:
    console = make_console(width=60)
    configure_logging(format="human", level=logging.WARNING, stream=console)
    with LiveDisplay(console, clock=clock) as display:
        display(RunStarted("p", 12, 480, dry_run=False))
        for name in ("first line", "second line"):
            structlog.get_logger("bulkpub.run").warning(name)
    after_first = written(console).partition("first line")[2]
    between, _, after_second = after_first.partition("second line")
    # The totals are drawn under the first line, wiped for the second, and drawn again.
    assert between.index("0/12 datasets") < between.index("\x1b[2K")
    assert "0/12 datasets" in after_second


def test_frames_are_few() -> None:
    assert FRAMES_PER_S <= 10


def test_an_event_draws_nothing(make_console: Callable[..., Console], clock: Clock) -> None:
    console = make_console()
    display = LiveDisplay(console, clock=clock)
    for sent in range(1000):
        display(UploadProgressed("velos", "a.csv", sent, 1000))
    assert written(console) == ""


def test_a_terminal_that_was_hung_up_does_not_stop_the_run(clock: Clock) -> None:
    class HungUp(StringIO):
        def write(self, _text: str, /) -> int:
            raise BrokenPipeError

    console = SteadyConsole(file=HungUp(), force_terminal=True)
    with LiveDisplay(console, clock=clock) as display:
        display(RunStarted("p", 12, 480, dry_run=False))
    assert console.quiet
