import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.http.retry import RetryPolicy, Verdict, classify, delay, lost

METHODS = ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH")
PASSING = (408, 500, 502, 503, 504)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_a_success_is_done(method: str, status: int) -> None:
    assert classify(method, status) is Verdict.DONE


@pytest.mark.parametrize("method", METHODS)
def test_what_the_rate_limit_turned_away_was_not_carried_out(method: str) -> None:
    assert classify(method, 429) is Verdict.RETRY


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", PASSING)
def test_after_a_passing_failure_only_what_is_the_same_twice_and_late_is_repeated(
    method: str, status: int
) -> None:
    """A PUT that a proxy gave up on may undo the next one; one the portal failed at is over."""
    harmless = {"GET", "HEAD", "DELETE"} | ({"PUT"} if status == 500 else set())
    expected = Verdict.RETRY if method in harmless else Verdict.UNCERTAIN
    assert classify(method, status) is expected


@pytest.mark.parametrize("method", METHODS)
def test_a_lost_answer_is_as_uncertain_as_a_passing_failure(method: str) -> None:
    assert lost(method) is classify(method, 502)


@pytest.mark.parametrize("method", METHODS)
def test_everything_else_is_refused_however_often_it_is_asked(method: str) -> None:
    refused = {s for s in range(300, 600) if classify(method, s) is Verdict.REFUSED}
    assert refused == {*range(300, 600)} - {429, *PASSING}


@given(st.sampled_from(("POST", "PATCH")), st.integers(100, 599))
def test_a_create_is_repeated_only_when_the_portal_never_saw_it(method: str, status: int) -> None:
    assert (classify(method, status) is Verdict.RETRY) == (status == 429)


@given(st.sampled_from(METHODS), st.integers(100, 599))
def test_what_creates_something_is_repeated_no_more_than_a_post(method: str, status: int) -> None:
    assert classify(method, status, creates=True) is classify("POST", status)
    assert lost(method, creates=True) is lost("POST")


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (5000, 60.0)]
)
def test_the_ceiling_of_the_delay_doubles_until_it_is_reached(attempt: int, seconds: float) -> None:
    policy = RetryPolicy(attempts=9, first_delay=1.0, max_delay=60.0)
    assert delay(policy, attempt, 1.0) == seconds
    assert delay(policy, attempt, 0.5) == seconds / 2
    assert delay(policy, attempt, 0.0) == 0.0


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1e6), st.floats(0, 1e6))
def test_no_delay_is_negative_or_beyond_its_limit(
    attempt: int, jitter: float, first: float, longest: float
) -> None:
    policy = RetryPolicy(first_delay=first, max_delay=longest)
    assert 0 <= delay(policy, attempt, jitter) <= longest
