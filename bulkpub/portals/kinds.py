"""The kinds of portals there are: one list, and the way from a portal's name to its kind.

A new kind is one folder (or file) with a `Kind` value, and one line here; see
`docs/explanation/portals.md`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from bulkpub.errors import SettingsInvalid
from bulkpub.language import say
from bulkpub.portals import memory, udata
from bulkpub.portals.base import Kind, Located

__all__ = ["DEFAULT", "KINDS", "TOLD_BY_NAME", "locate", "names"]

TOLD_BY_NAME: Mapping[str, str] = {
    "github": "github",
    "gitlab": "gitlab",
    "/api/v4/projects/": "gitlab",
}
"""Folders of kinds that are told by a word in their addresses: loaded only where one has it."""
KINDS: tuple[Kind, ...] = (udata.KIND, memory.KIND)
"""The others, in the order in which they are asked whether an address is theirs."""
_PORTS = {"http": 80, "https": 443}
DEFAULT = udata.KIND
"""The kind whose rules hold for a manifest as long as nobody has said for which portal it is."""


def locate(portal: str, *, insecure: bool = False) -> Located:
    """The kind, the address and, where everybody knows it, the key of `portal`.

    It is a name that a kind gives to one, or an address. Raises `SettingsInvalid` when it is
    neither, carries a password, or would send the API key in the clear to another machine
    (`insecure` allows that).
    """
    for kind in KINDS:
        if preset := kind.presets.get(portal):
            return Located(kind, preset.url, preset.key)
    for kind in _asked(portal):
        url = kind.api_url(portal, insecure)
        if url is not None:
            return Located(kind, _as_others_write_it(url))
    shown = f"'{portal}'" if "@" not in portal else say("(not shown: it may hold a password)")
    raise SettingsInvalid(
        say(
            "unknown portal {shown}: give one of {names}, or an address such as "
            "https://www.data.gouv.fr, github:OWNER/REPOSITORY or gitlab:GROUP/PROJECT",
            shown=shown,
            names=", ".join(names()),
        )
    )


def _as_others_write_it(url: str) -> str:
    """One server has one address: its name in small letters, without the port that goes unsaid."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or parts.hostname is None:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{host}{at}"))


def _asked(portal: str) -> Iterator[Kind]:
    """The kinds that an address may be of."""
    written = portal.lower()
    for name in dict.fromkeys(name for word, name in TOLD_BY_NAME.items() if word in written):
        yield cast("Kind", import_module(f"bulkpub.portals.{name}").KIND)
    yield from KINDS


def names() -> tuple[str, ...]:
    """The portals that have a name."""
    return tuple(name for kind in KINDS for name in kind.presets)
