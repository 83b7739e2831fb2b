"""Vocabularies: the lists that people of the field keep, as files that they can edit.

One file each (CSV where rows are flat, else TOML), which says at its head what it holds and how
a row is added; every row, or the table it is in, names its source. A file is read when it is
first asked for, once, and decoded into frozen values; a file that is wrong raises `ValueError`
with its name. `tests/data` holds the files to this. What belongs to one kind of portal alone
stands in that kind's own `data/`, and is read by `read_column` and `read_pairs`.
"""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any, TypeVar

__all__ = [
    "AccessRegister",
    "AccessRights",
    "AccessWords",
    "CkanFields",
    "Formats",
    "Frequency",
    "License",
    "Licenses",
    "Zone",
    "access_rights",
    "access_words",
    "ckan_fields",
    "columns",
    "columns_in_french",
    "columns_of_datasets",
    "contact_roles",
    "extensions_of_content_types",
    "formats",
    "frequencies",
    "granularities",
    "high_value_categories",
    "json_ld_contexts",
    "key_variables",
    "keys_in_french",
    "languages",
    "licenses",
    "not_files",
    "read_column",
    "read_pairs",
    "schema_registers",
    "spellings",
    "zones",
]

T = TypeVar("T")
SEPARATOR = "|"
"""Between several values in one cell of a CSV."""


# --- licences -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class License:
    """A licence; `names` fit a whole name, the others are looked for in a text or an address."""

    id: str
    names: tuple[re.Pattern[str], ...]
    sentences: tuple[re.Pattern[str], ...]
    addresses: tuple[re.Pattern[str], ...]
    unspecified: bool
    source: str


@dataclass(frozen=True, slots=True)
class Licenses:
    """All licences, the narrower ones first.

    `register` finds the id at the end of an address in a register of licences, `forbidding` what
    no licence here forbids.
    """

    all: tuple[License, ...]
    register: re.Pattern[str]
    forbidding: re.Pattern[str]


@cache
def licenses() -> Licenses:
    """What catalogues call a licence: `licenses.toml`."""
    table = _toml("licenses.toml")
    fragments = table["fragments"]

    def patterns(row: Mapping[str, Any], name: str) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_filled(each, fragments)) for each in row.get(name, ()))

    return Licenses(
        tuple(
            License(
                id=row["id"],
                names=patterns(row, "names"),
                sentences=patterns(row, "sentences"),
                addresses=patterns(row, "addresses"),
                unspecified=row.get("unspecified", False),
                source=row["source"],
            )
            for row in table["license"]
        ),
        register=re.compile(rf"(?:{'|'.join(table['registers']['addresses'])})/([^/#?]+)"),
        forbidding=re.compile(rf"\b(?:{'|'.join(table['forbidding']['words'])})\b"),
    )


def _filled(pattern: str, fragments: Mapping[str, str]) -> str:
    for name, fragment in fragments.items():
        pattern = pattern.replace(f"{{{name}}}", fragment)
    return pattern


# --- access rights ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessRegister:
    """A register of access rights: its codes, in lower case, and whether each means open."""

    address: re.Pattern[str]
    codes: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class AccessRights:
    """How catalogues say who has access.

    `fields` has the names of fields, each with how it speaks (`declared`, `spoken`, `from`,
    `issued`, `until`, `closed`, `opened`), `words` whole texts and whether each means open,
    `sentences` what is looked for in longer ones. `of_reuse` are texts that say nothing of
    access, `elsewhere` those that say that something else does.
    """

    fields: Mapping[str, str]
    registers: tuple[AccessRegister, ...]
    words: Mapping[str, bool]
    sentences: Mapping[str, tuple[re.Pattern[str], ...]]
    of_reuse: frozenset[str]
    elsewhere: frozenset[str]


@cache
def access_rights() -> AccessRights:
    """What catalogues call open to everyone, and what not: `access_rights.toml`."""
    table = _toml("access_rights.toml")
    return AccessRights(
        fields={name: row["how"] for row in table["field"] for name in row["names"]},
        registers=tuple(
            AccessRegister(
                re.compile(row["address"]),
                {code.lower(): means for code, means in _opened_and_closed(row)},
            )
            for row in table["register"]
        ),
        words={word: means for row in table["words"] for word, means in _opened_and_closed(row)},
        sentences={
            name: tuple(map(re.compile, patterns))
            for name, patterns in table["sentences"].items()
            if name != "source"
        },
        of_reuse=frozenset(table["of_reuse"]["words"]),
        elsewhere=frozenset(table["elsewhere"]["words"]),
    )


