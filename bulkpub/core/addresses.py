"""Addresses as text: what one may be, what it calls its file, and what of it may be shown.

An address may carry credentials: in front of the host, or as a parameter of the query. People
see `shown_address`; keys and titles, which tell addresses apart, are made of `redacted`.
A member of an archive is written as fsspec has it: `zip://MEMBER::ADDRESS`.
"""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from bulkpub.core.hosts import is_local_host
from bulkpub.core.schemes import SCHEMES, Scheme, scheme_of
from bulkpub.language import say

__all__ = [
    "Named",
    "address_fault",
    "archive_of",
    "has_pattern",
    "is_local",
    "is_web",
    "is_whole",
    "joined",
    "named",
    "place_of",
    "redacted",
    "shown_address",
    "shown_portal",
    "web_address_fault",
]

CHAIN = "::"
LONGEST_SHOWN = 300
"""Characters of an address that are shown at most."""
LONGEST_FAULTY = 60
"""Characters of what is no address that are shown at most."""
UNREADABLE = say("an address that cannot be read")
SECRET = re.compile(
    r"(?:x-(?:amz|goog)-.*|.*(?:token|secret|passw(?:or)?d|signature|credential|api[-_]?key).*"
    r"|sig|pwd|auth|key)",
    re.IGNORECASE,
)
"""Names of parameters that are credentials: what they hold changes, and is nobody's business."""


# --- its parts ----------------------------------------------------------------------------


class Named(NamedTuple):
    """What an address calls its file: `name` (may be empty), the folder it is in, and the host."""

    name: str
    folder: str
    host: str


def named(address: str) -> Named:
    """What the address calls its file; nothing where it cannot be read."""
    member, archive = archive_of(address)
    parts = _split(address)
    if archive:
        host, path = named(archive).host, member.partition("://")[2]
    elif parts is not None:
        host, path = _host(parts), parts.path
    else:
        return Named("", "", "")
    folder, name = ["", "", *(unquote(part) for part in path.split("/") if part)][-2:]
    return Named(name, folder, host)


def archive_of(address: str) -> tuple[str, str]:
    """The member of an archive (`zip://MEMBER`) and the archive's address.

    Of any other address the whole of it, and nothing.
    """
    scheme = scheme_of(address)
    if scheme is None or not scheme.is_archive:
        return address, ""
    member, _, archive = address.partition(CHAIN)
    return member, archive


def joined(base: str, url: str) -> str:
    """The whole address of `url`, as found in the document at `base`.

    One that cannot be read (a bracket left open) stays as it was written.
    """
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    """The host with its port, without credentials."""
    return parts.netloc.rpartition("@")[2]


# --- what may be shown --------------------------------------------------------------------


HIDDEN_PORTAL = say("(not shown: it may hold a password)")


def shown_address(address: str) -> str:
    """The address for people to see: without credentials, query and fragment, on one line.

    Of a member of an archive both parts are shown.
    """
    member, archive = archive_of(address)
    if archive:
        return f"{shown_address(member)}{CHAIN}{shown_address(archive)}"
    parts = _split(address)
    if parts is None:
        return UNREADABLE
    shown = urlunsplit((parts.scheme, _host(parts), parts.path, "", ""))
    if "@" in shown and not parts.netloc:
        return UNREADABLE  # credentials may be anywhere in it
    if not shown.isprintable():
        odd = "\N{REPLACEMENT CHARACTER}"
        shown = "".join(each if each.isprintable() else odd for each in shown)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def shown_portal(portal: str) -> str:
    """The name or the address of a portal for people to see: none that may hold a password."""
    return portal if "@" not in portal else HIDDEN_PORTAL


def redacted(address: str) -> str:
    """The address without what stands in front of its host and without secret parameters.

    It still tells one file from another: the rest of the query stays, and an address without
    secrets stays as it was written.
    """
    member, archive = archive_of(address)
    if archive:
        return f"{member}{CHAIN}{redacted(archive)}"
    parts = _split(address)
    if parts is None:
        return _shown_faulty(address)
    query = parts.query
    if any(SECRET.fullmatch(name) for name, _ in parse_qsl(query, keep_blank_values=True)):
        query = "&".join(piece for piece in query.split("&") if not SECRET.fullmatch(_name(piece)))
    if (_host(parts), query) == (parts.netloc, parts.query):
        return address
    return urlunsplit((parts.scheme, _host(parts), parts.path, query, parts.fragment))


