"""Manifests as a stream: one dataset at a time, and what is only known at the end."""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bulkpub.core.model import DatasetSpec, ResourceSpec
from bulkpub.manifest.nodes import Node
from tests.manifests import load, stream

Write = Callable[..., Path]

MANY = 300


def alive(kind: type) -> int:
    return sum(type(each) is kind for each in gc.get_objects())


def lines(write: Write, *datasets: Mapping[str, object], name: str = "m.jsonl") -> Path:
    header = {"version": 1, "organization": "o"}
    return write(name, "".join(json.dumps(each) + "\n" for each in (header, *datasets)))


def of_lines(write: Write) -> Path:
    link = {"link": "https://example.org/"}
    return lines(write, *({"id": f"d{number}", "resources": [link]} for number in range(MANY)))


def of_a_table(write: Write) -> Path:
    rows = (f"d{number},https://example.org/\n" for number in range(MANY))
    return write("m.csv", "dataset_id,link\n" + "".join(rows))


@pytest.mark.usefixtures("only_new_objects")
@pytest.mark.parametrize("made", [of_lines, of_a_table])
def test_only_the_dataset_at_hand_is_in_memory(made: Callable[[Write], Path], write: Write) -> None:
    before = {kind: alive(kind) for kind in (DatasetSpec, ResourceSpec, Node)}
    most = dict.fromkeys(before, 0)
    given = 0
    for spec in stream([made(write)]):
        given += 1
        assert len(spec.resources) == 1
        if given % 50 == 0:
            most = {kind: max(most[kind], alive(kind) - before[kind]) for kind in before}
    assert given == MANY
    assert 1 <= most[DatasetSpec] <= 2
    assert most[ResourceSpec] <= 2
    assert most[Node] < 30


def test_a_manifest_is_only_opened_when_it_is_its_turn(write: Write) -> None:
    def paths() -> Iterator[Path]:
        yield lines(write, {"id": "a"})
        opened.append("second")
        yield lines(write, {"id": "b"}, name="n.jsonl")

    opened: list[str] = []
    read = iter(stream(paths()))
    assert next(read).key == "a"
    assert opened == []
    assert [each.key for each in read] == ["b"]


def test_what_another_dataset_spoils_further_down_is_told_by_its_number(write: Write) -> None:
    read = stream(
        [
            lines(
                write,
                {"id": "a"},
                {"id": "b", "x": 1},
                {"id": "c"},
                {"id": "a"},
                {"id": "d"},
                {"id": "d", "key": "other"},
                {"id": "e"},
            )
        ]
    )
    given = list(read)
    assert [each.id for each in given] == ["a", "c", "d", "e"]
    assert read.spoilt == {0, 2}
    assert [(each.line, each.dataset) for each in read.problems] == [
        (3, "b"),
        (5, "a"),
        (7, "other"),
    ]


def test_a_dataset_that_is_not_given_out_spoils_no_other_under_its_number(write: Write) -> None:
    twins = [
        {"id": "x", "key": "k"},
        {"id": "y", "key": "k"},  # left out, and its number goes to the next
        {"id": "z"},
        {"id": "y", "key": "l"},
    ]
    path = lines(write, *twins)
    read = stream([path])
    assert [each.id for each in read] == ["x", "z"]
    assert read.spoilt == {0}
    assert [each.id for each in load([path]).datasets] == ["z"]


def test_an_unsound_dataset_spoils_the_sound_one_with_its_key(write: Write) -> None:
    path = lines(write, {"id": "a"}, {"id": "a", "x": 1})
    read = stream([path])
    assert [each.id for each in read] == ["a"]
    assert read.spoilt == {0}
    assert load([path]).datasets == ()


def test_of_several_manifests_all_is_said_once_at_the_end(write: Write) -> None:
    first = write("a.yaml", "portal: one\ndatasets: [{id: a}, {id: b, x: 1}]\n")
    second = write("b.yaml", "portal: two\ndatasets: [{id: a}]\n")
    read = stream([first, second])
    assert [each.id for each in read] == ["a"]
    assert read.portal is None
    assert read.spoilt == {0}
    assert [(Path(each.file).name, each.line) for each in read.problems] == [
        ("a.yaml", 2),
        ("b.yaml", 1),
        ("b.yaml", 2),
    ]
    assert load([first, second]).problems == read.problems
