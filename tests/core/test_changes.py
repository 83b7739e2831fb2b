"""What a plan tells of old and new: every field, under the manifest's names, and bounded."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.actions import CreateDataset, KeepDataset, Plan, UpdateDataset
from bulkpub.core.changes import MOST, MOST_ITEMS, change, changes_of_dataset, differing_parts
from bulkpub.core.model import (
    Access,
    DatasetMetadata,
    RemoteDataset,
    Spatial,
    TemporalCoverage,
)
from bulkpub.core.owners import Move, Owner
from bulkpub.portals.udata import RULES

VILLE = Owner("5f", name="Ville")


def told(has: DatasetMetadata, changes: DatasetMetadata, **more: Any) -> list[tuple[Any, ...]]:
    plan = Plan(UpdateDataset(RemoteDataset("d", has), changes, **more))
    return [(c.field, c.old, c.new) for c in changes_of_dataset(plan, VILLE, RULES)]


@pytest.mark.parametrize(
    ("name", "old", "new", "changes"),
    [
        ("title", "A", "B", [("title", "A", "B")]),
        ("license", None, "fr-lo", [("license", None, "fr-lo")]),
        ("description_short", "old", "", [("description_short", "old", None)]),
        ("private", True, False, [("private", True, False)]),
        ("tags", ("a",), ("a", "b"), [("tags", ["a"], ["a", "b"])]),
        ("next_update", None, date(2026, 1, 2), [("next_update", None, "2026-01-02")]),
        (
            "temporal_coverage",
            TemporalCoverage(date(2024, 1, 1)),
            TemporalCoverage(date(2024, 1, 1), date(2024, 12, 31)),
            [("temporal_coverage.end", None, "2024-12-31")],
        ),
        (
            "spatial",
            Spatial(None, "fr:commune", drawn=True),
            Spatial(("fr:region:11",), "fr:commune", drawn=False),
            [
                ("spatial.zones", None, ["fr:region:11"]),
                ("spatial.geometry", "an area drawn on the portal", None),
            ],
        ),
        (
            "access",
            None,
            Access("restricted", (("company", "price"),)),
            [
                ("access.type", None, "restricted"),
                ("access.audiences", None, {"company": "price"}),
            ],
        ),
        (
            "extras",
            {"theirs": 1, "flag": True, "gone": "x"},
            {"theirs": 1, "flag": 1, "new": ["a"]},
            [
                ("extras.flag", True, 1),
                ("extras.new", None, ["a"]),
                ("extras.gone", "x", None),
            ],
        ),
    ],
)
def test_each_field_is_told_by_its_parts(name: str, old: Any, new: Any, changes: Any) -> None:
    assert told(DatasetMetadata(**{name: old}), DatasetMetadata(**{name: new})) == changes


def test_what_becomes_of_the_dataset_itself_is_told_too() -> None:
    nothing = DatasetMetadata()
    assert told(nothing, nothing, move=Move(VILLE), restores=True) == [
        ("owner", "the account itself", "Ville"),
        ("deleted", True, False),
    ]
    new = Plan(CreateDataset(DatasetMetadata(title="T")))
    assert [c.field for c in changes_of_dataset(new, VILLE, RULES)] == ["title", "owner"]
    draft = Plan(KeepDataset(RemoteDataset("d", nothing)), releases=True)
    (private,) = changes_of_dataset(draft, VILLE, RULES)
    assert (private.field, private.old, private.new) == ("private", True, False)


def test_a_long_text_is_cut_to_where_it_differs() -> None:
    same = "mot " * 200
    cut = change("description", f"{same}vieux {same}", f"{same}neuf {same}")
    assert cut.old.startswith("…")
    assert "vieux" in cut.old
    assert "neuf" in cut.new
    assert len(cut.old) <= MOST
    assert cut.digest is not None
    assert change("title", "short", "Short").digest is None


def test_a_long_list_is_cut_likewise() -> None:
    zones = [f"fr:commune:{n}" for n in range(500)]
    cut = change("spatial.zones", zones, [*zones[:300], "fr:x", *zones[301:]])
    assert cut.old[4] == "fr:commune:300"
    assert cut.new[4] == "fr:x"
    assert len(cut.new) <= MOST_ITEMS + 2
    assert cut.digest


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=700),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=60,
)


@given(JSON, JSON, JSON)
def test_told_is_bounded_and_what_is_equal_when_told_is_equal(old: Any, a: Any, b: Any) -> None:
    one, two = change("f", old, a), change("f", old, b)
    assert len(repr(one)) < 60 * (MOST + MOST_ITEMS * MOST)
    if a != b:
        assert one != two
    assert change("f", old, a) == one


@given(st.text(), st.text(), st.integers(5, 80))
def test_excerpts_fit_and_keep_the_first_difference(old: str, new: str, most: int) -> None:
    cut_old, cut_new = differing_parts(old, new, most)
    assert max(len(cut_old), len(cut_new)) <= max(most, 5)
    if old != new and most > 40:
        assert cut_old != cut_new
