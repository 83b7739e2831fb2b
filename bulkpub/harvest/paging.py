"""The way through the pages of a catalogue, and when to leave it.

Catalogues lie: a next page that was seen before, a server that does not heed `start`, a count
that is never reached. The rule: a page that brings nothing new is the last, and so is one beyond
any sense; what was found until then counts, and what is missing is said once.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from anyio import to_thread

from bulkpub.core.addresses import redacted
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Found, HarvestOptions, Page, Reader
from bulkpub.harvest.entries import Entry, found_of
from bulkpub.harvest.words.periods import instant
from bulkpub.language import say

__all__ = ["MOST_PAGES", "Trail", "address_parts"]

T = TypeVar("T")

MOST_PAGES = 20_000
"""Pages of one catalogue; none has so many, and a server that never ends has more."""


def address_parts(source: str) -> SplitResult:
    """The parts of the address of a catalogue; SourceFailed when it is none."""
    try:
        parts = urlsplit(source)
        sound = bool(parts.hostname)
    except ValueError:  # a bracket left open
        sound = False
    if not sound:
        raise SourceFailed(say("{source} is no whole web address", source=redacted(source)))
    return parts


class Trail:
    """What was read and found so far of one catalogue, for one harvest."""

    def __init__(self, reader: Reader, options: HarvestOptions) -> None:
        self._reader = reader
        self._options = options
        self._urls: set[str] = set()
        self._keys: set[str] = set()
        self._wanted = 0

    @property
    def enough(self) -> bool:
        """Whether as many datasets were found as were asked for."""
        limit = self._options.limit
        return limit is not None and self._wanted >= limit

    @property
    def known(self) -> int:
        """How many different datasets the catalogue gave so far, wanted or not."""
        return len(self._keys)

    async def read(self, url: str, accept: str, parse: Callable[[Page], T]) -> T | None:
        """What `parse` makes of the page at `url`; None, and counted as lost, if the way ends here.

        The first page has to be had: SourceFailed when it cannot. `parse` runs in a thread.
        """
        if url in self._urls:
            self.lost(
                say(
                    "{url} was read before: if more should follow it, that is missing",
                    url=redacted(url),
                )
            )
            return None
        if len(self._urls) >= MOST_PAGES:
            self.lost(
                say(
                    "{url} and what follows is left out: the catalogue has no end",
                    url=redacted(url),
                )
            )
            return None
        first = not self._urls
        self._urls.add(url)
        try:
            return await to_thread.run_sync(parse, await self._reader.read(url, accept=accept))
        except SourceFailed as error:
            if first:
                raise
            self.lost(say("{error}; what follows is missing", error=error))
            return None

    def lost(self, sentence: str) -> None:
        """Report what part of the catalogue could not be read."""
        self._options.lost(sentence)

    def ends(self, where: str, read: int, count: object, on_page: int, new: int) -> bool:
        """Whether the way by offsets ends here, `read` datasets from the start.

        `count` is what the catalogue says it has, if that is a number; `on_page` and `new` are
        the datasets of the last page, and those that no page before had. What is missing then
        counts as lost.
        """
        total = count if isinstance(count, int) and not isinstance(count, bool) else None
        if self.enough or read == total:
            return True
        if total is not None and read > total:
            self.lost(
                say(
                    "{where} tells of {total} datasets and gives {read}: more may be missing",
                    where=where,
                    total=total,
                    read=read,
                )
            )
            return True
        if not on_page:
            if total is not None:
                self.lost(
                    say(
                        "{where} tells of {total} datasets and gives {read}",
                        where=where,
                        total=total,
                        read=read,
                    )
                )
            return True
        if not new:
            self.lost(
                say("{where} gives the same page again: what follows is missing", where=where)
            )
            return True
        return False

    def new(self, several: Iterable[T], key: Callable[[T], str]) -> list[T]:
        """Those that no page had before; one that nothing sets apart from others counts as lost."""
        found = []
        for each in several:
            if not key(each):
                self.lost(say("a dataset has neither an id nor a name nor a title: left out"))
            elif self.is_new(key(each)):
                found.append(each)
        return found

    def is_new(self, key: str) -> bool:
        """Whether no dataset of this key was met; from now on one was."""
        new = key not in self._keys
        self._keys.add(key)
        return new

    def wanted(self, entries: Iterable[Entry]) -> Iterable[Found]:
        """Those of the entries that are asked for, up to the limit."""
        for entry in entries:
            if self.enough:
                return
            found = found_of(entry, self._options)
            if not self._options.wanted(found.dataset, instant(entry.modified)):
                continue
            if not self._options.leaves_out(found):
                self._wanted += 1
                yield found
