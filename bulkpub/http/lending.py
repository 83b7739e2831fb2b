"""One pace for many processes: its owner lends turns, workers elsewhere borrow them.

Puts `http.lease` into practice, with clocks and real waiting. The `Lender` stands beside the
gate that owns the pace, and whose own requests go first; a `Borrower` is in each worker's process,
and gives what a session there needs: a `PaceOwner` that asks the other side. How messages travel
is not known here: each side has a function that sends, and is told what came.

The rule (the fence): a worker starts no request after its turn ran out by its own clock, nor when
nothing it asked was answered for `OUT_OF_TOUCH` seconds; it waits then, until it is heard again.
All calls of one side are made in one event loop.
"""

import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, assert_never

import anyio

from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.errors import StoppedEarly
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import LOOK_AGAIN, WORTH_ANNOUNCING, Gate, Stopwatch
from bulkpub.http.lease import (
    HEARTBEAT,
    IDLE,
    OUT_OF_TOUCH,
    Ask,
    Change,
    GivenBack,
    Learned,
    Lending,
    Lent,
    Loan,
    PassedOn,
    Purse,
    Released,
    Resumed,
    Standing,
)
from bulkpub.http.signals import Signal
from bulkpub.http.turns import Turns

__all__ = ["PORTAL", "Ask", "Borrower", "LeasedPace", "Lendable", "Lender", "Lent"]

PORTAL = "portal"
"""The name of the portal's pace."""
APART_BY = "apart/"
"""So begin the names of turns that are so many seconds apart."""
ROUND = 0.005
"""Seconds from one round of lending to the next, at least: what comes meanwhile goes together."""
EARLY = 0.02
"""Seconds by which a turn that is only spread may be lent early: it is on its way for a while."""
LONGEST_NAP = 1.0
"""Seconds after which the books are looked through for workers that are silent."""
APART = 0.005
"""Seconds from one `Ask` to the next, at least, however urgent."""
SOON = 0.05
"""Seconds from one `Ask` to the next that only tells something."""
LATER = 0.2
"""The same where turns pass on by themselves, so that nobody waits for what it leads to."""


class Lendable(Protocol):
    """What turns can be lent of: a `Gate`, `Places`, or `Turns` that are some time apart.

    `waiting` are requests of the owner's own process, which go first; see `Gate` for the rest.
    """

    waiting: int
    idle: int
    longed_for: bool

    def notify(self, on_change: Callable[[], None]) -> None:
        """Have `on_change` called whenever there may be a turn that was not there before."""

    @property
    def plentiful(self) -> bool:
        """Whether turns may be lent ahead."""

    def try_turn(self, *, aside: bool = False, early: float = 0.0) -> float:
        """Take a turn (0), or say in how many seconds to try again."""

    def learn(self, signal: Signal) -> None:
        """Take note of an answer."""

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:
        """Take note that a request ended with nothing to learn from."""

    def give_back(self, *, aside: bool = False, granted_at: float = math.inf) -> None:
        """Take note that a turn was never used."""

    def resume(self, *, aside: bool = False) -> None:
        """Take note that what was abandoned is under way."""

    def pass_on(self) -> None:
        """Take note that a turn passed from one that was answered to another, under way now."""

    def standing(self, wait: float) -> Standing:
        """How it stands for those who wait."""


def _nothing_else(name: str) -> Lendable:
    raise KeyError(name)


