"""Where a host is, by its spelling: on the public internet, on a private network, on this machine.

Pure. What a name is looked up as is for whoever looks it up to check (`is_public`); what the
spelling tells is told here, for all who ask.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import unquote

__all__ = ["Ip", "ip_of", "is_local_host", "is_loopback", "is_public"]

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

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
LOCAL_NAMES = frozenset(
    {
        "localhost",  # RFC 6761
        "local",  # RFC 6762
        "internal",  # set aside by ICANN, 2024
        *("corp", "home", "intranet", "lan", "private"),  # RFC 6762, appendix G
        *("domain", "localdomain", "workgroup"),  # what systems are set up with
    }
)
"""Last labels of names that the public internet does not look up."""
HOME = "home.arpa"
"""RFC 8375."""
BYTES = 4
"""Of an IPv4 address."""
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


def ip_of(host: str) -> Ip | None:
    """The IP address that `host` is, None for a name.

    Spellings that only some systems take for an address (`127.1`, `0x7f000001`) are read as
    those do.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return _loosely(host)


def _loosely(host: str) -> ipaddress.IPv4Address | None:
    """One to four numbers, the last one of all bytes that are left, as `inet_aton` reads them."""
    *firsts, last = host.lower().split(".")
    numbers = [_number(each) for each in (*firsts, last)]
    if len(numbers) > BYTES or None in numbers:
        return None
    *bytes_, rest = (number for number in numbers if number is not None)
    left = 8 * (BYTES - len(bytes_))
    if any(each >= 1 << 8 for each in bytes_) or rest >= 1 << left:
        return None
    return ipaddress.IPv4Address(int.from_bytes(bytes(bytes_)) << left | rest)


def _number(text: str) -> int | None:
    if not _NUMBER.fullmatch(text):
        return None
    base = 16 if text.startswith("0x") else 8 if text.startswith("0") else 10
    try:
        return int(text.removeprefix("0x") or "0", base)
    except ValueError:
        return None


def is_local_host(host: str) -> bool:
    """Whether the spelling of `host` tells that it is on no public internet.

    An address of a private network or of the machine itself, a name without a dot, or one
    whose ending is nobody's on the internet.
    """
    name = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").lower()
    name = name.strip("[]").rstrip(".")
    ip = ip_of(name)
    if ip is not None:
        return not is_public(ip)
    last = name.rpartition(".")[2]
    return "." not in name or last in LOCAL_NAMES or f".{name}".endswith(f".{HOME}")


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine, by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
