"""What a run leaves behind: a history, and what CI systems want; none of it is worth a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from defusedxml.ElementTree import parse

Run = Callable[..., Any]

MANIFEST = """\
version: 1
datasets:
  - key: velos
    title: Vélos
    description: Les vélos.
    personal: true
    resources:
      - path: a.csv
"""
TWICE = MANIFEST + "      - path: empty.csv\n"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A manifest of one file."""
    (tmp_path / "a.csv").write_text("a;b\n")
    (tmp_path / "empty.csv").write_text("")
    path = tmp_path / "velos.yaml"
    path.write_text(MANIFEST)
    return path


def history(quiet_cli: Run) -> list[dict[str, Any]]:
    ran = quiet_cli("history", "--json")
    assert ran.code == 0
    return [orjson.loads(line) for line in ran.out.splitlines()]


# --- the history --------------------------------------------------------------------------


def test_runs_are_remembered_but_not_plans(quiet_cli: Run, manifest: Path) -> None:
    assert "No run is remembered" in quiet_cli("history").out
    assert quiet_cli("plan", manifest).code == 0
    assert history(quiet_cli) == []
    assert quiet_cli("run", manifest).code == 0
    assert quiet_cli("verify", "--quick", manifest).code == 0
    told = history(quiet_cli)
    assert {each["command"] for each in told} == {"run", "verify"}
    assert all(each["exit_code"] == 0 and each["report"] for each in told)
    (run,) = [each for each in told if each["command"] == "run"]
    assert run["totals"]["resources"]["created"] == 1
    listed = quiet_cli("history", "--limit", 1).out
    assert "exit code 0" in listed
    assert "There are more of them" in listed


def test_the_report_of_a_past_run_is_had_by_its_id_and_the_last_one_by_name(
    quiet_cli: Run, manifest: Path
) -> None:
    quiet_cli("run", manifest, "--report", "none")
    assert not (manifest.parent / "none").exists()
    assert not (manifest.parent / "bulkpub-report.json").exists()
    (run,) = history(quiet_cli)
    for args in ((run["id"],), ("--last",)):
        ran = quiet_cli("report", *args)
        assert ran.code == 0
        assert "1 created" in ran.out
    (manifest.parent / "a.csv").write_text("a;b;c\n")
    quiet_cli("run", manifest)
    ran = quiet_cli("report", "--last", "--compare", run["id"])
    assert "Sizes that changed (1):" in ran.out
    assert quiet_cli("report", "--last", "--compare", run["id"], "--markdown").out.startswith("## ")


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--last",), "no run is remembered here"),
        (("20260101T000000Z-01234567",), "no report of the run 2026"),
        (("--last", "x.json"), "say one of"),
        (("--compare", "x.json", "--open"), "has no page"),
    ],
)
def test_a_past_run_that_is_not_there_ends_in_a_sentence(
    quiet_cli: Run, tmp_path: Path, args: tuple[str, ...], why: str
) -> None:
    ran = quiet_cli("report", *args)
    assert (ran.code, why in ran.err) == (2, True), ran.err
    assert not (tmp_path / "state").exists()


def test_what_is_damaged_in_the_history_is_passed_over(
    quiet_cli: Run, manifest: Path, tmp_path: Path
) -> None:
    quiet_cli("run", manifest)
    (kept,) = (tmp_path / "state" / "history").glob("*.json")
    for number, content in enumerate((b"", b"{", b"[]", b"7", b'{"command": 1}', b"\xff")):
        (kept.parent / f"20260101T00000{number}Z-01234567.json").write_bytes(content)
    assert len(history(quiet_cli)) == 1


def test_a_history_that_cannot_be_written_is_no_fault(
    quiet_cli: Run, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "history").write_text("a file")
    ran = quiet_cli("run", manifest)
    assert (ran.code, "not kept" in ran.said) == (0, False)


def test_the_key_is_in_nothing_that_is_left(quiet_cli: Run, manifest: Path, tmp_path: Path) -> None:
    quiet_cli("run", manifest, "--junit", "j.xml", "--metrics", "m.prom", "-vv")
    assert quiet_cli("report", "--last", "--html", "p.html").code == 0
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"a-key-of-nobody" not in path.read_bytes()


