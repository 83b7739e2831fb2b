"""What is named is no ordinary file: said in a sentence, wherever it is named, never waited for.

A pipe without a writer is waited for by whoever opens it the plain way, and a device that never
ends is read without end: what fails here, fails by the limit of time that every test has.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.ordinary import open_ordinary

Run = Callable[..., Any]
Make = Callable[[Path], object]
NO_FILE = "not an ordinary file"


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


special = pytest.mark.parametrize("make", [os.mkfifo, endless], ids=["pipe", "endless"])


@special
@pytest.mark.parametrize("suffix", ["yaml", "json", "toml", "jsonl", "csv", "txt"])
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_manifest(*, run_cli: Run, tmp_path: Path, make: Make, suffix: str, command: str) -> None:
    name = f"m.{suffix}"
    make(tmp_path / name)
    ran = run_cli(command, name)
    assert ran.code == 2
    assert f"{name}: this manifest cannot be read: it is {NO_FILE}" in ran.said


@special
@pytest.mark.parametrize("suffix", ["yaml", "json", "toml", "jsonl"])
def test_a_manifest_that_may_name_the_portal(
    *, run_cli: Run, tmp_path: Path, make: Make, suffix: str
) -> None:
    make(tmp_path / f"m.{suffix}")
    ran = run_cli("plan", f"m.{suffix}", env={"BULKPUB_PORTAL": None})
    assert ran.code == 2
    assert f"this manifest cannot be read: it is {NO_FILE}" in ran.said


@special
def test_a_description_file(run_cli: Run, folder: Any, make: Make) -> None:
    make(folder.path / "about.md")
    folder.text("datasets:\n- title: T\n  description_file: about.md\n")
    ran = run_cli("validate", "manifest.yaml")
    assert ran.code == 2
    assert "manifest.yaml:3:21: the description file about.md cannot be read: it is" in ran.out


@special
def test_certificates(run_cli: Run, folder: Any, make: Make) -> None:
    make(folder.path / "ca.pem")
    ran = run_cli("plan", folder.manifest(folder.dataset("a", "a.csv")), "--ca-file", "ca.pem")
    assert ran.code == 2
    assert f"ca.pem holds no certificates to trust: it is {NO_FILE}" in ran.said


@special
def test_a_table_of_links(run_cli: Run, tmp_path: Path, make: Make) -> None:
    make(tmp_path / "links.csv")
    ran = run_cli("harvest", "csv", "links.csv")
    assert ran.code == 2
    assert f"links.csv cannot be read: it is {NO_FILE}" in ran.err


@special
@pytest.mark.parametrize("kind", ["dcat", "ckan", "opendatasoft"])
def test_a_saved_catalogue(*, run_cli: Run, tmp_path: Path, make: Make, kind: str) -> None:
    make(tmp_path / "saved.json")
    ran = run_cli("harvest", kind, "saved.json")
    assert ran.code == 2
    assert f"saved.json cannot be read: it is {NO_FILE}" in ran.err


@special
def test_the_manifest_that_a_harvest_adds_to(run_cli: Run, folder: Any, make: Make) -> None:
    folder.file("data/a.csv")
    make(folder.path / "m.yaml")
    ran = run_cli("harvest", "folder", "data", "--organization", "o", "--output", "m.yaml")
    assert ran.code == 2
    assert f"nothing can be added to m.yaml: it is {NO_FILE}" in ran.err


@special
@pytest.mark.parametrize(
    "name", ["b.csv", "b.zip", "README.md", "datapackage.json", "metadata.yaml"]
)
def test_in_a_harvested_folder_it_is_told_and_left_out(
    *, run_cli: Run, folder: Any, make: Make, name: str
) -> None:
    folder.file("data/a.csv")
    make(folder.path / "data" / name)
    ran = run_cli("harvest", "folder", "data", "--organization", "o")
    assert "path: data/a.csv" in ran.out
    (line,) = [each for each in ran.err.splitlines() if NO_FILE in each]
    assert name in line


def test_a_file_of_settings_is_not_waited_for(run_cli: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    assert run_cli("--version").code == 0


def test_a_report_is_not_kept_for_a_pipe_that_nobody_reads(run_cli: Run, folder: Any) -> None:
    os.mkfifo(folder.path / "report")
    ran = run_cli("run", folder.manifest(folder.dataset("a", "a.csv")), "--report", "report")
    assert ran.code == 1
    assert "the report could not be written to report: nobody reads from it" in ran.err


def test_a_report_goes_into_a_pipe_that_somebody_reads(run_cli: Run, folder: Any) -> None:
    os.mkfifo(folder.path / "report")
    reader = os.open(folder.path / "report", os.O_RDONLY | os.O_NONBLOCK)
    ran = run_cli("run", folder.manifest(folder.dataset("a", "a.csv")), "--report", "report")
    assert ran.code == 0
    assert os.read(reader, 9).startswith(b"{")
    os.close(reader)


def test_a_folder_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_ordinary(tmp_path)
