"""Read quickly or carefully, a manifest says the same: datasets, problems, places and warnings.

Trees that are only made when somebody looks into them are made at once here, for comparison.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import Place
from bulkpub.manifest import csv_table, json_text, table, yaml_text
from bulkpub.manifest.nodes import Deferred, Doubtful, Node, Value, walk
from tests.manifests import load

Mapping = dict[str, Any]

LONG = "x" * 351
TEXTS = st.sampled_from(
    [
        "a",
        "é ",
        "",
        " ",
        "{stem}",
        "{{stem}}",
        "{nope}",
        "{",
        "{day}",
        LONG,
        "\t",
        'q"\\',
        "😀",
        "\0",
    ]
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 1, 1.5, -0.0, 10**30, [], {}, ["a"], {"a": 1}, [[]]]
)
FILES = st.sampled_from(
    ["a.csv", "b.csv", "c/d.csv", "./a.csv", "gone.csv", "a.cvs", "c", "x\\y.csv", "~", "c//d.csv"]
)
ADDRESSES = st.sampled_from(
    ["https://a.example/f.csv", "http://a.example/?token=s", "ftp://h/x", "a.csv", "s3://b/*.csv"]
)
WORDS = st.sampled_from(["main", "documentation", "dayly", "daily", "csv", "not-empty", "x"])
DEEP = st.recursive(ODD | TEXTS, lambda inner: st.lists(inner, max_size=2), max_leaves=3)
EXTRAS = st.dictionaries(st.sampled_from(["k", "a.b", "bulkpub:key", "$x"]), DEEP, max_size=2)
GUARD = st.fixed_dictionaries(
    {}, optional={"empty": WORDS | st.just("allow"), "shrink": st.just("50%") | ODD}
)
SCHEMA = st.just({"name": "n", "version": "1"}) | st.just({"version": "1"}) | TEXTS


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual, and now and then something else."""
    return st.one_of(usual, usual, usual, usual, ODD)


ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "path": mostly(FILES),
        "title": mostly(TEXTS),
        "description": mostly(TEXTS),
        "type": mostly(WORDS),
        "key": mostly(TEXTS),
        "id": mostly(TEXTS),
        "schema": mostly(SCHEMA),
        "extras": mostly(EXTRAS),
        "guard": mostly(GUARD),
        "check": mostly(WORDS),
        "optional": ODD,
        "titel": TEXTS,
    },
)
FEW_WAYS = st.sampled_from(["path", "path", "path", "glob", "url", "link", "host"])


@st.composite
def entries(draw: st.DrawFn) -> Any:
    if draw(st.integers(0, 15)) == 0:
        return draw(ODD)
    entry: Mapping = draw(ENTRIES)
    way = draw(FEW_WAYS)
    values = {"path": FILES, "glob": FILES | st.sampled_from(["*.csv", "**"]), "host": ODD}
    entry[way] = draw(values.get(way, ADDRESSES))
    if draw(st.booleans()):  # as most are
        return {key: each for key, each in entry.items() if key in {way, "title"}}
    return entry


@st.composite
def datasets(draw: st.DrawFn) -> Any:
    if draw(st.integers(0, 15)) == 0:
        return draw(ODD)
    dataset: Mapping = {}
    for key, values in (
        ("key", TEXTS),
        ("id", st.sampled_from(["a", "b"])),
        ("title", TEXTS),
        ("description", TEXTS),
        ("guard", GUARD),
        ("check", WORDS),
        ("extras", EXTRAS),
        ("licence", TEXTS),
        ("vars", st.just({"day": "1"})),
    ):
        if draw(st.integers(0, 2)) == 0:
            dataset[key] = draw(mostly(values))
    if draw(st.integers(0, 3)):
        dataset["id"] = draw(st.sampled_from(["a", "b", "c"]))
    dataset["resources"] = draw(st.one_of(st.lists(entries(), max_size=5), ODD))
    return dataset


HEADERS = st.fixed_dictionaries(
    {"version": mostly(st.just(1))},
    optional={
        "organization": mostly(st.just("o")),
        "portal": mostly(st.just("demo")),
        "defaults": mostly(st.fixed_dictionaries({}, optional={"guard": GUARD, "tags": ODD})),
    },
)
MANIFESTS = st.tuples(HEADERS, st.lists(datasets(), min_size=1, max_size=3))
BLEMISHES = st.none() | st.tuples(
    st.floats(0, 1),
    st.sampled_from(
        [
            *('"', ",", ":", "{", "}", "[", "]", "\\", "\n", "\t", " ", "'", "#", "x", "-", "0"),
            *('"path":"a.csv",', '"path" : "a.csv" ,', "NaN", "\\ud800", "\\ud83d\\ude00", "é"),
            *(",,", "[" * 120, '{"a":' * 60, "null", "1e999", "\u2028", "\x85"),
        ]
    ),
    st.booleans(),
)
"""Where something is put into the text, what it is, and whether it replaces what is there."""


def blemished(text: str, blemish: tuple[float, str, bool] | None) -> str:
    if blemish is None:
        return text
    where, what, replaces = blemish
    offset = round(where * len(text))
    return f"{text[:offset]}{what}{text[offset + replaces * len(what) :]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quickly")
    (folder / "c").mkdir()
    for name in ("a.csv", "b.csv", "c/d.csv"):
        (folder / name).write_text("a;b\n", encoding="utf-8")
    return folder


