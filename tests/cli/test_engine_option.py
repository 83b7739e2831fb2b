"""`--engine` and `--workers`: what is asked for is seen to before anything is sent."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bulkpub.engine import choice

Run = Callable[..., Any]

MANIFEST = """\
version: 1
datasets: [{key: velos, title: Vélos, description: Vélos., personal: true}]
"""


@pytest.fixture(
    params=["run m.yaml", "verify m.yaml", "migrate --dataset velos", "harvest folder data"]
)
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    (tmp_path / "data").mkdir()
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    words: str = request.param
    return words.split()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--engine desk", "'desk' is no engine: write local, dask, or the address of a Dask"),
        ("--engine tls://me:secret@host", "must not carry a user name or a password"),
        ("--workers 2", "--workers says how many there are on this machine, and goes with the"),
        ("--engine dask://host --workers 2", "a scheduler that exists has workers of its own"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_nothing_is_sent(
    quiet_cli: Run, command: list[str], flags: str, sentence: str, tmp_path: Path
) -> None:
    ran = quiet_cli(*command, *flags.split())
    assert ran.code == 2
    assert sentence in " ".join(ran.err.split())
    assert "secret" not in ran.said
    assert not (tmp_path / "bulkpub-report.json").exists()


def test_a_variable_says_the_same_and_a_flag_beats_it(quiet_cli: Run, command: list[str]) -> None:
    asked = {"BULKPUB_ENGINE": "desk"}
    assert "'desk' is no engine" in quiet_cli(*command, env=asked).err
    assert "no engine" not in quiet_cli(*command, "--engine", "local", env=asked).err


def test_without_dask_it_is_said_what_to_install(
    quiet_cli: Run, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        choice, "find_spec", lambda name: None if name == "distributed" else find_spec(name)
    )
    ran = quiet_cli(*command, "--engine", "dask")
    assert ran.code == 2
    assert "the engine dask needs more packages: pip install 'bulkpub[dask]'" in ran.err


def test_a_plan_is_made_here(quiet_cli: Run, tmp_path: Path) -> None:
    """Whatever the environment says for runs."""
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    assert quiet_cli("plan", "m.yaml", env={"BULKPUB_ENGINE": "desk"}).code == 0
    assert quiet_cli("plan", "m.yaml", "--engine", "local").code == 2


@pytest.mark.cluster
def test_workers_do_what_they_are_asked_to(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b", "b.csv"))
    done = run_cli("run", manifest, "--engine", "dask", "--workers", 1, "-v")
    assert done.code == 0
    assert done.report["totals"]["datasets"]["created"] == 2
    assert done.err.count("dataset created") == done.err.count(" worker=tls://127.0.0.1:") - 1 == 2


@pytest.mark.cluster
def test_what_is_in_the_way_to_a_scheduler_is_told_by_us_alone(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--engine", "tls://127.0.0.1:9")
    assert ran.code == 2
    assert "Nothing was sent: the Dask scheduler at tls://127.0.0.1:9 cannot be reached" in ran.out
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in ran.out
    for words in ("Traceback", "Warning", "distributed.core"):
        assert words not in ran.err
