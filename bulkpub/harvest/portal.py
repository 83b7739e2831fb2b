"""`bulkpub harvest portal ORG|DATASET...`: what a portal has now → the same as a manifest.

The rule: running it unchanged changes nothing. Everything goes by its id; what a manifest
cannot say, or would say otherwise than the portal does, is left out with a note, and what a
manifest is silent about stays as it is. What an organization put beside others' datasets comes
after its own. A copy, which is for another portal, is another matter: see `copying`.
"""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, assert_never

from bulkpub.core import fields
from bulkpub.core.addresses import is_whole, redacted
from bulkpub.core.fields import Field, FieldType
from bulkpub.core.model import (
    OPEN,
    Access,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.owners import Owner
from bulkpub.core.rules import Rules
from bulkpub.core.shapes import geometry_of, shape_of
from bulkpub.core.sources import CHECKSUM_DIGITS, Checksum
from bulkpub.core.text import bounded
from bulkpub.data import access_words
from bulkpub.errors import DatasetFailed, ListingIncomplete, SourceFailed
from bulkpub.harvest.base import Found, Harvest, HarvestOptions
from bulkpub.harvest.copying import Copier
from bulkpub.harvest.paging import address_parts
from bulkpub.language import say
from bulkpub.manifest.extras import extras_faults
from bulkpub.manifest.nodes import Unreadable, from_python
from bulkpub.portals import Organization, Portal

__all__ = ["harvest"]

_OURS = "bulkpub:"
"""What the names of our own extras begin with; a manifest does not say them."""
_STAYS = say("is not in the manifest and stays as it is")


async def harvest(source: str, portal: Portal, options: HarvestOptions) -> Harvest:
    """The datasets of the organization `source` (id or slug), or the dataset of that id or slug.

    The address of either one's page serves too. Raises `SourceFailed` when the portal has
    neither; `PortalRefuses` and `PortalUnavailable` as the portal does.
    """
    kind, name = _named(source, portal.rules)
    organization = await _organization(kind, name, portal)
    beside = organization if portal.rules.community else None
    owners: dict[str, Organization] = {organization.id: organization} if organization else {}
    copier = Copier(portal, owners, options.organization) if options.copy else None
    async for remote in _datasets(kind, name, organization, portal, options):
        if remote.deleted:
            options.note(
                say("{remote} is deleted on the portal, and left out", remote=_called(remote))
            )
            continue
        found = _found(remote, portal.rules)
        if not options.wanted(found.dataset, remote.modified):
            continue
        if _is_drawn(remote):  # of shapes a listing only tells that they are there
            remote = await portal.dataset(remote.id) or remote  # noqa: PLW2901 # the same, whole
            found = _found(remote, portal.rules)
        yield found if copier is None else await copier.copy(found, remote)
    if beside is not None:
        async for found in _beside(beside, portal, options):
            if not options.copy:
                yield found
                continue
            options.note(
                say(
                    "what the organization put beside the dataset {id}, which is another's, is "
                    "left out of a copy: it has no place where that is not",
                    id=found.dataset.id,
                )
            )


def _named(source: str, rules: Rules) -> tuple[str, str]:
    """What `source` speaks of (`organization`, `dataset` or nothing), and its id or slug."""
    if "://" not in source:
        return "", source.strip()
    address_parts(source)  # raises when it is no address at all
    found = rules.shown_on_page(source)
    if found and found[0] != "resource":
        return found
    raise SourceFailed(
        say("{source} is the address of no organization and no dataset", source=redacted(source))
    )


async def _organization(kind: str, name: str, portal: Portal) -> Organization | None:
    if not name or kind == "dataset":
        return None
    try:
        return await portal.organization(name)
    except DatasetFailed as error:
        raise SourceFailed(f"{name}: {error}") from error


async def _datasets(
    kind: str,
    name: str,
    organization: Organization | None,
    portal: Portal,
    options: HarvestOptions,
) -> AsyncIterator[RemoteDataset]:
    try:
        if organization is not None:
            async for page in portal.owned_by(organization=organization.id):
                for remote in page.datasets:
                    yield remote
            return
        dataset = await portal.dataset(name) if name and kind != "organization" else None
    except ListingIncomplete as error:
        options.lost(f"{name}: {error}")
        return
    except DatasetFailed as error:
        raise SourceFailed(f"{name}: {error}") from error
    if dataset is None:
        raise SourceFailed(
            say(
                "the portal has no {kind} '{name}'; a private dataset is shown to the members of "
                "its organization only, by their API key",
                kind=kind or "organization and no dataset",
                name=name,
            )
        )
    yield dataset


def _is_drawn(remote: RemoteDataset) -> bool:
    area = remote.metadata.spatial
    return area is not None and bool(area.drawn) and area.shape is None


def _called(remote: RemoteDataset) -> str:
    return say("the dataset '{title}' ({id})", title=remote.metadata.title, id=remote.id)


async def _beside(
    organization: Organization, portal: Portal, options: HarvestOptions
) -> AsyncIterator[Found]:
    """What the organization put beside others' datasets, a dataset at a time."""
    owner = Owner(organization.id, name=organization.name)
    try:
        async for page in portal.community(owner).owned_by(organization=organization.id):
            for remote in page.datasets:
                notes: list[str] = []
                spec = DatasetSpec(
                    key=remote.id,
                    resources=tuple(_resource(r, notes, portal.rules) for r in remote.resources),
                    organization=organization.id,
                    id=remote.id,
                    community=True,
                )
                called = remote.metadata.title or remote.id
                if options.wanted(called) or options.wanted(spec):
                    yield Found(spec, tuple(notes))
    except (DatasetFailed, ListingIncomplete) as error:
        options.lost(
            say(
                "what {name} put beside others' datasets: {error}",
                name=organization.name,
                error=error,
            )
        )


# --- one dataset --------------------------------------------------------------------------


def _found(remote: RemoteDataset, rules: Rules) -> Found:
    notes: list[str] = []
    keep = _Keeping(notes, "", rules)
    said = {
        name: keep.field(row, getattr(remote.metadata, name))
        for name, row in fields.DATASET.items()
        if remote.is_open or name not in rules.closed_lacks
    }
    resources = tuple(_resource(each, notes, rules) for each in remote.resources)
    spec = DatasetSpec(
        key=remote.slug or remote.id,
        metadata=DatasetMetadata(**said),
        resources=resources,
        organization=remote.organization,
        personal=remote.organization is None,
        id=remote.id,
    )
    return Found(spec, tuple(notes))


def _resource(remote: RemoteResource, notes: list[str], rules: Rules) -> ResourceSpec:
    whose = say(" of the resource '{title}' ({id})", title=remote.metadata.title, id=remote.id)
    keep = _Keeping(notes, whose, rules)
    is_link = not remote.hosted and keep.one("address", remote.url, _link_fault) is not None
    said = {
        name: keep.field(row, getattr(remote.metadata, name))
        for name, row in fields.RESOURCE.items()
        if is_link or name not in _OF_LINKS
    }
    metadata = ResourceMetadata(**said)
    source: LinkSource | ExistingSource = ExistingSource()
    if is_link:
        checksum = keep.one("checksum", remote.checksum, _checksum_fault)
        source = LinkSource(remote.url, remote.size, checksum)
    return ResourceSpec(key=remote.id, source=source, metadata=metadata, id=remote.id)


_OF_LINKS = {"format", "mime"}
"""Fields that a manifest says of links only: of files, portals say them."""


# --- what a manifest can say just as the portal does --------------------------------------


T = TypeVar("T")


class _Keeping:
    """Keeps the values that a manifest says as the portal has them; notes name the others."""

    def __init__(self, notes: list[str], whose: str, rules: Rules) -> None:
        self._notes = notes
        self._whose = whose
        self._rules = rules

    def field(self, field: Field, value: Any) -> Any:  # noqa: ANN401, PLR0911 # any field's; one for each form
        """The value of a field; what is empty, and no more than a default, is not worth a line."""
        match field.type:
            case FieldType.NAME | FieldType.TEXT:
                return self._text(field, value)
            case FieldType.FLAG | FieldType.WORDS | FieldType.DAY:
                return value or None
            case FieldType.TAGS:
                return self.one(field.name, value or None, self._tags_fault)
            case FieldType.PERIOD:
                return self.one(field.name, value, _period_fault)
            case FieldType.AREA:
                return self._area(value)
            case FieldType.ACCESS:
                return self.one(field.name, None if value == Access(OPEN) else value, _access_fault)
            case FieldType.SCHEMA:
                return self.one(field.name, value, _schema_fault)
            case FieldType.EXTRAS:
                return self._extras(value)
            case _:
                assert_never(field.type)

    def one(self, name: str, value: T | None, fault_of: Callable[[T], str]) -> T | None:
        """The value, unless something is wrong with it; None for no value."""
        if value is None or not (fault := fault_of(value)):
            return value
        self._notes.append(f"the {name}{self._whose} {_STAYS}: {fault}")
        return None

    def _text(self, field: Field, value: str | None) -> str | None:
        known, limit = field.words(self._rules), field.longest(self._rules)

        def fault(text: str) -> str:
            if known:
                return "" if text in known else say("'{text}' is unknown", text=text)
            if text != text.strip():
                return say("it begins or ends with white space")
            return (
                say("it has more than {limit} characters", limit=limit)
                if limit and len(text) > limit
                else ""
            )

        return self.one(field.name, value or None, fault)

    def _area(self, area: Spatial | None) -> Spatial | None:
        if area is None:
            return None
        if area.drawn and self.one(say("shape drawn on the map"), area.shape or "", _shape_fault):
            return Spatial(None, area.granularity or None, drawn=True, shape=area.shape)
        if not (area.zones or area.granularity):
            return None
        return Spatial(area.zones or None, area.granularity or None)

    def _tags_fault(self, tags: tuple[str, ...]) -> str:
        odd = [tag for tag in tags if self._rules.tag(tag) != tag or not self._rules.takes_tag(tag)]
        return say("a portal would not take {odd} today", odd=", ".join(odd)) if odd else ""

    def _extra_fault(self, extra: dict[str, Json]) -> str:
        try:
            faults = extras_faults(from_python(extra, "extras"), self._rules)
            return next((fault.sentence for fault in faults), "")
        except Unreadable as error:
            return str(error)

    def _extras(self, extras: Json) -> dict[str, Json] | None:
        """The extras without our own, and without those that are the portal's own to write."""
        kept = {
            name: value
            for name, value in (extras or {}).items()
            if not name.startswith(_OURS)
            and not self._rules.is_own_extra(name)
            and self.one(say("extra '{name}'", name=name), {name: value}, self._extra_fault)
            is not None
        }
        return kept or None


def _shape_fault(shape: str) -> str:
    if not shape:
        return say("the portal does not tell it")
    try:
        same = shape_of(dict(geometry_of(shape))) == shape
    except ValueError as error:
        return say("it {error}", error=error)
    return "" if same else say("no file would say the same")


def _period_fault(period: TemporalCoverage) -> str:
    if period.end is None or period.start <= period.end:
        return ""
    return say("it ends on {end}, before it starts on {start}", end=period.end, start=period.start)


def _schema_fault(schema: ContentSchema) -> str:
    if schema.version and not schema.name:
        return say("it has a version without a name")
    return _link_fault(schema.url) if schema.url else ""


def _access_fault(access: Access) -> str:
    words = access_words()
    odd = [
        word
        for word, known in (
            (access.type, words.types),
            (access.category, words.reasons),
            *((role, words.roles) for role, _ in access.audiences or ()),
            *((condition, words.conditions) for _, condition in access.audiences or ()),
        )
        if word and word not in known
    ]
    if odd:
        return say("'{odd}' is unknown", odd=odd[0])
    return _link_fault(access.request_url) if access.request_url else ""


def _checksum_fault(checksum: Checksum) -> str:
    digits = CHECKSUM_DIGITS.get(checksum.kind)
    if digits is None:
        return say("there is no kind '{kind}'", kind=bounded(checksum.kind, 40))
    is_hex = re.fullmatch(r"[0-9a-f]+", checksum.value) and len(checksum.value) in digits
    return (
        "" if is_hex else say("it has not the form of one of the kind {kind}", kind=checksum.kind)
    )


def _link_fault(url: str) -> str:
    if not (url.lower().startswith(("http://", "https://")) and is_whole(url)):
        return say("{url!r} is no whole web address", url=redacted(url))
    return say("it holds a secret") if redacted(url) != url else ""
