"""Listings that change while they are read, page by page.

The rule: what leaves a listing moves all that comes after it one place forward, and the first of
the next page onto one that was read already. A total that shrank tells it, and the pages are read
anew: what nobody saw would be created a second time.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Protocol, TypeVar

from bulkpub.errors import ListingIncomplete
from bulkpub.language import say

__all__ = ["READINGS", "read_through"]

READINGS = 3
"""How often the pages are read at most while something keeps leaving."""


class _Counted(Protocol):
    @property
    def total(self) -> int | None:
        """What all pages have, where that is said."""


P = TypeVar("P", bound=_Counted)


async def read_through(pages: Callable[[], AsyncGenerator[P, None]], what: str) -> AsyncIterator[P]:
    """The `pages`, again from the first one whenever fewer are announced than a page ago.

    What a page has may then have been in an earlier one. Raises `ListingIncomplete`, a sentence
    about `what`, when something leaves in each of several readings.
    """
    for _ in range(READINGS):
        announced = 0
        async with aclosing(pages()) as reading:
            async for page in reading:
                if page.total is not None and page.total < announced:
                    break
                announced = page.total or announced
                yield page
            else:
                return
    raise ListingIncomplete(
        say(
            "{what} shrinks whenever it is read; run again when nothing leaves it any more",
            what=what,
        )
    )
