"""One owner and its borrowers, in one loop: what each waits for, by clocks that the test moves."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import anyio
import anyio.abc
import pytest

from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.errors import StoppedEarly
from bulkpub.http.gate import Gate, GateLimits, PaceOwner
from bulkpub.http.lease import HEARTBEAT, LEASE, OUT_OF_TOUCH, SILENT
from bulkpub.http.lending import LONGEST_NAP, Ask, Borrower, LeasedPace, Lender, Lent
from bulkpub.http.signals import Signal

NOON = datetime(2027, 1, 15, 12, 0, tzinfo=UTC).timestamp()


@dataclass
class Wires:
    """An owner and its workers; messages wait in the wires until `exchange` carries them.

    The worker number n has a clock that is n times 1,000 s ahead.
    """

    limits: GateLimits
    now: float = NOON
    waits: list[tuple[str, float]] = field(default_factory=list)
    to_owner: deque[tuple[str, Ask]] = field(default_factory=deque)
    to_worker: deque[tuple[str, Lent]] = field(default_factory=deque)
    workers: dict[str, Borrower] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate = Gate(
            self.limits,
            on_wait=lambda reason, seconds, _: self.waits.append((reason, seconds)),
            clock=self.clock,
        )
        self.lender = Lender(self.gate, self._tell, clock=self.clock, wall=self.clock)

    def clock(self) -> float:
        return self.now

    def _tell(self, worker: str, lent: Lent) -> None:
        self.to_worker.append((worker, lent))

    def worker(self, on_wait: Callable[..., None] = lambda *_: None) -> LeasedPace:
        number = len(self.workers) + 1
        name = f"w{number}"
        self.workers[name] = Borrower(
            lambda ask: self.to_owner.append((name, ask)),
            on_wait=on_wait,
            clock=lambda: self.now + 1000.0 * number,
        )
        return self.workers[name].portal

    async def exchange(self) -> None:
        """Let every worker ask, be answered, and go on with what it was lent; twice."""
        for _ in range(2):
            await anyio.wait_all_tasks_blocked()
            for borrower in self.workers.values():
                borrower.ask()
            self.deliver()
            await anyio.wait_all_tasks_blocked()

    async def without(self, name: str, beats: int) -> Borrower:
        """Let so many signs of life of all others go by, in which this one is not heard."""
        silent = self.workers.pop(name)
        for _ in range(beats):
            self.now += HEARTBEAT
            await self.exchange()
        return silent

    def deliver(self) -> None:
        while self.to_owner:
            self.lender.heard(*self.to_owner.popleft())
        self.lender.lend()
        while self.to_worker:
            worker, lent = self.to_worker.popleft()
            self.workers[worker].heard(lent)


@pytest.fixture
def wires() -> Callable[..., Wires]:
    return lambda **limits: Wires(GateLimits(**limits))


async def waiting(pace: PaceOwner, tasks: anyio.abc.TaskGroup, number: int = 1) -> list[int]:
    """Let so many more requests wait for their turn; those that pass are entered in the list."""
    passed: list[int] = []

    async def come(which: int) -> None:
        await pace.turn()
        passed.append(which)

    for which in range(number):
        tasks.start_soon(come, which)
    await anyio.wait_all_tasks_blocked()
    return passed


def good(pace: LeasedPace, **said: object) -> Signal:
    return Signal(pace.borrower.clock(), **said)  # type: ignore[arg-type] # by name


# --- waiting and passing ------------------------------------------------------------------


async def test_the_first_request_of_all_goes_alone_then_all_share_what_may_be_in_flight(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(most=6)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        ones, twos = await waiting(one, tasks, 20), await waiting(two, tasks, 20)
        await shared.exchange()
        assert (len(ones), len(twos)) == (1, 0)
        one.learn(good(one))
        await shared.exchange()
        assert (len(ones), len(twos)) == (4, 3)
        two.learn(good(two))
        two.abandon()
        await shared.exchange()
        assert sorted((len(ones), len(twos))) == [4, 5]
        tasks.cancel_scope.cancel()


async def test_where_there_is_plenty_turns_pass_on_without_a_word(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(most=2)
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        ones = await waiting(one, tasks, 20)
        await shared.exchange()
        one.learn(good(one))
        await shared.exchange()
        passed = len(ones)
        for _ in range(5):  # nobody says anything to anybody
            one.learn(good(one))
            await anyio.wait_all_tasks_blocked()
        assert len(ones) == passed + 5
        assert shared.gate.rate_limit == RateLimit()
        tasks.cancel_scope.cancel()


async def test_a_turn_passes_on_to_who_comes_a_moment_later(wires: Callable[..., Wires]) -> None:
    """As one dataset's requests do, each of which is known when the one before was answered."""
    shared = wires(most=1)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
        one.learn(good(one))
        await shared.exchange()  # it is known now that there is plenty
        await waiting(one, tasks)
        await shared.exchange()
        for _ in range(5):  # nobody says anything to anybody
            one.learn(good(one))
            assert await waiting(one, tasks) == [0]
        one.learn(good(one))
        others = await waiting(two, tasks)
        await shared.exchange()
        assert others == [0]  # it is told that it ended, and was not kept for another
        tasks.cancel_scope.cancel()


