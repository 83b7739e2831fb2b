"""A manifest file → its header and its datasets, each still a tree.

The spelling goes by the file's name. JSONL is read a line at a time and CSV a dataset at a time,
so that their length costs no memory; a workbook is read whole. A broken line of JSONL is a problem
of its own, and the next ones are still read.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bulkpub.core.csv_text import no_text_but
from bulkpub.core.model import Place
from bulkpub.core.names import plain_words
from bulkpub.data import keys_in_french
from bulkpub.language import say
from bulkpub.manifest.form import Fault, reason
from bulkpub.manifest.json_text import read_json
from bulkpub.manifest.nodes import Node, Unreadable, bare
from bulkpub.manifest.toml_text import read_toml
from bulkpub.manifest.values import kind
from bulkpub.manifest.yaml_text import read_yaml
from bulkpub.ordinary import open_ordinary, read_ordinary

__all__ = [
    "EMPTY",
    "SPREADSHEETS",
    "Source",
    "at_least_one",
    "decoded",
    "document_source",
    "is_text",
    "may_say",
    "open_sources",
    "text_source",
]

_DOCUMENTS = (".yaml", ".yml", ".json", ".toml")
_LINES = (".jsonl", ".ndjson")
SPREADSHEETS = (".xlsx", ".xlsm", ".ods")
_TABLES = (".csv", ".tsv", ".txt")

_NAMES = (*_DOCUMENTS, *_LINES, *_TABLES, *SPREADSHEETS)
_OTHER_SPREADSHEETS = (".xls", ".xlsb", ".numbers")

_ENOUGH = 64
_LONGEST_WORD = 64
"""Bytes of the longest word that is looked for, in UTF-16."""

_HEADER_KEYS = {"version", "portal", "destinations", "organization", "defaults", "$schema"}
_DATASET_KEYS = {"key", "id", "title", "resources"}
EMPTY = say("this manifest is empty")
_BLOCK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Source:
    """One manifest: what it says of all its datasets, and the datasets as they come.

    `header` is None when the manifest could not be read. `faults` may grow while `datasets`
    is iterated, and is complete afterwards; `own_faults` are those of the dataset given out last.
    `warnings` are what may not be meant as it was read. `has_rows`: it is a table.
    """

    name: str
    base: str
    header: Node | None = None
    datasets: Iterable[Node] = ()
    faults: list[Fault] = field(default_factory=list)
    own_faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    has_rows: bool = False

    def warn(self, place: Place, sentence: str) -> None:
        """Take note of what may not be meant as it was read."""
        self.warnings.append(Fault(place, sentence))


def open_sources(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Opens one manifest file; whatever is wrong with it is in `faults`.

    Each sheet of a workbook is a manifest of its own; otherwise there is one.
    """
    name = os.fspath(path)
    source = Source(name, str(Path(name).absolute().parent))
    suffix = Path(name).suffix.lower()
    sheets: Sequence[Source] = ()
    try:
        _check_begins(_head(name), name, suffix)
        if suffix in _LINES:
            _open_lines(source)
        elif suffix in (*_TABLES, *SPREADSHEETS):
            from bulkpub.manifest.table_files import open_sheets, open_table  # noqa: PLC0415 - only where there is one

            if suffix in _TABLES:
                open_table(source)
            else:
                sheets = open_sheets(source)
        else:
            _open_document(source, suffix)
    except Unreadable as error:
        source.faults.append(Fault(error.place, str(error)))
    except ValueError:
        source.faults.append(Fault(Place(name), say("the name holds a character no path can have")))
    yield from sheets or (source,)


def is_text(path: str) -> bool:
    """Whether the manifest at `path` is neither a table nor a workbook, by its name."""
    return Path(path).suffix.lower() in (*_DOCUMENTS, *_LINES)


