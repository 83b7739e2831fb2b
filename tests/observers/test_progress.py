from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.observers.events import (
    DatasetFinished,
    DatasetStarted,
    Event,
    Forecast,
    QuotaSeen,
    Retrying,
    RunStarted,
    UploadFinished,
    UploadProgressed,
    UploadStarted,
    Waiting,
)
from bulkpub.observers.progress import Meter, RunProgress

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def outcome(*statuses: ResourceStatus, error: str | None = None) -> DatasetOutcome:
    failed = error is not None or ResourceStatus.FAILED in statuses
    return DatasetOutcome(
        key="velos",
        status=DatasetStatus.FAILED if failed else DatasetStatus.UPDATED,
        reason="",
        error=error,
        resources=tuple(ResourceOutcome(str(n), status, "") for n, status in enumerate(statuses)),
    )


def after(*events: Event) -> RunProgress:
    progress = RunProgress(0.0)
    for second, event in enumerate(events, start=1):
        progress.note(event, float(second))
    return progress


def test_a_meter_tells_the_speed_of_the_last_seconds() -> None:
    meter = Meter(0.0, window_s=5.0)
    for second in range(1, 21):
        meter.add(float(second), 100 * second)
    for second in range(21, 31):
        meter.add(float(second), 2000 + 300 * (second - 20))
    assert meter.rate(30.0) == pytest.approx(300.0)


def test_a_meter_falls_to_zero_when_nothing_moves() -> None:
    meter = Meter(0.0, window_s=5.0)
    meter.add(1.0, 1000)
    assert meter.rate(2.0) == pytest.approx(500.0)
    assert meter.rate(60.0) == 0.0


def test_a_meter_keeps_few_samples_however_often_it_is_told() -> None:
    meter = Meter(0.0, window_s=5.0)
    for thousandth in range(1, 20_000):
        meter.add(thousandth / 1000, thousandth)
    assert len(meter._samples) < 30
    assert meter.rate(20.0) == pytest.approx(1000.0, rel=0.02)


def test_a_meter_read_at_its_first_moment_has_no_speed() -> None:
    assert Meter(3.0).rate(3.0) == 0.0


def test_files_count_as_they_are_uploaded_and_once_only() -> None:
    upload = (UploadStarted("velos", "0", 10, 1), UploadFinished("velos", "0"))
    before = after(RunStarted("p", 1, 3, dry_run=False), DatasetStarted("velos", "V"), *upload)
    assert (before.files_done, before.files_failed, before.bytes_sent) == (1, 0, 10)
    before.note(DatasetFinished(outcome(*[ResourceStatus.CREATED] * 3)), 9.0)
    assert (before.datasets_done, before.files_done, before.files_failed) == (1, 3, 0)


def test_a_failed_attempt_counts_until_the_next_one_starts() -> None:
    progress = after(UploadStarted("velos", "0", 10, 1), UploadFinished("velos", "0", "broken off"))
    assert progress.files_failed == 1
    progress.note(UploadStarted("velos", "0", 10, 2), 3.0)
    assert progress.files_failed == 0


def test_bytes_of_a_repeated_attempt_are_counted_again() -> None:
    progress = after(
        UploadStarted("velos", "0", 10, 1),
        UploadProgressed("velos", "0", 6, 10),
        UploadFinished("velos", "0", "broken off"),
        UploadStarted("velos", "0", 10, 2),
        UploadProgressed("velos", "0", 10, 10),
        UploadFinished("velos", "0"),
    )
    assert progress.bytes_sent == 16
    assert not progress.uploads


def test_bytes_of_a_repeated_request_are_counted_again() -> None:
    progress = after(
        UploadStarted("velos", "0", 10, 1),
        UploadProgressed("velos", "0", 8, 10),
        UploadProgressed("velos", "0", 4, 10),
    )
    assert progress.bytes_sent == 12
    assert progress.uploads["velos", "0"].sent == 4


def test_the_end_of_an_upload_nobody_saw_start_still_counts() -> None:
    progress = after(UploadFinished("velos", "0"))
    assert (progress.files_done, progress.bytes_sent) == (1, 0)


def test_progress_of_an_unknown_upload_is_ignored() -> None:
    assert after(UploadProgressed("velos", "0", 6, 10)).bytes_sent == 0


