"""Each call the pipeline makes of the releases of one GitHub repository.

Files go to another host than everything else, at the same pace and with the same key; both
addresses are worked out from the repository's, never taken from an answer.

A file that takes another's place is sent beside it, under a name that says so; then the other one
is deleted, and then it gets the name. Whenever that breaks off, one of the two is there whole. What
broke off of an upload stays in the release as a `starter`, which nobody can download; it is deleted
when its name is needed.
"""

import mimetypes
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from bulkpub.core.actions import ListItem
from bulkpub.core.model import (
    DatasetMetadata,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.report import RequestTotals, WaitTotals
from bulkpub.core.rules import Rules
from bulkpub.errors import (
    DatasetFailed,
    ListingIncomplete,
    NotAPortal,
    Outdated,
    PortalRefuses,
    ResourceFailed,
    Uncertain,
)
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.http.turns import SpacedOut, Turns
from bulkpub.language import say
from bulkpub.portals.base import Account, Content, Download, Page, Traffic
from bulkpub.portals.github import codec
from bulkpub.portals.github.address import root_of
from bulkpub.portals.github.names import NEW, asset_name, without_mark
from bulkpub.portals.github.rules import MOST_TEXT, RULES
from bulkpub.portals.releases.body import WholeBody
from bulkpub.portals.releases.paging import next_params
from bulkpub.portals.releases.portal import ReleasePortal
from bulkpub.portals.releases.raw import raw
from bulkpub.portals.releases.reading import Reader
from bulkpub.portals.telling import RawAnswer, RawRequest

__all__ = ["PAGE_SIZE", "GitHub"]

PAGE_SIZE = 100
"""Releases per page of a listing: the most that GitHub gives at once."""
MOST_PAGES = 1_000
"""Pages of one listing; GitHub shows the first 10,000 releases of a repository."""
MOST_REMEMBERED = 64
"""Releases that are remembered as they were seen last."""
APART_S = 1.0
"""Seconds from one write to the next; who writes quicker meets GitHub's secondary limits, and who
goes on then may be shut out (docs.github.com, "Best practices for using the REST API")."""
NOT_FOUND, GONE, UNPROCESSABLE = 404, 410, 422
EXISTS = "already_exists"

REPOSITORY = "/repos/{owner}/{repo}"
RELEASES, ASSETS = f"{REPOSITORY}/releases", f"{REPOSITORY}/releases/assets"

READER = Reader(
    "GitHub",
    codec.error_message,
    say("the key needs the right to write contents of the repository (`contents: write`)"),
)


class GitHub(ReleasePortal):
    """The releases of a repository; implements `bulkpub.portals.Portal`.

    `credentials` are the headers with the key, for files that not everybody may have. `turns` says
    when the next write may start, `APART_S` after the one before; None: this session alone writes.
    """

    rules: Rules = RULES

    def __init__(
        self,
        api: Transport,
        uploads: Transport,
        credentials: Mapping[str, str] | None = None,
        turns: SpacedOut | None = None,
    ) -> None:
        self._api = api
        self._credentials = credentials or {}
        self._is_private = False
        self._uploads = uploads
        api.probe = Request("GET", "", REPOSITORY)
        self._seen: OrderedDict[str, codec.Release] = OrderedDict()
        self._turns = turns or Turns(APART_S)

    @property
    def traffic(self) -> Traffic:
        """See `Portal`; that of both hosts, which share the waiting."""
        api, uploads = self._api, self._uploads
        waited = WaitTotals(api.waited.quota, api.waited.backoff + uploads.waited.backoff)
        return Traffic(_added(api.requests, uploads.requests), waited, api.rate_limit)

    @property
    def at_once(self) -> int:
        """See `Portal`."""
        return self._api.at_once

    @property
    def refused_size(self) -> int | None:
        """See `Portal`; how large a file may be, the rules say."""
        return None

    def download(self, dataset: RemoteDataset, resource: RemoteResource) -> Download:
        """See `Portal`; of what not everybody sees, the API gives out the files."""
        if not (self._is_private or dataset.metadata.private):
            return Download(resource.permalink)
        address = f"{self._api.base_url}/releases/assets/{_id(resource.id)}"
        return Download(address, {**self._credentials, "Accept": OCTETS})

    # --- asking ----------------------------------------------------------------------------

    async def account(self) -> Account:
        """See `Portal`: it is the repository's.

        What a key may do is not asked: of the key of a workflow, GitHub does not tell. Raises
        `NotAPortal` when there is no such repository for us, `PortalRefuses` when nobody may write
        to it.
        """
        request = Request("GET", "", REPOSITORY)
        answer = await self._api.send(request)
        if answer.status == NOT_FOUND:
            raise NotAPortal(
                say(
                    "{base_url}: there is no such repository, or the key may not see it",
                    base_url=self._api.base_url,
                )
            )
        found = READER.read(codec.REPOSITORY, request, answer, NotAPortal, say("the repository"))
        if found.archived:
            raise PortalRefuses(
                say("the repository {name} is archived: nobody can write to it", name=found.name)
            )
        self._is_private = found.private
        return Account(found.number, found.name, ())

    async def owned_by(
        self,
        *,
        organization: str | None = None,  # noqa: ARG002 # a repository is nobody's but its own
        user: str | None = None,  # noqa: ARG002 # likewise
    ) -> AsyncIterator[Page]:
        """See `Portal`: all releases of the repository, the newest first.

        Nobody says how many there are. A new one shifts the pages, so that one may be seen twice.
        """
        seen, params = set[str](), {"per_page": str(PAGE_SIZE)}
        for _ in range(MOST_PAGES):
            request = Request("GET", "/releases", RELEASES, params=params)
            answer = await self._api.send(request)
            listed = READER.read(
                codec.RELEASES, request, answer, DatasetFailed, say("the listing of releases")
            )
            new = [each for each in listed if each.id not in seen]
            seen |= {each.id for each in new}
            following = next_params(answer.headers)
            if following is not None and not new:
                break
            yield Page(tuple(map(self._noted, new)), None, following is None)
            if following is None:
                return
            params = {"per_page": str(PAGE_SIZE), "page": following.get("page", "")}
        raise ListingIncomplete(
            say(
                "the portal's listing of releases has no end; {count} releases were seen",
                count=len(seen),
            )
        )

    def _noted(self, release: codec.Release) -> RemoteDataset:
        """The release as a dataset; it is remembered for a while."""
        self._seen.pop(release.id, None)
        self._seen[release.id] = release
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return codec.dataset_of(release)

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`; the tag does for the id of a release that is no draft."""
        release = await self._release(dataset_id)
        return None if release is None else self._noted(release)

    async def _release(self, name: str) -> codec.Release | None:
        by = "" if name.isdecimal() else "tags/"
        path = f"/releases/{by}{quote(name, safe='')}"
        request = Request("GET", path, f"{RELEASES}/{by}{{id}}")
        answer = await self._api.send(request)
        if answer.status in {NOT_FOUND, GONE}:
            return None
        return READER.read(codec.RELEASE, request, answer, DatasetFailed, say("the release"))

    async def _there(self, dataset_id: str) -> codec.Release:
        release = await self._release(dataset_id)
        if release is None:
            raise DatasetFailed(
                say("the repository has no release {dataset_id}", dataset_id=dataset_id)
            )
        return release

    async def raw(self, request: RawRequest) -> RawAnswer:
        """See `Portal`; paths are as in GitHub's documents, `/repos/OWNER/REPO/releases` say."""
        root = root_of(self._api.base_url)
        return await raw(self._api, request, root, codec.error_message)

    async def _written(self, request: Request, transport: Transport | None = None) -> Answer:
        """The answer to a write, whose turn is waited for."""
        await self._turns.turn()
        return await (transport or self._api).send(request)

    # --- releases --------------------------------------------------------------------------

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,  # noqa: ARG002 # a repository is nobody's but its own
        now: datetime,  # noqa: ARG002 # GitHub dates its releases itself
        *,
        release_tag: str = "",
    ) -> RemoteDataset:
        """See `Portal`; a tag that is not there yet is made where the default branch is."""
        body = {"tag_name": release_tag, **codec.release_body(metadata)}
        _check_length(metadata, body)
        request = Request("POST", "/releases", RELEASES, json=body)
        answer = await self._written(request)
        if _exists(answer):
            raise Outdated(
                say(
                    "the repository has a release of the tag '{release_tag}' already",
                    release_tag=release_tag,
                )
            )
        made = READER.read(codec.RELEASE, request, answer, DatasetFailed, say("the new release"))
        return self._noted(made)

    async def update_dataset(
        self,
        remote: RemoteDataset,
        changes: DatasetMetadata,
        now: datetime,  # noqa: ARG002 # GitHub dates its releases itself
        organization: str | None = None,  # noqa: ARG002 # a repository is nobody's but its own
        *,
        restore: bool = False,  # noqa: ARG002 # what is deleted is gone
    ) -> RemoteDataset:
        """See `Portal`."""
        body = codec.release_body(changes, remote)
        _check_length(changes, body)
        request = Request("PATCH", f"/releases/{_id(remote.id)}", f"{RELEASES}/{{id}}", json=body)
        answer = await self._written(request)
        written = READER.read(codec.RELEASE, request, answer, DatasetFailed, say("the release"))
        if written.id != remote.id:
            raise READER.unreadable(
                request,
                say("id must be {id}, not {written_id}", id=remote.id, written_id=written.id),
            )
        return self._noted(written)

    async def delete_dataset(self, dataset_id: str) -> None:
        """See `Portal`; the tag stays, as it is part of the repository's history."""
        if not dataset_id.isdecimal():
            return
        request = Request("DELETE", f"/releases/{dataset_id}", f"{RELEASES}/{{id}}")
        answer = await self._written(request)
        if not answer.ok and answer.status not in {NOT_FOUND, GONE}:
            READER.refused(answer, DatasetFailed, say("the deletion of the release"))

    # --- files -----------------------------------------------------------------------------

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """See `Portal`; onto an existing one, the new one has an id of its own."""
        name = asset_name(content.name)
        if resource_id is None:
            sent = await self._sent(dataset_id, content, name)
            await self._clear(dataset_id, name + NEW)
            return codec.resource_of(sent)
        there = await self._asset(dataset_id, resource_id)
        if there is None:
            raise ResourceFailed(
                say("the release has no file {resource_id}", resource_id=resource_id)
            )
        # What came for another that is gone has not got the name, which is free.
        sent_as = name if there.is_new else name + NEW
        sent = await self._sent(dataset_id, content, sent_as)
        if sent.size not in {None, content.size} or sent.sha256 not in {None, content.digest}:
            # What was there before still is, under its name.
            raise Uncertain(say("the portal received other bytes than were sent"))
        await self.delete_resource(dataset_id, resource_id)
        return codec.resource_of(sent if there.is_new else await self._named(sent.id, name))

    async def _sent(self, dataset_id: str, content: Content, name: str) -> codec.Asset:
        """Send a file; what is in the way under its name, and of no use, is deleted once."""
        type_, _ = mimetypes.guess_type(without_mark(name))
        request = Request(
            "POST",
            f"/releases/{_id(dataset_id)}/assets",
            f"{RELEASES}/{{id}}/assets",
            params={"name": name},
            body=lambda: WholeBody(content.open(), content.progressed, type_ or OCTETS),
            handles=content.size,
        )
        answer = await self._written(request, self._uploads)
        if _exists(answer):
            release = await self._there(dataset_id)
            if release.called(name) is None:
                raise ResourceFailed(
                    say(
                        "the release has a file called {name}, but does not show it: look for it "
                        "there",
                        name=name,
                    )
                )
            if (useless := release.in_the_way(name)) is None:
                raise Outdated(say("the release has a file called {name} already", name=name))
            await self.delete_resource(dataset_id, useless.id)
            answer = await self._written(request, self._uploads)
            if _exists(answer):
                raise Outdated(say("the release has a file called {name} already", name=name))
        if answer.status == NOT_FOUND:
            raise DatasetFailed(
                say("the repository has no release {dataset_id}", dataset_id=dataset_id)
            )
        sent = READER.read(codec.ASSET, request, answer, ResourceFailed, say("the file"))
        if not sent.whole:
            raise Uncertain(say("the portal does not have all of the file"))
        if sent.name != name:
            await self.delete_resource(dataset_id, sent.id)
            raise ResourceFailed(
                say(
                    "GitHub keeps it under another name than {name}, which is {sent_name}: send "
                    "it under that with `as`",
                    name=name,
                    sent_name=sent.name,
                )
            )
        return sent

    async def _clear(self, dataset_id: str, name: str) -> None:
        """Delete what was left of an earlier replacement, as far as that is known."""
        release = self._seen.get(dataset_id)
        if release is not None and (left := release.called(name)):
            await self.delete_resource(dataset_id, left.id)

    async def _asset(self, dataset_id: str, asset_id: str) -> codec.Asset | None:
        """The file, as it was seen last; None when there is none."""
        release = self._seen.get(dataset_id)
        for each in release.assets if release is not None else ():
            if each.id == asset_id:
                return each
        if not asset_id.isdecimal():
            return None
        request = Request("GET", f"/releases/assets/{asset_id}", f"{ASSETS}/{{id}}")
        answer = await self._api.send(request)
        if answer.status in {NOT_FOUND, GONE}:
            return None
        return READER.read(codec.ASSET, request, answer, ResourceFailed, say("the file"))

    async def _named(self, asset_id: str, name: str) -> codec.Asset:
        """Give a file its name."""
        request = Request(
            "PATCH", f"/releases/assets/{_id(asset_id)}", f"{ASSETS}/{{id}}", json={"name": name}
        )
        answer = await self._written(request)
        if answer.status in {NOT_FOUND, GONE} or _exists(answer):
            raise Outdated(
                say("the release has another file called {name}, or this one no more", name=name)
            )
        return READER.read(codec.ASSET, request, answer, ResourceFailed, say("the file's name"))

    async def create_link(
        self,
        dataset_id: str,  # noqa: ARG002 # whichever it is
        link: LinkSource,
        metadata: ResourceMetadata,  # noqa: ARG002
    ) -> RemoteResource:
        """See `Portal`; the rules say that there are none."""
        raise ResourceFailed(
            say("a release cannot list what stays elsewhere: {shown}", shown=link.shown)
        )

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:  # noqa: ARG002
        """See `Portal`; the rules say that there are none."""
        raise ResourceFailed(say("a release cannot list what stays elsewhere"))

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`; nothing is said of files, but what has arrived gets its name."""
        there = await self._there(dataset_id)
        shown = {each.id: each for each in there.shown}
        if sorted(shown) != sorted(item.id for item in items):
            raise Outdated(say("these are not the files that the release has"))
        named = {
            item.id: await self._named(item.id, without_mark(shown[item.id].name))
            for item in items
            if item.host and shown[item.id].is_new
        }
        assets = tuple(named.get(each.id, each) for each in there.assets)
        return self._noted(replace(there, assets=assets)).resources

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:  # noqa: ARG002
        """See `Portal`; a file has an id of its own in all the repository."""
        request = Request("DELETE", f"/releases/assets/{_id(resource_id)}", f"{ASSETS}/{{id}}")
        answer = await self._written(request)
        if not answer.ok and answer.status not in {NOT_FOUND, GONE}:
            READER.refused(answer, ResourceFailed, say("the deletion of the file"))


OCTETS = "application/octet-stream"


def _id(written: str) -> str:
    """An id in a path; whatever is none is answered as what is not there."""
    return quote(written, safe="")


def _exists(answer: Answer) -> bool:
    return answer.status == UNPROCESSABLE and EXISTS in codec.error_codes(answer.json())


def _check_length(said: DatasetMetadata, body: Mapping[str, Json]) -> None:
    most, whole = RULES.limits.description, len(body.get("body") or "")
    if most is not None and len(said.description or "") > most:
        raise DatasetFailed(
            say("the description is longer than the {most} characters of a release's", most=most)
        )
    if whole > MOST_TEXT:
        raise DatasetFailed(
            say(
                "the description and the extras are {whole} characters long together, of which a "
                "release takes {most_text}",
                whole=whole,
                most_text=MOST_TEXT,
            )
        )


def _added(one: RequestTotals, other: RequestTotals) -> RequestTotals:
    def both(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
        return {key: some.get(key, 0) + more.get(key, 0) for key in sorted({*some, *more})}

    return replace(
        one,
        total=one.total + other.total,
        by_method=both(one.by_method, other.by_method),
        by_endpoint=both(one.by_endpoint, other.by_endpoint),
        retried=one.retried + other.retried,
        rate_limited=one.rate_limited + other.rate_limited,
    )
