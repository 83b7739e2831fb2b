"""How many requests in flight `http.flight` comes to, on simulated portals and lines.

A portal here is some workers before which requests queue; what they cost grows, where it says so,
with those that wait. A line is shared by all transfers. The run has always more to send. What
counts is how long it takes, beside the best of the fixed numbers.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from bulkpub.http.flight import FIRST, Flight

MOST = 64
FIXED = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
SMALL = 10_000
LARGE = 100 * 1024 * 1024


@dataclass
class Fixed:
    """A number that somebody said."""

    level: int

    def answered(self, *_: Any, **__: Any) -> None:
        """It stays."""

    def disturbed(self, _now: float) -> None:
        """It stays."""


@dataclass
class SimulatedPlace:
    """`workers` that take `service` seconds for a request, and a `latency` (s) before and after.

    A service takes `noise` (the sigma of its logarithm) more or less, and by the share `slower`
    more for each request that waits. From `change[0]` seconds on there are `change[1]` workers; all
    answers between the two times of `down` are failures. With a `line`, in bytes a second, each
    worker is a transfer that shares it with the others. At each time of `stalls` our own machine
    stands still for so many seconds: answers are seen when it goes on.
    """

    workers: int
    service: float = 0.0
    latency: float = 0.0
    noise: float = 0.0
    slower: float = 0.0
    change: tuple[float, int] | None = None
    down: tuple[float, float] | None = None
    line: float | None = None
    stalls: tuple[tuple[float, float], ...] = ()


@dataclass
class Run:
    """How long it took, and the level after each answer, with the time."""

    seconds: float = 0.0
    levels: list[tuple[float, int]] = field(default_factory=list)

    def level(self, begin: float, end: float = 1.0) -> float:
        """The mean level between these shares of the run."""
        seen = [n for at, n in self.levels if begin * self.seconds <= at <= end * self.seconds]
        return sum(seen) / len(seen)


class _Simulation:
    """Always as many in flight as may be, until `requests` were answered well."""

    def __init__(
        self, place: SimulatedPlace, flight: Any, requests: int, *, size: int, seed: int
    ) -> None:
        self._place, self._flight, self._size = place, flight, size
        self._todo, self._in_flight, self._busy = requests, 0, 0
        self._queue = deque[float]()
        self._chance = random.Random(seed)  # noqa: S311 - a simulation must be repeatable
        self._events: list[tuple[float, int, Callable[[float, float], None], float]] = []
        self._numbers = count()
        self.run = Run()

    def __call__(self) -> Run:
        self._start(0.0)
        now = 0.0
        while self._events:
            now, _, happens, sent_at = heapq.heappop(self._events)
            happens(now, sent_at)
        self.run.seconds = now
        return self.run

    def _at(self, when: float, happens: Callable[[float, float], None], sent_at: float) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happens, sent_at))

    def _start(self, now: float) -> None:
        while self._todo and self._in_flight < self._flight.level:
            self._todo -= 1
            self._in_flight += 1
            self._at(now + self._place.latency / 2, self._arrive, now)

    def _arrive(self, now: float, sent_at: float) -> None:
        self._queue.append(sent_at)
        self._serve(now)

    def _serve(self, now: float) -> None:
        place = self._place
        changed = place.change is not None and now >= place.change[0]
        workers = place.change[1] if changed and place.change else place.workers
        while self._queue and self._busy < workers:
            self._busy += 1
            takes = place.service * self._chance.lognormvariate(-(place.noise**2) / 2, place.noise)
            takes *= 1 + place.slower * len(self._queue)
            if place.line is not None:
                takes += self._size * self._busy / place.line
            self._at(now + takes, self._served, self._queue.popleft())

    def _served(self, now: float, sent_at: float) -> None:
        self._busy -= 1
        self._at(now + self._place.latency / 2, self._answer, sent_at)
        self._serve(now)

    def _answer(self, now: float, sent_at: float) -> None:
        for begins, lasts in self._place.stalls:
            if begins <= now < begins + lasts:
                self._at(begins + lasts, self._answer, sent_at)
                return
        down = self._place.down
        if down is not None and down[0] <= now < down[1]:
            self._flight.disturbed(now)
            self._todo += 1
        else:
            self._flight.answered(
                "POST",
                self._size,
                now - sent_at,
                started_at=sent_at,
                now=now,
                in_flight=self._in_flight,
            )
        self._in_flight -= 1
        self.run.levels.append((now, self._flight.level))
        self._start(now)


def found(place: SimulatedPlace, requests: int, *, size: int = SMALL, seed: int = 1) -> Run:
    return _Simulation(place, Flight(MOST), requests, size=size, seed=seed)()


def times_the_best(place: SimulatedPlace, requests: int, *, size: int = SMALL) -> float:
    """How many times as long as with the best fixed number, in the middle of three seeds."""

    def took(flight: Callable[[], Any], seed: int) -> float:
        return _Simulation(place, flight(), requests, size=size, seed=seed)().seconds

    best = min(took(lambda level=level: Fixed(level), 1) for level in FIXED)  # type: ignore[misc] # bound now
    return sorted(took(lambda: Flight(MOST), seed) for seed in (1, 2, 3))[1] / best


# --- as fast as the best fixed number -----------------------------------------------------


@pytest.mark.parametrize("latency", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("workers", "service"), [(1, 0.05), (1, 0.005), (4, 0.02), (16, 0.05)])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_it_is_about_as_fast_as_the_best_fixed_number(
    latency: float, workers: int, service: float, noise: float
) -> None:
    place = SimulatedPlace(workers, service, latency, noise)
    assert times_the_best(place, 2000) < 1.15


@pytest.mark.parametrize("latency", [0.02, 0.1])
def test_where_nothing_waits_it_goes_up_to_the_most(latency: float) -> None:
    place = SimulatedPlace(200, 0.01, latency)
    assert times_the_best(place, 2000) < 1.1
    assert found(place, 2000).level(0.2) == MOST


@pytest.mark.parametrize("latency", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("workers", "service"), [(4, 0.02), (16, 0.05)])
@pytest.mark.parametrize(("slower", "at_most"), [(0.01, 1.15), (0.02, 1.25)])
def test_a_portal_that_gets_slower_the_more_wait_is_kept_near_its_best(
    latency: float, workers: int, service: float, slower: float, at_most: float
) -> None:
    place = SimulatedPlace(workers, service, latency, noise=0.2, slower=slower)
    assert times_the_best(place, 3000) < at_most


def test_two_hundred_small_files_at_100_ms_take_less_than_eight_at_a_time() -> None:
    place = SimulatedPlace(100, 0.003, 0.1)
    eight = _Simulation(place, Fixed(8), 200, size=SMALL, seed=1)().seconds
    assert found(place, 200).seconds < 0.4 * eight


@pytest.mark.parametrize("begins", [0.05, 0.15, 0.35, 0.6])
@pytest.mark.parametrize("latency", [0.02, 0.1])
def test_a_machine_that_stands_still_for_a_moment_is_not_taken_for_a_portal_that_is_busy(
    begins: float, latency: float
) -> None:
    """The rise ends early then, and goes on; it takes some rounds."""
    place = SimulatedPlace(200, 0.01, latency, stalls=((begins, 0.5), (begins + 3.0, 0.5)))
    assert times_the_best(place, 4000) < 1.3
    assert found(place, 4000).level(0.8) > MOST / 2


# --- no more than it takes ----------------------------------------------------------------


@pytest.mark.parametrize("service", [0.005, 0.05, 0.5])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_portal_that_works_one_request_at_a_time_is_given_few(
    service: float, noise: float
) -> None:
    run = found(SimulatedPlace(1, service, noise=noise), 1000)
    assert max(level for _, level in run.levels) <= 2 * FIRST
    assert run.level(0.25) <= 4


@pytest.mark.parametrize("latency", [0.0, 0.1])
def test_large_files_that_share_a_line_are_not_sent_more_and_more_at_once(latency: float) -> None:
    place = SimulatedPlace(MOST, 0.01, latency, line=50e6)
    assert times_the_best(place, 200, size=LARGE) < 1.15
    assert max(level for _, level in found(place, 400, size=LARGE).levels) <= 2 * FIRST


# --- what changes -------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_it_follows_a_portal_that_can_do_more_or_less_than_before(noise: float) -> None:
    more = found(SimulatedPlace(2, 0.05, 0.02, noise, change=(20.0, 32)), 6000)
    assert more.level(0.0, 20.0 / more.seconds) < 10
    assert more.level(0.8) > 24
    fewer = found(SimulatedPlace(32, 0.05, 0.02, noise, change=(5.0, 2)), 6000)
    assert max(level for _, level in fewer.levels) > 24
    assert fewer.level(0.7) < 12


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_failures_do_not_move_it(noise: float) -> None:
    """They are the pace's matter, which lets fewer pass; afterwards it goes on where it was."""
    calm = found(SimulatedPlace(8, 0.02, 0.02, noise), 4000)
    failing = found(SimulatedPlace(8, 0.02, 0.02, noise, down=(3.0, 4.0)), 4000)
    assert failing.seconds < 1.1 * (calm.seconds + 1.0)
    assert {level for at, level in failing.levels if 3.1 < at < 4.0} <= {
        level for at, level in failing.levels if 2.9 < at < 3.1
    }


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_answers_there_is_always_one_allowed_and_never_too_many(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a simulation must be repeatable
    flight, now = Flight(MOST), 0.0
    for _ in range(5000):
        now += chance.choice([0.0, 1e-6, 0.1, 100.0, -5.0])  # a clock may be set back
        flight.answered(
            chance.choice(["GET", "POST"]),
            chance.choice([0, 1, SMALL, LARGE, 2**42]),
            chance.choice([0.0, 1e-9, 0.01, 3.0, 1e6]),
            started_at=now - chance.choice([0.0, 0.1, 1000.0]),
            now=now,
            in_flight=chance.choice([0, 1, flight.level, MOST]),
        )
        assert 1 <= flight.level <= MOST
