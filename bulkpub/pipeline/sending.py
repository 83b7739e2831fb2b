"""The uploads of one dataset: a few at once, never two of one stored file name.

Where the portal's rules ask for it, those of one name follow each other with a pause between.
"""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import anyio
from structlog.contextvars import bind_contextvars

from bulkpub.core.actions import Create, Fetch, Replace
from bulkpub.core.model import FileSource, LinkSource, RemoteResource
from bulkpub.core.plan import plan_resource
from bulkpub.core.rules import Rules
from bulkpub.errors import (
    BulkpubError,
    DatasetFailed,
    Outdated,
    PlanAgain,
    PortalUnavailable,
    ResourceFailed,
    Uncertain,
)
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.observers.events import UploadFinished, UploadStarted
from bulkpub.pipeline.creating import Creation
from bulkpub.pipeline.fetching import fetched
from bulkpub.pipeline.files import check, content_of, hash_files
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.sources import FileContent, digest_of

__all__ = ["send_all"]

Send = Create | Replace
Action = Send | Fetch


async def send_all(story: Story, actions: Sequence[Action], means: Means) -> None:
    """Carry out `actions`; failures of single files are written down in `story`.

    A dataset that is not there yet is created before the first of them is sent; when all of them
    fail before that, it is not. Raises `PlanAgain` at the end when the portal has to be looked at
    before anything else, and at once what the portal has against creating the dataset.
    """
    todo = [action for action in actions if story.resources[action.spec.key].error is None]
    # Nothing is waited for where nobody is in the way: that costs more than the turn itself.
    limiter = anyio.Semaphore(story.job.options.uploads, fast_acquire=True)
    sending = _Sending(story, means, limiter, Creation(story, means))
    for action in todo:
        if action.spec.series is not None:  # the name of each follows from those before it
            await sending.send(action)
    others = [action for action in todo if action.spec.series is None]
    await side_by_side([partial(sending.send, action) for action in others])
    if doubts := story.round.doubts:
        underway = any(isinstance(doubt, Uncertain) and doubt.underway for doubt in doubts)
        raise Uncertain("; ".join(map(str, doubts)), underway=underway)


@dataclass(slots=True)
class _Sending:
    """The uploads of one plan, as they go on; `turns` keeps those of one name apart."""

    story: Story
    means: Means
    limiter: anyio.Semaphore
    creation: Creation
    turns: defaultdict[str, anyio.Lock] = field(
        default_factory=partial(defaultdict, partial(anyio.Lock, fast_acquire=True))
    )

    async def send(self, action: Action) -> None:
        try:
            match action.spec.source:
                case FileSource() if action.spec.series is not None:
                    await self._append(action.spec.key)
                case FileSource() as source:
                    await self._send_file(action, source)
                case LinkSource() as link:
                    async with self._turn(action, link.url) as place:
                        if place:
                            await self._begin(action, link, place)
                case _:
                    await self._fetch(action)
        except ResourceFailed as error:
            self.story.file_failed(action.spec.key, str(error))
        except (PlanAgain, PortalUnavailable) as error:
            if not self.story.is_there:
                raise  # the dataset could not be created, which is not this file's matter alone
            if isinstance(error, PlanAgain):
                self.story.doubted(action.spec.key, error)
            else:
                self.story.file_failed(action.spec.key, str(error))

    async def _send_file(self, action: Action, source: FileSource) -> None:
        async with self._turn(action, self.story.rules.file_name(source.name)) as place:
            if place:
                content = content_of(self.story, action.spec.key, source, self.means)
                await check(self.story, content, action.spec)
                await self._begin(action, content, place)

    async def _append(self, key: str) -> None:
        """Send a file of a series under the name that is the next one now, if it is still new.

        Raises `Outdated` while another of a series may still arrive: it would have that name.
        """
        story, means = self.story, self.means
        if story.round.doubts:
            raise Outdated(say("another file of a series may still arrive"))
        if story.fingerprints[key].digest is None:
            await hash_files(story, [key], means)
        if story.remote is not None:
            fresh = await means.portal.dataset(story.remote.id)
            if fresh is None:
                raise DatasetFailed(
                    say("the dataset vanished from the portal while it was published")
                )
            story.refreshed(fresh)
        entry = story.resources[key].spec
        if story.resources[key].error is not None:
            return
        now = plan_resource(entry, story.spec, story.fingerprints, story.remote, rules=story.rules)
        if isinstance(now, Create) and isinstance(now.spec.source, FileSource):
            story.named(now.spec)
            await self._send_file(now, now.spec.source)
        else:
            story.decided(key, now)

    async def _fetch(self, action: Action) -> None:
        """Fetch the file, decide, and send it if it is not what the portal has."""
        async with fetched(self.story, action, self.means) as got:
            if got is None:
                return
            name = self.story.rules.file_name(got.content.name)
            async with self._turn(got.action, name) as place:
                if place:
                    await self._begin(got.action, got.content, place)

    @asynccontextmanager
    async def _turn(self, action: Action, name: str) -> AsyncIterator["_Place | None"]:
        """Wait for the turn of this stored name; None when nothing is to be begun any more."""
        pause = self.story.rules.same_name_pause
        alone = nullcontext() if pause is None else self.turns[name]
        async with alone:
            last = self.story.sent_at.get(name)
            if last is not None and pause is not None:
                await anyio.sleep(max(0.0, last + pause - time.monotonic()))
            async with _Place(self.limiter) as place:
                if self.means.stopping.requested:
                    self.story.held_back(action.spec.key)
                    yield None
                    return
                resource = self.story.resources[action.spec.key]
                before = resource.attempts
                try:
                    yield place
                finally:
                    if resource.attempts > before:  # else nothing was sent under this name
                        self.story.turn_ended(name)

    async def _begin(self, action: Action, sent: FileContent | LinkSource, place: "_Place") -> None:
        story, key, means = self.story, action.spec.key, self.means
        resource = story.resources[key]
        if resource.attempts >= story.job.options.attempts:
            raise ResourceFailed(
                say(
                    "given up after sending it {attempts} times without the portal having it",
                    attempts=resource.attempts,
                )
            )
        if not story.is_there:
            if isinstance(sent, FileContent):
                await sent.beginning(1)
                sent.see_that_it_is_the_same()
            await self.creation.done()
        started = time.perf_counter()
        story.sending(key, means.now())
        try:
            if isinstance(sent, FileContent):
                onto = action.remote.id if isinstance(action, Replace) else None
                await _upload(_Upload(story, key, sent, onto, means, place))
            else:
                wanted = resource.wanted or action.wanted
                remote = await means.portal.create_link(story.dataset_id, sent, wanted)
                _check_new(story, remote)
                story.stored(key, remote)
        finally:
            story.sent(key, seconds=time.perf_counter() - started)


