"""When the next write may start: GitHub asks for a second between one and the next.

Who writes quicker meets its secondary limits, and who goes on then may be shut out
(docs.github.com, "Best practices for using the REST API"). Reading is not concerned.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

__all__ = ["Turns"]


@dataclass(slots=True)
class Turns:
    """Writes of one session, `apart` seconds from each other; in the order in which they come."""

    apart: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    _line: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait until the next write may start."""
        async with self._line:
            wait = self._next - self.clock()
            if wait > 0:
                await self.sleep(wait)
            self._next = self.clock() + self.apart