async def test_turns_pass_on_nowhere_while_some_have_none(wires: Callable[..., Wires]) -> None:
    shared = wires(most=2)
    paces = [shared.worker() for _ in range(3)]
    async with anyio.create_task_group() as tasks:
        for pace in paces:
            await waiting(pace, tasks, 5)
        await shared.exchange()
        assert [pace.passes_on for pace in paces] == [False] * 3
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ({}, True),
        ({"limit": 10_000, "remaining": 9_000, "reset_at": 3600.0}, True),
        ({"limit": 10_000, "remaining": 4_000, "reset_at": 3600.0}, False),
        ({"limit": 20, "remaining": 19, "reset_at": 3600.0}, False),
        ({"refused": True, "congested": True}, False),
    ],
)
async def test_how_often_they_pass_on_is_less_than_what_could_be_missed(
    wires: Callable[..., Wires], *, said: dict[str, object], again: bool
) -> None:
    gate = wires(most=8).gate
    await gate.turn()
    reset_at = said.get("reset_at")
    if isinstance(reset_at, float):
        said = {**said, "reset_at": NOON + reset_at}
    gate.learn(Signal(NOON, **said))  # type: ignore[arg-type] # by name
    assert bool(gate.standing(0.0).again) is again


async def test_they_pass_in_the_order_in_which_they_came(wires: Callable[..., Wires]) -> None:
    shared = wires(most=1)
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks, 5)
        for _ in range(5):
            await shared.exchange()
            one.learn(good(one))
    assert passed == [0, 1, 2, 3, 4]


async def test_requests_of_the_owner_s_own_process_go_first(wires: Callable[..., Wires]) -> None:
    shared = wires(most=2)
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        theirs = await waiting(one, tasks, 8)
        await shared.exchange()
        own = await waiting(shared.gate, tasks, 2)
        one.learn(good(one))
        await shared.exchange()
        assert (len(theirs), own) == (1, [0, 1])
        shared.gate.learn(Signal(shared.now))
        await shared.exchange()
        assert len(theirs) == 2
        tasks.cancel_scope.cancel()


async def test_one_that_is_aside_takes_no_place_of_another(wires: Callable[..., Wires]) -> None:
    shared = wires(most=1)
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks, 2)
        await shared.exchange()
        one.learn(good(one))
        await shared.exchange()
        tasks.start_soon(lambda: one.turn(aside=True))
        await shared.exchange()
        assert one.waiting == [0, 0]
        one.learn(good(one, aside=True))
        await shared.exchange()
        assert len(passed) == 2


