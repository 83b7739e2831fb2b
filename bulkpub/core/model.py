"""The values that travel through the program, from the manifest to the report.

What resources are made of is in `sources`, and handed on here.

All are frozen and can be pickled. Two kinds of "nothing" never mix: in what is *wanted*,
None means that the manifest is silent and the portal's value stays as it is, while an
empty string, tuple or mapping means that the value is to be emptied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from bulkpub.core.series import Series
from bulkpub.core.sources import (
    CHECKSUM_DIGITS,
    Check,
    Checksum,
    ExistingSource,
    FileSource,
    Fingerprint,
    LastFetch,
    LinkSource,
    Sent,
    Source,
    UrlSource,
    is_sent,
)

__all__ = [
    "CHECKSUM_DIGITS",
    "DRAFT_EXTRA",
    "KEY_EXTRA",
    "OPEN",
    "SOURCE_EXTRA",
    "TITLE_EXTRA",
    "Access",
    "Check",
    "Checksum",
    "Contact",
    "ContentSchema",
    "DatasetMetadata",
    "DatasetSpec",
    "ExistingSource",
    "FileSource",
    "Fingerprint",
    "Guard",
    "Html",
    "Json",
    "LastFetch",
    "LinkSource",
    "NamedZone",
    "Place",
    "Prune",
    "RemoteDataset",
    "RemoteResource",
    "ResourceMetadata",
    "ResourceSpec",
    "Sent",
    "Source",
    "Spatial",
    "State",
    "TagChanges",
    "TemporalCoverage",
    "UrlSource",
    "is_sent",
]

KEY_EXTRA = "bulkpub:key"
"""The extra under which a dataset or resource carries our key on the portal."""

TITLE_EXTRA = "bulkpub:title"
"""The extra under which the title that a person gave is kept safe while a file is replaced."""

SOURCE_EXTRA = "bulkpub:source"
"""The extra that keeps the address a file had before it was hosted on the portal."""

DRAFT_EXTRA = "bulkpub:draft"
"""The extra of a new dataset that is private only until all its files are in."""

Json = Any
"""A JSON value; typed loosely because extras are the user's own."""


class Prune(StrEnum):
    """Which of a dataset's resources are deleted when the manifest no longer names them."""

    NONE = "none"
    """None: what is not named stays."""
    OURS = "ours"
    """Those that carry our key."""
    ALL = "all"
    """All of them."""


class State(StrEnum):
    """What becomes of a dataset as a whole, where the manifest says so."""

    ABSENT = "absent"
    """It is deleted, or is not there."""
    PRESENT = "present"
    """It is there for everybody: neither deleted, nor a draft, nor archived."""
    DRAFT = "draft"
    """It is there, and private."""
    ARCHIVED = "archived"
    """It is there, and archived."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a manifest something was written; lines and columns count from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


# --- metadata: the same shape wanted and observed ----------------------------------------


@dataclass(frozen=True, slots=True)
class TemporalCoverage:
    """The period the data covers; days, both included. An open period has no end."""

    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class NamedZone:
    """A zone by its name, at one level (`fr:commune`) or at whichever there is one."""

    name: str
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Spatial:
    """The area the data covers: zone ids such as `fr:region:11`, and the grain of the data.

    `drawn`, observed: somebody drew it as a shape; no area has both a shape and zones. Written:
    False takes the shape away, None leaves it. `shape` is the text of one (`core.shapes`), to be
    written, or observed where all of it was asked for. `named` are zones whose ids are not known
    yet.
    """

    zones: tuple[str, ...] | None = None
    granularity: str | None = None
    drawn: bool | None = None
    shape: str | None = None
    named: tuple[NamedZone, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentSchema:
    """The schema the content follows, by name (and version) in a register, or by address."""

    name: str | None = None
    version: str | None = None
    url: str | None = None


OPEN = "open"
"""The access that everybody has."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may get at the data, and why not everybody.

    `type` is `open`, or another of a manifest's words. `audiences` has a condition for each sort of
    applicants, `(role, condition)`, by role; nobody can take all of them away. `category` and
    `reason` say why access is limited, `request_url` where to ask for it. None: the portal's stays;
    "": it is to be emptied. Observed, nothing is "".
    """

    type: str | None = None
    audiences: tuple[tuple[str, str], ...] | None = None
    category: str | None = None
    reason: str | None = None
    request_url: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether everybody has access; so it is unless something else is said."""
        return self.type in {None, OPEN}

    def over(self, has: "Access | None") -> "Access":
        """What becomes of the access there is, `has`, once this was written."""
        if has is None:
            return self
        said = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(has, **said)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to write to about a dataset: by mail, or at the address of a form."""

    name: str
    role: str = "contact"
    email: str | None = None
    form: str | None = None

    def __str__(self) -> str:
        """As people write it."""
        role = "" if self.role == "contact" else f" ({self.role})"
        return f"{self.name} <{self.email or self.form}>{role}"


@dataclass(frozen=True, slots=True)
class TagChanges:
    """Tags that are added to those a dataset has, and such as are taken away; the others stay."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def applied(self, tags: Iterable[str] | None) -> tuple[str, ...]:
        """What becomes of a dataset's `tags`, in their order, what is new at the end."""
        kept = [tag for tag in tags or () if tag not in self.remove]
        return tuple(dict.fromkeys((*kept, *self.add)))


