"""What the pipeline asks of a portal, and what a kind of portals is.

Every call raises `ResourceFailed` or `DatasetFailed` when the portal will not do it,
`Uncertain` when a write's answer was lost, `PortalUnavailable` when it does not answer, and
`PortalRefuses` when it refuses the key or is read-only.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

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
from bulkpub.core.owners import Owner
from bulkpub.core.report import RateLimit, RequestTotals, WaitTotals
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.http.gate import PaceOwner
from bulkpub.http.messages import TransportListener
from bulkpub.http.transport import HttpSettings
from bulkpub.http.turns import SpacedOut, Turns
from bulkpub.portals.telling import DatasetHealth, Listed, Listing, RawAnswer, RawRequest
from bulkpub.portals.whole_or_parts import PartSizes

__all__ = [
    "Account",
    "Content",
    "Download",
    "Kind",
    "Located",
    "Opening",
    "Organization",
    "Page",
    "PartSizes",
    "Pieces",
    "Portal",
    "Preset",
    "Traffic",
]


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: `id` never changes, `slug` may."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whose key it is, and where it may publish; a site administrator may everywhere."""

    id: str
    name: str
    organizations: tuple[Organization, ...]
    administrator: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `total` counts the datasets of all its pages, where that is said."""

    datasets: tuple[RemoteDataset, ...]
    total: int | None
    last: bool


class Pieces(Protocol):
    """Bytes of known length, read once, piece by piece."""

    length: int

    def at_once(self) -> bytes | None:
        """All of them in one, when they are few enough to be held; raises what reading raises."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give out the pieces; an exception comes before what was read counts as complete."""

    def close(self) -> None:
        """Let go of what the pieces are read from, read to the end or not."""


class Content(Protocol):
    """A file to be sent, of `size` bytes, called `name` where it comes from.

    Once it was read from beginning to end in one go, `digest` (hex) is that of what was read.
    `bytes_sent` counts those of all stretches read to their end. A portal tells `progressed` how
    many of its bytes it has sent so far.
    """

    name: str
    size: int
    digest: str | None
    bytes_sent: int

    @property
    def progressed(self) -> Callable[[int], None]:
        """To be told of progress, in bytes."""

    def open(self, start: int = 0, length: int | None = None) -> Pieces:
        """The content, or `length` bytes of it from `start` on, to be read once."""


@dataclass(frozen=True, slots=True)
class Download:
    """Where a published file is read back, and the headers that this takes.

    They may carry the key, and go to the address's own origin alone.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked of a portal so far, how long requests were held back, and its rate limit."""

    requests: RequestTotals = field(default_factory=RequestTotals)
    waited: WaitTotals = field(default_factory=WaitTotals)
    rate_limit: RateLimit = field(default_factory=RateLimit)


