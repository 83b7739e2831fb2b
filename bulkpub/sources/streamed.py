"""One answer as it comes in: its head at once, its content in pieces, never held whole.

The rule: content that does not come, breaks off or only trickles ends in a `SourceFailed` that
names the address; time that the reader takes is not held against the server.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

import aiohttp
import anyio

from bulkpub.errors import SourceFailed
from bulkpub.sources.decoding import decoder_of

__all__ = ["BrokeOff", "Patience", "Streamed"]

LONGEST_NUMBER = 18
"""Digits."""
WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a connection, for an answer to begin, between two pieces.

    Connecting is a part of waiting for an answer. Over each `window_s` of waiting for content,
    at least `slowest` bytes a second have to come.
    """

    connect_s: float = 30.0
    answer_s: float = 60.0
    between_s: float = 60.0
    window_s: float = WINDOW_S
    slowest: float = 2048.0
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def without_progress(cls, seconds: float) -> Self:
        """Wait so long for an answer, whether it is to begin or to go on."""
        return cls(answer_s=seconds, between_s=seconds, window_s=max(seconds, WINDOW_S))


class BrokeOff(SourceFailed):
    """The content broke off in the middle; asked for again, the rest may well come."""


class Streamed:
    """The answer to a GET. `url` is where it was in the end, after redirects, credentials left out.

    `shown` is the address that was asked for, as it may be told.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, shown: str, patience: Patience | None = None
    ) -> None:
        self.status = response.status
        self.headers = response.headers
        self.url = str(response.url.with_user(None))
        self.shown = shown
        self._response = response
        self._patience = patience or Patience()

    @property
    def content_type(self) -> str:
        """The content type in lower case, without parameters; empty when there is none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The charset as the server says, if it does."""
        return self._response.charset if "Content-Type" in self.headers else None

    @property
    def length(self) -> int | None:
        """The bytes of the content as they are sent, if told."""
        told = self.headers.get("Content-Length", "")
        return int(told) if told.isdecimal() and len(told) <= LONGEST_NUMBER else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content as it is sent, encoded or not.

        Raises `BrokeOff` when it breaks off, `SourceFailed` when it only trickles.
        """
        patience, content = self._patience, self._response.content
        waited, came = 0.0, 0
        while True:
            since = patience.clock()
            piece = await self._next(content)
            if not piece:
                return
            waited, came = waited + patience.clock() - since, came + len(piece)
            if waited >= patience.window_s:
                if came < patience.slowest * waited:
                    raise SourceFailed(
                        f"{self.shown} sends too slowly: {came} bytes in {waited:.0f} s"
                    )
                waited, came = 0.0, 0
            yield piece

    async def _next(self, content: aiohttp.StreamReader) -> bytes:
        try:
            with anyio.fail_after(self._patience.between_s):
                return await content.readany()
        except TimeoutError:
            why = f"no more came for {self._patience.between_s:g} s"
        except (aiohttp.ClientError, ConnectionError) as error:
            why = "the connection failed" if isinstance(error, ConnectionError) else "it is cut"
        raise BrokeOff(f"{self.shown}: its content broke off in the middle ({why})") from None

    async def decoded(self) -> AsyncIterator[bytes]:
        """The content as it was before the server compressed it, in pieces of limited size.

        Raises what `pieces` does, and `SourceFailed` for an encoding that cannot be undone.
        """
        decoder = decoder_of(self.headers.get("Content-Encoding"), self.shown)
        async for piece in self.pieces():
            for part in (piece,) if decoder is None else decoder.feed(piece):
                yield part
        if decoder is not None and not decoder.complete:
            raise BrokeOff(f"{self.shown}: its compressed content broke off in the middle")
