from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import DatasetMetadata, Prune, TemporalCoverage
from tests.manifests import Loaded, parse

Read = Callable[..., Loaded]
Problems = Callable[..., list[str]]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("licence: x", "unknown key 'licence' (did you mean 'license'?)"),
        ("Tags: [route]", "unknown key 'Tags' (did you mean 'tags'?)"),
        ("acronym: true", ("'acronym' must be text, not true; put it between quotes if you mean "
         "the word")),
        ("acronym: [a, 2]", "'acronym' must be text, not a list"),
        ("acronym: {a: b}", "'acronym' must be text, not a mapping"),
        ("license: ''", "'license' is empty: write something, or take the line away"),
        ("frequency: dayly", "'frequency' cannot be 'dayly' (did you mean 'daily'?)"),
        ("prune: everything", "'prune' cannot be 'everything'; it is one of none, ours, all"),
        ("tags: route", "'tags' must be a list, not 'route': write it as a list, [route]"),
        ("tags: 2024", "'tags' must be a list, not the number 2024: write it as a list, [2024]"),
        ("tags: {a: b}", "unknown key 'a'; 'tags' knows add, remove"),
        ("tags: [true]", ("item 1 of 'tags' must be text, not true; put it between quotes if you "
         "mean the word")),
        ("tags: [route, ~]", "item 2 of 'tags' must be text, not nothing"),
        ("tags: [à]", ("the tag 'à' is too short: the portal keeps it as 'a' and wants 3 to 96 "
         "characters")),
        (f"tags: [{'x' * 97}]", (f"the tag '{'x' * 40}…' is too long: the portal wants 3 to 96 "
         "characters")),
        ("private: no", ("'private' must be true or false, not 'no'; yes, no, on and off are only "
         "text")),
        ("archived: 1", "'archived' must be true or false, not the number 1"),
        ("contact_points: x", "'contact_points' must be a list, not 'x': write it as a list, [x]"),
        ("spatial: fr", "'spatial' must be a mapping of names and values, not 'fr'"),
        ("spatial: {}", "'spatial' needs 'zones', a 'geometry' or a 'granularity'"),
        ("spatial: {zone: [x]}", "unknown key 'zone' (did you mean 'zones'?)"),
        ("spatial: {zones: fr}", ("'zones' of 'spatial' must be a list, not 'fr': write it as a "
         "list, [fr]")),
        ("spatial: {zones: [[]]}", "item 1 of 'zones' of 'spatial' must be text, not a list"),
        ("temporal_coverage: 2024", ("'temporal_coverage' must be a mapping of names and values, "
         "not the number 2024")),
        ("temporal_coverage: {end: 2024}", "'temporal_coverage' needs a 'start'"),
        ("temporal_coverage: {start: 2024-13}", ("'start' of 'temporal_coverage' is 2024-13, which "
         "is in no calendar")),
        ("temporal_coverage: {start: 2023-02-29}", ("'start' of 'temporal_coverage' is 2023-02-29, "
         "which is in no calendar")),
        ("temporal_coverage: {start: 2024-00}", ("'start' of 'temporal_coverage' is 2024-00, which "
         "is in no calendar")),
        ("temporal_coverage: {start: 2024-01-00}", ("'start' of 'temporal_coverage' is 2024-01-00, "
         "which is in no calendar")),
        ("temporal_coverage: {start: '0000'}", ("'start' of 'temporal_coverage' is 0000, which is "
         "in no calendar")),
        ("temporal_coverage: {start: 1/2/2024}", ("'start' of 'temporal_coverage' must be a day, a "
         "month or a year, as in 2024-01-31, 2024-01 or 2024, not '1/2/2024'")),
        ("temporal_coverage: {start: 2024, end: 2023-12}", ("the period ends on 2023-12-31, before "
         "it starts on 2024-01-01")),
        ("personal: yes please", ("'personal' must be true or false, not 'yes please'; yes, no, on "
         "and off are only text")),
        ("extras: x", "'extras' must be a mapping of names and values, not 'x'"),
        ("extras: {a: null}", "the extra 'a' has no value, which the portal refuses"),
        ("extras: {a: [1, null]}", ("an item of the extra 'a' has no value, which the portal "
         "refuses")),
        ("extras: {'$b': 1}", ("the extra '$b' cannot have that name: no $ in front, and no NUL "
         "in it")),
        ("extras: {a: {$b: 1}}", ("the extra '$b' cannot have that name: no $ in front, and no "
         "NUL in it")),
        ("tags: {add: x}", "'add' of 'tags' must be a list, not 'x': write it as a list, [x]"),
        ("tags: {add: [ok-tag, x]}", ("the tag 'x' is too short: the portal wants 3 to 96 "
         "characters")),
        ("tags: {ad: [ok-tag]}", "unknown key 'ad' (did you mean 'add'?)"),
        ("tags: {add: [Été], remove: [ete]}", "'tags' cannot both add and remove 'ete'"),
        ("next_update: 2027-01", "'next_update' must be a day, as in 2027-01-31, not '2027-01'"),
        ("next_update: 2027-02-30", "'next_update' is 2027-02-30, which is in no calendar"),
        ("extras: {'': 1}", "an extra has an empty name"),
        ("extras: {'bulkpub:key': x}", (
         "the extra 'bulkpub:key' cannot be set: bulkpub keeps names "
         "with 'bulkpub:' for itself")),
        ("extras: {a: 1e999}", ("the extra 'a' is a number beyond what the portal can store: put "
         "it between quotes")),
        (f"extras: {{a: {2**63}}}", ("the extra 'a' is a number beyond what the portal can store: "
         "put it between quotes")),
        ("description_file: x.md", ("a dataset has only one of 'description' and "
         "'description_file'")),
        ("resources: a.csv", ("'resources' must be a list, not 'a.csv'; begin each resource with "
         "a dash")),
        ("resources: {path: a.csv}", ("'resources' must be a list, not a mapping; begin each "
         "resource with a dash")),
        ("resources: [a.csv]", ("a resource must be a mapping, not 'a.csv'; for a file write "
         "`path: a.csv`")),
    ],
)  # fmt: skip # one case a line or two
def test_a_mistake_in_a_dataset_is_told_in_plain_words(
    line: str, message: str, one_dataset: Callable[[str], list[str]]
) -> None:
    assert message in one_dataset(line)


