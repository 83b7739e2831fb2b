"""Which udata a portal runs, as far as it matters: known before anything is sent.

An account that shows a key of its own is one of a udata before 16: of those the site is asked,
one request more. From 12 on it tells the version; 10.9 and 11 are known by what else they tell.
Every other portal, of a version that nobody has seen yet as well, is taken for the newest. What
differs between the versions that are worked with is in `docs/reference/portal.md`: nothing
that plans go by, but for the vocabularies, which are asked for, and for who has access to data,
which versions before 14 do not keep.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import core_schema

from bulkpub.language import say
from bulkpub.portals.shapes import TEXT, Shape, made, record

__all__ = ["OLDEST", "SITE", "SITE_FIELDS", "Runs", "too_old"]

OLDEST = (10, 9)
"""The oldest version that is worked with, and tested."""
KEEPS_ACCESS = (14, 0)
"""The first version that keeps who has access to a dataset."""
SITE_FIELDS = "version,feed_size"
"""What is asked of a site; unknown ones are left out of the answer."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What a site runs: `old` names it where that is too old to be worked with."""

    old: str | None = None
    keeps_access: bool = True


def _runs(data: Mapping[str, Any]) -> Runs:
    version = data["version"]
    if version is None:
        # It is told from 12 on, and this from 10.9 on.
        old = (
            None if data["feed_size"] else say("a udata older than {oldest}", oldest=_named(OLDEST))
        )
        return Runs(old, keeps_access=False)
    found = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    if not found:
        return Runs()
    numbers = (int(found[1]), int(found[2]))
    old = f"udata {_named(numbers)}" if numbers < OLDEST else None
    return Runs(old, keeps_access=numbers >= KEEPS_ACCESS)


def _named(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))


SITE: Shape[Runs] = Shape(
    record({"version": TEXT, "feed_size": made(core_schema.any_schema(), bool)}, _runs)
)
"""The answer of `/site/`."""


def too_old(address: str, version: str) -> str:
    """Why nothing is published to a portal that runs such a `version`."""
    return say(
        "the portal at {address} runs {version}, and {oldest} or later is needed: an older one "
        "can drop resources that somebody adds while others are put in order. Whoever runs the "
        "portal can update it",
        address=address,
        version=version,
        oldest=_named(OLDEST),
    )
