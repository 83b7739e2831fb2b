"""udata's JSON to the model and back: pure, and the only place that knows its field names.

Fields go by the rows of `core.fields`, under their own names; those that udata keeps in another
form have a `_Special`. What answers are to look like is in the shapes (`DATASET`, `RESOURCE`…):
an answer without an id is no dataset, whatever its status was.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from pydantic_core import core_schema
from pydantic_core.core_schema import CoreSchema

from bulkpub.core import fields
from bulkpub.core.actions import ListItem
from bulkpub.core.fields import Field, FieldType
from bulkpub.core.model import (
    Checksum,
    Contact,
    ContentSchema,
    DatasetMetadata,
    Json,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.rules import Vocabulary
from bulkpub.core.shapes import geometry_of, shape_text
from bulkpub.core.sources import NO_CHECKSUM
from bulkpub.core.text import bounded
from bulkpub.portals.shapes import (
    DAY,
    EXTRAS,
    FLAG,
    ID,
    INT64,
    NAME,
    NAMES,
    REFERENCE,
    TEXT,
    Shape,
    list_of,
    made,
    once_each,
    optional,
    record,
)
from bulkpub.portals.udata.access import MASK, SCHEMAS, access_body, access_from
from bulkpub.portals.udata.names import tag_slug
from bulkpub.portals.udata.vocabularies import renamed_frequencies

__all__ = [
    "DATASET",
    "DATASET_FIELDS",
    "LISTED_FIELDS",
    "RESOURCE",
    "RESOURCES",
    "RESOURCE_FIELDS",
    "RESOURCE_SCHEMAS",
    "contact_body",
    "dataset_body",
    "error_message",
    "item_refusals",
    "link_body",
    "list_item",
    "normalized",
    "resource",
]

_IN_STORAGE = re.compile(r"/[^/]+/[0-9]{8}-[0-9]{6}/[^/]+$")
"""An upload onto a resource that points elsewhere gives it such an address: SLUG/MOMENT/NAME."""


# --- what we want, as udata keeps it --------------------------------------------------------


def normalized(
    metadata: DatasetMetadata, known: Mapping[Vocabulary, frozenset[str]]
) -> DatasetMetadata:
    """`metadata` in the form in which udata keeps it, so that comparing makes sense.

    Tags are slugified, unique and sorted; a frequency that udata renamed gets its new name,
    unless the portal (an older one) still lists the old one among those `known`. The ids of zones
    are in lower case; old ones, with slashes or the day from which on they are valid, are known.
    A contact point is there once.
    """
    tags, frequency = metadata.tags, metadata.frequency
    spatial, contacts = metadata.spatial, metadata.contact_points
    if spatial is not None and spatial.zones is not None:
        spatial = replace(spatial, zones=tuple(map(_zone, spatial.zones)))
    if contacts is not None:
        contacts = tuple(dict.fromkeys(each.lower() for each in contacts))
    if tags is not None:
        tags = tuple(sorted({tag_slug(tag) for tag in tags}))
    if frequency is not None and frequency not in known.get(Vocabulary.FREQUENCIES, frozenset()):
        frequency = renamed_frequencies().get(frequency, frequency)
    return replace(
        metadata, tags=tags, frequency=frequency, spatial=spatial, contact_points=contacts
    )


def _zone(said: str) -> str:
    return said.partition("@")[0].replace("/", ":").lower()


# --- fields ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Special:
    """A field that udata keeps in a form of its own: from its JSON, to its JSON, and its mask.

    `name` is udata's for it, where that is another.
    """

    schema: CoreSchema
    write: Callable[[Any], Json]
    mask: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Spread:
    """A field that udata keeps in several of its own."""

    schemas: Mapping[str, CoreSchema]
    read: Callable[[Mapping[str, Any]], Any]
    write: Callable[[Any], dict[str, Json]]
    mask: str


def _temporal_coverage(data: Mapping[str, date | None]) -> TemporalCoverage | None:
    start, end = data["start"], data["end"]
    return TemporalCoverage(start, end) if start else None


def _temporal_coverage_body(period: TemporalCoverage) -> Json:
    end = period.end.isoformat() if period.end else None
    return {"start": period.start.isoformat(), "end": end}


def _spatial(data: Mapping[str, Any]) -> Spatial:
    # In lower case, as in `normalized`: codes such as 2A are kept in either.
    zones = tuple(zone.lower() for zone in data["zones"] or ())
    drawn, shape = data["geom"] or (None, None)
    return Spatial(zones, data["granularity"], drawn, shape)


def _spatial_body(spatial: Spatial) -> Json:
    body: dict[str, Json] = {}
    if spatial.zones is not None:
        body["zones"] = list(spatial.zones)
    if spatial.granularity is not None:
        body["granularity"] = spatial.granularity
    if spatial.drawn is False:
        body["geom"] = None  # without, zones are refused
    elif spatial.shape is not None:
        body |= {"geom": dict(geometry_of(spatial.shape)), "zones": None}  # the same of zones
    return body


def _schema(data: Mapping[str, str | None]) -> ContentSchema | None:
    return ContentSchema(**data) if data["name"] or data["url"] else None


def _schema_body(schema: ContentSchema) -> Json:
    # All three, as udata merges what it is sent into the schema there is.
    return {"name": schema.name, "version": schema.version, "url": schema.url}


def _shape(geometry: Mapping[str, Json] | None) -> tuple[bool, str | None] | None:
    """That there is a shape, and its text where all of it was asked for."""
    if not geometry:
        return None
    polygons = geometry.get("coordinates")
    try:
        return True, shape_text(polygons) if isinstance(polygons, list) else None
    except (TypeError, ValueError):
        return True, None  # no such as we write


_SHAPE = made(optional(core_schema.dict_schema()), _shape)
"""A shape on the map, in GeoJSON."""
_OF_DATASETS: Mapping[str, _Special] = {
    # A moment; ours is a day.
    "next_update": _Special(
        optional(DAY), lambda day: day.isoformat() if day else None, name="frequency_date"
    ),
    "tags": _Special(made(NAMES, lambda tags: tuple(sorted(tags or ()))), list),
    # When it was archived; who writes it gives the moment.
    "archived": _Special(made(TEXT, bool), lambda archived: archived or None),
    "temporal_coverage": _Special(
        optional(record({"start": optional(DAY), "end": optional(DAY)}, _temporal_coverage)),
        _temporal_coverage_body,
    ),
    "spatial": _Special(
        optional(record({"zones": NAMES, "granularity": TEXT, "geom": _SHAPE}, _spatial)),
        _spatial_body,
        "{zones,granularity,geom}",
    ),
    "contact_points": _Special(
        made(optional(list_of(REFERENCE)), lambda ids: tuple(ids or ())), list, "{id}"
    ),
}
_SPREAD: Mapping[str, _Spread] = {"access": _Spread(SCHEMAS, access_from, access_body, MASK)}
_OF_RESOURCES: Mapping[str, _Special] = {
    "schema": _Special(
        optional(record({"name": TEXT, "version": TEXT, "url": TEXT}, _schema)), _schema_body
    )
}


def _schemas(rows: Mapping[str, Field], special: Mapping[str, _Special]) -> dict[str, CoreSchema]:
    """By udata's names."""
    schemas: dict[str, CoreSchema] = {}
    for name, field in rows.items():
        if name in _SPREAD:
            schemas |= _SPREAD[name].schemas
        elif name in special:
            schemas[_named(name, special)] = special[name].schema
        else:
            schemas[name] = _PLAIN.get(field.type, TEXT)
    return schemas


