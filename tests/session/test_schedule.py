"""When runs are due, on the clocks of a time zone; and that they follow each other."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bulkpub.errors import SettingsInvalid
from bulkpub.session.schedule import Due, Schedule, follow


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "following"),
    [
        (
            "30 8 * * 1",
            "Europe/Paris",
            "2026-07-01T00:00",
            ["2026-07-06T06:30", "2026-07-13T06:30"],
        ),
        ("30 8 * * 1", "UTC", "2026-07-01T00:00", ["2026-07-06T08:30"]),
        ("30 8 * * 1", "Europe/Paris", "2026-01-01T00:00", ["2026-01-05T07:30"]),
        # Exactly then is not after.
        ("0 0 * * *", "UTC", "2026-01-01T00:00", ["2026-01-02T00:00"]),
        # In Paris 2:30 is left out on March 29, 2026: it comes right after, at 3:00.
        (
            "30 2 * * *",
            "Europe/Paris",
            "2026-03-28T12:00",
            ["2026-03-29T01:00", "2026-03-30T00:30"],
        ),
        # There 2:30 is there twice on October 25, 2026: it comes once.
        (
            "30 2 * * *",
            "Europe/Paris",
            "2026-10-24T12:00",
            ["2026-10-25T00:30", "2026-10-26T01:30"],
        ),
        # What runs every hour runs in both of them.
        (
            "0 * * * *",
            "Europe/Paris",
            "2026-10-24T23:30",
            ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
        ),
    ],
)
def test_when_runs_are_due(cron: str, zone: str, after: str, following: Sequence[str]) -> None:
    schedule, moment = Schedule(cron, zone), at(after)
    for wanted in following:
        moment = schedule.next_after(moment)
        assert moment == at(wanted)


@pytest.mark.parametrize(
    ("cron", "zone", "sentence"),
    [
        ("30 8 * *", "UTC", "is no cron expression"),
        ("61 8 * * 1", "UTC", "is no cron expression"),
        ("every monday", "UTC", "is no cron expression"),
        ("0 0 30 2 *", "UTC", "'0 0 30 2 *'"),
        ("30 8 * * 1", "Europe/Pariss", "there is no time zone 'Europe/Pariss'"),
        ("30 8 * * 1", "../etc", "there is no time zone"),
        ("30 8 * * 1", "", "there is no time zone"),
    ],
)
def test_what_is_no_schedule_is_told(cron: str, zone: str, sentence: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Schedule(cron, zone)
    assert sentence in str(refused.value)


class Clock:
    """A clock that goes on by sleeping, and by what runs take."""

    def __init__(self, start: str) -> None:
        self.moment = at(start)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.moment += timedelta(seconds=seconds)


async def runs(
    cron: str, start: str, took: Sequence[timedelta], since: str | None = None
) -> list[tuple[datetime, Due]]:
    """When runs that took so long began, and what was due then."""
    clock, begun = Clock(start), list[tuple[datetime, Due]]()

    async def run(due: Due, following: datetime) -> bool:
        assert due.since < following
        begun.append((clock.moment, due))
        clock.moment += took[len(begun) - 1]
        return len(begun) < len(took)

    last = at(since) if since else None
    await follow(Schedule(cron, "UTC"), run, sleep=clock.sleep, now=clock.now, since=last)
    return begun


MINUTE = timedelta(minutes=1)


async def test_a_run_is_made_when_it_is_due() -> None:
    begun = await runs("0 * * * *", "2026-01-01T00:30", [MINUTE, MINUTE])
    hours = [at("2026-01-01T01:00"), at("2026-01-01T02:00")]
    assert begun == [(hour, Due(hour)) for hour in hours]


async def test_what_was_missed_while_a_run_took_too_long_is_made_up_for_once() -> None:
    begun = await runs("0 * * * *", "2026-01-01T00:30", [150 * MINUTE, MINUTE, MINUTE])
    assert begun == [
        (at("2026-01-01T01:00"), Due(at("2026-01-01T01:00"))),
        (at("2026-01-01T03:30"), Due(at("2026-01-01T03:00"), missed=1)),
        (at("2026-01-01T04:00"), Due(at("2026-01-01T04:00"))),
    ]


@pytest.mark.parametrize(
    ("since", "begun"),
    [
        (None, (at("2026-01-06T00:00"), Due(at("2026-01-06T00:00")))),
        ("2026-01-05T00:00", (at("2026-01-06T00:00"), Due(at("2026-01-06T00:00")))),
        ("2026-01-02T00:00", (at("2026-01-05T12:00"), Due(at("2026-01-05T00:00"), missed=2))),
    ],
)
async def test_what_was_missed_while_nothing_watched_is_made_up_for_once(
    since: str | None, begun: tuple[datetime, Due]
) -> None:
    assert await runs("0 0 * * *", "2026-01-05T12:00", [MINUTE], since) == [begun]
