"""What a benchmark prints and keeps: bars judged, failures shown as such, JSON and back."""

import json
from pathlib import Path

import pytest
from bars import BARS, Bar, judged
from bench import keeping
from hypothesis import given
from hypothesis import strategies as st
from results import At, Results, Row, Run
from tables import bars_table, beside, growth_table, page_with, report, work_table
from ways import ALONE, WAYS
from works import TITLES, WORKS

OURS = At("w", "first", "ours", "wall")
THEIRS = At("w", "first", "theirs", "wall")


def results(**walls: float | None) -> Results:
    """One row for each way; None: it failed."""
    runs = {
        way: Run({"wall": 1.0}, "exit code 1") if wall is None else Run({"wall": wall})
        for way, wall in walls.items()
    }
    return Results("a machine", rows=[Row("w", "first", way, (run,)) for way, run in runs.items()])


@pytest.mark.parametrize(
    ("bar", "walls", "verdict", "cells"),
    [
        (Bar("1", "", OURS, 2.0), {"ours": 2.0}, "met", ("2.00 s", "2.00 s")),
        (Bar("1", "", OURS, 2.0), {"ours": 2.5}, "MISSED by 25 %", ("2.50 s", "2.00 s")),
        (
            Bar("1", "", OURS, 1.5, THEIRS),
            {"ours": 3.0, "theirs": 2.0},
            "met",
            ("1.50 times: 3.00 s", "1.5 times"),
        ),
        (
            Bar("1", "", OURS, 1.5, THEIRS),
            {"ours": 6.0, "theirs": 2.0},
            "MISSED by 100 %",
            ("3.00 times: 6.00 s", "1.5 times"),
        ),
        (
            Bar("1", "", OURS, 1.5, THEIRS, plus=0.5),
            {"ours": 3.5, "theirs": 2.0},
            "met",
            ("1.75 times: 3.50 s", "1.5 times and 0.50 s"),
        ),
        (
            Bar("1", "", OURS, 1.5, THEIRS, less=At("w", "first", "part", "wall")),
            {"ours": 5.0, "theirs": 2.0, "part": 2.0},
            "met",
            ("1.50 times: 3.00 s", "1.5 times"),
        ),
        (
            Bar("1", "", OURS, 2.0, unit=("ms", 0.001)),
            {"ours": 0.0015},
            "met",
            ("1.50 ms", "2,000.00 ms"),
        ),
        (Bar("1", "", OURS, 2.0, THEIRS), {"ours": 1.0}, "not measured", ("", "")),
        (Bar("1", "", OURS, 2.0), {"theirs": 1.0}, "not measured", ("", "")),
        (Bar("1", "", OURS, 2.0), {"ours": None}, "FAILED", ("", "")),
        (Bar("1", "", OURS, 2.0, THEIRS), {"ours": 1.0, "theirs": None}, "FAILED", ("", "")),
    ],
)
def test_a_bar_is_judged(
    bar: Bar, walls: dict[str, float | None], verdict: str, cells: tuple[str, str]
) -> None:
    (found,) = judged(results(**walls), [bar])
    assert (found.verdict(), found.cells()) == (verdict, cells)


def test_every_bar_is_about_a_work_and_a_way_that_there_are() -> None:
    for bar in BARS:
        for at in filter(None, (bar.figure, bar.times, bar.less)):
            assert at.work in WORKS
            assert at.way in {*WAYS, ALONE}
        assert f"--only {bar.figure.work}" in bar.command


def test_a_failed_run_is_no_figure_however_fast() -> None:
    runs = (Run({"wall": 0.1, "cpu": 0.1}, "3 LOST"), Run({"wall": 1.0, "cpu": 1.0}))
    row = Row("w", "first", "ours", runs)
    assert row.median("wall") is None
    shown = work_table([row, Row("w", "first", "theirs", (Run({"wall": 2.0}),))])
    assert "FAILED in 1 of 2 runs: 3 LOST" in shown
    assert "0.10" not in shown
    assert "2.00 s" in shown


def test_a_work_that_could_not_be_done_says_why() -> None:
    assert "**left out: no room**" in work_table([Row("w", "", "", note="left out: no room")])


def test_a_median_leaves_out_the_odd_one() -> None:
    runs = tuple(Run({"wall": wall}) for wall in (1.0, 9.0, 2.0))
    assert Row("w", "first", "ours", runs).median("wall") == 2.0


