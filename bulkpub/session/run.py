"""One run, from what was asked for to the report, which is written whatever happens."""

import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Protocol

import anyio
import anyio.lowlevel
import structlog
from structlog.contextvars import bind_contextvars

from bulkpub.core.addresses import shown_portal
from bulkpub.core.api_key import can_be_key
from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus
from bulkpub.core.report import (
    LeftOutTotals,
    RateLimit,
    RunInfo,
    RunReport,
    VerifiedTotals,
)
from bulkpub.core.rules import Rules
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.core.waits import WaitReason
from bulkpub.engine.choice import Engine, EngineLike, Kind, engine_of
from bulkpub.engine.order import long_ones_first
from bulkpub.errors import (
    BulkpubError,
    Interrupted,
    ManifestInvalid,
    PortalRefuses,
    Problem,
    SettingsInvalid,
    Stop,
)
from bulkpub.http.flight import FIRST
from bulkpub.http.messages import Request as HttpRequest
from bulkpub.http.pace import quota_wait
from bulkpub.language import say
from bulkpub.manifest import Destination
from bulkpub.observers.events import (
    Comparing,
    DatasetFinished,
    Event,
    Forecast,
    Observer,
    QuotaSeen,
    Reading,
    Retrying,
    RunFinished,
    RunStarted,
    Stopping,
    UploadFinished,
    Waiting,
)
from bulkpub.pipeline.agreement import Agreed
from bulkpub.pipeline.choosing import Choosing
from bulkpub.pipeline.forecast import look_ahead
from bulkpub.pipeline.job import MOST_AT_ONCE, Figures, Job, Result, RunOptions, Verify
from bulkpub.pipeline.means import DOWNLOADERS, Means
from bulkpub.pipeline.prepare import Preparation
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.telling import outcome_of
from bulkpub.portals.base import Located, Traffic
from bulkpub.portals.kinds import DEFAULT, locate, names
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.elsewhere import Crew
from bulkpub.session.keys import Keys, keys_of, no_key
from bulkpub.session.open_files import in_flight
from bulkpub.session.opening import WorkerMeans, open_fetcher, open_portal, open_state, portal_gate
from bulkpub.session.outcomes import Outcomes
from bulkpub.session.saved_plan import SavedPlan, read_saved_plan
from bulkpub.session.timeline import Timeline
from bulkpub.session.underway import Underway
from bulkpub.session.wanted import Request, Wanted, rules_of, without_terms
from bulkpub.version import __version__

__all__ = ["Among", "Interruptible", "Run", "run_id"]

log = structlog.get_logger("bulkpub.session")

READ_AT_ONCE = 500
"""Files after which those who watch are told how far the reading is."""

MOMENT_S = 3.0
"""Seconds that requests under way are given when somebody asks the run to end."""


class Interruptible(Protocol):
    """Something that may be asked to end."""

    @property
    def is_reading(self) -> bool:
        """Whether manifests are being read: that is done in one go, and the loop waits for it."""

    def interrupt(self, reason: str, *, patience_s: float = MOMENT_S) -> None:
        """Begin nothing new, and give what is under way a moment; again: end it now.

        Files that are being sent are given `patience_s` seconds. While it `is_reading`, it is to be
        called by the reading thread itself, a signal's handler for instance: it raises
        `KeyboardInterrupt` there, and the report tells the end.
        """


@dataclass(frozen=True, slots=True)
class Among:
    """What a run at one destination has to do with the runs at others, `count` in all.

    They hash in the same threads, and have `agreed` which files all of them have.
    """

    destination: Destination
    count: int
    hashing: anyio.CapacityLimiter
    agreed: Agreed


