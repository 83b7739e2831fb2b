"""A portal to publish to, a folder to publish from, and `publish`, the library between them.

Every report that `publish` hands over has been held to the report's JSON Schema, so that no
test needs to. The command line's fixtures are in `tests/cli/conftest.py`.
"""

import gc
import hashlib
import http.client
import importlib
import json
import logging
import os
import re
import socket
import subprocess
import threading
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import structlog
from aiohttp import web
from hypothesis import HealthCheck, settings

import bulkpub
from bulkpub import Connection, Observer, RunOptions, RunReport, Sources
from bulkpub.cli.local_commands import report_schema
from bulkpub.cli.report_file import to_json
from bulkpub.http.gate import GateLimits
from bulkpub.http.retry import RetryPolicy
from bulkpub.sandbox import Sandbox, SandboxSettings, Seen
from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.records import Dataset, Resource
from tests.differences import NEWEST, pytest_pyfunc_call
from tests.schema_catalogue import CATALOGUE

__all__ = ["pytest_pyfunc_call"]

# What decides whether a change lands must not depend on chance; `HYPOTHESIS_SEARCH=1 make test`
# looks further, HYPOTHESIS_EXAMPLES=1000 longer.
settings.register_profile(
    "ours",
    derandomize=not os.environ.get("HYPOTHESIS_SEARCH"),
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")),
    deadline=None,  # machines are noisy
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("ours")

ROOT = Path(__file__).parents[1]
PIPELINE = ROOT / "tests" / "pipeline"
SERVE = ROOT / "tests" / "real_portal" / "serve.py"
START_TIMEOUT = 50

QUICK = RetryPolicy(attempts=4, first_delay=0.01, max_delay=0.02)


if hasattr(time, "tzset"):  # people are told the time of their own clock
    os.environ["TZ"] = "UTC"
    time.tzset()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=("local", "far", "dask"),
        default="local",
        help="where the runs of tests/pipeline work on jobs: in the test's process; in it, but "
        "with the portal at the other end of a connection (far); or in two others (dask)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is loaded and collected stays: nobody looks for garbage in it, then or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


SERVED = frozenset({"sandbox", "served", "target", "start", "client_of", "environment"})
"""The fixtures that start a portal, or are there to start a command with."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no worker is left with it alone at the end.

    What uses one of the `SERVED` fixtures is marked so, for `make test-quick`, as is what starts a
    `cluster`; with `--engine dask` that is all of the pipeline.
    """
    on_cluster = config.getoption("engine") == "dask"

    def patience(item: pytest.Item) -> float:
        marker = item.get_closest_marker("timeout")
        return float(marker.args[0]) if marker else 0.0

    items.sort(key=patience, reverse=True)
    for item in items:
        if on_cluster and PIPELINE in item.path.parents:
            item.add_marker(pytest.mark.cluster)
        is_served = isinstance(item, pytest.Function) and SERVED & set(item.fixturenames)
        if is_served or item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.served)