@dataclass(frozen=True, slots=True)
class DatasetMetadata:
    """What a dataset says of itself.

    Wanted: None leaves the portal's value alone; `extras` are merged into those it has.
    Observed: None means the portal has no value. `next_update` is a day, "" where that is to be
    emptied.
    """

    title: str | None = None
    description: str | None = None
    description_short: str | None = None
    acronym: str | None = None
    license: str | None = None
    frequency: str | None = None
    next_update: date | Literal[""] | None = None
    tags: tuple[str, ...] | None = None
    private: bool | None = None
    archived: bool | None = None
    temporal_coverage: TemporalCoverage | None = None
    spatial: Spatial | None = None
    access: Access | None = None
    contact_points: tuple[str, ...] | None = None
    extras: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """What a resource says of itself; None as in `DatasetMetadata`.

    `format` and `mime` can be set for links only: of a hosted file the portal works them
    out from the file's name and ignores what a client says.
    """

    title: str | None = None
    description: str | None = None
    type: str | None = None
    schema: ContentSchema | None = None
    format: str | None = None
    mime: str | None = None
    extras: Mapping[str, Json] | None = None


# --- what is wanted ----------------------------------------------------------------------


class Html(StrEnum):
    """What to do with a page of HTML in the place of data."""

    ALLOW = "allow"
    """Publish it."""
    WARN = "warn"
    """Publish it, and say so."""
    REFUSE = "refuse"
    """Do not publish it."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Which files are not to be published, as something must have gone wrong with them.

    `max_shrink` is the share of what is published, from 0 to 1, by which a file may at most
    be smaller; None refuses none for it. `html` says whether a page of HTML is published whose
    name says that it is something else. Of what is neither refused nor allowed is told.
    """

    refuse_empty: bool = True
    max_shrink: float | None = None
    html: Html = Html.WARN


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """One resource as the manifest wants it.

    `key` is unique within its dataset and stable from run to run. `default_title` is the
    title of a resource nobody gave one: neither the manifest nor a person on the portal.
    `guard` and `checks` concern files only. `remove`: the file is removed here once the portal is
    known to have it. With a `series`, each new content is a new resource of that series.
    """

    key: str
    source: Source
    metadata: ResourceMetadata = field(default_factory=ResourceMetadata)
    default_title: str = ""
    id: str | None = None
    guard: Guard = field(default_factory=Guard)
    checks: tuple[Check, ...] = ()
    remove: bool = False
    series: Series | None = None
    place: Place = field(default_factory=lambda: Place(""))


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """One dataset as the manifest wants it.

    `release_tag` is what the tag of the release is made of that it is where datasets are releases;
    once it is fitted to a portal, the tag itself, or empty where they are not.
    `organization` is an id or a slug; None means the personal space of the key's account, or with
    an `id` that of whoever has it, unless that is said to be `personal`, too. The order of
    `resources` is the order wanted on the portal. `state` is that of the dataset as a whole, None
    where the manifest is silent: then one that was deleted stays so. `when_complete`: what is not
    public yet becomes so only once all its files are in. `community`: the resources stand beside
    the dataset of the `id`, which is somebody else's, as the organization's own. `tag_changes` are
    made to the tags that it has; `metadata` has no tags then. `contacts` are contact points by what
    they say; once the portal was asked, `metadata` has them all, and these are new there. `id` is
    the portal's, or what else it finds it by (a slug, the address of its page) until the portal was
    asked. `places` tells where that is written which only the portal can judge, by the way to it
    (`spatial.zones`, and each of a list: `spatial.zones.0`). `left_out` are the keys of resources
    that a run is not about, `files_alone`: nor is it about what the dataset says of itself.
    """

    key: str
    metadata: DatasetMetadata = field(default_factory=DatasetMetadata)
    resources: tuple[ResourceSpec, ...] = ()
    release_tag: str = ""
    organization: str | None = None
    personal: bool = False
    id: str | None = None
    prune: Prune = Prune.NONE
    community: bool = False
    state: State | None = None
    when_complete: bool = False
    tag_changes: TagChanges | None = None
    contacts: tuple[Contact, ...] = ()
    place: Place = field(default_factory=lambda: Place(""))
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    left_out: frozenset[str] = frozenset()
    files_alone: bool = False

    def place_of(self, way: str) -> Place:
        """Where what is at `way` is written, or the nearest around it of which that is known."""
        while way and way not in self.places:
            way = way.rpartition(".")[0]
        return self.places.get(way, self.place)


