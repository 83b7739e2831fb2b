"""What the address of a portal of any kind must be, before a key is sent there."""

from urllib.parse import SplitResult, urlsplit

from bulkpub.core.hosts import is_loopback
from bulkpub.errors import SettingsInvalid
from bulkpub.language import say

__all__ = ["check_safe", "web_parts"]


def web_parts(address: str) -> SplitResult | None:
    """The parts of an address of the web, which has a host; None when it is none."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # reading them is what finds that they are none
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and host else None


def check_safe(parts: SplitResult, *, insecure: bool) -> None:
    """Raise `SettingsInvalid` for a password, or where the key would go in the clear.

    That it may go so to another machine is what `insecure` says.
    """
    if parts.username or parts.password:
        raise SettingsInvalid(say("the portal's address must not carry a user name or a password"))
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname or ""):
        raise SettingsInvalid(
            say(
                "{scheme}://{netloc} would receive the API key in the clear; use https, or "
                "`insecure` if you mean it",
                scheme=parts.scheme,
                netloc=parts.netloc,
            )
        )
