"""udata's JSON to the model and back: pure, and the only place that knows its field names.

Fields go by the rows of `core.fields`, under their own names; those that udata keeps in another
form have a `_Special`. Decoding is lenient about what we do not use and strict about what we do:
an answer without an id is no dataset, whatever its status was.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from bulkpub.core import fields
from bulkpub.core.actions import ListItem
from bulkpub.core.fields import Field, FieldType
from bulkpub.core.model import (
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
from bulkpub.core.text import bounded
from bulkpub.portals.udata.names import tag_slug
from bulkpub.portals.udata.vocabularies import renamed_frequencies

__all__ = [
    "DATASET_FIELDS",
    "dataset_body",
    "dataset_from",
    "error_message",
    "item_refusals",
    "link_body",
    "list_item",
    "normalized",
    "resource_from",
]

_IN_STORAGE = re.compile(r"/[^/]+/[0-9]{8}-[0-9]{6}/[^/]+$")
"""An upload onto a resource that points elsewhere gives it such an address: SLUG/MOMENT/NAME."""


# --- what we want, as udata keeps it --------------------------------------------------------


def normalized(
    metadata: DatasetMetadata, known: Mapping[Vocabulary, frozenset[str]]
) -> DatasetMetadata:
    """`metadata` in the form in which udata keeps it, so that comparing makes sense.

    Tags are slugified, unique and sorted; a frequency that udata renamed gets its new name,
    unless the portal (an older one) still lists the old one among those `known`.
    """
    tags, frequency = metadata.tags, metadata.frequency
    if tags is not None:
        tags = tuple(sorted({tag_slug(tag) for tag in tags}))
    if frequency is not None and frequency not in known.get(Vocabulary.FREQUENCIES, frozenset()):
        frequency = renamed_frequencies().get(frequency, frequency)
    return replace(metadata, tags=tags, frequency=frequency)


# --- fields ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Special:
    """A field that udata keeps in a form of its own: from its JSON, to its JSON, and its mask."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Json]
    mask: str = ""


def _temporal_coverage(data: Mapping[str, Json] | None) -> TemporalCoverage | None:
    if not data or not data.get("start"):
        return None
    return TemporalCoverage(_day(data["start"]), _day(data["end"]) if data.get("end") else None)


def _day(text: str) -> date:
    """Udata sends a day, older ones a day with a time; only the day means something."""
    return date.fromisoformat(text[:10])


def _temporal_coverage_body(period: TemporalCoverage) -> Json:
    end = period.end.isoformat() if period.end else None
    return {"start": period.start.isoformat(), "end": end}


def _spatial(data: Mapping[str, Json] | None) -> Spatial | None:
    if not data:
        return None
    return Spatial(tuple(data.get("zones") or ()), data.get("granularity"))


def _spatial_body(spatial: Spatial) -> Json:
    body: dict[str, Json] = {}
    if spatial.zones is not None:
        body["zones"] = list(spatial.zones)
    if spatial.granularity is not None:
        body["granularity"] = spatial.granularity
    return body


def _schema(data: Mapping[str, Json] | None) -> ContentSchema | None:
    if not data or not (data.get("name") or data.get("url")):
        return None
    return ContentSchema(data.get("name"), data.get("version"), data.get("url"))


def _schema_body(schema: ContentSchema) -> Json:
    # All three, as udata merges what it is sent into the schema there is.
    return {"name": schema.name, "version": schema.version, "url": schema.url}


def _contact_points(data: Sequence[Mapping[str, Json]] | None) -> tuple[str, ...]:
    return tuple(point["id"] for point in data or ())


_OF_DATASETS: Mapping[str, _Special] = {
    "tags": _Special(lambda tags: tuple(sorted(tags or ())), list),
    # When it was archived; who writes it gives the moment.
    "archived": _Special(bool, lambda archived: archived or None),
    "temporal_coverage": _Special(_temporal_coverage, _temporal_coverage_body),
    "spatial": _Special(_spatial, _spatial_body),
    "contact_points": _Special(_contact_points, list, "{id}"),
}
_OF_RESOURCES: Mapping[str, _Special] = {"schema": _Special(_schema, _schema_body)}


def _read(
    data: Mapping[str, Json], rows: Mapping[str, Field], special: Mapping[str, _Special]
) -> dict[str, Any]:
    """The fields in `rows`; `KeyError` without a title, which everything has."""
    return {"title": data["title"]} | {
        name: special[name].read(data.get(name))
        if name in special
        else _plain(field, data.get(name))
        for name, field in rows.items()
    }


def _plain(field: Field, value: Json) -> Json:
    match field.type:
        case FieldType.FLAG:
            return bool(value)
        case FieldType.EXTRAS:
            return dict(value or {})
        case _:
            return value


