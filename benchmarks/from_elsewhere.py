"""The work that takes files from other servers: harvested, fetched, published."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from material import Material
from portals import Portal, sandbox
from results import Row, Run
from running import Place, counting, measure
from ways import BULKPUB, program, publishing

__all__ = ["harvested"]

HERE = Path(__file__).resolve().parent
LATENCY, HOSTS, AT_ONCE = 0.05, 16, 2
"""Seconds before every answer of the servers; how many there are; how many files bulkpub asks
one of them for at once, by default."""
PRIVATE = "--allow-private-sources"


def harvested(place: Place) -> list[Row]:
    """Files on sixteen servers with 50 ms before every answer: harvested, and published."""
    files = place.of(10_000, 500)
    material = Material(place.folder, files, 1_000, max(1, files // 100))
    step = f"{files:,} files, {LATENCY * 1000:.0f} ms before every answer"
    with place.fresh("elsewhere") as folder, sandbox()(folder / "portal") as portal:
        manifest = folder / "manifest.jsonl"
        with _elsewhere(material) as catalogue:
            options = ["--organization", portal.organization, "--output", str(manifest), PRIVATE]
            done = measure(program("harvest", "csv", catalogue, *options), folder / "log.txt")
            rows = [Row("harvested", f"{step}: harvest", BULKPUB, (done.run(),))]
            job = publishing(portal, manifest, folder, PRIVATE)
            run = counting(portal, job, folder / "log.txt", lambda: _wrong(portal, material))
            rows.append(Row("harvested", f"{step}: run", BULKPUB, (run,)))
    least = files * LATENCY / (HOSTS * AT_ONCE)
    waiting = Run({"wall": least})
    return [*rows, Row("harvested", f"{step}: run", "waiting for the servers alone", (waiting,))]


@contextmanager
def _elsewhere(material: Material) -> Iterator[str]:
    """The servers, in one process; the address of their catalogue."""
    shape = [material.files, material.size, material.datasets, LATENCY, HOSTS]
    command = [sys.executable, str(HERE / "remote_files.py"), *map(str, shape)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None  # noqa: S101 # opened as a pipe above
        try:
            yield str(json.loads(process.stdout.readline())["catalogue"])
        finally:
            process.communicate()  # the end of its input ends it


def _wrong(portal: Portal, material: Material) -> str:
    """By SHA-1 alone: a harvest names datasets in its own way."""
    wanted = Counter(material.sha1(number) for _, number in material.all())
    there = Counter(
        resource["checksum"]["value"]
        for dataset in portal.datasets()
        for resource in dataset["resources"]
    )
    lost, doubled = (wanted - there).total(), (there - wanted).total()
    return f"{lost} LOST, {doubled} DOUBLED" if lost or doubled else ""
