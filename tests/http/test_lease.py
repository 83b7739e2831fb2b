"""What is lent and what becomes of it, in messages that may be late, lost or come twice."""

import pickle
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.http.lease import (
    IDLE,
    LEASE,
    QUIET,
    SILENT,
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
    Wish,
)
from bulkpub.http.pace import (
    Pace,
    give_back,
    observe,
    pass_on,
    plentiful,
    release,
    reserve,
    resume,
    to_spare,
)
from bulkpub.http.signals import Signal

NOW = 1_800_000_000.0
PORTAL = "portal"
RELEASED = Released(PORTAL, aside=False, granted_at=NOW)
GIVEN_BACK = GivenBack(PORTAL, aside=False, granted_at=NOW)


def ask(number: int, heard: int = 0, **said: Any) -> Ask:
    return Ask(number, heard, (Wish(PORTAL, **said),))


def letters(lending: Lending, now: float = NOW) -> dict[str, Lent]:
    return dict(lending.letters(now, lambda _: Standing()))


def lent(lending: Lending, times: int, *, aside: bool = False) -> dict[str, tuple[int, ...]]:
    """Who gets what, of so many turns."""
    for _ in range(times):
        lending.lend(PORTAL, NOW, aside=aside)
    found = letters(lending)
    return {
        name: loan.aside if aside else loan.turns
        for name, letter in found.items()
        for loan in letter.loans
    }


def heard(lending: Lending, name: str, said: Ask, now: float = NOW) -> list[Change]:
    return lending.heard(name, said, now, now)


# --- who gets how many --------------------------------------------------------------------


def test_turns_go_round_among_those_who_want_some() -> None:
    lending = Lending()
    for name, waiting in (("a", 5), ("b", 1), ("c", 2)):
        heard(lending, name, ask(1, waiting=waiting))
    assert lent(lending, 6) == {"a": (1, 4, 6), "b": (2,), "c": (3, 5)}
    assert lending.is_wanted(PORTAL)
    assert lent(lending, 2) == {"a": (7, 8)}
    assert not lending.is_wanted(PORTAL)


def test_who_was_last_goes_last_when_asking_again() -> None:
    lending = Lending()
    for name in "abc":
        heard(lending, name, ask(1, waiting=2))
    assert lent(lending, 1)["a"] == (1,)
    heard(lending, "a", ask(2, heard=1, waiting=9, under_way=(1,)))
    assert lent(lending, 2) == {"a": (), "b": (2,), "c": (3,)}


def test_what_is_on_its_way_is_not_lent_a_second_time() -> None:
    lending = Lending()
    heard(lending, "a", ask(1, waiting=3))
    assert lent(lending, 2) == {"a": (1, 2)}
    assert heard(lending, "a", ask(2, heard=0, waiting=3)) == []
    assert lent(lending, 1) == {"a": (3,)}
    assert not lending.is_wanted(PORTAL)


def test_those_aside_have_a_line_of_their_own() -> None:
    lending = Lending()
    heard(lending, "a", ask(1, waiting=1, aside=1))
    assert lent(lending, 1, aside=True) == {"a": (1,)}
    assert lending.is_wanted(PORTAL)
    assert not lending.is_wanted(PORTAL, aside=True)


def test_what_is_lent_ahead_is_idle_until_it_is_used() -> None:
    lending = Lending()
    heard(lending, "a", ask(1, ahead=2))
    assert not lending.is_wanted(PORTAL)
    lending.lend(PORTAL, NOW, ahead=True)
    lending.lend(PORTAL, NOW, ahead=True)
    assert not lending.is_wanted_ahead(PORTAL)
    letters(lending)
    assert lending.idle(PORTAL) == 2
    heard(lending, "a", ask(2, heard=1, held=(2,), under_way=(1,)))
    assert lending.idle(PORTAL) == 1
    heard(lending, "a", ask(3, heard=1, back=(2,)))
    assert lending.idle(PORTAL) == 0


def test_every_question_is_answered_once_whatever_it_wants() -> None:
    lending = Lending()
    heard(lending, "a", ask(1))
    heard(lending, "b", ask(1, waiting=1))
    assert {name: letter.answers for name, letter in letters(lending).items()} == {"a": 1, "b": 1}
    assert letters(lending) == {}


