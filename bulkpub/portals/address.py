"""A portal's name or address in, the address of its API out."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from bulkpub.errors import SettingsInvalid

__all__ = ["KNOWN", "api_url", "is_loopback"]

SANDBOX_PORT = 7171

KNOWN = {
    "www": "https://www.data.gouv.fr/api/1",
    "demo": "https://demo.data.gouv.fr/api/1",
    "sandbox": f"http://127.0.0.1:{SANDBOX_PORT}/api/1",
}
"""The portals that have a name."""


def api_url(portal: str, *, insecure: bool = False) -> str:
    """The address of the API of `portal`: a known name, or the address of a udata site.

    Raises `SettingsInvalid` when it is neither, carries a password, or would send the API key
    in the clear to another machine (`insecure` allows that).
    """
    if portal in KNOWN:
        return KNOWN[portal]
    try:
        parts = urlsplit(portal)
        host, _ = parts.hostname, parts.port  # reading them is what finds that they are none
    except ValueError:
        raise _unknown(portal) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise _unknown(portal)
    if parts.username or parts.password:
        raise SettingsInvalid("the portal's address must not carry a user name or a password")
    if parts.scheme == "http" and not insecure and not is_loopback(host):
        raise SettingsInvalid(
            f"{parts.scheme}://{parts.netloc} would receive the API key in the clear; "
            "use https, or --insecure if you mean it"
        )
    path = parts.path.rstrip("/").removesuffix("/api")
    if not re.search(r"/api/\d+$", path):
        path += "/api/1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def _unknown(portal: str) -> SettingsInvalid:
    shown = f"'{portal}'" if "@" not in portal else "(not shown: it may hold a password)"
    return SettingsInvalid(
        f"unknown portal {shown}: give one of {', '.join(KNOWN)}, or an address such as "
        "https://www.data.gouv.fr"
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine, by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