def test_an_unknown_key_near_nothing_is_told_with_those_that_exist(
    one_dataset: Callable[[str], list[str]],
) -> None:
    (message,) = one_dataset("zzz: 1")
    assert message.startswith("unknown key 'zzz'; a dataset knows description, ")
    (message,) = one_dataset("spatial: {zzz: 1, granularity: x}")
    assert message == "unknown key 'zzz'; 'spatial' knows zones, geometry, granularity"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {}", [("3:3: a dataset needs a 'title', or the 'id' of one that is on the portal "
                  "already"),
                  ("3:3: a dataset needs a 'description' or a 'description_file': the portal "
                  "creates none without (only one with an 'id' may leave it out)")]),
        ("- T", ["3:3: a dataset must be a mapping, not 'T'"]),
        ("- ~", ["3:3: a dataset must be a mapping, not nothing"]),
        ("- {title: '!', description: D}", [("3:11: nothing of this title can serve as a key: give "
                                            "the dataset a 'key'")]),
        ("- {title: ' ', description: D}", [("3:11: 'title' is empty: write something, or take the "
                                            "line away")]),
        (f"- {{title: {'x' * 351}, description: D}}", [("3:11: 'title' has 351 characters; the "
                                                       "portal takes 350 at most")]),
        (f"- {{title: T, description: {'x' * 100_001}}}", [("3:27: 'description' has 100001 "
                                                           "characters; the portal takes 100000 "
                                                           "at most")]),
        ("- {id: x, organization: o, personal: true}", [("3:38: a dataset is either in an "
                                                        "'organization' or 'personal', not both")]),
    ],
)  # fmt: skip # as above
def test_what_a_dataset_needs(text: str, expected: list[str], problems: Problems) -> None:
    assert problems(f"organization: o\ndatasets:\n{text}\n") == expected