def _written(
    metadata: DatasetMetadata | ResourceMetadata,
    rows: Mapping[str, Field],
    special: Mapping[str, _Special],
) -> dict[str, Json]:
    """The body for the fields of which something is said."""
    said = {name: getattr(metadata, name) for name in rows}
    body = {name: value for name, value in said.items() if value is not None}
    for name, value in body.items():
        if name in special:
            body[name] = special[name].write(value)
        elif rows[name].type is FieldType.EXTRAS:
            body[name] = dict(value)
        elif rows[name].null_empties:
            body[name] = value or None
    return body


def _mask(rows: Mapping[str, Field], special: Mapping[str, _Special]) -> str:
    return ",".join(f"{name}{special[name].mask if name in special else ''}" for name in rows)


_RESOURCE_FIELDS = (
    f"id,filetype,url,latest,filesize,checksum,{_mask(fields.RESOURCE, _OF_RESOURCES)}"
)
DATASET_FIELDS = (
    f"id,slug,page,deleted,last_update,{_mask(fields.DATASET, _OF_DATASETS)},organization{{id}},"
    f"resources{{{_RESOURCE_FIELDS}}}"
)
"""The `X-Fields` mask that asks for all that `dataset_from` reads, and for nothing else."""


# --- from udata ---------------------------------------------------------------------------


def dataset_from(data: Mapping[str, Json]) -> RemoteDataset:
    """Read a dataset; raises `KeyError`, `TypeError` or `ValueError` when it is none."""
    try:
        return _dataset(data)
    except AttributeError as error:
        raise TypeError(str(error)) from error


def _dataset(data: Mapping[str, Json]) -> RemoteDataset:
    organization = data.get("organization")
    return RemoteDataset(
        id=_text(data["id"]),
        metadata=DatasetMetadata(**_read(data, fields.DATASET, _OF_DATASETS)),
        resources=tuple(resource_from(item) for item in data.get("resources") or ()),
        slug=data.get("slug") or "",
        page=data.get("page") or "",
        organization=organization["id"] if organization else None,
        deleted=bool(data.get("deleted")),
        modified=_moment(data.get("last_update")),
    )


def _moment(text: Json) -> datetime | None:
    """A moment; without a zone it is in UTC. None when there is none, or none that can be read."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def resource_from(data: Mapping[str, Json]) -> RemoteResource:
    """Read a resource; raises `KeyError`, `TypeError` or `ValueError` when it is none."""
    try:
        return _resource(data)
    except AttributeError as error:
        raise TypeError(str(error)) from error


def _resource(data: Mapping[str, Json]) -> RemoteResource:
    checksum = data.get("checksum") or {}
    sha1 = checksum.get("value") if checksum.get("type") == "sha1" else None
    hosted = data.get("filetype", "file") == "file"
    url = data.get("url") or ""
    return RemoteResource(
        id=_text(data["id"]),
        metadata=ResourceMetadata(**_read(data, fields.RESOURCE, _OF_RESOURCES)),
        hosted=hosted,
        url=url,
        permalink=data.get("latest") or "",
        size=data.get("filesize"),
        sha1=sha1.lower() if sha1 else None,
        uploaded=not hosted and sha1 is not None and bool(_IN_STORAGE.search(url)),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected an id, got {value!r}")
    return value


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
    if item.host:
        body["filetype"] = "file"
    return body


def link_body(link: LinkSource, metadata: ResourceMetadata) -> dict[str, Json]:
    """The body that lists a resource on another server."""
    body = {"type": "main", "format": "", **_resource_body(metadata)}
    return {**body, "filetype": "remote", "url": link.url}


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
    words = "; ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    return bounded(words) or None


def item_refusals(data: Json, ids: Sequence[str]) -> dict[str, str]:
    """What udata says against single items of a list PUT, by resource id; {} if it does not.

    Its `errors` are then a list with one entry for each item sent, empty for the sound ones.
    """
    errors = data.get("errors") if isinstance(data, Mapping) else None
    if not isinstance(errors, list) or len(errors) != len(ids):
        return {}
    return {
        i: bounded("; ".join(_flat(found))) for i, found in zip(ids, errors, strict=True) if found
    }


def _flat(errors: Json, path: str = "") -> Sequence[str]:
    match errors:
        case Mapping():
            return [
                text
                for name, inner in errors.items()
                for text in _flat(inner, f"{path}.{name}" if path else str(name))
            ]
        case list():
            return [text for inner in errors for text in _flat(inner, path)]
        case None:
            return []
        case _:
            return [f"{path}: {errors}" if path else str(errors)]
