from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.core.model import LinkSource, UrlSource
from bulkpub.errors import SettingsInvalid, SourceFailed
from bulkpub.harvest.reading.tables import TableFault, read_table
from tests.manifests import Loaded

Harvest = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    def table(text: str, encoding: str = "utf-8", name: str = "mes_liens.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return table


SEMICOLONS = """\
Jeu de données;Titre;Lien;Description;Licence;Fréquence;Mots-clés;Service
Vélos;Comptages 2024;https://example.org/v2024.csv;Année;ODbL;quotidienne;mobilite, velo;voirie
Bus;Arrêts;https://example.org/arrets.json;;Licence Ouverte 2.0;;;
Vélos;Comptages 2023;https://example.org/v2023.csv;;ODbL;quotidienne;;voirie
"""


async def test_rows_are_grouped_into_datasets(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(SEMICOLONS))
    velos, bus = harvested.by_id["velos"], harvested.by_id["bus"]
    assert velos.metadata.title == "Vélos"
    assert velos.metadata.license == "odc-odbl"
    assert velos.metadata.frequency == "daily"
    assert velos.metadata.tags == ("mobilite", "velo")
    assert bus.metadata.license == "lov2"
    assert [each.metadata.title for each in velos.resources] == ["Comptages 2024", "Comptages 2023"]
    assert velos.resources[0].metadata.description == "Année"
    assert velos.resources[0].source == UrlSource("https://example.org/v2024.csv")
    assert harvested.notes == ["mes_liens.csv: not used are the columns Service"]
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert [each.key for each in loaded.datasets] == ["mes_liens.csv#velos", "mes_liens.csv#bus"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_delimiter_and_encoding_are_recognised(
    harvest: Harvest, table: Callable[..., Path], encoding: str, delimiter: str
) -> None:
    rows = [["Intitulé", "URL"], ["Été", "https://example.org/e.csv"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    harvested = await harvest("csv", table(text, encoding))
    (resource,) = harvested.only.resources
    assert resource.metadata.title == "Été"
    assert resource.key == "https://example.org/e.csv"


async def test_without_a_dataset_column_all_links_are_one_dataset(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    text = "link\nhttps://example.org/a_b.csv\nhttps://example.org/c.csv\n"
    harvested = await harvest("csv", table(text))
    assert (harvested.only.key, harvested.only.metadata.title) == (
        "mes_liens.csv#mes-liens",
        "Mes liens",
    )
    assert [each.metadata.title for each in harvested.only.resources] == ["A b", "C"]
    assert manifest_of(harvested).problems == ()


async def test_with_links_nothing_is_fetched_and_the_format_is_kept(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    text = "url,format,mime,type\nhttps://example.org/a?x=1,.CSV,text/csv,API\n"
    harvested = await harvest("csv", table(text), links=True)
    (resource,) = harvested.only.resources
    assert resource.source == LinkSource("https://example.org/a?x=1")
    assert resource.metadata.format == "csv"
    assert (resource.metadata.mime, resource.metadata.type) == ("text/csv", "api")
    assert manifest_of(harvested).problems == ()


@pytest.mark.parametrize(
    ("cell", "links", "fault"),
    [
        ("", False, "has no address"),
        ("a.csv", False, "must be an address that starts with"),
        ("https://", False, "must be a whole address"),
        ("ftp://example.org/a.csv", True, "only web addresses can be links"),
        ("https://me:word@example.org/a.csv", True, "a secret that everybody would see"),
        ("https://example.org/a.csv?token=word", True, "a secret that everybody would see"),
    ],
)
async def test_a_row_that_cannot_be_used_is_lost_with_its_line(
    harvest: Harvest,
    table: Callable[..., Path],
    cell: str,
    links: bool,  # noqa: FBT001 - a table
    fault: str,
) -> None:
    text = f"title,url\nGood,https://example.org/good.csv\nBad,{cell}\n"
    harvested = await harvest("csv", table(text), links=links)
    assert len(harvested.only.resources) == 1
    (lost,) = harvested.lost
    assert lost.startswith("mes_liens.csv:3: ")
    assert fault in lost
    assert "word" not in lost


async def test_lines_are_counted_as_an_editor_does(
    harvest: Harvest, table: Callable[..., Path]
) -> None:
    text = '\ntitle,url\n"two\nlines",https://example.org/a.csv\n\nBad,nowhere\n'
    harvested = await harvest("csv", table(text))
    assert harvested.lost[0].startswith("mes_liens.csv:6: ")


async def test_an_address_listed_twice_is_taken_once(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    text = "url\nhttps://example.org/a.csv\nhttps://example.org/a.csv\n"
    harvested = await harvest("csv", table(text))
    assert len(harvested.only.resources) == 1
    assert "line 3 repeats the address of line 2" in harvested.told
    assert manifest_of(harvested).problems == ()


async def test_what_is_not_known_is_said(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    text = "url,licence,frequence,type\nhttps://example.org/a.csv,Maison,parfois,chose\n"
    harvested = await harvest("csv", table(text))
    assert "the portal has no such licence, left out: Maison" in harvested.told
    assert "the portal has no such frequency, left out: parfois" in harvested.told
    assert manifest_of(harvested).problems == ()


async def test_since_goes_by_the_newest_row(harvest: Harvest, table: Callable[..., Path]) -> None:
    text = """\
jeu,url,modified
vieux,https://example.org/a.csv,2019-01-01
neuf,https://example.org/b.csv,2019-01-01
neuf,https://example.org/c.csv,31/12/2024
inconnu,https://example.org/d.csv,
"""
    harvested = await harvest("csv", table(text), since=date(2024, 1, 1))
    assert list(harvested.by_id) == ["neuf", "inconnu"]


async def test_a_table_can_be_on_the_web(harvest: Harvest, fake_reader: Any) -> None:
    url = "https://example.org/liens.csv"
    reader = fake_reader({url: "url\nhttps://example.org/a.csv\n"})
    assert (await harvest("csv", url, reader)).only.key == "example.org/liens.csv#liens"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        (
            "name,size\na,1\n",
            "it has no column called url, link, lien, adresse or fichier, but name",
        ),
        ("\0\0\0", "it has no column"),
        ("PK\x03\x04url,titre\n", "this is no spreadsheet, or a damaged one"),
        ("<!DOCTYPE html>\n<a>url,lien</a>\n", "it is a page of HTML"),
    ],
)
async def test_what_is_no_table_of_links_is_said(
    harvest: Harvest, table: Callable[..., Path], content: str, why: str
) -> None:
    with pytest.raises(SourceFailed, match=why):
        await harvest("csv", table(content))


async def test_a_missing_file_is_a_wrong_command_line(harvest: Harvest, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read: no such file"):
        await harvest("csv", tmp_path / "none.csv")


def test_of_two_columns_that_mean_the_same_the_first_counts() -> None:
    rows = list(read_table(b"url,lien\nhttps://a.example/,https://b.example/\n").rows)
    assert [row.cells for row in rows] == [{"url": "https://a.example/"}]


@given(
    st.binary(max_size=200)
    | st.text(alphabet='url,;\t"\n\r é', max_size=200).map(lambda text: f"url\n{text}".encode())
)
def test_whatever_is_in_a_file_it_is_a_table_or_a_fault(content: bytes) -> None:
    try:
        rows = list(read_table(content).rows)
    except TableFault:
        return
    assert all(row.line >= 1 and "" not in row.cells.values() for row in rows)


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_only_cr_and_lf_end_a_line(
    harvest: Harvest, table: Callable[..., Path], inside: str, end: str
) -> None:
    rows = (
        "url,titre,description",
        f"https://example.org/a.csv,A,Ligne un{inside}suite",
        "https://example.org/b.csv,B,Ok",
        "nowhere,C,",
    )
    harvested = await harvest("csv", table(end.join(rows)))
    first, second = harvested.only.resources
    assert (first.metadata.title, second.metadata.title) == ("A", "B")
    assert first.metadata.description in {"Ligne un\nsuite", "Ligne unsuite"}
    assert harvested.lost[0].startswith("mes_liens.csv:4: ")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;", "\ufeffsep=;"])
async def test_the_line_in_which_excel_names_the_separator_is_no_row(
    harvest: Harvest, table: Callable[..., Path], first: str
) -> None:
    text = f"{first}\r\nurl;titre\r\nhttps://example.org/a.csv;A, B, C\r\nnowhere;\r\n"
    harvested = await harvest("csv", table(text))
    (resource,) = harvested.only.resources
    assert resource.metadata.title == "A, B, C"
    assert harvested.lost[0].startswith("mes_liens.csv:4: ")


async def test_the_separator_that_is_named_counts(
    harvest: Harvest, table: Callable[..., Path]
) -> None:
    text = "sep=|\nurl|titre, en clair; ou pas\nhttps://example.org/a.csv|A\n"
    harvested = await harvest("csv", table(text))
    assert harvested.notes == ["mes_liens.csv: not used are the columns titre, en clair; ou pas"]


async def test_what_no_manifest_can_hold_is_taken_out_of_cells(
    harvest: Harvest, table: Callable[..., Path], manifest_of: ManifestOf
) -> None:
    text = "jeu;titre;description;url\nV\x0bélos;A\u2028B\x01;D\x85E;https://example.org/a.csv\n"
    harvested = await harvest("csv", table(text))
    (resource,) = harvested.only.resources
    assert harvested.only.metadata.title == "V élos"
    assert (resource.metadata.title, resource.metadata.description) == ("A B", "D\nE")
    assert manifest_of(harvested).problems == ()
