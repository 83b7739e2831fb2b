"""Addresses that only the network of a source knows: told, and not published."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import (
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.harvest.local_addresses import without_local_addresses
from bulkpub.sources.answers import Page

Harvest = Callable[..., Awaitable[Any]]

GEONETWORK = """\
<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/"
  xmlns:foaf="http://xmlns.com/foaf/0.1/">
 <dcat:Catalog rdf:about="http://localhost:8080/geonetwork/srv">
  <dcat:dataset rdf:resource="http://localhost:8080/geonetwork/srv/resources/datasets/abc"/>
 </dcat:Catalog>
 <dcat:Dataset rdf:about="http://localhost:8080/geonetwork/srv/resources/datasets/abc">
  <dct:identifier>abc</dct:identifier><dct:title>MNT 2018</dct:title>
  <dct:description>Modèle numérique, voir http://wiki/mnt.</dct:description>
  <foaf:page rdf:resource="http://10.1.2.3/doc.pdf"/>
  <dct:license rdf:resource="http://geo.intranet/licence"/>
  <dcat:distribution><dcat:Distribution rdf:about="http://localhost:8080/abc#1">
   <dct:title>MNT</dct:title>
   <dcat:downloadURL rdf:resource="http://localhost:8080/api/records/abc/mnt.zip"/>
  </dcat:Distribution></dcat:distribution>
  <dcat:distribution><dcat:Distribution rdf:about="https://example.org/abc#2">
   <dct:title>MNT, public</dct:title>
   <dcat:downloadURL rdf:resource="https://example.org/mnt.zip"/>
  </dcat:Distribution></dcat:distribution>
 </dcat:Dataset>
