"""The whole program against two portals, and the check that follows every run.

`target` is the embedded portal (in a thread of its own, so that observers may write to it while
the program runs) or a real udata, whose machinery is that of the contract tests. `publish`
is `bulkpub.publish` on it; `verify` holds the portal, the manifest and the report to each
other: every resource through the API, every file through its permalink.
"""

import importlib.util
import json
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from anyio.from_thread import start_blocking_portal

import bulkpub
from bulkpub import Connection, Observer, RunOptions, RunReport
from bulkpub.cli.report_file import to_json
from bulkpub.http.retry import RetryPolicy
from bulkpub.sandbox import Sandbox, SandboxSettings


def _module(name: str, path: Path) -> ModuleType:
    """A file of the tests as a module: test folders are no packages, so imports cannot name it.

    Under the name that pytest itself gives it, so that nothing is loaded twice.
    """
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


HERE = Path(__file__).parent
contract = _module("tests.contract.conftest", HERE.parent / "contract" / "conftest.py")
verifying = _module("tests.whole.verifying", HERE / "verifying.py")
harvested = _module("tests.whole.catalogues", HERE / "catalogues.py")

if TYPE_CHECKING:
    from tests.contract.conftest import Answer, Portal
    from tests.whole.verifying import Verify
else:
    Answer, Portal = contract.Answer, contract.Portal

PATIENT = RetryPolicy(attempts=4, first_delay=0.05, max_delay=0.5)

PUBLISHER, ORGANIZATION = "outsider", "other-organization"
"""Who publishes where, unless told otherwise: where the contract tests leave nothing behind."""


# --- the portal ---------------------------------------------------------------------------


@dataclass
class Clock:
    """The embedded portal's clock: tests push it forward instead of waiting."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def next_second(self) -> None:
        self.ahead += timedelta(seconds=1)


@dataclass
class Person(Portal):
    """A client of the publisher's own: what someone does to the portal by other means."""

    @property
    def org(self) -> str:
        return str(self.info["other_organization"]["id"])

    async def call(
        self, method: str, path: str, *, key: str | None = PUBLISHER, expect: int = 0, **more: Any
    ) -> Answer:
        return await super().call(method, path, key=key, expect=expect, **more)


@dataclass
class Target:
    """A portal to publish to; `sandbox` is the embedded one, None for a real udata."""

    portal: Person
    sandbox: Sandbox | None = None

    @property
    def info(self) -> dict[str, Any]:
        return self.portal.info

    @property
    def tag(self) -> str:
        """Part of every dataset's key and title: one server serves all tests."""
        return self.portal.tag

    def key(self, account: str) -> str:
        return str(self.info[account]["api_key"])

    async def next_second(self) -> None:
        """Let the portal's clock show another second."""
        await self.portal.next_second()

    async def dataset(self, report: RunReport, index: int = 0) -> Any:
        """A dataset of the report, as the portal tells it now."""
        return await self.portal.get({"id": report.datasets[index].id})

    async def resources(self, report: RunReport, index: int = 0) -> list[Any]:
        return list((await self.dataset(report, index))["resources"])

    def at_once(self, method: str, path: str, body: Any = None, kind: str = "") -> Any:
        """One request that blocks this thread: another writer, at a moment of a test's choice."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"X-API-KEY": self.key(PUBLISHER), "Content-Type": kind or "application/json"}
        request = urllib.request.Request(  # noqa: S310  # the loopback
            self.info["api_url"] + path, data, headers, method=method
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # likewise
            content = answer.read()
        return json.loads(content) if content else None

    def upload_at_once(self, dataset_id: str, name: str, content: bytes) -> Any:
        data, kind = contract.form({}, (name, content))
        return self.at_once("POST", f"/datasets/{dataset_id}/upload/", data, kind)


@pytest.fixture(params=["sandbox", pytest.param("real", marks=pytest.mark.real)])
def portal_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def served(clock: Clock) -> Iterator[Sandbox]:
    with start_blocking_portal() as thread, ExitStack() as stack:
        yield stack.enter_context(
            thread.wrap_async_context_manager(Sandbox(SandboxSettings(clock=clock)))
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """No cookies: a session cookie would beat the keys."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
def target(
    request: pytest.FixtureRequest, portal_kind: str, session: aiohttp.ClientSession, clock: Clock
) -> Target:
    if portal_kind == "real":
        info = request.getfixturevalue("real_portal_info")
        return Target(Person(info, session, contract.real_next_second))
    sandbox = request.getfixturevalue("served")
    return Target(Person(sandbox.info, session, clock.next_second), sandbox)


