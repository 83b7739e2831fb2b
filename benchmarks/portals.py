"""The portals that are published to, each a process of its own: fresh, and counting.

Requests are counted by the side that answers them, never by the word of the side that sends
them. Three kinds: bulkpub's sandbox with a delay before every answer, a real udata whose
background tasks are dropped as a production portal leaves them to others, and a sink.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from material import Material

__all__ = ["Counted", "Portal", "RealPortal", "Serving", "sandbox", "sink"]

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
START_TIMEOUT = 120.0
REFUSED = http.HTTPStatus.BAD_REQUEST
PAGE = 1000
"""Datasets asked for at once when looking what arrived."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a portal did between two questions: requests, those it refused, CPU seconds.

    `first`: when the first of them came, by the machine's monotonic clock, if that is known.
    """

    requests: int
    refused: int
    methods: dict[str, int]
    cpu: float
    first: float | None = None


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that is running."""

    url: str
    key: str
    organization: str
    counted: Callable[[], Counted]
    """What it did since the last call of this."""

    def call(self, method: str, path: str, body: object = None, mask: str = "") -> Any:  # noqa: ANN401 # JSON
        """One call of the API as the account that publishes; raises when it is refused."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=300)
        headers = {"X-API-KEY": self.key, "Content-Type": "application/json"}
        headers |= {"X-Fields": mask} if mask else {}
        connection.request(method, "/api/1" + path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status >= REFUSED:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content)

    def datasets(self) -> list[Any]:
        """Everything that the organization has, as far as is compared."""
        mask = "total,data{title,resources{title,checksum}}"
        query = f"/datasets/?organization={self.organization}&page_size={PAGE}&page="
        answer = self.call("GET", f"{query}1", mask=mask)
        found: list[Any] = answer["data"]
        page = 1
        while len(found) < answer["total"]:
            page += 1
            found += self.call("GET", f"{query}{page}", mask=mask)["data"]
        return found


Serving = Callable[[Path], contextlib.AbstractContextManager[Portal]]
"""Starts a fresh portal that keeps its data in a folder."""


def sandbox(latency: float = 0.0) -> Serving:
    """Bulkpub's own; it waits `latency` seconds before every answer."""

    @contextmanager
    def serving(folder: Path) -> Iterator[Portal]:
        with _answering([str(HERE / "served_sandbox.py"), str(folder), str(latency)]) as portal:
            yield portal

    return serving


def sink(holds: Material | None = None) -> Serving:
    """One that does nothing but answer; it pretends to hold `holds`, or nothing."""

    @contextmanager
    def serving(_: Path) -> Iterator[Portal]:
        shape = [holds.files, holds.size, holds.datasets] if holds else []
        with _answering([str(HERE / "sink.py"), *map(str, shape)]) as portal:
            yield portal

    return serving


@contextmanager
def _answering(script: list[str]) -> Iterator[Portal]:
    """A script that tells itself in one line, and what it counted for each line it is sent."""
    pipe = subprocess.PIPE
    command = [sys.executable, *script]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:

        def told() -> dict[str, Any]:
            assert process.stdout is not None  # noqa: S101 # opened as a pipe above
            line: dict[str, Any] = json.loads(process.stdout.readline())
            return line

        def counted() -> Counted:
            assert process.stdin is not None  # noqa: S101 # likewise
            process.stdin.write("\n")
            process.stdin.flush()
            return Counted(**told())

        try:
            yield Portal(**told(), counted=counted)
        finally:
            process.communicate()  # the end of its input ends it


# --- a real udata -------------------------------------------------------------------------


class RealPortal:
    """A real udata, in the virtual environment that `tests/real_portal/install.sh` makes."""

    def __init__(self, venv: Path) -> None:
        self._python = venv / "bin" / "python"
        if not self._python.exists():
            raise FileNotFoundError(
                f"There is no real udata in {venv}: `make bench` installs one; or tell with "
                "BULKPUB_REAL_PORTAL_VENV where tests/real_portal/install.sh has put one."
            )

    @classmethod
    def found(cls) -> "RealPortal":
        """The one named by BULKPUB_REAL_PORTAL_VENV, or the newest in the project's folder.

        :raises FileNotFoundError: there is none.
        """
        named = os.environ.get("BULKPUB_REAL_PORTAL_VENV")
        known = (PROJECT / ".real-portal").glob("[0-9]*")
        newest = max(known, key=_version, default=PROJECT / ".real-portal" / "newest")
        return cls(Path(named) if named else newest)

    @property
    def version(self) -> str:
        """Its folder is called so."""
        return self._python.parent.parent.name

    @contextmanager
    def __call__(self, folder: Path) -> Iterator[Portal]:
        """A fresh one; tasks of its background are put in a queue that nobody reads."""
        folder.mkdir(parents=True)
        info, log, seen = folder / "info.json", folder / "serve.log", folder / "access.log"
        options = ["--port", "0", "--data-dir", str(folder / "data"), "--info", str(info)]
        options += ["--access-log", str(seen), "--set", "CELERY_TASK_ALWAYS_EAGER=false"]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [self._python, PROJECT / "tests" / "real_portal" / "serve.py", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"TMPDIR": str(folder)},  # bodies of requests are kept there
            )
        try:
            deadline = time.monotonic() + START_TIMEOUT
            while not info.exists():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"udata did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.05)
            told = json.loads(info.read_text())
            count = _Log(seen, server.pid).counted
            yield Portal(told["base_url"], told["api_key"], told["organization"]["id"], count)
        finally:
            server.terminate()
            server.wait(timeout=60)


def _version(folder: Path) -> list[int]:
    return [int(part) for part in folder.name.split(".") if part.isdigit()]


class _Log:
    """Counts the lines of an access log, and the CPU of a process and its children."""

    def __init__(self, log: Path, pid: int) -> None:
        self._log, self._pid = log, pid
        self._read, self._cpu = 0, self._cpu_now()

    def counted(self) -> Counted:
        lines: list[str] = []
        if self._log.exists():
            with self._log.open() as log:
                log.seek(self._read)
                lines = log.read().splitlines()
                self._read = log.tell()
        words = [line.split() for line in lines]
        now = self._cpu_now()
        spent, self._cpu = now - self._cpu, now
        return Counted(
            requests=len(words),
            refused=sum(int(each[-2]) >= REFUSED for each in words if each[-2].isdigit()),
            methods=Counter(each[0] for each in words),
            cpu=spent,
        )

    def _cpu_now(self) -> float:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        return sum(_cpu_of(pid) for pid in (self._pid, *map(int, children)))


def _cpu_of(pid: int) -> float:
    with contextlib.suppress(OSError):  # it may have ended meanwhile
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0
