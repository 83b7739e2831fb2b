"""Past reports are kept for a while, within bounds; when that cannot be, it is no error."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest

from bulkpub.state import history
from bulkpub.state.history import is_run_id, keep, kept_report, past

NOW = datetime.now(UTC)


def run_of(days_ago: float, number: int = 0) -> str:
    return f"{NOW - timedelta(days=days_ago):%Y%m%dT%H%M%SZ}-{number:08x}"


def names(folder: Path) -> set[str]:
    return {each.name for each in (folder / "history").iterdir()}


def test_what_is_kept_is_there_again_the_newest_first(tmp_path: Path) -> None:
    runs = [run_of(2), run_of(0), run_of(1)]
    for number, run in enumerate(runs):
        keep(tmp_path, run, f"short {number}".encode(), [b"line\n", f"{number}\n".encode()])
    assert [*past(tmp_path)] == [
        (runs[1], b"short 1"),
        (runs[2], b"short 2"),
        (runs[0], b"short 0"),
    ]
    path = kept_report(tmp_path, runs[1])
    assert path is not None
    assert gzip.decompress(path.read_bytes()) == b"line\n1\n"
    assert {each.stat().st_mode & 0o077 for each in (tmp_path / "history").iterdir()} == {0}


def test_what_is_old_goes(tmp_path: Path) -> None:
    old, young = run_of(90.1), run_of(89.9)
    for run in (old, young):
        keep(tmp_path, run, b"", [b""])
    keep(tmp_path, run_of(0), b"", [b""])
    assert [run for run, _ in past(tmp_path)] == [run_of(0), young]
    assert not [name for name in names(tmp_path) if name.startswith(old)]


def test_there_are_never_too_many_nor_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "RUNS", 3)
    for number in range(6):
        keep(tmp_path, run_of(0, number), b"short", [b"x"])
    assert [run for run, _ in past(tmp_path)] == [run_of(0, n) for n in (5, 4, 3)]
    assert len(names(tmp_path)) == 6
    monkeypatch.setattr(history, "ALL", 60)
    keep(tmp_path, run_of(0, 7), b"short", [b"x"])
    assert sum(each.stat().st_size for each in (tmp_path / "history").iterdir()) <= 60


def test_runs_that_end_together_are_not_in_each_others_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "RUNS", 5)
    runs = [run_of(0, number) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: keep(tmp_path, run, run.encode(), [b"x" * 1000]), runs))
    keep(tmp_path, run_of(0, 99), b"last", [b"x"])
    left = dict(past(tmp_path))
    assert 1 <= len(left) <= 5
    assert all(short in {b"last", run.encode()} for run, short in left.items())
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


def test_of_a_huge_report_only_what_is_short_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ONE", 1000)
    without_end = chain((bytes(range(256)) * 4000 for _ in range(3)), repeat(b"incompressible"))

    def pieces() -> Iterator[bytes]:
        for number, piece in enumerate(without_end):
            assert number < 100_000, "it goes on though there is no room"
            yield piece

    keep(tmp_path, run_of(0), b"short", pieces())
    assert [*past(tmp_path)] == [(run_of(0), b"short")]
    assert kept_report(tmp_path, run_of(0)) is None
    assert names(tmp_path) == {f"{run_of(0)}.json"}


def test_what_a_killed_run_left_half_goes_a_day_later(tmp_path: Path) -> None:
    keep(tmp_path, run_of(0), b"", [])
    halves = [f"{run_of(2)}.jsonl.gz.part", f"{run_of(0, 1)}.json.part"]
    for name in halves:
        (tmp_path / "history" / name).write_bytes(b"half")
    keep(tmp_path, run_of(0, 2), b"", [])
    assert halves[0] not in names(tmp_path)
    assert halves[1] in names(tmp_path)
    assert len([*past(tmp_path)]) == 2


def test_what_others_put_there_is_neither_read_nor_removed(tmp_path: Path) -> None:
    keep(tmp_path, run_of(0), b"mine", [])
    folder = tmp_path / "history"
    (folder / "notes.txt").write_text("mine")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder / f"{run_of(1)}.json").symlink_to(secret)
    (folder / f"{run_of(1)}.jsonl.gz").symlink_to(secret)
    keep(tmp_path, run_of(0, 1), b"mine", [])
    assert "notes.txt" in names(tmp_path)
    assert {short for _, short in past(tmp_path)} == {b"mine"}
    assert kept_report(tmp_path, run_of(1)) is None
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("run", ["", "..", "../../x", "20260101T000000Z-0123456g", "a/b"])
def test_an_id_that_is_none_names_no_file(tmp_path: Path, run: str) -> None:
    assert not is_run_id(run)
    keep(tmp_path, run, b"short", [b"x"])
    assert [*past(tmp_path)] == []
    assert kept_report(tmp_path, run) is None


def test_a_folder_that_cannot_be_written_or_read_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file")
    keep(tmp_path, run_of(0), b"", [])
    assert [*past(tmp_path)] == []
