"""Planning one dataset: hash what decides, ask the core, write down the answer."""

from bulkpub.core.actions import Plan
from bulkpub.core.match import hashes_needed
from bulkpub.core.model import FileSource
from bulkpub.core.plan import plan
from bulkpub.errors import ResourceFailed
from bulkpub.observers.events import PlanReady
from bulkpub.pipeline.fetching import ask_sources
from bulkpub.pipeline.files import check, content_of, hash_files
from bulkpub.pipeline.links import foresee_storing
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story

__all__ = ["foresee", "make_plan"]


async def make_plan(story: Story, means: Means) -> Plan:
    """Decide what the dataset needs, from all that is known now, and write it down."""
    if story.remote is not None:
        remote = story.remote.resources
        needed = hashes_needed(story.spec.resources, story.fingerprints, remote, story.bound)
        await hash_files(story, needed, means)
    made = plan(
        story.spec,
        story.fingerprints,
        story.remote,
        story.rules,
        owner=story.job.owner,
        bound=story.bound,
        allow_mass_delete=story.job.options.allow_mass_delete,
    )
    story.planned(made)
    keys = [action.spec.key for action in made.sends]
    sizes = [story.fingerprints[key].size for key in keys if key in story.fingerprints]
    means.notify(PlanReady(story.key, len(sizes), sum(sizes)))
    return made


async def foresee(story: Story, means: Means) -> None:
    """Write down what a run would do, after looking at what only it would look at."""
    made = story.round.plan
    if made.fetches:
        await ask_sources(story, made.fetches, means)
        made = await make_plan(story, means)
    if story.job.options.exact:
        await hash_files(story, [send.spec.key for send in made.sends], means)
    for send in made.sends:  # looked through as a run would
        if isinstance(send.spec.source, FileSource):
            try:
                content = content_of(story, send.spec.key, send.spec.source, means)
                await check(story, content, send.spec)
            except ResourceFailed as error:
                story.file_failed(send.spec.key, str(error))
    await foresee_storing(story, means)
    story.foreseen()
