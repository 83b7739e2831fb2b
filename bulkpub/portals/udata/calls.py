"""Each call the pipeline makes of a udata portal, over one transport.

Knows the endpoints and what their statuses mean; `codec` knows the bodies. Every answer is read
here, against its shape. The facts behind each line are in `docs/reference/portal.md`.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from bulkpub.core.actions import ListItem
from bulkpub.core.catalogue import KnownSchema, KnownZone
from bulkpub.core.model import (
    Contact,
    DatasetMetadata,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.names import extension_of
from bulkpub.core.owners import Owner
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.errors import (
    DatasetFailed,
    DescriptionsRefused,
    ListingIncomplete,
    NotAPortal,
    Outdated,
    PortalRefuses,
    ResourceFailed,
    Uncertain,
)
from bulkpub.http.messages import Answer, Body, Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Account, Content, Download, Organization, Page, Traffic
from bulkpub.portals.shapes import Shape, Unreadable
from bulkpub.portals.udata import codec, lookups, versions
from bulkpub.portals.udata.address import shown_on_page
from bulkpub.portals.udata.answers import CONTACT, ME, ORGANIZATION, PAGE, PART
from bulkpub.portals.udata.forms import FileForm
from bulkpub.portals.udata.names import upload_name
from bulkpub.portals.udata.paging import read_through
from bulkpub.portals.udata.parts import Parts
from bulkpub.portals.udata.reading import read, refused, unreadable
from bulkpub.portals.udata.rules import RULES, WITHOUT_ACCESS
from bulkpub.portals.udata.told import Told
from bulkpub.portals.udata.vocabularies import always_allowed
from bulkpub.portals.whole_or_parts import PartSizes, WholeOrParts

__all__ = ["PAGE_SIZE", "Udata", "quoted"]

PAGE_SIZE = 100
"""Datasets per page of a listing; large ones with hundreds of resources stay a few MB."""
MOST_PAGES = 20_000
"""Pages of one listing; no owner has so many datasets, and a listing that never ends has more."""

MOVED, BAD_REQUEST, NOT_FOUND, GONE, TOO_LARGE = 308, 400, 404, 410, 413

T = TypeVar("T")


class Udata(Told):
    """A udata portal; implements `bulkpub.portals.Portal`."""

    rules: Rules = RULES

    def __init__(self, transport: Transport, parts: PartSizes | WholeOrParts | None = None) -> None:
        self._transport = transport
        transport.probe = Request("GET", "/me/", "/me/")
        if not isinstance(parts, WholeOrParts):
            parts = WholeOrParts(parts or PartSizes())
        self._whole_or_parts = parts

    @property
    def traffic(self) -> Traffic:
        """See `Portal`."""
        return Traffic(self._transport.requests, self._transport.waited, self._transport.rate_limit)

    # --- pure ------------------------------------------------------------------------------

    @property
    def at_once(self) -> int:
        """See `Portal`."""
        return self._transport.at_once

    @property
    def refused_size(self) -> int | None:
        """See `Portal`."""
        return self._whole_or_parts.refused

    def sends_in_parts(self, size: int) -> bool:
        """See `Portal`."""
        return self._whole_or_parts.in_parts(size)

    def file_refusal(self, name: str, extensions: frozenset[str]) -> str | None:
        """See `Portal`."""
        extension = extension_of(name)
        if not extension:
            return say("the portal refuses files without an extension, such as '{name}'", name=name)
        if extension in extensions or extension in always_allowed():
            return None
        return say(
            "the portal refuses .{extension} files; it lists those it takes at "
            "{base_url}/datasets/extensions/",
            extension=extension,
            base_url=self._transport.base_url,
        )

    def download(
        self,
        dataset: RemoteDataset,  # noqa: ARG002 # files of private datasets are public, too
        resource: RemoteResource,
    ) -> Download:
        """See `Portal`."""
        return Download(resource.permalink)

    def community(self, owner: Owner) -> "Udata":
        """See `Portal`."""
        from bulkpub.portals.udata.community import Community  # noqa: PLC0415 - it is one of these

        return Community(self._transport, self._whole_or_parts, owner)

    # --- asking ----------------------------------------------------------------------------

    async def account(self) -> Account:
        """See `Portal`; the version is looked at as well, and decides on the rules.

        Raises `NotAPortal` when something else answers at this address, `PortalRefuses` when
        it is a udata that is too old.
        """
        answer = await self._transport.send(Request("GET", "/me/", "/me/"))
        if not answer.ok and answer.status != NOT_FOUND:
            refused(answer, DatasetFailed, say("GET /me/"))
        try:
            me = ME.read(answer.content)
        except Unreadable as error:
            raise NotAPortal(
                say(
                    "{base_url} does not answer like a udata portal; is it the right address? "
                    "(GET /me/: {error})",
                    base_url=self._transport.base_url,
                    error=error,
                )
            ) from error
        if me.shows_key:
            await self._see_version()
        return me.account

    async def _see_version(self) -> None:
        headers = {"X-Fields": versions.SITE_FIELDS}
        request = Request("GET", "/site/", "/site/", headers=headers)
        answer = await self._transport.send(request)
        runs = read(versions.SITE, request, answer, DatasetFailed, say("GET /site/"))
        if runs.old is not None:
            raise PortalRefuses(versions.too_old(self._transport.base_url, runs.old))
        if not runs.keeps_access:
            self.rules = WITHOUT_ACCESS

    async def organization(self, id_or_slug: str) -> Organization | None:
        """See `Portal`."""
        request = Request("GET", f"/organizations/{quoted(id_or_slug)}/", "/organizations/{id}/")
        answer = await self._transport.send(request)
        if answer.status in {NOT_FOUND, GONE, MOVED}:
            return None
        return read(ORGANIZATION, request, answer, DatasetFailed, say("the organization"))

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:
        """See `Portal`."""
        return await lookups.vocabulary(self._transport, self.rules.asked[which])

    async def schemas(self) -> tuple[KnownSchema, ...]:
        """See `Portal`."""
        return await lookups.schemas(self._transport)

    async def unknown_zones(self, zones: Collection[str]) -> frozenset[str]:
        """See `Portal`."""
        return await lookups.unknown_zones(self._transport, zones)

    async def zones_named(self, name: str) -> Sequence[KnownZone] | None:
        """See `Portal`."""
        return await lookups.zones_named(self._transport, name)

    async def foreign_contacts(
        self, contacts: Collection[str], *, organization: str | None = None, user: str | None = None
    ) -> Mapping[str, str]:
        """See `Portal`."""
        return await lookups.foreign_contacts(self._transport, contacts, Owner(organization, user))

    async def contacts(
        self, *, organization: str | None = None, user: str | None = None
    ) -> Mapping[Contact, str]:
        """See `Portal`."""
        return await lookups.contacts(self._transport, Owner(organization, user))

    async def create_contact(self, contact: Contact, organization: str | None) -> str:
        """See `Portal`; one that says the same is answered with (200), so nothing is made twice."""
        body = codec.contact_body(contact, organization)
        request = Request("POST", "/contacts/", "/contacts/", json=body)
        answer = await self._transport.send(request)
        made = read(
            CONTACT,
            request,
            answer,
            DatasetFailed,
            say("the contact point {contact}", contact=contact),
        )
        return made.id

    async def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """See `Portal`; sorted by creation, so that a new dataset never shifts the pages."""
        owner = {"organization": organization} if organization else {"owner": user or ""}
        seen = set[str]()
        what = say("the portal's listing of datasets")
        async for page in read_through(partial(self._pages, owner), what):
            new = tuple(each for each in page.datasets if each.id not in seen)
            seen.update(each.id for each in new)
            yield replace(page, datasets=new)

    async def _pages(self, owner: Mapping[str, str]) -> AsyncGenerator[Page, None]:
        """The pages of a listing, in one reading.

        Whatever the portal says of a next page, the listing ends at a page that brings nothing
        new, and when more than announced was seen.
        """
        seen = set[str]()
        announced: int | None = None
        for number in range(1, MOST_PAGES + 1):
            page = await self._page(owner, number)
            if page is None:  # the one before named it: what was on it moved forward
                page = Page((), len(seen), last=True)
            new = {each.id: each for each in page.datasets if each.id not in seen}
            seen |= new.keys()
            announced = page.total
            yield replace(page, datasets=tuple(new.values()))
            if page.last:
                break
            if not new:
                raise ListingIncomplete(
                    say(
                        "the portal's listing of datasets has no end: page {number} brings "
                        "nothing new and names a next one; {count} datasets were seen",
                        number=number,
                        count=len(seen),
                    )
                )
            if announced is not None and len(seen) >= announced:
                raise ListingIncomplete(
                    say(
                        "the portal's listing of datasets goes on beyond the {announced} datasets "
                        "that it announces",
                        announced=announced,
                    )
                )
        else:
            raise ListingIncomplete(
                say(
                    "the portal's listing of datasets has no end: {most_pages} pages were read",
                    most_pages=MOST_PAGES,
                )
            )
        if announced is not None and len(seen) < announced:
            raise ListingIncomplete(
                say(
                    "the portal's listing of datasets is incomplete: it announces {announced} and "
                    "shows {count}",
                    announced=announced,
                    count=len(seen),
                )
            )

    async def _page(self, owner: Mapping[str, str], number: int) -> Page | None:
        """One page of a listing (from 1); None past the last one."""
        request = Request(
            "GET",
            "/datasets/",
            "/datasets/",
            params={
                **owner,
                "page": str(number),
                "page_size": str(PAGE_SIZE),
                "sort": "created",
            },
            headers={"X-Fields": f"total,next_page,data{{{codec.LISTED_FIELDS}}}"},
        )
        answer = await self._transport.send(request)
        if answer.status == NOT_FOUND and number > 1:
            return None
        return read(PAGE, request, answer, DatasetFailed, say("the listing of datasets"))

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`; a slug that it had before leads to it, too."""
        return await self._dataset(dataset_id, or_now=True)

    async def _dataset(self, dataset_id: str, *, or_now: bool) -> RemoteDataset | None:
        request = Request(
            "GET",
            f"/datasets/{quoted(dataset_id)}/",
            "/datasets/{id}/",
            headers={"X-Fields": codec.DATASET_FIELDS},
        )
        answer = await self._transport.send(request)
        if answer.status in {NOT_FOUND, GONE}:
            return None
        if answer.status == MOVED and or_now:  # only its new name is taken from there
            kind, slug = shown_on_page(answer.headers.get("Location", "")) or ("", "")
            if kind == "dataset":
                return await self._dataset(slug, or_now=False)
        found = read(codec.DATASET, request, answer, DatasetFailed, say("the dataset"))
        # An ObjectId is the same in capitals; a slug is one as the portal has it.
        if dataset_id not in {found.id, found.slug} and dataset_id.lower() != found.id:
            raise unreadable(
                request, say("id must be that of the dataset asked for, not {id}", id=found.id)
            )
        return found

    # --- writing ---------------------------------------------------------------------------

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,
        now: datetime,
        *,
        release_tag: str = "",  # noqa: ARG002 - no dataset is a release
    ) -> RemoteDataset:
        """See `Portal`."""
        body = codec.dataset_body(metadata, now)
        if organization:
            body["organization"] = organization
        request = Request("POST", "/datasets/", "/datasets/", json=body)
        answer = await self._transport.send(request)
        return read(codec.DATASET, request, answer, DatasetFailed, say("the new dataset"))

    async def update_dataset(
        self,
        remote: RemoteDataset,
        changes: DatasetMetadata,
        now: datetime,
        organization: str | None = None,
        *,
        restore: bool = False,
    ) -> RemoteDataset:
        """See `Portal`."""
        body = codec.dataset_body(changes, now, remote)
        if organization:
            body["organization"] = organization
        if restore:
            body["deleted"] = None
        request = Request(
            "PUT",
            f"/datasets/{quoted(remote.id)}/",
            "/datasets/{id}/",
            json=body,
        )
        answer, what = await self._transport.send(request), say("the dataset's description")
        written = read(codec.DATASET, request, answer, DatasetFailed, what)
        if written.id != remote.id:
            raise unreadable(
                request, say("id must be that of the dataset, not {id}", id=written.id)
            )
        return written

    async def delete_dataset(self, dataset_id: str) -> None:
        """See `Portal`."""
        path = f"/datasets/{quoted(dataset_id)}/"
        answer = await self._transport.send(Request("DELETE", path, "/datasets/{id}/"))
        if not answer.ok and answer.status not in {NOT_FOUND, GONE}:
            refused(answer, DatasetFailed, say("the deletion of the dataset"))

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """See `Portal`."""
        if self.sends_in_parts(content.size):
            return await self._upload_in_parts(dataset_id, content, resource_id)
        begun = 0.0

        def form() -> FileForm:
            nonlocal begun
            begun = time.perf_counter()
            return FileForm(content.open(), upload_name(content.name), content.progressed)

        request = self._upload_request(dataset_id, resource_id, form, content.size)
        try:
            answer = await self._transport.send(request)
        except Uncertain:
            self._whole_or_parts.broke_off(content.size)
            raise
        if answer.status == TOO_LARGE:
            self._whole_or_parts.was_refused(content.size)
            if self.sends_in_parts(content.size):
                return await self._upload_in_parts(dataset_id, content, resource_id)
        if answer.ok:  # what was refused may have been so before it was read
            self._whole_or_parts.arrived(content.size, time.perf_counter() - begun)
        return self._stored(codec.RESOURCE, request, answer, say("the file"), resource_id)

    async def _upload_in_parts(
        self, dataset_id: str, content: Content, resource_id: str | None
    ) -> RemoteResource:
        async def send_part(form: Callable[[], Body]) -> None:
            request = self._upload_request(dataset_id, resource_id, form)
            answer = await self._transport.send(request)
            self._stored(PART, request, answer, say("a part of the file"), resource_id)

        async def join(form: Callable[[], Body], size: int) -> RemoteResource:
            request = self._upload_request(dataset_id, resource_id, form, size)
            answer = await self._transport.send(replace(request, aside=True))
            return self._stored(codec.RESOURCE, request, answer, say("the file"), resource_id)

        return await Parts(content, self._whole_or_parts.part_size, send_part, join).send()

    def _upload_request(
        self,
        dataset_id: str,
        resource_id: str | None,
        body: Callable[[], Body],
        handles: int = 0,
    ) -> Request:
        """A file, a part, or what joins them; the portal has `handles` bytes to deal with."""
        path, endpoint = f"/datasets/{quoted(dataset_id)}", "/datasets/{id}"
        if resource_id:
            path = f"{path}/resources/{quoted(resource_id)}"
            endpoint = f"{endpoint}/resources/{{rid}}"
        return Request("POST", f"{path}/upload/", f"{endpoint}/upload/", body=body, handles=handles)

    def _stored(
        self, shape: Shape[T], request: Request, answer: Answer, what: str, resource_id: str | None
    ) -> T:
        stored = read(shape, request, answer, ResourceFailed, what)
        if isinstance(stored, RemoteResource) and resource_id not in {None, stored.id}:
            raise unreadable(
                request, say("id must be that of the resource, not {id}", id=stored.id)
            )
        return stored

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """See `Portal`."""
        request = Request(
            "POST",
            f"/datasets/{quoted(dataset_id)}/resources/",
            "/datasets/{id}/resources/",
            json=codec.link_body(link, metadata),
        )
        answer = await self._transport.send(request)
        return read(codec.RESOURCE, request, answer, ResourceFailed, say("the link"))

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`."""
        request = Request(
            "PUT",
            f"/datasets/{quoted(dataset_id)}/resources/",
            "/datasets/{id}/resources/",
            json=[codec.list_item(item) for item in items],
        )
        answer = await self._transport.send(request)
        if answer.status == BAD_REQUEST:
            refusal = answer.json()
            if refusals := codec.item_refusals(refusal, [item.id for item in items]):
                raise DescriptionsRefused(refusals)
            words = codec.error_message(refusal)
            raise Outdated(words or say("the portal refused the list of resources"))
        what = say("the resources' descriptions and order")
        return read(codec.RESOURCES, request, answer, DatasetFailed, what)

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:
        """See `Portal`."""
        body = {name: value for name, value in codec.list_item(item).items() if name != "id"}
        request = Request(
            "PUT",
            f"/datasets/{quoted(dataset_id)}/resources/{quoted(item.id)}/",
            "/datasets/{id}/resources/{rid}/",
            json=body,
        )
        answer = await self._transport.send(request)
        if answer.status in {NOT_FOUND, GONE}:
            raise Outdated(say("the link {id} vanished from the portal", id=item.id))
        moved = read(codec.RESOURCE, request, answer, ResourceFailed, say("the link's new address"))
        if moved.id != item.id:
            raise unreadable(request, say("id must be that of the resource, not {id}", id=moved.id))
        return moved

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """See `Portal`."""
        answer = await self._transport.send(
            Request(
                "DELETE",
                f"/datasets/{quoted(dataset_id)}/resources/{quoted(resource_id)}/",
                "/datasets/{id}/resources/{rid}/",
            )
        )
        if not answer.ok and answer.status != NOT_FOUND:
            refused(answer, ResourceFailed, say("the deletion"))


def quoted(part: str) -> str:
    """One segment of a path, whatever a manifest has for an id."""
    return quote(part, safe="")
