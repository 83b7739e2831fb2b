"""Seeing, before anything is written, that it is still what somebody agreed to.

The dataset is planned once more, as the plan was made; only if that is the same it is carried out.
"""

from dataclasses import replace

from bulkpub.core.model import FileSource
from bulkpub.core.saved_plan import difference
from bulkpub.errors import DatasetFailed
from bulkpub.language import say
from bulkpub.observers.events import Event
from bulkpub.pipeline.files import look_at_files
from bulkpub.pipeline.links import look_behind_links
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.planning import foresee, make_plan
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.telling import outcome_of

__all__ = ["see_that_it_is_as_planned"]


async def see_that_it_is_as_planned(story: Story, means: Means) -> None:
    """Compare what is left to do with `story.job.saved`; raises `DatasetFailed` where it differs.

    The files are those that were compared: one that changes afterwards fails, and is not sent.
    """
    job = story.job
    assert job.saved is not None  # noqa: S101 - asked for nowhere else
    options = replace(job.options, dry_run=True, exact=True)
    again = Story(replace(job, options=options, saved=None), story.rules)
    again.observed(story.remote)
    unheard = replace(means, emit=_unheard)
    await look_at_files(again, means.files_seen)
    await look_behind_links(again, unheard)
    again.took_up(story.bound)
    made = await make_plan(again, unheard)
    if made.refused:
        raise DatasetFailed(made.refused)
    await foresee(again, unheard)
    if why := difference(job.saved, outcome_of(again), again.remote):
        raise DatasetFailed(
            say("not as it was planned, so that nothing of it was sent: {why}; plan again", why=why)
        )
    for entry in story.spec.resources:
        known = again.fingerprints.get(entry.key)
        if known is not None and isinstance(entry.source, FileSource):
            story.sized(entry.key, known)


def _unheard(event: Event) -> None:
    del event
