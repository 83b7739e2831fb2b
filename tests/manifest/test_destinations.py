"""Several portals in one manifest: what is said of each, and of which, in every spelling."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import DatasetSpec
from bulkpub.manifest import (
    Destination,
    Stream,
    Toward,
    loading,
    may_say,
    stream,
    stream_document,
)
from bulkpub.portals.udata import RULES
from tests.manifests import amend, json_schema, load, load_text

NAMES = ("demo", "metropole")
DOCUMENT: dict[str, Any] = {
    "destinations": [
        {"portal": "demo", "organization": "essai", "key_env": "BULKPUB_DEMO"},
        {
            "portal": "https://data.example.org",
            "name": "metropole",
            "organizations": {"ville": {"key_env": "BULKPUB_VILLE"}},
        },
    ],
    "organization": "metropole-exemple",
    "datasets": [
        {
            "key": "a",
            "id": {"metropole": "5d13a8b6634f41070a43dff3"},
            "title": "A",
            "description": "D",
            "resources": [
                {"link": "https://example.org/1", "id": {"metropole": "r1", "demo": None}},
                {"link": "https://example.org/2", "id": "r2"},
            ],
        },
        {
            "key": "b",
            "title": "B",
            "description": "D",
            "organization": {"demo": "autre", "metropole": "ville"},
        },
    ],
}
YAML = """
destinations:
  - {portal: demo, organization: essai, key_env: BULKPUB_DEMO}
  - portal: https://data.example.org
    name: metropole
    organizations:
      ville: {key_env: BULKPUB_VILLE}
