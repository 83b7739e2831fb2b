"""One dataset's story so far: what is known, what was done; `telling` tells it at any moment.

The worker writes it down as it goes, so that whenever it is stopped (a failure, Ctrl-C) what
was done is still told, and what was not is told as failed or pending.
"""

import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

from bulkpub.core.actions import (
    Adopt,
    Create,
    Delete,
    Describe,
    Fetch,
    Keep,
    Refuse,
    Replace,
    ResourceAction,
)
from bulkpub.core.diff import wanted_resource
from bulkpub.core.model import (
    DatasetSpec,
    ExistingSource,
    Fingerprint,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Source,
    UrlSource,
    is_sent,
)
from bulkpub.core.outcome import DatasetStatus, ResourceStatus
from bulkpub.core.rules import Rules

__all__ = ["ResourceStory", "Story"]

PLANNED_STATUS: Mapping[type[ResourceAction], ResourceStatus] = {
    Create: ResourceStatus.CREATED,
    Replace: ResourceStatus.REPLACED,
    Adopt: ResourceStatus.ADOPTED,
    Describe: ResourceStatus.DESCRIBED,
    Keep: ResourceStatus.UNCHANGED,
    Refuse: ResourceStatus.FAILED,
}


SENT = frozenset({ResourceStatus.CREATED, ResourceStatus.REPLACED})


@dataclass(slots=True)
class ResourceStory:
    """One resource's story.

    `status` is what it will have been once `done`; of several plans the one that changed most
    counts, as a file that turns out to have arrived was created all the same.
    `touched` tells that its file was written to in this run, so that its title was reset;
    `undescribable` that the portal refuses whatever is said of it; `stays` why it is left
    where it is, though it was to be hosted; `address` is where its file is fetched from.
    """

    spec: ResourceSpec
    status: ResourceStatus | None = None
    reason: str = ""
    remote: RemoteResource | None = None
    wanted: ResourceMetadata | None = None
    attempts: int = 0
    seconds: float = 0.0
    error: str | None = None
    done: bool = False
    touched: bool = False
    undescribable: bool = False
    stays: str | None = None
    address: str | None = None

    @property
    def describable(self) -> bool:
        """Whether its title and place are to be set: a failed file must not lose its title."""
        there = self.remote is not None and not self.undescribable
        return there and (self.error is None or self.touched)

    def planned(self, action: ResourceAction, before: Container[str] = ()) -> None:
        """Take note of what was decided for it; `before` are the ids there when the run began.

        A file that was sent, and then recognised as one that was there before, was not created.
        """
        there = isinstance(action, Adopt | Describe | Keep) and action.remote.id in before
        if there and self.status is ResourceStatus.CREATED:
            self.status = None
        if not isinstance(action, Create | Refuse):
            self.remote = action.remote
        if not isinstance(action, Refuse) and not (self.touched and self.wanted):
            self.wanted = action.wanted
        if isinstance(action, Fetch):
            self.address = action.source.shown
            return  # once it is fetched, it is planned again
        if isinstance(action, Refuse):
            self.error = action.reason
        status = PLANNED_STATUS[type(action)]
        if self.status in {None, ResourceStatus.UNCHANGED} or (
            status in SENT and self.status not in SENT
        ):
            self.status, self.reason = status, self.stays or action.reason


