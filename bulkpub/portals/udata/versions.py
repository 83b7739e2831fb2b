"""Which udata a portal runs, as far as it matters: known before anything is sent.

An account that shows a key of its own is one of a udata before 16: of those the site is asked,
one request more. From 12 on it tells the version; 10.9 and 11 are known by what else they tell.
Every other portal, of a version that nobody has seen yet as well, is taken for the newest. What
differs between the versions that are worked with is in `docs/reference/portal.md`: nothing
that plans go by, but for the vocabularies, which are asked for.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import core_schema

from bulkpub.portals.shapes import TEXT, Shape, made, record

__all__ = ["OLDEST", "SITE", "SITE_FIELDS", "too_old"]

OLDEST = (10, 9)
"""The oldest version that is worked with, and tested."""
SITE_FIELDS = "version,feed_size"
"""What is asked of a site; unknown ones are left out of the answer."""


def _too_old(data: Mapping[str, Any]) -> str | None:
    version = data["version"]
    if version is None:
        # It is told from 12 on, and this from 10.9 on.
        return None if data["feed_size"] else f"a udata older than {_named(OLDEST)}"
    found = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    numbers = (int(found[1]), int(found[2])) if found else OLDEST
    return f"udata {_named(numbers)}" if numbers < OLDEST else None


def _named(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))


SITE: Shape[str | None] = Shape(
    record({"version": TEXT, "feed_size": made(core_schema.any_schema(), bool)}, _too_old)
)
"""The answer of `/site/`: what it runs, where that is too old; else None."""


def too_old(address: str, version: str) -> str:
    """Why nothing is published to a portal that runs such a `version`."""
    return (
        f"the portal at {address} runs {version}, and {_named(OLDEST)} or later is needed: an "
        "older one can drop resources that somebody adds while others are put in order. "
        "Whoever runs the portal can update it"
    )
