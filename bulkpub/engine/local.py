"""Jobs worked on in this process: a feeder, some workers, one collector.

A stream without buffer carries jobs to the workers and another one their results to the
collector, which alone hands them on. Whatever ends the work early, every job that was taken up
has a result.
"""

from collections.abc import Callable, Iterable

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from bulkpub.pipeline.job import Job, Result
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.publish import publish_one

__all__ = ["run_jobs"]


async def run_jobs(
    jobs: Iterable[Job], means: Means, *, at_once: int, done: Callable[[Result], None]
) -> None:
    """Work on `jobs`, so many at once, and hand each result to `done` as it comes.

    Once `means.stopping` was asked for, no further job is taken up; a job after which nothing
    more can be done (`Result.stop`) ends all the others now.
    """
    send_jobs, to_do = anyio.create_memory_object_stream[Job](0)
    send_results, results = anyio.create_memory_object_stream[Result](0)

    async def feed(stream: MemoryObjectSendStream[Job]) -> None:
        async with stream:
            for job in jobs:
                if means.stopping.requested:
                    return
                await stream.send(job)

    async def work(
        jobs: MemoryObjectReceiveStream[Job], results: MemoryObjectSendStream[Result]
    ) -> None:
        async with jobs, results:
            async for job in jobs:
                if means.stopping.requested:
                    continue  # the one that the feeder was about to hand over
                result = await publish_one(job, means)
                if result.stop is not None:
                    means.stopping.within(0)
                await results.send(result)

    async with anyio.create_task_group() as collecting:
        collecting.start_soon(_collect, results, done)
        async with send_results, to_do, anyio.create_task_group() as working:
            for _ in range(max(1, at_once)):
                working.start_soon(work, to_do.clone(), send_results.clone())
            working.start_soon(feed, send_jobs)


async def _collect(
    results: MemoryObjectReceiveStream[Result], done: Callable[[Result], None]
) -> None:
    async with results:
        async for result in results:
            done(result)
