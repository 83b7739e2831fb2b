import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.manifest.json_text import read_json
from bulkpub.manifest.nodes import Node, Number, Unreadable, plain, walk
from bulkpub.manifest.yaml_text import read_yaml
from tests.manifests import Loaded, load

Problems = Callable[..., list[str]]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("2024", 2024),
        ("2024-01-01", "2024-01-01"),
        ("12:30:00", "12:30:00"),
        ("01", "01"),
        ("010", "010"),
        ("0", 0),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("'true'", "true"),
        ('"2024"', "2024"),
        ("!!str 2024", "2024"),
        ("! 2024", "2024"),
        ("!!int '3'", 3),
        ("=", "="),
    ],
)
def test_a_yaml_word_means_what_yaml_1_2_says_or_stays_text(text: str, value: Any) -> None:
    root = read_yaml(f"a: {text}\n", "m.yaml")
    assert root is not None
    assert plain(root) == {"a": value}
    assert type(plain(root)["a"]) is type(value)


def test_a_number_keeps_the_text_it_was_written_as() -> None:
    root = read_yaml("[1.50, 0x1F, 2024]", "m.yaml")
    assert root is not None
    assert isinstance(root.value, list)
    assert [each.value for each in root.value] == [Number("1.50"), Number("0x1F"), Number("2024")]


def test_yaml_anchors_aliases_and_merge_keys_work() -> None:
    root = read_yaml(
        "a: &a {x: 1, y: [2]}\nb: {<<: *a, x: 3}\nc: {<<: [{z: 4}, *a]}\nd: *a\n&k e: &v f\n"
        "g: {*k : *v, '<<': h}\n",
        "m.yaml",
    )
    assert root is not None
    assert plain(root) == {
        "a": {"x": 1, "y": [2]},
        "b": {"x": 3, "y": [2]},
        "c": {"x": 1, "y": [2], "z": 4},
        "d": {"x": 1, "y": [2]},
        "e": "f",
        "g": {"e": "f", "<<": "h"},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: this manifest is empty"),
        ("# nothing\n", "1:1: this manifest is empty"),
        ("~", "1:1: this manifest is empty"),
        ("- a", "1:1: a manifest must be a mapping with 'datasets', not a list"),
        ("hello", "1:1: a manifest must be a mapping with 'datasets', not 'hello'"),
        ("version: 1", "1:1: a manifest needs 'datasets', the list of what to publish"),
        ("datasets:", "1:10: 'datasets' is empty: there is nothing to publish"),
        ("datasets: []", "1:11: 'datasets' is empty: there is nothing to publish"),
        (
            "datasets: {title: T}",
            "1:11: 'datasets' must be a list, not a mapping; begin each dataset with a dash",
        ),
        (
            "datasets:\n  - title: a: b",
            (
                "2:13: this is not YAML: there is a ':' where none can be; put the text between "
                "quotes, or look at the indentation"
            ),
        ),
        (
            "datasets:\n\t- title: a",
            "2:1: this is not YAML: lines are indented with spaces, never with tabs",
        ),
        ("a: 'x", "1:6: this is not YAML: a quote is opened here and never closed"),
        ("a: [b", "1:6: this is not YAML: a , or a closing ] is missing before this"),
        ("a: [b\nc: d\n", "2:2: this is not YAML: a , or a closing ] is missing before this"),
        ("é: @b", "1:4: this is not YAML: text cannot begin with @: put it between quotes"),
        (
            "a: b\n  - c: d\n -e",
            (
                "2:6: this is not YAML: there is a ':' where none can be; put the text between "
                "quotes, or look at the indentation"
            ),
        ),
        (
            "a:\n    b: c\n  d: e",
            "3:3: this is not YAML: this does not fit what is above it: look at the indentation",
        ),
        ("a: \x01", "1:4: this is not YAML: the character U+0001 is not allowed"),
        ('a: "\\UFFFFFFFF"', "0:0: this is not YAML: it holds an impossible escape"),
        ('a: "\\ud800"', "1:4: this text holds a broken character (half of a surrogate pair)"),
        ("a: 1\nb: 2\na: 3", "3:1: the key 'a' is already there, at {file}:1:1"),
        (
            "a: !money 3",
            (
                "1:4: the tag !money means nothing in a manifest: take it away, or put text that "
                "begins with ! between quotes"
            ),
        ),
        (
            "a: !!python/name:os.system x",
            (
                "1:4: the tag tag:yaml.org,2002:python/name:os.system means nothing in a manifest: "
                "take it away"
            ),
        ),
        (
            "a: !!set {b}",
            "1:4: the tag tag:yaml.org,2002:set means nothing in a manifest: take it away",
        ),
        ("a: &x [*x]", "1:8: *x refers to what it is itself part of"),
        (
            "a: *x",
            (
                "1:4: *x refers to an anchor &x that is not above it; text that begins with * goes "
                "between quotes"
            ),
        ),
        ("<<: 3", "1:5: `<<` merges mappings, and this is not one"),
        ("? [a]\n: b", "1:3: a key must be text, not a list or a mapping"),
        ("a: 1\n---\nb: 2", "2:1: a manifest is one document: take this `---` away"),
        ("[" * 200, "1:102: values are nested more than 100 deep"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_with_its_place(
    text: str, problem: str, problems: Problems, tmp_path: Path
) -> None:
    assert problems(text)[0] == problem.replace("{file}", str(tmp_path / "m.yaml"))


def test_aliases_cannot_fill_the_memory(problems: Problems) -> None:
    bomb = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    message = "the aliases add up to more values than a manifest can hold"
    assert message in problems("\n".join(bomb))[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: this manifest is empty"),
        ("[]", "1:1: a manifest must be a mapping with 'datasets', not a list"),
        ('{"a": 1,}', "1:9: this is not JSON: there is a comma before the closing }"),
        ("[1,,2]", "1:4: this is not JSON: a value is missing before ,"),
        ('{"a": }', "1:7: this is not JSON: a value is missing before }"),
        ('{"a": 1\n\t"b": 2}', "2:2: this is not JSON: '\"' cannot stand here"),
        ('{"a": "x"\n\t"b": 2}', "2:2: this is not JSON: a comma is missing before this quote"),
        ("{'a': 1}", "1:2: this is not JSON: text stands between double quotes, not single ones"),
        ("// x\n{}", "1:1: this is not JSON: it has no comments"),
        ('{"a": NaN}', "1:7: this is not JSON: 'N' cannot stand here"),
        ('{"a": ', "1:7: this is not JSON: the text ends before everything is closed"),
        (
            '{"a": "x\ny"}',
            "1:9: this is not JSON: inside text, a line end is written \\n and a tab \\t",
        ),
        (
            '{"id": 1}\n{"id": 2}',
            (
                "2:1: this is not JSON: there is a second value; the name of a file with one a "
                "line ends in .jsonl"
            ),
        ),
        ('{\n\t"é": 1,\n\t"é": 2}', "3:2: the key 'é' is already there, at {file}:2:2"),
        ("[" * 150 + "]" * 150, "1:102: values are nested more than 100 deep"),
    ],
)
def test_json_that_cannot_be_read_is_told_with_its_place(
    text: str, problem: str, problems: Problems, tmp_path: Path
) -> None:
    assert problems(text, "m.json")[0] == problem.replace("{file}", str(tmp_path / "m.json"))


def test_json_indented_with_tabs_has_lines_and_columns(problems: Problems) -> None:
    text = (
        '{\n\t"datasets": [\n\t\t{"id": "x",\n\t\t "é\\n": 1, "tags": ["route",\n\t\t\t3]}\n\t]\n}'
    )
    assert [each.split(": ")[0] for each in problems(text, "m.json")] == ["4:4", "5:4"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, "\t", " \t "]), st.booleans())
