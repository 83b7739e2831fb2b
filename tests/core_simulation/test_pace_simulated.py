"""Hours of publishing under a quota, in milliseconds: what `http.pace` makes of them."""

from collections.abc import Callable
from math import ceil
from typing import Any

import pytest

Simulate = Callable[..., Any]
LATENCIES = [(1, 0.05), (8, 0.5), (32, (0.05, 2.0))]
HOUR = 3600.0


def least_share_used(run: Any, reserve_share: float = 0.05) -> float:
    """The share of the usable quota that was used in the full window that used least of it.

    Usable is what the reserve and the others left of the limit.
    """
    limit = run.portal.quota
    shares = []
    for window in run.full_windows:
        usable = limit - ceil(reserve_share * limit) - window.others
        shares.append(window.ours / usable if usable > 0 else 1.0)
    return min(shares)


# --- a quota that is announced ------------------------------------------------------------


@pytest.mark.parametrize("quota", [10, 50, 100, 1000])
@pytest.mark.parametrize("reset_as", ["unix", "seconds"])
@pytest.mark.parametrize("share_of_others", [0.0, 0.1])
@pytest.mark.parametrize(("workers", "latency"), LATENCIES)
def test_an_announced_quota_is_used_up_and_never_exceeded(
    *,
    portal: Any,
    simulate: Simulate,
    quota: int,
    reset_as: str,
    share_of_others: float,
    workers: int,
    latency: Any,
) -> None:
    others = share_of_others * quota / HOUR
    run = simulate(
        portal(quota=quota, headers=reset_as, others=others),
        workers=workers,
        latency=latency,
        seconds=3 * HOUR,
    )
    assert len(run.full_windows) == 2
    assert least_share_used(run) >= 0.98
    assert run.portal.avoidable == 0
    assert run.answers.get(429, 0) == 0


@pytest.mark.parametrize(
    ("quota", "window", "reset_as", "workers", "latency"),
    [
        (5_000, HOUR, "unix", 1, 0.05),
        (5_000, HOUR, "seconds", 32, (0.05, 2.0)),
        # As fast as 20,000 and 50,000 an hour are.
        (4_000, HOUR / 5, "unix", 8, 0.5),
        (10_000, HOUR / 5, "unix", 32, (0.05, 1.5)),
    ],
)
def test_so_is_a_large_one(
    *,
    portal: Any,
    simulate: Simulate,
    quota: int,
    window: float,
    reset_as: str,
    workers: int,
    latency: Any,
) -> None:
    others = 0.05 * quota / window
    run = simulate(
        portal(quota=quota, window=window, headers=reset_as, others=others, left_of_first=0.02),
        workers=workers,
        latency=latency,
        seconds=1.04 * window,
    )
    assert len(run.full_windows) == 1
    assert least_share_used(run) >= 0.98
    assert run.answers.get(429, 0) == 0


@pytest.mark.parametrize("quota", [10, 100, 1000])
@pytest.mark.parametrize("share_of_others", [0.5, 1.0, 3.0])
def test_others_who_take_all_they_can_cost_us_only_what_they_take(
    portal: Any, simulate: Simulate, quota: int, share_of_others: float
) -> None:
    greedy = portal(quota=quota, others=share_of_others * quota / HOUR)
    run = simulate(greedy, workers=8, seconds=4 * HOUR)
    assert least_share_used(run) >= 0.98
    assert run.portal.avoidable == 0
    # Whoever takes the last request is not told of us; one of ours finds out, once a window.
    assert run.answers.get(429, 0) <= 2 * len(run.portal.windows)


