"""A pace that is lent to a thousand workers, simulated: hours pass in minutes, nothing is sent.

Owner and workers are the real ones (`bulkpub.http.lending`), with clocks and wires of the
simulation's. Workers die and are replaced, fall silent and come back, have clocks that are
seconds apart and run at different speeds; messages are late. There is work for every worker at
every moment. `python benchmarks/leases.py` prints the table of docs/explanation/scale.md.
"""

import heapq
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil, inf

from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.lease import SILENT
from bulkpub.http.lending import ROUND, Ask, Borrower, Lender, Lent
from bulkpub.http.signals import RateHeaders, signal_of

__all__ = ["Setting", "Simulated", "simulate"]

EPOCH = 1_800_000_000.0
HOUR = 3600.0
NAMES = RateHeaders()
TOO_MANY = 429
A_MOMENT = 1e-6


@dataclass(frozen=True, slots=True)
class Setting:
    """What is simulated.

    `quota` is what the portal announces for a `window` of so many seconds; None: it only turns away
    (429) what is more than `rate` a second, and says when to come back (`advice`) or not. `each` is
    how many requests a worker would have in flight; answers take around `latency` seconds, a
    message `wire`. A worker dies every `death_every` seconds (inf: never), which the owner is told
    of or has to find out; one falls silent every `silence_every`. Clocks are up to `skew` seconds
    off.
    """

    workers: int = 1000
    quota: int | None = None
    rate: float = inf
    advice: bool = True
    window: float = HOUR
    windows: float = 1.04
    left_of_first: float = 0.02
    reserve: float = 0.05
    each: int = 4
    most: int = 512
    latency: float = 0.3
    wire: float = 0.01
    death_every: float = 20.0
    silence_every: float = 20.0
    skew: float = 5.0
    seed: int = 1


@dataclass(slots=True)
class Portal:
    """What answers: a quota for each window, which it announces truly; or a limit on the rate."""

    setting: Setting
    used: list[int] = field(default_factory=lambda: [0])
    refused: int = 0
    reset_at: float = 0.0
    _bucket: float = 0.0
    _filled_at: float = EPOCH

    def __post_init__(self) -> None:
        self.reset_at = EPOCH + self.setting.left_of_first * self.setting.window
        self._bucket = self.setting.rate

    def take(self, now: float) -> tuple[int, Mapping[str, str]]:
        """A request arrives; status and headers of the answer."""
        while now >= self.reset_at:
            self.reset_at += self.setting.window
            self.used.append(0)
        quota, rate = self.setting.quota, self.setting.rate
        if quota is not None:
            refused = self.used[-1] >= quota
        else:
            self._bucket = min(self._bucket + (now - self._filled_at) * rate, rate)
            self._filled_at = now
            refused = self._bucket < 1
        self.refused += refused
        self.used[-1] += not refused
        self._bucket -= not refused
        told: dict[str, str] = {}
        if quota is not None:
            told[NAMES.limit], told[NAMES.remaining] = str(quota), str(quota - self.used[-1])
            told[NAMES.reset] = f"{self.reset_at:.0f}"
        if refused and self.setting.advice:
            told["Retry-After"] = str(ceil(self.reset_at - now if quota else 1.0))
        return (TOO_MANY if refused else 200), told


@dataclass(slots=True)
class Worker:
    """One worker: its clock is `ahead` of the true time, and runs `drift` too fast."""

    name: str
    ahead: float
    drift: float
    borrower: Borrower = field(init=False)
    alive: bool = True
    silent_until: float = 0.0
    asks_at: float = inf
    last_arrival: float = 0.0
    last_letter: float = 0.0

    def clock(self, now: float) -> float:
        """What its clock says."""
        return now + self.ahead + self.drift * (now - EPOCH)


@dataclass(slots=True)
class Simulated:
    """What came of it.

    `shares` are what was used of the usable quota in the full windows; `served` how many answers
    each worker got that was there, and heard, from beginning to end. Messages are counted both
    ways, `busy_s` is the time in seconds that the owner's side took of a processor.
    """

    setting: Setting
    shares: list[float]
    requests: int
    refused: int
    deaths: int
    silences: int
    messages: int
    busy_s: float
    served: list[int]
    seconds: float

    @property
    def fairness(self) -> float:
        """Jain's index: 1 when all were served alike."""
        squares = sum(each * each for each in self.served)
        return sum(self.served) ** 2 / (len(self.served) * squares) if squares else 0.0

    @property
    def spread(self) -> tuple[int, int]:
        """The fewest and the most that one worker was served."""
        return min(self.served, default=0), max(self.served, default=0)


