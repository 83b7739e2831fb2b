"""What can be decided for a dataset: actions, as values that know nothing of being carried out."""

from dataclasses import dataclass

from bulkpub.core.diff import told_changes
from bulkpub.core.model import (
    Checksum,
    DatasetMetadata,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.owners import Move
from bulkpub.language import say

__all__ = [
    "Adopt",
    "Create",
    "CreateDataset",
    "DatasetAction",
    "Delete",
    "DeleteDataset",
    "Describe",
    "Fetch",
    "Keep",
    "KeepAbsent",
    "KeepDataset",
    "LeaveOut",
    "ListItem",
    "Plan",
    "Refuse",
    "Replace",
    "ResourceAction",
    "UpdateDataset",
]

# --- actions on the dataset itself --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateDataset:
    """Create the dataset with this metadata."""

    metadata: DatasetMetadata


@dataclass(frozen=True, slots=True)
class UpdateDataset:
    """Write `changes` to the dataset, and `move` it to its new owner; what they leave out stays.

    `restores`: it was deleted, which is taken back.
    """

    remote: RemoteDataset
    changes: DatasetMetadata
    move: Move | None = None
    restores: bool = False

    @property
    def differing(self) -> tuple[str, ...]:
        """What is written, in words."""
        restored = [say("deleted (it is restored)")] if self.restores else []
        return (
            *restored,
            *told_changes(self.changes, self.remote),
            *([str(self.move)] if self.move else []),
        )


@dataclass(frozen=True, slots=True)
class KeepDataset:
    """The dataset is as wanted."""

    remote: RemoteDataset


@dataclass(frozen=True, slots=True)
class DeleteDataset:
    """Delete the dataset, with all its resources."""

    remote: RemoteDataset


@dataclass(frozen=True, slots=True)
class KeepAbsent:
    """The dataset is not there, as wanted."""


DatasetAction = CreateDataset | UpdateDataset | KeepDataset | DeleteDataset | KeepAbsent

# --- actions on resources -----------------------------------------------------------------
#
# `wanted` is all that shall be said of the resource in the end, decided while its present
# title could still be seen: a replacement resets the title.


@dataclass(frozen=True, slots=True)
class Create:
    """Upload the file, or list the link, as a new resource."""

    spec: ResourceSpec
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Upload the file onto the existing resource: id and permalink stay."""

    spec: ResourceSpec
    remote: RemoteResource
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch the file from `source`: only then can be decided what to do; see `plan`.

    `remote` is the resource it is on the portal, as far as can be told already.
    """

    spec: ResourceSpec
    source: UrlSource
    remote: RemoteResource | None
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """The portal has this very content without our key: claim it, send no bytes."""

    spec: ResourceSpec
    remote: RemoteResource
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Describe:
    """Only what is said of the resource differs."""

    spec: ResourceSpec
    remote: RemoteResource
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing to do."""

    spec: ResourceSpec
    remote: RemoteResource
    wanted: ResourceMetadata
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing can be done before a person decides; the reason says what about."""

    spec: ResourceSpec
    reason: str


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Nothing, as the run is not about it; `remote` is what it is on the portal, if anything."""

    spec: ResourceSpec
    remote: RemoteResource | None = None
    reason: str = ""


ResourceAction = Create | Replace | Fetch | Adopt | Describe | Keep | Refuse | LeaveOut


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a resource the manifest no longer names."""

    remote: RemoteResource
    reason: str


@dataclass(frozen=True, slots=True)
class ListItem:
    """One resource in the finishing request, in its wanted place.

    `changes` is what to write of it, None for nothing; `url` a link's new address, `size` and
    `checksum` what it newly says of the file behind it; `host`
    turns a resource that pointed elsewhere into a hosted one, once its file was uploaded
    onto it.
    """

    id: str
    changes: ResourceMetadata | None = None
    url: str | None = None
    host: bool = False
    size: int | None = None
    checksum: Checksum | None = None

    @property
    def announces(self) -> bool:
        """Whether a link leads to something else than before."""
        return self.url is not None or self.size is not None or self.checksum is not None

    @property
    def writes(self) -> bool:
        """Whether it changes more than the resource's place."""
        return self.changes is not None or self.announces or self.host


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one dataset needs; `resources` in the manifest's order.

    `finish` says whether it has to be finished, which takes `finish_requests`; new files and such
    as replace others take `replacing_requests` beside being sent. `releases`: it becomes public
    once all is in. `refused` is a reason not to touch the dataset at all. `held` is what pruning
    would delete, did nothing keep it from it.
    """

    dataset: DatasetAction
    resources: tuple[ResourceAction, ...] = ()
    deletions: tuple[Delete, ...] = ()
    finish: bool = False
    finish_requests: int = 1
    replacing_requests: int = 0
    releases: bool = False
    refused: str | None = None
    held: tuple[Delete, ...] = ()

    @property
    def sends(self) -> tuple[Create | Replace, ...]:
        """The actions that send a file's bytes, or a new link."""
        return tuple(a for a in self.resources if isinstance(a, Create | Replace))

    @property
    def fetches(self) -> tuple[Fetch, ...]:
        """The actions that fetch a file, and then send it if it is not what the portal has."""
        return tuple(a for a in self.resources if isinstance(a, Fetch))

    @property
    def requests(self) -> int:
        """How many requests it takes at most, when nothing fails."""
        kept = isinstance(self.dataset, KeepDataset | KeepAbsent)
        dataset = (not kept) + self.releases
        files = len(self.sends) + len(self.fetches)
        finish = self.finish_requests if self.finish else 0
        return dataset + files + self.replacing_requests + len(self.deletions) + finish
