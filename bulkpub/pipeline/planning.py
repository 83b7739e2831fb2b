"""Planning one dataset: hash what decides, ask the core, note down what was decided."""

from bulkpub.core.actions import CreateDataset, KeepDataset, Plan, UpdateDataset
from bulkpub.core.diff import changed_fields
from bulkpub.core.match import hashes_needed
from bulkpub.core.model import FileSource
from bulkpub.core.outcome import DatasetStatus, ResourceStatus
from bulkpub.core.plan import plan
from bulkpub.errors import ResourceFailed
from bulkpub.observers.events import PlanReady
from bulkpub.pipeline.checking import check
from bulkpub.pipeline.fetching import look_at_fetches
from bulkpub.pipeline.fingerprints import hash_files
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.story import Story

__all__ = ["make_plan", "tell_plan"]


async def make_plan(story: Story, services: Services) -> Plan:
    """Decide what the dataset needs, from all that is known now, and note it in `story`."""
    await _hash_what_decides(story, services)
    todo = plan(
        story.spec,
        story.fingerprints,
        story.remote,
        services.portal.rules,
        bound=story.bound,
        allow_mass_delete=services.options.allow_mass_delete,
    )
    for action in todo.resources:
        resource = story.resources[action.spec.key]
        if resource.error is None:
            resource.planned(action, story.before)
    sizes = [
        story.fingerprints[a.spec.key].size for a in todo.sends if a.spec.key in story.fingerprints
    ]
    services.emit(PlanReady(story.spec.key, len(sizes), sum(sizes)))
    return todo


async def _hash_what_decides(story: Story, services: Services) -> None:
    if story.remote is not None:
        remote = story.remote.resources
        needed = hashes_needed(story.spec.resources, story.fingerprints, remote, story.bound)
        await hash_files(story, needed, services)


async def _check_files(story: Story, todo: Plan) -> None:
    """Look through the files that a run would send, as it would."""
    for send in todo.sends:
        if isinstance(send.spec.source, FileSource):
            try:
                await check(send.spec.source, send.spec)
            except ResourceFailed as error:
                story.resources[send.spec.key].error = str(error)


async def tell_plan(story: Story, todo: Plan, services: Services) -> None:
    """Tell what a run would do, after looking at what only it would look at."""
    if todo.fetches:
        await look_at_fetches(story, todo.fetches, services)
        todo = await make_plan(story, services)
    await _check_files(story, todo)
    _as_planned(story, todo)


def _as_planned(story: Story, todo: Plan) -> None:
    """Tell a dry run's story: what would be done counts as done."""
    match todo.dataset:
        case CreateDataset():
            story.status, story.reasons = DatasetStatus.CREATED, ["not on the portal yet"]
        case UpdateDataset(changes=changes):
            story.updated(changed_fields(changes))
        case KeepDataset():
            if todo.finish:
                story.status = DatasetStatus.UPDATED
    for fetch in todo.fetches:
        resource = story.resources[fetch.spec.key]
        if resource.status is None:
            there = fetch.remote is not None
            resource.status = ResourceStatus.REPLACED if there else ResourceStatus.CREATED
            # Whether the content differs only fetching it can tell.
            resource.reason = f"{fetch.reason}: to be fetched"
    for resource in story.resources.values():
        resource.done = True
    story.deleted = list(todo.deletions)
    story.finished = True