class _Simulation:
    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.portal = Portal(setting)
        self.now = EPOCH
        limits = GateLimits(quota_reserve=setting.reserve, most=setting.most, window=setting.window)
        self.gate = Gate(limits, clock=lambda: self.now)
        self.lender = Lender(self.gate, self._tell, clock=lambda: self.now, wall=lambda: self.now)
        self.workers: dict[str, Worker] = {}
        self.served = Counter[str]()
        self.undisturbed: set[str] = set()
        self.deaths = self.silences = self.messages = self.requests = 0
        self.busy_s = 0.0
        self._chance = random.Random(setting.seed)  # noqa: S311 - it must be repeatable
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers, self._names = count(), count(1)
        self._lends_at = inf

    def run(self) -> Simulated:
        """Let all happen that happens in so many windows."""
        setting, end = self.setting, EPOCH + self.setting.windows * self.setting.window
        for _ in range(setting.workers):
            self._join()
        self.undisturbed = set(self.workers)
        for every, happens in (
            (setting.death_every, self._die),
            (setting.silence_every, self._fall_silent),
        ):
            if every < inf:
                self._at(EPOCH + every, self._again, every, happens)
        while self._events and self._events[0][0] < end:
            self.now, _, happens, what = heapq.heappop(self._events)
            happens(*what)
        usable = (setting.quota or 0) - ceil(setting.reserve * (setting.quota or 0))
        return Simulated(
            setting,
            [used / usable for used in self.portal.used[1:-1]] if usable else [],
            sum(self.portal.used),
            self.portal.refused,
            self.deaths,
            self.silences,
            self.messages,
            self.busy_s,
            [self.served[name] for name in self.undisturbed],
            self.now - EPOCH,
        )

    def _at(self, when: float, happens: Callable[..., None], *what: object) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happens, what))

    # --- workers ---------------------------------------------------------------------------

    def _join(self) -> None:
        chance, skew = self._chance, self.setting.skew
        worker = Worker(f"w{next(self._names)}", chance.uniform(-skew, skew), chance.gauss(0, 1e-5))
        worker.borrower = Borrower(
            lambda ask: self._sent(worker, ask), clock=lambda: worker.clock(self.now)
        )
        self.workers[worker.name] = worker
        worker.borrower.portal.waiting[0] = self.setting.each
        self._at(self.now + chance.uniform(0, 1), self._go_on, worker)

    def _again(self, every: float, happens: Callable[[Worker], None]) -> None:
        happens(self._chance.choice(list(self.workers.values())))
        self._at(self.now + self._chance.expovariate(1 / every), self._again, every, happens)

    def _die(self, worker: Worker) -> None:
        """Killed: what it sent is on its way, and the owner is told, or finds out."""
        self.deaths += 1
        worker.alive = False
        del self.workers[worker.name]
        self.undisturbed.discard(worker.name)
        told_after = self._chance.choice([1.0, 5.0, inf])
        if told_after < SILENT:
            self._at(self.now + told_after, self._told_dead, worker.name)
        self._at(self.now + 5.0, self._join)

    def _told_dead(self, name: str) -> None:
        self.lender.gone(name)
        self._lend_soon()

    def _fall_silent(self, worker: Worker) -> None:
        """Nothing comes through, either way, for a while."""
        self.silences += 1
        self.undisturbed.discard(worker.name)
        worker.silent_until = self.now + self._chance.uniform(5, 60)

    def _go_on(self, worker: Worker) -> None:
        """Start what may start, and ask for the rest when that is due."""
        if not worker.alive:
            return
        pace = worker.borrower.portal
        while pace.waiting[0] and pace.try_take() is not None:
            pace.waiting[0] -= 1
            self.requests += 1
            lasts = self.setting.latency * self._chance.uniform(0.6, 1.4)
            arrives = self.now + lasts * self._chance.uniform(0.3, 0.6)
            self._at(arrives, self._arrive, worker, worker.clock(self.now), self.now + lasts)
        due = self.now + max(worker.borrower.due_in(), 0.0)
        if due < worker.asks_at:
            worker.asks_at = due
            self._at(due, self._ask, worker)

    def _ask(self, worker: Worker) -> None:
        if worker.alive and self.now >= worker.asks_at:
            worker.asks_at = inf
            if worker.borrower.due_in() <= A_MOMENT:
                worker.borrower.ask()
            self._go_on(worker)

    def _arrive(self, worker: Worker, started_at: float, answered_at: float) -> None:
        self._at(answered_at, self._answer, worker, started_at, *self.portal.take(self.now))

    def _answer(
        self, worker: Worker, started_at: float, status: int, said: Mapping[str, str]
    ) -> None:
        if not worker.alive:
            return
        here = worker.clock(self.now)
        signal = signal_of(
            NAMES, said, status=status, started_at=started_at, now=here, seconds=here - started_at
        )
        worker.borrower.portal.learn(signal)
        worker.borrower.portal.waiting[0] += 1
        self.served[worker.name] += status != TOO_MANY
        self._go_on(worker)

    # --- messages --------------------------------------------------------------------------

    def _wire(self) -> float:
        return self.setting.wire * self._chance.uniform(0.5, 1.5)

    def _sent(self, worker: Worker, ask: Ask) -> None:
        self.messages += 1
        if self.now < worker.silent_until:
            return
        worker.last_arrival = max(self.now + self._wire(), worker.last_arrival)
        self._at(worker.last_arrival, self._heard, worker.name, ask)

    def _heard(self, name: str, ask: Ask) -> None:
        began = time.process_time()
        self.lender.heard(name, ask)
        self.busy_s += time.process_time() - began
        self._lend_soon()

    def _lend_soon(self, after: float = ROUND) -> None:
        if self.now + after < self._lends_at:
            self._lends_at = self.now + after
            self._at(self._lends_at, self._lend)

    def _lend(self) -> None:
        if self.now < self._lends_at:
            return
        self._lends_at = inf
        began = time.process_time()
        nap = self.lender.lend()
        self.busy_s += time.process_time() - began
        self._lend_soon(max(nap, ROUND))

    def _tell(self, name: str, lent: Lent) -> None:
        self.messages += 1
        worker = self.workers.get(name)
        if worker is None or self.now < worker.silent_until:
            return
        worker.last_letter = max(self.now + self._wire(), worker.last_letter)
        self._at(worker.last_letter, self._told, worker, lent)

    def _told(self, worker: Worker, lent: Lent) -> None:
        if worker.alive:
            worker.borrower.heard(lent)
            self._go_on(worker)


