"""Catalogues as tables: a row is a dataset, or one of the files of the dataset that it names."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkpub.core.model import LinkSource, Spatial, TemporalCoverage, UrlSource
from bulkpub.data import columns
from bulkpub.errors import SourceFailed
from tests.manifests import Loaded

Harvest = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]
Write = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Write:
    def table(text: str, encoding: str = "utf-8", name: str = "catalogue.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return table


def by_title(harvested: Any) -> dict[str, Any]:
    return {each.dataset.metadata.title: each.dataset for each in harvested.found}


# --- a row is a dataset -------------------------------------------------------------------

NATIONAL = """\
titre,description,mots_cles,date_maj,freq_maj,url,format,licence
Arbres,Inventaire des arbres.,"arbre,forêt",2024-05-28,Annuelle,https://example.org/arbres.csv,CSV,Licence ouverte
Bancs,Liste des bancs.,mobilier,2024-05-28,Hebdomadaire,https://example.org/bancs.csv,CSV,ODbL
"""  # noqa: E501 # as such tables are


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_a_row_of_the_national_catalogue_is_a_dataset(
    harvest: Harvest, table: Write, manifest_of: ManifestOf, encoding: str, delimiter: str
) -> None:
    text = NATIONAL.replace('"arbre,forêt"', "arbre\0forêt").replace(",", delimiter)
    text = text.replace("arbre\0forêt", '"arbre,forêt"')
    harvested = await harvest("csv", table(text, encoding))
    arbres, bancs = by_title(harvested).values()
    assert (arbres.metadata.license, arbres.metadata.frequency) == ("lov2", "annual")
    assert (bancs.metadata.license, bancs.metadata.frequency) == ("odc-odbl", "weekly")
    assert arbres.metadata.description == "Inventaire des arbres."
    assert arbres.metadata.tags == ("arbre", "foret")
    assert bancs.metadata.tags == ("mobilier",)
    assert [each.source for each in bancs.resources] == [UrlSource("https://example.org/bancs.csv")]
    assert bancs.resources[0].metadata.title == "Bancs"
    assert "disagree" not in harvested.told
    assert harvested.lost == []
    assert manifest_of(harvested).problems == ()


WHOLE = """\
titre,description,mots_cles,nom_orga,siret_orga,id_alt_orga,service,si,contact_service,\
contact_personne,date_pub,date_maj,freq_maj,couv_geo,url,format,licence
Arbres en forêt,Données brutes,"arbre,forêt",Institut de la forêt,18006701900430,W34,Inventaire,IF,\
inventaire@example.org,jean@example.org,14/01/2005,28/05/2019,Annuelle ou plusieurs fois par an,\
France métropolitaine,https://example.org/datasets/arbres/,"CSV, XLSX",Licence ouverte
"""


async def test_the_whole_national_schema_is_read_and_what_it_gives_no_place_is_told(
    harvest: Harvest, table: Write, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(WHOLE))
    spec = harvested.only
    assert spec.metadata.title == "Arbres en forêt"
    assert spec.metadata.frequency == "annual"
    assert spec.metadata.spatial == Spatial(("country-subset:fr:metro",), None)
    extras = spec.metadata.extras
    assert extras["harvest:publisher"] == "Institut de la forêt"
    assert extras["harvest:contact"] == "inventaire@example.org"
    assert extras["harvest:issued_at"] == "2005-01-14"
    assert extras["harvest:modified_at"] == "2019-05-28"
    assert extras["harvest:remote_url"] == "https://example.org/datasets/arbres/"
    # The address is that of a page, although the format is CSV.
    assert [each.source for each in spec.resources] == [
        LinkSource("https://example.org/datasets/arbres/")
    ]
    assert "its files (CSV, XLSX) are not in the table" in harvested.told
    (note,) = harvested.notes
    assert note == (
        "catalogue.csv: not used are the columns siret_orga, id_alt_orga, service, si, "
        "contact_personne"
    )
    assert manifest_of(harvested).problems == ()


SCDL = """\
COLL_NOM;COLL_SIRET;ID;TITRE;DESCRIPTION;THEME;PRODUCTEUR_NOM;PRODUCTEUR_SIRET;COUV_SPAT_MAILLE;\
COUV_SPAT_NOM;COUV_TEMP_DEBUT;COUV_TEMP_FIN;DATE_PUBL;FREQ_MAJ;DATE_MAJ;MOTS_CLES;LICENCE;\
NOMBRE_RESSOURCES;FORMAT_RESSOURCES;URL
Métropole;24350013900189;prenoms-2017;Prénoms 2017;Prénoms de l'année;Administration locale;Ville;\
21350238800019;Communale;Bretagne;2017-01-01;2017-12-31;2017-06-01;\
Quotidienne ou plusieurs fois par jour;2018-01-14;scdl;Licence Ouverte-LO;3;csv;\
https://data.example.org/explore/dataset/prenoms-2017
Métropole;24350013900189;prenoms-2018;Prénoms 2018;Prénoms de l'année;Administration locale;;;\
Cantonale;Nulle part;01/01/2018;31/12/2018;2018-06-01;Semestrielle;2018-01-14;scdl;\
Open Database License-ODBL;1;csv;https://data.example.org/prenoms-2018.csv
"""


async def test_a_catalogue_of_the_scdl(
    harvest: Harvest, table: Write, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(SCDL))
    first, second = by_title(harvested).values()
    assert (first.metadata.license, first.metadata.frequency) == ("lov2", "daily")
    assert first.metadata.tags == ("scdl", "administration-locale")
    assert first.metadata.spatial == Spatial(("fr:region:53",), "fr:commune")
    assert first.metadata.temporal_coverage == TemporalCoverage(
        date(2017, 1, 1), date(2017, 12, 31)
    )
    assert first.metadata.extras["harvest:publisher"] == "Ville"
    assert "its 3 files (csv) are not in the table" in harvested.told
    assert (second.metadata.license, second.metadata.frequency) == ("odc-odbl", "semiannual")
    assert second.metadata.temporal_coverage == TemporalCoverage(
        date(2018, 1, 1), date(2018, 12, 31)
    )
    assert second.metadata.extras["harvest:publisher"] == "Métropole"
    assert [each.source for each in second.resources] == [
        UrlSource("https://data.example.org/prenoms-2018.csv")
    ]
    assert "the portal has no such granularity, left out: Cantonale" in harvested.told
    assert (
        "the area is not surely one of the portal's zones, left out: Nulle part" in harvested.told
    )
    assert {each.metadata.extras["harvest:remote_id"] for each in (first, second)} == {
        "prenoms-2017",
        "prenoms-2018",
    }
    assert manifest_of(harvested).problems == ()


DATASETS = """\
id;title;slug;acronym;url;organization;organization_id;owner;owner_id;description;\
description_short;frequency;license;temporal_coverage.start;temporal_coverage.end;\
spatial.granularity;spatial.zones;featured;created_at;last_modified;tags;archived;resources_count
5de8f397;Base des lieux;base-lieux;BAL;https://portal.example.org/datasets/base-lieux/;Ville;5de8f3;\
;;Les lieux;Court;monthly;Licence Ouverte / Open Licence version 2.0;2019-01-01;2020-12-31;\
fr:commune;Bretagne,Normandie;False;2019-12-05T13:11:03;2021-02-03T10:00:00;lieux,sport;False;2
5de8f398;Autre;autre;;https://portal.example.org/datasets/autre/;Ville;5de8f3;;;Texte;;unknown;\
Open Data Commons Open Database License (ODbL);;;;;False;2019-12-05;2021-02-03;;2022-01-01;0
"""


async def test_an_export_of_the_datasets_of_a_udata_portal(
    harvest: Harvest, table: Write, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(DATASETS, name="datasets.csv"))
    first, second = by_title(harvested).values()
    assert first.metadata.license == "lov2"
    assert first.metadata.frequency == "monthly"
    assert first.metadata.tags == ("lieux", "sport")
    assert first.metadata.acronym == "BAL"
    assert first.metadata.description_short == "Court"
    assert first.metadata.spatial == Spatial(("fr:region:53", "fr:region:28"), "fr:commune")
    assert first.metadata.archived is None
    assert first.metadata.extras["harvest:remote_id"] == "5de8f397"
    assert second.metadata.license == "odc-odbl"
    assert second.metadata.archived is True
    assert manifest_of(harvested).problems == ()


# --- a row is a file of the dataset that it names ----------------------------------------

RESOURCES = """\
dataset.id;dataset.title;dataset.slug;dataset.url;dataset.organization;dataset.organization_id;\
dataset.license;dataset.private;dataset.archived;id;url;title;description;filetype;type;format;\
mime;filesize;checksum.type;checksum.value;created_at;modified;downloads
a1;Arbres;arbres;https://p.example.org/datasets/arbres/;Ville;o1;Licence Ouverte;False;False;r1;\
https://p.example.org/r/arbres.csv;Arbres 2023;D;file;main;csv;text/csv;10;sha1;x;2023-01-01;\
2023-02-01;1
b2;Bancs;bancs;https://p.example.org/datasets/bancs/;Ville;o1;ODbL;True;False;r2;\
https://p.example.org/r/bancs.csv;Bancs;;remote;main;csv;text/csv;;;;2023-01-01;2023-02-01;1
a1;Arbres;arbres;https://p.example.org/datasets/arbres/;Ville;o1;Licence Ouverte;False;False;r3;\
https://p.example.org/api/arbres;API;D;remote;api;;;;;;2023-01-01;2023-03-01;1
"""


async def test_an_export_of_the_resources_of_a_udata_portal(
    harvest: Harvest, table: Write, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(RESOURCES, name="resources.csv"))
    arbres, bancs = by_title(harvested).values()
    assert (arbres.metadata.license, bancs.metadata.license) == ("lov2", "odc-odbl")
    assert [each.key for each in arbres.resources] == ["r1", "r3"]
    assert [type(each.source) for each in arbres.resources] == [UrlSource, LinkSource]
    assert arbres.metadata.private is None
    assert bancs.metadata.private is True
    assert arbres.metadata.extras["harvest:remote_url"] == "https://p.example.org/datasets/arbres/"
    assert arbres.metadata.extras["harvest:modified_at"] == "2023-03-01"
    assert "created_at" in harvested.notes[0]
    assert "checksum.value" in harvested.notes[0]
    assert manifest_of(harvested).problems == ()


# --- which of them a table is -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        # The same of all: a list of links of one dataset.
        ("titre,url,licence\nA,{a},ODbL\nB,{b},ODbL\n", ["Catalogue"]),
        ("titre,url\nA,{a}\nB,{b}\n", ["Catalogue"]),
        # Different: datasets.
        ("titre,url,licence\nA,{a},ODbL\nB,{b},CC0\n", ["A", "B"]),
        ("titre,url,licence\nA,{a},ODbL\nB,{b},\n", ["A", "B"]),
        ("titre,url,tags\nA,{a},x\nB,{b},y\n", ["A", "B"]),
        ("titre,url,frequence\nA,{a},annuelle\nB,{b},mensuelle\n", ["A", "B"]),
        # A column that only a catalogue has.
        ("titre,url,freq_maj\nA,{a},Annuelle\nB,{b},Annuelle\n", ["A", "B"]),
        ("TITRE;URL;COUV_SPAT_NOM\nA;{a};\nB;{b};\n", ["A", "B"]),
        # Rows without a title are files.
        ("url,licence\n{a},ODbL\n{b},CC0\n", ["Catalogue"]),
        # What names its dataset is a file of it.
        ("jeu,titre,url,licence\nJ,A,{a},ODbL\nJ,B,{b},CC0\n", ["J"]),
    ],
)
async def test_columns_tell_what_a_row_is(
    harvest: Harvest, table: Write, text: str, titles: list[str]
) -> None:
    filled = text.format(a="https://example.org/a.csv", b="https://example.org/b.csv")
    harvested = await harvest("csv", table(filled))
    assert list(by_title(harvested)) == titles


async def test_single_makes_one_dataset_of_all(
    harvest: Harvest, table: Write, manifest_of: ManifestOf
) -> None:
    harvested = await harvest("csv", table(NATIONAL), single=True)
    spec = harvested.only
    assert spec.metadata.title == "Catalogue"
    assert [each.metadata.title for each in spec.resources] == ["Arbres", "Bancs"]
    assert spec.metadata.license is None
    assert spec.metadata.frequency is None
    assert spec.metadata.tags == ("arbre", "foret", "mobilier")
    assert (
        "the rows disagree about the licence, left out: 'Licence ouverte' (line 2), 'ODbL' (line 3)"
        in harvested.told
    )
    assert manifest_of(harvested).problems == ()


# --- rows of one dataset ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licenses", "expected", "told"),
    [
        (("ODbL", "ODbL"), "odc-odbl", ""),
        (("ODbL", "Open Database License"), "odc-odbl", ""),
        (("", "ODbL"), "odc-odbl", ""),
        (("ODbL", "CC0"), None, "the rows disagree about the licence, left out: 'ODbL' (line 2)"),
    ],
)
async def test_rows_of_one_dataset_have_one_licence_or_it_is_left_out(
    harvest: Harvest, table: Write, licenses: tuple[str, str], expected: str | None, told: str
) -> None:
    text = "jeu;url;licence\n" + "".join(
        f"J;https://example.org/{number}.csv;{each}\n" for number, each in enumerate(licenses)
    )
    harvested = await harvest("csv", table(text))
    assert harvested.only.metadata.license == expected
    assert told in harvested.told
    assert bool(told) == ("disagree" in harvested.told)


async def test_where_nothing_holds_rows_together_one_does_not_speak_for_the_others(
    harvest: Harvest, table: Write
) -> None:
    text = "url,licence\nhttps://example.org/a.csv,ODbL\nhttps://example.org/b.csv,\n"
    harvested = await harvest("csv", table(text))
    assert harvested.only.metadata.license is None
    assert "the rows do not all say the licence, left out: 'ODbL' (line 2)" in harvested.told


async def test_rows_of_one_id_are_one_dataset_and_their_differences_told(
    harvest: Harvest, table: Write
) -> None:
    text = """\
