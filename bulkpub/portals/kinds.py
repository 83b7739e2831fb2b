"""The kinds of portals there are: one list, and the way from a portal's name to its kind.

A new kind is one folder (or file) with a `Kind` value, and one line in `KINDS`; see
`docs/explanation/portals.md`.
"""

from bulkpub.errors import SettingsInvalid
from bulkpub.portals import memory, udata
from bulkpub.portals.base import Kind, Located

__all__ = ["DEFAULT", "KINDS", "locate", "names"]

KINDS: tuple[Kind, ...] = (udata.KIND, memory.KIND)
"""In the order in which they are asked whether an address is theirs."""
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
    for kind in KINDS:
        url = kind.api_url(portal, insecure)
        if url is not None:
            return Located(kind, url)
    shown = f"'{portal}'" if "@" not in portal else "(not shown: it may hold a password)"
    raise SettingsInvalid(
        f"unknown portal {shown}: give one of {', '.join(names())}, or an address such as "
        "https://www.data.gouv.fr"
    )


def names() -> tuple[str, ...]:
    """The portals that have a name."""
    return tuple(name for kind in KINDS for name in kind.presets)