def simulate(setting: Setting) -> Simulated:
    """Let it happen."""
    return _Simulation(setting).run()


QUOTAS = (100, 1_000, 10_000, 100_000, 1_000_000)
RATES = (20.0, 100.0, 300.0)


def quota_row(found: Simulated) -> str:
    """A row of the table of quotas."""
    fewest, most = found.spread
    cells = (
        f"{found.setting.quota:,}",
        f"{100 * min(found.shares):.1f} %",
        f"{found.refused}",
        f"{found.deaths} / {found.silences}",
        f"{fewest:,} to {most:,}",
        f"{found.messages / found.seconds:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def rate_row(found: Simulated) -> str:
    """A row of the table of rates that nobody announces."""
    reached = found.requests / found.seconds / found.setting.rate
    cells = (
        f"{found.setting.rate:g}",
        f"{found.setting.workers:,}",
        f"{100 * reached:.0f} %",
        f"{found.refused} of {found.requests + found.refused:,}",
        f"{1000 * found.busy_s / max(found.requests, 1):.2f} ms of the owner's CPU a request",
    )
    return f"| {' | '.join(cells)} |"


def main(wanted: list[str]) -> None:
    """Print the rows of the quotas that are `wanted` (all of them: []), then those of the rates."""
    for quota in QUOTAS:
        if not wanted or str(quota) in wanted:
            print(quota_row(simulate(Setting(quota=quota))), flush=True)
    for rate in RATES:
        if not wanted or f"{rate:g}/s" in wanted:
            alone = Setting(rate=rate, workers=60, each=16, window=200.0, windows=1.0)
            found = simulate(alone)
            print(rate_row(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
