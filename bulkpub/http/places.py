"""So many at once and no more: places of one process, or lent to others (`http.lending`)."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from bulkpub.http.lease import Standing
from bulkpub.http.signals import Signal

__all__ = ["Places"]


@dataclass(slots=True)
class Places:
    """Places for `most` at once; who waits for one gets it in the order of coming."""

    most: int
    waiting: int = 0
    idle: int = 0
    longed_for: bool = False
    _taken: int = 0
    _line: anyio.Lock = field(default_factory=lambda: anyio.Lock(fast_acquire=True))
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _on_change: Callable[[], None] = field(init=False, default=lambda: None)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Have a place for as long as the context lasts."""
        self.waiting += 1
        try:
            async with self._line:
                while self.try_turn():
                    await self._changed.wait()
        finally:
            self.waiting -= 1
            self._on_change()
        try:
            yield
        finally:
            self.give_back()

    # --- as something that can be lent -----------------------------------------------------

    @property
    def plentiful(self) -> bool:
        """Never: a place is taken when it is needed."""
        return False

    def notify(self, on_change: Callable[[], None]) -> None:
        """See `Lendable`."""
        self._on_change = on_change

    def try_turn(self, *, aside: bool = False, early: float = 0.0) -> float:  # noqa: ARG002
        """Take a place (0), or say that one has to be given back first (`inf`)."""
        if self._taken >= self.most:
            return math.inf
        self._taken += 1
        return 0.0

    def learn(self, signal: Signal) -> None:  # noqa: ARG002
        """See `Lendable`; there is nothing to learn."""
        self.give_back()

    def abandon(self, *, aside: bool = False, started_at: float = math.inf) -> None:  # noqa: ARG002
        """Take note that whoever had a place is done."""
        self.give_back()

    def give_back(self, *, aside: bool = False, granted_at: float = math.inf) -> None:  # noqa: ARG002
        """Take note that a place is free."""
        self._taken -= 1
        self._changed.set()
        self._changed = anyio.Event()
        self._on_change()

    def pass_on(self) -> None:
        """See `Lendable`; never: no turn passes on."""

    def resume(self, *, aside: bool = False) -> None:  # noqa: ARG002
        """Take note that a place is taken after all."""
        self._taken += 1

    def standing(self, wait: float) -> Standing:
        """See `Lendable`."""
        return Standing(wait, at_once=self.most)
