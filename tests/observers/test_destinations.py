"""Of several destinations, those who watch a run say which one something happened at."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import structlog
from structlog.testing import capture_logs

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.observers.events import (
    DatasetFinished,
    DatasetStarted,
    Event,
    FetchFinished,
    FetchProgressed,
    FetchStarted,
    Forecast,
    PlanReady,
    QuotaSeen,
    Retrying,
    RunStarted,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.log import LogObserver
from bulkpub.observers.plain import PlainProgress
from bulkpub.observers.progress import RunProgress
from bulkpub.observers.screen import frame

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def outcome(destination: str, *, failed: bool = False) -> DatasetOutcome:
    status = ResourceStatus.FAILED if failed else ResourceStatus.CREATED
    error = "no" if failed else None
    resource = ResourceOutcome("a.csv", status, "new", source="a.csv", error=error)
    whole = DatasetStatus.FAILED if failed else DatasetStatus.CREATED
    return DatasetOutcome("k", whole, "new", resources=(resource,), destination=destination)


def story(destination: str, *, failed: bool = False) -> list[Event]:
    said: dict[str, Any] = {"destination": destination}
    return [
        RunStarted(f"https://{destination}.example", 1, 2, dry_run=False, **said),
        Forecast(3, RateLimit(100, 50), 0.0, **said),
        QuotaSeen(RateLimit(100, 50 if failed else 80), **said),
        DatasetStarted("k", "K", **said),
        PlanReady("k", 1, 10, **said),
        FetchStarted("k", "b.csv", "https://x.example/b.csv", **said),
        FetchProgressed("k", "b.csv", 5, 10, **said),
        FetchFinished("k", "b.csv", **said),
        UploadStarted("k", "a.csv", 10, 1, **said),
        UploadProgressed("k", "a.csv", 6, 10, **said),
        Retrying("POST", "/datasets/", "it broke off", 1.0, 1, **said),
        Waiting(WaitReason.USED_UP, 2.0, NOON, **said),
        UploadFinished("k", "a.csv", "no" if failed else None, **said),
        DatasetFinished(outcome(destination, failed=failed), **said),
    ]


def both() -> list[Event]:
    """The same dataset at two places, step by step."""
    pairs = zip(story("one"), story("two", failed=True), strict=True)
    return [event for pair in pairs for event in pair]


def test_what_happens_at_one_is_not_taken_for_what_happens_at_the_other() -> None:
    progress = RunProgress(0.0)
    seen: set[tuple[str, str]] = set()
    for number, event in enumerate(both()):
        progress.note(event, float(number))
        seen |= progress.uploads.keys()
    assert seen == {("one: k", "a.csv"), ("two: k", "a.csv")}
    assert progress.portal == "one, two"
    assert (progress.datasets, progress.files) == (2, 4)
    assert (progress.datasets_done, progress.files_done, progress.files_failed) == (2, 1, 1)
    assert progress.bytes_sent == 16
    assert progress.bytes_fetched == 10
    assert not progress.uploads
    assert not progress.fetches
    # The one that has to wait first is the one to know of.
    assert progress.quota.remaining == 50


def test_every_line_of_the_log_says_which() -> None:
    structlog.reset_defaults()
    with capture_logs() as lines:
        observer = LogObserver()
        for event in both():
            observer(event)
    assert len(lines) > 12
    for name in ("one", "two"):
        assert sum(line.get("destination") == name for line in lines) == len(lines) // 2
    assert {line["dataset"] for line in lines if "dataset" in line} == {"k"}


def test_of_one_portal_no_line_does() -> None:
    structlog.reset_defaults()
    with capture_logs() as lines:
        LogObserver()(DatasetStarted("k", "K"))
    assert "destination" not in lines[0]


def test_plain_lines_say_it_of_forecasts_and_waits() -> None:
    out = StringIO()
    observer = PlainProgress(out, lambda: 0.0, 0.0)
    for event in both():
        observer(event)
    text = out.getvalue()
    assert "one: Needs 3 requests at most. The quota has 50 of 100 left." in text
    assert "two: Needs 3 requests at most." in text
    assert "two: Quota used up: going on at " in text


def test_a_file_that_is_on_its_way_to_two_portals_is_told_apart() -> None:
    progress = RunProgress(0.0)
    for event in both()[:22]:
        progress.note(event, 1.0)
    lines = frame(progress, 80, 25, now=2.0, moment=NOON)
    shown = [line.plain.split("  ")[0] for line in lines]
    assert {"one: K › a.csv", "two: K › a.csv"} <= set(shown)  # noqa: RUF001 - the sign shown
