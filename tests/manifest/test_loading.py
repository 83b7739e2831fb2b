import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.errors import Problem
from tests.manifests import Loaded, load

Read = Callable[..., Loaded]
Write = Callable[..., Path]


def told(loaded: Loaded) -> list[tuple[int, str | None]]:
    return [(each.line, each.dataset) for each in loaded.problems]


def keys(loaded: Loaded) -> list[str]:
    return [each.key for each in loaded.datasets]


def test_a_dataset_with_a_problem_is_left_out_and_the_others_are_not(read: Read) -> None:
    loaded = read(
        "datasets:\n- {id: a}\n- {id: b, x: 1}\n"
        "- {title: Café du port, organization: o, prune: x}\n- {id: c}\n- 3\n"
    )
    assert keys(loaded) == ["a", "c"]
    assert told(loaded) == [(3, "b"), (4, "cafe-du-port"), (4, "cafe-du-port"), (6, "#5")]


def test_a_faulty_default_is_told_once_and_spoils_what_inherits_it(read: Read) -> None:
    loaded = read("defaults: {frequency: dayly, extras: {$b: 1}}\ndatasets: [{id: a}, {id: b}]\n")
    assert keys(loaded) == []
    assert told(loaded) == [(1, None), (1, None)]


@pytest.mark.parametrize(
    "defaults",
    ["{licence: x}", "{title: T}", "{resources: []}", "3", "[a]", "{description_file: gone.md}"],
)
def test_every_faulty_default_belongs_to_the_whole_manifest(defaults: str, read: Read) -> None:
    loaded = read(f"defaults: {defaults}\ndatasets: [{{title: T}}]\n")
    assert keys(loaded) == []
    assert (1, None) in told(loaded)
    assert [each for each in loaded.problems if each.line == 1 and each.dataset] == []


def test_what_cannot_be_a_default_is_told_so(read: Read) -> None:
    (problem,) = read("defaults: {key: k}\ndatasets: [{id: a}]\n").problems
    assert problem.message == "'key' cannot be a default: every dataset has its own"


@pytest.mark.parametrize("head", ["portl: x", "version: 9", "organization: []", "portal: ''"])
def test_a_faulty_header_belongs_to_the_whole_manifest(head: str, read: Read) -> None:
    loaded = read(f"{head}\ndatasets: [{{id: a}}]\n")
    assert keys(loaded) == []
    assert told(loaded) == [(1, None)]


def test_a_faulty_manifest_leaves_the_other_manifests_alone(write: Write) -> None:
    first = write("a.yaml", "version: 9\ndatasets: [{id: a}]")
    second = write("b.yaml", "datasets: [{id: b}]")
    assert keys(load([first, second])) == ["b"]


