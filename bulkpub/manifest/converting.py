"""A manifest in one spelling → the same in another: what is said, and the comments on it.

The rule: nothing is lost. The tree is converted, not what it means, so that what is wrong with a
manifest stays so; what was written is read again, and must be the same tree. What a spelling cannot
say is a problem at its place, and nothing is written then.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from bulkpub.core.model import Place
from bulkpub.core.text import bounded
from bulkpub.errors import Problem
from bulkpub.language import say, say_n
from bulkpub.manifest.comments import Comment, comments_in_toml, comments_in_yaml, with_comments
from bulkpub.manifest.csv_table import table_records
from bulkpub.manifest.form import Fault
from bulkpub.manifest.json_emit import json_lines, json_text
from bulkpub.manifest.json_text import read_json
from bulkpub.manifest.nodes import Node, Number, Unreadable, walk
from bulkpub.manifest.reading import Source, open_sources
from bulkpub.manifest.table import read_table
from bulkpub.manifest.table_emit import SILENT, table_text
from bulkpub.manifest.toml_emit import document_lines
from bulkpub.manifest.toml_text import read_toml
from bulkpub.manifest.yaml_emit import entry_lines, list_item_lines, spread_lines
from bulkpub.manifest.yaml_text import read_yaml
from bulkpub.ordinary import read_ordinary

__all__ = ["SPELLINGS", "Converted", "converted", "with_top"]

YAML, TOML, JSON, LINES, CSV, TSV = "yaml", "toml", "json", "jsonl", "csv", "tsv"
SPELLINGS: Mapping[str, str] = {
    ".yaml": YAML, ".yml": YAML, ".toml": TOML, ".json": JSON, ".jsonl": LINES, ".ndjson": LINES,
    ".csv": CSV, ".tsv": TSV,
}  # fmt: skip
"""By the end of a file's name, what is written into it."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER_IN_TOML = re.compile(rf"{_NUMBER.pattern}|0x[0-9a-fA-F]+|0o[0-7]+")
_PATHS = ("path", "glob", "of", "description_file", "vars_file", "geometry")
"""Keys whose values start from the manifest's folder."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was made of a manifest: `text`, empty where there are `problems`."""

    text: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    datasets: int = 0


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A manifest as a tree: its top, and its datasets; with its comments."""

    top: Node
    datasets: tuple[Node, ...]
    comments: tuple[Comment, ...] = ()

    @property
    def root(self) -> Node:
        """All of it as one tree."""
        assert isinstance(self.top.value, dict)  # noqa: S101 # as every top is
        first = self.datasets[0].place if self.datasets else self.top.place
        whole = {**self.top.value, "datasets": Node(list(self.datasets), first)}
        return Node(whole, self.top.place)


def converted(
    path: str | os.PathLike[str], to: str | os.PathLike[str], top: Mapping[str, Any] | None = None
) -> Converted:
    """The manifest at `path` as it is to be written to `to`, whose name says in which spelling.

    `top` is said in place of what the manifest says there, as by `with_top`. Raises `KeyError` for
    a name that says no spelling.
    """
    name, spelling = os.fspath(path), SPELLINGS[Path(to).suffix.lower()]
    own = SPELLINGS.get(Path(name).suffix.lower())
    faults: list[Fault] = []
    warnings: list[Fault] = []
    manifest = _read(name, own, faults, warnings)
    if manifest is None or faults:
        return Converted("", _problems(faults), _problems(warnings))
    if top:
        manifest = with_top(manifest, top)
    if Path(path).absolute().parent.resolve() != Path(to).absolute().parent.resolve():
        faults += _moved(manifest.root)
    if own == spelling == YAML and not top and not faults:
        return Converted(read_ordinary(name).decode("utf-8-sig"), (), _problems(warnings))
    text = _written(manifest, spelling, faults)
    if not faults:
        faults += _differences(manifest, text, spelling)
    if not faults and spelling in {YAML, TOML}:
        again = _again(text, spelling)
        lines = with_comments(text.split("\n")[:-1], manifest.comments, manifest.root, again.root)
        text = "".join(f"{line}\n" for line in lines)
        faults += _differences(manifest, text, spelling)
    elif manifest.comments:
        first = manifest.comments[0]
        sentence = say_n(
            "a comment has no place there, and is left out",
            "{n} comments have no place there, and are left out",
            len(manifest.comments),
        )
        warnings.append(Fault(Place(name, first.line, 1), sentence))
    count = len(manifest.datasets)
    return Converted("" if faults else text, _problems(faults), _problems(warnings), count)


def with_top(manifest: _Manifest, said: Mapping[str, Any]) -> _Manifest:
    """The manifest with these texts at its top, and under `defaults` in its defaults."""
    assert isinstance(manifest.top.value, dict)  # noqa: S101 # as every top is
    place = manifest.top.place
    top = {name: Node(value, place) for name, value in said.items() if isinstance(value, str)}
    merged = {**top, **{k: v for k, v in manifest.top.value.items() if k not in top}}
    if defaults := said.get("defaults"):
        old = merged.get("defaults")
        below = dict(old.value) if old is not None and isinstance(old.value, dict) else {}
        below |= {name: Node(value, place) for name, value in defaults.items()}
        merged["defaults"] = Node(below, place)
    return _Manifest(Node(merged, place), manifest.datasets, manifest.comments)


def _problems(faults: Iterable[Fault]) -> tuple[Problem, ...]:
    made = (
        Problem(each.place.file, each.place.line, each.place.column, bounded(each.sentence))
        for each in faults
    )
    return tuple(dict.fromkeys(made))


# --- reading --------------------------------------------------------------------------------


def _read(
    name: str, own: str | None, faults: list[Fault], warnings: list[Fault]
) -> _Manifest | None:
    sources = list(open_sources(name))
    datasets: list[Node] = []
    for source in sources:
        for node in source.datasets:
            datasets.append(node)
            faults += source.own_faults
        faults += source.faults
        warnings += source.warnings
    if faults or sources[0].header is None:
        return None
    top = _common_top(sources, faults)
    comments: list[Comment] = []
    if own in {YAML, TOML}:
        text = read_ordinary(name).decode("utf-8-sig")
        comments = (comments_in_yaml if own == YAML else comments_in_toml)(text)
    return _Manifest(top, tuple(datasets), tuple(comments))


def _common_top(sources: Sequence[Source], faults: list[Fault]) -> Node:
    """What all sheets say of all their datasets: in one manifest there is one top."""
    first, *others = (source.header for source in sources if source.header is not None)
    for other in others:
        if _different(first, other, exactly=True) is not None:
            sentence = say("this sheet says something else above its columns than the first one")
            faults.append(Fault(other.place, sentence))
    return first


def _moved(root: Node) -> list[Fault]:
    """A fault where files are named by their way from the manifest's folder."""
    for node in walk(root):
        said = node.value if isinstance(node.value, dict) else {}
        for below in filter(None, map(said.get, _PATHS)):
            if isinstance(below.value, str) and not posixpath.isabs(below.value):
                sentence = say(
                    "paths start from the folder of the manifest: write it into the same folder, "
                    "or they lead elsewhere"
                )
                return [Fault(below.place, sentence)]
    return []