def _named(name: str, special: Mapping[str, _Special]) -> str:
    """What udata calls the field of this name."""
    return (name in special and special[name].name) or name


_PLAIN: Mapping[FieldType, CoreSchema] = {
    FieldType.FLAG: made(FLAG, bool),
    FieldType.EXTRAS: made(EXTRAS, lambda extras: extras or {}),
}


def _written(
    metadata: DatasetMetadata | ResourceMetadata,
    rows: Mapping[str, Field],
    special: Mapping[str, _Special],
) -> dict[str, Json]:
    """The body for the fields of which something is said."""
    body: dict[str, Json] = {}
    for name, row in rows.items():
        value = getattr(metadata, name)
        if value is None:
            continue
        if name in _SPREAD:
            body |= _SPREAD[name].write(value)
            continue
        if name in special:
            value = special[name].write(value)
        elif row.type is FieldType.EXTRAS:
            value = dict(value)
        elif row.null_empties:
            value = value or None
        body[_named(name, special)] = value
    return body


def _mask(rows: Mapping[str, Field], special: Mapping[str, _Special]) -> str:
    within = {name: each.mask for name, each in special.items()}
    return ",".join(
        _SPREAD[name].mask if name in _SPREAD else f"{_named(name, special)}{within.get(name, '')}"
        for name in rows
    )


