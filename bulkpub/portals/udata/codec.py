"""udata's JSON to the model and back: pure, and the only place that knows its field names.

Decoding is lenient about what we do not use and strict about what we do: an answer without
an id is no dataset, whatever its status was.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from bulkpub.core.actions import ListItem
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

RESOURCE_FIELDS = (
    "id,title,description,type,filetype,format,mime,url,latest,filesize,checksum,extras,schema"
)
DATASET_FIELDS = (
    "id,slug,page,title,description,acronym,license,frequency,tags,private,archived,deleted,"
    "last_update,temporal_coverage,spatial,extras,contact_points{id},organization{id},"
    f"resources{{{RESOURCE_FIELDS}}}"
)
"""The `X-Fields` mask that asks for all that `dataset_from` reads, and for nothing else."""


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
        metadata=DatasetMetadata(
            title=data["title"],
            description=data.get("description"),
            acronym=data.get("acronym"),
            license=data.get("license"),
            frequency=data.get("frequency"),
            tags=tuple(sorted(data.get("tags") or ())),
            private=bool(data.get("private")),
            archived=bool(data.get("archived")),
            temporal_coverage=_temporal_coverage(data.get("temporal_coverage")),
            spatial=_spatial(data.get("spatial")),
            contact_points=tuple(point["id"] for point in data.get("contact_points") or ()),
            extras=dict(data.get("extras") or {}),
        ),
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
        metadata=ResourceMetadata(
            title=data["title"],
            description=data.get("description"),
            type=data.get("type"),
            schema=_schema(data.get("schema")),
            format=data.get("format"),
            mime=data.get("mime"),
            extras=dict(data.get("extras") or {}),
        ),
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


def _day(text: str) -> date:
    """Udata sends a day, older ones a day with a time; only the day means something."""
    return date.fromisoformat(text[:10])


def _temporal_coverage(data: Mapping[str, Json] | None) -> TemporalCoverage | None:
    if not data or not data.get("start"):
        return None
    return TemporalCoverage(_day(data["start"]), _day(data["end"]) if data.get("end") else None)


def _spatial(data: Mapping[str, Json] | None) -> Spatial | None:
    if not data:
        return None
    return Spatial(tuple(data.get("zones") or ()), data.get("granularity"))


def _schema(data: Mapping[str, Json] | None) -> ContentSchema | None:
    if not data or not (data.get("name") or data.get("url")):
        return None
    return ContentSchema(data.get("name"), data.get("version"), data.get("url"))


# --- to udata -----------------------------------------------------------------------------


def dataset_body(
    changes: DatasetMetadata, now: datetime, remote: RemoteDataset | None = None
) -> dict[str, Json]:
    """The body that creates a dataset, or writes `changes` to `remote`.

    A PUT without tags or without temporal coverage wipes them, so those that stay are sent
    along; `resources` are never sent, as they could be lost. `now` is UTC.
    """
    kept = remote.metadata if remote else DatasetMetadata()
    tags = changes.tags if changes.tags is not None else kept.tags
    coverage = changes.temporal_coverage or kept.temporal_coverage
    body: dict[str, Json] = {
        "title": changes.title,
        "description": changes.description,
        "acronym": changes.acronym,
        "license": changes.license,
        "frequency": changes.frequency,
        "private": changes.private,
        "extras": None if changes.extras is None else dict(changes.extras),
    }
    body = {name: value for name, value in body.items() if value is not None}
    if tags is not None:
        body["tags"] = list(tags)
    if coverage is not None:
        end = coverage.end.isoformat() if coverage.end else None
        body["temporal_coverage"] = {"start": coverage.start.isoformat(), "end": end}
    if changes.spatial is not None:
        body["spatial"] = _spatial_body(changes.spatial)
    if changes.contact_points is not None:
        body["contact_points"] = list(changes.contact_points)
    if changes.archived is not None:
        body["archived"] = now.isoformat() if changes.archived else None
    return body


def _spatial_body(spatial: Spatial) -> dict[str, Json]:
    body: dict[str, Json] = {}
    if spatial.zones is not None:
        body["zones"] = list(spatial.zones)
    if spatial.granularity is not None:
        body["granularity"] = spatial.granularity
    return body


def _resource_body(metadata: ResourceMetadata) -> dict[str, Json]:
    body: dict[str, Json] = {
        "title": metadata.title,
        "description": metadata.description,
        "type": metadata.type,
        "format": metadata.format,
        "mime": metadata.mime,
        "extras": None if metadata.extras is None else dict(metadata.extras),
    }
    body = {name: value for name, value in body.items() if value is not None}
    if (schema := metadata.schema) is not None:
        # All three, as udata merges what it is sent into the schema there is.
        body["schema"] = {"name": schema.name, "version": schema.version, "url": schema.url}
    return body


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
    return (
        "; ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip())) or None
    )


def item_refusals(data: Json, ids: Sequence[str]) -> dict[str, str]:
    """What udata says against single items of a list PUT, by resource id; {} if it does not.

    Its `errors` are then a list with one entry for each item sent, empty for the sound ones.
    """
    errors = data.get("errors") if isinstance(data, Mapping) else None
    if not isinstance(errors, list) or len(errors) != len(ids):
        return {}
    return {i: "; ".join(_flat(found)) for i, found in zip(ids, errors, strict=True) if found}


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
