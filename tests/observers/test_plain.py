from datetime import UTC, datetime
from io import StringIO
from typing import Protocol

import pytest

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.observers.events import (
    DatasetFinished,
    DatasetStarted,
    Event,
    PlanReady,
    QuotaSeen,
    RunStarted,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.plain import PlainProgress

UNTIL = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)
STARTED = RunStarted("p", 2, 3, dry_run=False)


class Clock(Protocol):
    def __call__(self) -> float: ...
    def forward(self, seconds: float) -> None: ...


def told(
    clock: Clock, *events: Event, apart_s: float = 0.0, shows_trouble: bool = True
) -> list[str]:
    stream = StringIO()
    progress = PlainProgress(stream, clock, shows_trouble=shows_trouble)
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
        shows_trouble=False,
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


def test_a_failure_is_told_at_once_and_once(clock: Clock) -> None:
    lines = told(
        clock,
        STARTED,
        UploadFinished("velos", "a\x1b.csv", "the portal broke off"),
        dataset("velos", failed("a\x1b.csv", "the portal broke off"), failed("b.csv", "gone")),
        dataset("gares", failed("c.csv", "no such dataset"), error="no such dataset"),
    )
    assert lines == [
        r"failed: velos › a\x1b.csv: the portal broke off",  # noqa: RUF001 - the sign shown
        "failed: velos › b.csv: gone",  # noqa: RUF001 - the sign shown
        "failed: gares: no such dataset",
    ]


def test_a_long_wait_is_told_at_once_and_once(clock: Clock) -> None:
    wait = Waiting("quota used up", 600, UNTIL)
    assert told(clock, wait, wait, Waiting("pacing", 2, UNTIL), wait) == [
        "quota used up: waiting until 14:32 UTC (10 min 00 s)"
    ]


def test_a_second_long_wait_is_told_again(clock: Clock) -> None:
    wait = Waiting("quota used up", 600, UNTIL)
    assert len(told(clock, wait, wait, apart_s=700)) == 2


@pytest.mark.parametrize(
    "event",
    [
        UploadFinished("velos", "a.csv", "broken off"),
        dataset("velos", error="gone"),
        Waiting("quota used up", 600, UNTIL),
    ],
)
def test_trouble_is_left_to_the_log_when_the_log_is_there(clock: Clock, event: Event) -> None:
    assert told(clock, event, shows_trouble=False) == []


def test_a_reader_that_went_away_does_not_stop_the_run(clock: Clock) -> None:
    class Broken(StringIO):
        def write(self, _text: str, /) -> int:
            raise BrokenPipeError

    PlainProgress(Broken(), clock)(Waiting("quota used up", 600, UNTIL))
    closed = StringIO()
    closed.close()
    PlainProgress(closed, clock)(Waiting("quota used up", 600, UNTIL))
