"""One HTTP session to one portal: paced, retried where that is safe, counted, traced.

The rule: what may have been carried out is repeated only if repeating is harmless
(`core.retry`); everything else raises `Uncertain`, and the caller looks at the portal. The
key goes to the portal's own origin, in one header, and nowhere else: no redirect is
followed, no cookie kept (a session cookie of udata's would beat the key).
"""

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, Self

import aiohttp
import anyio
import orjson
import structlog
from yarl import URL

from bulkpub.core.model import Json
from bulkpub.core.pace import Pace, RateHeaders, Signal, observe, reserve, signal_of
from bulkpub.core.report import RateLimit, RequestTotals, WaitTotals
from bulkpub.core.retry import RetryPolicy, Verdict, classify, delay, lost
from bulkpub.errors import PortalUnavailable, Uncertain

__all__ = ["Answer", "Body", "Request", "Transport", "TransportListener", "connect"]

log = structlog.get_logger("bulkpub.transport")


class Body(Protocol):
    """The body of one attempt: so many bytes of such a type, given out in pieces."""

    content_type: str
    length: int

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; an exception breaks the request off before it is complete."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `endpoint` names it in logs and the report, without ids: `/datasets/{id}/`.

    `json` is sent as JSON; `body` makes a streamed body, afresh for each attempt. `patience`
    is how long to wait without any progress, in seconds.
    """

    method: str
    path: str
    endpoint: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    body: Callable[[], Body] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer that was not worth repeating: done or refused."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether the portal did what was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3

    def json(self) -> Json:
        """The body as JSON; None when it is something else, such as a proxy's HTML page."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return None


class TransportListener(Protocol):
    """Someone who is told what the transport goes through; must return at once."""

    def retrying(self, request: Request, reason: str, delay_s: float, attempt: int) -> None:
        """`request` failed for `reason` and is sent again after `delay_s` seconds."""

    def waiting(self, reason: str, delay_s: float, until: datetime) -> None:
        """Requests are held back for `delay_s` seconds."""

    def quota_seen(self, rate_limit: RateLimit) -> None:
        """An answer told the rate limit."""


class _Interrupted(Exception):
    """No complete answer came; the message says what happened instead."""


