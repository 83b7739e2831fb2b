"""What stands between this machine and a server: a proxy, its certificate, the two clocks.

One plain GET without any key, which tells by its answer's `Date` how far the clocks are apart.
When the server's certificate is not trusted, it is looked at once more without trust, and
nothing is sent: who issued it is what says which certificate is missing.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from bulkpub.core.text import bounded
from bulkpub.http.connection import Trust, explain, trust
from bulkpub.http.proxies import proxy_for
from bulkpub.language import say

__all__ = ["Certificate", "Untrusted", "Way", "look_at"]

UNKNOWN_ISSUER = frozenset({2, 20, 21})
"""OpenSSL's X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, …_LOCALLY and …_TO_VERIFY_LEAF_SIGNATURE."""
SIGNED_BY_ITSELF = frozenset({18, 19})
"""X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT and …_SELF_SIGNED_CERT_IN_CHAIN."""
GREETING_S = 10.0
EXPIRED = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, as far as a person needs it; `expires_in` is in seconds."""

    issuer: str
    expires_in: float


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Why a server's certificate is not trusted; `issuer` is known if it could be read."""

    why: str
    issuer: str | None
    incomplete: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class Way:
    """How a server was reached, or was not: then `failure` or `untrusted` says why.

    `proxy` is the proxy's host and port. `clock_ahead` is by how many seconds the clock of this
    machine is ahead of the server's, None when the answer has no date.
    """

    proxy: str | None = None
    failure: str | None = None
    untrusted: Untrusted | None = None
    certificate: Certificate | None = None
    clock_ahead: float | None = None


async def look_at(address: str, *, ca_file: str | None, patience_s: float) -> Way:
    """Ask `address` once, without a key; whatever its answer is, it was reached.

    Raises `SettingsInvalid` when `ca_file` holds no certificates.
    """
    url, context = URL(address), trust(ca_file)
    found = proxy_for(url)
    proxy = None if found is None else f"{found.url.host}:{found.url.port}"
    clock_ahead: float | None = None
    try:
        async with (
            asyncio.timeout(patience_s),
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            session.get(
                url,
                headers=found.headers if found is not None and url.scheme == "http" else None,
                allow_redirects=False,
                proxy=None if found is None else found.url,
                proxy_headers=None if found is None else found.headers,
            ) as answer,
        ):
            clock_ahead = _ahead(answer.headers)
    except aiohttp.ClientConnectorCertificateError as error:
        return Way(proxy, untrusted=await _untrusted(url, error.certificate_error, proxy))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Way(proxy, failure=explain(error))
    certificate = None
    if url.scheme == "https" and proxy is None:
        with suppress(OSError, TimeoutError):
            certificate = await _certificate(url, context)
    return Way(proxy, certificate=certificate, clock_ahead=clock_ahead)


def _ahead(headers: Mapping[str, str]) -> float | None:
    with suppress(ValueError, TypeError, KeyError):
        return time.time() - parsedate_to_datetime(headers["Date"]).timestamp()
    return None


# --- certificates -------------------------------------------------------------------------


async def _untrusted(url: URL, error: Exception, proxy: str | None) -> Untrusted:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
    issuer = None
    if proxy is None:
        with suppress(OSError, TimeoutError, ValueError):
            issuer = (await _unverified(url)).issuer
    incomplete = code in UNKNOWN_ISSUER or code in SIGNED_BY_ITSELF
    return Untrusted(bounded(why), issuer, incomplete, code in EXPIRED)


async def _unverified(url: URL) -> Certificate:
    """The certificate of a server that is not trusted: nothing but a greeting is exchanged.

    Python reads only certificates that it trusts, so that this one is trusted for the reading.
    """
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    der = await _greeted(url, blind, lambda peer: peer.getpeercert(binary_form=True))
    seeing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    seeing.check_hostname = False
    seeing.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    seeing.load_verify_locations(cadata=der or b"")
    return await _certificate(url, seeing)


async def _certificate(url: URL, context: Trust) -> Certificate:
    told: Any = await _greeted(url, context, lambda peer: peer.getpeercert())
    names = {name: value for part in told.get("issuer", ()) for name, value in part}
    issuer = names.get("commonName") or names.get("organizationName") or say("somebody unnamed")
    until = ssl.cert_time_to_seconds(told["notAfter"])
    return Certificate(bounded(str(issuer)), until - time.time())


async def _greeted(url: URL, context: Trust, see: Callable[[ssl.SSLObject], T]) -> T:
    """What `see` makes of a connection that was just opened."""
    async with asyncio.timeout(GREETING_S):
        _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    try:
        return see(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
