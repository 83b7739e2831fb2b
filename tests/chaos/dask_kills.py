"""Kills on a cluster: workers, the coordinator, the scheduler; and what holds all the same.

The publisher is the command line in a process of its own, with two workers: on a cluster that it
makes for itself, or on one that is there already. Real seconds go by there, as always where
processes are killed. Instants are drawn: at some request to the portal, before or after it is
carried out, or some time after the first.

A worker that is killed costs a run nothing but time: it completes by itself. Where it was the
coordinator or the scheduler, the next run does. And there are processes that are not killed but
frozen for longer than the others wait for them: what they do when they go on must not be in the way
of what was done meanwhile.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from random import Random

import psutil
from aiohttp import web

from bulkpub import RunReport
from bulkpub.core.exit_codes import ExitCode
from bulkpub.reports.reading import read_report
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.calls import Handler
from tests.chaos.judge import Known, Portal, check_failures, check_success
from tests.chaos.promises import Wrong, hold
from tests.chaos.publisher import why
from tests.chaos.seen import look
from tests.chaos.told import refused
from tests.chaos.wanted import Wanted
from tests.chaos.warp import clock
from tests.chaos.whims import Whims

__all__ = ["Fate", "Kills", "kill_on_dask"]

Kills = Counter[str]
"""How often what happened (`Fate`)."""
WORKERS = 2
DATASETS = 5
"""Datasets with which a history begins: enough that both workers have something to do."""
CHANGES = 20
"""How often something is changed from one run to the next."""
EARLIEST, LATEST = 5, 35
"""Requests after which something is killed; the first are the coordinator's, to look around."""
MOST_KILLED = 3
"""Workers killed in one run: as many as a dataset may be taken up by, less the one that ends it."""
TOO_LONG_S = 120.0
"""Real seconds after which a run hangs."""
ORPHANED_S = 20.0
"""Real seconds after which a cluster that was made for a run has to be gone with it."""
THERE_S = 60.0
"""Real seconds in which a scheduler and its workers have to be there."""


class Fate(StrEnum):
    """What is killed in a run, or frozen."""

    WORKER = "worker"
    COORDINATOR = "coordinator"
    SCHEDULER = "scheduler"
    FROZEN_WORKER = "frozen worker"
    FROZEN_COORDINATOR = "frozen coordinator"


ENDS: dict[Fate, int] = {
    Fate.COORDINATOR: -signal.SIGKILL,
    Fate.SCHEDULER: ExitCode.STOPPED_EARLY,
}
"""The exit code of a run that was ended so; all others complete by themselves."""
FATES = (*[Fate.WORKER] * 4, Fate.COORDINATOR, Fate.COORDINATOR)
"""Of a run on a cluster of its own, whose scheduler is the coordinator's process."""
FATES_ELSEWHERE = (*[Fate.WORKER] * 3, *Fate)
FROZEN_S = (10.0, 40.0)
"""Real seconds for which a process is frozen: others wait for it for more or for less."""


@dataclass
class Instants:
    """An interceptor: does each deed at the request of its number, before or after it is handled.

    `flying` are the requests that are being handled.
    """

    deeds: dict[int, tuple[bool, Callable[[], object]]] = field(default_factory=dict)
    count: int = 0
    flying: int = 0

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.count += 1
        self.flying += 1
        after, deed = self.deeds.pop(self.count, (False, lambda: None))
        try:
            if not after:
                deed()
            answer = await handler(request)
            if after:
                deed()
            return answer
        finally:
            self.flying -= 1

    async def landed(self) -> None:
        """What was received is carried out, whoever is gone."""
        while self.flying:  # noqa: ASYNC110 - until it is so
            await asyncio.sleep(0.01)


# --- a cluster that exists ----------------------------------------------------------------


class Cluster:
    """A scheduler and its workers, each in processes of their own, as a person starts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._scheduler: Process | None = None
        self._workers: list[Process] = []
        self._gone: list[Process] = []
        self._port = 0

    @property
    def address(self) -> str:
        return f"dask://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Have all of it there; a second time at the same address, with as many workers more.

        What workers do that have lost their scheduler is left to them.
        """
        before = len(self.workers())
        self._file.unlink(missing_ok=True)
        self._scheduler = await self._run(
            *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self._port)),
            *("--no-dashboard", "--scheduler-file", str(self._file)),
        )
        await _until(self._file.exists, "the scheduler does not come up")
        self._port = int(json.loads(self._file.read_text())["address"].rpartition(":")[2])
        for _ in range(WORKERS):
            worker = await self._run(
                *("distributed.cli.dask_worker", f"tcp://127.0.0.1:{self._port}"),
                *("--nthreads", "4", "--no-dashboard", "--death-timeout", "60"),
                *("--local-directory", str(self._folder)),
            )
            self._workers.append(worker)
        await _until(lambda: len(self.workers()) >= before + WORKERS, "the workers do not come up")

    async def _run(self, module: str, *arguments: str) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=_environment(),
            cwd=self._folder,
        )

    def workers(self) -> list[psutil.Process]:
        """The processes in which jobs are worked on."""
        return [each for nanny in self._workers for each in _workers_of(nanny)]

    def kill_scheduler(self) -> None:
        assert self._scheduler is not None
        self._scheduler.kill()
        self._gone.append(self._scheduler)

    async def stop(self) -> None:
        """All of it is gone, and has been waited for."""
        ours = (self._scheduler, *self._gone, *self._workers)
        processes = [each for each in ours if each is not None]
        for process in processes:
            for child in _children(process):
                _kill(child)
            with suppress(ProcessLookupError):
                process.kill()
        for process in processes:
            await process.wait()
        self._workers.clear()


