from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from bulkpub.core import finish as finish_
from bulkpub.core.actions import ListItem
from bulkpub.core.finish import final_order, in_order
from bulkpub.core.model import (
    KEY_EXTRA,
    DatasetSpec,
    FileSource,
    LinkSource,
    RemoteResource,
    ResourceMetadata,
    ResourceSpec,
)
from bulkpub.portals.udata import RULES

finishing = partial(finish_.finishing, rules=RULES)
unfinished = partial(finish_.unfinished, rules=RULES)


def entry(key: str, link: str | None = None) -> ResourceSpec:
    return ResourceSpec(key, LinkSource(link) if link else FileSource(f"/m/{key}.csv", key))


def wanted(key: str, title: str = "T") -> ResourceMetadata:
    return ResourceMetadata(title=title, extras={KEY_EXTRA: key})


def there(
    id_: str, key: str | None = None, title: str = "T", *, hosted: bool = True, url: str = ""
) -> RemoteResource:
    extras = {} if key is None else {KEY_EXTRA: key}
    metadata = ResourceMetadata(title=title, extras=extras)
    return RemoteResource(id_, metadata, hosted=hosted, url=url)


def manifest(*keys: str) -> DatasetSpec:
    return DatasetSpec("d", resources=tuple(entry(key) for key in keys))


IDS = {"a": "A", "b": "B", "c": "C"}


@pytest.mark.parametrize(
    ("now", "created", "expected"),
    [
        ("ABC", "", "ABC"),
        ("CBA", "", "ABC"),
        ("CBA", "ABC", "ABC"),
        ("XCYBZA", "", "XAYBZC"),
        ("AXBYC", "", "AXBYC"),
        ("XYZ", "", "XYZ"),
        ("CAXB", "C", "AXBC"),
        ("CBXAY", "CB", "XAYBC"),
        ("BXC", "", "BXC"),
        ("CXB", "", "BXC"),
        ("", "", ""),
    ],
)
def test_ours_follow_the_manifest_in_the_places_they_have_and_new_ones_come_last(
    now: str, created: str, expected: str
) -> None:
    order = final_order(manifest("a", "b", "c"), IDS, list(now), frozenset(created))
    assert "".join(order) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [("ABC", True), ("AXBYC", True), ("BAC", False), ("C", True), ("CXA", False), ("", True)],
)
def test_order_is_that_of_ours_among_themselves(
    now: str,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert in_order(manifest("a", "b", "c"), IDS, list(now)) == expected


def test_an_entry_without_a_resource_has_no_place() -> None:
    assert in_order(manifest("a", "b"), {"b": "B"}, ["B", "A"])
    assert final_order(manifest("a", "b"), {"b": "B"}, ["B", "A"], frozenset()) == ("B", "A")


def test_nothing_is_sent_when_all_is_as_wanted() -> None:
    now = [there("A", "a"), there("X"), there("B", "b")]
    words = {"a": wanted("a"), "b": wanted("b")}
    assert finishing(manifest("a", "b"), words, IDS, now) is None


def test_one_wrong_title_sends_the_whole_list_but_writes_that_title_alone() -> None:
    now = [there("A", "a", "f.csv"), there("X"), there("B", "b")]
    words = {"a": wanted("a"), "b": wanted("b")}
    assert finishing(manifest("a", "b"), words, IDS, now) == (
        ListItem("A", ResourceMetadata(title="T")),
        ListItem("X"),
        ListItem("B"),
    )


def test_another_order_alone_writes_nothing() -> None:
    now = [there("B", "b"), there("A", "a")]
    words = {"a": wanted("a"), "b": wanted("b")}
    items = finishing(manifest("a", "b"), words, IDS, now)
    assert items == (ListItem("A"), ListItem("B"))


def test_a_link_gets_its_new_address() -> None:
    spec = DatasetSpec("d", resources=(entry("a", "https://new/"),))
    now = [there("A", "a", hosted=False, url="https://old/")]
    items = finishing(spec, {"a": wanted("a")}, {"a": "A"}, now)
    assert items == (ListItem("A", url="https://new/"),)


def test_a_file_that_was_uploaded_onto_a_link_becomes_hosted() -> None:
    stored = "https://portal/slug/20260102-030405/a.csv"
    now = [replace(there("A", "a", hosted=False, url=stored), digest="0" * 40, uploaded=True)]
    items = finishing(manifest("a"), {"a": wanted("a")}, {"a": "A"}, now)
    assert items == (ListItem("A", host=True),)


def test_a_link_whose_file_did_not_arrive_stays_a_link() -> None:
    now = [there("A", "a", hosted=False, url="https://elsewhere/a.csv")]
    assert finishing(manifest("a"), {"a": wanted("a")}, {"a": "A"}, now) is None


def test_an_entry_that_failed_is_left_alone() -> None:
    now = [there("A", "a", "old"), there("B", "b", "old")]
    items = finishing(manifest("a", "b"), {"b": wanted("b")}, {"b": "B"}, now)
    assert items == (ListItem("A"), ListItem("B", ResourceMetadata(title="T")))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([there("A", "a"), there("X"), there("B", "b")], {}),
        ([there("A", "a", "f.csv"), there("B", "b")], {"a": "did not take over: title"}),
        ([there("A"), there("B", "b")], {"a": "did not take over: extras"}),
        ([there("B", "b")], {"a": "vanished"}),
        ([there("A", "a"), there("B", "b", hosted=False, url="https://x/")], {"b": "address"}),
    ],
)
def test_what_the_answer_lacks_is_told_entry_by_entry(
    answer: Sequence[RemoteResource], words: dict[str, str]
) -> None:
    said = {"a": wanted("a"), "b": wanted("b")}
    lacking = unfinished(manifest("a", "b"), said, IDS, answer)
    assert lacking.keys() == words.keys()
    assert all(word in lacking[key] for key, word in words.items())


def test_an_answer_in_another_order_is_not_what_was_wanted() -> None:
    said = {"a": wanted("a"), "b": wanted("b")}
    answer = [there("B", "b"), there("A", "a")]
    assert unfinished(manifest("a", "b"), said, IDS, answer) != {}