class Lender:
    """The owner's side, in the process of the coordinator.

    `tell` sends a message to a worker. A worker's name is of one process, and never used again.
    `other` gives what is lent besides, by the names that workers ask for it by.
    """

    def __init__(
        self,
        portal: Gate,
        tell: Callable[[str, Lent], None],
        *,
        other: Callable[[str], Lendable] = _nothing_else,
        clock: Callable[[], float] = unix_time,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._portal, self._tell, self._other = portal, tell, other
        self._clock, self._wall = clock, wall
        self._lending = Lending()
        self._paces: dict[str, Lendable] = {PORTAL: portal}
        self._apart: dict[float, Turns] = {}
        self._stirred = anyio.Event()
        self._held_back: ExitStack | None = None
        self._looked_at = -math.inf
        portal.notify(self._stir)

    @property
    def rate_limit(self) -> RateLimit:
        """The portal's, as any process saw it last."""
        return self._portal.rate_limit

    def apart(self, seconds: float) -> Turns:
        """Turns that are so many seconds apart, whichever process they are taken in."""
        return self._apart.setdefault(seconds, Turns(seconds, self._clock))

    def heard(self, worker: str, ask: Ask) -> None:
        """Take note of a worker's message; it is answered by the next round of `lend`."""
        for wish in ask.wishes:
            if wish.pace not in self._paces:
                self._paces[wish.pace] = pace = self._named(wish.pace)
                pace.notify(self._stir)
        self._settle(self._lending.heard(worker, ask, self._clock(), self._wall()))
        self._stir()

    def gone(self, worker: str) -> None:
        """Take note that a worker's process is dead, or is treated as if it were.

        Its turns come back now; what it says from now on is neither heard nor answered, so that
        one that lives after all starts nothing more.
        """
        self._settle(self._lending.gone(worker))
        self._stir()

    async def run(self) -> None:
        """Lend as turns come up, until cancelled."""
        try:
            while True:
                self._stirred = anyio.Event()
                nap = self.lend()
                await anyio.sleep(ROUND)
                with anyio.move_on_after(nap - ROUND):
                    await self._stirred.wait()
        finally:
            self._count_as_waiting(waits=False)

    def lend(self) -> float:
        """One round: lend what may be used now, and tell; in so many seconds comes the next."""
        now, nap = self._clock(), LONGEST_NAP
        if not 0 <= now - self._looked_at < LONGEST_NAP:
            self._looked_at = now
            self._settle(self._lending.overdue(now))
        waits = dict[str, float]()
        for name in self._lending.paces:
            waits[name] = self._lend(name, self._paces[name], now)
            self._paces[name].idle = self._lending.idle(name)
            self._paces[name].longed_for = self._lending.is_wanted(name)
            nap = min(nap, waits[name])
        portal_wait = waits.get(PORTAL, math.inf)
        self._count_as_waiting(waits=not math.isinf(portal_wait))
        standings = dict[str, Standing]()

        def standing(name: str) -> Standing:
            if name not in standings:
                found = self._paces[name].standing(waits[name])
                if self._lending.waiting(name) > found.at_once:
                    found = replace(found, again=0)  # each turn goes to the next in the line
                standings[name] = found
            return standings[name]

        for worker, lent in self._lending.letters(now, standing):
            self._tell(worker, lent)
        return nap

    def _named(self, name: str) -> Lendable:
        seconds = name.removeprefix(APART_BY)
        return self._other(name) if seconds == name else self.apart(float(seconds))

    def _lend(self, name: str, pace: Lendable, now: float) -> float:
        """Lend turns of one pace; the seconds that whoever got none has to wait."""
        lending, wait = self._lending, math.inf
        while lending.is_wanted(name, aside=True) and not (
            wait := pace.try_turn(aside=True, early=EARLY)
        ):
            lending.lend(name, now, aside=True)
        while lending.is_wanted(name) and not pace.waiting:
            if wait := pace.try_turn(early=EARLY):
                return wait
            lending.lend(name, now)
        if lending.is_wanted(name, aside=True):
            return wait
        while (
            lending.is_wanted_ahead(name)
            and not pace.waiting
            and pace.plentiful
            and not pace.try_turn()
        ):
            lending.lend(name, now, ahead=True)
        return math.inf

    def _settle(self, changes: list[Change]) -> None:
        for change in changes:
            pace = self._paces[change.pace]
            pace.idle = self._lending.idle(change.pace)
            match change:
                case Learned(name, signal):
                    pace.learn(signal)
                    if signal.refused:
                        self._lending.recall(name)
                case Released(_, aside, granted_at):
                    pace.abandon(aside=aside, started_at=granted_at)
                case GivenBack(_, aside, granted_at):
                    pace.give_back(aside=aside, granted_at=granted_at)
                case Resumed(_, aside):
                    pace.resume(aside=aside)
                case PassedOn():
                    pace.pass_on()
                case _:
                    assert_never(change)

    def _count_as_waiting(self, *, waits: bool) -> None:
        """The time in which somebody elsewhere waits for the quota counts for the run."""
        if waits and self._held_back is None:
            self._held_back = ExitStack()
            self._held_back.enter_context(self._portal.quota_wait.running())
        elif not waits and self._held_back is not None:
            self._held_back.close()
            self._held_back = None

    def _stir(self) -> None:
        self._stirred.set()


class Borrower:
    """A worker's side: one for its process.

    `send` sends a message to the owner. `on_wait` is told the reason, the seconds and the end
    (UTC) of every wait worth telling: the owner's process tells its own, once for all workers.
    """

    def __init__(
        self,
        send: Callable[[Ask], None],
        *,
        on_wait: Callable[[WaitReason, float, datetime], None] = lambda *_: None,
        clock: Callable[[], float] = unix_time,
    ) -> None:
        self.clock, self.on_wait = clock, on_wait
        self.asked = 0
        self._send = send
        self._heard, self._answered = 0, 0
        self._asked_at: dict[int, float] = {}
        self._in_touch_at = -math.inf
        self._last = -math.inf
        self._unserved: dict[str, tuple[int, int]] = {}
        self._stirred = anyio.Event()
        self._paces = {PORTAL: LeasedPace(PORTAL, self)}

    @property
    def portal(self) -> "LeasedPace":
        """The portal's pace."""
        return self._paces[PORTAL]

    @property
    def in_touch(self) -> bool:
        """Whether the owner answered lately; nothing is started meanwhile if it did not."""
        return self.clock() - self._in_touch_at < OUT_OF_TOUCH

    def pace(self, name: str) -> "LeasedPace":
        """What else is lent, by the name that the owner knows it by."""
        if name not in self._paces:
            self._paces[name] = LeasedPace(name, self)
        return self._paces[name]

    def apart(self, seconds: float) -> "LeasedTurns":
        """Turns that are so many seconds apart, whichever process they are taken in."""
        return LeasedTurns(self.pace(f"{APART_BY}{seconds}"))

    def heard(self, lent: Lent) -> None:
        """Take note of the owner's message."""
        if lent.number <= self._heard:
            return
        self._heard = lent.number
        asked_at = self._asked_at.get(lent.answers, -math.inf)
        self._in_touch_at = max(self._in_touch_at, asked_at)
        self._answered = max(self._answered, lent.answers)
        for number in [each for each in self._asked_at if each < self._answered]:
            del self._asked_at[number]
        for loan in lent.loans:
            waiting, aside = self._unserved.get(loan.pace, (0, 0))
            self._unserved[loan.pace] = waiting - len(loan.turns), aside - len(loan.aside)
            self.pace(loan.pace).receive(loan, asked_at + lent.seconds, lent.answers)
        self.stir()

    async def run(self) -> None:
        """Ask as requests come, and every few seconds, until cancelled; then give all back."""
        try:
            while True:
                self._stirred = anyio.Event()
                if (nap := self.due_in()) <= 0:
                    self.ask()
                    continue
                with anyio.move_on_after(nap):
                    await self._stirred.wait()
        finally:
            for pace in self._paces.values():
                pace.purse.leave()
            self.ask(last=True)

    def ask(self, *, last: bool = False) -> None:
        """Ask now: for all that is waited for, and with all that there is to tell.

        The `last` one wants nothing any more.
        """
        now = self._last = self.clock()
        self.asked += 1
        self._asked_at[self.asked] = now
        paces = [pace for name, pace in self._paces.items() if name == PORTAL or pace.matters]
        self._unserved = {pace.name: (pace.waiting[0], pace.waiting[1]) for pace in paces}
        wishes = tuple(
            pace.purse.wish(
                now,
                waiting=0 if last else pace.waiting[0],
                aside=0 if last else pace.waiting[1],
            )
            for pace in paces
        )
        for pace in paces:
            pace.told()
        self._send(Ask(self.asked, self._heard, wishes))

    def stir(self) -> None:
        """Look again when to ask."""
        self._stirred.set()

    def due_in(self) -> float:
        """In how many seconds the next `Ask` should be sent."""
        return self._last + self._patience() - self.clock()

    def _patience(self) -> float:
        due = HEARTBEAT
        for name, pace in self._paces.items():
            asked, aside = self._unserved.get(name, (0, 0))
            soon = LATER if pace.passes_on else SOON
            if pace.urgent or pace.waiting[1] > aside:
                return APART
            if pace.waiting[0] > asked:
                if not pace.passes_on:
                    return APART
                due = min(due, soon)
            if pace.purse.has_news or pace.ended:
                due = min(due, soon)
            elif pace.purse.holds_some:
                due = min(due, IDLE + SOON)
        return due


@dataclass(frozen=True, slots=True)
class LeasedTurns:
    """The `SpacedOut` of a worker."""

    pace: "LeasedPace"

    async def turn(self) -> None:
        """Wait until the next one may start."""
        self.pace.finished(await self.pace.take())


@dataclass(slots=True)
class LeasedPace:
    """The `PaceOwner` of a worker: it borrows what another process owns.

    So many requests are `waiting` for their turn, and so many of those that are aside.
    """

    name: str
    borrower: Borrower = field(repr=False)
    purse: Purse = field(init=False)
    quota_wait: Stopwatch = field(default_factory=Stopwatch)
    urgent: bool = False
    ended: bool = False
    waiting: list[int] = field(default_factory=lambda: [0, 0])
    _standing: Standing = field(default_factory=Standing)
    _told_of: int = 0
    _lines: tuple[anyio.Lock, anyio.Lock] = field(
        default_factory=lambda: (anyio.Lock(fast_acquire=True), anyio.Lock(fast_acquire=True))
    )
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _ever_answered: bool = False
    _announced_until: float = 0.0

    def __post_init__(self) -> None:
        self.purse = Purse(self.name)

    @property
    def at_once(self) -> int:
        """How many requests it is worth having in flight, of all processes together."""
        return self._standing.at_once

    @property
    def ever_answered(self) -> bool:
        """See `PaceOwner`."""
        return self._ever_answered or self._standing.ever_answered

    @property
    def rate_limit(self) -> RateLimit:
        """See `PaceOwner`."""
        return self._standing.rate_limit

    @property
    def quota_waited(self) -> float:
        """Seconds during which requests of this process were held back for the quota."""
        return self.quota_wait.seconds

    @property
    def passes_on(self) -> bool:
        """Whether those who wait may have the turns of those that are under way here."""
        return bool(self._standing.again and self.purse.under_way)

    @property
    def matters(self) -> bool:
        """Whether there is anything to say of it."""
        purse = self.purse
        return bool(
            sum(self.waiting)
            or purse.under_way
            or purse.holds_some
            or purse.has_news
            or self.ended
            or self.urgent
        )

    async def turn(self, *, aside: bool = False) -> None:
        """See `PaceOwner`."""
        await self.take(aside=aside)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Have a turn for as long as the context lasts, where there are places for so many."""
        number = await self.take()
        try:
            yield
        finally:
            self.finished(number)

    async def take(self, *, aside: bool = False) -> int:
        """As `turn`, and the number of the turn, by which it can be `finished`."""
        asked = self.borrower.asked
        self.waiting[aside] += 1
        try:
            async with self._lines[aside]:  # whoever is first in it waits for a change, alone
                while (number := self.try_take(aside=aside)) is None:
                    self.borrower.stir()
                    known = self._standing if self._told_of > asked else Standing()
                    self._check(known)
                    counted = nullcontext() if math.isinf(known.wait) else self.quota_wait.running()
                    # Not longer at a time: while the machine sleeps, the timer stops.
                    with counted, anyio.move_on_after(LOOK_AGAIN):
                        await self._changed.wait()
                return number
        finally:
            self.waiting[aside] -= 1

    def learn(self, signal: Signal) -> None:
        """See `PaceOwner`."""
        self._ever_answered |= not signal.congested or signal.refused
        in_touch = self.borrower.in_touch
        self.purse.answered(signal, now=self.borrower.clock() if in_touch else math.inf)
        self.urgent |= signal.congested
        self._end()
        if in_touch and self.waiting[0]:
            self._wake()

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:
        """See `PaceOwner`."""
        self.purse.abandoned(started_at, aside=aside)
        self._end()

    def finished(self, number: int) -> None:
        """Take note that what was taken with this number is over."""
        self.purse.finished(number)
        self._end()

    def check_patience(self) -> None:
        """See `PaceOwner`."""
        if self._standing.given_up is not None:
            raise StoppedEarly(self._standing.given_up)

    def receive(self, loan: Loan, runs_out: float, answers: int) -> None:
        """Take note of what was lent in answer to the `Ask` with this number."""
        self.purse.receive(loan, runs_out=runs_out, now=self.borrower.clock())
        self._standing, self._told_of = loan.standing, answers
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def told(self) -> None:
        """Take note that all was told."""
        self.urgent = self.ended = False

    def try_take(self, *, aside: bool = False) -> int | None:
        """Take a turn now, if there is one that may be used; its number."""
        if not self.borrower.in_touch:
            return None
        return self.purse.take(self.borrower.clock(), aside=aside)

    def _check(self, known: Standing) -> None:
        if known.stopped is not None:
            raise StoppedEarly(known.stopped)
        if known.until is None or known.wait < WORTH_ANNOUNCING:
            return
        until = known.until.timestamp()
        if until > self._announced_until:
            self._announced_until = until + WORTH_ANNOUNCING
            self.borrower.on_wait(known.reason, known.wait, known.until)

    def _end(self) -> None:
        self.ended = True
        self.borrower.stir()
