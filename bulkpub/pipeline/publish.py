"""One job from beginning to end: plan, carry out, finish, check; what came of it as a value.

There is one way of recovering and it is the ordinary one: whenever an answer was lost, or
is not what was expected, the dataset is observed afresh and planned again, and what is
already there is no longer in the plan.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog
from structlog.contextvars import bind_contextvars

from bulkpub.core.actions import (
    CreateDataset,
    DeleteDataset,
    KeepAbsent,
    KeepDataset,
    ListItem,
    Plan,
    Replace,
    UpdateDataset,
)
from bulkpub.core.finish import finishing, in_requests, moving, safeguarding, unfinished
from bulkpub.core.match import Conflict
from bulkpub.core.model import RemoteDataset, RemoteResource
from bulkpub.core.plan import plan_dataset
from bulkpub.core.states import released
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    DescriptionsRefused,
    Outdated,
    PlanAgain,
    ResourceFailed,
    Stop,
)
from bulkpub.language import say
from bulkpub.observers.events import DatasetStarted, Event
from bulkpub.pipeline.as_planned import see_that_it_is_as_planned
from bulkpub.pipeline.contacts import make_contacts
from bulkpub.pipeline.creating import Creation, tell_what_was_not_taken_over
from bulkpub.pipeline.files import look_at_files
from bulkpub.pipeline.job import Job, Result, Verify
from bulkpub.pipeline.links import look_behind_links, store_behind_links
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.observe_again import observe_again, observe_at_last, without_copies
from bulkpub.pipeline.planning import foresee, make_plan
from bulkpub.pipeline.removing import remove_files
from bulkpub.pipeline.sending import send_all
from bulkpub.pipeline.story import NOT_CREATED, ResourceStory, Story
from bulkpub.pipeline.telling import outcome_of
from bulkpub.pipeline.verify import verify

__all__ = ["publish_one"]

log = structlog.get_logger("bulkpub.pipeline")

ROUNDS = 6
"""Plans made for one dataset before it is given up; each file has its own, smaller limit."""


async def publish_one(job: Job, means: Means) -> Result:
    """Make the dataset what `job` wants, or only plan or compare it; never raises for what fails.

    Ended early by `means.stopping`, it gives back what was done until then.
    """
    events: list[Event] = []
    if means.emit is None:
        means = replace(means, emit=events.append)
    if job.spec.community:
        means = replace(means, portal=means.portal.community(job.owner))
    story, stop = Story(job, means.rules), None
    try:
        with means.stopping.cancellable():
            await _deal_with(story, means)
    except Stop as reason:
        stop = reason
    except BulkpubError as error:
        story.failed(str(error))
    except Exception as error:  # a defect of ours must not take the other datasets along
        log.exception("unexpected error", dataset=job.spec.key)
        story.failed(
            say(
                "unexpected {name}: {error} (a defect of bulkpub's)",
                name=type(error).__name__,
                error=error,
            )
        )
    return Result(outcome_of(story), story.figures, tuple(events), stop)


async def _deal_with(story: Story, means: Means) -> None:
    """The whole story; raises `DatasetFailed` when the dataset as a whole cannot be published.

    And what stops the whole run; failures of single files are in the story.
    """
    spec, found = story.spec, story.job.found
    bind_contextvars(dataset=spec.key)
    means.notify(DatasetStarted(spec.key, spec.metadata.title or spec.key))
    if isinstance(found, Conflict):
        raise DatasetFailed(found.message)
    if story.job.options.verify is not Verify.NO:
        await verify(story, found, means)
        return
    story.observed(found)
    await look_at_files(story, means.files_seen)
    await look_behind_links(story, means)
    story.took_up(means.memory.bound(spec.key))
    if story.job.saved is not None and not story.job.options.dry_run:
        await see_that_it_is_as_planned(story, means)
    for _ in range(ROUNDS):
        plan = await make_plan(story, means)
        if plan.refused:
            raise DatasetFailed(plan.refused)
        if story.job.options.dry_run:
            await foresee(story, means)
            return
        try:
            await _carry_out(story, plan, means)
        except PlanAgain as doubt:
            last = str(doubt)
            story.in_doubt(doubt)
            story.observed(await observe_again(story, doubt, means))
            continue
        if not story.unsettled or means.stopping.requested:
            if not story.unsettled:
                await remove_files(story, means.agreed)
            story.ended()
            return
        last = say("what was written did not last")
        story.settled()
        story.observed(await observe_at_last(story, means))
    raise DatasetFailed(
        say(
            "given up after planning it {rounds} times; the last time: {last}",
            rounds=ROUNDS,
            last=last,
        )
    )


# --- carrying out -------------------------------------------------------------------------


async def _carry_out(story: Story, plan: Plan, means: Means) -> None:
    """Do what was planned; raises `PlanAgain` when the portal has to be looked at first."""
    if isinstance(plan.dataset, DeleteDataset | KeepAbsent):
        await _delete(story, plan.dataset, means)
        return
    await _write_dataset(story, plan, means)
    await _keep_titles_safe(story, plan, means)
    await store_behind_links(story, means)
    await send_all(story, (*plan.sends, *plan.fetches), means)
    if not story.is_there:
        if not story.round.unsent:
            raise DatasetFailed(NOT_CREATED)
        story.round_done()
        return
    await _finish(story, means)
    if not story.has_failed and not story.round.unsent:
        for deletion in plan.deletions:
            await means.portal.delete_resource(story.dataset_id, deletion.remote.id)
            story.deleted(deletion)
        await _release(story, means)
        if not story.spec.left_out:  # what is known of those is still to be told
            means.memory.finish(story.key)
    story.round_done()


async def _write_dataset(story: Story, plan: Plan, means: Means) -> None:
    match plan.dataset:
        case KeepDataset():
            return
        case CreateDataset():
            if not story.spec.resources:  # else the first of them that can be published has it made
                await Creation(story, means).done()
        case UpdateDataset():
            fresh = await _refresh(story, means)
            await make_contacts(story, means)
            action = plan_dataset(story.spec, story.job.owner, fresh, story.rules)
            if isinstance(action, Conflict):
                raise DatasetFailed(action.message)
            if isinstance(action, UpdateDataset):
                to = action.move.to.organization if action.move else None
                story.updating(action.differing)
                written = await means.portal.update_dataset(
                    fresh, action.changes, means.now(), to, restore=action.restores
                )
                story.updated(written, action.differing)
            tell_what_was_not_taken_over(story)


async def _delete(story: Story, action: DeleteDataset | KeepAbsent, means: Means) -> None:
    if isinstance(action, DeleteDataset):
        await means.portal.delete_dataset(action.remote.id)
        story.dataset_deleted(action.remote)
    story.round_done()


async def _release(story: Story, means: Means) -> None:
    """Make a draft public, in one request, once all is in."""
    if released(story.spec, story.there) is None:
        return
    fresh = await _refresh(story, means)
    if changes := released(story.spec, fresh):
        story.released(await means.portal.update_dataset(fresh, changes, means.now()))
        if released(story.spec, story.there):
            story.failed(say("the portal did not make the dataset public"))


async def _refresh(story: Story, means: Means) -> RemoteDataset:
    """See what others did meanwhile: what we write next would otherwise undo it."""
    fresh = await means.portal.dataset(story.dataset_id)
    if fresh is None:
        raise DatasetFailed(say("the dataset vanished from the portal while it was published"))
    fresh = await without_copies(story, fresh, means)
    story.refreshed(fresh)
    return fresh


async def _keep_titles_safe(story: Story, plan: Plan, means: Means) -> None:
    """Write down, on the portal, what a replacement would lose if we were killed right after."""
    if not story.is_there:
        return
    replaced = {a.spec.key: a.spec for a in plan.sends if isinstance(a, Replace)}
    # What is still elsewhere is going to be sent, unless it cannot be fetched.
    replaced |= {a.spec.key: a.spec for a in plan.fetches if a.remote and not a.remote.stored}
    endangered = [
        (spec, remote)
        for key, spec in replaced.items()
        if (remote := story.resources[key].remote) and story.resources[key].error is None
    ]
    if safeguarding(endangered, story.there.resources, story.rules) is None:
        return
    fresh = await _refresh(story, means)
    there = {remote.id: remote for remote in fresh.resources}
    endangered = [(spec, there[old.id]) for spec, old in endangered if old.id in there]
    items = safeguarding(endangered, fresh.resources, story.rules)
    if items is not None:
        story.listed(await _set_resources(story, items, means))


async def _set_resources(
    story: Story, items: Sequence[ListItem], means: Means
) -> tuple[RemoteResource, ...]:
    """Write the list, in as many requests as the portal's rules make of it; the last answer."""
    answer: tuple[RemoteResource, ...] = ()
    for request in in_requests(items, story.rules):
        answer = await means.portal.set_resources(story.dataset_id, request)
    return answer


