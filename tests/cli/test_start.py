"""What is loaded, before anything is done: `--help` of all needs none of the program."""

import inspect
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import bulkpub
from bulkpub.cli.commands import COMMANDS, loaded

HEAVY = {
    "aiohttp",
    "anyio",
    "asyncio",
    "ijson",
    "orjson",
    "pydantic",
    "pydantic_core",
    "rdflib",
    "ruamel",
    "ssl",
    "structlog",
    "bulkpub.harvest",
    "bulkpub.manifest",
    "bulkpub.pipeline",
    "bulkpub.portals",
    "bulkpub.sandbox",
    "bulkpub.session",
    "bulkpub.sources",
}
OF_DASK = {"cloudpickle", "dask", "distributed", "tornado"}
"""What only an engine of Dask's needs."""
MOST = 230
"""Modules that `--help` loads: Python's own, and typer's; what we add is a dozen."""
MOST_TO_COMPLETE = 420
"""What typer completes with is larger: it reads what was typed so far."""
LOADED = """
import sys
sys.argv[0] = "bulkpub"
try:
    import bulkpub.cli
    bulkpub.cli.main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.served
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []], ids=str)
def test_the_list_of_commands_loads_none_of_them(arguments: list[str]) -> None:
    modules = loaded_by(arguments)
    assert not modules & (HEAVY | OF_DASK)
    assert len(modules) < MOST
    assert len([name for name in modules if name.startswith("bulkpub")]) < 13


@pytest.mark.served
def test_neither_does_a_shell_that_completes_the_name_of_one() -> None:
    asked = {"_BULKPUB_COMPLETE": "complete_bash", "COMP_WORDS": "bulkpub ru", "COMP_CWORD": "1"}
    modules = loaded_by([], None, **asked)
    assert not modules & (HEAVY - {"pydantic", "pydantic_core"})  # typer reads what was typed so
    assert len(modules) < MOST_TO_COMPLETE


@pytest.mark.served
def test_a_command_loads_no_other() -> None:
    modules = loaded_by(["schema", "--help"])
    assert "bulkpub.cli.local_commands" in modules
    assert not modules & {"bulkpub.cli.publishing", "bulkpub.cli.harvest", "bulkpub.sandbox"}


@pytest.mark.served
def test_what_publishes_loads_no_harvester_and_what_only_some_manifests_need_when_they_do() -> None:
    modules = loaded_by(["run", "--help"])
    assert "bulkpub.cli.publishing" in modules
    assert not modules & {"rdflib", "ruamel.yaml", "yaml", "fsspec", "bulkpub.harvest.dcat"}
    assert not modules & OF_DASK


RARE = {
    "bulkpub.observers.live",
    "bulkpub.sandbox",
    "bulkpub.sources.archive",
    "bulkpub.sources.checks",
    "bulkpub.sources.remote",
    "dotenv",
    "ijson",
    "natsort",
    "rich.live",
    "xml.sax",
    "yaml",
}
"""What a run loads when its manifest, its terminal or its folder ask for it."""
MOST_OF_A_RUN = 800
"""Modules that a run loads: a third of a second, before it has asked anything."""


@pytest.mark.served
def test_a_run_loads_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n")
    resources = [{"path": "a.csv"}]
    said = {"key": "a", "title": "Vélos", "description": "Vélos.", "personal": True}
    dataset = {**said, "resources": resources}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"version": 1, "datasets": [dataset]}))
    run = ["run", str(manifest), "--portal", "memory://start", "--report", "", "--state-dir", "s"]
    modules = loaded_by(run, tmp_path, BULKPUB_API_KEY="any")
    assert "1 created" in (tmp_path / "out").read_text()
    assert not modules & (RARE | OF_DASK)
    modules = {name for name in modules if name.partition(".")[0] != "uvloop"}  # where it is there
    assert len(modules) < MOST_OF_A_RUN


def loaded_by(arguments: list[str], folder: Path | None = None, **variables: str) -> set[str]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | variables,
    )
    if folder is not None:
        (folder / "out").write_text(done.stdout)
    return set(done.stderr.rpartition("\n")[0].rpartition("\n")[2].split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_first_line_of_its_help(name: str) -> None:
    function = getattr(import_module(f"bulkpub.cli.{COMMANDS[name].module}"), name)
    assert (inspect.getdoc(function) or "").partition("\n")[0] == COMMANDS[name].help
    assert loaded(name).name == name


def test_the_library_has_what_it_names_and_nothing_else() -> None:
    for name in bulkpub.__all__:
        assert getattr(bulkpub, name) is not None
        assert name in dir(bulkpub)
    with pytest.raises(AttributeError, match="no attribute 'publsih'"):
        _ = bulkpub.publsih  # type: ignore[attr-defined] # the point of it
