"""The loop that commands run in: uvloop's where that is installed, and Python's own elsewhere."""

import asyncio
import importlib.util

import pytest

from bulkpub.cli import loop


async def loop_of() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_a_command_runs_in_the_quickest_loop_that_is_installed() -> None:
    there = importlib.util.find_spec("uvloop") is not None
    assert loop.run(loop_of) == ("uvloop" if there else "asyncio")


def test_without_uvloop_it_runs_in_pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "find_spec", lambda _name: None)
    assert loop.run(loop_of) == "asyncio"