def _opened_and_closed(row: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield from ((word, True) for word in row["open"])
    yield from ((word, False) for word in row["closed"])


@dataclass(frozen=True, slots=True)
class AccessWords:
    """What a manifest says of access with: see `access.toml`."""

    types: tuple[str, ...]
    roles: tuple[str, ...]
    conditions: tuple[str, ...]
    reasons: tuple[str, ...]


@cache
def access_words() -> AccessWords:
    """The words for access in a manifest: `access.toml`."""
    table = _toml("access.toml")
    return AccessWords(*(tuple(table[field.name]["words"]) for field in fields(AccessWords)))


@cache
def contact_roles() -> tuple[str, ...]:
    """The roles of a contact point in a manifest: `contact_roles.csv`."""
    return read_column("data/contact_roles.csv", "role")


@cache
def key_variables() -> Mapping[str, str]:
    """Variables in which others keep a key → the one host that may be sent it: `key_variables.csv`.

    The first of a host comes before the others.
    """
    return read_pairs("data/key_variables.csv", "variable", "host")


# --- frequencies, granularities, columns --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often data is updated, and the codes, intervals and words for it."""

    id: str
    eu: str = ""
    intervals: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@cache
def frequencies() -> tuple[Frequency, ...]:
    """What catalogues call a frequency, from often to seldom: `frequencies.toml`."""
    return tuple(_decoded(Frequency, row) for row in _toml("frequencies.toml")["frequency"])


@cache
def granularities() -> Mapping[str, tuple[str, ...]]:
    """Granularities, each with the words for it: `granularities.toml`."""
    rows = _toml("granularities.toml")["granularity"]
    return {row["id"]: tuple(row.get("words", ())) for row in rows}


@cache
def columns() -> Mapping[str, str]:
    """The names of columns in a table of links or datasets → what they hold: `columns.csv`."""
    return read_pairs("data/columns.csv", "name", "meaning")


@cache
def columns_of_datasets() -> frozenset[str]:
    """Those of them that only a table has in which a row is a dataset."""
    return frozenset(read_pairs("data/columns.csv", "name", "rows"))


@cache
def keys_in_french() -> Mapping[str, str]:
    """French words → the keys of a manifest: `french_words.toml`."""
    rows = _toml("french_words.toml")["key"]
    return {name: row["key"] for row in rows for name in row["names"]}


@cache
def columns_in_french() -> Mapping[str, str]:
    """French names → the columns of a manifest's table: `french_words.toml`."""
    rows = _toml("french_words.toml")["column"]
    return {name: row["column"] for row in rows for name in row["names"]}


# --- formats ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Formats:
    """What formats are: words in lower case, without a dot.

    `files` are downloaded, as are `other_files`, extensions which few portals take or none,
    `services` asked, `pages` looked at; `page_extensions` are those of
    addresses that give a page, `scripts` those behind which a program answers. `elsewhere` are
    words for what is only linked to. `compressed` are extensions behind another one, of those
    that are `compressible`. `unspecific` are media types that say nothing, `short` is the one way
    to write a format that has two.
    """

    files: frozenset[str]
    other_files: frozenset[str]
    services: frozenset[str]
    pages: frozenset[str]
    page_extensions: frozenset[str]
    scripts: frozenset[str]
    elsewhere: frozenset[str]
    compressed: frozenset[str]
    compressible: frozenset[str]
    unspecific: frozenset[str]
    short: Mapping[str, str]


@cache
def formats() -> Formats:
    """What formats are: `formats.toml`."""
    table = _toml("formats.toml")
    pages, scripts = table["pages"], table["scripts"]
    page_extensions = frozenset((*pages["extensions"], *scripts["pages"]))
    return Formats(
        files=frozenset(table["files"]["formats"]),
        other_files=frozenset(table["other_files"]["extensions"]),
        services=frozenset(table["services"]["formats"]),
        pages=page_extensions.union(pages["formats"]),
        page_extensions=page_extensions,
        scripts=frozenset((*scripts["pages"], *scripts["others"])),
        elsewhere=frozenset(table["elsewhere"]["formats"]),
        compressed=frozenset(table["compressed"]["extensions"]),
        compressible=frozenset(table["compressed"]["inside"]),
        unspecific=frozenset(table["unspecific"]["content_types"]),
        short=_without_source(table["short"]),
    )


@cache
def spellings() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What fits the whole of a format as written, and the format: `format_spellings.toml`."""
    rows = _toml("format_spellings.toml")["spelling"]
    return tuple((re.compile(row["pattern"]), row["format"]) for row in rows)


@cache
def not_files() -> frozenset[str]:
    """Formats of what a portal links to that is asked or looked at rather than downloaded."""
    return formats().services | formats().pages | formats().elsewhere


@cache
def extensions_of_content_types() -> Mapping[str, str]:
    """Content types → the extension of a file, with its dot: `content_types.csv`."""
    return read_pairs("data/content_types.csv", "content_type", "extension")


# --- zones --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Zone:
    """An area: its id, its name, whether that alone means it, and what else does."""

    zone: str
    name: str
    source: str
    by_name: str = ""
    also: tuple[str, ...] = ()
    nuts: tuple[str, ...] = ()
    iso3: str = ""
    geonames: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that mean this zone and no other."""
        return (self.name, *self.also) if self.by_name else self.also


@cache
def zones() -> tuple[Zone, ...]:
    """Areas and their names and codes: `zones.csv`."""
    return tuple(_decoded(Zone, row) for row in _csv("data/zones.csv"))


@cache
def languages() -> Mapping[str, str]:
    """Codes of languages in three letters → those in two: `languages.csv`."""
    rows = read_pairs("data/languages.csv", "language", "also")
    return {other: code for code, also in rows.items() for other in also.split(SEPARATOR)}


# --- what single kinds of catalogue write -------------------------------------------------


@dataclass(frozen=True, slots=True)
class CkanFields:
    """The fields of CKAN's packages.

    `by_meaning` has those that are asked one after the other; `read` are all that are read in
    one way or another, `internal` are CKAN's own. `resource_types` has its types of resources →
    those of a manifest.
    """

    by_meaning: Mapping[str, tuple[str, ...]]
    read: frozenset[str]
    internal: frozenset[str]
    resource_types: Mapping[str, str]


@cache
def ckan_fields() -> CkanFields:
    """The names of fields in CKAN's packages: `ckan_fields.toml`."""
    table = _toml("ckan_fields.toml")
    by_meaning = {row["meaning"]: tuple(row["names"]) for row in table["field"]}
    return CkanFields(
        by_meaning,
        read=frozenset(table["read"]["names"]).union(*by_meaning.values()),
        internal=frozenset(table["internal"]["names"]),
        resource_types=_without_source(table["resource_types"]),
    )


@cache
def json_ld_contexts() -> tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]:
    """Addresses of JSON-LD contexts, each with what stands there: `json_ld_contexts.toml`."""
    table = _toml("json_ld_contexts.toml")
    prefixes, literals, addresses, classes = (
        _without_source(table[name]) for name in ("prefixes", "literals", "addresses", "classes")
    )
    terms: Mapping[str, Mapping[str, Any]] = {
        "dcat": {
            "@vocab": prefixes["dcat"],
            **prefixes,
            **literals,
            **{name: {"@id": iri, "@type": "@id"} for name, iri in addresses.items()},
            **classes,
        },
        "schema.org": {"@vocab": prefixes["schema"], **prefixes},
    }
    return tuple(
        (re.compile(row["address"], re.IGNORECASE), terms[row["terms"]]) for row in table["context"]
    )


