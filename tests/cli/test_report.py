"""`bulkpub report`: what a run wrote, looked at afterwards."""

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.cli.report_file import to_json, to_lines
from tests.reports.examples import dataset, hostile, report, resource, run_report

Run = Callable[..., Any]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "night.json"
    path.write_bytes(b"".join(to_json(report())))
    return path


def test_it_shows_the_summary_again(quiet_cli: Run, written: Path) -> None:
    ran = quiet_cli("report", written)
    assert ran.code == 0
    assert "exports/comptages-2.csv: the portal refuses .parquet files" in ran.out


def test_the_problems_that_the_summary_speaks_of_are_there(quiet_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("datasets: [{titel: T}]\n")
    ran = quiet_cli("run", "m.yaml", "--report", "r.json", env={"BULKPUB_PORTAL": "memory://p"})
    assert ran.code == 2
    again = quiet_cli("report", "r.json")
    assert "see the problems" in again.out
    assert "m.yaml:1:13: unknown key 'titel'" in again.out


def test_without_a_name_it_is_the_one_that_a_run_writes(quiet_cli: Run, written: Path) -> None:
    ran = quiet_cli("report", env={"BULKPUB_REPORT": written.name})
    assert (ran.code, "Report: night.json" in ran.out) == (0, True)
    for none in ("none", "-"):
        ran = quiet_cli("report", env={"BULKPUB_REPORT": none})
        assert "there is no report bulkpub-report.json" in ran.err


def test_it_writes_a_page_and_a_page_of_lines(quiet_cli: Run, written: Path) -> None:
    lines = written.with_suffix(".jsonl")
    lines.write_bytes(b"".join(to_lines(report())))
    pages = []
    for path in (written, lines):
        ran = quiet_cli("report", path, "--html", "page.html")
        assert (ran.code, ran.out) == (0, "Page: page.html\n")
        pages.append((written.parent / "page.html").read_text(encoding="utf-8"))
    assert pages[0].startswith("<!doctype html>")
    assert pages[0] == pages[1]
    assert quiet_cli("report", written, "--html", "-").out == pages[0]


def test_it_prints_markdown(quiet_cli: Run, written: Path) -> None:
    ran = quiet_cli("report", written, "--markdown")
    assert ran.code == 0
    assert ran.out.startswith("## Report for demo")


def test_it_opens_the_page_from_a_place_of_its_own(
    quiet_cli: Run, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def show(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    ran = quiet_cli("report", written, "--open")
    assert ran.code == 0
    path = Path(opened[0].removeprefix("file://"))
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert path.parent.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert "open the page yourself" in quiet_cli("report", written, "--open").err


def test_the_report_of_a_plan_is_shown_as_one(quiet_cli: Run, tmp_path: Path) -> None:
    planned = run_report(dataset("velos", resource(0)), dry_run=True)
    (tmp_path / "plan.json").write_bytes(b"".join(to_json(planned)))
    assert "Nothing was sent." in quiet_cli("report", "plan.json").out
    markdown = quiet_cli("report", "plan.json", "--markdown").out
    assert "Nothing was sent" in markdown
    assert "Datasets that would change" in markdown


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("gone.json",), "there is no report gone.json"),
        ((), "there is no report bulkpub-report.json"),
        (("velos.yaml",), "velos.yaml is no report that can be read: it is no JSON"),
        (("night.json", "--html", "no/page.html"), "no directory no"),
        (("night.json", "--html", "a.html", "--markdown"), "say one of"),
        (("night.json", "--html", "-", "--open"), "cannot be opened"),
        ((".",), "cannot be read"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence(
    quiet_cli: Run, written: Path, args: tuple[str, ...], why: str
) -> None:
    (written.parent / "velos.yaml").write_text("version: 1\n")
    ran = quiet_cli("report", *args)
    assert ran.code == 2
    assert ran.err.startswith("bulkpub: ")
    assert why in ran.err


def test_nothing_in_a_report_acts_on_a_terminal(quiet_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_bytes(b"".join(to_json(hostile())))
    for args in ((), ("--markdown",), ("--html", "-")):
        ran = quiet_cli("report", "odd.json", *args)
        assert ran.code == 0
        assert "\u202e" not in ran.said
