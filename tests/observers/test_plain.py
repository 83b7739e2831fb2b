from datetime import UTC, datetime
from io import StringIO
from typing import Protocol

import pytest

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.observers.events import (
    Comparing,
    DatasetFinished,
    DatasetStarted,
    Event,
    Forecast,
    PlanReady,
    QuotaSeen,
    Reading,
    RunStarted,
    Stopping,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.plain import PlainProgress

UNTIL = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)
LOCAL = f"{UNTIL.astimezone():%H:%M}"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STARTED = RunStarted("p", 2, 3, dry_run=False)


class Clock(Protocol):
    def __call__(self) -> float: ...
    def forward(self, seconds: float) -> None: ...


def told(clock: Clock, *events: Event, apart_s: float = 0.0, shows_waits: bool = True) -> list[str]:
    stream = StringIO()
    progress = PlainProgress(stream, clock, shows_waits=shows_waits, calendar=lambda: NOON)
    for event in events:
        clock.forward(apart_s)
        progress(event)
    assert "\x1b" not in stream.getvalue()
    return stream.getvalue().splitlines()


def dataset(key: str, *resources: ResourceOutcome, error: str | None = None) -> DatasetFinished:
    status = DatasetStatus.FAILED if error else DatasetStatus.UPDATED
    return DatasetFinished(DatasetOutcome(key, status, "", error=error, resources=resources))


def failed(key: str, error: str) -> ResourceOutcome:
    return ResourceOutcome(key, ResourceStatus.FAILED, "", error=error)


def test_a_line_now_and_then() -> None:
    class FastClock:
        now = 0.0

        def __call__(self) -> float:
            self.now += 0.1
            return self.now

    stream = StringIO()
    progress = PlainProgress(stream, FastClock(), every_s=10)
    progress(STARTED)
    progress(UploadStarted("velos", "a.csv", 10**9, 1))
    for sent in range(1, 501):
        progress(UploadProgressed("velos", "a.csv", sent * 1_000_000, 10**9))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[0] == "0/2 datasets, 0/3 files, 99.0 MB sent, 10.0 MB/s"


def test_figures_tell_failures_and_quota(clock: Clock) -> None:
    lines = told(
        clock,
        STARTED,
        QuotaSeen(RateLimit(1000, 870)),
        UploadStarted("velos", "a.csv", 5000, 1),
        UploadFinished("velos", "a.csv"),
        dataset("gares", error="no such dataset"),
        dataset("arbres", failed("b.csv", "gone")),
        apart_s=1.9,
        shows_waits=False,
    )
    (line,) = lines
    figures, _, speed = line.rpartition(", ")
    assert figures == (
        "2/2 datasets, 1/3 files, 1 file failed, 1 dataset failed, 870 requests left, 5.0 kB sent"
    )
    assert speed == "877 B/s"


def test_nothing_is_said_when_everything_is_unchanged(clock: Clock) -> None:
    unchanged = ResourceOutcome("a.csv", ResourceStatus.UNCHANGED, "")
    events: list[Event] = [
        STARTED,
        DatasetStarted("velos", "V"),
        PlanReady("velos", 0, 0),
        dataset("velos", unchanged),
    ]
    assert told(clock, *events * 10, apart_s=60) == []


def test_nothing_is_said_twice(clock: Clock) -> None:
    upload = (UploadStarted("velos", "a.csv", 5000, 1), UploadFinished("velos", "a.csv"))
    quota = QuotaSeen(RateLimit(None, None))
    assert len(told(clock, STARTED, *upload, *[quota] * 50, apart_s=11)) == 1


def test_a_dry_run_sends_nothing_and_says_nothing(clock: Clock) -> None:
    dry = RunStarted("p", 2, 3, dry_run=True)
    assert told(clock, dry, PlanReady("velos", 3, 30), PlanReady("g", 3, 30), apart_s=60) == []


