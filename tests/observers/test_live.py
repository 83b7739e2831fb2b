import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from typing import Protocol

import pytest
import structlog
from rich.cells import cell_len
from rich.console import Console

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.events import (
    Comparing,
    DatasetFinished,
    DatasetStarted,
    Event,
    FetchProgressed,
    FetchStarted,
    Forecast,
    QuotaSeen,
    Reading,
    RunStarted,
    Stopping,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.live import FRAMES_PER_S, LiveDisplay
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.progress import RunProgress
from bulkpub.observers.screen import frame, stopping_text

HOSTILE = "\x1b[2J[bold red]\u202e日本語" + "très-long-" * 30 + "\n2024.csv"
UNTIL = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)


class Clock(Protocol):
    def __call__(self) -> float: ...
    def forward(self, seconds: float) -> None: ...


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


RUN = RunStarted("p", 12, 480, dry_run=False)
FORECAST = Forecast(
    10, RateLimit(), 0.0, 40_000_000, {"velos": (6, 30_000_000), "gares": (4, 10_000_000)}
)
SENDING = (
    DatasetStarted("velos", "Comptages vélo"),
    UploadStarted("velos", "2024.csv", 20_000_000, 1, "Comptages 2024"),
    UploadProgressed("velos", "2024.csv", 10_000_000, 20_000_000),
)
UNSENT = (DatasetStarted("gares", "Gares"), UploadStarted("gares", "g.csv", 10_000_000, 1))
FINISHED = "is being finished"
MOMENT = datetime(2026, 3, 1, 14, 22, tzinfo=UTC)
PARIS = timezone(timedelta(hours=1))


def lines_after(*events: Event, width: int = 80, height: int = 25, now: float = 2.0) -> list[str]:
    progress = RunProgress(0.0)
    for event in events:
        progress.note(event, 1.0)
    lines = frame(progress, width, height, now=now, moment=MOMENT, zone=PARIS)
    return [line.plain for line in lines]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "━" * 16 + "─" * 49 + "  25%  9 s left",
                "Comptages vélo › Comptages 2024    ━━━━━━━───────    10.0 MB/20.0 MB    3.3 MB/s",  # noqa: RUF001 - the sign shown
                "0/12 datasets · 0/480 files · 10.0 MB sent · 3.3 MB/s · 1 in flight",
            ],
        ),
        (
            60,
            [
                "━" * 11 + "─" * 34 + "  25%  9 s left",
                "Comptages vélo › Comptages 2024              50%    3.3 MB/s",  # noqa: RUF001 - the sign shown
                "0/12 datasets · 0/480 files · 10.0 MB sent · 3.3 MB/s",
                "1 in flight",
            ],
        ),
    ],
)
def test_a_frame_has_one_bar_of_all_what_is_on_its_way_and_the_totals(
    width: int, lines: list[str]
) -> None:
    assert lines_after(RUN, FORECAST, *SENDING, *UNSENT, width=width, now=4.0) == lines


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (
            Waiting(WaitReason.PACING, 73, MOMENT + timedelta(seconds=72)),
            "Pacing: next request 15:23:12, in 1 min 12 s; done about 15:24",
        ),
        (
            Waiting(WaitReason.USED_UP, 601, MOMENT + timedelta(seconds=600)),
            "Quota used up: going on at 15:32, in 10 min 00 s",
        ),
        (
            Waiting(WaitReason.ASKED, 13, MOMENT + timedelta(seconds=12)),
            "The portal asked to wait: going on at 15:22:12, in 12 s; done about 15:24",
        ),
    ],
)
def test_a_wait_is_called_what_it_is_in_local_time_and_has_no_empty_bars(
    wait: Waiting, said: str
) -> None:
    quota = QuotaSeen(RateLimit(20, 8, MOMENT + timedelta(minutes=2)))
    lines = lines_after(RUN, FORECAST, quota, *UNSENT, wait)
    assert lines[1:] == [said, "0/12 datasets · 0/480 files · 0 B sent · 8 of 20 requests left"]
    # What has begun to be sent goes on.
    assert "Comptages 2024" in lines_after(RUN, FORECAST, *SENDING, *UNSENT, wait)[1]


def test_when_the_quota_rules_requests_are_the_measure() -> None:
    paced = replace(FORECAST, wait_s=600.0)
    assert " 25%" in lines_after(RUN, FORECAST, *SENDING)[0]
    assert "  5%" in lines_after(RUN, paced, *SENDING)[0]
    wait = Waiting(WaitReason.PACING, 72, UNTIL)
    assert "  5%" in lines_after(RUN, FORECAST, *SENDING, wait)[0]


def test_the_bar_never_falls_and_ends_full() -> None:
    progress = RunProgress(0.0)
    shares = []
    outcome = DatasetOutcome("velos", DatasetStatus.CREATED, "")
    again = UploadProgressed("velos", "2024.csv", 0, 20_000_000)
    done = [DatasetFinished(replace(outcome, key=key)) for key in ("velos", "gares")]
    events: list[Event] = [RUN, FORECAST, *SENDING, again, *UNSENT, *done]
    for number, event in enumerate(events):
        progress.note(event, float(number))
        shares.append(progress.share() or 0.0)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Reading(("/srv/data/manifest.yaml",)), "Reading manifest.yaml"),
        (Reading(("m.yaml",), 12_000), "Reading m.yaml: 12,000 files so far"),
        (Reading(("a.csv", "b.csv"), 500), "Reading 2 manifests: 500 files so far"),
        (Comparing("demo", 2, 480), "Asking demo what it has: 2 datasets, 480 files"),
        (Comparing("demo", 0, 0), "Asking demo what it has"),
    ],
)
def test_what_comes_before_the_work_is_one_line(event: Event, line: str) -> None:
    assert lines_after(event) == [line]
    assert cell_len(lines_after(event, width=20)[0]) <= 20
    assert len(lines_after(event, RUN)) == 2


