"""`bulkpub harvest csv FILE`: a table of links → datasets, by the column that names them.

Without such a column all links are one dataset, named after the file. What a dataset says of
itself (license, frequency, tags) is what its rows say; where they disagree, the first counts
and a note tells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bulkpub.core.model import (
    DatasetMetadata,
    DatasetSpec,
    LinkSource,
    ResourceMetadata,
    ResourceSpec,
    UrlSource,
)
from bulkpub.core.names import key_of
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.found import Found, Harvest, Reader
from bulkpub.harvest.options import HarvestOptions
from bulkpub.harvest.reading.columns import Row, TableFault, read_table
from bulkpub.harvest.words.frequencies import portal_frequency
from bulkpub.harvest.words.licenses import portal_license
from bulkpub.harvest.words.naming import readable, readable_path, stem_of
from bulkpub.manifest.addresses import address_fault, named, public
from bulkpub.manifest.sentences import reason

__all__ = ["harvest"]

_DATASET_WIDE = ("dataset description", "license", "frequency", "tags")
_WEB = re.compile(r"https?://", re.IGNORECASE)


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:
    """The datasets of the table `source`, a local file or an address, in its order.

    Raises `SettingsInvalid` when there is no such file, `SourceFailed` when it is no table of
    links. The table is read whole, since the rows of a dataset may be anywhere in it.
    """
    content = (await reader.read(source)).content if _WEB.match(source) else _content(source)
    name = named(source).name if _WEB.match(source) else Path(source).name
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
        return Path(path).read_bytes()
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
    if links and not _WEB.match(url):
        return f"links to {public(url)}, and only web addresses can be links"
    if links and public(url) != url:
        return f"links to {public(url)} with a secret that everybody would see"
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
    return ResourceSpec(public(url), source, metadata)


def _license(said: str, notes: list[str]) -> str | None:
    known = portal_license([said]) if said else None
    if said and known is None:
        notes.append(f"unknown licence '{said}', left out")
    return known


def _frequency(said: str, notes: list[str]) -> str | None:
    known = portal_frequency(said) if said else None
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
