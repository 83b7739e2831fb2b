"""A portal that does nothing but answer: what then takes time is the client.

It speaks as much HTTP and as much of a udata portal's API as one run needs, keeps nothing, and
believes whatever it is told. Asked for a listing it says that it has all files of a material,
page by page, each made up when it is asked for. It serves until its standard input ends, and
tells for each line of it what it did.

    python sink.py [FILES SIZE DATASETS]
"""

import asyncio
import itertools
import json
import math
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from material import SPARSE_FROM, Material

KEY, ORGANIZATION = "a-key-for-the-sink", "sink"
_ORGANIZATION = {"id": "5d0000000000000000000001", "slug": ORGANIZATION, "name": "Sink"}
_NUMBERS = itertools.count(1)


# --- what it says -------------------------------------------------------------------------


def resource(title: str, said: dict[str, Any]) -> dict[str, Any]:
    """A resource as udata tells one, with what was `said` of it."""
    number = next(_NUMBERS)
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "title": title,
        "type": "main",
        "filetype": "file",
        "url": f"http://sink/resources/d/20240229-000000/{number}.csv",
        "latest": f"http://sink/r/{number}",
        "extras": {},
    } | said


def dataset(said: dict[str, Any]) -> dict[str, Any]:
    """A dataset as udata tells one, empty unless its resources were `said`."""
    own = {"id": f"{next(_NUMBERS):024x}", "organization": _ORGANIZATION}
    return {"resources": [], **said, **own}


def page(holds: Material, number: int, size: int) -> dict[str, Any]:
    """Page `number` (from 1) of the listing of all that there is."""
    first, end = (number - 1) * size, min(number * size, holds.datasets)
    shown = [_held(holds, each) for each in range(first, end)]
    more = number < math.ceil(holds.datasets / size)
    return {"data": shown, "total": holds.datasets, "next_page": "more" if more else None}


def _held(holds: Material, number: int) -> dict[str, Any]:
    resources = [
        resource(
            holds.file_title(file),
            {
                "extras": {"bulkpub:key": holds.name(number, file)},
                "filesize": holds.size,
                "checksum": {"type": "sha1", "value": holds.sha1(file)},
            },
        )
        for file in holds.numbers(number)
    ]
    extras = {"bulkpub:key": holds.title(number)}
    return dataset({**holds.payload(number, ""), "extras": extras, "resources": resources})


def answer(holds: Material | None, method: str, target: str, body: bytes) -> Any:  # noqa: ANN401 # JSON
    """The JSON of an answer, None where there is none; `body` is empty for a file."""
    path, _, query = target.partition("?")
    said: Any = None
    match method, path.rstrip("/").split("/")[3:]:
        case "GET", ["me"]:
            account = {"id": "5d0000000000000000000000", "first_name": "Sink"}
            said = account | {"organizations": [_ORGANIZATION]}
        case "GET", ["datasets", "extensions"]:
            said = ["csv"]
        case "GET", ["datasets"] if holds:
            asked = dict(each.partition("=")[::2] for each in query.split("&"))
            said = page(holds, int(asked["page"]), int(asked["page_size"]))
        case "GET", ["datasets"]:
            said = {"data": [], "total": 0, "next_page": None}
        case "POST", ["datasets"]:
            said = dataset(orjson.loads(body))
        case "POST", ["datasets", _, "upload"]:
            said = resource("sunk", {})
        case "PUT", ["datasets", _, "resources"]:
            said = [resource("sunk", item) for item in orjson.loads(body)]
        case "PUT", ["datasets", _, "resources", _]:
            said = resource("sunk", orjson.loads(body))
    return said


# --- how it is asked ----------------------------------------------------------------------


class _Sink:
    def __init__(self, holds: Material | None) -> None:
        self.holds = holds
        self.methods = Counter[str]()
        self.refused = 0
        self.first: float | None = None
        self._cpu = time.process_time()

    def counted(self) -> dict[str, Any]:
        now = time.process_time()
        told = {
            "requests": self.methods.total(),
            "refused": self.refused,
            "methods": dict(self.methods),
            "cpu": now - self._cpu,
            "first": self.first,
        }
        self.methods.clear()
        self.refused, self.first, self._cpu = 0, None, now
        return told


class _Connection(asyncio.Protocol):
    """One client's connection; requests come one after the other."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._head = b""
        self._body: list[bytes] = []
        self._left = 0
        self._request = ("", "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

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
        self._sink.first = self._sink.first or time.perf_counter()
        line, *headers = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        self._request, self._head, self._body = (method, target), b"", []
        sizes = [h.partition(":")[2] for h in headers if h.lower().startswith("content-length:")]
        self._left = int(sizes[0]) if sizes else 0

    def _end(self) -> None:
        said = answer(self._sink.holds, *self._request, b"".join(self._body))
        self._sink.methods[self._request[0]] += 1
        self._sink.refused += said is None
        status = 404 if said is None else 200
        content = orjson.dumps(said)
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: "
        self._transport.write(head.encode() + b"%d\r\n\r\n" % len(content) + content)
        self._request = ("", "")


def ready(holds: Material) -> None:
    """Know the checksums of large files before anybody asks: they would cost the time measured."""
    if holds.size >= SPARSE_FROM:
        for number in range(holds.files):
            holds.sha1(number)


async def _serve(holds: Material | None) -> None:
    sink = _Sink(holds)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(sink), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        _say({"url": url, "key": KEY, "organization": ORGANIZATION})
        while await asyncio.to_thread(sys.stdin.readline):
            _say(sink.counted())


def _say(told: object) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _shape = [int(each) for each in sys.argv[1:4]]
    _holds = Material(Path(), *_shape) if _shape else None
    if _holds:
        ready(_holds)
    asyncio.run(_serve(_holds))
