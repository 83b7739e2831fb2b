"""Chromium without a window, spoken to in its own protocol (CDP): no driver to install.

The rule: it reaches nothing but this machine, and tells what a page asked for, what it complained
of and what it broke of its policy.
"""

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

__all__ = ["Page", "browser_here", "opened_browser"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    *("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0"),
)
LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
PATIENCE_S = 60


def browser_here() -> str | None:
    """The Chromium of this machine, or None."""
    named = os.environ.get("BULKPUB_BROWSER")
    return next(filter(None, map(shutil.which, [named] if named else NAMES)), None)


@dataclass
class Page:
    """A page in the browser; `asked` are the addresses it asked for, `said` its complaints."""

    socket: aiohttp.ClientWebSocketResponse
    session: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    loaded: bool = False

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers; AssertionError when that is an error."""
        number = next(self.numbers)
        told = {"id": number, "method": method, "params": params, "sessionId": self.session}
        await self.socket.send_json(told)
        while (message := await self._message()).get("id") != number:
            self._note(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    async def visit(self, address: str) -> None:
        """Open the address, and wait until it is loaded."""
        self.loaded = False
        for room in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{room}.enable")
        await self.call("Page.navigate", url=address)
        while not self.loaded:
            self._note(await self._message())

    async def value(self, script: str) -> Any:
        """What the script, which may be a promise, comes to."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def screen(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Be seen at that width, in light or dark."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", media="", features=[scheme])

    async def picture(self) -> bytes:
        """What it looks like, all of it, as PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def paper(self) -> bytes:
        """What it looks like on paper, as PDF."""
        printed = await self.call("Page.printToPDF", printBackground=False)
        return base64.b64decode(printed["data"])

    async def _message(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.socket.receive(), PATIENCE_S)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        told: dict[str, Any] = json.loads(message.data)
        return told

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self.loaded = True
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Log.entryAdded":
                self.said.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.said.append(str(params["exceptionDetails"]))
            case "Page.javascriptDialogOpening":
                self.said.append(f"dialog: {params['message']}")


@asynccontextmanager
async def opened_browser(program: str) -> AsyncIterator[Page]:
    """A browser of one page, with a profile of its own, for as long as it is wanted."""
    # A browser refuses to be root in its sandbox; it shows files of ours alone.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *flags,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = await asyncio.wait_for(_listening(process), PATIENCE_S)
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=0) as socket,
            ):
                yield await _page(socket)
        finally:
            process.kill()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := LISTENING.search(line):
            return found[1].decode()
    raise AssertionError("the browser ended before it listened")


async def _page(socket: aiohttp.ClientWebSocketResponse) -> Page:
    """The page that is open, spoken to in a session of its own."""
    whole = Page(socket, "")

    async def ask(method: str, **params: Any) -> dict[str, Any]:
        number = next(whole.numbers)
        await socket.send_json({"id": number, "method": method, "params": params})
        while (message := await whole._message()).get("id") != number:
            pass
        result: dict[str, Any] = message["result"]
        return result

    targets = (await ask("Target.getTargets"))["targetInfos"]
    target = next(each["targetId"] for each in targets if each["type"] == "page")
    attached = await ask("Target.attachToTarget", targetId=target, flatten=True)
    whole.session = attached["sessionId"]
    return whole