@dataclass(slots=True)
class Story:
    """One dataset's story.

    `sizes` are those that sources tell of files not fetched yet (bytes), by resource key.
    `bound` are the ids the portal gave to our entries in this run, by resource key; `created`
    the ids of resources that did not exist before it, `left` of those that stay elsewhere.
    `sent_at` is when a stored file name was last in flight (a monotonic clock, seconds),
    `unkept` how often the portal did not keep what the finishing request said, `before` the
    ids of the resources there at the beginning, `doubtful` the keys of the entries whose
    uploads may or may not have arrived, `unsent` those whose turn did not come before the run
    was asked to end, `unsettled` that the portal may still carry out something given up.
    """

    spec: DatasetSpec
    remote: RemoteDataset | None = None
    status: DatasetStatus | None = None
    reasons: list[str] = field(default_factory=list)
    error: str | None = None
    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    resources: dict[str, ResourceStory] = field(init=False)
    deleted: list[Delete] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    sent_at: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    unkept: int = 0
    before: frozenset[str] = frozenset()
    doubtful: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)
    unsettled: bool = False
    started: float = field(default_factory=time.perf_counter)
    finished: bool = False

    def __post_init__(self) -> None:
        self.resources = {entry.key: ResourceStory(entry) for entry in self.spec.resources}

    @property
    def failed(self) -> bool:
        """Whether anything of the dataset has failed so far."""
        return self.error is not None or any(r.error for r in self.resources.values())

    def ids(self) -> dict[str, str]:
        """Which resource each entry is, by resource key, for those to be described."""
        return {
            key: resource.remote.id
            for key, resource in self.resources.items()
            if resource.remote is not None and resource.describable
        }

    def wanted(self) -> dict[str, ResourceMetadata]:
        """What shall be said of each entry, by resource key, for those to be described."""
        return {
            key: resource.wanted
            for key, resource in self.resources.items()
            if resource.wanted is not None and resource.describable
        }

    def refreshed(self, fresh: RemoteDataset, rules: Rules) -> None:
        """Take note of the dataset as it is now, others' work since the beginning included.

        What shall be said of a resource is decided anew, but for those whose file was written:
        the titles they had are no longer to be seen.
        """
        self.remote = fresh
        there = {remote.id: remote for remote in fresh.resources}
        for resource in self.resources.values():
            remote = there.get(resource.remote.id) if resource.remote else None
            if remote is not None:
                resource.remote = remote
                if not resource.touched and resource.wanted is not None:
                    resource.wanted = wanted_resource(resource.spec, remote, rules)

    def updated(self, names: tuple[str, ...]) -> None:
        """Take note that the dataset's fields `names` are written."""
        if self.status is not DatasetStatus.CREATED:
            self.status = DatasetStatus.UPDATED
        self.reasons.append("differs in: " + ", ".join(names))

    def fetched(self, key: str, name: str, known: Fingerprint) -> None:
        """Take note of what was fetched for the entry `key`, and of the name the source told."""
        self.fingerprints[key] = known
        source = self.resources[key].spec.source
        if isinstance(source, UrlSource):
            self._made_of(key, replace(source, told_name=name))

    def leave(self, key: str, reason: str, rules: Rules) -> None:
        """The resource that was to be hosted stays where it is."""
        resource = self.resources[key]
        self._made_of(key, ExistingSource())
        resource.status, resource.reason, resource.stays = ResourceStatus.UNCHANGED, reason, reason
        if resource.remote is not None:
            resource.wanted = wanted_resource(resource.spec, resource.remote, rules)
            self.left.add(resource.remote.id)

    def _made_of(self, key: str, source: Source) -> None:
        self.resources[key].spec = replace(self.resources[key].spec, source=source)
        entries = tuple(self.resources[entry.key].spec for entry in self.spec.resources)
        self.spec = replace(self.spec, resources=entries)

    def given_up(self) -> frozenset[str]:
        """The ids of resources that were to be hosted and whose file did not come."""
        failed = {
            resource.remote.id
            for resource in self.resources.values()
            if resource.error and resource.remote and is_sent(resource.spec.source)
        }
        return frozenset(failed | self.left)

    def stored(self, key: str, remote: RemoteResource) -> None:
        """Take note that the portal has stored a file for the entry `key`."""
        assert self.remote is not None  # noqa: S101 - nothing is stored before its dataset is
        resource = self.resources[key]
        resource.remote, resource.touched = remote, True
        self.bound[key] = remote.id
        others = tuple(r for r in self.remote.resources if r.id != remote.id)
        if len(others) == len(self.remote.resources):
            self.created.add(remote.id)
            now = (remote, *others)  # as the portal does
        else:
            now = tuple(remote if r.id == remote.id else r for r in self.remote.resources)
        self.remote = replace(self.remote, resources=now)