async def test_a_worker_that_dies_makes_room_at_once_and_is_not_heard_any_more(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(most=1)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        ones = await waiting(one, tasks, 2)
        await shared.exchange()
        twos = await waiting(two, tasks)
        shared.lender.gone("w1")
        await shared.exchange()
        assert (len(ones), len(twos)) == (1, 1)
        two.learn(good(two))
        one.learn(good(one))
        await shared.exchange()
        shared.now += OUT_OF_TOUCH
        assert len(ones) == 1
        assert not one.borrower.in_touch
        tasks.cancel_scope.cancel()


async def test_a_silent_worker_makes_room_when_it_must_have_ended_its_work(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(most=1)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
        twos = await waiting(two, tasks)
        silent = await shared.without("w1", int(SILENT / HEARTBEAT))
        assert not twos
        shared.now += LONGEST_NAP
        await shared.exchange()
        assert len(twos) == 1
        assert not silent.in_touch


async def test_a_request_that_goes_on_after_a_long_silence_takes_its_place_again(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(most=1)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
        shared.workers["w1"] = await shared.without("w1", int(SILENT / HEARTBEAT) + 1)
        await shared.exchange()
        twos = await waiting(two, tasks)
        await shared.exchange()
        assert not twos
        one.learn(good(one))
        await shared.exchange()
        assert len(twos) == 1


async def test_a_turn_that_was_never_used_is_of_the_quota_again(
    wires: Callable[..., Wires],
) -> None:
    shared = wires()
    one = shared.worker()
    await shared.gate.turn()
    shared.gate.learn(Signal(NOON, limit=100, remaining=90, reset_at=NOON + 3600))
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks)
        one.borrower.ask()
        shared.lender.heard(*shared.to_owner.popleft())
        shared.lender.lend()
        assert shared.gate.rate_limit.remaining == 89
        tasks.cancel_scope.cancel()  # nobody waits for it any more when it comes
    assert not passed
    one.borrower.heard(shared.to_worker.popleft()[1])
    shared.now += LEASE
    await shared.exchange()
    assert shared.gate.rate_limit.remaining == 90


# --- the fence ----------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "passes"), [(LEASE - 0.1, 1), (LEASE, 0)])
async def test_a_turn_that_comes_too_late_is_not_used(
    wires: Callable[..., Wires], late: float, passes: int
) -> None:
    shared = wires()
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks)
        one.borrower.ask()
        shared.lender.heard(*shared.to_owner.popleft())
        shared.lender.lend()
        shared.now += late  # on its way; or the machine slept
        one.borrower.heard(shared.to_worker.popleft()[1])
        await anyio.wait_all_tasks_blocked()
        assert len(passed) == passes
        await shared.exchange()
        assert len(passed) == 1  # it was given back, and lent anew


async def test_nothing_starts_while_the_owner_does_not_answer(
    wires: Callable[..., Wires], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkpub.http.lending.OUT_OF_TOUCH", LEASE / 2)
    shared = wires()
    one = shared.worker()
    in_touch = [one.borrower.in_touch]
    await shared.exchange()
    in_touch.append(one.borrower.in_touch)
    shared.now += LEASE / 2
    assert [*in_touch, one.borrower.in_touch] == [False, True, False]
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks)
        one.borrower.ask()
        shared.now += LEASE / 2 + 0.1  # the answer took this long: it is no sign of life now
        shared.deliver()
        await anyio.wait_all_tasks_blocked()
        assert passed == []
        await shared.exchange()
        assert len(passed) == 1


async def test_a_message_that_comes_again_lends_nothing_again(wires: Callable[..., Wires]) -> None:
    shared = wires()
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        passed = await waiting(one, tasks, 2)
        one.borrower.ask()
        shared.lender.heard(*shared.to_owner.popleft())
        shared.lender.lend()
        (_, lent) = shared.to_worker.popleft()
        for _ in range(3):
            one.borrower.heard(lent)
        await anyio.wait_all_tasks_blocked()
        assert len(passed) == 1
        tasks.cancel_scope.cancel()


# --- waits --------------------------------------------------------------------------------


async def test_a_wait_is_told_once_at_the_owner_s_and_once_at_each_worker(
    wires: Callable[..., Wires],
) -> None:
    told: list[tuple[str, float, datetime]] = []
    shared = wires()
    one, two = shared.worker(), shared.worker(lambda *wait: told.append(wait))
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks, 5)
        await waiting(two, tasks, 5)
        await shared.exchange()
        reset_at = one.borrower.clock() + 600
        one.learn(good(one, limit=100, remaining=5, reset_at=reset_at))
        await shared.exchange()
        shared.now += 60
        await shared.exchange()
        tasks.cancel_scope.cancel()
    until = datetime(2027, 1, 15, 12, 10, tzinfo=UTC)
    assert shared.waits == [("quota used up", 600.0)]
    assert told == [(WaitReason.USED_UP, 600.0, until)]
    assert two.rate_limit == RateLimit(100, 5, until)


