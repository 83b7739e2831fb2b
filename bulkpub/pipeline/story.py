"""One dataset's story so far: what is known, what was done; can be told at any moment.

The worker writes it down as it goes, so that whenever it is stopped (a failure, Ctrl-C) what
was done is still told, and what was not is told as failed or pending.
"""

import time
from collections import Counter
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
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus

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

    def refreshed(self, fresh: RemoteDataset) -> None:
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
                    resource.wanted = wanted_resource(resource.spec, remote)

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

    def leave(self, key: str, reason: str) -> None:
        """The resource that was to be hosted stays where it is."""
        resource = self.resources[key]
        self._made_of(key, ExistingSource())
        resource.status, resource.reason, resource.stays = ResourceStatus.UNCHANGED, reason, reason
        if resource.remote is not None:
            resource.wanted = wanted_resource(resource.spec, resource.remote)
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

    # --- telling ---------------------------------------------------------------------------

    def outcome(self) -> DatasetOutcome:
        """The story as an outcome: complete, or as far as it got."""
        resources = tuple(self._resource_outcome(story) for story in self.resources.values())
        resources += tuple(self._deletion(deletion) for deletion in self.deleted)
        status = self._status(resources)
        title = self.spec.metadata.title
        return DatasetOutcome(
            key=self.spec.key,
            status=status,
            reason=self._reason(status, resources),
            id=self.remote.id if self.remote else self.spec.id,
            title=title or (self.remote.metadata.title if self.remote else None),
            page=(self.remote.page or None) if self.remote else None,
            duration_s=round(time.perf_counter() - self.started, 3),
            error=self.error,
            resources=resources,
        )

    def _status(self, resources: tuple[ResourceOutcome, ...]) -> DatasetStatus:
        statuses = {resource.status for resource in resources}
        if self.error is not None or ResourceStatus.FAILED in statuses:
            return DatasetStatus.FAILED
        if not self.finished:
            return DatasetStatus.PENDING
        if self.status in {DatasetStatus.CREATED, DatasetStatus.UPDATED}:
            return self.status
        changed = statuses - {ResourceStatus.UNCHANGED}
        return DatasetStatus.UPDATED if changed or self.status else DatasetStatus.UNCHANGED

    def _reason(self, status: DatasetStatus, resources: tuple[ResourceOutcome, ...]) -> str:
        match status:
            case DatasetStatus.FAILED if self.error is None:
                return "some of its resources failed"
            case DatasetStatus.FAILED:
                return "the dataset failed"
            case DatasetStatus.PENDING:
                return "the run ended before it was finished"
            case DatasetStatus.UNCHANGED:
                return "everything is as wanted"
            case _:
                counts = Counter(resource.status.value for resource in resources)
                counts.pop(ResourceStatus.UNCHANGED, None)
                changed = [f"{count} {what}" for what, count in counts.items()]
                files = "resources: " + ", ".join(changed) if changed else ""
                return "; ".join(filter(None, [*self.reasons, files])) or "order of its resources"

    def _resource_outcome(self, story: ResourceStory) -> ResourceOutcome:
        known = self.fingerprints.get(story.spec.key)
        status, reason, error = story.status, story.reason, story.error
        if error is None and self.error is not None and not story.done:
            error = f"not published, as its dataset failed: {self.error}"
        if error is not None:
            status, reason = ResourceStatus.FAILED, "failed"
        elif not story.done:
            status, reason = ResourceStatus.PENDING, "the run ended before it was finished"
        remote = story.remote
        title = story.wanted.title if story.wanted else story.spec.metadata.title
        return ResourceOutcome(
            key=story.spec.key,
            status=status or ResourceStatus.PENDING,
            reason=reason,
            id=remote.id if remote else story.spec.id,
            title=title,
            source=story.address or _told(story.spec.source),
            sha1=known.sha1 if known else None,
            size=known.size if known else self.sizes.get(story.spec.key),
            url=(remote.url or None) if remote else None,
            permalink=(remote.permalink or None) if remote else None,
            attempts=story.attempts,
            duration_s=round(story.seconds, 3),
            error=error,
        )

    @staticmethod
    def _deletion(deletion: Delete) -> ResourceOutcome:
        remote = deletion.remote
        return ResourceOutcome(
            key=remote.key,
            status=ResourceStatus.DELETED,
            reason=deletion.reason,
            id=remote.id,
            title=remote.metadata.title,
            sha1=remote.sha1,
            size=remote.size,
            url=remote.url or None,
            permalink=remote.permalink or None,
        )


def _told(source: Source) -> str | None:
    """What is told of where a resource comes from; of what is on the portal, nothing."""
    return None if isinstance(source, ExistingSource) else source.shown
