"""When the next one may start, where a server asks for some time between one and the next."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import anyio

from bulkpub.core.waits import WaitReason
from bulkpub.http.clock import unix_time
from bulkpub.http.lease import Standing
from bulkpub.http.signals import Signal

__all__ = ["SpacedOut", "Turns"]


class SpacedOut(Protocol):
    """Who says when the next one may start, whoever asks."""

    async def turn(self) -> None:
        """Wait until the next one may start."""


@dataclass(slots=True)
class Turns:
    """Turns that are `apart` seconds from each other, in the order in which they are asked for.

    Other processes may borrow some (`http.lending`).
    """

    apart: float
    clock: Callable[[], float] = unix_time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    waiting: int = 0
    idle: int = 0
    longed_for: bool = False
    _line: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))
    _next: float = 0.0
    _on_change: Callable[[], None] = field(init=False, default=lambda: None)

    async def turn(self) -> None:
        """Wait until the next one may start."""
        self.waiting += 1
        try:
            async with self._line:
                while wait := self.try_turn():
                    await self.sleep(wait)
        finally:
            self.waiting -= 1
            self._on_change()

    # --- as something that can be lent -----------------------------------------------------

    @property
    def plentiful(self) -> bool:
        """Never: what is spread is not lent ahead."""
        return False

    def notify(self, on_change: Callable[[], None]) -> None:
        """See `Lendable`."""
        self._on_change = on_change

    def try_turn(self, *, aside: bool = False, early: float = 0.0) -> float:  # noqa: ARG002
        """Take a turn (0), or say in how many seconds to try again; none is early."""
        now = self.clock()
        if now < self._next:
            return self._next - now
        self._next = now + self.apart
        return 0.0

    def learn(self, signal: Signal) -> None:
        """See `Lendable`; there is nothing to learn."""

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:
        """See `Lendable`; the time of a turn is over, whatever became of it."""

    def give_back(self, *, aside: bool = False, granted_at: float = math.inf) -> None:
        """See `Lendable`; likewise."""

    def pass_on(self) -> None:
        """See `Lendable`; never: no turn passes on."""

    def resume(self, *, aside: bool = False) -> None:
        """See `Lendable`; likewise."""

    def standing(self, wait: float) -> Standing:
        """See `Lendable`."""
        until = None if math.isinf(wait) else datetime.fromtimestamp(self.clock() + wait, UTC)
        return Standing(wait, WaitReason.PACING, until)