def test_a_table_has_the_columns_that_there_are_figures_for() -> None:
    run = Run({"wall": 1.234, "memory": 5 << 20, "report": 1 << 19, "cpu_each": 0.00123})
    head, _, line = work_table([Row("w", "first", "ours", (run,))]).splitlines()
    assert head == "| what | wall | CPU a file | peak memory | report |"
    assert line == "| ours | 1.23 s | 1.23 ms | 5 MiB | 0.5 MiB |"


def test_bars_of_other_works_are_shown_only_when_everything_is() -> None:
    nothing = Results("a machine")
    assert bars_table(nothing, every=False).count("\n") == 2
    assert bars_table(nothing, every=True).count("not measured") == len(BARS)


PLACES = (("x", "old"), ("y", "kept"))


def test_a_page_keeps_what_is_outside_the_place() -> None:
    places = [f"<!-- bench: {mark} -->\n{text}\n<!-- bench: end -->\n" for mark, text in PLACES]
    page = f"before\n{places[0]}between\n{places[1]}after\n"
    written = page_with(page, "x", "new")
    assert written == page.replace("old", "\nnew")
    assert page_with(written, "x", "new") == written
    with pytest.raises(ValueError, match="no place marked <!-- bench: z -->"):
        page_with(page, "z", "new")


def test_before_and_after_stand_beside_each_other() -> None:
    table = beside(results(ours=2.0, gone=1.0), results(ours=1.0, new=1.0))
    assert "| w, first: ours | 2.00 s → 1.00 s |  |  |  |" in table
    assert "gone" not in table
    assert "new" not in table


NAMES = st.sampled_from(["wall", "cpu", "memory", "requests"])
RUNS = st.builds(Run, st.dictionaries(NAMES, st.floats(0, 1e12)), st.sampled_from(["", "3 LOST"]))
ROWS = st.builds(
    Row, st.text(), st.text(), st.text(), st.lists(RUNS, max_size=3).map(tuple), st.text()
)


@given(st.builds(Results, st.text(), st.booleans(), st.lists(ROWS, max_size=4)))
def test_results_come_back_from_json(found: Results) -> None:
    assert Results.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert report(found, TITLES)


def test_only_works_that_were_not_measured_again_are_taken_over() -> None:
    new = Results("a machine", rows=[Row("a", "first", "ours")])
    new.merge([Row("a", "other", "ours"), Row("b", "first", "ours")])
    assert [(row.work, row.step) for row in new.rows] == [("a", "first"), ("b", "first")]


def test_how_it_grows_is_shown_line_by_line_as_far_as_it_was_measured() -> None:
    runs = (Run({"cpu": 2.0, "memory": 3 << 20, "report": 1 << 20}),)
    found = Results("a machine")
    found.rows = [
        Row("linear", "1,000 files, first", "bulkpub", runs),
        Row("linear", "1,000 files again, journal warm", "bulkpub", runs),
        Row("million", "1,000,000 files again, journal warm", "bulkpub", runs),
    ]
    assert growth_table(found).splitlines()[2:] == [
        "| 1,000 files | 2.00 s | 3 MiB | 2.00 s | 3 MiB | 1.0 MiB |",
        "| 1,000,000 files |  |  | 2.00 s | 3 MiB | 1.0 MiB |",
    ]
    assert growth_table(results(ours=1.0)) == ""
    assert "How it grows" in report(found, TITLES)


def test_the_one_step_of_a_work_is_told_above_its_table() -> None:
    runs = (Run({"wall": 1.0}),)
    found = Results("a machine", rows=[Row("many", "5,000 files", "bulkpub", runs)])
    assert f"{TITLES['many']}: 5,000 files (`many`):" in report(found, TITLES)
    found.rows.append(Row("many", "more", "bulkpub", runs))
    assert f"{TITLES['many']} (`many`):" in report(found, TITLES)
    assert "| more: bulkpub | 1.00 s |" in report(found, TITLES)


def test_works_measured_again_are_kept_once_while_they_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    rows = [Row(work, "first", "ours") for work in ("start", "small", "many")]
    file.write_text(json.dumps(Results("a machine", rows=rows).to_json()))
    keep, now = keeping(file, ["start", "small"]), Results("a machine")
    for work in ("start", "small"):
        now.rows.append(Row(work, "now", "ours"))
        keep(now)
    kept = Results.from_json(json.loads(file.read_text()))
    found = sorted((row.work, row.step) for row in kept.rows)
    assert found == [("many", "first"), ("small", "now"), ("start", "now")]
