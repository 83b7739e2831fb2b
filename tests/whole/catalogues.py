"""Catalogues as they are served, and what is to be on the portal after they were published.

The tables are made by hand from what is written in the catalogues, never from what a harvest
gave. The catalogues are those of `tests/harvest`, but at addresses that a test can serve.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yarl import URL

__all__ = ["CASES", "Case", "Listed", "Wanted"]

CAPTURED = Path(__file__).parents[1] / "harvest" / "catalogues"
DATA, SIG = "http://data.example.org", "http://sig.example.org"
HUB, UDATA = "http://ville-exemple.hub.arcgis.com", "http://www.data.example.org"
ODS = f"{DATA}/api/explore/v2.1/catalog/datasets"
TREES = f"{DATA}/api/datasets/1.0/arbres-remarquables"


@dataclass(frozen=True)
class Listed:
    """A resource: hosted as the file at `origin`, or a link there, or `failed` for a reason."""

    title: str
    origin: str
    type: str = "main"
    hosted: bool = False
    failed: str = ""


def linked(title: str, origin: str, kind: str) -> Listed:
    return Listed(title, origin, kind)


def hosted(title: str, origin: str, kind: str = "main") -> Listed:
    return Listed(title, origin, kind, hosted=True)


def failed(title: str, why: str) -> Listed:
    return Listed(title, "", failed=why)


@dataclass(frozen=True)
class Wanted:
    """A dataset. What is not said of it nobody is to make up; of extras, these and others."""

    title: str
    description: str
    resources: tuple[Listed, ...] = ()
    license: str | None = None
    frequency: str | None = None
    tags: tuple[str, ...] = ()
    period: tuple[str, str | None] | None = None
    zones: tuple[str, ...] = ()
    granularity: str = "other"
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A catalogue as it is served, and what is to come of it."""

    kind: str
    sources: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    notes: tuple[str, ...] = ()
    """What the manifest says could not be carried over."""
    pages: tuple[Callable[[URL], str | None], ...] = ()
    """Each gives the text of a catalogue at an address; None where it has none."""
    flags: tuple[str, ...] = ()
    sorry: tuple[str, ...] = ()
    """Where a page says sorry in place of a file."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts in the folder that is harvested, by path."""

    @property
    def resources(self) -> tuple[Listed, ...]:
        return tuple(each for dataset in self.wanted for each in dataset.resources)

    @property
    def links(self) -> int:
        return sum(not (each.hosted or each.failed) for each in self.resources)

    def page(self, url: URL) -> str | None:
        return next(filter(None, (page(url) for page in self.pages)), None)


def captured(name: str) -> str:
    """A catalogue as it was captured, but without TLS, and within what a test reaches and has."""
    text = (CAPTURED / name).read_text(encoding="utf-8")
    text = re.sub(r"https://((?:[\w-]+\.)*(?:example\.org|arcgis\.com))", r"http://\1", text)
    text = text.replace("ftp://ftp.example.org", "ftp://127.0.0.1:1")  # where nobody listens
    return text.replace("fr_60_33", "fr_60_75")  # an area that our portals have


# --- CKAN ---------------------------------------------------------------------------------


def ckan(url: URL) -> str | None:
    if url.path != "/api/3/action/package_search":
        return None
    return captured(f"ckan_{1 + int(url.query['start']) // 2}.json")


CKAN = Case(
    "ckan",
    (DATA,),
    (
        Wanted(
            "Comptages vélo",
            "Comptages **horaires** des vélos.\n\n* une ligne par heure\n* un compteur par site",
            (
                hosted(
                    "Comptages 2019-2023",
                    f"{DATA}/dataset/0b1c2d3e/resource/aaaaaaaa/download/comptages été.csv",
                ),
                failed("notice.pdf", "404"),
                linked(
                    "Carte des compteurs",
                    "http://geo.example.org/wms?SERVICE=WMS&REQUEST=GetCapabilities",
                    "api",
                ),
            ),
            "lov2",
            "daily",
            ("mobilite", "velo"),
            ("2019-01-01", "2023-12-31"),
            ("fr:departement:75",),
            extras={
                "ckan:sensor-model": "Eco-Compteur",
                "harvest:remote_url": f"{DATA}/dataset/comptages-velo",
            },
        ),
        Wanted(
            "Arbres d'alignement",
            "Arbres d'alignement",
            (
                linked("Visionneuse", "http://carte.example.org/arbres", "other"),
                linked("Données", "http://files.example.org/get?id=12", "other"),
                failed("Ancien serveur", "ftp://127.0.0.1:1/"),
            ),
            "notspecified",
            period=("2010-01-01", None),
            extras={"ckan:qualite": "bonne"},
        ),
        Wanted(
            "Budget primitif",
            "Le budget, [voir ici](http://www.example.org/budget).",
            (failed("Budget 2019", "a page of HTML"),),
            "odc-odbl",
            "annual",
            ("budget", "finances"),
            zones=("fr:region:11",),
        ),
    ),
    (
        "a shape (Polygon), not a zone, left out: 2.2, 48.8, 2.5, 48.9",
        "a tag has 3 to 96 characters, left out: km",
        "no such frequency, left out: au petit bonheur",
        "not surely one of the portal's zones, left out: Paris",
        "'Sans adresse' has no address, left out",
        "the address of 'Sur le réseau' must be an address that starts with",
        "nothing says whether http://files.example.org/get?id=12 is a file",
        "it has no description: its title stands for it",
    ),
    (ckan,),
    sorry=(f"{DATA}/budget/2019.xlsx",),
)


