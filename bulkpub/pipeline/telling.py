"""A dataset's story told as an outcome, at any moment: complete, or as far as it got."""

import time
from collections import Counter

from bulkpub.core.actions import Delete
from bulkpub.core.model import ExistingSource, Source
from bulkpub.core.outcome import DatasetOutcome, DatasetStatus, ResourceOutcome, ResourceStatus
from bulkpub.pipeline.story import ResourceStory, Story

__all__ = ["outcome_of"]


def outcome_of(story: Story) -> DatasetOutcome:
    """The story as an outcome: complete, or as far as it got."""
    resources = tuple(_resource_outcome(story, each) for each in story.resources.values())
    resources += tuple(_deletion(deletion) for deletion in story.deleted)
    status = _status(story, resources)
    title = story.spec.metadata.title
    return DatasetOutcome(
        key=story.spec.key,
        status=status,
        reason=_reason(story, status, resources),
        id=story.remote.id if story.remote else story.spec.id,
        title=title or (story.remote.metadata.title if story.remote else None),
        page=(story.remote.page or None) if story.remote else None,
        duration_s=round(time.perf_counter() - story.started, 3),
        error=story.error,
        resources=resources,
    )


def _status(story: Story, resources: tuple[ResourceOutcome, ...]) -> DatasetStatus:
    statuses = {resource.status for resource in resources}
    if story.error is not None or ResourceStatus.FAILED in statuses:
        return DatasetStatus.FAILED
    if not story.finished:
        return DatasetStatus.PENDING
    if story.status in {DatasetStatus.CREATED, DatasetStatus.UPDATED}:
        return story.status
    changed = statuses - {ResourceStatus.UNCHANGED}
    return DatasetStatus.UPDATED if changed or story.status else DatasetStatus.UNCHANGED


def _reason(story: Story, status: DatasetStatus, resources: tuple[ResourceOutcome, ...]) -> str:
    match status:
        case DatasetStatus.FAILED if story.error is None:
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
            return "; ".join(filter(None, [*story.reasons, files])) or "order of its resources"


def _resource_outcome(story: Story, resource: ResourceStory) -> ResourceOutcome:
    known = story.fingerprints.get(resource.spec.key)
    status, reason, error = resource.status, resource.reason, resource.error
    if error is None and story.error is not None and not resource.done:
        error = f"not published, as its dataset failed: {story.error}"
    if error is not None:
        status, reason = ResourceStatus.FAILED, "failed"
    elif not resource.done:
        status, reason = ResourceStatus.PENDING, "the run ended before it was finished"
    remote = resource.remote
    title = resource.wanted.title if resource.wanted else resource.spec.metadata.title
    return ResourceOutcome(
        key=resource.spec.key,
        status=status or ResourceStatus.PENDING,
        reason=reason,
        id=remote.id if remote else resource.spec.id,
        title=title,
        source=resource.address or _told(resource.spec.source),
        sha1=known.sha1 if known else None,
        size=known.size if known else story.sizes.get(resource.spec.key),
        url=(remote.url or None) if remote else None,
        permalink=(remote.permalink or None) if remote else None,
        attempts=resource.attempts,
        duration_s=round(resource.seconds, 3),
        error=error,
    )


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