def test_a_lease_is_as_long_as_from_the_question_on_however_late_a_turn_comes() -> None:
    lending = Lending()
    heard(lending, "a", ask(1, waiting=1))
    letters(lending)
    lending.lend(PORTAL, NOW + 3)
    assert letters(lending, NOW + 3)["a"].seconds == 3 + LEASE


# --- what becomes of them -----------------------------------------------------------------


@pytest.fixture
def borrowed() -> Lending:
    """`a` was lent the turns 1 to 3, and knows."""
    lending = Lending()
    heard(lending, "a", ask(1, waiting=3))
    lent(lending, 3)
    return lending


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ({"held": (1, 2, 3)}, []),
        ({"under_way": (1, 2, 3)}, []),
        ({"held": (1,), "back": (2, 3)}, [GIVEN_BACK] * 2),
        ({"held": (1,), "under_way": (2,)}, [RELEASED]),
        ({}, [RELEASED] * 3),
    ],
)
def test_a_turn_is_held_used_or_given_back(
    borrowed: Lending, said: Any, changes: list[Change]
) -> None:
    assert heard(borrowed, "a", ask(2, heard=1, **said), NOW + 1) == changes
    assert borrowed.out("a") == 3 - len(changes)


def test_what_a_worker_does_not_know_of_yet_is_not_taken_for_ended(borrowed: Lending) -> None:
    assert heard(borrowed, "a", ask(2, heard=0, waiting=3)) == []
    assert borrowed.out("a") == 3


def test_a_pace_that_is_not_spoken_of_has_no_turns_any_more(borrowed: Lending) -> None:
    assert len(heard(borrowed, "a", Ask(2, 1))) == 3


def test_the_times_of_an_answer_are_the_owners(borrowed: Lending) -> None:
    signal = Signal(-0.5, remaining=7, reset_at=60.0, aside=False)
    changes = heard(borrowed, "a", ask(2, 1, held=(2, 3), answers=((1, signal),)), NOW + 2)
    expected = replace(signal, started_at=NOW + 1.5, granted_at=NOW, reset_at=NOW + 62)
    assert changes == [Learned(PORTAL, expected)]


def test_no_request_was_sent_before_it_was_allowed_or_after_it_was_told_of(
    borrowed: Lending,
) -> None:
    """Clocks may run at different speeds."""
    answers = tuple((number, Signal(ago)) for number, ago in ((1, -99.0), (2, 5.0)))
    changes = heard(borrowed, "a", ask(2, 1, held=(3,), answers=answers), NOW + 2)
    started = [change.signal.started_at for change in changes if isinstance(change, Learned)]
    assert started == [NOW, NOW + 2]


def test_a_reset_that_is_a_point_in_time_is_compared_with_the_owners_clock(
    borrowed: Lending,
) -> None:
    signal = Signal(-0.5, reset_at=64.0, reset_told=5000.0)  # the worker's is four seconds behind
    said = ask(2, 1, held=(2, 3), answers=((1, signal),))
    (change,) = borrowed.heard("a", said, NOW, 4940.0)
    assert isinstance(change, Learned)
    assert change.signal.reset_at == NOW + 60


@pytest.mark.parametrize("number", [0, 1])
def test_what_comes_twice_or_too_late_is_not_listened_to(borrowed: Lending, number: int) -> None:
    assert heard(borrowed, "a", ask(number, heard=1)) == []
    assert borrowed.out("a") == 3


def test_a_worker_that_is_gone_gives_all_back_and_is_not_answered(borrowed: Lending) -> None:
    assert borrowed.gone("a") == [RELEASED] * 3
    assert heard(borrowed, "a", ask(2, 1, waiting=5, under_way=(1,))) == []
    assert letters(borrowed) == {}
    assert not borrowed.is_wanted(PORTAL)
    assert borrowed.gone("a") == borrowed.gone("stranger") == []


@pytest.mark.parametrize(
    ("silence", "wanted", "out"),
    [(QUIET, True, 3), (QUIET + 1, False, 3), (SILENT, False, 3), (SILENT + 1, False, 0)],
)
def test_a_silent_worker_is_lent_nothing_and_written_off_at_last(
    borrowed: Lending, silence: float, out: int, *, wanted: bool
) -> None:
    heard(borrowed, "a", ask(2, 1, waiting=1, held=(1, 2, 3)))
    changes = borrowed.overdue(NOW + silence)
    assert changes == [RELEASED] * (3 - out)
    assert borrowed.is_wanted(PORTAL) is wanted
    assert borrowed.out("a") == out


