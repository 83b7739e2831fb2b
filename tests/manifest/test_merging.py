from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import Place
from bulkpub.manifest.merging import merge, with_defaults
from bulkpub.manifest.nodes import from_python, plain

SCALARS = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=2)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def merged(default: Any, own: Any) -> Any:
    return plain(merge(from_python(default, "d"), from_python(own, "o")))


@pytest.mark.parametrize(
    ("default", "own", "result"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1, "y": {"z": 2}}}, {"a": {"y": {"w": 3}}},
         {"a": {"x": 1, "y": {"z": 2, "w": 3}}}),
        ({"a": {"x": 1}}, {"a": 3}, {"a": 3}),
        ({"a": 3}, {"a": {"x": 1}}, {"a": {"x": 1}}),
    ],
)  # fmt: skip # one case a line
def test_mappings_merge_deep_and_everything_else_is_replaced(
    default: Any, own: Any, result: Any
) -> None:
    assert merged(default, own) == result


@given(TREES)
def test_nothing_changes_against_itself_or_against_nothing(tree: Any) -> None:
    assert merged(tree, tree) == tree
    assert merged({}, tree) == tree


@given(TREES, TREES, TREES)
def test_it_does_not_matter_which_two_are_merged_first(one: Any, two: Any, three: Any) -> None:
    # Unless a mapping stands between two that are not: then it hides, and rightly so.
    if all(isinstance(tree, dict) for tree in (one, two, three)) and _same_shape(one, two, three):
        assert merged(one, merged(two, three)) == merged(merged(one, two), three)


def _same_shape(*trees: dict[str, Any]) -> bool:
    for key in "abc":
        values = [tree[key] for tree in trees if key in tree]
        kinds = {isinstance(value, dict) for value in values}
        if len(kinds) > 1 or (kinds == {True} and not _same_shape(*values)):
            return False
    return True


@given(TREES, TREES)
def test_what_the_dataset_says_always_stands(default: Any, own: Any) -> None:
    def stands(result: Any, said: Any) -> bool:
        if isinstance(said, dict):
            return isinstance(result, dict) and all(stands(result[key], said[key]) for key in said)
        return bool(result == said)

    assert stands(merged(default, own), own)


@given(TREES, TREES)
def test_every_value_keeps_the_place_where_it_was_written(default: Any, own: Any) -> None:
    node = merge(from_python(default, "d"), from_python(own, "o"))
    assert node.place == Place("o")
    if isinstance(node.value, dict) and isinstance(own, dict):
        for key, child in node.value.items():
            assert child.place.file.startswith("o" if key in own else "d")


@pytest.mark.parametrize(
    ("defaults", "own", "result"),
    [
        ({"organization": "o"}, {"personal": True}, {"personal": True}),
        ({"organization": "o"}, {"personal": False}, {"organization": "o", "personal": False}),
        ({"personal": True}, {"organization": "o"}, {"organization": "o"}),
        ({"personal": True}, {"organization": None}, {"personal": True, "organization": None}),
        ({"description": "D"}, {"description_file": "f"}, {"description_file": "f"}),
        ({"description_file": "f"}, {"description": "D"}, {"description": "D"}),
        ({}, {"organization": "o", "personal": True}, {"organization": "o", "personal": True}),
    ],
)
def test_saying_one_of_a_pair_takes_the_other_away(
    defaults: dict[str, Any], own: dict[str, Any], result: dict[str, Any]
) -> None:
    node = with_defaults(from_python(defaults, "d"), from_python(own, "o"))
    assert plain(node) == result
