import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkpub.core.pace import (
    LONGEST_PAUSE,
    LONGEST_WINDOW,
    Pace,
    RateHeaders,
    Signal,
    observe,
    reserve,
    signal_of,
)

NOW = 1_800_000_000.0
often = settings(max_examples=300, deadline=None, derandomize=True)


def read(headers: Mapping[str, str], *, status: int = 200, now: float = NOW) -> Signal:
    return signal_of(RateHeaders(), headers, status=status, started_at=now - 1, now=now)


def limited(remaining: int, *, seconds_left: float = 100.0, in_flight: int = 0) -> Pace:
    return Pace(limit=1000, remaining=remaining, reset_at=NOW + seconds_left, in_flight=in_flight)


def refusal(started_at: float, retry_after: float | None = None) -> Signal:
    return Signal(started_at, retry_after=retry_after, refused=True)


# --- asking -------------------------------------------------------------------------------


def test_nothing_known_grants_everything() -> None:
    pace = Pace()
    for number in range(1, 1001):
        pace, wait = reserve(pace, NOW)
        assert wait == 0
        assert pace.in_flight == number


def test_the_quota_is_granted_once_and_no_more() -> None:
    pace = limited(3)
    for _ in range(3):
        pace, wait = reserve(pace, NOW)
        assert wait == 0
    assert reserve(pace, NOW) == (pace, 100.0)
    assert reserve(pace, NOW + 60) == (pace, 40.0)


def test_after_the_reset_the_quota_is_unknown_until_the_next_answer_tells() -> None:
    pace, wait = reserve(limited(0), NOW + 100)
    assert wait == 0
    assert (pace.remaining, pace.reset_at) == (None, None)
    pace = observe(pace, Signal(NOW + 100, 1000, 999, NOW + 3700), NOW + 101)
    assert (pace.remaining, pace.reset_at) == (999, NOW + 3700)


def test_nothing_starts_before_the_end_of_a_pause_even_with_quota_left() -> None:
    pace = replace(limited(5), closed_until=NOW + 7)
    assert reserve(pace, NOW) == (pace, 7.0)
    assert reserve(pace, NOW + 7)[1] == 0


def test_requests_under_way_are_taken_from_what_an_answer_says_is_left() -> None:
    pace = observe(Pace(in_flight=4), Signal(NOW - 1, 1000, 10, NOW + 50), NOW)
    assert (pace.in_flight, pace.remaining) == (3, 7)


# --- taking note --------------------------------------------------------------------------


def test_thirty_two_refusals_at_once_are_one_congestion() -> None:
    pace = Pace(in_flight=32)
    for number in range(32):
        pace = observe(pace, refusal(NOW - 5), NOW + number / 100)
    assert pace.refusals == 1
    assert pace.closed_until == NOW + 1
    assert pace.in_flight == 0


def test_a_refusal_after_the_pause_is_a_new_congestion_and_pauses_longer() -> None:
    pace, pauses, now = Pace(), [], NOW
    for _ in range(12):
        pace = observe(pace, refusal(now), now)
        pauses.append(pace.closed_until - now)
        now = pace.closed_until
    assert pauses[:4] == [1, 2, 4, 8]
    assert all(one <= other for one, other in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE


def test_a_success_ends_the_series_of_congestions() -> None:
    pace = observe(Pace(), refusal(NOW), NOW)
    pace = observe(pace, Signal(NOW + 2), NOW + 2)
    assert pace.refusals == 0
    assert observe(pace, refusal(NOW + 3), NOW + 3).closed_until == NOW + 4


def test_a_success_sent_before_the_congestion_says_nothing_about_it() -> None:
    pace = observe(Pace(in_flight=2), refusal(NOW - 2), NOW)
    assert observe(pace, Signal(NOW - 2), NOW + 0.1).refusals == 1


def test_retry_after_is_heeded_to_the_second() -> None:
    pace = observe(Pace(), refusal(NOW, retry_after=42), NOW)
    assert reserve(pace, NOW) == (pace, 42.0)


def test_a_pause_is_never_shortened_by_a_later_refusal() -> None:
    pace = observe(Pace(), refusal(NOW, retry_after=60), NOW)
    assert observe(pace, refusal(NOW + 1, retry_after=2), NOW + 2).closed_until == NOW + 60


def test_a_refusal_without_advice_waits_for_the_reset_when_the_quota_is_used_up() -> None:
    answer = Signal(NOW, limit=10, remaining=0, reset_at=NOW + 30, refused=True)
    pace = observe(Pace(in_flight=1), answer, NOW)
    assert reserve(pace, NOW + 5) == (pace, 25.0)


def test_a_quota_without_a_reset_is_not_waited_for() -> None:
    pace = observe(Pace(in_flight=1), Signal(NOW, limit=10, remaining=0), NOW)
    assert reserve(pace, NOW)[1] == 0


def test_a_late_answer_from_the_last_window_is_not_taken_for_this_one() -> None:
    pace = observe(limited(0), Signal(NOW, 1000, 0, NOW + 100), NOW + 101)
    assert reserve(pace, NOW + 101)[1] == 0


# --- reading headers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reset", "at"),
    [
        (f"{NOW + 60:.0f}", NOW + 60),
        ("60", NOW + 60),
        ("0", NOW),
        ("59.5", NOW + 59.5),
        (f"{(NOW + 60) * 1000:.0f}", None),
        ("-60", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("", None),
    ],
)
def test_a_reset_is_a_point_in_time_or_seconds_to_go(reset: str, at: float | None) -> None:
    signal = read({"X-RateLimit-Reset": reset, "X-RateLimit-Remaining": "5"})
    assert observe(Pace(in_flight=1), signal, NOW).reset_at == at


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("0", 0), ("7.9", 7), (" 7 ", 7), ("-1", None), ("many", None), ("7, 7", None)],
)
def test_a_number_that_makes_no_sense_counts_as_silence(text: str, number: int | None) -> None:
    signal = read({"X-RateLimit-Limit": text, "X-RateLimit-Remaining": text})
    assert (signal.limit, signal.remaining) == (number, number)


