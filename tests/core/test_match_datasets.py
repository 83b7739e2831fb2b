from dataclasses import replace
from typing import Any

import pytest

from bulkpub.core.match import Conflict
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetMetadata,
    DatasetSpec,
    RemoteDataset,
    State,
)
from tests.core.matching import matched_datasets


def wanted(key: str, title: str | None = "Title", id_: str | None = None) -> DatasetSpec:
    return DatasetSpec(key, DatasetMetadata(title=title), id=id_)


def there(
    id_: str, title: str = "Title", key: str | None = None, *, deleted: bool = False
) -> RemoteDataset:
    extras = {} if key is None else {KEY_EXTRA: key}
    return RemoteDataset(id_, DatasetMetadata(title=title, extras=extras), deleted=deleted)


def found(spec: DatasetSpec, *remote: RemoteDataset) -> str | None:
    """The id of the dataset found, the message of a conflict, or None when it is new."""
    match matched_datasets([spec], remote).get(spec.key):
        case None:
            return None
        case Conflict(message=message):
            return message
        case dataset:
            return dataset.id


@pytest.mark.parametrize(
    ("spec", "remote", "expected"),
    [
        (wanted("k"), [], None),
        (wanted("k"), [there("d1", "Another")], None),
        (wanted("k"), [there("d1", "title")], None),
        (wanted("k", None), [there("d1")], None),
        (wanted("k"), [there("d1")], "d1"),
        (wanted("k"), [there("d1", "Another", "k")], "d1"),
        (wanted("k"), [there("d1"), there("d2", "Another", "k")], "d2"),
        (wanted("k", id_="d1"), [there("d1", "Another"), there("d2", key="k")], "d1"),
        (wanted("k"), [there("d1", key="theirs"), there("d2")], "d2"),
        (wanted("k"), [there("d1", key="theirs"), there("d2", "X", "k")], "d2"),
        (wanted("k"), [there("d1", key="theirs", deleted=True)], None),
        (wanted("k"), [there("d1", deleted=True)], None),
        (wanted("k"), [there("d1", deleted=True), there("d2")], "d2"),
        (wanted("k"), [there("d1", key="k", deleted=True), there("d2", "X", "k")], "d2"),
    ],
)
def test_a_dataset_is_found_by_id_then_key_then_title(
    spec: DatasetSpec, remote: list[RemoteDataset], expected: str | None
) -> None:
    assert found(spec, *remote) == expected
    assert found(spec, *reversed(remote)) == expected


@pytest.mark.parametrize(
    ("spec", "remote", "words"),
    [
        (wanted("k", id_="gone"), [there("d1", key="k")], ["no dataset with the id gone"]),
        (wanted("k", id_="d1"), [there("d1", deleted=True)], ["(d1) was deleted"]),
        (wanted("k"), [there("d1", key="k", deleted=True)], ["(d1) was deleted"]),
        (wanted("k"), [there("d1"), there("d2")], ["have its title", "(d1)", "(d2)"]),
        (
            wanted("k"),
            [there("d1", "A", "k"), there("d2", "B", "k")],
            ["carry its key", "'A' (d1)", "'B' (d2)"],
        ),
        (wanted("k"), [there("d1", key="theirs")], ["'k'", "'theirs'", "`id: d1`", "(d1)"]),
    ],
)
def test_what_cannot_be_told_is_a_conflict_that_says_why(
    spec: DatasetSpec, remote: list[RemoteDataset], words: list[str]
) -> None:
    message = found(spec, *remote)
    assert message is not None
    assert all(word in message for word in words)


def test_a_dataset_that_is_another_entry_is_not_found_by_its_title() -> None:
    remote = [there("d1", "Title", "other")]
    matched = matched_datasets([wanted("k"), wanted("other", "New title")], remote)
    assert matched == {"other": remote[0]}


def test_a_dataset_of_the_manifest_that_is_not_looked_for_now_is_nobody_elses() -> None:
    assert matched_datasets([wanted("k")], [there("d1", key="other")], {"other"}) == {}


def test_a_dataset_named_by_id_is_out_of_the_game_for_the_rest() -> None:
    remote = [there("d1", "Title", "k2")]
    specs = [wanted("k1", None, "d1"), wanted("k2", "Title"), wanted("k3", "Title")]
    assert matched_datasets(specs, remote) == {"k1": remote[0]}


def test_two_entries_of_one_title_cannot_both_be_the_dataset_that_has_it() -> None:
    matched = matched_datasets([wanted("k1"), wanted("k2")], [there("d1")])
    assert all(
        isinstance(each, Conflict) and "`id: d1`" in each.message for each in matched.values()
    )
    assert set(matched) == {"k1", "k2"}


def test_two_entries_of_one_title_are_told_apart_by_their_keys() -> None:
    remote = [there("d1", key="k1"), there("d2", key="k2")]
    assert matched_datasets([wanted("k2"), wanted("k1")], remote) == {
        "k1": remote[0],
        "k2": remote[1],
    }


def test_it_takes_time_in_proportion_to_how_many_there_are() -> None:
    class Counted(str):
        """A title that counts how often it is compared."""

        __slots__ = ()
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    many = 300
    specs = [wanted(f"k{n}", Counted(f"T{n}")) for n in range(many)]
    remote = [there(f"d{n}", Counted(f"T{n}")) for n in range(many)]
    matched = matched_datasets(specs, remote)
    assert {key: isinstance(each, RemoteDataset) for key, each in matched.items()} == {
        f"k{n}": True for n in range(many)
    }
    assert Counted.compared < 10 * many


# --- releases, by their tags ----------------------------------------------------------------


def release(id_: str, tag: str, key: str | None = None) -> RemoteDataset:
    return replace(there(id_, key=key), slug=tag)


def tagged(key: str, tag: str, **more: Any) -> DatasetSpec:
    return replace(wanted(key), release_tag=tag, **more)


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ([], None),
        ([release("1", "k-monday", "k")], None),  # neither its key nor its title make it this one
        ([release("1", "k-today")], "1"),
        ([release("1", "k-today", "k"), release("2", "k-monday", "k")], "1"),
        ([release("1", "k-today", "k"), release("2", "k-today")], "1"),  # drafts share a tag
    ],
)
def test_a_release_is_found_by_its_tag_alone(
    remote: list[RemoteDataset], expected: str | None
) -> None:
    assert found(tagged("k", "k-today"), *remote) == expected
    assert found(tagged("k", "k-today"), *reversed(remote)) == expected


@pytest.mark.parametrize(
    ("remote", "words"),
    [
        ([release("1", "t", "theirs")], "carries another key, 'theirs'"),
        ([release("1", "t"), release("2", "t")], "are releases of the tag 't'"),
        ([release("1", "t", "k"), release("2", "t", "k")], "are releases of the tag 't'"),
    ],
)
def test_a_release_that_may_be_anothers_is_a_conflict(
    remote: list[RemoteDataset], words: str
) -> None:
    assert words in (found(tagged("k", "t"), *remote) or "")


def test_only_a_release_with_our_key_is_made_absent() -> None:
    absent = tagged("k", "t", state=State.ABSENT)
    assert found(absent, release("1", "t")) is None
    assert found(absent, release("1", "t", "theirs")) is None
    assert found(absent, release("1", "t", "k")) == "1"


def test_several_datasets_are_not_one_release() -> None:
    matched = matched_datasets([tagged("a", "t"), tagged("b", "t"), tagged("c", "u")], [])
    assert matched.keys() == {"a", "b"}
    assert all(isinstance(each, Conflict) for each in matched.values())
