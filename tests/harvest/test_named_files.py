"""`harvest csv` of a table of files on this machine, and of a spreadsheet."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import FileSource, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page
from tests.manifests import Loaded
from tests.sheets import ods, xlsx, xlsx_with

Harvest = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]

ROWS = [
    ("Inventaire 2026",),
    (),
    ("Jeu de données", "Fichier", "Titre", "Description", "Licence", "Remarques"),
    ("Vélos", "donnees\\été.csv", "Comptages", "Par jour", "ODbL", "?"),
    ("Vélos", "https://example.org/2023.csv", "2023", None, "ODbL", None),
    ("Vélos", "donnees/absent.csv", None, None, "ODbL", None),
    ("Bus", "donnees/arrets.geojson", None, None, "Licence Ouverte 2.0", None),
]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "donnees").mkdir()
    for name in ("été.csv", "arrets.geojson"):
        (tmp_path / "donnees" / name).write_text("a;b\n")
    return tmp_path


def as_csv(rows: Any) -> bytes:
    lines = (";".join(cell or "" for cell in row) for row in rows)
    return "\r\n".join(lines).encode("cp1252")


WRITERS: dict[str, Callable[[Any], bytes]] = {
    "l.csv": as_csv,
    "l.xlsx": lambda rows: xlsx({"Aide": [("Une ligne par fichier.",)], "Liste": rows}),
    "l.ods": lambda rows: ods({"Liste": rows}),
}


@pytest.mark.parametrize("name", WRITERS)
async def test_files_of_this_machine_are_harvested_from_a_table(
    name: str, harvest: Harvest, city: Path, manifest_of: ManifestOf
) -> None:
    (city / name).write_bytes(WRITERS[name](ROWS))
    harvested = await harvest("csv", city / name)
    velos, bus = harvested.by_id["velos"], harvested.by_id["bus"]
    assert [type(each.source) for each in velos.resources] == [UrlSource, FileSource]
    file = velos.resources[1]
    assert isinstance(file.source, FileSource)
    assert (file.key, file.source.shown) == ("donnees/été.csv", "donnees/été.csv")
    assert (file.metadata.title, file.metadata.description) == ("Comptages", "Par jour")
    assert (velos.metadata.license, bus.metadata.license) == ("odc-odbl", "lov2")
    (arrets,) = bus.resources
    assert arrets.metadata.title == "Arrets"
    (lost,) = harvested.lost
    assert "the file donnees/absent.csv does not exist" in lost
    assert "it lists nothing that could be published" not in harvested.told
    assert any("Remarques" in note for note in harvested.notes)
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert sum(len(each.resources) for each in loaded.datasets) == 3


@pytest.mark.parametrize("title", ["", "Inventaire, mis à jour en 2026\n\n", ";;\nTitre\n"])
async def test_a_title_above_a_table_is_none_of_its_rows(
    title: str, harvest: Harvest, city: Path
) -> None:
    text = f"{title}titre;fichier\nA;donnees/été.csv\nB;donnees/absent.csv\n"
    (city / "l.csv").write_text(text)
    harvested = await harvest("csv", city / "l.csv")
    assert [each.metadata.title for each in harvested.only.resources] == ["A"]
    assert f"l.csv:{text.count(chr(10))}: the row is left out" in harvested.lost[0]


async def test_paths_start_from_the_table_and_the_manifest_has_them_from_its_own_folder(
    harvest: Harvest, city: Path, manifest_of: ManifestOf
) -> None:
    (city / "listes").mkdir()
    (city / "listes" / "l.csv").write_text("fichier,titre\n../donnees/été.csv,A\n")
    harvested = await harvest("csv", city / "listes" / "l.csv", base=str(city))
    (resource,) = harvested.only.resources
    assert resource.source.shown == "donnees/été.csv"
    assert manifest_of(harvested).problems == ()


async def test_no_table_of_the_web_leads_to_a_file_here(
    harvest: Harvest, fake_reader: Any, city: Path
) -> None:
    text = f"titre,fichier\nA,{city}/donnees/été.csv\nB,https://example.org/b.csv\n"
    url = "https://example.org/l.csv"
    reader = fake_reader({url: Page(url, text.encode(), "text/csv")})
    harvested = await harvest("csv", url, reader)
    assert [type(each.source) for each in harvested.only.resources] == [UrlSource]
    (lost,) = harvested.lost
    assert "on this machine, as no table of the web may" in lost


@pytest.mark.parametrize(
    ("text", "asked", "sentence"),
    [
        ("fichier\n/etc/hosts.d\n", {}, "names a file that cannot be published"),
        ("fichier\ndonnees\n", {}, "donnees is a folder"),
        ("fichier\ndonnees/été.csv\n", {"links": True}, "and a link needs an address"),
    ],
)
async def test_what_cannot_be_published_is_lost(
    harvest: Harvest, city: Path, text: str, asked: Any, sentence: str
) -> None:
    (city / "l.csv").write_text(text)
    harvested = await harvest("csv", city / "l.csv", **asked)
    (lost,) = harvested.lost
    assert "l.csv:2: the row is left out, as it" in lost
    assert sentence in lost


async def test_what_is_not_open_is_not_hosted(harvest: Harvest, city: Path) -> None:
    text = "jeu de données,fichier,droits d'accès\nA,donnees/été.csv,restreint\n"
    (city / "l.csv").write_text(text)
    harvested = await harvest("csv", city / "l.csv")
    assert harvested.only.resources == ()
    assert harvested.only.metadata.private is True
    assert "its files on this machine are left out" in harvested.told


async def test_other_sheets_are_told_and_errors_lose_the_table(
    harvest: Harvest, city: Path
) -> None:
    (city / "l.xlsx").write_bytes(xlsx({"A": ROWS[2:4], "B": ROWS[2:4]}))
    harvested = await harvest("csv", city / "l.xlsx")
    assert "l.xlsx: not read are the sheets B" in harvested.notes
    (city / "l.xlsx").write_bytes(
        xlsx_with(
            "xl/worksheets/sheet1.xml",
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>lien</t></is></c></row>'
            '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row></sheetData></worksheet>',
        )
    )
    with pytest.raises(SourceFailed, match=r"row 2: this cell has the error #REF!"):
        await harvest("csv", city / "l.xlsx")