# --- the report of the run before ---------------------------------------------------------


def test_a_wrong_manifest_leaves_the_last_good_report(quiet_cli: Run, manifest: Path) -> None:
    report = manifest.parent / "bulkpub-report.json"
    manifest.write_text(MANIFEST.replace("title", "titel"))
    assert quiet_cli("run", manifest).code == 2  # nothing is there: it is written
    assert orjson.loads(report.read_bytes())["run"]["exit_code"] == 2
    manifest.write_text(MANIFEST)
    assert quiet_cli("run", manifest).code == 0
    good = report.read_bytes()
    manifest.write_text(MANIFEST.replace("title", "titel"))
    ran = quiet_cli("run", manifest)
    assert ran.code == 2
    assert "bulkpub-report.json still has the report of the run before." in ran.err
    assert report.read_bytes() == good
    assert [each["exit_code"] for each in history(quiet_cli)].count(2) == 2
    manifest.write_text(TWICE)
    assert quiet_cli("run", manifest).code == 1
    assert report.read_bytes() != good


def test_it_is_still_printed_where_it_is_wanted_on_stdout(quiet_cli: Run, manifest: Path) -> None:
    manifest.write_text("version: 1\n")
    ran = quiet_cli("run", manifest, "--report", "-")
    assert orjson.loads(ran.out)["run"]["exit_code"] == 2


# --- what CI systems want -----------------------------------------------------------------


def test_on_github_the_job_has_a_summary_and_annotations(
    quiet_cli: Run, manifest: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    manifest.write_text(TWICE)
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ran = quiet_cli("run", manifest, env=env)
    assert ran.code == 1
    assert summary.read_text(encoding="utf-8").startswith("before\n## Report for memory")
    assert [line for line in ran.err.splitlines() if line.startswith("::error title=bulkpub::")]
    manifest.write_text(MANIFEST.replace("title", "titel"))
    ran = quiet_cli("run", manifest, env=env)
    (first, *_) = [line for line in ran.err.splitlines() if line.startswith("::error")]
    assert "file=" in first
    assert "velos.yaml,line=" in first


def test_a_summary_that_cannot_be_written_is_told_and_no_more(
    quiet_cli: Run, manifest: Path, tmp_path: Path
) -> None:
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    ran = quiet_cli("run", manifest, env=env)
    assert ran.code == 0
    assert "the summary of the job could not be written" in ran.err


def test_on_gitlab_the_log_is_folded_and_the_summary_is_not(quiet_cli: Run, manifest: Path) -> None:
    ran = quiet_cli("run", manifest, env={"GITLAB_CI": "true"})
    lines = ran.err.splitlines()
    assert "section_start:" in lines[0]
    assert "[collapsed=true]" in lines[0]
    assert any("section_end:" in line for line in lines)
    assert "Done in" in ran.out


def test_files_for_other_programs_are_written(quiet_cli: Run, manifest: Path) -> None:
    manifest.write_text(TWICE)
    ran = quiet_cli("run", manifest, "--junit", "junit.xml", "--metrics", "bulkpub.prom")
    assert ran.code == 1
    assert len(parse(manifest.parent / "junit.xml").findall(".//failure")) == 1
    metrics = (manifest.parent / "bulkpub.prom").read_text()
    assert "bulkpub_last_run_exit_code{" in metrics


def test_where_they_cannot_be_written_the_run_does_not_begin(
    quiet_cli: Run, manifest: Path
) -> None:
    for flag, what in (("--junit", "JUnit's file"), ("--metrics", "the file of metrics")):
        ran = quiet_cli("run", manifest, flag, "no/such/file")
        assert ran.code == 2
        assert f"bulkpub: {what} cannot be written: no directory no/such" in ran.err
    assert history(quiet_cli) == []


def test_a_file_that_is_lost_in_the_end_is_told_by_the_exit_code(
    quiet_cli: Run, manifest: Path
) -> None:
    ran = quiet_cli("run", manifest, "--metrics", "/dev/full")
    assert ran.code == 1
    assert "the file of metrics could not be written to /dev/full" in ran.err