def test_an_alias_in_a_dataset_is_the_fault_of_the_dataset(read: Read) -> None:
    loaded = read("datasets:\n- {id: a, acronym: &x [1]}\n- {id: b, acronym: *x}\n")
    assert told(loaded) == [(2, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("head", "dataset", "organization"),
    [
        ("", "", None),
        ("organization: top", "", "top"),
        ("organization: top\ndefaults: {organization: default}", "", "default"),
        ("organization: top", "organization: own", "own"),
        ("organization: top", "personal: true", None),
        ("organization: top\ndefaults: {personal: true}", "", None),
        ("organization: top\ndefaults: {personal: true}", "organization: own", "own"),
        ("organization: top", "organization: null", None),
    ],
)
def test_who_publishes_a_dataset(
    head: str, dataset: str, organization: str | None, read: Read
) -> None:
    loaded = read(f"{head}\ndatasets:\n- id: a\n  {dataset}\n")
    assert loaded.problems == ()
    assert loaded.datasets[0].organization == organization


OWNERLESS = (
    "say who publishes this dataset: 'organization' (its id or slug; at the top of the manifest "
    "for all datasets), or 'personal: true' for the account of the API key"
)


@pytest.mark.parametrize(
    ("head", "dataset"),
    [
        ("", ""),
        ("", "organization: null"),
        ("", "personal: false"),
        ("", "personal: null"),
        ("organization: null", ""),
        ("organization: top", "organization: null"),
        ("defaults: {personal: true}", "personal: false"),
    ],
)
def test_a_dataset_to_be_created_must_say_who_publishes_it(
    head: str, dataset: str, problems: Callable[..., list[str]]
) -> None:
    text = f"{head}\ndatasets:\n- title: T\n  description: D\n  {dataset}\n"
    assert problems(text) == [f"3:3: {OWNERLESS}"]


@pytest.mark.parametrize(
    ("head", "dataset", "organization"),
    [
        ("organization: top", "", "top"),
        ("organization: top", "personal: false", "top"),
        ("defaults: {organization: default}", "", "default"),
        ("", "organization: own", "own"),
        ("", "personal: true", None),
        ("defaults: {personal: true}", "", None),
        ("", "id: known", None),
    ],
)
def test_who_publishes_a_dataset_is_said_in_any_of_these_places(
    head: str, dataset: str, organization: str | None, read: Read
) -> None:
    loaded = read(f"{head}\ndatasets:\n- title: T\n  description: D\n  {dataset}\n")
    assert loaded.problems == ()
    assert loaded.datasets[0].organization == organization


@pytest.mark.parametrize(
    ("head", "dataset"),
    [
        ("organization: []", ""),
        ("defaults: {organization: []}", ""),
        ("", "organization: []"),
        ("", "personal: maybe"),
    ],
)
def test_an_owner_written_wrongly_is_not_also_missing(head: str, dataset: str, read: Read) -> None:
    loaded = read(f"{head}\ndatasets:\n- title: T\n  description: D\n  {dataset}\n")
    (problem,) = loaded.problems
    assert problem.message != OWNERLESS


def test_manifests_are_read_together_in_the_order_given(write: Write) -> None:
    first = write("z.yaml", "portal: demo\norganization: o\ndatasets: [{id: b}, {id: a}]")
    second = write("a.json", '{"datasets": [{"id": "c"}]}')
    loaded = load([first, second])
    assert [(each.key, each.organization) for each in loaded.datasets] == [
        ("b", "o"),
        ("a", "o"),
        ("c", None),
    ]
    assert loaded.portal == "demo"


def test_problems_are_sorted_by_manifest_as_given_then_by_place(write: Write) -> None:
    first = write("z.yaml", "datasets:\n- {x: 1, id: a}\n- {id: b, y: 1}\nz: 1\n")
    second = write("a.yaml", "q: 1\ndatasets: []")
    assert [(Path(each.file).name, each.line) for each in load([first, second]).problems] == [
        ("z.yaml", 2),
        ("z.yaml", 3),
        ("z.yaml", 4),
        ("a.yaml", 1),
        ("a.yaml", 2),
    ]


def test_manifests_that_disagree_about_the_portal(write: Write) -> None:
    paths = [
        write("a.yaml", "portal: demo\ndatasets: [{id: a}]"),
        write("b.yaml", "datasets: [{id: b}]"),
        write("c.yaml", "portal: www\ndatasets: [{id: c}]"),
    ]
    loaded = load(paths)
    assert loaded.portal is None
    assert loaded.problems == (
        Problem(
            str(paths[2]),
            1,
            9,
            f"this manifest is for the portal www, the one at {paths[0]}:1:9 for demo",
        ),
    )
    assert load(paths[:2]).portal == "demo"


def test_no_manifest_at_all_is_nothing() -> None:
    assert load([]) == Loaded((), (), None)


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        (
            "{key: k, title: A, description: D}",
            "{key: k, title: B, description: D}",
            "the key 'k' is already that of the dataset at {place}: give one of them another 'key'",
        ),
        (
            "{title: Vélos !, description: D}",
            "{title: velos, description: D}",
            ("the key 'velos' is already that of the dataset at {place}: give one of them another "
            "'key'"),
        ),
        ("{id: i}", "{id: i}", "the id 'i' is already that of the dataset at {place}"),
        ("{id: i, key: a}", "{id: i, key: b}", ("the id 'i' is already that of the dataset at "
         "{place}")),
    ],
)  # fmt: skip # one case a line or two
def test_two_datasets_that_are_one_are_both_named_and_neither_is_published(
    one: str, two: str, message: str, write: Write
) -> None:
    first = write("a.yaml", f"organization: o\ndatasets:\n- {{id: other}}\n- {one}\n")
    second = write("b.yaml", f"organization: o\ndatasets:\n- {two}\n")
    loaded = load([first, second])
    assert keys(loaded) == ["other"]
    assert [(each.file, each.line, each.column, each.message) for each in loaded.problems] == [
        (str(second), 3, 3, message.replace("{place}", f"{first}:4:3"))
    ]


def test_each_file_is_looked_at_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        write(f"d/{number}.csv")
    looked_at: list[str] = []
    real = os.stat

    def stat(path: str, *args: Any, **kwargs: Any) -> Any:
        looked_at.append(str(path))
        return real(path, *args, **kwargs)

    path = write(
        "m.yaml",
        "organization: o\ndatasets: [{title: T, description: D, resources: [{glob: 'd/*.csv'}]}]",
    )
    monkeypatch.setattr("os.stat", stat)
    loaded = load([path])
    assert len(loaded.datasets[0].resources) == 50
    files = [each for each in looked_at if each.endswith(".csv")]
    assert len(files) == len(set(files)) == 50


def test_a_file_to_be_published_is_never_opened(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.csv")
    path = write("m.yaml", "datasets: [{id: a, resources: [{path: a.csv}, {glob: 'b*', "
                 "optional: true}]}]")  # fmt: skip # one manifest
    opened: list[str] = []
    real = os.open

    def open_(path: Any, *args: Any, **kwargs: Any) -> int:
        opened.append(Path(path).name)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("opened"))
    assert load([path]).problems == ()
    assert set(opened) == {"m.yaml"}
