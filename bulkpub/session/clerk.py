"""The clerk of a run: sets it up, keeps its figures, and writes the report whatever happens."""

import logging
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bulkpub.core.exit_codes import ExitCode, code_of
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceStatus
from bulkpub.core.report import (
    ByteTotals,
    RateLimit,
    RequestTotals,
    RunInfo,
    RunReport,
    WaitTotals,
    exit_code,
    total,
)
from bulkpub.errors import (
    BulkpubError,
    ManifestInvalid,
    PortalRefuses,
    Problem,
    SettingsInvalid,
)
from bulkpub.http.messages import Request
from bulkpub.observers.events import Event, Observer, QuotaSeen, Retrying, RunFinished, Waiting
from bulkpub.pipeline import Run, RunOptions
from bulkpub.pipeline.services import Services
from bulkpub.portals import Portal
from bulkpub.portals.base import Located, PartSizes
from bulkpub.portals.kinds import locate
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import open_fetcher, open_portal
from bulkpub.session.work import Work
from bulkpub.state.journal import open_journal
from bulkpub.state.lock import only_run_of
from bulkpub.version import __version__

__all__ = ["Clerk", "Means"]

log = structlog.get_logger("bulkpub.session.clerk")


@dataclass(frozen=True, slots=True)
class Means:
    """How a run goes about its work, and who watches it; see `bulkpub.session.library.publish`."""

    connection: Connection
    sources: Sources
    options: RunOptions
    observers: tuple[Observer, ...]
    state_dir: Path | None


