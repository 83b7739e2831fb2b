"""A server of files, which takes its time: serves until its input ends.

    python remote_files.py FILES SIZE DATASETS LATENCY HOSTS

It tells in one line where its catalogue is: `links.csv`, with the address of every file of the
material. The hosts are addresses of the loopback, so that each is a server of its own to those who
are polite to servers.
"""

import asyncio
import csv
import io
import json
import sys
from pathlib import Path

from material import Material

__all__ = ["links"]


def links(material: Material, hosts: list[str]) -> str:
    """The catalogue: one file a row; dataset after dataset, each on the next host."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["dataset", "title", "url"])
    for dataset, number in material.all():
        host = hosts[number % len(hosts)]
        url = f"http://{host}/{material.name(dataset, number)}"
        rows.writerow([material.title(dataset), material.file_title(number), url])
    return out.getvalue()


class _Server:
    def __init__(self, material: Material, latency: float) -> None:
        self.catalogue = b""
        self._material = material
        self._latency = latency

    def content(self, path: str) -> bytes | None:
        if path == "/links.csv":
            return self.catalogue
        stem = path.rpartition("/f-")[2].removesuffix(".csv")
        return self._material.content(int(stem)) if stem.isdigit() else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            await asyncio.sleep(self._latency)
            content = self.content(path)
            status = "404 Not Found" if content is None else "200 OK"
            body = content or b""
            writer.write(
                f'HTTP/1.1 {status}\r\nContent-Type: text/csv\r\nETag: "{len(body)}-{path}"\r\n'
                f"Content-Length: {len(body)}\r\n\r\n".encode()
            )
            if method != "HEAD":
                writer.write(body)
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def main(material: Material, latency: float, hosts: int) -> None:
    """Serve until the input ends."""
    server = _Server(material, latency)
    first = await asyncio.start_server(server.serve, "127.0.0.2", 0)
    port = first.sockets[0].getsockname()[1]
    others = [f"127.0.0.{number}" for number in range(3, 2 + hosts)]
    more = [await asyncio.start_server(server.serve, each, port) for each in others]
    named = [f"{host}:{port}" for host in ("127.0.0.2", *others)]
    server.catalogue = links(material, named).encode()
    print(json.dumps({"catalogue": f"http://{named[0]}/links.csv"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in (first, *more):
        each.close()


if __name__ == "__main__":
    _files, _size, _datasets = map(int, sys.argv[1:4])
    _made = Material(Path(), _files, _size, _datasets)
    asyncio.run(main(_made, float(sys.argv[4]), int(sys.argv[5])))
