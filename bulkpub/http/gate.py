"""Before each request: its turn. Puts `http.pace` into practice, with a clock and real waiting.

It also decides when waiting makes no sense any more: a quota that opens later than the user
is ready to wait for, and a portal that has been down for too long.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import anyio

from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.errors import StoppedEarly
from bulkpub.http.clock import unix_time
from bulkpub.http.flight import Flight
from bulkpub.http.lease import Standing
from bulkpub.http.pace import (
    HOUR,
    Pace,
    give_back,
    held_back_by,
    observe,
    pass_on,
    plentiful,
    release,
    reserve,
    resume,
    to_spare,
)
from bulkpub.http.signals import Signal
from bulkpub.language import say

__all__ = ["Gate", "GateLimits", "PaceOwner"]

WORTH_ANNOUNCING = 1.0
"""Seconds; shorter waits are pacing, nobody needs to hear of them."""


PASSED_ON = 32
"""How often a turn passes from one request to the next elsewhere, at most: others want it, too."""
LOOK_AGAIN = 5.0
"""Seconds after which a wait is worked out again."""


class PaceOwner(Protocol):
    """Who says when the next request may start; one for each key and portal, whoever asks.

    Who was given a turn tells what came of it: `learn`, or `abandon` to give it back. A request
    that is `aside` is one that the portal deals with for long and by itself: it takes no place
    among the requests in flight.
    """

    @property
    def at_once(self) -> int:
        """How many requests it is worth having in flight, as far as is known."""

    @property
    def ever_answered(self) -> bool:
        """Whether the portal has worked in this run."""

    @property
    def rate_limit(self) -> RateLimit:
        """The rate limit as last seen."""

    @property
    def quota_waited(self) -> float:
        """Seconds during which requests were held back for the quota."""

    async def turn(self, *, aside: bool = False) -> None:
        """Wait until the next request may start; it then counts as under way.

        Raises `StoppedEarly` when that would take longer than the user is ready to wait.
        """

    def learn(self, signal: Signal) -> None:
        """Take note of an answer, or of a request that was sent and got none."""

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:
        """Take note that a request, sent at `started_at`, ended for a reason of our own."""

    def check_patience(self) -> None:
        """Raise `StoppedEarly` when the portal has been down for longer than we wait for it."""


class Stopwatch:
    """Seconds during which at least one of many was waiting."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._running = 0
        self._since = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time spent in the context; contexts that overlap count once."""
        if self._running == 0:
            self._since = time.perf_counter()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if self._running == 0:
                self.seconds += time.perf_counter() - self._since


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How long to wait at most, in seconds; None: as long as it takes.

    `max_wait` is for the quota, `give_up_after` for a portal that is down. `quota_reserve` is
    the share of the quota left to the key's other users, `most` the requests in flight, of which
    only as many as make the portal faster when it `finds` that out (`http.flight`). `window` is
    the time in seconds that the announced limit is for.
    """

    max_wait: float | None = None
    give_up_after: float = 600.0
    quota_reserve: float = 0.05
    most: int = 64
    finds: bool = False
    window: float = HOUR


