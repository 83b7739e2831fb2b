import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.http.signals import LONGEST_WINDOW, RateHeaders, Signal, reset_of, signal_of

NOW = 1_800_000_000.0


def read(headers: Mapping[str, str], *, status: int = 200, now: float = NOW) -> Signal:
    return signal_of(RateHeaders(), headers, status=status, started_at=now - 1, now=now)


# --- the rate limit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reset", "at"),
    [
        (f"{NOW + 60:.0f}", NOW + 60),
        ("60", NOW + 60),
        ("0", NOW),
        ("59.5", NOW + 59.5),
        (" 60 ", NOW + 60),
        (f"{LONGEST_WINDOW:.0f}", NOW + LONGEST_WINDOW),
        (f"{LONGEST_WINDOW + 1:.0f}", None),
        (f"{NOW - 1:.0f}", None),
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
    assert read({"X-RateLimit-Reset": reset}).reset_at == at


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("0", 0),
        ("7.9", 7),
        (" 7 ", 7),
        ("1e3", 1000),
        ("999999999999999", 999_999_999_999_999),
        ("1e15", None),
        ("-1", None),
        ("-0.5", None),
        ("many", None),
        ("7, 7", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_number_that_makes_no_sense_counts_as_silence(text: str, number: int | None) -> None:
    signal = read({"X-RateLimit-Limit": text, "X-RateLimit-Remaining": text})
    assert (signal.limit, signal.remaining) == (number, number)


def test_the_names_of_the_headers_are_settings() -> None:
    names = RateHeaders("L", "R", "T")
    headers = {"L": "10", "R": "3", "T": "60", "X-RateLimit-Limit": "99"}
    signal = signal_of(names, headers, status=200, started_at=NOW, now=NOW)
    assert signal == Signal(NOW, 10, 3, NOW + 60)


def test_a_portal_that_says_nothing_of_limits_is_silent() -> None:
    assert read({}) == Signal(NOW - 1)


# --- the status ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 304, 308, 400, 401, 403, 404, 410, 413, 423])
def test_what_the_portal_decides_is_no_congestion(status: int) -> None:
    signal = read({}, status=status)
    assert (signal.refused, signal.congested) == (False, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_failure_that_may_pass_is_congestion(status: int) -> None:
    signal = read({}, status=status)
    assert (signal.refused, signal.congested) == (False, True)


def test_too_many_requests_is_a_refusal_and_congestion() -> None:
    signal = read({}, status=429)
    assert (signal.refused, signal.congested) == (True, True)


def test_how_long_it_took_is_passed_on() -> None:
    signal = signal_of(RateHeaders(), {}, status=200, started_at=NOW, now=NOW, seconds=1.5)
    assert signal.seconds == 1.5


# --- the advice to wait -------------------------------------------------------------------


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
        (formatdate(NOW + LONGEST_WINDOW + 90, usegmt=True), None),
        (f"{LONGEST_WINDOW + 1:.0f}", None),
        (time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(NOW + 90)), 90.0),
        (formatdate(NOW + 90).replace("-0000", "+0000"), 90.0),
        (formatdate(NOW + 90), 90.0),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_an_http_date_in_utc(text: str, seconds: float | None) -> None:
    assert read({"Retry-After": text}, status=429).retry_after == seconds


# --- whatever a proxy writes --------------------------------------------------------------

anything = st.one_of(
    st.text(max_size=30),
    st.text("0123456789 :,+-.eGMTJanSu", max_size=40),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.integers(-5, 500).map(lambda s: f"{NOW + s:.0f}"),
)


@given(anything, anything, anything, anything, st.sampled_from((200, 429, 503)))
def test_no_header_breaks_the_run_and_every_figure_makes_sense(
    limit: str, remaining: str, reset: str, retry_after: str, status: int
) -> None:
    signal = read(
        {
            "X-RateLimit-Limit": limit,
            "X-RateLimit-Remaining": remaining,
            "X-RateLimit-Reset": reset,
            "Retry-After": retry_after,
        },
        status=status,
    )
    assert signal.limit is None or signal.limit >= 0
    assert signal.remaining is None or signal.remaining >= 0
    assert signal.reset_at is None or NOW <= signal.reset_at <= NOW + LONGEST_WINDOW
    assert signal.retry_after is None or 0 <= signal.retry_after <= LONGEST_WINDOW


@pytest.mark.parametrize(("reset", "told"), [("60", None), (f"{NOW + 60:.0f}", NOW + 60)])
def test_a_reset_that_is_a_point_in_time_is_kept_as_it_was_told(
    reset: str, told: float | None
) -> None:
    """Whoever has another clock compares it with that."""
    headers = {"X-RateLimit-Reset": reset}
    signal = signal_of(RateHeaders(), headers, status=200, started_at=0.0, now=0.0, wall=NOW)
    assert (signal.reset_at, signal.reset_told) == (60.0, told)
    assert reset_of(NOW + 60, now=7.0, wall=NOW - 5) == 72.0
    assert reset_of(NOW - 60, now=7.0, wall=NOW) is None
