"""`--timeout`, `--max-wait` and the like mean the same, whatever the command."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from anyio.from_thread import start_blocking_portal

from bulkpub.sandbox import Sandbox

Run = Callable[..., Any]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 900\r\n\r\na,b\n"


@pytest.fixture(params=[b"", HEAD], ids=["says nothing", "falls silent"])
def silent(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that takes a request and answers it not at all, or by halves."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(request.param)
        await reader.read()  # until the other side has had enough
        writer.close()

    with start_blocking_portal() as thread:
        server = thread.call(asyncio.start_server, answer, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        thread.call(server.close)


@pytest.mark.parametrize("command", ["run", "harvest"])
def test_the_timeout_is_how_long_another_server_may_be_silent(
    run_cli: Run, folder: Any, silent: str, command: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", {"url": f"{silent}/a.csv"}))
    words = {"run": [manifest], "harvest": ["csv", f"{silent}/a.csv"]}[command]
    flags = ("--timeout", "0.3", "--retries", "0", "--allow-private-sources")
    before = time.monotonic()
    ran = run_cli(command, *words, *flags)
    assert time.monotonic() - before < 20
    assert ran.code == 1
    assert "did not answer in time" in ran.said or "no more came for 0.3 s" in ran.said


@pytest.fixture
def manifest(folder: Any) -> Any:
    return folder.manifest(folder.dataset("a", "a.csv"))


@pytest.mark.parametrize(
    "command",
    [
        "run m.yaml",
        "plan m.yaml",
        "verify m.yaml",
        "migrate --dataset velos",
        "harvest portal test-organization",
    ],
)
def test_no_command_waits_for_the_quota_longer_than_allowed(
    run_cli: Run, served: Sandbox, manifest: Any, command: str
) -> None:
    async def closed(*_: object) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    served.interceptor = closed
    words = command.replace("m.yaml", str(manifest)).split()
    ran = run_cli(*words, "--max-wait", "10s")
    assert ran.code == 4
    assert "that is longer than --max-wait allows; run again later to go on" in ran.said


@pytest.mark.parametrize(
    "command",
    ["run m.yaml", "verify m.yaml", "migrate --dataset velos", "harvest portal test-organization"],
)
def test_no_command_waits_for_a_portal_that_is_down_longer_than_allowed(
    run_cli: Run, served: Sandbox, manifest: Any, command: str
) -> None:
    async def down(*_: object) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "3600"})

    served.interceptor = down
    words = command.replace("m.yaml", str(manifest)).split()
    ran = run_cli(*words, "--give-up-after", "10s")
    assert ran.code == 4
    assert "than --give-up-after allows; run again when it is back" in ran.said