@cache
def high_value_categories() -> Mapping[str, str]:
    """The ends of the addresses of high-value categories → their names: `high_value.csv`."""
    return read_pairs("data/high_value.csv", "address", "name")


@cache
def schema_registers() -> tuple[re.Pattern[str], ...]:
    """Addresses in registers of schemas: `schema_registers.toml`.

    The first group is the name of the schema, the second its version, if there is one.
    """
    rows = _toml("schema_registers.toml")["register"]
    return tuple(re.compile(row["address"], re.IGNORECASE) for row in rows)


# --- reading ------------------------------------------------------------------------------


def read_column(path: str, column: str) -> tuple[str, ...]:
    """The cells of one column of a CSV, in the order of the file.

    `path` starts from the folder of `bulkpub`. Lines that begin with `#` are comments.
    """
    return tuple(row[column] for row in _csv(path) if column in row)


def read_pairs(path: str, key: str, value: str) -> dict[str, str]:
    """Two columns of a CSV, without the rows in which `value` is empty; see `read_column`."""
    return {row[key]: row[value] for row in _csv(path) if value in row}


def _csv(path: str) -> list[dict[str, str]]:
    """The rows, each without its empty cells."""
    lines = [line for line in StringIO(_text(path)) if not line.startswith("#")]
    rows = list(csv.DictReader(lines, strict=True))
    for row in rows:
        if None in row or None in row.values():
            raise ValueError(f"bulkpub/{path}: too many cells or too few in {[*row.values()]}")
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


def _decoded(kind: type[T], row: Mapping[str, Any]) -> T:
    """A value of the dataclass `kind`; a text becomes a tuple where the field is one."""
    tuples = {
        field.name
        for field in fields(kind)  # type: ignore[arg-type] # a dataclass, which T cannot say
        if field.default is not MISSING and isinstance(field.default, tuple)
    }
    values = {
        name: tuple(value.split(SEPARATOR) if isinstance(value, str) else value)
        if name in tuples
        else value
        for name, value in row.items()
    }
    return kind(**values)


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(f"data/{name}"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"bulkpub/data/{name}: {error}") from error


def _text(path: str) -> str:
    return files("bulkpub").joinpath(path).read_text(encoding="utf-8")


def _without_source(table: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in table.items() if name != "source"}
