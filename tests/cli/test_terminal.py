"""What a person sees and types at a terminal: a real one, as far as the program can tell."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler
from tests.stuck import Stuck

CTRL_C = b"\x03"
PATIENCE_S = 40.0
"""A limit for a machine that is busy; nothing waits for it."""


@dataclass
class Terminal:
    """A command on a terminal; `said` is all that it wrote there so far."""

    process: int
    screen: int
    said: str = ""
    _until: float = field(default_factory=lambda: time.monotonic() + PATIENCE_S)

    def wait_for(self, words: str) -> None:
        """Read until it has said `words`."""
        while words not in self.said:
            assert self._read(), f"{words!r} is missing in {self.said[-2000:]!r}"

    def press(self, key: bytes) -> None:
        os.write(self.screen, key)

    def ended(self) -> int:
        """Read until it ends; its exit code."""
        while self._read():
            pass
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.screen], [], [], self._until - time.monotonic())
        assert ready, f"it hangs, after {self.said[-2000:]!r}"
        try:
            content = os.read(self.screen, 65536)
        except OSError:  # Linux says so that nobody has it open any more
            return False
        self.said += content.decode().replace("\r\n", "\n")
        return bool(content)


@pytest.fixture
def terminal(
    served: Sandbox, environment: dict[str, str], folder: Any
) -> Iterator[Callable[..., Terminal]]:
    """Start a command on a terminal of so many columns."""
    running: list[Terminal] = []

    def start(*arguments: object, columns: int = 80, shell: str = "", **variables: str) -> Terminal:
        keys = {"BULKPUB_PORTAL": served.base_url, "BULKPUB_API_KEY": served.api_key}
        env = environment | keys | {"TERM": "xterm-256color"} | variables
        process, screen = pty.fork()
        if not process:
            os.chdir(folder.path)
            size = struct.pack("HHHH", 24, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            command = [sys.executable, "-m", "bulkpub", *map(str, arguments)]
            command = ["sh", "-c", shell] if shell else command
            os.execvpe(command[0], command, env)  # noqa: S606 - our own module
        running.append(Terminal(process, screen))
        return running[-1]

    yield start
    for each in running:
        if each.process:
            os.kill(each.process, 9)
            os.waitpid(each.process, 0)
        os.close(each.screen)


def test_ctrl_c_while_a_file_is_sent_says_what_is_waited_for_and_again_stops_now(
    terminal: Callable[..., Terminal], folder: Any, served: Sandbox
) -> None:
    stuck = Stuck("/upload/", after=2)
    served.interceptor = stuck
    names = [f"{index}.csv" for index in range(5)]
    manifest = folder.manifest(folder.dataset("a", *names))
    shown = terminal("run", manifest, "--concurrency", 1, "--uploads", 1)
    assert stuck.reached.wait(PATIENCE_S)
    shown.wait_for("Dataset a")  # it is drawn
    shown.press(CTRL_C)
    shown.wait_for("Ctrl-C again stops now.")
    assert "Stopping: 1 upload is being finished, for 30 s at most." in shown.said
    shown.press(CTRL_C)
    assert shown.ended() == 130
    assert "by SIGINT" in shown.said
    assert "Arrived: 2 files; left: 3 files. Run again to do the rest." in shown.said
    assert "Traceback" not in shown.said


def test_ctrl_c_while_the_first_answer_is_awaited(
    terminal: Callable[..., Terminal], folder: Any, served: Sandbox
) -> None:
    served.interceptor = Stuck("/me/")
    shown = terminal("run", folder.manifest(folder.dataset("a", "a.csv")), columns=60)
    shown.wait_for("what it has: 1 dataset, 1 file")
    shown.press(CTRL_C)
    assert shown.ended() == 130
    assert "Stopping now." in shown.said
    assert "No file was sent. Run again to go on." in shown.said


def test_ctrl_c_while_the_pace_holds_back(
    terminal: Callable[..., Terminal], folder: Any, limited_sandbox: Sandbox
) -> None:
    portal = {"BULKPUB_PORTAL": limited_sandbox.base_url, "TZ": "Europe/Paris"}
    manifest = folder.manifest(folder.dataset("a", *(f"{n}.csv" for n in range(20))))
    shown = terminal("run", manifest, BULKPUB_API_KEY=limited_sandbox.api_key, **portal)
    shown.wait_for("Pacing: next request ")
    assert re.search(r"Pacing: next request \d\d:\d\d(:\d\d)?, in .*; done about \d", shown.said)
    shown.press(CTRL_C)
    assert shown.ended() == 130
    assert "Stopping now." in shown.said  # nothing is under way that was worth a moment


def test_ctrl_c_while_a_large_manifest_is_read(
    terminal: Callable[..., Terminal], folder: Any
) -> None:
    folder.file("a.csv", "a;b\n")
    manifest = folder.path / "m.jsonl"
    said = '"description": "d", "personal": true, "resources": [{"path": "a.csv"}]'
    rows = (f'{{"key": "{n}", "title": "T {n}", {said}}}\n' for n in range(60_000))
    manifest.write_text("".join(rows))
    shown = terminal("run", manifest)
    shown.wait_for("files so far")
    shown.press(CTRL_C)
    assert shown.ended() == 130
    assert "Interrupted after" in shown.said
    assert "Traceback" not in shown.said


async def refuse_uploads(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The portal takes no file."""
    if request.path.endswith("/upload/"):
        await request.read()
        return web.json_response({"message": "no room for it"}, status=400)
    return await handler(request)


def test_failures_are_told_once_and_without_log_lines(
    terminal: Callable[..., Terminal], folder: Any, served: Sandbox
) -> None:
    served.interceptor = refuse_uploads
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv", "c.csv"))
    shown = terminal("run", manifest, NO_COLOR="1")
    assert shown.ended() == 1
    assert shown.said.count("no room for it") == 1
    assert "! 3 files: " in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.said)
    assert not re.search(r"^\d{4}-\d\d-\d\dT", shown.said, re.MULTILINE)
    assert not re.search(r"\x1b\[[0-9;]*3\dm", shown.said)  # no colour
    command = f"{sys.executable} -m bulkpub run {manifest} > summary.txt"
    apart = terminal(shell=command)
    assert apart.ended() == 1
    assert apart.said.count("no room for it") == 1  # who reads only the terminal is told as well
    told = terminal("run", manifest, "-v", TERM="dumb", columns=60)
    assert told.ended() == 1
    assert re.search(r"^\d{4}-\d\d-\d\dT\S+ info ", told.said, re.MULTILINE)
    assert "\x1b" not in told.said