def no_reader(*_: object, **__: object) -> Any:
    raise Doubtful


def at_once(_said: object, place: Place, read: Callable[[], Value]) -> Node:
    return Node(read(), place)


@contextmanager
def carefully() -> Iterator[None]:
    with (
        patch.object(json_text, "read_quickly", no_reader),
        patch.object(table, "Deferred", at_once),
        patch.object(yaml_text, "quick_events", no_reader),
    ):
        yield


def same(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    quick = load([path])
    with carefully():
        careful = load([path])
    assert quick.problems == careful.problems
    assert quick == careful
    assert [each.places for each in quick.datasets] == [each.places for each in careful.datasets]


@given(MANIFESTS, BLEMISHES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_a_document_of_json_is_read_alike(
    folder: Path, manifest: Any, blemish: Any, indent: Any, plain: Any
) -> None:
    header, listed = manifest
    text = json.dumps({**header, "datasets": listed}, indent=indent, ensure_ascii=plain)
    same(folder / "m.json", blemished(text, blemish))


@given(MANIFESTS, BLEMISHES, st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :\t")]))
def test_lines_of_json_are_read_alike(
    folder: Path, manifest: Any, blemish: Any, separators: Any
) -> None:
    header, listed = manifest
    lines = [json.dumps(each, separators=separators, ensure_ascii=False) for each in listed]
    same(folder / "m.jsonl", blemished("\n".join([json.dumps(header), *lines]), blemish))


@given(MANIFESTS, BLEMISHES, st.sampled_from([None, False]))
def test_a_document_of_yaml_is_read_alike(
    folder: Path, manifest: Any, blemish: Any, flow: Any
) -> None:
    header, listed = manifest
    text = yaml.safe_dump(
        {**header, "datasets": listed}, sort_keys=False, allow_unicode=True, default_flow_style=flow
    )
    same(folder / "m.yaml", blemished(text, blemish))


COLUMNS = [
    *("dataset", "dataset_id", "dataset_title", "description", "path", "title", "link", "check"),
    *("guard_shrink", "guard_empty", "optional", "schema", "resource_key", "resource_id", "", "x"),
]
CELLS = st.one_of(
    st.just(""),
    st.sampled_from(
        ["a", "b", " a ", "a.csv", "gone.csv", "c/d.csv", "https://a.example/f", "oui"]
    ),
    st.sampled_from(["50%", "allow", "true", "TRUE", "csv,zip", ";", 'q"q', "{stem}", "{", "é\n"]),
)
HEADS = st.lists(st.sampled_from(COLUMNS[:-2]), min_size=1, max_size=7, unique=True).flatmap(
    lambda names: st.permutations(["dataset_id", *names])
)


@given(HEADS, st.lists(st.lists(CELLS, max_size=9), max_size=6), BLEMISHES, st.sampled_from(",;\t"))
def test_a_table_is_read_alike(
    folder: Path, head: list[str], rows: list[list[str]], blemish: Any, separator: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([list(dict.fromkeys(head)), *rows])
    same(folder / "m.csv", blemished(text.getvalue(), blemish))


@given(st.lists(st.text(" aé;'\t\u2028", max_size=5), min_size=1), st.sampled_from(";,"))
def test_a_record_without_quotes_has_the_cells_it_has_beside_a_quoted_one(
    cells: list[str], separator: str
) -> None:
    head, line = f"a{separator}b\n", separator.join(cells)
    alone = list(csv_table.records([head, f"{line}\n"], "m.csv"))[1:]
    beside = list(csv_table.records([head, f'{line}{separator}"x"\n'], "m.csv"))[1]
    assert [each.cells() for each in alone] == [beside.cells()[:-1]] * len(alone)
    assert bool(alone) == bool(line.replace(separator, "").strip())


@given(st.lists(entries(), max_size=4))
def test_a_tree_that_was_put_off_is_the_one_that_is_made_at_once(listed: Any) -> None:
    text = json.dumps({"id": "a", "resources": listed}, indent=2)
    quick = json_text.read_json(text, "m.json", holds="a dataset")
    shapes = [
        [
            (node.place, node.key, node.value)
            for node in walk(root)
            if not isinstance(node.value, dict | list)
        ]
        for root in (quick, json_text.read_json(text, "m.json"))
    ]
    assert shapes[0] == shapes[1]


def test_of_what_is_usual_no_tree_is_made(folder: Path) -> None:
    made: list[object] = []

    def counting(*arguments: object) -> Any:
        made.append(arguments)
        raise AttributeError

    usual = {"path": "a.csv", "title": "T", "type": "main", "check": ["csv"]}
    linked = {"link": "https://a.example/", "title": "L", "format": "csv"}
    dataset = {"id": "a", "guard": {"shrink": "50%"}, "resources": [usual, linked]}
    path = folder / "usual.jsonl"
    path.write_text(json.dumps(dataset), encoding="utf-8")
    with patch.object(Deferred, "__getattr__", counting):
        loaded = load([path])
    assert made == []
    assert loaded.problems == ()
    assert len(loaded.datasets[0].resources) == 2