# --- writing --------------------------------------------------------------------------------


class _Written:
    """A number, written as it was."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _values(node: Node) -> Any:  # noqa: ANN401 # any value
    """The values, numbers as they were written."""
    value = node.value
    if isinstance(value, dict):
        return {key: _values(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_values(below) for below in value]
    return _Written(value.text) if isinstance(value, Number) else value


def _written(manifest: _Manifest, spelling: str, faults: list[Fault]) -> str:
    if spelling in {CSV, TSV}:
        separator = "\t" if spelling == TSV else ","
        return table_text(manifest.top, manifest.datasets, separator, faults)
    faults += _unsayable(manifest.root, spelling)
    if faults:
        return ""
    top, datasets = _values(manifest.top), [_values(each) for each in manifest.datasets]
    if spelling == JSON:
        return json_text({**top, "datasets": datasets})
    if spelling == LINES:
        return json_lines([*([top] if top else []), *datasets])
    if spelling == TOML:
        said = {key: value for key, value in top.items() if value is not None}
        lines = list(document_lines(said, datasets))
        return "".join(f"{line}\n" for line in (lines if lines[0] else lines[1:]))
    return "".join(f"{line}\n" for line in _yaml_lines(top, datasets))


def _yaml_lines(top: Mapping[str, Any], datasets: Sequence[Any]) -> Iterable[str]:
    for key, value in top.items():
        if key == "defaults" and isinstance(value, Mapping) and value:
            yield from spread_lines(key, value)
        else:
            yield from entry_lines(key, value, 0)
    yield "datasets:"
    for number, dataset in enumerate(datasets):
        if number:
            yield ""
        if isinstance(dataset, Mapping) and dataset:
            yield from list_item_lines(dataset, 2)
        else:  # wrong, and to be told as such
            (line,) = entry_lines("x", [dataset], 0)
            yield f"  - {line.removeprefix('x: [').removesuffix(']')}"


def _unsayable(root: Node, spelling: str) -> Iterable[Fault]:
    for node in walk(root):
        if isinstance(node.value, dict) and spelling == TOML:
            for key, below in node.value.items():
                # Defaults of which all are yet to be filled in say nothing.
                if below.value is None and not (node is root and key == "defaults"):
                    sentence = say(
                        "TOML has no null: it cannot say that '{key}' is to be nothing", key=key
                    )
                    yield Fault(below.key or below.place, sentence)
        elif isinstance(node.value, list) and spelling == TOML:
            yield from (
                Fault(each.place, say("TOML has no null, not in a list either"))
                for each in node.value
                if each.value is None
            )
        elif isinstance(node.value, Number) and spelling != YAML:
            form = _NUMBER_IN_TOML if spelling == TOML else _NUMBER
            if not form.fullmatch(node.value.text):
                sentence = say(
                    "{name} cannot write the number {number} as it is: as text?",
                    name="TOML" if spelling == TOML else "JSON",
                    number=node.value.text,
                )
                yield Fault(node.place, sentence)


# --- is it the same? ------------------------------------------------------------------------


def _again(text: str, spelling: str) -> _Manifest:
    """What reading the text gives; raises `Unreadable`."""
    name = "<converted>"
    if spelling in {CSV, TSV}:
        table = read_table(table_records(StringIO(text, newline=""), name), name)
        datasets = []
        for node in table.datasets:
            datasets.append(node)
            if table.faults:
                raise Unreadable(node.place, table.faults[0].sentence)
        if table.faults:
            raise Unreadable(Place(name), table.faults[0].sentence)
        return _Manifest(table.top, tuple(datasets))
    if spelling == LINES:
        nodes = [read_json(line, name) for line in text.split("\n") if line]
        first = nodes[0] if nodes else Node({}, Place(name))
        return _Manifest(first, tuple(nodes))
    root: Node | None
    if spelling == JSON:
        root = read_json(text, name)
    else:
        root = read_toml(text, name) if spelling == TOML else read_yaml(text, name)
    if root is None or not isinstance(root.value, dict):
        raise Unreadable(Place(name), say("nothing is left"))
    found = root.value.get("datasets")
    nodes = found.value if found is not None and isinstance(found.value, list) else []
    top = {key: each for key, each in root.value.items() if key != "datasets"}
    return _Manifest(Node(top, root.place), tuple(nodes))


def _differences(manifest: _Manifest, text: str, spelling: str) -> list[Fault]:
    """Where reading the text again would give something else."""
    exactly = spelling not in {CSV, TSV}
    place = manifest.top.place
    try:
        again = _again(text, spelling)
    except Unreadable as error:
        sentence = say("this cannot be written so that it is read again: {error}", error=error)
        return [Fault(place, sentence)]
    top, datasets = again.top, again.datasets
    if spelling == LINES:
        has_top = bool(manifest.top.value)
        top = top if has_top else Node({}, place)
        datasets = datasets[1:] if has_top else datasets
    if not exactly:
        manifest = _Manifest(_without(manifest.top, SILENT), manifest.datasets)
    if spelling == TOML and isinstance(manifest.top.value, dict):
        empty = [key for key, each in manifest.top.value.items() if each.value is None]
        manifest = _Manifest(_without(manifest.top, empty), manifest.datasets)
    where = _different(manifest.top, top, exactly=exactly)
    if where is None and len(manifest.datasets) != len(datasets):
        where = place
    pairs = zip(manifest.datasets, datasets, strict=False)
    differing = (_different(old, new, exactly=exactly) for old, new in pairs)
    where = where or next(filter(None, differing), None)
    return [Fault(where, say("this cannot be said there as it is said here"))] if where else []


def _without(node: Node, keys: Sequence[str]) -> Node:
    assert isinstance(node.value, dict)  # noqa: S101 # as every top is
    return Node({key: each for key, each in node.value.items() if key not in keys}, node.place)


def _different(old: Node, new: Node, *, exactly: bool) -> Place | None:
    """Where the new tree does not say what the old one says; not `exactly`: numbers may be text.

    An empty list of resources is none.
    """
    one, other = old.value, new.value
    if isinstance(one, dict) and isinstance(other, dict):
        if not exactly:
            one = {k: v for k, v in one.items() if not (k == "resources" and v.value == [])}
        if one.keys() != other.keys():
            return old.place
        found = (_different(one[key], other[key], exactly=exactly) for key in one)
        return next(filter(None, found), None)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return old.place
        both = zip(one, other, strict=True)
        return next(filter(None, (_different(*each, exactly=exactly) for each in both)), None)
    if isinstance(one, Number) and not exactly:
        one = one.text
    same = type(one) is type(other) and one == other
    return None if same else old.place
