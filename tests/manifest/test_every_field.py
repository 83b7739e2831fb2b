"""No field is lost on its way: spelled, planned, sent, answered, harvested, and spelled again.

All but the portal, which is what its codec reads of what its codec wrote; `tests/whole` goes the
same way through a portal that is served.
"""

import dataclasses
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core import fields
from bulkpub.core.actions import CreateDataset, ListItem
from bulkpub.core.diff import dataset_changes, resource_changes, wanted_resource
from bulkpub.core.model import DatasetMetadata, DatasetSpec, RemoteDataset, ResourceMetadata
from bulkpub.core.plan import plan
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import HarvestOptions
from bulkpub.manifest.table import COLUMNS
from bulkpub.portals.udata import RULES, codec
from tests.every_field import SPELLINGS, document, expected, names_of, same_content, spec_of
from tests.manifests import Loaded, ManifestWriter, load, parse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def spec(tmp_path: Path) -> DatasetSpec:
    file = tmp_path / "a.csv"
    file.write_text("a\n")
    return spec_of(str(file))


def loaded(found: Loaded) -> DatasetSpec:
    assert found.problems == ()
    (dataset,) = found.datasets
    return dataset


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_field_can_be_written_in_every_spelling(
    name: str, spec: DatasetSpec, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(SPELLINGS[name](spec))
    same_content(loaded(load([tmp_path / name])), expected(spec, name))


def test_every_field_can_be_given_as_a_python_value(spec: DatasetSpec) -> None:
    same_content(loaded(parse(document(spec))), spec)


def test_every_field_has_a_column_but_extras() -> None:
    rows = [*fields.DATASET.values(), *fields.RESOURCE.values()]
    assert {row.name for row in rows if not row.columns} == {"extras"}
    assert {column.name for row in rows for column in row.columns} <= set(COLUMNS)


def answered(body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What a portal tells of what it was sent."""
    points = [{"id": each, "name": "N"} for each in body.get("contact_points", ())]
    return {"id": "i", **body, "contact_points": points, **more}


def as_remote(spec: DatasetSpec) -> RemoteDataset:
    """The dataset, once the portal has carried out the plan for a new one."""
    create = plan(spec, {}, None, RULES).dataset
    assert isinstance(create, CreateDataset)
    described = [wanted_resource(each, None, RULES) for each in spec.resources]
    file, link = (
        codec.list_item(ListItem(f"r{number}", metadata))
        for number, metadata in enumerate(described)
    )
    address = "https://api.example.org/v1"
    resources = [{**file, "filetype": "file"}, {**link, "filetype": "remote", "url": address}]
    answer = answered(codec.dataset_body(create.metadata, NOW), resources=resources)
    return codec.DATASET.read(json.dumps(answer).encode())


def test_every_field_is_planned_sent_and_read_back(spec: DatasetSpec) -> None:
    remote = as_remote(spec)
    assert dataset_changes(spec, remote, RULES) is None
    for entry, resource in zip(spec.resources, remote.resources, strict=True):
        wanted = wanted_resource(entry, resource, RULES)
        assert resource_changes(wanted, entry, resource, RULES) is None


@pytest.mark.parametrize("name", names_of(DatasetMetadata))
def test_a_field_of_a_dataset_that_differs_alone_is_sent_alone(
    name: str, spec: DatasetSpec
) -> None:
    remote = as_remote(spec)
    without = dataclasses.replace(
        remote, metadata=dataclasses.replace(remote.metadata, **{name: None})
    )
    changes = dataset_changes(spec, without, RULES)
    assert changes is not None
    always = {"tags", "temporal_coverage"}
    alone = DatasetMetadata(**{name: getattr(spec.metadata, name)})
    names = codec.dataset_body(alone, NOW).keys()
    assert codec.dataset_body(changes, NOW, remote).keys() == names | always


@pytest.mark.parametrize("name", names_of(ResourceMetadata))
def test_a_field_of_a_resource_that_differs_alone_is_sent_alone(
    name: str, spec: DatasetSpec
) -> None:
    entry, remote = spec.resources[1], as_remote(spec).resources[1]
    without = dataclasses.replace(
        remote, metadata=dataclasses.replace(remote.metadata, **{name: None})
    )
    wanted = wanted_resource(entry, remote, RULES)
    changes = resource_changes(wanted, entry, without, RULES)
    assert codec.list_item(ListItem("r", changes)).keys() == {"id", name}


def test_every_field_is_asked_of_the_portal(spec: DatasetSpec) -> None:
    asked = codec.DATASET_FIELDS.replace("{", ",").replace("}", ",").split(",")
    sent = codec.dataset_body(spec.metadata, NOW).keys()
    assert {*sent, *names_of(ResourceMetadata)} <= set(asked)


class OneDataset:
    """A portal, as far as a harvest of one dataset asks."""

    rules = RULES

    def __init__(self, remote: RemoteDataset) -> None:
        self._remote = remote

    async def organization(self, _: str) -> None:
        return None

    async def dataset(self, _: str) -> RemoteDataset:
        return self._remote


async def test_every_field_is_harvested_and_written_so_that_it_says_the_same(
    spec: DatasetSpec, tmp_path: Path
) -> None:
    portal: Any = OneDataset(as_remote(spec))
    (found,) = [each async for each in portal_kind.harvest("i", portal, HarvestOptions())]
    assert found.notes == ()
    same_content(found.dataset, spec)
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(organization="test-organization")
    assert writer.dataset(found.dataset) == ()
    (tmp_path / "m.yaml").write_text(out.getvalue())
    same_content(loaded(load([tmp_path / "m.yaml"])), spec)


@pytest.mark.parametrize("of", ["dataset", "resource"])
def test_every_limit_that_a_row_names_is_obeyed(of: str) -> None:
    rows = {"dataset": fields.DATASET, "resource": fields.RESOURCE}[of]
    limited = {name: row for name, row in rows.items() if row.limit}
    assert limited
    for name, row in limited.items():
        longest = row.longest(RULES)
        assert longest is not None, name
        said = {name: "x" * (longest + 1)}
        dataset = said if of == "dataset" else {"resources": [{"id": "r", **said}]}
        (problem,) = parse({"datasets": [{"id": "i", **dataset}]}).problems
        assert f"'{name}' has {longest + 1} characters" in problem.message
