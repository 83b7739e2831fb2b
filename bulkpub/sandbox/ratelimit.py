"""A quota of requests per key, as the proxy in front of data.gouv.fr is said to keep.

udata itself has none. The window is fixed: it opens with the first request of a key and lasts
an hour, a minute or a second. Rule: time comes in as a number, nothing here reads a clock.
"""

import math
import re
from dataclasses import dataclass, field

from bulkpub.errors import SettingsInvalid

__all__ = ["Limiter", "Quota", "Spent"]

_SPANS = {"hour": 3600, "minute": 60, "second": 1}
_SPELLING = re.compile(r"\s*(\d+)\s*/\s*(hour|minute|second)\s*")


@dataclass(frozen=True, slots=True)
class Quota:
    """`count` requests per `seconds`."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Quota":
        """Read `1000/hour`.

        :raises SettingsInvalid: when it is spelled otherwise, or allows nothing.
        """
        match = _SPELLING.fullmatch(text)
        if match is None or int(match[1]) == 0:
            raise SettingsInvalid(
                f"{text!r} is not a rate limit: write a count above 0 and a span, as 1000/hour, "
                "60/minute or 10/second."
            )
        return cls(int(match[1]), _SPANS[match[2]])


@dataclass(frozen=True, slots=True)
class Spent:
    """Where a key stands after a request; `reset` in Unix time, `allowed` False once over."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int

    def headers(self) -> dict[str, str]:
        """The headers that tell a client about it."""
        named = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        if not self.allowed:
            named["Retry-After"] = str(self.retry_after)
        return named


@dataclass(slots=True)
class Limiter:
    """Counts the requests of every key against one quota."""

    quota: Quota
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def spend(self, key: str, now: float) -> Spent:
        """Count one request of `key` at `now` (Unix time); a refused one costs nothing."""
        opened, used = self._windows.get(key, (now, 0))
        if now >= opened + self.quota.seconds:
            opened, used = now, 0
        allowed = used < self.quota.count
        used += allowed
        self._windows[key] = (opened, used)
        reset = opened + self.quota.seconds
        return Spent(
            allowed=allowed,
            limit=self.quota.count,
            remaining=self.quota.count - used,
            reset=math.ceil(reset),
            retry_after=max(1, math.ceil(reset - now)),
        )
