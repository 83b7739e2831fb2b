"""One history: a manifest that changes, a portal that fails, other people, crashes; all by chance.

Everything is drawn from one seed. Which request meets which fault also depends on how the
requests of a run interleave, so a replay is close to the same history, and mostly the same.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import TemporaryDirectory

from aiohttp import web

import bulkpub
from bulkpub import Connection, RunOptions, RunReport
from bulkpub.pipeline import Run
from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.faults import FaultScript, StoredTwice
from bulkpub.sandbox.mischief import Mischief
from tests.chaos.judge import Known, Wrong, check_failures, check_success
from tests.chaos.others import Others
from tests.chaos.seen import look
from tests.chaos.trouble import PATIENCE_S, faults
from tests.chaos.wanted import Wanted
from tests.chaos.warp import clock

__all__ = ["Figures", "live"]

TOO_LONG_S = 7200.0
"""Seconds, of the fast kind, after which a run hangs."""

ENDINGS = ("crash", "interrupt")
DEEDS = (*ENDINGS, "meanwhile", "meanwhile", "modify")
"""What may happen at some request of a run: it ends, others write, a file changes."""


@dataclass
class Figures:
    """What histories went through, in all."""

    histories: int = 0
    runs: int = 0
    requests: int = 0
    refused: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Figures") -> None:
        """Count what another history went through."""
        self.runs += other.runs
        self.requests += other.requests
        self.refused += other.refused
        self.ends += other.ends
        self.met += other.met


class Watch:
    """Stands before the portal: plays the faults, and lets something happen at one request."""

    def __init__(self, script: FaultScript, at: int = 0) -> None:
        self.mischief = Mischief(script)
        self.script = script
        self.count = 0
        self.flying = 0
        self.writes = 0
        self.at = at
        self.deed: Callable[[], object] | None = None

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.count += 1
        self.writes += request.method != "GET"
        self.flying += 1
        try:
            if self.count == self.at and self.deed is not None:
                self.deed()
            return await self.mischief(request, handler)
        finally:
            self.flying -= 1

    async def idle(self) -> None:
        """Wait until nothing is being carried out any more, also of what nobody waits for."""
        while self.flying:  # noqa: ASYNC110 - a fast clock's ten milliseconds
            await asyncio.sleep(1.0)


class History:
    """A portal, a publisher, other people, and what the model knows."""

    def __init__(
        self,
        seed: int,
        sandbox: Sandbox,
        root: Path,
        tell: Callable[[str], None],
        without: frozenset[str],
    ) -> None:
        self.chance = Random(seed)  # noqa: S311 - it makes up histories, it keeps no secret
        self.without = without
        self.sandbox = sandbox
        self.wanted = Wanted(root, self.chance)
        self.known = Known()
        self.others = Others(sandbox, self.wanted, self.known, self.chance)
        self.journal = root / "state"
        self.figures = Figures()
        self.tell = tell
        self.known.settle(look(sandbox))

    async def live(self) -> None:
        """Publish some times, whatever happens."""
        for number in range(self.chance.randint(2, 4)):
            if number:
                self.wanted.change()
                for _ in range(self.chance.choice((0, 0, 1, 2))):
                    self.others.act()
            self._lose_journal()
            if await self._troubled_run():
                if self.known.reordered:
                    await self._sure_run()
                elif self.chance.random() < 0.3:
                    await self._idle_run()
                continue
            self._lose_journal()
            if self.chance.random() < 0.3:
                self.others.act_meanwhile()
            if self.chance.random() < 0.3 and not await self._changed_run():
                return
            await self._sure_run()

    # --- runs ------------------------------------------------------------------------------

    async def _troubled_run(self) -> bool:
        """Whether the run succeeded although things went wrong."""
        what = self.chance.choice((None, None, *DEEDS))
        # A copy that a proxy made of an upload, and nobody left to know that it is one: only a
        # person can tell it from a file put there by hand.
        without = self.without | ({StoredTwice.kind} if what in ENDINGS else set())
        script = faults(self.chance, without) if self.chance.random() < 0.85 else FaultScript()
        watch = Watch(script, at=self.chance.randint(3, 14) if what else 0)
        report = await self._run(watch, what)
        now = look(self.sandbox)
        if what == "modify" and watch.count >= watch.at:
            # Sent before or after the file changed: the report is right either way.
            check_failures(self.wanted, self.known, self.start, now, None)
            return False
        # Of two answers a proxy got it told us one; the address in the other is the file's.
        exact = not script.met[StoredTwice.kind]
        if report is not None and report.run.exit_code == 0:
            check_success(self.wanted, self.known, self.start, now, report, exact=exact)
            self.known.settle(now)
            return True
        check_failures(self.wanted, self.known, self.start, now, report, exact=exact)
        return False

    async def _changed_run(self) -> bool:
        """The manifest changes before the work was completed: what was left may be anybody's.

        Whether the run succeeded; otherwise it has to ask which of several a resource is.
        """
        for seen in look(self.sandbox).values():
            known = self.known.datasets.get(seen.id)
            left = set(seen.ids) - set(known.ids if known else ())
            self.known.note(look(self.sandbox), seen.id, *left)
        titled = self._titled()
        self.wanted.change()
        self._note_given_up(titled)
        report = await self._run(Watch(FaultScript()), None)
        now = look(self.sandbox)
        if report is not None and report.run.exit_code == 0:
            check_success(self.wanted, self.known, self.start, now, report)
            self.known.settle(now)
            return True
        if report is None or not all("on the portal" in error for error in _errors(report)):
            raise Wrong(f"loss: a clean run did not complete: {_why(report)}")
        check_failures(self.wanted, self.known, self.start, now, report)
        return False

    def _titled(self) -> set[tuple[str, str]]:
        """The entries (dataset, path) to which the manifest gives a title."""
        return {(d.key, e.path) for d in self.wanted.datasets for e in d.entries if e.title}

    def _note_given_up(self, titled: set[tuple[str, str]]) -> None:
        """What the manifest gives up stays as the unfinished run left it.

        It gives up resources, and titles (`titled` had one); and a resource that the unfinished
        run recognised under another key is that entry's now.
        """
        wanted = {d.key: {entry.path for entry in d.entries} for d in self.wanted.datasets}
        untitled = titled - self._titled()
        for seen in look(self.sandbox).values():
            keys, known = wanted.get(seen.key or "", set()), self.known.datasets.get(seen.id)
            old = {each.id: each.key for each in known.resources} if known else {}
            given_up = [
                each.id
                for each in seen.resources
                if each.key
                and (
                    each.key not in keys
                    or (seen.key or "", each.key) in untitled
                    or old.get(each.id, each.key) != each.key
                )
            ]
            self.known.note(look(self.sandbox), seen.id, *given_up)

    async def _sure_run(self) -> None:
        """Nothing goes wrong any more: one run completes the work."""
        report = await self._run(Watch(FaultScript()), None)
        now = look(self.sandbox)
        if report is None or report.run.exit_code:
            raise Wrong(f"loss: a clean run did not complete: {_why(report)}")
        check_success(self.wanted, self.known, self.start, now, report)
        self.known.settle(now)

    async def _idle_run(self) -> None:
        """Nothing has changed: nothing is written."""
        watch = Watch(FaultScript())
        report = await self._run(watch, None)
        told = {each.status for each in report.datasets} if report else set()
        if watch.writes or told - {"unchanged"} or look(self.sandbox) != self.start:
            raise Wrong(f"state: a second run wrote {watch.writes} times: {_why(report)} {told}")

    async def _run(self, watch: Watch, what: str | None) -> RunReport | None:
        """One run; None when it crashed."""
        self.start = look(self.sandbox)
        self.known.reordered.clear()
        self.sandbox.interceptor = watch
        self.figures.runs += 1
        self.tell(
            f"run {self.figures.runs}: {what or 'plain'} at {watch.at}; {watch.script.unmet()}"
        )
        self.tell(f"  wanted: {[each.written() for each in self.wanted.datasets]}")
        task = asyncio.create_task(self._publish(watch, what))
        if what == "crash":
            watch.deed = task.cancel
        elif what == "meanwhile":
            watch.deed = self.others.act_meanwhile
        elif what == "modify":
            watch.deed = self.wanted.modify
        done, _ = await asyncio.wait([task], timeout=TOO_LONG_S)
        if not done:
            task.cancel()
            raise Wrong("state: the run hangs")
        await watch.idle()
        for dataset_id in self.known.reordered:  # our list may have been on its way, or not
            self.known.note(look(self.sandbox), dataset_id)
        self._count(watch, what)
        report = None if task.cancelled() else task.result()
        self.tell(f"  met {dict(watch.script.met)}; exit code {report and report.run.exit_code}")
        self.tell(f"  {_why(report)}")
        if report is not None and ("defect" in _why(report) or report.run.exit_code == 2):
            raise Wrong(f"state: {_why(report)}")
        return report

    async def _publish(self, watch: Watch, what: str | None) -> RunReport:
        @contextmanager
        def interruptible(run: Run) -> Iterator[None]:
            if what == "interrupt":
                watch.deed = lambda: run.interrupt("interrupted")
            yield

        return await bulkpub.publish(
            self.wanted.save(),
            connection=Connection(
                portal=self.sandbox.base_url, key=self.sandbox.api_key, patience_s=PATIENCE_S
            ),
            options=RunOptions(allow_mass_delete=True),
            interruptible=interruptible,
            state_dir=self.journal,
        )

    def _count(self, watch: Watch, what: str | None) -> None:
        self.figures.met += watch.script.met
        self.figures.requests += watch.count
        self.figures.refused += sum(seen.status == 429 for seen in self.sandbox.requests)
        if what and watch.count >= watch.at:
            self.figures.ends[what] += 1
        self.sandbox.requests.clear()

    # --- the journal -----------------------------------------------------------------------

    def _lose_journal(self) -> None:
        file = self.journal / "journal.sqlite"
        if not file.exists():
            return
        match self.chance.randrange(4):
            case 0:
                rmtree(self.journal)
            case 1:
                content = bytearray(file.read_bytes())
                start = self.chance.randrange(len(content))
                content[start : start + 500] = self.chance.randbytes(500)
                file.write_bytes(content)
            case _:
                return


def _errors(report: RunReport) -> list[str]:
    errors = [report.run.error, *(str(problem) for problem in report.run.problems)]
    for dataset in report.datasets:
        errors += [dataset.error, *(resource.error for resource in dataset.resources)]
    return [error for error in errors if error]


def _why(report: RunReport | None) -> str:
    return "; ".join(_errors(report)) or "no error" if report else "it crashed"


async def live(
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Figures:
    """Live one history, `without` some kinds of faults; raises `Wrong` for a broken promise."""
    with TemporaryDirectory(prefix="bulkpub-chaos-") as folder:
        async with Sandbox(SandboxSettings(clock=clock)) as sandbox:
            history = History(seed, sandbox, Path(folder), tell, without)
            await history.live()
    return history.figures
