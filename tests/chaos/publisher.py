"""Runs of the publisher in the sandbox's own loop: one, or two at once; watched and counted.

Rule: a run is not judged here, but for what can never be right: a defect, or no end.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import bulkpub
from bulkpub import Connection, RunOptions, RunReport, Sources
from bulkpub.sandbox import Sandbox
from bulkpub.session.run import Interruptible
from tests.chaos.judge import Known
from tests.chaos.promises import Wrong
from tests.chaos.seen import SeenDataset, look
from tests.chaos.site import FlakySite
from tests.chaos.trouble import PATIENCE_S
from tests.chaos.wanted import Wanted
from tests.chaos.watch import Trouble, Watch

__all__ = ["Figures", "Publisher", "errors_of", "why"]

TOO_LONG_S = 7200.0
"""Seconds, of the fast kind, after which a run hangs."""
PARTS_ABOVE, PART = 100, 1_500
"""Bytes: what is sent in parts when parts are asked for, and how large one is."""


@dataclass
class Figures:
    """What histories went through, in all."""

    histories: int = 0
    runs: int = 0
    requests: int = 0
    refused: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    last_writes: int = 0
    last_deed_done: bool = False
    """Of the last run: how often it wrote, and whether what was to happen in it did."""

    def add(self, other: "Figures") -> None:
        """Count what another history went through."""
        self.runs += other.runs
        self.requests += other.requests
        self.refused += other.refused
        self.ends += other.ends
        self.met += other.met


class Publisher:
    """Publishes `wanted` to the sandbox, again and again.

    `start` is what was there when the last run began; `known` is told of what others reordered.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        site: FlakySite,
        wanted: Wanted,
        known: Known,
        tell: Callable[[str], None],
    ) -> None:
        self.sandbox = sandbox
        self.site = site
        self.wanted = wanted
        self.known = known
        self.tell = tell
        self.figures = Figures()
        self.journal = wanted.root / "state"
        self.start: dict[str, SeenDataset] = {}

    async def run(self, trouble: Trouble) -> RunReport | None:
        """One run; None when it crashed."""
        watch = self._begin(trouble)
        task = asyncio.create_task(self._publish(watch, self.journal))
        if trouble.deed == "crash":
            watch.deed = task.cancel
        await _in_time(task)
        await self._end(watch)
        report = None if task.cancelled() else task.result()
        self.tell(f"  met {dict(trouble.script.met)}; exit code {report and report.run.exit_code}")
        self.tell(f"  {why(report)}")
        if report is not None:
            _check_no_defect(report)
        return report

    async def run_twice_at_once(self, at: int) -> tuple[RunReport, RunReport]:
        """Two runs on two machines; the second begins at request `at` of the first."""
        begin = asyncio.Event()
        watch = self._begin(Trouble(deed="twin", at=at, act=begin.set))

        async def first() -> RunReport:
            try:
                return await self._publish(watch, self.journal)
            finally:
                begin.set()

        async def second() -> RunReport:
            await begin.wait()
            return await self._publish(watch, self.journal.with_name("state-elsewhere"))

        tasks = asyncio.create_task(first()), asyncio.create_task(second())
        await _in_time(*tasks)
        await self._end(watch)
        reports = tasks[0].result(), tasks[1].result()
        for report in reports:
            self.tell(f"  one of two: exit code {report.run.exit_code}, {why(report)}")
            _check_no_defect(report)
        return reports

    # --- means -----------------------------------------------------------------------------

    def _begin(self, trouble: Trouble) -> Watch:
        watch = Watch(trouble)
        self.start = look(self.sandbox)
        self.known.reordered.clear()
        self.sandbox.interceptor = watch
        self.site.mishaps[:] = trouble.mishaps
        self.figures.runs += 1
        self.tell(f"run {self.figures.runs}: {trouble}")
        self.tell(f"  wanted: {self.wanted.document()['datasets']}")
        return watch

    async def _publish(self, watch: Watch, journal: Path) -> RunReport:
        @contextmanager
        def interruptible(run: Interruptible) -> Iterator[None]:
            if watch.trouble.deed == "interrupt":
                watch.deed = lambda: run.interrupt("interrupted")
            yield

        options = RunOptions(allow_mass_delete=True)
        if watch.trouble.in_parts:
            options = replace(options, chunk_above=PARTS_ABOVE, chunk_size=PART)
        if watch.trouble.in_turn:
            options = replace(options, concurrency=1, uploads=1)
        return await bulkpub.publish(
            self.wanted.save(),
            connection=Connection(
                portal=self.sandbox.base_url, key=self.sandbox.api_key, patience_s=PATIENCE_S
            ),
            sources=Sources(allow_private=True),
            options=options,
            interruptible=interruptible,
            state_dir=journal,
        )

    async def _end(self, watch: Watch) -> None:
        await watch.idle()
        for dataset_id in self.known.reordered:  # our list may have been on its way, or not
            self.known.note(look(self.sandbox), dataset_id)
        self.site.mishaps.clear()
        self.figures.last_writes, self.figures.last_deed_done = watch.writes, watch.happened
        self.figures.met += watch.trouble.script.met
        self.figures.met.update(self.site.met)
        self.site.met.clear()
        self.figures.requests += watch.count
        self.figures.refused += sum(seen.status == 429 for seen in self.sandbox.requests)
        if watch.happened and watch.trouble.deed:
            self.figures.ends[watch.trouble.deed] += 1
        self.sandbox.requests.clear()


async def _in_time(*tasks: "asyncio.Task[RunReport]") -> None:
    _, late = await asyncio.wait(tasks, timeout=TOO_LONG_S)
    for task in late:
        task.cancel()
    if late:
        raise Wrong("state: the run hangs")


def _check_no_defect(report: RunReport) -> None:
    if "defect" in why(report) or report.run.exit_code == 2:
        raise Wrong(f"state: {why(report)}")


def errors_of(report: RunReport) -> list[str]:
    """Everything a report calls wrong."""
    errors = [report.run.error, *(str(problem) for problem in report.run.problems)]
    for dataset in report.datasets:
        errors += [dataset.error, *(resource.error for resource in dataset.resources)]
    return [error for error in errors if error]


def why(report: RunReport | None) -> str:
    """The same in a line."""
    return "; ".join(errors_of(report)) or "no error" if report else "it crashed"
