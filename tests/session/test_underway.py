"""Who asks a run to end is not made to wait for what nobody would wait for."""

from datetime import UTC, datetime, timedelta

import pytest

from bulkpub.core.waits import WaitReason
from bulkpub.observers.events import Event, UploadFinished, UploadProgressed, UploadStarted, Waiting
from bulkpub.session.underway import Underway

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENDING = UploadProgressed("a", "1.csv", 5, 10)
HELD_BACK = Waiting(WaitReason.PACING, 72, NOW + timedelta(seconds=72))
LET_GO = Waiting(WaitReason.PACING, 72, NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("events", "patience_s"),
    [
        ([], 3.0),
        ([SENDING], 30.0),
        ([SENDING, HELD_BACK], 30.0),
        ([HELD_BACK], 0.0),
        ([LET_GO], 3.0),
        ([UploadStarted("a", "1.csv", 10, 1), HELD_BACK], 0.0),  # it waits for its turn
        ([SENDING, UploadFinished("a", "1.csv")], 3.0),
        ([SENDING, UploadFinished("a", "1.csv"), HELD_BACK], 0.0),
    ],
)
def test_files_on_their_way_are_worth_a_wait_and_waiting_is_not(
    events: list[Event], patience_s: float
) -> None:
    underway = Underway()
    for event in events:
        underway.note(event)
    assert underway.patience(30.0, 3.0, NOW) == patience_s


def test_a_system_that_stops_us_is_not_kept_waiting() -> None:
    underway = Underway()
    underway.note(SENDING)
    assert underway.patience(3.0, 3.0, NOW) == 3.0