async def _finish(story: Story, means: Means) -> None:
    """Describe and order all resources in one request, and see that the portal did.

    Links that move come first, each alone, where the portal's rules are such.
    """
    if _items(story) is None:
        return
    if not story.is_new:
        await _refresh(story, means)
    if story.rules.moves_links_alone:
        await _move_links(story, means)
    items = _items(story)
    if items is None:
        return
    try:
        answer = await _set_resources(story, items, means)
    except DescriptionsRefused as refused:
        _describe_less(story, refused)
        await _finish(story, means)
        return
    story.described(answer)
    lacking = unfinished(story.spec, story.wanted(), story.ids(), answer, story.rules)
    if lacking and not story.not_kept(lacking):
        raise Outdated("; ".join(lacking.values()))
    story.put_in_order()


async def _move_links(story: Story, means: Means) -> None:
    """Write new addresses of links; what is refused of one is said less of, and then not at all."""
    for resource in story.resources.values():
        while moved := _moved(story, resource):
            try:
                answer = await means.portal.move_link(story.dataset_id, moved)
                story.moved(resource.spec.key, answer)
            except ResourceFailed as refused:
                _describe_less(story, DescriptionsRefused({moved.id: str(refused)}))
                continue
            if _moved(story, resource):
                raise Outdated(say("the portal did not take over its address"))


def _moved(story: Story, resource: ResourceStory) -> ListItem | None:
    remote, wanted = resource.remote, resource.wanted
    if remote is None or wanted is None or not resource.describable:
        return None
    return moving(resource.spec, wanted, remote, story.rules)


def _items(story: Story) -> tuple[ListItem, ...] | None:
    """What the finishing request has to say, from all that is known now."""
    return finishing(
        story.spec,
        story.wanted(),
        story.ids(),
        story.there.resources,
        story.rules,
        created=frozenset(story.created_ids),
        given_up=story.given_up(),
    )


def _describe_less(story: Story, refused: DescriptionsRefused) -> None:
    """Reduce what the portal refuses to title and key, so that the others are described."""
    by_id = {resource_id: key for key, resource_id in story.ids().items()}
    for resource_id, reason in refused.reasons.items():
        key = by_id.get(resource_id)
        if key is None:
            raise DatasetFailed(
                say("the portal refuses a resource that is not ours: {reason}", reason=reason)
            )
        story.refused_description(key, reason)