def test_the_json_scanner_agrees_with_the_standard_library(
    value: Any,
    indent: int | str | None,
    ascii_only: bool,  # noqa: FBT001 # Hypothesis fills it
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert plain(read_json(text, "m.json")) == json.loads(text)


@given(JSON, st.sampled_from([None, 1, "\t"]))
def test_the_json_scanner_points_at_where_each_value_begins(
    value: Any, indent: int | str | None
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    lines = text.split("\n")

    def at(node: Node) -> str:
        return lines[node.place.line - 1][node.place.column - 1 :]

    for node in walk(read_json(text, "m.json")):
        match node.value:
            case dict():
                assert at(node).startswith("{")
            case list():
                assert at(node).startswith("[")
            case _:
                assert at(node).startswith(json.dumps(plain(node), ensure_ascii=False))


@given(st.text(alphabet="ab:-,[]{}&*!|>'\"\\#%@`?<~ \t\n\r0é\x00\x85\u2028\ud800", max_size=40))
def test_no_text_at_all_breaks_the_yaml_reader(text: str) -> None:
    try:
        read_yaml(text, "m.yaml")
    except Unreadable as error:
        assert str(error)  # noqa: PT017 # one of the two allowed ends


@given(st.text(alphabet='ab:,[]{}"\\u0123 \t\n-e.é', max_size=40))
def test_no_text_at_all_breaks_the_json_reader(text: str) -> None:
    try:
        value = plain(read_json(text, "m.json"))
    except Unreadable:
        return
    assert value == json.loads(text)


def test_a_byte_order_mark_counts_for_nothing(
    problems: Problems, read: Callable[..., Loaded]
) -> None:
    text = b"\xef\xbb\xbfdatasets: [{id: x}]"
    assert read(text).problems == ()
    assert problems(text + b"\n \t-")[0].startswith("2:")
    assert read(b'\xef\xbb\xbf{"id": "x"}', "m.jsonl").problems == ()
    assert problems(b"\xef\xbb\xbftitl: x")[0].startswith("1:1: ")


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("m.yaml", b"a: b\n\xc3\xa9: caf\xe9\n", "2:7"),
        ("m.json", b'{"\xe9": 1}', "1:3"),
        ("m.jsonl", b'{"id": "x"}\n\n{"id": "\xe9"}\n', "3:9"),
        ("m.yaml", "a: b".encode("utf-16"), "1:1"),
    ],
)
def test_a_manifest_that_is_not_utf8_is_told_where(
    name: str, content: bytes, place: str, problems: Problems
) -> None:
    message = f"{place}: this is not UTF-8: save the manifest as UTF-8 and try again"
    assert problems(content, name) == [message]


