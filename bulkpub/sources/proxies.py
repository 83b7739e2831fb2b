"""The proxies of the environment: which one an address is asked of, and how to log in there.

Read by the standard library, so that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
mean what they mean elsewhere. The user's `.netrc` is not read: no source gets credentials that
are not in its own address.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.request import getproxies, proxy_bypass

from yarl import URL

__all__ = ["Proxy", "basic_auth", "proxy_for"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address without credentials, and the header that logs in, if there is one."""

    url: URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def basic_auth(url: URL) -> str | None:
    """The value of the header that says the credentials in `url`: RFC 7617, in UTF-8."""
    if url.raw_user is None and url.raw_password is None:
        return None
    pair = f"{url.user or ''}:{url.password or ''}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def proxy_for(url: URL) -> Proxy | None:
    """The proxy to ask `url` of, None to ask directly."""
    known = getproxies()
    found = known.get(url.scheme) or known.get("all")
    if not found or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    proxy = URL(found if "://" in found else f"http://{found}")
    login = basic_auth(proxy)
    return Proxy(proxy.with_user(None), {"Proxy-Authorization": login} if login else {})
