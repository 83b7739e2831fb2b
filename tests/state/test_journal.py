"""The journal makes runs faster; nothing that happens to it makes them fail."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
import structlog

from bulkpub.core.model import Fingerprint, LastFetch
from bulkpub.state.journal import (
    KEPT_S,
    MOMENT_S,
    REFUSED_S,
    VERSION,
    Forgetful,
    Journal,
    Memory,
    open_journal,
)

PORTAL = "https://portal.example"
SEEN = Fingerprint(size=1000, mtime_ns=1_700_000_000_123_456_789, inode=42, digest="a" * 40)


def sha1_of(memory: Memory, path: str, seen: Fingerprint) -> str | None:
    return memory.digests("sha1", {path: seen}).get(path)


def remembers(memory: Memory) -> bool:
    memory.keep_digest("sha1", "/data/check", SEEN)
    return sha1_of(memory, "/data/check", SEEN) == SEEN.digest


# --- hashes -------------------------------------------------------------------------------


def test_a_hash_is_known_to_the_next_run(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        assert sha1_of(memory, "/data/f.csv", SEEN) is None
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
    with open_journal(tmp_path, "https://another.example") as memory:
        assert sha1_of(memory, "/data/f.csv", replace(SEEN, digest=None)) == SEEN.digest


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/data/other.csv", SEEN),
        ("/data/f.csv", replace(SEEN, size=1001)),
        ("/data/f.csv", replace(SEEN, mtime_ns=SEEN.mtime_ns + 1)),
        ("/data/f.csv", replace(SEEN, inode=43)),
    ],
    ids=["another path", "another size", "changed since", "another file"],
)
def test_a_hash_is_of_this_very_file_as_it_was(
    tmp_path: Path, path: str, seen: Fingerprint
) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        assert sha1_of(memory, path, seen) is None
        assert sha1_of(memory, "/data/f.csv", SEEN) == SEEN.digest


def test_a_new_hash_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    changed = replace(SEEN, size=2000, digest="b" * 40)
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        memory.keep_digest("sha1", "/data/f.csv", changed)
        assert sha1_of(memory, "/data/f.csv", SEEN) is None
        assert sha1_of(memory, "/data/f.csv", changed) == "b" * 40


def test_a_file_that_was_not_hashed_is_nothing_to_remember(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        memory.keep_digest("sha1", "/data/f.csv", replace(SEEN, digest=None))
        assert sha1_of(memory, "/data/f.csv", SEEN) == SEEN.digest


@pytest.mark.parametrize(
    "path", ["/data/Été à la mer.csv", "/data/日本.csv", "/data/o'brien \".csv", "/" + "x" * 4000]
)
def test_any_path_can_be_remembered(tmp_path: Path, path: str) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", path, SEEN)
        assert sha1_of(memory, path, SEEN) == SEEN.digest


def test_a_hash_nobody_asks_for_is_forgotten_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/old.csv", SEEN)
        memory.keep_digest("sha1", "/data/used.csv", SEEN)
    now = (tmp_path / "journal.sqlite").stat().st_mtime
    monkeypatch.setattr("time.time", lambda: now + KEPT_S - 60)
    with open_journal(tmp_path, PORTAL) as memory:
        assert sha1_of(memory, "/data/used.csv", SEEN) == SEEN.digest
    monkeypatch.setattr("time.time", lambda: now + KEPT_S + 60)
    with open_journal(tmp_path, PORTAL):
        pass
    with open_journal(tmp_path, PORTAL) as memory:
        assert sha1_of(memory, "/data/old.csv", SEEN) is None
        assert sha1_of(memory, "/data/used.csv", SEEN) == SEEN.digest


# --- intents ------------------------------------------------------------------------------


def test_what_was_stored_and_not_finished_is_known_to_the_next_run(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.stored("velos", "2023.csv", "id-0")
        memory.stored("velos", "2024.csv", "id-1")
        memory.stored("bus", "lignes.csv", "id-2")
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.bound("velos") == {"2023.csv": "id-0", "2024.csv": "id-1"}
        assert memory.bound("bus") == {"lignes.csv": "id-2"}
        assert memory.bound("metro") == {}


def test_a_finished_dataset_leaves_nothing_behind_and_the_others_theirs(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.stored("velos", "2024.csv", "id-1")
        memory.stored("bus", "lignes.csv", "id-1")
        memory.finish("velos")
        assert (memory.bound("velos"), len(memory.bound("bus"))) == ({}, 1)


def test_what_is_stored_again_is_known_as_it_is_now(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.stored("velos", "2024.csv", "id-1")
        memory.stored("velos", "2024.csv", "id-2")
        assert memory.bound("velos") == {"2024.csv": "id-2"}


def test_an_upload_that_an_earlier_version_began_says_nothing(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        assert isinstance(memory, Journal)
        memory._database.execute(
            "insert into intents values (?, 'velos', '2024.csv', null, 1.0)", (PORTAL,)
        )
        assert memory.bound("velos") == {}


def test_each_portal_has_its_own_uploads(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as ours:
        ours.stored("velos", "2024.csv", "id-1")
    with open_journal(tmp_path, "https://another.example") as theirs:
        assert theirs.bound("velos") == {}
        theirs.finish("velos")
    with open_journal(tmp_path, PORTAL) as ours:
        assert ours.bound("velos") == {"2024.csv": "id-1"}


# --- sizes --------------------------------------------------------------------------------


def test_a_size_that_a_portal_refused_is_known_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.refused_size() is None
        memory.keep_refused_size(1000)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + REFUSED_S - 60)
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.refused_size() == 1000
        memory.keep_refused_size(1000)  # nothing new, and no younger for it
    with open_journal(tmp_path, "https://another.example") as memory:
        assert memory.refused_size() is None
    monkeypatch.setattr("time.time", lambda: now + REFUSED_S + 60)
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.refused_size() is None
        memory.keep_refused_size(500)
        assert memory.refused_size() == 500


# --- batches ------------------------------------------------------------------------------


def statements(memory: Memory) -> list[str]:
    """Whatever SQLite is asked from now on."""
    assert isinstance(memory, Journal)
    asked: list[str] = []
    memory._database.set_trace_callback(asked.append)
    return asked


async def test_what_happens_within_a_moment_is_one_transaction(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory, open_journal(tmp_path, PORTAL) as other:
        asked = statements(memory)
        for number in range(20):
            memory.keep_digest("sha1", f"/data/{number}.csv", SEEN)
            memory.stored("velos", f"{number}.csv", f"id-{number}")
        assert asked == []
        while not other.bound("velos"):  # noqa: ASYNC110 - see below
            await anyio.sleep(MOMENT_S / 5)  # nothing tells when a timer of the loop was due
        assert [each for each in asked if each.startswith(("begin", "commit"))] == [
            "begin immediate",
            "commit",
        ]
        assert len(other.bound("velos")) == 20
        assert (
            len(other.digests("sha1", {f"/data/{number}.csv": SEEN for number in range(20)})) == 20
        )


async def test_what_was_collected_is_known_at_once_and_at_the_end(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        assert sha1_of(memory, "/data/f.csv", SEEN) == SEEN.digest
        memory.stored("velos", "2023.csv", "id-1")
        memory.finish("velos")
        memory.stored("bus", "lignes.csv", "id-2")
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.bound("velos") == {}
        assert memory.bound("bus") == {"lignes.csv": "id-2"}


async def test_the_files_of_a_dataset_are_looked_up_in_one_statement(tmp_path: Path) -> None:
    files = {f"/data/{number}.csv": SEEN for number in range(1000)}
    with open_journal(tmp_path, PORTAL) as memory:
        for path, seen in files.items():
            memory.keep_digest("sha1", path, seen)
    with open_journal(tmp_path, PORTAL) as memory:
        asked = statements(memory)
        assert memory.digests("sha1", files) == dict.fromkeys(files, SEEN.digest)
        assert len(asked) == 1


# --- trouble ------------------------------------------------------------------------------


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def damage(path: Path) -> None:
    """Leave the header and spoil the pages."""
    content = bytearray(path.read_bytes())
    content[100:] = os.urandom(len(content) - 100)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, 5000)


def set_version(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute(f"pragma user_version = {VERSION + 1}")
    database.close()


def other_tables(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript("drop table hashes; create table hashes (text)")
    database.close()


@pytest.mark.parametrize("spoil", [overwrite, damage, truncate, set_version])
def test_a_journal_that_cannot_be_used_is_put_aside_and_begun_anew(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        memory.stored("velos", "2024.csv", "id-1")
    spoil(tmp_path / "journal.sqlite")
    with structlog.testing.capture_logs() as logs, open_journal(tmp_path, PORTAL) as memory:
        assert sha1_of(memory, "/data/f.csv", SEEN) is None
        assert memory.bound("velos") == {}
        assert remembers(memory)
    assert [each["log_level"] for each in logs] == ["warning"]
    assert (tmp_path / "journal.sqlite.unusable").exists()
    with open_journal(tmp_path, PORTAL) as memory:
        assert sha1_of(memory, "/data/check", SEEN) == SEEN.digest


def test_a_journal_of_the_right_version_and_another_shape_is_done_without(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL):
        pass
    other_tables(tmp_path / "journal.sqlite")
    with structlog.testing.capture_logs() as logs, open_journal(tmp_path, PORTAL) as memory:
        assert not remembers(memory)
        memory.stored("velos", "2024.csv", "id-1")
        assert memory.bound("velos") == {}
    assert [each["log_level"] for each in logs] == ["warning"]


def test_without_a_folder_nothing_is_remembered() -> None:
    with open_journal(None, PORTAL) as memory:
        assert isinstance(memory, Forgetful)


def test_a_folder_is_made_for_nobody_else_to_read(tmp_path: Path) -> None:
    with open_journal(tmp_path / "a" / "state", PORTAL) as memory:
        assert remembers(memory)
    assert (tmp_path / "a" / "state").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", ["file/state", "file", "/proc/state", "dir-for-file"])
def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "dir-for-file" / "journal.sqlite").mkdir(parents=True)
    with (
        structlog.testing.capture_logs() as logs,
        open_journal(tmp_path / where, PORTAL) as memory,
    ):
        assert isinstance(memory, Forgetful)
    assert [each["log_level"] for each in logs] == ["warning"]


def test_one_that_is_read_only_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By sqlite's own means: permissions say nothing to a superuser, and tests may run as one."""
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
    connect = sqlite3.connect

    def read_only(path: Path, **options: float | None) -> sqlite3.Connection:
        return connect(f"file:{path}?mode=ro", uri=True, **options)  # type: ignore[call-overload,no-any-return] # passed on

    monkeypatch.setattr("sqlite3.connect", read_only)
    with structlog.testing.capture_logs() as logs, open_journal(tmp_path, PORTAL) as memory:
        assert not remembers(memory)
    assert [each["log_level"] for each in logs] == ["warning"]


