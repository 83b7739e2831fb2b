"""A portal in the memory of this process: for tests, and for trying a manifest out.

Its own rules are those of a portal that does all it is told. `memory://NAME` is the portal called
NAME, for as long as the process lives; any key is accepted. Everything is as the protocol has it:
there are no bodies, statuses or headers here, and no address that could be downloaded. What it has
is a `site`, what asks it a `portal`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bulkpub.core.rules import Rules
from bulkpub.portals.base import Kind, Opening
from bulkpub.portals.memory.portal import MemoryPortal
from bulkpub.portals.memory.site import (
    ACCOUNT,
    OTHERS,
    OURS,
    RULES,
    SCHEME,
    Call,
    RuleBroken,
    Site,
    Trouble,
)

__all__ = [
    "ACCOUNT",
    "KIND",
    "OTHERS",
    "OURS",
    "RULES",
    "Call",
    "MemoryPortal",
    "RuleBroken",
    "Site",
    "Trouble",
    "site",
]

_sites: dict[str, Site] = {}


def site(name: str, rules: Rules = RULES) -> Site:
    """The portal called `name`; there is one from the first time it is named on."""
    return _sites.setdefault(name, Site(rules, name))


def _api_url(portal: str, _insecure: bool) -> str | None:  # noqa: FBT001 - see `Kind`
    name = portal.removeprefix(SCHEME)
    return portal if name and portal.startswith(SCHEME) else None


@asynccontextmanager
async def _open(opening: Opening) -> AsyncIterator[MemoryPortal]:
    there = site(opening.url.removeprefix(SCHEME))
    yield MemoryPortal(there, parts=opening.parts, pace=opening.pace)


KIND = Kind("memory", RULES, {}, _api_url, _open)
