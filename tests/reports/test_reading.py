"""A report is read back as it was written, an older one too; anything else ends in a sentence."""

import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.cli.report_file import to_json, to_lines
from bulkpub.core.report import RunReport
from bulkpub.errors import ReportUnreadable
from bulkpub.reports.reading import read_report, report_of
from tests.reports.examples import report, reports


@given(reports())
def test_what_was_written_is_read_back(written: RunReport) -> None:
    assert report_of(b"".join(to_json(written))) == written
    assert report_of(b"".join(to_lines(written))) == written


def test_a_compressed_one_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(to_lines(report()))))
    assert read_report(path) == report()


ALWAYS_THERE = {
    "run": {
        *("id", "started_at", "finished_at", "duration_s", "manifests", "portal", "dry_run"),
        *("exit_code", "version"),
    },
    "dataset": {"key", "status", "reason"},
}


def test_an_older_report_has_less_in_it() -> None:
    whole = orjson.loads(b"".join(to_json(report())))
    old = {
        "run": {name: whole["run"][name] for name in ALWAYS_THERE["run"]},
        "totals": {},
        "rate_limit": {},
        "datasets": [
            {name: each[name] for name in ALWAYS_THERE["dataset"]} for each in whole["datasets"]
        ],
        "schema_version": 1,
    }
    read = report_of(orjson.dumps(old))
    assert [each.key for each in read.datasets] == [each.key for each in report().datasets]
    assert read.timeline == ()


def test_a_field_that_is_not_known_yet_is_passed_over() -> None:
    whole = orjson.loads(b"".join(to_json(report())))
    whole["run"]["weather"] = whole["weather"] = "fine"
    assert report_of(orjson.dumps(whole)) == report()


WHOLE = b"".join(to_json(report()))
LINES = b"".join(to_lines(report()))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\x00\xff", "is no JSON"),
        (b"titre;fichier\n", "is no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "writes `run`"),
        (b'{"datasets": []}', "writes `run`"),
        (b'{"version": 1}\n{"key": "a"}\n', "no such line 1"),
        (WHOLE[: len(WHOLE) // 2], "is no JSON"),
        (LINES[: LINES.rindex(b"\n", 0, -1) + 1], "is cut off"),
        (LINES[:-20], "damaged or cut off"),
        (LINES.splitlines()[0], "is cut off"),
        (WHOLE.replace(b'"schema_version": 1', b'"schema_version": 2'), "newer bulkpub"),
        (WHOLE.replace(b'"created"', b'"invented"'), "datasets.0"),
        (WHOLE.replace(b'"duration_s"', b'"duration"', 1), "run.duration_s: field required"),
        (b'{"run": 1, "totals": {}, "schema_version": 1}', "run"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_report_ends_in_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(ReportUnreadable, match=why):
        report_of(content)


@given(st.binary())
def test_no_content_whatever_ends_in_anything_else(content: bytes) -> None:
    with pytest.raises(ReportUnreadable):
        report_of(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "there is no report"),
        (gzip.compress(LINES)[:-9], "cannot be read"),
        (b"\x1f\x8b\x08nonsense", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_ends_in_a_sentence(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReportUnreadable, match=why):
        read_report(path)
    with pytest.raises(ReportUnreadable, match="cannot be read"):
        read_report(tmp_path)
