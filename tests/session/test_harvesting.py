"""What is harvested by workers is what is harvested here; whom they ask, and what they are told."""

import pickle
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Lock, Thread
from typing import Any

import anyio
import pytest
import structlog
from distributed import LocalCluster

from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.dask import cluster as clusters
from bulkpub.errors import BulkpubError, SettingsInvalid
from bulkpub.harvest.base import HarvestOptions
from bulkpub.harvest.kinds import Kind as Harvested
from bulkpub.http.retry import RetryPolicy
from bulkpub.sandbox import Sandbox
from bulkpub.session import harvesting
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.harvesting import Sought, everything

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(60)]

HERE = Engine()


@pytest.fixture
async def workers() -> AsyncIterator[Engine]:
    """Two workers in this process, reached as a cluster of others is."""
    async with LocalCluster(
        n_workers=2,
        threads_per_worker=4,
        processes=False,
        asynchronous=True,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield Engine(Kind.DASK, address=cluster.scheduler_address)


class Web:
    """Lists of links at any path but those that begin with `gone`: it may be called by two names.

    `meet` is how many have to ask at the same time before any is answered.
    """

    def __init__(self) -> None:
        self.meet = Barrier(1)
        self.most: Counter[str] = Counter()
        """Of each name, how many asked at the same time."""
        self._now: Counter[str] = Counter()
        self._lock = Lock()
        self.port = 0

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        host = request.headers["Host"]
        with self._lock:
            self._now[host] += 1
            self.most[host] = max(self.most[host], self._now[host])
        self.meet.wait(20)
        name = request.path.strip("/").partition("?")[0]
        content = f"title,url\n{name},https://example.org/{name}.csv\n{name},nowhere\n".encode()
        status = 404 if name.startswith("gone") else 200
        with self._lock:
            self._now[host] -= 1
        request.send_response(status)
        request.send_header("Content-Type", "text/csv")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.answer(self)

        def log_message(self, *_: object) -> None:
            """Tests keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield web
        server.shutdown()
        thread.join()


Told = list[tuple[str, object]]


async def told(engine: Engine, kind: Harvested, *sources: str, **more: Any) -> Told:
    """All that a harvest gives and says, in its order."""
    heard: Told = []
    options = HarvestOptions(
        lost=lambda sentence: heard.append(("lost", sentence)),
        note=lambda sentence: heard.append(("note", sentence)),
        allow_private=True,
        **more.pop("options", {}),
    )
    more = {
        "connection": Connection(retry=RetryPolicy(attempts=1)),
        "web": Sources(allow_private=True),
        **more,
    }
    try:
        with anyio.fail_after(40):
            async with aclosing(everything(Sought(kind, sources, options, **more), engine)) as all_:
                async for found in all_:
                    heard.append(("found", found))
    except BulkpubError as error:
        heard.append((type(error).__name__, str(error)))
    return heard


async def test_workers_find_say_and_miss_the_same_in_the_same_order(
    workers: Engine, web: Web, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.csv"
    saved.write_text("url\nhttps://example.org/saved.csv\n", encoding="utf-8")
    hosts = ("127.0.0.1", "localhost")
    sources = [web.at(f"{name}-{host}", host) for name in ("a", "gone", "b") for host in hosts]
    sources.insert(2, str(saved))
    here = await told(HERE, Harvested.CSV, *sources)
    assert Counter(kind for kind, _ in here)["found"] == 5
    assert Counter(kind for kind, _ in here)["lost"] >= 6
    assert await told(workers, Harvested.CSV, *sources) == here


async def test_what_ends_a_harvest_ends_it_at_the_same_point(
    workers: Engine, web: Web, tmp_path: Path
) -> None:
    sources = (web.at("a"), str(tmp_path / "nowhere.csv"), web.at("b", "localhost"))
    here = await told(HERE, Harvested.CSV, *sources)
    assert [kind for kind, _ in here] == ["lost", "found", "SettingsInvalid"]
    assert await told(workers, Harvested.CSV, *sources) == here


async def test_hosts_are_asked_at_the_same_time_and_each_by_one_alone(
    workers: Engine, web: Web
) -> None:
    web.meet = Barrier(2)
    hosts = ("127.0.0.1", "localhost")
    sources = [web.at(name, host) for host in hosts for name in ("a", "b", "c")]
    heard = await told(workers, Harvested.CSV, *sources)
    assert Counter(kind for kind, _ in heard)["found"] == 6
    assert set(web.most.values()) == {1}


async def test_a_portal_is_asked_from_here(sandbox: Sandbox, unused_tcp_port: int) -> None:
    connection = Connection(portal=sandbox.base_url, key=sandbox.api_key)
    sources = ("test-organization", "nobody", "test-organization")
    here = await told(HERE, Harvested.PORTAL, *sources, connection=connection)
    assert here
    nowhere = Engine(Kind.DASK, address=f"tls://127.0.0.1:{unused_tcp_port}")
    assert await told(nowhere, Harvested.PORTAL, *sources, connection=connection) == here


async def test_what_workers_log_is_told_here(
    workers: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a process of its own, that is: what it says there is part of what came of a source."""
    (tmp_path / "a.csv").write_text("url\nhttps://example.org/a.csv\n", encoding="utf-8")
    read_into = harvesting._read_into

    async def logging_too(came: list[Any], *more: Any) -> None:
        came.append(harvesting._Logged(("bulkpub.x", "warning", "slow", {"seconds": 7})))
        await read_into(came, *more)

    monkeypatch.setattr(harvesting, "_read_into", logging_too)
    with structlog.testing.capture_logs() as lines:
        heard = await told(workers, Harvested.CSV, str(tmp_path / "a.csv"))
    assert [kind for kind, _ in heard] == ["found"]
    assert [each for each in lines if each["event"] == "slow"] == [
        {"event": "slow", "seconds": 7, "log_level": "warning"}
    ]


async def test_the_limit_holds_for_what_workers_read(workers: Engine, web: Web) -> None:
    sources = (web.at("a"), web.at("b", "localhost"))
    heard = await told(workers, Harvested.CSV, *sources, options={"limit": 1})
    assert [kind for kind, _ in heard if kind == "found"] == ["found", "found"]  # one of each


@pytest.mark.parametrize("inside", [False, True])
async def test_folders_that_a_worker_does_not_see_are_told_before_anything_is_read(
    workers: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, inside: bool
) -> None:
    """Also one that is empty there: what is in it would count as gone."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "velos.csv").write_text("x", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    missing = str(tmp_path / "data" / ("velos.csv" if inside else ""))

    def not_there(paths: list[str]) -> list[str]:
        return [each for each in paths if each == missing.rstrip("/")]

    monkeypatch.setattr(clusters, "_missing", not_there)
    ((kind, sentence),) = await told(workers, Harvested.FOLDER, "data")
    assert kind == SettingsInvalid.__name__
    assert f"does not see {missing.rstrip('/')}: share the folders" in str(sentence)


async def test_a_folder_is_the_same_wherever_a_worker_works(
    workers: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "velos.csv").write_text("x", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    here = await told(HERE, Harvested.FOLDER, "data")
    read = harvesting._Group.read

    async def read_elsewhere(group: Any) -> Any:
        monkeypatch.chdir("/")
        try:
            return await read(group)
        finally:
            monkeypatch.chdir(tmp_path)

    monkeypatch.setattr(harvesting._Group, "read", read_elsewhere)
    assert await told(workers, Harvested.FOLDER, "data") == here


def test_no_key_goes_anywhere_and_no_address_is_shown() -> None:
    connection = Connection(key="s3cret", environment={"BULKPUB_API_KEY": "from-env"})
    source = "https://me:hidden@example.org/?token=hidden"
    sought = Sought(Harvested.CSV, (source,), HarvestOptions(), connection)
    told_them = harvesting._as_told(sought, Engine(Kind.DASK))
    carried = pickle.dumps(told_them)
    assert (b"s3cret" in carried, b"from-env" in carried) == (False, False)
    group = harvesting._Group("example.org", told_them, 30)
    assert "hidden" not in repr(group)
    assert harvesting._host(0, told_them) == ("example.org", 0)
