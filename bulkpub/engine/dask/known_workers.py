"""Who is there: the workers of a cluster that work for one run, as its coordinator knows them.

The rule: a worker is there from its greeting until it is lost, which is when its process is known
to be gone, or when it has been silent for longer than it goes on without an answer of ours. One
that is lost is not heard any more, and told so; it may come back under a new name.
"""

import os
import signal
import time
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
import structlog
from distributed import Client

from bulkpub.core.report import Totals, WaitTotals, added
from bulkpub.engine.dask.channel import Outbox, opened
from bulkpub.engine.dask.messages import Hello, Out, ToWorker
from bulkpub.engine.dask.worker import SILENCE_S
from bulkpub.portals.base import Traffic

__all__ = ["KnownWorker", "KnownWorkers"]

log = structlog.get_logger("bulkpub.engine")

UNHEARD_S = SILENCE_S + 10.0
"""Seconds of silence after which a worker is given up: it has ended by itself by then."""


@dataclass(slots=True)
class KnownWorker:
    """One worker, as long as it is heard of; `heard_at` is by the clock of this process."""

    hello: Hello
    outbox: Outbox
    heard_at: float
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def name(self) -> str:
        """Unlike that of any other, and of itself when it comes back."""
        return self.hello.worker

    @property
    def address(self) -> str:
        """What Dask calls it."""
        return self.hello.address

    def send(self, message: ToWorker) -> None:
        """Say it soon."""
        self.outbox.send(message)

    def told(self, traffic: Traffic | None) -> None:
        """Take note of what it has asked of the portal by now, if that is told."""
        self.traffic = traffic or self.traffic


class KnownWorkers:
    """All workers that are there, by their names.

    `own`: they are processes of this machine, of which it is known when they are gone. `start` has
    what is said to them sent meanwhile.
    """

    def __init__(
        self,
        client: Client,
        start: Callable[[Callable[[], Coroutine[Any, Any, None]]], None],
        *,
        own: bool,
    ) -> None:
        self._client = client
        self._start = start
        self._own = own
        self._there: dict[str, KnownWorker] = {}
        self._outboxes: dict[str, Outbox] = {}
        self._past: list[Traffic] = []

    def __len__(self) -> int:
        return len(self._there)

    def get(self, name: str) -> KnownWorker | None:
        """The worker of this name, if it is there."""
        return self._there.get(name)

    @property
    def all(self) -> Collection[KnownWorker]:
        """Those that are there now."""
        return tuple(self._there.values())

    @property
    def traffic(self) -> Traffic:
        """What all of them asked of the portal, as far as they told, those that are lost too."""
        told = [*self._past, *(each.traffic for each in self._there.values())]
        requests = added(Totals(requests=each.requests) for each in told).requests
        waited = WaitTotals(backoff=max((each.waited.backoff for each in told), default=0.0))
        return Traffic(requests, waited)

    async def enter(self, hello: Hello) -> KnownWorker:
        """Take note that a worker is there, and how it is reached."""
        outbox = self._outboxes.get(hello.queue)
        if outbox is None:
            outbox = Outbox(await opened(self._client, hello.queue))
            self._outboxes[hello.queue] = outbox
            self._start(outbox.run)
        worker = self._there[hello.worker] = KnownWorker(hello, outbox, time.monotonic())
        log.info("worker is there", worker=hello.address, host=hello.host, process=hello.pid)
        return worker

    def heard(self, name: str) -> KnownWorker | None:
        """The worker that just said something; none if it was lost, which it is told."""
        worker = self._there.get(name)
        if worker is not None:
            worker.heard_at = time.monotonic()
        elif outbox := self._outboxes.get(name.rpartition("-")[0]):
            outbox.send(Out(name))
        return worker

    def overdue(self) -> Collection[KnownWorker]:
        """Those that are there no more; of our own, what still runs of them is ended."""
        now = time.monotonic()
        found = []
        for worker in self._there.values():
            if self._own and not _is_running(worker.hello.pid):
                found.append(worker)
            elif now - worker.heard_at > UNHEARD_S:
                if self._own:
                    _kill(worker.hello.pid)
                found.append(worker)
        return found

    def lose(self, worker: KnownWorker) -> None:
        """Hear it no more."""
        log.warning("worker lost", worker=worker.address, host=worker.hello.host)
        del self._there[worker.name]
        self._past.append(worker.traffic)
        worker.send(Out(worker.name))

    async def take_back(self) -> None:
        """Let go of all that was to be said to them and nobody has read: it may hold a key."""
        for each in list(self._outboxes.values()):  # others may say hello meanwhile
            await each.take_back()


def _is_running(pid: int) -> bool:
    """Whether there is such a process here that does anything."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _kill(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