RESOURCE_FIELDS = (
    f"id,filetype,url,latest,filesize,checksum,{_mask(fields.RESOURCE, _OF_RESOURCES)}"
)
"""The part of a mask that asks for all that is read of a resource."""
DATASET_FIELDS = (
    f"id,slug,page,deleted,last_update,organization{{id}},"
    f"{_mask(fields.DATASET, _OF_DATASETS)},resources{{{RESOURCE_FIELDS}}}"
)
"""The `X-Fields` mask that asks for all that `dataset_from` reads, and for nothing else."""
LISTED_FIELDS = DATASET_FIELDS.replace(",geom}", ",geom{type}}")
"""The same for many datasets: of shapes, whose points can be many, only that they are there."""


# --- from udata ---------------------------------------------------------------------------


def _dataset(data: Mapping[str, Any]) -> RemoteDataset:
    return RemoteDataset(
        id=data["id"],
        metadata=DatasetMetadata(
            **{
                name: _SPREAD[name].read(data)
                if name in _SPREAD
                else data[_named(name, _OF_DATASETS)]
                for name in fields.DATASET
            }
        ),
        resources=data["resources"] or (),
        slug=data["slug"] or "",
        page=data["page"] or "",
        organization=data["organization"],
        deleted=bool(data["deleted"]),
        modified=data["last_update"],
    )