id,titre,description,licence,url
1,Arbres,Un,ODbL,https://example.org/a.csv
2,Arbres,Deux,CC0,https://example.org/b.csv
1,Arbustes,Trois,ODbL,https://example.org/c.csv
"""
    harvested = await harvest("csv", table(text))
    one, two = (each.dataset for each in harvested.found)
    assert len(one.resources) == 2
    assert (one.metadata.title, one.metadata.description) == ("Arbres", "Un")
    assert (one.metadata.license, two.metadata.license) == ("odc-odbl", "cc-zero")
    assert "about the title, and the first is taken: 'Arbres' (line 2), 'Arbustes' (line 4)" in (
        harvested.told
    )
    assert "about the description, and the first is taken" in harvested.told


async def test_a_dataset_of_a_catalogue_without_an_address_is_one_and_it_is_told(
    harvest: Harvest, table: Write
) -> None:
    text = "titre,freq_maj,url\nA,Annuelle,\nB,Annuelle,nowhere\n,Annuelle,\n"
    harvested = await harvest("csv", table(text))
    assert list(by_title(harvested)) == ["A", "B"]
    assert "it lists nothing that could be published" in harvested.told
    bad, untitled = harvested.lost
    assert bad.startswith("catalogue.csv:3: the address is left out, as it has an address that")
    assert untitled == "catalogue.csv:4: the row is left out, as it has no title"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("private", "True"),
        ("prive", "oui"),
        ("dataset.private", "1"),
        ("private", "confidentiel"),
        ("Droits d'accès", "réservé aux agents"),
        ("accessLevel", "non-public"),
        ("embargo", "2999-01-01"),
    ],
)
async def test_a_restriction_is_never_widened(
    harvest: Harvest, table: Write, column: str, said: str
) -> None:
    text = f"titre,url,{column},freq_maj\nA,https://example.org/a.csv,{said},Annuelle\n"
    harvested = await harvest("csv", table(text))
    assert harvested.only.metadata.private is True
    assert [each.source for each in harvested.only.resources] == [
        LinkSource("https://example.org/a.csv")
    ]
    assert f"{said})" in harvested.told
    assert (await harvest("csv", table(text), restricted="skip")).found == []


@pytest.mark.parametrize(
    ("column", "said"),
    [("private", "False"), ("prive", "non"), ("private", ""), ("accessLevel", "public")],
)
async def test_what_is_open_stays_so(
    harvest: Harvest, table: Write, column: str, said: str
) -> None:
    text = f"titre,url,{column},freq_maj\nA,https://example.org/a.csv,{said},Annuelle\n"
    assert (await harvest("csv", table(text))).only.metadata.private is None


async def test_a_page_has_a_column_of_its_own(harvest: Harvest, table: Write) -> None:
    text = """\
