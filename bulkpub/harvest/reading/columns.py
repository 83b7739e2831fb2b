"""A table of links as people make them → rows by the meaning of their columns.

Delimiter, encoding and the names of the columns are recognised, in English and French; what a
column means is decided by its name alone, and a column nobody knows is told, not guessed at.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unidecode import unidecode

__all__ = ["Row", "Table", "TableFault", "read_table"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "url": ("url", "uri", "link", "lien", "href", "adresse", "address", "download url",
            "url de telechargement", "lien de telechargement", "resource url", "access url"),
    "title": ("title", "titre", "nom", "name", "intitule", "libelle", "resource title",
              "titre de la ressource", "resource", "ressource"),
    "description": ("description", "resume", "resource description", "notes",
                    "description de la ressource", "commentaire", "comment"),
    "dataset": ("dataset", "dataset title", "jeu", "jeu de donnees", "titre du jeu",
                "titre du jeu de donnees", "package"),
    "dataset description": ("dataset description", "description du jeu",
                            "description du jeu de donnees"),
    "dataset key": ("dataset key", "key", "cle", "cle du jeu"),
    "license": ("license", "licence"),
    "frequency": ("frequency", "frequence", "update frequency", "frequence de mise a jour"),
    "tags": ("tags", "tag", "keywords", "keyword", "mots cles", "mot cle", "etiquettes"),
    "format": ("format",),
    "mime": ("mime", "mime type", "mimetype", "media type", "content type"),
    "type": ("type", "resource type", "type de ressource"),
    "modified": ("modified", "last modified", "updated", "modifie", "date de modification",
                 "derniere modification", "date de mise a jour", "mise a jour"),
}  # fmt: skip
_MEANINGS = {name: meaning for meaning, names in _NAMES.items() for name in names}
_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 1_000_000
"""Characters; the csv module takes 131,072 of its own accord, less than a description may have."""


class TableFault(Exception):
    """The table cannot be read at all; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file (from 1), its cells by meaning, without those left empty."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `unknown` are the names of the columns that mean nothing to us."""

    rows: Iterator[Row]
    unknown: tuple[str, ...]


def read_table(content: bytes) -> Table:
    """The table in `content`; raises `TableFault` when it has no column of addresses.

    UTF-8 (with or without a byte order mark), else UTF-16 by its mark, else Windows-1252.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = _decoded(content).splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise TableFault("it is empty")
    header = lines[first]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(lines[first:], delimiter=delimiter, skipinitialspace=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise TableFault(f"its first line cannot be read: {error}") from None
    meanings = _meanings(names)
    if "url" not in meanings.values():
        shown = ", ".join(name.strip() for name in names if name.strip())
        raise TableFault(f"it has no column called url, link, lien or adresse, but {shown[:200]}")
    unknown = tuple(
        name.strip() for place, name in enumerate(names) if place not in meanings and name.strip()
    )
    return Table(_rows(reader, meanings, first), unknown)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _meanings(names: list[str]) -> dict[int, str]:
    """What each column means, by its place; of two that mean the same, the first counts."""
    meanings: dict[int, str] = {}
    for place, name in enumerate(names):
        words = re.sub(r"[\W_]+", " ", unidecode(name).casefold()).strip()
        meaning = _MEANINGS.get(words)
        if meaning is not None and meaning not in meanings.values():
            meanings[place] = meaning
    return meanings


def _rows(reader: Iterator[list[str]], meanings: Mapping[int, str], before: int) -> Iterator[Row]:
    while True:
        line = before + getattr(reader, "line_num", 0) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableFault(f"line {line} cannot be read: {error}") from None
        said = {
            meanings[place]: text
            for place, cell in enumerate(cells)
            if place in meanings and (text := cell.strip())
        }
        if any(cell.strip() for cell in cells):
            yield Row(line, said)
