"""What its source no longer has is told, noted once in the manifest, and never taken away."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.core.origin import Gone
from bulkpub.manifest.amending import Looked
from tests.manifests import Amended, amend, load

HERE, ELSEWHERE = "v.example.org/c", "w.example.org/c"

MANIFEST = """\
version: 1
organization: o
datasets:
  # ours
  - key: v1
    title: Un
    description: D
    extras: {harvest:source: v.example.org/c}
    resources:
      - link: https://v.example.org/1-a
        title: a
      - link: https://v.example.org/1-b
        title: b
  - key: v2   # with care
    title: Deux
    description: |
      D

    extras: {harvest:source: v.example.org/c}
    resources:
      - link: https://v.example.org/2
  - key: v3
    title: Trois
    description: D
    extras: {harvest:source: v.example.org/c}

  - key: mine
    title: Mine
    description: D
  - key: theirs
    title: Theirs
    description: D
    extras: {harvest:source: w.example.org/c}
"""


def dataset(key: str, *names: str, place: str = HERE) -> DatasetSpec:
    resources = tuple(
        ResourceSpec(url, LinkSource(url), ResourceMetadata(title=name))
        for name in names
        if (url := f"https://v.example.org/{key[1:]}-{name}")
    )
    extras = {"harvest:source": place}
    metadata = DatasetMetadata(title=key, description="D", extras=extras)
    return DatasetSpec(key, metadata, resources, organization="o")


@pytest.fixture
def again(tmp_path: Path) -> Callable[..., Amended]:
    """A second harvest, which found these datasets, into a manifest."""

    def again(text: str, *found: DatasetSpec, **looked: Any) -> Amended:
        notes = [(each, ()) for each in found]
        amended = amend(text, notes, base=tmp_path, looked=Looked(**looked))
        twice = amend(amended.text, notes, base=tmp_path, looked=Looked(**looked))
        assert twice.text == amended.text
        (tmp_path / "m.yaml").write_text(amended.text, newline="")
        assert load([tmp_path / "m.yaml"]).problems == ()
        return amended

    return again


def lines(*changes: tuple[str, str]) -> str:
    text = MANIFEST
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


V2 = "  - key: v2   # with care\n"
NOTED = f"  # no longer found in {HERE}\n{V2}"
RESOURCES = "    resources:\n      - link: https://v.example.org/2\n"


@pytest.mark.parametrize(
    ("gone", "changes", "told"),
    [
        (Gone.NOTE, [(V2, NOTED)], "and stays as it is"),
        (
            Gone.ARCHIVE,
            [(V2, NOTED), (RESOURCES, f"    archived: true\n{RESOURCES}")],
            "the manifest says `archived: true` now",
        ),
        (
            Gone.DRAFT,
            [(V2, NOTED), (RESOURCES, f"    private: true\n{RESOURCES}")],
            "the manifest says `private: true` now",
        ),
    ],
)
def test_a_dataset_that_is_gone_is_told_and_noted_once(
    again: Callable[..., Amended], gone: Gone, changes: list[tuple[str, str]], told: str
) -> None:
    amended = again(MANIFEST, dataset("v1", "a", "b"), dataset("v3"), gone=gone)
    assert amended.text == lines(*changes)
    (note,) = amended.notes
    assert note.startswith(f"v2: it is no longer found in {HERE}")
    assert note.endswith(told)


GONE = f"      # not, or no longer, in {HERE}\n"
NEW = "      - link: https://v.example.org/1-c\n        title: c\n"


def test_a_resource_that_is_gone_is_told_and_noted_once(again: Callable[..., Amended]) -> None:
    amended = again(MANIFEST, dataset("v1", "a", "c"), dataset("v2"), dataset("v3"))
    assert "v1: 'b' is not, or no longer, in v.example.org/c" in amended.notes
    assert amended.text == lines(
        (
            "      - link: https://v.example.org/1-b\n        title: b\n",
            f"{GONE}      - link: https://v.example.org/1-b\n        title: b\n{NEW}",
        ),
        (
            "      - link: https://v.example.org/2\n",
            f"{GONE}      - link: https://v.example.org/2\n",
        ),
    )


def test_only_a_complete_harvest_says_that_anything_is_gone(tmp_path: Path) -> None:
    amended = amend(MANIFEST, [(dataset("v1", "a"), ())], base=tmp_path)
    assert (amended.text, amended.notes) == (MANIFEST, ())


def test_a_harvest_of_one_folder_says_nothing_of_others(again: Callable[..., Amended]) -> None:
    amended = again(MANIFEST, dataset("v1", "a", "b"), datasets=False)
    assert (amended.text, amended.notes) == (MANIFEST, ())


def test_what_is_of_another_place_is_not_looked_for(again: Callable[..., Amended]) -> None:
    amended = again(MANIFEST, dataset("theirs", place=ELSEWHERE))
    assert (amended.text, amended.notes) == (MANIFEST, ())


def test_a_source_that_has_nothing_of_it_any_more_is_not_believed(
    tmp_path: Path,
) -> None:
    looked = Looked(gone=Gone.ARCHIVE)
    amended = amend(MANIFEST, [(dataset("v9"), ())], base=tmp_path, looked=looked)
    assert MANIFEST in amended.text
    assert "archived" not in amended.text
    assert (
        "none of the 3 datasets that the manifest has from v.example.org/c was found: they are "
        "left as they are"
    ) in amended.notes


def test_more_than_half_are_noted_only(again: Callable[..., Amended]) -> None:
    amended = again(MANIFEST, dataset("v3"), gone=Gone.ARCHIVE)
    assert "archived" not in amended.text
    assert amended.text.count("# no longer found in") == 2
    assert "2 of 3 datasets are no longer at their source" in amended.notes[0]
    assert "`archived: true` yourself" in amended.notes[0]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("archived: true", "the manifest says `archived: true` already"),
        ("archived: false", "`archived: true` is for you to write there"),
    ],
)
def test_what_a_person_wrote_stays(again: Callable[..., Amended], written: str, told: str) -> None:
    text = lines(("    title: Deux\n", f"    title: Deux\n    {written}\n"))
    amended = again(text, dataset("v1", "a", "b"), dataset("v3"), gone=Gone.ARCHIVE)
    assert amended.text.replace(f"  # no longer found in {HERE}\n", "") == text
    assert amended.notes[0].endswith(told)


def test_one_in_braces_is_told(again: Callable[..., Amended]) -> None:
    extras = "extras: {harvest:source: v.example.org/c}"
    text = MANIFEST + f"  - {{key: v4, title: Q, description: D, {extras}}}\n"
    found = [dataset("v1", "a", "b"), dataset("v2"), dataset("v3")]
    amended = again(text, *(replace(each, resources=()) for each in found), gone=Gone.DRAFT)
    assert any(each.endswith("`private: true` is for you to write there") for each in amended.notes)


def test_what_comes_back_is_told(again: Callable[..., Amended]) -> None:
    found: Sequence[DatasetSpec] = [dataset("v1", "a", "b"), dataset("v3")]
    archived = again(MANIFEST, *found, gone=Gone.ARCHIVE).text
    back = ResourceSpec("https://v.example.org/2", LinkSource("https://v.example.org/2"))
    v2 = replace(dataset("v2"), resources=(back,))
    amended = again(archived, *found, v2, gone=Gone.ARCHIVE)
    assert amended.text == archived
    (note,) = amended.notes
    assert note == (
        "v2: it is in v.example.org/c again; take the comment and `archived: true` away if it is "
        "to be as before"
    )


def test_what_does_not_say_where_it_is_from_is_told_as_that(again: Callable[..., Amended]) -> None:
    old = "extras: {harvest:remote_id: v2, harvest:remote_url: https://v.example.org/2}"
    text = lines(
        (
            "      D\n\n    extras: {harvest:source: v.example.org/c}\n",
            f"      D\n\n    {old}\n",
        )
    )
    amended = again(text, dataset("v1", "a", "b"), dataset("v3"), gone=Gone.ARCHIVE)
    assert amended.text == text
    (note,) = amended.notes
    assert note.endswith("whether they were harvested from here: v2")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("gone", list(Gone))
def test_however_lines_end(again: Callable[..., Amended], end: str, gone: Gone) -> None:
    amended = again(MANIFEST.replace("\n", end), dataset("v1", "a", "b"), dataset("v2"), gone=gone)
    assert amended.text.count("\n") == amended.text.count(end)
    assert f"  # no longer found in {HERE}{end}  - key: v3{end}" in amended.text
