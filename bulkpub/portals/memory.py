"""A portal in the memory of this process: for tests, and for trying a manifest out.

It does what its `Rules` say, whichever they are, and nothing else; those of its own are of a
portal that does all it is told. `memory://NAME` is the portal called NAME, for as long as the
process lives; any key is accepted. Everything is as the protocol has it: there are no bodies,
statuses or headers here, and no address that could be downloaded.

What goes wrong is up to `Site.trouble`: it is given every call, and carries it out, or not, or
late, or twice, or raises, or answers something else. What the rules forbid ends in `RuleBroken`:
an error no caller expects, as it is always a defect of the caller.
"""

import hashlib
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
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import anyio.lowlevel

from bulkpub.core.actions import ListItem
from bulkpub.core.catalogue import KnownSchema, KnownZone, catalogued, schema_fault
from bulkpub.core.fitting import without
from bulkpub.core.model import (
    Checksum,
    Contact,
    ContentSchema,
    DatasetMetadata,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
)
from bulkpub.core.names import extension_of
from bulkpub.core.owners import Owner
from bulkpub.core.report import RequestTotals
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.core.sources import NO_CHECKSUM, Digest
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
    Kind,
    Opening,
    Organization,
    Page,
    Traffic,
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

__all__ = ["KIND", "RULES", "Call", "MemoryPortal", "RuleBroken", "Site", "Trouble", "site"]

SCHEME = "memory://"
T = TypeVar("T")
Metadata = TypeVar("Metadata", DatasetMetadata, ResourceMetadata)


def _quoted(name: str) -> str:
    return quote(name, safe="")


RULES = Rules(kind="memory", file_name=_quoted, parts=True, community=True)
"""A name is stored as it is, but for what cannot stand in an address."""

OURS = Organization("0" * 23 + "1", "test-organization", "Test Organization")
OTHERS = Organization("0" * 23 + "2", "other-organization", "Other Organization")
ACCOUNT = Account("0" * 23 + "a", "Ursula Uploader", (OURS,))
"""Whose key every key is."""

VOCABULARIES = {
    Vocabulary.LICENSES: frozenset({"notspecified", "lov2", "fr-lo", "odc-odbl", "cc-by"}),
    Vocabulary.FREQUENCIES: frozenset({"unknown", "daily", "weekly", "monthly", "annual"}),
    Vocabulary.RESOURCE_TYPES: frozenset({"main", "documentation", "update", "api", "other"}),
    Vocabulary.GRANULARITIES: frozenset({"country", "fr:region", "fr:commune", "poi", "other"}),
    Vocabulary.EXTENSIONS: frozenset({"csv", "gz", "json", "pdf", "txt", "xlsx", "xml", "zip"}),
}
"""What a portal knows whose rules list no values of their own."""

METHODS = {
    "account": "GET",
    "organization": "GET",
    "vocabulary": "GET",
    "schemas": "GET",
    "unknown_zones": "GET",
    "foreign_contacts": "GET",
    "zones_named": "GET",
    "owned_by": "GET",
    "dataset": "GET",
    "create_dataset": "POST",
    "update_dataset": "PUT",
    "delete_dataset": "DELETE",
    "upload": "POST",
    "contacts": "GET",
    "create_contact": "POST",
    "create_link": "POST",
    "set_resources": "PUT",
    "move_link": "PUT",
    "delete_resource": "DELETE",
}
TOLERANCE = 0.01
"""Seconds by which a pause may be too short, as clocks are not that exact."""


class RuleBroken(AssertionError):
    """The portal was asked for something that its rules forbid: a defect of who asked."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the protocol, by its name, and what it says of what.

    `dataset` and `resource` are ids; the others tell what is written, and count for no comparison.
    """

    name: str
    dataset: str = ""
    resource: str = ""
    content: Content | None = field(default=None, compare=False)
    metadata: DatasetMetadata | None = field(default=None, compare=False)
    items: tuple[ListItem, ...] = field(default=(), compare=False)

    @property
    def method(self) -> str:
        """HTTP's word for what it does; `GET` changes nothing."""
        return METHODS[self.name]


