"""A run's jobs, worked on where its `engine` says: here, or by the workers of a cluster.

The rule: Dask is loaded when a run has something to do on it, and not before.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING
from uuid import uuid4

from bulkpub.core.report import Totals, added
from bulkpub.core.sources import file_of
from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.local import run_jobs
from bulkpub.http.gate import Gate
from bulkpub.http.lending import Lender, Lent
from bulkpub.http.turns import SpacedOut
from bulkpub.pipeline.job import Job, Result
from bulkpub.pipeline.means import Means
from bulkpub.portals.base import Traffic
from bulkpub.session.opening import FetchedHosts, WorkerMeans

if TYPE_CHECKING:
    from bulkpub.engine.dask.coordinator import Coordinator

__all__ = ["Crew"]

LOOKED_AT = 1000
"""Datasets whose folders have to be seen by all workers before anything is begun."""
MOST_PATHS = 100
"""Files that are looked for there, of different folders."""


class Crew:
    """Who works on the jobs of one run, as its `engine` says, and what was asked of the portal.

    `gate` paces all of them, and `hosts` are treated alike by all of them; `means` are those of
    this process, once they are open. At most `at_once` jobs are worked on (None: as many as the
    portal is the faster for).
    """

    def __init__(self, engine: Engine, gate: Gate, at_once: int | None = None) -> None:
        self.hosts = FetchedHosts.own()
        self.means: Means | None = None
        self._engine = engine
        self._at_once = at_once
        self._lender = Lender(gate, self._lend, other=self.hosts.lendable)
        self._elsewhere: Coordinator | None = None

    @property
    def apart(self) -> Callable[[float], SpacedOut]:
        """What says when the next write may start, where a portal wants some time between them."""
        return self._lender.apart

    @property
    def traffic(self) -> Traffic:
        """What was asked of the portal so far, by this process and all workers."""
        own = self.means.portal.traffic if self.means is not None else Traffic()
        if self._elsewhere is None:
            return own
        other = self._elsewhere.traffic
        requests = added(Totals(requests=each.requests) for each in (own, other)).requests
        return replace(
            own,
            requests=replace(requests, at_once=own.requests.at_once),
            waited=replace(own.waited, backoff=max(own.waited.backoff, other.waited.backoff)),
        )

    @property
    def refused_size(self) -> int | None:
        """See `Portal.refused_size`, whoever came to know it."""
        known = [self._elsewhere.refused_size] if self._elsewhere is not None else []
        known += [self.means.portal.refused_size] if self.means is not None else []
        return min((each for each in known if each is not None), default=None)

    async def work(
        self,
        jobs: Callable[[], Iterable[Job]],
        done: Callable[[Result, str], None],
        *,
        opener: WorkerMeans,
        identity: Sequence[str],
    ) -> None:
        """Work on `jobs`; `done` takes each result as it comes, and which worker it comes from.

        `opener` is what workers open, `identity` what no two runs do at the same time. Raises what
        keeps the cluster from being used (`StoppedEarly`, `SettingsInvalid`).
        """
        means, engine = self.means, self._engine
        assert means is not None  # noqa: S101 - they are open
        if engine.kind is Kind.LOCAL:
            await run_jobs(jobs(), means, at_once=self._at_once, done=lambda each: done(each, ""))
            return
        from bulkpub.engine.dask.cluster import (  # noqa: PLC0415 - Dask is loaded where it works
            open_cluster,
            see_that_it_sees,
        )
        from bulkpub.engine.dask.coordinator import Coordinator  # noqa: PLC0415 - likewise

        if engine.is_own:
            each = max(opener.sources.spool_size // engine.processes, 1)
            opener = replace(opener, sources=replace(opener.sources, spool_size=each))
        lock = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
        insecure, stopping = opener.connection.insecure, means.stopping
        async with open_cluster(engine, stopping, lock=lock, insecure=insecure) as client:
            if stopping.requested:
                return
            if not engine.is_own:
                await see_that_it_sees(client, _some_paths(islice(jobs(), LOOKED_AT)))
            self._elsewhere = Coordinator(
                client,
                means,
                opener,
                self._lender,
                run=uuid4().hex,
                own=engine.is_own,
                at_once=self._at_once,
            )
            await self._elsewhere.run(jobs(), done=done)

    def _lend(self, worker: str, lent: Lent) -> None:
        if self._elsewhere is not None:
            self._elsewhere.lend(worker, lent)


def _some_paths(jobs: Iterable[Job]) -> Collection[str]:
    """A file of each of the folders that the jobs' files lie in, of so many at most."""
    found: dict[PurePath, str] = {}
    for job in jobs:
        for each in job.spec.resources:
            file = file_of(each.source)
            if file is not None and each.key not in job.spec.left_out:
                found.setdefault(PurePath(file.path).parent, file.path)
        if len(found) >= MOST_PATHS:
            break
    return list(found.values())[:MOST_PATHS]
