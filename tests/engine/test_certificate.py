"""Only the processes of a cluster of our own are let in where they talk to each other."""

import pytest
from distributed import Client, Security

from bulkpub.engine.choice import Engine, Kind
from bulkpub.engine.dask.certificate import for_one_cluster
from bulkpub.engine.dask.cluster import open_cluster
from bulkpub.pipeline.means import Stopping

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(60)]


def addresses(dask_scheduler: object) -> list[str]:
    return [each.contact_address for each in dask_scheduler.listeners]  # type: ignore[attr-defined]


async def test_nobody_else_is_let_in() -> None:
    async with open_cluster(Engine(Kind.DASK, workers=1), Stopping()) as client:
        (address,) = (
            each
            for each in await client.run_on_scheduler(addresses)
            if not each.startswith("inproc://")
        )
        assert address.startswith("tls://127.0.0.1:")
        plain = address.replace("tls://", "tcp://")
        for place, security in ((address, for_one_cluster()), (plain, Security())):
            with pytest.raises(OSError, match=f"{place}|TLS"):
                await Client(place, security=security, asynchronous=True, timeout=2)


def test_each_cluster_has_its_own_and_nobody_is_shown_the_key() -> None:
    one, other = for_one_cluster(), for_one_cluster()
    keys = {each.get_tls_config_for_role("scheduler")["key"] for each in (one, other)}
    assert len(keys) == 2
    assert one.get_connection_args("client")["require_encryption"]
    assert not any(key in repr(each) for key in keys for each in (one, other))
