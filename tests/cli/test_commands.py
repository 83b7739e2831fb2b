"""The commands as a user meets them when all is well."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from bulkpub.cli.commands import COMMANDS
from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]


def test_a_second_run_says_that_there_is_nothing_to_do(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    first = run_cli("run", manifest)
    assert (first.code, "2 created" in first.out) == (0, True)
    served.requests.clear()
    second = run_cli("run", manifest)
    assert second.code == 0
    assert second.out.startswith("Nothing to do: 1 dataset and 2 files are as wanted.")
    assert {seen.method for seen in served.requests} == {"GET"}


def test_plan_tells_what_run_would_do_and_writes_nothing(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    ran = run_cli("plan", manifest)
    assert ran.code == 0
    assert "+ Dataset a [a] not on the portal yet" in ran.out
    assert "+ a.csv (11 B)" in ran.out
    assert "1 dataset to write to" in ran.out
    assert "2 uploads of 22 B, 4 requests. Nothing was sent." in ran.out
    assert {seen.method for seen in served.requests} == {"GET"}
    assert ran.report is None


def test_a_dry_run_is_a_plan_and_keeps_the_last_report(
    run_cli: Run, folder: Any, tmp_path: Path, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    planned = run_cli("plan", manifest)
    dry = run_cli("run", "--dry-run", manifest)
    assert (dry.code, dry.out) == (planned.code, planned.out)
    assert not (tmp_path / "bulkpub-report.json").exists()
    assert {seen.method for seen in served.requests} == {"GET"}
    assert run_cli("run", "--dry-run", "--report", "mine.json", manifest).code == 0
    assert (tmp_path / "mine.json").exists()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_short_help_is_help(run_cli: Run, command: str) -> None:
    asked = [command] if command else []
    assert run_cli(*asked, "-h").out == run_cli(*asked, "--help").out


def test_plan_fails_where_run_would(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(
        {"key": "gone", "id": "5d13a8b6634f41070a43dff3", "resources": []},
        folder.dataset("b", "b.csv"),
    )
    ran = run_cli("plan", manifest)
    assert ran.code == 1
    assert "! gone [gone] the portal has no dataset with the id" in ran.out
    assert "+ Dataset b [b]" in ran.out


def test_a_flag_overrules_a_variable_and_a_variable_the_env_file(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    folder.file(".env", "BULKPUB_PORTAL=http://from.env.file\n")
    unset = {"BULKPUB_PORTAL": None}
    assert "http://from.env.file" in run_cli("run", manifest, env=unset).out
    wrong = {"BULKPUB_PORTAL": "http://from.environment"}
    assert "http://from.environment" in run_cli("run", manifest, env=wrong).out
    assert run_cli("run", manifest, "--portal", served.base_url, env=wrong).code == 0


def test_logs_as_json_are_one_object_a_line_on_stderr(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--log-format", "json", "-v")
    lines = [orjson.loads(line) for line in ran.err.splitlines()]
    told = [line for line in lines if line.get("resource") == "a.csv"]
    assert told
    assert {line["dataset"] for line in told} == {"a"}


def test_quiet_keeps_the_summary_and_nothing_else(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "-q")
    assert ran.err == ""
    assert "1 created" in ran.out


def test_the_most_talkative_log_never_tells_the_key(run_cli: Run, folder: Any) -> None:
    """That the key is in no output `run_cli` checks by itself."""
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "-vv")
    assert "method=POST" in ran.err


def test_the_schemas_are_printed_as_json(run_cli: Run) -> None:
    assert orjson.loads(run_cli("schema").out)["$schema"]
    assert orjson.loads(run_cli("schema", "--report").out)["title"] == "bulkpub report"


def test_the_demo_publishes_twice_and_the_second_time_nothing(run_cli: Run) -> None:
    ran = run_cli("demo")
    assert ran.code == 0
    first, second = ran.out.split("Once more")
    assert "10 created" in first
    assert "Nothing to do: 10 datasets and" in second
    assert "Look at the result: http://127.0.0.1:" in ran.out


@pytest.mark.parametrize("arguments", [["run", "--help"], ["--version"]])
def test_it_runs_as_a_module(arguments: list[str], environment: dict[str, str]) -> None:
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bulkpub", *arguments],
        env=environment,
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert b"bulkpub" in ended.stdout
    assert ended.stderr == b""