class Portal(Protocol):
    """A portal, as far as publishing goes; `rules` are those of its kind."""

    @property
    def rules(self) -> Rules:
        """What it does by itself, and what it cannot do."""

    @property
    def traffic(self) -> Traffic:
        """What was asked of it so far."""

    @property
    def at_once(self) -> int:
        """How many requests it is worth having in flight, as far as is known."""

    def file_refusal(self, name: str, extensions: frozenset[str]) -> str | None:
        """Why it would refuse a file called `name`; None when it would not.

        `extensions` are those of its vocabulary.
        """

    @property
    def refused_size(self) -> int | None:
        """The smallest size (bytes) that it is known to refuse in one request."""

    def sends_in_parts(self, size: int) -> bool:
        """Whether a file of `size` bytes leaves in parts, and so is not hashed on its way."""

    def community(self, owner: Owner) -> "Portal":
        """The same portal, whose datasets have only what `owner` put beside them.

        `owner` is an organization and, beside it, the account that uploads for it; or the account
        alone. Resources alone can be written there, and each becomes the organization's once it is
        described. Its `rules` are its own.
        """

    def download(self, dataset: RemoteDataset, resource: RemoteResource) -> Download:
        """How a file is read back: by its permalink, as everybody does, where everybody may."""

    async def raw(self, request: RawRequest) -> RawAnswer:
        """Any request of its API, paced and repeated as safely as all others.

        Raises `SettingsInvalid` when it is none of this portal's.
        """

    def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """How datasets fare, an owner's or those of these ids; what is not there is left out."""

    async def listed(
        self, what: Listing, search: str = "", *, organization: str | None = None
    ) -> tuple[Listed, ...]:
        """What one may write, as the portal tells it; `search` is a word in it, or its name.

        Contact points are those of an `organization` (id or slug), or of the account. Raises
        `SettingsInvalid` when the portal has to be given a word, and is not.
        """

    async def account(self) -> Account:
        """Who we are; also proves that the key works and that this is a portal."""

    async def organization(self, id_or_slug: str) -> Organization | None:
        """The organization, whoever belongs to it; None when there is none."""

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:
        """The values the portal knows; empty when it does not tell, and nothing can be checked."""

    async def schemas(self) -> tuple[KnownSchema, ...]:
        """The schemas that files can follow; empty when it checks none, or does not tell."""

    async def unknown_zones(self, zones: Collection[str]) -> frozenset[str]:
        """Which of these are ids of no zone; none when the portal does not tell."""

    async def zones_named(self, name: str) -> Sequence[KnownZone] | None:
        """The zones with `name` in theirs, and perhaps others; None when it does not tell."""

    async def foreign_contacts(
        self, contacts: Collection[str], *, organization: str | None = None, user: str | None = None
    ) -> Mapping[str, str]:
        """Which of these contact points (ids) are not the owner's, and whose they are.

        As the end of a sentence: "is the organization 'X''s", "is nobody's". Those that the portal
        does not tell of are not in it.
        """

    async def contacts(
        self, *, organization: str | None = None, user: str | None = None
    ) -> Mapping[Contact, str]:
        """The ids of an owner's contact points, by what they say; empty when it does not tell."""

    async def create_contact(self, contact: Contact, organization: str | None) -> str:
        """The id of a contact point of an organization (id) or of the account, made if need be."""

    def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """All datasets of an organization or of a user (ids), page by page, each dataset once.

        Raises `ListingIncomplete`, after what there was, when that cannot be all: the listing
        shows fewer datasets than it announces, or goes on without anything new.
        """

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """One dataset, by id or slug, as it is now; None when there is none for us."""

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,
        now: datetime,
        *,
        release_tag: str = "",
    ) -> RemoteDataset:
        """Create a dataset; never repeated blindly.

        Where datasets are releases, it is the one of `release_tag`.
        """

    async def update_dataset(
        self,
        remote: RemoteDataset,
        changes: DatasetMetadata,
        now: datetime,
        organization: str | None = None,
        *,
        restore: bool = False,
    ) -> RemoteDataset:
        """Write `changes`; what they do not name stays as `remote` has it.

        A personal dataset is given to `organization` (an id) in the same request, and one that was
        deleted is there again with `restore`.
        """

    async def delete_dataset(self, dataset_id: str) -> None:
        """Delete a dataset and all it has; that it is gone already is no error."""

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """Upload a file as a new resource, or onto an existing one; never repeated blindly."""

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """List a resource that stays on another server; never repeated blindly."""

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """Describe and order all resources of a dataset at once; the answer is their new state.

        Raises `DescriptionsRefused` when single descriptions are refused, `Outdated` when
        `items` are not the resources the dataset has by now.
        """

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:
        """Give a link the address `item` has for it, and write what it says of it besides.

        Raises `Outdated` when the dataset has no such resource.
        """

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """Delete a resource; that it is gone already is no error."""


# --- kinds --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """A portal that has a name: the address of its API, and the key where everybody knows it."""

    url: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Opening:
    """All it takes to open a portal whose API is at `url`.

    `apart` gives what says when the next write may start, for a portal that asks for so many
    seconds between one and the next.
    """

    url: str
    pace: PaceOwner
    key: str | None = field(default=None, repr=False)
    http: HttpSettings = field(default_factory=HttpSettings)
    parts: PartSizes = field(default_factory=PartSizes)
    listener: TransportListener | None = None
    apart: Callable[[float], SpacedOut] = Turns


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of portals.

    `presets` are those that have a name. `api_url` gives the address of the API of the portal
    at an address, None when it is none of this kind; its second argument allows an address that
    would receive the key in the clear, otherwise `SettingsInvalid` is raised. `catalogue`: they are
    catalogues of data, to which a key in a variable that is called after one may be sent.
    """

    name: str
    rules: Rules
    presets: Mapping[str, Preset]
    api_url: Callable[[str, bool], str | None]
    open: Callable[[Opening], AbstractAsyncContextManager[Portal]]
    catalogue: bool = True


@dataclass(frozen=True, slots=True)
class Located:
    """Where a portal is: its kind, the address of its API, its key if everybody knows it."""

    kind: Kind
    url: str
    key: str | None = field(default=None, repr=False)

    @property
    def identity(self) -> str:
        """What the addresses of one portal have in common: servers read them in either case."""
        return self.url.casefold()
