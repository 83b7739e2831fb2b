"""What a portal in memory has, and what its rules make of it, whoever asks.

It does what its `Rules` say, whichever they are, and nothing else. What goes wrong is up to
`Site.trouble`: it is given every call, and carries it out, or not, or late, or twice, or raises, or
answers something else. What the rules forbid ends in `RuleBroken`: an error no caller expects, as
it is always a defect of the caller.
"""

import hashlib
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

from bulkpub.core.actions import ListItem
from bulkpub.core.catalogue import KnownSchema, KnownZone, catalogued, schema_fault
from bulkpub.core.fitting import without
from bulkpub.core.model import (
    Checksum,
    Contact,
    ContentSchema,
    DatasetMetadata,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
)
from bulkpub.core.names import extension_of
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.core.sources import NO_CHECKSUM, Digest
from bulkpub.portals.base import (
    Account,
    Content,
    Organization,
)

__all__ = [
    "ACCOUNT",
    "OTHERS",
    "OURS",
    "RULES",
    "SCHEME",
    "TOLERANCE",
    "Call",
    "RuleBroken",
    "Site",
    "Trouble",
    "merged_area",
]

SCHEME = "memory://"
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
            changes = replace(changes, spatial=merged_area(before.spatial, changes.spatial))
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


def merged_area(before: Spatial | None, wanted: Spatial | None) -> Spatial | None:
    """What becomes of the area `before` once `wanted` is written."""
    if wanted is not None and wanted.shape is not None:
        grain = wanted.granularity or (before.granularity if before else None)
        return Spatial((), grain, drawn=True, shape=wanted.shape)
    if before is None or wanted is None:
        return wanted
    zones = before.zones if wanted.zones is None else wanted.zones
    drawn = before.drawn if wanted.drawn is None else wanted.drawn or None
    shape = before.shape if drawn else None
    return Spatial(zones, wanted.granularity or before.granularity, drawn, shape)