def _name(parameter: str) -> str:
    return unquote(parameter.partition("=")[0].replace("+", " "))


_USUAL_PORTS = re.compile(r":(?:80|443)?$")


def place_of(address: str) -> str:
    """The address in the one spelling that tells places apart; it cannot be fetched.

    Neither its scheme nor a slash at its end, the case of its host or a usual port makes it
    another place; secrets are no part of it.
    """
    parts = _split(redacted(address))
    if parts is None or not parts.netloc:
        return " ".join(redacted(address).split())
    host = _USUAL_PORTS.sub("", _host(parts).lower())
    rest = urlunsplit(("", "", parts.path.rstrip("/"), parts.query, parts.fragment))
    return " ".join(f"{host}{rest}".split())


def _shown_faulty(text: str) -> str:
    """As much as may be shown of what is no address: its secrets may be anywhere."""
    shown = text.partition("?")[0]
    if not re.match(r"\s*mailto:[^/]*$", shown, re.IGNORECASE):  # where a name is no secret
        shown = re.sub(r"^([^:]*:/*).*@", r"\1", shown, flags=re.DOTALL)
    return shown if len(shown) <= LONGEST_FAULTY else f"{shown[:LONGEST_FAULTY]}…"


# --- what it may be -----------------------------------------------------------------------


def is_web(address: str) -> bool:
    """Whether the address is one of the web, by its scheme."""
    scheme = scheme_of(address)
    return scheme is not None and scheme.is_web


def has_pattern(address: str) -> bool:
    """Whether the address stands for all files that match; on the web a star is only a star."""
    scheme = scheme_of(address)
    path = address.partition("://")[2].partition("/")[2]
    return scheme is not None and scheme.has_patterns and bool(re.search(r"[*\[]", path))


def address_fault(text: str) -> str:
    """Why nothing can be fetched from `text`, as the end of a sentence that tells no secret.

    Empty when something can.
    """
    scheme = scheme_of(text)
    if scheme is None:
        wanted = say("an address that starts with {beginnings}", beginnings=_beginnings(*SCHEMES))
    elif scheme.is_archive:
        member, archive = archive_of(text)
        if archive and re.fullmatch(r"[^:]*://[^\x00-\x1f]*[^/\x00-\x1f]", member):
            return address_fault(archive)
        return say(
            "must name a file in an archive as {name}://file::address of the archive, not "
            "'{fault}'",
            name=scheme.name,
            fault=_shown_faulty(text),
        )
    elif not is_whole(text):
        wanted = say("a whole address, with a host and without spaces")
    elif _lacks_file(scheme, text):
        return say(
            "must name a file, as in {name}://host/folder/file.csv, not '{fault}'",
            name=scheme.name,
            fault=_shown_faulty(text),
        )
    else:
        return ""
    return say("must be {wanted}, not '{fault}'", wanted=wanted, fault=_shown_faulty(text))


def _beginnings(*names: str) -> str:
    *others, last = (f"{name}://" for name in names)
    return f"{', '.join(others)} or {last}"


def _lacks_file(scheme: Scheme, text: str) -> bool:
    return not scheme.is_web and not urlsplit(text).path.strip("/")


def web_address_fault(text: str) -> str:
    """Why `text` cannot be a link, as `address_fault` says it."""
    if not is_web(text):
        web = (name for name, scheme in SCHEMES.items() if scheme.is_web)
        wanted = say("a web address that starts with {beginnings}", beginnings=_beginnings(*web))
    elif not is_whole(text):
        wanted = say("a whole web address, with a host and without spaces")
    else:
        return ""
    return say("must be {wanted}, not '{fault}'", wanted=wanted, fault=_shown_faulty(text))


def is_whole(text: str) -> bool:
    """Whether the address has a host, a port that can be one, and no white space."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket left open
        return False
    return usable and not re.search(r"[\s\x00-\x1f]", text)


def is_local(address: str) -> bool:
    """Whether only the network that wrote the address can know what it leads to.

    Told by the spelling alone: a name of the public internet may lead there all the same.
    """
    address = archive_of(address)[1] or address
    parts, scheme = _split(address.strip()), scheme_of(address.strip())
    if parts is None or not parts.scheme:
        return False
    if parts.scheme == "file":
        return True
    has_host = scheme is None or scheme.is_web or scheme.port > 0  # else it names a bucket
    return has_host and bool(parts.hostname) and is_local_host(parts.hostname or "")
