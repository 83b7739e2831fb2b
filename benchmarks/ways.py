"""The ways of publishing that are compared: each prepares its job and is then one command.

Preparing is not measured: the config of curl, the job of the official client and the manifest
of bulkpub are what their users have at hand. Only curl cannot create a dataset and go on
with its id, so its datasets are made beforehand; that favours curl, and the table says so.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portal import Portal

__all__ = ["BULKPUB", "CLIENT", "CURL", "Bulkpub", "Curl", "Material", "OfficialClient", "Way"]

HERE = Path(__file__).resolve().parent
SIDE_BY_SIDE = 8
"""Transfers of curl, threads of the official client; bulkpub runs with its own defaults."""

CURL, CLIENT, BULKPUB = "curl", "datagouv-client", "bulkpub"


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be published: files by dataset, in order. `name` is unique to this one job."""

    name: str
    datasets: Sequence[Sequence[Path]]

    def title(self, number: int) -> str:
        """The title of dataset `number`."""
        return f"{self.name}, dataset {number}"

    @staticmethod
    def file_title(file: Path) -> str:
        """The title that a file shall have."""
        return f"Relevés {file.stem}"

    def payload(self, number: int, organization: str) -> dict[str, str]:
        """What dataset `number` is created with."""
        return {
            "title": self.title(number),
            "description": "Fichiers d'un banc d'essai.",
            "organization": organization,
        }


class Way(Protocol):
    """One way of publishing one material; made afresh for each round."""

    name: str
    titles: bool
    """Whether it gives the files their titles."""

    def command(self) -> list[str]:
        """What to run; running it once more is the re-run."""

    def environment(self) -> dict[str, str]:
        """Variables that the command needs."""


class Curl:
    """`curl --parallel`: the files alone, into datasets that exist already."""

    name = CURL
    titles = False

    def __init__(self, portal: Portal, material: Material, folder: Path) -> None:
        self._config = folder / "curl.config"
        entries: list[str] = []
        for number, files in enumerate(material.datasets):
            payload = material.payload(number, portal.organization)
            dataset = portal.call("POST", "/datasets/", payload)
            entries += (_entry(portal, dataset["id"], file) for file in files)
        self._config.write_text("next\n".join(entries))

    def command(self) -> list[str]:
        """All uploads from one config, so many at once."""
        parallel = ["--parallel", "--parallel-max", str(SIDE_BY_SIDE)]
        return ["curl", *parallel, "--config", str(self._config)]

    def environment(self) -> dict[str, str]:
        """Nothing."""
        return {}


def _entry(portal: Portal, dataset: str, file: Path) -> str:
    return (
        f'url = "{portal.url}/api/1/datasets/{dataset}/upload/"\n'
        f'header = "X-API-KEY: {portal.key}"\n'
        f'form = "file=@{file}"\noutput = "/dev/null"\nfail\nsilent\nshow-error\n'
    )


class OfficialClient:
    """datagouv-client 0.5.1 in threads: datasets, files and titles."""

    name = CLIENT
    titles = True

    def __init__(self, portal: Portal, material: Material, folder: Path) -> None:
        self._job = folder / "job.json"
        job = {
            "url": portal.url,
            "key": portal.key,
            "threads": SIDE_BY_SIDE,
            "datasets": [
                {
                    "id": None,
                    "payload": material.payload(number, portal.organization),
                    "files": [{"path": str(f), "title": material.file_title(f)} for f in files],
                }
                for number, files in enumerate(material.datasets)
            ],
        }
        self._job.write_text(json.dumps(job))

    def command(self) -> list[str]:
        """The script beside this one."""
        return [sys.executable, str(HERE / "official_client.py"), str(self._job)]

    def environment(self) -> dict[str, str]:
        """Nothing."""
        return {}


class Bulkpub:
    """`bulkpub run`: datasets, files, titles, order, and a report."""

    name = BULKPUB
    titles = True

    def __init__(self, portal: Portal, material: Material, folder: Path) -> None:
        self._portal = portal
        self._folder = folder
        manifest = {
            "version": 1,
            "organization": portal.organization,
            "datasets": [
                {
                    "key": f"{material.name}-{number}",
                    "title": material.title(number),
                    "description": "Fichiers d'un banc d'essai.",
                    "resources": [{"path": str(f), "title": material.file_title(f)} for f in files],
                }
                for number, files in enumerate(material.datasets)
            ],
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))

    def command(self) -> list[str]:
        """As installed beside this Python, with the defaults."""
        program = Path(sys.executable).with_name("bulkpub")
        report = ["--report", str(self._folder / "report.json")]
        return [str(program), "run", str(self._folder / "manifest.json"), *report]

    def environment(self) -> dict[str, str]:
        """Portal and key, as on any machine that publishes."""
        return {"BULKPUB_PORTAL": self._portal.url, "BULKPUB_API_KEY": self._portal.key}
