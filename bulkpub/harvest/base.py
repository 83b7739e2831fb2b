"""What every kind of harvest takes and gives, and the one place where filters are seen to.

A kind is one async generator of `Found`, so that a catalogue of any length is harvested as a
stream. It asks `wanted` as early as it can, to spare requests; `sifted` applies the filters and
the limit to whatever a kind gives out, and gives it its organization, so that no kind forgets
one.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fnmatch import translate
from typing import Literal, Protocol

from bulkpub.core.model import DatasetSpec
from bulkpub.core.origin import ID_EXTRA, Gone
from bulkpub.core.rules import Rules
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.harvest.local_addresses import without_local_addresses
from bulkpub.language import say
from bulkpub.letters import plain
from bulkpub.portals.kinds import DEFAULT
from bulkpub.sources.answers import Page

__all__ = ["Found", "Harvest", "HarvestOptions", "Page", "Reader", "sifted", "unheard"]


@dataclass(frozen=True, slots=True)
class Found:
    """One dataset of the catalogue.

    `notes` are sentences about what could not be mapped (an unknown licence, a zone the portal
    does not have): shown to the user and kept as a comment, never dropped. `restricted` is what
    the source says that keeps the dataset, or a file of it, from being open to everyone, in the
    source's own words; empty when it is open.
    """

    dataset: DatasetSpec
    notes: tuple[str, ...] = ()
    restricted: str = ""


Harvest = AsyncIterator[Found]
"""What every kind of harvest gives out."""


class Reader(Protocol):
    """How catalogues are read: paced per host, within limits, no credentials in errors."""

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        """The document at `url`, after redirects; raises `SourceFailed` when it cannot be had."""


_WILDCARDS = re.compile(r"[*?\[]")


def unheard(_: str) -> None:
    """Nobody listens."""


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class HarvestOptions:
    """What was asked for.

    `match` is a pattern on titles and keys (see `wanted`), `since` a day before which nothing
    was changed, `limit` the number of datasets to stop at, `organization` (id or slug) the one
    that the manifest publishes for. `links` lists files where they are (`link:`) instead of
    fetching and hosting them (`url:`); None leaves it to the kind. `recursive` goes into
    sub-folders, `single` makes one dataset of all there is, where a kind knows the difference.
    `restricted` says what becomes of a dataset that its source does not open to everyone: a
    `draft`, which is private and has links only, or it is left out (`skip`); `today` is the day
    that embargoes are compared with. `language`, in two letters, is the one whose texts count
    where there are several; None: that of the portal. `gone` is what the manifest is to say of
    what its source no longer has. `rules` are those of the portal that the manifest is for.
    `base` is the folder from which the manifest's paths start; `leave_out` has real paths of local
    files that are no data, the manifest itself above all. `allow_private` keeps addresses that
    only the network of the source knows. `copy`: what a portal has, for another one.

    `lost` learns, in a sentence with its address, of each part of a catalogue that could not be
    read while the rest goes on: the harvest then counts as incomplete (exit code 1). A
    catalogue that cannot be read at all is a `SourceFailed` that the kind lets through.
    `note` learns what is worth knowing and belongs to no dataset that was found.
    """

    match: str | None = None
    since: date | None = None
    limit: int | None = None
    organization: str | None = None
    links: bool | None = None
    recursive: bool = False
    single: bool = False
    restricted: Literal["draft", "skip"] = "draft"
    language: str | None = None
    today: date = field(default_factory=_today)
    gone: Gone = Gone.NOTE
    rules: Rules = DEFAULT.rules
    base: str = "."
    leave_out: frozenset[str] = frozenset()
    allow_private: bool = False
    copy: bool = False
    lost: Callable[[str], None] = unheard
    note: Callable[[str], None] = unheard

    @property
    def preferred_language(self) -> str:
        """The language whose texts count where there are several."""
        return self.language or self.rules.language

    @property
    def everything(self) -> bool:
        """Whether all that there is was asked for."""
        return not (self.match or self.since or self.limit)

    def wanted(self, dataset: DatasetSpec | str, modified: date | datetime | None = None) -> bool:
        """Whether a dataset, or one of this title, is asked for.

        `match` is looked for in title, key and the id in the catalogue, without regard to case
        and accents; with `*`, `?` or `[` it is a pattern for the whole of any. A dataset whose
        last change is not known (`modified` is None) passes `since`: rather one too many than one
        lost. A title alone is no ground to pass over a dataset whose key may match: give the
        spec, or the key as well (`wanted(title) or wanted(key)`).
        """
        return self._matches(dataset) and self._recent(modified)

    def leaves_out(self, found: Found) -> bool:
        """Whether it is left out as its source restricts it, which is noted.

        A portal that knows no private datasets has no place for one.
        """
        openly = not found.restricted
        if openly or (self.restricted == "draft" and "private" not in self.rules.lacks_dataset):
            return False
        title = found.dataset.metadata.title or found.dataset.key
        self.note(
            say(
                "'{title}' ({key}) is left out: its source does not open it to everyone "
                "({restricted})",
                title=bounded(title),
                key=bounded(found.dataset.key),
                restricted=found.restricted,
            )
        )
        return True

    def _matches(self, dataset: DatasetSpec | str) -> bool:
        if not self.match:
            return True
        names = (
            [dataset]
            if isinstance(dataset, str)
            else [
                dataset.metadata.title or "",
                dataset.key,
                str((dataset.metadata.extras or {}).get(ID_EXTRA, "")),
            ]
        )
        pattern = _folded(self.match)
        if not _WILDCARDS.search(pattern):
            return any(pattern in _folded(name) for name in names)
        whole = re.compile(translate(pattern))
        return any(whole.match(_folded(name)) for name in names)

    def _recent(self, modified: date | datetime | None) -> bool:
        if self.since is None or modified is None:
            return True
        if isinstance(modified, datetime):
            modified = (modified.astimezone(UTC) if modified.tzinfo else modified).date()
        return modified >= self.since


def _folded(text: str) -> str:
    return plain(text).casefold().strip()


async def sifted(harvest: AsyncGenerator[Found], options: HarvestOptions) -> AsyncGenerator[Found]:
    """What `harvest` gives out of what was asked for, in its order, up to the limit.

    A dataset of no organization gets the one that was asked for, and none keeps an address that
    only the network of its source knows, unless `allow_private`. One that is restricted is private
    or left out, whatever its kind made of it. One of the same key (and id) as one before is the
    same: another source has it as well. The harvest is read no further than the limit needs, and
    closed at the end.
    """
    count, seen = 0, set()
    async with aclosing(harvest):
        async for found in harvest:
            if not options.wanted(found.dataset) or options.leaves_out(found):
                continue
            identity = found.dataset.key, found.dataset.id
            if identity in seen:
                options.note(
                    say(
                        "{key} is there already, from another source: left out",
                        key=found.dataset.key,
                    )
                )
                continue
            seen.add(identity)
            dataset, notes = found.dataset, found.notes
            owner = dataset.organization or options.organization
            if not options.allow_private:
                dataset, told = without_local_addresses(dataset)
                notes = (*notes, *told)
            private = True if found.restricted else dataset.metadata.private
            yield replace(
                found,
                dataset=replace(
                    dataset,
                    organization=owner,
                    personal=dataset.personal and owner is None,
                    metadata=replace(dataset.metadata, private=private),
                ),
                notes=tuple(bounded(note, LONGEST_SENTENCE) for note in notes),
            )
            count += 1
            if count == options.limit:
                return
