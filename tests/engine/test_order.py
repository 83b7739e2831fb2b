"""The order in which jobs are begun."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.engine.order import A_REQUEST, long_ones_first

NEEDS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000 * A_REQUEST)), max_size=60)


def takes(needs: list[tuple[int, int]], order: list[int], at_once: int) -> float:
    """How long it takes when so many are worked on, and each is taken up by who is free first."""
    free = [0.0] * at_once
    for job in order:
        requests, size = needs[job]
        heapq.heapreplace(free, free[0] + requests + size / A_REQUEST)
    return max(free)


@pytest.mark.parametrize(
    ("needs", "at_once", "order"),
    [
        ([], 4, []),
        ([(1, 0)] * 4, 2, [0, 1, 2, 3]),
        ([(1, 0), (2, 0), (90, 0)], 2, [2, 0, 1]),
        ([(1, 0), (1, 0), (1, 500 * A_REQUEST)], 2, [2, 0, 1]),
        ([(50, 0), (60, 0), (1, 0)], 2, [1, 0, 2]),
        ([(1, 0), (2, 0), (90, 0)], 1, [0, 1, 2]),
        ([(1, 0), (2, 0)] * 200, 2, list(range(400))),
    ],
)
def test_long_ones_come_first_and_the_others_in_their_order(
    needs: list[tuple[int, int]], at_once: int, order: list[int]
) -> None:
    assert long_ones_first(needs, at_once) == order


@given(NEEDS, st.integers(1, 16))
def test_each_is_begun_once_and_none_is_waited_for_long(
    needs: list[tuple[int, int]], at_once: int
) -> None:
    order = long_ones_first(needs, at_once)
    assert sorted(order) == list(range(len(needs)))
    work = [requests + size / A_REQUEST for requests, size in needs]
    least = max(sum(work) / at_once, *work, 0.0)
    # Longest first takes at most 4/3 of the best (Graham, 1969); those in their order, an eighth.
    best = least if at_once == 1 else least * (4 / 3 + 1 / 8)
    if len(needs) > at_once > 1:
        best = max(best, takes(needs, sorted(order, key=lambda job: -work[job]), at_once) * 1.13)
    assert takes(needs, order, at_once) <= best + 1e-6
