"""What processes are forked from is asked for before Dask is, and by no run that needs none."""

import multiprocessing
import subprocess
import sys

import pytest

from bulkpub.engine import forks
from bulkpub.errors import StoppedEarly

READY = """
import sys
from bulkpub.engine.forks import get_ready
assert get_ready() and get_ready()
assert not {each.partition(".")[0] for each in sys.modules} & {"dask", "distributed"}
"""


@pytest.mark.served
@pytest.mark.skipif(forks.METHOD not in multiprocessing.get_all_start_methods(), reason="none here")
def test_it_is_there_without_dask_in_this_process() -> None:
    subprocess.run([sys.executable, "-c", READY], check=True)  # noqa: S603 - ours


@pytest.mark.skipif(forks.METHOD not in multiprocessing.get_all_start_methods(), reason="none here")
def test_a_process_of_a_cluster_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("An attempt has been made to start a new process")

    monkeypatch.setattr("multiprocessing.forkserver.ensure_running", refuse)
    with pytest.raises(StoppedEarly, match="if __name__ == '__main__'"):
        forks.get_ready()


def test_each_is_started_anew_where_the_folder_for_temporary_files_is_too_deep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr("multiprocessing.forkserver.ensure_running", refuse)
    assert not forks.get_ready()


def test_where_a_system_cannot_each_process_is_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert not forks.get_ready()