# --- DCAT ---------------------------------------------------------------------------------


def at(source: str, *names: str) -> Callable[[URL], str | None]:
    """Captured pages at `source`, the later ones with `?page=2` and so on."""

    def page(url: URL) -> str | None:
        here = str(url.with_query(None)) == source
        return captured(names[int(url.query.get("page", 1)) - 1]) if here else None

    return page


TURTLE, RDF_XML = f"{DATA}/catalog.ttl", f"{SIG}/geonetwork/srv/dcat.rdf"
JSON_LD, DATA_JSON = f"{UDATA}/catalog.jsonld", f"{HUB}/data.json"
DCAT = Case(
    "dcat",
    (TURTLE, RDF_XML, JSON_LD, DATA_JSON),
    (
        Wanted(
            "Qualité de l'air",
            "Mesures horaires.",
            (
                hosted("Mesures", f"{DATA}/files/mesures.csv"),
                linked("Service WFS", "http://geo.example.org/wfs", "api"),
                linked("Page (html)", f"{DATA}/air", "other"),  # which nobody gave a title
                linked("API de l'air", "http://api.example.org/air/v1", "api"),
            ),
            "lov2",
            "hourly",
            ("air", "pollution"),
            ("2018-01-01", "2020-12-31"),
            ("fr:departement:75",),
            extras={"harvest:contact": "Air <air@example.org>"},
        ),
        Wanted("Sans rien", "Sans rien"),
        Wanted("Bruit", "Cartes de bruit.", frequency="quinquennial"),
        Wanted(
            "Chimie du Gardon",
            "Mesures depuis 2004.",
            (
                linked("stations", f"{SIG}/geoserver/ows", "api"),
                hosted("Stations (shapefile)", f"{SIG}/files/stations 2004.zip"),
                linked("Le portail", f"{SIG}/portail", "other"),
            ),
            "lov2",
            "continuous",
            ("chimie",),
            ("2004-11-03", "2005-03-30"),
            extras={"harvest:issued_at": "2004-11-03"},
        ),
        Wanted(
            "Élus",
            "Répertoire des élus",
            (hosted("Maires", "http://static.example.org/maires.txt"),),
            "fr-lo",
            "quarterly",
            ("elections", "elus"),
            ("2020-03-15", "2026-03-15"),
        ),
        Wanted("Communes", "Liste"),
        Wanted(
            "stationnement velos",
            "Stationnement des vélos",
            (
                linked("ArcGIS Hub Dataset", f"{HUB}/maps/f656_5", "other"),
                linked(
                    "ArcGIS GeoService",
                    "http://services.arcgis.com/Hb/arcgis/rest/services/velo/FeatureServer/5",
                    "api",
                ),
                hosted("CSV", f"{HUB}/api/download/v1/items/f656/csv?layers=5"),
                hosted("GeoJSON", f"{HUB}/api/download/v1/items/f656/geojson?layers=5"),
            ),
            "lov2",
            tags=("geospatial", "mobilite"),
            extras={"harvest:publisher": "Ville d'Exemple"},
        ),
    ),
    (
        "not carried over: provenance",
        "the area is a shape (Polygon)",
        "no such licence, left out: Tous droits réservés",
        "it lists nothing that could be published",
    ),
    (
        at(TURTLE, "dcat_1.ttl", "dcat_2.ttl"),
        at(RDF_XML, "dcat_geonetwork.rdf"),
        at(JSON_LD, "dcat_udata_1.jsonld", "dcat_udata_2.jsonld"),
        at(DATA_JSON, "dcat_hub.json"),
    ),
)


# --- Opendatasoft -------------------------------------------------------------------------


def opendatasoft(url: URL) -> str | None:
    if str(url.with_query(None)) != ODS:
        return None
    answer, start = json.loads(captured("opendatasoft.json")), int(url.query["offset"])
    return json.dumps({**answer, "results": answer["results"][start : start + 2]})


OPENDATASOFT = Case(
    "opendatasoft",
    (DATA,),
    (
        Wanted(
            "Arbres remarquables",
            "Les arbres **remarquables**.\n\n- hauteur\n- âge",
            (
                hosted("Export CSV", f"{ODS}/arbres-remarquables/exports/csv"),
                hosted("Export JSON", f"{ODS}/arbres-remarquables/exports/json"),
                hosted("Export GeoJSON", f"{ODS}/arbres-remarquables/exports/geojson"),
                failed("notice.pdf", "404"),
                hosted("Shapefile en Lambert 93", f"{TREES}/alternative_exports/shp_l93/"),
            ),
            "lov2",
            "monthly",
            ("arbre", "environnement", "patrimoine-vegetal"),
            ("2016-01-01", "2023-12-31"),
            ("country:fr", "fr:departement:75"),
            "fr:commune",
            {"ods:custom:projection": "Lambert 93"},
        ),
        Wanted("Plan", "Plan"),
        Wanted("Agents", "Interne", (), "odc-odbl", "daily"),
    ),
    ("no such licence, left out: Copyright", "does not open it to everyone (data_visible: false)"),
    (opendatasoft,),
)


