"""Which addresses may be fetched.

The rule: a source is on the public internet. Only http and https are spoken, and every
address a name leads to has to be one of the internet's own: what is found on a private network
could be anything the machine can reach and the public cannot, and would end up published. Names
are checked where the connection is made (`GuardedResolver`), so that there is nothing between
the check and its use.
"""

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bulkpub.core.addresses import shown_address
from bulkpub.errors import SourceFailed

__all__ = [
    "AddressRefused",
    "GuardedResolver",
    "Reach",
    "as_written",
    "is_public",
    "parsed_address",
]

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

SCHEMES = frozenset({"http", "https"})
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out: RFC 4291, section 2.4, and IANA's registry of it."""
SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Leads to the IPv4 address in its last 32 bits: RFC 6052."""
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments; wholly private only in later Pythons
        "192.88.99.0/24",  # 6to4 relays, no longer in use
        "2001::/23",  # Teredo and others, which lead elsewhere
        "2001:db8::/32",
        "3fff::/20",  # documentation, RFC 9637; unknown to older Pythons
    )
)
UNQUOTED = ' "<>\\^`{|}'
"""ASCII that may not stand in an address as it is: RFC 3986, appendix A."""


class AddressRefused(SourceFailed):
    """The address may not be fetched, however often it is tried."""


def parsed_address(url: str) -> URL:
    """The address as it is asked for; raises `AddressRefused` when it is none for the web."""
    shown = shown_address(url)
    try:
        address = as_written(url).with_fragment(None)
        host, scheme, _ = address.raw_host, address.scheme.lower(), address.port
    except (ValueError, UnicodeError):
        raise AddressRefused(f"{shown} is not an address") from None
    if scheme not in SCHEMES:
        kind = f"a {scheme}:" if scheme else "no web"
        raise AddressRefused(f"{shown} is {kind} address: only http and https are fetched")
    if not host:
        raise AddressRefused(f"{shown} names no host")
    return address


def as_written(url: str) -> URL:
    """The address as a value, spelled as it was; raises ValueError when it is none.

    Some servers sign the very spelling, so only what may not be in an address is quoted.
    """
    text = url.strip()
    plain = text.isascii() and text.isprintable() and not set(text) & set(UNQUOTED)
    return URL(text, encoded=plain)


def is_public(ip: Ip) -> bool:
    """Whether `ip` can be reached from everywhere: global, unicast, and not in disguise.

    An IPv6 address that stands for an IPv4 one is what that is.
    """
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _within(ip)
        if inner is not None:
            return is_public(inner)
        if ip not in GLOBAL_UNICAST:
            return False
    special = ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_loopback
    return ip.is_global and not special and not any(ip in network for network in NOT_PUBLIC)


def _within(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that `ip` leads to."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in SIX_TO_FOUR:
        return ip.sixtofour
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a fetch may reach: the public internet, unless `allow_private`.

    `trusted` hosts (names or addresses, in lower case) may be on a private network all the
    same. `resolver` looks names up; None: as the system does.
    """

    allow_private: bool = False
    trusted: Collection[str] = ()
    resolver: AbstractResolver | None = None

    def check(self, host: str, found: str) -> None:
        """Raise `AddressRefused` when `host`, being at the IP address `found`, is out of reach."""
        if self.allow_private or host.lower().rstrip(".") in self.trusted:
            return
        try:
            ip = ipaddress.ip_address(found)
        except ValueError:
            raise AddressRefused(f"{host} is at {found}, which is no IP address") from None
        if not is_public(ip):
            where = host if host == found else f"{host} is at {found}, which"
            raise AddressRefused(
                f"{where} is not on the public internet; if it shall be fetched all the same: "
                "`allow_private`"
            )

    def check_literal(self, host: str) -> None:
        """Raise `AddressRefused` when `host` is an IP address out of reach; names pass.

        Spellings that only some systems take for an address (`127.1`, `0x7f000001`) are read
        as those do.
        """
        try:
            found = str(ipaddress.ip_address(host))
        except ValueError:
            try:
                found = socket.inet_ntoa(socket.inet_aton(host))
            except (OSError, ValueError):
                return
        self.check(host, found)


class GuardedResolver(AbstractResolver):
    """Looks names up for connections, and gives out nothing that is out of reach.

    One address out of reach among several is enough to refuse: which of them a connection
    takes is chance.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._resolver = reach.resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises `AddressRefused`, or OSError when there are none."""
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            self._reach.check(host, each["host"])
        return found

    async def close(self) -> None:
        """End; a resolver that was handed in is closed by its owner."""
        if self._reach.resolver is None:
            await self._resolver.close()
