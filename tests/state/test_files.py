"""The state is nobody else's: its modes, and what was planted where its files go."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkpub.core.model import Fingerprint
from bulkpub.errors import StoppedEarly
from bulkpub.state.journal import open_journal
from bulkpub.state.lock import only_run_of

PORTAL = "https://portal.example"
SEEN = Fingerprint(size=1, mtime_ns=2, inode=3, digest="a" * 40)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other links and rights")


def use(folder: Path) -> None:
    """As a run does."""
    with only_run_of(["m.yaml"], PORTAL, folder), open_journal(folder, PORTAL) as memory:
        memory.keep_digest("sha1", "/a.csv", SEEN)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_we_can_read_it(tmp_path: Path, umask: int) -> None:
    folder, before = tmp_path / "state", os.umask(umask)
    try:
        with only_run_of(["m.yaml"], PORTAL, folder), open_journal(folder, PORTAL) as memory:
            memory.keep_digest("sha1", "/a.csv", SEEN)
            found = modes(tmp_path)
    finally:
        os.umask(before)
    folders = {name for name in found if (tmp_path / name).is_dir()}
    assert folders == {"state", "state/locks"}
    assert {found[name] for name in folders} == {0o700}
    assert {mode for name, mode in found.items() if name not in folders} == {0o600}
    assert any(name.endswith(".held-by") for name in found)
    assert "state/journal.sqlite" in found


def test_an_older_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    use(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
    use(tmp_path)
    assert stat.S_IMODE((tmp_path / "journal.sqlite").stat().st_mode) == 0o600
    (lock,) = (tmp_path / "locks").glob("*.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def symbolic(planted: Path, target: Path) -> None:
    planted.symlink_to(target)


def dangling(planted: Path, target: Path) -> None:
    planted.symlink_to(target.with_name("made-by-us"))


def hard(planted: Path, target: Path) -> None:
    planted.hardlink_to(target)


def pipe(planted: Path, _: Path) -> None:
    os.mkfifo(planted)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("plant", [symbolic, dangling, hard, pipe])
@pytest.mark.parametrize("ending", [".lock", ".held-by", "journal.sqlite", "-wal", "-shm"])
def test_what_is_planted_in_its_place_is_not_followed(
    tmp_path: Path, plant: Callable[[Path, Path], None], ending: str
) -> None:
    with only_run_of(["m.yaml"], PORTAL, tmp_path), open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/a.csv", SEEN)
        (place,) = (path for path in tmp_path.rglob("*") if path.name.endswith(ending))
    place.unlink(missing_ok=True)
    target = tmp_path / "precious"
    target.write_text("precious")
    target.chmod(0o640)
    plant(place, target)
    use(tmp_path)  # it goes on without
    assert target.read_text() == "precious"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert not (tmp_path / "made-by-us").exists()


def test_a_planted_folder_of_locks_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = tmp_path / "state"
    state.mkdir()
    (state / "locks").symlink_to(elsewhere)
    use(state)
    assert list(elsewhere.iterdir()) == []


def test_who_holds_the_lock_is_not_read_through_a_link(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    with only_run_of(["m.yaml"], PORTAL, tmp_path):
        (note,) = tmp_path.rglob("*.held-by")
        note.unlink()
        note.symlink_to(secret)
        with (
            pytest.raises(StoppedEarly, match="a process that has just begun"),
            only_run_of(["m.yaml"], PORTAL, tmp_path),
        ):
            pass
