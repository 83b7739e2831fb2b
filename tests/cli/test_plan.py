"""`bulkpub plan` and `run --plan` as commands: what goes where, and how they end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

Run = Callable[..., Any]


@pytest.fixture
def manifest(folder: Any) -> Path:
    path: Path = folder.manifest(
        folder.dataset("a", "1.csv", "2.csv"), folder.dataset("b", "3.csv")
    )
    return path


def test_a_plan_for_programs_and_its_exit_code(run_cli: Run, manifest: Path, folder: Any) -> None:
    ran = run_cli("plan", "--json", "--detailed-exitcode", manifest)
    told = orjson.loads(ran.out)
    assert (ran.code, told["run"]["exit_code"]) == (5, 5)
    assert "Nothing was sent." in ran.err
    assert told["datasets"][0]["changes"][0] == {
        "field": "title",
        "old": None,
        "new": "Dataset a",
        "digest": None,
    }
    assert run_cli("plan", "--json", manifest).code == 0
    lines = run_cli("plan", "--json", "--report-format", "jsonl", manifest).out.splitlines()
    assert len([orjson.loads(line) for line in lines]) == 4
    assert run_cli("run", manifest).code == 0
    assert run_cli("plan", "--detailed-exitcode", manifest).code == 0
    folder.file("1.csv", "another\n")
    assert run_cli("plan", "--detailed-exitcode", "--exclude", "a/1.csv", manifest).code == 0
    assert run_cli("plan", "--detailed-exitcode", "--only", "a", manifest).code == 5
    wrong = run_cli("plan", "--detailed-exitcode", "--only", "x", manifest)
    assert wrong.code == 2
    assert "nothing in the manifest fits 'x'" in wrong.said


def test_a_saved_plan_is_carried_out_and_nothing_else(
    run_cli: Run, manifest: Path, folder: Any, tmp_path: Path
) -> None:
    planned = run_cli("plan", "--out", "plan.json", "--only", "a", manifest)
    assert (planned.code, planned.report) == (0, None)
    done = run_cli("run", "--plan", "plan.json")
    assert done.code == 0
    assert "Left out by --only or --exclude: 1 whole dataset, 1 file in all." in done.out
    assert [each["key"] for each in done.report["datasets"]] == ["a"]
    folder.file("3.csv", "another\n")
    run_cli("plan", "--out", "plan.json", manifest)
    folder.file("3.csv", "yet another\n")
    moved = run_cli("run", "--plan", "plan.json", manifest)
    assert moved.code == 1
    assert "the file 3.csv has changed" in moved.said
    plan = tmp_path / "plan.json"
    plan.write_bytes(plan.read_bytes()[:-50])
    cut = run_cli("run", "--plan", "plan.json")
    assert cut.code == 2
    assert "the plan cannot be carried out" in cut.said
    for words in (["--plan", "plan.json", "--dry-run"], ["--plan", "gone.json"], []):
        assert run_cli("run", *words).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--out", "manifest.json", "manifest.json"],
        ["plan", "--report", "./manifest.json", "manifest.json"],
        ["run", "--report", "manifest.json", "manifest.json"],
        ["run", "--plan", "plan.json", "--report", "plan.json"],
        ["verify", "--report", "manifest.json", "manifest.json"],
        ["watch", "--cron", "0 0 * * *", "--report", "manifest.json", "manifest.json"],
    ],
    ids=" ".join,
)
def test_what_is_read_is_not_written_over(
    run_cli: Run, manifest: Path, tmp_path: Path, words: list[str]
) -> None:
    run_cli("plan", "--out", "plan.json", manifest)
    before = manifest.read_bytes(), (tmp_path / "plan.json").read_bytes()
    ran = run_cli(*words)
    assert (ran.code, "is read, and would be written over" in ran.err) == (2, True)
    assert (manifest.read_bytes(), (tmp_path / "plan.json").read_bytes()) == before


def test_no_plan_is_written_of_what_could_not_be_planned(
    run_cli: Run, folder: Any, tmp_path: Path
) -> None:
    wrong = folder.manifest(folder.dataset("a", {"path": "gone.csv"}))
    ran = run_cli("plan", "--out", "plan.json", wrong)
    assert ran.code == 2
    assert "no plan was written to plan.json" in ran.err
    assert not (tmp_path / "plan.json").exists()
