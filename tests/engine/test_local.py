"""Jobs are worked on side by side, and each that was taken up has a result, whatever ends it."""

import pickle
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_process
import pytest

from bulkpub.core.model import DatasetMetadata, DatasetSpec, FileSource, ResourceSpec
from bulkpub.engine.local import FEW, run_jobs
from bulkpub.errors import PortalRefuses
from bulkpub.observers.events import DatasetStarted, Event
from bulkpub.pipeline import Job, Means, Result, publish_one
from bulkpub.portals.base import Opening
from bulkpub.portals.kinds import locate
from bulkpub.portals.memory import Call, MemoryPortal, Site
from bulkpub.sandbox import Sandbox
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import open_fetcher, open_portal


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def means(site: Site, tmp_path: Path) -> AsyncIterator[Means]:
    sources = Sources(spool_dir=tmp_path / "spool")
    async with open_fetcher(Connection(), sources, "memory://x", "sha1") as fetcher:
        yield Means(MemoryPortal(site), fetcher)


def job(folder: Path, name: str) -> Job:
    path = folder / f"{name}.csv"
    path.write_text(f"name\n{name}\n")
    entry = ResourceSpec("file", FileSource(str(path), path.name), default_title=path.name)
    metadata = DatasetMetadata(title=f"Dataset {name}", description="About it.")
    return Job(DatasetSpec(name, metadata, (entry,)))


def statuses(results: list[Result]) -> dict[str, str]:
    return {result.outcome.key: result.outcome.status.value for result in results}


async def test_every_job_has_a_result(means: Means, site: Site, tmp_path: Path) -> None:
    results: list[Result] = []
    jobs = [job(tmp_path, name) for name in "abcdef"]
    await run_jobs(jobs, means, at_once=3, done=results.append)
    assert statuses(results) == dict.fromkeys("abcdef", "created")
    assert sum(result.figures.uploaded for result in results) == sum(map(len, site.files.values()))
    assert all(result.events for result in results)  # nobody was there to be told


async def test_as_many_are_worked_on_as_requests_are_worth_having_in_flight(
    means: Means, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worth, started, done, most = 8, 0, 0, dict[int, int]()

    def begun(event: Event) -> None:
        nonlocal started
        started += isinstance(event, DatasetStarted)
        most[worth] = max(most.get(worth, 0), started - done)

    def ended(_result: Result) -> None:
        nonlocal worth, done
        done += 1
        worth = {30: 16, 60: 1, 70: 2}.get(done, worth)

    means.emit = begun
    monkeypatch.setattr(MemoryPortal, "at_once", property(lambda _: worth))
    jobs = [job(tmp_path, f"{number}") for number in range(90)]
    await run_jobs(jobs, means, done=ended)
    assert done == 90
    assert most[8] == 8
    assert 8 < most[16] <= 16
    assert most[2] <= FEW + 1  # one may be done and not told of yet


async def test_what_stops_one_job_ends_the_others_and_takes_up_no_more(
    means: Means, site: Site, tmp_path: Path
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.name == "upload" and site.calls.count(call) == 1 and len(site.datasets) > 1:
            raise PortalRefuses("read-only")
        if call.name == "upload":
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = trouble
    results: list[Result] = []
    jobs = [job(tmp_path, name) for name in "abcdef"]
    await run_jobs(jobs, means, at_once=2, done=results.append)
    assert 1 <= len(results) <= 3
    assert [str(result.stop) for result in results if result.stop] == ["read-only"]
    assert set(statuses(results).values()) == {"pending"}


async def test_ended_early_what_was_done_is_in_the_result(
    means: Means, site: Site, tmp_path: Path
) -> None:
    async def slow(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            means.stopping.within(0)
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = slow
    result = await publish_one(job(tmp_path, "a"), means)
    assert result.outcome.status.value == "pending"
    assert result.outcome.id in site.datasets


async def test_a_job_is_the_same_wherever_it_is_worked_on(
    means: Means, site: Site, tmp_path: Path
) -> None:
    made = job(tmp_path, "a")
    result = await publish_one(pickle.loads(pickle.dumps(made)), means)  # noqa: S301 - ours
    assert result.outcome.status.value == "created"
    after: Result = pickle.loads(pickle.dumps(result))  # noqa: S301 - ours
    assert after == result
    (there,) = site.datasets.values()
    again = await publish_one(replace(made, found=there), means)
    assert again.outcome.status.value == "unchanged"


# --- in a process of its own ----------------------------------------------------------------


def _elsewhere(pickled: bytes, url: str, key: str, spool: str) -> bytes:
    """What a worker does: it opens its own means, and nothing but values travels."""

    async def work() -> Result:
        connection = Connection(portal=url, key=key)
        async with (
            open_portal(locate(url), connection) as portal,
            open_fetcher(connection, Sources(spool_dir=Path(spool)), url, "sha1") as fetcher,
        ):
            return await publish_one(pickle.loads(pickled), Means(portal, fetcher))  # noqa: S301

    return pickle.dumps(anyio.run(work))


async def test_a_job_can_be_worked_on_by_another_process(sandbox: Sandbox, tmp_path: Path) -> None:
    pickled = pickle.dumps(job(tmp_path, "a"))
    assert sandbox.api_key.encode() not in pickled
    result: Result = pickle.loads(  # noqa: S301 - ours
        await anyio.to_process.run_sync(
            partial(_elsewhere, pickled, sandbox.base_url, sandbox.api_key, str(tmp_path / "s"))
        )
    )
    assert result.outcome.status.value == "created"
    assert [each.title for each in sandbox.state.datasets.values()] == ["Dataset a"]


async def test_one_pace_serves_several_portals(sandbox: Sandbox) -> None:
    """Whoever asks for turns, the owner of the pace is asked: here one for two connections."""

    class Turns:
        ever_answered = False
        quota_waited = 0.0
        given = 0
        learned = 0

        async def turn(self, *, aside: bool) -> None:
            self.given += not aside

        def learn(self, _signal: object) -> None:
            self.learned += 1

        def abandon(self) -> None:
            raise AssertionError("nothing is given up here")

        def check_patience(self) -> None:
            raise AssertionError("nothing fails here")

    turns: Any = Turns()
    located = locate(sandbox.base_url)
    opening = Opening(located.url, turns, sandbox.api_key)
    async with located.kind.open(opening) as one, located.kind.open(opening) as other:
        await one.account()
        await other.account()
    assert (turns.given, turns.learned) == (2, 2)