# --- what is no catalogue by itself -------------------------------------------------------

TABLE = f"""\
Jeu de données;Titre;Lien;Description du jeu;Licence;Fréquence;Mots-clés;Service
Vélos;Comptages 2024;{DATA}/v2024.csv;Des compteurs;ODbL;quotidienne;mobilité, vélo;voirie
Bus;Arrêts;{DATA}/arrets.json;;Licence Ouverte 2.0;au petit bonheur;;
Vélos;Comptages 2023;{DATA}/v2023.csv;;ODbL;quotidienne;;voirie
"""
CSV = Case(
    "csv",
    (f"{DATA}/liens.csv",),
    (
        Wanted(
            "Vélos",
            "Des compteurs",
            (
                hosted("Comptages 2024", f"{DATA}/v2024.csv"),
                hosted("Comptages 2023", f"{DATA}/v2023.csv"),
            ),
            "odc-odbl",
            "daily",
            ("mobilite", "velo"),
        ),
        Wanted("Bus", "Bus", (hosted("Arrêts", f"{DATA}/arrets.json"),), "lov2"),
    ),
    ("no such frequency, left out: au petit bonheur",),
    (lambda url: TABLE if url.path == "/liens.csv" else None,),
)
LISTINGS = {
    "/data/": '<h1>Index of /data</h1><table><tr><td><a href="/">Parent Directory</a></td></tr>'
    '<tr><td><a href="2024/">2024/</a></td><td>2024-03-05 10:12  </td></tr>'
    '<tr><td><a href="comptages%20v%C3%A9lo.csv">comptages vélo.csv</a></td>'
    "<td>2024-01-15 10:30  </td></tr><tr><td><a href='gone.json'>gone.json</a></td></tr></table>",
    "/data/2024/": '<h1>Index of /data/2024/</h1><hr><pre><a href="../">../</a>\n'
    '<a href="a.csv">a.csv</a>            15-Jan-2024 10:30                1234\n</pre>',
}
BELOW = "Data – 2024"  # noqa: RUF001 - the dash of titles
INDEX = Case(
    "index",
    (f"{DATA}/data/",),
    (
        Wanted(
            "Data",
            f"Data\n\n{DATA}/data/",
            (hosted("Comptages vélo", f"{DATA}/data/comptages vélo.csv"), failed("Gone", "404")),
        ),
        Wanted(BELOW, f"{BELOW}\n\n{DATA}/data/2024/", (hosted("A", f"{DATA}/data/2024/a.csv"),)),
    ),
    ("a listing says nothing of its files: the description is only the address",),
    (lambda url: LISTINGS.get(url.path),),
    ("--recursive",),
)
PACKAGE = {
    "name": "bus",
    "title": "Bus de la ville",
    "description": "Le réseau",
    "licenses": [{"name": "ODbL-1.0"}],
    "keywords": ["transport"],
    "sources": [{"title": "La régie"}],
    "resources": [
        {"name": "horaires", "title": "Horaires", "path": f"{DATA}/horaires.csv"},
        {"name": "arrets", "title": "Arrêts", "path": "arrets.json"},
    ],
}
TRAM = """\
title: Lignes de tramway
frequency: annual
temporal_coverage: {start: 2020-01-01, end: 2020-12-31}
resources:
  - path: lignes.csv
    title: Les lignes
    type: documentation
"""
FOLDER = Case(
    "folder",
    ("donnees",),
    (
        Wanted(
            "Bus de la ville",
            "Le réseau",
            (
                hosted("Horaires", f"{DATA}/horaires.csv"),
                hosted("Arrêts", "donnees/bus/arrets.json"),
            ),
            "odc-odbl",
            tags=("transport",),
        ),
        Wanted("Piscines", "Piscines", (hosted("Bassins", "donnees/piscines/bassins.csv"),)),
        Wanted(
            "Lignes de tramway",
            "Lignes de tramway",
            (hosted("Les lignes", "donnees/tram/lignes.csv", "documentation"),),
            frequency="annual",
            period=("2020-01-01", "2020-12-31"),
        ),
        Wanted(
            "Velos",
            "Des **compteurs**.",
            (
                hosted("Comptages 9", "donnees/velos/comptages_9.csv"),
                hosted("Comptages 10", "donnees/velos/comptages_10.csv"),
            ),
        ),
    ),
    (
        "of datapackage.json, not carried over: sources",
        "no README says what this is: the description is only the title",
    ),
    files={
        "donnees/bus/datapackage.json": json.dumps(PACKAGE),
        "donnees/tram/metadata.yaml": TRAM,
        "donnees/velos/README.md": "Des **compteurs**.\n",
    },
)
CASES = {each.kind: each for each in (CKAN, DCAT, OPENDATASOFT, CSV, INDEX, FOLDER)}