def test_the_names_of_the_headers_are_settings() -> None:
    names = RateHeaders("L", "R", "T")
    headers = {"L": "10", "R": "3", "T": "60", "X-RateLimit-Limit": "99"}
    signal = signal_of(names, headers, status=200, started_at=NOW, now=NOW)
    assert signal == Signal(NOW, 10, 3, NOW + 60)


def test_a_portal_that_says_nothing_of_limits_is_never_waited_for() -> None:
    assert read({}) == Signal(NOW - 1)
    assert reserve(observe(Pace(), read({}), NOW), NOW)[1] == 0


@pytest.fixture
def local_time_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "XYZ-05:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("local_time_elsewhere")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("-5", None),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(NOW + 90)), 90.0),
        (formatdate(NOW + 90).replace("-0000", "+0000"), 90.0),
        (formatdate(NOW + 90), 90.0),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_an_http_date_in_utc(text: str, seconds: float | None) -> None:
    assert read({"Retry-After": text}, status=429).retry_after == seconds


@given(st.text(max_size=30) | st.text("0123456789 :,+-GMTJanSu", max_size=40))
@often
def test_no_retry_after_breaks_the_run(text: str) -> None:
    seconds = read({"Retry-After": text}, status=429).retry_after
    assert seconds is None or seconds >= 0


# --- whatever happens ---------------------------------------------------------------------

numbers = st.one_of(
    st.integers(-10, 10).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.integers(-5, 500).map(lambda s: f"{NOW + s:.0f}"),
    st.text(max_size=4),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "X-RateLimit-Limit": numbers,
        "X-RateLimit-Remaining": numbers,
        "X-RateLimit-Reset": numbers,
        "Retry-After": numbers,
    },
)


@given(
    st.lists(st.tuples(headers, st.sampled_from((200, 429, 500)), st.floats(-50, 50)), max_size=30)
)
@often
def test_whatever_the_headers_say_waits_are_finite_and_never_negative(
    answers: list[tuple[dict[str, str], int, float]],
) -> None:
    pace, now, sent = Pace(), NOW, 0
    for said, status, later in answers:
        pace, wait = reserve(pace, now)
        assert 0 <= wait <= LONGEST_WINDOW + 50 * 30  # a clock may be set back meanwhile
        sent += wait == 0
        now += later
        if sent:
            sent -= 1
            pace = observe(pace, read(said, status=status, now=now), now)
        assert pace.in_flight == sent
    assert reserve(pace, now + 2 * LONGEST_WINDOW + 1)[1] == 0


@given(st.integers(0, 20), st.integers(0, 30))
@often
def test_no_more_starts_than_are_left_however_many_ask(left: int, asking: int) -> None:
    pace, granted = limited(left), 0
    for _ in range(asking):
        pace, wait = reserve(pace, NOW)
        granted += wait == 0
    assert granted == min(left, asking)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 8))
@often
def test_an_honest_portal_never_has_to_refuse(starts: list[bool], quota: int) -> None:
    """The portal counts on arrival; answers come back one by one, in the order of sending."""
    pace, now, left, answers = Pace(), NOW, quota, list[Signal]()
    pace, _ = reserve(pace, now)
    left -= 1
    pace = observe(pace, Signal(now, quota, left, NOW + 1000), now)
    for start in starts:
        now += 1
        if start:
            pace, wait = reserve(pace, now)
            if wait == 0:
                left -= 1
                answers.append(Signal(now, quota, left, NOW + 1000))
        elif answers:
            pace = observe(pace, answers.pop(0), now)
        assert left >= 0
