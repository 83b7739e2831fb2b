"""So many bytes of files may lie in the spool at a time: who comes in, who grows, who waits.

The rule: whoever waits, waits for a file that will leave by itself. Therefore

- a file comes in when there is room for what it is known to need, first come, first served; one
  that is alone comes in whatever it needs;
- files that are in and grow go before those that are still outside, and are served in the order
  in which they came in;
- when every file that is in waits to grow, no room will ever become free: then the one that came
  in first grows over the budget, until it is done and leaves.

So the budget is exceeded by one file at a time, and only when waiting would be for ever. Who
holds a file must not wait for another file to come in.
"""

from dataclasses import dataclass, field

import anyio

__all__ = ["Budget", "Share"]


@dataclass(slots=True, eq=False)
class Share:
    """What one file holds, and what it waits for besides, in bytes."""

    held: int = 0
    wanted: int = 0
    granted: anyio.Event = field(default_factory=anyio.Event)


class Budget:
    """Room for `size` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._inside: list[Share] = []
        self._outside: list[Share] = []

    @property
    def held(self) -> int:
        """Bytes given out."""
        return sum(share.held for share in self._inside)

    def enter_at_once(self, size: int) -> Share | None:
        """Room for `size` bytes, if there is any and nobody came before; else None."""
        share = Share(wanted=size)
        self._outside.append(share)
        self._serve()
        if share in self._inside:
            return share
        self._outside.remove(share)
        return None

    async def enter(self, size: int) -> Share:
        """Wait for room for `size` bytes."""
        share = Share(wanted=size)
        self._outside.append(share)
        self._serve()
        try:
            await share.granted.wait()
        except BaseException:
            self.leave(share)  # it may have been let in just now
            raise
        return share

    async def grow(self, share: Share, more: int) -> None:
        """Wait for room for `more` bytes besides those `share` has."""
        share.wanted, share.granted = more, anyio.Event()
        self._serve()
        try:
            await share.granted.wait()
        finally:
            share.wanted = 0

    def keep(self, share: Share, size: int) -> None:
        """Give back all but `size` bytes, as no more than that is needed."""
        share.held = min(share.held, size)
        self._serve()

    def leave(self, share: Share) -> None:
        """Give back all of it."""
        for where in (self._inside, self._outside):
            if share in where:
                where.remove(share)
        self._serve()

    def _serve(self) -> None:
        """Give out what can be given out now."""
        for share in self._inside:
            if share.wanted and self._fits(share):
                self._grant(share)
        growing = [share for share in self._inside if share.wanted]
        if growing and len(growing) == len(self._inside):
            self._grant(growing[0])
            return
        while not growing and self._outside:
            first = self._outside[0]
            if self._inside and not self._fits(first):
                return
            self._inside.append(self._outside.pop(0))
            self._grant(first)

    def _fits(self, share: Share) -> bool:
        return self.held + share.wanted <= self.size

    def _grant(self, share: Share) -> None:
        share.held, share.wanted = share.held + share.wanted, 0
        share.granted.set()
