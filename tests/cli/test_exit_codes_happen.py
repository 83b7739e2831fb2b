"""The page of exit codes and what happens agree: each code is made to happen, once."""

import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import structlog

from bulkpub.cli import main
from bulkpub.core.exit_codes import ExitCode
from bulkpub.errors import PortalRefuses, PortalUnavailable
from bulkpub.portals import memory, udata
from bulkpub.portals.memory import Call, Site

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exit-codes.md"
ROW = re.compile(r"^\| (\d+) \| (.*) \| (.*) \|$", re.MULTILINE)
DOCUMENTED = {int(code): sent for code, _, sent in ROW.findall(PAGE.read_text(encoding="utf-8"))}

Trouble = Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
def site() -> Iterator[Site]:
    name = uuid4().hex
    yield memory.site(name, udata.RULES)
    memory._sites.pop(name)


def raising(name: str, error: Exception) -> Trouble:
    async def trouble(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.name == name:
            raise error
        return await carry_out()

    return trouble


async def somebody_asks_it_to_end(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
    if call.name == "create_dataset":
        signal.raise_signal(signal.SIGINT)
    return await carry_out()


def command(site: Site, tmp_path: Path, *words: str) -> int:
    """The exit code of a command in this process, in the test's folder."""
    own = {"BULKPUB_PORTAL": site.address, "BULKPUB_API_KEY": "any-key", "HOME": str(tmp_path)}
    own |= {"BULKPUB_STATE_DIR": str(tmp_path / "state"), "PATH": os.environ["PATH"]}
    with (
        patch.dict(os.environ, own, clear=True),
        patch.object(sys, "argv", ["bulkpub", *words]),
        pytest.raises(SystemExit) as end,
    ):
        main()
    structlog.reset_defaults()
    return int(end.value.code or 0)


SOUND, WRONG = "manifest.json", "wrong.json"
PARTLY = "partly.json"
CASES: dict[int, tuple[list[str], Trouble | None, bool]] = {
    0: (["run", SOUND], None, True),
    1: (["run", PARTLY], None, True),
    2: (["run", WRONG], None, False),
    3: (["run", SOUND], raising("account", PortalRefuses("the key is revoked")), False),
    4: (["run", SOUND], raising("account", PortalUnavailable("it is down")), False),
    5: (["plan", "--detailed-exitcode", SOUND], None, False),
    130: (["run", SOUND], somebody_asks_it_to_end, True),
}
"""By code: the command, what goes wrong with the portal, and whether anything was sent."""


def test_every_code_of_the_page_is_made_to_happen() -> None:
    assert set(CASES) == set(DOCUMENTED) == set(ExitCode)


@pytest.mark.parametrize("code", CASES)
def test_a_command_ends_with_its_code(
    site: Site, tmp_path: Path, folder: Any, monkeypatch: pytest.MonkeyPatch, *, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    folder.manifest(folder.dataset("wrong", {"path": "gone.csv"})).rename(tmp_path / WRONG)
    folder.file("empty.csv", "")
    folder.manifest(folder.dataset("part", "1.csv", "empty.csv")).rename(tmp_path / PARTLY)
    folder.manifest(folder.dataset("sound", "1.csv"))
    words, site.trouble, sent = CASES[code]
    assert command(site, tmp_path, *words) == code
    assert any(call.method != "GET" for call in site.calls) is sent
    assert bool(site.datasets) is sent
    if sent:
        assert not DOCUMENTED[code].startswith("nothing")
    else:
        assert "nothing" in DOCUMENTED[code] or "perhaps" in DOCUMENTED[code]