@pytest.mark.parametrize(
    ("stopping", "said"),
    [
        (
            Stopping(4, 30.0),
            "Stopping: 4 uploads are being finished, for 30 s at most. Ctrl-C again stops now.",
        ),
        (
            Stopping(1, 30.0),
            "Stopping: 1 upload is being finished, for 30 s at most. Ctrl-C again stops now.",
        ),
        (
            Stopping(0, 3.0),
            f"Stopping: what is under way {FINISHED}, for 3 s at most. Ctrl-C again stops now.",
        ),
        (Stopping(4, 0.0), "Stopping now."),
    ],
)
def test_after_ctrl_c_it_says_what_happens(stopping: Stopping, said: str) -> None:
    assert stopping_text(stopping) == said


@pytest.mark.parametrize("width", [50, 40, 20, 8])
def test_a_narrow_terminal_shows_less_but_shows_it_whole(width: int) -> None:
    shown = lines_after(RUN, *SENDING, width=width)[1]
    assert cell_len(shown) == width
    assert "50%" in shown
    assert ("MB/s" in shown) == (width >= 36)


@pytest.mark.parametrize("width", [1, 10, 20, 40, 71, 72, 80, 200])
@pytest.mark.parametrize("height", [1, 4, 25, 60])
def test_hundreds_of_hostile_uploads_stay_within_the_terminal(width: int, height: int) -> None:
    lines = lines_after(
        RunStarted("p", 300, 9000, dry_run=False),
        *(DatasetStarted(f"{n}{HOSTILE}", HOSTILE) for n in range(50)),
        *(UploadStarted(f"{n}{HOSTILE}", HOSTILE, 10**6, 1, HOSTILE) for n in range(200)),
        *(UploadProgressed(f"{n}{HOSTILE}", HOSTILE, 5, 10**6) for n in range(100)),
        FetchStarted("x", HOSTILE, HOSTILE, HOSTILE),
        Waiting(WaitReason.PACING, 600, UNTIL),
        QuotaSeen(RateLimit(1000, 870)),
        width=width,
        height=height,
    )
    assert all(cell_len(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)
    uploads = [line for line in lines if line.endswith("0%") or "/s" in line]
    assert len(uploads) <= max(1, height - 5) + 1


def test_what_has_no_room_is_counted() -> None:
    uploads = [UploadStarted(f"d{n}", "f", 10, 1) for n in range(30)]
    assert lines_after(RUN, *uploads, height=16)[1:5] == [
        "d0 › f",  # noqa: RUF001 - the sign shown
        "d1 › f",  # noqa: RUF001 - the sign shown
        "d2 › f",  # noqa: RUF001 - the sign shown
        "and 27 more",
    ]
    sent = [UploadProgressed(each.dataset, "f", 5, 10) for each in uploads]
    assert lines_after(RUN, *uploads, *sent, height=16)[11] == "and 20 more"


def test_of_a_long_path_both_ends_of_both_names_are_kept() -> None:
    long = (
        DatasetStarted("a", "Comptages vélo de la ville 2020"),
        UploadStarted("a", "f", 10, 1, "Relevé n° 4 de la station du pont"),
        UploadProgressed("a", "f", 5, 10),
    )
    line = lines_after(RUN, *long)[1]
    assert line.startswith("Comptages vélo de la ville 2020 ›"[:4])  # noqa: RUF001 - the sign shown
    assert "2020 › Rel" in line  # noqa: RUF001 - the sign shown
    assert "du pont" in line


def test_what_is_fetched_shows_how_much_has_come() -> None:
    fetched = (
        DatasetStarted("velos", "Vélos"),
        FetchStarted("velos", "a", "https://x.example/a", "Été"),
        FetchProgressed("velos", "a", 3_000_000, None),
    )
    line = lines_after(RUN, *fetched, width=60)[1]
    assert line.startswith("Vélos › Été ")  # noqa: RUF001 - the sign shown
    assert line.endswith("  3.0 MB fetched")
    assert cell_len(line) == 60


def test_failures_show_in_the_totals() -> None:
    lost = DatasetOutcome("gares", DatasetStatus.FAILED, "", error="no such dataset")
    lines = lines_after(
        RunStarted("p", 2, 2, dry_run=False),
        UploadFinished("velos", "a.csv", "broken off"),
        DatasetFinished(lost),
    )
    assert lines[-1] == "1/2 datasets · 0/2 files · 1 file failed · 1 dataset failed · 0 B sent"


def test_a_dry_run_shows_nothing_sent() -> None:
    lines = lines_after(RunStarted("p", 1, 2, dry_run=True))
    assert lines[0].endswith("─   0%")
    assert lines[1:] == ["0/1 dataset · 0/2 files"]


def test_no_name_reaches_the_terminal_as_markup_or_control(
    make_console: Callable[..., Console], clock: Clock
) -> None:
    console = make_console(width=120, terminal=False)
    display = LiveDisplay(console, clock=clock)
    display(RUN)
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


def test_what_is_over_in_a_second_is_not_shown(
    make_console: Callable[..., Console], clock: Clock
) -> None:
    console = make_console(terminal=False)
    display = LiveDisplay(console, clock=clock)
    display(Reading(("m.yaml",), 500))
    console.print(display)
    assert "Reading" not in written(console)
    clock.forward(1.5)
    console.print(display)
    assert "Reading m.yaml: 500 files so far" in written(console)


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
