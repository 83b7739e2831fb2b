"""A large file in parts, so that no single request is larger than a proxy allows.

Parts travel side by side, and one that fails is sent again alone. Whether a part whose
answer was lost is stored cannot be asked: sending it again answers 500 when it is, so such
a part stays in doubt, and joining tells, as it answers 500 when a part is missing.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import anyio

from bulkpub.core.model import RemoteResource
from bulkpub.errors import Uncertain
from bulkpub.http.messages import Body
from bulkpub.http.tasks import side_by_side
from bulkpub.portals.base import Content
from bulkpub.portals.udata.forms import FieldsForm, FileForm
from bulkpub.portals.udata.names import upload_name

__all__ = ["Parts", "Stretch", "stretches"]

AT_ONCE = 3
TRIES = 3
"""How often one part is sent, and joining asked for, before the whole is looked at afresh."""
PAUSE_S = 1.1
"""Seconds before joining again: the portal files by the second."""


class Stretch(NamedTuple):
    """A part of a file, in bytes."""

    start: int
    length: int


def stretches(size: int, part_size: int) -> tuple[Stretch, ...]:
    """`size` bytes cut into parts of at most `part_size`, in order."""
    return tuple(
        Stretch(start, min(part_size, size - start)) for start in range(0, size, part_size)
    )


class Parts:
    """One upload of one file in parts.

    A fresh one, with an identifier of its own, for every attempt: parts of an attempt whose end
    is unknown must not be mixed with those of the next. `send_part` posts the form of a part,
    `join` the form that makes one file of so many bytes of them.
    """

    def __init__(
        self,
        content: Content,
        part_size: int,
        send_part: Callable[[Callable[[], Body]], Awaitable[None]],
        join: Callable[[Callable[[], Body], int], Awaitable[RemoteResource]],
    ) -> None:
        self._content = content
        self._send_one = send_part
        self._join = join
        self._stretches = stretches(content.size, part_size)
        self._name = upload_name(content.name)
        self._fields = {
            "uuid": str(uuid4()),
            "filename": self._name,
            "totalparts": str(len(self._stretches)),
        }
        self._sent = [0] * len(self._stretches)
        self._doubtful: set[int] = set()

    async def send(self) -> RemoteResource:
        """Send all parts and join them.

        Raises `Uncertain` when only the portal's dataset can tell whether the file arrived.
        """
        await self._send_parts(range(len(self._stretches)))
        for attempt in range(1, TRIES + 1):
            try:
                return await self._join(partial(FieldsForm, self._fields), self._content.size)
            except Uncertain:
                if attempt == TRIES or not self._doubtful:
                    raise
            await self._send_parts(sorted(self._doubtful))
            await anyio.sleep(PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    async def _send_parts(self, indexes: Sequence[int]) -> None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        await side_by_side([partial(self._send_part, index) for index in indexes], limiter)

    async def _send_part(self, index: int) -> None:
        stretch = self._stretches[index]
        fields = {**self._fields, "partindex": str(index), "chunksize": str(stretch.length)}

        def progressed(sent: int) -> None:
            self._sent[index] = sent
            self._content.progressed(sum(self._sent))

        def form() -> FileForm:
            return FileForm(self._content.open(*stretch), self._name, progressed, fields)

        for attempt in range(1, TRIES + 1):
            try:
                await self._send_one(form)
            except Uncertain:
                self._doubtful.add(index)
                if attempt == TRIES:
                    return  # stored or not, joining will tell
            else:
                self._doubtful.discard(index)
                return
