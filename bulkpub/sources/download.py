"""Reading a published file as everybody does: anonymously, following redirects, streamed."""

import hashlib

import aiohttp

from bulkpub.errors import ResourceFailed

__all__ = ["sha1_at"]

PIECE = 1024 * 1024
PATIENCE_S = 60.0


async def sha1_at(url: str, size: int) -> tuple[str, int]:
    """The SHA-1 (hex) and size in bytes of what `url` serves.

    Stops reading soon after `size` bytes, as more than that is different anyway. No key and no
    cookie is sent: the files of private datasets are public too. Raises `ResourceFailed` when
    it cannot be read.
    """
    digest, read = hashlib.sha1(), 0
    try:
        async with (
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_read=PATIENCE_S),
                auto_decompress=False,
                trust_env=True,
            ) as session,
            session.get(url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            if response.status != 200:  # noqa: PLR2004 - OK, RFC 9110
                raise ResourceFailed(f"its permalink {url} answers {response.status}")
            async for piece in response.content.iter_chunked(PIECE):
                digest.update(piece)
                read += len(piece)
                if read > size:
                    break
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise ResourceFailed(f"its permalink {url} cannot be read: {error}") from error
    return digest.hexdigest(), read