@asynccontextmanager
async def existing(folder: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(folder)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


# --- a publisher --------------------------------------------------------------------------


class Victim:
    """Publishes on a cluster whose processes are killed, and to the end."""

    def __init__(
        self,
        sandbox: Sandbox,
        wanted: Wanted,
        chance: Random,
        cluster: Cluster | None,
        tell: Callable[[str], None],
    ) -> None:
        self.sandbox = sandbox
        self.wanted = wanted
        self.chance = chance
        self.cluster = cluster
        self.tell = tell
        self.known = Known()
        self.kills = Kills()
        self.instants = Instants()
        self._workers: list[psutil.Process] = []
        self._frozen: list[asyncio.Task[None]] = []
        sandbox.interceptor = self.instants

    async def live(self, fate: Fate) -> None:
        """One run in which something is killed, and if that ended it, another one after it."""
        self.tell(f"{fate}, {self.cluster.address if self.cluster else 'a cluster of its own'}")
        start, kills = look(self.sandbox), self.kills[fate.value]
        child = await self._start()
        self._draw(child, fate)
        code = await self._ended(child)
        self.instants.deeds.clear()
        await self._thawed()
        self.tell(f"  exit code {code}, killed so far: {dict(self.kills)}")
        if fate not in ENDS or kills == self.kills[fate.value]:
            await self.instants.landed()
            self._completed(start, look(self.sandbox))
            return
        hold(code == ENDS[fate], f"state: the exit code is {code} after the {fate} was killed")
        now = look(self.sandbox)
        check_failures(self.wanted, self.known, now, now, None)
        if self.cluster is None:
            await self._nobody_is_left()
        elif fate is Fate.SCHEDULER:
            await self.cluster.start()
        if self.chance.random() < 0.3:
            shutil.rmtree(self._state_dir, ignore_errors=True)
        await self.complete()

    async def _thawed(self) -> None:
        """What was frozen goes on, and may do what it should not."""
        if self._frozen:
            await asyncio.gather(*self._frozen)
            await _real_seconds(1.0)
        self._frozen.clear()

    async def complete(self) -> None:
        """Run once without disturbance: it has to succeed."""
        start = look(self.sandbox)
        code = await self._ended(await self._start())
        self.tell(f"  undisturbed: exit code {code}")
        await self.instants.landed()
        self._completed(start, look(self.sandbox))

    def _completed(self, start: Portal, now: Portal) -> None:
        """Hold what is there to what was wanted, and to what was told."""
        report = read_report(self._report)
        without = refused(self.wanted, report)
        if without is None:
            raise Wrong(f"loss: the run did not complete: {why(report)}")
        told = None if _was_lost(report) else report
        check_success(self.wanted, self.known, start, now, told, without=without)
        self.known.settle(now)

    # --- what is killed --------------------------------------------------------------------

    def _draw(self, child: Process, fate: Fate) -> None:
        """Decide when what is killed."""
        killed = self.chance.randint(1, MOST_KILLED) if fate is Fate.WORKER else 1
        for number in self.chance.sample(range(EARLIEST, LATEST), killed):
            after, which = self.chance.random() < 0.5, self.chance.random()
            deed = partial(self._strike, fate, child, which)
            self.instants.deeds[self.instants.count + number] = after, deed

    def _strike(self, fate: Fate, child: Process, which: float) -> None:
        workers = self.cluster.workers() if self.cluster else _workers_of(child)
        worker = workers[int(which * len(workers))] if workers else None
        match fate:
            case Fate.WORKER:
                self.kills[fate.value] += worker is not None and _kill(worker)
            case Fate.COORDINATOR:
                if child.returncode is None:
                    self._workers = workers
                    child.kill()
                    self.kills[fate.value] += 1
            case Fate.SCHEDULER:
                assert self.cluster is not None
                self.cluster.kill_scheduler()
                self.kills[fate.value] += 1
            case Fate.FROZEN_WORKER:
                if worker is not None:
                    self._freeze(worker, which)
                    self.kills[fate.value] += 1
            case Fate.FROZEN_COORDINATOR:
                if child.returncode is None:
                    self._freeze(psutil.Process(child.pid), which)
                    self.kills[fate.value] += 1

    def _freeze(self, process: psutil.Process, which: float) -> None:
        least, most = FROZEN_S

        async def thaw() -> None:
            with suppress(psutil.NoSuchProcess):
                await _real_seconds(least + which * (most - least))
                process.resume()

        process.suspend()
        self._frozen.append(asyncio.create_task(thaw()))

    async def _nobody_is_left(self) -> None:
        """Workers that were started for a run end with the process that started it."""
        until = time.perf_counter() + ORPHANED_S
        while any(each.is_running() for each in self._workers):
            hold(time.perf_counter() < until, "state: workers outlive who started them")
            await _real_seconds(0.01)

    # --- processes -------------------------------------------------------------------------

    async def _start(self) -> Process:
        engine = self.cluster.address if self.cluster else "dask"
        workers = () if self.cluster else ("--workers", str(WORKERS))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", "run", str(self.wanted.save())),
            *("--allow-mass-delete", "--portal", self.sandbox.base_url),
            *("--engine", engine, *workers, "--report", str(self._report)),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            env=_environment()
            | {
                "BULKPUB_API_KEY": self.sandbox.api_key,
                "BULKPUB_STATE_DIR": str(self._state_dir),
            },
            cwd=self.wanted.root,
        )

    async def _ended(self, child: Process) -> int:
        """The exit code; of what it said, the end is told."""
        ended = asyncio.create_task(child.communicate())
        until = time.perf_counter() + TOO_LONG_S
        while not ended.done() and time.perf_counter() < until:
            await _real_seconds(0.02)
        if not ended.done():
            child.kill()
        _, said = await ended
        self.tell(said.decode(errors="replace")[-2000:])
        if time.perf_counter() > until:
            raise Wrong("loss: the run hangs")
        assert child.returncode is not None
        return child.returncode

    @property
    def _state_dir(self) -> Path:
        return self.wanted.root / "state"

    @property
    def _report(self) -> Path:
        return self.wanted.root / "report.json"


