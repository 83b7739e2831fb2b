"""Jobs worked on in this process: a feeder, some workers, one collector.

A stream without buffer carries jobs to the workers and another one their results to the
collector, which alone hands them on. Whatever ends the work early, every job that was taken up
has a result.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from bulkpub.pipeline.job import Job, Result
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.publish import publish_one

__all__ = ["run_jobs"]

FEW = 4
"""Jobs worked on at once, at least, when nobody says how many: while one waits for the portal,
others read, hash and fetch."""


async def run_jobs(
    jobs: Iterable[Job],
    means: Means,
    *,
    at_once: int | None = None,
    done: Callable[[Result], None],
) -> None:
    """Work on `jobs`, so many at once, and hand each result to `done` as it comes.

    None: as many as requests are worth having in flight, looked at anew whenever one is done.

    Once `means.stopping` was asked for, no further job is taken up; a job after which nothing
    more can be done (`Result.stop`) ends all the others now.
    """
    send_jobs, to_do = anyio.create_memory_object_stream[Job](0)
    send_results, results = anyio.create_memory_object_stream[Result](0)
    async with anyio.create_task_group() as collecting:
        collecting.start_soon(_collect, results, done)
        async with send_results, to_do, anyio.create_task_group() as working:
            _Workers(means, at_once, to_do, send_results, working).hire()
            working.start_soon(_feed, jobs, send_jobs, means)


async def _feed(jobs: Iterable[Job], stream: MemoryObjectSendStream[Job], means: Means) -> None:
    async with stream:
        for job in jobs:
            if means.stopping.requested:
                return
            await stream.send(job)


@dataclass(slots=True)
class _Workers:
    """Those who work on jobs; `number` of them, as many as it takes, in the group `working`."""

    means: Means
    at_once: int | None
    to_do: MemoryObjectReceiveStream[Job]
    results: MemoryObjectSendStream[Result]
    working: TaskGroup
    number: int = 0

    @property
    def wanted(self) -> int:
        """How many it takes: each of them has something for the portal to do, or will have."""
        return max(self.means.portal.at_once, FEW) if self.at_once is None else max(self.at_once, 1)

    def hire(self) -> None:
        """Take on those that are missing."""
        while self.number < self.wanted:
            self.number += 1
            self.working.start_soon(self._work, self.to_do.clone(), self.results.clone())

    async def _work(
        self, jobs: MemoryObjectReceiveStream[Job], results: MemoryObjectSendStream[Result]
    ) -> None:
        stopping = self.means.stopping
        async with jobs, results:
            async for job in jobs:
                if stopping.requested:
                    continue  # the one that the feeder was about to hand over
                result = await publish_one(job, self.means)
                if result.stop is not None:
                    stopping.within(0)
                await results.send(result)
                if self.number > self.wanted:
                    self.number -= 1
                    return
                self.hire()


async def _collect(
    results: MemoryObjectReceiveStream[Result], done: Callable[[Result], None]
) -> None:
    async with results:
        async for result in results:
            done(result)
