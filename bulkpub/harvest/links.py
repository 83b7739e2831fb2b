"""`bulkpub harvest csv FILE`: a table of links or files, or a catalogue as a table → datasets.

What a row is, the columns tell:

- With a column that names the dataset (`dataset`, `dataset.id`, `jeu de données`), a row is one of
  its files; the rows of a dataset may be anywhere.
- Without one, a row is a dataset where it has a title and the table has a column that only a
  catalogue has (`freq_maj`, `COUV_SPAT_NOM`), or where licence, frequency or tags are not the same
  in all rows. Title, description and address are the dataset's then. Rows of one id, or of one
  title where there are no ids, are one dataset.
- Else, and with `single`, all rows are files of one dataset, called as the table is.

A dataset is what all its rows say it is: lists are united; what they disagree about is left out,
with a note that names the rows. So no row's licence becomes that of another.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from pathlib import Path

from bulkpub.core.addresses import address_fault, is_web, named, redacted
from bulkpub.core.model import ResourceSpec
from bulkpub.core.names import key_of
from bulkpub.data.known_frequencies import known_frequency
from bulkpub.data.known_licenses import known_license
from bulkpub.data.known_zones import known_granularity
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.base import Found, Harvest, HarvestOptions, Reader
from bulkpub.harvest.entries import NOTHING, Entry, found_of
from bulkpub.harvest.identity import Catalogue, catalogue_at
from bulkpub.harvest.offers import API, FILE, PAGE, Offer, nature
from bulkpub.harvest.reading.loose import keywords_of
from bulkpub.harvest.reading.named_files import NamedFiles
from bulkpub.harvest.reading.tables import ACCESS, Row, Table, TableFault, read_table
from bulkpub.harvest.words.access import Said
from bulkpub.harvest.words.naming import readable, readable_path, stem_of
from bulkpub.language import say
from bulkpub.manifest.cells import day_in
from bulkpub.manifest.files import Unusable
from bulkpub.manifest.form import reason
from bulkpub.ordinary import read_ordinary

__all__ = ["harvest"]

_TELLING = ("license", "frequency", "tags")
"""What datasets have and files have not: where rows differ in it, each is a dataset."""
_SHOWN = 60
"""Characters of a cell that a note repeats."""
_MOST_NAMED = 4
"""Rows that a note about a disagreement names."""
_NO = frozenset({"", "0", "faux", "false", "n", "no", "non"})
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


class _Rows(Enum):
    """What the rows of a table are, each with the columns that there is no use for then."""

    FILES = "files of the datasets that they name", ("count", "formats", "issued")
    DATASETS = "a dataset each", ()
    LINKS = "files of one dataset", ("count", "dataset", "dataset key", "formats", "issued")


async def harvest(source: str, reader: Reader, options: HarvestOptions) -> Harvest:
    """The datasets of the table `source`, a local file or an address, in its order.

    Raises `SettingsInvalid` when there is no such file, `SourceFailed` when it is no table of
    links. The table is read whole, since the rows of a dataset may be anywhere in it.
    """
    content = (await reader.read(source)).content if is_web(source) else _content(source)
    name = named(source).name if is_web(source) else Path(source).name
    try:
        table = read_table(content)
        rows = list(table.rows)
    except TableFault as fault:
        raise SourceFailed(
            say("{name} is no table of links: {fault}", name=name, fault=fault)
        ) from None
    what = _what_rows_are(table, rows, options)
    of_no_use = [table.columns[each] for each in what.value[1] if each in table.columns]
    if left := [*table.unknown, *of_no_use]:
        options.note(
            say("{name}: not used are the columns {left}", name=name, left=", ".join(left))
        )
    if what is _Rows.DATASETS and len(rows) > 1:
        options.note(
            say("{name}: each row is a dataset of its own (`single` makes one of all)", name=name)
        )
    if table.sheets_left:
        left_out = ", ".join(table.sheets_left)
        options.note(say("{name}: not read are the sheets {sheets}", name=name, sheets=left_out))
    catalogue = catalogue_at(source, base=options.base)
    here = None if is_web(source) else NamedFiles(source, options)
    for group in _Reading(table, what, name, options, here).groups(rows):
        found = _found(group, what, catalogue, options)
        if options.wanted(found.dataset, group.modified):
            yield found


def _content(path: str) -> bytes:
    try:
        return read_ordinary(path)
    except OSError as error:
        raise SettingsInvalid(
            say("{path} cannot be read: {error}", path=path, error=reason(error))
        ) from None


def _what_rows_are(table: Table, rows: Sequence[Row], options: HarvestOptions) -> _Rows:
    if options.single:
        return _Rows.LINKS
    if {"dataset", "dataset key"} & set(table.columns):
        return _Rows.FILES
    differ = any(len({row.cells.get(name, "") for row in rows}) > 1 for name in _TELLING)
    if "title" in table.columns and (table.of_datasets or differ):
        return _Rows.DATASETS
    return _Rows.LINKS


# --- rows of one dataset ------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """What the rows of one dataset say of it, by its id in the table."""

    id: str
    title: str
    rows: list[Row] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """Those of the offers."""
    files: list[ResourceSpec] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def modified(self) -> date | None:
        """The last day on which a row changed; None when one does not say."""
        days = [_day(row.cells.get("modified", "")) for row in self.rows]
        known = [day for day in days if day is not None]
        return max(known) if known and len(known) == len(days) else None

    def said(self, name: str) -> Iterator[str]:
        """What each row says under that name, where it says something."""
        return (row.cells[name] for row in self.rows if name in row.cells)


class _Reading:
    """One table whose rows are sorted into datasets."""

    def __init__(
        self,
        table: Table,
        what: _Rows,
        file: str,
        options: HarvestOptions,
        here: NamedFiles | None,
    ) -> None:
        self._here = here
        self._has_pages = "dataset page" in table.columns
        self._what = what
        self._file = file
        self._options = options
        self._groups: dict[str, _Group] = {}

    def groups(self, rows: Iterable[Row]) -> list[_Group]:
        """The datasets, in the order in which the table names them first."""
        for each in rows:
            row = _with_address(each)
            url, path = row.cells.get("url", ""), row.cells.get("path", "")
            if path and not url:
                file, fault = self._file_here(row)
            else:
                file, fault = None, self._fault(url)
            of_dataset = self._what is _Rows.DATASETS
            if fault and (url or path or not of_dataset):
                lost = "address" if of_dataset and url else "row"
                self._options.lost(
                    say(
                        "{file}:{line}: the {lost} is left out, as it {fault}",
                        file=self._file,
                        line=row.line,
                        lost=lost,
                        fault=fault,
                    )
                )
            if fault and not of_dataset:
                continue
            group = self._group(row)
            if group is None:
                self._options.lost(
                    say(
                        "{file}:{line}: the row is left out, as it has no title",
                        file=self._file,
                        line=row.line,
                    )
                )
                continue
            group.rows.append(row)
            if file is not None:
                group.files.append(file)
            elif not fault:
                self._offer(group, row)
        return list(self._groups.values())

    def _group(self, row: Row) -> _Group | None:
        stem, cells = stem_of(self._file) or "links", row.cells
        match self._what:
            case _Rows.LINKS:
                own_id, title = "", readable(stem)
            case _Rows.FILES:
                own_id = cells.get("dataset key", "")
                title = cells.get("dataset") or own_id or readable(stem)
                own_id = own_id or key_of(cells.get("dataset", ""))
            case _Rows.DATASETS:
                own_id = cells.get("id", "")
                title = cells.get("title") or own_id or _title_of(cells.get("url", ""))
                own_id = own_id or key_of(title) or title
        if not title:
            return None
        title = " ".join(title.split())
        own_id = " ".join(own_id.split()) or key_of(stem) or title
        return self._groups.setdefault(own_id, _Group(own_id, title))

    def _file_here(self, row: Row) -> tuple[ResourceSpec | None, str]:
        """The file on this machine that a row names, or what is wrong with that."""
        cells, path = row.cells, row.cells["path"]
        if self._here is None:
            return None, say(
                "names the file {path} on this machine, as no table of the web may", path=path
            )
        if self._options.links:
            return None, say("names the file {path}, and a link needs an address", path=path)
        # Title and description of a row that is a dataset are the dataset's.
        own = {} if self._what is _Rows.DATASETS else cells
        title, about = own.get("title", ""), own.get("description", "")
        try:
            return self._here.resource(path, title, about, cells.get("type", "").lower()), ""
        except Unusable as error:
            return None, say("names a file that cannot be published ({error})", error=error)

    def _fault(self, url: str) -> str:
        if not url:
            return say("has no address")
        if self._options.links and not is_web(url):
            return say("links to {url}, and only web addresses can be links", url=redacted(url))
        if self._options.links and redacted(url) != url:
            return say("links to {url} with a secret that everybody would see", url=redacted(url))
        fault = address_fault(url)
        return say("has an address that {fault}", fault=fault) if fault else ""

    def _offer(self, group: _Group, row: Row) -> None:
        offer = self._dataset(row) if self._what is _Rows.DATASETS else _file(row)
        same = [each for each in group.offers if replace(each, modified=offer.modified) == offer]
        if same:
            first = group.lines[group.offers.index(same[0])]
            group.notes.append(
                say(
                    "line {line} repeats the address of line {first}, and is left out",
                    line=row.line,
                    first=first,
                )
            )
            group.rows.pop()
        else:
            group.offers.append(offer)
            group.lines.append(row.line)

    def _dataset(self, row: Row) -> Offer:
        """What is at the address of a dataset: mostly its page, whatever format its files have."""
        cells, url = row.cells, row.cells["url"]
        offer = Offer(url=url, format=cells.get("format", ""), mime=cells.get("mime", ""))
        what = nature(offer if self._has_pages else Offer(url=url))
        if what not in (FILE, API):
            return Offer(url=url, title=cells.get("title", ""), declared=PAGE)
        kind = cells.get("type", "").lower()
        return replace(offer, title=_title_of(url), declared=what, type=kind)


def _file(row: Row) -> Offer:
    """The file that a row is: a list of links lists files, unless it says what else."""
    cells, url = row.cells, row.cells["url"]
    offer = Offer(
        id=cells.get("id", ""),
        url=url,
        title=" ".join(cells.get("title", "").split()) or _title_of(url),
        description=cells.get("description", ""),
        format=cells.get("format", ""),
        mime=cells.get("mime", ""),
        type=cells.get("type", "").lower(),
        modified=day_in(cells.get("modified", "")),
    )
    what = API if offer.type == "api" else nature(offer)
    told = what == API or (what == PAGE and bool(offer.format or offer.mime))
    return replace(offer, declared=what if told else FILE)


def _with_address(row: Row) -> Row:
    """The row; what is no file of this machine in a column of files is an address."""
    path = row.cells.get("path", "")
    if not path or row.cells.get("url") or "://" not in path:
        return row
    return replace(row, cells={**row.cells, "url": path})


def _title_of(url: str) -> str:
    return readable_path(stem_of(named(url).name)) or named(url).host


# --- one dataset --------------------------------------------------------------------------


def _found(group: _Group, what: _Rows, catalogue: Catalogue, options: HarvestOptions) -> Found:
    said = _Agreeing(group, every_row=what is _Rows.LINKS)
    if what is _Rows.DATASETS:
        description = said.first("description") or said.first("dataset description")
    else:
        description = said.first("dataset description")
    page = said.one("dataset page")
    if what is _Rows.DATASETS:
        said.first("title")
        pages = [each.url for each in group.offers if each.declared == PAGE]
        page = page or next(iter(pages), "")
        group.notes += _only_pages(group, pages)
    elif what is _Rows.FILES:
        said.first("dataset")
    modified = group.modified
    issued = day_in(said.one("issued")) if what is _Rows.DATASETS else ""
    entry = Entry(
        id=group.id,
        catalogue=catalogue,
        title=group.title,
        description=description,
        acronym=said.one("acronym"),
        licenses=(said.one("license", lambda text: known_license([text])),),
        frequencies=(said.one("frequency", known_frequency),),
        tags=said.all("tags", "theme"),
        start=day_in(said.one("start")),
        end=day_in(said.one("end")),
        places=said.all("places"),
        granularity=said.one("granularity", known_granularity),
        page=page,
        modified=modified.isoformat() if modified else "",
        publisher=said.one("publisher") or said.one("catalogue publisher"),
        contact=said.all("contact"),
        extras={"harvest:issued_at": issued} if issued else {},
        offers=tuple(group.offers),
        access=tuple(dict.fromkeys(_access(group))),
    )
    found = found_of(entry, options)
    metadata = replace(
        found.dataset.metadata,
        description_short=said.one("short description") or None,
        archived=said.one("archived").lower() not in _NO or None,
    )
    resources, notes = found.dataset.resources, [*group.notes, *found.notes]
    if group.files and found.restricted:
        notes.append(say("its files on this machine are left out, as it is not open to everyone"))
    elif group.files:
        resources = (*resources, *group.files)
        notes = [each for each in notes if each != NOTHING]
    return replace(
        found,
        dataset=replace(found.dataset, metadata=metadata, resources=resources),
        notes=tuple(dict.fromkeys(notes)),
    )


def _only_pages(group: _Group, pages: Sequence[str]) -> Iterator[str]:
    files = ", ".join(dict.fromkeys((*group.said("formats"), *group.said("format"))))
    shown = ("its", next(group.said("count"), ""), "files", f"({files})" if files else "")
    for url in pages:
        yield (
            say(
                "{url} is taken for the page of the dataset, and only listed: {names} are not in "
                "the table",
                url=redacted(url),
                names=" ".join(filter(None, shown)),
            )
        )


def _access(group: _Group) -> Iterator[Said]:
    """What any row says of who has access, which is never widened."""
    fields = {"private": "private", "access": "accessRights"}
    for row in group.rows:
        for name, text in row.cells.items():
            if name in fields or name.startswith(ACCESS):
                yield fields.get(name, name.removeprefix(ACCESS)), (text,)


class _Agreeing:
    """What the rows of a dataset agree about; disagreements become notes on it.

    With `every_row`, they only agree where each says it: nothing but the table holds them
    together.
    """

    def __init__(self, group: _Group, *, every_row: bool) -> None:
        self._group = group
        self._every_row = every_row and len(group.rows) > 1

    def one(self, name: str, known: Callable[[str], str | None] | None = None) -> str:
        """The one value of that name; `known` tells spellings of one thing."""
        said = self._by_value(name, known)
        if not said:
            return ""
        count = sum(name in row.cells for row in self._group.rows)
        if len(said) == 1 and (not self._every_row or count == len(self._group.rows)):
            return next(iter(said.values())).cells[name]
        verb = say("disagree about") if len(said) > 1 else say("do not all say")
        self._note(
            name,
            say("the rows {verb} the {name}, left out", verb=verb, name=_word(name)),
            said.values(),
        )
        return ""

    def first(self, name: str) -> str:
        """The first value, of what a dataset cannot be without."""
        said = self._by_value(name)
        if len(said) > 1:
            sentence = say(
                "the rows disagree about the {name}, and the first is taken", name=_word(name)
            )
            self._note(name, sentence, said.values())
        return next((row.cells[name] for row in said.values()), "")

    def all(self, *names: str) -> tuple[str, ...]:
        """The values of all rows, from lists as people write them."""
        cells = [text for row in self._group.rows for name in names if (text := _cell(row, name))]
        return tuple(dict.fromkeys(each for text in cells for each in keywords_of(text)))

    def _by_value(
        self, name: str, known: Callable[[str], str | None] | None = None
    ) -> dict[str, Row]:
        said: dict[str, Row] = {}
        for row in self._group.rows:
            if text := _cell(row, name):
                said.setdefault((known(text) if known else None) or text, row)
        return said

    def _note(self, name: str, sentence: str, rows: Iterable[Row]) -> None:
        shown = [
            say("'{cells}' (line {line})", cells=_short(row.cells[name]), line=row.line)
            for row in rows
        ]
        more = (
            say(" and {others} more", others=len(shown) - _MOST_NAMED)
            if len(shown) > _MOST_NAMED
            else ""
        )
        self._group.notes.append(
            say(
                "{sentence}: {named}{more}",
                sentence=sentence,
                named=", ".join(shown[:_MOST_NAMED]),
                more=more,
            )
        )


def _cell(row: Row, name: str) -> str:
    return row.cells.get(name, "")


def _word(name: str) -> str:
    words = {"license": "licence", "dataset": say("title of the dataset"), "dataset page": "page"}
    return words.get(name, name)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


# --- days ---------------------------------------------------------------------------------


def _day(text: str) -> date | None:
    """A day as 2024-01-31 (a time may follow) or 31/01/2024; None for anything else."""
    found = _ISO_DAY.match(day_in(text))
    return _made(found[1], found[2], found[3]) if found else None


def _made(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
