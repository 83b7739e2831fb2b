"""`bulkpub harvest --engine dask`: workers read, and what comes out is what it always is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

RunCli = Callable[..., Any]

HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
"""


def catalogue(*names: str, more: str = "") -> bytes:
    """One that has datasets of these names, each with a licence that nobody knows."""
    return (
        HEAD
        + "".join(
            f"""<https://c.example.org/{name}> a dcat:Dataset ; dct:identifier "{name}" ;
  dct:title "Jeu {name}" ; dct:description "De {name}." ; dct:license "inconnue" ; {more}
  dcat:distribution [ dct:title "F" ; dcat:downloadURL <https://c.example.org/{name}.csv> ] .
"""
            for name in names
        )
    ).encode()


@contextmanager
def answering(pages: dict[str, bytes], asked: Callable[[str, int], bool]) -> Iterator[int]:
    """Serve `pages` by their paths; `asked` is told each path and the port of who asks.

    It says whether the server is busy.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            busy = asked(self.path, self.client_address[1])
            self.send_response(503 if busy else 404 if page is None else 200)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Type", "text/turtle")
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_: object) -> None:
            """Tests keep quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who asked was killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def who_asks_from(port: int) -> int | None:
    """The process of ours, or of those that we began, that has a connection from this port."""
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:  # it has ended
            continue
        if any(each.laddr and each.laddr.port == port for each in connections):
            return int(process.pid)
    return None


class Askers:
    """Which processes asked for which path; the first to ask for `deadly` is killed.

    Who asks for `/busy.ttl` has to ask again.
    """

    def __init__(self, deadly: str = "") -> None:
        self.pids: dict[str, list[int | None]] = {}
        self._deadly = deadly

    def __call__(self, path: str, port: int) -> bool:
        pid = who_asks_from(port)
        self.pids.setdefault(path, []).append(pid)
        if path == self._deadly and pid not in {None, os.getpid()}:
            self._deadly = ""
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        return path == "/busy.ttl" and len(self.pids[path]) == 1


def test_what_workers_read_comes_out_as_it_does_here(
    run_cli: RunCli, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sources of two hosts and of the disk; some are there twice, restricted, or not at all."""
    (tmp_path / "saved.ttl").write_bytes(catalogue("saved", "one"))
    pages = {
        "/a.ttl": catalogue("one", "two"),
        "/b.ttl": catalogue("three", more='dct:accessRights "non public" ;'),
        "/busy.ttl": catalogue("two", "four"),
        "/broken.ttl": b"<html>",
        "/deadly.ttl": catalogue("five"),
    }
    askers = Askers()
    with answering(pages, lambda *asked: askers(*asked)) as port:  # noqa: PLW0108 - it changes
        sources = [
            f"http://127.0.0.1:{port}/a.ttl",
            f"http://localhost:{port}/b.ttl",
            f"http://127.0.0.1:{port}/gone.ttl?token=hidden",
            "saved.ttl",
            f"http://localhost:{port}/busy.ttl",
            f"http://localhost:{port}/broken.ttl",
            f"http://127.0.0.1:{port}/deadly.ttl",
        ]
        flags = ("--organization", "o", "--restricted", "skip", "--allow-private-sources")
        here = run_cli("harvest", "dcat", *sources, *flags)
        assert {pid for pids in askers.pids.values() for pid in pids} == {os.getpid()}
        askers = Askers("/deadly.ttl")
        there = run_cli("harvest", "dcat", *sources, *flags, "--engine", "dask", "--workers", 2)
    assert here.code == 1
    assert "5 datasets, 5 resources" in here.err
    assert "2 parts could not be read" in here.err
    assert here.err.count("is there already, from another source") == 2
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)
    assert capfd.readouterr() == ("", "")  # workers write nowhere themselves
    assert "hidden" not in there.said
    killed, *another = askers.pids["/deadly.ttl"]
    assert len(another) == 1
    assert killed not in another
    assert os.getpid() not in {pid for pids in askers.pids.values() for pid in pids}


def test_no_more_is_read_than_the_limit_needs(run_cli: RunCli) -> None:
    pages = {"/a.ttl": catalogue("one", "two"), "/b.ttl": catalogue("two", "three", "four")}
    with answering(pages, Askers()) as port:
        sources = [f"http://127.0.0.1:{port}/a.ttl", f"http://localhost:{port}/b.ttl"]
        flags = ("--organization", "o", "--allow-private-sources", "--limit", 3)
        here = run_cli("harvest", "dcat", *sources, *flags)
        there = run_cli("harvest", "dcat", *sources, *flags, "--engine", "dask", "--workers", 2)
    assert "3 datasets" in here.err
    assert (there.code, there.out, there.err) == (here.code, here.out, here.err)


def test_ctrl_c_ends_it_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    is_asked, is_over = Event(), Event()

    def wait(*_: object) -> bool:
        is_asked.set()
        return is_over.wait(60)

    with answering({}, wait) as port:
        line = f"harvest dcat http://127.0.0.1:{port}/a.ttl --engine dask --output m.yaml"
        process = subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-m", "bulkpub", *line.split(), "--allow-private-sources"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            assert is_asked.wait(60)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
            is_over.set()
    assert (process.returncode, said.decode()) == (130, "bulkpub: interrupted\n")
    assert list(tmp_path.iterdir()) == []
