"""When runs are due, and runs one after the other when they are.

The rules: times are those of a clock on the wall of `zone`; where that is put forward, a run in the
hour that is left out comes right after it, and where it is put back, one in the hour that is there
twice comes once. Runs never overlap. What was missed, because a run took too long, the machine
slept or nothing ran, is made up for by one run, as that makes all as wanted.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from bulkpub.errors import SettingsInvalid
from bulkpub.language import say

__all__ = ["Due", "Schedule", "follow"]

LONGEST_NAP_S = 30.0
"""Seconds after which the clock is looked at again: it may be set, and machines sleep."""
MOST_COUNTED = 10_000
"""Missed runs that are counted; more is no news."""


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due: since when (UTC), and how many before it were missed."""

    since: datetime
    missed: int = 0


class Schedule:
    """When runs are due: a cron expression of five fields, on the clocks of a time zone."""

    def __init__(self, cron: str, zone: str) -> None:
        """Raises `SettingsInvalid` when one of them is none, or no run is ever due."""
        self.cron = cron
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsInvalid(
                say("there is no time zone '{zone}'; one is like Europe/Paris", zone=zone)
            ) from None
        try:
            self.next_after(datetime.now(UTC))
        except CronSimError as error:
            raise SettingsInvalid(
                say(
                    "'{cron}' is no cron expression: {error}; one is like '30 8 * * 1', at 8:30 "
                    "on Mondays",
                    cron=cron,
                    error=str(error).lower(),
                )
            ) from None
        except StopIteration:
            raise SettingsInvalid(say("'{cron}' is a day that never comes", cron=cron)) from None

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` that a run is due, in UTC."""
        return next(CronSim(self.cron, moment.astimezone(self._zone))).astimezone(UTC)

    def due_by(self, since: datetime, now: datetime) -> Due:
        """The last of the runs that were due from `since` on until `now`, those before it missed.

        `since` is one of them.
        """
        last, missed = since, 0
        while missed < MOST_COUNTED and (following := self.next_after(last)) <= now:
            last, missed = following, missed + 1
        return Due(last, missed)


async def follow(
    schedule: Schedule,
    run: Callable[[Due, datetime], Awaitable[bool]],
    *,
    sleep: Callable[[float], Awaitable[object]],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    since: datetime | None = None,
) -> None:
    """Make a `run` whenever one is due, until it returns False.

    `run` is given what is due and when the next run is. `since` is when the last one was due
    before, None when that is not known: then nothing was missed. `sleep` may take less time.
    """
    due = schedule.next_after(since or now())
    while True:
        while (moment := now()) < due:
            await sleep(min((due - moment).total_seconds(), LONGEST_NAP_S))
        this = schedule.due_by(due, moment)
        due = schedule.next_after(this.since)
        if not await run(this, due):
            return
