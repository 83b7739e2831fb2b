"""Files that have to be fetched: only when they are here can be decided what becomes of them.

A source that has not changed since it was last fetched costs one small request, and nothing to
the portal. What is fetched lies in the spool for as long as it is compared and sent.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bulkpub.core.actions import (
    Create,
    Fetch,
    Replace,
)
from bulkpub.core.diff import title_to_keep_safe
from bulkpub.core.guard import size_fault, size_warning
from bulkpub.core.model import (
    ExistingSource,
    FileSource,
    Fingerprint,
    LastFetch,
    UrlSource,
)
from bulkpub.core.outcome import STAYS
from bulkpub.core.plan import plan_resource
from bulkpub.errors import NotAFile, Outdated, ResourceFailed, SourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.observers.events import FetchFinished, FetchProgressed, FetchStarted
from bulkpub.pipeline.files import check, content_of
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.refusals import name_refusal
from bulkpub.pipeline.story import Story
from bulkpub.sources import FileContent
from bulkpub.sources.fetch import Fetched

__all__ = ["Got", "ask_sources", "compare_fetches", "fetched"]

Action = Create | Replace | Fetch


@dataclass(frozen=True, slots=True)
class Got:
    """The content of a file that was fetched and has to be sent, as `action` says."""

    content: FileContent
    action: Create | Replace


@asynccontextmanager
async def fetched(story: Story, action: Action, means: Means) -> AsyncIterator[Got | None]:
    """Fetch what `action` needs and decide; None when there is nothing to send after all.

    The file is there until the context ends. Raises `SourceFailed` when it cannot be fetched,
    `ResourceFailed` when it is not what the manifest asks for, `Outdated` when the portal has
    to be written to first.
    """
    async with AsyncExitStack() as stack:
        fetching = _Fetching(story, action.spec.key, _address(action), means, stack)
        # What was decided already needs the bytes, changed or not.
        last = fetching.last if isinstance(action, Fetch) else None
        todo: Got | None = None
        if means.stopping.requested:
            story.held_back(action.spec.key)
        else:
            try:
                todo = await fetching.decide(last)
            except SourceFailed as failure:
                if fetching.completed_without(action, failure):
                    todo = None
                elif isinstance(failure, NotAFile) and isinstance(
                    action.spec.source, ExistingSource
                ):
                    story.left(action.spec.key, f"{STAYS}: {failure}")
                else:
                    raise
        yield todo


@dataclass(slots=True)
class _Fetching:
    """One file being fetched; what is fetched lies in the spool until `stack` ends."""

    story: Story
    key: str
    source: UrlSource
    means: Means
    stack: AsyncExitStack

    @property
    def last(self) -> LastFetch | None:
        """What the last fetch of the address gave."""
        return self.means.memory.last_fetch(self.means.rules.digest, self.source.url)

    async def fetch(self, last: LastFetch | None) -> Fetched:
        """Fetch it, unless it has not changed since `last`."""
        dataset, emit = self.story.key, self.means.notify

        def progressed(received: int, size: int | None) -> None:
            emit(FetchProgressed(dataset, self.key, received, size))

        title = self.story.resources[self.key].spec.metadata.title
        emit(FetchStarted(dataset, self.key, self.source.shown, title))
        error: str | None = "interrupted"
        try:
            fetching = self.means.sources.fetched(
                self.source, last, progressed, partial(_refusal, self.story, self.means)
            )
            got = await self.stack.enter_async_context(fetching)
            error = None
        except ResourceFailed as failure:
            error = str(failure)
            raise
        finally:
            emit(FetchFinished(dataset, self.key, error))
        self.means.memory.keep_fetch(self.means.rules.digest, self.source.url, got.last)
        self.story.fetched(self.key, got.name, got.fingerprint)
        return got

    async def decide(self, last: LastFetch | None) -> Got | None:
        """Fetch it, and say what is to be sent of it, if anything."""
        got, action = await self.fetch(last), self._planned()
        if action is None:
            return None
        if got.path is None:
            # Unchanged since it was last fetched, but the portal does not have it.
            got, action = await self.fetch(None), self._planned()
            if action is None or got.path is None:
                return None
        file = FileSource(got.path, self.source.shown)
        content = content_of(self.story, self.key, file, self.means)
        await check(self.story, content, action.spec)
        if isinstance(action, Replace) and title_to_keep_safe(
            action.spec, action.remote, self.story.rules
        ):
            raise Outdated(say("the title that somebody gave it is kept safe first"))
        return Got(content, action)

    def completed_without(self, action: Action, failure: SourceFailed) -> bool:
        """Whether a move that was broken off can be completed though its source is gone.

        The file came to the portal in an earlier run, which then ended before it was hosted.
        Nobody can fetch it any more, and what is there is what that run sent.
        """
        remote = action.remote if isinstance(action, Fetch) else None
        if remote is None or remote.hosted or not remote.stored or remote.size is None:
            return False
        if self.last is not None and self.last.digest != remote.digest:
            return False
        known = Fingerprint(remote.size, digest=remote.digest)
        self.story.fetched(self.key, remote.file_name, known)
        self._planned(say("; its source could not be asked again ({failure})", failure=failure))
        return True

    def _planned(self, note: str = "") -> Create | Replace | None:
        """What is decided now that the content is known; `note` is added to the reason."""
        story = self.story
        spec, remote = story.concerning(self.key)
        action = plan_resource(
            story.resources[self.key].spec,
            spec,
            story.fingerprints,
            remote,
            story.bound,
            rules=story.rules,
        )
        story.decided(self.key, action, note=note)
        return action if isinstance(action, Create | Replace) else None


def _refusal(story: Story, means: Means, name: str) -> str | None:
    """Why the portal takes no file called `name`, now that its server has named it."""
    return name_refusal(means.portal, name, story.job.extensions)


def _address(action: Action) -> UrlSource:
    match action:
        case Fetch(source=source):
            return source
        case Create(spec=spec) | Replace(spec=spec) if isinstance(spec.source, UrlSource):
            return spec.source
        case Replace(remote=remote):
            return UrlSource(remote.origin)
        case _:
            raise AssertionError(f"{action.spec.source.shown} is not fetched")


# --- only to know -------------------------------------------------------------------------


async def ask_sources(story: Story, fetches: Iterable[Fetch], means: Means) -> None:
    """Ask the sources what a run would fetch, without fetching it; for a plan.

    Those that cannot be had are noted as failed. What has not changed since it was last fetched
    is known; of the others the plan can only say that they are to be fetched.
    """

    async def look(fetch: Fetch) -> None:
        key, source = fetch.spec.key, fetch.source
        last = means.memory.last_fetch(means.rules.digest, source.url)
        try:
            looked = await means.sources.look(source, last)
        except NotAFile as failure:
            if isinstance(fetch.spec.source, ExistingSource):
                story.left(key, f"{STAYS}: {failure}")
            else:
                story.file_failed(key, str(failure))
        except ResourceFailed as failure:
            story.file_failed(key, str(failure))
        else:
            why = _refusal(story, means, looked.name)
            if why is not None:
                story.file_failed(key, f"{source.shown}: {why}")
            elif looked.unchanged and last is not None:
                story.fetched(key, last.name, Fingerprint(last.size, digest=last.digest))
            else:
                story.source_sized(key, looked.size)
                _weigh(story, fetch, looked.size)

    await side_by_side([partial(look, fetch) for fetch in fetches])


def _weigh(story: Story, fetch: Fetch, size: int | None) -> None:
    """Tell already what the size that a source announces would be refused for, or be odd about."""
    remote = fetch.remote
    if size is None or (remote is not None and remote.stored and remote.size == size):
        return
    if fault := size_fault(fetch.spec, remote, size, story.rules.limits):
        story.file_failed(fetch.spec.key, fault)
    elif odd := size_warning(fetch.spec, remote, size):
        story.odd(fetch.spec.key, odd)


async def compare_fetches(story: Story, fetches: Iterable[Fetch], means: Means) -> None:
    """Fetch only to know the contents; for `verify`."""

    async def compare(fetch: Fetch) -> None:
        try:
            async with AsyncExitStack() as stack:
                fetching = _Fetching(story, fetch.spec.key, fetch.source, means, stack)
                await fetching.fetch(fetching.last)
        except ResourceFailed as failure:
            story.file_failed(fetch.spec.key, str(failure))

    await side_by_side([partial(compare, fetch) for fetch in fetches])
