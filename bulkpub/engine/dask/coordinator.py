"""The coordinator's side: gives jobs to workers, a bounded number at a time, and takes what comes.

The rule: a job that was lost with its worker is looked at afresh and begun anew, and nothing else
is ever done twice. So no two processes are at one dataset: an attempt begins when this process says
so, and the next one only once the process that had the last one is known to be gone, or has been
silent for longer than it goes on without an answer of ours.
"""

import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

import anyio
import anyio.to_thread
import structlog
from anyio.abc import TaskGroup
from distributed import Client, Future, KilledWorker

from bulkpub.core.model import Fingerprint
from bulkpub.core.report import RateLimit
from bulkpub.engine.base import Done, Opener
from bulkpub.engine.dask import forwarding
from bulkpub.engine.dask.channel import Inbox, opened
from bulkpub.engine.dask.cluster import cluster_lost, unlike
from bulkpub.engine.dask.errands import errand_of
from bulkpub.engine.dask.known_workers import KnownWorker, KnownWorkers
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
    Told,
    Trouble,
    Turns,
    Unfit,
    Wants,
    Welcome,
)
from bulkpub.engine.dask.to_come import JobsToCome
from bulkpub.engine.dask.worker import SILENCE_S, Presence, queue_of, work
from bulkpub.errors import BulkpubError, Stop, StoppedEarly
from bulkpub.http.lending import Lender, Lent
from bulkpub.language import say
from bulkpub.observers.events import (
    Event,
    FetchFinished,
    FetchStarted,
    QuotaSeen,
    UploadFinished,
    UploadStarted,
)
from bulkpub.pipeline.job import Job, Result
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.observe_again import observe_afresh
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.telling import outcome_of
from bulkpub.portals.base import Traffic
from bulkpub.state.carried import FetchKept, Finished, HashKept, Learned, Stored, remember
from bulkpub.version import __version__

__all__ = ["Coordinator", "Takes"]

log = structlog.get_logger("bulkpub.engine")

LOOK_S = 1.0
"""Seconds from one look at who is still there to the next."""
AHEAD, FEW = 3, 4
"""Jobs given out for each request that may be in flight, and besides them for each worker."""
ATTEMPTS = 4
"""How often a dataset is begun whose workers are lost, one after the other."""
GRACE_S = 10.0
"""Seconds beyond those it was given in which a worker has to say what came of what it ended."""

Takes = Callable[[Result, str], None]
"""Takes a result as it comes, and the name of the worker that it comes from; returns at once."""


@dataclass(slots=True)
class _Underway:
    """A dataset that was given to the cluster: its attempt, and which worker is at it, if any.

    It `waits` when a worker has asked to begin and there is no room yet. Of its attempts before,
    so many were lost while they only waited (`waited`): those are nothing against it.
    """

    job: Job
    number: int
    waited: int = 0
    future: Future[None] | None = None
    worker: str | None = None
    waits: bool = False
    open_files: dict[str, UploadStarted | FetchStarted] = field(default_factory=dict)

    @property
    def attempt(self) -> Attempt:
        return Attempt(self.job.spec.key, self.number)

    @property
    def tries(self) -> int:
        """How many attempts there were that count, this one among them."""
        return self.number - self.waited - (1 if self.waits else 0)

    @property
    def is_begun(self) -> bool:
        """Whether a worker is at it, or one was and it is being looked at afresh."""
        return self.worker is not None or self.future is None

    def note(self, event: Event) -> None:
        """Take note of which files are on their way: that is to be told when the worker is lost."""
        match event:
            case UploadStarted() | FetchStarted():
                self.open_files[event.resource] = event
            case UploadFinished() | FetchFinished():
                self.open_files.pop(event.resource, None)
            case _:
                pass


