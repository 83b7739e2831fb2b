"""Two processes of Dask's that work for the tests of the pipeline (`--engine dask`).

They are there for a whole session, as a cluster that a user has. Runs are given to them as by
`--engine dask://HOST:PORT`, with all that this takes; the one thing that is not as ever is where
portals in memory are: in the process of the test (`far_portal`).
"""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

import anyio
import pytest
from distributed import Client, LocalCluster

import bulkpub
from bulkpub.engine.dask import channel
from bulkpub.pipeline import RunOptions, Verify
from bulkpub.portals import kinds
from bulkpub.session.run import Run
from tests.far_portal import Exchange, far_kinds

__all__ = ["Workers", "dask_setup", "two_workers"]

WORKERS = 2


def dask_setup(_worker: object) -> None:
    """What Dask has a worker do before it begins (`--preload`).

    What happens is told at once, as in one process: tests do something right then.
    """
    kinds.KINDS = far_kinds()
    channel.PATIENCE_S = 0.0


class Workers:
    """Two processes, and the way to have them do the work of a test."""

    number = WORKERS

    def __init__(self, address: str, exchange: Callable[[], Exchange]) -> None:
        self._address = address
        self._exchange = exchange

    @asynccontextmanager
    async def working(self, patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
        """Whoever publishes, migrates or verifies has them do it, for as long as this lasts."""
        begin = Run.__init__

        @wraps(begin)
        def begin_there(run: Run, *args: Any, **more: Any) -> None:
            options: RunOptions = more.get("options") or RunOptions()
            if not options.dry_run or options.verify is not Verify.NO:  # a plan is made here
                more["engine"] = f"dask://{self._address.rpartition('//')[2]}"
            begin(run, *args, **more)

        patch.setattr(Run, "__init__", begin_there)
        async with self._exchange() as there:
            for name in ("publish", "migrate", "verify"):
                patch.setattr(bulkpub, name, partial(_killable, there, getattr(bulkpub, name)))
            yield

    async def have(self, variables: Mapping[str, str | None]) -> None:
        """Have these variables in their environment."""
        async with Client(self._address, asynchronous=True, set_as_default=False) as client:
            await client.run(_set, dict(variables))


async def _killable(
    there: Exchange, run: Callable[..., Awaitable[Any]], *args: Any, **more: Any
) -> Any:
    """Run it; what a test raises to kill it ends it here, wherever it was raised."""
    killed: list[BaseException] = []
    with anyio.CancelScope() as scope:

        def kill(error: BaseException) -> None:
            killed.append(error)
            scope.cancel()

        there.killed = kill
        report = await run(*args, **more)
    if killed:
        raise killed[0]
    return report


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def two_workers(exchange: Callable[[], Exchange], folder: Path) -> Iterator[Workers]:
    """Start them; they have the environment that this process has now."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with LocalCluster(
        n_workers=WORKERS,
        threads_per_worker=8,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # there is always one
        memory_limit=None,
        silence_logs=logging.CRITICAL,
        local_directory=str(folder),
        preload=["tests.far_workers"],
    ) as cluster:
        yield Workers(cluster.scheduler_address, exchange)
