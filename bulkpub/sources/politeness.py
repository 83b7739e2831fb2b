"""How other people's servers are treated: few requests at once, and none when they ask to wait.

One `Host` for each of them, apart from the portal's pace and from each other's. The pace is
that of `bulkpub.http.gate`; on top of it so few answers are under way at once, as the gate counts
a request only until its answer begins.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bulkpub.errors import SourceFailed, StoppedEarly
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import Gate, GateLimits, PaceOwner
from bulkpub.http.lending import Borrower, Lendable
from bulkpub.http.places import Places
from bulkpub.http.signals import RateHeaders, Signal, signal_of
from bulkpub.language import say

__all__ = ["Courtesy", "Host", "HostPace", "Hosts", "borrowed", "lendable"]


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


class HasPlaces(Protocol):
    """Of whom one has to have a place: there are so many."""

    def place(self) -> AbstractAsyncContextManager[None]:
        """Have a place for as long as the context lasts."""


@dataclass(frozen=True, slots=True)
class HostPace:
    """What holds the requests to one host back: when they may start, and how many are under way."""

    turns: PaceOwner
    places: HasPlaces


@dataclass(slots=True)
class Host:
    """What is known of one host in this run; that it does not answer, each process finds out."""

    name: str
    courtesy: Courtesy
    clock: Callable[[], float]
    pace: HostPace
    _unreached: int = 0
    _silent_until: float = 0.0
    _why_silent: str = ""

    def place(self) -> AbstractAsyncContextManager[None]:
        """Be one of the few whose answers are under way, from the request to the last byte."""
        return self.pace.places.place()

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
            await self.pace.turns.turn()
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
        self.pace.turns.learn(
            signal_of(
                RateHeaders(), headers, status=status, started_at=started_at, now=self.clock()
            )
        )

    def no_answer(self, started_at: float) -> None:
        """Take note of a request that was sent and got no answer."""
        self.pace.turns.learn(Signal(started_at, congested=True))

    def abandon(self, started_at: float) -> None:
        """Take note that a request, sent at `started_at`, ended for a reason of our own."""
        self.pace.turns.abandon(started_at=started_at)

    def unreachable(self, why: str, often: int) -> None:
        """Take note that it could not even be connected to; `often` in a row, leave it alone.

        Else a catalogue of files that are all on a dead server would be waited for one by one.
        """
        self._unreached += 1
        if self._unreached >= often:
            self._silent_until = self.clock() + self.courtesy.leave_alone
            self._why_silent = why


class Hosts:
    """All hosts asked in a run, by name.

    `paced` gives what holds the requests to one of them back; None: it is known here alone.
    """

    def __init__(
        self,
        courtesy: Courtesy | None = None,
        clock: Callable[[], float] = unix_time,
        paced: Callable[[str], HostPace] | None = None,
    ) -> None:
        self._courtesy = courtesy or Courtesy()
        self._clock = clock
        self._paced = paced or self._own
        self._hosts: dict[str, Host] = {}

    def __getitem__(self, name: str) -> Host:
        name = name.lower()
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._courtesy, self._clock, self._paced(name))
        return self._hosts[name]

    def _own(self, _name: str) -> HostPace:
        most, longest = self._courtesy.at_once, self._courtesy.max_wait
        turns = Gate(GateLimits(max_wait=longest, most=most), clock=self._clock)
        return HostPace(turns, Places(most))


# --- for many processes -------------------------------------------------------------------

TURNS, PLACES = "turns", "places"


def borrowed(borrower: Borrower, group: str) -> Callable[[str], HostPace]:
    """For `Hosts` of a process that borrows: their paces, which another process has in `group`."""
    return lambda name: HostPace(
        borrower.pace(f"{group}/{TURNS}/{name}"), borrower.pace(f"{group}/{PLACES}/{name}")
    )


def lendable(groups: Mapping[str, Hosts], name: str) -> Lendable:
    """For the `Lender`: what `borrowed` asks for by this name, of the groups of this process.

    Raises `KeyError` when nothing of that name can be lent.
    """
    group, what, host = name.split("/", 2)
    pace = groups[group][host].pace
    found = {TURNS: pace.turns, PLACES: pace.places}[what]
    if not isinstance(found, Gate | Places):  # it is borrowed itself
        raise KeyError(name)
    return found
