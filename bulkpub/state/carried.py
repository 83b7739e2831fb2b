"""What a journal knows of one job, carried to another process, and what is learned there.

The journal stays where it is: what a job may ask of it travels along, and what is to be remembered
is told back, as values. What was not carried is not known, and costs time only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from bulkpub.core.model import Fingerprint, LastFetch
from bulkpub.core.sources import Digest
from bulkpub.state.journal import Memory

__all__ = ["Carried", "FetchKept", "Finished", "HashKept", "Known", "Learned", "Stored", "remember"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the files of one dataset: hashes of one kind, last fetches, its resources.

    `files` are local files by path, as they were seen; their `digest` is None where it is not
    known. `fetches` go by address; `bound` is as `Memory.bound` has it.
    """

    kind: Digest = "sha1"
    files: Mapping[str, Fingerprint] = field(default_factory=dict)
    fetches: Mapping[str, LastFetch] = field(default_factory=dict, repr=False)
    bound: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HashKept:
    """See `Memory.keep_digest`."""

    kind: Digest
    path: str
    seen: Fingerprint


@dataclass(frozen=True, slots=True)
class FetchKept:
    """See `Memory.keep_fetch`."""

    kind: Digest
    url: str = field(repr=False)
    last: LastFetch


@dataclass(frozen=True, slots=True)
class Stored:
    """See `Memory.stored`."""

    dataset: str
    resource: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Finished:
    """See `Memory.finish`."""

    dataset: str


Learned = HashKept | FetchKept | Stored | Finished


class Carried:
    """A `Memory` of what is `known` of one job; `tell` is told what there is to remember."""

    def __init__(self, known: Known, tell: Callable[[Learned], None]) -> None:
        self._known = known
        self._tell = tell
        self._files = dict(known.files)
        self._fetches = dict(known.fetches)

    def digests(self, kind: Digest, files: Mapping[str, Fingerprint]) -> dict[str, str]:
        """See `Memory`."""
        if kind != self._known.kind:
            return {}
        known = {path: self._files[path] for path in files if path in self._files}
        return {
            path: each.digest
            for path, each in known.items()
            if each.digest and replace(each, digest=None) == replace(files[path], digest=None)
        }

    def keep_digest(self, kind: Digest, path: str, seen: Fingerprint) -> None:
        """See `Memory`."""
        if kind == self._known.kind:
            self._files[path] = seen
        self._tell(HashKept(kind, path, seen))

    def last_fetch(self, kind: Digest, url: str) -> LastFetch | None:
        """See `Memory`."""
        return self._fetches.get(url) if kind == self._known.kind else None

    def keep_fetch(self, kind: Digest, url: str, last: LastFetch) -> None:
        """See `Memory`."""
        if kind == self._known.kind:
            self._fetches[url] = last
        self._tell(FetchKept(kind, url, last))

    def bound(self, dataset: str) -> dict[str, str]:
        """See `Memory`."""
        del dataset  # there is one
        return dict(self._known.bound)

    def stored(self, dataset: str, resource: str, resource_id: str) -> None:
        """See `Memory`."""
        self._tell(Stored(dataset, resource, resource_id))

    def finish(self, dataset: str) -> None:
        """See `Memory`."""
        self._tell(Finished(dataset))

    def refused_size(self) -> int | None:
        """See `Memory`; the portal was opened with it."""
        return None

    def keep_refused_size(self, size: int) -> None:
        """See `Memory`; who opened the portal asks it in the end."""


def remember(learned: Learned, memory: Memory) -> None:
    """Write down in `memory` what was learned elsewhere."""
    match learned:
        case HashKept(kind, path, seen):
            memory.keep_digest(kind, path, seen)
        case FetchKept(kind, url, last):
            memory.keep_fetch(kind, url, last)
        case Stored(dataset, resource, resource_id):
            memory.stored(dataset, resource, resource_id)
        case Finished(dataset):
            memory.finish(dataset)
        case _:
            assert_never(learned)
