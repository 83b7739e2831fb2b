"""A cluster is looked at before anything is begun on it, and no two runs of the same meet there."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from distributed import Client, LocalCluster

from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.dask import cluster as clusters
from bulkpub.engine.dask import connecting
from bulkpub.engine.dask.cluster import open_cluster, see_that_it_sees
from bulkpub.errors import SettingsInvalid, StoppedEarly
from bulkpub.pipeline.means import Stopping
from bulkpub.sandbox import Sandbox

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(60)]


@pytest.fixture
async def cluster() -> AsyncIterator[Any]:
    async with LocalCluster(
        n_workers=1,
        processes=False,
        asynchronous=True,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield cluster


@pytest.fixture
def engine(cluster: Any) -> Engine:
    return Engine(Kind.DASK, address=cluster.scheduler_address)


async def test_a_scheduler_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(connecting, "CONNECTS_S", 0.3)
    engine = Engine(Kind.DASK, address=f"tcp://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(StoppedEarly, match=r"scheduler at tcp://127\.0\.0\.1:\d+ cannot be reach"):
        async with open_cluster(engine, Stopping(), lock="x"):
            pass


async def test_so_is_something_else_that_answers_there(sandbox: Sandbox) -> None:
    place = sandbox.base_url.split("/")[2]
    engine = Engine(Kind.DASK, address=f"tcp://{place}")
    with pytest.raises(StoppedEarly, match="what answers there is no scheduler of Dask's"):
        async with open_cluster(engine, Stopping(), lock="x"):
            pass
    gc.collect()  # nothing of a connection is left that would complain later


async def test_a_cluster_without_workers_is_told(
    cluster: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "WORKERS_S", 0.3)
    cluster.scale(0)
    await cluster
    with pytest.raises(StoppedEarly, match="has no workers"):
        async with open_cluster(engine, Stopping(), lock="x"):
            pass


async def test_who_waits_for_workers_can_be_asked_to_end(cluster: Any, engine: Engine) -> None:
    cluster.scale(0)
    await cluster
    stopping = Stopping()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(_soon, stopping)
            async with open_cluster(engine, stopping, lock="x"):
                assert stopping.requested


async def _soon(stopping: Stopping) -> None:
    await anyio.sleep(0.5)
    stopping.within(0)


async def test_two_runs_of_the_same_do_not_meet(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "LOCKED_S", 0.3)
    async with (
        open_cluster(engine, Stopping(), lock="same"),
        open_cluster(engine, Stopping(), lock="another"),
    ):
        with pytest.raises(StoppedEarly, match="another run of the same"):
            async with open_cluster(engine, Stopping(), lock="same"):
                pass
    async with open_cluster(engine, Stopping(), lock="same"):  # it is over by now
        pass


async def test_a_client_of_the_library_is_left_as_it_was(cluster: Any) -> None:
    async with Client(cluster, asynchronous=True, set_as_default=False) as client:
        given = Engine(Kind.DASK, client=client)
        async with open_cluster(given, Stopping(), lock="x") as own:
            assert own is not client
            assert await own.nthreads()
        assert client.status == "running"


async def test_nothing_is_told_to_who_is_elsewhere_in_the_clear(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler of this machine may have workers anywhere."""

    async def nthreads(_client: Client) -> dict[str, int]:
        return {"tcp://192.0.2.7:4000": 1}

    monkeypatch.setattr(Client, "nthreads", nthreads)
    with pytest.raises(SettingsInvalid, match=r"192\.0\.2\.7:4000 would receive keys"):
        async with open_cluster(engine, Stopping(), lock="x"):
            pass
    async with open_cluster(engine, Stopping(), lock="x", insecure=True):
        pass


async def test_files_that_a_worker_does_not_see_are_told_before_anything_is_begun(
    engine: Engine, tmp_path: Path
) -> None:
    there = tmp_path / "a.csv"
    there.write_text("a")
    async with open_cluster(engine, Stopping(), lock="x") as client:
        await see_that_it_sees(client, [str(there)])
        with pytest.raises(SettingsInvalid, match=r"does not see .*b\.csv: share the folders"):
            await see_that_it_sees(client, [str(there), str(tmp_path / "b.csv")])


async def test_a_cluster_that_cannot_be_started_here_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def start(_nanny: object) -> None:
        raise RuntimeError("no more processes")

    monkeypatch.setattr("distributed.nanny.Nanny.start_unsafe", start)
    with pytest.raises(StoppedEarly, match="no cluster could be started on this machine"):
        async with open_cluster(Engine(Kind.DASK, 1), Stopping(), lock="x"):
            pass
