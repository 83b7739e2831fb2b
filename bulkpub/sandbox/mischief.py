"""Carrying faults out: what stands between the client and the portal when a script is played.

Rule: the portal itself knows nothing of it. A request that is carried out goes to the very
handler it would have gone to; what is spoiled is its body on the way in, the moment, the
answer on the way out, or the connection.
"""

import asyncio
import socket
import struct
from math import ceil
from typing import Any, assert_never

import orjson
from aiohttp import StreamReader, web

from bulkpub.sandbox.calls import PORTAL, Handler
from bulkpub.sandbox.faults import (
    Damaged,
    Failure,
    FaultScript,
    Headers,
    Late,
    ListingShortened,
    ReplyCut,
    ReplyLost,
    Reset,
    StoredTwice,
    TooLarge,
    TooMany,
    Trickle,
)

__all__ = ["Mischief"]

POLL_S = 0.002
"""Seconds between two looks at whether the portal's next second has come."""

_ERROR_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>"


class Mischief:
    """Plays a script; an `Interceptor`."""

    def __init__(self, script: FaultScript) -> None:
        self.script = script

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, with the fault it meets."""
        fault = self.script.pick(request.method, request.path, request.content_length or 0)
        if fault is None:
            return await handler(request)
        if isinstance(fault, Late | StoredTwice | Damaged):
            return await _handled_otherwise(fault, request, handler)
        if isinstance(fault, Reset | TooMany | TooLarge) or (
            isinstance(fault, Failure) and not fault.handled
        ):
            return await _not_handled(fault, request)
        return await self._answered_otherwise(fault, request, handler)

    async def _answered_otherwise(
        self,
        fault: ReplyLost | ReplyCut | Failure | Headers | Trickle | ListingShortened,
        request: web.Request,
        handler: Handler,
    ) -> web.StreamResponse:
        answer = await handler(request)
        match fault:
            case ReplyLost():
                return _hang_up(request)
            case ReplyCut():
                return await _cut(request, answer)
            case Failure(status=status):
                return _error_page(status)
            case Headers(headers=headers):
                for name, value in headers.items():
                    answer.headers.pop(name, None)
                    if value is not None:
                        answer.headers[name] = value
                return answer
            case Trickle():
                return await _trickle(fault, request, answer)
            case ListingShortened(share=share):
                return self._shortened(answer, share)
            case _:
                assert_never(fault)

    def _shortened(self, answer: web.StreamResponse, share: float) -> web.StreamResponse:
        rows: Any = orjson.loads(_content(answer) or b"null")
        if not isinstance(rows, dict) or not isinstance(rows.get("data"), list):
            return answer
        dropped = self.script.chance.sample(rows["data"], ceil(len(rows["data"]) * share))
        rows["data"] = [row for row in rows["data"] if row not in dropped]
        return web.json_response(
            rows, status=answer.status, dumps=lambda d: orjson.dumps(d).decode()
        )


# --- faults on the way in ------------------------------------------------------------------


async def _not_handled(
    fault: Reset | TooMany | TooLarge | Failure, request: web.Request
) -> web.Response:
    if isinstance(fault, Reset) and fault.when == "before-body":
        return _hang_up(request)
    await _take_in(request)
    match fault:
        case Reset():
            return _hang_up(request)
        case TooMany(retry_after=retry_after):
            page = _error_page(429)
            if retry_after is not None:
                page.headers["Retry-After"] = retry_after
            return page
        case TooLarge():
            return _error_page(413)
        case Failure(status=status):
            return _error_page(status)
        case _:
            assert_never(fault)


async def _handled_otherwise(
    fault: Late | StoredTwice | Damaged, request: web.Request, handler: Handler
) -> web.StreamResponse:
    body = await _take_in(request)
    match fault:
        case Late(seconds=seconds, handled_first=False):
            await asyncio.sleep(seconds)
            return await handler(_with_body(request, body))
        case Late(seconds=seconds):
            answer = await handler(_with_body(request, body))
            await asyncio.sleep(seconds)
            return answer
        case StoredTwice(told=told):
            first = await handler(_with_body(request, body))
            await _next_second(request)
            last = await handler(_with_body(request, body))
            return first if told == "first" else last
        case Damaged():
            return await handler(_with_body(request, _damage(body)))
        case _:
            assert_never(fault)


async def _take_in(request: web.Request) -> bytes:
    """The whole body, of any length."""
    return await request.content.read()


def _with_body(request: web.Request, body: bytes) -> web.Request:
    """The request as if `body` were still to come in."""
    loop = asyncio.get_running_loop()
    content = StreamReader(request.protocol, len(body) + 1, loop=loop)  # never full
    content.feed_data(body)
    content.feed_eof()
    # aiohttp has no public way to hand a request's body to a second reader.
    request._payload = content  # noqa: SLF001  # see above
    request._read_bytes = None  # noqa: SLF001  # see above
    return request


async def _next_second(request: web.Request) -> None:
    portal = request.app[PORTAL]
    stamp = portal.stamp()
    while portal.stamp() == stamp:  # noqa: ASYNC110  # a clock does not tell that it moved
        await asyncio.sleep(POLL_S)


def _damage(body: bytes) -> bytes:
    """The form with the first byte of its file changed; an empty file gets one."""
    start = body.find(b"\r\n\r\n", body.find(b'filename="')) + 4
    if body[start : start + 4] == b"\r\n--":
        return body[:start] + b"?" + body[start:]
    return body[:start] + bytes([body[start] ^ 1]) + body[start + 1 :]


# --- faults on the way out -----------------------------------------------------------------


def _hang_up(request: web.Request) -> web.Response:
    """Reset the connection; what is returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:  # a reset, not an orderly end
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


def _error_page(status: int) -> web.Response:
    return web.Response(status=status, text=_ERROR_PAGE.format(status), content_type="text/html")


def _content(answer: web.StreamResponse) -> bytes:
    return (
        answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
    )


async def _begin(
    request: web.Request, answer: web.StreamResponse
) -> tuple[web.StreamResponse, bytes]:
    """Send the answer's head alone; returns what writes the rest, and the rest."""
    content = _content(answer)
    begun = web.StreamResponse(status=answer.status, headers=answer.headers)
    begun.content_length = len(content)
    await begun.prepare(request)
    return begun, content


async def _cut(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    begun, content = await _begin(request, answer)
    await begun.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()  # in order, so that the half is still received
    return begun


async def _trickle(
    fault: Trickle, request: web.Request, answer: web.StreamResponse
) -> web.StreamResponse:
    begun, content = await _begin(request, answer)
    size = max(ceil(len(content) / fault.pieces), 1)
    for start in range(0, len(content), size):
        await asyncio.sleep(fault.seconds / fault.pieces)
        await begun.write(content[start : start + size])
    return begun
