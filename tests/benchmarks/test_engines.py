"""One process beside the workers of a cluster: what is told, taken off, and held to be true."""

from pathlib import Path

import bench
import engines
import pytest
import sink as script
from bars import BARS
from engines import added, hashing
from material import MIB, Material
from portals import Counted, Portal, sink
from results import Results, Row, Run
from running import Place
from sunk import reported
from tables import page_with
from ways import BULKPUB, DASK, WAYS
from works import WORKS

PORTAL = Portal("http://p", "k", "o", lambda: Counted(0, 0, {}, 0.0))


def test_the_two_differ_in_the_engine_alone(tmp_path: Path) -> None:
    material = Material(tmp_path, 2, 10)
    one, dask = (WAYS[way].job(PORTAL, material, tmp_path).command for way in (BULKPUB, DASK))
    assert dask == [*one, "--engine", "dask", "--workers", "2"]


def test_every_work_has_a_place_in_the_documentation() -> None:
    for work in WORKS.values():
        page = bench.PAGES[work.place].read_text()
        assert page_with(page, work.place, "figures") != page


def test_a_place_has_its_own_works_and_bars() -> None:
    found = Results("a machine")
    found.rows = [Row(work, "first", BULKPUB, (Run({"wall": 1.0}),)) for work in WORKS]
    told = {mark: bench.of_place(found, mark) for mark in ("figures", "engines")}
    for name, work in WORKS.items():
        assert [mark for mark, text in told.items() if f"`{name}`" in text] == [work.place]
    for bar in BARS:
        place = WORKS[bar.figure.work].place
        assert [mark for mark, text in told.items() if f". {bar.says} |" in text] == [place]


def test_what_dask_adds_is_the_difference_of_the_medians() -> None:
    one, dask = (
        Row("jobs", "s", way, tuple(Run({"wall_job": w, "cpu_job": 2 * w}) for w in walls))
        for way, walls in ((BULKPUB, (1.0, 2.0, 9.0)), (DASK, (5.0, 5.5, 7.0)))
    )
    (more,) = added(one, dask).runs
    assert more.figures == {"wall_job": 3.5, "cpu_job": 7.0}


def test_beside_a_run_that_failed_nothing_is_told() -> None:
    one, failed = (Row("jobs", "s", BULKPUB, (Run({"wall_job": 1.0}, f),)) for f in ("", "lost"))
    assert added(one, failed).runs == added(failed, one).runs == ()


def test_checksums_of_large_files_are_known_before_anybody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def sha1(_: Material, number: int) -> str:
        asked.append(number)
        return ""

    monkeypatch.setattr(Material, "sha1", sha1)
    script.ready(Material(Path(), 3, MIB))
    script.ready(Material(Path(), 3, MIB - 1))
    assert asked == [0, 1, 2]


@pytest.mark.served
def test_files_of_the_same_size_are_hashed_and_one_that_differs_is_seen(tmp_path: Path) -> None:
    material = Material(tmp_path / "files", 2, 2 * MIB, 2).make()
    with sink(material)(tmp_path) as portal:
        assert not reported(portal, material, tmp_path, most=5).fault
        with material.path(1, 1).open("r+b") as file:
            file.seek(MIB)
            file.write(b"another")
        # It is sent, and this sink takes nothing.
        assert reported(portal, material, tmp_path, most=5).fault == "exit code 1"


@pytest.mark.cluster
def test_both_engines_hash_and_no_file_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LARGE", 5 * MIB)
    rows = {(row.step, row.way): row for row in hashing(Place(tmp_path, quick=True))}
    assert not any(row.fault for row in rows.values())
    step = "6 files of 1 MB"
    for way in (BULKPUB, DASK):
        assert (rows[step, way].median("requests") or 9) <= 5
    start = rows["one file: the start", DASK]
    assert (start.median("cluster") or 0.0) > 0
