"""What a process opens once, to work on any number of jobs with it."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from bulkpub.core.model import Contact, Fingerprint
from bulkpub.core.rules import Rules
from bulkpub.observers.events import Event
from bulkpub.pipeline.agreement import Agreed
from bulkpub.portals import Portal
from bulkpub.sources.fetch import Fetcher
from bulkpub.state.journal import Forgetful, Memory

__all__ = ["DOWNLOADERS", "Means", "Stopping"]

HASHERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""Threads that hash: as many as there are cores for us, as each of them keeps one busy."""
DOWNLOADERS = 8
"""Published files read at once, to verify them."""


class Stopping:
    """The way in which work is asked to end: `requested` asks to begin nothing new.

    What is under way is ended at the deadline, or at once: what runs within `cancellable`. Where
    that runs elsewhere, `elsewhere` is told the seconds until then.
    """

    def __init__(self) -> None:
        self.requested = False
        self.elsewhere: Callable[[float], None] = lambda _: None
        self._deadline = float("inf")
        self._running: set[anyio.CancelScope] = set()

    @contextmanager
    def cancellable(self) -> Iterator[None]:
        """Work that can be ended; what comes after it in the same function is still done."""
        with anyio.CancelScope(deadline=self._deadline) as scope:
            self._running.add(scope)
            try:
                yield
            finally:
                self._running.discard(scope)

    def within(self, seconds: float) -> None:
        """Begin nothing new; end what is under way after so many seconds (0: now)."""
        self.requested = True
        self._deadline = min(self._deadline, anyio.current_time() + seconds)
        for scope in self._running:
            scope.deadline = min(scope.deadline, self._deadline)
        self.elsewhere(seconds)


@dataclass(slots=True)
class Means:
    """What jobs are worked on with: a portal with its pace, sources, a memory.

    `emit` is told what happens as it happens; without it, `Result.events` has it. `creating`
    keeps datasets that must not be created at the same moment (`Rules.title_slug`) apart.
    `contacts` are the ids of contact points made in this run, by organization and what they say;
    one is made at a time (`contacting`). `agreed` says of which files other destinations have them,
    too; None: there are no others. `files_seen` are local files by path, as they are where the run
    was started: they have to be the same here.
    """

    portal: Portal
    sources: Fetcher
    memory: Memory = field(default_factory=Forgetful)
    emit: Callable[[Event], None] | None = None
    stopping: Stopping = field(default_factory=Stopping)
    hashing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(HASHERS))
    downloading: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(DOWNLOADERS)
    )
    creating: dict[str, anyio.Lock] = field(default_factory=dict)
    contacts: dict[tuple[str | None, Contact], str] = field(default_factory=dict)
    contacting: anyio.Lock = field(default_factory=anyio.Lock)
    agreed: Agreed | None = None
    files_seen: Mapping[str, Fingerprint] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """Those of the portal."""
        return self.portal.rules

    def notify(self, event: Event) -> None:
        """Tell those who watch."""
        if self.emit is not None:
            self.emit(event)

    @staticmethod
    def now() -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)
