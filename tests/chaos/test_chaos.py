"""A short, fixed share of the chaos, and kills against a real portal; `make chaos` runs it long."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any

import pytest

from tests.chaos.kills import Victim
from tests.chaos.seen import KEY, SeenDataset, SeenResource, ask
from tests.chaos.untrue import without_hidden
from tests.chaos.wanted import Wanted
from tests.chaos.whims import Whims

ROOT = Path(__file__).parents[2]
RUN = Path(__file__).with_name("run.py")


def chaos(*options: str) -> tuple[int, list[str]]:
    """Run it in a process of its own: time runs faster there."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, RUN, *options], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.timeout(400)
@pytest.mark.served
def test_forty_histories_break_no_promise() -> None:
    code, lines = chaos("--histories", "40", "--seed", "1", "--kills", "0")
    assert code == 0, "\n".join(lines)
    assert lines[-1].startswith("histories 40; ")
    assert "duplicates 0; losses 0; other failures 0" in lines[-1]
    assert "faults met 0" not in lines[-1]


@pytest.mark.timeout(400)
@pytest.mark.served
def test_no_story_of_the_state_machine_breaks_a_promise() -> None:
    code, lines = chaos("--histories", "0", "--machine", "8", "--seed", "1", "--kills", "0")
    assert code == 0, "\n".join(lines)
    assert lines[-1].startswith("histories 0; stories ")
    assert "; stories 0;" not in lines[-1]


@pytest.mark.timeout(400)
@pytest.mark.served
def test_what_is_killed_is_completed_by_the_next_run() -> None:
    code, lines = chaos("--histories", "0", "--seed", "1", "--kills", "5")
    assert code == 0, "\n".join(lines)
    assert "duplicates 0; losses 0; other failures 0" in lines[-1]
    assert "; kills 0;" not in lines[-1]


@pytest.mark.timeout(400)
@pytest.mark.cluster
def test_a_run_on_a_cluster_whose_processes_are_killed_is_completed() -> None:
    code, lines = chaos("--histories", "0", "--kills", "0", "--dask-kills", "5", "--seed", "1")
    assert code == 0, "\n".join(lines)
    assert "duplicates 0; losses 0; other failures 0" in lines[-1]
    assert "; kills on Dask 0 " not in lines[-1]


@pytest.mark.served
@pytest.mark.timeout(400)
def test_no_answer_of_a_portal_is_too_odd() -> None:
    code, lines = chaos("--histories", "0", "--kills", "0", "--untrue", "100", "--seed", "1")
    assert code == 0, "\n".join(lines)
    assert "; untrue 100 with " in lines[-1]
    assert "untrue 100 with 0 " not in lines[-1]


def has(*resources: tuple[str, str]) -> SeenDataset:
    """A dataset that has resources of one key with these ids and contents."""
    seen = (
        SeenResource(id_, "B", "main", None, {KEY: "b"}, "", None, None, content, hosted=True)
        for id_, content in resources
    )
    return SeenDataset("d", "D", "", (), {}, tuple(seen), None)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ([("old", "1"), ("new", "2")], ["new"]),
        ([("old", "2"), ("new", "2")], ["new"]),
        ([("old", "1"), ("new", "1")], ["new"]),
        ([("old", "1")], ["old"]),
        ([("old", "2")], ["old"]),
        ([("old", "3"), ("new", "2")], ["old", "new"]),
        ([("old", "1"), ("new", "2"), ("newer", "3")], ["new", "newer"]),
    ],
)
def test_what_a_lying_portal_hid_may_stay_as_it_was_and_nothing_else(
    now: list[tuple[str, str]], left: list[str]
) -> None:
    assert without_hidden(has(*now), has(("old", "1"))).ids == left


@pytest.mark.real
@pytest.mark.timeout(600)
async def test_what_is_killed_on_a_real_portal_is_completed_by_the_next_run(
    real_portal_info: Any, tmp_path: Path
) -> None:
    chance = Random(1)  # noqa: S311 - it makes up histories, it keeps no secret
    kills = 0
    for life in range(12):
        root = tmp_path / str(life)
        root.mkdir()
        whims = Whims(Wanted(root, tag=f"{token_hex(4)}-"), chance)
        keys = {f"{whims.wanted.tag}d{number}" for number in range(1, 10)}
        portal = real_portal_info
        victim = Victim(whims, portal, partial(ask, portal, keys), chance)
        for _ in range(2):
            for _ in range(8):
                whims.change()
            await victim.suffer(chance.randint(1, 2))
        kills += victim.kills
        if kills >= 10:
            return
    pytest.fail(f"only {kills} of the runs were killed before they ended")
