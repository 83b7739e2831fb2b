"""Natural order: numbers in a text by their value, independent of any locale.

The rule: natsort, which knows how, is loaded when there is something to sort. It makes a dozen
patterns at once, and most runs sort nothing.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

__all__ = ["natural", "naturally"]

T = TypeVar("T")


def naturally(values: Iterable[T], key: Callable[[T], Any] | None = None) -> list[T]:
    """The values in natural order, or in that of what `key` gives for each."""
    found = list(values)
    if len(found) > 1:
        from natsort import natsorted  # noqa: PLC0415 - see above

        found = natsorted(found, key=key)
    return found


def natural(path: str) -> tuple[Any, ...]:
    """Sorts paths folder by folder, numbers by value, case last."""
    part_key = _part_key()
    return tuple(part_key(part) for part in path.split("/")), path


@cache
def _part_key() -> Callable[[str], Any]:
    from natsort import natsort_keygen, ns  # noqa: PLC0415 - see above

    return natsort_keygen(alg=ns.IGNORECASE)
