"""One dataset's story, from top to bottom: plan, carry out, finish, check.

There is one way of recovering and it is the ordinary one: whenever an answer was lost, or
is not what was expected, the dataset is observed afresh and planned again, and what is
already there is no longer in the plan.
"""

from collections.abc import Mapping
from dataclasses import replace

import anyio
from structlog.contextvars import bind_contextvars

from bulkpub.core.actions import (
    CreateDataset,
    KeepDataset,
    ListItem,
    Plan,
    Replace,
    UpdateDataset,
)
from bulkpub.core.diff import changed_fields, claim, dataset_changes
from bulkpub.core.finish import finishing, safeguarding, unfinished
from bulkpub.core.match import Conflict
from bulkpub.core.model import RemoteDataset, ResourceMetadata
from bulkpub.core.outcome import DatasetStatus
from bulkpub.errors import (
    DatasetFailed,
    DescriptionsRefused,
    Outdated,
    PlanAgain,
    Uncertain,
)
from bulkpub.observers.events import DatasetStarted
from bulkpub.pipeline.fingerprints import look_at_files
from bulkpub.pipeline.looking import look_again, look_at_last, without_copies
from bulkpub.pipeline.planning import make_plan, tell_plan
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.uploads import send_all

__all__ = ["publish_dataset"]

ROUNDS = 6
"""Plans made for one dataset before it is given up; each file has its own, smaller limit."""


async def publish_dataset(
    story: Story, found: RemoteDataset | Conflict | None, services: Services
) -> None:
    """Make the portal's dataset what `story.spec` wants, and write down in `story` what happened.

    `found` is what observing told of it. Raises `DatasetFailed` when the dataset as a whole
    cannot be published, and what stops the whole run; failures of single files are in `story`.
    """
    spec = story.spec
    bind_contextvars(dataset=spec.key)
    services.emit(DatasetStarted(spec.key, spec.metadata.title or spec.key))
    if isinstance(found, Conflict):
        raise DatasetFailed(found.message)
    story.remote = found
    story.before = frozenset(r.id for r in found.resources) if found else frozenset()
    look_at_files(story)
    _remember(story, services)
    for round_ in range(ROUNDS):
        todo = await make_plan(story, services)
        if todo.refused:
            raise DatasetFailed(todo.refused)
        services.figures.planned_requests += todo.requests if round_ == 0 else 0
        if services.options.dry_run:
            await tell_plan(story, todo, services)
            return
        try:
            await _carry_out(story, todo, services)
        except PlanAgain as error:
            last = str(error)
            story.unsettled |= isinstance(error, Uncertain) and error.underway
            story.remote = await look_again(story, error, services)
            continue
        if not story.unsettled or services.stopping:
            story.finished = not story.unsent
            return
        last = "what was written did not last"
        story.unsettled = False
        story.remote = await look_at_last(story, services)
    raise DatasetFailed(f"given up after planning it {ROUNDS} times; the last time: {last}")


def _remember(story: Story, services: Services) -> None:
    """What a run that was killed knew already: which resource is whose, where still credible."""
    there = {resource.id: resource for resource in story.remote.resources} if story.remote else {}
    for key, resource_id in services.memory.intents(story.spec.key).items():
        remote = there.get(resource_id or "")
        if remote is not None and key in story.resources and remote.key in {None, key}:
            story.bound[key] = remote.id


# --- carrying out -------------------------------------------------------------------------


async def _carry_out(story: Story, todo: Plan, services: Services) -> None:
    """Do what was planned; raises `PlanAgain` when the portal has to be looked at first."""
    await _write_dataset(story, todo, services)
    await _keep_titles_safe(story, todo, services)
    await send_all(story, (*todo.sends, *todo.fetches), services)
    await _finish(story, services)
    if not story.failed and not story.unsent:
        await _delete(story, todo, services)
        services.memory.finish(story.spec.key)
    for key, resource in story.resources.items():
        resource.done = resource.error is None and key not in story.unsent


async def _write_dataset(story: Story, todo: Plan, services: Services) -> None:
    match todo.dataset:
        case KeepDataset():
            return
        case CreateDataset(metadata=metadata):
            lock = services.creating.setdefault(
                services.portal.rules.title_slug(metadata.title or ""), anyio.Lock()
            )
            async with lock:
                owner = services.owners[story.spec.key]
                story.remote = await services.portal.create_dataset(
                    metadata, owner.organization, services.now()
                )
            story.status, story.reasons = DatasetStatus.CREATED, ["not on the portal yet"]
        case UpdateDataset():
            fresh = await _refresh(story, services)
            changes = dataset_changes(story.spec, fresh, services.portal.rules)
            if changes is not None:
                written = await services.portal.update_dataset(fresh, changes, services.now())
                story.remote = replace(written, resources=fresh.resources)
                story.updated(changed_fields(changes))
    assert story.remote is not None  # noqa: S101 - created or found by now
    left = dataset_changes(story.spec, story.remote, services.portal.rules)
    if left is not None:
        story.error = "the portal did not take over: " + ", ".join(changed_fields(left))


