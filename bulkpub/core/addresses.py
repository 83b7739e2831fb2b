"""Addresses of files elsewhere, in words: what may be told of one, and what it calls its file.

A member of an archive is written as fsspec has it: `zip://MEMBER::ADDRESS`.
"""

from ipaddress import ip_address
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

__all__ = ["archive_of", "is_loopback", "joined", "name_in_address", "shown_address"]

LONGEST_SHOWN = 300
"""Characters of an address that are told at most."""
UNREADABLE = "an address that cannot be read"


def shown_address(url: str) -> str:
    """The address as it may be told: without credentials, query and fragment, on one line.

    Of a member of an archive both parts are told.
    """
    member, archive = archive_of(url)
    if archive:
        return f"{shown_address(member)}::{shown_address(archive)}"
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        shown = urlunsplit((parts.scheme, host, parts.path, "", ""))
    except ValueError:
        return UNREADABLE
    if "@" in shown and not parts.netloc:
        return UNREADABLE  # credentials may be anywhere in it
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in shown)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def joined(base: str, url: str) -> str:
    """The whole address of `url`, as found in the document at `base`.

    One that cannot be read (a bracket left open) stays as it was written.
    """
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def name_in_address(url: str) -> str:
    """The last part of the path, decoded; of a member of an archive the member's. May be empty."""
    member, archive = archive_of(url)
    try:
        path = member.partition("://")[2] if archive else urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def archive_of(url: str) -> tuple[str, str]:
    """The member of an archive (`zip://MEMBER`) and the archive's address.

    Of any other address the whole of it, and nothing.
    """
    member, _, archive = url.partition("::")
    return (member, archive) if member.lower().startswith("zip://") else (url, "")


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine, by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
