"""What the embedded portal remembers: datasets, resources, contact points.

Plain mutable records, written to disk as they are. Times are ISO 8601 in UTC with
microseconds, so that they sort as text; ids are udata's: 24 hexadecimal digits for a dataset,
a UUID for a resource.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["ContactPoint", "Dataset", "Extras", "Resource", "Schema"]

Extras = dict[str, Any]
Schema = dict[str, str | None]


@dataclass(slots=True, kw_only=True)
class Resource:
    """One file or link.

    `stored` is the path of the hosted file below the portal's storage, None for a link.
    `dataset`, `owner` and `organization` are set for community resources only, which live
    beside the dataset and not in it.
    """

    id: str
    title: str
    created_at: str
    last_modified: str
    url: str = ""
    description: str | None = None
    filetype: str = "file"
    type: str = "main"
    format: str | None = None
    mime: str | None = None
    filesize: int | None = None
    checksum: dict[str, str] | None = None
    extras: Extras = field(default_factory=dict)
    schema: Schema | None = None
    stored: str | None = None
    dataset: str | None = None
    owner: str | None = None
    organization: str | None = None

    @property
    def is_hosted(self) -> bool:
        """Whether udata protects what it computed itself from what clients say."""
        return self.filetype == "file" and bool(self.url)


@dataclass(slots=True, kw_only=True)
class Dataset:
    """One dataset; exactly one of `owner` and `organization` is set.

    `assigned` holds the accounts of partial editors who may edit it: those who created it.
    """

    id: str
    title: str
    slug: str
    created_at: str
    last_modified: str
    last_update: str
    description: str = ""
    description_short: str | None = None
    acronym: str | None = None
    license: str | None = None
    frequency: str | None = None
    frequency_date: str | None = None
    tags: list[str] = field(default_factory=list)
    private: bool = False
    archived: str | None = None
    deleted: str | None = None
    temporal_coverage: dict[str, str | None] | None = None
    spatial: dict[str, Any] | None = None
    extras: Extras = field(default_factory=dict)
    contact_points: list[str] = field(default_factory=list)
    access_type: str = "open"
    access_audiences: list[dict[str, str]] = field(default_factory=list)
    access_type_reason_category: str | None = None
    access_type_reason: str | None = None
    authorization_request_url: str | None = None
    owner: str | None = None
    organization: str | None = None
    assigned: list[str] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)

    def resource(self, resource_id: str) -> Resource | None:
        """The resource with this id, if the dataset has it."""
        return next((each for each in self.resources if each.id == resource_id), None)

    def touch(self, now: str) -> None:
        """Note that the dataset changed at `now`; its last update is that of its resources."""
        self.last_modified = now
        self.last_update = max((each.last_modified for each in self.resources), default=now)

    def resource_changed(self, now: str) -> None:
        """Note that one of the resources came, or changed, at `now`."""
        self.last_modified = self.last_update = now


@dataclass(slots=True, kw_only=True)
class ContactPoint:
    """Somebody to write to about a dataset."""

    id: str
    name: str | None
    role: str | None
    email: str | None = None
    contact_form: str | None = None
    owner: str | None = None
    organization: str | None = None