titre,page,url,format,freq_maj
A,https://example.org/a,https://example.org/export?id=1,CSV,Annuelle
B,https://example.org/b,,,Annuelle
"""
    harvested = await harvest("csv", table(text))
    first, second = by_title(harvested).values()
    assert [each.source for each in first.resources] == [
        UrlSource("https://example.org/export?id=1")
    ]
    assert first.metadata.extras["harvest:remote_url"] == "https://example.org/a"
    assert second.metadata.extras["harvest:remote_url"] == "https://example.org/b"


CELLS = [
    "", "ODbL", "Licence ouverte", "Annuelle", "2024-01-31", "31/12/2024", "99/99/9999", "oui",
    "non", "a,b;c", "x" * 5000, "\x0b\u2028", "é" * 300, "API", "wms", "CSV", "[", "http://[::1",
    "Bretagne, Normandie", "\x00", "- a: b", "#x", "https://me:word@example.org/a.csv", "{stem}",
    "http://localhost/x.csv", "2999-01-01", "confidentiel",
]  # fmt: skip
URLS = [f"https://example.org/{name}" for name in ("a.csv", "b.csv", "p/1", "wms?service=WMS")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_in_a_table_its_manifest_can_be_read(
    harvest: Harvest, table: Write, manifest_of: ManifestOf, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(columns())), max_size=10, unique=True))
    wide = [*names, "url", "titre", "inconnue"]
    cells = [st.sampled_from(URLS if columns().get(n) == "url" else CELLS) for n in wide]
    rows = data.draw(st.lists(st.tuples(*cells), max_size=5))
    quoted = [[f'"{cell}"' for cell in row] for row in (wide, *rows)]
    path = table("\n".join(";".join(row) for row in quoted))
    asked = {"links": data.draw(st.booleans()), "single": data.draw(st.booleans())}

    async def harvested() -> Any:
        try:
            return await harvest("csv", path, **asked)
        except SourceFailed:
            return None

    found = anyio.run(harvested)
    if found is not None and found.found:
        loaded = manifest_of(found)
        assert loaded.problems == ()
        assert len(loaded.datasets) == len(found.found)
