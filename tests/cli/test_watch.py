"""`bulkpub watch`, as a process: a run that was missed is made, and a signal ends it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bulkpub.sandbox import Sandbox
from bulkpub.state.watched import last_due, was_due
from tests.stuck import Stuck

Run = Callable[..., Any]
CRON, ZONE = "0 0 * * 0", "Europe/Paris"
"""Once a week: what is due is what was missed."""


@pytest.fixture
def start(
    served: Sandbox, environment: dict[str, str], tmp_path: Path
) -> Callable[..., "subprocess.Popen[str]"]:
    def start(manifest: Path, **variables: str) -> "subprocess.Popen[str]":
        folder = Path(environment["BULKPUB_STATE_DIR"])
        then = datetime.now(UTC) - timedelta(days=15)
        was_due(folder, (CRON, ZONE, str(manifest.resolve())), then)
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "bulkpub", "watch", manifest, "--cron", CRON, "--tz", ZONE],
            env={
                **environment,
                "BULKPUB_PORTAL": served.base_url,
                "BULKPUB_API_KEY": served.api_key,
                **variables,
            },
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.mark.parametrize("wrong", [False, True])
def test_a_missed_run_is_made_up_for_told_in_a_line_and_the_next_one_waited_for(
    *, start: Run, folder: Any, served: Sandbox, environment: dict[str, str], wrong: bool
) -> None:
    manifest = (
        folder.text("datasets: [") if wrong else folder.manifest(folder.dataset("a", "a.csv"))
    )
    process = start(manifest)
    line = json.loads(process.stdout.readline())
    assert line["missed"] >= 1
    assert line["exit_code"] == (2 if wrong else 0)
    assert bool(line["problems"]) is wrong
    assert line["resources"]["created"] == (0 if wrong else 1)
    assert len(served.state.datasets) == (0 if wrong else 1)
    assert datetime.fromisoformat(line["next"]) > datetime.now(UTC)
    state, name = Path(environment["BULKPUB_STATE_DIR"]), (CRON, ZONE, str(manifest.resolve()))
    assert last_due(state, name) == datetime.fromisoformat(line["due"])
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, ""), err
    assert "Traceback" not in err


def test_a_signal_in_the_middle_of_a_run_ends_it_in_good_order(
    start: Run, folder: Any, served: Sandbox, run_cli: Run
) -> None:
    """Its line and its report are written, and the next run goes on from there."""
    stuck = Stuck("/upload/", after=1)
    served.interceptor = stuck
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", "3.csv"))
    process = start(manifest, BULKPUB_CONCURRENCY="1", BULKPUB_UPLOADS="1")
    stuck.wait_for(process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    (line,) = map(json.loads, out.splitlines())
    assert (line["exit_code"], line["error"]) == (130, "interrupted by SIGTERM")
    assert line["resources"]["pending"] == 3
    report = json.loads((folder.path / "bulkpub-report.json").read_text())
    assert (report["run"]["id"], report["run"]["exit_code"]) == (line["run"], 130)
    served.interceptor = None
    assert run_cli("run", manifest).code == 0
    (dataset,) = served.state.datasets.values()
    assert sorted(str(each.title) for each in dataset.resources) == ["1.csv", "2.csv", "3.csv"]


def test_the_variable_that_a_manifest_names_for_its_key_is_used(
    start: Run, folder: Any, served: Sandbox
) -> None:
    manifest = folder.manifest(
        folder.dataset("a", "a.csv"), portal=served.base_url, key_env="BULKPUB_KEY_OF_OURS"
    )
    process = start(manifest, BULKPUB_API_KEY="of-nobody", BULKPUB_KEY_OF_OURS=served.api_key)
    line = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert (line["exit_code"], line["resources"]["created"]) == (0, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cron", "30 8"], "is no cron expression"),
        (["--cron", "30 8 * * 1", "--tz", "Paris"], "there is no time zone 'Paris'"),
    ],
)
def test_what_is_no_schedule_is_told_at_once(
    run_cli: Run, folder: Any, words: list[str], sentence: str
) -> None:
    ran = run_cli("watch", folder.manifest(folder.dataset("a")), *words)
    assert (ran.code, sentence in ran.err) == (2, True)
