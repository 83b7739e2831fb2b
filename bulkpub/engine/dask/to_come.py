"""The jobs that nobody was given yet, in their order, but for those that have to be kept apart.

The rule: what two jobs would both make, a contact point or a slug, is not made by two at the same
moment, each of which would not know of the other's.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from bulkpub.pipeline.job import Job
from bulkpub.pipeline.means import Means

__all__ = ["JobsToCome"]

HELD_BACK = 200
"""Jobs at most that wait for others which make the same contact point, or the same slug."""


class JobsToCome:
    """Takes `jobs` as they are wanted; `means` know the contact points that were made."""

    def __init__(self, jobs: Iterable[Job], means: Means) -> None:
        self._jobs = iter(jobs)
        self._means = means
        self._held: deque[Job] = deque()
        self.all_taken = False

    def take(self, most: int, beside: Iterable[Job]) -> Iterator[Job]:
        """At most so many that may be under way at the same time as those `beside`."""
        making = {each for job in beside for each in self._makes(job)}
        for _ in range(most):
            job = self._next(making)
            if job is None:
                return
            making.update(self._makes(job))
            yield job

    def _next(self, making: set[object]) -> Job | None:
        """The next job that makes nothing which is in the `making`, by others under way."""
        for _ in range(len(self._held)):
            job = self._held.popleft()
            if making.isdisjoint(self._makes(job)):
                return job
            self._held.append(job)
        while len(self._held) < HELD_BACK:
            following = next(self._jobs, None)
            if following is None:
                self.all_taken = not self._held
                return None
            if making.isdisjoint(self._makes(following)):
                return following
            self._held.append(following)
        return None

    def _makes(self, job: Job) -> Collection[object]:
        """What must not be made by two at the same moment: contact points, and slugs."""
        organization = job.owner.organization
        made: list[object] = [
            (organization, each)
            for each in job.spec.contacts
            if (organization, each) not in self._means.contacts
        ]
        if job.found is None:
            made.append(self._means.rules.title_slug(job.spec.metadata.title or ""))
        return made
