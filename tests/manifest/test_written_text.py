"""How a written manifest looks, and what is told of all that no manifest can say."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bulkpub.core.model import (
    Check,
    ContentSchema,
    DatasetMetadata,
    DatasetSpec,
    ExistingSource,
    FileSource,
    Guard,
    Html,
    LinkSource,
    Place,
    Prune,
    ResourceMetadata,
    ResourceSpec,
    Spatial,
    TemporalCoverage,
    UrlSource,
)
from tests.manifests import LinesWriter, Loaded, ManifestWriter, Writer, load

WRITERS: dict[str, Callable[..., Writer]] = {"m.yaml": ManifestWriter, "m.jsonl": LinesWriter}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("a\n")
    return tmp_path


Written = tuple[Loaded, tuple[str, ...], str]


def written(folder: Path, specs: Sequence[DatasetSpec], name: str) -> Written:
    """What loading gives back, the notes, and the text."""
    out = io.StringIO()
    writer = WRITERS[name](out)
    writer.header()
    notes = tuple(note for spec in specs for note in writer.dataset(spec))
    (folder / name).write_text(out.getvalue(), newline="")
    return load([folder / name]), notes, out.getvalue()


PRETTY = """\
# Harvested from https://x
# on a Sunday
version: 1
portal: demo
organization: o
defaults: {tags: [ville]}
datasets:
  # licence 'ODbL?' is unknown
  - key: velos
    title: "Comptages : vélo, piéton"
    description: |-
      # Les vélos

      Une ligne: avec "tout" #.
    license: fr-lo
    tags: null
    temporal_coverage: {start: 2024-01-01}
    spatial: {zones: [fr:region:11], granularity: fr:commune}
    extras: {source: capteurs, rang: 2, code: "01"}
    resources:
      - path: d/c.csv
        title: "{{brut}}"
        type: main
        schema: etalab/x
        guard: {empty: allow, shrink: 50%, html: refuse}
      - url: https://u:p@x/a.csv?id=1
        max_size: 500 MB
        check: [csv, not-empty]
      - url: https://x/b.csv
        key: b
        id: i
      - link: https://x/v1
        title: "{{v1}}"
        format: json
      - id: r1
        description: Le dessin.
      - host: true
        id: r2

  - id: "2024"
    tags: null
    prune: ours