def test_one_that_is_heard_again_after_all_has_what_it_says(borrowed: Lending) -> None:
    borrowed.overdue(NOW + SILENT + 1)
    said = ask(2, 1, under_way=(1,), back=(2,), answers=((3, Signal(-30.0, refused=True)),))
    resumed, learned, again = heard(borrowed, "a", said, NOW + 60)
    assert resumed == again == Resumed(PORTAL, aside=False)
    assert isinstance(learned, Learned)
    assert learned.signal.granted_at == 0.0  # nobody knows; it can slow nobody down any more
    assert borrowed.out("a") == 1


def test_what_was_lent_ahead_is_called_back_from_whoever_has_some() -> None:
    lending = Lending()
    for name in "abc":
        heard(lending, name, ask(1, ahead=name != "c", waiting=name == "c"))
    lending.lend(PORTAL, NOW)
    for _ in "ab":
        lending.lend(PORTAL, NOW, ahead=True)
    letters(lending)
    heard(lending, "a", ask(2, heard=1, under_way=(2,)))
    letters(lending)
    lending.recall(PORTAL)
    assert {name: each.loans[0].recall for name, each in letters(lending).items()} == {"b": True}


def test_a_turn_that_passes_on_is_answered_for_each_time_and_stays_out(borrowed: Lending) -> None:
    answers = ((1, Signal(-0.5)), (1, Signal(-0.2)))
    said = ask(2, 1, held=(2, 3), under_way=(1,), answers=answers)
    kinds = [type(each) for each in heard(borrowed, "a", said, NOW + 2)]
    assert kinds == [Learned, PassedOn] * 2
    assert borrowed.out("a") == 3
    said = ask(3, 1, held=(2, 3), answers=answers)
    kinds = [type(each) for each in heard(borrowed, "a", said, NOW + 3)]
    assert kinds == [Learned, PassedOn, Learned]
    assert borrowed.out("a") == 2


def test_a_refusal_of_a_turn_that_passed_on_is_as_old_as_the_turn(borrowed: Lending) -> None:
    """So that many of them, sent before anybody was told, slow down once."""
    first = ask(2, 1, held=(2, 3), under_way=(1,), answers=((1, Signal(-0.5)),))
    heard(borrowed, "a", first, NOW + 2)
    refused = Signal(-0.1, refused=True, congested=True)
    (change,) = heard(borrowed, "a", ask(3, 1, held=(2, 3), answers=((1, refused),)), NOW + 4)
    assert isinstance(change, Learned)
    assert change.signal.granted_at == NOW


# --- a worker's purse ---------------------------------------------------------------------


def purse(*turns: int, aside: tuple[int, ...] = (), runs_out: float = NOW + LEASE) -> Purse:
    found = Purse(PORTAL)
    found.receive(Loan(PORTAL, Standing(), turns, aside), runs_out=runs_out, now=NOW)
    return found


def test_a_turn_is_used_once_and_not_when_it_ran_out() -> None:
    mine = purse(1, 2, aside=(3,))
    assert [mine.take(NOW), mine.take(NOW + LEASE), mine.take(NOW)] == [1, None, 2]
    assert [mine.take(NOW), mine.take(NOW, aside=True)] == [None, 3]
    assert mine.wish(NOW).under_way == (1, 2, 3)


def passing_on(times: int, runs_out: float = NOW + LEASE) -> Purse:
    found = Purse(PORTAL)
    found.receive(Loan(PORTAL, Standing(again=times), (1,)), runs_out=runs_out, now=NOW)
    return found


def test_a_turn_passes_on_to_who_waits_so_often_and_no_longer_than_it_lasts() -> None:
    mine = passing_on(2)
    for left in (2, 1):
        assert mine.take(NOW) == 1, left
        mine.answered(Signal(NOW), now=NOW)
    assert mine.take(NOW) == 1
    mine.answered(Signal(NOW), now=NOW)
    assert mine.take(NOW) is None
    assert len(mine.wish(NOW).answers) == 3


