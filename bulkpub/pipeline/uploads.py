"""The uploads of one dataset: a few at once, never two of one stored file name.

udata stores a file under the dataset, the second and the slugified name. Two uploads of one
name in one second end in a 500 or, if both are in flight, in files whose bytes do not match
their checksum; so those of one name follow each other, more than a second apart.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import anyio
from structlog.contextvars import bound_contextvars

from bulkpub.core.actions import Create, Fetch, Replace
from bulkpub.core.model import FileSource, Fingerprint, LinkSource, RemoteResource
from bulkpub.core.names import upload_name
from bulkpub.errors import BulkpubError, PlanAgain, PortalUnavailable, ResourceFailed, Uncertain
from bulkpub.observers.events import UploadFinished, UploadProgressed, UploadStarted
from bulkpub.pipeline.checking import check
from bulkpub.pipeline.fetching import fetched
from bulkpub.pipeline.parts import Parts
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.story import Story
from bulkpub.pipeline.tasks import side_by_side
from bulkpub.sources import FileBody, sha1_of

__all__ = ["SAME_NAME_PAUSE_S", "send_all"]

SAME_NAME_PAUSE_S = 1.1
"""Seconds between the end of one upload and the start of the next of the same stored name."""

Send = Create | Replace
Action = Send | Fetch


async def send_all(story: Story, actions: Sequence[Action], services: Services) -> None:
    """Carry out `actions`; failures of single files are written down in `story`.

    Raises `PlanAgain` at the end when the portal has to be looked at before anything else.
    """
    todo = [action for action in actions if story.resources[action.spec.key].error is None]
    sending = _Sending(story, services, anyio.CapacityLimiter(services.options.uploads))
    await side_by_side([partial(sending.send, action) for action in todo])
    if sending.doubts:
        underway = any(isinstance(doubt, Uncertain) and doubt.underway for doubt in sending.doubts)
        raise Uncertain("; ".join(map(str, sending.doubts)), underway=underway)


@dataclass(slots=True)
class _Sending:
    """The uploads of one plan, as they go on; `turns` keeps those of one name apart."""

    story: Story
    services: Services
    limiter: anyio.CapacityLimiter
    turns: dict[str, anyio.Lock] = field(default_factory=dict)
    doubts: list[PlanAgain] = field(default_factory=list)

    async def send(self, action: Action) -> None:
        resource = self.story.resources[action.spec.key]
        try:
            match action.spec.source:
                case FileSource() as source:
                    async with self._turn(action, upload_name(source.name)) as is_ours:
                        if is_ours:
                            await check(source, action.spec)
                            await self._begin(action, source)
                case LinkSource() as link:
                    async with self._turn(action, link.url) as is_ours:
                        if is_ours:
                            await self._begin(action, link)
                case _:
                    await self._fetch(action)
        except PlanAgain as doubt:
            resource.touched = resource.touched or resource.attempts > 0
            self.story.doubtful.add(action.spec.key)
            self.doubts.append(doubt)
        except (ResourceFailed, PortalUnavailable) as error:
            resource.error = str(error)

    async def _fetch(self, action: Action) -> None:
        """Fetch the file, decide, and send it if it is not what the portal has."""
        async with fetched(self.story, action, self.services) as got:
            if got is None:
                return
            async with self._turn(got.action, upload_name(got.file.name)) as is_ours:
                if is_ours:
                    await self._begin(got.action, got.file)

    @asynccontextmanager
    async def _turn(self, action: Action, name: str) -> AsyncIterator[bool]:
        """Wait for the turn of this stored name; False when nothing is to be begun any more."""
        async with self.turns.setdefault(name, anyio.Lock()):
            last = self.story.sent_at.get(name)
            if last is not None:
                await anyio.sleep(max(0.0, last + SAME_NAME_PAUSE_S - time.monotonic()))
            async with self.limiter:
                if self.services.stopping:
                    self.story.unsent.add(action.spec.key)
                    yield False
                    return
                try:
                    yield True
                finally:
                    self.story.sent_at[name] = time.monotonic()

    async def _begin(self, action: Action, source: FileSource | LinkSource) -> None:
        story, key = self.story, action.spec.key
        assert story.remote is not None  # noqa: S101 - a dataset exists before its resources
        resource = story.resources[key]
        if resource.attempts >= self.services.options.attempts:
            raise ResourceFailed(
                f"given up after sending it {resource.attempts} times without the portal having it"
            )
        started = time.perf_counter()
        resource.attempts += 1
        self.services.memory.begin(story.spec.key, key)
        try:
            if isinstance(source, FileSource):
                onto = action.remote.id if isinstance(action, Replace) else None
                await _upload(_Upload(story, key, source, onto, self.services))
            else:
                wanted = resource.wanted or action.wanted
                remote = await self.services.portal.create_link(story.remote.id, source, wanted)
                story.stored(key, remote)
        finally:
            resource.seconds += time.perf_counter() - started


async def _upload(upload: "_Upload") -> None:
    """Send one file once, and see that the portal received the bytes that were sent."""
    story, key, services = upload.story, upload.key, upload.services
    dataset, resource = story.spec.key, story.resources[key]
    size = story.fingerprints[key].size
    services.emit(UploadStarted(dataset, key, size, resource.attempts))
    error: str | None = "interrupted"
    try:
        with bound_contextvars(dataset=dataset, resource=key):
            remote = await upload.send()
        story.stored(key, remote)
        services.memory.stored(dataset, key, remote.id)
        _check_bytes(remote, story.fingerprints[key].sha1, size)
        error = None
    except BulkpubError as failure:
        error = str(failure)
        raise
    finally:
        services.emit(UploadFinished(dataset, key, error))


@dataclass(frozen=True, slots=True)
class _Upload:
    """One attempt to send one file, whole or in parts; afterwards its SHA-1 is in the story."""

    story: Story
    key: str
    source: FileSource
    onto: str | None
    services: Services

    async def send(self) -> RemoteResource:
        planned = self.story.fingerprints[self.key]
        if planned.size > self.services.options.chunk_above:
            return await self._in_parts(planned)
        return await self._whole(planned)

    async def _whole(self, planned: Fingerprint) -> RemoteResource:
        bodies: list[FileBody] = []

        def new_body() -> FileBody:
            bodies.append(FileBody(self.source, planned, self._progressed))
            return bodies[-1]

        try:
            return await self.services.portal.upload(self._dataset_id, new_body, self.onto)
        finally:
            complete = [body.sha1 for body in bodies if body.sha1 is not None]
            self.services.figures.uploaded += len(complete) * planned.size
            if complete:  # also when the answer was lost: it may be there
                self._hashed(planned, complete[-1])

    async def _in_parts(self, planned: Fingerprint) -> RemoteResource:
        """Hashed beside it, as the parts leave in any order."""
        parts = Parts(self.source, planned, self.services, self._dataset_id, self.onto)
        stored: list[RemoteResource] = []

        async def digest() -> None:
            if planned.sha1 is None:
                limiter = self.services.hashing
                self._hashed(planned, await sha1_of(self.source, planned, limiter=limiter))

        async def send() -> None:
            try:
                stored.append(await parts.send(self._progressed))
            finally:
                self.services.figures.uploaded += parts.bytes_sent

        await side_by_side([digest, send])
        return stored[0]

    @property
    def _dataset_id(self) -> str:
        assert self.story.remote is not None  # noqa: S101 - it exists before its resources
        return self.story.remote.id

    def _hashed(self, planned: Fingerprint, sha1: str) -> None:
        known = replace(planned, sha1=sha1)
        self.story.fingerprints[self.key] = known
        if isinstance(self.story.resources[self.key].spec.source, FileSource):
            self.services.memory.keep_sha1(self.source.path, known)  # a fetched file is gone soon

    def _progressed(self, sent: int) -> None:
        size = self.story.fingerprints[self.key].size
        self.services.emit(UploadProgressed(self.story.spec.key, self.key, sent, size))


def _check_bytes(remote: RemoteResource, sent: str | None, size: int) -> None:
    """Compare the portal's checksum of what it received with ours of what we sent."""
    if remote.sha1 in {None, sent} and remote.size in {None, size}:
        return
    raise Uncertain(
        f"the portal received other bytes than were sent (its SHA-1 is {remote.sha1}, "
        f"ours {sent}; {remote.size} bytes, {size} sent)"
    )
