"""What befalls one run: the faults that are played, and what happens at one of its requests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.faults import FaultScript
from bulkpub.sandbox.mischief import Mischief
from tests.chaos.site import Mishap

__all__ = ["ENDINGS", "Trouble", "Watch"]

ENDINGS = ("crash", "interrupt")
"""The deeds that end a run."""


@dataclass
class Trouble:
    """What befalls a run: faults, mishaps of the site it fetches from, and at request `at` a deed.

    The `deed` is one of `ENDINGS`, or another word for what `act` does.
    With `in_parts` files of more than a few bytes are sent in parts, and `in_turn` sends one file
    after the other, so that the same story has the same end each time.
    """

    script: FaultScript = field(default_factory=FaultScript)
    mishaps: tuple[Mishap, ...] = ()
    deed: str | None = None
    at: int = 0
    act: Callable[[], object] | None = None
    in_parts: bool = False
    in_turn: bool = False

    def __str__(self) -> str:
        told = [f"{self.deed} at request {self.at}"] if self.deed else []
        told += [str(fault) for fault in self.script.unmet()] + [
            each.value for each in self.mishaps
        ]
        return "; ".join(told) or "no trouble"


class Watch:
    """Stands before the portal: plays the faults, and lets something happen at one request."""

    def __init__(self, trouble: Trouble) -> None:
        self.mischief = Mischief(trouble.script)
        self.trouble = trouble
        self.deed = trouble.act
        self.count = 0
        self.flying = 0
        self.writes = 0

    @property
    def happened(self) -> bool:
        """Whether the deed was done."""
        return self.trouble.deed is not None and self.count >= self.trouble.at

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See `bulkpub.sandbox.app.Interceptor`."""
        self.count += 1
        self.writes += request.method != "GET"
        self.flying += 1
        try:
            if self.count == self.trouble.at and self.deed is not None:
                self.deed()
            return await self.mischief(request, handler)
        finally:
            self.flying -= 1

    async def idle(self) -> None:
        """Wait until nothing is being carried out any more, also of what nobody waits for."""
        while self.flying:  # noqa: ASYNC110 - a fast clock's ten milliseconds
            await asyncio.sleep(1.0)
