"""What a connection is made of: whom to trust, a body on its way, and failures in words."""

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Literal

import aiohttp
import anyio

from bulkpub.core.text import bounded
from bulkpub.errors import SettingsInvalid
from bulkpub.http.messages import Body
from bulkpub.language import say
from bulkpub.ordinary import open_ordinary

__all__ = ["SLOWEST", "Trust", "Watched", "explain", "trust"]

Trust = ssl.SSLContext | Literal[True]
"""By what certificates are verified; True: by the system's authorities."""

SLOWEST = 2.0 * 1024 * 1024
"""Bytes a second at which a portal at least copies what it has received."""


@lru_cache
def trust(ca_file: str | None) -> Trust:
    """Certificates are always verified: by the system's authorities, and by those in `ca_file`.

    aiohttp has read those of the system already. The portal and other servers share a context
    of our own, as reading them takes 30 ms.
    """
    if ca_file is None:
        return True
    try:
        context = ssl.create_default_context()
        open_ordinary(ca_file).close()
        context.load_verify_locations(ca_file)
    except OSError as error:  # those of TLS too
        why = error if isinstance(error, ssl.SSLError) else error.strerror or error
        raise SettingsInvalid(
            say("{ca_file} holds no certificates to trust: {why}", ca_file=ca_file, why=why)
        ) from error
    return context


class Watched:
    """A body on its way: each piece that leaves extends the deadline."""

    def __init__(self, body: Body, scope: anyio.CancelScope, patience_s: float) -> None:
        self.content_type = body.content_type
        self.length = body.length
        self.failure: Exception | None = None
        self._body = body
        self._scope = scope
        self._patience_s = patience_s

    def close(self) -> None:
        """See `Body`."""
        self._body.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                self._scope.deadline = anyio.current_time() + self._patience_s
                yield piece
            # All has left; now the portal copies it to where it belongs.
            slack = self._patience_s + self.length / SLOWEST
            self._scope.deadline = anyio.current_time() + slack
        except Exception as error:
            self.failure = error
            raise


async def read_whole(
    response: aiohttp.ClientResponse, scope: anyio.CancelScope, patience_s: float
) -> bytes:
    """The body of an answer; each piece that arrives, but for the last, extends the deadline."""
    pieces, coming = [], response.content
    while not coming.at_eof():
        pieces.append(await coming.readany())
        if not coming.at_eof():
            scope.deadline = anyio.current_time() + patience_s
    return b"".join(pieces)


def explain(error: Exception) -> str:
    """What happened to the connection, in words."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return say(
            "its certificate is not trusted ({certificate_error})",
            certificate_error=bounded(str(error.certificate_error)),
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return say("the name {host} is unknown", host=error.host)
    if isinstance(error, aiohttp.ClientConnectorError):
        return say(
            "{host}:{port} cannot be reached ({strerror})",
            host=error.host,
            port=error.port,
            strerror=_system_words(error.os_error),
        )
    for kind, words in _IN_WORDS.items():
        if isinstance(error, kind):
            return words
    return say("the connection failed ({error})", error=bounded(str(error)))


def _system_words(error: OSError) -> str:
    """What the system says of it, without how Python came to know."""
    if error.errno and not isinstance(error, ssl.SSLError):  # whose numbers are others
        return os.strerror(error.errno)
    return bounded(str(error.strerror or error))


_IN_WORDS: Mapping[type[Exception], str] = {
    aiohttp.ServerDisconnectedError: say("it closed the connection without an answer"),
    aiohttp.ClientPayloadError: say("its answer broke off in the middle"),
    TimeoutError: say("it did not answer in time"),
}
