"""Asking other people's servers: within reach, politely, and without giving secrets away.

The rule: every request goes through one place, `Web.open`, and there each address on the way,
redirects included, is checked (`reach`) and waits for its turn (`politeness`). Credentials
come from the address itself alone and go to its own origin alone; no cookie is kept.
"""

import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import anyio
import structlog
from yarl import URL

from bulkpub.core.addresses import shown_address
from bulkpub.core.sources import DIGESTS, Digest
from bulkpub.core.text import bounded
from bulkpub.errors import SourceFailed
from bulkpub.http.clock import unix_time
from bulkpub.http.connection import explain, trust
from bulkpub.http.proxies import basic_auth, proxy_for
from bulkpub.http.retry import RetryPolicy, Verdict, classify, delay
from bulkpub.language import joined, say
from bulkpub.sources.answers import BrokeOff, Page, Patience, Streamed
from bulkpub.sources.politeness import Hosts
from bulkpub.sources.reach import (
    AddressRefused,
    GuardedResolver,
    Reach,
    as_written,
    parsed_address,
)

__all__ = ["Web"]

log = structlog.get_logger("bulkpub.sources")

OK = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
MIB = 1024 * 1024
T = TypeVar("T")


class _Unanswered(Exception):
    """No useful answer came; `unreachable`: not even a connection."""

    def __init__(self, why: str, *, unreachable: bool = False) -> None:
        self.unreachable = unreachable
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The headers that are asked with, everywhere and at the first origin alone."""

    headers: Mapping[str, str]
    own: Mapping[str, str] = field(repr=False)


class Web:
    """The web, as far as it may be fetched; an async context manager.

    `redirects` are followed at most for one answer, `page_size` bytes read at most for one
    page. `hosts` are how each is treated; several webs may share them. `policy` says how often what
    may pass is tried again, `patience` how long an answer is waited for; `clock` gives Unix time.
    """

    def __init__(
        self,
        *,
        reach: Reach | None = None,
        user_agent: str = "bulkpub",
        ca_file: str | None = None,
        policy: RetryPolicy | None = None,
        patience: Patience | None = None,
        hosts: Hosts | None = None,
        redirects: int = 10,
        page_size: int = 64 * MIB,
        clock: Callable[[], float] = unix_time,
    ) -> None:
        self.policy = policy or RetryPolicy()
        self.patience = patience or Patience()
        self._reach = reach or Reach()
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._redirects = redirects
        self._page_size = page_size
        self._clock = clock
        self.hosts = hosts or Hosts(clock=clock)
        self._closing = AsyncExitStack()
        # The whole environment is read for an answer, which is the same for each file of a host.
        self._proxy_for = lru_cache(maxsize=1024)(proxy_for)

    async def __aenter__(self) -> Self:
        """Open; raises `SettingsInvalid` when `ca_file` holds no certificates."""
        ssl = trust(self._ca_file)
        self._guarded = GuardedResolver(self._reach)
        direct = aiohttp.TCPConnector(ssl=ssl, resolver=self._guarded)
        # Proxies are the user's own and may well be on a private network.
        proxied = aiohttp.TCPConnector(ssl=ssl)
        self._direct = await self._closing.enter_async_context(self._session(direct))
        self._proxied = await self._closing.enter_async_context(self._session(proxied))
        self._closing.push_async_callback(self._guarded.close)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._closing.aclose()

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.patience.connect_s),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            auto_decompress=False,
        )

    # --- what it is for --------------------------------------------------------------------

    @asynccontextmanager
    async def open(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        own: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Streamed]:
        """The answer to a GET of `url`, redirects followed; its content is still to be read.

        The headers `own` are for the origin of `url` alone.

        What may pass (429, 503, a connection that fails) is tried again, any other status is
        the caller's to judge. Raises `SourceFailed`, with the address and the reason.
        """
        async with AsyncExitStack() as stack:
            asked = _Asked(dict(headers or {}), dict(own or {}))
            yield await self._persist(parsed_address(url), asked, stack)

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        """The document at `url`, whole; raises `SourceFailed` when it cannot be had.

        One that breaks off is read again from its beginning. `accept` is the Accept header.
        """

        async def read() -> Page:
            async with self.open(url, {"Accept": accept} if accept else None) as answer:
                return await self._page(answer)

        return await self._unbroken(read)

    async def digest_of(
        self, url: str, most: int, kind: Digest, own: Mapping[str, str] | None = None
    ) -> tuple[str, int]:
        """The digest (hex) of this kind, and the size in bytes of what everybody gets at `url`.

        Or who sends the headers `own`; no redirect to another origin takes them along.

        It is taken as it is sent: servers call a file that is compressed itself an encoded one,
        and we ask for no encoding. Reading stops soon after `most` bytes. Raises `SourceFailed`
        when it cannot be had.
        """

        async def read() -> tuple[str, int]:
            digest, read = DIGESTS[kind](), 0
            async with self.open(url, own=own) as answer:
                if answer.status != OK:
                    raise SourceFailed(f"{answer.shown} answers {answer.status}")
                async for piece in answer.pieces():
                    digest.update(piece)
                    read += len(piece)
                    if read > most:
                        break
            return digest.hexdigest(), read

        return await self._unbroken(read)

    async def _unbroken(self, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives, once it does not break off in the middle."""
        attempt = 1
        while True:
            try:
                return await read()
            except BrokeOff:
                if attempt >= self.policy.attempts:
                    raise
            await self.back_off(attempt)
            attempt += 1

    async def _page(self, answer: Streamed) -> Page:
        if answer.status != OK:
            raise SourceFailed(f"{answer.shown} answered {answer.status}")
        content = bytearray()
        async for piece in answer.decoded():
            content += piece
            if len(content) > self._page_size:
                raise SourceFailed(
                    say(
                        "{shown} is larger than the {page_size} bytes read of a page",
                        shown=answer.shown,
                        page_size=self._page_size,
                    )
                )
        return Page(
            answer.url,
            bytes(content),
            answer.content_type,
            answer.charset,
            ", ".join(answer.headers.getall("Link", [])) or None,
        )

    async def address_of(self, host: str, port: int) -> str:
        """An IP address of `host` that is within reach, for others than us to connect to.

        Raises `AddressRefused` when it is not, `SourceFailed` when there is none.
        """
        self._reach.check_literal(host)
        try:
            found = await self._guarded.resolve(host, port)
        except OSError:
            raise SourceFailed(say("the name {host} is unknown", host=host)) from None
        return min(found, key=lambda each: each["family"] != socket.AF_INET)["host"]

    async def back_off(self, attempt: int) -> None:
        """Wait after the failed attempt number `attempt` (from 1)."""
        jitter = random.random()  # noqa: S311 - it spreads requests, it keeps no secret
        await anyio.sleep(delay(self.policy, attempt, jitter))

    # --- one answer ------------------------------------------------------------------------

    async def _persist(self, first: URL, asked: "_Asked", stack: AsyncExitStack) -> Streamed:
        """Ask until there is an answer worth having; it stays open as long as `stack`."""
        shown, attempt = shown_address(str(first)), 1
        while True:
            try:
                return await self._follow(first, asked, stack)
            except AddressRefused as error:
                raise AddressRefused(
                    say("{shown} is not fetched: {error}", shown=shown, error=error)
                ) from None
            except _Unanswered as error:
                await stack.aclose()
                if attempt >= self.policy.attempts:
                    often = f", {attempt} times" if attempt > 1 else ""
                    raise SourceFailed(
                        say(
                            "{shown} could not be fetched{often}: {error}",
                            shown=shown,
                            often=often,
                            error=error,
                        )
                    ) from None
                log.debug("source asked again", address=shown, why=str(error), attempt=attempt)
            await self.back_off(attempt)
            attempt += 1

    async def _follow(self, first: URL, asked: "_Asked", stack: AsyncExitStack) -> Streamed:
        shown, login, url = shown_address(str(first)), basic_auth(first), first.with_user(None)
        been = set[URL]()
        while True:
            headers = asked.headers
            if url.origin() == first.origin():
                login_ = {"Authorization": login} if login else {}
                headers = {**headers, **login_, **asked.own}
            response = await self._ask(url, headers, stack)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or location is None:
                return Streamed(response, shown, self.patience)
            await stack.aclose()
            been.add(url)
            url = _joined(url, location)
            if url in been:
                raise SourceFailed(say("{shown} redirects in a circle", shown=shown))
            if len(been) > self._redirects:
                raise SourceFailed(
                    say(
                        "{shown} redirects more than {redirects} times",
                        shown=shown,
                        redirects=self._redirects,
                    )
                )

    async def _ask(
        self, url: URL, headers: Mapping[str, str], stack: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        """One request, when it is its turn."""
        name = url.raw_host or ""
        self._reach.check_literal(name)
        host = self.hosts[name]
        await stack.enter_async_context(host.place())
        await host.turn()
        started_at = self._clock()
        try:
            response = await self._send(url, headers, stack)
        except _Unanswered as error:
            host.no_answer(started_at)
            if error.unreachable:
                host.unreachable(str(error), self.policy.attempts)
            raise
        except BaseException:
            host.abandon(started_at)
            raise
        host.learn(response.status, response.headers, started_at)
        if classify("GET", response.status) is Verdict.RETRY:
            raise _Unanswered(say("it answered {status}", status=response.status))
        return response

    async def _send(
        self, url: URL, headers: Mapping[str, str], stack: AsyncExitStack
    ) -> aiohttp.ClientResponse:
        proxy = self._proxy_for(url.origin())
        if proxy is not None:
            await self._check_name(url)
            if url.scheme == "http":  # the request itself goes to the proxy
                headers = {**headers, **proxy.headers}
        session = self._direct if proxy is None else self._proxied
        try:
            with anyio.fail_after(self.patience.answer_s):
                return await stack.enter_async_context(
                    session.get(
                        url,
                        headers=headers,
                        allow_redirects=False,
                        proxy=None if proxy is None else proxy.url,
                        proxy_headers=None if proxy is None else proxy.headers,
                    )
                )
        except aiohttp.ClientConnectorCertificateError as error:
            raise SourceFailed(joined(": ", (shown_address(str(url)), explain(error)))) from None
        except (aiohttp.InvalidURL, ValueError):
            raise AddressRefused(
                say("{url} is not an address", url=shown_address(str(url)))
            ) from None
        except aiohttp.ClientResponseError as error:
            raise _Unanswered(
                say("its answer makes no sense ({message})", message=bounded(error.message))
            ) from None
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            unreachable = isinstance(error, UNREACHABLE)
            raise _Unanswered(explain(error), unreachable=unreachable) from None

    async def _check_name(self, url: URL) -> None:
        """Look up what a proxy is asked for, since the proxy does not know our rule.

        Names that only the proxy can look up are its own affair.
        """
        with suppress(OSError):
            await self._guarded.resolve(url.raw_host or "", url.port or 0)


def _joined(url: URL, location: str) -> URL:
    """Where a redirect leads; credentials that a server puts there are not used."""
    try:
        target = str(url.join(as_written(location)))
    except (ValueError, UnicodeError):
        raise AddressRefused(say("it redirects to what is not an address")) from None
    return parsed_address(target).with_user(None)
