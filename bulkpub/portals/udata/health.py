"""How datasets fare on a udata portal: its own score, and what its checker wrote into extras.

The checker of data.gouv.fr (hydra) asks for each file and looks through it, and leaves what it
found in the extras of the resource: `check:*` of the asking, `analysis:*` of the content. A
portal without one has none of them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic_core import core_schema

from bulkpub.core.model import Json, RemoteDataset, RemoteResource
from bulkpub.core.text import bounded
from bulkpub.errors import DatasetFailed, ListingIncomplete
from bulkpub.http.messages import Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.shapes import DAY, SIZE, TEXT, Shape, list_of, optional, record
from bulkpub.portals.telling import DatasetHealth, ResourceHealth
from bulkpub.portals.udata import codec
from bulkpub.portals.udata.reading import read

__all__ = ["health", "health_of", "of_resource"]

PAGE_SIZE = 100
MOST_PAGES = 20_000
GONE = frozenset({404, 410})
_FAULTS = ("check:error", "analysis:error", "analysis:parsing:error")
_COUNTED = (
    *("license", "temporal_coverage", "spatial", "update_frequency", "has_resources"),
    *("dataset_description_quality", "has_open_format", "all_resources_available"),
    *("resources_documentation", "update_fulfilled_in_time"),
)
"""What udata's score counts, true or false."""

_ANY = core_schema.any_schema()
_QUALITY = record({"score": _ANY, **dict.fromkeys(_COUNTED, _ANY)}, dict)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    quality = data["quality"] or {}
    score: Any = quality.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    return {
        "score": float(score) if is_number else None,
        "missing": tuple(name for name in _COUNTED if quality.get(name) is False),
        "in_time": _flag(quality.get("update_fulfilled_in_time")),
        "next_update": data["frequency_date"],
    }


_FIELDS = {"quality": optional(_QUALITY), "frequency_date": optional(DAY)}
_TOLD: Shape[dict[str, Any]] = Shape(record(_FIELDS, _told))
_PAGE: Shape[tuple[tuple[dict[str, Any], ...], bool]] = Shape(
    record(
        {"data": list_of(record(_FIELDS, _told)), "next_page": TEXT, "total": SIZE},
        lambda data: (tuple(data["data"]), not data["next_page"]),
        needed=("data",),
    )
)
_DATASETS: Shape[tuple[RemoteDataset, ...]] = Shape(
    record(
        {"data": list_of(codec.DATASET.schema)},
        lambda data: tuple(data["data"]),
        needed=("data",),
    )
)
_MASK = f"{codec.LISTED_FIELDS},quality,frequency_date"


async def health(transport: Transport, owner: Mapping[str, str]) -> AsyncIterator[DatasetHealth]:
    """How the datasets of an owner fare: `organization` or `owner`, and the id."""
    seen = set[str]()
    for number in range(1, MOST_PAGES + 1):
        request = Request(
            "GET",
            "/datasets/",
            "/datasets/",
            params={
                **owner,
                "page": str(number),
                "page_size": str(PAGE_SIZE),
                "sort": "created",
            },
            headers={"X-Fields": f"total,next_page,data{{{_MASK}}}"},
        )
        answer = await transport.send(request)
        if answer.status in GONE and number > 1:
            return
        what = say("the listing of datasets")
        told, last = read(_PAGE, request, answer, DatasetFailed, what)
        datasets = read(_DATASETS, request, answer, DatasetFailed, what)
        new = [pair for pair in zip(datasets, told, strict=True) if pair[0].id not in seen]
        for dataset, each in new:
            seen.add(dataset.id)
            yield _health(dataset, each)
        if last:
            return
        if not new:
            raise ListingIncomplete(
                say(
                    "the portal's listing of datasets has no end: page {number} brings nothing new",
                    number=number,
                )
            )


async def health_of(transport: Transport, ids: Sequence[str]) -> AsyncIterator[DatasetHealth]:
    """How the datasets of these ids fare; those that are not there are left out."""
    for dataset_id in ids:
        path = f"/datasets/{quote(dataset_id, safe='')}/"
        request = Request("GET", path, "/datasets/{id}/", headers={"X-Fields": _MASK})
        answer = await transport.send(request)
        if answer.status not in GONE:
            dataset = read(codec.DATASET, request, answer, DatasetFailed, say("the dataset"))
            told: dict[str, Any] = read(_TOLD, request, answer, DatasetFailed, say("the dataset"))
            yield _health(dataset, told)


def _health(dataset: RemoteDataset, told: dict[str, Any]) -> DatasetHealth:
    resources = tuple(map(of_resource, dataset.resources))
    return DatasetHealth(dataset, **told, updated=dataset.modified, resources=resources)


def of_resource(resource: RemoteResource) -> ResourceHealth:
    """What the checker wrote of a resource; what is of another form than it writes says nothing."""
    extras = resource.metadata.extras or {}
    status = extras.get("check:status")
    faults = [extras.get(name) for name in _FAULTS]
    faults += [_not_as_its_schema(extras)]
    return ResourceHealth(
        resource,
        _flag(extras.get("check:available")),
        status if isinstance(status, int) and not isinstance(status, bool) else None,
        checked if isinstance(checked := extras.get("check:date"), str) else None,
        tuple(bounded(each) for each in faults if isinstance(each, str) and each),
    )


def _not_as_its_schema(extras: Mapping[str, Json]) -> str | None:
    valid = extras.get("validation-report:valid_resource")
    return say("it does not follow its schema") if valid is False else None


def _flag(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None
