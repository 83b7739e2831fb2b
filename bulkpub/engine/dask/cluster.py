"""A cluster to work on: one made for a run on this machine, or one that exists.

The rule: before anything is begun it is certain that there are workers, that they see the files
they shall send, that what they are told cannot be read on the way, and that no other run of the
same is at work there.
"""

import logging
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import anyio
import dask
import structlog
from distributed import Client, LocalCluster, Semaphore
from distributed.comm.core import CommClosedError

from bulkpub.core.text import bounded
from bulkpub.engine.choice import Engine, check_safe
from bulkpub.engine.dask.certificate import for_one_cluster
from bulkpub.engine.dask.connecting import connected
from bulkpub.engine.dask.worker import Undisturbed
from bulkpub.engine.forks import METHOD, get_ready
from bulkpub.errors import SettingsInvalid, StoppedEarly
from bulkpub.language import say
from bulkpub.pipeline.means import Stopping
from bulkpub.version import __version__

__all__ = ["cluster_lost", "open_cluster", "see_that_it_sees", "unlike"]

log = structlog.get_logger("bulkpub.engine")

THREADS = 16
"""Jobs at once that one process of an own cluster takes: most of the time they wait for answers."""
WITHIN = "inproc://"
"""So begin addresses within a process."""
WORKERS_S = 60.0
"""Seconds within which a cluster without workers has to get one."""
LOCKED_S = 45.0
"""Seconds after which another run's lock is not that of one which was killed: those run out."""
UNWATCHED = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.interval": "1h",
    "distributed.admin.tick.limit": "1h",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.active-memory-manager.start": False,
}
"""What Dask looks at all the time, and nobody needs who has it for a run."""
AT_ONCE_S = 0.5
SHOWN = 3


@asynccontextmanager
async def open_cluster(
    engine: Engine, stopping: Stopping, *, lock: str | None = None, insecure: bool = False
) -> AsyncIterator[Client]:
    """The cluster that `engine` stands for, for as long as the context lasts.

    Nothing is waited for any longer once `stopping` was asked for.
    `lock` is what no two runs may do at the same time on a cluster that others use too (None:
    there is no harm in it). Raises `StoppedEarly` when the scheduler does not answer, has no
    workers or other versions, or is locked, and `SettingsInvalid` when the way to it is not the one
    that is set (TLS), or what it is told would go in the clear to another machine, unless that is
    to be so (`insecure`).
    """
    if engine.is_own:
        async with _own(engine.processes) as client:
            yield client
        return
    async with connected(engine) as client:
        await _see_that_it_is_safe(client, insecure=insecure)
        with stopping.cancellable():
            await _wait_for_workers(client, engine)
        await _see_that_they_fit(client)
        if lock is None:
            yield client
            return
        async with _alone(client, lock, stopping):
            yield client


async def see_that_it_sees(client: Client, paths: Collection[str]) -> None:
    """See that all workers see what is at `paths`; raises `SettingsInvalid` when one does not."""
    if not paths:
        return
    answers = await client.run(_missing, list(paths), on_error="return")
    for worker, missing in answers.items():
        if isinstance(missing, Exception):
            raise _cannot_work(worker, missing)
        if missing:
            shown = ", ".join(missing[:SHOWN])
            raise SettingsInvalid(
                say(
                    "the worker {worker} does not see {shown}: share the folders of the files with "
                    "all workers, under the same names",
                    worker=worker,
                    shown=shown,
                )
            )


def unlike(worker: str, *, theirs: str, ours: str) -> StoppedEarly:
    """What a worker is not given anything to do for: values of one version are not another's."""
    return StoppedEarly(
        say(
            "the worker {name} has bulkpub {theirs}, and this is {ours}: install the same version "
            "everywhere",
            name=worker,
            theirs=theirs,
            ours=ours,
        )
    )


def cluster_lost(why: Exception) -> StoppedEarly:
    """What ends whatever is done on a cluster; `why` is what Dask says of it."""
    log.debug("connection lost", why=str(why))
    return StoppedEarly(
        say("the connection to Dask's scheduler was lost; run again when it is back")
    )


def _missing(paths: Sequence[str]) -> list[str]:
    """Which of these files and folders are not here; asked on each worker."""
    return [each for each in paths if not Path(each).exists()]


