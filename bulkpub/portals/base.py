"""What the pipeline asks of a portal.

Every call raises `ResourceFailed` or `DatasetFailed` when the portal will not do it,
`Uncertain` when a write's answer was lost, `PortalUnavailable` when it does not answer, and
`PortalRefuses` when it refuses the key or is read-only.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bulkpub.core.actions import ListItem
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.report import RateLimit
from bulkpub.http.messages import Body

__all__ = ["Account", "Organization", "Page", "PartedUpload", "Portal", "Vocabulary"]


class Vocabulary(StrEnum):
    """A closed list that the portal publishes."""

    LICENSES = "licenses"
    FREQUENCIES = "frequencies"
    RESOURCE_TYPES = "resource_types"
    EXTENSIONS = "extensions"


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
class PartedUpload:
    """One upload in parts: an identifier of its own, the file's name, how many parts."""

    id: str
    file_name: str
    parts: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `total` counts the datasets of all its pages."""

    datasets: tuple[RemoteDataset, ...]
    total: int
    last: bool


class Portal(Protocol):
    """A portal, as far as publishing goes."""

    @property
    def rate_limit(self) -> RateLimit:
        """The portal's rate limit as last seen."""

    def normalized(self, spec: DatasetSpec) -> DatasetSpec:
        """`spec` with its metadata in the form in which the portal keeps it."""

    def refuses_file(self, name: str, extensions: frozenset[str]) -> str | None:
        """Why the portal would refuse a file called `name`; None when it would not."""

    async def account(self) -> Account:
        """Who we are; also proves that the key works and that this is a portal."""

    async def organization(self, id_or_slug: str) -> Organization | None:
        """The organization, whoever belongs to it; None when there is none."""

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:
        """The values the portal knows."""

    def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """All datasets of an organization or of a user (ids), page by page."""

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """One dataset as it is now; None when there is none for us."""

    async def create_dataset(
        self, metadata: DatasetMetadata, organization: str | None, now: datetime
    ) -> RemoteDataset:
        """Create a dataset; never repeated blindly."""

    async def update_dataset(
        self, remote: RemoteDataset, changes: DatasetMetadata, now: datetime
    ) -> RemoteDataset:
        """Write `changes`; what they do not name stays as `remote` has it."""

    async def upload(
        self, dataset_id: str, body: Callable[[], Body], resource_id: str | None = None
    ) -> RemoteResource:
        """Upload a file as a new resource, or onto an existing one; never repeated blindly."""

    async def upload_part(
        self, dataset_id: str, body: Callable[[], Body], resource_id: str | None = None
    ) -> None:
        """Send one part of a file; what `body` has to say of it is in `part_fields`."""

    async def join_parts(
        self, dataset_id: str, body: Callable[[], Body], size: int, resource_id: str | None = None
    ) -> RemoteResource:
        """Make one file of `size` bytes of the parts that were sent, as `upload` would have.

        What `body` has to say is in `join_fields`.
        """

    def part_fields(self, upload: PartedUpload, index: int, size: int) -> dict[str, str]:
        """The form fields of part number `index` (from 0), which has `size` bytes."""

    def join_fields(self, upload: PartedUpload) -> dict[str, str]:
        """The form fields of the request that joins the parts."""

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """List a resource that stays on another server; never repeated blindly."""

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """Describe and order all resources of a dataset at once; the answer is their new state."""

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """Delete a resource; that it is gone already is no error."""
