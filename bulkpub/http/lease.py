"""Turns for other processes: what is lent to whom, and what a borrower does with it, as values.

One pace has one owner, and workers elsewhere borrow turns of it (`http.lending` carries this out).
Two kinds of messages go between them, and any of them may be late or lost: a worker's `Ask` says
all that it wants and has, the owner's `Lent` what it is given. No clock is read here, and none is
sent: times in an `Ask` are in seconds from its sending, those in a `Lent` from the sending of the
`Ask` that it answers, so that each side counts by its own clock alone.

The rule: a turn is one until it ends, and it ends once. It is used and answered for, used and
given up, or given back unused; or its worker falls silent, and what became of it is never told.
Then it stays used, as far as the quota goes, until the portal's headers say better, and stays in
flight until the worker has ended its work by itself (`OUT_OF_TOUCH`) or is known to be dead.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from math import inf

from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.http.signals import Signal, reset_of

__all__ = [
    "Ask",
    "Change",
    "GivenBack",
    "Learned",
    "Lending",
    "Lent",
    "Loan",
    "PassedOn",
    "Purse",
    "Released",
    "Resumed",
    "Standing",
    "Wish",
]

LEASE = 5.0
"""Seconds for which a turn may be used, from the last `Ask` before it was lent."""
HEARTBEAT = 5.0
"""Seconds after which a worker asks again, whether or not there is anything to tell."""
OUT_OF_TOUCH = 15.0
"""Seconds; a worker whose last answered `Ask` is older starts nothing, and ends its work."""
QUIET = 12.0
"""Seconds; to a worker that was not heard for so long nothing is lent: it would run out."""
SILENT = 25.0
"""Seconds; a worker that was not heard for so long has ended its work by itself."""
AHEAD = 0.2
"""Seconds; as many turns are asked for ahead as were used in the last ones."""
IDLE = 0.5
"""Seconds; a turn that was not used for so long is given back."""
MOST_AHEAD = 64
"""Turns asked for ahead at most."""


# --- what travels -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker says of one pace; turns are known by their numbers.

    `waiting` requests wait for a turn now, and so many that are `aside` (see `PaceOwner`);
    `ahead` more turns will soon be of use. `held` were not used yet, `under_way` have no answer
    yet, `back` will never be used; `answers` are those that came since the last `Ask`, several to
    one turn that passed on, and is named as held or under way besides if it still is. Whatever
    the worker was lent and does not name here was used, and given up.
    """

    pace: str
    waiting: int = 0
    aside: int = 0
    ahead: int = 0
    held: tuple[int, ...] = ()
    under_way: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    answers: tuple[tuple[int, Signal], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A worker's message: its `number` (from 1), the last `Lent` that it `heard`, its wishes."""

    number: int
    heard: int = 0
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How one pace stands: what a worker needs to know beside its turns.

    `wait`: in how many seconds who was given nothing may hope for a turn (`inf`: after some
    answer), for what `reason`, `until` when (UTC). `stopped` says why nobody should wait, and
    `given_up` that the portal has been down for too long; both are sentences. A turn may pass on
    `again` times: from a request that was answered to the next one that waits in the same process,
    as long as it has not run out. The rest is as in `PaceOwner`.
    """

    wait: float = inf
    reason: WaitReason = WaitReason.PACING
    until: datetime | None = None
    at_once: int = 1
    rate_limit: RateLimit = field(default_factory=RateLimit)
    ever_answered: bool = False
    stopped: str | None = None
    given_up: str | None = None
    again: int = 0


@dataclass(frozen=True, slots=True)
class Loan:
    """Turns of one pace, by number, some for requests that are `aside`; and how it stands.

    With `recall`, whatever the worker still holds from before goes back.
    """

    pace: str
    standing: Standing
    turns: tuple[int, ...] = ()
    aside: tuple[int, ...] = ()
    recall: bool = False


@dataclass(frozen=True, slots=True)
class Lent:
    """The owner's message to one worker: its `number` (from 1), and what is lent.

    The turns run out `seconds` after the sending of the `Ask` with the number `answers`.
    """

    number: int
    answers: int
    seconds: float
    loans: tuple[Loan, ...] = ()


# --- what comes of it for the pace --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learned:
    """An answer came; its times are the owner's."""

    pace: str
    signal: Signal


@dataclass(frozen=True, slots=True)
class Released:
    """A request ended without an answer to learn from, or nobody will ever tell."""

    pace: str
    aside: bool
    granted_at: float


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A turn was not used, and never will be."""

    pace: str
    aside: bool
    granted_at: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """A request that had been taken for ended is under way, or its answer is just coming."""

    pace: str
    aside: bool


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A turn passed from a request that was answered to another one, which is under way now."""

    pace: str


Change = Learned | Released | GivenBack | Resumed | PassedOn


# --- the owner's side ---------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    pace: str
    aside: bool = False
    lent_at: float = 0.0
    letter: int = 0
    idle: bool = False


@dataclass(slots=True)
class _Worker:
    """What is known of one worker: its turns, and the messages from it and to it.

    `letter` is the number of the next `Lent`, whose turns are in `batch`.
    """

    heard_at: float
    asked: int = 0
    letter: int = 1
    paces: tuple[str, ...] = ()
    out: dict[int, _Turn] = field(default_factory=dict)
    batch: list[int] = field(default_factory=list)
    recall: set[str] = field(default_factory=set)


class _Line:
    """Workers that want turns, each in its turn; as often as they want some."""

    def __init__(self) -> None:
        self._wanted: dict[str, int] = {}
        self._order = deque[str]()

    def __len__(self) -> int:
        return len(self._order)

    def set(self, worker: str, number: int) -> None:
        if number <= 0:
            if self._wanted.pop(worker, None) is not None:
                self._order.remove(worker)
            return
        if worker not in self._wanted:
            self._order.append(worker)
        self._wanted[worker] = number

    def next(self) -> str:
        worker = self._order.popleft()
        if self._wanted[worker] > 1:
            self._wanted[worker] -= 1
            self._order.append(worker)
        else:
            del self._wanted[worker]
        return worker


class _Lines:
    """Who wants turns of one pace: for requests that wait, for some aside, and ahead of them."""

    def __init__(self) -> None:
        self.waiting, self.aside, self.ahead = _Line(), _Line(), _Line()
        self.idle = 0

    def forget(self, worker: str) -> None:
        for line in (self.waiting, self.aside, self.ahead):
            line.set(worker, 0)


class Lending:
    """The owner's books: all turns that are out, of all paces, and who wants more.

    It grants nothing by itself: whoever keeps the pace calls `lend` when a turn may be used, and
    carries out the changes that `heard`, `gone` and `overdue` tell of.
    """

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}
        self._gone: set[str] = set()
        self._lines: dict[str, _Lines] = {}
        self._numbers = count(1)
        self._unanswered: dict[str, _Worker] = {}

    @property
    def paces(self) -> tuple[str, ...]:
        """All that anything was ever wanted of."""
        return tuple(self._lines)

    def idle(self, pace: str) -> int:
        """Turns that were lent ahead, and not used as far as is known."""
        return self._lines[pace].idle

    def out(self, worker: str) -> int:
        """How many turns a worker has, of all paces."""
        return len(self._workers[worker].out) if worker in self._workers else 0

    def is_wanted(self, pace: str, *, aside: bool = False) -> bool:
        """Whether a request waits somewhere."""
        lines = self._lines[pace]
        return bool(lines.aside if aside else lines.waiting)

    def waiting(self, pace: str) -> int:
        """How many workers have requests that wait."""
        return len(self._lines[pace].waiting)

    def is_wanted_ahead(self, pace: str) -> bool:
        """Whether somebody will soon want one."""
        return bool(self._lines[pace].ahead)

    def lend(self, pace: str, now: float, *, aside: bool = False, ahead: bool = False) -> int:
        """Lend one turn to whoever is next in the line, which is not empty; its number."""
        lines = self._lines[pace]
        line = lines.aside if aside else lines.ahead if ahead else lines.waiting
        name, number = line.next(), next(self._numbers)
        worker = self._workers[name]
        worker.out[number] = _Turn(pace, aside, now, worker.letter, ahead)
        worker.batch.append(number)
        lines.idle += ahead
        self._unanswered[name] = worker
        return number

    def recall(self, pace: str) -> None:
        """Ask all workers for the turns back that were lent ahead: it was too much."""
        for name, worker in self._workers.items():
            if any(turn.idle and turn.pace == pace for turn in worker.out.values()):
                worker.recall.add(pace)
                self._unanswered[name] = worker

    def heard(self, name: str, ask: Ask, now: float, wall: float) -> list[Change]:
        """Take note of a message; `wall` is what the owner's machine's clock says `now`.

        One that comes twice, or too late, or from a worker that is gone, is not listened to.
        """
        if name in self._gone:
            return []
        worker = self._workers.setdefault(name, _Worker(now))
        if ask.number <= worker.asked:
            return []
        worker.heard_at, worker.asked = now, ask.number
        self._unanswered[name] = worker
        worker.paces = tuple(wish.pace for wish in ask.wishes)
        changes, alive = list[Change](), set[int]()
        for wish in ask.wishes:
            changes += self._answers(worker, wish, now, wall)
            changes += self._given_back(worker, wish)
            changes += self._alive(worker, wish)
            alive.update(wish.held, wish.under_way)
        for number, turn in tuple(worker.out.items()):
            if turn.letter <= ask.heard and number not in alive:
                changes.append(self._ended(worker, number))
        in_transit = [turn for turn in worker.out.values() if turn.letter > ask.heard]
        for wish in ask.wishes:
            self._enter(name, wish, [turn for turn in in_transit if turn.pace == wish.pace])
        for pace in self._lines.keys() - set(worker.paces):
            self._lines[pace].forget(name)
        return changes

    def gone(self, name: str) -> list[Change]:
        """A worker is known to be dead, or was declared so: it is not listened to any more."""
        self._gone.add(name)
        self._unanswered.pop(name, None)
        worker = self._workers.pop(name, None)
        return [] if worker is None else self._written_off(name, worker)

    def overdue(self, now: float) -> list[Change]:
        """What is taken for ended, as its worker was not heard for too long."""
        changes = list[Change]()
        for name, worker in self._workers.items():
            if now - worker.heard_at > QUIET:
                for lines in self._lines.values():
                    lines.forget(name)
            if now - worker.heard_at > SILENT:
                changes += self._written_off(name, worker)
        return changes

    def letters(
        self, now: float, standing: Callable[[str], Standing]
    ) -> Iterator[tuple[str, Lent]]:
        """What is to be told to whom: what was lent, and an answer to whoever has none yet."""
        unanswered, self._unanswered = self._unanswered, {}
        for name, worker in unanswered.items():
            lent = [(number, worker.out[number]) for number in worker.batch]
            loans = tuple(
                Loan(
                    pace,
                    standing(pace),
                    tuple(n for n, turn in lent if turn.pace == pace and not turn.aside),
                    tuple(n for n, turn in lent if turn.pace == pace and turn.aside),
                    recall=pace in worker.recall,
                )
                for pace in dict.fromkeys((*worker.paces, *(turn.pace for _, turn in lent)))
            )
            yield name, Lent(worker.letter, worker.asked, now - worker.heard_at + LEASE, loans)
            worker.letter += 1
            worker.batch, worker.recall = [], set()

    def _answers(self, worker: _Worker, wish: Wish, now: float, wall: float) -> Iterator[Change]:
        last = {number: place for place, (number, _) in enumerate(wish.answers)}
        still_out = {*wish.held, *wish.under_way}
        for place, (number, signal) in enumerate(wish.answers):
            passes_on = number in still_out or place < last[number]
            turn = worker.out.get(number)
            if turn is None:
                yield Resumed(wish.pace, signal.aside)
                if passes_on:  # it was silent for long, and goes on
                    worker.out[number] = _Turn(wish.pace)
            elif passes_on:
                self._lines[turn.pace].idle -= turn.idle
                turn.idle = False
            else:
                self._taken(worker, number)
            granted_at = turn.lent_at if turn else 0.0
            started_at = max(min(now + signal.started_at, now), granted_at)
            reset_at = None if signal.reset_at is None else now + signal.reset_at
            if signal.reset_told is not None:
                reset_at = reset_of(signal.reset_told, now=now, wall=wall)
            ours = replace(signal, started_at=started_at, granted_at=granted_at, reset_at=reset_at)
            yield Learned(wish.pace, ours)
            if passes_on:
                yield PassedOn(wish.pace)

    def _given_back(self, worker: _Worker, wish: Wish) -> Iterator[Change]:
        for number in wish.back:
            if turn := self._taken(worker, number):
                yield GivenBack(turn.pace, turn.aside, turn.lent_at)

    def _alive(self, worker: _Worker, wish: Wish) -> Iterator[Change]:
        for number in wish.under_way:
            if turn := worker.out.get(number):
                self._lines[turn.pace].idle -= turn.idle
                turn.idle = False
        for number in (*wish.held, *wish.under_way):
            if number not in worker.out:  # it was silent for long, and goes on
                worker.out[number] = _Turn(wish.pace)
                yield Resumed(wish.pace, aside=False)

    def _taken(self, worker: _Worker, number: int) -> _Turn | None:
        turn = worker.out.pop(number, None)
        if turn is not None:
            self._lines[turn.pace].idle -= turn.idle
        return turn

    def _ended(self, worker: _Worker, number: int) -> Released:
        turn = worker.out.pop(number)
        self._lines[turn.pace].idle -= turn.idle
        return Released(turn.pace, turn.aside, turn.lent_at)

    def _enter(self, name: str, wish: Wish, in_transit: list[_Turn]) -> None:
        lines = self._lines.setdefault(wish.pace, _Lines())
        aside = sum(turn.aside for turn in in_transit)
        coming = len(in_transit) - aside
        lines.waiting.set(name, wish.waiting - coming)
        lines.aside.set(name, wish.aside - aside)
        lines.ahead.set(name, wish.ahead - max(coming - wish.waiting, 0))

    def _written_off(self, name: str, worker: _Worker) -> list[Change]:
        for lines in self._lines.values():
            lines.forget(name)
        worker.batch = []
        return [self._ended(worker, number) for number in tuple(worker.out)]


