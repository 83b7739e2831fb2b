"""data.json, the JSON of Project Open Data and DCAT-US → JSON-LD, whatever its version.

Pure. `@context` and `@type` are optional in version 1.1, version 1.0 is a list of datasets and
knows neither, and version 3 has given them up: what is a catalogue shows by its `dataset`. Other
JSON-LD comes out as it went in.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["as_json_ld"]

_CONTEXT = "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"
_CATALOGUE = "http://www.w3.org/ns/dcat#Catalog"
_ADDRESSES = frozenset(
    {
        "@id",
        "accessURL",
        "describedBy",
        "downloadURL",
        "endpointURL",
        "feed",
        "landingPage",
        "webService",
    }
)
"""Terms whose value is an address; an empty one is none, though to JSON-LD it is the document's."""


def as_json_ld(document: Any) -> Any:  # noqa: ANN401 # JSON is anything
    """The document as JSON-LD: with a context, and a node for each dataset that is listed."""
    if isinstance(document, list) and _is_plain(document):
        document = {"dataset": document}
    if not isinstance(document, dict) or "@graph" in document:
        return document
    datasets = document.get("dataset")
    if "@context" not in document:
        if datasets is None and not _is_plain([document]):
            return document
        is_catalogue = {} if datasets is None else {"@type": _CATALOGUE}
        document = {"@context": _CONTEXT, **is_catalogue, **document}
    if datasets is None:
        return document
    several = [_dataset(each) for each in (datasets if isinstance(datasets, list) else [datasets])]
    return {**document, "dataset": list(_each_its_own(several))}


def _each_its_own(datasets: Iterable[Any]) -> Iterator[Any]:
    """Datasets of one `@id` would become one: all but the first lose it."""
    seen: set[str] = set()
    for each in datasets:
        name = each.get("@id") if isinstance(each, dict) and len(each) > 1 else None
        if isinstance(name, str) and name in seen:
            yield {key: value for key, value in each.items() if key != "@id"}
            continue
        seen.add(str(name))
        yield each


def _is_plain(several: list[Any]) -> bool:
    """Whether these are things of plain JSON, with names as keys, and no nodes of JSON-LD."""
    names = {name for each in several if isinstance(each, dict) for name in each}
    if names & {"@context", "@graph"}:
        return False
    return any(not name.startswith("@") and ":" not in name for name in names)


def _dataset(said: Any) -> Any:  # noqa: ANN401 # JSON is anything
    """What is listed as a dataset; what is none stays a node, which then says nothing."""
    if isinstance(said, str) and said.strip():
        return said
    if not isinstance(said, dict):
        return {}
    written = _without_empty(said)
    if not _several(written.get("distribution")):
        written["distribution"] = [*_of_version_1_0(written)]
        for name in ("accessURL", "webService", "format"):
            written.pop(name, None)
    else:
        written["distribution"] = [
            _without_empty(each) if isinstance(each, dict) else each
            for each in _several(written["distribution"])
        ]
    return written


def _of_version_1_0(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What version 1.0 says of its files in the dataset itself."""
    files = []
    if url := said.get("accessURL"):
        files.append({"downloadURL": url, "format": said.get("format")})
    if url := said.get("webService"):
        files.append({"accessURL": url, "format": "api"})
    return files


def _several(value: Any) -> list[Any]:  # noqa: ANN401 # JSON is anything
    return [each for each in (value if isinstance(value, list) else [value]) if each]


def _without_empty(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in said.items()
        if not (name in _ADDRESSES and (value is None or not str(value).strip()))
    }
