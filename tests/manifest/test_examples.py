import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import (
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Guard,
    LinkSource,
    Place,
    Prune,
    Spatial,
    TemporalCoverage,
    UrlSource,
)
from bulkpub.manifest.json_text import read_json
from bulkpub.manifest.nodes import plain
from bulkpub.manifest.toml_text import read_toml
from bulkpub.manifest.yaml_text import read_yaml
from tests.manifests import Loaded, json_schema, load, parse

EXAMPLES = Path(__file__).parent / "examples"
EVERY = sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())


@pytest.fixture(scope="module")
def full() -> Loaded:
    return load([EXAMPLES / "full.yaml"])


@pytest.mark.parametrize("name", EVERY)
def test_every_example_is_without_problem(name: str) -> None:
    loaded = load([EXAMPLES / name])
    assert loaded.problems == ()
    assert loaded.datasets


@pytest.mark.parametrize("name", ["full.yaml", "elsewhere.yaml", "minimal.json", "full.toml"])
def test_every_example_fits_the_json_schema(
    name: str, schema_faults: Callable[[Any], list[str]]
) -> None:
    text = (EXAMPLES / name).read_text()
    reader = {"yaml": read_yaml, "toml": read_toml, "json": read_json}[name.rpartition(".")[2]]
    root = reader(text, name)
    assert root is not None
    assert schema_faults(plain(root)) == []


def test_the_metadata_of_a_dataset_are_those_written_and_inherited(full: Loaded) -> None:
    dataset = full.datasets[0]
    assert dataset.metadata == DatasetMetadata(
        title="Comptages vélo",
        description="Des **vélos**.",
        acronym="CV",
        license="fr-lo",
        frequency="daily",
        tags=("mobilite", "2024"),
        private=False,
        archived=False,
        temporal_coverage=TemporalCoverage(date(2024, 1, 1), date(2024, 6, 30)),
        spatial=Spatial(("fr:region:11",), "fr:commune"),
        contact_points=("6f1a",),
        extras={"source": "capteurs", "suivi": {"equipe": "voirie", "rang": 2}},
    )
    assert (dataset.key, dataset.organization, dataset.prune, dataset.id) == (
        "velos",
        "ville-exemple",
        Prune.OURS,
        None,
    )
    assert dataset.place == Place(str(EXAMPLES / "full.yaml"), 10, 5)


def test_the_resources_are_in_the_order_written_and_globs_in_natural_order(full: Loaded) -> None:
    resources = full.datasets[0].resources
    assert [resource.key for resource in resources] == [
        "data/2024.csv",
        "archive-2",
        "archive-10",
        "https://api.example.org/v1",
    ]
    assert [resource.metadata.title for resource in resources] == [
        "Comptages 2024",
        "Archive 2 (01)",
        "Archive 10 (02)",
        None,
    ]
    assert [resource.default_title for resource in resources] == [
        "2024.csv",
        "2.csv",
        "10.csv",
        "v1",
    ]


def test_a_file_is_found_from_anywhere_and_shown_as_written(full: Loaded) -> None:
    sources = [resource.source for resource in full.datasets[0].resources]
    assert sources[2] == FileSource(str(EXAMPLES / "data/archives/10.csv"), "data/archives/10.csv")
    assert sources[3] == LinkSource("https://api.example.org/v1")


def test_the_metadata_of_a_resource_are_those_written(full: Loaded) -> None:
    file, _, _, link = full.datasets[0].resources
    assert file.metadata.schema == ContentSchema("etalab/schema-comptage-mobilites", "1.0.10")
    assert (file.metadata.type, file.metadata.description) == ("main", "")
    assert file.metadata.extras == {"ordre": [1, 2.5, True]}
    assert link.metadata.schema == ContentSchema(url="https://example.org/schema.json")
    assert (link.metadata.format, link.metadata.mime) == ("json", "application/json")


def test_a_dataset_overrules_what_it_inherits(full: Loaded) -> None:
    _, personal, dated = full.datasets
    assert (personal.key, personal.organization) == ("5d13a8b6634f41070a43dff3", None)
    assert (dated.metadata.title, dated.key) == ("2024-01-01", "2024-01-01")
    assert (dated.metadata.license, dated.metadata.tags) == (None, ())


