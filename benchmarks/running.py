"""One measured command, and rounds of them: fresh portals, turns, medians, what arrived.

The rule: a command that ends badly, or whose result is not what its way promises, is a failed
run. Its figures are kept, and never shown as figures.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arrivals import arrived
from material import Material
from portals import Portal, Serving
from results import Row, Run
from ways import BULKPUB, WAYS, Job, Way

__all__ = ["SAME_SECOND", "Measured", "Place", "counting", "judge_of", "measure", "publish"]

HERE = Path(__file__).resolve().parent
SAME_SECOND = 1.1
"""Seconds between a run and its re-run: udata refuses one file name twice within a second."""
LONGEST = 3600.0
"""Seconds that one command may take."""
FIRST, AGAIN = "first", "again, nothing changed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a benchmark works: a folder of its own, emptied work by work; `quick`: in small."""

    folder: Path
    quick: bool

    @contextmanager
    def fresh(self, name: str) -> Iterator[Path]:
        """An empty folder, gone afterwards."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def of(self, whole: int, quick: int) -> int:
        """A size or a number of runs: `quick` when it is to be quick."""
        return quick if self.quick else whole


@dataclass(frozen=True, slots=True)
class Measured:
    """What one command cost; `began` is by the machine's monotonic clock."""

    figures: dict[str, float]
    fault: str
    began: float

    def run(self, fault: str = "", **more: float) -> Run:
        """As one run of a row, with what else is known of it."""
        return Run(self.figures | more, self.fault or fault)


def measure(job: Job, log: Path) -> Measured:
    """Run the job once; seconds and bytes. One that hangs is ended after `LONGEST`."""
    measuring = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(log)]
    with subprocess.Popen(
        [*measuring, *job.command],
        env=os.environ | job.environment,
        stdout=subprocess.PIPE,
        start_new_session=True,  # so that all it started can be ended with it
    ) as process:
        try:
            told, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return Measured({}, f"not done after {LONGEST:g} s", 0.0)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    cost = json.loads(told)
    fault = ""
    if cost["code"]:
        fault = f"exit code {cost['code']}"
        sys.stderr.write(f"{' '.join(job.command)[:200]}: {fault}\n{_end_of(log)}\n")
    return Measured({name: cost[name] for name in ("wall", "cpu", "memory")}, fault, cost["began"])


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def counting(portal: Portal, job: Job, log: Path, judge: Callable[[], str]) -> Run:
    """The same, with what the portal counted meanwhile; `judge` tells what is wrong afterwards."""
    portal.counted()
    measured = measure(job, log)
    counted = portal.counted()
    fault = judge()
    if counted.refused:
        told = f"{counted.refused} requests refused"
        fault = f"{fault}, {told}" if fault else told
    return measured.run(fault, requests=counted.requests, portal_cpu=counted.cpu)


def publish(
    place: Place,
    work: str,
    serving: Serving,
    material: Material,
    ways: Sequence[str],
    *,
    runs: int = 1,
    step: str = FIRST,
    again: bool = False,
) -> list[Row]:
    """`runs` rounds of the ways, each on a fresh portal: one gets slower with what it holds.

    With `again` bulkpub does the same once more. What a way leaves on the disk is gone before
    the next begins.
    """
    first: dict[str, list[Run]] = {name: [] for name in ways}
    second: list[Run] = []
    for number in range(runs):
        for name in ways:
            with place.fresh(f"{work}-{number}") as folder, serving(folder / "portal") as portal:
                (folder / "job").mkdir()
                log = folder / "log.txt"
                way = WAYS[name]
                job = way.job(portal, material, folder / "job")
                judge = judge_of(portal, material, way)
                first[name].append(counting(portal, job, log, judge))
                if again and name == BULKPUB:
                    time.sleep(SAME_SECOND)
                    second.append(counting(portal, job, log, judge))
    rows = [Row(work, step, name, tuple(found)) for name, found in first.items()]
    return rows + ([Row(work, AGAIN, BULKPUB, tuple(second))] if again else [])


def judge_of(portal: Portal, material: Material, way: Way) -> Callable[[], str]:
    """Looks what is not there as the way promises."""
    return lambda: arrived(portal.datasets(), material).fault(titles=way.titles, order=way.order)