async def test_a_wait_longer_than_allowed_stops_every_worker_with_the_owner_s_sentence(
    wires: Callable[..., Wires],
) -> None:
    shared = wires(max_wait=1800.0)
    one, two = shared.worker(), shared.worker()
    stopped: list[str] = []

    async def come(pace: LeasedPace) -> None:
        try:
            await pace.turn()
        except StoppedEarly as error:
            stopped.append(str(error))

    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
        reset_at = one.borrower.clock() + 2400
        one.learn(good(one, limit=100, remaining=5, reset_at=reset_at))
        for pace in (one, two):
            tasks.start_soon(come, pace)
        await shared.exchange()
    sentence = (
        "the quota is used up until 12:40 UTC, in 40 min: that is longer than `max_wait` allows; "
        "run again later to go on"
    )
    assert stopped == [sentence, sentence]
    shared.now += 2401  # what was said of an earlier wait is not said of a later one
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(come, two)
        await anyio.wait_all_tasks_blocked()
        await shared.exchange()
    assert len(stopped) == 2


async def test_a_portal_that_is_down_for_one_is_down_for_all(wires: Callable[..., Wires]) -> None:
    shared = wires(give_up_after=600.0)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
    one.learn(good(one, congested=True))
    await shared.exchange()
    shared.now += 600
    await shared.exchange()
    two.check_patience()
    shared.now += 1
    await shared.exchange()
    with pytest.raises(StoppedEarly, match="the portal has been down for 601 s"):
        two.check_patience()


async def test_that_the_portal_works_is_known_to_all(wires: Callable[..., Wires]) -> None:
    shared = wires(most=5)
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
    assert (one.ever_answered, two.ever_answered, two.at_once) == (False, False, 5)
    one.learn(good(one))
    assert one.ever_answered
    await shared.exchange()
    assert (two.ever_answered, shared.gate.ever_answered) == (True, True)


async def test_the_wait_for_the_quota_counts_and_the_wait_for_a_place_does_not(
    wires: Callable[..., Wires], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = wires(most=1)
    monkeypatch.setattr("bulkpub.http.gate.time", SimpleNamespace(perf_counter=shared.clock))
    one = shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks, 3)
        await shared.exchange()
        shared.now += 50
        await shared.exchange()
        assert (one.quota_waited, shared.gate.quota_waited) == (0.0, 0.0)
        reset_at = one.borrower.clock() + 600
        one.learn(good(one, limit=100, remaining=5, reset_at=reset_at))
        await shared.exchange()
        for _ in range(13):
            shared.now += 50
            await shared.exchange()
        tasks.cancel_scope.cancel()
    assert 550 <= one.quota_waited <= 650
    assert 550 <= shared.gate.quota_waited <= 650


# --- one congestion -----------------------------------------------------------------------


async def test_a_refusal_anywhere_calls_back_what_was_lent_ahead_everywhere(
    wires: Callable[..., Wires],
) -> None:
    shared = wires()
    one, two = shared.worker(), shared.worker()
    async with anyio.create_task_group() as tasks:
        await waiting(one, tasks)
        await shared.exchange()
        one.learn(good(one))
        for pace in (one, two):
            await waiting(pace, tasks, 2)
            await shared.exchange()
    before = two.purse.holds_some, shared.gate.idle > 0
    one.learn(good(one, refused=True, congested=True, retry_after=60.0))
    await shared.exchange()
    after = two.purse.holds_some, shared.gate.idle > 0
    assert (before, after) == ((True, True), (False, False))