def test_lines_and_a_document_say_the_same(tmp_path: Path) -> None:
    loaded = load([EXAMPLES / "lines.jsonl"])
    document = tmp_path / "m.json"
    text = (EXAMPLES / "lines.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line]
    document.write_text(json.dumps({**lines[0], "datasets": lines[1:]}))
    (tmp_path / "data").symlink_to(EXAMPLES / "data")
    same = load([document])
    assert [(each.key, each.metadata) for each in same.datasets] == [
        (each.key, each.metadata) for each in loaded.datasets
    ]
    assert (same.portal, loaded.portal) == ("demo", "demo")


def bare(spec: DatasetSpec) -> DatasetSpec:
    nowhere = Place("")
    resources = tuple(replace(each, place=nowhere) for each in spec.resources)
    return replace(spec, resources=resources, place=nowhere)


def test_toml_and_yaml_say_the_same(full: Loaded) -> None:
    toml = load([EXAMPLES / "full.toml"])
    assert [bare(each) for each in toml.datasets] == [bare(each) for each in full.datasets]
    assert toml.datasets[1].place == Place(str(EXAMPLES / "full.toml"), 50, 1)
    assert toml.portal == full.portal


def test_what_is_elsewhere_is_fetched_hosted_described_or_listed() -> None:
    (dataset,) = load([EXAMPLES / "elsewhere.yaml"]).datasets
    first, page, many, hosted, described, link = dataset.resources
    assert first.source == UrlSource(
        "https://ancien.example.org/export/stations.csv?format=long", 500_000_000
    )
    assert (first.metadata.title, first.checks) == ("Stations (csv)", ("csv", "not-empty"))
    assert page.source == UrlSource(
        "ftp://lecteur:secret@ancien.example.org/notice.html", html=True
    )
    assert many.key == "s3://archives/stations/*.csv"
    assert (hosted.source, hosted.checks) == (ExistingSource(host=True), ("not-empty",))
    assert (described.source, described.guard) == (ExistingSource(), Guard())
    assert (link.checks, link.guard) == ((), Guard())


def test_a_table_has_a_row_for_each_file() -> None:
    velos, stations = load([EXAMPLES / "table.csv"]).datasets
    assert velos.metadata.description == "Des **vélos**,\ncomptés."
    assert velos.metadata.tags == ("mobilite", "velo")
    assert [(each.key, each.metadata.title) for each in velos.resources] == [
        ("data/2024.csv", "Comptages 2024"),
        ("https://ancien.example.org/2023.csv", None),
        ("https://api.example.org/v1", "L'API"),
    ]
    assert velos.resources[0].checks == ("csv", "not-empty")
    assert velos.resources[1].metadata.description == "L'année \"d'avant\""
    assert velos.resources[1].place == Place(str(EXAMPLES / "table.csv"), 4, 13)
    assert (stations.metadata.title, stations.organization) == ("Stations", "ville-exemple")


def test_python_values_say_the_same_as_a_file() -> None:
    document = json.loads((EXAMPLES / "minimal.json").read_text())
    parsed = parse(document, base=EXAMPLES)
    loaded = load([EXAMPLES / "minimal.json"])
    assert parsed.problems == ()
    assert parsed.datasets[0].metadata == loaded.datasets[0].metadata
    assert parsed.datasets[0].resources[0].source == loaded.datasets[0].resources[0].source


def test_python_values_may_be_paths_dates_and_tuples() -> None:
    parsed = parse(
        {
            "organization": "o",
            "datasets": [
                {
                    "title": 2024,
                    "description": "D",
                    "tags": ("route",),
                    "temporal_coverage": {"start": date(2024, 1, 2)},
                    "resources": [{"path": Path("data/2024.csv")}],
                }
            ],
        },
        base=EXAMPLES,
    )
    assert parsed.problems == ()
    assert parsed.datasets[0].metadata.title == "2024"
    assert parsed.datasets[0].metadata.temporal_coverage == TemporalCoverage(date(2024, 1, 2))


def test_a_problem_in_python_values_names_the_way_to_it() -> None:
    parsed = parse({"datasets": [{"id": "x", "tags": ["ok!", "route", "a"], "titel": "T"}]})
    assert [str(each) for each in parsed.problems] == [
        (
            "<manifest> datasets[0].tags[0]: the tag 'ok!' is too short: the portal keeps "
            "it as 'ok' and wants 3 to 96 characters"
        ),
        (
            "<manifest> datasets[0].tags[2]: the tag 'a' is too short: the portal wants 3 to 96 "
            "characters"
        ),
        "<manifest> datasets[0].titel: unknown key 'titel' (did you mean 'title'?)",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"datasets": [{"id": b"x"}]}, "a manifest cannot hold a Python bytes"),
        ({"datasets": [{1: 2}]}, "the key 1 must be text"),
        ({"datasets": [{"id": "\ud800"}]}, "this text holds a broken character"),
    ],
)
def test_python_values_a_manifest_cannot_hold(data: dict[str, Any], message: str) -> None:
    assert next(each.message for each in parse(data).problems).startswith(message)


def test_a_dataset_travels_between_processes(full: Loaded) -> None:
    assert pickle.loads(pickle.dumps(full.datasets)) == full.datasets  # noqa: S301 # our own bytes


