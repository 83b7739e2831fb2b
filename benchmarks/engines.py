"""Works done in one process, and by the workers of a Dask cluster on the same machine.

The two take turns, and each run has a state of its own. What the cluster's start takes is known
from runs with next to nothing to do.
"""

import statistics
from collections.abc import Callable

from material import Material
from portals import sandbox, sink
from results import Row, Run
from running import Place, measure, publish
from sunk import first_time, made, reported
from ways import ALONE, BULKPUB, DASK, WORKERS, stat_and_hash

__all__ = ["added", "engines", "hashing", "jobs"]

ENGINES = (BULKPUB, DASK)
ADDED = "what Dask adds"
SMALL, LARGE = 10_000, 500_000_000
START = "one file: the start"


def engines(place: Place) -> list[Row]:
    """Small files on the sandbox, which answers at once, or waits before every answer."""
    files, runs = place.of(2_000, 200), place.of(3, 1)
    rows = _starts(place, "engines")
    with place.fresh("files") as folder:
        material = Material(folder, files, SMALL, files // 100).make()
        for wait in (0, 50):
            step, served = f"{files:,} files, {wait} ms before every answer", sandbox(wait / 1000)
            rows += publish(place, "engines", served, material, ENGINES, runs=runs, step=step)
    return rows


def jobs(place: Place) -> list[Row]:
    """Datasets with next to nothing to do, the start taken off: what is dear is each job."""
    number, runs = place.of(2_000, 200), place.of(3, 1)
    starts = _starts(place, "jobs")
    with made(place, number, each=1) as material:
        done = _turns(lambda way: first_time(place, material, way), runs)
    step = f"{number:,} datasets"
    rows = [
        Row("jobs", step, start.way, tuple(_each(start, run, number) for run in done[start.way]))
        for start in starts
    ]
    return [*starts, *rows, added(*rows)]


def hashing(place: Place) -> list[Row]:
    """Large files that the portal has, but nobody remembers the checksums of: they are read."""
    files, size, runs = place.of(20, 6), place.of(LARGE, LARGE // 5), place.of(3, 1)
    step = f"{files} files of {size // 10**6} MB"
    starts = _starts(place, "hashing")
    with place.fresh("files") as folder:
        material = Material(folder, files, size, files).make()
        with sink(material)(folder) as portal:

            def hashed(way: str) -> Run:
                with place.fresh("hashed") as state:
                    return reported(portal, material, state, way, most=5 + WORKERS)

            done = _turns(hashed, runs)
        job = stat_and_hash(folder / "manifest.jsonl")
        alone = measure(job, folder / "log.txt").run()
    rows = [
        Row("hashing", step, start.way, tuple(_busy(start, run) for run in done[start.way]))
        for start in starts
    ]
    return [*starts, *rows, Row("hashing", step, ALONE, (alone,))]


def _turns(run: Callable[[str], Run], runs: int) -> dict[str, tuple[Run, ...]]:
    """So many runs of each engine, one after the other: what else the machine does hits both."""
    rounds = [[run(way) for way in ENGINES] for _ in range(runs)]
    return dict(zip(ENGINES, zip(*rounds, strict=True), strict=True))


def _starts(place: Place, work: str) -> list[Row]:
    """One dataset of one tiny file: Python, bulkpub, and for Dask the cluster, made and ended."""
    with made(place, 1) as one:
        done = _turns(lambda way: first_time(place, one, way), place.of(3, 1))
    usual = statistics.median(run.figures["wall"] for run in done[BULKPUB])
    clusters = tuple(
        Run({**run.figures, "cluster": run.figures["wall"] - usual}, run.fault)
        for run in done[DASK]
    )
    return [Row(work, START, BULKPUB, done[BULKPUB]), Row(work, START, DASK, clusters)]


def _off(start: Row, run: Run) -> dict[str, float]:
    """Wall and CPU seconds of a run, what the start takes not counted."""
    return {each: run.figures[each] - (start.median(each) or 0.0) for each in ("wall", "cpu")}


def _each(start: Row, run: Run, number: int) -> Run:
    """With what each dataset costs beyond the one that a start is made with."""
    off = _off(start, run)
    each = {f"{quantity}_job": value / (number - 1) for quantity, value in off.items()}
    return Run({**run.figures, **each}, run.fault)


def _busy(start: Row, run: Run) -> Run:
    """With how many cores were busy once it had started."""
    off = _off(start, run)
    work = {f"{quantity}_work": value for quantity, value in off.items()}
    return Run({**run.figures, **work, "cores": off["cpu"] / off["wall"]}, run.fault)


def added(one: Row, dask: Row) -> Row:
    """What a dataset costs more on Dask; without figures where one of them failed."""
    differences = {
        quantity: more - less
        for quantity in ("wall_job", "cpu_job")
        if (more := dask.median(quantity)) is not None
        and (less := one.median(quantity)) is not None
    }
    return Row(dask.work, dask.step, ADDED, (Run(differences),) if differences else ())
