"""The ways of publishing that are compared: each prepares its job and is then one command.

Preparing is not measured: the configs of curl, the job of the official client and the manifest
of bulkpub are what their users have at hand. What a way promises of the result is held
against what arrived, so that none is fast by leaving something out unseen.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from curl_config import files_only, prepare
from material import Material
from portals import Portal

__all__ = ["ALONE", "BULKPUB", "CLIENT_1", "CLIENT_8", "CURL", "DASK", "EQUAL", "OPTIONS", "WAYS"]
__all__ += ["Job", "Way", "program", "publishing", "stat_and_hash"]

HERE = Path(__file__).resolve().parent
SIDE_BY_SIDE = 8
"""Transfers of curl, threads of the official client; bulkpub runs with its own defaults."""

WORKERS = 2
"""Processes of the Dask cluster that bulkpub makes."""

BULKPUB, DASK = "bulkpub", "bulkpub on Dask, two workers"
OPTIONS = {BULKPUB: (), DASK: ("--engine", "dask", "--workers", str(WORKERS))}
"""What bulkpub is told beside the manifest, by the way that it is."""
CLIENT_1, CLIENT_8 = "datagouv-client", f"datagouv-client, {SIDE_BY_SIDE} threads"
CURL, EQUAL = "curl, files only", "curl, equal work"
ALONE = "stat and SHA-1 alone"


@dataclass(frozen=True, slots=True)
class Job:
    """One command, and the variables it needs."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """How one way's job is made for a portal and a material, in an empty folder of its own."""

    name: str
    job: Callable[[Portal, Material, Path], Job]
    titles: bool = True
    """Whether it gives the files their titles."""
    order: bool = False
    """Whether it puts them in order."""


def program(*arguments: str) -> Job:
    """Bulkpub as installed beside this Python, or that of the checkout BULKPUB_BENCH_TREE."""
    tree = os.environ.get("BULKPUB_BENCH_TREE")
    command = [str(Path(sys.executable).with_name("bulkpub")), *arguments]
    return Job(command, {"PYTHONPATH": tree} if tree else {})


# --- bulkpub ------------------------------------------------------------------------------


def publishing(portal: Portal, manifest: Path, folder: Path, *options: str) -> Job:
    """`bulkpub run` of a manifest: its defaults, its state and report in `folder`."""
    kept = ["--report", str(folder / "report.json"), "--state-dir", str(folder / "state")]
    job = program("run", str(manifest), *kept, *options)
    told = {"BULKPUB_PORTAL": portal.url, "BULKPUB_API_KEY": portal.key}
    return Job(job.command, job.environment | told)


def _bulkpub(way: str) -> Callable[[Portal, Material, Path], Job]:
    def job(portal: Portal, material: Material, folder: Path) -> Job:
        written = material.manifest(material.folder / "manifest.json", portal.organization)
        return publishing(portal, written, folder, *OPTIONS[way])

    return job


def stat_and_hash(manifest: Path) -> Job:
    """What looking at the files of a manifest (JSONL) and hashing them costs alone."""
    return Job([sys.executable, "-I", "-S", str(HERE / "alone.py"), str(manifest)])


# --- the official client ------------------------------------------------------------------


def _client(threads: int) -> Callable[[Portal, Material, Path], Job]:
    def job(portal: Portal, material: Material, folder: Path) -> Job:
        datasets = [
            {
                "id": None,
                "payload": material.payload(dataset, portal.organization),
                "files": [
                    {
                        "path": str(material.path(dataset, number)),
                        "title": material.file_title(number),
                    }
                    for number in material.numbers(dataset)
                ],
            }
            for dataset in range(material.datasets)
        ]
        told = {"url": portal.url, "key": portal.key, "threads": threads, "datasets": datasets}
        file = folder / "job.json"
        file.write_text(json.dumps(told))
        return Job([sys.executable, str(HERE / "official_client.py"), str(file)])

    return job


# --- curl ---------------------------------------------------------------------------------


def _curl(portal: Portal, material: Material, folder: Path) -> Job:
    """The files alone, into datasets that are made beforehand and not counted."""
    told = folder / "curl.config"
    files_only(portal, material, told)
    parallel = ["--no-progress-meter", "--parallel", "--parallel-max", str(SIDE_BY_SIDE)]
    return Job(["curl", *parallel, "--config", str(told)])


def _equal(portal: Portal, material: Material, folder: Path) -> Job:
    """The same creates, uploads and finishing requests as bulkpub's."""
    prepare(portal, material, folder)
    script = [str(HERE / "curl_equal.py"), str(folder), str(SIDE_BY_SIDE)]
    return Job([sys.executable, "-I", "-S", *script])


WAYS = {
    way.name: way
    for way in (
        Way(BULKPUB, _bulkpub(BULKPUB), order=True),
        Way(DASK, _bulkpub(DASK), order=True),
        Way(CLIENT_8, _client(SIDE_BY_SIDE)),
        Way(CLIENT_1, _client(1)),
        Way(EQUAL, _equal, order=True),
        Way(CURL, _curl, titles=False),
    )
}