"""


def test_a_written_manifest_is_one_a_person_likes_to_read() -> None:
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(
        portal="demo",
        organization="o",
        defaults={"tags": ["ville"]},
        comment="Harvested from https://x\non a Sunday",
    )
    velos = DatasetSpec(
        "velos",
        DatasetMetadata(
            title="Comptages : vélo, piéton",
            description='# Les vélos\n\nUne ligne: avec "tout" #.',
            license="fr-lo",
            temporal_coverage=TemporalCoverage(date(2024, 1, 1)),
            spatial=Spatial(("fr:region:11",), "fr:commune"),
            extras={"source": "capteurs", "rang": 2, "code": "01", "bulkpub:key": "velos"},
        ),
        (
            ResourceSpec(
                "d/c.csv",
                FileSource("/x/d/c.csv", "d/c.csv"),
                ResourceMetadata("{brut}", type="main", schema=ContentSchema("etalab/x")),
                guard=Guard(refuse_empty=False, max_shrink=0.5, html=Html.REFUSE),
            ),
            ResourceSpec(
                "https://x/a.csv?id=1",
                UrlSource("https://u:p@x/a.csv?id=1", 500_000_000),
                checks=(Check.CSV, Check.NOT_EMPTY),
            ),
            ResourceSpec("b", UrlSource("https://x/b.csv"), id="i"),
            ResourceSpec(
                "https://x/v1", LinkSource("https://x/v1"), ResourceMetadata("{v1}", format="json")
            ),
            ResourceSpec(
                "r1", ExistingSource(), ResourceMetadata(description="Le dessin."), id="r1"
            ),
            ResourceSpec("r2", ExistingSource(host=True), id="r2"),
        ),
        organization="o",
    )
    assert writer.dataset(velos, ["licence 'ODbL?'\nis  unknown\x07".rstrip("\x07")]) == (
        "licence 'ODbL?'\nis  unknown",
    )
    writer.dataset(DatasetSpec("2024", id="2024", prune=Prune.OURS, organization="o"))
    assert out.getvalue() == PRETTY
    assert writer.count == 2


def test_what_no_manifest_can_say_is_told(folder: Path) -> None:
    spec = DatasetSpec(
        "k",
        DatasetMetadata(
            title="t" * 400,
            tags=("ok!", "route", "a"),
            frequency="dayly",
            temporal_coverage=TemporalCoverage(date(2024, 2, 1), date(2024, 1, 1)),
            extras={"$b": 1, "n": None, "big": 2**64, "nan": float("nan"), "c": [None, "\ud800"]},
        ),
        (
            ResourceSpec("same", LinkSource("https://x/1"), ResourceMetadata("{" * 400)),
            ResourceSpec("same", LinkSource("https://x/2"), ResourceMetadata(type="map")),
            ResourceSpec("f", LinkSource("ftp://x/2")),
            ResourceSpec("g", FileSource("", "a.csv")),
            ResourceSpec("h", FileSource("", "./a.csv")),
            ResourceSpec("\udce9.csv", FileSource("", "\udce9.csv")),
            ResourceSpec("{" * 200, UrlSource("https://x/u"), ResourceMetadata("{" * 300)),
            ResourceSpec("nothing", ExistingSource()),
        ),
    )
    loaded, notes, _ = written(folder, [spec, replace(spec, resources=())], "m.yaml")
    assert loaded.problems == ()
    first, second = loaded.datasets
    assert (first.key, second.key) == ("k", "k-2")
    assert first.metadata.title == "t" * 349 + "…"
    assert first.metadata.description == first.metadata.title
    assert first.metadata.tags == ("route",)
    assert first.metadata.temporal_coverage == TemporalCoverage(date(2024, 2, 1))
    assert first.metadata.extras == {"c": ["�"]}
    assert [each.key for each in first.resources] == ["same", "same-2", "g", "{" * 200]
    assert first.resources[3].metadata.title == "{" * 174 + "…"
    assert notes[: notes.index("the key 'k' is already that of another dataset: it got another")]
    for told in (
        "'title' had 400 characters and was cut",
        "the tag 'ok!' is too short",
        "'frequency' cannot be 'dayly' (did you mean 'daily'?): left out",
        "the period ends on 2024-01-01, before it starts on 2024-02-01: left out",
        "the extra '$b' cannot have that name",
        "the extra 'n' has no value: left out",
        "the extra 'big' is a number beyond what the portal can store: left out",
        "the extra 'nan' is no number: left out",
        "in the extra 'c', an item has no value: left out",
        "it has no description: its title stands in",
        "of the resource same, 'type' cannot be 'map'",
        "the key 'same' is already that of another resource: it got another",
        "the resource f is left out: there is no 'link' without a fault",
        "the resource h is left out: its file is already that of another",
        "the resource �.csv is left out",
        "the resource nothing is left out: nothing says which one on the portal it is",
    ):
        assert any(told in note for note in notes), told


def test_of_two_datasets_with_one_id_the_second_is_left_out(folder: Path) -> None:
    twins = [DatasetSpec("a", id="i"), DatasetSpec("b", id="i")]
    loaded, notes, text = written(folder, twins, "m.yaml")
    assert [each.key for each in loaded.datasets] == ["a"]
    assert notes == ("the id i is already that of another dataset: left out",)
    assert f"  # {notes[0]}\n" in text
    assert len(written(folder, twins, "m.jsonl")[0].datasets) == 1


def test_a_harvest_that_found_nothing_is_no_manifest(folder: Path) -> None:
    """Loading it says so; a nightly job that publishes nothing at all must not look well."""
    loaded, _, text = written(folder, [], "m.yaml")
    assert text.endswith("datasets:\n")
    assert [each.message for each in loaded.problems] == [
        "'datasets' is empty: there is nothing to publish"
    ]
    assert [each.message for each in written(folder, [], "m.jsonl")[0].problems] == [
        "there is no dataset after the first line"
    ]


def test_a_default_that_would_be_merged_is_refused() -> None:
    with pytest.raises(ValueError, match="would be merged into every dataset"):
        ManifestWriter(io.StringIO()).header(defaults={"extras": {"a": 1}})


def test_a_name_longer_than_yaml_looks_for_a_colon(folder: Path) -> None:
    extras = {"n" * 2000: {"m" * 1500: [1]}, "short": "x\ny"}
    spec = DatasetSpec("k", DatasetMetadata(extras=extras), id="k")
    (loaded,) = written(folder, [spec], "m.yaml")[0].datasets
    assert replace(loaded, place=Place("")) == spec


def test_a_default_does_not_take_the_place_of_what_was_left_out(folder: Path) -> None:
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(defaults={"frequency": "daily"})
    writer.dataset(DatasetSpec("k", DatasetMetadata(frequency="dayly"), id="k"))
    (folder / "m.yaml").write_text(out.getvalue())
    assert load([folder / "m.yaml"]).datasets[0].metadata.frequency is None