def test_everything_wrong_is_told_at_once_each_at_its_place(problems: Problems) -> None:
    text = """\
portl: demo
title: T
license: x
defaults: 3
datasets:
  - title: T
    tags: [ok, route,
           true]
    resources:
      - path: gone.csv
        type: mainn
      - link: x
"""
    assert [each.split(": ")[0] for each in problems(text)] == [
        "1:1", "2:1", "3:1", "4:11", "6:5", "6:5", "7:12", "8:12", "10:15", "11:15", "12:15",
    ]  # fmt: skip # places read best in one line
    assert problems(text)[1:3] == [
        "2:1: 'title' belongs in a dataset, one of those in 'datasets'",
        "3:1: 'license' belongs in a dataset, one of those in 'datasets', or in 'defaults'",
    ]


@pytest.mark.parametrize("key", ["engine", "workers"])
def test_a_manifest_does_not_say_where_the_work_is_done(problems: Problems, key: str) -> None:
    """It may be anybody's, and the API key goes there."""
    said = (
        f"'{key}' has no place in a manifest: whoever runs it says where the work is done, with "
        f"`{key}` or BULKPUB_{key.upper()}"
    )
    sound = "organization: o\ndatasets: [{title: T, description: D}]\n"
    assert problems(f"{key}: tcp://192.0.2.1\n{sound}") == [f"1:1: {said}"]
    assert f"1:16: {said}" in problems(f'{{"version": 1, "{key}": 2}}\n', "m.jsonl")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("acronym: 2024.10", DatasetMetadata(acronym="2024.10")),
        ("acronym: ''", DatasetMetadata(acronym="")),
        ("license: null", DatasetMetadata()),
        ("description_short: ' En bref. '", DatasetMetadata(description_short="En bref.")),
        ("description_short: ''", DatasetMetadata(description_short="")),
        ("description_short: null", DatasetMetadata(description_short="")),
        ("tags: [2024, Vélo, velo, VÉLO ]", DatasetMetadata(tags=("2024", "velo"))),
        ("tags: []", DatasetMetadata(tags=())),
        ("extras: {}", DatasetMetadata(extras={})),
        (
            "extras: {a: 01, b: 2024-01-01, c: [1, {d: false}], e: 1.50}",
            DatasetMetadata(
                extras={"a": "01", "b": "2024-01-01", "c": [1, {"d": False}], "e": 1.5}
            ),
        ),
        ("frequency: realtime", DatasetMetadata(frequency="realtime")),
        ("frequency: fiveTimesAWeek", DatasetMetadata(frequency="fiveTimesAWeek")),
    ],
)
def test_what_is_written_is_what_is_wanted(
    line: str, expected: DatasetMetadata, read: Read
) -> None:
    loaded = read(f"datasets:\n  - id: x\n    {line}\n")
    assert loaded.problems == ()
    assert loaded.datasets[0].metadata == expected


@pytest.mark.parametrize(
    ("default", "own", "expected"),
    [
        ("En bref.", "", "En bref."),
        ("En bref.", ", description_short: Autre.", "Autre."),
        ("En bref.", ", description_short: null", ""),
        ("En bref.", ", description_short: ''", ""),
        ("''", "", ""),
        ("null", "", None),
    ],
)
def test_null_in_a_dataset_empties_its_short_description_and_in_the_defaults_says_nothing(
    default: str, own: str, expected: str | None, read: Read
) -> None:
    text = f"defaults: {{description_short: {default}}}\ndatasets: [{{id: x{own}}}]\n"
    loaded = read(text)
    assert loaded.problems == ()
    assert loaded.datasets[0].metadata == DatasetMetadata(description_short=expected)


def test_a_short_description_has_200_characters_at_most(
    one_dataset: Callable[[str], list[str]], schema_faults: Callable[[Any], list[str]]
) -> None:
    assert one_dataset(f"description_short: {'x' * 200}") == []
    assert one_dataset(f"description_short: {'x' * 201}") == [
        "'description_short' has 201 characters; the portal takes 200 at most"
    ]
    assert schema_faults({"datasets": [{"id": "x", "description_short": "x" * 201}]})


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024", "2024", (date(2024, 1, 1), date(2024, 12, 31))),
        ("2024-02", "2024-02", (date(2024, 2, 1), date(2024, 2, 29))),
        ("2024-02-03", "2024-02-03", (date(2024, 2, 3), date(2024, 2, 3))),
        ("'2024'", "~", (date(2024, 1, 1), None)),
    ],
)
def test_a_year_or_month_is_widened(
    start: str, end: str, expected: tuple[date, date | None], read: Read
) -> None:
    text = f"datasets: [{{id: x, temporal_coverage: {{start: {start}, end: {end}}}}}]"
    assert read(text).datasets[0].metadata.temporal_coverage == TemporalCoverage(*expected)


