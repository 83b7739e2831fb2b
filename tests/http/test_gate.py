"""The gate holds requests back by a clock that only the test moves."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import anyio
import pytest

from bulkpub.core.report import RateLimit
from bulkpub.errors import StoppedEarly
from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.pace import FIRST_SLOTS
from bulkpub.http.signals import Signal

NOON = datetime(2027, 1, 15, 12, 0, tzinfo=UTC).timestamp()


@dataclass
class Hands:
    """The hands of the clock."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """What `on_wait` was told: reason, seconds, until."""

    waits: list[tuple[str, float, datetime]] = field(default_factory=list)

    def __call__(self, reason: str, seconds: float, until: datetime) -> None:
        self.waits.append((reason, seconds, until))


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def gate(hands: Hands, told: Told) -> Callable[..., Gate]:
    return lambda **limits: Gate(GateLimits(**limits), on_wait=told, clock=hands)


async def waiting(gate: Gate, tasks: anyio.abc.TaskGroup, number: int = 1) -> list[int]:
    """Let so many more requests come to the gate; those that pass are entered in the list."""
    passed: list[int] = []

    async def come(which: int) -> None:
        await gate.turn()
        passed.append(which)

    for which in range(number):
        tasks.start_soon(come, which)
    await anyio.wait_all_tasks_blocked()
    return passed


def used_up(hands: Hands, seconds: float) -> Signal:
    """An answer that used up the quota, for so many seconds."""
    return Signal(hands.now, limit=100, remaining=5, reset_at=hands.now + seconds)


# --- waiting and passing ------------------------------------------------------------------


async def test_the_first_passes_alone_and_its_answer_lets_others_pass(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    narrow = gate()
    async with anyio.create_task_group() as tasks:
        passed = await waiting(narrow, tasks, 40)
        assert len(passed) == 1
        narrow.learn(Signal(hands.now))
        await anyio.wait_all_tasks_blocked()
        assert len(passed) == 1 + FIRST_SLOTS + 1
        tasks.cancel_scope.cancel()


async def test_each_answer_lets_the_next_one_pass(gate: Callable[..., Gate], hands: Hands) -> None:
    narrow = gate(most=2)
    async with anyio.create_task_group() as tasks:
        passed = await waiting(narrow, tasks, 10)
        for number in range(9):
            narrow.learn(Signal(hands.now))
            await anyio.wait_all_tasks_blocked()
            assert len(passed) == min(number + 3, 10)


async def test_a_request_of_ours_that_was_cancelled_makes_room(gate: Callable[..., Gate]) -> None:
    narrow = gate(most=1)
    async with anyio.create_task_group() as tasks:
        passed = await waiting(narrow, tasks, 2)
        assert len(passed) == 1
        narrow.abandon()


async def test_one_that_gives_up_waiting_takes_nothing_with_it(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    narrow = gate(most=1)
    await narrow.turn()
    async with anyio.create_task_group() as tasks:
        await waiting(narrow, tasks, 5)
        tasks.cancel_scope.cancel()
    narrow.learn(Signal(hands.now))
    await narrow.turn()


async def test_they_pass_in_the_order_in_which_they_came(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    narrow = gate(most=1)
    async with anyio.create_task_group() as tasks:
        passed = await waiting(narrow, tasks, 6)
        for _ in range(6):
            narrow.learn(Signal(hands.now))
            await anyio.wait_all_tasks_blocked()
    assert passed == [0, 1, 2, 3, 4, 5]


async def test_one_that_is_aside_takes_no_place_of_another(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    narrow = gate(most=1)
    await narrow.turn()
    narrow.learn(Signal(hands.now))
    await narrow.turn(aside=True)
    await narrow.turn()  # it passes, though something is under way
    async with anyio.create_task_group() as tasks:
        passed = await waiting(narrow, tasks, 2)
        narrow.learn(Signal(hands.now, aside=True))
        await anyio.wait_all_tasks_blocked()
        assert not passed  # what ends aside makes no room either
        narrow.learn(Signal(hands.now))
        await anyio.wait_all_tasks_blocked()
        assert passed == [0]
        narrow.abandon()


async def test_one_that_was_given_up_aside_makes_no_room(gate: Callable[..., Gate]) -> None:
    narrow = gate(most=1)
    await narrow.turn()
    narrow.learn(Signal(narrow.clock()))
    await narrow.turn(aside=True)
    narrow.abandon(aside=True)
    await narrow.turn()
    async with anyio.create_task_group() as tasks:
        assert not await waiting(narrow, tasks, 2)
        tasks.cancel_scope.cancel()


async def test_a_portal_whose_answers_queue_up_is_given_fewer(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    """One request at a time is answered, each a second after the one before."""
    portal, under_way = gate(finds=True), deque[float]()
    await portal.turn()
    portal.learn(Signal(hands.now))
    for _ in range(400):
        while len(under_way) < portal.at_once:
            await portal.turn()
            under_way.append(hands.now)
        hands.now += 1.0
        sent = under_way.popleft()
        portal.learn(Signal(sent, seconds=hands.now - sent, what="POST", size=9))
    assert portal.at_once <= 4
    assert gate().at_once == 64  # nobody asked for anything to be found out


async def test_a_wait_ends_by_itself() -> None:
    """With a real clock; it takes a moment, however long that is."""
    gate = Gate()
    await gate.turn()
    gate.learn(Signal(gate.clock(), retry_after=0.02, refused=True, congested=True))
    await gate.turn()
    assert gate.quota_waited > 0


# --- the quota ----------------------------------------------------------------------------


async def test_every_wait_is_told_once_however_many_wait(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    full = gate()
    await full.turn()
    full.learn(used_up(hands, 600))
    async with anyio.create_task_group() as tasks:
        passed = await waiting(full, tasks, 30)
        assert told.waits == [("quota used up", 600.0, datetime(2027, 1, 15, 12, 10, tzinfo=UTC))]
        hands.now += 60
        full.abandon()  # anything that wakes them
        await anyio.wait_all_tasks_blocked()
        assert len(told.waits) == 1
        assert not passed
        hands.now += 541
        full.abandon()
        await anyio.wait_all_tasks_blocked()
        assert len(passed) == 1
        full.learn(used_up(hands, 600))
        await anyio.wait_all_tasks_blocked()
        assert [seconds for _, seconds, _ in told.waits] == [600, 600]
        tasks.cancel_scope.cancel()


async def test_a_portal_that_asks_to_wait_is_told_as_that(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    closed = gate()
    await closed.turn()
    closed.learn(Signal(hands.now, retry_after=90.0, refused=True, congested=True))
    async with anyio.create_task_group() as tasks:
        await waiting(closed, tasks)
        tasks.cancel_scope.cancel()
    assert [(reason, seconds) for reason, seconds, _ in told.waits] == [
        ("the portal asked to wait", 90.0)
    ]


async def test_the_short_waits_of_pacing_are_not_worth_telling(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    closed = gate(max_wait=0.1)
    await closed.turn()
    closed.learn(Signal(hands.now, retry_after=0.9, refused=True, congested=True))
    async with anyio.create_task_group() as tasks:
        await waiting(closed, tasks)
        tasks.cancel_scope.cancel()
    assert told.waits == []


async def test_a_wait_longer_than_allowed_stops_the_run_and_says_until_when(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    impatient = gate(max_wait=1800.0)
    await impatient.turn()
    impatient.learn(used_up(hands, 2400))
    with pytest.raises(StoppedEarly) as stopped:
        await impatient.turn()
    assert str(stopped.value) == (
        "the quota is used up until 12:40 UTC, in 40 min: that is "
        "longer than `max_wait` allows; run again later to go on"
    )
    assert told.waits == []


async def test_a_portal_that_is_down_for_longer_than_we_are_patient_is_not_waited_for(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    impatient = gate(give_up_after=600.0)
    await impatient.turn()
    impatient.learn(Signal(hands.now, retry_after=3600.0, congested=True))
    with pytest.raises(StoppedEarly, match=r"asks to wait until 13:00 UTC.*`give_up_after`"):
        await impatient.turn()
    assert told.waits == []


async def test_a_wait_as_long_as_allowed_is_waited(
    gate: Callable[..., Gate], hands: Hands, told: Told
) -> None:
    patient = gate(max_wait=1800.0)
    await patient.turn()
    patient.learn(used_up(hands, 1800))
    async with anyio.create_task_group() as tasks:
        assert not await waiting(patient, tasks)
        tasks.cancel_scope.cancel()
    assert len(told.waits) == 1


async def test_the_share_left_to_others_is_a_setting(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    generous = gate(quota_reserve=0.5)
    await generous.turn()
    generous.learn(Signal(hands.now, limit=100, remaining=50, reset_at=hands.now + 60))
    async with anyio.create_task_group() as tasks:
        assert not await waiting(generous, tasks)
        tasks.cancel_scope.cancel()


# --- a portal that is down ----------------------------------------------------------------


@pytest.mark.parametrize(("after", "stops"), [(599.0, False), (600.0, False), (601.0, True)])
def test_a_portal_that_stays_down_is_given_up_after_a_while(
    gate: Callable[..., Gate], hands: Hands, after: float, *, stops: bool
) -> None:
    portal = gate(give_up_after=600.0)
    portal.check_patience()
    for _ in range(3):
        portal.learn(Signal(hands.now, congested=True))
        hands.now += after / 3
    if not stops:
        portal.check_patience()
        return
    with pytest.raises(StoppedEarly) as stopped:
        portal.check_patience()
    assert str(stopped.value) == "the portal has been down for 601 s; run again when it is back"


@pytest.mark.parametrize(
    "answer", [Signal(NOON), Signal(NOON, refused=True, congested=True)], ids=["good", "429"]
)
def test_any_answer_shows_that_it_is_not_down(
    gate: Callable[..., Gate], hands: Hands, answer: Signal
) -> None:
    portal = gate(give_up_after=600.0)
    portal.learn(Signal(hands.now, congested=True))
    before = portal.ever_answered
    hands.now += 500
    portal.learn(answer)
    assert (before, portal.ever_answered) == (False, True)
    portal.learn(Signal(hands.now, congested=True))
    hands.now += 500
    portal.check_patience()


# --- figures ------------------------------------------------------------------------------


async def test_the_rate_limit_is_as_last_seen_less_what_was_sent_since(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    portal = gate()
    assert portal.rate_limit == RateLimit()
    await portal.turn()
    portal.learn(Signal(hands.now, limit=1000, remaining=700, reset_at=hands.now + 600))
    await portal.turn()
    reset_at = datetime(2027, 1, 15, 12, 10, tzinfo=UTC)
    assert portal.rate_limit == RateLimit(1000, 699, reset_at)


def test_the_rate_limit_is_never_shown_below_nothing(
    gate: Callable[..., Gate], hands: Hands
) -> None:
    portal = gate()
    portal.learn(Signal(hands.now, limit=10, remaining=0, reset_at=hands.now + 600))
    assert portal.rate_limit.remaining == 0


async def test_waiting_at_the_same_time_counts_once(
    gate: Callable[..., Gate], hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkpub.http.gate.time", SimpleNamespace(perf_counter=hands))
    portal = gate()
    await portal.turn()
    portal.learn(used_up(hands, 600))
    async with anyio.create_task_group() as tasks:
        await waiting(portal, tasks, 20)
        hands.now += 100
        tasks.cancel_scope.cancel()
    assert portal.quota_waited == 100.0


async def test_waiting_for_a_place_is_no_delay(
    gate: Callable[..., Gate], hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkpub.http.gate.time", SimpleNamespace(perf_counter=hands))
    portal = gate(most=1)
    await portal.turn()
    async with anyio.create_task_group() as tasks:
        await waiting(portal, tasks, 20)
        hands.now += 100
        tasks.cancel_scope.cancel()
    assert portal.quota_waited == 0.0
