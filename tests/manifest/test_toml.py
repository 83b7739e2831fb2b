"""TOML manifests: the same values as in YAML, and problems with their places."""

import tomllib
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.manifest.nodes import Unreadable, plain, walk
from bulkpub.manifest.toml_text import read_toml
from tests.manifests import Loaded

Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("1_000", 1000),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b101", 5),
        ("1.50", 1.5),
        ("-1e3", -1000.0),
        ("inf", "inf"),
        ("2024-01-31", "2024-01-31"),
        ("07:32:00", "07:32:00"),
        ("2024-01-31 07:32:00.5", "2024-01-31 07:32:00.5"),
        ("'a\\b'", "a\\b"),
        ('"a\\tb"', "a\tb"),
        ('"""\na\nb"""', "a\nb"),
        ('"""a \\\n  b"""', "a b"),
        ('""""a" """', '"a" '),
        ("'''a'''''", "a''"),
        ("[1, # one\n 2,\n]", [1, 2]),
        ("{a.b = 1, 'c d' = [{}]}", {"a": {"b": 1}, "c d": [{}]}),
    ],
)
def test_a_value_means_what_toml_says_or_stays_text(text: str, value: Any) -> None:
    root = read_toml(f"x = {text} # after\n", "m.toml")
    assert root is not None
    assert plain(root) == {"x": value}
    assert type(plain(root)["x"]) is type(value)


def test_tables_and_lists_of_tables() -> None:
    text = "[a.b]\nc = 1\n[a]\nd = 2\n[[e.f]]\n[e.f.g]\nh = 3\n[[e.f]]\n['i.j']\nk.l = 4\n"
    root = read_toml(text, "m.toml")
    assert root is not None
    assert plain(root) == tomllib.loads(text)
    lines = text.splitlines()
    for node in walk(root):
        if node.key:
            rest = lines[node.key.line - 1][node.key.column - 1 :]
            assert rest[0] in "abcdefghkl'"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: this manifest is empty"),
        ("# nothing\n", "1:1: this manifest is empty"),
        ("a", "1:2: this is not TOML: a '=' is missing after a key"),
        ("a =\n", "1:4: this is not TOML: a value is missing, or is text without quotes"),
        ("a = x", "1:5: this is not TOML: a value is missing, or is text without quotes"),
        ("a = 1\na = 2", "2:6: this is not TOML: this is written twice"),
        ("[a]\n[a]", "2:3: this is not TOML: this is written twice"),
        ("a = 'x", "1:7: this is not TOML: a quote is never closed"),
        ('a = "x\n"', "1:7: this is not TOML: a quote is never closed"),
        ("a = [1", "1:7: this is not TOML: a closing bracket is missing"),
        ("a = 1 b", "1:7: this is not TOML: there is more on this line than one value"),
        ("= 1", "1:1: this is not TOML: no key can begin like this"),
        (
            'a = "\\q"',
            (
                r"1:8: this is not TOML: a \ between double quotes begins an escape; write / "
                "between folders, or use single quotes"
            ),
        ),
        ("a = " + "[" * 120 + "]" * 120, "1:105: values are nested more than 100 deep"),
        (".".join("a" * 120) + " = 1", "1:1: values are nested more than 100 deep"),
        ("a = " + "[" * 9999, "0:0: values are nested more than 100 deep"),
        ("[[datasets]]\ntitel = 'T'\nid = 'x'", "2:1: unknown key 'titel' (did you mean 'title'?)"),
        (
            "[[datasets]]\nid = 'x'\ntags = ['route',\n'a']",
            "4:1: the tag 'a' is too short: the portal wants 3 to 96 characters",
        ),
        (
            "[[datasets]]\nid = 'x'\n[[datasets.resources]]\ntitle = 'T'",
            "3:1: a resource needs one of 'path'",
        ),
        ("[datasets]\nid = 'x'", "1:1: 'datasets' must be a list, not a mapping"),
    ],
)
def test_a_problem_has_its_place(text: str, problem: str, problems: Problems) -> None:
    assert problems(text, "m.toml")[0].startswith(problem)


KEY = st.text(alphabet="ab", min_size=1, max_size=3)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet="ab\"'\\\n\t =.[]{}#,é", max_size=8)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3)
)


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
            return f'"""{escaped}"""' if "\n" in value[1:] else f'"{escaped}"'.replace("\n", "\\n")
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{" + ", ".join(f"{key} = {written(each)}" for key, each in value.items()) + "}"
        case _:
            return repr(value)


@given(st.dictionaries(KEY, VALUES, min_size=1, max_size=4))
def test_the_scanner_agrees_with_the_standard_library(document: dict[str, Any]) -> None:
    text = "".join(f"{key} = {written(value)}\n" for key, value in document.items())
    root = read_toml(text, "m.toml")
    assert root is not None
    assert plain(root) == tomllib.loads(text)


def as_read(value: Any) -> Any:
    match value:
        case dict():
            return {key: as_read(each) for key, each in value.items()}
        case list():
            return list(map(as_read, value))
        case date() | time():
            return "a moment"
        case _:
            return value


@given(st.text(alphabet="ab=[]{}.,\"'#\\\n\r \t012-:_+e", max_size=30))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        root = read_toml(text, "m.toml")
    except Unreadable:
        return
    values = tomllib.loads(text)
    assert (plain(root) if root else {}).keys() == values.keys()


def test_line_ends_of_windows_and_a_byte_order_mark(read: Callable[..., Loaded]) -> None:
    text = b"\xef\xbb\xbf[[datasets]]\r\nid = 'x'\r\n[[datasets]]\r\nid = 'y'\r\n"
    loaded = read(text, "m.toml")
    assert [(each.key, each.place.line) for each in loaded.datasets] == [("x", 1), ("y", 3)]
