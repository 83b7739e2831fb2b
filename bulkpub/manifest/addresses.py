"""Addresses of files elsewhere: what they may be, and what of them may be told.

An address may carry credentials: in front of the host, or as a parameter of the query. They
stay in the address alone; keys, titles and messages are made of what `public` leaves of it.
A member of an archive is written as fsspec has it: `zip://member::address of the archive`.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from bulkpub.core.addresses import archive_of

__all__ = [
    "SCHEMES",
    "Named",
    "address_fault",
    "has_wildcard",
    "is_whole",
    "named",
    "public",
    "told",
]

SCHEMES = ("http", "https", "ftp", "sftp", "s3", "gs", "az", "zip")
"""The schemes from which files can be fetched."""

_WEB = ("http", "https")
_ARCHIVE = "zip"
_CHAIN = "::"
_SECRET = re.compile(
    r"(?:x-(?:amz|goog)-.*|.*(?:token|secret|passw(?:or)?d|signature|credential|api[-_]?key).*"
    r"|sig|pwd|auth|key)",
    re.IGNORECASE,
)
"""Names of parameters that are credentials: what they hold changes, and is nobody's business."""
_SHOWN = 60


class Named(NamedTuple):
    """What an address calls its file: `name` (may be empty), the folder it is in, and the host."""

    name: str
    folder: str
    host: str


def public(address: str) -> str:
    """The address without credentials: what stands in front of the host, secret parameters."""
    member, archive = archive_of(address)
    return f"{member}{_CHAIN}{public(archive)}" if archive else _public(address)


def _scheme(address: str) -> str:
    return address.partition(":")[0].lower()


def _public(link: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:
        return told(link)
    query = parts.query
    if any(_SECRET.fullmatch(name) for name, _ in parse_qsl(query, keep_blank_values=True)):
        query = "&".join(
            piece for piece in query.split("&") if not _SECRET.fullmatch(unquote(_name_of(piece)))
        )
    host = parts.netloc.rpartition("@")[2]
    public = urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))
    # Only what is secret changes: an address without it stays as it was written.
    return public if (host, query) != (parts.netloc, parts.query) else link


def _name_of(piece: str) -> str:
    return piece.partition("=")[0].replace("+", " ")


def named(address: str) -> Named:
    """What the address calls its file."""
    first, archive = archive_of(address)
    host = named(archive).host if archive else urlsplit(first).netloc.rpartition("@")[2]
    path = first.partition("://")[2] if archive else urlsplit(first).path
    folder, name = ["", "", *(unquote(part) for part in path.split("/") if part)][-2:]
    return Named(name, folder, host)


def has_wildcard(address: str) -> bool:
    """Whether the address stands for all files that match; on the web a star is only a star."""
    first, _ = archive_of(address)
    path = first.partition("://")[2]
    if _scheme(first) != _ARCHIVE:
        path = path.partition("/")[2]
    return _scheme(first) not in _WEB and bool(re.search(r"[*\[]", path))


def address_fault(text: str) -> str:
    """Why nothing can be fetched from `text`, as the end of a sentence that tells no secret.

    Empty when something can.
    """
    first, archive = archive_of(text)
    scheme = _scheme(first)
    if scheme not in SCHEMES:
        return f"must be an address that starts with {_schemes()}, not '{told(text)}'"
    if scheme == _ARCHIVE:
        if not archive or not re.fullmatch(r"[^:]*://[^\x00-\x1f]*[^/\x00-\x1f]", first):
            return (
                "must name a file in an archive as zip://file::address of the archive, "
                f"not '{told(text)}'"
            )
        return address_fault(archive)
    if not is_whole(text):
        return f"must be a whole address, with a host and without spaces, not '{told(text)}'"
    if scheme not in _WEB and not urlsplit(text).path.strip("/"):
        return f"must name a file, as in {scheme}://host/folder/file.csv, not '{told(text)}'"
    return ""


def _schemes() -> str:
    return f"{', '.join(f'{each}://' for each in SCHEMES[:-1])} or {SCHEMES[-1]}://"


def is_whole(text: str) -> bool:
    """Whether the address has a host, a port that can be one, and no white space."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket left open
        return False
    return usable and not re.search(r"[\s\x00-\x1f]", text)


def told(text: str) -> str:
    """As much of a faulty address as can be told; where it is broken, its secrets are anywhere."""
    told = re.sub(r"^([^:]*:/*).*@", r"\1", text.partition("?")[0], flags=re.DOTALL)
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}…"