Trouble = Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""What becomes of a call: given it and the way to carry it out, the answer, or an error."""


class Site:
    """What is published on one portal, and how it behaves; `calls` are those made, oldest first.

    `datasets` are by id, oldest first; `files` has the bytes of hosted files, by resource id. To
    change something by hand, put another value there, or use `store` and `add_link`. `schemas`,
    `zones` and `contacts` (the owner of each, by id) are those it knows; while empty, any will do.
    `zone_names` are the zones that are found by their names, None where it does not tell.
    `cards` has the ids of contact points by owner and what they say.
    `beside` has what owners (ids) put beside the datasets: sites with the same datasets.
    """

    def __init__(
        self, rules: Rules = RULES, name: str = "unnamed", *, page_size: int = 100
    ) -> None:
        self.rules = rules
        self.address = SCHEME + name
        self.page_size = page_size
        self.account = ACCOUNT if rules.organizations else replace(ACCOUNT, organizations=())
        self.organizations: tuple[Organization, ...] = (OURS, OTHERS) if rules.organizations else ()
        self.vocabularies = VOCABULARIES | {
            which: frozenset(values) for which, values in rules.vocabularies.items()
        }
        self.schemas: tuple[KnownSchema, ...] = ()
        self.zones: frozenset[str] = frozenset()
        self.contacts: dict[str, str] = {}
        self.zone_names: tuple[KnownZone, ...] | None = None
        self.cards: dict[tuple[str, Contact], str] = {}
        self.datasets: dict[str, RemoteDataset] = {}
        self.files: dict[str, bytes] = {}
        self.calls: list[Call] = []
        self.trouble: Trouble | None = None
        self.beside: dict[str, Site] = {}
        self._numbers = count(1)
        self._underway: set[tuple[str, str]] = set()

    def is_ours(self, dataset: RemoteDataset) -> bool:
        """Whether the account sees everything of it, and may write to it."""
        ours = {each.id for each in self.account.organizations}
        return dataset.organization is None or dataset.organization in ours

    def seen(self, dataset: RemoteDataset) -> bool:
        """Whether the account may know of it at all."""
        hidden = dataset.deleted or bool(dataset.metadata.private)
        return self.is_ours(dataset) or not hidden

    @contextmanager
    def alone(self, what: str, name: str) -> Iterator[None]:
        """What must not be done twice at the same time; raises `RuleBroken` when it is."""
        if (what, name) in self._underway:
            raise RuleBroken(f"{what}: '{name}' is in flight twice")
        self._underway.add((what, name))
        try:
            yield
        finally:
            self._underway.discard((what, name))

    # --- datasets ------------------------------------------------------------------------

    def add(
        self,
        metadata: DatasetMetadata,
        organization: str | None,
        now: datetime,
        release_tag: str = "",
    ) -> RemoteDataset:
        """A new dataset."""
        number = next(self._numbers)
        slug = taken = release_tag or self.rules.title_slug(metadata.title or "") or "dataset"
        if taken in {each.slug for each in self.datasets.values()}:
            slug = f"{taken}-{number}"
        empty = DatasetMetadata(
            tags=(), private=False, archived=False, contact_points=(), extras={}
        )
        dataset = RemoteDataset(
            id=f"{number:024x}",
            metadata=self._kept(empty, metadata),
            slug=slug,
            page=f"{self.address}/datasets/{_quoted(slug)}",
            organization=organization,
            modified=now,
        )
        self.datasets[dataset.id] = dataset
        return dataset

    def change(self, dataset: RemoteDataset, changes: DatasetMetadata, now: datetime) -> None:
        """Write `changes` to a dataset; what they do not name stays."""
        metadata = self._kept(dataset.metadata, changes)
        if metadata.access is not None and not metadata.access.is_open:
            metadata = without(metadata, self.rules.closed_lacks)
        self.datasets[dataset.id] = replace(dataset, metadata=metadata, modified=now)

    def fault(self, metadata: DatasetMetadata | ResourceMetadata) -> str:
        """Why the portal refuses to hold this, in words; empty when it does not."""
        limits = self.rules.limits
        for name in ("title", "description", "description_short"):
            most = getattr(limits, name)
            if most is not None and len(getattr(metadata, name, None) or "") > most:
                return f"{name}: longer than {most} characters"
        for extra in metadata.extras or ():
            if why := self.rules.extra_fault(extra):
                return why
        if isinstance(metadata, ResourceMetadata):
            schema = catalogued(metadata.schema or ContentSchema(), self.schemas)
            why = schema_fault(schema, self.schemas) if metadata.schema else ""
            return why or self._unknown(Vocabulary.RESOURCE_TYPES, metadata.type)
        for tag in metadata.tags or ():
            if len(tag) < limits.shortest_tag or len(tag) > (limits.longest_tag or len(tag)):
                return f"tags: '{tag}' is too short or too long"
        return (
            self._unknown(Vocabulary.LICENSES, metadata.license)
            or self._unknown(Vocabulary.FREQUENCIES, metadata.frequency)
            or self._unknown_area(metadata.spatial or Spatial())
        )

    def _unknown(self, which: Vocabulary, value: str | None) -> str:
        known = self.vocabularies[which]
        if value and known and which in self.rules.asked and value not in known:
            return f"'{value}' is not among the {which}"
        return ""

    def _unknown_area(self, spatial: Spatial) -> str:
        if self.zones and (unknown := set(spatial.zones or ()) - self.zones):
            return f"there are no zones {', '.join(sorted(unknown))}"
        return self._unknown(Vocabulary.GRANULARITIES, spatial.granularity)

    def foreign(self, contacts: Collection[str], owner: str) -> dict[str, str]:
        """Whose those contact points are that are not this owner's (ids)."""
        if not self.contacts:
            return {}
        names = {each.id: f"belongs to '{each.name}'" for each in self.organizations}
        names[self.account.id] = f"belongs to '{self.account.name}'"
        return {
            each: names.get(self.contacts.get(each, ""), "is not there")
            for each in contacts
            if self.contacts.get(each) != owner
        }

    def _kept(self, before: Metadata, changes: Metadata) -> Metadata:
        """What is held once `changes` are written: in the portal's form, and what it can hold."""
        lacks = self.rules.lacks_resource
        if isinstance(changes, DatasetMetadata):
            lacks = self.rules.lacks_dataset
            changes = self.rules.normalized(changes, self.vocabularies)
            changes = replace(changes, spatial=_merged(before.spatial, changes.spatial))
        elif changes.schema is not None:
            changes = replace(changes, schema=catalogued(changes.schema, self.schemas))
        if isinstance(before, ResourceMetadata) and "title" in lacks:  # then it is the name
            changes = replace(changes, title=before.title)
            lacks -= {"title"}
        return replace(_over(before, changes), **dict.fromkeys(lacks))

    # --- resources -----------------------------------------------------------------------

    def store(
        self, dataset_id: str, name: str, content: bytes, onto: str | None = None
    ) -> RemoteResource:
        """Keep a file, as a new resource or onto the one with the id `onto`."""
        dataset, rules = self.datasets[dataset_id], self.rules
        stored = rules.file_name(name)
        before = next((each for each in dataset.resources if each.id == onto), None)
        resource = before or self._new(ResourceMetadata(title=stored))
        if before and not rules.replacing_keeps_id:
            resource = self._new(before.metadata)
        metadata = resource.metadata
        if rules.replacing_resets_title or "title" in rules.lacks_resource:
            metadata = replace(metadata, title=stored)
        if rules.tells_format:
            metadata = replace(metadata, format=extension_of(name), mime=None)
        resource = replace(
            resource,
            metadata=metadata,
            url=f"{self.address}/files/{next(self._numbers)}/{stored}",
            size=len(content),
            digest=_digest(content, rules) if rules.tells_digest else None,
            uploaded=not resource.hosted,
        )
        self.files[resource.id] = content
        self._put(dataset, resource, onto)
        return resource

    def add_link(
        self,
        dataset_id: str,
        url: str,
        metadata: ResourceMetadata,
        size: int | None = None,
        checksum: Checksum | None = None,
    ) -> RemoteResource:
        """List what stays elsewhere; `size` and `checksum` are what is said of the file there."""
        resource = replace(self._new(metadata), url=url, hosted=False)
        resource = self._told(resource, size, checksum)
        self._put(self.datasets[dataset_id], resource)
        return resource

    def described(self, resource: RemoteResource, item: ListItem) -> RemoteResource:
        """The resource as `item` makes it."""
        changes = item.changes or ResourceMetadata()
        if resource.hosted and self.rules.tells_format:
            changes = replace(changes, format=None, mime=None)
        if item.announces and not resource.stored:
            resource = replace(resource, url=item.url or resource.url)
            resource = self._told(resource, item.size, item.checksum)
        hosted = resource.hosted or item.host
        return replace(
            resource,
            metadata=self._kept(resource.metadata, changes),
            hosted=hosted,
            uploaded=resource.uploaded and not hosted,
        )

    def _told(
        self, link: RemoteResource, size: int | None, checksum: Checksum | None
    ) -> RemoteResource:
        """The link with what is said of the file that it leads to, if the portal keeps that."""
        if not self.rules.links_tell_content:
            return link
        link = replace(link, size=link.size if size is None else size)
        checksum = checksum or link.checksum
        checksum = None if checksum == NO_CHECKSUM else checksum
        return _with_checksum(link, checksum, self.rules.digest)

    def order(self, dataset: RemoteDataset, resources: Sequence[RemoteResource]) -> None:
        """Give a dataset these resources, in this order."""
        self.datasets[dataset.id] = replace(
            dataset, resources=tuple(resources), modified=datetime.now(UTC)
        )

    def _new(self, metadata: ResourceMetadata) -> RemoteResource:
        id_ = str(uuid4())
        metadata = self._kept(ResourceMetadata(extras={}), metadata)
        return RemoteResource(id_, metadata, permalink=f"{self.address}/resources/{id_}")

    def _put(
        self, dataset: RemoteDataset, resource: RemoteResource, onto: str | None = None
    ) -> None:
        """In its place, or that of the one it is put onto; a new one comes first, of all places."""
        known = [each.id for each in dataset.resources]
        there = list(dataset.resources)
        if (onto or resource.id) in known:
            there[known.index(onto or resource.id)] = resource
        else:
            there.insert(0, resource)
        self.order(dataset, there)


