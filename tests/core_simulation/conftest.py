"""A portal and a run against it, simulated: hours pass in milliseconds, and nothing waits.

The portal is what the proxy in front of one may be: a quota per fixed window, a limit on the
rate, times in which everything fails, other people who use the same key. The run asks
`http.pace` for each request, as `Gate` does. What the portal says passes through its headers,
as text. All chance comes from a seed.
"""

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil, inf
from typing import Any

import pytest

from bulkpub.http.pace import Pace, observe, reserve
from bulkpub.http.signals import RateHeaders, Signal, signal_of

EPOCH = 1_800_000_000.0
NAMES = RateHeaders()


@dataclass
class Window:
    """What happened in one window of the quota."""

    ours: int = 0
    others: int = 0


@dataclass
class SimulatedPortal:
    """`quota` requests per `window` seconds and `rate` a second; None for no limit.

    When the run begins, all of the quota is left, and of its time the share `left_of_first`.
    `headers` is how the reset is told: "unix", "seconds", or None for no headers at all.
    `others` is how many requests a second other users of the key make, at random. `advice`:
    whether a 429 carries Retry-After. `down` are spans, in seconds from the start, in which
    everything is answered 503. `clock_ahead`: seconds by which its clock is ahead of ours.
    """

    quota: int | None = None
    window: float = 3600.0
    left_of_first: float = 0.6
    rate: float | None = None
    headers: str | None = "unix"
    others: float = 0.0
    advice: bool = True
    down: tuple[tuple[float, float], ...] = ()
    clock_ahead: float = 0.0
    seed: int = 1
    windows: list[Window] = field(default_factory=lambda: [Window()])
    avoidable: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - a simulation must be repeatable
        self.reset_at = EPOCH + self.left_of_first * self.window
        self.left = self.quota or 0
        self._bucket, self._filled_at = self.rate or 0.0, EPOCH
        self._others_took_last = False
        self._next_other = self._after(EPOCH)

    def _after(self, now: float) -> float:
        return now + self._chance.expovariate(self.others) if self.others else inf

    def take(self, now: float) -> tuple[int, Mapping[str, str]]:
        """A request of ours arrives; status and headers of the answer."""
        self._meanwhile(now)
        if any(start <= now - EPOCH < end for start, end in self.down):
            return 503, {}
        if self.quota is not None and self.left == 0:
            self.avoidable += not self._others_took_last
            return 429, self._told(now, self.reset_at - now)
        if self.rate is not None and not self._drop(now, self.rate):
            self.avoidable += 1
            return 429, self._told(now, 1.0)
        if self.quota is not None:
            self.left -= 1
            self._others_took_last = False
        self.windows[-1].ours += 1
        return 200, self._told(now)

    def _meanwhile(self, now: float) -> None:
        while min(self._next_other, self.reset_at) <= now:
            if self.reset_at <= self._next_other:
                self.windows.append(Window())
                self.left, self.reset_at = self.quota or 0, self.reset_at + self.window
                continue
            if self.left:
                self.left -= 1
                self.windows[-1].others += 1
                self._others_took_last = self.left == 0
            self._next_other = self._after(self._next_other)

    def _drop(self, now: float, rate: float) -> bool:
        """Whether the bucket has a drop left: it holds a second's worth."""
        self._bucket = min(rate, self._bucket + (now - self._filled_at) * rate)
        self._filled_at = now
        allowed = self._bucket >= 1.0
        self._bucket -= allowed
        return allowed

    def _told(self, now: float, retry_after: float | None = None) -> dict[str, str]:
        told: dict[str, str] = {}
        if retry_after is not None and self.advice:
            told["Retry-After"] = str(ceil(retry_after))
        if self.quota is not None and self.headers is not None:
            reset = self.reset_at + self.clock_ahead
            to_go = self.reset_at - now
            told[NAMES.limit], told[NAMES.remaining] = str(self.quota), str(self.left)
            told[NAMES.reset] = f"{reset if self.headers == 'unix' else to_go:.0f}"
        return told


