"""What a run keeps of how it went is little, in order, and ends with its end."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.report import Moment, RateLimit, RequestTotals
from bulkpub.portals.base import Portal, Traffic
from bulkpub.session.timeline import MOST, Timeline


@dataclass
class Counting:
    """Of a portal, what was asked of it."""

    requests: int = 0
    looks: int = 0

    @property
    def traffic(self) -> Traffic:
        self.looks += 1
        return Traffic(
            RequestTotals(self.requests), rate_limit=RateLimit(1000, 1000 - self.requests)
        )


def watched(gaps: list[float]) -> tuple[Timeline, Counting]:
    """A run in which something happens, with a request each time, after these gaps (seconds)."""
    timeline, portal, after = Timeline(), Counting(), 0.0
    as_portal = cast("Portal", cast("Any", portal))
    for gap in gaps:
        after += gap
        portal.requests += 1
        timeline.look(after, as_portal)
    timeline.end(after, as_portal)
    return timeline, portal


@given(st.lists(st.floats(0, 100), max_size=600))
def test_moments_are_few_and_in_order_and_the_last_is_the_end(gaps: list[float]) -> None:
    timeline, portal = watched(gaps)
    moments = timeline.moments
    assert 1 <= len(moments) <= MOST
    assert list(moments) == sorted(moments, key=lambda each: (each.after_s, each.requests))
    assert moments[-1].requests == portal.requests
    assert moments[-1].remaining == 1000 - portal.requests


def test_a_long_run_is_told_from_its_beginning_to_its_end() -> None:
    timeline, portal = watched([0.01] * 100_000)
    moments = timeline.moments
    assert MOST // 2 <= len(moments) <= MOST
    assert moments[0] == Moment(0.01, 1, 999)
    widest = max(b.after_s - a.after_s for a, b in pairwise(moments))
    assert widest < 1000 / (MOST // 2) + 1
    assert portal.looks < 10 * MOST  # of 100,000 times that something happened