@pytest.fixture(autouse=True)
def nothing_is_started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that is not marked `served` starts neither a portal nor a process."""
    if any(request.node.get_closest_marker(name) for name in ("served", "real", "browser")):
        return

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("this starts a portal or a process: mark it `served`")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(Sandbox, "__aenter__", refuse)


@pytest.fixture(scope="session", autouse=True)
def nobody_is_asked_for_names() -> Iterator[None]:
    """No name but this machine's own leads anywhere: a server of names may be far, or silent."""
    look_up = socket.getaddrinfo

    def known(host: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name != "localhost" and not re.fullmatch(r"[\d.]+|[\da-fA-F:.]+(%.*)?", name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", known)
        yield


# --- the portal ---------------------------------------------------------------------------


class Clock:
    """The portal's clock; tests push it forward instead of waiting."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def skip(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(clock=clock)) as sandbox:
        yield sandbox


@pytest.fixture
def writes() -> Callable[[Sandbox], list[Seen]]:
    """The requests that may have changed something, oldest first."""
    return lambda sandbox: [seen for seen in sandbox.requests if seen.method != "GET"]


@pytest.fixture
def titles() -> Callable[[Sandbox], dict[str, list[str]]]:
    """What is published: the titles of each dataset's resources, in the portal's order."""

    def titles(sandbox: Sandbox) -> dict[str, list[str]]:
        datasets = sandbox.state.datasets.values()
        return {each.title: [one.title for one in each.resources] for each in datasets}

    return titles


@pytest.fixture
def dataset_of() -> Callable[[Sandbox, str], Dataset]:
    """The one dataset on the portal that carries this key."""

    def dataset_of(sandbox: Sandbox, key: str) -> Dataset:
        datasets = sandbox.state.datasets.values()
        (found,) = (each for each in datasets if each.extras.get("bulkpub:key") == key)
        return found

    return dataset_of


@pytest.fixture
def by_hand(sandbox: Sandbox) -> Callable[..., Awaitable[Resource]]:
    """Upload a file to a dataset as a person would: without us, and without our key."""

    async def by_hand(dataset: Dataset, name: str, content: bytes) -> Resource:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        async with (
            aiohttp.ClientSession(headers={"X-API-KEY": sandbox.api_key}) as session,
            session.post(f"{sandbox.api_url}/datasets/{dataset.id}/upload/", data=form) as answer,
        ):
            assert answer.status == 201
            told = await answer.json()
        resource = dataset.resource(told["id"])
        assert resource is not None
        return resource

    return by_hand


@dataclass
class Losing:
    """An interceptor that loses the answers to the first `left` requests that fit.

    With `before` the request is lost as well: the portal never carries it out.
    """

    method: str
    ending: str
    left: int = 1
    before: bool = False

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fits = request.method == self.method and request.path.endswith(self.ending)
        if not fits or not self.left:
            return await handler(request)
        self.left -= 1
        if self.before:
            await request.read()
        answer = web.Response() if self.before else await handler(request)
        assert request.transport is not None
        request.transport.abort()
        return answer


@pytest.fixture
def lose_answers() -> type[Losing]:
    return Losing


@pytest.fixture
def answer_instead() -> Callable[..., Any]:
    """An interceptor that answers the first requests that fit, without carrying them out."""

    def answer(
        make: Callable[[], web.Response], method: str = "", ending: str = "", *, times: int = 10**6
    ) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        left = [times]

        async def interceptor(request: web.Request, handler: Handler) -> web.StreamResponse:
            fits = request.method.startswith(method) and request.path.endswith(ending)
            if not fits or not left[0]:
                return await handler(request)
            left[0] -= 1
            await request.read()
            return make()

        return interceptor

    return answer


# --- a real udata -------------------------------------------------------------------------
#
# Started once for the whole session from the virtual environment that
# `tests/real_portal/install.sh` makes. One that cannot be started is a failure, never a skip: a
# contract nobody checked is none.


def start_real(folder: Path, *options: str) -> Iterator[dict[str, Any]]:
    venv = os.environ.get("BULKPUB_REAL_PORTAL_VENV") or ROOT / ".real-portal" / NEWEST
    python = Path(venv) / "bin" / "python"
    if not python.exists():
        pytest.fail(
            f"There is no real portal in {venv}: run tests/real_portal/install.sh, or tell where "
            "it is with BULKPUB_REAL_PORTAL_VENV."
        )
    info = folder / "info.json"
    log = folder / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603  # our own script, in its own environment
            [python, SERVE, "--port", "0", "--info", info, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not info.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The real portal did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield json.loads(info.read_text())
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def real_portal_info(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Addresses and keys of a real udata; an already running one if its info file is named."""
    running = os.environ.get("BULKPUB_REAL_PORTAL_INFO")
    if running:
        yield json.loads(Path(running).read_text())
        return
    yield from start_real(tmp_path_factory.mktemp("real-portal"))


@pytest.fixture(scope="session")
def real_read_only_info(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    yield from start_real(tmp_path_factory.mktemp("read-only"), "--set", "READ_ONLY_MODE=true")


@pytest.fixture(scope="session")
def real_catalogue_info(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One with the catalogue of schemas of `tests.schema_catalogue`."""
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "schemas.json").write_text(json.dumps({"version": 1, "schemas": CATALOGUE}))
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    threading.Thread(target=served.serve_forever, daemon=True).start()
    address = json.dumps(f"http://127.0.0.1:{served.server_port}/schemas.json")
    yield from start_real(folder, "--set", f"SCHEMA_CATALOG_URL={address}")
    served.shutdown()
    served.server_close()


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of what is asked."""


# --- another server ----------------------------------------------------------------------


@dataclass
class Elsewhere:
    """A server that has files; those whose name ends in `gone.csv` it has lost.

    `asked` are the names asked for, `sent` those whose bytes it sent.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def has(self, name: str, content: str | bytes | None = None, kind: str = "text/csv") -> str:
        """Put a file there, by default one unlike any other; returns its address."""
        content = f"name\n{name}\n" if content is None else content
        self.files[name] = content.encode() if isinstance(content, str) else content
        self.types[name] = kind
        return f"{self.address}/{name}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/")
        self.asked.append(name)
        if name not in self.files:
            raise web.HTTPNotFound
        content = self.files[name]
        etag = f'"{hashlib.sha1(content).hexdigest()}"'
        headers = {"ETag": etag, "Content-Type": self.types[name]}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        self.sent.append(name)
        return web.Response(body=content, headers=headers)

    def forget(self) -> None:
        """Begin to count anew."""
        self.asked.clear()
        self.sent.clear()


@pytest.fixture
async def elsewhere(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Elsewhere]:
    """The server; also the proxy on the way to `http://old.example.com`, and there as well.

    A portal lists no address on the loopback.
    """
    there = Elsewhere()
    app = web.Application()
    app.router.add_route("*", "/{name:.*}", there.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setenv("http_proxy", there.address)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield there
    await runner.cleanup()


@pytest.fixture
def serve_ftp() -> Iterator[Callable[[Path, str], int]]:
    """Serve a folder by FTP to the user `me` with a password; returns the port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it uses asyncore and asynchat
        authorizers = importlib.import_module("pyftpdlib.authorizers")
        handlers = importlib.import_module("pyftpdlib.handlers")
        servers = importlib.import_module("pyftpdlib.servers")
    logging.getLogger("pyftpdlib").setLevel(logging.ERROR)
    with ExitStack() as stack:

        def serve(folder: Path, password: str) -> int:
            authorizer = authorizers.DummyAuthorizer()
            authorizer.add_user("me", password, str(folder))
            settings = {"authorizer": authorizer, "auth_failed_timeout": 0}
            handler = type("Handler", (handlers.FTPHandler,), settings)
            server = servers.ThreadedFTPServer(("127.0.0.1", 0), handler)
            over = threading.Event()

            def serve_until_over() -> None:
                # Closed by another thread, its loop would meet sockets that are gone.
                while not over.is_set():
                    server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)

            thread = threading.Thread(target=serve_until_over)
            thread.start()
            stack.callback(server.close_all)
            stack.callback(thread.join)
            stack.callback(over.set)
            port: int = server.address[1]
            return port

        yield serve


# --- what is published --------------------------------------------------------------------


@dataclass(frozen=True)
class Folder:
    """A folder with files and a manifest."""

    path: Path

    def file(self, name: str, content: str | bytes | None = None) -> Path:
        """Write a file; by default one unlike any other."""
        if content is None:
            content = f"name\n{name}\n"
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def manifest(self, *datasets: Mapping[str, Any], **header: Any) -> Path:
        """Write a manifest of these datasets, for the test organization."""
        document = {"organization": "test-organization", **header, "datasets": list(datasets)}
        return self.file("manifest.json", orjson.dumps(document))

    def text(self, text: str) -> Path:
        """Write a manifest in YAML, word for word."""
        return self.file("manifest.yaml", text)

    def dataset(self, key: str, *resources: str | Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A dataset; of resources that are only a name the file is made, once."""
        entries: list[Mapping[str, Any]] = []
        for resource in resources:
            if not isinstance(resource, str):
                entries.append(resource)
                continue
            if not (self.path / resource).exists():
                self.file(resource)
            entries.append({"path": resource})
        said = {"key": key, "title": f"Dataset {key}", "description": "About it.", **more}
        return {**said, "resources": entries}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# --- the library --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def report_faults() -> Callable[[bytes], list[str]]:
    """What is wrong with a report by its own JSON Schema; nothing, one hopes."""
    jsonschema = importlib.import_module("jsonschema")  # it comes without types
    validator = jsonschema.Draft202012Validator(report_schema())
    return lambda content: [each.message for each in validator.iter_errors(orjson.loads(content))]


@pytest.fixture
def publish_to(
    clock: Clock,
    report_faults: Callable[[bytes], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Awaitable[RunReport]]:
    """Publish a manifest to a portal; keyword arguments are those of `RunOptions`.

    The portal's clock goes on by some seconds first, as it would between two runs. After a portal
    turned us away, requests are not spread: that is for `http.pace`, and tested there.
    """
    monkeypatch.setattr("bulkpub.http.pace.LEAST_RATE", 1000.0)

    async def publish_to(
        portal: str,
        key: str,
        manifest: Any,
        *,
        observers: tuple[Observer, ...] = (),
        retry: RetryPolicy = QUICK,
        patience_s: float = 10.0,
        give_up_after: float = 0.5,
        state_dir: Path | None = None,
        variables: dict[str, str] | None = None,
        plan: Path | None = None,
        **options: Any,
    ) -> RunReport:
        clock.skip(5)
        report = await bulkpub.publish(
            manifest,
            variables=variables,
            connection=Connection(
                portal=portal,
                key=key,
                retry=retry,
                patience_s=patience_s,
                limits=GateLimits(give_up_after=give_up_after),
            ),
            sources=Sources(allow_private=True),
            options=RunOptions(look_again_s=0.01, **options),
            observers=observers,
            state_dir=state_dir,
            plan=plan,
        )
        assert report_faults(b"".join(to_json(report))) == []
        return report

    return publish_to


@pytest.fixture
def publish(
    sandbox: Sandbox, publish_to: Callable[..., Awaitable[RunReport]]
) -> Callable[..., Awaitable[RunReport]]:
    """Publish a manifest to the sandbox; see `publish_to`."""

    async def publish(
        manifest: Any, *, key: str | None = None, portal: str | None = None, **more: Any
    ) -> RunReport:
        key = sandbox.api_key if key is None else key
        return await publish_to(portal or sandbox.base_url, key, manifest, **more)

    return publish


@pytest.fixture
def statuses() -> Callable[[RunReport], dict[str, str]]:
    """What became of every resource of a run, by key (`dataset/resource`)."""

    def statuses(report: RunReport) -> dict[str, str]:
        return {
            f"{dataset.key}/{resource.key or resource.title}": resource.status.value
            for dataset in report.datasets
            for resource in dataset.resources
        }

    return statuses


@pytest.fixture(autouse=True)
def logging_of_its_own() -> None:
    """No test inherits how another one set the log up."""
    structlog.reset_defaults()


# --- other processes --------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a command, without what the machine of the test says to bulkpub.

    No test remembers anything in the state directory of whoever runs it.
    """
    ours = ("BULKPUB_", "DATAGOUV_", "FORCE_COLOR", "TTY_", "COLUMNS", "GITHUB_", "GITLAB_")
    own = {"BULKPUB_STATE_DIR": str(tmp_path / "state")}
    return own | {name: value for name, value in os.environ.items() if not name.startswith(ours)}


# --- memory -------------------------------------------------------------------------------


@pytest.fixture
def only_new_objects() -> None:
    """`gc.get_objects()` has none of before the test, which are many and slow to go through."""
    gc.collect()
    gc.freeze()


# --- a bucket -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_server() -> Iterator[tuple[str, int]]:
    """Host and port of moto's S3."""
    moto = importlib.import_module("moto.server")
    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def s3_client(s3_server: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 which is where the environment says; it has the bucket `data`, empty."""
    host, port = s3_server
    forgetting = http.client.HTTPConnection(host, port)
    forgetting.request("POST", "/moto-api/reset")
    assert forgetting.getresponse().status == 200
    forgetting.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = importlib.import_module("botocore.session").get_session().create_client("s3")
    client.create_bucket(Bucket="data")
    yield client
    client.close()