class Transport:
    """Sends requests to one portal; made by `connect`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        key: str | None = None,
        rate_headers: RateHeaders | None = None,
        policy: RetryPolicy | None = None,
        patience_s: float = 60.0,
        listener: TransportListener | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.retried = 0
        self.rate_limited = 0
        self.bytes_sent = 0
        self._session = session
        self._key = key
        self._rate_headers = rate_headers or RateHeaders()
        self._policy = policy or RetryPolicy()
        self._patience_s = patience_s
        self._listener = listener
        self._pace = Pace()
        self._sent: Counter[tuple[str, str]] = Counter()
        self._quota_wait = _Stopwatch()
        self._backoff_wait = _Stopwatch()

    # --- sending ---------------------------------------------------------------------------

    async def send(self, request: Request) -> Answer:
        """Send `request`, again where that is safe, until the portal did or refused it.

        Raises `Uncertain` when it may have been carried out and must not be repeated blindly,
        `PortalUnavailable` when the last attempt failed too.
        """
        attempt = 0
        while True:
            attempt += 1
            verdict, reason, answer = await self._attempt(request)
            if answer is not None and verdict in {Verdict.DONE, Verdict.REFUSED}:
                return answer
            if verdict is Verdict.UNCERTAIN:
                raise Uncertain(f"{request.method} {request.endpoint}: {reason}")
            if attempt >= self._policy.attempts:
                often = f"failed {attempt} times, the last time" if attempt > 1 else "failed"
                raise PortalUnavailable(
                    f"{request.method} {request.endpoint} {often} because {reason}"
                )
            await self._back_off(request, reason, attempt)

    async def _attempt(self, request: Request) -> tuple[Verdict, str, Answer | None]:
        await self._wait_for_turn()
        started_at, clock = time.time(), time.perf_counter()
        self._sent[request.method, request.endpoint] += 1
        try:
            answer = await self._exchange(request)
        except _Interrupted as error:
            self._pace = observe(self._pace, Signal(started_at), time.time())
            log.debug("no answer", method=request.method, path=request.path, why=str(error))
            return lost(request.method), str(error), None
        except BaseException:
            self._pace = observe(self._pace, Signal(started_at), time.time())
            raise
        took_ms = round(1000 * (time.perf_counter() - clock))
        log.debug(
            "request", method=request.method, path=request.path, status=answer.status, ms=took_ms
        )
        self._learn(answer, started_at)
        return classify(request.method, answer.status), f"it answered {answer.status}", answer

    async def _exchange(self, request: Request) -> Answer:
        headers = dict(request.headers)
        if self._key:
            headers["X-API-KEY"] = self._key
        data: aiohttp.payload.Payload | bytes | None = None
        body: _Watched | None = None
        with anyio.CancelScope(deadline=anyio.current_time() + self._patience_s) as scope:
            if request.body is not None:
                body = _Watched(request.body(), self, scope)
                headers["Content-Type"] = body.content_type
                headers["Content-Length"] = str(body.length)
                data = aiohttp.payload.AsyncIterablePayload(body)
            elif request.json is not None:
                headers["Content-Type"] = "application/json"
                data = orjson.dumps(request.json)
            return await self._roundtrip(request, headers, data, body)
        raise _Interrupted(f"it did not answer within {self._patience_s:g} s")

    async def _roundtrip(
        self,
        request: Request,
        headers: Mapping[str, str],
        data: aiohttp.payload.Payload | bytes | None,
        body: "_Watched | None",
    ) -> Answer:
        try:
            async with self._session.request(
                request.method,
                URL(self.base_url + request.path, encoded=True),
                params=request.params,
                headers=headers,
                data=data,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            if body is not None and body.failure is not None:
                raise body.failure from None
            raise _Interrupted(_explain(error)) from error

    # --- waiting ---------------------------------------------------------------------------

    async def _wait_for_turn(self) -> None:
        told = False
        while True:
            now = time.time()
            self._pace, wait = reserve(self._pace, now)
            if not wait:
                return
            if not told and self._listener:
                self._listener.waiting(
                    "the rate limit is used up", wait, datetime.fromtimestamp(now + wait, UTC)
                )
            told = True
            with self._quota_wait.running():
                await anyio.sleep(wait)

    async def _back_off(self, request: Request, reason: str, attempt: int) -> None:
        jitter = random.random()  # noqa: S311 - it spreads requests, it keeps no secret
        seconds = delay(self._policy, attempt, jitter)
        self.retried += 1
        if self._listener:
            self._listener.retrying(request, reason, seconds, attempt + 1)
        with self._backoff_wait.running():
            await anyio.sleep(seconds)

    def _learn(self, answer: Answer, started_at: float) -> None:
        now = time.time()
        signal = signal_of(
            self._rate_headers,
            answer.headers,
            status=answer.status,
            started_at=started_at,
            now=now,
        )
        self._pace = observe(self._pace, signal, now)
        self.rate_limited += signal.refused
        if signal.remaining is not None and self._listener:
            self._listener.quota_seen(self.rate_limit)

    # --- figures ---------------------------------------------------------------------------

    @property
    def rate_limit(self) -> RateLimit:
        """The rate limit as last seen."""
        reset_at = self._pace.reset_at
        return RateLimit(
            self._pace.limit,
            None if self._pace.remaining is None else max(self._pace.remaining, 0),
            None if reset_at is None else datetime.fromtimestamp(reset_at, UTC),
        )

    @property
    def requests(self) -> RequestTotals:
        """What was sent so far, every attempt counted."""
        by_method: Counter[str] = Counter()
        for (method, _), count in self._sent.items():
            by_method[method] += count
        return RequestTotals(
            total=by_method.total(),
            by_method=dict(sorted(by_method.items())),
            by_endpoint={
                f"{method} {endpoint}": count
                for (method, endpoint), count in sorted(self._sent.items())
            },
            retried=self.retried,
            rate_limited=self.rate_limited,
        )

    @property
    def waited(self) -> WaitTotals:
        """How long requests were held back; many waiting at once count once."""
        return WaitTotals(self._quota_wait.seconds, self._backoff_wait.seconds)


@asynccontextmanager
async def connect(
    base_url: str,
    *,
    key: str | None = None,
    connections: int = 40,
    rate_headers: RateHeaders | None = None,
    policy: RetryPolicy | None = None,
    patience_s: float = 60.0,
    listener: TransportListener | None = None,
    user_agent: str = "bulkpub",
) -> AsyncIterator[Transport]:
    """Open a session to the portal whose API is at `base_url`, and close it at the end.

    `connections` bounds the open connections, `patience_s` is how long to wait without any
    progress before an answer counts as lost, in seconds.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        trust_env=True,
    ) as session:
        yield Transport(
            session,
            base_url,
            key=key,
            rate_headers=rate_headers,
            policy=policy,
            patience_s=patience_s,
            listener=listener,
        )


class _Watched:
    """A body on its way: each piece that leaves extends the deadline and is counted."""

    def __init__(self, body: Body, transport: Transport, scope: anyio.CancelScope) -> None:
        self.content_type = body.content_type
        self.length = body.length
        self.failure: Exception | None = None
        self._body = body
        self._transport = transport
        self._scope = scope

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                self._scope.deadline = anyio.current_time() + self._transport._patience_s  # noqa: SLF001 - one class in two parts
                yield piece
                self._transport.bytes_sent += len(piece)
        except Exception as error:
            self.failure = error
            raise


class _Stopwatch:
    """Seconds during which at least one of many was waiting."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._running = 0
        self._since = 0.0

    def running(self) -> Self:
        return self

    def __enter__(self) -> None:
        if self._running == 0:
            self._since = time.perf_counter()
        self._running += 1

    def __exit__(self, *_: object) -> None:
        self._running -= 1
        if self._running == 0:
            self.seconds += time.perf_counter() - self._since


def _explain(error: Exception) -> str:
    """What happened to the connection, in words."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} is unknown"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port} cannot be reached ({error.strerror})"
    for kind, words in _IN_WORDS.items():
        if isinstance(error, kind):
            return words
    return f"the connection failed ({error})"


_IN_WORDS: Mapping[type[Exception], str] = {
    aiohttp.ServerDisconnectedError: "it closed the connection without an answer",
    aiohttp.ClientPayloadError: "its answer broke off in the middle",
    TimeoutError: "it did not answer in time",
}
