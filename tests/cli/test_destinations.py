"""A manifest for several portals, at the command line: each command says what it says of each."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from bulkpub.cli import watch
from bulkpub.portals import memory
from bulkpub.reports.reading import read_report
from bulkpub.session.schedule import Due

ENV = {
    "BULKPUB_PORTAL": "",
    "BULKPUB_KEY_ONE": "key-number-one",
    "BULKPUB_KEY_TWO": "key-number-two",
}


@pytest.fixture
def sites() -> Iterator[list[memory.Site]]:
    names = [uuid4().hex for _ in range(2)]
    yield [memory.site(name) for name in names]
    for name in names:
        memory._sites.pop(name)


@pytest.fixture
def manifest(folder: Any, sites: list[memory.Site]) -> Path:
    path: Path = folder.manifest(
        folder.dataset("velos", "a.csv", "b.csv"),
        destinations=[
            {"portal": site.address, "name": name, "key_env": f"BULKPUB_KEY_{name.upper()}"}
            for name, site in zip(("one", "two"), sites, strict=True)
        ],
    )
    return path


@pytest.fixture
def cli(quiet_cli: Callable[..., Any]) -> Callable[..., Any]:
    def cli(*args: object, env: dict[str, str] | None = None) -> Any:
        ran = quiet_cli(*args, env={**ENV, **(env or {})})
        assert "key-number" not in ran.said
        return ran

    return cli


def test_each_command_says_it_of_each(
    *, cli: Any, manifest: Path, sites: list[memory.Site], tmp_path: Path
) -> None:
    ran = cli("validate", manifest)
    assert ran.code == 0
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["OK at one", "OK at two"]

    planned = cli("plan", manifest)
    assert planned.code == 0, planned.said
    assert "[one: velos]" in planned.out
    assert "[two: velos]" in planned.out
    assert "to write to one, two" in planned.out
    assert not any(site.datasets for site in sites)

    ran = cli("run", "--portal", "one", manifest)
    assert ran.code == 0, ran.said
    assert [len(site.datasets) for site in sites] == [1, 0]
    ran = cli("run", manifest)
    assert ran.code == 0, ran.said
    assert "one: done (1 unchanged; " in ran.out
    assert "two: done (1 created; " in ran.out
    report = orjson.loads((tmp_path / "bulkpub-report.json").read_bytes())
    assert [each["destination"] for each in report["datasets"]] == ["one", "two"]
    assert [each["name"] for each in report["run"]["destinations"]] == ["one", "two"]

    assert "Nothing to do: 2 datasets and 4 files" in cli("run", manifest).out
    assert cli("verify", "--quick", manifest).code == 0

    ran = cli("status", "--json", manifest)
    document = json.loads(ran.out)
    told = [(each["destination"], len(each["datasets"])) for each in document["destinations"]]
    assert told == [("one", 1), ("two", 1)]
    ran = cli("status", manifest)
    assert [line for line in ran.out.splitlines() if line.endswith(":")] == ["one:", "two:"]

    ran = cli("doctor", "--json", manifest)
    assert {each["at"] for each in json.loads(ran.out)} == {None, "one", "two"}

    shown = cli("report", "--markdown")
    assert shown.code == 0, shown.said


def test_what_fails_at_one_is_told_of_that_one(
    *, cli: Any, manifest: Path, sites: list[memory.Site], folder: Any, tmp_path: Path
) -> None:
    ran = cli("run", manifest, env={"BULKPUB_KEY_TWO": ""})
    assert ran.code == 1
    assert "there is no API key in BULKPUB_KEY_TWO" in ran.err
    assert "(at two)" in ran.err
    assert "two: nothing was sent" in ran.out
    assert [len(site.datasets) for site in sites] == [1, 0]

    folder.file("empty.csv", b"")
    document = orjson.loads(manifest.read_bytes())
    document["datasets"][0]["resources"].append({"path": "empty.csv"})
    manifest.write_bytes(orjson.dumps(document))
    ran = cli("run", "--report-format", "jsonl", manifest)
    assert ran.code == 1
    assert "one: velos" in ran.out
    assert "two: velos" in ran.out
    lines = [
        orjson.loads(line) for line in (tmp_path / "bulkpub-report.json").read_text().splitlines()
    ]
    assert [line["dataset"]["destination"] for line in lines[1:-1]] == ["one", "two"]
    assert len(lines[0]["run"]["destinations"]) == 2


@pytest.mark.parametrize("command", ["run", "plan", "verify", "status", "doctor"])
def test_one_that_there_is_not_is_named_with_those_that_there_are(
    cli: Any, manifest: Path, command: str
) -> None:
    ran = cli(command, "--portal", "three", manifest)
    assert ran.code == 2, ran.said
    assert "the manifest has no destination 'three'; there are one, two" in ran.said


def test_what_is_wrong_in_the_manifest_is_told_once(
    cli: Any, manifest: Path, sites: list[memory.Site]
) -> None:
    document = orjson.loads(manifest.read_bytes())
    document["datasets"][0]["licence"] = "x"
    manifest.write_bytes(orjson.dumps(document))
    for command in ("validate", "run", "plan", "verify"):
        ran = cli(command, manifest)
        assert ran.code == 2
        assert ran.said.count("unknown key 'licence'") == 1, command
        assert "1 problem found." in ran.said
    assert not any(site.datasets for site in sites)


def test_the_line_of_a_watched_run_says_it_too(
    cli: Any, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli("run", manifest, env={"BULKPUB_KEY_TWO": ""})
    report = read_report(tmp_path / "bulkpub-report.json")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    watch._tell(report, Due(noon), noon)
    line = json.loads(capsys.readouterr().out)
    told = [(each["name"], each["exit_code"]) for each in line["destinations"]]
    assert told == [("one", 0), ("two", 2)]
