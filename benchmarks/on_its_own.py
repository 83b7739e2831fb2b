"""Works that bulkpub does alone: what it costs itself, into a sink or with no portal at all."""

from dataclasses import replace

from material import Material
from portals import sink
from results import Row, Run
from running import Place, counting, measure
from sunk import first_time, made, reported
from ways import (
    ALONE,
    BULKPUB,
    CLIENT_8,
    CURL,
    EQUAL,
    WAYS,
    Job,
    program,
    publishing,
    stat_and_hash,
)

__all__ = ["cost", "linear", "million", "million_first", "start", "validate"]

SEVERAL_RUNS = 100_000
"""Up to so many files, a re-run is done several times."""


# --- into the sink ------------------------------------------------------------------------


def cost(place: Place) -> list[Row]:
    """Small files, the start taken off: what is slow then is the client."""
    most, runs = place.of(5_000, 1_000), place.of(3, 2)
    with made(place, 1) as one:
        start = tuple(first_time(place, one) for _ in range(runs))
    off = Row("cost", "one file: the start", BULKPUB, start)
    step = f"{most:,} files"
    with made(place, most, each=50) as material:
        ours = tuple(_without(off, first_time(place, material), most) for _ in range(runs))
        others = [
            Row("cost", step, way, (_sunk(place, material, way),))
            for way in (EQUAL, CLIENT_8, CURL)
        ]
    return [off, Row("cost", step, BULKPUB, ours), *others]


def _without(start: Row, run: Run, files: int) -> Run:
    each = (run.figures["cpu"] - (start.median("cpu") or 0.0)) / files
    return replace(run, figures={**run.figures, "cpu_each": each})


def _sunk(place: Place, material: Material, way: str) -> Run:
    with place.fresh("sunk") as folder, sink()(folder) as portal:
        job = WAYS[way].job(portal, material, folder)
        return counting(portal, job, folder / "log.txt", lambda: "")


# --- how it grows -------------------------------------------------------------------------


def linear(place: Place) -> list[Row]:
    """Ten times as many files each time: first, and again when the portal has them all."""
    rows: list[Row] = []
    for files in (1_000, 4_000) if place.quick else (1_000, 10_000, 100_000):
        with made(place, files) as material:
            first = (first_time(place, material),)
            rows.append(Row("linear", f"{files:,} files, first", BULKPUB, first))
            rows += _again(place, "linear", material)
    return rows


def million(place: Place) -> list[Row]:
    """1,000,000 files that the portal has; the manifest of them validated."""
    files = place.of(1_000_000, 20_000)
    with made(place, files) as material:
        manifest = material.manifest(material.folder / "manifest.jsonl", "sink")
        job = program("validate", str(manifest))
        run = measure(job, material.folder / "log.txt").run()
        rows = [Row("million", f"{files:,} files, validate", BULKPUB, (run,))]
        return rows + _again(place, "million", material)


def million_first(place: Place) -> list[Row]:
    """1,000,000 files published for the first time."""
    files = place.of(1_000_000, 20_000)
    with made(place, files) as material:
        step = f"{files:,} files, first"
        return [Row("million-first", step, BULKPUB, (first_time(place, material),))]


def _again(place: Place, work: str, material: Material) -> list[Row]:
    """Files that the portal has all of: nothing is known of them yet, and then everything."""
    runs, name = (3 if material.files <= SEVERAL_RUNS else 1), f"{material.files:,} files again"
    pages = 5 + material.datasets // 50
    with place.fresh("again") as folder, sink(material)(folder) as portal:

        def again() -> Run:
            return reported(portal, material, folder, most=pages)

        empty, warm = again(), [again() for _ in range(runs)]
    alone = measure(stat_and_hash(material.folder / "manifest.jsonl"), material.folder / "log.txt")
    return [
        Row(work, f"{name}, journal empty", BULKPUB, (empty,)),
        Row(work, f"{name}, journal empty", ALONE, (alone.run(),)),
        Row(work, f"{name}, journal warm", BULKPUB, tuple(warm)),
    ]


# --- no portal at all ---------------------------------------------------------------------


def validate(place: Place) -> list[Row]:
    """A manifest of many files, in each spelling."""
    rows: list[Row] = []
    files, runs = place.of(100_000, 5_000), place.of(2, 1)
    with made(place, files) as material:
        for spelling in ("yaml", "json", "jsonl", "csv"):
            manifest = material.manifest(material.folder / f"manifest.{spelling}", "sink")
            job, log = program("validate", str(manifest)), material.folder / "log.txt"
            done = tuple(measure(job, log).run() for _ in range(runs))
            rows.append(Row("validate", f"{files:,} files, {spelling.upper()}", BULKPUB, done))
    return rows


def start(place: Place) -> list[Row]:
    """What is there before anything is done."""
    runs = place.of(7, 3)
    completing = {
        "_BULKPUB_COMPLETE": "complete_bash",
        "COMP_WORDS": "bulkpub ru",
        "COMP_CWORD": "1",
    }
    asked = {
        "--help": program("--help"),
        "--version": program("--version"),
        "completion": Job(program().command, program().environment | completing),
    }
    with place.fresh("start") as folder:
        rows = [
            Row(
                "start",
                name,
                BULKPUB,
                tuple(measure(job, folder / "log.txt").run() for _ in range(runs)),
            )
            for name, job in asked.items()
        ]
    with made(place, 1) as material:
        return [*rows, Row("start", "run", BULKPUB, _started(place, material, runs))]


def _started(place: Place, material: Material, runs: int) -> tuple[Run, ...]:
    """From the start of the process to its first request, as the sink sees it come."""
    done: list[Run] = []
    for _ in range(runs):
        with place.fresh("sunk") as folder, sink()(folder) as portal:
            manifest = material.manifest(material.folder / "manifest.json", portal.organization)
            portal.counted()
            measured = measure(publishing(portal, manifest, folder), folder / "log.txt")
            first = portal.counted().first
            after = first - measured.began if first is not None else 0.0
            done.append(measured.run("" if first else "no request came", first_request=after))
    return tuple(done)
