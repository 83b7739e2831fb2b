"""A worker's side: it opens what it needs once, works on what it is given, and tells what happens.

The rule: no more than the coordinator wants is ever done. An attempt begins when the coordinator
says so, once for each attempt, however often Dask has it run; and a worker that has not been
answered for `SILENCE_S` ends all it does, before the coordinator, which waits longer, has others do
it again.
"""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import anyio
import structlog
from distributed import Client, Worker, WorkerPlugin, get_worker
from structlog.contextvars import bound_contextvars

from bulkpub.core.model import Fingerprint, RemoteDataset
from bulkpub.core.report import RateLimit
from bulkpub.core.waits import WaitReason
from bulkpub.engine.base import Done, Errand
from bulkpub.engine.dask.channel import Inbox, Outbox, opened
from bulkpub.engine.dask.forwarding import RUN, forwarding
from bulkpub.engine.dask.messages import (
    Answer,
    Asked,
    Attempt,
    Beat,
    Claim,
    End,
    Ended,
    FromWorker,
    Go,
    Heard,
    Hello,
    Line,
    No,
    Out,
    Told,
    ToWorker,
    Trouble,
    Turns,
    Unfit,
    Wants,
    Welcome,
)
from bulkpub.errors import BulkpubError, StoppedEarly
from bulkpub.http.clock import unix_time
from bulkpub.http.lending import Ask, Borrower
from bulkpub.http.messages import Request
from bulkpub.observers.events import Event, FetchProgressed, Retrying, UploadProgressed
from bulkpub.pipeline.means import HASHERS, Means, Stopping
from bulkpub.pipeline.publish import publish_one
from bulkpub.portals import Portal
from bulkpub.portals.base import Traffic
from bulkpub.portals.keyed import KeyedPortal
from bulkpub.sources.fetch import Fetcher
from bulkpub.state.carried import Carried, Learned
from bulkpub.version import __version__

__all__ = ["BEAT_S", "SILENCE_S", "Office", "Presence", "Undisturbed", "queue_of", "work"]

log = structlog.get_logger("bulkpub.engine")

BEAT_S = 2.0
"""Seconds from one sign of life to the next."""
SILENCE_S = 15.0
"""Seconds without an answer to any of them after which a worker ends what it does."""
LOOK_S = 0.5
"""Seconds from one look at the clock to the next."""
PROGRESS_S = 0.2
"""Seconds from one word on how far a file is to the next."""


def queue_of(run: str) -> str:
    """The name of the queue that the coordinator of a run reads."""
    return f"bulkpub-{run}"


class Presence(WorkerPlugin):
    """Has each worker of a cluster, also those that come later, work for a `run`."""

    def __init__(self, run: str) -> None:
        self.name = queue_of(run)
        self._run = run
        self.office: Office | None = None

    async def setup(self, worker: Worker) -> None:
        """See `WorkerPlugin`; called in the worker's event loop."""
        self.office = Office(self._run, worker)
        self.office.open()

    async def teardown(self, worker: Worker) -> None:
        """See `WorkerPlugin`."""
        del worker
        if self.office is not None:
            await self.office.close()


class Undisturbed(WorkerPlugin):
    """Ctrl-C, which a terminal sends to all, is for the process that began all: it ends them."""

    name = "bulkpub-undisturbed"

    def setup(self, worker: Worker) -> None:
        """See `WorkerPlugin`."""
        del worker
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)


async def work(run: str, dataset: str, number: int) -> None:
    """What Dask has a worker run: the attempt of this number at a dataset, if it may begin."""
    plugin = get_worker().plugins[queue_of(run)]
    assert isinstance(plugin, Presence)  # noqa: S101 - of this name there is no other
    assert plugin.office is not None  # noqa: S101 - a worker runs nothing before its setup
    await plugin.office.work(Attempt(dataset, number))