# --- the program --------------------------------------------------------------------------


@pytest.fixture
def publish(
    target: Target, report_faults: Callable[[bytes], list[str]]
) -> Callable[..., Awaitable[RunReport]]:
    """Publish as an account of the portal; keyword arguments are those of `RunOptions`."""

    async def publish(
        manifest: Any,
        *,
        account: str = PUBLISHER,
        observers: Sequence[Observer] = (),
        state_dir: Path | None = None,
        variables: dict[str, str] | None = None,
        plan: Path | None = None,
        **options: Any,
    ) -> RunReport:
        report = await bulkpub.publish(
            manifest,
            variables=variables,
            connection=Connection(
                portal=target.info["base_url"], key=target.key(account), retry=PATIENT
            ),
            options=RunOptions(look_again_s=0.1, **options),
            observers=observers,
            state_dir=state_dir,
            plan=plan,
        )
        assert report_faults(b"".join(to_json(report))) == []
        return report

    return publish


@pytest.fixture
async def verify(target: Target) -> AsyncIterator["Verify"]:
    async with aiohttp.ClientSession(auto_decompress=False) as files:
        yield verifying.Verify(target.portal, files)


@pytest.fixture
def published(
    publish: Callable[..., Awaitable[RunReport]], verify: "Verify"
) -> Callable[..., Awaitable[RunReport]]:
    """Publish, see that all went well, and verify; `foreign` and `kept` are those of `Verify`."""

    async def published(
        manifest: Any,
        *,
        account: str = PUBLISHER,
        foreign: Sequence[Any] = (),
        kept: dict[str, Any] | None = None,
        **more: Any,
    ) -> RunReport:
        report = await publish(manifest, account=account, **more)
        assert report.run.exit_code == 0, f"{report.run.problems} {report}"
        await verify(
            manifest,
            report,
            account=account,
            foreign=foreign,
            kept=kept,
            variables=more.get("variables"),
        )
        return report

    return published


@pytest.fixture
def writes() -> Callable[[RunReport], int]:
    """How many requests of a run may have changed something."""
    return lambda report: sum(
        count for method, count in report.totals.requests.by_method.items() if method != "GET"
    )


# --- what is published --------------------------------------------------------------------


@pytest.fixture
def manifest(folder: Any) -> Callable[..., Path]:
    """Write a manifest; for the publisher's organization, unless the header says otherwise."""

    def manifest(*datasets: Any, **header: Any) -> Path:
        path: Path = folder.manifest(*datasets, **{"organization": ORGANIZATION, **header})
        return path

    return manifest


@pytest.fixture
def said(folder: Any, target: Target) -> Callable[..., dict[str, Any]]:
    """A dataset for a manifest, with a key and a title that are this test's alone."""

    def said(name: str, *resources: Any, **more: Any) -> dict[str, Any]:
        key = f"{name}-{target.tag}"
        dataset: dict[str, Any] = folder.dataset(key, *resources, **more)
        return dataset

    return said


@pytest.fixture
def command_environment(environment: dict[str, str], target: Target) -> dict[str, str]:
    """The environment of a command that publishes to the target, as its usual account."""
    return {
        **environment,
        "BULKPUB_PORTAL": target.info["base_url"],
        "BULKPUB_API_KEY": target.key(PUBLISHER),
        "PATH": os.defpath,
    }


@pytest.fixture
def catalogues() -> ModuleType:
    """What is harvested, and what is to come of it."""
    return harvested
