"""How many requests in flight a portal is the faster for: found by trying, without waiting.

A `Flight` is told of each answer and says how many requests may be in flight (`level`). It knows no
clock, time comes in as a number (seconds). Failures, rates and quotas are the matter of
`http.pace`; here is one question only: does the portal do more in a second with more at once?

It begins with a *rise*: each answer allows one more, which doubles the level in a round trip, until
answers take much longer than quick ones of their kind, as requests wait for each other there. From
then on it *tries*: what was done in a second at the present level is compared with what is done at
a third more, or a quarter fewer, and the better one is the level from now on. More requests must
be worth it; fewer need only be as good, and are tried only where requests seem to wait. When
neither is better it rests before it tries again, longer each time, for ever: what a portal can do
changes.

What an answer counts for depends on its *kind*, which is what was asked and how large a body was
sent: creating a dataset takes longer than describing it, and of large files the bytes count, not
the number. Only answers that come while as many are in flight as may be say anything.
"""

from dataclasses import dataclass
from math import ceil, inf, log2

__all__ = ["FIRST", "Flight"]

FIRST = 8
"""Requests in flight to begin with, as many as people usually give to curl."""
QUEUED = 2.0
"""The rise ends when answers take so many times as long as the quick ones of their kind."""
WAITING = 1.2
"""Below this, no request waits for another: fewer in flight cannot do as much."""
STEP = 1.35
"""By how much the level is raised, or lowered, to try."""
WORTH = 0.25
"""More requests in flight must bring this share of what they would if none waited for another."""
ALL_OF_IT = 0.6
"""When they bring this share of it, the level rises again: a pause had looked like waiting."""
AS_GOOD = 0.95
"""Fewer are as good as more when they do this share of the work."""
COUNTED = 32
"""Answers by which a level is judged, at least; and always whole rounds of them, two at least."""
LONGEST_REST = 16
"""For how many judgements nothing is tried, at most."""
UNIT = 64 * 1024
"""Bytes: smaller bodies take as long as small ones, larger ones in proportion."""
LARGE = 1024 * 1024
"""Bytes: a larger body says more of the line than of the portal, and nothing rises by it."""
WEIGHED = 8
"""Answers by which the weight of a kind is found."""
CLOSER, FORGOTTEN = 0.25, 0.0005
"""How quickly what counts as quick follows a quicker answer (one may be a fluke), and rises."""


class Flight:
    """The number of requests in flight (`level`), at most `most`, as it is being found."""

    def __init__(self, most: int) -> None:
        self.level = min(FIRST, most)
        self._most = most
        self._kinds: dict[tuple[str, int], _Kind] = {}
        self._stretch = 1.0  # how many times as long as a quick one an answer takes these days
        self._rising = True
        self._up = True
        self._trying: _Judged | None = None
        self._turned = False
        self._rest, self._next_rest = 0, 1
        self._level_since, self._counting_from = -inf, inf
        self._answers, self._work = 0, 0.0

    def answered(
        self, what: str, size: int, seconds: float, *, started_at: float, now: float, in_flight: int
    ) -> None:
        """Take note of a good answer to `what`, sent with a body of `size` bytes at `started_at`.

        It took `seconds`; `in_flight` counts the requests that were, this one included.
        """
        units = max(size / UNIT, 1.0)
        kind = self._kinds.setdefault((what, int(log2(units))), _Kind())
        stretch = kind.times_as_long(seconds / units)
        self._stretch += (stretch - self._stretch) / FIRST
        if in_flight < self.level:
            self.disturbed(now)
        elif self._rising:
            self._rise(size, now)
        elif self._counting_from > now:
            if started_at >= self._level_since:
                self._counting_from = now
        else:
            self._answers += 1
            self._work += kind.weight * units
            if self._answers >= self.level * max(2, ceil(COUNTED / self.level)):
                self._judge(self._work / max(now - self._counting_from, 1e-6), now)

    def disturbed(self, now: float) -> None:
        """Begin to count anew: a request failed, or fewer were in flight than may be."""
        self._go_on_at(self.level, now)

    def _rise(self, size: int, now: float) -> None:
        if self._stretch >= QUEUED:
            # What is in flight beyond this only waits, as a first guess.
            guess = max(round(self.level / self._stretch), self.level // 4, min(self.level, FIRST))
            self._rising, self._up = False, guess > FIRST
            self._go_on_at(guess, now)
        elif size > LARGE or self.level == self._most:
            self._rising, self._up = False, size > LARGE
            self.disturbed(now)
        else:
            self.level += 1

    def _judge(self, rate: float, now: float) -> None:
        """So much work a second was done at the present level: go on here, or where it was more."""
        tried, self._trying = self._trying, None
        if tried is None:
            if self._rest:
                self._rest -= 1
                self.disturbed(now)
            else:
                self._try_from(rate, now)
            return
        more = self.level / tried.level - 1.0
        if rate >= tried.rate * (1.0 + WORTH * more if more > 0 else AS_GOOD):
            self._turned, self._next_rest = False, 1
            if more > 0 and rate >= tried.rate * (1.0 + ALL_OF_IT * more):
                self._rising, self._stretch = True, 1.0  # nothing waits: it ended too early
                self.disturbed(now)
                return
            self._try_from(rate, now)
            return
        self._up = not self._up
        if self._turned:  # neither more nor fewer are better
            self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, LONGEST_REST)
        self._turned = not self._turned
        self._go_on_at(tried.level, now)

    def _try_from(self, rate: float, now: float) -> None:
        """Try the next level in the direction that is promising, from one that does `rate`."""
        waiting = self._stretch >= WAITING
        if self.level == 1 or not waiting:
            self._up = True
        elif self.level == self._most:
            self._up = False
        level = ceil(self.level * STEP) if self._up else int(self.level / STEP)
        level = min(max(level, 1), self._most)
        if level != self.level:
            self._trying = _Judged(self.level, rate)
        self._go_on_at(level, now)

    def _go_on_at(self, level: int, now: float) -> None:
        """Count what is done at `level`, from the first answer on to a request sent there."""
        self.level, self._level_since, self._counting_from = level, now, inf
        self._answers, self._work = 0, 0.0


@dataclass(frozen=True, slots=True)
class _Judged:
    """The work a second that was done at a level."""

    level: int
    rate: float


@dataclass(slots=True)
class _Kind:
    """What is known of one kind of answers, in seconds for each unit of size.

    `quick` is what a quick one takes, `weight` what they took when there were few: a measure of
    the work that is in one, and no longer changed then, so that levels are compared by it.
    """

    quick: float = 0.0
    weight: float = 0.0
    weighed: int = 0

    def times_as_long(self, seconds: float) -> float:
        """Take note of an answer; how many times as long as a quick one it took."""
        if self.weighed < WEIGHED:
            self.weighed += 1
            self.weight += (seconds - self.weight) / self.weighed
        if self.weighed == 1:
            self.quick = seconds
        elif seconds < self.quick:
            self.quick += CLOSER * (seconds - self.quick)
        else:
            self.quick = min(self.quick * (1.0 + FORGOTTEN), seconds)
        return seconds / self.quick if self.quick > 0 else 1.0