def test_one_that_is_deleted_while_it_is_open_costs_nothing_but_memory(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        memory.stored("velos", "2023.csv", "id-1")
        for file in tmp_path.iterdir():
            file.unlink()
        memory.stored("velos", "2024.csv", "id-1")
        memory.keep_digest("sha1", "/data/f.csv", SEEN)
        assert set(memory.bound("velos")) <= {"2023.csv", "2024.csv"}
        memory.finish("velos")
    with open_journal(tmp_path, PORTAL) as memory:
        assert remembers(memory)


def test_trouble_is_told_once(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        assert isinstance(memory, Journal)
        memory._database.execute("drop table intents")
        with structlog.testing.capture_logs() as logs:
            memory.stored("velos", "2023.csv", "id-1")
            memory.stored("velos", "2024.csv", "id-1")
            assert memory.bound("velos") == {}
            assert sha1_of(memory, "/data/f.csv", SEEN) is None
            memory.finish("velos")
    assert len(logs) == 1


def test_a_disk_that_is_full_is_done_without(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        assert isinstance(memory, Journal)
        (pages,) = memory._database.execute("pragma page_count").fetchone()
        memory._database.execute(f"pragma max_page_count = {pages}")
        with structlog.testing.capture_logs() as logs:
            for number in range(1000):
                memory.keep_digest("sha1", f"/data/{number}.csv", SEEN)
    assert len(logs) == 1


# --- several at once ----------------------------------------------------------------------


def test_two_runs_share_one_journal(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as one, open_journal(tmp_path, PORTAL) as other:
        one.stored("velos", "2024.csv", "id-1")
        other.keep_digest("sha1", "/data/f.csv", SEEN)
        assert other.bound("velos") == {"2024.csv": "id-1"}
        assert sha1_of(one, "/data/f.csv", SEEN) == SEEN.digest


def test_one_that_is_locked_is_waited_for(tmp_path: Path) -> None:
    with open_journal(tmp_path, PORTAL) as memory:
        blocker = sqlite3.connect(
            tmp_path / "journal.sqlite", isolation_level=None, check_same_thread=False
        )
        blocker.execute("begin immediate")
        end = threading.Timer(0.1, lambda: blocker.execute("commit"))
        end.start()
        assert remembers(memory)
        end.join()
        blocker.close()


@pytest.mark.parametrize("begin", ["begin immediate", "begin exclusive"])
def test_one_that_another_run_is_just_beginning_is_waited_for(tmp_path: Path, begin: str) -> None:
    first = sqlite3.connect(
        tmp_path / "journal.sqlite", isolation_level=None, check_same_thread=False
    )
    first.execute(begin)
    first.execute("create table something (else_ text)")
    end = threading.Timer(0.1, lambda: first.execute("commit"))
    end.start()
    with open_journal(tmp_path, PORTAL) as memory:
        assert remembers(memory)
    end.join()
    first.close()


WRITER = """
import os, sys
from pathlib import Path
from bulkpub.core.model import Fingerprint
from bulkpub.state.journal import open_journal

folder, name, files, end = sys.argv[1:]
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
with open_journal(Path(folder), "https://portal.example") as memory:
    for number in range(int(files)):
        memory.stored(name, f"{number}.csv", "id-1")
        memory.keep_digest("sha1", f"/data/{name}/{number}.csv", Fingerprint(1000, 1, 42, "a" * 40))
    if end == "killed":
        os.kill(os.getpid(), 9)
"""


def writer(folder: Path, name: str, files: int, end: str = "") -> subprocess.Popen[str]:
    """Another process, ready to write; it begins when told so with a line."""
    process = subprocess.Popen(  # noqa: S603 - the test's own interpreter
        [sys.executable, "-c", WRITER, str(folder), name, str(files), end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.served
def test_processes_that_begin_a_journal_together_lose_nothing(tmp_path: Path) -> None:
    names = ["one", "two", "three"]
    writers = [writer(tmp_path, name, files=50) for name in names]
    for process in writers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in writers] == ["", "", ""]
    with open_journal(tmp_path, PORTAL) as memory:
        assert [len(memory.bound(name)) for name in names] == [50, 50, 50]
        seen = Fingerprint(1000, 1, 42)
        assert sha1_of(memory, "/data/two/49.csv", seen) == SEEN.digest


@pytest.mark.served
def test_a_process_that_is_killed_leaves_what_was_stored(tmp_path: Path) -> None:
    process = writer(tmp_path, "velos", files=3, end="killed")
    process.communicate("go\n")
    assert process.returncode == -9
    with open_journal(tmp_path, PORTAL) as memory:
        assert set(memory.bound("velos")) == {"0.csv", "1.csv", "2.csv"}


# --- no memory at all ---------------------------------------------------------------------


def test_the_forgetful_one_takes_everything_and_knows_nothing() -> None:
    memory: Memory = Forgetful()
    memory.keep_digest("sha1", "/data/f.csv", SEEN)
    memory.stored("velos", "2024.csv", "id-1")
    memory.stored("velos", "2024.csv", "id-1")
    assert sha1_of(memory, "/data/f.csv", SEEN) is None
    assert memory.bound("velos") == {}
    memory.finish("velos")
    memory.keep_refused_size(1000)
    assert memory.refused_size() is None


def test_each_kind_of_digest_is_kept_apart(tmp_path: Path) -> None:
    path, last = "/data/f.csv", LastFetch("a" * 40, 5, "f.csv", "e", "l")
    with open_journal(tmp_path, PORTAL) as memory:
        memory.keep_digest("sha1", path, SEEN)
        memory.keep_fetch("sha1", "https://x.example/f", last)
        assert memory.digests("sha256", {path: SEEN}) == {}
        assert memory.last_fetch("sha256", "https://x.example/f") is None
        memory.keep_digest("sha256", path, replace(SEEN, digest="ab"))
        memory.keep_digest("sha256", path, replace(SEEN, digest="cd"))
        memory.keep_fetch("sha256", "https://x.example/f", replace(last, digest="ef"))
    with open_journal(tmp_path, PORTAL) as memory:
        assert memory.digests("sha256", {path: SEEN}) == {path: "cd"}
        assert memory.digests("sha1", {path: SEEN}) == {path: SEEN.digest}
        for other in (replace(SEEN, size=7), replace(SEEN, mtime_ns=7), replace(SEEN, inode=7)):
            assert memory.digests("sha256", {path: other}) == {}
        assert memory.last_fetch("sha1", "https://x.example/f") == last
        told = memory.last_fetch("sha256", "https://x.example/f")
        assert told == replace(last, digest="ef")
