"""Each call the pipeline makes of the releases of one GitLab project.

A file is sent to a package, and then the release gets a link to it. What broke off in between is a
file that no link leads to: the release does not show it, and it is looked for before a file of that
name is sent again. A file that takes another's place is sent beside it, under its name: from then
on everybody gets the later one, by the same link, and the earlier one is deleted.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bulkpub.core.actions import ListItem
from bulkpub.core.model import (
    DRAFT_EXTRA,
    DatasetMetadata,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.rules import Rules
from bulkpub.errors import (
    DatasetFailed,
    DescriptionsRefused,
    ListingIncomplete,
    Outdated,
    ResourceFailed,
)
from bulkpub.http.messages import Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Account, Content, Download, Page, Traffic
from bulkpub.portals.gitlab import codec, pending
from bulkpub.portals.gitlab.address import root_of
from bulkpub.portals.gitlab.codec import Link, Release, Seen
from bulkpub.portals.gitlab.links import Links, check_free
from bulkpub.portals.gitlab.names import file_name, own_place
from bulkpub.portals.gitlab.project import READER, RELEASE, RELEASES, ProjectApi, release_path
from bulkpub.portals.gitlab.registry import Registry
from bulkpub.portals.gitlab.rules import RULES
from bulkpub.portals.releases.portal import ReleasePortal
from bulkpub.portals.releases.raw import raw
from bulkpub.portals.telling import RawAnswer, RawRequest

__all__ = ["GitLab"]

MOST_REMEMBERED = 64
"""Releases whose links and files are remembered as they were seen last."""
NOT_FOUND, CONFLICT = 404, 409


class GitLab(ReleasePortal):
    """The releases of a project; implements `bulkpub.portals.Portal`.

    `by_job`: the key is the token of a CI job. `credentials` are the headers with the key, for
    files that not everybody may have.
    """

    rules: Rules = RULES

    def __init__(
        self,
        transport: Transport,
        *,
        by_job: bool = False,
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        self._transport = transport
        self._credentials = credentials or {}
        self._project = ProjectApi(transport, by_job=by_job)
        self._registry = Registry(transport, self._project)
        self._links = Links(transport)
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._pending: dict[str, Seen] = {}

    @property
    def traffic(self) -> Traffic:
        """See `Portal`."""
        return Traffic(self._transport.requests, self._transport.waited, self._transport.rate_limit)

    @property
    def at_once(self) -> int:
        """See `Portal`."""
        return self._transport.at_once

    @property
    def refused_size(self) -> int | None:
        """See `Portal`."""
        return self._registry.refused_size

    def download(
        self,
        dataset: RemoteDataset,  # noqa: ARG002 # whichever it is of
        resource: RemoteResource,
    ) -> Download:
        """See `Portal`; of a project that not everybody sees, the API gives out the files."""
        is_ours = resource.hosted and resource.url.startswith(
            f"{root_of(self._transport.base_url)}/"
        )
        if self._project.is_public or not is_ours:
            return Download(resource.permalink)
        return Download(resource.url, self._credentials)

    # --- asking ----------------------------------------------------------------------------

    async def account(self) -> Account:
        """See `Portal`; whoever may write to the project may publish.

        Raises `NotAPortal` when there is no such project for us.
        """
        home = await self._project.proven()
        return Account(home.id or home.path, home.path, ())

    async def owned_by(
        self,
        *,
        organization: str | None = None,  # noqa: ARG002 # a project is nobody's but its own
        user: str | None = None,  # noqa: ARG002 # likewise
    ) -> AsyncIterator[Page]:
        """See `Portal`: all releases of the project, the oldest first, then those not made yet.

        What their files are only `dataset` tells.
        """
        home, seen = await self._project.home(), set[str]()
        async for found in self._project.releases():
            new = [each for each in found.items if each.tag not in seen]
            seen |= {each.tag for each in new}
            datasets = [codec.dataset_of(Seen(each, home)) for each in new]
            total = found.total
            if found.last:
                tags = await self._project.packages_without(seen)
                drafts = [Seen(pending.drafted(tag), home, pending=True) for tag in tags]
                datasets += map(codec.dataset_of, drafts)
                total = None if total is None else total + len(drafts)
            yield Page(tuple(datasets), total, found.last)
            if found.last and found.total is not None and len(seen) < found.total:
                raise ListingIncomplete(
                    say(
                        "the portal's listing of releases is incomplete: it announces {total} and "
                        "shows {count}",
                        total=found.total,
                        count=len(seen),
                    )
                )
            if not new and not found.last:
                raise ListingIncomplete(
                    say(
                        "the portal's listing of releases has no end: a page brings nothing new "
                        "and names a next one; {count} releases were seen",
                        count=len(seen),
                    )
                )

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`; a release has no other name than its tag."""
        seen = await self._look(dataset_id)
        return None if seen is None else codec.dataset_of(seen)

    async def _look(self, tag: str) -> Seen | None:
        """The release as it is now, with the files of the packages it has to do with."""
        self._seen.pop(tag, None)
        if not tag:
            return None
        release = await self._project.release(tag)
        if release is None:
            return await self._look_at_pending(tag)
        self._pending.pop(tag, None)
        seen = Seen(release, await self._project.home())
        places = {own_place(tag): None}
        places |= {found[0]: None for link in release.links if (found := seen.place_of(link))}
        for place in places:
            await self._registry.look_into(seen, place)
        return self._remember(seen)

    async def _look_at_pending(self, tag: str) -> Seen | None:
        """The release that is not made yet; None where nothing of it is there, or begun here."""
        known = self._pending.get(tag)
        release = known.release if known else pending.drafted(tag)
        seen = Seen(release, await self._project.home(), pending=True)
        await self._registry.look_into(seen, own_place(tag))
        if known is None and not any(seen.files.values()):
            return None
        pending.seen_again(seen)
        self._pending[tag] = seen
        return self._remember(seen)

    def _remember(self, seen: Seen) -> Seen:
        self._seen[seen.release.tag] = seen
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return seen

    async def _remembered(self, tag: str) -> Seen:
        """The release as it was seen last; raises `DatasetFailed` when there is none."""
        seen = self._seen.get(tag) or await self._look(tag)
        if seen is None:
            raise DatasetFailed(say("the project has no release of the tag '{tag}'", tag=tag))
        return seen

    async def raw(self, request: RawRequest) -> RawAnswer:
        """See `Portal`; paths are as in GitLab's documents, `/projects/ID/releases` for one."""
        root = root_of(self._transport.base_url)
        return await raw(self._transport, request, root, codec.error_message)

    # --- releases ---------------------------------------------------------------------------

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,  # noqa: ARG002 # a project is nobody's but its own
        now: datetime,  # noqa: ARG002 # GitLab dates its releases itself
        *,
        release_tag: str = "",
    ) -> RemoteDataset:
        """See `Portal`; a tag that is not there yet is made where the default branch is."""
        _check_length(metadata)
        said, branch = codec.release_body(metadata), await self._project.branch()
        if DRAFT_EXTRA in (metadata.extras or {}):
            release = Release(release_tag, said["name"], said["description"])
            seen = Seen(release, await self._project.home(), pending=True)
            self._pending[release_tag] = seen
            return codec.dataset_of(seen)
        made = await self._make(release_tag, branch, said)
        return codec.dataset_of(Seen(made, await self._project.home()))

    async def _make(self, tag: str, branch: str, said: Mapping[str, Json]) -> Release:
        body = {"tag_name": tag, "ref": branch, **said}
        request = Request("POST", "/releases", RELEASES, json=body)
        answer = await self._transport.send(request)
        if answer.status == CONFLICT:
            raise Outdated(say("there is a release of the tag '{tag}' by now", tag=tag))
        return READER.read(codec.RELEASE, request, answer, DatasetFailed, say("the new release"))

    async def update_dataset(
        self,
        remote: RemoteDataset,
        changes: DatasetMetadata,
        now: datetime,  # noqa: ARG002 # GitLab dates its releases itself
        organization: str | None = None,  # noqa: ARG002 # a project is nobody's but its own
        *,
        restore: bool = False,  # noqa: ARG002 # what was deleted is gone
    ) -> RemoteDataset:
        """See `Portal`; one that is made only now gets all its links in the same request."""
        _check_length(changes)
        if remote.metadata.private:  # none is, but such as are not made yet
            there = await self._remembered(remote.id)
            return codec.dataset_of(await self._update_pending(there, changes, remote))
        body = codec.release_body(changes, remote) or {"name": remote.metadata.title}
        request = Request("PUT", release_path(remote.id), RELEASE, json=body)
        answer, what = await self._transport.send(request), say("the release's description")
        written = READER.read(codec.RELEASE, request, answer, DatasetFailed, what)
        if written.tag != remote.id:
            raise READER.unreadable(
                request, say("tag_name must be {id}, not {tag}", id=remote.id, tag=written.tag)
            )
        seen = self._seen.get(remote.id) or Seen(written, await self._project.home())
        seen.release = written
        return codec.dataset_of(seen)

    async def _update_pending(
        self, seen: Seen, changes: DatasetMetadata, remote: RemoteDataset
    ) -> Seen:
        """Write down what is to be said of a release; it is made when it is no longer private."""
        if not seen.pending:
            raise Outdated(say("the release is made by now"))
        said, tag = codec.release_body(changes, remote), seen.release.tag
        name = said.get("name", seen.release.name)
        text = said.get("description", seen.release.text)
        wanted = replace(seen, release=replace(seen.release, name=name, text=text))
        if changes.private is not False:
            self._pending[tag] = wanted
            return self._remember(wanted)
        made = await self._make(tag, await self._project.branch(), pending.release_of(wanted))
        self._pending.pop(tag, None)
        return self._remember(Seen(made, seen.home, seen.packages, seen.files))

    async def delete_dataset(self, dataset_id: str) -> None:
        """See `Portal`; its files go first, as nobody would know of them without the release.

        The tag stays: it belongs to the repository.
        """
        await self._registry.remove_package(own_place(dataset_id))
        request = Request("DELETE", release_path(dataset_id), RELEASE)
        answer = await self._transport.send(request)
        if not answer.ok and answer.status != NOT_FOUND:
            READER.refused(answer, DatasetFailed, say("the deletion of the release"))
        self._seen.pop(dataset_id, None)
        self._pending.pop(dataset_id, None)

    # --- files and links ------------------------------------------------------------------------

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """See `Portal`; onto an existing one, its link and its permalink stay."""
        seen = await self._remembered(dataset_id)
        old = seen.link(resource_id) if resource_id else None
        if resource_id and old is None:
            raise ResourceFailed(
                say("the release has no file {resource_id}", resource_id=resource_id)
            )
        there = seen.place_of(old) if old else None
        if old is not None and there is None:
            raise ResourceFailed(
                say("what a release links to elsewhere cannot be hosted in its place")
            )
        place, name = own_place(dataset_id), file_name(content.name)
        check_free(seen, place, name, old)
        spare = seen.at(*there) if there and there[0] == place else ()
        file = await self._registry.store(seen, place, name, content)
        if seen.pending:
            link = replace(pending.link_to(seen, name), id=old.id, name=old.name) if old else None
            link = link or pending.link_to(seen, name)
            pending.put(seen, link)
        elif old is None:
            link = await self._links.to_file(seen, place, name, file)
        elif there == (place, name):
            link = old
        else:
            link = await self._links.to_other_file(seen, old, place, name)
        await self._registry.clear(seen, place, spare)
        return codec.resource_of(seen, link)

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """See `Portal`; its name has to be another than those of the release's other links."""
        seen = await self._remembered(dataset_id)
        name = metadata.title or link.url
        if seen.pending:
            made = Link(f"{pending.PENDING}{link.url}", name, link.url)
            pending.put(seen, made)
        else:
            made = await self._links.elsewhere(seen, name, link.url)
        return codec.resource_of(seen, made)

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:
        """See `Portal`."""
        seen = await self._look(dataset_id)
        link = seen.link(item.id) if seen else None
        if seen is None or link is None:
            raise Outdated(say("the release has no link {id}", id=item.id))
        return codec.resource_of(seen, await self._links.write(seen, link, item))

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`; each title in a request of its own, and no two of a release are the same.

        What could be written was, when some of it is refused.
        """
        seen = await self._look(dataset_id)
        if seen is None:
            raise DatasetFailed(say("the release vanished from the project"))
        if sorted(each.id for each in items) != sorted(each.id for each in seen.release.links):
            raise Outdated(say("these are not the files that the release has"))
        refused = {item.id: why for item in items if (why := _title_fault(item))}
        left = {item.id for item in items if item.changes and item.changes.title}
        for item in items if not refused else ():
            left.discard(item.id)
            if item.writes and seen.link(item.id):
                try:
                    await self._links.make_room(seen, item, left)
                    if link := seen.link(item.id):
                        await self._links.write(seen, link, item)
                except ResourceFailed as failure:
                    refused[item.id] = str(failure)
        if refused:
            raise DescriptionsRefused(refused)
        return tuple(codec.resource_of(seen, link) for link in seen.release.links)

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """See `Portal`; the file goes first, as nobody would know of it without the link."""
        seen = await self._look(dataset_id)
        link = seen.link(resource_id) if seen else None
        if seen is None or link is None:
            return
        found = seen.place_of(link)
        if found and found[0] == own_place(dataset_id):
            await self._registry.remove(seen, found[0], seen.at(*found))
        await self._links.delete(seen, link)
        self._seen.pop(dataset_id, None)


# --- what stands in the way, before anything is sent ------------------------------------------


def _check_length(metadata: DatasetMetadata) -> None:
    """Raise `DatasetFailed` for what a release has no room for."""
    for name in ("title", "description"):
        most, text = getattr(RULES.limits, name), getattr(metadata, name) or ""
        if len(text) > most:
            raise DatasetFailed(
                say(
                    "the {name} has {count:,} characters, and a release takes {most:,} at most",
                    name=name,
                    count=len(text),
                    most=most,
                )
            )


def _title_fault(item: ListItem) -> str:
    title, most = (item.changes and item.changes.title) or "", RULES.limits.title or 0
    too_long = say(
        "its title has {count:,} characters, {most} is the most", count=len(title), most=most
    )
    return too_long if len(title) > most else ""
