"""Time that runs faster: the publisher's own pauses and timeouts, in a hundredth of the time.

`install` has to be called before anything of bulkpub is imported. From then on a second of
`time.time`, `time.monotonic` and of the loop made by `FastLoop` takes 1/SPEED of a real one, for
the publisher and the portal alike: what holds between their clocks goes on holding, and no
setting of the publisher has to be changed for the tests.
"""

import asyncio
import selectors
import time
from datetime import UTC, datetime

__all__ = ["SPEED", "FastLoop", "clock", "install"]

SPEED = 200.0

_real_time, _real_monotonic = time.time, time.monotonic
_time_0, _monotonic_0 = _real_time(), _real_monotonic()


def fast_time() -> float:
    return _time_0 + (_real_monotonic() - _monotonic_0) * SPEED


def fast_monotonic() -> float:
    return _monotonic_0 + (_real_monotonic() - _monotonic_0) * SPEED


def clock() -> datetime:
    """The portal's clock."""
    return datetime.fromtimestamp(fast_time(), UTC)


def install() -> None:
    """Let this process live faster from now on."""
    time.time, time.monotonic = fast_time, fast_monotonic


class _FastSelector(selectors.EpollSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / SPEED if timeout and timeout > 0 else timeout)


class FastLoop(asyncio.SelectorEventLoop):
    """A loop whose sleeps and deadlines are over SPEED times sooner."""

    def __init__(self) -> None:
        super().__init__(_FastSelector())

    def time(self) -> float:
        return fast_monotonic()