WRONG_BY_SCHEMA = [
    {},
    {"datasets": []},
    {"datasets": [{}]},
    {"datasets": [{"id": None, "title": None}]},
    {"datasets": [{"id": "x", "titel": "T"}]},
    {"version": 2, "datasets": [{"id": "x"}]},
    {"datasets": [{"id": "x", "tags": "route"}]},
    {"datasets": [{"id": "x", "title": True}]},
    {"datasets": [{"id": "x", "title": "T" * 351}]},
    {"datasets": [{"id": "x", "frequency": "dayly"}]},
    {"datasets": [{"id": "x", "private": "no"}]},
    {"datasets": [{"id": "x", "organization": "o", "personal": True}]},
    {"datasets": [{"id": "x", "description": "D", "description_file": "f"}]},
    {"datasets": [{"id": "x", "extras": {"$b": 1}}]},
    {"datasets": [{"id": "x", "extras": {"bulkpub:key": 1}}]},
    {"datasets": [{"id": "x", "temporal_coverage": {"start": "2024-1"}}]},
    {"datasets": [{"id": "x", "resources": [{"title": "T"}]}]},
    {"datasets": [{"id": "x", "resources": [{"path": "a.csv", "glob": "*.csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"path": "a.csv", "mime": "text/csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"path": None}]}]},
    {"datasets": [{"id": "x", "resources": [{"glob": "*.csv", "format": "csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"path": "a.csv", "exclude": ["b.csv"]}]}]},
    {"datasets": [{"id": "x", "resources": [{"link": "https://x/", "optional": True}]}]},
    {"datasets": [{"id": "x", "resources": [{"link": "ftp://x"}]}]},
    {"datasets": [{"id": "x", "guard": "refuse"}]},
    {"datasets": [{"id": "x", "guard": {"empty": "no"}}]},
    {"datasets": [{"id": "x", "guard": {"shrink": 50}}]},
    {"datasets": [{"id": "x", "guard": {"shrink": "101%"}}]},
    {"datasets": [{"id": "x", "guard": {"shrunk": "50%"}}]},
    {"datasets": [{"id": "x", "resources": [{"link": "https://x/", "guard": {}}]}]},
    {"defaults": {"title": "T"}, "datasets": [{"id": "x"}]},
    {"datasets": [{"id": "x", "check": "cvs"}]},
    {"datasets": [{"id": "x", "check": ["csv", True]}]},
    {"datasets": [{"id": "x", "resources": [{"key": "k"}]}]},
    {"datasets": [{"id": "x", "resources": [{"key": "k", "host": False}]}]},
    {"datasets": [{"id": "x", "resources": [{"host": True}]}]},
    {"datasets": [{"id": "x", "resources": [{"host": True, "id": None}]}]},
    {"datasets": [{"id": "x", "resources": [{"host": True, "id": "i", "path": "a.csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"host": True, "id": "i", "format": "csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"id": "i", "check": "csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"id": "i", "guard": {}}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "file:///a.csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "https://x/a", "link": "https://x/"}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "https://x/a", "max_size": 0}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "https://x/a", "max_size": "5 Mo"}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "https://x/a", "expect": "csv"}]}]},
    {"datasets": [{"id": "x", "resources": [{"url": "https://x/a", "optional": True}]}]},
    {"datasets": [{"id": "x", "resources": [{"path": "a.csv", "max_size": 1}]}]},
]


NULL_SAYS_NOTHING = [
    {"id": "x", "resources": [{"link": "https://x/", "path": None, "optional": None}]},
    {"id": "x", "resources": [{"link": "https://x/", "glob": None, "exclude": None}]},
    {"id": "x", "resources": [{"glob": "*.csv", "path": None, "link": None, "optional": True}]},
    {"id": "x", "resources": [{"path": "a.csv", "optional": True, "format": None, "mime": None}]},
    {"id": None, "title": "T", "description": "D", "personal": True, "organization": None},
    {"id": "x", "title": None, "description": None, "description_file": "data/velos.md"},
    {"id": "x", "guard": {"empty": None}, "resources": [{"link": "https://x/", "guard": None}]},
    {"id": "x", "resources": [{"url": "https://x/a", "path": None, "optional": None}]},
    {"id": "x", "resources": [{"id": "i", "url": None, "host": None, "check": None}]},
    {"id": "x", "resources": [{"id": "i", "host": True, "link": None, "max_size": None}]},
    {"id": "x", "resources": None, "check": None, "extras": None, "spatial": None, "prune": None},
]


@pytest.mark.parametrize("dataset", NULL_SAYS_NOTHING, ids=json.dumps)
def test_null_says_nothing_to_the_loader_and_to_the_schema(
    dataset: dict[str, Any], schema_faults: Callable[[Any], list[str]]
) -> None:
    document = {"datasets": [dataset]}
    assert schema_faults(document) == []
    assert parse(document, base=EXAMPLES).problems == ()


@pytest.mark.parametrize("document", WRONG_BY_SCHEMA, ids=json.dumps)
def test_what_the_schema_refuses_the_loader_refuses_too(
    document: dict[str, Any], schema_faults: Callable[[Any], list[str]]
) -> None:
    assert schema_faults(document)
    assert parse(document).problems


def test_the_schema_tells_editors_the_title_and_meaning_of_every_field() -> None:
    schema = json_schema()
    forms = [schema, *schema["$defs"].values()]
    assert len(forms) >= 8
    for form in forms:
        assert form["additionalProperties"] is False
        for name, field in form["properties"].items():
            assert field.get("title"), name
            assert field.get("description"), name
            assert "default" not in field, name
