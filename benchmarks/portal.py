"""The portal of the benchmark: bulkpub's sandbox in a process of its own, which counts.

Requests are counted by the side that answers them, never by the word of the side that sends
them. Started as a script it serves until its standard input ends, and answers each line of it
with what was asked of it, and its own CPU time, since the line before.
"""

import asyncio
import http.client
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["PAGE", "Counted", "Portal", "serving"]

PAGE = 1000
"""Datasets asked for at once when looking what arrived."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the portal did between two questions: requests in all, those it refused, its CPU."""

    requests: int
    refused: int
    methods: dict[str, int]
    cpu: float


class Portal:
    """The benchmark's end of the line to the portal's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        told = self._line()
        self.url: str = told["url"]
        self.key: str = told["key"]
        self.organization: str = told["organization"]

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 # opened as a pipe below
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line

    def counted(self) -> Counted:
        """What was asked of the portal since the last call of this."""
        assert self._process.stdin is not None  # noqa: S101 # opened as a pipe below
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counted(**self._line())

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON
        """One call of the API as the account that publishes; raises when it is refused."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        headers = {"X-API-KEY": self.key, "Content-Type": "application/json"}
        connection.request(method, "/api/1" + path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content)


@contextmanager
def serving(data_dir: Path, latency: float) -> Iterator[Portal]:
    """A fresh portal in a process of its own, on a free port of the loopback.

    It waits `latency` seconds before every answer.
    """
    command = [sys.executable, __file__, str(data_dir), str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Portal(process)
        finally:
            process.communicate()  # the end of its input ends it


async def _serve(data_dir: Path, latency: float) -> None:
    from bulkpub.sandbox import Sandbox, SandboxSettings  # noqa: PLC0415 # in the portal only

    settings = SandboxSettings(data_dir=data_dir, latency=latency)
    async with Sandbox(settings) as sandbox:
        organization = sandbox.info["organization"]["id"]
        _say({"url": sandbox.base_url, "key": sandbox.api_key, "organization": organization})
        cpu = time.process_time()
        while await asyncio.to_thread(sys.stdin.readline):
            seen, now = list(sandbox.requests), time.process_time()
            sandbox.requests.clear()
            _say(
                {
                    "requests": len(seen),
                    "refused": sum(each.status >= http.HTTPStatus.BAD_REQUEST for each in seen),
                    "methods": Counter(each.method for each in seen),
                    "cpu": now - cpu,
                }
            )
            cpu = now


def _say(told: object) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
