"""`bulkpub harvest csv FILE`: a table of links → datasets, by the column that names them.

Without such a column all links are one dataset, named after the file. What a dataset says of
itself (license, frequency, tags) is what its rows say; where they disagree, the first counts
and a note says so.

Delimiter, encoding and the names of the columns are recognised, in English and French; what a
column means is decided by its name alone (`data/columns.toml`), and a column nobody knows is
noted, not guessed at.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

from bulkpub.core.addresses import address_fault, is_web, named, redacted
from bulkpub.core.csv_text import lines_of, separator_named
from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.names import key_of, plain_words
from bulkpub.data import columns
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, Reader
from bulkpub.harvest.words.naming import readable, readable_path, stem_of
from bulkpub.manifest.form import reason
from bulkpub.ordinary import read_ordinary

__all__ = ["Row", "Table", "TableFault", "harvest", "read_table"]

_DATASET_WIDE = ("dataset description", "license", "frequency", "tags")
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


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:
    """The datasets of the table `source`, a local file or an address, in its order.

    Raises `SettingsInvalid` when there is no such file, `SourceFailed` when it is no table of
    links. The table is read whole, since the rows of a dataset may be anywhere in it.
    """
    content = (await reader.read(source)).content if is_web(source) else _content(source)
    name = named(source).name if is_web(source) else Path(source).name
    try:
        table = read_table(content)
        if table.unknown:
            options.note(f"{name}: not used are the columns {', '.join(table.unknown)}")
        groups = _groups(table.rows, stem_of(name) or "links", name, options)
    except TableFault as fault:
        raise SourceFailed(f"{name} is no table of links: {fault}") from None
    for group in groups:
        found = _found(group, options)
        if options.wanted(found.dataset, group.modified):
            yield found


def _content(path: str) -> bytes:
    try:
        return read_ordinary(path)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {reason(error)}") from None


@dataclass(slots=True)
class _Group:
    """The rows of one dataset."""

    key: str
    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def modified(self) -> date | None:
        """The last day on which a row changed; None when one does not say."""
        days = [_day(row.cells.get("modified", "")) for row in self.rows]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(days) else None


def _groups(rows: Iterator[Row], stem: str, file: str, options: HarvestOptions) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for row in rows:
        url = row.cells.get("url", "")
        fault = "has no address" if not url else _fault(url, links=bool(options.links))
        if fault:
            options.lost(f"{file}:{row.line}: the row is left out, as it {fault}")
            continue
        title = row.cells.get("dataset") or row.cells.get("dataset key") or readable(stem)
        key = row.cells.get("dataset key") or key_of(row.cells.get("dataset") or stem) or title
        groups.setdefault(key, _Group(key, title)).rows.append(row)
    return list(groups.values())


def _fault(url: str, *, links: bool) -> str:
    if links and not is_web(url):
        return f"links to {redacted(url)}, and only web addresses can be links"
    if links and redacted(url) != url:
        return f"links to {redacted(url)} with a secret that everybody would see"
    fault = address_fault(url)
    return f"has an address that {fault}" if fault else ""


def _found(group: _Group, options: HarvestOptions) -> Found:
    notes = group.notes
    seen: dict[str, int] = {}
    resources: list[ResourceSpec] = []
    for row in group.rows:
        spec = _resource(row, links=bool(options.links))
        first = seen.setdefault(spec.key, row.line)
        if first != row.line:
            notes.append(f"line {row.line} repeats the address of line {first}, and is left out")
        else:
            resources.append(spec)
    said = {name: _agreed(group, name) for name in _DATASET_WIDE}
    tags = [tag.strip() for tag in re.split(r"[,;|]", said["tags"]) if tag.strip()]
    description = said["dataset description"]
    if not description:
        notes.append("no column says what this dataset is: the description is only the title")
    metadata = DatasetMetadata(
        title=group.title,
        description=description or group.title,
        license=_license(said["license"], notes),
        frequency=_frequency(said["frequency"], notes),
        tags=tuple(tags) or None,
    )
    return Found(DatasetSpec(group.key, metadata, tuple(resources)), tuple(notes))


def _agreed(group: _Group, name: str) -> str:
    """What the rows of the group say under `name`; the first that says something counts."""
    said = dict.fromkeys(row.cells[name] for row in group.rows if name in row.cells)
    first, *others = said or [""]
    if others:
        group.notes.append(f"the rows disagree about the {name}: '{first}' is taken")
    return first


def _resource(row: Row, *, links: bool) -> ResourceSpec:
    cells, url = row.cells, row.cells["url"]
    kind = cells.get("type")
    title = cells.get("title") or readable_path(stem_of(named(url).name)) or named(url).host
    metadata = ResourceMetadata(
        title=title,
        description=cells.get("description"),
        type=kind.lower() if kind else None,
        format=cells.get("format", "").lower().lstrip(".") or None if links else None,
        mime=cells.get("mime") if links else None,
    )
    source = LinkSource(url) if links else UrlSource(url)
    return ResourceSpec(redacted(url), source, metadata)


def _license(said: str, notes: list[str]) -> str | None:
    known = known_license([said]) if said else None
    if said and known is None:
        notes.append(f"unknown licence '{said}', left out")
    return known


def _frequency(said: str, notes: list[str]) -> str | None:
    known = known_frequency(said) if said else None
    if said and known is None:
        notes.append(f"unknown frequency '{said}', left out")
    return known


def _day(text: str) -> date | None:
    """A day as 2024-01-31 (a time may follow) or 31/01/2024; None for anything else."""
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)", text) or re.fullmatch(
        r"(?P<d>\d\d)/(?P<m>\d\d)/(?P<y>\d{4})", text
    )
    if not match:
        return None
    parts = match.groupdict()
    year, month, day = (parts["y"], parts["m"], parts["d"]) if parts else match.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


# --- the table -----------------------------------------------------------------------------


def read_table(content: bytes) -> Table:
    """The table in `content`; raises `TableFault` when it has no column of addresses.

    UTF-8 (with or without a byte order mark), else UTF-16 by its mark, else Windows-1252.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = lines_of(content)
    first, header, delimiter = 0, "", ""
    for first, header in enumerate(lines):  # noqa: B007 # the header is where this ends
        delimiter = delimiter or separator_named(header)
        if header.strip() and not separator_named(header):
            break
    else:
        raise TableFault("it is empty")
    delimiter = delimiter or max(_DELIMITERS, key=header.count)
    reader = csv.reader(chain([header], lines), delimiter=delimiter, skipinitialspace=True)
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


def _meanings(names: list[str]) -> dict[int, str]:
    """What each column means, by its place; of two that mean the same, the first counts."""
    meanings: dict[int, str] = {}
    for place, name in enumerate(names):
        meaning = columns().get(plain_words(name))
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
