"""What may go wrong in one run, drawn by chance: only what a publisher can get over in the end.

Nothing here is certain to be met, as the requests of a run depend on what was met before.
"""

from collections.abc import Callable
from random import Random
from typing import Any, Literal

from bulkpub.sandbox.faults import (
    Damaged,
    Failure,
    Fault,
    FaultScript,
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

__all__ = ["PATIENCE_S", "faults"]

PATIENCE_S = 60.0
"""How long the publisher waits for an answer, in its own seconds."""
LATEST_S = 8.0
"""Seconds after that in which a request may still be carried out: the publisher promises to
look for longer."""

Method = Literal["GET", "POST", "PUT", "DELETE", "*"]
ENDPOINTS: tuple[tuple[Method, str], ...] = (
    ("POST", "/api/1/datasets/*/upload/"),
    ("POST", "/api/1/datasets/*/upload/"),
    ("POST", "/api/1/datasets/*/resources/*/upload/"),
    ("POST", "/api/1/datasets/**/upload/"),
    ("POST", "/api/1/datasets/*/resources/"),
    ("POST", "/api/1/datasets/"),
    ("PUT", "/api/1/datasets/*/"),
    ("PUT", "/api/1/datasets/*/resources/"),
    ("GET", "/api/1/datasets/"),
    ("GET", "/api/1/datasets/*/"),
    ("DELETE", "/api/**"),
    ("*", "/api/**"),
)
ABSURD: tuple[dict[str, str | None], ...] = (
    {"X-RateLimit-Limit": "banana", "X-RateLimit-Remaining": "-5"},
    {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "900", "X-RateLimit-Reset": "-1"},
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
    {"X-RateLimit-Remaining": "1e99", "X-RateLimit-Reset": "NaN", "X-RateLimit-Limit": ""},
    {"Retry-After": "yesterday", "X-RateLimit-Reset": "99999999999999999999"},
    {"Content-Type": "text/html"},
)


def faults(chance: Random, without: frozenset[str] = frozenset()) -> FaultScript:
    """Up to four faults, none of the kinds `without`."""
    if chance.random() < 0.1:
        script = [_storm(chance)]
    else:
        script = [_fault(chance) for _ in range(chance.choice((1, 1, 2, 2, 3, 4)))]
    script = [fault for fault in script if fault.kind not in without]
    return FaultScript(script, seed=chance.randrange(2**32))


def _storm(chance: Random) -> Fault:
    """Of all requests a third goes wrong."""
    kinds = (ReplyLost, ReplyCut, Reset, Failure)
    return chance.choice(kinds)(probability=0.3)


def _fault(chance: Random) -> Fault:
    method, path = chance.choice(ENDPOINTS)
    makers = [maker for maker, weight in MAKERS for _ in range(weight)]
    return chance.choice(makers)(chance, {"method": method, "path": path, **_when(chance)})


def _too_many(chance: Random, where: dict[str, Any]) -> Fault:
    advice = chance.choice((None, "0", "1", "3", "soon", "-3"))
    return TooMany(**where, in_a_row=chance.randint(1, 3), retry_after=advice)


def _late(chance: Random, where: dict[str, Any]) -> Fault:
    """Carried out after the client gave up, and before it has looked twice what became of it."""
    seconds = PATIENCE_S + chance.uniform(0.0, LATEST_S)
    once = {**where, "calls": (chance.randint(1, 3),), "times": 1}
    return Late(**once, seconds=seconds, handled_first=chance.random() < 0.3)


def _on_upload(where: dict[str, Any]) -> dict[str, Any]:
    return {**where, "method": "POST", "path": "/api/1/datasets/**/upload/"}


def _on_link(where: dict[str, Any]) -> dict[str, Any]:
    return {**where, "method": "POST", "path": "/api/1/datasets/*/resources/"}


MAKERS: tuple[tuple[Callable[[Random, dict[str, Any]], Fault], int], ...] = (
    (lambda _, where: ReplyLost(**where), 3),
    (lambda _, where: ReplyCut(**where), 2),
    (lambda _, where: Reset(**where), 1),
    (lambda _, where: Reset(**where, when="after-body"), 1),
    (lambda chance, where: Failure(**where, status=_status(chance), handled=True), 3),
    (lambda chance, where: Failure(**where, status=_status(chance)), 2),
    (_too_many, 2),
    (lambda chance, where: Headers(**where, headers=chance.choice(ABSURD)), 1),
    (_late, 2),
    (lambda _, where: Trickle(**where, seconds=3.0, pieces=5), 1),
    (lambda _, where: Damaged(**_on_upload(where)), 1),
    (lambda c, where: StoredTwice(**_on_upload(where), told=c.choice(("first", "last"))), 1),
    (lambda c, where: StoredTwice(**_on_link(where), told=c.choice(("first", "last"))), 1),
    (lambda chance, _: ListingShortened(share=chance.choice((0.3, 1.0)), times=1), 1),
)


def _status(chance: Random) -> Any:
    return chance.choice((500, 502, 503, 504))


def _when(chance: Random) -> dict[str, Any]:
    if chance.random() < 0.7:
        return {"calls": tuple(sorted(chance.sample(range(1, 5), chance.randint(1, 2))))}
    return {"probability": 0.5, "times": chance.randint(1, 6)}