# --- what the portal has -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoteResource:
    """One resource as the portal has it.

    `hosted` is False for a resource that points to another server; `uploaded` is True for one
    that still does, but whose file has come to the portal already. `checksum` is the one that the
    portal tells, of a link what somebody said; `digest` is its value where it is of the kind by
    which files are compared (`Rules.digest`), else None. `permalink` never changes, `url` may
    with every replacement.
    `apart`: it is still the account's that uploaded it, and to become that of the organization
    whose resources are looked at.
    """

    id: str
    metadata: ResourceMetadata
    hosted: bool = True
    url: str = ""
    permalink: str = ""
    size: int | None = None
    digest: str | None = None
    uploaded: bool = False
    apart: bool = False
    checksum: Checksum | None = None

    @property
    def stored(self) -> bool:
        """Whether its bytes lie on the portal, though it may not be `hosted` yet."""
        return self.hosted or self.uploaded

    @property
    def origin(self) -> str:
        """Where a resource that is not hosted yet has, or had, its file: an address elsewhere."""
        kept = (self.metadata.extras or {}).get(SOURCE_EXTRA)
        return kept if self.stored and isinstance(kept, str) else self.url

    @property
    def file_name(self) -> str:
        """The name the file is stored under, the last part of `url`; empty without an address."""
        return self.url.split("?", 1)[0].rsplit("/", 1)[-1]

    @property
    def key(self) -> str | None:
        """Our key, when we published it."""
        key = (self.metadata.extras or {}).get(KEY_EXTRA)
        return key if isinstance(key, str) else None


@dataclass(frozen=True, slots=True)
class RemoteDataset:
    """One dataset as the portal has it; `resources` in the portal's order.

    `modified` is when it or its resources changed last, as far as the portal tells.
    `organization` is an id, None for a personal dataset. `deleted` datasets are still seen by the
    members of their organization.
    """

    id: str
    metadata: DatasetMetadata
    resources: tuple[RemoteResource, ...] = ()
    slug: str = ""
    page: str = ""
    organization: str | None = None
    deleted: bool = False
    modified: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its data is for everybody, whoever sees the dataset itself."""
        return self.metadata.access is None or self.metadata.access.is_open

    @property
    def key(self) -> str | None:
        """Our key, when we created it."""
        key = (self.metadata.extras or {}).get(KEY_EXTRA)
        return key if isinstance(key, str) else None
