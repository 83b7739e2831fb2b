"""The result of matching, as it comes about: who is who, and who cannot be told apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bulkpub.core.model import RemoteResource, ResourceSpec

__all__ = ["By", "Conflict", "Match", "Matching", "several"]


class By(StrEnum):
    """What an entry was recognised by."""

    ID = "id"
    KEY = "key"
    CONTENT = "content"
    TITLE = "title"
    FILE_NAME = "file name"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Match:
    """The portal's resource that an entry of the manifest is."""

    remote: RemoteResource
    by: By


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that cannot be told apart; `message` says why and what to do."""

    message: str


@dataclass(slots=True)
class Matching:
    """The result for one dataset, by resource key; a key in neither mapping is new.

    `unmatched` are the portal's resources that no entry is, by id, in the portal's order.
    """

    matches: dict[str, Match] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    unmatched: dict[str, RemoteResource] = field(default_factory=dict)

    def settled(self, spec: ResourceSpec) -> bool:
        """Whether it is already known who `spec` is, or that it cannot be known."""
        return spec.key in self.matches or spec.key in self.conflicts

    def accept(self, spec: ResourceSpec, remote: RemoteResource, by: By) -> None:
        """Record that `spec` is `remote`."""
        self.matches[spec.key] = Match(remote, by)
        del self.unmatched[remote.id]


def several(what: str, candidates: Sequence[RemoteResource]) -> Conflict:
    """The conflict of an entry with more than one candidate, which all `what`."""
    named = " and ".join(f"'{r.metadata.title}' ({r.id})" for r in candidates)
    return Conflict(
        f"{len(candidates)} resources on the portal {what}: {named}; "
        "delete the wrong ones there, or set `id` to the right one"
    )