async def test_a_portal_whose_answers_queue_up_is_given_fewer_through_leases_too(
    wires: Callable[..., Wires],
) -> None:
    """One request at a time is answered, each a second after the one before."""
    shared = wires(finds=True)
    workers = [shared.worker(), shared.worker()]
    under_way = deque[tuple[LeasedPace, float]]()

    async def come(pace: LeasedPace) -> None:
        while True:
            await pace.turn()
            under_way.append((pace, pace.borrower.clock()))

    async with anyio.create_task_group() as tasks:
        for pace in workers:
            tasks.start_soon(come, pace)
        for _ in range(400):
            await shared.exchange()
            shared.now += 1.0
            pace, sent = under_way.popleft()
            seconds = pace.borrower.clock() - sent
            pace.learn(Signal(sent, seconds=seconds, what="POST", size=9))
        tasks.cancel_scope.cancel()
    assert workers[0].at_once == shared.gate.at_once <= 4


# --- by themselves ------------------------------------------------------------------------


async def test_by_themselves_they_do_all_there_is_to_do_and_leave_nothing_behind() -> None:
    """With real clocks; it takes a moment, however long that is."""
    gate, borrowers = Gate(GateLimits(most=5)), dict[str, Borrower]()
    lender = Lender(gate, lambda name, lent: borrowers[name].heard(lent))
    under_way, most, done = 0, 0, 0

    async def work(pace: PaceOwner) -> None:
        nonlocal under_way, most, done
        for number in range(20):
            await pace.turn()
            under_way += 1
            most = max(most, under_way)
            started_at = gate.clock()
            await anyio.sleep(0.001)
            under_way -= 1
            done += 1
            if number % 5:
                pace.learn(Signal(started_at))
            else:
                pace.abandon(started_at=started_at)

    async def hear(name: str) -> None:
        await borrowers[name].run()

    async with anyio.create_task_group() as owner:
        owner.start_soon(lender.run)
        async with anyio.create_task_group() as running:
            async with anyio.create_task_group() as tasks:
                for name in ("w1", "w2"):

                    def send(ask: Ask, name: str = name) -> None:
                        lender.heard(name, ask)

                    borrowers[name] = Borrower(send)
                    running.start_soon(hear, name)
                    for _ in range(4):
                        tasks.start_soon(work, borrowers[name].portal)
                tasks.start_soon(work, gate)
            running.cancel_scope.cancel()
        owner.cancel_scope.cancel()
    assert (done, under_way, gate._pace.in_flight, gate.idle) == (180, 0, 0, 0)
    assert 2 <= most <= 5


async def test_a_worker_asks_again_every_few_seconds_though_it_wants_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bulkpub.http.lending.HEARTBEAT", 0.02)
    asks, enough = list[Ask](), anyio.Event()

    def send(ask: Ask) -> None:
        asks.append(ask)
        if len(asks) == 3:
            enough.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Borrower(send).run)
        with anyio.fail_after(30):
            await enough.wait()
        tasks.cancel_scope.cancel()
    assert [ask.number for ask in asks[:3]] == [1, 2, 3]


async def test_who_leaves_wants_nothing_any_more() -> None:
    asks = list[Ask]()
    borrower = Borrower(asks.append)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(borrower.portal.turn)
        tasks.start_soon(borrower.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert [ask.wishes[0].waiting for ask in (asks[0], asks[-1])] == [1, 0]


async def test_what_is_some_time_apart_is_so_across_processes(wires: Callable[..., Wires]) -> None:
    shared, passed = wires(), list[tuple[str, float]]()
    shared.worker()
    shared.worker()
    own = shared.lender.apart(1.0)
    await own.turn()

    async def come(name: str) -> None:
        turns = shared.workers[name].apart(1.0)
        for _ in range(2):
            await turns.turn()
            passed.append((name, shared.now - NOON))

    async with anyio.create_task_group() as tasks:
        for name in shared.workers:
            tasks.start_soon(come, name)
        for _ in range(9):
            shared.now += 0.5
            await shared.exchange()
    assert passed == [("w1", 1.0), ("w2", 2.0), ("w1", 3.0), ("w2", 4.0)]
