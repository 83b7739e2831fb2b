"""Community resources: what others than its owner put beside a dataset, as a portal of its own.

A dataset has there what one organization, or one account, put beside it. udata takes a new file
for the account whose key it is, and says nothing of it: the request that describes it makes it
the organization's. So what the account has there, and nobody described yet, is shown too, as
`apart`: it may be ours, of a run that was killed. There is no list to be put in order, and each
resource is described alone. The facts behind each line are in `docs/reference/portal.md`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bulkpub.core.actions import ListItem
from bulkpub.core.model import (
    DatasetMetadata,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.owners import Owner
from bulkpub.errors import (
    DatasetFailed,
    DescriptionsRefused,
    ListingIncomplete,
    Outdated,
    ResourceFailed,
)
from bulkpub.http.messages import Body, Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Page
from bulkpub.portals.shapes import (
    ID,
    NAME,
    REFERENCE,
    SIZE,
    TEXT,
    Shape,
    list_of,
    optional,
    record,
)
from bulkpub.portals.telling import DatasetHealth
from bulkpub.portals.udata import codec
from bulkpub.portals.udata.calls import BAD_REQUEST, GONE, MOST_PAGES, NOT_FOUND, Udata, quoted
from bulkpub.portals.udata.health import of_resource
from bulkpub.portals.udata.paging import read_through
from bulkpub.portals.udata.reading import read, refused, unreadable
from bulkpub.portals.udata.rules import RULES
from bulkpub.portals.whole_or_parts import WholeOrParts

__all__ = ["Community"]

ALL, ONE = "/datasets/community_resources/", "/datasets/community_resources/{id}/"
PAGE_SIZE = 500

COMMUNITY_RULES = replace(
    RULES,
    orders=False,
    described_at_once=1,
    hosts_in_place=False,
    joins_organizations=False,
    closed_lacks=frozenset(),
    moves_links_alone=False,
)


@dataclass(frozen=True, slots=True)
class _Beside:
    """A community resource, the dataset beside which it stands, if there is one, and its owner."""

    resource: RemoteResource
    dataset: RemoteDataset | None
    organization: str | None

    @property
    def id(self) -> str:
        """The resource's."""
        return self.resource.id


def _beside(data: Mapping[str, Any]) -> _Beside:
    return _Beside(codec.resource(data), data["dataset"], data["organization"])


def _empty(data: Mapping[str, Any]) -> RemoteDataset:
    metadata = DatasetMetadata(title=data["title"], extras={})
    return RemoteDataset(
        data["id"], metadata, page=data["page"] or "", deleted=bool(data["deleted"])
    )


_DATASET = record(
    {"id": ID, "title": NAME, "page": TEXT, "deleted": TEXT}, _empty, needed=("id", "title")
)
_FIELDS = f"{codec.RESOURCE_FIELDS},dataset{{id,title,page}},organization{{id}}"
_RESOURCE = record(
    {
        **codec.RESOURCE_SCHEMAS,
        "dataset": optional(_DATASET),
        "organization": optional(REFERENCE),
    },
    _beside,
    needed=("id", "title", "filetype", "dataset", "organization"),
)
DATASET: Shape[RemoteDataset] = Shape(_DATASET)
RESOURCE: Shape[_Beside] = Shape(_RESOURCE)


@dataclass(frozen=True, slots=True)
class _Page:
    items: tuple[_Beside, ...]
    total: int | None
    last: bool


LISTED: Shape[_Page] = Shape(
    record(
        {"data": list_of(_RESOURCE), "next_page": TEXT, "total": SIZE},
        lambda data: _Page(tuple(data["data"]), data["total"], not data["next_page"]),
        needed=("data",),
    )
)


