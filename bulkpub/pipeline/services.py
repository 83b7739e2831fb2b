"""What publishing one dataset needs besides its spec: handed down, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import anyio

from bulkpub.observers.events import Event
from bulkpub.pipeline.observe import Owner
from bulkpub.portals import Portal
from bulkpub.portals.base import PartSizes
from bulkpub.sources.fetch import Fetcher
from bulkpub.state.journal import Forgetful, Memory

__all__ = ["Figures", "RunOptions", "Services", "Verify"]

_PARTS = PartSizes()
HASHERS = 2
"""Files hashed at once; hashing is bound by the disk or by a core, more only compete."""


DOWNLOADERS = 8


class Verify(StrEnum):
    """How to compare instead of publishing: not at all, by checksums, by downloading all."""

    NO = "no"
    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to go about a run.

    `concurrency` datasets at once, `uploads` within one. `attempts` is how often the bytes of
    one file are sent before it is given up, `look_again_s` how long to wait (seconds) before
    looking what became of a request whose answer was lost. Files of more than `chunk_above`
    bytes are sent in parts of `chunk_size` bytes.
    """

    dry_run: bool = False
    verify: Verify = Verify.NO
    keep_going: bool = False
    allow_mass_delete: bool = False
    concurrency: int = 8
    uploads: int = 4
    attempts: int = 4
    look_again_s: float = 2.0
    chunk_size: int = _PARTS.size
    chunk_above: int = _PARTS.above


@dataclass(slots=True)
class Figures:
    """What is counted across datasets: bytes hashed before sending, bytes sent, writes planned."""

    hashed: int = 0
    uploaded: int = 0
    planned_requests: int = 0


@dataclass(slots=True)
class Services:
    """The means of a run, shared by its workers.

    `quota_reserve` is the share of the quota left to others.
    `stopping` asks everybody to begin nothing new. `owners` tells who each dataset belongs to,
    by dataset key; `creating` keeps datasets whose slugs would be the same from being created
    at the same time, which udata answers with 500.
    """

    portal: Portal
    options: RunOptions
    emit: Callable[[Event], None]
    fetcher: Fetcher
    memory: Memory = field(default_factory=Forgetful)
    quota_reserve: float = 0.0
    stopping: bool = False
    owners: dict[str, Owner] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    hashing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(HASHERS))
    downloading: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(DOWNLOADERS)
    )
    creating: dict[str, anyio.Lock] = field(default_factory=dict)

    @staticmethod
    def now() -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)
