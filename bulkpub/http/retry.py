"""What an answer means for the request, and how long to wait before sending it again.

The rule: a request that may have been carried out is sent again only when carrying it out
twice, or late, is the same as once. Creating and uploading are not, and a PUT that a proxy or
our patience gave up on may still be carried out after the next one, and undo it. So for them
a lost answer is `UNCERTAIN`, and the caller looks at the portal before anything else.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "SERVER_ERROR",
    "TOO_MANY_REQUESTS",
    "RetryPolicy",
    "Verdict",
    "classify",
    "delay",
    "lost",
]

TOO_MANY_REQUESTS = 429
MAY_PASS = frozenset({408, 500, 502, 503, 504})
HARMLESS = frozenset({"GET", "HEAD", "DELETE"})
"""What may be carried out twice, and late."""
SETTING = frozenset({"PUT"})
"""What may be carried out twice, but not late."""
SERVER_ERROR = 500


class Verdict(Enum):
    """What to do about an answer."""

    DONE = "done"
    """The portal did it."""
    RETRY = "retry"
    """It did not, or doing it again is the same: send it again, later."""
    UNCERTAIN = "uncertain"
    """It may have done it, and doing it again is not the same: look first."""
    REFUSED = "refused"
    """It will not do it, however often it is asked."""


def classify(method: str, status: int, *, creates: bool = False) -> Verdict:
    """Say what a complete answer with `status` means for a request with `method`.

    One that `creates` something makes two things when it is carried out twice, as a POST does.

    429 comes from the proxy in front of the portal, before the portal has seen the request,
    so every method may be repeated. The other passing failures may come after the fact.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - the success class of RFC 9110, section 15.3
        return Verdict.DONE
    if status == TOO_MANY_REQUESTS:
        return Verdict.RETRY
    if status == SERVER_ERROR and method in SETTING and not creates:
        return Verdict.RETRY  # the application's own failure: it is over
    if status in MAY_PASS:
        return lost(method, creates=creates)
    return Verdict.REFUSED


def lost(method: str, *, creates: bool = False) -> Verdict:
    """Say what it means that a request with `method` was sent and no answer came."""
    return Verdict.RETRY if method in HARMLESS and not creates else Verdict.UNCERTAIN


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently to repeat: `attempts` in all, delays in seconds."""

    attempts: int = 5
    first_delay: float = 1.0
    max_delay: float = 60.0


def delay(policy: RetryPolicy, attempt: int, jitter: float) -> float:
    """Seconds to wait after the failed attempt number `attempt` (from 1).

    Exponential with full jitter: uniform between 0 and the doubling ceiling, so that many
    workers do not come back together. `jitter` is a number from 0 to 1.
    """
    ceiling = min(policy.max_delay, policy.first_delay * 2.0 ** min(attempt - 1, 62))
    return ceiling * jitter
