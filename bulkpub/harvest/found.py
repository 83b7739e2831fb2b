"""What a harvest finds: datasets as a manifest shall have them, and what could not be mapped.

Every kind of catalogue is one async generator of these, so that a catalogue of any length is
harvested as a stream.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from bulkpub.core.model import DatasetSpec
from bulkpub.sources.page import Page

__all__ = ["Found", "Harvest", "Page", "Reader"]


@dataclass(frozen=True, slots=True)
class Found:
    """One dataset of the catalogue.

    `notes` are sentences about what could not be mapped (an unknown licence, a zone the portal
    does not have): told to the user and kept as a comment, never dropped.
    """

    dataset: DatasetSpec
    notes: tuple[str, ...] = ()


Harvest = AsyncIterator[Found]
"""What every kind of harvest gives out."""


class Reader(Protocol):
    """How catalogues are read: paced per host, within limits, no credentials in what is told."""

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        """The document at `url`, after redirects; raises `SourceFailed` when it cannot be had."""
