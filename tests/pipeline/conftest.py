"""Runs on a portal in memory that has udata's rules, and keeps the program to them.

What it breaks of them ends in `RuleBroken`, and so in a failed run. What happens over HTTP is
tested in `tests/portals`, on the sandbox.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from bulkpub import RunReport
from bulkpub.core.model import RemoteDataset, RemoteResource
from bulkpub.core.plan import plan_resource
from bulkpub.core.sources import DIGEST_NAMES, Digest
from bulkpub.errors import Uncertain
from bulkpub.pipeline.story import Story
from bulkpub.portals import memory, udata
from bulkpub.portals.memory import Call, Site
from tests.far_portal import exchanging, far_kinds, reachable

T = TypeVar("T", RemoteDataset, RemoteResource)


PROXIES = ("http_proxy", "no_proxy")
"""The variables with which `elsewhere` leads everybody to itself."""

RULES = replace(udata.RULES, same_name_pause=0.05)
"""udata's, but for the pause it needs, which is a second and more."""


@pytest.fixture(autouse=True)
def nothing_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of the datasets goes to a file at once, as of a run that is too large.

    All other tests have it in memory.
    """
    monkeypatch.setattr("bulkpub.state.overflow.ROOM", 0)


@pytest.fixture(autouse=True)
def nobody_else_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided for one entry from what concerns it is what all that is there leads to."""
    concerning = Story.concerning

    def compared(story: Story, key: str) -> Any:
        part = concerning(story, key)
        entry = story.resources[key].spec
        decided = [
            plan_resource(entry, spec, story.fingerprints, remote, story.bound, rules=story.rules)
            for spec, remote in (part, (story.spec, story.remote))
        ]
        assert decided[0] == decided[1]
        return part

    monkeypatch.setattr(Story, "concerning", compared)


@pytest.fixture(scope="session")
def workers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Two processes of Dask's, with `--engine dask`; else None."""
    if request.config.getoption("engine") != "dask":
        yield None
        return
    from tests.far_workers import two_workers  # noqa: PLC0415 - only then is Dask loaded

    folder = tmp_path_factory.mktemp("dask")
    with reachable() as exchange, two_workers(exchange, folder) as workers:
        yield workers


@pytest.fixture(autouse=True)
async def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, workers: Any
) -> AsyncIterator[None]:
    """Where runs work on jobs, and portals in memory are (`--engine`)."""
    match request.config.getoption("engine"):
        case "local":
            yield
        case "far":
            monkeypatch.setattr("bulkpub.portals.kinds.KINDS", far_kinds())
            async with exchanging():
                yield
        case "dask":
            if marker := request.node.get_closest_marker("local_only"):
                pytest.skip(marker.args[0])
            async with workers.working(monkeypatch):
                yield


@pytest.fixture
def asked_by_workers(workers: Any) -> int:
    """Requests with which workers begin: each of them asks whose key it has."""
    return 0 if workers is None else int(workers.number)


@pytest.fixture
def given_out(workers: Any) -> int:
    """Datasets that are given to workers ahead of time, when two requests may be in flight."""
    return 0 if workers is None else 3 * 2 + 4 * int(workers.number)


@pytest.fixture
async def elsewhere(elsewhere: Any, workers: Any) -> AsyncIterator[Any]:
    """See the one of all tests; workers are led there as well."""
    if workers is None:
        yield elsewhere
        return
    await workers.have({name: os.environ[name] for name in PROXIES})
    yield elsewhere
    await workers.have(dict.fromkeys(PROXIES))


BY_EITHER = {"append", "fetching", "lost_answers", "recognition", "removing", "verify"}
"""The modules whose promises rest on what files are compared by: tested with each digest."""


@pytest.fixture
def digest() -> Digest:
    """By what files are compared."""
    return "sha1"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.module.__name__.rpartition("test_")[2]
    if "digest" in metafunc.fixturenames and name in BY_EITHER:
        metafunc.parametrize("digest", list(DIGEST_NAMES))


@pytest.fixture
def site(digest: Digest) -> Iterator[Site]:
    name = uuid4().hex
    yield memory.site(name, replace(RULES, digest=digest))
    memory._sites.pop(name)


@pytest.fixture
def publish(
    site: Site, publish_to: Callable[..., Awaitable[RunReport]]
) -> Callable[..., Awaitable[RunReport]]:
    """Publish a manifest to the site; see `publish_to`."""
    return partial(publish_to, site.address, "any-key")


# --- what is published --------------------------------------------------------------------


@pytest.fixture
def writes() -> Callable[[Site], list[Call]]:
    """The calls that may have changed something, oldest first."""
    return lambda site: [call for call in site.calls if call.method != "GET"]


@pytest.fixture
def titles() -> Callable[[Site], dict[str, list[str]]]:
    """What is published: the titles of each dataset's resources, in the portal's order."""

    def titles(site: Site) -> dict[str, list[str]]:
        return {
            str(each.metadata.title): [str(one.metadata.title) for one in each.resources]
            for each in site.datasets.values()
        }

    return titles


@pytest.fixture
def dataset_of() -> Callable[[Site, str], RemoteDataset]:
    """The one dataset on the portal that carries this key, as it is now."""

    def dataset_of(site: Site, key: str) -> RemoteDataset:
        (found,) = (each for each in site.datasets.values() if each.key == key)
        return found

    return dataset_of


# --- what a person does -------------------------------------------------------------------


@pytest.fixture
def by_hand(site: Site) -> Callable[[RemoteDataset, str, bytes], RemoteResource]:
    """Upload a file to a dataset as a person would: without us, and without our key."""
    return lambda dataset, name, content: site.store(dataset.id, name, content)


def changed(thing: T, changes: dict[str, Any]) -> T:
    own = {name: value for name, value in changes.items() if hasattr(thing, name)}
    said = {name: value for name, value in changes.items() if name not in own}
    return replace(thing, metadata=replace(thing.metadata, **said), **own)


@pytest.fixture
def edit(site: Site) -> Callable[..., RemoteDataset]:
    """Change fields of a dataset, or of its resource number `at`, as a person would."""

    def edit(dataset: RemoteDataset, at: int | None = None, **changes: Any) -> RemoteDataset:
        now = site.datasets[dataset.id]
        if at is None:
            now = changed(now, changes)
        else:
            resources = list(now.resources)
            resources[at] = changed(resources[at], changes)
            now = replace(now, resources=tuple(resources))
        site.datasets[now.id] = now
        return now

    return edit


# --- what goes wrong ----------------------------------------------------------------------


@dataclass
class Losing:
    """Trouble that loses the answers to the first `left` calls of this name.

    With `before` the request is lost as well: the portal never carries it out.
    """

    name: str
    left: int = 1
    before: bool = False

    async def __call__(self, call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.name != self.name or not self.left:
            return await carry_out()
        self.left -= 1
        if not self.before:
            await carry_out()
        elif call.content is not None:
            async for _ in call.content.open():  # what was sent is read to its end
                pass
        raise Uncertain("the answer was lost")


@pytest.fixture
def lose_answers() -> type[Losing]:
    return Losing


@pytest.fixture
def refuse() -> Callable[..., Any]:
    """Trouble that answers calls of this name with an error, and carries out nothing."""

    def refuse(name: str, error: Exception) -> Any:
        async def trouble(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
            if call.name == name:
                raise error
            return await carry_out()

        return trouble

    return refuse
