"""Runs of bulkpub into a sink: tiny files, one run, and what its report weighs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from material import Material, room_for
from portals import Portal, sink
from results import Run
from running import Place, counting
from ways import BULKPUB, OPTIONS, publishing

__all__ = ["first_time", "made", "reported"]

TINY, IN_A_DATASET = 1_000, 100
ON_DISK = 8_192
"""What a tiny file takes on a disk, its entries included."""


@contextmanager
def made(place: Place, files: int, each: int = IN_A_DATASET) -> Iterator[Material]:
    """So many tiny files, `each` to a dataset, for as long as they are needed."""
    room_for(place.folder, files * ON_DISK)
    with place.fresh("files") as folder:
        yield Material(folder, files, TINY, max(1, files // each)).make()


def first_time(place: Place, material: Material, way: str = BULKPUB) -> Run:
    """A run into the sink; as that looks at nothing, requests are counted: one each write."""
    with place.fresh("sunk") as folder, sink()(folder) as portal:
        least = material.files + 2 * material.datasets
        return reported(portal, material, folder, way, least=least)


def reported(
    portal: Portal,
    material: Material,
    folder: Path,
    way: str = BULKPUB,
    *,
    least: int = 0,
    most: int | None = None,
) -> Run:
    """One run, and the size of its report; one with fewer or more requests than that failed.

    What is kept from run to run (the state, the report) is in `folder`.
    """
    manifest = material.folder / "manifest.jsonl"
    if not manifest.exists():
        material.manifest(manifest, portal.organization)
    job, report = publishing(portal, manifest, folder, *OPTIONS[way]), folder / "report.json"
    report.unlink(missing_ok=True)
    run = counting(portal, job, folder / "log.txt", lambda: "")
    requests, fault = run.figures["requests"], run.fault
    if not fault and not report.exists():
        fault = "no report"
    elif not fault and (requests < least or (most is not None and requests > most)):
        fault = f"{requests:.0f} requests"
    size = report.stat().st_size if report.exists() else 0
    return Run({**run.figures, "report": size}, fault)
