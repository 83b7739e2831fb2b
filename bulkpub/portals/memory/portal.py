"""One account's way to a site: the calls of the protocol, each of which can go wrong."""

import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import anyio.lowlevel

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
from bulkpub.core.report import RequestTotals
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.errors import (
    DatasetFailed,
    DescriptionsRefused,
    Outdated,
    ResourceFailed,
    SettingsInvalid,
)
from bulkpub.http.clock import unix_time
from bulkpub.http.gate import Gate, PaceOwner
from bulkpub.http.signals import Signal
from bulkpub.portals.base import (
    Account,
    Content,
    Download,
    Organization,
    Page,
    Traffic,
)
from bulkpub.portals.memory.site import (
    RULES,
    SCHEME,
    TOLERANCE,
    Call,
    RuleBroken,
    Site,
    merged_area,
)
from bulkpub.portals.telling import (
    DatasetHealth,
    Listed,
    Listing,
    RawAnswer,
    RawRequest,
    ResourceHealth,
)
from bulkpub.portals.whole_or_parts import PartSizes, WholeOrParts

__all__ = ["MemoryPortal"]

T = TypeVar("T")


@dataclass(slots=True)
class _Counted:
    """What was asked so far."""

    requests: RequestTotals = field(default_factory=RequestTotals)