@pytest.mark.parametrize(
    ("finished", "figures"),
    [
        (outcome(ResourceStatus.UNCHANGED, ResourceStatus.ADOPTED), (1, 0, 2, 0)),
        (outcome(ResourceStatus.CREATED, ResourceStatus.FAILED), (1, 0, 1, 1)),
        (outcome(ResourceStatus.PENDING, ResourceStatus.DELETED), (1, 0, 0, 0)),
        (outcome(error="no such dataset"), (1, 1, 0, 0)),
    ],
)
def test_an_outcome_settles_the_figures(
    finished: DatasetOutcome, figures: tuple[int, int, int, int]
) -> None:
    progress = after(DatasetStarted("velos", "V"), DatasetFinished(finished))
    shown = (
        progress.datasets_done,
        progress.datasets_failed,
        progress.files_done,
        progress.files_failed,
    )
    assert shown == figures


def test_of_several_waits_the_longest_is_told_until_it_is_over() -> None:
    long, short = Waiting(WaitReason.USED_UP, 60, NOON), Waiting(WaitReason.PACING, 1, NOON)
    progress = after(long, short)
    assert progress.wait(3.0) is long
    assert progress.wait(61.0) is None


def test_the_quota_is_the_last_one_seen() -> None:
    progress = after(
        QuotaSeen(RateLimit(1000, 5)),
        QuotaSeen(RateLimit(1000, 4)),
        Retrying("GET", "/me/", "502", 1.0, 1),
    )
    assert progress.quota.remaining == 4


# --- all of the work ------------------------------------------------------------------------


def at(destination: str, *events: Event) -> list[Event]:
    return [replace(event, destination=destination) for event in events]


HERE = (
    RunStarted("p", 1, 2, dry_run=False),
    Forecast(4, RateLimit(), 0.0, 8_000_000, {"velos": (4, 8_000_000)}),
    DatasetStarted("velos", "Vélos"),
    UploadStarted("velos", "0", 4_000_000, 1),
    UploadProgressed("velos", "0", 4_000_000, 4_000_000),
)


def test_a_dataset_of_one_key_at_two_destinations_is_two_pieces_of_work() -> None:
    progress = after(*at("demo", *HERE), *at("www", *HERE[:2]))
    assert progress.share() == pytest.approx(0.25)
    done = replace(outcome(ResourceStatus.CREATED, ResourceStatus.CREATED), destination="demo")
    progress.note(DatasetFinished(done, destination="demo"), 20.0)
    assert progress.share() == pytest.approx(0.5)
    progress.note(DatasetFinished(replace(done, destination="www"), destination="www"), 21.0)
    assert progress.share() == 1.0


def test_one_destination_that_is_done_is_not_all_of_it() -> None:
    done = replace(outcome(ResourceStatus.CREATED, ResourceStatus.CREATED), destination="demo")
    finished = DatasetFinished(done, destination="demo")
    progress = after(*at("demo", *HERE), *at("www", HERE[0]), finished)
    assert progress.share() == pytest.approx(0.5), "of www nobody knows yet how much there is"
    progress = after(*at("demo", *HERE), finished)
    assert progress.share() == 1.0
    for event in at("www", *HERE[:2]):
        progress.note(event, 30.0)
    assert progress.share() == pytest.approx(0.5)


def test_the_time_left_is_that_of_the_destination_that_takes_longest() -> None:
    quota = RateLimit(100, 0, NOON + timedelta(minutes=30))
    events = (*at("demo", *HERE), *at("www", *HERE[:2], QuotaSeen(quota)))
    left = after(*events).time_left(100.0, NOON)
    assert left is not None
    assert left == pytest.approx(1800.0, rel=0.02)


def test_a_plan_that_needs_nothing_is_done_when_its_datasets_are() -> None:
    progress = after(RunStarted("p", 2, 2, dry_run=False), Forecast(0, RateLimit(), 0.0))
    assert progress.share() == 0.0
    assert progress.time_left(3.0, NOON) is None
    progress.note(DatasetFinished(outcome()), 3.0)
    assert progress.share() == pytest.approx(0.5)


def test_before_the_forecast_nobody_knows_how_much_is_done() -> None:
    assert after(RunStarted("p", 2, 2, dry_run=False)).share() is None
    assert after(RunStarted("p", 2, 2, dry_run=True)).share() == 0.0
