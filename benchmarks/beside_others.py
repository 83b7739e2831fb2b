"""Works in which the ways stand side by side, on a real udata and on the sandbox."""

import time

from material import MIB, Material, room_for
from portals import RealPortal, sandbox
from results import Row
from running import SAME_SECOND, Place, counting, judge_of, publish
from ways import BULKPUB, CLIENT_1, CLIENT_8, CURL, EQUAL, WAYS

__all__ = ["changed", "large", "latency", "many", "small", "twenty"]

SMALL, TINY = 10_000, 1_000
SLOW = 100
"""Milliseconds that a slow portal waits before every answer."""
COPIES = 3
"""What a file takes of the disk while a portal takes it: the request's body, and itself."""


def small(place: Place) -> list[Row]:
    """200 files of 10 kB in 10 datasets, on a real udata."""
    ways = [BULKPUB, EQUAL, CLIENT_8, *([] if place.quick else [CURL, CLIENT_1])]
    real, runs = RealPortal.found(), place.of(3, 1)
    with place.fresh("files") as folder:
        material = Material(folder, 200, SMALL, 10).make()
        return publish(place, "small", real, material, ways, runs=runs, again=True)


def latency(place: Place) -> list[Row]:
    """The same on the sandbox, which waits before every answer."""
    rows: list[Row] = []
    with place.fresh("files") as folder:
        material = Material(folder, 200, SMALL, 10).make()
        for wait in (SLOW,) if place.quick else (0, 20, SLOW):
            ways = [BULKPUB, EQUAL, CLIENT_8, *([] if place.quick else [CURL])]
            ways += [] if wait else [CLIENT_1]
            step, served = f"{wait} ms before every answer", sandbox(wait / 1000)
            runs = place.of(3 if wait == SLOW else 1, 1)
            rows += publish(place, "latency", served, material, ways, runs=runs, step=step)
    return rows


def many(place: Place) -> list[Row]:
    """5,000 files of 1 kB in 100 datasets, on the sandbox."""
    files = place.of(5_000, 500)
    with place.fresh("files") as folder:
        material = Material(folder, files, TINY, files // 50).make()
        ways = [BULKPUB, EQUAL, CLIENT_8, CURL]
        step = f"{files:,} files in {material.datasets} datasets"
        return publish(place, "many", sandbox(), material, ways, step=step)


def changed(place: Place) -> list[Row]:
    """Files of which 10 % change, on the sandbox: first, then again with the changes."""
    files, way = place.of(2_000, 300), WAYS[BULKPUB]
    rows: list[Row] = []
    with place.fresh("files") as folder, sandbox()(folder / "portal") as portal:
        material = Material(folder / "data", files, TINY, files // 100).make()
        (folder / "job").mkdir()
        job, log = way.job(portal, material, folder / "job"), folder / "log.txt"
        for step in (f"{files:,} files, first", "again, 10 % changed", "again, nothing changed"):
            if "10 %" in step:
                material = material.with_changes(10)
            run = counting(portal, job, log, judge_of(portal, material, way))
            rows.append(Row("changed", step, BULKPUB, (run,)))
            time.sleep(SAME_SECOND)
    return rows


def large(place: Place, mib: int) -> list[Row]:
    """One large file, on a real udata."""
    real, work = RealPortal.found(), f"large-{mib}"
    size = place.of(mib, mib // 4) * MIB
    room_for(place.folder, COPIES * size)
    with place.fresh("files") as folder:
        material = Material(folder, 1, size).make()
        step = "first" if not place.quick else f"first, {size // MIB} MiB"
        ways, runs = [BULKPUB, CURL, CLIENT_8], place.of(3 if mib < 512 else 1, 1)  # noqa: PLR2004
        return publish(place, work, real, material, ways, runs=runs, step=step)


def twenty(place: Place) -> list[Row]:
    """20 files of 100 MiB in one dataset, on a real udata."""
    real, size = RealPortal.found(), 100 * MIB
    room_for(place.folder, COPIES * 20 * size)
    with place.fresh("files") as folder:
        material = Material(folder, 20, size).make()
        return publish(place, "twenty", real, material, [BULKPUB, EQUAL, CLIENT_8, CURL])
