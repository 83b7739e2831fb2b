"""What is said leaves in order, and together with what can wait."""

import asyncio
import pickle
from typing import Any

import pytest

from bulkpub.engine.dask import channel
from bulkpub.engine.dask.channel import Outbox


class Kept:
    """Stands for a queue of Dask's: what was put into it, batch by batch."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []

    async def put(self, batch: bytes) -> None:
        self.batches.append(pickle.loads(batch))  # noqa: S301 - ours


@pytest.fixture
def queue() -> Kept:
    return Kept()


@pytest.fixture
async def outbox(queue: Kept) -> Any:
    outbox = Outbox(queue)  # type: ignore[arg-type]
    task = asyncio.create_task(outbox.run())
    yield outbox
    task.cancel()


async def test_what_can_wait_leaves_with_what_cannot(
    outbox: Outbox, queue: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PATIENCE_S", 60.0)
    outbox.send(1, soon=False)
    await asyncio.sleep(5 * channel.MOMENT_S)
    outbox.send(2, soon=False)
    assert queue.batches == []
    outbox.send(3)
    await outbox.said()
    assert queue.batches == [[1, 2, 3]]
    outbox.send(4)
    await outbox.said()
    assert queue.batches == [[1, 2, 3], [4]]


async def test_nothing_waits_for_ever(
    outbox: Outbox, queue: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "PATIENCE_S", 0.01)
    for each in range(3):
        outbox.send(each, soon=False)
        await outbox.said()
    assert queue.batches == [[0], [1], [2]]
