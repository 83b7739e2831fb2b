"""A dataset and its resources of which every field says something, and each way to write them.

The fields are those of the dataclasses; the values go by the rows of `core.fields`. An attribute
without a row, or a row without an attribute, leaves no sample: whoever imports this fails.
"""

import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from bulkpub.core import fields
from bulkpub.core.fields import Column, Field, FieldType
from bulkpub.core.model import (
    Access,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
)
from bulkpub.manifest.keys import DATASET, RESOURCE
from tests.manifests import LinesWriter, ManifestWriter

__all__ = ["SPELLINGS", "document", "expected", "names_of", "same_content", "spec_of"]

CONTACT = "65f0a1b2c3d4e5f6a7b8c9d0"
_PARTICULAR = {
    "license": "fr-lo",
    "frequency": "monthly",
    "type": "documentation",
    "format": "json",
    "mime": "application/json",
}
"""Values of fields that a portal knows all values of."""
_BY_TYPE: Mapping[FieldType, Any] = {
    FieldType.FLAG: True,
    FieldType.WORDS: (CONTACT,),
    FieldType.TAGS: ("mobilite", "velo"),
    FieldType.DAY: date(2027, 1, 31),
    FieldType.PERIOD: TemporalCoverage(date(2023, 2, 1), date(2024, 6, 30)),
    FieldType.AREA: Spatial(("fr:region:11",), "fr:commune"),
    FieldType.ACCESS: Access(
        "open",
        (("company_and_association", "under_condition"), ("private", "no")),
        "confidentiality_of_personal_data",
        "Des noms.",
        "https://example.org/demande",
    ),
    FieldType.SCHEMA: ContentSchema("etalab/schema-irve-statique", "2.3.1"),
    FieldType.EXTRAS: {"source": "capteurs", "with.dots": "", "deep": {"a.b": [1, 2.5, True, "x"]}},
}


def names_of(metadata: type[DatasetMetadata | ResourceMetadata]) -> list[str]:
    """The fields, as the dataclass has them."""
    return [field.name for field in dataclasses.fields(metadata)]


def _sample(field: Field) -> Any:
    text = f"Ce que dit {field.name}"
    return _PARTICULAR.get(field.name, _BY_TYPE.get(field.type, text))


def _samples(metadata: type[Any], rows: Mapping[str, Field]) -> Any:
    assert list(rows) == [row.name for row in rows.values()]
    assert set(names_of(metadata)) == set(rows), "attributes and rows are not the same"
    return metadata(**{name: _sample(rows[name]) for name in names_of(metadata)})


def spec_of(file: str, *, contact: str = CONTACT) -> DatasetSpec:
    """One dataset with a hosted file and a link, all of whose fields say something.

    What is for links only, the file does not say.
    """
    dataset = _samples(DatasetMetadata, fields.DATASET)
    resource = _samples(ResourceMetadata, fields.RESOURCE)
    return DatasetSpec(
        "tout",
        dataclasses.replace(dataset, contact_points=(contact,)),
        (
            ResourceSpec(
                "fichier",
                FileSource(file, file),
                dataclasses.replace(resource, format=None, mime=None),
            ),
            ResourceSpec("lien", LinkSource("https://api.example.org/v1"), resource),
        ),
        organization="test-organization",
    )


# --- the spellings ------------------------------------------------------------------------


def document(spec: DatasetSpec) -> dict[str, Any]:
    """The manifest as Python values."""
    header, dataset = map(json.loads, _lines(spec).splitlines())
    return {**header, "datasets": [dataset]}


def _lines(spec: DatasetSpec) -> str:
    out = io.StringIO()
    writer = LinesWriter(out)
    writer.header()
    assert writer.dataset(spec) == ()
    return out.getvalue()


def _yaml(spec: DatasetSpec) -> str:
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header()
    assert writer.dataset(spec) == ()
    return out.getvalue()


def _in_toml(spec: DatasetSpec) -> str:
    said = document(spec)
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in said.items())


def _toml(value: Any) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{json.dumps(k)} = {_toml(v)}' for k, v in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value)


def _csv(spec: DatasetSpec) -> str:
    (dataset,) = document(spec)["datasets"]
    rows = [
        _cells(DATASET, dataset) | _cells(RESOURCE, resource) for resource in dataset["resources"]
    ]
    columns = sorted({name for row in rows for name in row})
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def _cells(rows: Iterable[Any], said: Mapping[str, Any]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for row in rows:
        value = said.get(row.name)
        if row.name == "schema" and isinstance(value, dict):
            value = value["name"]  # a cell has room for one word
        for column in row.columns:
            part = value
            if column.part:  # of a whole, where that is said in parts
                part = value.get(column.part) if isinstance(value, dict) else None
            if part is not None:
                cells[column.name] = _cell(column, part)
    return cells


def _cell(column: Column, value: Any) -> str:
    if column.is_pairs:
        return ";".join(f"{name}: {_word(each)}" for name, each in value.items())
    return ";".join(value) if column.is_list else _word(value)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SPELLINGS: Mapping[str, Callable[[DatasetSpec], str]] = {
    "m.yaml": _yaml,
    "m.json": lambda spec: json.dumps(document(spec)),
    "m.jsonl": _lines,
    "m.toml": _in_toml,
    "m.csv": _csv,
}
"""By the name of the manifest: its text."""


def expected(spec: DatasetSpec, name: str) -> DatasetSpec:
    """What can be said of `spec` in this spelling.

    Tables have no extras, and schemas in a word.
    """
    if not name.endswith(".csv"):
        return spec
    without: dict[str, Any] = {"extras": None}
    in_a_word = {**without, "schema": ContentSchema("etalab/schema-irve-statique")}
    resources = tuple(
        dataclasses.replace(each, metadata=dataclasses.replace(each.metadata, **in_a_word))
        for each in spec.resources
    )
    metadata = dataclasses.replace(spec.metadata, **without)
    return dataclasses.replace(spec, metadata=metadata, resources=resources)


def same_content(one: DatasetSpec, other: DatasetSpec) -> None:
    """Compares field by field, so that a failure names the one that was lost."""
    for name in names_of(DatasetMetadata):
        assert getattr(one.metadata, name) == getattr(other.metadata, name), name
    for mine, theirs in zip(one.resources, other.resources, strict=True):
        for name in names_of(ResourceMetadata):
            assert getattr(mine.metadata, name) == getattr(theirs.metadata, name), (mine.key, name)
