"""May the next request start, and if not, when: quota, rate and congestion as a pure function.

A `Pace` is what is known of the portal's limits. `reserve` is asked before each request and
`observe` told of each answer; neither waits, and time comes in as a number (Unix time, in
seconds), so that between reading and writing the state there is nothing to lock.

Three things hold requests back, each for its own reason:

- the *quota* the portal announces: used freely while there is plenty, then spread evenly up
  to its reset, and never below a reserve that is left to the key's other users;
- the *rate* at which it turned us away (429) without announcing a quota: we go a little
  slower than that, then feel our way up again;
- the number of requests *in flight*: halved when the portal fails or becomes slow, and one
  more for each round of good answers; how many it is the faster for, `http.flight` finds out.

One congestion counts once: answers to requests sent before we slowed down are old news. And
when a window of the quota should have begun, one request goes alone and asks whether it has.
"""

from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING

from bulkpub.core.waits import WaitReason
from bulkpub.http.signals import Signal

__all__ = [
    "Pace",
    "give_back",
    "held_back_by",
    "observe",
    "pass_on",
    "plentiful",
    "quota_wait",
    "release",
    "reserve",
    "resume",
    "to_spare",
]

PLENTY = 0.5
"""The share of the quota above which it is used without spreading."""
EARLY = 0.97
"""The share of the time to the reset over which the rest is spread, so that none is left."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0
"""Seconds without a request after a 429 that gives no advice; doubled while it goes on."""
SLOWER = 0.85
"""The share of the rate that was too much at which we go on."""
NEAR = 0.95
"""From this share of the rate that was too much on, we speed up slowly."""
QUICK_RISE, SLOW_RISE = 0.10, 0.004
"""By how much a second the rate rises, far from and near to the one that was too much."""
LEAST_RATE = 0.05
"""Requests a second; however often we are turned away, we go on asking."""
FIRST_SLOTS = 8.0
"""Requests at once to begin with; until the first congestion each answer allows one more."""
RECENT = 64
"""Over so many of the last good answers, or half of them, the rate reached is measured."""
RECENT_S = 2.0
"""Seconds, or half of them, over which it is measured at least: answers may come all at once."""
A_MOMENTS_FALL = 0.7
"""The share of our rate below which none that was reached for less than that is believed."""
AGAIN = 1.0
"""Seconds; when an answer shows that the old window is not over yet, we ask again after this."""
SLOW_ANSWER = 5.0
"""Seconds; an answer that takes longer than this, and four times the usual, means congestion."""
HOUR = 3600.0


@dataclass(frozen=True)
class Pace:
    """What is known of the portal's limits; `reserve_share` and `most` are settings.

    `window` is the time in seconds that the announced limit is for, a rule of the portal.

    `remaining` already counts the requests under way (`in_flight`); it was told by the answer to
    a request sent at `quota_seen_at`, or supposed at the reset then. At `lost_at` one ended that
    may have been used, which only later answers tell of. Until an answer confirms that the window
    we think of has begun, we are `unsure`, and one request at a time is `asking`.
    Nothing starts before `closed_until` (the portal turned us away) and `next_at` (spreading).
    Of those in flight, so many are `aside`, and take no place among them.
    `rate` is how many requests a second we allow ourselves, None for no bound; `too_much` the
    rate at which we were turned away. `slots` bounds the requests in flight. `epoch_at` is when
    we last slowed down, `refusals` how often in a row. `answered` counts good answers since
    `counting_from`.
    """

    reserve_share: float = 0.05
    most: float = 64.0
    window: float = HOUR
    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None
    quota_seen_at: float = 0.0
    lost_at: float = 0.0
    unsure: bool = True
    asking: bool = False
    in_flight: int = 0
    aside: int = 0
    closed_until: float = 0.0
    next_at: float = 0.0
    rate: float | None = None
    too_much: float = inf
    slots: float = FIRST_SLOTS
    epoch_at: float = 0.0
    refusals: int = 0
    answered: float = 0.0
    counting_from: float = 0.0
    risen_at: float = 0.0
    usual_seconds: float | None = None


if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(pace: Pace, **changes: object) -> Pace:
        """As `dataclasses.replace`, but twenty times as fast: each request takes five."""
        changed = object.__new__(Pace)
        vars(changed).update(vars(pace), **changes)
        return changed


def reserve(
    pace: Pace, now: float, *, at_once: float = inf, aside: bool = False
) -> tuple[Pace, float]:
    """Ask for the right to start a request now, with at most `at_once` in flight.

    One that is `aside` needs no place among those: the portal deals with it for long, by itself.

    Returns the state afterwards and the seconds to wait: 0 grants the request and counts it;
    otherwise nothing is counted, and the caller asks again after waiting, or after the next
    answer, whichever comes first (`inf`: only an answer can change it).
    """
    pace = _after_reset(pace, now)
    opens_at = max(pace.closed_until, pace.next_at)
    if now < opens_at:
        return pace, opens_at - now
    allowed = 1 if pace.unsure and pace.asking else int(min(pace.slots, pace.most, at_once))
    if not aside and pace.in_flight - pace.aside >= max(allowed, 1):
        return pace, inf
    if (usable := _usable(pace)) is not None and usable <= 0:
        return pace, _until_reset(pace, now)
    granted = replace(
        pace,
        next_at=_next_start(pace, now),
        in_flight=pace.in_flight + 1,
        aside=pace.aside + aside,
        asking=pace.unsure,
        remaining=None if pace.remaining is None else pace.remaining - 1,
        counting_from=pace.counting_from or now,
    )
    return granted, 0.0


def held_back_by(pace: Pace, now: float) -> WaitReason:
    """What a request waits for that `reserve` did not grant just now."""
    if now < pace.closed_until and pace.next_at <= pace.closed_until:
        return WaitReason.ASKED
    return WaitReason.PACING if now < pace.next_at else WaitReason.USED_UP


def release(pace: Pace, *, aside: bool = False, granted_at: float = inf, now: float = 0.0) -> Pace:
    """Take note that a request ended `now` without anything to learn from (it was cancelled).

    It was allowed to start at `granted_at`, as far as that is known. Only one of the present
    window can be the one that asks whether it has begun; while that is under way, no other does.
    """
    pace = _unless_it_asks(_ended(pace, aside=aside), granted_at)
    return replace(pace, lost_at=max(pace.lost_at, now))


def give_back(pace: Pace, *, aside: bool = False, granted_at: float = inf) -> Pace:
    """Take note that a request which was allowed to start never did: nothing was used."""
    pace = _unless_it_asks(_ended(pace, aside=aside), granted_at)
    return replace(pace, remaining=None if pace.remaining is None else pace.remaining + 1)


def resume(pace: Pace, *, aside: bool = False) -> Pace:
    """Take note that a request is under way after all which was taken for ended."""
    return replace(pace, in_flight=pace.in_flight + 1, aside=pace.aside + aside)


def pass_on(pace: Pace) -> Pace:
    """Take note that a request started in the place of one that was answered just before."""
    remaining = None if pace.remaining is None else pace.remaining - 1
    return replace(pace, in_flight=pace.in_flight + 1, remaining=remaining)


def to_spare(pace: Pace) -> float:
    """How many requests may start before they would be spread; `inf` where no quota is known."""
    usable = _usable(pace)
    return inf if usable is None else usable - PLENTY * (pace.limit or 0)


def plentiful(pace: Pace) -> bool:
    """Whether nothing but the number in flight bounds requests, as far as is known."""
    if pace.unsure or pace.rate is not None:
        return False
    return to_spare(pace) >= 0


def _unless_it_asks(pace: Pace, granted_at: float) -> Pace:
    return replace(pace, asking=pace.asking and granted_at < pace.quota_seen_at)


def _ended(pace: Pace, *, aside: bool) -> Pace:
    return replace(pace, in_flight=max(pace.in_flight - 1, 0), aside=max(pace.aside - aside, 0))


def observe(pace: Pace, signal: Signal, now: float) -> Pace:
    """Take note of an answer, or of a request that got none."""
    pace = _after_reset(pace, now)
    slow = _is_slow(pace, signal)
    usual = _usual_seconds(pace, signal)
    pace = replace(_ended(pace, aside=signal.aside), usual_seconds=usual)
    pace = _learn_quota(pace, signal, now)
    if signal.refused:
        return _turned_away(pace, signal, now)
    if signal.congested or slow:
        return _congested(pace, signal, now)
    return _answered(pace, signal, now)


# --- quota --------------------------------------------------------------------------------


def _usable(pace: Pace) -> int | None:
    """Requests we may still use in this window; None when the portal announces no quota."""
    if pace.remaining is None or pace.reset_at is None:
        return None
    return pace.remaining - _kept(pace.limit or 0, pace.reserve_share)


def _kept(limit: int, share: float) -> int:
    """Requests of a quota that are left to others; not all of it, or we would wait for ever."""
    return min(ceil(share * limit), max(limit - 1, 0))


def _until_reset(pace: Pace, now: float) -> float:
    return max((pace.reset_at or now) - now, 0.001)


def _next_start(pace: Pace, now: float) -> float:
    """When the request after the one that starts now may start."""
    apart = 0.0 if pace.rate is None else 1.0 / pace.rate
    usable = _usable(pace)
    if usable is not None and usable > 1 and usable < PLENTY * (pace.limit or 0):
        apart = max(apart, EARLY * _until_reset(pace, now) / usable)
    return max(pace.next_at, now - apart) + apart if apart else now


def _learn_quota(pace: Pace, signal: Signal, now: float) -> Pace:
    """Believe the answer to the request that was sent last; what older ones say is older news.

    They were counted already, as requests under way, and may even be of the window before.
    """
    if _is_old(signal.started_at, pace.quota_seen_at, now):
        return pace
    unsure = pace.unsure
    pace = replace(pace, asking=False, unsure=unsure and signal.congested)
    moved = signal.reset_at is not None and signal.reset_at > now
    if signal.remaining is None or signal.limit == 0 or not (moved or pace.reset_at):
        return pace
    if unsure and not moved:
        return replace(pace, unsure=True, next_at=now + AGAIN)
    lost_since = signal.allowed_at < pace.lost_at
    if unsure and lost_since:  # it does not tell of what was lost
        return replace(pace, unsure=True)
    left = signal.remaining - pace.in_flight
    if not unsure and (lost_since or signal.allowed_at <= pace.quota_seen_at):
        # Which was sent last is not known, or what was lost may have been sent after it.
        left = min(left, pace.remaining or 0)
    return replace(
        pace,
        unsure=False,
        limit=pace.limit if signal.limit is None else signal.limit,
        reset_at=signal.reset_at if moved else pace.reset_at,
        remaining=left,
        quota_seen_at=signal.started_at,
    )


def _after_reset(pace: Pace, now: float) -> Pace:
    """When the window is over, the whole quota is there again, as far as we know."""
    if pace.reset_at is None or now < pace.reset_at:
        return pace
    pace = replace(pace, quota_seen_at=pace.reset_at, next_at=0.0, unsure=True, asking=False)
    if pace.limit is None:
        return replace(pace, remaining=None, reset_at=None)
    reset_at = pace.quota_seen_at + pace.window * (1 + (now - pace.quota_seen_at) // pace.window)
    return replace(pace, remaining=pace.limit - pace.in_flight, reset_at=reset_at)


def quota_wait(
    requests: int,
    *,
    limit: int | None,
    remaining: int | None,
    reset_in: float | None,
    reserve_share: float = 0.0,
    window: float = HOUR,
) -> float:
    """Seconds until the last of `requests` more requests may start; 0 where no quota is known.

    `reserve_share` of the limit is left to the key's other users; the limit is for `window`
    seconds. In each window, so many go at once as leave plenty, and the rest is spread until the
    next one begins, as `reserve` does it.
    """
    if not limit or remaining is None or reset_in is None or requests < 1:
        return 0.0
    kept = _kept(limit, reserve_share)
    left, reset_in = max(remaining - kept, 0), max(reset_in, 0.0)
    if requests <= left:
        return _spread(requests, left, limit, reset_in)
    windows, last = divmod(requests - left - 1, limit - kept)
    return reset_in + windows * window + _spread(last + 1, limit - kept, limit, window)


def _spread(requests: int, usable: int, limit: int, seconds: float) -> float:
    """When, of so many usable in a window that lasts for `seconds`, the last request starts."""
    scarce = min(ceil(PLENTY * limit) - 1, usable)
    at_once = usable - scarce + 1
    return EARLY * seconds * max(requests - at_once, 0) / max(scarce, 1)


# --- rate and congestion ------------------------------------------------------------------


def _turned_away(pace: Pace, signal: Signal, now: float) -> Pace:
    """429: wait as advised, and go on a little slower than what was too much."""
    if _is_old(signal.allowed_at, pace.epoch_at, now):
        return pace
    pause = signal.retry_after
    if pause is None:
        pause = min(FIRST_PAUSE * 2.0 ** min(pace.refusals, 30), LONGEST_PAUSE)
    pace = replace(
        pace, closed_until=max(pace.closed_until, now + pause), refusals=pace.refusals + 1
    )
    left = _usable(pace) if signal.remaining is None else signal.remaining
    quota_is_out = left is not None and left <= 0 and pace.reset_at is not None
    if pace.answered and not quota_is_out:
        return _slowed(pace, now)
    # With no good answer in between it is not the rate: a quota, perhaps one nobody told us of.
    return replace(pace, epoch_at=now, quota_seen_at=now, unsure=True, asking=False)


def _slowed(pace: Pace, now: float) -> Pace:
    """Take the rate of the last while as too much; go on below it."""
    seconds = now - pace.counting_from
    reached = pace.answered / max(seconds, 1.0)
    too_much = reached = max(min(reached, pace.rate or reached), LEAST_RATE)
    if pace.rate is not None and seconds < RECENT_S / 2:
        # A moment shows little: what was sent before it may have used up what was there.
        reached, too_much = max(reached, A_MOMENTS_FALL * pace.rate), pace.too_much
    resume = max(pace.closed_until, now)
    return replace(
        pace,
        rate=max(SLOWER * reached, LEAST_RATE),
        too_much=too_much,
        epoch_at=now,
        answered=0.0,
        counting_from=resume,
        risen_at=resume,
        next_at=max(pace.next_at, resume),
    )


def _congested(pace: Pace, signal: Signal, now: float) -> Pace:
    """The portal fails or is slow: half as many requests at once, once per congestion."""
    if signal.retry_after is not None:
        pace = replace(pace, closed_until=max(pace.closed_until, now + signal.retry_after))
    if _is_old(signal.allowed_at, pace.epoch_at, now):
        return pace
    return replace(pace, slots=max(min(pace.slots, pace.in_flight + 1.0) / 2.0, 1.0), epoch_at=now)


def _answered(pace: Pace, signal: Signal, now: float) -> Pace:
    """All went well: one slot more for a round of answers, and the rate rises with time."""
    more = 1.0 / pace.slots if pace.epoch_at else 1.0
    old = _is_old(signal.allowed_at, pace.epoch_at, now)
    many = pace.answered >= RECENT and now - pace.counting_from >= RECENT_S
    pace = replace(
        pace,
        slots=min(pace.slots + more, pace.most),
        answered=(pace.answered / 2.0 if many else pace.answered) + (not old),
        counting_from=(now + pace.counting_from) / 2.0 if many else pace.counting_from,
        refusals=pace.refusals if old else 0,
    )
    return _rising(pace, now)


def _rising(pace: Pace, now: float) -> Pace:
    """Feel the way up: quickly far from the rate that was too much, slowly near it."""
    seconds = min(now - pace.risen_at, 10.0)
    if pace.rate is None or seconds <= 0:
        return pace
    near = NEAR * pace.too_much <= pace.rate <= pace.too_much / NEAR
    rate = pace.rate * (1.0 + (SLOW_RISE if near else QUICK_RISE) * seconds)
    return replace(pace, rate=rate, risen_at=now)


def _is_slow(pace: Pace, signal: Signal) -> bool:
    if (seconds := _seconds(signal)) is None or pace.usual_seconds is None:
        return False
    return seconds > max(SLOW_ANSWER, 4.0 * pace.usual_seconds)


def _usual_seconds(pace: Pace, signal: Signal) -> float | None:
    """A moving mean; slow answers count too: some portals are slow by nature."""
    if (seconds := _seconds(signal)) is None or pace.usual_seconds is None:
        return pace.usual_seconds if seconds is None else seconds
    return 0.9 * pace.usual_seconds + 0.1 * seconds


def _seconds(signal: Signal) -> float | None:
    """How long the answer took; None where that says more of a file's size, or of the line."""
    return None if signal.size or signal.aside else signal.seconds


def _is_old(sent_at: float, since: float, now: float) -> bool:
    """Whether a request was sent before `since`; not when a clock set back makes it look so."""
    return sent_at < since <= now
