"""Each rule of the pace, one by one; `tests/core_simulation` lets them play together."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.waits import WaitReason
from bulkpub.http.pace import (
    A_MOMENTS_FALL,
    FIRST_SLOTS,
    HOUR,
    LEAST_RATE,
    LONGEST_PAUSE,
    PLENTY,
    QUICK_RISE,
    SLOW_RISE,
    SLOWER,
    Pace,
    give_back,
    held_back_by,
    observe,
    plentiful,
    quota_wait,
    release,
    reserve,
    resume,
)
from bulkpub.http.signals import LONGEST_WINDOW, Signal

NOW = 1_800_000_000.0


def fast(**known: object) -> Pace:
    """A pace that knows its window and lets many requests go at once."""
    return replace(Pace(most=1e6, slots=1e6, unsure=False), **known)  # type: ignore[arg-type] # by name


def limited(remaining: int, *, limit: int = 1000, seconds_left: float = 100.0) -> Pace:
    reset_at = NOW + seconds_left
    return fast(limit=limit, remaining=remaining, reset_at=reset_at, quota_seen_at=NOW - 10)


def refusal(started_at: float = NOW, retry_after: float | None = None) -> Signal:
    return Signal(started_at, retry_after=retry_after, refused=True, congested=True)


def failure(started_at: float = NOW, retry_after: float | None = None) -> Signal:
    return Signal(started_at, retry_after=retry_after, congested=True)


def granted(pace: Pace, now: float, asking: int) -> int:
    """How many of so many requests may start at once."""
    before = pace.in_flight
    for _ in range(asking):
        pace, _ = reserve(pace, now)
    return pace.in_flight - before


def answer_all(pace: Pace, signals: Iterable[Signal], now: float) -> Pace:
    for signal in signals:
        pace = observe(pace, signal, now)
    return pace


# --- to begin with ------------------------------------------------------------------------


def test_the_first_request_goes_alone_and_the_others_wait_for_its_answer() -> None:
    pace, wait = reserve(Pace(), NOW)
    assert wait == 0
    assert reserve(pace, NOW) == (pace, inf)


def test_after_the_first_answer_a_few_go_at_once() -> None:
    pace, _ = reserve(Pace(), NOW)
    pace = observe(pace, Signal(NOW), NOW + 1)
    assert granted(pace, NOW + 1, asking=100) == FIRST_SLOTS + 1


def test_few_are_allowed_even_so_when_the_user_says_so() -> None:
    pace, _ = reserve(Pace(most=2.0), NOW)
    pace = observe(pace, Signal(NOW), NOW + 1)
    assert granted(pace, NOW + 1, asking=100) == 2


@pytest.mark.parametrize("ends", ["cancelled", "failed", "refused"])
def test_a_first_request_that_tells_nothing_is_followed_by_another_one_alone(ends: str) -> None:
    pace, _ = reserve(Pace(), NOW)
    if ends == "cancelled":
        pace = release(pace)
    else:
        pace = observe(pace, failure() if ends == "failed" else refusal(), NOW + 1)
    assert granted(pace, NOW + 1000, asking=100) == 1


def test_until_the_first_congestion_each_answer_allows_one_more_up_to_the_limit() -> None:
    pace = Pace(most=20.0, unsure=False)
    seen = []
    for _ in range(15):
        pace = observe(pace, Signal(NOW), NOW)
        seen.append(pace.slots)
    assert seen == [min(FIRST_SLOTS + n, 20.0) for n in range(1, 16)]


# --- the quota ----------------------------------------------------------------------------


def test_a_portal_that_announces_no_quota_is_not_waited_for() -> None:
    assert granted(fast(), NOW, asking=1000) == 1000


@pytest.mark.parametrize(
    ("limit", "share", "kept"),
    [
        (1000, 0.05, 50),
        (1000, 0.0, 0),
        (1000, 0.5, 500),
        (10, 0.05, 1),
        (11, 0.1, 2),
        (1, 0.05, 0),
        (2, 0.99, 1),
        (0, 0.05, 0),
        (None, 0.05, 0),
    ],
)
def test_a_share_of_the_limit_is_left_to_others(limit: int, share: float, kept: int) -> None:
    pace = replace(limited(kept, seconds_left=100.0), limit=limit, reserve_share=share)
    assert reserve(pace, NOW)[1] == 100.0
    assert reserve(replace(pace, remaining=kept + 1), NOW)[1] == 0


def test_the_wait_for_the_reset_gets_shorter_as_time_goes_by() -> None:
    pace = limited(50)
    assert [reserve(pace, NOW + s)[1] for s in (0, 60, 99)] == [100.0, 40.0, 1.0]


def test_each_start_is_counted_before_the_portal_tells() -> None:
    pace, _ = reserve(limited(900), NOW)
    assert (pace.remaining, pace.in_flight) == (899, 1)


def test_while_there_is_plenty_nothing_is_spread() -> None:
    pace = replace(limited(int(1000 * PLENTY) + 50 + 20), next_at=NOW)
    assert granted(pace, NOW, asking=100) == 20 + 2


def test_below_that_the_rest_is_spread_up_to_the_reset() -> None:
    pace, wait = reserve(replace(limited(50 + 10), next_at=NOW), NOW)
    assert wait == 0
    pace, wait = reserve(pace, NOW)
    assert 9.0 < wait < 10.0
    assert reserve(pace, NOW + wait)[1] == 0


def test_the_last_one_need_not_be_spread() -> None:
    pace, _ = reserve(limited(50 + 1), NOW)
    assert reserve(pace, NOW)[1] == 100.0


def test_spreading_uses_all_that_is_usable_before_the_reset() -> None:
    pace, now, starts = limited(50 + 40), NOW, 0
    while now < NOW + 99.9:
        pace, wait = reserve(pace, now)
        starts += wait == 0
        now += wait
    assert starts == 40


def test_a_start_that_comes_late_is_made_up_for() -> None:
    rate = 10.0
    pace = fast(rate=rate, too_much=inf, next_at=NOW)
    starts, now = 0, NOW
    while now < NOW + 10:
        pace, wait = reserve(pace, now)
        starts += wait == 0
        now += max(wait, 0.03)  # a clumsy caller: each start takes a moment
    assert starts == pytest.approx(10 * rate, abs=2)


# --- learning the quota -------------------------------------------------------------------


def test_requests_under_way_are_taken_from_what_an_answer_says_is_left() -> None:
    pace = observe(Pace(in_flight=4), Signal(NOW - 1, 1000, 10, NOW + 50), NOW)
    assert (pace.in_flight, pace.remaining, pace.reset_at) == (3, 7, NOW + 50)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(Signal(NOW), id="nothing"),
        pytest.param(Signal(NOW, limit=2000), id="no remaining"),
        pytest.param(Signal(NOW, reset_at=NOW + 50), id="only a reset"),
        pytest.param(Signal(NOW, limit=0, remaining=0, reset_at=NOW + 50), id="a limit of 0"),
        pytest.param(Signal(NOW - 60, 1000, 5, NOW + 50), id="to a request sent long ago"),
    ],
)
def test_what_says_nothing_of_the_present_window_changes_nothing(said: Signal) -> None:
    pace = observe(replace(limited(900), in_flight=1), said, NOW + 1)
    assert (pace.limit, pace.remaining, pace.reset_at) == (1000, 900, NOW + 100)


def test_a_quota_without_a_reset_is_not_waited_for() -> None:
    pace = observe(Pace(in_flight=1), Signal(NOW, limit=10, remaining=0), NOW)
    assert reserve(pace, NOW)[1] == 0


def test_a_quota_may_go_up_and_down_as_the_portal_likes() -> None:
    pace = limited(900)
    for sent, (left, reset) in enumerate([(100, 50.0), (990, 20.0), (400, 3000.0)]):
        pace = observe(replace(pace, in_flight=1), Signal(NOW + sent, 1000, left, NOW + reset), NOW)
        assert (pace.remaining, pace.reset_at) == (left, NOW + reset)


def test_a_long_upload_that_ends_late_brings_no_old_figures() -> None:
    pace = replace(limited(900), in_flight=2)
    pace = observe(pace, Signal(NOW, 1000, 500, NOW + 100), NOW + 1)
    pace = observe(pace, Signal(NOW - 5, 1000, 990, NOW + 100), NOW + 2)
    assert pace.remaining == 499


def test_of_two_sent_at_the_same_time_the_lower_figure_holds() -> None:
    for figures in [(7, 8), (8, 7)]:
        pace = replace(limited(9, limit=10), in_flight=2)
        pace = answer_all(pace, [Signal(NOW, 10, left, NOW + 100) for left in figures], NOW + 1)
        assert pace.remaining in {6, 7}


# --- the reset ----------------------------------------------------------------------------


def test_after_the_reset_one_goes_alone_and_then_the_whole_quota_is_there() -> None:
    pace = limited(50)
    assert granted(pace, NOW + 100, asking=100) == 1
    pace, _ = reserve(pace, NOW + 100)
    pace = observe(pace, Signal(NOW + 100.5, 1000, 999, NOW + 3700), NOW + 101)
    assert (pace.remaining, pace.reset_at) == (999, NOW + 3700)
    assert granted(pace, NOW + 101, asking=400) == 400


def test_an_upload_from_before_the_reset_does_not_hold_the_new_window_up() -> None:
    pace = replace(limited(50), in_flight=1)
    pace, wait = reserve(pace, NOW + 101)
    assert (wait, pace.remaining) == (0, 998)
    pace = observe(pace, Signal(NOW + 101, 1000, 999, NOW + 3700), NOW + 102)
    assert granted(pace, NOW + 102, asking=10) == 10


@pytest.mark.parametrize("reset_at", [None, NOW + 100.5, NOW + 3700])
def test_an_upload_that_ends_after_the_reset_says_nothing_of_the_new_window(
    reset_at: float | None,
) -> None:
    pace = replace(limited(50), in_flight=1)
    pace = observe(pace, Signal(NOW + 90, 1000, 50, reset_at), NOW + 101)
    assert (pace.remaining, pace.reset_at) == (999, NOW + 100 + HOUR)
    assert reserve(pace, NOW + 101)[1] == 0


def test_when_the_old_window_is_not_over_yet_by_the_portals_clock_we_ask_again_soon() -> None:
    pace, _ = reserve(limited(50), NOW + 100)
    pace = observe(pace, Signal(NOW + 100, 1000, 49, reset_at=None), NOW + 100.2)
    pace, wait = reserve(pace, NOW + 100.2)
    assert isclose(wait, 1.0, abs_tol=1e-6)
    assert granted(pace, NOW + 102, asking=10) == 1


def test_a_silent_answer_confirms_the_new_window() -> None:
    pace, _ = reserve(limited(50), NOW + 100)
    pace = observe(pace, Signal(NOW + 100), NOW + 101)
    assert granted(pace, NOW + 101, asking=10) == 10


def test_after_a_long_sleep_the_window_is_the_present_one() -> None:
    pace, _ = reserve(limited(50), NOW + 100 + 5.5 * HOUR)
    assert (pace.remaining, pace.reset_at) == (999, NOW + 100 + 6 * HOUR)


def test_without_a_limit_the_quota_is_unknown_after_the_reset() -> None:
    pace, wait = reserve(replace(limited(0), limit=None), NOW + 101)
    assert (wait, pace.remaining, pace.reset_at) == (0, None, None)


# --- turned away --------------------------------------------------------------------------


def test_thirty_two_refusals_at_once_are_one_congestion() -> None:
    pace = fast(in_flight=32, counting_from=NOW - 10)
    pace = answer_all(pace, [refusal(NOW - 5)] * 32, NOW)
    assert (pace.refusals, pace.closed_until, pace.in_flight) == (1, NOW + 1, 0)
    assert observe(pace, refusal(NOW - 1), NOW + 0.5).refusals == 1
    assert observe(pace, refusal(NOW + 0.1), NOW + 0.5).refusals == 2


def test_while_it_goes_on_the_pauses_double_up_to_the_longest() -> None:
    pace, pauses, now = fast(), [], NOW
    for _ in range(12):
        pace = observe(pace, refusal(now), now)
        pauses.append(pace.closed_until - now)
        now = pace.closed_until
    assert pauses[:4] == [1, 2, 4, 8]
    assert all(one <= other for one, other in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE


def test_a_success_ends_the_series_but_not_one_from_before_it() -> None:
    pace = observe(fast(in_flight=2), refusal(NOW - 2), NOW)
    assert observe(pace, Signal(NOW - 2), NOW + 0.1).refusals == 1
    assert observe(pace, Signal(NOW + 2), NOW + 2).refusals == 0


@pytest.mark.parametrize("said", [refusal(retry_after=42), failure(retry_after=42)])
def test_retry_after_is_heeded_to_the_second(said: Signal) -> None:
    pace = observe(fast(in_flight=1), said, NOW)
    assert reserve(pace, NOW) == (pace, 42.0)
    assert reserve(pace, NOW + 42)[1] == 0


def test_a_pause_is_never_shortened_by_later_advice() -> None:
    pace = observe(fast(), refusal(retry_after=60), NOW)
    pace = observe(pace, refusal(NOW + 1, retry_after=2), NOW + 2)
    assert observe(pace, failure(NOW + 3, retry_after=2), NOW + 3).closed_until == NOW + 60


def test_the_rate_that_was_too_much_is_left_a_little_below() -> None:
    pace = fast(answered=400.0, counting_from=NOW - 20, in_flight=1)
    pace = observe(pace, refusal(), NOW)
    assert (pace.too_much, pace.rate) == (20.0, SLOWER * 20.0)


@pytest.mark.parametrize(
    ("answered", "seconds", "rate", "too_much"),
    [(400.0, 20.0, None, 20.0), (400.0, 20.0, 10.0, 10.0), (5.0, 0.1, None, 5.0), (1, 99, None, 0)],
)
def test_too_much_is_what_was_reached_and_never_more_than_we_allowed(
    answered: float, seconds: float, rate: float | None, too_much: float
) -> None:
    pace = fast(answered=answered, counting_from=NOW - seconds, rate=rate, in_flight=1)
    assert observe(pace, refusal(), NOW).too_much == max(too_much, LEAST_RATE)


def test_what_was_reached_in_a_moment_is_not_believed() -> None:
    pace = fast(answered=3.0, counting_from=NOW - 0.5, rate=20.0, too_much=24.0, in_flight=1)
    slowed = observe(pace, refusal(), NOW)
    assert slowed.too_much == 24.0
    assert slowed.rate == pytest.approx(SLOWER * A_MOMENTS_FALL * 20.0)
    pace = fast(answered=3.0, counting_from=NOW - 1.5, rate=20.0, too_much=24.0, in_flight=1)
    assert observe(pace, refusal(), NOW).too_much == 2.0


def test_what_was_reached_is_measured_over_the_last_answers() -> None:
    pace = fast(counting_from=NOW)
    for n in range(1, 101):  # a slow start
        pace = observe(replace(pace, in_flight=1), Signal(NOW + n - 1), NOW + n)
    for n in range(1, 401):  # and then twenty a second
        at = NOW + 100 + n / 20
        pace = observe(replace(pace, in_flight=1), Signal(at - 0.01), at)
    assert observe(pace, refusal(NOW + 120), NOW + 120).too_much == pytest.approx(20, rel=0.1)


def test_the_starts_keep_the_distance_the_rate_asks_for() -> None:
    pace = fast(rate=4.0, next_at=NOW)
    pace, _ = reserve(pace, NOW)
    pace, wait = reserve(pace, NOW)
    assert isclose(wait, 0.25, abs_tol=1e-6)


def test_a_start_that_comes_a_little_late_delays_no_other() -> None:
    pace, _ = reserve(fast(rate=4.0, next_at=NOW), NOW + 0.1)
    pace, wait = reserve(pace, NOW + 0.1)
    assert isclose(wait, 0.15, abs_tol=1e-6)
    pace, _ = reserve(pace, NOW + 60.0)
    pace, wait = reserve(pace, NOW + 60.0)
    assert wait == 0.0, "one that was not used may follow at once"
    assert reserve(pace, NOW + 60.0)[1] > 0.0, "and no more than one"


@pytest.mark.parametrize(
    ("rate", "rise"),
    [(5.0, QUICK_RISE), (18.9, QUICK_RISE), (19.1, SLOW_RISE), (21.0, SLOW_RISE), (30.0, 0.1)],
)
def test_far_from_what_was_too_much_we_speed_up_quickly_and_near_it_slowly(
    rate: float, rise: float
) -> None:
    pace = fast(rate=rate, too_much=20.0, epoch_at=NOW - 60, risen_at=NOW - 2, in_flight=1)
    assert observe(pace, Signal(NOW - 1), NOW).rate == pytest.approx(rate * (1 + 2 * rise))


def test_after_a_long_rest_the_rate_does_not_jump() -> None:
    pace = fast(rate=5.0, too_much=20.0, epoch_at=NOW - 6000, risen_at=NOW - 5000, in_flight=1)
    assert observe(pace, Signal(NOW - 1), NOW).rate == pytest.approx(10.0)


def test_in_the_pause_itself_the_rate_does_not_rise() -> None:
    pace = observe(fast(answered=40.0, counting_from=NOW - 2, in_flight=2), refusal(), NOW)
    assert observe(pace, Signal(NOW - 1), NOW + 0.5).rate == pace.rate


def test_however_often_we_are_turned_away_we_go_on_asking() -> None:
    pace, now = fast(counting_from=NOW), NOW
    for _ in range(100):
        pace = observe(pace, Signal(now), now)
        pace = observe(pace, refusal(now), now)
        now = pace.closed_until
    assert pace.rate == LEAST_RATE
    assert reserve(pace, now)[1] <= 1 / LEAST_RATE


@pytest.mark.parametrize("rate", [None, 10.0])
def test_refusals_without_a_good_answer_between_them_say_nothing_of_the_rate(
    rate: float | None,
) -> None:
    pace = fast(rate=rate, counting_from=NOW - 10)
    for number in range(5):
        pace = observe(pace, refusal(NOW + 1000 * number), NOW + 1000 * number)
    assert (pace.rate, pace.refusals) == (rate, 5)
    assert granted(pace, NOW + 9000, asking=100) == 1


@pytest.mark.parametrize("told", [True, False], ids=["with headers", "without"])
def test_a_refusal_for_the_quota_waits_for_the_reset_and_slows_nothing_down(*, told: bool) -> None:
    said = refusal()
    if told:
        said = replace(said, limit=1000, remaining=0, reset_at=NOW + 30)
    pace = observe(replace(limited(50, seconds_left=30), in_flight=1), said, NOW)
    assert pace.rate is None
    assert reserve(pace, NOW + 5) == (pace, 25.0)


def test_a_refusal_with_quota_left_is_for_the_rate() -> None:
    said = replace(refusal(), limit=1000, remaining=700, reset_at=NOW + 30)
    busy = replace(limited(50), in_flight=800, answered=40.0, counting_from=NOW - 2)
    assert observe(busy, said, NOW).rate == SLOWER * 20.0


# --- requests at once ---------------------------------------------------------------------


def test_a_failing_portal_halves_the_requests_at_once_and_once_only() -> None:
    pace = fast(most=64.0, slots=32.0, in_flight=32)
    pace = answer_all(pace, [failure(NOW - 3)] * 32, NOW)
    assert pace.slots == 16
    assert observe(pace, failure(NOW + 1), NOW + 2).slots < 16


def test_what_was_not_in_use_is_no_measure() -> None:
    pace = fast(most=64.0, slots=64.0, in_flight=8)
    assert observe(pace, failure(), NOW).slots == 4


def test_one_request_at_a_time_is_always_allowed() -> None:
    pace, now = fast(most=64.0, slots=64.0), NOW
    for _ in range(20):
        now += 1
        pace = observe(replace(pace, in_flight=1), failure(now), now)
    assert pace.slots == 1
    assert granted(pace, now, asking=5) == 1


def test_after_a_congestion_a_round_of_answers_allows_one_more() -> None:
    pace = fast(most=64.0, slots=4.0, epoch_at=NOW - 10)
    for number in range(1, 5):
        assert granted(pace, NOW, asking=99) == 4, number
        pace = observe(replace(pace, in_flight=1), Signal(NOW), NOW)
        pace = release(pace)
    assert 4.8 < pace.slots < 5.0
    pace = observe(pace, Signal(NOW), NOW)
    assert granted(replace(pace, in_flight=0), NOW, asking=99) == 5


@pytest.mark.parametrize(
    ("usual", "took", "congested"),
    [
        (0.1, 5.1, True),
        (0.1, 4.9, False),
        (2.0, 7.9, False),
        (2.0, 8.1, True),
        (None, 60.0, False),
        (0.1, None, False),
    ],
)
def test_an_answer_much_slower_than_usual_means_congestion(
    usual: float | None, took: float | None, *, congested: bool
) -> None:
    pace = fast(most=64.0, slots=32.0, in_flight=32, usual_seconds=usual)
    assert (observe(pace, Signal(NOW, seconds=took), NOW + 9).slots < 32) is congested


def test_a_portal_that_is_slow_by_nature_is_not_held_congested_for_ever() -> None:
    pace, now = fast(most=64.0, slots=32.0, usual_seconds=0.1), NOW
    for _ in range(100):
        now += 6
        pace = observe(replace(pace, in_flight=30), Signal(now - 6, seconds=6.0), now)
    assert pace.slots > 8


def test_a_refusal_does_not_change_the_requests_at_once() -> None:
    assert observe(fast(slots=32.0, most=64.0, in_flight=32), refusal(), NOW).slots == 32


# --- how long a plan takes ----------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.05])
@pytest.mark.parametrize(
    ("requests", "remaining", "reset_in"),
    [
        (1, 90, 600.0),
        (40, 90, 600.0),
        (90, 90, 600.0),
        (91, 90, 600.0),
        (40, 45, 600.0),
        (30, 100, 3600.0),
        (190, 90, 600.0),
        (420, 3, 10.0),
        (5, 0, 600.0),
    ],
)
def test_the_forecast_says_what_the_pace_does(
    requests: int, remaining: int, reset_in: float, share: float
) -> None:
    limit = 100
    pace = replace(limited(remaining, limit=limit, seconds_left=reset_in), reserve_share=share)
    now = NOW
    for _ in range(requests):
        pace, wait = reserve(pace, now)
        while wait:
            now += wait
            pace, wait = reserve(pace, now)
        answer = Signal(now, limit=limit, remaining=pace.remaining, reset_at=pace.reset_at)
        pace = observe(pace, answer, now)
    found = quota_wait(
        requests, limit=limit, remaining=remaining, reset_in=reset_in, reserve_share=share
    )
    assert found == pytest.approx(now - NOW, rel=0.05, abs=0.05 * reset_in)


@pytest.mark.parametrize(
    ("requests", "limit", "remaining", "reset_in"),
    [
        (0, 1000, 0, 600.0),
        (901, 1000, 900, -5.0),
        (901, None, 900, 600.0),
        (901, 0, 0, 600.0),
        (901, 1000, None, 600.0),
        (901, 1000, 900, None),
    ],
)
def test_without_a_quota_that_is_known_nothing_waits(
    requests: int, limit: int | None, remaining: int | None, reset_in: float | None
) -> None:
    assert quota_wait(requests, limit=limit, remaining=remaining, reset_in=reset_in) == 0


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"next_at": NOW + 72}, WaitReason.PACING),
        ({"remaining": 0}, WaitReason.USED_UP),
        ({"closed_until": NOW + 5}, WaitReason.ASKED),
        ({"closed_until": NOW + 5, "next_at": NOW + 5, "remaining": 0}, WaitReason.ASKED),
        ({"closed_until": NOW + 5, "next_at": NOW + 72}, WaitReason.PACING),
    ],
)
def test_pacing_is_called_pacing_and_used_up_is_called_used_up(
    known: dict[str, object], reason: WaitReason
) -> None:
    pace, wait = reserve(replace(limited(300), **known), NOW)  # type: ignore[arg-type] # by name
    assert wait > 0
    assert held_back_by(pace, NOW) is reason


# --- whatever happens ---------------------------------------------------------------------

figures = st.none() | st.integers(0, 12) | st.integers(0, 10**15)
moments = st.none() | st.floats(-10, 4000) | st.floats(0, LONGEST_WINDOW)
steps = st.tuples(
    st.sampled_from(("good", "slow", "failed", "refused", "cancelled")),
    figures,
    figures,
    moments,
    st.none() | st.floats(0, LONGEST_WINDOW),
    st.floats(-50, 50),
    st.integers(1, 5),
)


def said(how: str, known: tuple[int | None, int | None, float | None], *at: float) -> Signal:
    started_at, now = at
    limit, remaining, reset = known
    return Signal(
        started_at,
        limit,
        remaining,
        None if reset is None else now + reset,
        refused=how == "refused",
        congested=how in {"refused", "failed"},
        seconds=60.0 if how == "slow" else 0.1,
    )


@given(st.lists(steps, max_size=40))
def test_no_portal_and_no_clock_makes_a_wait_negative_or_loses_count(
    history: list[tuple[str, int | None, int | None, float | None, float | None, float, int]],
) -> None:
    pace, now, under_way = Pace(most=8.0), NOW, list[float]()
    for how, limit, remaining, reset, advice, later, asking in history:
        for _ in range(asking):
            pace, wait = reserve(pace, now)
            assert wait >= 0
            assert wait < inf or under_way, "only an answer can change it, and none will come"
            under_way += [now] * (wait == 0)
        now += later
        if under_way:
            started_at = under_way.pop(len(under_way) // 2)
            signal = said(how, (limit, remaining, reset), started_at, now)
            pace = (
                release(pace)
                if how == "cancelled"
                else observe(pace, replace(signal, retry_after=advice), now)
            )
        assert pace.in_flight == len(under_way)
        assert 1 <= max(pace.slots, 1) <= 8
    for _ in under_way:
        pace = release(pace)
    assert reserve(pace, now + 2 * LONGEST_WINDOW)[1] == 0


def test_ending_more_than_was_begun_does_not_make_room() -> None:
    pace = release(release(Pace(unsure=False)))
    assert pace.in_flight == 0
    assert granted(pace, NOW, asking=100) == FIRST_SLOTS


@given(st.integers(0, 20), st.integers(0, 30))
def test_no_more_start_than_are_usable_however_many_ask(usable: int, asking: int) -> None:
    plenty = replace(limited(usable), limit=20, reserve_share=0.0)
    starts, pace = 0, plenty
    for _ in range(asking):
        pace, wait = reserve(replace(pace, next_at=0.0), NOW)  # as if spreading were over
        starts += wait == 0
    assert starts == min(usable, asking)


# --- what is done elsewhere ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted_at", "another"), [(NOW - 1, False), (NOW, True), (NOW + 1, True), (inf, True)]
)
def test_only_the_one_that_asks_makes_room_for_another_that_does(
    granted_at: float, *, another: bool
) -> None:
    """A window began at NOW, and one request asks; one of before, or that one, is given up."""
    old, _ = reserve(limited(500, seconds_left=0.0), NOW - 1)
    asking, wait = reserve(old, NOW + 1)
    assert wait == 0
    assert reserve(asking, NOW + 1)[1] > 0
    for ended in (release, give_back):
        pace = ended(asking, granted_at=granted_at)
        assert (reserve(pace, NOW + 1)[1] == 0) is another


def test_what_was_not_used_is_there_again() -> None:
    pace, _ = reserve(limited(300), NOW)
    assert (pace.remaining, pace.in_flight) == (299, 1)
    assert (give_back(pace).remaining, give_back(pace).in_flight) == (300, 0)
    assert release(pace).remaining == 299
    assert give_back(reserve(fast(), NOW)[0]).remaining is None


@pytest.mark.parametrize("aside", [False, True])
def test_what_goes_on_after_all_takes_its_place_again(*, aside: bool) -> None:
    pace, _ = reserve(limited(300), NOW, aside=aside)
    assert resume(release(pace, aside=aside), aside=aside) == pace


def test_an_answer_of_uncertain_age_makes_the_quota_no_larger() -> None:
    told = observe(limited(300), Signal(NOW, remaining=200, granted_at=NOW - 1), NOW + 1)
    assert told.remaining == 200
    perhaps = Signal(NOW + 0.5, remaining=250, granted_at=NOW)
    assert observe(told, perhaps, NOW + 1).remaining == 200
    assert observe(told, replace(perhaps, remaining=150), NOW + 1).remaining == 150
    surely = replace(perhaps, granted_at=NOW + 0.1)
    assert observe(told, surely, NOW + 1).remaining == 250


def test_what_was_lost_may_have_been_used_after_the_answer_was_made() -> None:
    pace = replace(limited(300), in_flight=2)
    pace = release(pace, now=NOW + 1)
    before = observe(pace, Signal(NOW + 0.5, remaining=400), NOW + 2)
    after = observe(pace, Signal(NOW + 1.5, remaining=400), NOW + 2)
    assert (before.remaining, after.remaining) == (300, 400)


def test_a_window_s_first_answer_is_asked_for_again_when_something_was_lost_meanwhile() -> None:
    pace, _ = reserve(Pace(), NOW)
    pace = release(replace(pace, in_flight=2), now=NOW + 1)
    told = Signal(NOW, limit=10, remaining=9, reset_at=NOW + 60)
    pace = observe(pace, told, NOW + 2)
    assert (pace.unsure, pace.asking, pace.limit) == (True, False, None)
    pace, wait = reserve(pace, NOW + 2)
    assert wait == 0
    pace = observe(pace, replace(told, started_at=NOW + 2, remaining=7), NOW + 3)
    assert (pace.unsure, pace.remaining) == (False, 7)


def test_a_refusal_of_what_was_allowed_before_we_slowed_down_is_old_news() -> None:
    pace = observe(fast(answered=50.0, counting_from=NOW - 5), refusal(NOW), NOW + 1)
    assert pace.epoch_at == NOW + 1
    late = replace(refusal(NOW + 3), granted_at=NOW + 0.9)
    assert observe(pace, late, NOW + 4).epoch_at == NOW + 1
    again = replace(refusal(NOW + 3), granted_at=NOW + 2)
    assert observe(pace, again, NOW + 4).epoch_at == NOW + 4


@pytest.mark.parametrize(
    ("pace", "is_so"),
    [
        (fast(), True),
        (Pace(), False),
        (fast(rate=10.0), False),
        (limited(600), True),
        (limited(400), False),
    ],
)
def test_there_is_plenty_while_nothing_is_spread(pace: Pace, *, is_so: bool) -> None:
    assert plentiful(pace) is is_so


@pytest.mark.parametrize("together", [1, 10, 80])
def test_the_rate_that_was_too_much_is_measured_however_many_answers_come_at_once(
    together: int,
) -> None:
    """There are 200 in each second, told of one by one or in heaps, as workers elsewhere do."""
    pace, now = fast(counting_from=NOW), NOW
    for _ in range(2000 // together):
        now += together / 200
        pace = answer_all(pace, [Signal(now)] * together, now)
    slowed = observe(pace, refusal(now), now)
    assert 150 < slowed.too_much < 250
