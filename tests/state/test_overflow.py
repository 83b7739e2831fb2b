"""Values that memory has no room for come back as they were, in their order, whatever happens."""

import errno
import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import (
    Check,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    Place,
    RemoteDataset,
    ResourceSpec,
    TemporalCoverage,
)
from bulkpub.errors import StoppedEarly
from bulkpub.state.overflow import Overflow

PUTS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(), st.integers(0, 3)), max_size=30)


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkpub.state.overflow.ROOM", 0)


@given(puts=PUTS, room=st.integers(0, 20))
def test_it_is_as_a_mapping_however_little_room_there_is(
    puts: list[tuple[str, int, int]], room: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bulkpub.state.overflow.ROOM", room)
        kept, expected = Overflow[tuple[int]](None), dict[str, tuple[int]]()
    for key, value, weight in puts:
        kept.put(key, (value,), weight)
        expected[key] = (value,)
    assert list(kept) == list(expected)
    assert {key: kept[key] for key in kept} == expected
    assert len(kept) == len(expected)
    assert [key in kept for key in "abcxyz"] == [key in expected for key in "abcxyz"]
    assert kept.overflows or sum(weight for *_, weight in puts) <= room + 3
    kept.close()


DATASET = DatasetSpec(
    "k",
    DatasetMetadata(
        title="Été",
        tags=("a", "b"),
        temporal_coverage=TemporalCoverage(date(2026, 1, 1)),
        extras={"a": [1, {"b": None}]},
    ),
    (ResourceSpec("r", FileSource("/a\udce9", "a\udce9"), checks=(Check.CSV,)),),
    places={"title": Place("m.yaml", 1, 2)},
)


@pytest.mark.parametrize(
    "value",
    [
        DATASET,
        RemoteDataset("1", DATASET.metadata, modified=datetime(2026, 1, 2, tzinfo=UTC)),
        (),
        None,
    ],
)
@pytest.mark.usefixtures("no_room")
def test_every_value_of_the_model_comes_back_as_it_was(value: Any) -> None:
    kept = Overflow[Any](None)
    kept.put("k", value)
    assert kept.overflows
    assert kept["k"] == value
    assert getattr(kept["k"], "places", None) == getattr(value, "places", None)


@pytest.mark.usefixtures("no_room")
def test_nobody_else_finds_the_file_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[IO[bytes]] = []
    opened = Overflow._opened

    def watched(kept: Overflow[Any]) -> IO[bytes]:
        files.append(opened(kept))
        return files[-1]

    monkeypatch.setattr(Overflow, "_opened", watched)
    kept = Overflow[str](tmp_path / "state")
    kept.put("k", "secret")
    assert list((tmp_path / "state").iterdir()) == []
    found = os.fstat(files[0].fileno())
    assert (found.st_nlink, stat.S_IMODE(found.st_mode)) == (0, 0o600)
    assert found.st_dev == (tmp_path / "state").stat().st_dev
    del kept
    assert files[0].closed


class Full:
    """A file on a disk that is full after so many writes."""

    def __init__(self, file: IO[bytes], writes: int) -> None:
        self.file, self.writes = file, writes

    def write(self, content: Any) -> int:
        self.writes -= 1
        if self.writes < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.mark.parametrize("writes", [0, 1, 2])
@pytest.mark.usefixtures("no_room")
def test_a_full_disk_is_told_once_and_costs_memory_alone(
    writes: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Overflow._opened
    monkeypatch.setattr(Overflow, "_opened", lambda kept: Full(opened(kept), writes))
    kept = Overflow[str](None)
    for key in "abcd":
        kept.put(key, key.upper())
    assert [kept[key] for key in kept] == ["A", "B", "C", "D"]
    told = capsys.readouterr().out
    assert told.count("no room on the disk") == 1
    assert "No space left on device" in told


@pytest.mark.usefixtures("no_room")
def test_a_folder_that_cannot_be_written_to_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    kept = Overflow[str](tmp_path / "state")
    kept.put("k", "v")
    assert kept["k"] == "v"


@pytest.mark.usefixtures("no_room")
def test_what_cannot_be_read_back_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Full):
        def read(self, _length: int) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    opened = Overflow._opened
    monkeypatch.setattr(Overflow, "_opened", lambda kept: Broken(opened(kept), 9))
    kept = Overflow[str](None)
    kept.put("k", "v")
    with pytest.raises(StoppedEarly, match="could not be read back from the disk: Input/output"):
        kept["k"]
