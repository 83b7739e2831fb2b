"""Ctrl-C and SIGTERM: the report is written, and the next run completes what is left."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from bulkpub.sandbox import Sandbox
from tests.stuck import Stuck


@pytest.fixture
def started(served: Sandbox, environment: dict[str, str], folder: Any) -> Callable[..., Any]:
    """Start `bulkpub run` as a process of its own."""

    @contextmanager
    def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
        keys = {"BULKPUB_PORTAL": served.base_url, "BULKPUB_API_KEY": served.api_key}
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "bulkpub", "run", *map(str, arguments)],
            env=environment | keys,
            cwd=folder.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_tells_what_it_did_and_the_next_one_goes_on(
    *,
    started: Any,
    folder: Any,
    served: Sandbox,
    run_cli: Callable[..., Any],
    report_faults: Callable[[bytes], list[str]],
    number: signal.Signals,
) -> None:
    stuck = Stuck("/upload/", after=2)
    served.interceptor = stuck
    names = [f"{index}.csv" for index in range(5)]
    manifest = folder.manifest(folder.dataset("a", *names), folder.dataset("b", "b.csv"))
    with started(manifest, "--concurrency", 1, "--uploads", 1) as process:
        stuck.wait_for(process)
        process.send_signal(number)
        if number is signal.SIGINT:  # a person who sees that it is stuck
            assert process.stderr is not None
            assert "Ctrl-C again stops now." in process.stderr.readline()
            process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f" by {number.name}" in out
    assert "Arrived: 2 files; left: 4 files. Run again to do the rest." in out
    assert "Traceback" not in out + err
    content = (folder.path / "bulkpub-report.json").read_bytes()
    assert report_faults(content) == []
    told = orjson.loads(content)
    assert told["run"]["exit_code"] == 130
    assert [each["status"] for each in told["datasets"]] == ["pending", "pending"]
    assert "6 pending (2 of them sent already)" in out
    begun, waiting = told["datasets"]
    assert begun["reason"] == "created, but the run ended before it was finished"
    sent = [each for each in begun["resources"] if each["reason"].startswith("it was sent")]
    assert [each["key"] for each in sent] == names[:2]
    assert all(each["id"] and each["url"] for each in sent)
    assert waiting["reason"] == "not begun: the run ended before its turn came"
    assert {each["reason"] for each in waiting["resources"]} == {waiting["reason"]}

    served.interceptor = None
    ran = run_cli("run", manifest)
    assert ran.code == 0
    published = {
        each.title: [one.title for one in each.resources] for each in served.state.datasets.values()
    }
    assert published == {"Dataset a": names, "Dataset b": ["b.csv"]}
    assert ran.report["totals"]["bytes"]["uploaded"] == sum(
        (folder.path / name).stat().st_size for name in [*names[2:], "b.csv"]
    )


@pytest.mark.parametrize("ending", ["/api/1/datasets/", "/upload/", "/resources/"])
def test_what_a_killed_run_has_done_is_not_done_again(
    started: Any, folder: Any, served: Sandbox, run_cli: Callable[..., Any], ending: str
) -> None:
    """Killed after the portal has done it and before we are told, without any local state."""
    if ending == "/api/1/datasets/":  # the listing passes, the creation does not
        stuck = Stuck(ending, after=1, done=True)
    else:
        stuck = Stuck(ending, done=True)
    served.interceptor = stuck
    names = ["1.csv", "2.csv", "3.csv"]
    manifest = folder.manifest(folder.dataset("a", *names))
    with started(manifest, "--uploads", 1) as process:
        stuck.wait_for(process)
        process.kill()
        process.wait(timeout=10)
    served.interceptor = None
    ran = run_cli("run", manifest)
    assert ran.code == 0
    (dataset,) = served.state.datasets.values()
    assert [each.title for each in dataset.resources] == names
    sha1s = {each.checksum["value"] for each in dataset.resources if each.checksum}
    assert len(sha1s) == 3


@pytest.mark.parametrize("ending", ["/me/", "/api/1/datasets/"])
def test_a_run_that_waits_for_its_first_answers_can_be_interrupted(
    started: Any, folder: Any, served: Sandbox, ending: str
) -> None:
    stuck = Stuck(ending)
    served.interceptor = stuck
    with started(folder.manifest(folder.dataset("a", "a.csv"))) as process:
        stuck.wait_for(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    assert process.returncode == 130, err
    assert " by SIGINT" in out
    told = orjson.loads((folder.path / "bulkpub-report.json").read_bytes())
    assert [each["status"] for each in told["datasets"]] == ["pending"]
