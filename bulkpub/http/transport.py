"""One HTTP session to one portal: paced, retried where that is safe, counted, traced.

The rule: what may have been carried out is repeated only if repeating is harmless
(`http.retry`); everything else raises `Uncertain`, and the caller looks at the portal. The
key goes to the portal's own origin, in one header, and nowhere else: no redirect is
followed, no cookie kept (a portal may believe a session's cookie rather than the key).
"""

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace

import aiohttp
import anyio
import orjson
import structlog
from yarl import URL

from bulkpub.core.report import RateLimit, RequestTotals, WaitTotals
from bulkpub.errors import PortalUnavailable, Uncertain
from bulkpub.http.clock import unix_time
from bulkpub.http.connection import SLOWEST, Watched, explain, read_whole, trust
from bulkpub.http.gate import Gate, PaceOwner, Stopwatch
from bulkpub.http.messages import ASIDE, Answer, Request, TransportListener
from bulkpub.http.proxies import login_for, proxy_for
from bulkpub.http.retry import (
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    RetryPolicy,
    Verdict,
    classify,
    delay,
    lost,
)
from bulkpub.http.signals import RateHeaders, Signal, signal_of
from bulkpub.language import say, say_n

__all__ = ["HttpSettings", "Transport", "connect"]

log = structlog.get_logger("bulkpub.http.transport")


class _Interrupted(Exception):
    """No complete answer came; the message says what happened instead."""


ENOUGH = 2
"""How often at most what can be done without is asked for."""
PATIENT_REFUSALS = 20
"""How often a request is turned away for the limit (429) before that counts against it."""