@asynccontextmanager
async def _own(workers: int) -> AsyncIterator[Client]:
    """So many processes on this machine, for as long as the context lasts.

    Nobody else can reach them: their connections are encrypted with certificates made for them.
    """
    set_up: dict[str, object] = dict(UNWATCHED)
    if find_spec("uvloop") is not None:  # as the command line has it
        set_up["distributed.admin.event-loop"] = "uvloop"
    if get_ready():
        set_up["distributed.worker.multiprocessing-method"] = METHOD
    with (
        tempfile.TemporaryDirectory(prefix="bulkpub-") as folder,
        dask.config.set(set_up),
        _hushed(),
    ):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=THREADS,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # of whatever port is free
            security=for_one_cluster(),
            memory_limit=None,
            silence_logs=logging.CRITICAL,
            local_directory=folder,
            asynchronous=True,
            # Who is in the scheduler's own process need not encrypt what it says to it.
            scheduler_kwargs={
                "protocol": ["tls://", WITHIN],
                "host": ["127.0.0.1", None],
                "port": 0,
            },
        )
        try:
            await cluster
        except (RuntimeError, OSError, TimeoutError) as error:
            with suppress(RuntimeError, OSError, TimeoutError):
                await cast("Any", cluster).close()
            raise StoppedEarly(
                say(
                    "no cluster could be started on this machine: {error} (a program that has one "
                    "started does so below if __name__ == '__main__')",
                    error=error,
                )
            ) from error
        scheduler: Any = cluster.scheduler
        addresses = (each.contact_address for each in scheduler.listeners)
        within = next(each for each in addresses if each.startswith(WITHIN))
        async with (
            cluster,
            Client(
                within, security=cluster.security, asynchronous=True, set_as_default=False
            ) as client,
        ):
            await client.register_plugin(Undisturbed())
            log.info("cluster is there", workers=workers, dashboard=cluster.dashboard_link)
            yield client


@contextmanager
def _hushed() -> Iterator[None]:
    """What Dask logs of a cluster of ours is not heard: what matters of it is told by us."""
    dasks = logging.getLogger("distributed")
    level = dasks.level
    dasks.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        dasks.setLevel(level)


async def _see_that_it_is_safe(client: Client, *, insecure: bool) -> None:
    scheduler: Any = client.scheduler
    for address in (str(scheduler.address), *await client.nthreads()):
        check_safe(address, insecure=insecure)


async def _see_that_they_fit(client: Client) -> None:
    """See that scheduler and workers can load what they are told to do, and mean the same by it."""
    try:
        await cast("Any", client).run_on_scheduler(_version)
    except Exception as error:  # whatever the other side raised
        if isinstance(error, CommClosedError):
            raise cluster_lost(error) from error
        raise StoppedEarly(
            say(
                "the scheduler cannot work: {why}; install the same bulkpub[dask] everywhere, with "
                "the same Python",
                why=bounded(str(error)),
            )
        ) from error
    answers = await cast("Any", client).run(_version, on_error="return")
    for worker, version in answers.items():
        if isinstance(version, Exception):
            raise _cannot_work(worker, version)
        if version != __version__:
            raise unlike(worker, theirs=version, ours=__version__)


def _version() -> str:
    return __version__


def _cannot_work(worker: str, why: Exception) -> StoppedEarly:
    return StoppedEarly(
        say(
            "the worker {worker} cannot work: {why}; install the same bulkpub[dask] everywhere, "
            "with the same Python",
            worker=worker,
            why=bounded(str(why)),
        )
    )


async def _wait_for_workers(client: Client, engine: Engine) -> None:
    if await client.nthreads():
        return
    log.warning("waiting for a worker", scheduler=str(engine), within_s=WORKERS_S)
    try:
        await cast("Any", client).wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise StoppedEarly(
            say("the Dask scheduler {engine} has no workers: start some", engine=engine)
        ) from None


@asynccontextmanager
async def _alone(client: Client, lock: str, stopping: Stopping) -> AsyncIterator[None]:
    """Keep other runs of the same away from this cluster; a killed one's claim runs out."""
    claim = await Semaphore(
        max_leases=1, name=f"bulkpub-{lock}", scheduler_rpc=client.scheduler, loop=client.loop
    )
    is_ours = await claim.acquire(timeout=AT_ONCE_S)
    if not is_ours:
        log.warning("another run of the same is at work there, or was a moment ago: waiting")
        with stopping.cancellable():
            is_ours = await claim.acquire(timeout=LOCKED_S)
    if not is_ours and not stopping.requested:
        raise StoppedEarly(
            say("another run of the same manifests is at work on this cluster: let it end")
        )
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True), suppress(OSError):
            if is_ours:
                await claim.release()
