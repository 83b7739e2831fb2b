"""The manifests we ship, by the command that people type."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from bulkpub import RunReport

MANIFESTS = Path(__file__).parents[2] / "manifests"


async def command(
    *arguments: str | Path, folder: Path, environment: dict[str, str]
) -> tuple[int, str]:
    """Exit code and words of `bulkpub`, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bulkpub", *arguments),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def its_own(name: str, tag: str, folder: Path) -> Path:
    """A manifest of ours with keys and titles that nobody else on the portal has."""
    document = YAML(typ="safe").load(MANIFESTS / name)
    for dataset in document["datasets"]:
        dataset["key"] += f"-{tag}"
        dataset["title"] += f" ({tag})"
    (folder / "data").symlink_to(MANIFESTS / "data")
    path = folder / "manifest.json"
    path.write_bytes(orjson.dumps({**document, "organization": "test-organization"}))
    return path


@pytest.mark.parametrize("name", ["demo.yaml", "nightly.yaml", "harvest.yaml"])
async def test_a_shipped_manifest_is_published_and_a_second_run_changes_nothing(
    *,
    target: Any,
    verify: Any,
    writes: Callable[..., int],
    tmp_path: Path,
    command_environment: dict[str, str],
    name: str,
) -> None:
    wanted = its_own(name, target.tag, tmp_path)
    environment = {**command_environment, "BULKPUB_API_KEY": target.key("user")}
    for first in (True, False):
        code, said = await command(
            *("run", wanted, "--portal", target.info["base_url"]),
            folder=tmp_path,
            environment=environment,
        )
        assert code == 0, said
        content = (tmp_path / "bulkpub-report.json").read_bytes()
        report = TypeAdapter(RunReport).validate_json(content)
        await verify(wanted, report, account="user")
        totals = report.totals
        if first:
            assert totals.datasets.created == len(report.datasets)
        else:
            assert writes(report) == 0
            assert totals.datasets.unchanged == len(report.datasets)


async def test_the_key_of_the_wrong_organization_ends_the_command_with_3(
    target: Any, manifest: Any, said: Any, tmp_path: Path, command_environment: dict[str, str]
) -> None:
    environment = {**command_environment, "BULKPUB_API_KEY": target.key("user")}
    wanted = manifest(said("wrong", "a.csv"))
    code, words = await command("run", wanted, folder=tmp_path, environment=environment)
    assert code == 3
    assert "is not a member of the organization 'Other Organization'" in " ".join(words.split())
