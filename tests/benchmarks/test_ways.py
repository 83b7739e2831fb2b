"""The ways of a benchmark: what curl is told, and that one that does not do its work failed."""

import shlex
from pathlib import Path

import curl_equal
import pytest
import running
from curl_config import Request, config, prepare
from material import Material
from portals import Counted, Portal, sandbox
from running import Place, counting, judge_of, measure, publish
from ways import CURL, EQUAL, WAYS, Job

PORTAL = Portal("http://p", "k", "o", lambda: Counted(0, 0, {}, 0.0))


def told(text: str) -> list[dict[str, str]]:
    """What curl reads in a config: options with their values, request by request."""
    requests: list[dict[str, str]] = [{}]
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        if name == "next":
            requests.append({})
        else:
            requests[-1][name] = shlex.split(value)[0] if value else ""
    return requests


def test_curl_is_told_each_request_in_an_entry_of_its_own() -> None:
    upload = Request("POST", "/datasets/1/upload/", file=Path("a.csv"))
    finish = Request("PUT", "/datasets/1/resources/", body=Path("b"), answer=Path("c"))
    first, second = told(config(PORTAL, [upload, finish]))
    assert first["url"] == "http://p/api/1/datasets/1/upload/"
    assert (first["form"], first["output"]) == ('file=@"a.csv"', "/dev/null")
    assert (second["request"], second["data-binary"], second["output"]) == ("PUT", "@b", "c")
    assert "fail" in first
    assert "fail" in second


@pytest.mark.parametrize("name", ["a b.csv", 'a"b.csv', "a\\b.csv", "été.csv"])
def test_file_names_are_quoted(name: str) -> None:
    (entry,) = told(config(PORTAL, [Request("POST", "/", body=Path(name))]))
    assert entry["data-binary"] == f"@{name}"


def test_ids_that_answers_tell_are_put_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / "dataset-1.answer").write_text('{"resources": [{"id": "no"}], "id": "d1"}')
    (tmp_path / "file-2.answer").write_text('{"id": "f2"}')
    ids: dict[str, str] = {}
    text = "a @@dataset-1@@ b @@file-2@@ c @@dataset-1@@"
    assert curl_equal.filled(text, str(tmp_path), ids) == "a d1 b f2 c d1"
    assert ids == {"dataset-1": "d1", "file-2": "f2"}


def test_all_that_curl_sends_is_prepared_beforehand(tmp_path: Path) -> None:
    prepare(PORTAL, Material(tmp_path, 4, 10, 2), tmp_path)
    create, upload, finish = (
        told((tmp_path / f"{name}.config.in").read_text())
        for name in ("create", "upload", "finish")
    )
    assert [len(each) for each in (create, upload, finish)] == [2, 4, 2]
    assert upload[3]["url"].endswith("/datasets/@@dataset-1@@/upload/")
    assert "@@file-3@@" in (tmp_path / "finish.1.in").read_text()


@pytest.mark.served
def test_what_ends_badly_has_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = measure(Job(["sh", "-c", "echo why; exit 3"]), tmp_path / "log.txt")
    assert measured.fault == "exit code 3"
    assert "why" in capsys.readouterr().err
    assert measured.figures["memory"] > 0


@pytest.mark.served
def test_what_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LONGEST", 0.5)
    assert measure(Job(["sleep", "600"]), tmp_path / "log").fault == "not done after 0.5 s"


@pytest.mark.served
def test_curl_does_work_equal_to_ours_and_is_held_to_it(tmp_path: Path) -> None:
    material = Material(tmp_path / "files", 6, 100, 2).make()
    place = Place(tmp_path / "place", quick=True)
    equal, files_only = publish(place, "w", sandbox(), material, [EQUAL, CURL])
    assert (equal.fault, files_only.fault) == ("", "")
    assert [row.median("requests") for row in (equal, files_only)] == [2 + 6 + 2, 6]
    with sandbox()(tmp_path / "portal") as portal:
        idle, judge = Job(["true"]), judge_of(portal, material, WAYS[EQUAL])
        assert "6 LOST" in counting(portal, idle, tmp_path / "log.txt", judge).fault
