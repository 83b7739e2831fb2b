"""200 files of another server come to be hosted, though it fails and we are killed meanwhile."""

import asyncio
import contextlib
import hashlib
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from bulkpub.core.model import SOURCE_EXTRA

DATASETS = 4
FILES = {"real": 50, "sandbox": 10}
"""In each dataset. What is promised is promised for a real portal."""
GONE = {"d1/f7.csv", "d3/f0.csv"}
CUT, BUSY = 13, 29
"""Every so many-th file is cut in the middle the first time, or answered 503."""


def content(name: str) -> bytes:
    return f"name;{name}\n".encode() * 200


@dataclass
class OldHost:
    """The server that all resources point to; also the proxy on the way to its public name."""

    port: int = 0
    sent: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/")
        if name in GONE:
            raise web.HTTPNotFound
        number = sum(map(int, "".join(c if c.isdigit() else " " for c in name).split()))
        first = name not in self.met
        self.met.append(name)
        if first and number % BUSY == 0:
            return web.Response(status=503, headers={"Retry-After": "0"})
        body = content(name)
        answer = web.StreamResponse(headers={"ETag": f'"{name}"', "Content-Type": "text/csv"})
        answer.content_length = len(body)
        await answer.prepare(request)
        if first and number % CUT == 0:
            await answer.write(body[:100])
            assert request.transport is not None
            request.transport.abort()
            return answer
        await answer.write(body)
        self.sent.append(name)
        return answer


@pytest.fixture
async def old_host() -> AsyncIterator[OldHost]:
    host = OldHost()
    app = web.Application()
    app.router.add_route("*", "/{name:.*}", host.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.port = runner.addresses[0][1]
    yield host
    await runner.cleanup()


@pytest.fixture
async def pointing(target: Any, portal_kind: str) -> list[Any]:
    """Datasets whose resources all point to the old host, as the portal tells them."""

    async def resource(dataset_id: str, number: int, index: int) -> None:
        body = {
            "filetype": "remote",
            "url": f"http://old.example.com/d{number}/f{index}.csv",
            "title": f"Fichier {index} ({number})",
            "description": f"Le {index}e",
            "type": "documentation" if index % 5 == 0 else "main",
            "format": "csv",
            "extras": {"mine": index},
        }
        path = f"/datasets/{dataset_id}/resources/"
        await target.portal.call("POST", path, json=body, expect=201)

    async def dataset(number: int) -> Any:
        said = {
            "title": f"{target.tag}d{number}",
            "description": "D",
            "organization": target.portal.org,
        }
        created = (await target.portal.call("POST", "/datasets/", json=said, expect=201)).body
        for index in range(FILES[portal_kind]):
            await resource(created["id"], number, index)
        return await target.portal.get({"id": created["id"]})

    return [await dataset(number) for number in range(DATASETS)]


@dataclass
class Program:
    """`bulkpub migrate` in a process of its own."""

    target: Any
    environment: dict[str, str]
    folder: Path

    async def start(self, datasets: list[Any]) -> Process:
        named = [word for each in datasets for word in ("--dataset", each["id"])]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", "migrate", *named, "--quiet"),
            *("--portal", self.target.info["base_url"], "--allow-private-sources"),
            *("--report", str(self.folder / "report.json")),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            env=self.environment,
            cwd=self.folder,
        )

    async def run(self, datasets: list[Any]) -> tuple[int | None, Any]:
        process = await self.start(datasets)
        _, errors = await process.communicate()
        assert b"Traceback" not in errors, errors.decode()
        return process.returncode, orjson.loads((self.folder / "report.json").read_bytes())


@pytest.fixture
def program(target: Any, old_host: OldHost, environment: dict[str, str], tmp_path: Path) -> Program:
    own = {
        "BULKPUB_API_KEY": target.key("outsider"),
        "http_proxy": f"http://127.0.0.1:{old_host.port}",
        "no_proxy": "127.0.0.1,localhost",
    }
    return Program(target, environment | own, tmp_path)


def said(dataset: Any) -> list[Any]:
    """What must not change."""
    names = ("id", "title", "description", "type", "latest")
    return [[each[name] for name in names] for each in dataset["resources"]]


@pytest.mark.timeout(600)
async def test_resources_are_hosted_in_place_through_faults_and_kills(
    target: Any, old_host: OldHost, pointing: list[Any], program: Program
) -> None:
    files = sum(len(each["resources"]) for each in pointing)
    for killed_at in (files // 8, files // 2):
        await killed(program, pointing, lambda: len(old_host.sent) >= killed_at)  # noqa: B023
    code, report = await program.run(pointing)
    assert code == 1, "two files are gone"
    failed = {
        each["source"]: each["error"]
        for dataset in report["datasets"]
        for each in dataset["resources"]
        if each["status"] == "failed"
    }
    assert len(failed) == len(GONE)
    async with aiohttp.ClientSession(auto_decompress=False) as reader:
        for before in pointing:
            now = await target.portal.get({"id": before["id"]})
            assert said(now) == said(before)
            for old, new in zip(before["resources"], now["resources"], strict=True):
                name = old["url"].removeprefix("http://old.example.com/")
                if name in GONE:
                    assert (new["filetype"], new["url"]) == ("remote", old["url"])
                    assert new["extras"] == old["extras"]
                    continue
                assert new["filetype"] == "file"
                assert new["extras"] == {**old["extras"], SOURCE_EXTRA: old["url"]}
                async with reader.get(new["latest"]) as answer:
                    served = await answer.read()
                assert answer.history, "the permalink leads on to the file"
                assert hashlib.sha1(served).hexdigest() == hashlib.sha1(content(name)).hexdigest()
    requests = old_host.sent.copy()
    code, report = await program.run(pointing)
    assert code == 1
    assert old_host.sent == requests, "what is hosted is not fetched again"
    assert {each["status"] for d in report["datasets"] for each in d["resources"]} == {"failed"}


async def killed(program: Program, datasets: list[Any], when: Callable[[], bool]) -> None:
    process = await program.start(datasets)
    while not when() and process.returncode is None:  # noqa: ASYNC110 - a server counts
        await asyncio.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    _, errors = await process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
