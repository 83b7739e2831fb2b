"""The report on disk: always written, complete or not there, and never worth the run."""

import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.cli.report_file import to_json, to_lines
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.core.report import RateLimit, RunInfo, RunReport, Totals
from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]

NAMES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5)
RESOURCES = st.builds(
    ResourceOutcome, NAMES, st.sampled_from(ResourceStatus), NAMES, size=st.integers(0, 9)
)
DATASETS = st.builds(
    DatasetOutcome,
    NAMES,
    st.sampled_from(DatasetStatus),
    NAMES,
    resources=st.lists(RESOURCES, max_size=3).map(tuple),
    notes=st.lists(NAMES, max_size=2).map(tuple),
)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
INFO = RunInfo("id", NOON, NOON, 1.5, ("m.yaml",), "demo", False, 0, "1")  # noqa: FBT003 - dry_run


@given(datasets=st.lists(DATASETS, max_size=4))
def test_written_piece_by_piece_it_is_the_document_that_it_is_in_one_go(
    datasets: list[DatasetOutcome],
) -> None:
    report = RunReport(INFO, Totals(), RateLimit(), tuple(datasets))
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    assert b"".join(to_json(report)) == orjson.dumps(report, option=options)


@given(datasets=st.lists(DATASETS, max_size=4))
def test_as_lines_it_says_the_same(datasets: list[DatasetOutcome]) -> None:
    report = RunReport(INFO, Totals(), RateLimit(), tuple(datasets))
    lines = list(map(orjson.loads, b"".join(to_lines(report)).splitlines()))
    whole = orjson.loads(b"".join(to_json(report)))
    assert [line.pop("dataset") for line in lines if "dataset" in line] == whole.pop("datasets")
    assert lines[0] | lines[-1] == whole


def test_it_is_written_as_lines_where_that_is_asked_for(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b"))
    ran = run_cli("run", manifest, "--report", "-", "--report-format", "jsonl")
    lines = list(map(orjson.loads, ran.out.splitlines()))
    assert [next(iter(line)) for line in lines] == ["run", "dataset", "dataset", "totals"]
    assert lines[1]["dataset"]["resources"][0]["status"] == "created"


def test_the_report_goes_where_it_is_wanted(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--report", "night.json")
    assert ran.code == 0
    assert "Report: night.json" in ran.out
    told = orjson.loads((folder.path / "night.json").read_bytes())
    assert told["schema_version"] == 1
    assert told["run"]["started_at"].endswith("Z")
    assert told["datasets"][0]["resources"][0]["status"] == "created"


def test_a_report_on_stdout_has_stdout_for_itself(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--report", "-")
    assert ran.code == 0
    assert orjson.loads(ran.out)["run"]["exit_code"] == 0
    assert "Done in" in ran.err


def test_a_report_on_stdout_has_it_for_itself_when_planning(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("plan", manifest, "--report", "-")
    assert orjson.loads(ran.out)["run"]["dry_run"] is True
    assert "Nothing was sent." in ran.err


def test_a_report_that_cannot_be_written_is_known_before_anything_is_sent(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    for path, words in (("no/such/r.json", "no directory no/such"), (".", "it is a directory")):
        ran = run_cli("run", manifest, "--report", path)
        assert ran.code == 2
        assert words in ran.err
    assert not served.requests


def test_a_full_disk_costs_the_report_and_not_the_run(
    run_cli: Run, folder: Any, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    before = {*folder.path.iterdir(), folder.path / "state"}
    monkeypatch.setattr("bulkpub.cli.report_file.os.fsync", full)
    ran = run_cli("run", manifest)
    assert ran.code == 1
    expected = "the report could not be written to bulkpub-report.json: No space left on device"
    assert expected in ran.err
    assert "1 created" in ran.out
    assert [len(each.resources) for each in served.state.datasets.values()] == [1]
    assert set(folder.path.iterdir()) <= before, "a half report was left behind"


def test_a_device_that_is_full_is_written_to_and_never_replaced(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    before = os.lstat("/dev/full")
    ran = run_cli("run", manifest, "--report", "/dev/full")
    assert ran.code == 1
    assert "the report could not be written to /dev/full: No space left on device" in ran.err
    after = os.lstat("/dev/full")
    assert stat.S_ISCHR(after.st_mode)
    assert after.st_rdev == before.st_rdev


def test_a_report_for_nobody_leaves_the_device_alone(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    assert run_cli("run", manifest, "--report", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_report_behind_a_link_replaces_the_file_and_keeps_the_link(
    run_cli: Run, folder: Any
) -> None:
    (folder.path / "real.json").write_text("old")
    (folder.path / "link.json").symlink_to("real.json")
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    assert run_cli("run", manifest, "--report", "link.json").code == 0
    assert (folder.path / "link.json").is_symlink()
    assert orjson.loads((folder.path / "real.json").read_bytes())["schema_version"] == 1


def test_a_failed_report_does_not_improve_the_exit_code(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    del served
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    env = {"BULKPUB_API_KEY": "wrong"}
    assert run_cli("run", manifest, "--report", "/dev/full", env=env).code == 3
