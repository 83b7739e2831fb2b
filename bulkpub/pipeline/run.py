"""The whole run: feeder, workers, one collector, and an end that always tells what was done.

A stream without buffer carries datasets to the workers and another one their outcomes to
the collector, which alone writes the result. Whatever ends the work early (the portal
refuses everything, Ctrl-C) is noted, the work is cancelled, and the collector still
receives what every worker had done so far.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from bulkpub.core.match import Conflict
from bulkpub.core.model import DatasetSpec, FileSource, RemoteDataset, ResourceSpec
from bulkpub.core.outcome import DatasetOutcome
from bulkpub.errors import (
    BulkpubError,
    Interrupted,
    ManifestInvalid,
    Problem,
    ResourceFailed,
    Stop,
)
from bulkpub.http.pace import quota_wait
from bulkpub.observers.events import DatasetFinished, Forecast, RunStarted
from bulkpub.pipeline.dataset import publish_dataset
from bulkpub.pipeline.expanding import expand
from bulkpub.pipeline.forecast import requests_needed
from bulkpub.pipeline.observe import Owner, observe
from bulkpub.pipeline.preflight import Checked, check
from bulkpub.pipeline.services import RunOptions, Services, Verify
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.telling import outcome_of
from bulkpub.pipeline.verify import verify_dataset
from bulkpub.portals import Portal
from bulkpub.sources import fingerprint

__all__ = ["Run", "RunOptions"]

log = structlog.get_logger("bulkpub.run")

MOMENT_S = 3.0
"""Seconds that requests under way are given when somebody asks the run to end."""

Found = RemoteDataset | Conflict | None
Job = tuple[DatasetSpec, Found]


@dataclass(slots=True)
class Run:
    """One run over `specs`; after `go` has returned or raised, `outcomes` tells all there is.

    `problems` are what is known to be wrong with the manifest already, and grow by what the
    portal and other servers have to say. `find` tells the specs, when only the portal knows
    them. `stopped` is why the work ended early, if it did.
    """

    services: Services
    specs: Sequence[DatasetSpec]
    portal_name: str = ""
    problems: list[Problem] = field(default_factory=list)
    find: Callable[[Portal], Awaitable[Sequence[DatasetSpec]]] | None = None
    stopped: Stop | None = None
    _done: dict[str, DatasetOutcome] = field(default_factory=dict)
    _preparing: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _work: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    async def go(self) -> None:
        """Check, observe and publish.

        Raises `ManifestInvalid` when there are problems and `keep_going` was not asked for,
        `PortalRefuses`, `PortalUnavailable` or `NotAPortal` when the portal cannot be worked
        with; in all these cases nothing was sent. Failures of single datasets are outcomes.
        """
        jobs: list[Job] = []
        with self._preparing:
            jobs = await self._prepare()
        await self._publish(jobs)
        if self.stopped:
            raise self.stopped

    async def _prepare(self) -> list[Job]:
        if self.find is not None:
            self.specs = await self.find(self.services.portal)
        expanded = await expand(self.specs, self.services.fetcher)
        self.specs = expanded.datasets
        self.problems += expanded.problems
        checked = await check(self.services.portal, self.specs)
        self.problems += checked.problems
        if self.problems and not self.services.options.keep_going:
            raise ManifestInvalid(sorted(self.problems))
        sound = self._without_problems(checked)
        self.services.owners.update(checked.owners)
        found = await self._observe(sound, checked)
        self._announce(sound)
        if not self.services.options.dry_run:
            self._forecast(sound, found)
        return [(spec, found.get(spec.key)) for spec in sound]

    def interrupt(self, reason: str) -> None:
        """Begin nothing new, and give what is under way a moment; what was done is still told.

        Called again, it ends the work now.
        """
        if self.services.stopping:
            self._stop(Interrupted(reason))
            return
        self.stopped = self.stopped or Interrupted(reason)
        self.services.stopping = True
        self._preparing.cancel()
        self._work.deadline = anyio.current_time() + MOMENT_S

    @property
    def outcomes(self) -> tuple[DatasetOutcome, ...]:
        """What became of every dataset, in the manifest's order."""
        return tuple(self._done.get(spec.key) or outcome_of(Story(spec)) for spec in self.specs)

    # --- before the work -------------------------------------------------------------------

    def _without_problems(self, checked: Checked) -> list[DatasetSpec]:
        wrong: dict[str, list[str]] = {}
        for problem in self.problems:
            if problem.dataset is not None:
                wrong.setdefault(problem.dataset, []).append(problem.message)
        for spec in checked.specs:
            if spec.key in wrong:
                story = Story(spec, error="; ".join(wrong[spec.key]))
                self._done[spec.key] = outcome_of(story)
        return [spec for spec in checked.specs if spec.key not in wrong]

    async def _observe(
        self, specs: Sequence[DatasetSpec], checked: Checked
    ) -> dict[str, RemoteDataset | Conflict]:
        by_owner: dict[Owner, list[DatasetSpec]] = {}
        for spec in specs:
            by_owner.setdefault(checked.owners[spec.key], []).append(spec)
        found: dict[str, RemoteDataset | Conflict] = {}
        for owner, owned in by_owner.items():
            found.update(await observe(self.services.portal, owner, owned))
        return found

    def _announce(self, specs: Sequence[DatasetSpec]) -> None:
        resources = [resource for spec in specs for resource in spec.resources]
        size = sum(_size(resource) for resource in resources)
        dry_run = self.services.options.dry_run
        self.services.emit(RunStarted(self.portal_name, len(specs), len(resources), size, dry_run))

    def _forecast(
        self, specs: Sequence[DatasetSpec], found: Mapping[str, RemoteDataset | Conflict]
    ) -> None:
        requests = requests_needed(specs, found, self.services)
        quota = self.services.portal.traffic.rate_limit
        now = self.services.now()
        reset_in = (quota.reset_at - now).total_seconds() if quota.reset_at else None
        wait = quota_wait(
            requests,
            limit=quota.limit,
            remaining=quota.remaining,
            reset_in=reset_in,
            reserve_share=self.services.quota_reserve,
            window=self.services.portal.rules.quota_window,
        )
        self.services.emit(Forecast(requests, quota, wait))

    # --- the work --------------------------------------------------------------------------

    async def _publish(self, jobs: Sequence[Job]) -> None:
        send_jobs, jobs_stream = anyio.create_memory_object_stream[Job](0)
        send_outcomes, outcomes = anyio.create_memory_object_stream[DatasetOutcome](0)
        async with anyio.create_task_group() as collecting:
            collecting.start_soon(self._collect, outcomes)
            with self._work:
                async with send_outcomes, jobs_stream, anyio.create_task_group() as working:
                    for _ in range(max(1, min(self.services.options.concurrency, len(jobs)))):
                        working.start_soon(
                            self._work_on, jobs_stream.clone(), send_outcomes.clone()
                        )
                    working.start_soon(self._feed, send_jobs, jobs)

    async def _feed(self, stream: MemoryObjectSendStream[Job], jobs: Sequence[Job]) -> None:
        async with stream:
            for job in jobs:
                if self.services.stopping:
                    return
                await stream.send(job)

    async def _work_on(
        self,
        jobs: MemoryObjectReceiveStream[Job],
        outcomes: MemoryObjectSendStream[DatasetOutcome],
    ) -> None:
        async with jobs, outcomes:
            async for spec, found in jobs:
                story = Story(spec)
                try:
                    await self._tell(story, found)
                finally:
                    with anyio.CancelScope(shield=True):
                        await outcomes.send(outcome_of(story))

    async def _tell(self, story: Story, found: Found) -> None:
        try:
            verifying = self.services.options.verify is not Verify.NO
            deal_with = verify_dataset if verifying else publish_dataset
            await deal_with(story, found, self.services)
        except Stop as stop:
            self._stop(stop)
        except BulkpubError as error:
            story.error = str(error)
        except Exception as error:  # a defect of ours must not take the other datasets along
            log.exception("unexpected error", dataset=story.spec.key)
            story.error = f"unexpected {type(error).__name__}: {error} (a defect of bulkpub's)"

    async def _collect(self, outcomes: MemoryObjectReceiveStream[DatasetOutcome]) -> None:
        async with outcomes:
            async for outcome in outcomes:
                self._done[outcome.key] = outcome
                self.services.emit(DatasetFinished(outcome))

    def _stop(self, stop: Stop) -> None:
        self.stopped = self.stopped or stop
        self._preparing.cancel()
        self._work.cancel()


def _size(resource: ResourceSpec) -> int:
    """Bytes of a file as far as they can be told; what cannot be read is told of later."""
    if not isinstance(resource.source, FileSource):
        return 0
    try:
        return fingerprint(resource.source).size
    except ResourceFailed:
        return 0
