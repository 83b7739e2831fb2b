"""Who is between us and a server: the proxies of the environment, and logins as HTTP says them.

Both are read by the standard library, so that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`,
`NO_PROXY` and `.netrc` mean what they mean elsewhere.
"""

import base64
import netrc
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import structlog
from yarl import URL

__all__ = ["Proxy", "basic_auth", "login_for", "proxy_for"]

log = structlog.get_logger("bulkpub.http.proxies")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address without credentials, and the header that logs in, if there is one."""

    url: URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def basic_auth(url: URL) -> str | None:
    """The value of the header that says the credentials in `url`: RFC 7617, in UTF-8."""
    if url.raw_user is None and url.raw_password is None:
        return None
    return _basic(url.user or "", url.password or "")


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode('ascii')}"


def login_for(url: URL) -> str | None:
    """The value of the header that says the login which the user's `.netrc` has for `url`'s host.

    The file is where `NETRC` says, or in the user's home.
    """
    named = os.environ.get("NETRC")
    try:
        file = Path(named) if named else Path("~/.netrc").expanduser()
        found = netrc.netrc(file).authenticators(url.host or "")
    except (OSError, RuntimeError, UnicodeError, netrc.NetrcParseError) as error:
        if named or not isinstance(error, OSError | RuntimeError):  # most people have none
            # A parser's own words quote what it stumbled on, which may be half a password.
            line = error.lineno if isinstance(error, netrc.NetrcParseError) else None
            log.warning("the .netrc file cannot be read", why=type(error).__name__, line=line)
        return None
    return _basic(found[0], found[2]) if found and found[0] else None


def proxy_for(url: URL) -> Proxy | None:
    """The proxy to ask `url` of, None to ask directly.

    One of another kind than HTTP's is passed over: we speak nothing else.
    """
    known = getproxies()
    found = known.get(url.scheme) or known.get("all")
    if not found or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    proxy = URL(found if "://" in found else f"http://{found}")
    if proxy.scheme not in {"http", "https"}:
        return None
    login = basic_auth(proxy)
    return Proxy(proxy.with_user(None), {"Proxy-Authorization": login} if login else {})