organization: metropole-exemple
datasets:
  - key: a
    id: {metropole: 5d13a8b6634f41070a43dff3}
    title: A
    description: D
    resources:
      - {link: https://example.org/1, id: {metropole: r1, demo: null}}
      - {link: https://example.org/2, id: r2}
  - {key: b, title: B, description: D, organization: {demo: autre, metropole: ville}}
"""
TOML = """
organization = "metropole-exemple"
[[destinations]]
portal = "demo"
organization = "essai"
key_env = "BULKPUB_DEMO"
[[destinations]]
portal = "https://data.example.org"
name = "metropole"
organizations = {ville = {key_env = "BULKPUB_VILLE"}}
[[datasets]]
key = "a"
id = {metropole = "5d13a8b6634f41070a43dff3"}
title = "A"
description = "D"
[[datasets.resources]]
link = "https://example.org/1"
id = {metropole = "r1"}
[[datasets.resources]]
link = "https://example.org/2"
id = "r2"
[[datasets]]
key = "b"
title = "B"
description = "D"
organization = {demo = "autre", metropole = "ville"}
"""
HEADER = {key: value for key, value in DOCUMENT.items() if key != "datasets"}
SPELLINGS = {
    "m.yaml": YAML,
    # A merge key is for the careful reader.
    "slow.yaml": YAML.replace("key: b,", "<<: {key: b},"),
    "m.json": json.dumps(DOCUMENT),
    "m.toml": TOML,
    "m.jsonl": "\n".join(map(json.dumps, (HEADER, *DOCUMENT["datasets"]))),
}


def towards(where: Destination) -> Toward:
    return Toward(where, NAMES)


def said(spec: DatasetSpec) -> Any:
    resources = [(each.key, each.id) for each in spec.resources]
    return spec.key, spec.id, spec.organization, resources


def all_said(read: Callable[[Toward | None], Stream], found: tuple[Destination, ...]) -> Any:
    told = []
    for each in found:
        manifest = read(towards(each))
        told.append([said(spec) for spec in manifest])
        assert manifest.problems == ()
    return told


WANTED = [
    [
        ("a", None, "essai", [("example.org/1", None), ("example.org/2", "r2")]),
        ("b", None, "autre", []),
    ],
    [
        (
            "a",
            "5d13a8b6634f41070a43dff3",
            "metropole-exemple",
            [("example.org/1", "r1"), ("example.org/2", "r2")],
        ),
        ("b", None, "ville", []),
    ],
]


def check(found: tuple[Destination, ...], read: Callable[[Toward | None], Stream]) -> None:
    first, second = found
    assert (first.name, first.portal, first.organization) == ("demo", "demo", "essai")
    assert (second.name, second.portal) == ("metropole", "https://data.example.org")
    assert first.keys.top is not None
    assert first.keys.top.variable == "BULKPUB_DEMO"
    assert second.keys.organizations["ville"].variable == "BULKPUB_VILLE"
    told = all_said(read, found)
    bare = [
        [
            (key, id_, organization, [(each.removeprefix("https://"), it) for each, it in files])
            for key, id_, organization, files in each
        ]
        for each in told
    ]
    assert bare == WANTED


@pytest.mark.parametrize("name", SPELLINGS)
def test_each_spelling_says_the_same_of_each(name: str, write: Callable[..., Path]) -> None:
    path = write(name, SPELLINGS[name])
    found = loading.named_destinations([path], rules=RULES)
    check(found, lambda toward: stream([path], rules=RULES, toward=toward))


def test_so_does_a_python_value() -> None:
    found = loading.named_destinations(DOCUMENT, rules=RULES)
    check(found, lambda toward: stream_document(DOCUMENT, rules=RULES, toward=toward))


def test_it_fits_the_schema_that_editors_use(schema_faults: Callable[[Any], list[str]]) -> None:
    assert schema_faults(DOCUMENT) == []
    assert schema_faults({**DOCUMENT, "destinations": [{"name": "x"}]})
    assert json_schema()["properties"]["destinations"]["anyOf"]


def test_read_for_none_of_them_it_is_read_for_the_first(write: Callable[..., Path]) -> None:
    loaded = load([write("m.yaml", YAML)])
    assert [said(each)[2] for each in loaded.datasets] == ["essai", "autre"]
    assert loaded.problems == ()


def test_a_table_goes_where_a_manifest_beside_it_says(write: Callable[..., Path]) -> None:
    write("d.md", "D")
    table = write("t.csv", "dataset,dataset_title,description_file,link\nc,C,d.md,https://x.org/\n")
    whose = "name: metropole\n    organization: ville\n"
    paths = [write("m.yaml", YAML.replace("name: metropole\n", whose)), table]
    found = loading.named_destinations(paths, rules=RULES)
    told = all_said(lambda toward: stream(paths, rules=RULES, toward=toward), found)
    assert [each[-1][:3] for each in told] == [
        ("c", None, "essai"),
        ("c", None, "ville"),
    ]


def test_no_table_is_read_for_them(write: Callable[..., Path]) -> None:
    table = write("t.csv", "dataset,dataset_title\ndestinations,x\n")
    assert loading.named_destinations([table, write("m.xlsx", b"PK")], rules=RULES) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"destinations": []}, "'destinations' must hold one at least"),
        ({"destinations": {}}, "'destinations' must be a list"),
        ({"destinations": [{"name": "x"}]}, "a destination needs a 'portal', its name or address"),
        ({"destinations": ["demo"]}, "item 1 of 'destinations' must be a mapping"),
        ({"destinations": [{"potral": "demo"}]}, "'potral' (did you mean 'portal'?)"),
        ({"destinations": [{"portal": "demo"}, {"portal": "demo"}]}, "is called 'demo', too"),
        ({"portal": "www"}, "'portal' is said of each of the 'destinations'"),
        ({"key_env": "BULKPUB_X"}, "'key_env' is said of each of the 'destinations'"),
        ({"organizations": {}}, "'organizations' is said of each of the 'destinations'"),
        ({"defaults": {"organization": {"dmeo": "x"}}}, "'dmeo' (did you mean 'demo'?)"),
    ],
)
def test_mistakes_at_the_top(changes: Any, sentence: str) -> None:
    document = {**DOCUMENT, "datasets": [DOCUMENT["datasets"][1]], **changes}
    first = Destination("demo", "demo")
    problems = list_problems(stream_document(document, rules=RULES, toward=towards(first)))
    assert any(sentence in each for each in problems), problems


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": {"dmeo": "x"}}, "'id' is for no destination called 'dmeo' (did you mean 'demo'?)"),
        ({"id": {"x": "y"}}, "'id' is for no destination called 'x'; there are demo, metropole"),
        ({"organization": "autre"}, "write for which of them this organization is"),
        ({"id": {"demo": {"x": "y"}}}, "'id' is written for each destination here"),
        ({"resources": [{"id": {"x": "y"}, "title": "T"}]}, "'id' is for no destination called"),
    ],
)
def test_mistakes_in_a_dataset(changes: Any, sentence: str) -> None:
    dataset = {**DOCUMENT["datasets"][1], "organization": None, "personal": True, **changes}
    first, *_ = loading.named_destinations(DOCUMENT, rules=RULES)
    document = {**DOCUMENT, "datasets": [dataset]}
    problems = list_problems(stream_document(document, rules=RULES, toward=towards(first)))
    assert any(sentence in each for each in problems), problems


def list_problems(manifest: Stream) -> list[str]:
    list(manifest)
    return [each.message for each in manifest.problems]


def test_where_the_destination_says_the_same_organization_it_may_be_said_again() -> None:
    dataset = {**DOCUMENT["datasets"][1], "organization": "essai"}
    first, *_ = loading.named_destinations(DOCUMENT, rules=RULES)
    document = {**DOCUMENT, "datasets": [dataset]}
    assert list_problems(stream_document(document, rules=RULES, toward=towards(first))) == []


def test_manifests_that_are_read_together_go_to_the_same_portals(
    write: Callable[..., Path],
) -> None:
    paths = [
        write("a.yaml", YAML),
        write("b.yaml", "portal: www\ndatasets: [{id: x}]\n"),
        write("c.yaml", "destinations: [{portal: www}]\ndatasets: [{id: y}]\n"),
        write("d.yaml", "datasets: [{id: z}]\n"),
    ]
    first, *_ = loading.named_destinations(paths, rules=RULES)
    problems = list_problems(stream(paths, rules=RULES, toward=towards(first)))
    assert len(problems) == 2
    assert problems[0].startswith("this manifest is for the portal www, the one at ")
    assert problems[1].startswith("these 'destinations' are not those at ")


def test_datasets_can_be_added_to_such_a_manifest() -> None:
    spec = load_one("datasets: [{key: new, title: N, description: D, organization: essai}]")
    amended = amend(YAML, [(spec, ())], base="/")
    assert "key: new" in amended.text


def load_one(text: str) -> DatasetSpec:
    (spec,) = load_text(text, "/", "n.yaml").datasets
    return spec


@pytest.mark.parametrize(
    ("name", "text", "may"),
    [
        ("m.yaml", "destinations: []", True),
        ("m.yaml", "{'destinations' : []}", True),
        ("m.yaml", "description: Les destinations de vacances", False),
        ("m.json", '{"destinations"\n:[]}', True),
        ("m.json", '{"title": "destinations"}', False),
        ("m.toml", "[[ destinations ]]", True),
        ("m.toml", "destinations = []", True),
        ("m.jsonl", '{"destinations": []}\n{"id": "a"}', True),
        ("m.jsonl", '{"id": "a"}\n{"destinations": []}', False),
    ],
)
def test_a_manifest_that_only_speaks_of_destinations_is_not_read_twice(
    write: Callable[..., Path], name: str, text: str, may: Any
) -> None:
    assert may_say(str(write(name, text)), "destinations") is may