def _was_lost(report: RunReport) -> bool:
    """Whether some of it was begun anew: of that, the report tells what the last one found."""
    return any("was lost" in note for dataset in report.datasets for note in dataset.notes)


def _environment() -> dict[str, str]:
    return {name: v for name, v in os.environ.items() if not name.startswith(("BULKPUB_", "DASK_"))}


def _children(process: Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(psutil.Process(process.pid).children(recursive=True))
    return []


def _workers_of(process: Process) -> list[psutil.Process]:
    """Those of its children that Dask started to work."""
    found = []
    for child in _children(process):
        with suppress(psutil.NoSuchProcess):
            if _is_worker(child):
                found.append(child)
    return found


def _is_worker(process: psutil.Process) -> bool:
    """Whether it was started anew, or forked from the one that is there to be forked from."""
    parent = process.parent()
    forked = parent is not None and "multiprocessing.forkserver" in " ".join(parent.cmdline())
    return forked or "multiprocessing.spawn import spawn_main" in " ".join(process.cmdline())


def _kill(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        process.kill()
        return True
    return False


async def _real_seconds(seconds: float) -> None:
    await asyncio.to_thread(time.sleep, seconds)


async def _until(there: Callable[[], bool], otherwise: str) -> None:
    until = time.perf_counter() + THERE_S
    while not there():
        if time.perf_counter() > until:
            raise RuntimeError(otherwise)
        await _real_seconds(0.05)


# --- histories ----------------------------------------------------------------------------


async def kill_on_dask(seed: int, root: Path, tell: Callable[[str], None]) -> Kills:
    """A publisher's life on a fresh sandbox, with kills; how many there were of which."""
    chance = Random(seed)  # noqa: S311 - it makes up histories, it keeps no secret
    async with Sandbox(SandboxSettings(clock=clock)) as sandbox:
        if chance.random() < 0.7:
            return await _live(sandbox, root, chance, None, tell)
        cluster_root = root / "cluster"
        cluster_root.mkdir()
        async with existing(cluster_root) as cluster:
            return await _live(sandbox, root, chance, cluster, tell)


async def _live(
    sandbox: Sandbox,
    root: Path,
    chance: Random,
    cluster: Cluster | None,
    tell: Callable[[str], None],
) -> Kills:
    whims = Whims(Wanted(root), chance)
    while len(whims.wanted.datasets) < DATASETS:
        whims.add_dataset()
    victim = Victim(sandbox, whims.wanted, chance, cluster, tell)
    for _ in range(3):
        for _ in range(CHANGES):
            whims.change()
        await victim.live(chance.choice(FATES_ELSEWHERE if cluster else FATES))
    return victim.kills
