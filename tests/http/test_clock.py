"""The machine's clock is set, or the machine sleeps, while requests wait for their turn."""

import time
from collections.abc import Callable

import anyio
import pytest

from bulkpub.http import gate as gate_module
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.signals import RateHeaders, Signal, signal_of
from bulkpub.sources.politeness import Courtesy, Hosts

NOON = 1_800_000_000.0


def test_it_is_the_time() -> None:
    assert abs(unix_time() - time.time()) < 1


@pytest.mark.parametrize("jump", [-7200.0, 7200.0], ids=["set back", "set forward"])
async def test_a_clock_that_is_set_neither_stalls_nor_hurries_a_run(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    real = time.time
    for gate in (Gate(), Hosts(Courtesy(at_once=8))["data.example.org"].pace.turns):
        monkeypatch.setattr(time, "time", real)
        await gate.turn()
        gate.learn(Signal(unix_time(), retry_after=0.3, refused=True, congested=True))
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        began = time.perf_counter()
        with anyio.fail_after(5):
            await gate.turn()
        assert 0.2 < time.perf_counter() - began < 2


def test_a_reset_is_compared_with_the_clock_as_it_was_set() -> None:
    """Ours was an hour ahead when the program began, and is right now."""
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0",
               "X-RateLimit-Reset": str(NOON + 60)}  # fmt: skip
    signal = signal_of(
        RateHeaders(), headers, status=429, started_at=NOON, now=NOON + 3600, wall=NOON
    )
    assert signal.reset_at == NOON + 3660
    dated = {"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT"}
    signal = signal_of(RateHeaders(), dated, status=429, started_at=NOON, now=NOON + 9, wall=NOON)
    assert signal.retry_after == 60


@pytest.fixture
def hands() -> dict[str, float]:
    return {"now": NOON, "awake": 0.0}


@pytest.fixture
def gate(hands: dict[str, float]) -> Gate:
    limits = GateLimits(give_up_after=600)
    return Gate(limits, clock=lambda: hands["now"], awake=lambda: hands["awake"])


async def test_a_machine_that_slept_goes_on_when_it_wakes(
    gate: Gate, hands: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "LOOK_AGAIN", 0.05)
    await gate.turn()
    gate.learn(Signal(NOON, retry_after=3000, refused=True, congested=True))

    async def sleep() -> None:
        await anyio.sleep(0.1)
        hands["now"] += 3600  # no timer of ours has moved meanwhile

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sleep)
            await gate.turn()


async def test_a_portal_is_not_down_while_the_machine_sleeps(
    gate: Gate, hands: dict[str, float]
) -> None:
    await gate.turn()
    gate.learn(Signal(NOON, congested=True))
    hands["now"] += 8 * 3600
    hands["awake"] += 60
    gate.check_patience()
    hands["awake"] += 600
    with pytest.raises(Exception, match="has been down for 660 s"):
        gate.check_patience()


def test_the_same_clock_everywhere() -> None:
    """The one that the transport dates requests by, and the one that paces them."""
    clock: Callable[[], float] = Gate().clock
    assert clock is unix_time
