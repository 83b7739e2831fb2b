"""May the next request start, and if not, when: the portal's rate limit as a pure function.

A `Pace` is what is known of the limit. `reserve` is asked before each request, `observe` told
of each answer; neither waits, and time comes in as a number (Unix time, in seconds), so
that between reading and writing the state there is nothing to lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from math import ceil

__all__ = ["Pace", "RateHeaders", "Signal", "observe", "quota_wait", "reserve", "signal_of"]

LONGEST_WINDOW = 31 * 86_400.0
"""Seconds; a reset further away than a month is taken for nonsense."""
UNIX_TIME_FROM = 1_000_000_000.0
"""A reset of at least this is a point in Unix time, a smaller one is seconds to go."""
WITHOUT_ADVICE = 1.0
"""Seconds; the first pause after a 429 that does not say how long to wait."""
LONGEST_PAUSE = 120.0
WINDOW = 3600.0
"""Seconds; `X-RateLimit-Limit` counts requests an hour."""


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The names of the rate limit's headers; portals behind other proxies use others."""

    limit: str = "X-RateLimit-Limit"
    remaining: str = "X-RateLimit-Remaining"
    reset: str = "X-RateLimit-Reset"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one answer said of the limit; None where it was silent or made no sense.

    `started_at` is when its request was sent, `reset_at` Unix time, `retry_after` seconds,
    `refused` whether the request was turned away for the limit (429).
    """

    started_at: float
    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None
    retry_after: float | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of the rate limit.

    `remaining` already counts the requests under way (`in_flight`). Before `closed_until`
    nothing starts. `epoch_at` is when the present pause was decided: refusals of requests
    sent before it are the same congestion, not a new one; `refusals` counts the congestions
    since the last success.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None
    in_flight: int = 0
    closed_until: float = 0.0
    epoch_at: float = 0.0
    refusals: int = 0


def reserve(pace: Pace, now: float) -> tuple[Pace, float]:
    """Ask for the right to start a request now.

    Returns the state afterwards and the seconds to wait: 0 grants the request and counts
    it; otherwise nothing changed, and the caller asks again after waiting.
    """
    pace = _after_reset(pace, now)
    if now < pace.closed_until:
        return pace, pace.closed_until - now
    used_up = pace.remaining is not None and pace.remaining <= 0
    if used_up and pace.reset_at is not None:
        return pace, max(pace.reset_at - now, 0.001)
    remaining = None if pace.remaining is None else pace.remaining - 1
    return replace(pace, remaining=remaining, in_flight=pace.in_flight + 1), 0.0


def observe(pace: Pace, signal: Signal, now: float) -> Pace:
    """Take note of an answer, or (a signal that is silent on all) of a request that got none."""
    pace = replace(_after_reset(pace, now), in_flight=max(pace.in_flight - 1, 0))
    if signal.limit is not None:
        pace = replace(pace, limit=signal.limit)
    if signal.reset_at is not None and now <= signal.reset_at <= now + LONGEST_WINDOW:
        pace = replace(pace, reset_at=signal.reset_at)
    if signal.remaining is not None and pace.reset_at is not None:
        pace = replace(pace, remaining=signal.remaining - pace.in_flight)
    return _refused(pace, signal, now) if signal.refused else replace(pace, refusals=0)


def _refused(pace: Pace, signal: Signal, now: float) -> Pace:
    if signal.started_at < pace.epoch_at:
        return pace
    advice = signal.retry_after
    if advice is None:
        advice = min(WITHOUT_ADVICE * 2.0 ** min(pace.refusals, 30), LONGEST_PAUSE)
    until = max(pace.closed_until, now + min(advice, LONGEST_WINDOW))
    return replace(pace, closed_until=until, epoch_at=now, refusals=pace.refusals + 1)


def _after_reset(pace: Pace, now: float) -> Pace:
    """Once the window is over, the quota is unknown again until the next answer tells."""
    if pace.reset_at is None or now < pace.reset_at:
        return pace
    return replace(pace, reset_at=None, remaining=None)


def signal_of(
    names: RateHeaders, headers: Mapping[str, str], *, status: int, started_at: float, now: float
) -> Signal:
    """Read what an answer says of the limit; header names are matched as `headers` does."""
    reset = _number(headers.get(names.reset))
    if reset is not None and reset < UNIX_TIME_FROM:
        reset += now
    limit, remaining = _number(headers.get(names.limit)), _number(headers.get(names.remaining))
    return Signal(
        started_at=started_at,
        limit=None if limit is None else int(limit),
        remaining=None if remaining is None else int(remaining),
        reset_at=reset,
        retry_after=_retry_after(headers.get("Retry-After"), now),
        refused=status == 429,  # noqa: PLR2004 - Too Many Requests, RFC 6585
    )


def quota_wait(
    requests: int, *, limit: int | None, remaining: int | None, reset_in: float | None
) -> float:
    """Seconds that `requests` more requests have to wait for the quota; 0 where it is unknown.

    What is left of the present window is used at once; the rest takes as many windows of an
    hour (the unit of data.gouv.fr's limit) as it needs, the last one again without waiting.
    """
    if not limit or remaining is None or reset_in is None or requests <= remaining:
        return 0.0
    windows = ceil((requests - remaining) / limit)
    return max(reset_in, 0.0) + (windows - 1) * WINDOW


def _number(text: str | None) -> float | None:
    """A finite number that is not negative, or None."""
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None  # noqa: PLR2004 - beyond any date or quota


def _retry_after(text: str | None, now: float) -> float | None:
    """Seconds from now; RFC 9110 allows a number of seconds or an HTTP date."""
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except ValueError:
        return None