@dataclass
class SimulatedRun:
    """What came of a run; `seconds` is how long it took, `answers` are by status.

    `slots` has the requests allowed in flight, after each answer, with the time.
    """

    portal: SimulatedPortal
    pace: Pace
    answers: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    slots: list[tuple[float, float]] = field(default_factory=list)

    @property
    def full_windows(self) -> list[Window]:
        """Those that were there from their beginning to their end."""
        return self.portal.windows[1:-1]


class _Simulation:
    """The run: `workers` that each do one request after the other, until all is done."""

    def __init__(
        self,
        portal: SimulatedPortal,
        *,
        workers: int,
        latency: float | tuple[float, float],
        requests: float,
        seconds: float,
        reserve_share: float,
    ) -> None:
        self.portal = portal
        self.result = SimulatedRun(portal, Pace(reserve_share=reserve_share))
        self._latency = latency if isinstance(latency, tuple) else (0.6 * latency, 1.4 * latency)
        self._chance = random.Random(portal.seed)  # noqa: S311 - a simulation must be repeatable
        self._idle, self._todo, self._end = workers, requests, EPOCH + seconds
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = count()
        self._wakes_at = inf

    def run(self) -> SimulatedRun:
        self._start(EPOCH)
        now = EPOCH
        while self._events and now < self._end:
            now, _, happens, what = heapq.heappop(self._events)
            happens(now, *what)
            self._start(now)
        self.result.seconds = now - EPOCH
        return self.result

    def _at(self, when: float, happens: Callable[..., None], *what: Any) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happens, what))

    def _start(self, now: float) -> None:
        """Let as many idle workers start as the pace allows; the others wait."""
        while self._idle and self._todo:
            self.result.pace, wait = reserve(self.result.pace, now)
            assert wait >= 0
            if wait:
                if now + wait < self._wakes_at < inf or (self._wakes_at == inf and wait < inf):
                    self._wakes_at = now + wait
                    self._at(self._wakes_at, self._wake)
                return
            self._idle, self._todo = self._idle - 1, self._todo - 1
            lasts = self._chance.uniform(*self._latency)
            self._at(now + lasts * self._chance.uniform(0.3, 0.6), self._arrive, now, now + lasts)

    def _wake(self, now: float) -> None:
        if now >= self._wakes_at:
            self._wakes_at = inf

    def _arrive(self, now: float, started_at: float, answered_at: float) -> None:
        self._at(answered_at, self._answer, started_at, *self.portal.take(now))

    def _answer(self, now: float, started_at: float, status: int, said: Mapping[str, str]) -> None:
        signal: Signal = signal_of(NAMES, said, status=status, started_at=started_at, now=now)
        self.result.pace = observe(self.result.pace, signal, now)
        self.result.answers[status] = self.result.answers.get(status, 0) + 1
        self.result.slots.append((now - EPOCH, self.result.pace.slots))
        self._idle += 1
        self._todo += status != 200


@pytest.fixture
def portal() -> type[SimulatedPortal]:
    return SimulatedPortal


@pytest.fixture
def simulate() -> Callable[..., SimulatedRun]:
    """Run against a portal: until `requests` were answered well, or for `seconds`.

    `latency` is in seconds, one figure (more or less) or the two ends between which it lies.
    """

    def simulate(
        portal: SimulatedPortal,
        *,
        workers: int = 32,
        latency: float | tuple[float, float] = 0.2,
        requests: float = inf,
        seconds: float = inf,
        reserve_share: float = 0.05,
    ) -> SimulatedRun:
        simulation = _Simulation(
            portal,
            workers=workers,
            latency=latency,
            requests=requests,
            seconds=seconds,
            reserve_share=reserve_share,
        )
        return simulation.run()

    return simulate