async def _refresh(story: Story, services: Services) -> RemoteDataset:
    """See what others did meanwhile: what we write next would otherwise undo it."""
    assert story.remote is not None  # noqa: S101 - created or found by now
    fresh = await services.portal.dataset(story.remote.id)
    if fresh is None:
        raise DatasetFailed("the dataset vanished from the portal while it was published")
    fresh = await without_copies(story, fresh, services)
    story.refreshed(fresh, services.portal.rules)
    return fresh


async def _keep_titles_safe(story: Story, todo: Plan, services: Services) -> None:
    assert story.remote is not None  # noqa: S101 - created or found by now
    replaced = {a.spec.key: a.spec for a in todo.sends if isinstance(a, Replace)}
    # What is still elsewhere is going to be sent, unless it cannot be fetched.
    replaced |= {a.spec.key: a.spec for a in todo.fetches if a.remote and not a.remote.stored}
    endangered = [
        (spec, remote)
        for key, spec in replaced.items()
        if (remote := story.resources[key].remote) and story.resources[key].error is None
    ]
    rules = services.portal.rules
    if safeguarding(endangered, story.remote.resources, rules) is None:
        return
    fresh = await _refresh(story, services)
    there = {remote.id: remote for remote in fresh.resources}
    endangered = [(spec, there[old.id]) for spec, old in endangered if old.id in there]
    items = safeguarding(endangered, fresh.resources, rules)
    if items is not None:
        answer = await services.portal.set_resources(story.remote.id, items)
        story.remote = replace(story.remote, resources=answer)


async def _finish(story: Story, services: Services) -> None:
    """Describe and order all resources in one request, and see that the portal did."""
    assert story.remote is not None  # noqa: S101 - created or found by now
    if _finishing_items(story, services) is None:
        return
    if story.status is not DatasetStatus.CREATED:
        await _refresh(story, services)
    items = _finishing_items(story, services)
    if items is None:
        return
    try:
        answer = await services.portal.set_resources(story.remote.id, items)
    except DescriptionsRefused as refused:
        _describe_less(story, refused)
        await _finish(story, services)
        return
    story.remote = replace(story.remote, resources=answer)
    if story.status is None:
        story.status = DatasetStatus.UPDATED
    rules = services.portal.rules
    _check_kept(story, unfinished(story.spec, story.wanted(), story.ids(), answer, rules))
    story.created.clear()
    fresh = {resource.id: resource for resource in answer}
    for key, resource_id in story.ids().items():
        story.resources[key].remote = fresh.get(resource_id, story.resources[key].remote)


def _finishing_items(story: Story, services: Services) -> tuple[ListItem, ...] | None:
    """What the finishing request has to say, from all that is known now."""
    assert story.remote is not None  # noqa: S101 - created or found by now
    created = frozenset(story.created)
    return finishing(
        story.spec,
        story.wanted(),
        story.ids(),
        story.remote.resources,
        services.portal.rules,
        created=created,
        given_up=story.given_up(),
    )


def _check_kept(story: Story, lacking: Mapping[str, str]) -> None:
    """Believe the portal at the second time: the first may be another writer's doing."""
    if not lacking:
        return
    story.unkept += 1
    if story.unkept == 1:
        raise Outdated("; ".join(lacking.values()))
    for key, sentence in lacking.items():
        story.resources[key].error = story.resources[key].error or sentence


def _describe_less(story: Story, refused: DescriptionsRefused) -> None:
    """Reduce what the portal refuses to title and key, so that the others are described."""
    by_id = {resource_id: key for key, resource_id in story.ids().items()}
    for resource_id, reason in refused.reasons.items():
        key = by_id.get(resource_id)
        if key is None:
            raise DatasetFailed(f"the portal refuses a resource that is not ours: {reason}")
        resource = story.resources[key]
        if resource.error is None:
            resource.error = f"the portal refuses its description ({reason})"
            resource.touched = True
            title = resource.wanted.title if resource.wanted else None
            resource.wanted = ResourceMetadata(title=title, extras=claim(resource.spec) or None)
        else:
            resource.undescribable = True


async def _delete(story: Story, todo: Plan, services: Services) -> None:
    assert story.remote is not None  # noqa: S101 - created or found by now
    for deletion in todo.deletions:
        await services.portal.delete_resource(story.remote.id, deletion.remote.id)
        story.deleted.append(deletion)
