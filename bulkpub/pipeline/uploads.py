"""The uploads of one dataset: a few at once, never two of one stored file name.

udata stores a file under the dataset, the second and the slugified name. Two uploads of one
name in one second end in a 500 or, if both are in flight, in files whose bytes do not match
their checksum; so those of one name follow each other, more than a second apart.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import anyio
from structlog.contextvars import bound_contextvars

from bulkpub.core.actions import Create, Replace
from bulkpub.core.model import FileSource, Fingerprint, RemoteResource
from bulkpub.core.names import upload_name
from bulkpub.errors import BulkpubError, PlanAgain, PortalUnavailable, ResourceFailed, Uncertain
from bulkpub.observers.events import UploadFinished, UploadProgressed, UploadStarted
from bulkpub.pipeline.parts import Parts
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.story import ResourceStory, Story
from bulkpub.pipeline.tasks import side_by_side
from bulkpub.sources import FileBody, sha1_of

__all__ = ["SAME_NAME_PAUSE_S", "send_all"]

SAME_NAME_PAUSE_S = 1.1
"""Seconds between the end of one upload and the start of the next of the same stored name."""

Send = Create | Replace


async def send_all(story: Story, actions: Sequence[Send], services: Services) -> None:
    """Carry out `actions`; failures of single files are written down in `story`.

    Raises `PlanAgain` at the end when the portal has to be looked at before anything else.
    """
    todo = [action for action in actions if story.resources[action.spec.key].error is None]
    groups: dict[str, list[Send]] = {}
    for action in todo:
        source = action.spec.source
        name = upload_name(source.name) if isinstance(source, FileSource) else source.url
        groups.setdefault(name, []).append(action)
    limiter = anyio.CapacityLimiter(services.options.uploads)
    doubts: list[PlanAgain] = []

    async def send_in_turn(name: str, group: Sequence[Send]) -> None:
        for action in group:
            await _pause(story, name)
            try:
                async with limiter:
                    if services.stopping:
                        story.unsent.add(action.spec.key)
                        continue
                    await _send(story, action, services)
            except PlanAgain as doubt:
                story.resources[action.spec.key].touched = True
                story.doubtful.add(action.spec.key)
                doubts.append(doubt)
            except (ResourceFailed, PortalUnavailable) as error:
                story.resources[action.spec.key].error = str(error)
            finally:
                story.sent_at[name] = time.monotonic()

    await side_by_side([partial(send_in_turn, name, group) for name, group in groups.items()])
    if doubts:
        underway = any(isinstance(doubt, Uncertain) and doubt.underway for doubt in doubts)
        raise Uncertain("; ".join(map(str, doubts)), underway=underway)


async def _pause(story: Story, name: str) -> None:
    last = story.sent_at.get(name)
    if last is not None:
        await anyio.sleep(max(0.0, last + SAME_NAME_PAUSE_S - time.monotonic()))


async def _send(story: Story, action: Send, services: Services) -> None:
    assert story.remote is not None  # noqa: S101 - a dataset exists before its resources
    resource = story.resources[action.spec.key]
    if resource.attempts >= services.options.attempts:
        raise ResourceFailed(
            f"given up after sending it {resource.attempts} times without the portal having it"
        )
    started = time.perf_counter()
    resource.attempts += 1
    services.memory.begin(story.spec.key, action.spec.key)
    try:
        match action.spec.source:
            case FileSource() as source:
                onto = action.remote.id if isinstance(action, Replace) else None
                await _upload(story, resource, source, onto, services)
            case link:
                wanted = resource.wanted or action.wanted
                remote = await services.portal.create_link(story.remote.id, link, wanted)
                story.stored(action.spec.key, remote)
    finally:
        resource.seconds += time.perf_counter() - started


async def _upload(
    story: Story,
    resource: ResourceStory,
    source: FileSource,
    onto: str | None,
    services: Services,
) -> None:
    dataset, key = story.spec.key, resource.spec.key
    size = story.fingerprints[key].size
    services.emit(UploadStarted(dataset, key, size, resource.attempts))
    error: str | None = "interrupted"
    try:
        with bound_contextvars(dataset=dataset, resource=key):
            remote = await _Upload(story, key, source, onto, services).send()
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
        self.services.memory.keep_sha1(self.source.path, known)

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