@dataclass(slots=True)
class _Underway:
    """An attempt in this process: what the coordinator says of it, and the way to end it."""

    may_begin: asyncio.Future[Errand | None]
    stopping: Stopping = field(default_factory=Stopping)
    broken_off: bool = False


class _Stay:
    """One time of working for a run, under a name of its own, until it is `over`.

    It has its own `turns`, and what it `opened` with them; who was given up starts afresh.
    """

    def __init__(self, name: str, want: Callable[[str, Ask], None]) -> None:
        self.name = name
        self.turns = Borrower(partial(want, name))
        self.opened: asyncio.Future[tuple[Portal, Fetcher]] = asyncio.Future()
        self.over = asyncio.Event()
        self.is_welcome = False
        self.heard_at = unix_time()
        self.beats: dict[int, float] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is something to work with."""
        return self.opened.done() and not self.opened.cancelled()

    @property
    def traffic(self) -> Traffic | None:
        """What was asked of the portal so far; None: nothing, yet."""
        return self.opened.result()[0].traffic if self.is_open else None


class Office:
    """All that one worker process does for one run."""

    def __init__(self, run: str, worker: Worker) -> None:
        self._run = run
        self._dask = worker
        self._queue = uuid4().hex
        self._times = 0
        self._outbox: Outbox | None = None
        self._stay: _Stay | None = None
        self._meanwhile: set[asyncio.Task[None]] = set()
        self._there = asyncio.Event()
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._underway: dict[Attempt, _Underway] = {}
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._questions = 0
        self._hashing = anyio.CapacityLimiter(HASHERS)
        self._creating: dict[str, anyio.Lock] = {}
        self._task: asyncio.Task[None] | None = None

    # --- from beginning to end ---------------------------------------------------------------

    def open(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.create_task(self._be_there())

    async def close(self) -> None:
        """End all that is under way, say so, and let go of everything."""
        self._break_off()
        self._closing.set()
        if self._stay is not None:
            self._stay.over.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _be_there(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                # One of its own: the worker's is for tasks that come from anybody.
                client = await stack.enter_async_context(
                    Client(
                        self._dask.scheduler.address,
                        asynchronous=True,
                        security=self._dask.security,
                        set_as_default=False,
                    )
                )
                inbox = Inbox(await opened(client, self._queue))
                self._outbox = Outbox(await opened(client, queue_of(self._run)))
                self._greet()
                self._do(self._outbox.run)
                self._do(partial(self._listen, inbox))
                self._do(self._beat)
                self._do(self._watch)
                await self._closing.wait()
                await self._last_words()
        except OSError as lost:  # Dask's errors of connections are such
            log.debug("connection lost", why=str(lost))
        finally:
            self._break_off()
            self._there.set()
            for task in self._meanwhile:
                task.cancel()
            await asyncio.gather(*self._meanwhile, return_exceptions=True)

    def _do(self, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it meanwhile, until all ends; all ends when the connection is lost."""

        async def guarded() -> None:
            try:
                await what()
            except OSError as lost:
                log.debug("connection lost", why=str(lost))
                self._closing.set()

        task = asyncio.create_task(guarded())
        self._meanwhile.add(task)
        task.add_done_callback(self._meanwhile.discard)

    async def _last_words(self) -> None:
        """Have what was under way end, and say what came of it."""
        with anyio.move_on_after(LOOK_S):
            await self._idle.wait()
            if self._outbox is not None:
                await self._outbox.said()

    def _greet(self) -> None:
        """Begin to work, as one that was never there before."""
        self._times += 1
        stay = self._stay = _Stay(f"{self._queue}-{self._times}", self._want)
        self._there.set()
        self._send(
            Hello(
                stay.name,
                self._queue,
                str(self._dask.name if isinstance(self._dask.name, str) else self._dask.address),
                socket.gethostname(),
                os.getpid(),
                __version__,
            )
        )

    async def _open(self, stay: _Stay, welcome: Welcome) -> None:
        """Open what the coordinator says, and keep it open."""
        self._do(stay.turns.run)
        try:
            with forwarding(self._run, partial(self._log, stay), welcome.level):
                listener = _Listener(partial(self._trouble, stay))
                async with welcome.opener.open(stay.turns, listener) as means:
                    await means[0].account()
                    stay.opened.set_result(means)
                    await stay.over.wait()
                    await self._idle.wait()
        except BulkpubError as why:
            self._send(Unfit(stay.name, why))
        except Exception as error:  # noqa: BLE001 - whatever it is, the coordinator is to know
            self._send(Unfit(stay.name, StoppedEarly(f"{type(error).__name__}: {error}")))
        finally:
            stay.opened.cancel()

    # --- saying and hearing ------------------------------------------------------------------

    def _send(self, message: FromWorker) -> None:
        if self._outbox is not None:
            self._outbox.send(message)

    def _mention(self, message: Told | Line | Trouble) -> None:
        """Send what is only to be known."""
        if self._outbox is not None:
            self._outbox.send(message, soon=False)

    async def _listen(self, inbox: Inbox) -> None:
        async for message in inbox:
            self._hear(message)

    def _hear(self, message: ToWorker) -> None:  # noqa: C901 - one case each
        stay = self._stay
        assert stay is not None  # noqa: S101 - nobody says anything to who has not greeted
        match message:
            case Welcome():
                if not stay.is_welcome:
                    stay.is_welcome = True
                    self._do(partial(self._open, stay, message))
            case Go(attempt, errand):
                self._decide(stay, attempt, errand)
            case No(attempt):
                self._decide(stay, attempt, None)
            case Answer(number, yes):
                if (asked := self._answers.pop(number, None)) and not asked.done():
                    asked.set_result(yes)
            case Turns(lent):
                stay.turns.heard(lent)
            case Heard(number):
                if (sent_at := stay.beats.pop(number, None)) is not None:
                    stay.heard_at = max(stay.heard_at, sent_at)
            case End(within_s):
                self._end(within_s)
            case Out(worker):
                if worker == stay.name:
                    self._break_off()
                    stay.over.set()
                    self._greet()

    def _decide(self, stay: _Stay, attempt: Attempt, errand: Errand | None) -> None:
        underway = self._underway.get(attempt)
        if underway is not None and not underway.may_begin.done():
            underway.may_begin.set_result(errand)
        elif errand is not None:  # it ended before it was told to begin
            self._send(Ended(stay.name, attempt, Done()))

    def _end(self, within_s: float) -> None:
        """Begin nothing new, and end what is under way after so many seconds."""
        for underway in self._underway.values():
            if not underway.may_begin.done():
                underway.may_begin.set_result(None)
            underway.stopping.within(within_s)

    def _break_off(self) -> None:
        """End now what nobody has asked to end: others will do it."""
        for underway in self._underway.values():
            underway.broken_off = not underway.stopping.requested or underway.broken_off
        self._end(0.0)

    async def _beat(self) -> None:
        number = 0
        while True:
            number += 1
            if (stay := self._stay) is not None:
                stay.beats[number] = unix_time()
                self._send(Beat(stay.name, number, stay.traffic))
            await asyncio.sleep(BEAT_S)

    async def _watch(self) -> None:
        """End everything when nobody answers."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._stay is not None and unix_time() - self._stay.heard_at > SILENCE_S:
                self._break_off()

    def _want(self, name: str, ask: Ask) -> None:
        self._send(Wants(name, ask))

    # --- work --------------------------------------------------------------------------------

    async def work(self, attempt: Attempt) -> None:
        """Ask whether the attempt may begin, and carry it out; never raises for what fails."""
        await self._there.wait()
        stay = self._stay
        if stay is None or attempt in self._underway or self._closing.is_set():
            return
        underway = self._underway[attempt] = _Underway(asyncio.Future())
        self._idle.clear()
        try:
            self._send(Claim(stay.name, attempt))
            errand = await underway.may_begin
            if errand is None:
                return
            try:
                done = await self._carry_out(stay, attempt, errand, underway.stopping)
            except BulkpubError as failure:
                done = Done(failure=failure)
            done = replace(done, broken_off=underway.broken_off, traffic=stay.traffic)
            self._send(Ended(stay.name, attempt, done))
        finally:
            del self._underway[attempt]
            if not self._underway:
                self._idle.set()

    async def _carry_out(
        self, stay: _Stay, attempt: Attempt, errand: Errand, stopping: Stopping
    ) -> Done:
        with stopping.cancellable():
            await asyncio.wait([stay.opened])
        if not stay.is_open:  # nothing was begun
            return Done()
        portal, sources = stay.opened.result()
        job = errand.job
        if isinstance(portal, KeyedPortal) and isinstance(job.found, RemoteDataset):
            portal.knows(job.found)
        contacts = dict(errand.contacts)
        teller = _Teller(self._mention, stay.name, attempt)
        means = Means(
            portal,
            sources,
            Carried(errand.known, teller.learned),
            teller.happened,
            stopping,
            self._hashing,
            creating=self._creating,
            contacts=contacts,
            agreed=partial(self._agreed, stay) if errand.asks else None,
            files_seen=errand.known.files if errand.compares else {},
        )
        with bound_contextvars(**{RUN: self._run}):
            result = await publish_one(job, means)
        made = {each: id_ for each, id_ in contacts.items() if each not in errand.contacts}
        return Done(result, contacts=made, refused_size=portal.refused_size)

    async def _agreed(self, stay: _Stay, path: str, seen: Fingerprint) -> bool:
        """Ask whether a file that is published may be removed; nobody answering, it stays."""
        self._questions += 1
        number = self._questions
        answer = self._answers[number] = asyncio.Future()
        self._send(Asked(stay.name, number, path, seen))
        with anyio.move_on_after(SILENCE_S):
            return await answer
        return False

    def _trouble(
        self, stay: _Stay, request: Request, reason: str, delay_s: float, attempt: int
    ) -> None:
        what = Retrying(request.method, request.endpoint, reason, delay_s, attempt)
        self._mention(Trouble(stay.name, what))

    def _log(
        self, stay: _Stay, logger: str, level: str, words: str, fields: Mapping[str, Any]
    ) -> None:
        self._mention(Line(stay.name, logger, level, words, fields))


class _Listener:
    """What a worker's portal goes through: of waits and quotas the owner of the pace tells."""

    def __init__(self, retrying: Callable[[Request, str, float, int], None]) -> None:
        self.retrying = retrying

    def waiting(self, reason: WaitReason, delay_s: float, until: datetime) -> None:
        """See `TransportListener`."""

    def quota_seen(self, rate_limit: RateLimit) -> None:
        """See `TransportListener`."""


class _Teller:
    """Tells what happens in one attempt; of how far a file is, no more than people can read."""

    def __init__(self, send: Callable[[Told], None], name: str, attempt: Attempt) -> None:
        self._send, self._name, self._attempt = send, name, attempt
        self._progress: dict[str, float] = {}

    def learned(self, what: Learned) -> None:
        self._send(Told(self._name, self._attempt, what))

    def happened(self, event: Event) -> None:
        if isinstance(event, UploadProgressed | FetchProgressed) and self._is_too_soon(event):
            return
        self._send(Told(self._name, self._attempt, event))

    def _is_too_soon(self, event: UploadProgressed | FetchProgressed) -> bool:
        now = time.monotonic()
        whole = event.sent == event.size if isinstance(event, UploadProgressed) else False
        if whole and event.resource not in self._progress:
            return True  # it left in one piece: there is nothing between its beginning and its end
        if not whole and now - self._progress.get(event.resource, -PROGRESS_S) < PROGRESS_S:
            return True
        self._progress[event.resource] = now
        return False