@dataclass(slots=True)
class Gate:
    """The one gate to one portal, for all requests of a run: the `PaceOwner` of one process.

    Requests pass in the order in which they come to it.
    `ever_answered` tells that the portal has worked in this run. `on_wait` is told the reason,
    the seconds and the end (UTC) of every wait worth telling. `awake` gives seconds that stand
    still while the machine sleeps: a portal is not down while nobody asks it (None: `clock`).

    Other processes share it through `http.lending`, which asks for turns with `try_turn` and is
    told (`notify`) when there may be some; so many requests of this process are `waiting`,
    and so many turns are lent and `idle`: they count as in flight, though nothing is. Whether
    there were more to do than may be in flight is `longed_for`: what they are told comes a moment
    late, and fewer are in flight in that moment.
    """

    limits: GateLimits = field(default_factory=GateLimits)
    on_wait: Callable[[WaitReason, float, datetime], None] = lambda *_: None
    clock: Callable[[], float] = unix_time
    awake: Callable[[], float] | None = None
    quota_wait: Stopwatch = field(default_factory=Stopwatch)
    _pace: Pace = field(init=False)
    _flight: Flight | None = field(init=False)
    ever_answered: bool = False
    waiting: int = 0
    idle: int = 0
    longed_for: bool = False
    _line: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _down_since: float | None = None
    _announced_until: float = 0.0
    _on_change: Callable[[], None] = field(init=False, default=lambda: None)

    def __post_init__(self) -> None:
        limits = self.limits
        self._pace = Pace(limits.quota_reserve, float(limits.most), limits.window)
        self._flight = Flight(limits.most) if limits.finds else None

    @property
    def at_once(self) -> int:
        """See `PaceOwner`."""
        return self.limits.most if self._flight is None else self._flight.level

    async def turn(self, *, aside: bool = False) -> None:
        """See `PaceOwner`."""
        self.waiting += 1
        try:
            async with self._line:  # whoever is first in it waits for a change, alone
                while wait := self.try_turn(aside=aside):
                    self.check(wait)
                    # To wait for a place among the requests in flight is work going on, no delay.
                    counted = nullcontext() if math.isinf(wait) else self.quota_wait.running()
                    # Not longer at a time: while the machine sleeps, the timer of the wait stops.
                    with counted, anyio.move_on_after(min(wait, LOOK_AGAIN)):
                        await self._changed.wait()
        finally:
            self.waiting -= 1
            self._on_change()

    def try_turn(self, *, aside: bool = False, early: float = 0.0) -> float:
        """Take a turn now, or else say in how many seconds to try again: 0 means that it is taken.

        `inf`: only an answer can change it. One that is due within `early` seconds, and waits for
        nothing but to be spread, is given at once.
        """
        now, at_once = self.clock(), self.at_once
        if self._flight is not None:  # a level that was found is for requests that are on their way
            at_once += self.idle
        self._pace, wait = reserve(self._pace, now, at_once=at_once, aside=aside)
        if 0.0 < wait <= early and now >= self._pace.closed_until:
            due, reset_at = now + wait, self._pace.reset_at
            if reset_at is None or due < reset_at:
                pace, later = reserve(self._pace, due, at_once=at_once, aside=aside)
                if not later:
                    self._pace, wait = pace, 0.0
        return wait

    def notify(self, on_change: Callable[[], None]) -> None:
        """Have `on_change` called whenever there may be a turn that was not there before."""
        self._on_change = on_change

    @property
    def plentiful(self) -> bool:
        """Whether nothing but the number in flight bounds requests, as far as is known."""
        return plentiful(self._pace)

    def learn(self, signal: Signal) -> None:
        """See `PaceOwner`."""
        now = self.clock()
        if self._flight is not None and not signal.aside:
            self._tell_flight(self._flight, signal, now)
        self._pace = observe(self._pace, signal, now)
        if not signal.congested or signal.refused:
            self._down_since, self.ever_answered = None, True
        elif self._down_since is None:
            self._down_since = self._awake()
        self._wake()

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:
        """See `PaceOwner`."""
        self._pace = release(self._pace, aside=aside, granted_at=started_at, now=self.clock())
        self._wake()

    def give_back(self, *, aside: bool = False, granted_at: float = math.inf) -> None:
        """Take note that a turn taken at `granted_at` was never used."""
        self._pace = give_back(self._pace, aside=aside, granted_at=granted_at)
        self._wake()

    def pass_on(self) -> None:
        """Take note that a request started elsewhere in the place of one that was answered."""
        self._pace = pass_on(self._pace)

    @property
    def again(self) -> int:
        """How often a turn that is lent may pass on from one request to the next, unasked.

        Not at all where that could use what is to be spread, before anybody here hears of it.
        """
        if not self.plentiful:
            return 0
        return int(min(PASSED_ON, max(to_spare(self._pace) / (2 * self.limits.most) - 1, 0)))

    def resume(self, *, aside: bool = False) -> None:
        """Take note that a request is under way after all which was abandoned."""
        self._pace = resume(self._pace, aside=aside)

    def check_patience(self) -> None:
        """Raise `StoppedEarly` when the portal has been down for longer than `give_up_after`."""
        lasted = 0.0 if self._down_since is None else self._awake() - self._down_since
        if lasted > self.limits.give_up_after:
            raise StoppedEarly(
                say(
                    "the portal has been down for {lasted:.0f} s; run again when it is back",
                    lasted=lasted,
                )
            )

    @property
    def rate_limit(self) -> RateLimit:
        """See `PaceOwner`."""
        pace = self._pace
        return RateLimit(
            pace.limit,
            None if pace.remaining is None else max(pace.remaining, 0),
            None if pace.reset_at is None else datetime.fromtimestamp(pace.reset_at, UTC),
        )

    @property
    def quota_waited(self) -> float:
        """See `PaceOwner`; many waiting at once count once."""
        return self.quota_wait.seconds

    def standing(self, wait: float) -> Standing:
        """How it stands for those elsewhere who wait, as `try_turn` said `wait`."""
        now, stopped, given_up = self.clock(), None, None
        try:
            self.check(wait)
        except StoppedEarly as error:
            stopped = error.args[0]
        try:
            self.check_patience()
        except StoppedEarly as error:
            given_up = error.args[0]
        return Standing(
            wait,
            held_back_by(self._pace, now),
            None if math.isinf(wait) else datetime.fromtimestamp(now + wait, UTC),
            self.at_once,
            self.rate_limit,
            self.ever_answered,
            stopped,
            given_up,
            self.again,
        )

    def check(self, wait: float) -> None:
        """Tell of a long wait, once, and refuse one that is too long (`StoppedEarly`)."""
        if math.isinf(wait) or wait < WORTH_ANNOUNCING:
            return
        now = self.clock()
        until = datetime.fromtimestamp(now + wait, UTC)
        reason = held_back_by(self._pace, now)
        if self.limits.max_wait is not None and wait > self.limits.max_wait:
            raise StoppedEarly(_too_long(reason, until, wait / 60))
        if self._down_since is not None:
            down_for = self._awake() + wait - self._down_since
            if down_for > self.limits.give_up_after:
                raise StoppedEarly(
                    say(
                        "the portal is down, and asks to wait until {until:%H:%M} UTC: that is "
                        "longer than `give_up_after` allows; run again when it is back",
                        until=until,
                    )
                )
        if now + wait > self._announced_until:
            self._announced_until = now + wait + WORTH_ANNOUNCING
            self.on_wait(reason, wait, until)

    def _tell_flight(self, flight: Flight, signal: Signal, now: float) -> None:
        if signal.congested or signal.seconds is None:
            flight.disturbed(now)
            return
        flight.answered(
            signal.what,
            signal.size,
            signal.seconds,
            started_at=signal.started_at,
            now=now,
            in_flight=max(
                self._pace.in_flight - self._pace.aside - self.idle,
                flight.level if self.longed_for else 0,
            ),
        )

    def _awake(self) -> float:
        return (self.awake or self.clock)()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
        self._on_change()


def _too_long(reason: WaitReason, until: datetime, minutes: float) -> str:
    """Why nobody waits, in a sentence."""
    match reason:
        case WaitReason.PACING:
            return say(
                "the rest of the quota is spread, and the next request is due at {until:%H:%M} "
                "UTC, in {minutes:.0f} min: that is longer than `max_wait` allows; run again "
                "later to go on",
                until=until,
                minutes=minutes,
            )
        case WaitReason.USED_UP:
            return say(
                "the quota is used up until {until:%H:%M} UTC, in {minutes:.0f} min: that is "
                "longer than `max_wait` allows; run again later to go on",
                until=until,
                minutes=minutes,
            )
        case WaitReason.ASKED:
            return say(
                "the portal asks to wait until {until:%H:%M} UTC, in {minutes:.0f} min: that is "
                "longer than `max_wait` allows; run again later to go on",
                until=until,
                minutes=minutes,
            )
