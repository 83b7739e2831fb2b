"""Time that runs faster: the publisher's own pauses and timeouts, without waiting for them.

`install` has to be called before anything of bulkpub is imported. From then on `time.time`,
`time.monotonic`, `time.clock_gettime` and the loops made here share one clock, for the publisher
and the portal alike: what holds between their clocks goes on holding, and no setting of the
publisher has to be changed for the tests. The clock advances in one of two ways.

`IdleLoop`: when nothing is left to do but to wait, the clock jumps to the next thing that is
due. A busy machine makes nothing late, as time stands (nearly) still while anybody works. For
histories, where portal and publisher live in one loop.

`FastLoop`: a second takes 1/SPEED of a real one. For kills, where the publisher is a process of
its own.
"""

import asyncio
import selectors
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple, Unpack

import anyio.to_thread

__all__ = ["SPEED", "FastLoop", "IdleLoop", "clock", "install"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SPEED = 200.0
GRACE_S = 0.001
"""Real seconds in which what was sent has to be received, before time jumps."""
STEP_S = 5.0
"""Seconds that time jumps at most at once."""

_real_time, _real_monotonic = time.time, time.monotonic
_real_run_sync = anyio.to_thread.run_sync


class _Clock:
    """Real time times `rate`, and what was jumped over."""

    def __init__(self) -> None:
        self.start = _real_time()
        self.seconds = _real_monotonic()
        self.rate = 1.0
        self.threads = 0
        self._last = _real_monotonic()

    def now(self) -> float:
        real = _real_monotonic()
        self.seconds += (real - self._last) * self.rate
        self._last = real
        return self.seconds

    def run_at(self, rate: float) -> None:
        self.now()
        self.rate = rate


_clock = _Clock()
_epoch = _clock.start - _clock.seconds


def clock() -> datetime:
    """The portal's clock."""
    return datetime.fromtimestamp(_epoch + _clock.now(), UTC)


def install() -> None:
    """Let this process live by the clock from now on."""
    time.time = lambda: _epoch + _clock.now()
    time.monotonic = _clock.now
    time.clock_gettime = lambda _which: _clock.now()
    counted: Any = _counted(_real_run_sync)
    anyio.to_thread.run_sync = counted


def _counted(run_sync: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """While a thread works somebody is busy, though the loop does not see it."""

    @wraps(run_sync)
    async def counted(*arguments: Any, **options: Any) -> Any:
        _clock.threads += 1
        try:
            return await run_sync(*arguments, **options)
        finally:
            _clock.threads -= 1

    return counted


class _FastSelector(selectors.EpollSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / SPEED if timeout and timeout > 0 else timeout)


class _IdleSelector(selectors.EpollSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if _clock.threads:
            return super().select(min(timeout, 0.05))
        ready = super().select(min(timeout, GRACE_S))
        if not ready and not _clock.threads:
            _clock.seconds += min(timeout, STEP_S)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return _clock.now()


class FastLoop(_Loop):
    """A loop whose sleeps and deadlines are over SPEED times sooner."""

    def __init__(self) -> None:
        super().__init__(_FastSelector())
        _clock.run_at(SPEED)


class IdleLoop(_Loop):
    """A loop that does not wait: it skips the time in which nothing happens."""

    def __init__(self) -> None:
        super().__init__(_IdleSelector())
        _clock.run_at(1.0)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """See asyncio; counted, as somebody is busy."""
        _clock.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(_one_thread_less)
        return future


def _one_thread_less(_: object) -> None:
    _clock.threads -= 1
