"""When a run was last due is remembered; whatever is wrong with that, nothing is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkpub.state.watched import last_due, was_due

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def test_it_is_known_for_what_is_watched_alone(tmp_path: Path) -> None:
    assert last_due(tmp_path, ("a",)) is None
    was_due(tmp_path, ("a",), datetime(2026, 1, 4, 12, 30, 30, 123456, tzinfo=UTC))
    was_due(tmp_path, ("a",), MOMENT)
    assert last_due(tmp_path, ("a",)) == MOMENT
    assert last_due(tmp_path, ("b",)) is None


@pytest.mark.parametrize(
    "content", [b"", b"yesterday", b"2026-01-05", b"\xff", b"9999-01-01T00:00+00:00"]
)
def test_what_is_no_moment_that_was_is_not_believed(tmp_path: Path, content: bytes) -> None:
    was_due(tmp_path, ("a",), MOMENT)
    (file,) = (tmp_path / "watched").iterdir()
    file.write_bytes(content)
    assert last_due(tmp_path, ("a",)) is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "watched").write_text("a file")
    was_due(tmp_path, ("a",), MOMENT)
    assert last_due(tmp_path, ("a",)) is None