</rdf:RDF>
"""
CATALOG = "https://geo.example.org/catalog.rdf"


def geonetwork() -> dict[str, Page]:
    return {CATALOG: Page(CATALOG, GEONETWORK.encode(), "application/rdf+xml", "utf-8")}


@pytest.mark.parametrize("links", [True, False])
async def test_what_geonetwork_says_of_its_own_machine_is_told_and_left_out(
    harvest: Harvest,
    fake_reader: Any,
    links: bool,  # noqa: FBT001 - a table
) -> None:
    harvested = await harvest("dcat", CATALOG, fake_reader(geonetwork()), links=links)
    spec = harvested.only
    assert [each.metadata.title for each in spec.resources] == ["MNT, public"]
    assert "localhost" not in str(spec.metadata.extras)
    for address in (
        "http://localhost:8080/api/records/abc/mnt.zip",
        "http://localhost:8080/geonetwork/srv/resources/datasets/abc",
        "http://10.1.2.3/doc.pdf",
        "http://wiki/mnt.",
        "http://geo.intranet/licence",
    ):
        assert address in harvested.told


async def test_with_private_addresses_allowed_they_are_kept(
    harvest: Harvest, fake_reader: Any
) -> None:
    reader = fake_reader(geonetwork())
    harvested = await harvest("dcat", CATALOG, reader, allow_private=True)
    spec = harvested.only
    assert len(spec.resources) == 3
    assert "localhost:8080" in spec.metadata.extras["harvest:remote_url"]
    assert "only the network of the source" not in harvested.told


LOCAL = "http://192.168.1.4/data/f.csv"
CKAN = {
    "success": True,
    "result": {
        "count": 1,
        "results": [
            {
                "id": "a",
                "title": "A",
                "notes": "d",
                "url": "http://geo.lan/page",
                "resources": [{"id": "1", "name": "F", "format": "CSV", "url": LOCAL}],
            }
        ],
    },
}
OPENDATASOFT = {
    "total_count": 1,
    "results": [
        {
            "dataset_id": "a",
            "has_records": False,
            "metas": {
                "default": {"title": "A", "description": "d", "references": LOCAL},
                "dcat": {},
            },
        }
    ],
}


async def test_in_ckan(harvest: Harvest, fake_reader: Any) -> None:
    class Ckan(fake_reader):  # type: ignore[misc] # a fixture is no class to mypy
        async def read(self, url: str, *, accept: str | None = None) -> Page:  # noqa: ARG002
            return Page(url, json.dumps(CKAN).encode(), "application/json", "utf-8")

    harvested = await harvest("ckan", "https://ckan.example.org", Ckan({}))
    assert harvested.only.resources == ()
    assert "192.168" not in str(harvested.only.metadata)
    assert "geo.lan" not in str(harvested.only.metadata)
    assert f"the address of 'F' is {LOCAL}, which only the network" in harvested.told
    assert "nothing is left of it" in harvested.told


async def test_in_opendatasoft(harvest: Harvest, fake_reader: Any) -> None:
    class Opendatasoft(fake_reader):  # type: ignore[misc] # a fixture is no class to mypy
        async def read(self, url: str, *, accept: str | None = None) -> Page:  # noqa: ARG002
            return Page(url, json.dumps(OPENDATASOFT).encode(), "application/json", "utf-8")

    harvested = await harvest("opendatasoft", "https://ods.example.org", Opendatasoft({}))
    assert "192.168" not in str(harvested.only.metadata)
    assert LOCAL in harvested.told


async def test_in_a_table_of_links(harvest: Harvest, tmp_path: Path) -> None:
    table = tmp_path / "liens.csv"
    table.write_text(f"url,titre\n{LOCAL},A\nhttps://example.org/b.csv,B\n", encoding="utf-8")
    harvested = await harvest("csv", table)
    assert [each.metadata.title for each in harvested.only.resources] == ["B"]
    assert LOCAL in harvested.told


async def test_in_a_data_package(harvest: Harvest, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1", encoding="utf-8")
    package = {"title": "P", "resources": [{"name": "far", "path": LOCAL}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    harvested = await harvest("folder", tmp_path, base=str(tmp_path))
    assert [each.metadata.title for each in harvested.only.resources] == ["A"]
    assert LOCAL in harvested.told


def dataset(**said: Any) -> DatasetSpec:
    resource = ResourceSpec(
        "k",
        UrlSource("https://me:word@geo.lan/f.csv?token=abc&x=1"),
        ResourceMetadata(title="F", schema=ContentSchema(url=LOCAL), extras={"a": LOCAL}),
    )
    other = ResourceSpec(
        "o",
        LinkSource("https://example.org/"),
        ResourceMetadata(title="O", schema=ContentSchema(url=LOCAL), extras={"a": LOCAL, "b": 1}),
    )
    return DatasetSpec("d", DatasetMetadata(**said), (resource, other))


def test_every_place_of_a_dataset_is_looked_at_and_no_secret_told() -> None:
    spec, notes = without_local_addresses(
        dataset(
            description=f"See {LOCAL} and (http://wiki/x).",
            extras={
                "one": "text",
                "see": f"at {LOCAL}",
                "many": [LOCAL, "https://example.org/"],
                "deep": {"a": [LOCAL]},
                "number": 3,
            },
        )
    )
    assert spec.metadata.extras == {"one": "text", "many": ["https://example.org/"], "number": 3}
    assert [each.key for each in spec.resources] == ["o"]
    assert spec.resources[0].metadata.schema is None
    assert spec.resources[0].metadata.extras == {"b": 1}
    assert spec.metadata.description == f"See {LOCAL} and (http://wiki/x)."
    assert notes[0] == (
        "the address of 'F' is https://geo.lan/f.csv?x=1, which only the network of the source "
        "knows: left out (`allow_private` keeps it)"
    )
    assert any("the description names http://wiki/x" in note for note in notes)
    assert not any("word" in note for note in notes)


def test_what_a_portal_has_already_is_told_and_stays() -> None:
    published = DatasetSpec(
        "d",
        DatasetMetadata(extras={"harvest:remote_url": LOCAL}),
        (ResourceSpec("k", LinkSource(LOCAL), ResourceMetadata(title="F"), id="k"),),
        id="6b02b3cb9e8410484b4e6181",
    )
    spec, notes = without_local_addresses(published)
    assert spec == published
    assert notes == (
        f"the address of 'F' is {LOCAL}, which only the network of the source knows, and stays",
    )


def test_a_dataset_of_the_public_internet_is_as_it_was() -> None:
    spec = DatasetSpec(
        "d",
        DatasetMetadata(description="https://example.org/", extras={"a": ["https://example.org"]}),
        (ResourceSpec("k", UrlSource("https://example.org/f.csv")),),
    )
    assert without_local_addresses(spec) == (spec, ())


def test_what_something_is_known_by_stays_and_is_told() -> None:
    key = "https://geo.example.org/catalog.rdf#http://localhost:8080/d/1"
    extras = {"harvest:remote_id": "http://localhost:8080/d/1", "harvest:remote_url": LOCAL}
    spec, notes = without_local_addresses(DatasetSpec(key, DatasetMetadata(extras=extras)))
    assert spec.key == key
    assert spec.metadata.extras == {"harvest:remote_id": "http://localhost:8080/d/1"}
    assert [note for note in notes if "a key or an id names http://localhost:8080/d/1" in note]
