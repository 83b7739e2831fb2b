"""Adding to a manifest that people have edited: nothing of theirs is touched."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    FileSource,
    LinkSource,
    Place,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.errors import ManifestInvalid
from tests.manifests import Amended, ManifestWriter, amend, load, load_text

OLD = """\
# Ours; see the wiki.
version: 1
organization: o   # the town

datasets:
  # bikes
  - key: velos
    title: Vélos
    description: |
      Des vélos.

      # no comment
    resources:
      - path: a.csv   # the first
        title: "A: {stem}"

      - glob: d/*.csv
      # - path: old.csv
    # the end of bikes

  - key: budget
    title: Budget
    description: >-
      De la ville.
# that is all
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.csv", "b.csv", "c.csv", "d/1.csv", "d/2.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n")
    return tmp_path


def file(folder: Path, name: str, **said: Any) -> ResourceSpec:
    metadata = ResourceMetadata(**said)
    return ResourceSpec(name, FileSource(str(folder / name), name), metadata)


def dataset(key: str, *resources: ResourceSpec, **said: Any) -> DatasetSpec:
    metadata = DatasetMetadata(**{"title": key, "description": f"De {key}.", **said})
    return DatasetSpec(key, metadata, resources, organization="o")


def added(folder: Path, old: str, *found: DatasetSpec) -> Amended:
    amended = amend(old, [(each, ()) for each in found], base=folder, name="m.yaml")
    assert is_subsequence(old, amended.text)
    return amended


def is_subsequence(old: str, new: str) -> bool:
    lines = iter(new.splitlines(keepends=True))
    return all(any(line.startswith(each) for line in lines) for each in old.splitlines())


def loaded(folder: Path, text: str) -> Sequence[DatasetSpec]:
    (folder / "m.yaml").write_text(text, newline="")
    found = load([folder / "m.yaml"])
    assert found.problems == ()
    nowhere = Place("")
    return [
        replace(
            each,
            place=nowhere,
            resources=tuple(replace(r, place=nowhere, default_title="") for r in each.resources),
        )
        for each in found.datasets
    ]


def test_what_is_new_stands_where_it_belongs(folder: Path) -> None:
    amended = added(
        folder,
        OLD,
        dataset("velos", file(folder, "a.csv"), file(folder, "d/2.csv"), file(folder, "b.csv")),
        dataset("budget", ResourceSpec("https://x/", LinkSource("https://x/"))),
        dataset("gares", file(folder, "c.csv", title="C")),
    )
    assert (amended.datasets, amended.resources, amended.notes) == (1, 2, ())
    assert amended.text == OLD.replace(
        "      - glob: d/*.csv\n", "      - glob: d/*.csv\n      - path: b.csv\n"
    ).replace(
        "      De la ville.\n",
        "      De la ville.\n"
        "    resources:\n"
        "      - link: https://x/\n"
        "\n"
        "  - key: gares\n"
        "    title: gares\n"
        "    description: De gares.\n"
        "    resources:\n"
        "      - path: c.csv\n"
        "        title: C\n",
    )


def test_a_second_time_there_is_nothing_to_add(folder: Path) -> None:
    found = [
        dataset("velos", file(folder, "b.csv")),
        dataset("gares", file(folder, "c.csv"), ResourceSpec("u", UrlSource("https://u/a.csv"))),
    ]
    once = added(folder, OLD, *found)
    again = added(folder, once.text, *found)
    assert again == Amended(once.text)


def test_what_people_changed_is_not_added_again(folder: Path) -> None:
    """A dataset with another key, a file moved to another dataset, another title or key."""
    old = OLD.replace("key: velos", "key: bikes").replace("A: {stem}", "B")
    assert added(folder, old, dataset("velos", file(folder, "a.csv"), file(folder, "d/1.csv"))) == (
        Amended(old)
    )
    moved = dataset("budget", file(folder, "a.csv", title="Another"), description="Other.")
    assert added(folder, old, moved) == Amended(old)
    keyed = OLD.replace("path: a.csv ", "url: https://x/a.csv\n        key: mine ")
    fetched = ResourceSpec("https://x/a.csv", UrlSource("https://x/a.csv"))
    assert added(folder, keyed, dataset("velos", fetched)) == Amended(keyed)


def test_a_dataset_is_known_by_its_id(folder: Path) -> None:
    old = OLD.replace("key: budget", "id: '2024'")
    amended = added(folder, old, replace(dataset("x", file(folder, "c.csv")), id="2024"))
    assert (amended.datasets, amended.resources) == (0, 1)
    assert loaded(folder, amended.text)[1].resources == (file(folder, "c.csv"),)


def harvested(key: str, page: str, *resources: ResourceSpec) -> DatasetSpec:
    extras = {"harvest:remote_id": "velos", "harvest:remote_url": page}
    return dataset(key, *resources, extras=extras)


def test_a_dataset_is_known_by_the_key_it_had_when_it_was_harvested_before(folder: Path) -> None:
    paged = added(
        folder,
        "organization: o\ndatasets:\n  - {key: k, title: T, description: D}\n",
        harvested("velos", "https://a.example.org/velos"),
    ).text
    same = harvested("a.example.org#velos", "http://a.example.org/velos/", file(folder, "c.csv"))
    amended = added(folder, paged, same)
    assert (amended.datasets, amended.resources) == (0, 1)
    (note,) = amended.notes
    assert note == (
        "a.example.org#velos is in the manifest as 'velos', the key that it had when it was "
        "harvested before, and stays that"
    )
    another = harvested("b.example.org#velos", "https://b.example.org/velos")
    assert added(folder, amended.text, another).datasets == 1


def test_two_of_different_ids_are_two_whatever_their_keys(folder: Path) -> None:
    old = OLD.replace("key: velos", "key: velos\n    id: '1'")
    amended = added(folder, old, replace(dataset("velos"), id="2"))
    assert [each.key for each in loaded(folder, amended.text)] == ["velos", "budget", "velos-2"]


LAYERS = """\
organization: o
datasets:
  - key: zones
    title: T
    description: D
    resources:
      - link: https://x/wms
        title: a
      - link: https://x/wms
        key: https://x/wms-2
        title: b
"""


def layer(title: str, key: str = "") -> ResourceSpec:
    at = "https://x/wms"
    return ResourceSpec(key or f"{at}#{title}", LinkSource(at), ResourceMetadata(title=title))


@pytest.mark.parametrize(
    ("found", "more"),
    [
        ([layer("a"), layer("b")], []),
        ([layer("b"), layer("a")], []),
        ([layer("b")], []),
        ([layer("b", "https://x/wms")], []),
        ([layer("a"), layer("b"), layer("c")], ["c"]),
        ([layer("c"), layer("b"), layer("a")], ["c"]),
    ],
)
def test_what_was_numbered_is_known_by_its_title(
    folder: Path, found: list[ResourceSpec], more: list[str]
) -> None:
    amended = added(folder, LAYERS, dataset("zones", *found))
    (zones,) = loaded(folder, amended.text)
    assert [each.metadata.title for each in zones.resources] == ["a", "b", *more]
    assert amended.notes == ()
    assert added(folder, amended.text, dataset("zones", *found)).text == amended.text


def test_what_may_be_there_by_another_title_is_told_and_not_added(folder: Path) -> None:
    """One that was renamed, or one that went and another that came: only a person can tell."""
    amended = added(folder, LAYERS, dataset("zones", layer("A"), layer("b")))
    (note,) = amended.notes
    assert (amended.text, amended.resources) == (LAYERS, 0)
    assert "zones: 'A' is not added: it may be one that was numbered" in note
    assert "('a')" in note
    assert "the key 'https://x/wms#A'" in note


def test_a_new_dataset_has_the_defaults_of_the_manifest(folder: Path) -> None:
    old = OLD.replace(
        "datasets:\n",
        "defaults: {license: fr-lo, tags: [ville], extras: {a: 1}, check: csv}\ndatasets:\n",
    )
    new = replace(
        dataset("gares", file(folder, "c.csv"), tags=("train",), extras={"b": 2}),
        organization=None,
    )
    amended = added(folder, old, new)
    found = loaded(folder, amended.text)[2]
    assert found.metadata.license == "fr-lo"
    assert found.metadata.tags == ("train",)
    assert found.metadata.extras == {"a": 1, "b": 2}
    assert found.organization == "o"
    assert found.resources[0].checks == ("csv",)
    assert "null" not in amended.text


def test_an_empty_harvest_can_be_added_to(folder: Path) -> None:
    out = io.StringIO()
    ManifestWriter(out).header(organization="o")
    amended = added(folder, out.getvalue(), dataset("velos", file(folder, "a.csv")))
    assert loaded(folder, amended.text) == [dataset("velos", file(folder, "a.csv"))]


@pytest.mark.parametrize(
    "end", ["\n", "", "\n\n", "\n# the end", "\n...\n", "\n  # indented\n\n", " # here"]
)
def test_however_the_text_ends(end: str, folder: Path) -> None:
    old = f"organization: o\ndatasets:\n- {{id: x}}\n- id: y\n  resources:\n  - path: a.csv{end}"
    amended = added(
        folder,
        old,
        replace(dataset("y", file(folder, "b.csv")), id="y"),
        dataset("z", file(folder, "c.csv")),
    )
    assert [each.key for each in loaded(folder, amended.text)] == ["x", "y", "z"]
    assert loaded(folder, amended.text)[1].resources[1:] == (file(folder, "b.csv"),)


def test_line_ends_and_byte_order_mark_stay_as_they_are(folder: Path) -> None:
    old = "\ufeff" + OLD.replace("\n", "\r\n")
    amended = amend(
        old, [(dataset("velos", file(folder, "b.csv")), ())], base=folder, name="m.yaml"
    )
    assert amended.text == old.replace(
        "      - glob: d/*.csv\r\n", "      - glob: d/*.csv\r\n      - path: b.csv\r\n"
    )
    assert load_text(old, str(folder), "m.yaml").problems == ()


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("{organization: o, datasets: [{id: x}]}", "m.yaml: nothing can be added to 'datasets'"),
        ("datasets: [{id: x}]", "m.yaml: nothing can be added to 'datasets'"),
        ("datasets: null", "m.yaml: nothing can be added to 'datasets'"),
        (
            "datasets:\n  - {id: k}",
            "m.yaml:2:5: nothing can be added to the dataset 'k' as it is written",
        ),
        (
            "datasets:\n  - id: k\n    resources: [path: a.csv]",
            "m.yaml:2:5: nothing can be added to the dataset 'k'",
        ),
        (
            "datasets:\n  - id: k\n    resources: ~",
            "m.yaml:2:5: nothing can be added to the dataset 'k'",
        ),
        (
            (
                "datasets:\n  - id: j\n    resources: &r\n      - path: a.csv\n"
                "  - id: k\n    resources: *r"
            ),
            "m.yaml:5:5: nothing can be added to the dataset 'k'",
        ),
        (
            (
                "datasets:\n  - &a\n    id: j\n    resources:\n      - path: a.csv\n"
                "  - <<: *a\n    id: k"
            ),
            "m.yaml:6:5: nothing can be added to the dataset 'k'",
        ),
        ("datasets:\n  - titel: x", "m.yaml:2:5: unknown key 'titel' (did you mean 'title'?)"),
        ("datasets: []", "m.yaml:1:11: 'datasets' is empty"),
        ("", "m.yaml:1:1: this manifest is empty"),
        ("a: [", "m.yaml:1:5: this is not YAML"),
    ],
)
def test_a_manifest_that_cannot_be_added_to_is_told(old: str, message: str, folder: Path) -> None:
    found = [replace(dataset("k", file(folder, "b.csv")), id="k"), dataset("new")]
    with pytest.raises(ManifestInvalid) as refused:
        added(folder, old, *found)
    assert str(refused.value.problems[0]).startswith(message)


def test_notes_stand_above_what_they_are_about_and_are_given_out(folder: Path) -> None:
    broken = ResourceSpec("https://y", UrlSource("gopher://y"))
    wrong = file(folder, "b.csv", type="maine")
    found = [
        (dataset("velos", wrong), ["told before"]),
        (dataset("gares", broken), ["no licence 'x'"]),
    ]
    amended = amend(OLD, found, base=folder)
    assert amended.notes[0] == (
        "velos: of the resource b.csv, 'type' cannot be 'maine' (did you mean 'main'?): left out"
    )
    assert amended.notes[1] == "gares: no licence 'x'"
    assert "    # of the resource b.csv, 'type'" in amended.text
    assert "  # no licence 'x'\n" in amended.text
    assert amended.notes[-1].startswith("gares: the resource https://y is left out")


TITLES = st.sampled_from(["A", "a: b", "# x", "é\n  f\n", "| \n\n", "{}", "yes", "\x85", "x\n\n"])
SPECS = st.lists(
    st.builds(
        DatasetSpec,
        st.sampled_from("abcdef"),
        st.builds(
            DatasetMetadata,
            title=TITLES,
            description=TITLES,
            extras=st.none() | st.dictionaries(st.sampled_from(["x", "y: z", "#"]), TITLES),
        ),
        st.lists(
            st.builds(
                lambda n, title: ResourceSpec(
                    f"https://x/{n}", LinkSource(f"https://x/{n}"), ResourceMetadata(title)
                ),
                st.integers(0, 8),
                TITLES,
            ),
            max_size=4,
            unique_by=lambda each: each.key,
        ).map(tuple),
        organization=st.just("o"),
    ),
    max_size=5,
    unique_by=lambda each: each.key,
)


@settings(max_examples=settings().max_examples // 2)
@given(old=SPECS, new=SPECS, tail=st.sampled_from(["", "\n", "# end\n", "  # end"]))
def test_what_was_there_stays_and_what_is_new_follows(
    old: list[DatasetSpec], new: list[DatasetSpec], tail: str, tmp_path_factory: Any
) -> None:
    folder: Path = tmp_path_factory.getbasetemp()
    out = io.StringIO()
    writer = ManifestWriter(out)
    writer.header(organization="o")
    for spec in old:
        writer.dataset(spec)
    text = out.getvalue() + tail
    before = loaded(folder, text) if old else []
    amended = amend(text, [(each, ()) for each in new], base=folder)
    assert is_subsequence(text, amended.text)
    if not (old or new):
        return
    after = loaded(folder, amended.text)
    assert [each.key for each in after] == [
        *(each.key for each in old),
        *(each.key for each in new if each.key not in {known.key for known in old}),
    ]
    for had, has in zip(before, after, strict=False):
        assert has.metadata == had.metadata
        assert has.resources[: len(had.resources)] == had.resources
    for spec in new:
        (found,) = (each for each in after if each.key == spec.key)
        assert {each.key for each in spec.resources} <= {each.key for each in found.resources}
    assert amend(amended.text, [(each, ()) for each in new], base=folder).text == amended.text


@pytest.mark.parametrize(
    ("written", "noted"), [("", 1), ("private: true", 0), ("private: false", 0)]
)
def test_a_dataset_that_should_be_private_by_now_is_named(
    folder: Path, written: str, noted: int
) -> None:
    old = OLD.replace("    title: Budget\n", f"    title: Budget\n    {written}\n")
    closed = DatasetSpec("budget", DatasetMetadata(title="Budget", private=True))
    amended = amend(old, [(closed, ())], base=folder)
    assert amended.text == old
    assert len(amended.notes) == noted
    assert all("budget: its source does not open it" in note for note in amended.notes)