@pytest.mark.parametrize(
    ("signal", "now"),
    [
        (Signal(NOW, congested=True), NOW),
        (Signal(NOW, refused=True, congested=True), NOW),
        (Signal(NOW), NOW + LEASE),
        (Signal(NOW), inf),
    ],
)
def test_it_does_not_after_trouble_when_it_ran_out_or_when_nobody_answers(
    signal: Signal, now: float
) -> None:
    mine = passing_on(2)
    mine.take(NOW)
    mine.answered(signal, now=now)
    assert (mine.take(NOW), mine.holds_some) == (None, False)


def test_a_turn_that_nobody_waits_for_is_there_for_who_comes_before_its_end_is_told() -> None:
    mine = passing_on(3)
    for _ in "ab":
        assert mine.take(NOW) == 1
        mine.answered(Signal(NOW), now=NOW)
    assert mine.wish(NOW, waiting=1).held == (1,)
    said = mine.wish(NOW)
    assert (said.held, said.under_way) == ((), ())
    assert mine.take(NOW) is None


def test_what_ran_out_goes_back_and_so_does_what_nobody_needs() -> None:
    assert purse(1).wish(NOW + IDLE, waiting=0).held == (1,)
    assert purse(1).wish(NOW + IDLE + 0.1, waiting=0).back == (1,)
    assert purse(1).wish(NOW + IDLE + 0.1, waiting=1).held == (1,)
    assert purse(1).wish(NOW + LEASE, waiting=1).back == (1,)


def test_a_refusal_and_a_recall_give_back_what_was_not_used() -> None:
    mine = purse(1, 2)
    mine.take(NOW)
    mine.answered(Signal(NOW, refused=True, congested=True))
    assert mine.wish(NOW).back == (2,)
    mine = purse(1)
    mine.receive(Loan(PORTAL, Standing(), (2,), recall=True), runs_out=NOW + 9, now=NOW)
    assert (mine.wish(NOW).back, mine.take(NOW)) == ((1,), 2)


def test_what_was_told_is_not_told_again() -> None:
    mine = purse(1, 2)
    mine.take(NOW)
    mine.answered(Signal(NOW, reset_at=NOW + 60))
    mine.leave()  # and nothing is wanted ahead any more
    before = mine.has_news
    said = mine.wish(NOW + 2)
    assert said.answers == ((1, Signal(-2.0, reset_at=58.0)),)
    assert said.back == (2,)
    assert (before, mine.has_news) == (True, False)
    assert mine.wish(NOW + 2) == Wish(PORTAL)


def test_an_answer_is_of_the_turn_that_was_taken_last_before_it_was_sent() -> None:
    mine = purse(1, 2, 3)
    for later in (0.0, 1.0, 2.0):
        mine.take(NOW + later)
    mine.answered(Signal(NOW + 1.2))
    mine.abandoned(NOW + 2.1)
    said = mine.wish(NOW + 3)
    assert ([number for number, _ in said.answers], said.under_way) == ([2], (1,))
    mine.finished(1)
    assert mine.under_way == 0


def test_as_many_are_wanted_ahead_as_were_used_just_now() -> None:
    mine = purse(*range(10))
    for _ in range(6):
        mine.take(NOW + 0.2)
    assert mine.wish(NOW + 0.3).ahead == 2  # four are held
    assert mine.wish(NOW + 1).ahead == 0


def test_messages_survive_pickling() -> None:
    signal = Signal(-1.0, remaining=7)
    messages = (
        ask(3, 2, waiting=1, held=(1,), answers=((2, signal),)),
        Lent(1, 3, 5.0, (Loan(PORTAL, Standing(stopped="enough"), (4,)),)),
    )
    assert pickle.loads(pickle.dumps(messages)) == messages  # noqa: S301 - our own bytes


# --- one congestion -----------------------------------------------------------------------