def may_say(path: str, key: str) -> bool:
    """Whether the manifest at `path` can have `key` at its top, found out without parsing.

    A line of JSONL says it first, a text has at least to hold the word as a key, and a table the
    word, in English or French. True for one that cannot be read: why is for the reading to say.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (*_DOCUMENTS, *_LINES, *_TABLES):
        return True
    spelled, end = _spelled(key, suffix), b""
    try:
        with open_ordinary(path) as file:
            while block := file.readline() if suffix in _LINES else file.read(_BLOCK):
                said = end + block
                if suffix in _TABLES:
                    said = said.replace(b"\0", b"").lower()  # in UTF-16 there is one in each letter
                if spelled.search(said):
                    return True
                if suffix in _LINES and block.strip():
                    return False
                end = block[-_LONGEST_WORD:]
    except (OSError, ValueError):
        return True
    return False


def _spelled(key: str, suffix: str) -> re.Pattern[bytes]:
    """How a file with this ending may spell a key at its top."""
    if suffix in _TABLES:
        return re.compile(rb"portal|portail" if key == "portal" else re.escape(key.encode()))
    return re.compile(rb"\b" + re.escape(key.encode()) + rb"\b[\"']?\s*[]:=]")


def text_source(text: str, base: str, name: str) -> Source:
    """A YAML manifest given as text, to which datasets may be added: it may have none yet."""
    source = Source(name, base)
    try:
        root = read_yaml(text.removeprefix("\ufeff"), name, source.warn)
        _fill(source, root, may_be_empty=True)
    except Unreadable as error:
        source.faults.append(Fault(error.place, str(error)))
    return source


def _fill(source: Source, root: Node | None, *, may_be_empty: bool = False) -> None:
    if root is None:
        raise Unreadable(Place(source.name, 1, 1), EMPTY)
    document_source(source, root, may_be_empty=may_be_empty)


def _other_name(suffix: str) -> str:
    if suffix in _OTHER_SPREADSHEETS:
        return say(
            "this kind of spreadsheet is not read: save it as .xlsx, .ods or CSV, and name that"
        )
    return say("a manifest's name ends in one of {names}", names=" ".join(_NAMES))


def _head(name: str) -> bytes:
    """How the manifest begins; raises `Unreadable` when it cannot be read."""
    place = Place(name)
    try:
        with open_ordinary(name) as file:
            return file.read(_ENOUGH)
    except FileNotFoundError:
        raise Unreadable(place, say("this manifest does not exist")) from None
    except IsADirectoryError:
        raise Unreadable(place, say("this is a folder, not a manifest")) from None
    except OSError as error:
        raise Unreadable(
            place, say("this manifest cannot be read: {error}", error=reason(error))
        ) from None


def _check_begins(head: bytes, name: str, suffix: str) -> None:
    """Raise `Unreadable` for what has no manifest's name, or another beginning than any."""
    if suffix not in _NAMES:
        raise Unreadable(Place(name), _other_name(suffix))
    if suffix not in SPREADSHEETS and (what := no_text_but(head)):
        raise Unreadable(Place(name), say("whatever its name says, this is {what}", what=what))


def _open_document(source: Source, suffix: str) -> None:
    text = decoded(read_ordinary(source.name), source.name, 1)
    root: Node | None = None
    match suffix:
        case _ if not text.strip():
            pass
        case ".json":
            root = read_json(text, source.name, holds="datasets")
        case ".toml":
            root = read_toml(text, source.name)
        case _:
            root = read_yaml(text, source.name, source.warn)
    _fill(source, root)


def document_source(source: Source, root: Node, *, may_be_empty: bool = False) -> None:
    """Fills `source` from the tree of a whole document.

    With `may_be_empty`, nothing at all may be written behind `datasets:`.
    """
    if not isinstance(root.value, dict):
        raise Unreadable(
            root.place,
            say("a manifest must be a mapping with 'datasets', not {root}", root=kind(bare(root))),
        )
    source.header = Node(
        {key: child for key, child in root.value.items() if key != "datasets"}, root.place
    )
    datasets = root.value.get("datasets")
    if datasets is None:
        for word, below in root.value.items():
            if keys_in_french().get(plain_words(word)) == "datasets":
                place = below.key or below.place
                raise Unreadable(
                    place, say("unknown key '{word}' (did you mean 'datasets'?)", word=word)
                )
        raise Unreadable(
            root.place, say("a manifest needs 'datasets', the list of what to publish")
        )
    if datasets.value is None and may_be_empty:
        return
    if datasets.value is None or datasets.value == []:
        raise Unreadable(datasets.place, say("'datasets' is empty: there is nothing to publish"))
    if not isinstance(datasets.value, list):
        raise Unreadable(
            datasets.place,
            say(
                "'datasets' must be a list, not {datasets}; begin each dataset with a dash",
                datasets=kind(bare(datasets)),
            ),
        )
    source.datasets = _given_away(datasets.value)


def _given_away(nodes: list[Node]) -> Iterator[Node]:
    """Each of them, and none is kept."""
    nodes.reverse()
    while nodes:
        yield nodes.pop()


def _open_lines(source: Source) -> None:
    lines = _lines(source)
    first = next(lines, None)
    if first is None:
        if not source.faults:
            raise Unreadable(Place(source.name, 1, 1), EMPTY)
        return
    source.header = Node({}, first.place)
    words = first.value if isinstance(first.value, dict) else ()
    keys = {keys_in_french().get(plain_words(word), word) for word in words}
    if keys & _HEADER_KEYS and not keys & _DATASET_KEYS:
        source.header = first
        source.datasets = at_least_one(lines, source)
    else:
        source.datasets = chain([first], lines)


def at_least_one(lines: Iterator[Node], source: Source) -> Iterator[Node]:
    """The datasets as they are; that there are none is a fault of the source."""
    none_yet = True
    for node in lines:
        none_yet = False
        yield node
    if none_yet and not source.faults:
        source.faults.append(
            Fault(Place(source.name, 1, 1), say("there is no dataset after the first line"))
        )


def _lines(source: Source) -> Iterator[Node]:
    with open_ordinary(source.name) as file:
        for number, raw in enumerate(file, 1):
            try:
                text = decoded(raw, source.name, number)
                if text.strip():
                    yield read_json(text, source.name, number, holds="a dataset")
            except Unreadable as error:
                source.faults.append(Fault(error.place, str(error)))


def decoded(raw: bytes, name: str, first_line: int) -> str:
    """The text of `raw`; a byte order mark counts for nothing, not even for columns."""
    if first_line == 1:
        raw = raw.removeprefix(_BOM)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n")
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        raise Unreadable(
            Place(name, first_line + line, column),
            say("this is not UTF-8: save the manifest as UTF-8 and try again"),
        ) from None