class Run:
    """One run of what was asked for, at one portal; see `bulkpub.publish`."""

    def __init__(
        self,
        request: Request,
        *,
        connection: Connection | None = None,
        sources: Sources | None = None,
        options: RunOptions | None = None,
        observers: Iterable[Observer] = (),
        state_dir: Path | None = None,
        among: Among | None = None,
        plan: Path | None = None,
        engine: EngineLike = Kind.LOCAL,
    ) -> None:
        _log_to_stderr()
        self._request = request
        self._among = among
        self._connection = connection or Connection()
        self._sources = sources or Sources()
        self._options = options or RunOptions()
        self._observers = tuple(observers)
        self._state_dir = state_dir
        self._portal_name = self._connection.portal or ""
        self._started_at = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._preparation: Preparation | None = None
        self._outcomes = Outcomes(state_dir, None if among is None else among.destination.name)
        self._figures = Figures()
        self._traffic = Traffic()
        self._asked_engine = engine
        self._engine = Engine()
        self._means: Means | None = None
        self._crew: Crew | None = None
        self._preparing: anyio.CancelScope | None = None
        self._stopped: Stop | None = None
        self._ready: tuple[Wanted, Located, Preparation] | None = None
        self._code: ExitCode | None = ExitCode.WRONG
        self._error: str | None = None
        self._problems: Sequence[Problem] = ()
        self._warnings: Sequence[Problem] = ()
        self._keys = Keys()
        self._plan = plan
        self._saved: SavedPlan | None = None
        self._choosing = Choosing(self._options.only, self._options.exclude)
        self._is_reading = False
        self._underway = Underway()
        self._timeline = Timeline()

    @property
    def is_reading(self) -> bool:
        """See `Interruptible`."""
        return self._is_reading

    def interrupt(self, reason: str, *, patience_s: float = MOMENT_S) -> None:
        """See `Interruptible`; what was done is still told."""
        again = self._stopped is not None
        self._stopped = self._stopped or Interrupted(reason)
        if self._is_reading:
            raise KeyboardInterrupt
        within = 0.0
        if not again and self._preparing is None:
            within = self._underway.patience(patience_s, MOMENT_S, datetime.now(UTC))
        self._emit(Stopping(len(self._underway.sending), within))
        if self._preparing is not None:
            self._preparing.cancel()
        if self._means is not None:
            self._means.stopping.within(within)

    async def report(
        self, interruptible: Callable[[Interruptible], AbstractContextManager[None]]
    ) -> RunReport:
        """Do it, and say what happened; never raises for what a user or a portal did."""
        with interruptible(self):
            self.begin()
            await self.carry_out()
        report = self.end()
        self._emit(RunFinished(report))
        return report

    def begin(self) -> None:
        """Read what is wanted; never raises, nor does `carry_out`."""
        with self._told():
            self._engine = engine_of(self._asked_engine)
            if self._engine.kind is Kind.DASK and self._engine.is_own:
                from bulkpub.engine.forks import get_ready  # noqa: PLC0415 - a local run needs none

                get_ready()  # meanwhile the manifest is read
            if self._plan is not None:
                here = self._among.destination.name if self._among is not None else None
                self._saved = read_saved_plan(self._plan, here)
                self._options = self._saved.options(self._options)
                self._choosing = Choosing(self._options.only, self._options.exclude)
            if self._among is not None and self._stopped:  # another one was being read
                raise self._stopped
            wanted = self._chosen(self._read())
            self._problems, self._warnings = wanted.problems, wanted.warnings
            preparation = self._preparation = Preparation(
                wanted.index, self._options, self._state_dir, self._choosing
            )
            preparation.problems += wanted.problems
            located = self._located(wanted)
            if self._saved is not None:
                self._saved.see_that_it_is_for(located, insecure=self._connection.insecure)
            if not self._sources.allow_private:
                self._warnings = (*self._warnings, *wanted.local_links(located.url))
            self._ready = wanted, located, preparation

    @property
    def planned_destinations(self) -> tuple[str, ...]:
        """Those of the plan that it is to carry out, if any."""
        return () if self._saved is None else tuple(d.name for d in self._saved.run.destinations)

    async def carry_out(self) -> None:
        """Do it, if there is something to be done."""
        if self._ready is None:
            return
        wanted, located, preparation = self._ready
        with self._told():
            try:
                await self._carry_out(wanted, located, preparation)
            finally:
                self._problems = tuple(preparation.problems)
            self._code = ExitCode.SOME_FAILED if self._problems else None

    def end(self) -> RunReport:
        """What happened."""
        return self._made_report(self._code, self._error, sorted(self._problems))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What ends the run is kept for the report."""
        try:
            yield
        except ManifestInvalid as invalid:
            self._problems = invalid.problems
        except BulkpubError as failure:
            self._code, self._error = code_of(failure), bounded(str(failure), LONGEST_SENTENCE)
        except Exception as failure:  # a defect of ours must not cost the report
            log.exception("unexpected error")
            self._code = ExitCode.STOPPED_EARLY
            why = bounded(str(failure))
            self._error = say(
                "unexpected {name}: {why} (a defect of bulkpub's)",
                name=type(failure).__name__,
                why=why,
            )

    # --- what needs no portal ----------------------------------------------------------------

    def _read(self) -> Wanted:
        """What is wanted, once all is in order that can be known without reading it."""
        if not self._request.names:
            raise SettingsInvalid(say("no manifest was given: name at least one"))
        key, kind = self._connection.key, DEFAULT
        if key and not can_be_key(key):
            raise SettingsInvalid(
                say(
                    "the API key has white space, line ends or other odd characters in it: copy "
                    "it anew"
                )
            )
        if self._portal_name:
            kind = locate(self._portal_name, insecure=self._connection.insecure).kind
        elif not self._request.may_name_portal():
            raise self._no_portal()
        wanted = self._read_request(kind.rules)
        if wanted.destinations:  # the quick look at the manifest did not find them
            raise SettingsInvalid(say("write 'destinations' in plain letters, without escapes"))
        self._portal_name = self._portal_name or wanted.portal or ""
        return self._by_own_rules(wanted, kind.rules)

    def _by_own_rules(self, wanted: Wanted, rules: Rules) -> Wanted:
        """Read it again where it names a portal of another kind than those it was read for."""
        own = rules_of(self._portal_name, insecure=self._connection.insecure)
        if own is rules:
            return wanted
        wanted.index.close()
        return self._request.read(own, self._state_dir)

    def _chosen(self, wanted: Wanted) -> Wanted:
        """The same without what the run is not about; of a migration that is not known yet."""
        if wanted.find is None and wanted.index.entries:
            self._choosing.choose(wanted.index)
        return replace(wanted, problems=self._choosing.concerning(wanted.problems))

    def _read_request(self, rules: Rules) -> Wanted:
        """What is asked for; raises `Interrupted` when somebody asks the run to end meanwhile."""
        names, told = self._request.names, 0

        def tell(files: int) -> None:
            nonlocal told
            if files >= told + READ_AT_ONCE:
                told = files
                self._emit(Reading(names, files))

        self._is_reading = True
        try:
            self._emit(Reading(names))
            # Where the exception is lost, in a library that is being loaded, all is read first.
            return self._request.read(rules, self._state_dir, tell)
        except KeyboardInterrupt:
            raise (self._stopped or Interrupted(say("interrupted"))) from None
        finally:
            self._is_reading = False

    @staticmethod
    def _no_portal() -> SettingsInvalid:
        return SettingsInvalid(
            say(
                "which portal? say so with `portal`, or with `portal:` in the manifest ({names}, "
                "or an address)",
                names=", ".join(names()),
            )
        )

    def _located(self, wanted: Wanted) -> Located:
        """Where the portal is, when there is something to do there and a key for it."""
        connection = self._connection
        located: Located | None = None
        if self._portal_name:
            located = locate(self._portal_name, insecure=connection.insecure)
        keys = self._keys = keys_of(wanted.keys, connection, located, wanted.portal)
        self._warnings = (*self._warnings, *keys.warnings)
        if keys.problems:
            raise ManifestInvalid(sorted((*wanted.problems, *keys.problems)))
        entries = wanted.index.entries.values()
        covered = all(keys.cover(entry.organization) for entry in entries)
        key = keys.first or (keys.own and covered)
        nothing_to_ask = not key and not self._options.keep_going
        unknown = wanted.find is None and not wanted.index.entries
        if unknown or (wanted.problems and nothing_to_ask):
            raise ManifestInvalid(wanted.problems)
        if located is None:
            raise self._no_portal()
        if not key:
            raise PortalRefuses(no_key(located))
        self._connection = replace(connection, key=keys.first)
        return located

    # --- the work ----------------------------------------------------------------------------

    async def _carry_out(self, wanted: Wanted, located: Located, preparation: Preparation) -> None:
        options, connection, sources = self._options, self._connection, self._sources
        shared: dict[str, Any] = {}
        ways = 1
        if (among := self._among) is not None:
            bind_contextvars(destination=among.destination.name)
            shared, ways = {"hashing": among.hashing, "agreed": among.agreed}, among.count
            sources = replace(sources, spool_size=max(sources.spool_size // ways, 1))
        with open_state(
            self._state_dir, located.identity, wanted.identity, writes=not options.dry_run
        ) as memory:
            most = _within_limits(options.concurrency or MOST_AT_ONCE, ways)
            parts = PartSizes(
                options.chunk_above,
                options.chunk_size,
                options.chunk_after_s,
                memory.refused_size(),
            )
            gate = portal_gate(
                located,
                connection,
                at_once=most,
                finds=options.concurrency is None,
                listener=self,
            )
            crew = Crew(self._engine_for(ways), gate, options.concurrency)
            async with (
                open_portal(
                    located,
                    connection,
                    pace=gate,
                    apart=crew.apart,
                    parts=parts,
                    at_once=most,
                    listener=self,
                    keys=self._keys.own,
                ) as portal,
                open_fetcher(
                    connection, sources, located.url, portal.rules.digest, crew.hosts
                ) as fetcher,
            ):
                means = self._means = Means(
                    portal,
                    fetcher,
                    memory,
                    self._emit,
                    downloading=anyio.CapacityLimiter(in_flight(DOWNLOADERS, ways)),
                    **shared,
                )
                crew.means, self._crew = means, crew
                try:
                    if not self._stopped:  # it may be interrupted before the portal is opened
                        with anyio.CancelScope() as self._preparing:
                            await self._prepare(wanted, means, preparation)
                        self._preparing = None
                    to_do = [] if self._stopped else preparation.to_do
                    if to_do:
                        make = partial(self._job, preparation)
                        opener = WorkerMeans(
                            located.url,
                            replace(connection, environment={}),
                            sources,
                            parts,
                            most,
                            self._keys.own,
                        )
                        identity = (located.identity, *wanted.identity)
                        await crew.work(
                            lambda: map(make, to_do), self._done, opener=opener, identity=identity
                        )
                finally:
                    self._traffic = crew.traffic
                    self._timeline.end(self._elapsed(), crew)
                    if crew.refused_size is not None:
                        memory.keep_refused_size(crew.refused_size)
        if self._stopped:
            raise self._stopped

    def _engine_for(self, ways: int) -> Engine:
        """Where the work of one of so many destinations is done; what only looks stays here."""
        engine = self._engine
        if self._options.dry_run and self._options.verify is Verify.NO:
            return Engine()
        if engine.kind is Kind.DASK and engine.is_own:
            return replace(engine, workers=max(engine.processes // ways, 1))
        return engine

    async def _prepare(self, wanted: Wanted, means: Means, preparation: Preparation) -> None:
        there = wanted.index.entries
        files = sum(entry.files for entry in there.values())
        self._emit(Comparing(self._portal_name, len(there), files))
        if wanted.find is not None:
            async for spec in wanted.find(means.portal):
                wanted.index.put(spec)
            self._choosing.choose(wanted.index)
        await preparation.run(means)
        entries, to_do = wanted.index.entries, preparation.to_do
        if self._options.dry_run:
            self._warnings = (*self._warnings, *without_terms(wanted.index, to_do, means.rules))
        resources = sum(entries[key].files for key in to_do)
        dry_run = self._options.dry_run
        self._emit(RunStarted(self._portal_name, len(to_do), resources, dry_run))
        if not dry_run:
            await self._forecast(preparation, means)

    def _job(self, preparation: Preparation, key: str) -> Job:
        job = preparation.job(key)
        if self._saved is None:
            return job
        return replace(job, saved=preparation.planned(key, self._saved.of(key)))

    async def _forecast(self, preparation: Preparation, means: Means) -> None:
        """Tell what the run needs; those datasets that need nothing are done with it."""
        needed, size, left, needs = 0, 0, list[str](), list[tuple[int, int]]()
        to_do, preparation.to_do = preparation.to_do, left
        for key in to_do:
            ahead = await look_ahead(self._job(preparation, key), means)
            await anyio.lowlevel.checkpoint()
            if ahead.result is not None:
                self._done(ahead.result)
            else:
                left.append(key)
                needs.append((ahead.requests, ahead.bytes))
                needed, size = needed + ahead.requests, size + ahead.bytes
        quota = means.portal.traffic.rate_limit
        wait = self._quota_wait(needed, quota, means.rules)
        self._emit(
            Forecast(
                needed,
                quota,
                wait,
                size,
                needs=dict(zip(left, needs, strict=True)),
                reserve_share=self._connection.limits.quota_reserve,
                window_s=means.rules.quota_window,
            )
        )
        in_order = long_ones_first(needs, self._options.concurrency or FIRST)
        preparation.to_do = [left[number] for number in in_order]

    def _quota_wait(self, requests: int, quota: RateLimit, rules: Rules) -> float:
        """Seconds for which the quota makes so many requests wait, from now on."""
        left = (quota.reset_at - Means.now()).total_seconds() if quota.reset_at else None
        return quota_wait(
            requests,
            limit=quota.limit,
            remaining=quota.remaining,
            reset_in=left,
            reserve_share=self._connection.limits.quota_reserve,
            window=rules.quota_window,
        )

    def _done(self, result: Result, worker: str = "") -> None:
        outcome = self._outcomes.add(result.outcome)
        self._figures += result.figures
        self._stopped = self._stopped or result.stop
        for event in result.events:
            self._emit(event)
        self._emit(DatasetFinished(outcome, worker=worker))

    # --- the report --------------------------------------------------------------------------

    def _complete(self, problems: Iterable[Problem]) -> Sequence[DatasetOutcome]:
        """What became of every dataset, in the manifest's order, then of those it spoils."""
        keys: list[str] = []
        if self._preparation is not None:
            keys += self._preparation.index.entries
            for key in keys:
                if key not in self._outcomes:
                    self._outcomes.add(self._untouched(key, self._preparation))
            self._preparation.close()
        for outcome in self._vanished(keys):
            self._outcomes.add(outcome)
            keys.append(outcome.key)
        for outcome in _unreadable(self._outcomes, problems):
            self._outcomes.add(outcome)
            keys.append(outcome.key)
        return self._outcomes.in_order(keys)

    def _vanished(self, keys: Iterable[str]) -> Iterator[DatasetOutcome]:
        """The datasets that a plan has and the manifest no longer names."""
        if self._saved is None or self._preparation is None:
            return
        known = {*keys, *self._preparation.index.left_out}
        why = say("the plan has it, and the manifest no longer names it: plan again")
        for key, planned in self._saved.datasets.items():
            if key not in known:
                yield DatasetOutcome(
                    key,
                    DatasetStatus.FAILED,
                    say("the dataset failed"),
                    title=planned.title,
                    error=why,
                )

    @staticmethod
    def _untouched(key: str, preparation: Preparation) -> DatasetOutcome:
        """The outcome of a dataset that no job was carried out for."""
        story = Story(Job(preparation.index.spec(key)), DEFAULT.rules)
        if why := preparation.refused.get(key):
            story.failed(why)
        return outcome_of(story)

    def _made_report(
        self, code: ExitCode | None, error: str | None, problems: Sequence[Problem]
    ) -> RunReport:
        """The report; `code` is None when what became of the datasets tells it."""
        outcomes, tally = self._complete(problems), self._outcomes.tally
        info = RunInfo(
            id=run_id(self._started_at),
            started_at=self._started_at,
            finished_at=datetime.now(UTC),
            duration_s=round(self._elapsed(), 3),
            manifests=self._request.names,
            portal=shown_portal(self._portal_name),
            dry_run=self._options.dry_run,
            exit_code=tally.exit_code if code is None else code,
            version=__version__,
            error=error,
            problems=tuple(problems),
            warnings=tuple(self._warnings),
            only=self._options.only,
            exclude=self._options.exclude,
            exact=self._options.exact and self._options.dry_run,
            verify=None if self._options.verify == Verify.NO else str(self._options.verify),
        )
        figures, planned, wait = self._figures, self._figures.planned_requests, 0.0
        if self._options.dry_run and self._means is not None:
            wait = self._quota_wait(planned, self._traffic.rate_limit, self._means.rules)
        requests = replace(self._traffic.requests, planned=planned, planned_wait_s=round(wait, 1))
        totals = tally.totals(
            hashed=figures.hashed,
            uploaded=figures.uploaded,
            requests=requests,
            waited_s=self._traffic.waited,
            left_out=self._left_out(),
            verified=VerifiedTotals(figures.compared, figures.compared_bytes),
        )
        moments = self._timeline.moments
        return RunReport(info, totals, self._traffic.rate_limit, outcomes, moments)

    def _left_out(self) -> LeftOutTotals:
        """How much the run was not about."""
        if self._preparation is None:
            return LeftOutTotals()
        index = self._preparation.index
        of_datasets = sum(e.files + e.files_left_out for e in index.left_out.values())
        of_others = sum(entry.files_left_out for entry in index.entries.values())
        return LeftOutTotals(len(index.left_out), of_datasets + of_others)

    # --- those who watch ---------------------------------------------------------------------

    def _elapsed(self) -> float:
        """Seconds since it started."""
        return time.perf_counter() - self._clock

    def _emit(self, event: Event) -> None:
        if self._crew is not None:
            self._timeline.look(self._elapsed(), self._crew)
        if self._among is not None:
            event = replace(event, destination=self._among.destination.name)
        for observer in self._observers:
            observer(event)
        self._underway.note(event)
        if isinstance(event, UploadFinished) and self._stopped and self._means is not None:
            # What was waited for is done.
            within = self._underway.patience(inf, MOMENT_S, datetime.now(UTC))
            self._means.stopping.within(within)

    def retrying(self, request: HttpRequest, reason: str, delay_s: float, attempt: int) -> None:
        """See `TransportListener`."""
        self._emit(Retrying(request.method, request.endpoint, reason, delay_s, attempt))

    def waiting(self, reason: WaitReason, delay_s: float, until: datetime) -> None:
        """See `TransportListener`."""
        self._emit(Waiting(reason, delay_s, until))

    def quota_seen(self, rate_limit: RateLimit) -> None:
        """See `TransportListener`."""
        self._emit(QuotaSeen(rate_limit))


def run_id(started_at: datetime) -> str:
    """What a run is called, unlike any other."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _within_limits(asked: int, ways: int) -> int:
    """So many requests in flight, or as many as the system lets us open files for."""
    allowed = in_flight(asked, ways)
    if allowed < asked:
        log.warning("few files may be open (ulimit -n): fewer uploads at once", at_once=allowed)
    return allowed


def _log_to_stderr() -> None:
    """Our lines are not for a program's stdout; one that has set its log up keeps its own."""
    if structlog.is_configured():
        return
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[  # plain tracebacks: rich ones show variables, and a key may be one
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(),
        ],
    )


def _unreadable(there: Outcomes, problems: Iterable[Problem]) -> Iterator[DatasetOutcome]:
    """The datasets that the manifest names but spoils."""
    wrong: dict[str, list[str]] = {}
    for problem in problems:
        if problem.dataset is not None and problem.dataset not in there:
            wrong.setdefault(problem.dataset, []).append(problem.message)
    for key, why in wrong.items():
        yield DatasetOutcome(
            key, DatasetStatus.FAILED, say("the manifest is wrong"), error="; ".join(why)
        )
