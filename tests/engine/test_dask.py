"""Jobs on a cluster: each done once, whatever happens to workers, and told as in one process.

The cluster is a real one of Dask's, in this process, so that the portal in memory is there for all
of its workers. Processes, and what kills them, are in `tests/chaos` and `tests/whole`.
"""

import asyncio
import pickle
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import anyio
import pytest
import structlog
from distributed import Client, LocalCluster
from distributed.comm.core import CommClosedError

from bulkpub.core.model import (
    Contact,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    ResourceSpec,
    State,
)
from bulkpub.core.owners import Owner
from bulkpub.core.report import RateLimit
from bulkpub.engine.base import Opener
from bulkpub.engine.dask import coordinator as coordinating
from bulkpub.engine.dask import errands, forwarding, known_workers
from bulkpub.engine.dask import worker as working
from bulkpub.engine.dask.coordinator import Coordinator
from bulkpub.engine.dask.known_workers import KnownWorker
from bulkpub.engine.dask.messages import Attempt, Heard
from bulkpub.engine.dask.worker import Office, Presence, queue_of
from bulkpub.errors import PortalRefuses, SettingsInvalid, StoppedEarly
from bulkpub.http.gate import Gate
from bulkpub.http.lending import Borrower, Lender
from bulkpub.http.messages import TransportListener
from bulkpub.observers.events import DatasetStarted, Event, QuotaSeen, UploadFinished
from bulkpub.pipeline import Job, Means, Result
from bulkpub.pipeline.job import JobOptions
from bulkpub.portals import Portal, memory
from bulkpub.portals.memory import Call, MemoryPortal, Site
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.session.connection import Connection, Sources
from bulkpub.session.opening import WorkerMeans, open_fetcher
from bulkpub.sources.fetch import Fetcher
from bulkpub.state.carried import HashKept

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(60)]

Results = list[Result]