class _Place:
    """A place among the uploads of a dataset, which may be left before the upload is done."""

    def __init__(self, limiter: anyio.Semaphore) -> None:
        self._limiter = limiter
        self._held = False

    async def __aenter__(self) -> Self:
        await self._limiter.acquire()
        self._held = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Make room for another one."""
        if self._held:
            self._held = False
            self._limiter.release()


async def _upload(upload: "_Upload") -> None:
    """Send one file once, and see that the portal received the bytes that were sent."""
    story, key, means = upload.story, upload.key, upload.means
    dataset, resource = story.key, story.resources[key]
    size = story.fingerprints[key].size
    title = resource.wanted.title if resource.wanted else resource.spec.metadata.title
    means.notify(UploadStarted(dataset, key, size, resource.attempts, title))
    error: str | None = "interrupted"
    try:
        # Each upload is a task of its own: what is bound for its lines goes with it.
        bind_contextvars(resource=key)
        remote = await upload.send()
        if upload.onto is None:
            _check_new(story, remote)
        story.stored(key, remote, upload.onto)
        means.memory.stored(dataset, key, remote.id)
        _check_bytes(remote, story.fingerprints[key].digest, size, story.rules)
        error = None
    except BulkpubError as failure:
        error = str(failure)
        raise
    finally:
        means.notify(UploadFinished(dataset, key, error))


@dataclass(frozen=True, slots=True)
class _Upload:
    """One attempt to send one file, whole or in parts; afterwards its digest is in the story."""

    story: Story
    key: str
    content: FileContent
    onto: str | None
    means: Means
    place: _Place

    async def send(self) -> RemoteResource:
        planned, stored = self.story.fingerprints[self.key], list[RemoteResource]()

        async def send() -> None:
            stored.append(await self._send())

        if planned.digest is None and self.means.portal.sends_in_parts(planned.size):
            # Parts leave in any order: the whole is hashed beside them.
            await side_by_side([self._digest, send])
        else:
            await send()
        if self.story.fingerprints[self.key].digest is None:  # in parts all the same
            await self._digest()
        return stored[0]

    async def _send(self) -> RemoteResource:
        content, told = self.content, self.content.progressed

        def progressed(sent: int) -> None:
            told(sent)
            if sent >= content.size and self.means.portal.sends_in_parts(content.size):
                self.place.leave()  # what is left to do is the portal's, which joins the parts

        content.progressed = progressed
        try:
            return await self.means.portal.upload(self.story.dataset_id, content, self.onto)
        finally:
            content.progressed = told  # or they hold each other, and what they know, in memory
            self.story.sent(self.key, uploaded=content.bytes_sent)
            if content.digest is not None:  # also when the answer was lost: it may be there
                self._hashed(content.digest)

    async def _digest(self) -> None:
        planned = self.story.fingerprints[self.key]
        self._hashed(
            await digest_of(
                self.content.source, planned, self.means.rules.digest, limiter=self.means.hashing
            )
        )

    def _hashed(self, digest: str) -> None:
        known = self.story.hashed(self.key, digest)
        if isinstance(self.story.resources[self.key].spec.source, FileSource):  # else gone soon
            kind = self.means.rules.digest
            self.means.memory.keep_digest(kind, self.content.source.path, known)


def _check_new(story: Story, remote: RemoteResource) -> None:
    """See that the portal did not answer with a resource that was there before."""
    if story.lists(remote.id):
        raise Uncertain(
            say("the portal says it made the resource {id}, which was there before", id=remote.id)
        )


def _check_bytes(remote: RemoteResource, sent: str | None, size: int, rules: Rules) -> None:
    """Compare the portal's checksum of what it received with ours of what we sent."""
    if remote.digest in {None, sent} and remote.size in {None, size}:
        return
    raise Uncertain(
        say(
            "the portal received other bytes than were sent (its {digest_name} is {digest}, ours "
            "{sent}; {size} bytes, {size2} sent)",
            digest_name=rules.digest_name,
            digest=remote.digest,
            sent=sent,
            size=remote.size,
            size2=size,
        )
    )