@pytest.mark.parametrize(
    ("title", "key"), [("2024", "2024"), ("Comptages vélo", "comptages-velo"), ("'yes'", "yes")]
)
def test_the_key_is_the_slug_of_the_title_unless_told(title: str, key: str, read: Read) -> None:
    text = f"{{organization: o, datasets: [{{title: {title}, description: D%s}}]}}"
    assert read(text % "").datasets[0].key == key
    assert read(text % ", key: Mine!").datasets[0].key == "Mine!"


def test_prune_is_none_unless_told(read: Read) -> None:
    loaded = read("datasets: [{id: a}, {id: b, prune: none}, {id: c, prune: all}]")
    assert [each.prune for each in loaded.datasets] == [Prune.NONE, Prune.NONE, Prune.ALL]


@pytest.mark.parametrize(
    ("version", "sound"),
    [("1", True), ("'1'", True), ("1.0", True), ("2", False), ("true", False), ("one", False)],
)
def test_only_version_1_is_read(version: str, sound: bool, read: Read) -> None:  # noqa: FBT001 # a table
    loaded = read(f"version: {version}\ndatasets: [{{id: a}}]")
    assert bool(loaded.datasets) is sound
    assert [each.line for each in loaded.problems] == ([] if sound else [1])


def test_a_description_comes_from_a_file(read: Read, write: Write) -> None:
    write("d.md", "\ufeffUne *description*\n\n")
    loaded = read("datasets: [{title: T, organization: o, description_file: d.md}]")
    assert loaded.datasets[0].metadata.description == "Une *description*"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the description file d.md is empty"),
        (b" \n", "the description file d.md is empty"),
        (b"caf\xe9", "the description file d.md is not UTF-8 text"),
        (b"x" * 100_001, ("the description file d.md has more than 100000 characters, the most "
         "the portal takes")),
        (b"x" + b" " * 500_000 + b"y", ("the description file d.md has more than 100000 "
         "characters, the most the portal takes")),
        ("é".encode() * 300_000, ("the description file d.md has more than 100000 characters, the "
         "most the portal takes")),
    ],
)  # fmt: skip # as above
def test_a_description_file_that_cannot_serve(
    content: bytes, message: str, problems: Problems, write: Write
) -> None:
    write("d.md", content)
    text = "organization: o\ndatasets:\n- title: T\n  description_file: d.md\n"
    assert problems(text) == [f"4:21: {message}"]


def test_white_space_around_a_description_does_not_count(read: Read, write: Write) -> None:
    write("d.md", "\n" + "é" * 100_000 + "\r\n" * 9)
    loaded = read("datasets: [{id: x, description_file: d.md}]")
    assert loaded.datasets[0].metadata.description == "é" * 100_000


def test_a_description_file_that_is_not_there(problems: Problems, write: Write) -> None:
    write("folder/x")
    text = "datasets:\n- {title: T, organization: o, description_file: %s}\n"
    assert problems(text % "gone.md")[0].endswith("the description file gone.md does not exist")
    assert problems(text % "folder")[0].endswith("the description file folder is a folder")
    assert "holds a character no path can have" in problems(text % '"a\\0"')[0]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "zones", "start", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "key",
        "id",
        "title",
        "description",
        "acronym",
        "license",
        "frequency",
        "tags",
        "organization",
        "personal",
        "private",
        "archived",
        "temporal_coverage",
        "spatial",
        "extras",
        "contact_points",
        "prune",
        "resources",
        "path",
        "x",
    ]
)


@given(
    st.dictionaries(FIELDS, VALUES, max_size=6),
    st.dictionaries(st.sampled_from(["version", "portal", "defaults", "organization"]), VALUES),
)
def test_whatever_is_written_ends_as_a_dataset_or_as_problems_in_our_own_words(
    dataset: dict[str, Any], header: dict[str, Any]
) -> None:
    loaded = parse({**header, "datasets": [dataset]})
    assert bool(loaded.datasets) != bool(loaded.problems)
    for problem in loaded.problems:
        assert "Input should" not in problem.message
        assert "{field}" not in problem.message
