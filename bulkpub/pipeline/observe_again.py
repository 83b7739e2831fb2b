"""Observing a dataset afresh, when what is believed of a dataset may not hold any more.

When the portal may still be storing what we sent, looking once is not enough: a file that
was sent again because it could not be seen *yet* would be there twice.
"""

from collections import Counter
from dataclasses import replace

import anyio

from bulkpub.core.actions import Delete
from bulkpub.core.copies import copies
from bulkpub.core.match import Conflict
from bulkpub.core.match_datasets import face_of
from bulkpub.core.model import LinkSource, RemoteDataset, State
from bulkpub.errors import DatasetFailed, PlanAgain, Uncertain
from bulkpub.language import say
from bulkpub.pipeline.contacts import known_contacts, with_contacts
from bulkpub.pipeline.index import Datasets
from bulkpub.pipeline.job import Job
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.observe import observe
from bulkpub.pipeline.story import Story

__all__ = ["observe_afresh", "observe_again", "observe_at_last", "without_copies"]

LONGER = 5
"""The second look comes after so many times the wait before the first."""


async def observe_again(story: Story, doubt: PlanAgain, means: Means) -> RemoteDataset | None:
    """The dataset as it is now; None when it is still not there.

    Raises `DatasetFailed` when it vanished or cannot be told from another one.
    """
    await anyio.sleep(story.job.options.look_again_s)
    fresh = await _observe(story, means)
    underway = isinstance(doubt, Uncertain) and doubt.underway
    if underway and not _all_arrived(story, fresh):
        await anyio.sleep(LONGER * story.job.options.look_again_s)
        fresh = await _observe(story, means)
    return fresh if fresh is None else await without_copies(story, fresh, means)


async def observe_at_last(story: Story, means: Means) -> RemoteDataset | None:
    """The dataset once more, after all is done: a write that was given up may have come late."""
    await anyio.sleep(LONGER * story.job.options.look_again_s)
    fresh = await _observe(story, means)
    return fresh if fresh is None else await without_copies(story, fresh, means)


async def observe_afresh(job: Job, means: Means, *, silent_s: float = 0.0) -> Job:
    """The job of a dataset that somebody else began to work on, as the portal has it now.

    Nobody knows how far that one came, nor what to look for. What it had just sent, which was no
    later than `silent_s` seconds ago, may still be stored: this waits for as long as it would for
    a lost answer, which is looked for twice, and then looks. Raises `DatasetFailed` when the
    dataset vanished or cannot be told from another one.
    """
    await anyio.sleep(max((1 + LONGER) * job.options.look_again_s - max(silent_s, 0.0), 0.0))
    portal = means.portal.community(job.owner) if job.spec.community else means.portal
    spec = job.spec
    if spec.contacts:
        known = await known_contacts(portal, {spec.key: job.owner})
        spec = with_contacts(spec, known[spec.key])
    if isinstance(job.found, RemoteDataset):
        fresh = await portal.dataset(job.found.id)
        if fresh is None and spec.state is not State.ABSENT:  # else it did what was wanted
            raise DatasetFailed(say("the dataset vanished from the portal while it was published"))
        return replace(job, spec=spec, found=fresh)
    seen = Datasets[RemoteDataset](None)
    matched = await observe(
        portal, job.owner, [face_of(spec)], lambda _: spec, seen, ours=job.namesakes
    )
    found = matched.get(spec.key)
    return replace(job, spec=spec, found=seen[found] if isinstance(found, str) else found)


async def _observe(story: Story, means: Means) -> RemoteDataset | None:
    if story.remote is not None:
        fresh = await means.portal.dataset(story.remote.id)
        if fresh is None:
            raise DatasetFailed(say("the dataset vanished from the portal while it was published"))
        return fresh
    job, seen = story.job, Datasets[RemoteDataset](None)
    face, ours = face_of(story.spec), job.namesakes
    matched = await observe(means.portal, job.owner, [face], lambda _: story.spec, seen, ours=ours)
    found = matched.get(story.key)
    if isinstance(found, Conflict):
        raise DatasetFailed(found.message)
    return None if found is None else seen[found]


def _all_arrived(story: Story, fresh: RemoteDataset | None) -> bool:
    """Whether everything whose answer was lost can be seen.

    A file whose last byte never left cannot have been stored: nothing to wait for.
    """
    if fresh is None:
        return False
    sure = {id_ for key, id_ in story.bound.items() if key not in story.round.doubtful}
    left = [resource for resource in fresh.resources if resource.id not in sure]
    # Counted, as another file may have the same content.
    files = Counter((resource.digest, resource.size) for resource in left if resource.stored)
    links = Counter(resource.url for resource in left if not resource.hosted)
    for key in story.round.doubtful:
        source, known = story.resources[key].spec.source, story.fingerprints.get(key)
        if isinstance(source, LinkSource):
            links[source.url] -= 1
        elif known and known.digest:
            files[known.digest, known.size] -= 1
    return min([*files.values(), *links.values()], default=0) >= 0


async def without_copies(story: Story, fresh: RemoteDataset, means: Means) -> RemoteDataset:
    """Delete what the portal stored twice of one upload of ours."""
    matched = {key: each.remote.id for key, each in story.resources.items() if each.remote}
    surplus = copies(
        story.spec,
        story.fingerprints,
        fresh.resources,
        story.rules,
        before=story.before,
        sent={key for key, resource in story.resources.items() if resource.attempts},
        bound=matched | story.bound,
    )
    for copy in surplus:
        await means.portal.delete_resource(fresh.id, copy.id)
        story.deleted(Delete(copy, say("the portal had stored one upload twice")))
    left = tuple(resource for resource in fresh.resources if resource not in surplus)
    return replace(fresh, resources=left)
