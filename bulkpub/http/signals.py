"""What one answer says of the portal's load and limits: headers and status in, a `Signal` out.

The rule: whatever a proxy writes is survived. What is absent, absurd or unreadable is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["RateHeaders", "Signal", "reset_of", "signal_of"]

UNIX_TIME_FROM = 1_000_000_000.0
"""A reset of at least this is a point in Unix time, a smaller one is seconds to go."""
LARGEST = 1e15
"""Beyond any date in seconds and any quota."""
CONGESTED = frozenset({408, 429, 500, 502, 503, 504})
REFUSED = 429
LONGEST_WINDOW = 31 * 86_400.0
"""Seconds; a reset or an advice to wait further away than a month is taken for nonsense."""


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The names of the rate limit's headers; portals behind other proxies use others."""

    limit: str = "X-RateLimit-Limit"
    remaining: str = "X-RateLimit-Remaining"
    reset: str = "X-RateLimit-Reset"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one answer, or the lack of one, says; None where it is silent or makes no sense.

    `started_at` is when its request was sent, `reset_at` Unix time, `retry_after` seconds.
    `refused`: turned away for the limit (429). `congested`: that, or a failure that may pass.
    `seconds` is how long the answer took, to a request that was `what` (its method and endpoint)
    and sent `size` bytes; `aside`: it took no place among those in flight.

    Of a request in another process `started_at` is the latest moment at which it may have been
    sent, and `granted_at` the one at which it was allowed to, which is surely before; None:
    there is no difference. `reset_told` is the reset as the portal wrote it, where that was Unix
    time, for whoever compares it with a clock of his own.
    """

    started_at: float
    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None
    retry_after: float | None = None
    refused: bool = False
    congested: bool = False
    seconds: float | None = None
    what: str = ""
    size: int = 0
    aside: bool = False
    granted_at: float | None = None
    reset_told: float | None = None

    @property
    def allowed_at(self) -> float:
        """The earliest moment at which its request may have been sent."""
        return self.started_at if self.granted_at is None else self.granted_at


def signal_of(
    names: RateHeaders,
    headers: Mapping[str, str],
    *,
    status: int,
    started_at: float,
    now: float,
    wall: float | None = None,
    seconds: float | None = None,
) -> Signal:
    """Read an answer; header names are matched as `headers` does.

    `wall` is what the machine's clock says `now`, which others' points in time are compared with
    (None: the same).
    """
    wall = now if wall is None else wall
    reset, told = _number(headers.get(names.reset)), None
    if reset is not None and reset >= UNIX_TIME_FROM:
        reset, told = reset_of(reset, now=now, wall=wall), reset
    elif reset is not None:
        reset = _believable(now + reset, now)
    limit, remaining = _number(headers.get(names.limit)), _number(headers.get(names.remaining))
    return Signal(
        started_at=started_at,
        limit=None if limit is None else int(limit),
        remaining=None if remaining is None else int(remaining),
        reset_at=reset,
        retry_after=_retry_after(headers.get("Retry-After"), wall),
        refused=status == REFUSED,
        congested=status in CONGESTED,
        seconds=seconds,
        reset_told=told,
    )


def reset_of(told: float, *, now: float, wall: float) -> float | None:
    """When the window ends, by the clock that says `now`; None where that makes no sense.

    The portal wrote `told` in Unix time, and the machine's clock says `wall`.
    """
    return _believable(told + now - wall, now)


def _believable(reset: float, now: float) -> float | None:
    return reset if now <= reset <= now + LONGEST_WINDOW else None


def _number(text: str | None) -> float | None:
    """A finite number that is not negative, or None."""
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < LARGEST else None


def _retry_after(text: str | None, now: float) -> float | None:
    """Seconds from now; RFC 9110 allows a number of seconds or an HTTP date."""
    if text is None:
        return None
    seconds = _number(text)
    if seconds is None:
        try:
            date = parsedate_to_datetime(text)
            # A date that names no zone is in GMT: RFC 9110, section 5.6.7.
            date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
            seconds = max(date.timestamp() - now, 0.0)
        except (ValueError, OverflowError):
            return None
    return seconds if seconds <= LONGEST_WINDOW else None
