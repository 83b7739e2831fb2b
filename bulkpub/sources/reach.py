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
from bulkpub.core.hosts import ip_of, is_public
from bulkpub.errors import SourceFailed
from bulkpub.language import say

__all__ = ["AddressRefused", "GuardedResolver", "Reach", "as_written", "parsed_address"]

SPOKEN = frozenset({"http", "https"})
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
        raise AddressRefused(say("{shown} is not an address", shown=shown)) from None
    if scheme not in SPOKEN:
        kind = f"a {scheme}:" if scheme else say("no web")
        raise AddressRefused(
            say(
                "{shown} is {kind} address: only http and https are fetched", shown=shown, kind=kind
            )
        )
    if not host:
        raise AddressRefused(say("{shown} names no host", shown=shown))
    return address


def as_written(url: str) -> URL:
    """The address as a value, spelled as it was; raises ValueError when it is none.

    Some servers sign the very spelling, so only what may not be in an address is quoted.
    """
    text = url.strip()
    plain = text.isascii() and text.isprintable() and not set(text) & set(UNQUOTED)
    return URL(text, encoded=plain)


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
            raise AddressRefused(
                say("{host} is at {found}, which is no IP address", host=host, found=found)
            ) from None
        if not is_public(ip):
            where = (
                host
                if host == found
                else say("{host} is at {found}, which", host=host, found=found)
            )
            raise AddressRefused(
                say(
                    "{where} is not on the public internet; if it is to be fetched all the same: "
                    "`allow_private`",
                    where=where,
                )
            )

    def check_literal(self, host: str) -> None:
        """Raise `AddressRefused` when `host` is an IP address out of reach; names pass.

        See `ip_of` for what counts as one.
        """
        if (found := ip_of(host)) is not None:
            self.check(host, str(found))


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