class Clerk:
    """One run, from what was asked for to the report; see `bulkpub.session.library.publish`."""

    def __init__(self, work: Work, means: Means) -> None:
        if not structlog.is_configured():  # our debug lines are not for a program's stdout
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
        self._connection = means.connection
        self._sources = means.sources
        self._options = means.options
        self._observers = means.observers
        self._state_dir = means.state_dir
        self._started_at = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._work = work
        self._portal = means.connection.portal or work.portal or ""
        self._requests = RequestTotals()
        self._waited = WaitTotals()
        self._rate_limit = RateLimit()

    async def run(self, interruptible: Callable[[Run], AbstractContextManager[None]]) -> RunReport:
        """Do it, and tell what happened; never raises for what a user or a portal did."""
        run: Run | None = None
        code, error = ExitCode.WRONG, None
        problems: Sequence[Problem] = self._work.problems
        try:
            located = self._located()
            locking = None if self._options.dry_run else self._state_dir
            with (
                only_run_of(self._work.names, located.url, locking),
                open_journal(self._state_dir, located.url) as memory,
            ):
                async with (
                    self._open_portal(located) as portal,
                    open_fetcher(self._connection, self._sources) as fetcher,
                ):
                    services = Services(portal, self._options, self._emit, fetcher, memory)
                    services.quota_reserve = self._connection.limits.quota_reserve
                    run = Run(
                        services,
                        self._work.datasets,
                        self._portal,
                        list(problems),
                        find=self._work.find,
                    )
                    try:
                        with interruptible(run):
                            await run.go()
                    finally:
                        problems = tuple(run.problems)
                        self._note_figures(run, portal)
            code = ExitCode.SOME_FAILED if problems else exit_code(run.outcomes)
        except ManifestInvalid as invalid:
            problems = invalid.problems
        except BulkpubError as failure:
            code, error = code_of(failure), str(failure)
        except Exception as failure:  # a defect of ours must not cost the report
            log.exception("unexpected error")
            code = ExitCode.STOPPED_EARLY
            error = f"unexpected {type(failure).__name__}: {failure} (a defect of bulkpub's)"
        report = self._report(run, code, error, sorted(problems))
        self._emit(RunFinished(report))
        return report

    def _located(self) -> Located:
        """Where the portal is, when there is something to do there and a key for it."""
        if not self._work.names:
            raise SettingsInvalid("no manifest was given: name at least one")
        nothing_to_ask = not self._connection.key and not self._options.keep_going
        unknown = self._work.find is None and not self._work.datasets
        if unknown or (self._work.problems and nothing_to_ask):
            raise ManifestInvalid(self._work.problems)
        if not self._portal:
            raise SettingsInvalid(
                "which portal? say so with `portal`, or with `portal:` in the manifest (www, demo, "
                "sandbox, or an address)"
            )
        located = locate(self._portal, insecure=self._connection.insecure)
        if not (located.key or self._connection.key):
            raise PortalRefuses(
                "no API key: set BULKPUB_API_KEY (or DATAGOUV_API_KEY) in the environment or in "
                "a .env file; you find yours on the portal, in the settings of your account"
            )
        return located

    def _open_portal(self, located: Located) -> AbstractAsyncContextManager[Portal]:
        options = self._options
        return open_portal(
            located,
            self._connection,
            parts=PartSizes(options.chunk_above, options.chunk_size),
            at_once=options.concurrency * options.uploads,
            listener=self,
        )

    def _note_figures(self, run: Run, portal: Portal) -> None:
        traffic, planned = portal.traffic, run.services.figures.planned_requests
        self._requests = replace(traffic.requests, planned=planned)
        self._waited, self._rate_limit = traffic.waited, traffic.rate_limit

    # --- the report ------------------------------------------------------------------------

    def _report(
        self, run: Run | None, code: ExitCode, error: str | None, problems: Sequence[Problem]
    ) -> RunReport:
        outcomes = _with_unreadable(run.outcomes if run else (), problems)
        figures = run.services.figures if run else None
        finished_at = datetime.now(UTC)
        info = RunInfo(
            id=f"{self._started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
            started_at=self._started_at,
            finished_at=finished_at,
            duration_s=round(time.perf_counter() - self._clock, 3),
            manifests=self._work.names,
            portal=self._portal,
            dry_run=self._options.dry_run,
            exit_code=code,
            version=__version__,
            error=error,
            problems=tuple(problems),
        )
        totals = total(
            outcomes,
            bytes_=ByteTotals(
                hashed=figures.hashed if figures else 0,
                uploaded=figures.uploaded if figures else 0,
                spared=_spared(outcomes),
            ),
            requests=self._requests,
            waited_s=self._waited,
        )
        return RunReport(info, totals, self._rate_limit, tuple(outcomes))

    # --- telling the observers -------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def retrying(self, request: Request, reason: str, delay_s: float, attempt: int) -> None:
        """See `TransportListener`."""
        self._emit(Retrying(request.method, request.endpoint, reason, delay_s, attempt))

    def waiting(self, reason: str, delay_s: float, until: datetime) -> None:
        """See `TransportListener`."""
        self._emit(Waiting(reason, delay_s, until))

    def quota_seen(self, rate_limit: RateLimit) -> None:
        """See `TransportListener`."""
        self._emit(QuotaSeen(rate_limit))


def _with_unreadable(
    outcomes: Sequence[DatasetOutcome], problems: Iterable[Problem]
) -> tuple[DatasetOutcome, ...]:
    """The outcomes, and after them the datasets that the manifest names but spoils."""
    told = {outcome.key for outcome in outcomes}
    wrong: dict[str, list[str]] = {}
    for problem in problems:
        if problem.dataset is not None and problem.dataset not in told:
            wrong.setdefault(problem.dataset, []).append(problem.message)
    spoiled = (
        DatasetOutcome(key, DatasetStatus.FAILED, "the manifest is wrong", error="; ".join(why))
        for key, why in wrong.items()
    )
    return (*outcomes, *spoiled)


def _spared(outcomes: Iterable[DatasetOutcome]) -> int:
    """Bytes of the files that did not have to be sent."""
    kept = {ResourceStatus.UNCHANGED, ResourceStatus.ADOPTED, ResourceStatus.DESCRIBED}
    return sum(
        resource.size or 0
        for dataset in outcomes
        for resource in dataset.resources
        if resource.status in kept
    )
