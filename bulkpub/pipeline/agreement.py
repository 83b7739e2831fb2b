"""Files that are removed here only once every destination has them.

The rule: each destination says of which file it is known to have the content; the last one of all
to say so of the very same file removes it. What only some of them have stays, and is told.
"""

from collections.abc import Awaitable, Callable, Collection
from functools import partial

from bulkpub.core.model import Fingerprint

__all__ = ["Agreed", "Agreement"]

Agreed = Callable[[str, Fingerprint], Awaitable[bool]]
"""Whether the file at a path, seen so, may be removed, once it is known to be published here.

Awaited, as who knows may be another process (`engine.dask`).
"""


class Agreement:
    """Which files the destinations of these `names` are known to have."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._had: dict[str, dict[str, Fingerprint]] = {}

    def of(self, name: str) -> Agreed:
        """What the destination of this name asks, when it has a file."""
        return partial(self._has, name)

    def left(self) -> list[str]:
        """The paths of the files that some of them have, and not all; in the order of asking."""
        return [path for path in self._had if not self._all_have(path)]

    async def _has(self, name: str, path: str, seen: Fingerprint) -> bool:
        self._had.setdefault(path, {})[name] = seen
        return self._all_have(path)

    def _all_have(self, path: str) -> bool:
        had = self._had[path]
        as_seen = {(each.size, each.mtime_ns, each.inode) for each in had.values()}
        digests = {each.digest for each in had.values() if each.digest}
        kinds = {len(each) for each in digests}  # not all portals tell the same
        same = len(as_seen) == 1 and len(digests) == len(kinds)
        return had.keys() == self._names and same
