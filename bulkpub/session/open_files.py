"""How much may be in flight when the system lets a process open only so many files."""

import os
from contextlib import suppress

__all__ = ["in_flight"]

SPARE = 6
"""Files left for what is opened now and then: the system's own, and two that are hashed."""
EACH = 3
"""Files that one upload takes at most: itself, its connection, and one to where it is fetched."""


def in_flight(most: int, ways: int = 1) -> int:
    """How many uploads may be under way at once: `most`, or as many as may be opened; one at least.

    So many, in each of several `ways`. It is asked when everything else that stays open is open.
    """
    with suppress(ImportError, OSError):
        import resource  # noqa: PLC0415 # Windows has none

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit != resource.RLIM_INFINITY:
            free = limit - len(os.listdir("/dev/fd")) - SPARE  # noqa: PTH208 # numbers, no paths
            return max(1, min(most, free // EACH // ways))
    return most
