"""Kills: the command line in a process of its own, SIGKILL, and a run afterwards that completes.

The instant is drawn: some time after the portal was first asked, or right when it is asked for
the n-th time, before or after it carries the request out.
"""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

from aiohttp import web

import bulkpub
from bulkpub import Connection, RunOptions
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.calls import Handler
from tests.chaos.judge import Known, Portal, check_failures, check_success
from tests.chaos.promises import Wrong
from tests.chaos.seen import look
from tests.chaos.told import refused
from tests.chaos.wanted import Wanted
from tests.chaos.warp import clock
from tests.chaos.whims import Whims

__all__ = ["Victim", "kill_on_sandbox"]

LONGEST_RUN_S = 0.6
"""Real seconds in which a run's requests are about over: when to kill, at the latest."""


@dataclass
class Trigger:
    """An interceptor that does something at the n-th request, before or after it is handled."""

    at: int = 0
    after: bool = False
    deed: Callable[[], object] = lambda: None
    count: int = 0
    flying: int = 0

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.count += 1
        self.flying += 1
        is_it = self.count == self.at
        try:
            if is_it and not self.after:
                self.deed()
            answer = await handler(request)
            if is_it and self.after:
                self.deed()
            return answer
        finally:
            self.flying -= 1


@dataclass
class Victim:
    """Publishes, is killed now and then, and publishes to the end; `see` tells what is there."""

    whims: Whims
    info: Mapping[str, Any]
    see: Callable[[], Awaitable[Portal]]
    chance: Random
    known: Known = field(default_factory=Known)
    kills: int = 0

    @property
    def wanted(self) -> Wanted:
        """What is published."""
        return self.whims.wanted

    async def suffer(self, times: int, trigger: Trigger | None = None) -> None:
        """Be killed so often (or end before), then complete the work."""
        for _ in range(times):
            await self._killed_run(trigger)
            if trigger is not None:
                while trigger.flying:  # noqa: ASYNC110 - what was received is still carried out
                    await asyncio.sleep(0.01)
            now = await self.see()
            check_failures(self.wanted, self.known, now, now, None)
            if self.chance.random() < 0.3:
                rmtree(self._state_dir, ignore_errors=True)
        await self.complete()

    async def complete(self) -> None:
        """Run once without disturbance: it has to succeed."""
        start = await self.see()
        report = await bulkpub.publish(
            self.wanted.save(),
            connection=Connection(portal=self.info["base_url"], key=self.info["api_key"]),
            options=RunOptions(allow_mass_delete=True),
            state_dir=self._state_dir,
        )
        without = refused(self.wanted, report)
        if without is None:
            raise Wrong(f"loss: the run after a kill did not complete: {report}")
        now = await self.see()
        check_success(self.wanted, self.known, start, now, report, without=without)
        self.known.settle(now)

    # --- the process -----------------------------------------------------------------------

    async def _killed_run(self, trigger: Trigger | None) -> None:
        child = await self._start()
        assert child.stderr is not None
        if trigger is not None and self.chance.random() < 0.5:
            trigger.at = trigger.count + self.chance.randint(1, 20)
            trigger.after = self.chance.random() < 0.5
            trigger.deed = lambda: _kill(child)
        else:
            await child.stderr.readline()  # it logs its first answer
            delay = self.chance.uniform(0.0, LONGEST_RUN_S)
            await asyncio.to_thread(time.sleep, delay)  # real seconds, wherever this runs
            _kill(child)
        await child.communicate()
        if trigger is not None:
            trigger.at = 0
        self.kills += child.returncode == -signal.SIGKILL

    async def _start(self) -> Process:
        environment = {name: v for name, v in os.environ.items() if not name.startswith("BULKPUB_")}
        environment["BULKPUB_API_KEY"] = self.info["api_key"]
        environment["BULKPUB_STATE_DIR"] = str(self._state_dir)
        manifest = self.wanted.save()
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", "run", manifest, "--allow-mass-delete"),
            *("--portal", self.info["base_url"], "--report", manifest.with_name("report.json")),
            *("--log-format", "json", "-vv"),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            env=environment,
            cwd=self.wanted.root,
        )

    @property
    def _state_dir(self) -> Path:
        return self.wanted.root / "state"


def _kill(child: Process) -> None:
    if child.returncode is None:
        child.kill()


async def kill_on_sandbox(seed: int, root: Path) -> int:
    """A publisher's life with some kills on a fresh sandbox; returns how many there were."""
    chance = Random(seed)  # noqa: S311 - it makes up histories, it keeps no secret
    async with Sandbox(SandboxSettings(clock=clock)) as sandbox:

        async def see() -> Portal:
            return look(sandbox)

        victim = Victim(Whims(Wanted(root), chance), sandbox.info, see, chance)
        sandbox.interceptor = trigger = Trigger()
        for _ in range(2):
            for _ in range(8):
                victim.whims.change()
            await victim.suffer(chance.randint(1, 3), trigger)
    return victim.kills
