"""What older versions of udata do otherwise: one flag a difference, those that tests need.

The contract tests on the real ones (`make test-portals`) say from which version on each fact
holds; `docs/reference/portal.md` has the list.
"""

import re
from dataclasses import dataclass
from functools import cache

from bulkpub.errors import SettingsInvalid
from bulkpub.sandbox.vocabularies import FREQUENCIES, LEGACY_FREQUENCIES, OLD_FREQUENCIES

__all__ = ["NEWEST", "Ways", "ways_of"]

NEWEST = "17.18.0"
"""The version that the embedded portal imitates unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Ways:
    """`shows_key`: `/me/` shows the account's only key. `site`: what `/site/` tells.

    `frequencies` are those that are known, with their labels; `renamed` the names it knows for
    some of them besides. `keeps_access`: a dataset says who has access; else nobody hears of it.
    """

    shows_key: bool
    site: dict[str, str | int]
    frequencies: dict[str, str]
    renamed: dict[str, str]
    keeps_access: bool


@cache
def ways_of(version: str) -> Ways:
    """The ways of a version such as `10.9.0`.

    :raises SettingsInvalid: when it is no such number.
    """
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}", version):
        raise SettingsInvalid(f"'{version}' is no version of udata such as {NEWEST}")
    numbers = tuple(map(int, version.split(".")))
    site: dict[str, str | int] = {"id": "default", "title": "bulkpub sandbox"}
    if numbers >= (10, 9):
        site["feed_size"] = 20
    if numbers >= (12, 0):
        site["version"] = version
    old = {"fortnighly": "biweekly", "biannual": "semiannual", "realtime": "continuous"}
    names = [(FREQUENCIES, LEGACY_FREQUENCIES), (OLD_FREQUENCIES, old)]
    frequencies, renamed = names[numbers < (12, 0)]
    return Ways(numbers < (16, 0), site, frequencies, renamed, numbers >= (14, 0))