def as_it_is(answer: Answer) -> Answer:
    """The answer of a portal that speaks as HTTP does."""
    return answer


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How to talk to a portal.

    `connections` bounds those open at once: no fewer than the requests in flight, and aside.
    `patience_s` is how long to wait without any progress before an answer counts as lost, in
    seconds. `ca_file` has certificates (PEM) to trust besides the system's. `understood` puts an
    answer in the terms of HTTP where a portal has others: what it turns away for a limit has 429.
    """

    connections: int = 40
    patience_s: float = 60.0
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    rate_headers: RateHeaders = field(default_factory=RateHeaders)
    user_agent: str = "bulkpub"
    ca_file: str | None = None
    understood: Callable[[Answer], Answer] = as_it_is


class Transport:
    """Sends requests to one portal; made by `connect`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        credentials: Mapping[str, str],
        settings: HttpSettings,
        *,
        pace: PaceOwner,
        listener: TransportListener | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.probe: Request | None = None
        """A request that is known to work; sent when others fail, to see if the portal does."""
        self.retried = 0
        self.rate_limited = 0
        self._session = session
        self._credentials = credentials
        self._settings = settings
        self._pace = pace
        self._listener = listener
        self._sent: Counter[tuple[str, str]] = Counter()
        self._probing = anyio.Lock()
        self._aside = anyio.CapacityLimiter(ASIDE)
        self._revivals = 0
        self._backing_off = Stopwatch()
        # Asked for once: aiohttp would do it before each request, in two threads.
        self._proxy = proxy_for(URL(self.base_url))
        self._log = log.bind()

    # --- sending ---------------------------------------------------------------------------

    async def send(self, request: Request) -> Answer:
        """Send `request`, again where that is safe, until the portal did or refused it.

        Raises `Uncertain` when it may have been carried out and must not be repeated blindly,
        `PortalUnavailable` when the last attempt failed too, though the portal answers others;
        `StoppedEarly` when it answers none for too long, or waiting takes too long.
        """
        attempt = refusals = 0
        while True:
            attempt += 1
            verdict, reason, answer = await self._attempt(request)
            if answer is not None and verdict in {Verdict.DONE, Verdict.REFUSED}:
                return answer
            if verdict is Verdict.UNCERTAIN:
                underway = answer is None or answer.status != SERVER_ERROR
                raise Uncertain(
                    say(
                        "{asked}: {reason}",
                        asked=f"{request.method} {request.endpoint}",
                        reason=reason,
                    ),
                    underway=underway,
                )
            if answer is not None and answer.status == TOO_MANY_REQUESTS:
                # Turned away before the portal saw it: that says nothing of the request.
                refusals += 1
                attempt -= refusals <= PATIENT_REFUSALS
            done_without = answer is not None and answer.status in request.done_without
            most = self._settings.policy.attempts
            if attempt >= (min(most, ENOUGH) if done_without else most):
                if await self._revived():
                    attempt = 0
                    continue
                if answer is not None and done_without:
                    return answer
                times = attempt + min(refusals, PATIENT_REFUSALS)
                asked = f"{request.method} {request.endpoint}"
                raise PortalUnavailable(
                    say_n(
                        "{asked} failed because {reason}",
                        "{asked} failed {n} times, the last time because {reason}",
                        times,
                        asked=asked,
                        reason=reason,
                    )
                )
            await self._back_off(request, reason, max(attempt, refusals))

    async def _revived(self) -> bool:
        """Whether the portal was down and is back; False when it is not the portal that fails.

        The circuit: one request that is known to work probes the portal, alone, until it
        answers again. Raises `StoppedEarly` when that takes too long.
        """
        if self.probe is None or not self._pace.ever_answered:
            return False
        seen, tries = self._revivals, 0
        async with self._probing:
            while self._revivals == seen:
                verdict, reason, _ = await self._attempt(self.probe)
                if verdict in {Verdict.DONE, Verdict.REFUSED}:
                    self._revivals += tries > 0
                    return tries > 0
                tries += 1
                self._pace.check_patience()
                await self._back_off(
                    self.probe, say("the portal is down: {reason}", reason=reason), tries
                )
        return True

    async def _attempt(self, request: Request) -> tuple[Verdict, str, Answer | None]:
        async with self._aside if request.aside else nullcontext():
            return await self._attempt_now(request)

    async def _attempt_now(self, request: Request) -> tuple[Verdict, str, Answer | None]:
        await self._pace.turn(aside=request.aside)
        started_at, clock = unix_time(), time.perf_counter()
        try:
            answer, size = await self._exchange(request)
        except _Interrupted as error:
            self._pace.learn(Signal(started_at, congested=True, aside=request.aside))
            self._log.debug("no answer", method=request.method, path=request.path, why=str(error))
            return lost(request.method, creates=request.creates), str(error), None
        except BaseException:
            self._pace.abandon(aside=request.aside, started_at=started_at)
            raise
        took = time.perf_counter() - clock
        self._log.debug(
            "request",
            method=request.method,
            path=request.path,
            status=answer.status,
            ms=round(1000 * took),
        )
        self._learn(request, answer, size=size, started_at=started_at, seconds=took)
        verdict = classify(request.method, answer.status, creates=request.creates)
        return verdict, say("it answered {status}", status=answer.status), answer

    async def _exchange(self, request: Request) -> tuple[Answer, int]:
        """The answer, and the bytes of the body that was sent (0: none, or JSON)."""
        headers = {**request.headers, **self._credentials}
        patience_s = self._settings.patience_s + request.handles / SLOWEST
        body, data = request.body() if request.body else None, None
        if body is not None:
            headers["Content-Type"] = body.content_type
            headers["Content-Length"] = str(body.length)
            data = body.at_once()
        elif request.json is not None:
            headers["Content-Type"] = "application/json"
            data = orjson.dumps(request.json)
        self._sent[request.method, request.endpoint] += 1
        with anyio.CancelScope(deadline=anyio.current_time() + patience_s) as scope:
            streamed = None
            if body is not None and data is None:
                streamed = Watched(body, scope, patience_s)
            try:
                async with self._asked(request, headers, streamed or data) as response:
                    content = await read_whole(response, scope, patience_s)
                    answer = Answer(response.status, response.headers, content)
                    answer = self._settings.understood(answer)
                    return answer, 0 if body is None else body.length
            except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
                if streamed is not None and streamed.failure is not None:
                    raise streamed.failure from None
                raise _Interrupted(explain(error)) from error
            finally:
                if body is not None:
                    body.close()
        raise _Interrupted(say("it did not answer within {patience_s:g} s", patience_s=patience_s))

    def _asked(
        self, request: Request, headers: Mapping[str, str], data: Watched | bytes | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        url, proxy = URL((request.root or self.base_url) + request.path, encoded=True), self._proxy
        if proxy is not None and url.scheme == "http":  # the request itself goes to the proxy
            headers = {**headers, **proxy.headers}
        return self._session.request(
            request.method,
            url,
            params=request.params,
            headers=headers,
            data=aiohttp.payload.AsyncIterablePayload(data) if isinstance(data, Watched) else data,
            allow_redirects=False,
            proxy=None if proxy is None else proxy.url,
            proxy_headers=None if proxy is None else proxy.headers,
        )

    # --- waiting ---------------------------------------------------------------------------

    async def _back_off(self, request: Request, reason: str, attempt: int) -> None:
        jitter = random.random()  # noqa: S311 - it spreads requests, it keeps no secret
        seconds = delay(self._settings.policy, attempt, jitter)
        self.retried += 1
        if self._listener:
            self._listener.retrying(request, reason, seconds, attempt + 1)
        with self._backing_off.running():
            await anyio.sleep(seconds)

    def _learn(
        self, request: Request, answer: Answer, *, size: int, started_at: float, seconds: float
    ) -> None:
        signal = signal_of(
            self._settings.rate_headers,
            answer.headers,
            status=answer.status,
            started_at=started_at,
            now=unix_time(),
            wall=time.time(),
            seconds=seconds,
        )
        what = f"{request.method} {request.endpoint}"
        signal = replace(signal, what=what, size=size, aside=request.aside)
        self._pace.learn(signal)
        self.rate_limited += signal.refused
        if signal.remaining is not None and self._listener:
            self._listener.quota_seen(self.rate_limit)

    # --- figures ---------------------------------------------------------------------------

    @property
    def rate_limit(self) -> RateLimit:
        """The rate limit as last seen."""
        return self._pace.rate_limit

    @property
    def at_once(self) -> int:
        """How many requests it is worth having in flight, as far as is known."""
        return self._pace.at_once

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
            at_once=self._pace.at_once,
        )

    @property
    def waited(self) -> WaitTotals:
        """How long requests were held back."""
        return WaitTotals(round(self._pace.quota_waited, 3), round(self._backing_off.seconds, 3))


@asynccontextmanager
async def connect(
    base_url: str,
    *,
    credentials: Mapping[str, str] | None = None,
    settings: HttpSettings | None = None,
    pace: PaceOwner | None = None,
    listener: TransportListener | None = None,
) -> AsyncIterator[Transport]:
    """Open a session to the portal whose API is at `base_url`, and close it at the end.

    `credentials` are the headers that carry the key; a portal behind a login of its own gets the
    one that the user's `.netrc` has for its host. `pace` says when each request may start; None:
    one of its own.
    """
    settings = settings or HttpSettings()
    login = login_for(URL(base_url))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=settings.connections, ssl=trust(settings.ca_file)),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
        headers={"User-Agent": settings.user_agent, "Accept": "application/json"},
    ) as session:
        # By itself it sends a PUT again whose connection broke, and there is no public way to have
        # it not do that. What is repeated is decided here.
        session._retry_connection = False  # noqa: SLF001
        yield Transport(
            session,
            base_url,
            {**({"Authorization": login} if login else {}), **(credentials or {})},
            settings,
            pace=pace or Gate(awake=time.monotonic),
            listener=listener,
        )
