"""Values that workers read for us, several at the same time: what catalogues have.

The rule: reading changes nothing, so it is plain work of Dask's. A task is run again where a worker
was lost with it, nothing is claimed, and nobody is kept out. What is to be read is in the task
itself, which nobody may see on the way (`open_cluster` sees to that); a task's name tells the
host alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from uuid import uuid4

import anyio
from distributed import Client, Future, KilledWorker, Worker, get_worker

from bulkpub.engine.dask.cluster import cluster_lost, unlike
from bulkpub.errors import BulkpubError, SourceFailed, StoppedEarly
from bulkpub.language import say
from bulkpub.version import __version__

__all__ = ["Reading", "read_there"]

LOOK_S = 0.5
"""Seconds from one look at whether what is read is still wanted to the next."""
GRACE_S = 5.0
"""Seconds within which a scheduler that is there hears that the rest is not wanted any more."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reading(Protocol[T_co]):
    """Something to be read; a value that can be pickled, and does not show secrets."""

    @property
    def name(self) -> str:
        """Whom it is read from, not secret; for the names of tasks."""

    async def read(self) -> T_co:
        """Read it; raises what is in its way (`BulkpubError`)."""


@asynccontextmanager
async def read_there(
    client: Client, readings: Sequence[Reading[T]]
) -> AsyncIterator[Sequence[Callable[[], Awaitable[T]]]]:
    """Have the workers read all of it meanwhile; what waits for each, in their order.

    Each can be waited for once. It raises what `read` does; `SourceFailed` when one worker after
    the other was lost with it; and `StoppedEarly` when the scheduler was, or a worker has another
    bulkpub. What is not read yet when the context ends is not read any further.
    """
    run = f"harvest-{uuid4().hex}"
    futures: list[Future[Any]] = [
        client.submit(_read, each, __version__, key=(run, number, each.name), pure=False, retries=0)
        for number, each in enumerate(readings)
    ]
    try:
        yield [partial(_came, future) for future in futures]
    finally:
        with (
            anyio.CancelScope(shield=True),
            anyio.move_on_after(GRACE_S),
            suppress(OSError, CancelledError),
        ):
            if client.status == "running":
                await cast("Any", client.cancel(futures, force=True))


@dataclass(frozen=True, slots=True)
class _Failed:
    """What was in the way: a value, as Dask writes what is raised into its log, with the task."""

    why: BulkpubError = field(repr=False)


async def _came(future: Future[Any]) -> Any:  # noqa: ANN401 - what it reads
    try:
        came = await cast("Any", future).result()
    except KilledWorker:
        raise SourceFailed(
            say("one worker after the other was lost with it: look at its log (memory, mostly)")
        ) from None
    except (CancelledError, OSError) as lost:
        raise cluster_lost(lost) from lost
    except ImportError as missing:
        raise StoppedEarly(
            say("the workers cannot do it: {name}: {why}", name=type(missing).__name__, why=missing)
        ) from missing
    future.release()  # the worker need not keep it any longer
    if isinstance(came, _Failed):
        raise came.why
    return came


# --- on a worker --------------------------------------------------------------------------


def _read(reading: Reading[T], version: str) -> T | _Failed | None:
    """What Dask has a worker run, in a thread of its own."""
    worker = get_worker()
    if version != __version__:
        return _Failed(unlike(worker.address, theirs=__version__, ours=version))
    is_wanted = partial(_is_wanted, worker, worker.get_current_task())
    return anyio.run(_while_wanted, reading, is_wanted)


def _is_wanted(worker: Worker, key: Any) -> bool:  # noqa: ANN401 - as Dask has it
    """Whether anybody waits for what this task gives: who began it may have gone."""
    task = worker.state.tasks.get(key)
    return worker.status.name == "running" and task is not None and task.state != "cancelled"


async def _while_wanted(reading: Reading[T], is_wanted: Callable[[], bool]) -> T | _Failed | None:
    came: T | _Failed | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_end_when_unwanted, is_wanted, group.cancel_scope)
        try:
            came = await reading.read()
        except BulkpubError as why:
            came = _Failed(why)
        group.cancel_scope.cancel()
    return came


async def _end_when_unwanted(is_wanted: Callable[[], bool], scope: anyio.CancelScope) -> None:
    while is_wanted():  # noqa: ASYNC110 - Dask tells nobody
        await anyio.sleep(LOOK_S)
    scope.cancel()