def _moment(text: Json) -> datetime | None:
    """A moment; without a zone it is in UTC. None when there is none, or none that can be read."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def resource(data: Mapping[str, Any]) -> RemoteResource:
    """A resource, of what was read by `RESOURCE_SCHEMAS`."""
    hosted, url, checksum = data["filetype"] == "file", data["url"] or "", data["checksum"]
    sha1 = checksum.value if checksum is not None and checksum.kind == "sha1" else None
    return RemoteResource(
        id=data["id"],
        metadata=ResourceMetadata(**{name: data[name] for name in fields.RESOURCE}),
        hosted=hosted,
        url=url,
        permalink=data["latest"] or "",
        size=data["filesize"],
        digest=sha1,
        uploaded=not hosted and sha1 is not None and bool(_IN_STORAGE.search(url)),
        checksum=checksum,
    )


def _checksum(checksum: Mapping[str, str | None]) -> Checksum | None:
    kind, value = checksum["type"], checksum["value"]
    return Checksum(kind, value.lower()) if kind and value else None


_FILE_SIZE = made(
    optional(core_schema.int_schema(ge=-INT64, lt=INT64)),
    lambda size: None if size is None or size < 0 else size,
)
"""In bytes; of a link anybody may have said anything, and udata takes negative sizes."""
RESOURCE_SCHEMAS: Mapping[str, CoreSchema] = {
    "id": ID,
    "filetype": NAME,
    "url": TEXT,
    "latest": TEXT,
    "filesize": _FILE_SIZE,
    "checksum": optional(record({"type": TEXT, "value": TEXT}, _checksum)),
    **_schemas(fields.RESOURCE, _OF_RESOURCES),
}
"""What is read of a resource, by the name of the field; `resource` makes one of it."""
_RESOURCE = record(RESOURCE_SCHEMAS, resource, needed=("id", "title", "filetype"))
_DATASET = record(
    {
        "id": ID,
        "slug": TEXT,
        "page": TEXT,
        "deleted": TEXT,
        "last_update": made(core_schema.any_schema(), _moment),
        "organization": optional(REFERENCE),
        "resources": optional(once_each(list_of(_RESOURCE))),
        **_schemas(fields.DATASET, _OF_DATASETS),
    },
    _dataset,
    # Without these it could not be told what is there already, and would be published again.
    needed=("id", "title", "extras", "resources"),
)
RESOURCE: Shape[RemoteResource] = Shape(_RESOURCE)
RESOURCES: Shape[tuple[RemoteResource, ...]] = Shape(once_each(list_of(_RESOURCE)))
"""The answer of a list PUT: all resources of a dataset, in order."""
DATASET: Shape[RemoteDataset] = Shape(_DATASET)


# --- to udata -----------------------------------------------------------------------------


def dataset_body(
    changes: DatasetMetadata, now: datetime, remote: RemoteDataset | None = None
) -> dict[str, Json]:
    """The body that creates a dataset, or writes `changes` to `remote`.

    A PUT without tags or without temporal coverage wipes them, so those that stay are sent
    along; `resources` are never sent, as they could be lost. `now` is UTC.
    """
    if remote is not None:
        kept = remote.metadata
        coverage = changes.temporal_coverage or kept.temporal_coverage
        tags = kept.tags if changes.tags is None else changes.tags
        changes = replace(changes, tags=tags, temporal_coverage=coverage)
    body = _written(changes, fields.DATASET, _OF_DATASETS)
    if body.get("archived"):
        body["archived"] = now.isoformat()
    return body


def _resource_body(metadata: ResourceMetadata) -> dict[str, Json]:
    return _written(metadata, fields.RESOURCE, _OF_RESOURCES)


def list_item(item: ListItem) -> dict[str, Json]:
    """One item of the list PUT; what it does not say, udata keeps."""
    body: dict[str, Json] = {"id": item.id}
    if item.changes is not None:
        body.update(_resource_body(item.changes))
    if item.url is not None:
        body["url"] = item.url
    body |= _announced(item.size, item.checksum)
    if item.host:
        body["filetype"] = "file"
    return body


def link_body(link: LinkSource, metadata: ResourceMetadata) -> dict[str, Json]:
    """The body that lists a resource on another server."""
    body = {"type": "main", "format": "", **_resource_body(metadata)}
    return {
        **body,
        **_announced(link.size, link.checksum),
        "filetype": "remote",
        "url": link.url,
    }


def _announced(size: int | None, checksum: Checksum | None) -> dict[str, Json]:
    body: dict[str, Json] = {} if size is None else {"filesize": size}
    if checksum is not None:
        told: Json = {"type": checksum.kind, "value": checksum.value}
        body["checksum"] = None if checksum == NO_CHECKSUM else told
    return body


def contact_body(contact: Contact, organization: str | None) -> dict[str, Json]:
    """The body that makes a contact point, of an organization or of the account itself."""
    said = {
        "name": contact.name,
        "role": contact.role,
        "email": contact.email,
        "contact_form": contact.form,
        "organization": organization,
    }
    return {name: value for name, value in said.items() if value is not None}


# --- refusals -----------------------------------------------------------------------------


def error_message(data: Json) -> str | None:
    """The portal's own words for a refusal, in one line; None when it gave none.

    udata has several shapes: `{"errors": {field: [..]}}`, nested for sub-objects or a list,
    `{"message": ..}`, `{"error": ..}`.
    """
    if not isinstance(data, Mapping):
        return None
    parts = list(_flat(data.get("errors")))
    parts += [text for name in ("message", "error") if isinstance(text := data.get(name), str)]
    return _joined(parts) or None


def item_refusals(data: Json, ids: Sequence[str]) -> dict[str, str]:
    """What udata says against single items of a list PUT, by resource id; {} if it does not.

    Its `errors` are then a list with one entry for each item sent, empty for the sound ones.
    """
    errors = data.get("errors") if isinstance(data, Mapping) else None
    if not isinstance(errors, list) or len(errors) != len(ids):
        return {}
    return {i: _joined(_flat(found)) for i, found in zip(ids, errors, strict=True) if found}


def _joined(parts: Iterable[str]) -> str:
    return bounded(
        "; ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    )


_MOST_FAULTS, _DEEPEST_FAULT = 50, 10
"""How many things a refusal says, and how deep they lie, that are still repeated."""


def _flat(errors: Json) -> Iterable[str]:
    return islice(_faults(errors, "", _DEEPEST_FAULT), _MOST_FAULTS)


def _faults(errors: Json, path: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    match errors:
        case Mapping():
            for name, inner in errors.items():
                yield from _faults(inner, f"{path}.{name}" if path else str(name), depth - 1)
        case list():
            for inner in errors:
                yield from _faults(inner, path, depth - 1)
        case None:
            return
        case _:
            yield f"{path}: {errors}" if path else str(errors)
