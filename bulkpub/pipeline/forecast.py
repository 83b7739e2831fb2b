"""What a job is going to need, as far as it can be told without reading or asking anything.

A dataset that needs nothing is done with that: it is not looked at a second time.
"""

from dataclasses import dataclass

import structlog

from bulkpub.core.match import Conflict, hashes_needed
from bulkpub.core.model import FileSource, LinkSource, ResourceSpec
from bulkpub.core.outcome import DatasetStatus
from bulkpub.core.plan import plan
from bulkpub.core.saved_plan import UNPLANNED
from bulkpub.errors import Stop
from bulkpub.observers.events import DatasetStarted, PlanReady
from bulkpub.pipeline.files import look_at_files, recall_hashes
from bulkpub.pipeline.job import Job, Result
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.telling import outcome_of

__all__ = ["Ahead", "look_ahead"]

log = structlog.get_logger("bulkpub.pipeline")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a job needs at most: so many writes, and so many bytes of files to be sent.

    `result` is what came of it, where it needs nothing.
    """

    requests: int = 0
    bytes: int = 0
    result: Result | None = None


async def look_ahead(job: Job, means: Means) -> Ahead:
    """See what `job` needs.

    Nothing is hashed for it: a file of the same size as the published one whose hash is not
    remembered counts as one to send. What fails here fails again, and is told, when the dataset's
    turn comes; only what stops the whole run is raised.
    """
    try:
        return await _look_ahead(job, means)
    except Stop:
        raise
    except Exception:  # a defect of ours must not take the other datasets along
        log.debug("not seen ahead", dataset=job.spec.key, exc_info=True)
        return Ahead()


async def _look_ahead(job: Job, means: Means) -> Ahead:
    if isinstance(job.found, Conflict):
        return Ahead()
    story = Story(job, means.rules)
    story.observed(job.found)
    await look_at_files(story)
    story.took_up(means.memory.bound(job.spec.key))
    remote = job.found.resources if job.found else ()
    needed = hashes_needed(story.spec.resources, story.fingerprints, remote, story.bound)
    unknown = needed - recall_hashes(story, needed, means)
    made = plan(
        story.spec,
        story.fingerprints,
        story.remote,
        story.rules,
        owner=job.owner,
        bound=story.bound,
        allow_mass_delete=True,
    )
    idle = made.requests == 0 and not (made.refused or unknown or story.has_failed)
    idle = idle and not _is_planned(job)
    ours = (each for each in story.spec.resources if each.key not in story.spec.left_out)
    if idle and not any(map(_has_more_to_do, ours)):
        means.notify(DatasetStarted(job.spec.key, job.spec.metadata.title or job.spec.key))
        story.planned(made)
        means.notify(PlanReady(job.spec.key, 0, 0))
        if story.bound and not story.spec.left_out:
            means.memory.finish(job.spec.key)
        story.round_done()
        story.ended()
        return Ahead(result=Result(outcome_of(story), story.figures))
    sizes = (
        story.fingerprints[send.spec.key].size
        for send in made.sends
        if isinstance(send.spec.source, FileSource) and send.spec.key in story.fingerprints
    )
    return Ahead(made.requests + story.contacts_to_make(made), sum(sizes))


def _is_planned(job: Job) -> bool:
    """Whether a saved plan has something to do, which is to be seen to be done."""
    return job.saved is not None and job.saved.status not in {DatasetStatus.UNCHANGED, UNPLANNED}


def _has_more_to_do(entry: ResourceSpec) -> bool:
    """Whether there is something to do with its file that is no write to the portal."""
    behind_link = isinstance(entry.source, LinkSource) and entry.source.of is not None
    return entry.remove or behind_link
