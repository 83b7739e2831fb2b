"""Messages from process to process through Dask's scheduler: in order, many in one go.

Each side has a queue that it reads, and writes into the other's. Nobody opens a port of ours, and
what protects the cluster's connections protects these. A batch is pickled, as all that Dask carries
is: whoever can reach a scheduler can have its workers run anything.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator
from typing import Any

import anyio
from distributed import Client, Queue

__all__ = ["Inbox", "Outbox", "opened"]

MOMENT_S = 0.01
"""Seconds for which words are collected: to send a message costs more than all that is in it."""
PATIENCE_S = 0.2
"""Seconds that words can wait which nobody waits for, unless others leave before."""


async def opened(client: Client, name: str) -> Queue:
    """The queue of this name, made unless it is there."""
    queue: Queue = await Queue(name, client=client)
    return queue


class Outbox:
    """What is to be said, in the order in which it was: `send` never waits."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._waiting: list[Any] = []
        self._something = asyncio.Event()
        self._soon = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def send(self, message: Any, *, soon: bool = True) -> None:  # noqa: ANN401 - can be pickled
        """Say it `soon`, or with what is said next, if nobody waits for it."""
        self._waiting.append(message)
        self._empty.clear()
        self._something.set()
        if soon:
            self._soon.set()

    async def run(self) -> None:
        """Send what there is, for ever; raises what Dask raises when the connection is lost."""
        while True:
            await self._something.wait()
            with anyio.move_on_after(PATIENCE_S):
                await self._soon.wait()
            await asyncio.sleep(MOMENT_S)
            self._something.clear()
            self._soon.clear()
            batch, self._waiting = self._waiting, []
            await self._queue.put(pickle.dumps(batch))
            if not self._waiting:
                self._empty.set()

    async def take_back(self) -> None:
        """Let go of the queue, and of what nobody has read: it may hold a key."""
        await self._queue.get(batch=True)
        self._queue.close()

    async def said(self) -> None:
        """Wait until all was sent."""
        await self._empty.wait()


class Inbox:
    """What the others say, as it comes."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Give out the messages; raises what Dask raises when the connection is lost."""
        while True:
            for message in pickle.loads(await self._queue.get()):  # noqa: S301 - see above
                yield message
