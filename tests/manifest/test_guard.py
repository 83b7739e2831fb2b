"""`guard:` as it is written: on a resource, on its dataset, or as a default."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import Guard, Html
from tests.manifests import Loaded, parse

Read = Callable[..., Loaded]
Problems = Callable[..., list[str]]
Write = Callable[..., Path]

INHERITED = "{empty: allow, shrink: 50%}"


@pytest.mark.parametrize(
    ("written", "guard"),
    [
        ("{empty: refuse}", Guard()),
        ("{empty: allow}", Guard(refuse_empty=False)),
        ("{empty: refuse, shrink: 50%}", Guard(max_shrink=0.5)),
        ("{shrink: 0.5}", Guard(max_shrink=0.5)),
        ("{shrink: .5}", Guard(max_shrink=0.5)),
        ("{shrink: '0.5'}", Guard(max_shrink=0.5)),
        ("{shrink: 29%}", Guard(max_shrink=0.29)),
        ("{shrink: ' 33.3 % '}", Guard(max_shrink=0.333)),
        ("{shrink: 0}", Guard(max_shrink=0.0)),
        ("{shrink: 0%}", Guard(max_shrink=0.0)),
        ("{shrink: 100%}", Guard(max_shrink=1.0)),
        ("{shrink: ~, empty: ~}", Guard()),
        ("{html: refuse}", Guard(html=Html.REFUSE)),
        ("{html: allow, empty: allow}", Guard(refuse_empty=False, html=Html.ALLOW)),
        ("{html: warn}", Guard()),
        ("{}", Guard()),
        ("~", Guard()),
    ],
)
def test_what_a_guard_says(read: Read, write: Write, written: str, guard: Guard) -> None:
    write("a.csv")
    text = f"""\
organization: o
datasets:
  - {{title: T, description: D, resources: [{{path: a.csv, guard: {written}}}]}}
"""
    loaded = read(text)
    assert loaded.problems == ()
    assert loaded.datasets[0].resources[0].guard == guard


@pytest.mark.parametrize(
    ("own", "guard"),
    [
        ("", Guard(refuse_empty=False, max_shrink=0.5)),
        (", guard: {}", Guard(refuse_empty=False, max_shrink=0.5)),
        (", guard: {shrink: 90%}", Guard(refuse_empty=False, max_shrink=0.9)),
        (", guard: {shrink: ~}", Guard(refuse_empty=False)),
        (", guard: {empty: refuse}", Guard(max_shrink=0.5)),
        (", guard: ~", Guard()),
    ],
)
@pytest.mark.parametrize("level", ["defaults", "dataset"])
def test_a_resource_inherits_the_guard_key_by_key(
    *, read: Read, write: Write, level: str, own: str, guard: Guard
) -> None:
    write("a.csv")
    defaults = f"defaults: {{guard: {INHERITED}}}\n" if level == "defaults" else ""
    dataset = f", guard: {INHERITED}" if level == "dataset" else ""
    loaded = read(f"""\
organization: o
{defaults}datasets:
  - {{title: T, description: D{dataset}, resources: [{{path: a.csv{own}}}]}}
""")
    assert loaded.problems == ()
    assert loaded.datasets[0].resources[0].guard == guard


def test_a_dataset_overrules_the_default_guard(read: Read, write: Write) -> None:
    write("a.csv")
    resources = "resources: [{path: a.csv}]"
    loaded = read(f"""\
organization: o
defaults: {{guard: {INHERITED}}}
datasets:
  - {{title: A, description: D, guard: {{shrink: 10%}}, {resources}}}
  - {{title: B, description: D, guard: ~, {resources}}}
  - {{title: C, description: D, {resources}}}
""")
    assert [each.resources[0].guard for each in loaded.datasets] == [
        Guard(refuse_empty=False, max_shrink=0.1),
        Guard(),
        Guard(refuse_empty=False, max_shrink=0.5),
    ]


def test_every_file_of_a_glob_is_guarded(read: Read, write: Write) -> None:
    write("1.csv")
    write("2.csv")
    loaded = read("""\
organization: o
datasets:
  - title: T
    description: D
    resources: [{glob: '*.csv', guard: {empty: allow}}]
""")
    assert [each.guard for each in loaded.datasets[0].resources] == 2 * [Guard(refuse_empty=False)]


def test_links_do_not_inherit_the_guard(read: Read) -> None:
    loaded = read(f"""\
organization: o
datasets:
  - title: T
    description: D
    guard: {INHERITED}
    resources: [{{link: 'https://example.org/'}}]
