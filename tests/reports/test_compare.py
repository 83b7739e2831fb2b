"""What differs between two runs is told, and nothing that does not."""

import dataclasses
from typing import Any

import pytest

from bulkpub.core.outcome import ResourceStatus
from bulkpub.core.report import RunReport
from bulkpub.reports.compare import SHOWN, differences, lines_of
from bulkpub.reports.markdown import difference_as_markdown
from tests.reports.examples import dataset, hostile, report, resource, run_report

FAILED, UNCHANGED = ResourceStatus.FAILED, ResourceStatus.UNCHANGED
PENDING = ResourceStatus.PENDING


def told(old: RunReport, new: RunReport) -> dict[str, list[str]]:
    return {part.title: part.lines for part in differences(old, new).parts}


def one(status: ResourceStatus = UNCHANGED, **more: Any) -> RunReport:
    return run_report(dataset("d", resource(0, status, **more), resource(9, UNCHANGED)))


ALONE = run_report(dataset("d", resource(9, UNCHANGED)))
NAME = "D › Comptages 0"  # noqa: RUF001 - a path sign


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (one(), one(), {}),
        (one(), one(FAILED, error="e"), {"New failures": [f"{NAME}: e"]}),
        (one(FAILED), one(FAILED, error="e"), {"Failing still": [f"{NAME}: e"]}),
        (one(FAILED, error="e"), one(), {"Recovered": [f"{NAME}: it was: e"]}),
        (one(FAILED), one(PENDING), {"Not come to this time": [f"{NAME}: as it is"]}),
        (one(), one(size=None), {}),
        (one(size=200), one(size=50), {"Sizes that changed": [f"{NAME}: 200 B → 50 B (-75 %)"]}),
        (one(size=0), one(size=5), {"Sizes that changed": [f"{NAME}: 0 B → 5 B (it was empty)"]}),
        (
            one(attempts=1, duration_s=3.0),
            one(attempts=1, duration_s=60.0),
            {"Slower to send": [f"{NAME}: 3.0 s → 1 min 00 s"]},
        ),
        (one(attempts=1, duration_s=0.1), one(attempts=1, duration_s=4.0), {}),
        (ALONE, one(), {"New files": [f"{NAME}: 1.0 kB"]}),
        (one(), ALONE, {"Files no longer there": [NAME]}),
        (
            one(),
            run_report(dataset("d", error="no rights")),
            {"Datasets that fail now": ["D: no rights"]},
        ),
        (
            run_report(dataset("d", error="no rights")),
            run_report(dataset("d")),
            {"Datasets that no longer fail": ["D: no rights"]},
        ),
    ],
)  # fmt: skip
def test_each_kind_of_difference_is_told(
    old: RunReport, new: RunReport, difference: dict[str, list[str]]
) -> None:
    assert told(old, new) == difference


def test_a_run_whose_manifest_was_wrong_knows_nothing_of_files() -> None:
    wrong = dataclasses.replace(run_report(), run=dataclasses.replace(report().run, exit_code=2))
    assert told(one(), wrong) == {}


def test_a_file_that_was_renamed_but_keeps_its_key_is_the_same() -> None:
    assert told(one(title="Before"), one(title="After")) == {}


def test_figures_are_told_side_by_side() -> None:
    later = dataclasses.replace(report(), run=dataclasses.replace(report().run, duration_s=90.0))
    lines = [*lines_of(differences(report(), later))]
    assert "  Took             1 min 00 s → 1 min 30 s" in lines
    assert "  Files created    2" in lines
    assert "Failing still (1):" in lines


def test_what_is_told_is_bounded_and_escaped() -> None:
    files = [resource(n, FAILED) for n in range(200)]
    difference = differences(run_report(), run_report(dataset("d", *files)))
    assert [part.count for part in difference.parts] == [200, 200]
    assert all(len(part.lines) == SHOWN for part in difference.parts)
    assert "  … and 150 more" in [*lines_of(difference)]
    odd = differences(run_report(), hostile())
    assert all(line.isprintable() for line in lines_of(odd))
    assert "<script>" not in difference_as_markdown(odd).replace(r"\<script\>", "")
