"""Doing several things side by side, with the first failure raised as itself."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

__all__ = ["side_by_side"]

T = TypeVar("T")


async def side_by_side(
    jobs: Iterable[Callable[[], Awaitable[T]]], limiter: anyio.CapacityLimiter | None = None
) -> list[T]:
    """Run all `jobs`, at most as many at once as `limiter` allows; results in their order.

    The first exception cancels the others and is raised as it is, not in a group.
    """
    failures: list[BaseException] = []
    results: dict[int, T] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            if limiter is None:
                results[index] = await job()
            else:
                async with limiter:
                    results[index] = await job()
        except Exception as error:  # noqa: BLE001 - raised again below, out of its group
            failures.append(error)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for index, job in enumerate(jobs):
            tasks.start_soon(run, index, job)
    if failures:
        raise failures[0]
    return [results[index] for index in sorted(results)]
