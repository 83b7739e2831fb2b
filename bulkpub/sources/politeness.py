"""How other people's servers are treated: few requests at once, and none when they ask to wait.

One `Host` for each of them, apart from the portal's pace and from each other's. The pace is
that of `bulkpub.http.gate`; on top of it so few answers are under way at once, as the gate counts
a request only until its answer begins.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from bulkpub.errors import SourceFailed, StoppedEarly
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import Gate, GateLimits
from bulkpub.http.signals import RateHeaders, Signal, signal_of
from bulkpub.language import say

__all__ = ["Courtesy", "Host", "Hosts"]


@dataclass(frozen=True, slots=True)
class Courtesy:
    """How polite to be to each host.

    `at_once`: answers under way. `max_wait`: how long a host may make us wait before its file
    is given up, and `leave_alone` how long one that does not answer is not asked again, in
    seconds.
    """

    at_once: int = 2
    max_wait: float = 300.0
    leave_alone: float = 60.0


@dataclass(slots=True)
class Host:
    """What is known of one host in this run."""

    name: str
    courtesy: Courtesy
    clock: Callable[[], float]
    _gate: Gate = field(init=False)
    _places: anyio.Semaphore = field(init=False)
    _unreached: int = 0
    _silent_until: float = 0.0
    _why_silent: str = ""

    def __post_init__(self) -> None:
        most, longest = self.courtesy.at_once, self.courtesy.max_wait
        self._gate = Gate(GateLimits(max_wait=longest, most=most), clock=self.clock)
        self._places = anyio.Semaphore(most)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Be one of the few whose answers are under way, from the request to the last byte."""
        async with self._places:
            yield

    async def turn(self) -> None:
        """Wait until the next request may start; one of `learn` and `abandon` has to follow.

        Raises `SourceFailed` when the host asks to wait for too long, or did not answer lately.
        """
        if self.clock() < self._silent_until:
            raise SourceFailed(
                say(
                    "{name} is not asked, as it did not answer a moment ago: {why_silent}",
                    name=self.name,
                    why_silent=self._why_silent,
                )
            )
        try:
            await self._gate.turn()
        except StoppedEarly:
            raise SourceFailed(
                say(
                    "{name} wants no requests for longer than {max_wait:.0f} s; run again later "
                    "to go on",
                    name=self.name,
                    max_wait=self.courtesy.max_wait,
                )
            ) from None

    def learn(self, status: int, headers: Mapping[str, str], started_at: float) -> None:
        """Take note of an answer."""
        self._unreached, self._silent_until = 0, 0.0
        self._gate.learn(
            signal_of(
                RateHeaders(), headers, status=status, started_at=started_at, now=self.clock()
            )
        )

    def no_answer(self, started_at: float) -> None:
        """Take note of a request that was sent and got no answer."""
        self._gate.learn(Signal(started_at, congested=True))

    def abandon(self, started_at: float) -> None:
        """Take note that a request, sent at `started_at`, ended for a reason of our own."""
        self._gate.abandon(started_at=started_at)

    def unreachable(self, why: str, often: int) -> None:
        """Take note that it could not even be connected to; `often` in a row, leave it alone.

        Else a catalogue of files that are all on a dead server would be waited for one by one.
        """
        self._unreached += 1
        if self._unreached >= often:
            self._silent_until = self.clock() + self.courtesy.leave_alone
            self._why_silent = why


class Hosts:
    """All hosts asked in a run, by name."""

    def __init__(
        self, courtesy: Courtesy | None = None, clock: Callable[[], float] = unix_time
    ) -> None:
        self._courtesy = courtesy or Courtesy()
        self._clock = clock
        self._hosts: dict[str, Host] = {}

    def __getitem__(self, name: str) -> Host:
        name = name.lower()
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._courtesy, self._clock)
        return self._hosts[name]
