"""Creating a dataset: once, and no sooner than something to publish in it is at hand.

An empty dataset is public, and nobody's wish unless the manifest has no resources for it. So the
first of its files that is certain to be sendable (fetched, looked through, allowed), or the first
link, has it created; a dataset none of whose files can be had is not.
"""

from dataclasses import dataclass, field

import anyio

from bulkpub.core.actions import CreateDataset, UpdateDataset
from bulkpub.core.diff import new_dataset
from bulkpub.core.fitting import exposure
from bulkpub.core.match import Conflict
from bulkpub.core.plan import plan_dataset
from bulkpub.errors import DatasetFailed
from bulkpub.language import joined, say
from bulkpub.pipeline.contacts import make_contacts
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story

__all__ = ["Creation", "tell_what_was_not_taken_over"]


@dataclass(slots=True)
class Creation:
    """The creation that a plan provides for, whichever of several files comes to it first."""

    story: Story
    means: Means
    _alone: anyio.Lock = field(default_factory=anyio.Lock)
    _failure: Exception | None = None

    async def done(self) -> None:
        """Create the dataset, unless it is there; raises what the portal made of the one attempt.

        However many ask for it, none is made after an attempt that failed: whether it succeeded
        all the same only a fresh look at the portal can tell.
        """
        async with self._alone:
            if self._failure is not None:
                raise self._failure
            if not self.story.is_there:
                try:
                    await self._create()
                except Exception as failure:
                    self._failure = failure
                    raise

    async def _create(self) -> None:
        story, means, action = self.story, self.means, self.story.round.plan.dataset
        assert isinstance(action, CreateDataset)  # noqa: S101 - what is not there is created
        slug = story.rules.title_slug(action.metadata.title or "")
        metadata = action.metadata
        if await make_contacts(story, means):
            metadata = new_dataset(story.spec, story.rules)
        async with means.creating.setdefault(slug, anyio.Lock()):
            owner = story.job.owner.organization
            story.created(
                await means.portal.create_dataset(
                    metadata, owner, means.now(), release_tag=story.spec.release_tag
                )
            )
        tell_what_was_not_taken_over(story)


def tell_what_was_not_taken_over(story: Story) -> None:
    """Write down what the portal did not keep of what was written of the dataset itself.

    Raises `DatasetFailed`, before any file is sent, when everybody would get at it who shall not.
    """
    if exposed := exposure(story.spec.metadata, story.there.metadata):
        raise DatasetFailed(exposed)
    left = plan_dataset(story.spec, story.job.owner, story.there, story.rules)
    if isinstance(left, Conflict):
        story.failed(left.message)
    elif isinstance(left, UpdateDataset):
        story.failed(
            say("the portal did not take over: {names}", names=joined(", ", left.differing))
        )