@dataclass(frozen=True)
class Opens:
    """Opens the portal in memory, or fails to."""

    name: str
    spool: str
    fails: bool = False

    @asynccontextmanager
    async def open(
        self, turns: Borrower, listener: TransportListener
    ) -> AsyncIterator[tuple[Portal, Fetcher]]:
        del listener
        if self.fails:
            raise SettingsInvalid("no room for files here")
        sources = Sources(spool_dir=Path(self.spool))
        async with open_fetcher(Connection(), sources, "memory://x", "sha1") as fetcher:
            yield MemoryPortal(memory.site(self.name), pace=turns.portal), fetcher


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=8,
            processes=False,
            asynchronous=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        Client(cluster, asynchronous=True, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def site() -> Iterable[Site]:
    name = uuid4().hex
    yield memory.site(name)
    memory._sites.pop(name)


@pytest.fixture
async def means(site: Site, tmp_path: Path) -> AsyncIterator[Means]:
    sources = Sources(spool_dir=tmp_path / "spool")
    async with open_fetcher(Connection(), sources, "memory://x", "sha1") as fetcher:
        yield Means(MemoryPortal(site), fetcher)


def job(folder: Path, name: str, **more: Any) -> Job:
    path = folder / f"{name}.csv"
    path.write_text(f"name\n{name}\n")
    entry = ResourceSpec("file", FileSource(str(path), path.name), default_title=path.name)
    metadata = DatasetMetadata(title=f"Dataset {name}", description="About it.")
    return Job(
        DatasetSpec(name, metadata, (entry,), **more),
        owner=Owner(user=memory.ACCOUNT.id),
        options=JobOptions(look_again_s=0.05),
    )


@pytest.fixture
def coordinator(
    client: Client, means: Means, site: Site, tmp_path: Path
) -> Callable[..., Coordinator]:
    def coordinator(opener: Opener | None = None, **more: Any) -> Coordinator:
        opener = opener or Opens(site.address.removeprefix("memory://"), str(tmp_path / "spools"))
        made: list[Coordinator] = []
        lender = Lender(Gate(), lambda *what: made[0].lend(*what))  # noqa: PLW0108 - made below
        made.append(Coordinator(client, means, opener, lender, run=uuid4().hex, own=False, **more))
        return made[0]

    return coordinator


async def carried_out(there: Coordinator, jobs: Iterable[Job]) -> dict[str, str]:
    results: Results = []
    with anyio.fail_after(40):
        await there.run(jobs, done=lambda result, _: results.append(result))
    counted = Counter(each.outcome.key for each in results)
    assert set(counted.values()) <= {1}
    return {each.outcome.key: each.outcome.status.value for each in results}


def _cluster(client: Client) -> Any:
    return client.cluster


def offices(client: Client, there: Coordinator) -> list[Office]:
    """What the workers have for this run."""
    found = []
    for worker in _cluster(client).workers.values():
        plugin = worker.plugins[queue_of(there._run)]
        assert isinstance(plugin, Presence)
        assert plugin.office is not None
        found.append(plugin.office)
    return found


def once(site: Site) -> bool:
    titles = Counter(str(each.metadata.title) for each in site.datasets.values())
    return set(titles.values()) <= {1} and all(
        len(each.resources) == 1 for each in site.datasets.values()
    )


async def test_every_job_has_a_result_and_is_done_once(
    coordinator: Callable[..., Coordinator], means: Means, site: Site, tmp_path: Path
) -> None:
    events: list[Event] = []
    means.emit = events.append
    there = coordinator()
    jobs = [job(tmp_path, f"{number}") for number in range(40)]
    workers: set[str] = set()
    results: Results = []

    def done(result: Result, worker: str) -> None:
        results.append(result)
        workers.add(worker)

    await there.run(jobs, done=done)
    assert Counter(each.outcome.status.value for each in results) == {"created": 40}
    assert once(site)
    assert len(workers) == 2
    assert sum(isinstance(each, DatasetStarted) for each in events) == 40
    assert sum(isinstance(each, UploadFinished) for each in events) == 40
    asked = Counter(call.method for call in site.calls)
    assert there.traffic.requests.by_method == dict(asked)


async def test_nothing_is_left_on_the_cluster(
    coordinator: Callable[..., Coordinator], client: Client, tmp_path: Path
) -> None:
    there = coordinator()
    await carried_out(there, [job(tmp_path, "a")])
    for worker in _cluster(client).workers.values():
        assert queue_of(there._run) not in worker.plugins
    assert not _cluster(client).scheduler.tasks or all(
        each.state in {"released", "forgotten"}
        for each in _cluster(client).scheduler.tasks.values()
    )


async def test_a_worker_that_cannot_open_what_it_needs_ends_the_run_with_its_reason(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator(Opens(site.address.removeprefix("memory://"), str(tmp_path), fails=True))
    with pytest.raises(StoppedEarly, match="no room for files here"):
        await carried_out(there, [job(tmp_path, name) for name in "abc"])
    assert not site.datasets


async def test_another_version_of_bulkpub_on_a_worker_ends_the_run(
    coordinator: Callable[..., Coordinator], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(working, "__version__", "0.0.1")
    with pytest.raises(StoppedEarly, match=r"has bulkpub 0\.0\.1"):
        await carried_out(coordinator(), [job(tmp_path, "a")])


async def test_what_stops_one_job_ends_the_others_and_takes_up_no_more(
    coordinator: Callable[..., Coordinator], site: Site, means: Means, tmp_path: Path
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.name == "upload" and len(site.datasets) > 2:
            raise PortalRefuses("read-only")
        if call.name == "upload":
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = trouble
    jobs = [job(tmp_path, f"{number}") for number in range(60)]
    found = await carried_out(coordinator(at_once=4), jobs)
    assert means.stopping.requested
    assert 1 <= len(found) < 60
    assert set(found.values()) == {"pending"}


async def test_asked_to_end_what_is_under_way_has_its_time_and_nothing_new_begins(
    coordinator: Callable[..., Coordinator], site: Site, means: Means, tmp_path: Path
) -> None:
    async def slow(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            means.stopping.within(20)
            await anyio.sleep(0.5)
        return await carry_out()

    site.trouble = slow
    jobs = [job(tmp_path, f"{number}") for number in range(40)]
    found = await carried_out(coordinator(at_once=2), jobs)
    assert 1 <= len(found) < 40
    assert "created" in found.values()
    assert set(found.values()) <= {"created", "pending"}
    assert once(site)


async def test_asked_again_what_is_under_way_ends_now(
    coordinator: Callable[..., Coordinator], site: Site, means: Means, tmp_path: Path
) -> None:
    async def stuck(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            means.stopping.within(20)
            means.stopping.within(0)
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = stuck
    found = await carried_out(coordinator(at_once=2), [job(tmp_path, name) for name in "abcdef"])
    assert set(found.values()) == {"pending"}


# --- how many at once -----------------------------------------------------------------------


async def test_no_more_datasets_are_begun_at_once_than_a_person_says(
    coordinator: Callable[..., Coordinator], means: Means, site: Site, tmp_path: Path
) -> None:
    """As in one process; more of them are given out, so that nobody waits for Dask in between."""
    begun: list[str] = []
    most, done = 0, 0

    def started(event: Event) -> None:
        nonlocal most
        if isinstance(event, DatasetStarted):
            begun.append(event.dataset)
            most = max(most, len(begun) - done)

    def ended(_result: Result, _worker: str) -> None:
        nonlocal done
        done += 1

    async def slow(_call: Call, carry_out: Any) -> Any:
        await anyio.sleep(0.02)
        return await carry_out()

    means.emit = started
    site.trouble = slow
    jobs = [job(tmp_path, f"{number:02}") for number in range(24)]
    with anyio.fail_after(40):
        await coordinator(at_once=3).run(jobs, done=ended)
    assert done == 24
    assert most == 3
    assert once(site)


async def test_those_that_wait_begin_in_the_order_in_which_they_were_asked_for(
    coordinator: Callable[..., Coordinator], means: Means, site: Site, tmp_path: Path
) -> None:
    begun: list[str] = []

    def started(event: Event) -> None:
        if isinstance(event, DatasetStarted):
            begun.append(event.dataset)

    async def slow(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            await anyio.sleep(0.3)  # the others have asked by then
        return await carry_out()

    means.emit = started
    site.trouble = slow
    await carried_out(coordinator(at_once=1), [job(tmp_path, name) for name in "abcdefgh"])
    assert begun[1:] == sorted(begun[1:])


async def test_the_place_of_one_that_is_lost_is_for_the_next(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator(at_once=1)
    lost: list[str] = []

    async def lose(call: Call, carry_out: Any) -> Any:
        if call.name == "upload" and not lost:
            lost.extend(_at(there) - {"None"})
            for name in lost:
                there._lose(worker_of(there, name))
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = lose
    found = await carried_out(there, [job(tmp_path, name) for name in "abcdef"])
    assert len(lost) == 1
    assert set(found) == set("abcdef")
    assert set(found.values()) <= {"created", "updated"}
    assert once(site)


async def test_workers_that_are_lost_with_what_only_waits_are_nothing_against_it(
    coordinator: Callable[..., Coordinator],
    client: Client,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coordinating, "LOOK_S", 0.05)
    there = coordinator(at_once=1)
    times = 0

    def has_asked() -> bool:
        """Whether one that works on nothing waits for its place with what it was given."""
        return any(
            each._underway and str(each._stay and each._stay.name) not in _at(there)
            for each in offices(client, there)
        )

    async def lose_the_others(call: Call, carry_out: Any) -> Any:
        nonlocal times
        while call.name == "upload" and times < coordinating.ATTEMPTS + 1:
            await _until(has_asked)
            for name in names_of(there) - _at(there):
                there._lose(worker_of(there, name))
            times += 1
            await anyio.sleep(0.5)  # it comes back as a new one, and takes up what it had
        return await carry_out()

    site.trouble = lose_the_others
    names = "abcdef"
    found = await carried_out(there, [job(tmp_path, name) for name in names])
    assert times == coordinating.ATTEMPTS + 1
    assert found == dict.fromkeys(names, "created")


# --- workers that are lost ------------------------------------------------------------------


async def test_an_attempt_is_begun_once_however_often_it_is_run(
    coordinator: Callable[..., Coordinator], client: Client, site: Site, tmp_path: Path
) -> None:
    """As when Dask takes a worker for lost that is not, and gives what it had to another."""
    there = coordinator()

    async def again(call: Call, carry_out: Any) -> Any:
        if call.name == "create_dataset":
            async with asyncio.TaskGroup() as group:
                for office in offices(client, there):
                    group.create_task(office.work(Attempt("a", 1)))
                await asyncio.sleep(0.2)
        return await carry_out()

    site.trouble = again
    assert await carried_out(there, [job(tmp_path, "a")]) == {"a": "created"}
    assert once(site)


async def test_what_a_lost_worker_was_at_is_looked_at_afresh_and_done_by_another(
    coordinator: Callable[..., Coordinator],
    client: Client,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known_workers, "UNHEARD_S", 1.0)
    there = coordinator()
    lost: list[str] = []

    async def silent(call: Call, carry_out: Any) -> Any:
        """The worker that stores the first file is never heard of again."""
        answer = await carry_out()
        if call.name == "upload" and not lost:
            (office,) = (each for each in offices(client, there) if each._underway)
            lost.append(str(office._queue))
            office._outbox.send = lambda _: None  # type: ignore[method-assign, union-attr]
            office._end(0.0)
            await anyio.sleep(60)
        return answer

    site.trouble = silent
    found = await carried_out(there, [job(tmp_path, "a")])
    assert found["a"] in {"updated", "unchanged"}  # it is there
    assert once(site)
    assert lost


async def test_an_attempt_whose_worker_was_lost_is_nobody_elses(
    coordinator: Callable[..., Coordinator], client: Client, site: Site, tmp_path: Path
) -> None:
    """Dask gives it to another at once: from before it was looked at afresh, that is."""
    there = coordinator()
    claimed: list[str] = []

    async def lose(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name == "create_dataset" and not claimed:
            (name,) = claimed[:] = _at(there)
            there._lose(worker_of(there, name))
            (other,) = (each for each in offices(client, there) if not each._underway)
            async with asyncio.TaskGroup() as group:  # it is told no, or has it created again
                group.create_task(other.work(Attempt("a", 1)))
            await anyio.sleep(60)
        return answer

    site.trouble = lose
    found = await carried_out(there, [job(tmp_path, "a")])
    assert found["a"] in {"updated", "unchanged"}
    assert [call.name for call in site.calls].count("create_dataset") == 1
    assert once(site)


async def test_what_a_lost_worker_had_sent_may_be_stored_later(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator()
    late: list[asyncio.Task[Any]] = []

    async def store_late(call: Call, carry_out: Any) -> Any:
        if call.name != "upload" or late:
            return await carry_out()
        content = b"".join([piece async for piece in call.content.open()])  # type: ignore[union-attr]

        async def store() -> None:
            await anyio.sleep(0.2)  # longer than it is waited for at first
            site.store(call.dataset, "a.csv", content)

        late.append(asyncio.create_task(store()))
        (name,) = _at(there)
        there._lose(worker_of(there, name))
        return await anyio.sleep(60)

    site.trouble = store_late
    found = await carried_out(there, [job(tmp_path, "a")])
    await late[0]
    assert found["a"] in {"updated", "unchanged"}
    assert once(site)


async def test_a_worker_that_nobody_answers_ends_what_it_does(
    coordinator: Callable[..., Coordinator],
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before others begin it anew: it may have lost the coordinator, and the portal not."""
    monkeypatch.setattr(working, "SILENCE_S", 0.5)
    monkeypatch.setattr(working, "BEAT_S", 0.1)
    monkeypatch.setattr(known_workers, "UNHEARD_S", 3.0)
    there = coordinator()
    ended: list[float] = []
    begun: list[float] = []

    async def cut_off(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            begun.append(anyio.current_time())
            if len(begun) == 1:
                (worker,) = (each for each in there._workers.all if each.hello.worker in _at(there))
                monkeypatch.setattr(worker.outbox, "send", lambda _: None)
                try:
                    await anyio.sleep(60)
                finally:
                    ended.append(anyio.current_time())
        return await carry_out()

    site.trouble = cut_off
    task = asyncio.create_task(carried_out(there, [job(tmp_path, "a")]))
    await _until(lambda: bool(ended))
    assert ended[0] - begun[0] < 3.0
    for worker in there._workers.all:  # its words come through, and ours do not
        worker.heard_at -= 60
    assert (await task)["a"] in {"created", "updated"}
    assert once(site)


def names_of(there: Coordinator) -> set[str]:
    return {each.name for each in there._workers.all}


def worker_of(there: Coordinator, name: str) -> KnownWorker:
    (found,) = (each for each in there._workers.all if each.name == name)
    return found


def _at(there: Coordinator) -> set[str]:
    return {str(each.worker) for each in there._underway.values()}


async def _until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - of another's making
            await anyio.sleep(0.02)


async def test_a_worker_that_was_given_up_comes_back_as_a_new_one(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator()
    once_given_up: list[str] = []

    async def given_up(call: Call, carry_out: Any) -> Any:
        if call.name == "upload" and not once_given_up:
            key = structlog.contextvars.get_contextvars()["dataset"]
            worker = worker_of(there, str(there._underway[key].worker))
            once_given_up.append(worker.hello.worker)
            there._lose(worker)
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = given_up
    task = asyncio.create_task(
        carried_out(there, [job(tmp_path, f"{number}") for number in range(20)])
    )
    await _until(lambda: bool(once_given_up))
    assert set((await task).values()) <= {"created", "updated", "unchanged"}
    assert once(site)
    queue = once_given_up[0].rpartition("-")[0]
    names = {each for each in names_of(there) if each.startswith(queue)}
    assert names == {f"{queue}-2"}


async def test_a_dataset_whose_workers_are_always_lost_is_given_up(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator()

    async def deadly(call: Call, carry_out: Any) -> Any:
        if call.name == "create_dataset" and "bad" in str(call):
            for worker in there._workers.all:
                if worker.hello.worker in {
                    str(u.worker) for u in there._underway.values() if u.job.spec.key == "bad"
                }:
                    there._lose(worker)
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = deadly
    found = await carried_out(there, [job(tmp_path, "bad"), job(tmp_path, "good")])
    assert found == {"bad": "failed", "good": "created"}


async def test_when_the_scheduler_is_lost_the_run_ends_and_says_so(
    coordinator: Callable[..., Coordinator],
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As what is sent to it fails; that a real one is killed is for `tests/chaos`."""

    async def broken(_batch: bytes) -> None:
        raise CommClosedError("closed")

    async def lost(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            for outbox in there._workers._outboxes.values():
                monkeypatch.setattr(outbox._queue, "put", broken)
                outbox.send(Heard(0))
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = lost
    results: Results = []
    there = coordinator()
    with anyio.fail_after(40), pytest.raises(StoppedEarly, match="scheduler was lost"):
        await there.run([job(tmp_path, "a")], done=lambda result, _: results.append(result))
    (result,) = results
    assert result.outcome.status.value == "failed"
    assert "run again" in str(result.outcome.error)


async def test_what_a_lost_worker_had_deleted_as_it_should_is_done(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator()
    await carried_out(coordinator(), [job(tmp_path, "a")])
    (found,) = site.datasets.values()
    lost: list[str] = []

    async def deletes(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name == "delete_dataset" and not lost:
            site.datasets.pop(found.id, None)  # of some portals nothing is left to be seen
            for worker in there._workers.all:
                if worker.hello.worker in _at(there):
                    lost.append(worker.hello.worker)
                    there._lose(worker)
            await anyio.sleep(60)
        return answer

    site.trouble = deletes
    gone = job(tmp_path, "a", state=State.ABSENT)
    ended = await carried_out(there, [replace(gone, found=found)])
    assert lost
    assert ended["a"] != "failed"


async def test_the_quota_that_workers_see_is_told_here(
    coordinator: Callable[..., Coordinator], means: Means
) -> None:
    events: list[Event] = []
    means.emit = events.append
    there = coordinator()
    seen = RateLimit(100, 90, datetime(2027, 1, 1, tzinfo=UTC))
    there._lender._portal = SimpleNamespace(rate_limit=seen)  # type: ignore[assignment]
    there._tell_quota()
    there._tell_quota()
    assert events == [QuotaSeen(seen)]


async def test_what_was_being_looked_at_afresh_when_the_scheduler_was_lost_has_a_result(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    there = coordinator()

    async def lost(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            for worker in there._workers.all:
                there._lose(worker)
            there._lose_cluster(CommClosedError("closed"))
            await anyio.sleep(60)
        return await carry_out()

    site.trouble = lost
    results: Results = []
    with anyio.fail_after(40), pytest.raises(StoppedEarly, match="scheduler was lost"):
        await there.run([job(tmp_path, "a")], done=lambda result, _: results.append(result))
    assert [each.outcome.status.value for each in results] == ["failed"]


# --- what is kept apart, and what is carried --------------------------------------------------


async def test_a_contact_point_is_made_once(
    coordinator: Callable[..., Coordinator], site: Site, tmp_path: Path
) -> None:
    contact = Contact("Service", "service@example.org")
    jobs = [
        replace(
            job(tmp_path, f"{number}", contacts=(contact,)),
            owner=Owner(organization=memory.OURS.id),
        )
        for number in range(12)
    ]
    found = await carried_out(coordinator(), jobs)
    assert found == dict.fromkeys((f"{number}" for number in range(12)), "created")
    assert sum(call.name == "create_contact" for call in site.calls) == 1


async def test_what_is_learned_of_files_is_remembered_here_and_carried_there(
    coordinator: Callable[..., Coordinator], means: Means, tmp_path: Path
) -> None:
    learned: list[Any] = []

    class Remembers(type(means.memory)):  # type: ignore[misc]
        def keep_digest(self, kind: Any, path: str, seen: Any) -> None:
            learned.append(HashKept(kind, path, seen))

    means.memory = Remembers()
    await carried_out(coordinator(), [job(tmp_path, "a")])
    assert [Path(each.path).name for each in learned] == ["a.csv"]


async def test_a_file_that_is_another_one_on_the_worker_fails(
    coordinator: Callable[..., Coordinator],
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = errands._seen

    def seen(files: Any) -> Any:
        return {path: replace(each, size=each.size + 1) for path, each in real(files).items()}

    monkeypatch.setattr(errands, "_seen", seen)
    results: Results = []
    await coordinator().run([job(tmp_path, "a")], done=lambda result, _: results.append(result))
    (resource,) = results[0].outcome.resources
    assert "is another file on the machine that works on it" in str(resource.error)
    assert not site.files


# --- secrets and lines ------------------------------------------------------------------------


def test_keys_are_in_nothing_but_what_is_opened() -> None:
    opener = WorkerMeans(
        "https://portal.test/api/1",
        Connection(key="s3cret"),
        Sources(),
        PartSizes(),
        8,
        {"o": "k3y"},
    )
    assert "s3cret" not in repr(opener)
    assert "k3y" not in repr(opener)
    assert b"s3cret" not in pickle.dumps(Presence("run"))
    assert pickle.loads(pickle.dumps(opener)) == opener  # noqa: S301 - ours


async def test_what_workers_log_is_told_here(
    coordinator: Callable[..., Coordinator], tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as lines:
        await carried_out(coordinator(), [job(tmp_path, "a")])
    assert any(each["event"] == "worker is there" for each in lines)


def test_a_line_is_told_as_it_was_logged_but_for_what_is_no_plain_value() -> None:
    told: list[Any] = []
    forward = forwarding._forward
    forwarding._sinks["run"] = lambda *line: told.append(line)
    try:
        with pytest.raises(structlog.DropEvent):
            forward(
                forwarding._Named("bulkpub.http"),
                "warning",
                {"event": "retrying", "path": Path("/x"), "n": 1, forwarding.RUN: "run"},
            )
    finally:
        forwarding._sinks.pop("run")
    assert told == [("bulkpub.http", "warning", "retrying", {"path": "/x", "n": 1})]
    with structlog.testing.capture_logs() as lines:
        forwarding.tell(*told[0])
    assert lines == [{"event": "retrying", "path": "/x", "n": 1, "log_level": "warning"}]


def test_where_a_run_was_started_nothing_is_forwarded() -> None:
    """A worker may be in the same process: what it tells would be told to itself, for ever."""
    told: list[Any] = []
    with forwarding.at_home(), forwarding.forwarding("run", lambda *line: told.append(line), 10):
        assert "run" not in forwarding._sinks
    assert not told