class Community(Udata):
    """What `owner` has beside the datasets of a udata portal; implements `Portal` for resources.

    It remembers what it saw of each dataset, as describing one resource tells nothing of others.
    """

    rules = COMMUNITY_RULES

    def __init__(self, transport: Transport, parts: WholeOrParts, owner: Owner) -> None:
        super().__init__(transport, parts)
        self._owner = owner
        self._seen: dict[str, dict[str, RemoteResource]] = {}

    # --- asking ----------------------------------------------------------------------------

    async def owned_by(
        self,
        *,
        organization: str | None = None,  # noqa: ARG002 # those of the owner it is made for
        user: str | None = None,  # noqa: ARG002 # likewise
    ) -> AsyncIterator[Page]:
        """See `Portal`; all datasets beside which the owner has something, in one page."""
        yield Page(tuple(self._datasets(await self._listed({}))), None, last=True)

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`."""
        found = list(self._datasets(await self._listed({"dataset": dataset_id})))
        if found:
            return found[0]
        request = Request(
            "GET",
            f"/datasets/{quoted(dataset_id)}/",
            "/datasets/{id}/",
            headers={"X-Fields": "id,title,page,deleted"},
        )
        answer = await self._transport.send(request)
        if answer.status in {NOT_FOUND, GONE}:
            return None
        dataset = read(DATASET, request, answer, DatasetFailed, say("the dataset"))
        self._seen[dataset.id] = {}
        return replace(dataset, organization=self._owner.organization)

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`; of the datasets, which are others', nothing is said."""
        if organization or user:
            async for page in self.owned_by():
                for each in page.datasets:
                    yield _fares(each)
        for dataset_id in ids:
            if (found := await self.dataset(dataset_id)) is not None:
                yield _fares(found)

    async def _listed(self, of: Mapping[str, str]) -> list[_Beside]:
        """What the owner has, and what the account has that nobody described yet."""
        organization, user = self._owner.organization, self._owner.user
        # The account's first: what is described meanwhile goes from there to the organization.
        own = await self._all({**of, "owner": user}) if user is not None else []
        if organization is None:
            return own
        found = await self._all({**of, "organization": organization})
        ids = {each.id for each in found}
        return found + [each for each in own if _is_left(each) and each.id not in ids]

    async def _all(self, params: Mapping[str, str]) -> list[_Beside]:
        found: dict[str, _Beside] = {}
        what = say("the portal's listing of community resources")
        async for page in read_through(partial(self._pages_beside, params), what):
            found |= {each.id: each for each in page.items}
        return list(found.values())

    async def _pages_beside(self, params: Mapping[str, str]) -> AsyncGenerator[_Page, None]:
        seen = set[str]()
        for number in range(1, MOST_PAGES + 1):
            request = Request(
                "GET",
                ALL,
                ALL,
                params={**params, "page": str(number), "page_size": str(PAGE_SIZE)},
                headers={"X-Fields": f"total,next_page,data{{{_FIELDS}}}"},
            )
            answer = await self._transport.send(request)
            if answer.status == NOT_FOUND and number > 1:  # what was on it moved forward
                yield _Page((), len(seen), last=True)
                return
            what = say("the listing of community resources")
            page = read(LISTED, request, answer, DatasetFailed, what)
            new = {each.id for each in page.items} - seen
            seen |= new
            yield page
            if page.last:
                return
            if not new:
                raise ListingIncomplete(
                    say(
                        "the portal's listing of community resources has no end: page {number} "
                        "brings nothing new and names a next one",
                        number=number,
                    )
                )

    def _datasets(self, found: Iterable[_Beside]) -> Iterable[RemoteDataset]:
        by_id: dict[str, RemoteDataset] = {}
        resources: dict[str, dict[str, RemoteResource]] = {}
        for each in found:
            if each.dataset is not None:
                by_id[each.dataset.id] = each.dataset
                resources.setdefault(each.dataset.id, {})[each.id] = self._resource(each)
        self._seen |= resources
        for dataset_id, dataset in by_id.items():
            there = tuple(resources[dataset_id].values())
            yield replace(dataset, resources=there, organization=self._owner.organization)

    def _resource(self, found: _Beside) -> RemoteResource:
        return replace(found.resource, apart=found.organization != self._owner.organization)

    # --- writing ---------------------------------------------------------------------------

    def _upload_request(
        self,
        dataset_id: str,
        resource_id: str | None,
        body: Callable[[], Body],
        handles: int = 0,
    ) -> Request:
        path = f"/datasets/{quoted(dataset_id)}/upload/community/"
        endpoint = "/datasets/{id}/upload/community/"
        if resource_id:
            path, endpoint = f"{ALL}{quoted(resource_id)}/upload/", f"{ONE}upload/"
        return Request("POST", path, endpoint, body=body, handles=handles)

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """See `Portal`."""
        body = {**codec.link_body(link, metadata), "dataset": dataset_id, **self._whose()}
        request = Request("POST", ALL, ALL, json=body)
        answer = await self._transport.send(request)
        return self._resource(read(RESOURCE, request, answer, ResourceFailed, say("the link")))

    def _whose(self) -> dict[str, str]:
        # Never null, which udata answers with a crash.
        return {"organization": self._owner.organization} if self._owner.organization else {}

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`; each of those that are described takes a request."""
        there = self._seen.setdefault(dataset_id, {})
        refused_: dict[str, str] = {}
        for item in items:
            if not item.writes:
                continue
            body = {name: value for name, value in codec.list_item(item).items() if name != "id"}
            request = Request("PUT", f"{ALL}{quoted(item.id)}/", ONE, json=body | self._whose())
            answer = await self._transport.send(request)
            if answer.status in {NOT_FOUND, GONE}:
                raise Outdated(
                    say("the community resource {id} vanished from the portal", id=item.id)
                )
            if answer.status == BAD_REQUEST:
                refused_[item.id] = codec.error_message(answer.json()) or say("it is refused")
                continue
            what = say("the description of the community resource")
            written = read(RESOURCE, request, answer, DatasetFailed, what)
            if written.id != item.id:
                raise unreadable(
                    request, say("id must be that of the resource, not {id}", id=written.id)
                )
            there[item.id] = self._resource(written)
        if refused_:
            raise DescriptionsRefused(refused_)
        return tuple(there[item.id] for item in items if item.id in there)

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """See `Portal`."""
        request = Request("DELETE", f"{ALL}{quoted(resource_id)}/", ONE)
        answer = await self._transport.send(request)
        if not answer.ok and answer.status != NOT_FOUND:
            refused(answer, ResourceFailed, say("the deletion"))
        self._seen.get(dataset_id, {}).pop(resource_id, None)


def _is_left(found: _Beside) -> bool:
    """Whether what the account has may have been meant for an organization, by us.

    What has our key, and what nobody described after it was uploaded.
    """
    resource = found.resource
    return resource.key is not None or resource.metadata.title == resource.file_name


def _fares(beside: RemoteDataset) -> DatasetHealth:
    resources = tuple(map(of_resource, beside.resources))
    return DatasetHealth(beside, resources=resources, beside=True)
