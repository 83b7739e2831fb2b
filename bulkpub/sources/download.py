"""Reading a published file as everybody does: anonymously, following redirects, streamed."""

import hashlib

from bulkpub.errors import SourceFailed
from bulkpub.sources.streamed import BrokeOff
from bulkpub.sources.web import Web

__all__ = ["sha1_at"]

OK = 200


async def sha1_at(web: Web, url: str, size: int) -> tuple[str, int]:
    """The SHA-1 (hex) and size in bytes of what the permalink `url` serves.

    Stops reading soon after `size` bytes, as more than that is different anyway. No key and no
    cookie is sent: the files of private datasets are public too. Raises `SourceFailed` when
    it cannot be read.
    """
    attempt = 1
    while True:
        try:
            return await _read(web, url, size)
        except BrokeOff:
            if attempt >= web.policy.attempts:
                raise
        await web.back_off(attempt)
        attempt += 1


async def _read(web: Web, url: str, size: int) -> tuple[str, int]:
    digest, read = hashlib.sha1(), 0
    async with web.open(url) as answer:
        if answer.status != OK:
            raise SourceFailed(f"its permalink {answer.shown} answers {answer.status}")
        async for piece in answer.decoded():
            digest.update(piece)
            read += len(piece)
            if read > size:
                break
    return digest.hexdigest(), read
