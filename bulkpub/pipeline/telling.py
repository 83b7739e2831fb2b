"""A story as people and programs are told it: what became of a dataset and of each of its files.

It only reads, and may do so at any moment: what was done is told as done, what was not as failed or
pending.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bulkpub.core.actions import (
    Delete,
)
from bulkpub.core.fitting import closed_notes
from bulkpub.core.model import (
    ExistingSource,
    LinkSource,
    Source,
    State,
)
from bulkpub.core.outcome import (
    SENT_ALREADY,
    DatasetOutcome,
    DatasetStatus,
    ResourceOutcome,
    ResourceStatus,
    status_count,
)
from bulkpub.core.rules import Rules
from bulkpub.core.states import released
from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.language import joined, say
from bulkpub.pipeline.story import Phase, ResourceStory, Story

__all__ = ["outcome_of"]

NOT_BEGUN = say("not begun: the run ended before its turn came")
NOT_FINISHED = say("the run ended before it was finished")
STAYS_DRAFT = say("it stays a draft that only its owners see, as not all of its files are in")


def outcome_of(story: Story) -> DatasetOutcome:
    """The story as an outcome: complete, or as far as it got."""
    resources = tuple(_resource_outcome(story, each) for each in story.ours())
    resources += tuple(_deletion(deletion, story.rules) for deletion in story.deletions)
    status = _outcome_status(story, resources)
    title = story.spec.metadata.title
    return DatasetOutcome(
        key=story.key,
        status=status,
        reason=_reason(story, status, resources),
        id=story.remote.id if story.remote else story.spec.id,
        title=title or (story.remote.metadata.title if story.remote else None),
        page=(story.remote.page or None) if story.remote else None,
        duration_s=round(time.perf_counter() - story.started, 3),
        error=story.error,
        resources=resources,
        notes=tuple(bounded(note, LONGEST_SENTENCE) for note in _notes(story)),
        changes=story.changes,
        not_pruned=_not_pruned(story),
    )


def _not_pruned(story: Story) -> tuple[ResourceOutcome, ...]:
    """What would be deleted, had nothing of the dataset failed or been refused."""
    if not story.has_failed:
        return ()
    plan, gone = story.round.plan, {each.remote.id for each in story.deletions}
    stays = [each for each in (*plan.deletions, *plan.held) if each.remote.id not in gone]
    return tuple(replace(_deletion(e, story.rules), status=ResourceStatus.UNCHANGED) for e in stays)


def _notes(story: Story) -> tuple[str, ...]:
    if story.phase is Phase.BEGUN:  # nothing was compared: nothing is left out
        return story.job.notes
    whole = replace(story.spec, left_out=frozenset()) if story.spec.left_out else story.spec
    waits = story.remote is not None and released(whole, story.remote) is not None
    told = story.has_failed or not story.finished or bool(story.spec.left_out)
    draft = [STAYS_DRAFT] if waits and told else []
    closed = closed_notes(story.spec, story.remote, story.rules)
    return (*story.job.notes, *closed, *draft, *_taken_twice(story))


def _taken_twice(story: Story) -> Iterator[str]:
    """What other machines published at the same time under a name of ours."""
    resources = story.remote.resources if story.remote else ()
    stored = [each.file_name for each in resources if each.hosted]
    for series in dict.fromkeys(each.series for each in story.spec.resources if each.series):
        for name, count in series.taken_twice(stored, story.rules.file_name).items():
            yield say(
                "{count} files are called '{name}': two machines appended at one time. All of "
                "them are kept; one that is deleted on the portal is published again, under the "
                "next number",
                count=count,
                name=name,
            )


_AS_WANTED = say("everything is as wanted")
_ABSENT = say("it is not there, as wanted")


def _outcome_status(story: Story, resources: tuple[ResourceOutcome, ...]) -> DatasetStatus:
    statuses = {resource.status for resource in resources}
    if story.error is not None or ResourceStatus.FAILED in statuses:
        return DatasetStatus.FAILED
    if not story.finished:
        return DatasetStatus.PENDING
    if story.did in {DatasetStatus.CREATED, DatasetStatus.UPDATED, DatasetStatus.DELETED}:
        return story.did
    changed = statuses - {ResourceStatus.UNCHANGED}
    return DatasetStatus.UPDATED if changed or story.did else DatasetStatus.UNCHANGED


def _reason(story: Story, status: DatasetStatus, resources: tuple[ResourceOutcome, ...]) -> str:
    match status:
        case DatasetStatus.FAILED if story.error is None:
            return say("some of its resources failed")
        case DatasetStatus.FAILED:
            return say("the dataset failed")
        case DatasetStatus.PENDING:
            if story.phase is Phase.BEGUN:
                return NOT_BEGUN
            return (
                say("created, but {not_finished}", not_finished=NOT_FINISHED)
                if story.is_new
                else NOT_FINISHED
            )
        case DatasetStatus.UNCHANGED:
            absent = story.spec.state is State.ABSENT
            return _ABSENT if absent else _AS_WANTED
        case _:
            counts = Counter(resource.status.value for resource in resources)
            counts.pop(ResourceStatus.UNCHANGED, None)
            changed = [status_count(what, count) for what, count in counts.items()]
            files = say("resources: {counts}", counts=joined(", ", changed)) if changed else ""
            reasons = filter(None, [*story.reasons, files])
            return joined(say("; "), reasons) or say("order of its resources")


def _resource_outcome(story: Story, resource: ResourceStory) -> ResourceOutcome:
    known = story.fingerprints.get(resource.spec.key)
    status, reason, error = resource.status, resource.reason, resource.error
    if error is None and story.error is not None and not resource.done:
        sent = (
            say("{sent_already}, but not described", sent_already=SENT_ALREADY)
            if resource.arrived
            else say("not published")
        )
        error = say("{sent}, as its dataset failed: {error}", sent=sent, error=story.error)
    if error is not None:
        status, reason = ResourceStatus.FAILED, "failed"
    elif not resource.done:
        status = ResourceStatus.PENDING
        reason = NOT_BEGUN if story.phase is Phase.BEGUN else NOT_FINISHED
        if resource.arrived:
            reason = say("{sent}, but {why}", sent=SENT_ALREADY, why=NOT_FINISHED)
    remote, source = resource.remote, resource.spec.source
    title = resource.wanted.title if resource.wanted else resource.spec.metadata.title
    # Of what is on the portal already there is nothing to tell where it comes from.
    shown = None if isinstance(source, ExistingSource) else source.shown
    return ResourceOutcome(
        key=resource.spec.key,
        status=status or ResourceStatus.PENDING,
        reason=bounded(reason, LONGEST_SENTENCE),
        id=remote.id if remote else resource.spec.id,
        title=title,
        source=resource.address or shown,
        sha1=known.digest if known and story.rules.digest == "sha1" else None,
        sha256=known.digest if known and story.rules.digest == "sha256" else None,
        size=known.size if known else _announced_size(source, story.sizes, resource.spec.key),
        url=(remote.url or None) if remote else None,
        permalink=(remote.permalink or None) if remote else None,
        attempts=resource.attempts,
        sent_at=resource.sent_at,
        duration_s=round(resource.seconds, 3),
        error=error,
        warnings=() if error else resource.warnings,
        removed=resource.removed,
        changes=resource.changes,
    )


def _announced_size(source: Source, sizes: Mapping[str, int | None], key: str) -> int | None:
    return source.size if isinstance(source, LinkSource) else sizes.get(key)


def _deletion(deletion: Delete, rules: Rules) -> ResourceOutcome:
    remote = deletion.remote
    return ResourceOutcome(
        key=remote.key,
        status=ResourceStatus.DELETED,
        reason=bounded(deletion.reason, LONGEST_SENTENCE),
        id=remote.id,
        title=remote.metadata.title,
        sha1=remote.digest if rules.digest == "sha1" else None,
        sha256=remote.digest if rules.digest == "sha256" else None,
        size=remote.size,
        url=remote.url or None,
        permalink=remote.permalink or None,
    )
