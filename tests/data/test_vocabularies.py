"""The vocabularies: what somebody who edits one of these files must not get wrong."""

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from unidecode import unidecode

import bulkpub
from bulkpub import data
from bulkpub.core.rules import Vocabulary
from bulkpub.harvest import links
from bulkpub.manifest.keys import forms
from bulkpub.manifest.table import COLUMNS
from bulkpub.portals.udata import vocabularies
from bulkpub.portals.udata.rules import RULES
from bulkpub.sandbox.seeds import GRANULARITIES, LICENSES
from bulkpub.sources.file_names import EXTENSION

PACKAGE = Path(bulkpub.__file__).parent
FILES = sorted(
    path
    for folder in (PACKAGE / "data", *(PACKAGE / "portals").glob("*/data"))
    for path in folder.iterdir()
    if path.suffix in {".csv", ".toml"}
)
TOML = [path for path in FILES if path.suffix == ".toml"]
CSV = [path for path in FILES if path.suffix == ".csv"]
FIRST_THAT_FITS = {"ckan_fields.toml", "licenses.toml"}
"""Files with lists in which the order counts."""
IN_ORDER_OF_MEANING = {
    "data/key_variables.csv",
    "portals/udata/data/frequencies.csv",
    "portals/udata/data/resource_types.csv",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


every_file = pytest.mark.parametrize("path", FILES, ids=name_of)
every_toml = pytest.mark.parametrize("path", TOML, ids=name_of)
every_csv = pytest.mark.parametrize("path", CSV, ids=name_of)


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader([line for line in lines if not line.startswith("#")]))


def texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield name
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def lists(value: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    match value:
        case [str(), *_]:
            yield name, value
        case dict():
            for key, inner in value.items():
                yield from lists(inner, key)
        case list():
            for inner in value:
                yield from lists(inner, name)


def repeated(words: list[str]) -> list[str]:
    assert words
    return [word for word, count in Counter(words).items() if count > 1]


# --- every file ---------------------------------------------------------------------------


@every_file
def test_a_file_says_at_its_head_what_it_is_and_how_a_row_is_added(path: Path) -> None:
    head = re.match(r"(?:#.*\n)+", path.read_text(encoding="utf-8"))
    assert head is not None
    assert re.search(r"\badd\b|\badded\b", head[0])


def test_every_file_is_loaded_by_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    text = data._text

    def recorded(path: str) -> str:
        read.add(path)
        return text(path)

    monkeypatch.setattr(data, "_text", recorded)
    readers = [
        getattr(module, name)
        for module in (data, vocabularies)
        for name in module.__all__
        if hasattr(getattr(module, name), "cache_clear")
    ]
    for reader in readers:
        reader.cache_clear()
    for reader in readers:
        assert reader()
    assert read == {name_of(path) for path in FILES}


def test_a_file_is_read_when_it_is_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    text = data._text

    def recorded(path: str) -> str:
        read.append(path)
        return text(path)

    monkeypatch.setattr(data, "_text", recorded)
    data.zones.cache_clear()
    import_module("bulkpub.data.known_zones")
    assert read == []
    assert data.zones() is data.zones()
    assert read == ["data/zones.csv"]


@every_toml
def test_every_row_of_a_toml_has_a_source_or_its_table_or_its_file_has(path: Path) -> None:
    table = toml(path)
    if table.get("source") or table.get("sources"):
        return
    for name, value in table.items():
        for row in value if isinstance(value, list) else [value]:
            assert row.get("source"), f"{name}: {row}"


def test_every_kind_of_value_has_a_source_where_sources_are_by_kind() -> None:
    table = toml(PACKAGE / "data/frequencies.toml")
    assert {key for row in table["frequency"] for key in row} == set(table["sources"])


@every_csv
def test_every_row_of_a_csv_has_a_source(path: Path) -> None:
    assert rows(path)
    for row in rows(path):
        assert row["source"], row


@every_file
def test_no_text_is_empty_or_has_white_space_around_it(path: Path) -> None:
    if path.suffix == ".toml":
        assert [text for text in texts(toml(path)) if not text or text != text.strip()] == []
        return
    for row in rows(path):
        assert next(iter(row.values())), row
        assert all(cell == cell.strip() for cell in row.values()), row


@every_csv
def test_the_rows_of_a_csv_are_unique_and_in_order(path: Path) -> None:
    first = [next(iter(row.values())) for row in rows(path)]
    assert repeated(first) == []
    if name_of(path) not in IN_ORDER_OF_MEANING:
        assert first == sorted(first)


@every_toml
def test_a_list_has_each_value_once_and_in_alphabetical_order(path: Path) -> None:
    for name, values in lists(toml(path)):
        assert repeated(values) == [], name
        if path.name not in FIRST_THAT_FITS:
            assert values == sorted(values), name


@every_toml
def test_the_rows_of_a_toml_are_unique(path: Path) -> None:
    for value in toml(path).values():
        if isinstance(value, list):
            assert repeated([next(iter(row.values())) for row in value]) == []


# --- words are written as they are compared ----------------------------------------------

FRENCH = toml(PACKAGE / "data/french_words.toml")


@pytest.mark.parametrize(
    "words",
    [
        [word for each in data.frequencies() for word in each.words],
        [word for words in data.granularities().values() for word in words],
        list(data.columns()),
        [name for row in FRENCH["key"] for name in row["names"]],
        [name for row in FRENCH["column"] for name in row["names"]],
    ],
    ids=["frequencies", "granularities", "columns", "keys in French", "columns in French"],
)
def test_words_are_in_lower_case_without_accents_and_mean_one_thing(words: list[str]) -> None:
    assert words == [" ".join(re.findall(r"[a-z0-9]+", unidecode(w).lower())) for w in words]
    assert repeated(words) == []


def test_a_format_stands_in_one_list() -> None:
    table = toml(PACKAGE / "data/formats.toml")
    words = [
        word
        for name in ("files", "other_files", "services", "pages", "scripts", "elsewhere")
        for _, values in lists(table[name])
        for word in values
    ]
    assert repeated(words) == []
    assert words == [word.lower().lstrip(".") for word in words]


def test_a_zone_is_known_by_nothing_that_another_is_known_by() -> None:
    zones = data.zones()
    assert repeated([unidecode(name).lower() for zone in zones for name in zone.names]) == []
    assert repeated([code for zone in zones for code in zone.nuts]) == []
    assert repeated([zone.iso3 for zone in zones if zone.iso3]) == []
    assert repeated([zone.geonames for zone in zones if zone.geonames]) == []
    assert {zone.by_name for zone in zones} == {"", "yes"}


def test_codes_have_the_form_of_their_registers() -> None:
    for zone in data.zones():
        assert re.fullmatch(r"[a-z-]+(:[a-z-]+)*(:[0-9]{2,3}|:2[ab])?", zone.zone.lower())
        assert all(re.fullmatch(r"[A-Z]{2}[A-Z0-9]{0,3}", code) for code in zone.nuts)
        assert re.fullmatch(r"([A-Z]{3})?", zone.iso3)
        assert re.fullmatch(r"[0-9]*", zone.geonames)
    for frequency in data.frequencies():
        assert re.fullmatch(r"[A-Z0-9_]*", frequency.eu)
        assert all(re.fullmatch(r"P[0-9.TYMWDHS]+", each) for each in frequency.intervals)
    for content_type, extension in data.extensions_of_content_types().items():
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", content_type)
        assert EXTENSION.fullmatch(extension)


# --- what is mapped to is there ----------------------------------------------------------


def test_frequencies_are_those_a_manifest_may_have_without_the_older_names() -> None:
    known = RULES.vocabularies[Vocabulary.FREQUENCIES]
    ids = [each.id for each in data.frequencies()]
    older = set(known) - set(ids)
    assert ids == [each for each in known if each not in older]
    assert older < set(vocabularies.renamed_frequencies())


def test_what_a_frequency_is_kept_as_is_a_frequency_that_is_kept() -> None:
    renamed = vocabularies.renamed_frequencies()
    assert set(renamed.values()) <= set(vocabularies.frequencies()) - set(renamed)


def test_licences_are_those_of_a_portal() -> None:
    assert {each.id for each in data.licenses().all} == {each.id for each in LICENSES}


def test_granularities_are_those_of_a_portal() -> None:
    assert set(data.granularities()) <= {*GRANULARITIES}


def test_a_spelling_gives_a_format_that_is_in_a_list() -> None:
    formats = data.formats()
    known = formats.files | formats.services | formats.pages
    assert {short for _, short in data.spellings()} - {r"\1"} <= known
    assert set(formats.short) | set(formats.short.values()) <= known


def test_columns_and_fields_mean_what_the_harvest_asks_for() -> None:
    code = Path(links.__file__).read_text(encoding="utf-8")
    assert [each for each in set(data.columns().values()) if f'"{each}"' not in code] == []
    code = (PACKAGE / "harvest" / "ckan.py").read_text(encoding="utf-8")
    assert [each for each in data.ckan_fields().by_meaning if f'"{each}"' not in code] == []


def test_french_words_stand_for_what_a_manifest_has() -> None:
    shapes = forms(RULES)
    keys = {
        *shapes.document.keys,
        *shapes.dataset.keys,
        *shapes.resource.keys,
        *(
            below.name
            for key in shapes.dataset.keys.values()
            if key.below
            for below in key.below.keys.values()
        ),
    }
    assert set(data.keys_in_french().values()) <= keys
    assert set(data.columns_in_french().values()) <= set(COLUMNS)
    assert not set(data.columns_in_french()) & set(COLUMNS)


IN_A_HARVEST = {
    "dataset": "dataset key",
    "dataset_id": "dataset key",
    "dataset_title": "dataset",
    "description": "dataset description",
    "description_short": "short description",
    "link": "url",
    "organization": "publisher",
    "resource_description": "description",
    "spatial_granularity": "granularity",
    "spatial_zones": "places",
    "temporal_end": "end",
    "temporal_start": "start",
}
"""Columns of a manifest's table → what a table that is harvested calls the same."""


def test_a_french_column_means_the_same_in_a_manifest_and_in_a_harvest() -> None:
    of_no_use = {"next_update", "optional"}  # no catalogue says the like
    longer = {"resume"}  # a manifest's summary is short, that of catalogues often is not
    for name, column in data.columns_in_french().items():
        if column not in of_no_use and name not in longer:
            assert data.columns().get(name) == IN_A_HARVEST.get(column, column), name


def test_types_of_resources_become_those_a_manifest_may_have() -> None:
    known = RULES.vocabularies[Vocabulary.RESOURCE_TYPES]
    assert set(data.ckan_fields().resource_types.values()) <= set(known)


def test_every_prefix_of_a_json_ld_term_is_declared() -> None:
    table = toml(PACKAGE / "data/json_ld_contexts.toml")
    for name in ("literals", "addresses", "classes"):
        for term, iri in table[name].items():
            assert term == "source" or iri.partition(":")[0] in table["prefixes"]


# --- a file that is wrong -----------------------------------------------------------------


@pytest.mark.parametrize("line", ["daily", "daily,,x,y"])
def test_a_row_with_too_many_or_too_few_cells_is_said_with_the_file(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(data, "_text", lambda _: f"# what it is\nname,other,source\n{line}\n")
    with pytest.raises(ValueError, match=r"bulkpub/data/x\.csv: .*daily"):
        data.read_column("data/x.csv", "name")


def test_a_toml_that_cannot_be_read_is_said_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_text", lambda _: "id = ")
    data.frequencies.cache_clear()
    with pytest.raises(ValueError, match=r"bulkpub/data/frequencies\.toml"):
        data.frequencies()