# --- a worker's side ----------------------------------------------------------------------


@dataclass(slots=True)
class _Held:
    runs_out: float
    since: float
    aside: bool
    again: int = 0
    passed: bool = False


@dataclass(slots=True)
class Purse:
    """A worker's turns of one pace; all times are of the worker's own clock.

    The rule: no turn is used after it ran out, and none is forgotten.
    """

    pace: str
    _held: dict[int, _Held] = field(default_factory=dict)
    _under_way: dict[int, tuple[float, bool]] = field(default_factory=dict)
    _used: dict[int, _Held] = field(default_factory=dict)
    _back: list[int] = field(default_factory=list)
    _answers: list[tuple[int, Signal]] = field(default_factory=list)
    _used_at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_AHEAD))

    @property
    def under_way(self) -> int:
        """Requests that were started and have not ended."""
        return len(self._under_way)

    @property
    def holds_some(self) -> bool:
        """Whether there are turns that were not used yet."""
        return bool(self._held)

    @property
    def has_news(self) -> bool:
        """Whether there is something to tell that the owner does not know."""
        return bool(self._answers or self._back)

    def receive(self, loan: Loan, *, runs_out: float, now: float) -> None:
        """Take what was lent; it may be used before `runs_out`."""
        if loan.recall:
            self._drop(list(self._held))
        for number in loan.turns:
            self._held[number] = _Held(runs_out, now, aside=False, again=loan.standing.again)
        for number in loan.aside:
            self._held[number] = _Held(runs_out, now, aside=True)

    def take(self, now: float, *, aside: bool = False) -> int | None:
        """Use a turn now: its number; None when there is none that has not run out."""
        for number, held in self._held.items():
            if held.aside is aside and now < held.runs_out:
                self._used[number] = self._held.pop(number)
                self._under_way[number] = (now, aside)
                self._used_at.append(now)
                return number
        return None

    def answered(self, signal: Signal, *, now: float = inf) -> None:
        """An answer came to a request that was started at `signal.started_at`.

        `now`, if it is told, the turn may pass on, where it can, to one that waits, or comes before
        the next `wish`; until that is sent the owner counts it as in flight anyhow.
        """
        number = self._which(signal.started_at, aside=signal.aside)
        if number is not None:
            del self._under_way[number]
            self._answers.append((number, signal))
            used = self._used.pop(number)
            if used.again and now < used.runs_out and not (signal.congested or signal.refused):
                self._held[number] = replace(used, since=now, again=used.again - 1, passed=True)
        if signal.refused:
            self._drop(list(self._held))

    def abandoned(self, started_at: float = inf, *, aside: bool = False) -> None:
        """A request ended that taught nothing."""
        number = self._which(started_at, aside=aside)
        if number is not None:
            self.finished(number)

    def finished(self, number: int) -> None:
        """The one with this number ended; where numbers are kept (places)."""
        self._under_way.pop(number, None)
        self._used.pop(number, None)

    def tidy(self, now: float, *, waiting: bool) -> None:
        """Give back what ran out, and what nobody seems to need."""
        self._drop(
            number
            for number, held in tuple(self._held.items())
            if now >= held.runs_out or (not waiting and now - held.since > IDLE)
        )

    def leave(self) -> None:
        """Give back whatever was not used, and want nothing more."""
        self._used_at.clear()
        self._drop(list(self._held))

    def wish(self, now: float, *, waiting: int = 0, aside: int = 0) -> Wish:
        """What to say of it in an `Ask` that is sent now; what was said once is not said again."""
        self.tidy(now, waiting=waiting + aside > 0)
        if not waiting:  # nobody came in the meantime: it ended with its answer
            self._drop(number for number, held in tuple(self._held.items()) if held.passed)
        held = sum(not each.aside for each in self._held.values())
        recently = sum(used_at > now - AHEAD for used_at in self._used_at)
        said = Wish(
            self.pace,
            waiting=waiting,
            aside=aside,
            ahead=max(recently - held - waiting, 0),
            held=tuple(self._held),
            under_way=tuple(self._under_way),
            back=tuple(self._back),
            answers=tuple((number, _as_ago(signal, now)) for number, signal in self._answers),
        )
        self._back, self._answers = [], []
        return said

    def _drop(self, numbers: "list[int] | Iterator[int]") -> None:
        for number in numbers:
            del self._held[number]
            self._back.append(number)

    def _which(self, started_at: float, *, aside: bool) -> int | None:
        """The turn that was taken last before a request was sent."""
        return max(
            (
                number
                for number, (taken_at, is_aside) in self._under_way.items()
                if is_aside is aside
            ),
            key=lambda number: (
                self._under_way[number][0] <= started_at,
                self._under_way[number][0],
                -number,
            ),
            default=None,
        )


def _as_ago(signal: Signal, now: float) -> Signal:
    return replace(
        signal,
        started_at=signal.started_at - now,
        reset_at=None if signal.reset_at is None else signal.reset_at - now,
    )
