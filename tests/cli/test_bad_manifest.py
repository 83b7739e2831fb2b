"""Manifests that cannot be meant: every problem at once, with its place, and nothing sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]

SOUND = """\
  - key: sound
    title: Sound
    description: D
    organization: test-organization
    resources: [{path: sound.csv}]
"""


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("datasets:\n  - title: 'T\n    key: k\n", "manifest.yaml:", "quote"),
        ("datasets:\n\t- title: T\n", "manifest.yaml:2:1", "tab"),
        ("", "manifest.yaml", "empty"),
        ("# only a remark\n", "manifest.yaml", "empty"),
        ("datasets: []\n", "manifest.yaml:1:", "dataset"),
        ("- title: T\n", "manifest.yaml:1:1", "mapping"),
        ("datasets: velos\n", "manifest.yaml:1:", "list"),
        ("datasets:\n  - title: [T]\n    description: D\n", "manifest.yaml:2:12", "text"),
        (
            "datasets:\n  - title: T\n    description: D\n    private: perhaps\n",
            "manifest.yaml:4:14",
            "true",
        ),
        ("version: 7\ndatasets:\n  - {title: T, description: D}\n", "manifest.yaml:1:10", "1"),
    ],
    ids=[
        "open-quote",
        "tab",
        "empty",
        "remark",
        "no-datasets",
        "a-list",
        "a-word",
        "type-of-title",
        "type-of-flag",
        "version",
    ],
)
@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_what_cannot_be_read_is_told_with_its_place(
    *, run_cli: Run, folder: Any, served: Sandbox, command: str, text: str, place: str, words: str
) -> None:
    folder.text(text)
    ran = run_cli(command, "manifest.yaml")
    assert ran.code == 2
    (line,) = [each for each in ran.said.splitlines() if each.startswith(place)]
    assert words in line.lower()
    assert not served.requests
    assert (ran.report is not None) == (command == "run")


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_a_manifest_that_is_not_there(run_cli: Run, command: str) -> None:
    ran = run_cli(command, "nowhere.yaml")
    assert ran.code == 2
    assert "nowhere.yaml: " in ran.said
    assert "does not exist" in ran.said or "no such file" in ran.said.lower()


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_a_spreadsheet_is_told_as_one_whatever_else_is_missing(run_cli: Run, command: str) -> None:
    Path("m.xlsx").write_bytes(b"PK\x03\x04")
    ran = run_cli(command, "m.xlsx", env={"BULKPUB_PORTAL": None, "BULKPUB_API_KEY": None})
    assert ran.code == 2
    assert "m.xlsx: this is no spreadsheet, or a damaged one, whatever its name says" in ran.said


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_what_a_hash_cuts_short_is_warned_of(run_cli: Run, folder: Any, command: str) -> None:
    folder.file("a.csv")
    text = SOUND.replace("title: Sound", "title: Lot #3").replace("sound.csv", "a.csv")
    folder.text(f"datasets:\n{text}")
    ran = run_cli(command, "manifest.yaml")
    assert ran.code == 0
    assert "warning: manifest.yaml:3:12: of 'title' 'Lot' is left, as a # begins" in ran.said
    if command == "run":
        (warning,) = ran.report["run"]["warnings"]
        assert warning["line"] == 3


def test_a_manifest_that_is_a_folder(run_cli: Run, folder: Any) -> None:
    (folder.path / "m.yaml").mkdir()
    ran = run_cli("validate", "m.yaml")
    assert ran.code == 2
    assert "m.yaml: " in ran.said
    assert "folder" in ran.said or "directory" in ran.said


def test_all_problems_come_at_once(run_cli: Run, folder: Any, served: Sandbox) -> None:
    folder.text(
        "datasets:\n"
        "  - title: T\n"
        "    licence: lov2\n"
        "    description: D\n"
        "    resources:\n"
        "      - path: missing.csv\n"
        "      - pth: a.csv\n"
        "  - titel: T\n"
    )
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    for start in (
        "manifest.yaml:3:5: unknown key 'licence'",
        "manifest.yaml:6:",
        "manifest.yaml:7:9: unknown key 'pth'",
        "manifest.yaml:8:5: unknown key 'titel'",
    ):
        assert any(line.startswith(start) for line in ran.err.splitlines()), start
    assert len(ran.report["run"]["problems"]) == int(ran.err.splitlines()[-1].split()[0])
    assert not served.requests


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("license: lov3", "manifest.yaml:2:", "the portal knows no licence 'lov3'"),
        ("frequency: dayly", "manifest.yaml:5:16", "daily"),
        ("resources: [{path: a.csv, type: mian}]", "manifest.yaml:5:37", "main"),
        ("tags: [ab]", "manifest.yaml:5:12", "3"),
    ],
    ids=["licence", "frequency", "resource-type", "tag"],
)
def test_a_value_the_portal_does_not_know(
    *, run_cli: Run, folder: Any, served: Sandbox, line: str, place: str, words: str
) -> None:
    folder.file("a.csv")
    folder.file("sound.csv")
    folder.text(
        "datasets:\n"
        "  - key: odd\n"
        "    title: Odd\n"
        "    description: D\n"
        f"    {line}\n"
        "    organization: test-organization\n" + SOUND
    )
    ran = run_cli("run", "manifest.yaml")
    assert ran.code == 2
    assert any(each.startswith(place) and words in each for each in ran.err.splitlines()), ran.err
    assert not served.state.datasets
    ran = run_cli("run", "manifest.yaml", "--keep-going")
    assert ran.code == 1
    statuses = {each["key"]: each["status"] for each in ran.report["datasets"]}
    assert statuses == {"odd": "failed", "sound": "created"}
    assert [each.title for each in served.state.datasets.values()] == ["Sound"]


def test_a_dataset_id_that_is_unknown_fails_alone(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    folder.file("a.csv")
    missing = {
        "key": "gone",
        "id": "5d13a8b6634f41070a43dff3",
        "resources": [{"path": "a.csv"}],
    }
    ran = run_cli("run", folder.manifest(missing, folder.dataset("b", "b.csv")))
    assert ran.code == 1
    assert "the portal has no dataset with the id 5d13a8b6634f41070a43dff3" in ran.out
    statuses = {each["key"]: each["status"] for each in ran.report["datasets"]}
    assert statuses == {"gone": "failed", "b": "created"}
    assert [each.title for each in served.state.datasets.values()] == ["Dataset b"]


@pytest.mark.parametrize("id_", ["not an id", "../users", "a/b", "%2e%2e", "é", "x?y#z"])
def test_a_dataset_id_that_cannot_be_one_is_never_another_address(
    run_cli: Run, folder: Any, served: Sandbox, id_: str
) -> None:
    folder.file("a.csv")
    missing = {"key": "odd", "id": id_, "resources": [{"path": "a.csv"}]}
    ran = run_cli("run", folder.manifest(missing, folder.dataset("b", "b.csv")))
    assert ran.code == 1
    assert f"the portal has no dataset with the id {id_}" in ran.out
    assert [each.title for each in served.state.datasets.values()] == ["Dataset b"]


def test_two_manifests_that_claim_one_key(run_cli: Run, folder: Any) -> None:
    first = folder.manifest(folder.dataset("a", "a.csv")).rename(folder.path / "first.json")
    second = folder.manifest(folder.dataset("a", "a.csv")).rename(folder.path / "second.json")
    ran = run_cli("run", first.name, second.name)
    assert ran.code == 2
    assert "second.json:1:" in ran.err
    assert "key 'a' is already that of the dataset at first.json:1:" in ran.err


def test_an_unknown_portal_name_lists_the_known_ones(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--portal", "production")
    assert ran.code == 2
    assert "unknown portal 'production': give one of www, demo, sandbox" in ran.out


def test_a_run_that_is_told_no_portal_asks_for_one(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, env={"BULKPUB_PORTAL": None})
    assert ran.code == 2
    assert "which portal? say so with --portal" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["frobnicate"],
        ["run", "m.yaml", "--concurrency", "0"],
        ["run", "m.yaml", "--api-key", "secret"],
        ["run", "m.yaml", "--timeout", "soon"],
        ["sandbox", "--rate-limit", "fast"],
        ["sandbox", "--host", "192.0.2.1"],
    ],
)
def test_a_command_line_that_is_wrong_ends_with_2(run_cli: Run, arguments: list[str]) -> None:
    ran = run_cli(*arguments)
    assert ran.code == 2
    assert ran.err