def _digest(content: bytes, rules: Rules) -> str:
    return hashlib.new(rules.digest, content).hexdigest()


def _with_checksum(
    resource: RemoteResource, checksum: Checksum | None, kind: Digest
) -> RemoteResource:
    digest = checksum.value if checksum is not None and checksum.kind == kind else None
    return replace(resource, checksum=checksum, digest=digest)


def _over(before: Metadata, changes: Metadata) -> Metadata:
    written = {f.name: getattr(changes, f.name) for f in fields(changes)}
    return replace(before, **{name: value for name, value in written.items() if value is not None})


def _merged(before: Spatial | None, wanted: Spatial | None) -> Spatial | None:
    if wanted is not None and wanted.shape is not None:
        grain = wanted.granularity or (before.granularity if before else None)
        return Spatial((), grain, drawn=True, shape=wanted.shape)
    if before is None or wanted is None:
        return wanted
    zones = before.zones if wanted.zones is None else wanted.zones
    drawn = before.drawn if wanted.drawn is None else wanted.drawn or None
    shape = before.shape if drawn else None
    return Spatial(zones, wanted.granularity or before.granularity, drawn, shape)


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
            area = _merged(dataset.metadata.spatial, changes.spatial)
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


# --- the kind -----------------------------------------------------------------------------

_sites: dict[str, Site] = {}


def site(name: str, rules: Rules = RULES) -> Site:
    """The portal called `name`; there is one from the first time it is named on."""
    return _sites.setdefault(name, Site(rules, name))


def _api_url(portal: str, _insecure: bool) -> str | None:  # noqa: FBT001 - see `Kind`
    name = portal.removeprefix(SCHEME)
    return portal if name and portal.startswith(SCHEME) else None


@asynccontextmanager
async def _open(opening: Opening) -> AsyncIterator[MemoryPortal]:
    there = site(opening.url.removeprefix(SCHEME))
    yield MemoryPortal(there, parts=opening.parts, pace=opening.pace)


KIND = Kind("memory", RULES, {}, _api_url, _open)