""")
    assert loaded.problems == ()
    assert loaded.datasets[0].resources[0].guard == Guard()


SHARE = "'shrink' of 'guard' must be a share from 0% to 100%, as in 50% or 0.5, not"


@pytest.mark.parametrize(
    ("guard", "message"),
    [
        ("refuse", "'guard' must be a mapping of names and values, not 'refuse'"),
        ("[empty]", "'guard' must be a mapping of names and values, not a list"),
        ("{empti: refuse}", "unknown key 'empti' (did you mean 'empty'?)"),
        ("{shrnk: 50%}", "unknown key 'shrnk' (did you mean 'shrink'?)"),
        ("{size: 3}", "unknown key 'size'; 'guard' knows empty, shrink, html"),
        ("{empty: refused}", "'empty' of 'guard' cannot be 'refused' (did you mean 'refuse'?)"),
        ("{empty: no}", "'empty' of 'guard' cannot be 'no'; it is one of allow, refuse"),
        ("{empty: true}", ("'empty' of 'guard' must be text, not true; put it between quotes if "
         "you mean the word")),
        ("{html: refused}", "'html' of 'guard' cannot be 'refused' (did you mean 'refuse'?)"),
        ("{html: no}", "'html' of 'guard' cannot be 'no'; it is one of allow, warn, refuse"),
        ("{shrink: half}", f"{SHARE} 'half'"),
        ("{shrink: true}", f"{SHARE} true"),
        ("{shrink: [50%]}", f"{SHARE} a list"),
        ("{shrink: ''}", f"{SHARE} ''"),
        ("{shrink: '%'}", f"{SHARE} '%'"),
        ("{shrink: 50}", f"{SHARE} the number 50; if you mean percent, write 50%"),
        ("{shrink: 12.5}", f"{SHARE} the number 12.5; if you mean percent, write 12.5%"),
        ("{shrink: '50'}", f"{SHARE} '50'; if you mean percent, write 50%"),
        ("{shrink: 1}", f"{SHARE} the number 1; if you mean percent, write 1%"),
        ("{shrink: 100}", f"{SHARE} the number 100; if you mean percent, write 100%"),
        ("{shrink: 1.0}", f"{SHARE} the number 1.0; if you mean percent, write 1.0%"),
        ("{shrink: 101}", f"{SHARE} the number 101"),
        ("{shrink: -0.5}", f"{SHARE} the number -0.5"),
        ("{shrink: -5%}", f"{SHARE} '-5%'"),
        ("{shrink: 100.1%}", f"{SHARE} '100.1%'"),
        ("{shrink: 1e-1}", f"{SHARE} the number 1e-1"),
        ("{shrink: '12,5%'}", f"{SHARE} '12,5%'"),
        ("{shrink: '\N{ARABIC-INDIC DIGIT FIVE}%'}", f"{SHARE} '\N{ARABIC-INDIC DIGIT FIVE}%'"),
    ],
)  # fmt: skip # one case a line or two
@pytest.mark.parametrize("level", ["dataset", "resource"])
def test_a_mistake_in_a_guard_is_told_in_plain_words(
    *, problems: Problems, write: Write, level: str, guard: str, message: str
) -> None:
    write("a.csv")
    dataset = f"{{id: x, guard: {guard}, resources: [{{path: a.csv}}]}}"
    if level == "resource":
        dataset = f"{{id: x, resources: [{{path: a.csv, guard: {guard}}}]}}"
    assert [each.split(": ", 1)[1] for each in problems(f"datasets:\n  - {dataset}\n")] == [message]


@pytest.mark.parametrize("guard", ["{empty: refuse}", "{}", "{shrink: 5}"])
def test_a_link_cannot_be_guarded(one_resource: Callable[[str], list[str]], guard: str) -> None:
    messages = one_resource(f"{{link: 'https://example.org/', guard: {guard}}}")
    assert "'guard' is for files: nothing is sent of a link" in messages


def test_each_mistake_is_told_once_where_it_is_written(problems: Problems, write: Write) -> None:
    write("a.csv")
    write("b.csv")
    assert problems("""\
organization: o
defaults:
  guard: {shrink: 50, empty: refuse}
datasets:
  - title: A
    description: D
    resources: [{path: a.csv}, {path: b.csv}]
  - title: B
    description: D
    guard:
      shrink: 10%
      emtpy: refuse
    resources: [{path: a.csv}, {path: b.csv, guard: {shrink: lots}}]
""") == [
        f"3:19: {SHARE} the number 50; if you mean percent, write 50%",
        "12:7: unknown key 'emtpy' (did you mean 'empty'?)",
        f"13:62: {SHARE} 'lots'",
    ]


def test_python_values_can_be_numbers_too(write: Write) -> None:
    base = write("a.csv").parent

    def guard(shrink: Any) -> Guard:
        entry = {"path": "a.csv", "guard": {"shrink": shrink}}
        loaded = parse({"datasets": [{"id": "x", "resources": [entry]}]}, base=base)
        assert loaded.problems == ()
        return loaded.datasets[0].resources[0].guard

    assert guard(0.25) == guard("25%") == Guard(max_shrink=0.25)
    assert guard(0) == Guard(max_shrink=0.0)