class MemoryPortal:
    """One account's way to a site; implements `bulkpub.portals.Portal`.

    `pace` gives the turns, as it would for requests. Without a `site` it is one that nobody else
    knows, with these `rules`.
    """

    def __init__(
        self,
        site: Site | None = None,
        *,
        rules: Rules = RULES,
        parts: PartSizes | None = None,
        pace: PaceOwner | None = None,
        counted: _Counted | None = None,
    ) -> None:
        self.site = site or Site(rules)
        self._whole_or_parts = WholeOrParts(parts or PartSizes())
        self._pace = pace or Gate()
        self._counted = counted or _Counted()
        self._stored_at: dict[tuple[str, str], float] = {}

    @property
    def rules(self) -> Rules:
        """See `Portal`."""
        return self.site.rules

    @property
    def traffic(self) -> Traffic:
        """See `Portal`; an endpoint is called as the protocol's method."""
        return Traffic(self._counted.requests)

    @property
    def at_once(self) -> int:
        """See `Portal`."""
        return self._pace.at_once

    async def _call(self, call: Call, carry_out: Callable[[], Awaitable[T]]) -> T:
        """One call, in its turn; what `trouble` makes of it is the answer."""
        await self._pace.turn()
        started_at = unix_time()
        try:
            self._note(call)
            await anyio.lowlevel.checkpoint()  # others get on meanwhile, as with any portal
            trouble = self.site.trouble
            answer: T = await (carry_out() if trouble is None else trouble(call, carry_out))
        except BaseException:
            self._pace.abandon()
            raise
        self._pace.learn(Signal(started_at))
        return answer

    def _note(self, call: Call) -> None:
        self.site.calls.append(call)
        counted = self._counted.requests
        self._counted.requests = replace(
            counted,
            total=counted.total + 1,
            by_method=_one_more(counted.by_method, call.method),
            by_endpoint=_one_more(counted.by_endpoint, f"{call.method} {call.name}"),
        )

    # --- pure ------------------------------------------------------------------------------

    @property
    def refused_size(self) -> int | None:
        """See `Portal`: nothing is too large for it."""
        return self._whole_or_parts.refused

    def sends_in_parts(self, size: int) -> bool:
        """See `Portal`."""
        return self.rules.parts and self._whole_or_parts.in_parts(size)

    def file_refusal(self, name: str, extensions: frozenset[str]) -> str | None:
        """See `Portal`."""
        asked = extensions and Vocabulary.EXTENSIONS in self.rules.asked
        if not asked or extension_of(name) in extensions:
            return None
        if not extension_of(name):
            return f"the portal refuses files without an extension, such as '{name}'"
        return f"the portal refuses .{extension_of(name)} files"

    def download(
        self,
        dataset: RemoteDataset,  # noqa: ARG002 # whichever it is of
        resource: RemoteResource,
    ) -> Download:
        """See `Portal`."""
        return Download(resource.permalink)

    async def raw(self, request: RawRequest) -> RawAnswer:
        """See `Portal`: there is no API here."""
        raise SettingsInvalid(f"a portal in memory has no API, and no {request.path}")

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`; nobody checks anything."""
        if organization or user:
            async for page in self.owned_by(organization=organization, user=user):
                for each in page.datasets:
                    yield _health(each)
        for dataset_id in ids:
            if (found := await self.dataset(dataset_id)) is not None:
                yield _health(found)

    async def listed(
        self,
        what: Listing,
        search: str = "",
        *,
        organization: str | None = None,  # noqa: ARG002 # nobody has contact points with names
    ) -> tuple[Listed, ...]:
        """See `Portal`."""
        site = self.site
        known: Mapping[Listing, Iterable[str]] = {
            Listing.LICENSES: site.vocabularies[Vocabulary.LICENSES],
            Listing.FREQUENCIES: site.vocabularies[Vocabulary.FREQUENCIES],
            Listing.EXTENSIONS: site.vocabularies[Vocabulary.EXTENSIONS],
            Listing.TYPES: site.vocabularies[Vocabulary.RESOURCE_TYPES],
            Listing.GRANULARITIES: site.vocabularies[Vocabulary.GRANULARITIES],
            Listing.SCHEMAS: [each.name for each in site.schemas],
            Listing.ZONES: site.zones,
            Listing.ORGANIZATIONS: [each.slug for each in site.organizations],
            Listing.CONTACTS: site.contacts,
        }
        word = search.casefold()
        return tuple(Listed(each) for each in sorted(known[what]) if word in each.casefold())

    def community(self, owner: Owner) -> "MemoryPortal":
        """See `Portal`."""
        return _Beside(self.site, owner, self._pace, self._counted)

    # --- asking ----------------------------------------------------------------------------

    async def account(self) -> Account:
        """See `Portal`."""

        async def tell() -> Account:
            return self.site.account

        return await self._call(Call("account"), tell)

    async def organization(self, id_or_slug: str) -> Organization | None:
        """See `Portal`."""

        async def find() -> Organization | None:
            named = (each for each in self.site.organizations if id_or_slug in {each.id, each.slug})
            return next(named, None)

        return await self._call(Call("organization"), find)

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:
        """See `Portal`."""

        async def tell() -> frozenset[str]:
            return self.site.vocabularies[which]

        return await self._call(Call("vocabulary"), tell)

    async def schemas(self) -> tuple[KnownSchema, ...]:
        """See `Portal`."""

        async def tell() -> tuple[KnownSchema, ...]:
            return self.site.schemas

        return await self._call(Call("schemas"), tell)

    async def unknown_zones(self, zones: Collection[str]) -> frozenset[str]:
        """See `Portal`."""

        async def tell() -> frozenset[str]:
            return frozenset(zones) - self.site.zones if self.site.zones else frozenset()

        return await self._call(Call("unknown_zones"), tell)

    async def zones_named(self, name: str) -> Sequence[KnownZone] | None:
        """See `Portal`."""

        async def tell() -> Sequence[KnownZone] | None:
            names = self.site.zone_names
            return (
                None
                if names is None
                else [zone for zone in names if name.casefold() in zone.name.casefold()]
            )

        return await self._call(Call("zones_named"), tell)

    async def foreign_contacts(
        self, contacts: Collection[str], *, organization: str | None = None, user: str | None = None
    ) -> Mapping[str, str]:
        """See `Portal`."""

        async def tell() -> Mapping[str, str]:
            return self.site.foreign(contacts, organization or user or "")

        return await self._call(Call("foreign_contacts"), tell)

    async def contacts(
        self, *, organization: str | None = None, user: str | None = None
    ) -> Mapping[Contact, str]:
        """See `Portal`."""

        async def tell() -> Mapping[Contact, str]:
            owner, cards = organization or user, self.site.cards.items()
            return {each: id_ for (whose, each), id_ in cards if whose == owner}

        return await self._call(Call("contacts"), tell)

    async def create_contact(self, contact: Contact, organization: str | None) -> str:
        """See `Portal`."""

        async def create() -> str:
            if organization not in {None, *(each.id for each in self.site.account.organizations)}:
                raise DatasetFailed(f"no right to publish for the organization {organization}")
            owner = organization or self.site.account.id
            id_ = self.site.cards.setdefault((owner, contact), f"c{len(self.site.cards):023x}")
            self.site.contacts[id_] = owner
            return id_

        return await self._call(Call("create_contact"), create)

    async def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """See `Portal`; oldest first, so that a new dataset never shifts the pages."""
        start, size = 0, self.site.page_size

        async def read() -> Page:
            theirs = [
                each
                for each in self.site.datasets.values()
                if (each.organization or self.site.account.id) == (organization or user)
                and self.site.seen(each)
            ]
            listed = theirs[start : start + size]
            if not self.rules.lists_files:
                listed = [_without_files(each) for each in listed]
            return Page(tuple(listed), len(theirs), start + size >= len(theirs))

        while True:
            page = await self._call(Call("owned_by"), read)
            yield page
            if page.last:
                return
            start += size

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`."""

        async def find() -> RemoteDataset | None:
            known = self.site.datasets
            found = known.get(dataset_id) or next(
                (each for each in known.values() if each.slug == dataset_id), None
            )
            return found if found and self.site.seen(found) else None

        return await self._call(Call("dataset", dataset_id), find)

    # --- writing ---------------------------------------------------------------------------

    def _writable(self, dataset_id: str) -> RemoteDataset:
        dataset = self.site.datasets.get(dataset_id)
        if dataset is None or not self.site.seen(dataset):
            raise DatasetFailed(f"the portal has no dataset {dataset_id}")
        if not self.site.is_ours(dataset):
            raise DatasetFailed(f"no right to write to the dataset {dataset_id}")
        return dataset

    def _sound(self, metadata: DatasetMetadata, organization: str | None) -> None:
        owner = organization or self.site.account.id
        foreign = self.site.foreign(metadata.contact_points or (), owner)
        why = "; ".join(f"the contact point {each} {whose}" for each, whose in foreign.items())
        metadata = self.rules.normalized(metadata, self.site.vocabularies)
        if why := why or self.site.fault(metadata):
            raise DatasetFailed(f"the portal refused the dataset ({why})")

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,
        now: datetime,
        *,
        release_tag: str = "",
    ) -> RemoteDataset:
        """See `Portal`."""

        async def create() -> RemoteDataset:
            if organization not in {None, *(each.id for each in self.site.account.organizations)}:
                raise DatasetFailed(f"no right to publish for the organization {organization}")
            if organization and not self.rules.organizations:
                raise RuleBroken("a dataset is created for an organization")
            self._sound(metadata, organization)
            if not metadata.title:
                raise DatasetFailed("a dataset needs a title")
            if (self.rules.release_tag is not None) != bool(release_tag):
                raise RuleBroken("releases have tags, and nothing else has")
            with self.site.alone("a new dataset", self.rules.title_slug(metadata.title)):
                await anyio.lowlevel.checkpoint()
                taken = {each.slug for each in self.site.datasets.values()}
                if release_tag and release_tag in taken:
                    raise Outdated(f"there is a release of the tag {release_tag} already")
                return self.site.add(metadata, organization, now, release_tag)

        return await self._call(Call("create_dataset", metadata=metadata), create)

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

        async def update() -> RemoteDataset:
            dataset = self._writable(remote.id)
            contacts = changes.contact_points or dataset.metadata.contact_points
            owner = organization or dataset.organization
            self._sound(replace(changes, contact_points=contacts), owner)
            area = merged_area(dataset.metadata.spatial, changes.spatial)
            if area and area.drawn and area.zones:
                raise DatasetFailed("the portal refused the dataset (it has zones and a shape)")
            if dataset.deleted and not restore:
                raise DatasetFailed(f"the dataset {remote.id} was deleted")
            if restore and not self.rules.deletes_datasets:
                raise RuleBroken("a dataset is restored")
            dataset = replace(dataset, deleted=False)
            if organization:
                self._check_joins(dataset, organization)
                dataset = replace(dataset, organization=organization)
            self.site.change(dataset, changes, now)
            return self.site.datasets[remote.id]

        return await self._call(Call("update_dataset", remote.id, metadata=changes), update)

    async def delete_dataset(self, dataset_id: str) -> None:
        """See `Portal`."""

        async def delete() -> None:
            dataset = self.site.datasets.get(dataset_id)
            if dataset is None or dataset.deleted:
                return
            if not self.rules.deletes_datasets:
                raise RuleBroken("a dataset is deleted")
            if self.rules.keeps_deleted:
                dataset = replace(self._writable(dataset_id), deleted=True)
                self.site.datasets[dataset_id] = dataset
            else:
                del self.site.datasets[dataset_id]

        await self._call(Call("delete_dataset", dataset_id), delete)

    def _check_joins(self, dataset: RemoteDataset, organization: str) -> None:
        if dataset.organization not in {None, organization}:
            raise DatasetFailed("an organization's dataset changes owner by a transfer only")
        if not self.rules.joins_organizations:
            raise RuleBroken("a personal dataset is given to an organization")
        if organization not in {each.id for each in self.site.account.organizations}:
            raise DatasetFailed(f"no right to publish for the organization {organization}")

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """See `Portal`."""

        async def receive() -> RemoteResource:
            self._check_file(content.name)
            with self._in_flight(dataset_id, self.rules.file_name(content.name)):
                await anyio.lowlevel.checkpoint()  # it takes a while, in which others go on
                received = await self._read(content)
                dataset = self._writable(dataset_id)
                before = {each.id: each for each in dataset.resources}
                if resource_id and resource_id not in before:
                    raise ResourceFailed(f"the dataset has no resource {resource_id}")
                if resource_id and not (before[resource_id].hosted or self.rules.hosts_in_place):
                    raise ResourceFailed("the portal cannot host what points elsewhere")
                name = self.rules.file_name(content.name)
                namesakes = {r.id for r in dataset.resources if r.file_name == name}
                if self.rules.one_of_a_name and namesakes - {resource_id}:
                    raise Outdated(f"the dataset has a file called {name} already")
                return self.site.store(dataset_id, content.name, received, resource_id)

        call = Call("upload", dataset_id, resource_id or "", content=content)
        return await self._call(call, receive)

    def _check_file(self, name: str) -> None:
        why = self.rules.file_fault(name)
        why = why or self.file_refusal(name, self.site.vocabularies[Vocabulary.EXTENSIONS]) or ""
        if why:
            raise ResourceFailed(f"the portal refused the file '{name}': {why}")

    @contextmanager
    def _in_flight(self, dataset_id: str, name: str) -> Iterator[None]:
        """The rules on uploads of one name hold for one run, whatever other ones do."""
        pause, key = self.rules.same_name_pause, (dataset_id, name)
        if pause is None:
            yield
            return
        since = time.monotonic() - self._stored_at.get(key, float("-inf"))
        if since < pause - TOLERANCE:
            raise RuleBroken(f"'{name}' is sent again after {since:.3f} seconds, not {pause}")
        with self.site.alone(f"an upload to {dataset_id}", name):
            yield
        self._stored_at[key] = time.monotonic()

    async def _read(self, content: Content) -> bytes:
        """All of it; in parts the last one comes first, as any order will do."""
        in_parts = self.sends_in_parts(content.size)
        length = self._whole_or_parts.part_size if in_parts else max(content.size, 1)
        received: dict[int, bytes] = {}
        for start in reversed(range(0, max(content.size, 1), length)):
            pieces = (
                content.open(start, min(length, content.size - start))
                if in_parts
                else content.open()
            )
            stretch = bytearray()
            try:
                async for piece in pieces:
                    stretch += piece
                    content.progressed(sum(map(len, received.values())) + len(stretch))
            finally:
                pieces.close()
            received[start] = bytes(stretch)
        return b"".join(received[start] for start in sorted(received))

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """See `Portal`."""

        async def create() -> RemoteResource:
            self._writable(dataset_id)
            why = "" if self.rules.links else "it lists nothing that is elsewhere"
            if why := why or self.site.fault(metadata):
                raise ResourceFailed(f"the portal refused the link ({why})")
            return self.site.add_link(dataset_id, link.url, metadata, link.size, link.checksum)

        return await self._call(Call("create_link", dataset_id), create)

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`."""

        async def write() -> tuple[RemoteResource, ...]:
            dataset, most = self._writable(dataset_id), self.rules.described_at_once
            if most is not None and sum(item.writes for item in items) > most:
                raise RuleBroken(f"more than {most} resources are described at once")
            if self.rules.moves_links_alone and any(item.url is not None for item in items):
                raise RuleBroken("a link is moved in the list")
            there = {each.id: each for each in dataset.resources}
            if sorted(item.id for item in items) != sorted(there):
                raise Outdated("these are not the resources that the dataset has")
            refused = {item.id: why for item in items if (why := self._refusal(item, there))}
            if refused:
                raise DescriptionsRefused(refused)
            now = {item.id: self.site.described(there[item.id], item) for item in items}
            self.site.order(dataset, [now[i] for i in (now if self.rules.orders else there)])
            return self.site.datasets[dataset_id].resources

        return await self._call(Call("set_resources", dataset_id, items=tuple(items)), write)

    def _refusal(self, item: ListItem, there: Mapping[str, RemoteResource]) -> str:
        if item.host and not (self.rules.hosts_in_place and there[item.id].stored):
            return "it has no file that could be hosted"
        return self.site.fault(item.changes or ResourceMetadata())

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:
        """See `Portal`."""

        async def move() -> RemoteResource:
            dataset = self._writable(dataset_id)
            there = {each.id: each for each in dataset.resources}
            if item.id not in there:
                raise Outdated(f"the dataset has no resource {item.id}")
            if why := self._refusal(item, there):
                raise ResourceFailed(f"the portal refused the link ({why})")
            there[item.id] = self.site.described(there[item.id], item)
            self.site.order(dataset, tuple(there.values()))
            return there[item.id]

        call = Call("move_link", dataset_id, item.id, items=(item,))
        return await self._call(call, move)

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """See `Portal`."""

        async def delete() -> None:
            dataset = self._writable(dataset_id)
            if not self.rules.deletes:
                raise ResourceFailed("the portal deletes nothing")
            self.site.order(dataset, [r for r in dataset.resources if r.id != resource_id])
            self.site.files.pop(resource_id, None)

        await self._call(Call("delete_resource", dataset_id, resource_id), delete)


