"""Is everything there? The same observing and planning as for a run, and not one write.

What a run would change is what is not as wanted; what it would leave alone is, on request,
also downloaded through its permalink and hashed.
"""

from functools import partial

from bulkpub.core.actions import CreateDataset, Keep, Plan, Refuse, UpdateDataset
from bulkpub.core.diff import changed_fields
from bulkpub.core.match import Conflict
from bulkpub.core.model import RemoteDataset
from bulkpub.core.plan import plan
from bulkpub.errors import DatasetFailed, ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.observers.events import DatasetStarted
from bulkpub.pipeline.fetching import compare_fetches
from bulkpub.pipeline.fingerprints import hash_files, look_at_files
from bulkpub.pipeline.services import Services, Verify
from bulkpub.pipeline.story import Story
from bulkpub.sources.download import sha1_at

__all__ = ["verify_dataset"]


async def verify_dataset(
    story: Story, found: RemoteDataset | Conflict | None, services: Services
) -> None:
    """Write down in `story` what of the dataset is not as the manifest and its files want it.

    Raises `DatasetFailed` when it is not there, or cannot be told from another one.
    """
    spec = story.spec
    services.emit(DatasetStarted(spec.key, spec.metadata.title or spec.key))
    if isinstance(found, Conflict):
        raise DatasetFailed(found.message)
    if found is None:
        raise DatasetFailed("the dataset is not on the portal")
    story.remote = found
    look_at_files(story)
    await hash_files(story, story.fingerprints, services)
    todo = await _plan(story, found, services)
    assert not isinstance(todo.dataset, CreateDataset)  # noqa: S101 - it was found
    for action in todo.resources:
        resource = story.resources[action.spec.key]
        resource.planned(action)
        if not isinstance(action, Keep | Refuse):
            resource.error = resource.error or f"not as wanted: {action.reason}"
    faults = []
    if isinstance(todo.dataset, UpdateDataset):
        faults.append("differs in: " + ", ".join(changed_fields(todo.dataset.changes)))
    if todo.finish and not story.failed:
        faults.append("its resources are in another order")
    if todo.deletions:
        faults.append(f"{len(todo.deletions)} of its resources are to be pruned")
    if services.options.verify is Verify.FULL:
        await _download(story, services)
    for resource in story.resources.values():
        resource.done = resource.error is None
    story.error = "; ".join(faults) or None
    story.finished = True


async def _plan(story: Story, found: RemoteDataset, services: Services) -> Plan:
    rules = services.portal.rules
    todo = plan(story.spec, story.fingerprints, found, rules, allow_mass_delete=True)
    if not todo.fetches:
        return todo
    await compare_fetches(story, todo.fetches, services)
    return plan(story.spec, story.fingerprints, found, rules, allow_mass_delete=True)


async def _download(story: Story, services: Services) -> None:
    """Read every file as everybody does, through its permalink, and compare the bytes."""

    async def compare(key: str) -> None:
        resource, known = story.resources[key], story.fingerprints[key]
        assert resource.remote is not None  # noqa: S101 - only what is there is downloaded
        try:
            sha1, size = await sha1_at(resource.remote.permalink, known.size)
        except ResourceFailed as error:
            resource.error = str(error)
            return
        if sha1 != known.sha1:
            resource.error = (
                f"its permalink serves other bytes: {size} bytes with the SHA-1 {sha1}, "
                f"{known.size} with {known.sha1} are wanted"
            )

    there = [
        key
        for key, resource in story.resources.items()
        if key in story.fingerprints and resource.error is None
    ]
    await side_by_side([partial(compare, key) for key in there], services.downloading)
