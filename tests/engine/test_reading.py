"""What workers read for us: by several at the same time, again where one is lost, and no further
than anybody wants."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import dask
import pytest
from distributed import Client, LocalCluster

from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.dask import reading as readings
from bulkpub.engine.dask.cluster import open_cluster
from bulkpub.engine.dask.reading import read_there
from bulkpub.errors import SettingsInvalid, SourceFailed, StoppedEarly
from bulkpub.pipeline.means import Stopping

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]


@pytest.fixture
async def cluster() -> AsyncIterator[Any]:
    async with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=False,
        asynchronous=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture
async def client(cluster: Any) -> AsyncIterator[Client]:
    async with Client(cluster, asynchronous=True, set_as_default=False) as client:
        yield client


def put(folder: str, name: str) -> None:
    Path(folder, name).touch()


def names_in(folder: str | Path) -> set[str]:
    return {each.name for each in Path(folder).iterdir()}


async def until_there(folder: str | Path, *names: str) -> None:
    with anyio.fail_after(20):
        while not names_in(folder) >= set(names):  # noqa: ASYNC110 - another loop puts them there
            await anyio.sleep(0.01)


@dataclass(frozen=True)
class Text:
    """A file that is read once all of `others` are there."""

    name: str
    folder: str
    others: tuple[str, ...] = ()

    async def read(self) -> str:
        put(self.folder, self.name)
        await until_there(self.folder, *self.others)
        return f"read {self.name}"


async def test_all_are_read_at_the_same_time_and_come_in_the_order_that_is_asked_for(
    client: Client, tmp_path: Path
) -> None:
    names = ("a", "b", "c")
    asked = [Text(name, str(tmp_path), names) for name in names]
    async with read_there(client, asked) as waiting:
        with anyio.fail_after(20):
            assert [await each() for each in waiting] == ["read a", "read b", "read c"]


@dataclass(frozen=True)
class Wrong:
    name: str = "wrong"
    secret: str = "s3cret"

    async def read(self) -> str:
        raise SettingsInvalid(f"{self.name} cannot be")


async def test_what_is_in_the_way_is_raised_here(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    async with read_there(client, [Wrong()]) as (wrong,):
        with pytest.raises(SettingsInvalid, match="wrong cannot be"):
            await wrong()
    assert "s3cret" not in caplog.text  # as Dask writes tasks that fail into the worker's log


@dataclass(frozen=True)
class Endless:
    name: str
    folder: str

    async def read(self) -> None:
        try:
            put(self.folder, "begun")
            await anyio.sleep_forever()
        finally:
            put(self.folder, "ended")


async def test_nothing_is_read_that_nobody_wants_any_more(client: Client, tmp_path: Path) -> None:
    async with read_there(client, [Endless("endless", str(tmp_path))]):
        await until_there(tmp_path, "begun")
    await until_there(tmp_path, "ended")


async def test_who_began_it_may_be_gone(cluster: Any, tmp_path: Path) -> None:
    async with Client(cluster, asynchronous=True, set_as_default=False) as gone:
        waiting = read_there(gone, [Endless("endless", str(tmp_path))])
        await waiting.__aenter__()
        await until_there(tmp_path, "begun")
    await until_there(tmp_path, "ended")


async def test_a_worker_with_another_bulkpub_reads_nothing(client: Client, tmp_path: Path) -> None:
    read = client.submit(readings._read, Text("a", str(tmp_path)), "0.0.1", pure=False)
    answer = await read
    assert isinstance(answer, readings._Failed)
    assert "and this is 0.0.1: install the same version everywhere" in str(answer.why)
    assert names_in(tmp_path) == set()


async def test_a_connection_that_is_lost_is_told(client: Client, tmp_path: Path) -> None:
    async with read_there(client, [Endless("endless", str(tmp_path))]) as (endless,):
        await until_there(tmp_path, "begun")
        async with anyio.create_task_group() as group:
            group.start_soon(client.close)
            with pytest.raises(StoppedEarly, match="connection to Dask's scheduler was lost"):
                await endless()


@dataclass(frozen=True)
class Deadly:
    """Kills who reads it, so many times."""

    folder: str
    times: int
    name: str = "deadly"

    async def read(self) -> str:
        before = len(names_in(self.folder))
        if before < self.times:
            put(self.folder, str(before))
            os.kill(os.getpid(), signal.SIGKILL)
        return f"read after {before}"


async def test_it_is_read_again_when_a_worker_is_lost_and_not_for_ever(tmp_path: Path) -> None:
    for name in ("once", "always"):
        (tmp_path / name).mkdir()
    asked = [Deadly(str(tmp_path / "once"), 1), Deadly(str(tmp_path / "always"), 100)]
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        async with (
            open_cluster(Engine(Kind.DASK, workers=1), Stopping()) as client,
            read_there(client, asked[:1]) as (once,),
        ):
            assert await once() == "read after 1"
            async with read_there(client, asked[1:]) as (always,):
                with pytest.raises(SourceFailed, match="one worker after the other was lost"):
                    await always()
