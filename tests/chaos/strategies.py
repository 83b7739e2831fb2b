"""What Hypothesis draws a story from: faults, deeds, entries, contents; the simplest first."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bulkpub.sandbox.faults import (
    Damaged,
    Failure,
    Fault,
    Headers,
    Late,
    ListingShortened,
    ReplyCut,
    ReplyLost,
    Reset,
    StoredTwice,
    TooMany,
    Trickle,
)
from tests.chaos.site import Mishap
from tests.chaos.trouble import ABSURD, ENDPOINTS, LATEST_S, PATIENCE_S
from tests.chaos.wanted import CONTENTS, TITLES, TYPES

__all__ = ["contents", "faults", "fresh", "mishaps", "orders", "picks", "said", "storms"]

UPLOADS = {"method": "POST", "path": "/api/1/datasets/**/upload/"}
NEW_LINKS = {"method": "POST", "path": "/api/1/datasets/*/resources/"}
LATE_S = st.floats(PATIENCE_S, PATIENCE_S + LATEST_S)
STATUSES = st.sampled_from((503, 500, 502, 504))

picks = st.integers(0, 11)
"""One of several, modulo how many there are."""
orders = st.permutations(range(12))
"""Numbers that stand for the things to be ordered."""
contents = st.one_of(
    st.sampled_from((*CONTENTS[1:], CONTENTS[0])), st.integers(0, 50).map(lambda n: b"%05d" % n)
)
contents |= st.sampled_from((b"many bytes " * 200, b"more bytes " * 400))
said = st.fixed_dictionaries(
    {"title": st.sampled_from(TITLES[2:]), "type": st.sampled_from(TYPES[1:])},
    optional={"extras": st.fixed_dictionaries({"lot": st.integers(1, 3)})},
)
"""What a manifest says of an entry; it says nothing of what it does not name."""
fresh = st.lists(contents, max_size=4)
"""What the first files of the manifest become before a run, so that it has something to do."""
mishaps = st.lists(st.sampled_from(Mishap), max_size=2).map(tuple)


MET_FIRST = (ENDPOINTS[-1], ENDPOINTS[-1], *ENDPOINTS[:-1])
"""The endpoints, the one first, and most often, that is all of them."""


@st.composite
def _places(draw: st.DrawFn) -> dict[str, Any]:
    """Which requests a fault meets."""
    method, path = draw(st.sampled_from(MET_FIRST))
    calls = draw(st.sets(st.integers(1, 5), max_size=2))
    if calls:
        return {"method": method, "path": path, "calls": tuple(sorted(calls))}
    times = draw(st.integers(1, 6))
    return {"method": method, "path": path, "probability": 0.5, "times": times}


PLACES = _places()
ONCE = st.builds(
    lambda place, call: {**place, "calls": (call,), "times": 1, "probability": 1.0},
    PLACES,
    st.integers(1, 3),
)


def _build(kind: Any, where: SearchStrategy[dict[str, Any]], **more: Any) -> SearchStrategy[Any]:
    def built(where: dict[str, Any], more: dict[str, Any]) -> Any:
        return kind(**{**where, **more})

    return st.builds(built, where, st.fixed_dictionaries(more))


ON_UPLOAD = PLACES.map(lambda where: {**where, **UPLOADS})
ON_LINK = PLACES.map(lambda where: {**where, **NEW_LINKS})
KINDS: dict[str, SearchStrategy[Fault]] = {
    "reply-lost": _build(ReplyLost, PLACES),
    "reply-cut": _build(ReplyCut, PLACES),
    "reset": _build(Reset, PLACES, when=st.sampled_from(("before-body", "after-body"))),
    "failure": _build(Failure, PLACES, status=STATUSES, handled=st.booleans()),
    "too-many-requests": _build(
        TooMany,
        PLACES,
        in_a_row=st.integers(1, 3),
        retry_after=st.sampled_from((None, "0", "1", "3", "soon", "-3")),
    ),
    "headers": _build(Headers, PLACES, headers=st.sampled_from(ABSURD)),
    "late": _build(Late, ONCE, seconds=LATE_S, handled_first=st.booleans()),
    "trickle": _build(Trickle, PLACES, seconds=st.just(3.0), pieces=st.just(5)),
    "damaged": _build(Damaged, ON_UPLOAD),
    "stored-twice": _build(
        StoredTwice, ON_UPLOAD | ON_LINK, told=st.sampled_from(("first", "last"))
    ),
    "listing-shortened": _build(
        ListingShortened, st.just({}), share=st.sampled_from((0.3, 1.0)), times=st.just(1)
    ),
}
STORMS = st.sampled_from((ReplyLost, ReplyCut, Reset, Failure))


def faults(*, most: int = 4, without: frozenset[str] = frozenset()) -> SearchStrategy[list[Fault]]:
    """Up to so many faults."""
    kinds = [kind for name, kind in KINDS.items() if name not in without]
    return st.lists(st.one_of(kinds), min_size=1, max_size=most)


storms = STORMS.map(lambda storm: [storm(probability=0.3)])
"""One fault that spoils a third of all requests."""
