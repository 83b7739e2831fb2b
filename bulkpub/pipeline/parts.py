"""A large file in parts, so that no single request is larger than a proxy allows.

Parts travel side by side, and one that fails is sent again alone. Whether a part whose
answer was lost is stored cannot be asked: sending it again answers 500 when it is, so such
a part stays in doubt, and joining tells, as it answers 500 when a part is missing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import uuid4

import anyio

from bulkpub.core.model import FileSource, Fingerprint, RemoteResource
from bulkpub.core.names import upload_name
from bulkpub.errors import Uncertain
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.tasks import side_by_side
from bulkpub.portals import PartedUpload
from bulkpub.sources import Extent, FileBody, FormBody

__all__ = ["Parts", "extents"]

Progress = Callable[[int], None]

AT_ONCE = 3
TRIES = 3
"""How often one part is sent, and joining asked for, before the whole is looked at afresh."""
PAUSE_S = 1.1
"""Seconds before joining again: the portal files by the second."""


def extents(size: int, chunk_size: int) -> tuple[Extent, ...]:
    """`size` bytes cut into parts of at most `chunk_size`, in order."""
    return tuple(
        Extent(start, min(chunk_size, size - start)) for start in range(0, size, chunk_size)
    )


class Parts:
    """One upload of one file in parts, onto `resource_id` or as a new resource.

    A fresh one, with an identifier of its own, for every attempt: parts of an attempt whose end
    is unknown must not be mixed with those of the next.
    """

    def __init__(
        self,
        source: FileSource,
        planned: Fingerprint,
        services: Services,
        dataset_id: str,
        resource_id: str | None,
    ) -> None:
        self._source = source
        self._planned = planned
        self._services = services
        self._target = (dataset_id, resource_id)
        self._extents = extents(planned.size, services.options.chunk_size)
        self._upload = PartedUpload(str(uuid4()), upload_name(source.name), len(self._extents))
        self._sent = [0] * len(self._extents)
        self._doubtful: set[int] = set()

    @property
    def bytes_sent(self) -> int:
        """Bytes of the file that were sent so far."""
        return sum(self._sent)

    async def send(self, progressed: Progress) -> RemoteResource:
        """Send all parts and join them.

        Raises `Uncertain` when only the portal's dataset can tell whether the file arrived.
        """
        await self._send_parts(range(len(self._extents)), progressed)
        dataset_id, resource_id = self._target
        fields = self._services.portal.join_fields(self._upload)
        for attempt in range(1, TRIES + 1):
            try:
                return await self._services.portal.join_parts(
                    dataset_id, partial(FormBody, fields), self._planned.size, resource_id
                )
            except Uncertain:
                if attempt == TRIES or not self._doubtful:
                    raise
            await self._send_parts(sorted(self._doubtful), progressed)
            await anyio.sleep(PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    async def _send_parts(self, indexes: Sequence[int], progressed: Progress) -> None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        await side_by_side([partial(self._send_part, i, progressed) for i in indexes], limiter)

    async def _send_part(self, index: int, progressed: Progress) -> None:
        portal, extent = self._services.portal, self._extents[index]
        fields = portal.part_fields(self._upload, index, extent.length)

        def moved(sent: int) -> None:
            self._sent[index] = sent
            progressed(sum(self._sent))

        def body() -> FileBody:
            return FileBody(self._source, self._planned, moved, extent, fields)

        dataset_id, resource_id = self._target
        for attempt in range(1, TRIES + 1):
            try:
                await portal.upload_part(dataset_id, body, resource_id)
            except Uncertain:
                self._doubtful.add(index)
                if attempt == TRIES:
                    return  # stored or not, joining will tell
            else:
                self._doubtful.discard(index)
                return