@pytest.mark.parametrize("reserve_share", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("quota", [1, 2, 10, 100])
def test_the_reserve_is_kept_but_never_the_whole_quota(
    portal: Any, simulate: Simulate, quota: int, reserve_share: float
) -> None:
    run = simulate(portal(quota=quota), workers=8, seconds=3 * HOUR, reserve_share=reserve_share)
    ours = max(quota - ceil(reserve_share * quota), 1)
    assert [window.ours for window in run.full_windows] == [ours, ours]
    assert run.answers.get(429, 0) == 0


@pytest.mark.parametrize("ahead", [-90.0, -2.0, 2.0, 90.0])
@pytest.mark.parametrize("quota", [10, 100, 1000])
def test_clocks_that_disagree_cost_one_refusal_in_a_window_at_most(
    portal: Any, simulate: Simulate, quota: int, ahead: float
) -> None:
    run = simulate(portal(quota=quota, clock_ahead=ahead), seconds=3 * HOUR)
    assert run.answers.get(429, 0) <= len(run.portal.windows)
    late = max(ahead, 0.0) / HOUR
    assert least_share_used(run) >= 0.98 - late


@pytest.mark.parametrize("reset_as", ["unix", "seconds"])
@pytest.mark.parametrize(("quota", "window", "share"), [(20, 1.0, 0.7), (60, 60.0, 0.98)])
def test_a_window_need_not_be_an_hour(
    *, portal: Any, simulate: Simulate, reset_as: str, quota: int, window: float, share: float
) -> None:
    run = simulate(portal(quota=quota, window=window, headers=reset_as), seconds=100 * window)
    used = [each.ours for each in run.full_windows]
    assert sum(used) >= share * quota * 0.95 * len(used)
    assert run.answers.get(429, 0) == 0


# --- a quota that is not announced --------------------------------------------------------


@pytest.mark.parametrize("quota", [10, 50, 100, 1000])
@pytest.mark.parametrize("advice", [True, False])
@pytest.mark.parametrize(("workers", "latency"), LATENCIES)
def test_a_silent_quota_is_used_up_and_asked_for_patiently(
    *, portal: Any, simulate: Simulate, quota: int, advice: bool, workers: int, latency: Any
) -> None:
    silent = portal(quota=quota, headers=None, advice=advice)
    run = simulate(silent, workers=workers, latency=latency, seconds=3 * HOUR)
    assert [window.ours for window in run.full_windows] == [quota, quota]
    # Those under way when it ends, and without advice one attempt every two minutes.
    asked = 0 if advice else HOUR / 120 + 8
    assert run.answers[429] <= (workers + asked) * len(run.portal.windows)


def test_a_large_silent_quota_is_used_up_too(portal: Any, simulate: Simulate) -> None:
    silent = portal(quota=5_000, headers=None, left_of_first=0.02)
    run = simulate(silent, latency=0.2, seconds=1.04 * HOUR)
    assert [window.ours for window in run.full_windows] == [5_000]


# --- a limit on the rate ------------------------------------------------------------------


@pytest.mark.parametrize("advice", [True, False])
@pytest.mark.parametrize("latency", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_workers_find_a_hard_rate_and_keep_to_it(
    *, portal: Any, simulate: Simulate, latency: float, advice: bool, seed: int
) -> None:
    strict = portal(rate=20.0, advice=advice, seed=seed)
    run = simulate(strict, workers=32, latency=latency, requests=3000)
    assert run.seconds <= 1.2 * 3000 / 20
    assert run.answers[429] <= 0.03 * 3000


# --- a portal that fails ------------------------------------------------------------------


@pytest.mark.parametrize("latency", [0.05, 0.5])
def test_a_failing_portal_is_asked_by_one_at_a_time_and_found_again(
    portal: Any, simulate: Simulate, latency: float
) -> None:
    run = simulate(portal(down=((8.0, 32.0),)), latency=latency, seconds=44)
    assert max(slots for at, slots in run.slots if at < 8) == 64
    asked = [slots for at, slots in run.slots if 8 + 10 * latency < at < 32]
    assert set(asked) == {1.0}
    assert len(asked) <= 24 / (0.6 * latency)
    back = [slots for at, slots in run.slots if at > 32 + 2 * latency]
    needed = {k: next(n for n, slots in enumerate(back) if slots >= k) for k in (2, 4, 8, 16)}
    assert all(answers <= k * k for k, answers in needed.items())


def test_a_failure_that_comes_back_again_and_again_does_not_stop_the_run(
    portal: Any, simulate: Simulate
) -> None:
    outages = tuple((at, at + 3.0) for at in range(5, 100, 20))
    run = simulate(portal(down=outages), latency=0.2, seconds=100)
    assert run.answers[503] < 0.1 * run.answers[200]
    assert run.answers[200] > 1500


# --- the simulator itself -----------------------------------------------------------------


def test_the_simulated_portal_refuses_those_who_ask_too_much(portal: Any) -> None:
    two = portal(quota=2, rate=1.0)
    start = two.reset_at - 0.6 * HOUR
    assert [two.take(start + at)[0] for at in (0.0, 0.1, 2.0, 4.0)] == [200, 429, 200, 429]
    assert two.avoidable == 2
    assert two.take(start + 5.0)[1] == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{two.reset_at:.0f}",
        "Retry-After": f"{0.6 * HOUR - 5:.0f}",
    }
    assert two.take(start + HOUR)[0] == 200