class _Beside(MemoryPortal):
    """What one owner put beside the datasets of a site; implements `Portal` for resources."""

    def __init__(self, main: Site, owner: Owner, pace: PaceOwner, counted: _Counted) -> None:
        rules = replace(main.rules, orders=False, described_at_once=1, hosts_in_place=False)
        if not main.rules.community:
            raise RuleBroken("something is put beside a dataset")
        name = owner.organization or owner.user or ""
        site = main.beside.setdefault(name, Site(rules, main.address.removeprefix(SCHEME)))
        site.calls, site.trouble = main.calls, main.trouble
        super().__init__(site, pace=pace, counted=counted)
        self._main = main
        self._owner = owner

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`; of the datasets, which are others', nothing is said."""
        async for each in super().health(organization=organization, user=user, ids=ids):
            yield replace(each, updated=None, beside=True)

    async def owned_by(
        self,
        *,
        organization: str | None = None,  # noqa: ARG002 # those of the owner it is made for
        user: str | None = None,  # noqa: ARG002 # likewise
    ) -> AsyncIterator[Page]:
        """See `Portal`; in one page."""

        async def read() -> Page:
            found = [each for each in self.site.datasets.values() if each.resources]
            return Page(tuple(found), None, last=True)

        yield await self._call(Call("owned_by"), read)

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`."""

        async def find() -> RemoteDataset | None:
            main = self._main
            there = main.datasets.get(dataset_id)
            if there is None or not main.seen(there):
                return None
            own = self.site.datasets.get(dataset_id) or replace(
                there,
                metadata=DatasetMetadata(title=there.metadata.title, extras={}),
                resources=(),
                organization=self._owner.organization,
            )
            self.site.datasets[dataset_id] = own
            return own

        return await self._call(Call("dataset", dataset_id), find)


def _without_files(dataset: RemoteDataset) -> RemoteDataset:
    resources = (replace(r, size=None, digest=None, checksum=None) for r in dataset.resources)
    return replace(dataset, resources=tuple(resources))


def _health(dataset: RemoteDataset) -> DatasetHealth:
    resources = tuple(map(ResourceHealth, dataset.resources))
    return DatasetHealth(dataset, updated=dataset.modified, resources=resources)


def _one_more(counted: Mapping[str, int], name: str) -> dict[str, int]:
    return {**counted, name: counted.get(name, 0) + 1}
