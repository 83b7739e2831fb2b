"""Is everything there? The same observing and planning as for a run, and not one write.

What a run would change is what is not as wanted; what it would leave alone is, on request,
also downloaded through its permalink and hashed.
"""

from collections.abc import Iterator
from functools import partial

from bulkpub.core.actions import (
    CreateDataset,
    DeleteDataset,
    Keep,
    LeaveOut,
    Plan,
    Refuse,
    UpdateDataset,
)
from bulkpub.core.match import hashes_needed
from bulkpub.core.model import RemoteDataset, State
from bulkpub.core.plan import plan
from bulkpub.errors import DatasetFailed, ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.language import joined, say
from bulkpub.pipeline.fetching import compare_fetches
from bulkpub.pipeline.files import hash_files, look_at_files
from bulkpub.pipeline.job import Verify
from bulkpub.pipeline.links import look_behind_links, verify_storing
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.planning import make_plan
from bulkpub.pipeline.story import Story

__all__ = ["verify"]


async def verify(story: Story, found: RemoteDataset | None, means: Means) -> None:
    """Write down in `story` what of the dataset is not as the manifest and its files want it.

    Raises `DatasetFailed` when it is not there.
    """
    if story.spec.state is State.ABSENT:
        await _see_absence(story, found, means)
        return
    if found is None:
        raise DatasetFailed(say("the dataset is not on the portal"))
    story.observed(found)
    await look_at_files(story, means.files_seen)
    await look_behind_links(story, means)
    deciding = hashes_needed(story.spec.resources, story.fingerprints, found.resources)
    await hash_files(story, deciding | (story.fingerprints.keys() - story.spec.left_out), means)
    todo = await _plan(story, found, means)
    assert not isinstance(todo.dataset, CreateDataset)  # noqa: S101 - it was found
    for action in todo.resources:
        if not isinstance(action, Keep | Refuse | LeaveOut):
            story.file_failed(action.spec.key, say("not as wanted: {reason}", reason=action.reason))
    faults = list(_faults(todo, failed=story.has_failed))
    await verify_storing(story, means)
    if story.job.options.verify is Verify.FULL:
        await _download(story, means)
    else:
        _see_what_was_compared(story)
    story.differs(faults)


def _faults(todo: Plan, *, failed: bool) -> Iterator[str]:
    """What a run would do to the dataset itself; `failed`: what of its resources is known."""
    refusals = [action.reason for action in todo.resources if isinstance(action, Refuse)]
    if todo.refused and not any(reason in todo.refused for reason in refusals):
        yield todo.refused
    if isinstance(todo.dataset, UpdateDataset):
        yield say("differs in: {fields}", fields=joined(", ", todo.dataset.differing))
    if todo.releases:
        yield say("it is a draft until all its files are in")
    if todo.finish and not failed:
        yield say("its resources are in another order")
    if todo.deletions:
        yield say("{count} of its resources are to be pruned", count=len(todo.deletions))


async def _see_absence(story: Story, found: RemoteDataset | None, means: Means) -> None:
    story.observed(found)
    made = await make_plan(story, means)
    there = isinstance(made.dataset, DeleteDataset)
    story.differs([say("it is there, and is to be absent")] if there else [])


async def _plan(story: Story, found: RemoteDataset, means: Means) -> Plan:
    def make() -> Plan:
        made = plan(
            story.spec,
            story.fingerprints,
            found,
            story.rules,
            owner=story.job.owner,
            allow_mass_delete=True,
        )
        story.planned(made)
        return made

    made = make()
    if made.fetches:
        await compare_fetches(story, made.fetches, means)
        made = make()
    return made


def _see_what_was_compared(story: Story) -> None:
    """Count the files of which the portal tells a checksum, which planning compared with ours."""
    for key, resource in story.resources.items():
        known, remote = story.fingerprints.get(key), resource.remote
        told = remote is not None and remote.stored and remote.digest is not None
        if told and known is not None and known.digest and key not in story.spec.left_out:
            story.compared(key)


async def _download(story: Story, means: Means) -> None:
    """Read every file as everybody does, through its permalink, and compare the bytes."""

    async def compare(key: str) -> None:
        resource, known = story.resources[key], story.fingerprints[key]
        assert resource.remote is not None  # noqa: S101 - only what is there is downloaded
        try:
            found = means.portal.download(story.there, resource.remote)
            digest, size = await means.sources.published(found.url, known.size, found.headers)
        except ResourceFailed as error:
            story.file_failed(key, say("its permalink cannot be read: {error}", error=error))
            return
        story.compared(key)
        if digest != known.digest:
            story.file_failed(
                key,
                say(
                    "its permalink serves other bytes: {size} bytes with the {digest_name} "
                    "{digest}, {known_size} with {known_digest} are wanted",
                    size=size,
                    digest_name=means.rules.digest_name,
                    digest=digest,
                    known_size=known.size,
                    known_digest=known.digest,
                ),
            )

    there = [
        key
        for key, resource in story.resources.items()
        if key in story.fingerprints and resource.error is None and key not in story.spec.left_out
    ]
    await side_by_side([partial(compare, key) for key in there], means.downloading)