def test_a_long_wait_is_told_at_once_and_once(clock: Clock) -> None:
    wait = Waiting(WaitReason.USED_UP, 600, UNTIL)
    assert told(clock, wait, wait, Waiting(WaitReason.PACING, 2, UNTIL), wait) == [
        f"Quota used up: going on at {LOCAL}, in 10 min 00 s"
    ]


def test_a_second_long_wait_is_told_again(clock: Clock) -> None:
    wait = Waiting(WaitReason.USED_UP, 600, UNTIL)
    assert len(told(clock, wait, wait, apart_s=700)) == 2


@pytest.mark.parametrize(
    "event",
    [
        UploadFinished("velos", "a.csv", "broken off"),
        dataset("velos", error="gone"),
        Waiting(WaitReason.USED_UP, 600, UNTIL),
    ],
)
def test_waits_are_left_to_the_log_and_failures_to_the_end(clock: Clock, event: Event) -> None:
    assert told(clock, event, shows_waits=False) == []


def test_of_a_pace_one_hears_now_and_then(clock: Clock) -> None:
    paces = [Waiting(WaitReason.PACING, 72, UNTIL)] * 10
    lines = told(clock, *paces, apart_s=72)
    assert len(lines) == 2
    assert lines[0] == f"Pacing: next request {LOCAL}:00, in 1 min 12 s"


def test_a_failure_is_not_told_before_the_end(clock: Clock) -> None:
    failures = (UploadFinished("velos", "a.csv", "broken off"), dataset("gares", error="gone"))
    assert told(clock, STARTED, *failures) == []


def test_what_is_read_and_asked_for_long_is_said(clock: Clock) -> None:
    reading = [Reading(("m.yaml",), 500 * number) for number in range(30)]
    lines = told(clock, *reading, Comparing("demo", 2, 15_000), apart_s=1.0)
    assert lines == [
        "Reading m.yaml: 4,500 files so far",
        "Reading m.yaml: 9,500 files so far",
        "Reading m.yaml: 14,500 files so far",
    ]
    assert told(clock, Comparing("demo", 2, 15_000), apart_s=20.0) == [
        "Asking demo what it has: 2 datasets, 15,000 files"
    ]


def test_how_much_is_done_and_left_is_told(clock: Clock) -> None:
    lines = told(
        clock,
        STARTED,
        Forecast(4, RateLimit(), 0.0, 10**9, {"velos": (4, 10**9)}),
        DatasetStarted("velos", "V"),
        UploadStarted("velos", "a.csv", 10**9, 1),
        UploadProgressed("velos", "a.csv", 250_000_000, 10**9),
        apart_s=2.5,
    )
    (line,) = lines
    assert line.startswith("25%, 0/2 datasets, 0/3 files, 250.0 MB sent, ")
    assert line.endswith(", about 22 s left")


def test_the_longer_it_takes_the_fewer_are_the_lines(clock: Clock) -> None:
    uploads = [UploadProgressed("velos", "a.csv", sent, 10**9) for sent in range(7200)]
    started = UploadStarted("velos", "a.csv", 10**9, 1)
    assert 40 < len(told(clock, STARTED, started, *uploads, apart_s=1.0)) < 100


def test_that_it_stops_is_told_at_once(clock: Clock) -> None:
    assert told(clock, Stopping(4, 30.0)) == [
        "Stopping: 4 uploads are being finished, for 30 s at most. Ctrl-C again stops now."
    ]


def test_a_reader_that_went_away_does_not_stop_the_run(clock: Clock) -> None:
    class Broken(StringIO):
        def write(self, _text: str, /) -> int:
            raise BrokenPipeError

    PlainProgress(Broken(), clock)(Waiting(WaitReason.USED_UP, 600, UNTIL))
    closed = StringIO()
    closed.close()
    PlainProgress(closed, clock)(Waiting(WaitReason.USED_UP, 600, UNTIL))
