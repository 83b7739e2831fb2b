"""A file as the whole body of a request, as hosts of releases take it."""

from collections.abc import AsyncIterator, Callable

from bulkpub.portals.base import Pieces

__all__ = ["WholeBody"]


class WholeBody:
    """`pieces` and nothing around them; `progressed` is told how many bytes were handed over."""

    def __init__(
        self,
        pieces: Pieces,
        progressed: Callable[[int], None],
        content_type: str = "application/octet-stream",
    ) -> None:
        self.content_type = content_type
        self.length = pieces.length
        self._pieces = pieces
        self._progressed = progressed

    def at_once(self) -> bytes | None:
        """See `Body`; raises what reading the file raises."""
        content = self._pieces.at_once()
        if content is not None:
            self._progressed(len(content))
        return content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; raises what reading the file raises."""
        sent = 0
        async for piece in self._pieces:
            yield piece
            sent += len(piece)
            self._progressed(sent)

    def close(self) -> None:
        """See `Body`."""
        self._pieces.close()