@pytest.mark.parametrize("seen_by", [1, 2, 40])
def test_one_refusal_slows_down_once_however_many_workers_see_it(seen_by: int) -> None:
    """They are told of one after the other, with turns that were all lent before the first."""
    world = World(limit=1000, workers=seen_by, quick=True)
    world.pace = Pace(unsure=False, slots=64.0, answered=50.0, counting_from=NOW - 5)
    for name in world.names:
        world.request(name)
        world.ask(name)
        world.deliver(name)
    world.lend("")
    for name in world.names:
        world.receive(name)
        world.now += 0.05
        world.start(name)
        _, started_at, _ = world.sent[name].pop()
        world.purses[name].answered(Signal(started_at, refused=True, congested=True))
        world.ask(name)
        world.deliver(name)
    assert world.slowed == 1
    assert (world.pace.refusals, world.pace.in_flight) == (1, 0)


# --- all of it, at random -----------------------------------------------------------------


@dataclass
class World:
    """A portal with a quota that it announces, an owner, and workers with clocks of their own.

    Messages of a worker, and to it, come in order, but any may be lost.
    """

    limit: int
    workers: int
    quick: bool
    again: int = 0
    most: float = 64.0
    now: float = NOW
    pace: Pace = field(init=False)
    lending: Lending = field(default_factory=Lending)
    left: int = 0
    used: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.left = self.limit
        self.pace = Pace(reserve_share=0.0, most=self.most)
        self.reset_at = NOW + 10_000.0
        self.names = [f"w{number}" for number in range(self.workers)]
        self.purses = {name: Purse(PORTAL) for name in self.names}
        self.waiting = Counter[str]()
        self.sent: dict[str, list[tuple[int, float, Signal]]] = {name: [] for name in self.names}
        self.asked = Counter[str]()
        self.asked_at: dict[tuple[str, int], float] = {}
        self.heard_of = Counter[str]()
        self.to_owner: dict[str, list[Ask]] = {name: [] for name in self.names}
        self.to_worker: dict[str, list[Lent]] = {name: [] for name in self.names}
        self.dead = set[str]()
        self.slowed = 0
        self.unknowing = set[int]()  # lent while no answer had told of a quota yet

    def clock(self, name: str) -> float:
        return self.now + 1000.0 * self.names.index(name) - 3.0

    def settle(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case Learned(_, signal):
                    before = self.pace.epoch_at
                    self.pace = observe(self.pace, signal, self.now)
                    self.slowed += self.pace.epoch_at != before
                case Released(_, aside, granted_at):
                    self.pace = release(self.pace, aside=aside, granted_at=granted_at, now=self.now)
                case GivenBack(_, aside, granted_at):
                    self.pace = give_back(self.pace, aside=aside, granted_at=granted_at)
                case Resumed(_, aside):
                    self.pace = resume(self.pace, aside=aside)
                case PassedOn():
                    self.pace = pass_on(self.pace)

    @property
    def standing(self) -> Standing:
        """As `Gate.standing` says it."""
        spare = to_spare(self.pace) / (2 * self.most) - 1 if plentiful(self.pace) else 0
        return Standing(again=int(min(self.again, max(spare, 0))))

    # What may happen; each to a worker, by name.

    def request(self, name: str) -> None:
        self.waiting[name] += 1

    def ask(self, name: str) -> None:
        now = self.clock(name)
        self.asked[name] += 1
        self.asked_at[name, self.asked[name]] = now
        wish = self.purses[name].wish(now, waiting=self.waiting[name])
        self.to_owner[name].append(Ask(self.asked[name], self.heard_of[name], (wish,)))

    def deliver(self, name: str) -> None:
        if self.to_owner[name]:
            said = self.to_owner[name].pop(0)
            self.settle(self.lending.heard(name, said, self.now, self.now))

    def deliver_twice(self, name: str) -> None:
        self.to_owner[name][:1] *= 2
        self.deliver(name)

    def lose(self, name: str) -> None:
        del self.to_owner[name][:1]

    def lend(self, _: str) -> None:
        wait = 0.0 if self.lending.paces else 1.0
        while not wait and (self.lending.is_wanted(PORTAL) or self.lending.is_wanted_ahead(PORTAL)):
            self.pace, wait = reserve(self.pace, self.now)
            if not wait:
                ahead = not self.lending.is_wanted(PORTAL)
                number = self.lending.lend(PORTAL, self.now, ahead=ahead)
                self.unknowing.update({number} if self.pace.limit is None else ())
        for name, letter in self.lending.letters(self.now, lambda _: self.standing):
            self.to_worker[name].append(letter)

    def receive(self, name: str) -> None:
        if self.to_worker[name]:
            letter = self.to_worker[name].pop(0)
            self.heard_of[name] = letter.number
            runs_out = self.asked_at[name, letter.answers] + letter.seconds
            for loan in letter.loans:
                self.purses[name].receive(loan, runs_out=runs_out, now=self.clock(name))

    def lose_letter(self, name: str) -> None:
        del self.to_worker[name][:1]

    def start(self, name: str) -> None:
        number = self.purses[name].take(self.clock(name)) if self.waiting[name] else None
        if number is not None:
            self.waiting[name] -= 1
            self.used[number] += 1
            assert self.left or number in self.unknowing, "more was sent than the quota allows"
            refused, self.left = not self.left, max(self.left - 1, 0)
            started_at = self.clock(name)
            signal = Signal(
                started_at,
                limit=self.limit,
                remaining=self.left,
                reset_at=self.clock(name) + self.reset_at - self.now,
                refused=refused,
                congested=refused,
            )
            self.sent[name].append((number, started_at, signal))

    def answer(self, name: str) -> None:
        if self.sent[name]:
            _, _, signal = self.sent[name].pop(0 if self.quick else -1)
            self.purses[name].answered(signal, now=self.clock(name))

    def abandon(self, name: str) -> None:
        if self.sent[name]:
            _, started_at, _ = self.sent[name].pop()
            self.purses[name].abandoned(started_at)

    def die(self, name: str) -> None:
        self.dead.add(name)
        self.settle(self.lending.gone(name))

    def wait(self, _: str) -> None:
        self.now += 1.7
        self.settle(self.lending.overdue(self.now))

    def wait_long(self, _: str) -> None:
        self.now += SILENT + 1
        self.settle(self.lending.overdue(self.now))

    def check(self) -> None:
        out = sum(self.lending.out(name) for name in self.names)
        assert self.pace.in_flight == out
        assert all(times <= 1 + self.again for times in self.used.values())
        if self.pace.remaining is not None:
            assert self.pace.remaining <= self.left + self.again * self.most


STEPS: tuple[tuple[Callable[[World, str], None], int], ...] = (
    *((World.request, 30), (World.ask, 30), (World.deliver, 30), (World.lend, 30)),
    *((World.receive, 30), (World.start, 40), (World.answer, 30), (World.wait, 10)),
    *((World.abandon, 5), (World.deliver_twice, 3), (World.lose, 3), (World.lose_letter, 3)),
    *((World.wait_long, 1), (World.die, 1)),
)


@given(
    seed=st.integers(0, 2**32),
    limit=st.integers(1, 60),
    workers=st.integers(1, 4),
    quick=st.booleans(),
)
def test_every_turn_is_used_given_back_or_runs_out_once_and_the_quota_is_kept(
    *, seed: int, limit: int, workers: int, quick: bool
) -> None:
    _lives(World(limit, workers, quick), seed)


@given(
    seed=st.integers(0, 2**32),
    limit=st.integers(20, 120),
    workers=st.integers(1, 4),
    quick=st.booleans(),
)
def test_turns_that_pass_on_come_back_as_well_and_the_quota_is_kept(
    *, seed: int, limit: int, workers: int, quick: bool
) -> None:
    _lives(World(limit, workers, quick, again=5, most=4.0), seed)


def _lives(world: World, seed: int) -> None:
    """All that may happen, in an order of chance; in the end nothing is left of it."""
    chance = random.Random(seed)  # noqa: S311 - a simulation must be repeatable
    steps, weights = zip(*STEPS, strict=True)
    for step in chance.choices(steps, weights, k=400):
        name = chance.choice(world.names)
        if name not in world.dead or step in {World.lend, World.wait, World.wait_long}:
            step(world, name)
        world.now += 1e-4
        world.check()
    # At last all is told, and nothing is left of it.
    for name in world.names:
        if name not in world.dead:
            world.waiting[name] = 0
            for _ in range(len(world.to_worker[name])):
                world.receive(name)
            for _ in range(len(world.sent[name])):
                world.answer(name)
            world.purses[name].leave()
            world.to_owner[name].clear()
            world.ask(name)
            world.deliver(name)
    world.settle(world.lending.overdue(world.now + SILENT + 1))
    assert world.pace.in_flight == 0