class Coordinator:
    """One run's work on a cluster.

    `run` is its name, unlike any other. `own`: the workers are processes of this machine, started
    for this run: of those it is known when they are gone, and what they see is what is seen here.
    `lender` lends them turns, and says so to `lend`. At most `at_once` jobs are worked on at the
    same time (None: as many as the portal is the faster for).
    """

    def __init__(
        self,
        client: Client,
        means: Means,
        opener: Opener,
        lender: Lender,
        *,
        run: str,
        own: bool,
        at_once: int | None = None,
    ) -> None:
        self._client = client
        self._means = means
        self._opener = opener
        self._run = run
        self._own = own
        self._workers = KnownWorkers(client, self._start, own=own)
        self._at_once = at_once
        self._lender = lender
        self._underway: dict[str, _Underway] = {}
        self._claims: list[Claim] = []
        self._to_come = JobsToCome((), means)
        self._changed = anyio.Event()
        self._failure: BulkpubError | None = None
        self._is_lost = False
        self._deadline = float("inf")
        self._refused: list[int] = []
        self._quota = RateLimit()
        self._done: Takes = _forget
        self._group: TaskGroup | None = None

    # --- figures -----------------------------------------------------------------------------

    @property
    def traffic(self) -> Traffic:
        """What all workers asked of the portal, as far as they told; this process not included."""
        return self._workers.traffic

    @property
    def refused_size(self) -> int | None:
        """See `Portal.refused_size`: as any worker came to know it."""
        return min(self._refused, default=None)

    # --- from beginning to end ---------------------------------------------------------------

    async def run(self, jobs: Iterable[Job], *, done: Takes) -> None:
        """Have `jobs` worked on, and hand each result to `done` as it comes.

        Once `means.stopping` was asked for, no further job is begun. Raises `StoppedEarly` when the
        cluster is lost, or none of its workers can work; every job that was begun has a result.
        """
        self._to_come, self._done = JobsToCome(jobs, self._means), done
        try:
            with forwarding.at_home():
                await self._run_all()
        finally:
            self._leave_none()
        if self._failure is not None:
            raise self._failure

    async def _run_all(self) -> None:
        async with anyio.create_task_group() as group:
            self._group = group
            self._means.stopping.elsewhere = self._end
            try:
                inbox = Inbox(await opened(self._client, queue_of(self._run)))
                self._start(self._listen, inbox)
                self._start(self._lender.run)
                self._start(self._watch)
                await self._client.register_plugin(Presence(self._run))
                await self._work()
            except OSError as lost:
                self._lose_cluster(lost)
            finally:
                self._means.stopping.elsewhere = lambda _: None
                with anyio.CancelScope(shield=True):
                    await self._say_goodbye()
            group.cancel_scope.cancel()

    async def _work(self) -> None:
        while not self._is_lost:
            self._take_up()
            self._let_begin()
            if not self._underway and (self._to_come.all_taken or self._means.stopping.requested):
                return
            self._changed = anyio.Event()
            await self._changed.wait()

    async def _say_goodbye(self) -> None:
        """Have the workers let go of all they opened, and leave nothing on the scheduler."""
        if self._is_lost:
            return
        with suppress(OSError), anyio.move_on_after(GRACE_S):
            await self._client.unregister_worker_plugin(queue_of(self._run))
            await self._workers.take_back()

    def _leave_none(self) -> None:
        """Whatever ends it, what was begun has a result."""
        for underway in list(self._underway.values()):
            if underway.is_begun:
                self._fail(
                    underway,
                    say(
                        "the connection to the process that worked on it was lost: run again to "
                        "see how far it came, and to go on"
                    ),
                )
        self._underway.clear()

    def _start(self, do: Callable[..., Coroutine[Any, Any, None]], *about: Any) -> None:  # noqa: ANN401 - whatever it takes
        """Do it meanwhile; the run ends when the connection to the cluster is lost there."""
        assert self._group is not None  # noqa: S101 - while it runs

        async def guarded() -> None:
            try:
                await do(*about)
            except OSError as lost:  # Dask's errors of connections are such
                self._lose_cluster(lost)

        self._group.start_soon(guarded)

    def _lose_cluster(self, why: Exception) -> None:
        self._is_lost = True
        self._fails(cluster_lost(why))

    def _wake(self) -> None:
        self._changed.set()

    def _fails(self, failure: BulkpubError) -> None:
        """The run ends with this, once what is under way has ended."""
        self._failure = self._failure or failure
        self._means.stopping.within(0)
        self._wake()

    # --- giving out --------------------------------------------------------------------------

    @property
    def _wanted(self) -> int:
        """How many jobs to give out: more than can be begun, as words travel for a while."""
        at_once = self._means.portal.at_once if self._at_once is None else self._at_once
        return AHEAD * at_once + FEW * max(len(self._workers), 1)

    def _take_up(self) -> None:
        missing = self._wanted - len(self._underway)
        if missing <= 0 or self._means.stopping.requested:
            return
        beside = [each.job for each in self._underway.values()]
        for job in self._to_come.take(missing, beside):
            self._begin(_Underway(job, 1))

    def _begin(self, underway: _Underway) -> None:
        """Have Dask give it to a worker: nothing but names, the job follows when one takes it."""
        key = underway.job.spec.key
        self._underway[key] = underway
        underway.future = self._client.submit(
            cast("Any", work),  # Dask awaits it
            self._run,
            key,
            underway.number,
            key=(f"publish-{self._run}", key, underway.number),
            pure=False,
            retries=0,
        )

    def _begin_anew(self, underway: _Underway, job: Job) -> None:
        waited = underway.number - underway.tries
        self._begin(_Underway(job, underway.number + 1, waited))
        self._wake()

    # --- hearing -----------------------------------------------------------------------------

    async def _listen(self, inbox: Inbox) -> None:
        async for message in inbox:
            await self._hear(message)

    async def _hear(self, message: FromWorker) -> None:  # noqa: C901 - one case each
        if isinstance(message, Hello):
            await self._welcome(message)
            return
        worker = self._workers.heard(message.worker)
        if worker is None:
            return
        match message:
            case Unfit(_, why):
                self._fails(self._cannot_work(worker, why))
            case Claim(_, attempt):
                self._decide(worker, attempt)
            case Told(_, attempt, what):
                self._note(message.worker, attempt, what)
            case Line(_, logger, level, words, fields):
                forwarding.tell(logger, level, words, {**fields, "worker": worker.address})
            case Asked(_, number, path, seen):
                self._start(self._answer, worker, number, path, seen)
            case Ended(_, attempt, done):
                self._ended(worker, attempt, done)
            case Wants(_, ask):
                self._lender.heard(message.worker, ask)
                self._tell_quota()
            case Beat(_, number, traffic):
                worker.told(traffic)
                worker.send(Heard(number))
            case Trouble(_, what):
                self._means.notify(what)

    async def _welcome(self, hello: Hello) -> None:
        if hello.version != __version__:
            self._fails(unlike(hello.address, theirs=hello.version, ours=__version__))
            return
        worker = await self._workers.enter(hello)
        worker.send(Welcome(self._opener, forwarding.effective_level()))
        if self._means.stopping.requested:
            worker.send(End(0.0))
        self._wake()

    def _decide(self, worker: KnownWorker, attempt: Attempt) -> None:
        """Whether a worker may begin an attempt: the first that asks, and nobody after it.

        Nor anybody once it was lost, though Dask gives it to another worker at once.
        """
        underway = self._underway.get(attempt.dataset)
        if (
            underway is None
            or underway.attempt != attempt
            or underway.worker is not None
            or underway.future is None
            or self._means.stopping.requested
        ):
            worker.send(No(attempt))
        elif self._is_full:
            underway.waits = True
            self._claims.append(Claim(worker.name, attempt))
        else:
            underway.worker, underway.waits = worker.name, False
            self._start(self._give, worker, underway)

    @property
    def _is_full(self) -> bool:
        """Whether as many are begun as may be, where somebody has said how many."""
        if self._at_once is None:
            return False
        begun = sum(each.is_begun for each in self._underway.values())
        return begun >= max(self._at_once, 1)

    def _let_begin(self) -> None:
        """Answer those that wait, while there is room; what was given out first begins first."""
        if not self._claims:
            return
        places = {key: place for place, key in enumerate(self._underway)}
        self._claims.sort(key=lambda each: places.get(each.attempt.dataset, -1))
        while self._claims and not self._is_full:
            claim = self._claims.pop(0)
            if (worker := self._workers.get(claim.worker)) is not None:
                self._decide(worker, claim.attempt)

    async def _give(self, worker: KnownWorker, underway: _Underway) -> None:
        try:
            errand = await errand_of(underway.job, self._means, compares=not self._own)
        except Exception as error:  # a defect of ours must not take the other datasets along
            log.exception("unexpected error", dataset=underway.job.spec.key)
            self._fail(underway, _unexpected(error))
            worker.send(No(underway.attempt))
        else:
            worker.send(Go(underway.attempt, errand))

    def _note(self, worker: str, attempt: Attempt, what: Event | Learned) -> None:
        """What happens in an attempt is told, and what is to be remembered is."""
        underway = self._underway.get(attempt.dataset)
        if underway is None or (underway.attempt, underway.worker) != (attempt, worker):
            return
        if isinstance(what, HashKept | FetchKept | Stored | Finished):
            remember(what, self._means.memory)
        else:
            underway.note(what)
            self._means.notify(what)

    async def _answer(self, worker: KnownWorker, number: int, path: str, seen: Fingerprint) -> None:
        agreed = self._means.agreed
        worker.send(Answer(number, agreed is None or await agreed(path, seen)))

    def _ended(self, worker: KnownWorker, attempt: Attempt, done: Done) -> None:
        worker.told(done.traffic)
        underway = self._underway.get(attempt.dataset)
        if underway is None or (underway.attempt, underway.worker) != (
            attempt,
            worker.name,
        ):
            return
        if underway.future is not None:
            underway.future.release()
        self._means.contacts.update(done.contacts)
        if done.refused_size is not None:
            self._refused.append(done.refused_size)
        if done.broken_off and not self._means.stopping.requested:
            self._give_up(underway)
        elif done.result is not None:
            if done.result.stop is not None:
                self._means.stopping.within(0)
            del self._underway[attempt.dataset]
            self._done(done.result, worker.address)
        elif done.failure is not None:
            self._fail(underway, str(done.failure))
        elif self._means.stopping.requested:
            del self._underway[attempt.dataset]
        else:  # it was not begun
            self._begin_anew(underway, underway.job)
        self._wake()

    def _tell_quota(self) -> None:
        """What workers saw of the quota is told as what is seen here is."""
        seen = self._lender.rate_limit
        if seen.remaining is not None and seen != self._quota:
            self._quota = seen
            self._means.notify(QuotaSeen(seen))

    def lend(self, worker: str, lent: Lent) -> None:
        """Tell a worker what it is lent, for the `lender`."""
        if (there := self._workers.get(worker)) is not None:
            there.send(Turns(lent))

    # --- ending ------------------------------------------------------------------------------

    def _end(self, within_s: float) -> None:
        """Begin nothing new, and have what is under way end after so many seconds."""
        self._deadline = min(self._deadline, time.monotonic() + within_s + GRACE_S)
        for worker in self._workers.all:
            worker.send(End(within_s))
        for key, underway in list(self._underway.items()):
            if underway.future is not None and not underway.is_begun:
                del self._underway[key]
                self._start(_drop, underway.future)
        self._wake()

    def _fail(self, underway: _Underway, why: str, stop: Stop | None = None) -> None:
        story = Story(underway.job, self._means.rules)
        story.failed(why)
        self._underway.pop(underway.job.spec.key, None)
        self._done(Result(outcome_of(story), stop=stop), "")
        self._wake()

    # --- losing ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """See who is still there, and which attempts came to nothing."""
        while True:
            await anyio.sleep(LOOK_S)
            for worker in self._workers.overdue():
                self._lose(worker)
            now = time.monotonic()
            for underway in list(self._underway.values()):
                if underway.worker is None and underway.future is not None:
                    await self._look_at(underway, underway.future)
                elif underway.worker is not None and now > self._deadline:
                    self._fail(underway, say("it did not end when it was asked to: run again"))

    def _lose(self, worker: KnownWorker) -> None:
        """It is gone: what it was at is begun anew."""
        self._workers.lose(worker)
        self._lender.gone(worker.name)
        for underway in self._underway.values():
            if underway.worker == worker.name:
                self._give_up(underway, time.monotonic() - worker.heard_at - SILENCE_S)

    def _give_up(self, underway: _Underway, silent_s: float = 0.0) -> None:
        """No worker is at it any more, nor was for `silent_s` seconds: it is looked at afresh."""
        underway.worker = None
        future, underway.future = underway.future, None
        if future is not None:
            self._start(_drop, future)
        self._start(self._recover, underway, silent_s)

    async def _recover(self, underway: _Underway, silent_s: float) -> None:
        """Look at the dataset afresh, and have another worker go on."""
        job, lost = underway.job, say("the process that worked on it was lost")
        for event in underway.open_files.values():
            kind = UploadFinished if isinstance(event, UploadStarted) else FetchFinished
            self._means.notify(kind(event.dataset, event.resource, lost))
        if underway.tries >= ATTEMPTS:
            self._fail(
                underway,
                say("given up after {n} processes that worked on it were lost", n=underway.tries),
            )
            return
        try:
            fresh = await observe_afresh(job, self._means, silent_s=silent_s)
        except Stop as stop:
            self._means.stopping.within(0)
            self._fail(underway, str(stop), stop)
        except BulkpubError as failure:
            self._fail(underway, str(failure))
        except Exception as error:  # a defect of ours, likewise
            log.exception("unexpected error", dataset=job.spec.key)
            self._fail(underway, _unexpected(error))
        else:
            if self._means.stopping.requested:
                self._fail(
                    underway,
                    say("{lost}: run again to see how far it came, and to go on", lost=lost),
                )
                return
            note = say("{lost}: it was looked at afresh, and gone on with", lost=lost)
            notes = dict.fromkeys((*fresh.notes, note))
            self._begin_anew(underway, replace(fresh, notes=tuple(notes)))

    async def _look_at(self, underway: _Underway, future: Future[None]) -> None:
        """What Dask says of an attempt that no worker has begun."""
        match future.status:
            case "error":
                why = await future.exception()
                if not isinstance(why, KilledWorker):
                    self._fails(
                        StoppedEarly(
                            say(
                                "the workers cannot do it: {name}: {why}",
                                name=type(why).__name__,
                                why=why,
                            )
                        )
                    )
                    return
            case "finished" | "cancelled" | "lost":
                pass
            case _:
                return
        if underway.worker is None and underway.future is future:
            self._again(underway)

    def _again(self, underway: _Underway) -> None:
        """Nobody began it: another attempt, unless that happens all the time."""
        if underway.tries >= ATTEMPTS:
            self._fail(
                underway,
                say("given up after {n} processes that took it up were lost", n=underway.tries),
            )
        else:
            self._begin_anew(underway, underway.job)

    def _cannot_work(self, worker: KnownWorker, why: BulkpubError) -> BulkpubError:
        if isinstance(why, Stop) and not isinstance(why, StoppedEarly):
            return why
        return StoppedEarly(
            say(
                "the worker {name} on {host} cannot work: {why}",
                name=worker.address,
                host=worker.hello.host,
                why=why,
            )
        )


def _unexpected(error: Exception) -> str:
    return say(
        "unexpected {name}: {error} (a defect of bulkpub's)", name=type(error).__name__, error=error
    )


def _forget(_result: Result, _worker: str) -> None:
    """What takes results before there are any."""


async def _drop(future: Future[None]) -> None:
    with suppress(OSError, CancelledError):
        await future.cancel(force=True)
        future.release()
