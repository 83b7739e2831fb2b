"""A portal that does nothing but answer: what then takes time is the client.

It speaks as much HTTP and as much of a udata portal's API as one run needs, keeps nothing, and
believes whatever it is told. Started as a script it prints its address and serves until its
standard input ends.
"""

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

__all__ = ["KEY", "ORGANIZATION", "sinking"]

KEY, ORGANIZATION = "a-key-for-the-sink", "sink"
_NUMBERS = itertools.count(1)


def _me() -> Any:  # noqa: ANN401 # JSON
    organization = {"id": "5d0000000000000000000001", "slug": ORGANIZATION, "name": "Sink"}
    return {"id": "5d0000000000000000000000", "first_name": "Sink", "organizations": [organization]}


def _resource(said: dict[str, Any]) -> dict[str, Any]:
    number = next(_NUMBERS)
    name = f"{number:08}"
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "title": name,
        "type": "main",
        "filetype": "file",
        "url": f"http://sink/resources/d/20240229-000000/{name}.csv",
        "latest": f"http://sink/r/{name}",
        "extras": {},
    } | said


def _dataset(said: dict[str, Any]) -> dict[str, Any]:
    own = {"id": f"{next(_NUMBERS):024x}", "organization": _me()["organizations"][0]}
    return {**said, **own, "resources": []}


def _answer(method: str, path: str, body: bytes) -> Any:  # noqa: ANN401 # JSON
    """The JSON of an answer, None where there is none; `body` is empty for a file."""
    answer: Any = None
    match method, path.rstrip("/").split("/")[3:]:
        case "GET", ["me"]:
            answer = _me()
        case "GET", ["datasets", "extensions"]:
            answer = ["csv"]
        case "GET", ["datasets"]:
            answer = {"data": [], "total": 0, "next_page": None}
        case "POST", ["datasets"]:
            answer = _dataset(orjson.loads(body))
        case "POST", ["datasets", _, "upload"]:
            answer = _resource({})
        case "PUT", ["datasets", _, "resources"]:
            answer = [_resource(item) for item in orjson.loads(body)]
    return answer


class _Connection(asyncio.Protocol):
    """One client's connection; requests come one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._head = b""
        self._body: list[bytes] = []
        self._left = 0
        self._request = ("", "")

    def data_received(self, data: bytes) -> None:
        while data:
            if not self._request[0]:
                self._head += data
                head, end, data = self._head.partition(b"\r\n\r\n")
                if not end:
                    return
                self._begin(head)
            taken = data[: self._left]
            data = data[len(taken) :]
            self._left -= len(taken)
            if not self._request[1].endswith("/upload/"):
                self._body.append(taken)
            if not self._left:
                self._end()

    def _begin(self, head: bytes) -> None:
        line, *headers = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        self._request, self._head, self._body = (method, target.partition("?")[0]), b"", []
        sizes = [h.partition(":")[2] for h in headers if h.lower().startswith("content-length:")]
        self._left = int(sizes[0]) if sizes else 0

    def _end(self) -> None:
        said = _answer(*self._request, b"".join(self._body))
        status = 404 if said is None else 200
        content = orjson.dumps(said)
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: "
        self._transport.write(head.encode() + b"%d\r\n\r\n" % len(content) + content)
        self._request = ("", "")


@contextmanager
def sinking() -> Iterator[str]:
    """A sink in a process of its own, on a free port of the loopback; its address."""
    pipe = subprocess.PIPE
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None  # noqa: S101 # opened as a pipe above
        try:
            yield str(json.loads(process.stdout.readline()))
        finally:
            process.communicate()  # the end of its input ends it


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0)
    async with server:
        print(json.dumps(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