@pytest.mark.parametrize("name", ["gone.yaml", "gone.json", "gone.jsonl", "gone.txt"])
def test_a_manifest_that_does_not_exist(name: str, tmp_path: Path) -> None:
    assert [str(each) for each in load([tmp_path / name]).problems] == [
        f"{tmp_path / name}: this manifest does not exist"
    ]


@pytest.mark.parametrize("name", ["d.yaml", "d.jsonl", "d"])
def test_a_manifest_that_is_a_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    assert [each.message for each in load([tmp_path / name]).problems] == [
        "this is a folder, not a manifest"
    ]


def test_a_manifest_that_cannot_be_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("m.yaml", "datasets: []")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert [each.message for each in load([path]).problems] == [
        "this manifest cannot be read: permission denied"
    ]


def test_a_manifest_goes_by_its_name(write: Write) -> None:
    assert [each.message for each in load([write("m.doc", "")]).problems] == [
        (
            "a manifest's name ends in one of .yaml .yml .json .toml .jsonl .ndjson .csv .tsv .txt "
            ".xlsx .xlsm .ods"
        )
    ]
    assert load(["\0.yaml"]).problems[0].message == "the name holds a character no path can have"


def test_a_broken_line_spoils_only_itself(read: Callable[..., Loaded]) -> None:
    loaded = read('{"id": "a"}\n{"id": "b",}\n\r\n  {"id": "c"}\r\n', "m.ndjson")
    assert [each.key for each in loaded.datasets] == ["a", "c"]
    assert [(each.place.line, each.place.column) for each in loaded.datasets] == [(1, 1), (4, 3)]
    assert [(each.line, each.column) for each in loaded.problems] == [(2, 12)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: this manifest is empty"]),
        ("\n\n", ["1:1: this manifest is empty"]),
        ('{"version": 1}', ["1:1: there is no dataset after the first line"]),
        ("[]", ["1:1: a dataset must be a mapping, not a list"]),
        (
            '{"version": 1, "datasets": [{"id": "a"}]}\n{"id": "b"}',
            ["1:16: 'datasets' has no place here: in this spelling every line is a dataset"],
        ),
        (
            '{"portal": "demo", "licence": "x"}\n{"id": "b"}',
            [
                (
                    "1:20: unknown key 'licence'; a manifest knows $schema, version, portal, "
                    "organization, key_env, organizations, destinations, defaults, vars, "
                    "vars_file, timezone, datasets"
                )
            ],
        ),
        ('{"id": "b"}\n{"portal": "demo", "id": "c"}', ["2:2: unknown key 'portal'"]),
        (
            '{"id": "b", "organisation": "o"}',
            ["1:13: unknown key 'organisation' (did you mean 'organization'?)"],
        ),
    ],
)
def test_jsonl_mistakes(text: str, expected: list[str], problems: Problems) -> None:
    found = problems(text, "m.jsonl")
    assert len(found) == len(expected)
    assert all(each.startswith(start) for each, start in zip(found, expected, strict=True))


def test_the_first_line_is_a_header_only_when_it_is_no_dataset(
    read: Callable[..., Loaded],
) -> None:
    header = read('{"organization": "o"}\n{"id": "b"}', "m.jsonl")
    assert [(each.key, each.organization) for each in header.datasets] == [("b", "o")]
    dataset = read('{"organization": "o", "id": "a"}\n{"id": "b"}', "m.jsonl")
    assert [(each.key, each.organization) for each in dataset.datasets] == [("a", "o"), ("b", None)]
