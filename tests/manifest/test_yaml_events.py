"""Two readers of YAML, one answer: where the quick one has one, the careful one has the same."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkpub.manifest.nodes import Doubtful, Node, Unreadable
from bulkpub.manifest.yaml_events import careful_events, quick_events
from bulkpub.manifest.yaml_quick import QuickComposer
from bulkpub.manifest.yaml_text import compose, read_yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted(ROOT.glob("manifests/**/*.yaml"))

PIECES = [
    *("a", "é", "😀", "\u00a0", "x y", "http://a.b/c?d=e&f#g", "a:b", "a #b", "a# b", ":x", "?x"),
    *("1", "01", "1e3", "0x1F", "1_000", "~", "null", "yes", "2024-01-01", "=", "+1"),
    *("key: ", "key:", "- ", "? ", ": ", ":", "-", "--", "?", "title: {stem}", "- x\n"),
    *("'", '"', "''", "'it''s'", '"q\\"q"', "\\n", "\\x41", "\\/", "\\"),
    *("[", "]", "{", "}", ", ", ",", "[a, b]", "{a: 1, b: [x, y]}", "['a', \"b\"]"),
    *("{a: http://x/?q, b:c}", "[a?b, c:d]", "[a:, b]", "{u: x:y"),
    *("|", "|-", ">", "|+\n  ", ">2\n", "|1", "|\n      x\n      y\n", ">-\n      x\n\n      y\n"),
    *(" ", "    ", "\n", "\n\n", "\n  ", "\n    ", "\n- ", "\n  - ", "  \n", "\r\n", "\r", "\t"),
    *("#", " # c", "&a ", "*a", "!", " !", "!!str ", "<<: ", "@", "`", "%", "---", "..."),
    *("\x7f", "\x85", "\u2028", "\ufeff", "a: b\n", "  c: d\n"),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
TOPS = st.sampled_from(
    [
        "",
        "version: 1\ndatasets:\n  - key: x\n    title: ",
        "datasets:\n  - id: x\n    resources:\n      - path: a\n        title: ",
        "resources: [{path: a, title: ",
    ]
)


def quickly(text: str) -> Node | None:
    return QuickComposer(quick_events(text), "m.yaml", ()).document()


def shape(node: Node | None) -> Any:
    """Values and places, to be compared."""
    if node is None:
        return None
    value: Any = node.value
    if isinstance(value, dict):
        value = [(key, shape(child)) for key, child in value.items()]
    elif isinstance(value, list):
        value = [shape(child) for child in value]
    return value, node.place, node.key


@given(TOPS, TEXTS)
@example("", "b: ")  # where an absent value is
@example("", "|#")
@example("", "|+\n  \n    x")
@example("", "[a?b, c:d, {e}]")
def test_what_the_quick_reader_reads_is_what_is_there(top: str, text: str) -> None:
    try:
        quick = quickly(top + text)
    except (Doubtful, Unreadable):
        return  # the careful one is asked
    assert shape(quick) == shape(compose(careful_events(top + text), "m.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_our_manifests_are_read_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert shape(read_yaml(text, "m.yaml")) == shape(compose(careful_events(text), "m.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "title: Bienvenue !\n",
        "title: 'a'\ndescription: |\n  First.\n\n  Second.\n",
        "title: a\r\ndescription: >-\r\n  First.\r\n",
        "tags: [mobilité, vélo]\nextras: {a: 1}\n",
        "url: https://a.example/b?c=d&e=*\n",
        "files: [{url: https://a.example/?b=c, exclude: ['*.csv', brouillon-*]}]\n",
        "# a comment\nresources:\n  - {path: a.csv}\n",
    ],
)
def test_what_is_usual_is_read_quickly(text: str) -> None:
    assert quickly(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "a: !x 1\n",
        "a: &b 1\n",
        "a:\tb\n",
        "%YAML 1.2\n---\na: b\n",
        "a: 'b\n",
        "a:\n",
        "a: [b:]\n",
        "a: \ud800\n",
    ],
)
def test_what_is_in_doubt_is_left_to_the_careful_one(text: str) -> None:
    with pytest.raises(Doubtful):
        quickly(text)
