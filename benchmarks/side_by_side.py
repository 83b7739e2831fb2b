"""bulkpub beside curl and the official client: the same files to the same portal, in turn.

Each way runs in a process of its own, in rounds (A B C, A B C, …) so that a busy moment of
the machine hits all alike; figures are medians. What arrived is checked by SHA-1 after every
run. See README.md for how to read the table.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from arrivals import Arrived, arrived
from portal import Counted, Portal, serving
from rich.console import Console
from rich.table import Table
from ways import BULKPUB, CLIENT, CURL, Bulkpub, Curl, Material, OfficialClient, Way

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
SAME_SECOND = 1.1
"""Seconds between a run and its re-run: udata refuses one file name twice within a second."""
WAYS = (Curl, OfficialClient, Bulkpub)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one way; times in seconds, memory in bytes."""

    wall: float
    cpu: float
    memory: int
    code: int
    portal: Counted
    arrived: Arrived


def run(way: Way, portal: Portal, material: Material, log: Path) -> Measured:
    """Run the way once and look what arrived."""
    portal.counted()
    measuring = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(log)]
    told = subprocess.run(
        [*measuring, *way.command()],
        env=os.environ | way.environment(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    counted = portal.counted()
    cost = json.loads(told)
    if cost["code"]:
        sys.stderr.write(f"{way.name} ended with {cost['code']}:\n{log.read_text()[-2000:]}\n")
    return Measured(portal=counted, arrived=arrived(portal, material), **cost)


# --- the material ------------------------------------------------------------------------


def make_files(folder: Path, datasets: int, files: int, size: int) -> list[list[Path]]:
    """`files` files of `size` bytes in `datasets` folders, all different, the same every time."""
    seeded = random.Random(20240229)  # noqa: S311 # the same bytes on every machine
    made: list[list[Path]] = [[] for _ in range(datasets)]
    for number in range(files):
        file = folder / f"d{number % datasets:03}" / f"releves-{number:05}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(seeded.randbytes(size))
        made[number % datasets].append(file)
    return made


def make_large(folder: Path, mib: int) -> list[list[Path]]:
    """One sparse file: it takes no room on the disk and costs little to read."""
    file = folder / "grand.csv"
    with file.open("wb") as content:
        content.truncate(mib * MIB)
    return [[file]]


# --- the rounds --------------------------------------------------------------------------


Results = dict[str, list[Measured]]


def compare(
    datasets: Sequence[Sequence[Path]], runs: int, folder: Path, what: str, latency: float
) -> tuple[Results, Results]:
    """`runs` rounds of every way; returns the first runs and the re-runs, by way.

    Each on a fresh portal: one gets slower with what it holds, and the next way would pay for it.
    """
    first: Results = {way.name: [] for way in WAYS}
    again: Results = {way.name: [] for way in WAYS}
    for number in range(runs):
        for kind in WAYS:
            workspace = folder / f"{what}-{number}-{kind.name}"
            workspace.mkdir()
            material = Material(f"{what} {number} {kind.name}", datasets)
            with serving(workspace / "portal", latency) as portal:
                way: Way = kind(portal, material, workspace)
                log = workspace / "log.txt"
                first[way.name].append(run(way, portal, material, log))
                time.sleep(SAME_SECOND)
                again[way.name].append(run(way, portal, material, log))
    return first, again


# --- the tables --------------------------------------------------------------------------


def show(console: Console, title: str, results: Results) -> None:
    """Print medians, and how many times bulkpub's they are."""
    table = Table(title=title, title_justify="left")
    for heading in ("way", "wall", "CPU", "peak memory", "requests", "portal's CPU", "arrived"):
        table.add_column(heading, justify="left" if heading in {"way", "arrived"} else "right")
    ours = _Figures.of(results[BULKPUB])
    for name, runs in results.items():
        figures = _Figures.of(runs)
        table.add_row(name, *figures.cells(ours, alone=name == BULKPUB), _verdict(runs))
    console.print(table)


@dataclass(frozen=True, slots=True)
class _Figures:
    wall: float
    cpu: float
    memory: float
    requests: float
    portal_cpu: float

    @classmethod
    def of(cls, runs: Sequence[Measured]) -> "_Figures":
        median = statistics.median
        return cls(
            median(each.wall for each in runs),
            median(each.cpu for each in runs),
            median(each.memory for each in runs),
            median(each.portal.requests for each in runs),
            median(each.portal.cpu for each in runs),
        )

    def cells(self, ours: "_Figures", *, alone: bool) -> Iterator[str]:
        for shown, mine, theirs in (
            (f"{self.wall:.2f} s", ours.wall, self.wall),
            (f"{self.cpu:.2f} s", ours.cpu, self.cpu),
            (f"{self.memory / MIB:.0f} MiB", ours.memory, self.memory),
            (f"{self.requests:.0f}", ours.requests, self.requests),
            (f"{self.portal_cpu:.2f} s", ours.portal_cpu, self.portal_cpu),
        ):
            yield shown if alone or not mine else f"{shown} (x{theirs / mine:.2f})"


def _verdict(runs: Sequence[Measured]) -> str:
    """What arrived; every run's own when they differ, and runs that failed."""
    told = list(dict.fromkeys(each.arrived.sentence() for each in runs))
    failed = sum(each.code != 0 for each in runs)
    refused = sum(each.portal.refused for each in runs)
    told += [f"{failed} of {len(runs)} runs FAILED"] if failed else []
    told += [f"{refused} requests refused"] if refused else []
    return "; ".join(told)


def machine() -> str:
    """The machine and the versions, on one line."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    asked = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    curl = asked.stdout.split()[1]
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {model}, load {load:.1f} at the start, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"{BULKPUB} {version('bulkpub')}, {CLIENT} {version('datagouv-client')}, {CURL} {curl}"
    )


def main() -> None:
    """Make the files, run the rounds, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="rounds; figures are medians")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--size", type=int, default=10_000, help="bytes of each file")
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--large", type=int, default=256, help="MiB of the one large file; 0: none")
    parser.add_argument("--latency", type=float, default=0, help="seconds before every answer")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 170, highlight=False)
    console.print(machine())
    with tempfile.TemporaryDirectory(prefix="bulkpub-bench-") as temporary:
        folder = Path(temporary)
        small = make_files(folder / "files", given.datasets, given.files, given.size)
        first, again = compare(small, given.runs, folder, "petits", given.latency)
        if given.latency:
            console.print(f"The portal waits {given.latency:g} s before every answer.")
        what = f"{given.files} files of {given.size:,} bytes in {given.datasets} datasets"
        show(console, f"{what}: first publication, median of {given.runs}", first)
        show(console, f"{what}: the same command once more, nothing changed", again)
        if given.large:
            one = make_large(folder, given.large)
            first, again = compare(one, 1, folder, "grand", given.latency)
            show(console, f"One file of {given.large} MiB: first publication", first)
            show(console, f"One file of {given.large} MiB: once more, nothing changed", again)
    console.print("curl: datasets made beforehand and not counted, no titles.")


if __name__ == "__main__":
    main()
