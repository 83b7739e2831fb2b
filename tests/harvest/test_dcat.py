"""`bulkpub harvest dcat URL`: RDF as CKAN, udata, GeoNetwork and others write it."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import ContentSchema, LinkSource, TemporalCoverage, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page

SITE = "https://data.example.org"
CATALOG = f"{SITE}/catalog.ttl"
CATALOGUES = Path(__file__).parent / "catalogues"
TURTLE = "text/turtle"
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
"""

Harvest = Callable[..., Awaitable[Any]]


class Catalogue:
    """Serves documents by address; what it has none for fails, as a server would."""

    def __init__(self, *pages: Page) -> None:
        self.pages = {page.url: page for page in pages}
        self.asked: list[str] = []

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept is not None
        assert "text/turtle" in accept
        self.asked.append(url)
        if url not in self.pages:
            raise SourceFailed(f"{url} answered 404")
        return self.pages[url]


def page_of(name: str, url: str, content_type: str = "") -> Page:
    return Page(url, (CATALOGUES / name).read_bytes(), content_type)


def turtle(text: str, url: str = CATALOG, link: str | None = None) -> Page:
    return Page(url, (PREFIXES + text).encode(), TURTLE, link=link)


@pytest.fixture
def ckan() -> Catalogue:
    return Catalogue(
        page_of("dcat_1.ttl", CATALOG, TURTLE),
        page_of("dcat_2.ttl", f"{CATALOG}?page=2", TURTLE),
    )


# --- what is carried over -----------------------------------------------------------------


async def test_a_dataset_is_carried_over_with_all_it_says(
    harvest: Harvest, ckan: Catalogue
) -> None:
    harvested = await harvest("dcat", CATALOG, ckan)
    air = harvested.by_id["qualite-air"].metadata
    assert (air.title, air.description) == ("Qualité de l'air", "Mesures horaires.")
    assert (air.license, air.frequency) == ("lov2", "hourly")
    assert air.tags == ("air", "pollution")
    assert air.temporal_coverage == TemporalCoverage(date(2018, 1, 1), date(2020, 12, 31))
    assert air.spatial.zones == ("fr:departement:75",)
    assert air.extras["harvest:remote_url"] == f"{SITE}/dataset/qualite-air"
    assert air.extras["harvest:publisher"] == "Observatoire de l'air"
    assert air.extras["harvest:contact"] == "Air <air@example.org>"
    assert air.extras["harvest:modified_at"].startswith("2024-02-03T04:05:06")
    assert air.extras["harvest:themes"] == [
        "http://publications.europa.eu/resource/authority/data-theme/ENVI"
    ]


async def test_files_are_hosted_and_services_and_pages_are_listed(
    harvest: Harvest, ckan: Catalogue
) -> None:
    harvested = await harvest("dcat", CATALOG, ckan)
    csv, wfs, page, api = harvested.by_id["qualite-air"].resources
    assert csv.source == UrlSource(f"{SITE}/files/mesures.csv")  # relative to the document
    assert csv.key == f"{SITE}/dataset/1/resource/csv"
    assert csv.metadata.schema == ContentSchema("etalab/schema-qualite-air", "1.2.0")
    assert wfs.source == LinkSource("https://geo.example.org/wfs")
    assert wfs.metadata.type == "api"
    assert page.source == LinkSource(f"{SITE}/air")
    assert (page.metadata.type, page.metadata.format) == ("other", "html")
    assert api.source == LinkSource("https://api.example.org/air/v1")
    assert (api.metadata.title, api.metadata.type) == ("API de l'air", "api")


async def test_what_cannot_be_mapped_is_told(harvest: Harvest, ckan: Catalogue) -> None:
    harvested = await harvest("dcat", CATALOG, ckan)
    told = harvested.told_of
    assert "not carried over: provenance" in told["qualite-air"]
    assert "the area is a shape (Polygon)" in told["qualite-air"]
    bare = told[f"{SITE}/dataset/2"]
    assert "no such licence, left out: Tous droits réservés" in bare
    assert "it has no description" in bare
    assert "it lists nothing that could be published" in bare


async def test_geonetwork_writes_rdf_of_its_own_kind(harvest: Harvest) -> None:
    url = "https://sig.example.org/geonetwork/srv/rdf.search"
    harvested = await harvest(
        "dcat", url, Catalogue(page_of("dcat_geonetwork.rdf", url, "text/xml"))
    )
    spec = harvested.only
    assert spec.key == "sig.example.org/geonetwork/srv/rdf.search#0c45"
    assert spec.metadata.description == "Mesures depuis 2004."
    assert (spec.metadata.license, spec.metadata.frequency) == ("lov2", "continuous")
    assert spec.metadata.temporal_coverage == TemporalCoverage(date(2004, 11, 3), date(2005, 3, 30))
    assert spec.metadata.extras["harvest:issued_at"] == "2004-11-03"
    wms, archive, portal = spec.resources
    assert (wms.metadata.type, wms.metadata.format) == ("api", "wms")
    assert archive.source == UrlSource("https://sig.example.org/files/stations%202004.zip")
    assert (portal.source, portal.metadata.type) == (
        LinkSource("https://sig.example.org/portail"),
        "other",
    )


async def test_a_hub_of_arcgis_writes_data_json(harvest: Harvest) -> None:
    url = "https://ville-exemple.hub.arcgis.com/data.json"
    harvested = await harvest(
        "dcat", url, Catalogue(page_of("dcat_hub.json", url, "application/json"))
    )
    spec = harvested.only
    assert spec.metadata.description == "Stationnement des vélos"
    assert spec.metadata.license == "lov2"
    assert spec.metadata.tags == ("mobilite", "geospatial")
    assert spec.metadata.extras["harvest:contact"] == "SIG <sig@example.org>"
    assert [type(each.source) for each in spec.resources] == [
        LinkSource,
        LinkSource,
        UrlSource,
        UrlSource,
    ]
    assert [each.metadata.type for each in spec.resources] == ["other", "api", None, None]


# --- paging -------------------------------------------------------------------------------


async def test_the_older_hydra_pages_are_followed(harvest: Harvest, ckan: Catalogue) -> None:
    harvested = await harvest("dcat", CATALOG, ckan)
    assert list(harvested.by_id) == ["qualite-air", f"{SITE}/dataset/2", "bruit"]
    assert harvested.by_id["bruit"].metadata.frequency == "quinquennial"
    assert ckan.asked == [CATALOG, f"{CATALOG}?page=2"]
    assert harvested.lost == []


async def test_hydra_views_are_followed_as_udata_writes_them(harvest: Harvest) -> None:
    url = "https://www.data.example.org/catalog.jsonld"
    pages = Catalogue(
        page_of("dcat_udata_1.jsonld", url, "application/ld+json"),
        page_of("dcat_udata_2.jsonld", f"{url}?page=2&page_size=1", "application/ld+json"),
    )
    harvested = await harvest("dcat", url, pages)
    mayors = harvested.by_id["5d13a8b6634f41070a43dff3"]
    assert list(harvested.by_id) == ["5d13a8b6634f41070a43dff3", "5d13a8b6634f41070a43dff4"]
    assert (mayors.metadata.license, mayors.metadata.frequency) == ("fr-lo", "quarterly")
    assert mayors.metadata.temporal_coverage == TemporalCoverage(
        date(2020, 3, 15), date(2026, 3, 15)
    )
    assert mayors.resources[0].source == UrlSource("https://static.example.org/maires.txt")


async def test_a_link_header_is_followed(harvest: Harvest) -> None:
    first = turtle(
        '<a> a dcat:Dataset ; dct:title "A" .', link='</p1>; rel="first", <?page=2>; rel="next"'
    )
    second = turtle('<b> a dcat:Dataset ; dct:title "B" .', f"{CATALOG}?page=2")
    harvested = await harvest("dcat", CATALOG, Catalogue(first, second))
    assert [each.metadata.title for each in harvested.datasets.values()] == ["A", "B"]


async def test_the_limit_spares_the_pages_behind_it(harvest: Harvest, ckan: Catalogue) -> None:
    harvested = await harvest("dcat", CATALOG, ckan, limit=1)
    assert (len(harvested.found), len(ckan.asked), harvested.lost) == (1, 1, [])


async def test_pages_in_a_circle_are_left(harvest: Harvest) -> None:
    catalogue = Catalogue(
        turtle(f"<a> a dcat:Dataset . <x> hydra:next <{CATALOG}?2> ."),
        turtle(f"<b> a dcat:Dataset . <x> hydra:next <{CATALOG}> .", f"{CATALOG}?2"),
    )
    harvested = await harvest("dcat", CATALOG, catalogue)
    assert len(harvested.found) == 2
    assert len(catalogue.asked) == 2
    assert f"{CATALOG} was read before" in harvested.lost[0]


async def test_pages_that_bring_nothing_new_are_left(harvest: Harvest) -> None:
    pages = [
        turtle(f"<a> a dcat:Dataset . <x> hydra:next <{CATALOG}?{each + 1}> .", f"{CATALOG}?{each}")
        for each in range(9)
    ]
    catalogue = Catalogue(*pages)
    harvested = await harvest("dcat", f"{CATALOG}?0", catalogue)
    assert len(catalogue.asked) == 2
    assert "brings nothing new" in harvested.lost[0]


async def test_a_page_that_fails_in_the_middle_leaves_what_was_found(
    harvest: Harvest, ckan: Catalogue
) -> None:
    del ckan.pages[f"{CATALOG}?page=2"]
    harvested = await harvest("dcat", CATALOG, ckan)
    assert len(harvested.found) == 2
    assert harvested.lost == [f"{CATALOG}?page=2 answered 404; what follows is missing"]


async def test_a_dataset_that_is_listed_and_not_described_is_told(harvest: Harvest) -> None:
    page = turtle("<c> a dcat:Catalog ; dcat:dataset <a>, <b> . <a> a dcat:Dataset .")
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert harvested.lost == [
        f"{CATALOG} lists datasets that it does not describe: 1, {SITE}/b among them"
    ]


async def test_a_dataset_listed_under_another_address_is_not_missing(harvest: Harvest) -> None:
    page = turtle("<c> a dcat:Catalog ; dcat:dataset <x//a> . <x/a> a dcat:Dataset .")
    assert (await harvest("dcat", CATALOG, Catalogue(page))).lost == []


async def test_credentials_stay_with_the_reader(harvest: Harvest) -> None:
    page = turtle(
        "<a> a dcat:Dataset ; dcat:landingPage <page> ; dcat:distribution <b> ."
        "<b> dcat:downloadURL <b.csv> .",
        "https://user:secret@data.example.org/c",
    )
    catalogue = Catalogue(page)
    harvested = await harvest("dcat", page.url, catalogue)
    assert catalogue.asked == [page.url]
    assert "secret" not in repr(harvested)


# --- odd and hostile catalogues -----------------------------------------------------------


async def test_datasets_are_told_apart_whatever_they_say(harvest: Harvest) -> None:
    page = turtle(
        '<a> a dcat:Dataset ; dct:identifier "1" . <b> a dcat:Dataset ; dct:identifier "1" .'
        '[] a dcat:Dataset ; dct:title "Sans nom" . [] a dcat:Dataset .'
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert list(harvested.by_id) == ["1", f"{SITE}/b", "Sans nom", "dataset"]
    assert "another dataset has the identifier '1' as well" in harvested.told
    assert "it has no identifier" in harvested.told


async def test_files_of_several_licences_are_told(harvest: Harvest) -> None:
    page = turtle(
        "<a> a dcat:Dataset ; dcat:distribution <b>, <c> ."
        '<b> dct:license "cc-by" ; dcat:downloadURL <b.csv> .'
        '<c> dct:license "odc-odbl" ; dcat:downloadURL <c.csv> .'
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert harvested.only.metadata.license is None
    assert "its files have several licences" in harvested.told


async def test_a_graph_with_circles_in_it_ends(harvest: Harvest) -> None:
    page = turtle(
        "<a> a dcat:Dataset ; dcat:distribution <a> ; dct:spatial <a> ; dct:temporal <a> ;"
        " dct:publisher <a> ; dct:license <a> ; dcat:theme <a> ; dcat:accessService <a> ;"
        " dcat:endpointURL <a> ; dcat:servesDataset <a> ; dcat:contactPoint <a> ."
    )
    assert (await harvest("dcat", CATALOG, Catalogue(page))).only.key == "data.example.org/a"


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE rdf [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/terms/">
<rdf:Description rdf:about="https://x.example/"><d:title>&c;</d:title></rdf:Description></rdf:RDF>"""
QUADRATIC = (
    BOMB.replace(b"&a;" * 10, b"x" * 100_000)
    .replace(b"&b;" * 10, b"y")
    .replace(b"&c;", b"&b;" * 1000)
)
OUTSIDE = BOMB.replace(b'"aaaaaaaaaa"', b'SYSTEM "SECRET"').replace(b"&c;", b"&a;")
HIDDEN = BOMB.replace(b"?>", b"?><!-- \xe9 -->", 1)
WIDE = QUADRATIC.decode().replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16")
PARAMETER = BOMB.replace(b"<!ENTITY a", b'<!ENTITY % p SYSTEM "SECRET"> %p; <!ENTITY a')


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BOMB, "made of other entities"),
        (QUADRATIC, "many times as long"),
        (OUTSIDE, "an entity that is elsewhere"),
        (HIDDEN, "made of other entities"),
        (WIDE, "many times as long"),
        (PARAMETER, "an entity that is elsewhere"),
        (BOMB.decode().replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16"), "other entities"),
    ],
)
async def test_entities_neither_multiply_nor_reach_out(
    harvest: Harvest, tmp_path: Path, content: bytes, sentence: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    content = content.replace(b"SECRET", secret.as_uri().encode())
    charset = "latin-1" if content == HIDDEN else None
    page = Page(CATALOG, content, "application/rdf+xml", charset)
    with pytest.raises(SourceFailed, match=sentence):
        await harvest("dcat", CATALOG, Catalogue(page))


async def test_a_document_type_elsewhere_is_not_fetched(
    harvest: Harvest, no_network: list[str]
) -> None:
    content = (CATALOGUES / "dcat_geonetwork.rdf").read_bytes()
    content = content.replace(b"rdf:RDF [", b'rdf:RDF SYSTEM "http://127.0.0.1:9/x.dtd" [', 1)
    page = Page(CATALOG, content, "application/rdf+xml")
    assert (await harvest("dcat", CATALOG, Catalogue(page))).only.key == (
        "data.example.org/catalog.ttl#0c45"
    )
    assert no_network == []


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where anything would connect to, or what it would open; nothing is let through."""
    reached: list[str] = []

    def refuse(*facts: object, **_: object) -> None:
        reached.append(repr(facts))
        raise OSError("no network here")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)
    return reached


UNKNOWN = '"https://evil.example/context.jsonld"'


@pytest.mark.parametrize(
    "document",
    [
        f'{{"@context": {UNKNOWN}, "@id": "x"}}',
        f'{{"@context": [{{}}, {UNKNOWN}], "@id": "x"}}',
        f'{{"@context": {{"t": {{"@id": "http://t.example/", "@context": {UNKNOWN}}}}}}}',
        f'{{"@context": {{"@version": 1.1, "@import": {UNKNOWN}}}}}',
        f'[{{"@graph": [{{"@id": "x", "http://t.example/p": {{"@context": {UNKNOWN}}}}}]}}]',
        '{"@context": "context.jsonld"}',
        '{"@context": "file:///etc/passwd"}',
    ],
)
async def test_contexts_elsewhere_are_refused_and_not_fetched(
    harvest: Harvest, no_network: list[str], document: str
) -> None:
    page = Page(f"{SITE}/data.json", document.encode(), "application/ld+json")
    with pytest.raises(SourceFailed, match="context"):
        await harvest("dcat", page.url, Catalogue(page))
    assert no_network == []


@pytest.mark.parametrize("name", ["dcat_udata_1.jsonld", "dcat_hub.json"])
async def test_contexts_that_are_known_are_not_fetched_either(
    harvest: Harvest, no_network: list[str], name: str
) -> None:
    harvested = await harvest("dcat", CATALOG, Catalogue(page_of(name, CATALOG)))
    assert len(harvested.found) == 1
    assert no_network == []


@pytest.mark.parametrize(
    ("content", "content_type", "sentence"),
    [
        (b"\n<!doctype html><html></html>", TURTLE, "a page of HTML"),
        (b"not at all", TURTLE, "cannot be read as Turtle"),
        (b"<rdf:RDF", "application/rdf+xml", "cannot be read as RDF/XML"),
        (b'{"@id": ', "application/ld+json", "no JSON"),
        (b'{"@graph": {"@id": ["a"]}}', "application/ld+json", "neither a catalogue of DCAT"),
        (b"[" * 20_000 + b"]" * 20_000, "application/ld+json", "too deeply"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "application/ld+json", "too deeply"),
        (PREFIXES.encode() + b"<a> dct:title " + b"[ dct:title " * 20_000, TURTLE, "too deeply"),
        (b"\x00\xff\xfe\x81", "", "cannot be read"),
    ],
)
async def test_what_is_no_rdf_says_so(
    harvest: Harvest, content: bytes, content_type: str, sentence: str
) -> None:
    page = Page("https://user:secret@data.example.org/c", content, content_type)
    with pytest.raises(SourceFailed, match=sentence) as failure:
        await harvest("dcat", page.url, Catalogue(page))
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/octet-stream", "text/html"]
)
async def test_the_content_tells_the_format_where_the_server_does_not(
    harvest: Harvest, content_type: str
) -> None:
    for name, count in (
        ("dcat_2.ttl", 1),
        ("dcat_geonetwork.rdf", 1),
        ("dcat_hub.json", 1),
        ("dcat_udata_2.jsonld", 1),
    ):
        page = page_of(name, CATALOG, content_type)
        assert len((await harvest("dcat", CATALOG, Catalogue(page))).found) == count


async def test_a_catalogue_without_datasets_is_an_empty_harvest(harvest: Harvest) -> None:
    harvested = await harvest("dcat", CATALOG, Catalogue(turtle("<c> a dcat:Catalog .")))
    assert (harvested.found, harvested.lost) == ([], [])


async def test_the_same_catalogue_gives_the_same_manifest(
    harvest: Harvest, ckan: Catalogue
) -> None:
    first = await harvest("dcat", CATALOG, ckan)
    assert (await harvest("dcat", CATALOG, ckan)).found == first.found


@pytest.mark.parametrize("name", ["dcat_1.ttl", "dcat_geonetwork.rdf", "dcat_hub.json"])
async def test_the_manifest_can_be_loaded(
    harvest: Harvest, manifest_of: Callable[..., Any], name: str
) -> None:
    harvested = await harvest("dcat", CATALOG, Catalogue(page_of(name, CATALOG)))
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    written = list(harvested.datasets.values())
    assert [each.key for each in loaded.datasets] == list(harvested.datasets)
    assert [each.metadata for each in loaded.datasets] == [each.metadata for each in written]
    for read, found in zip(loaded.datasets, written, strict=True):
        assert [(each.key, each.source, each.metadata) for each in read.resources] == [
            (each.key, each.source, each.metadata) for each in found.resources
        ]


# --- spellings of one thing ---------------------------------------------------------------


async def one(harvest: Harvest, text: str) -> Any:
    harvested = await harvest("dcat", CATALOG, Catalogue(turtle(text)))
    return harvested.only


async def test_a_format_may_be_an_address_in_any_register(harvest: Harvest) -> None:
    document = """{"@context": {"dcat": "http://www.w3.org/ns/dcat#",
     "dct": "http://purl.org/dc/terms/"}, "@id": "https://cat.example.org/d/9",
     "@type": "dcat:Dataset", "dct:title": "Marchés", "dct:description": "x",
     "dcat:distribution": [
      {"@type": "dcat:Distribution", "dct:title": "JSON", "dct:format": {"@id": "ftype/JSON"},
       "dcat:accessURL": {"@id": "https://cat.example.org/export?id=9&f=1"}},
      {"@type": "dcat:Distribution", "dct:title": "CSV", "dct:format": {"@id": "ftype/CSV"},
       "dcat:accessURL": {"@id": "https://cat.example.org/export?id=9&f=2"}}]}"""
    page = Page(CATALOG, document.encode(), "application/ld+json")
    fetched = await harvest("dcat", CATALOG, Catalogue(page))
    assert [type(each.source) for each in fetched.only.resources] == [UrlSource, UrlSource]
    assert fetched.told == ""
    linked = await harvest("dcat", CATALOG, Catalogue(page), links=True)
    assert [each.metadata.format for each in linked.only.resources] == ["json", "csv"]


async def test_a_format_whose_address_means_nothing_goes_by_its_name(harvest: Harvest) -> None:
    dataset = await one(
        harvest,
        """<https://x.example/d> a dcat:Dataset; dct:title "T"; dct:description "D";
        dcat:distribution [ dcat:accessURL <https://x.example/get?id=1>;
                            dct:format <https://x.example/formats/17> ] .
        <https://x.example/formats/17> <http://www.w3.org/2000/01/rdf-schema#label> "CSV" .""",
    )
    assert [type(each.source) for each in dataset.resources] == [UrlSource]


async def test_distributions_keywords_and_other_labels_count_under_any_name(
    harvest: Harvest,
) -> None:
    dataset = await one(
        harvest,
        """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <https://x.example/d> a dcat:Dataset; dct:title "T"; dct:description "D";
        skos:altLabel "IRVE"; dcat:keywords "air; eau";
        dcat:distributions [ dcat:downloadURL <https://x.example/a.csv> ] .""",
    )
    assert dataset.metadata.acronym == "IRVE"
    assert dataset.metadata.tags == ("air", "eau")
    assert [each.source for each in dataset.resources] == [UrlSource("https://x.example/a.csv")]


@pytest.mark.parametrize(
    "said",
    [
        "<http://data.europa.eu/r5r/hvdCategory> <http://data.europa.eu/bna/c_b79e35eb>",
        "dcat:hvdCategory <http://data.europa.eu/bna/c_b79e35eb>",
        "dcat:theme <http://data.europa.eu/bna/c_b79e35eb>",
    ],
)
async def test_a_high_value_dataset_is_tagged_as_one(harvest: Harvest, said: str) -> None:
    harvested = await harvest(
        "dcat",
        CATALOG,
        Catalogue(
            turtle(
                f"""<https://x.example/d> a dcat:Dataset; dct:title "T"; dct:description "D";
                {said}; dcat:distribution [ dcat:downloadURL <https://x.example/a.csv> ] ."""
            )
        ),
    )
    assert harvested.only.metadata.tags == ("hvd", "mobilite")
    themes = harvested.only.metadata.extras["harvest:themes"]
    assert themes == ["http://data.europa.eu/bna/c_b79e35eb"]
    assert harvested.told == ""


async def test_every_landing_page_is_carried_over(harvest: Harvest) -> None:
    dataset = await one(
        harvest,
        """<https://x.example/d> a dcat:Dataset; dct:title "T"; dct:description "D";
        dcat:landingPage <https://x.example/p1>, <https://x.example/p2> .""",
    )
    assert dataset.metadata.extras["harvest:remote_url"] == "https://x.example/p1"
    (page,) = dataset.resources
    assert page.source == LinkSource("https://x.example/p2")
    assert page.metadata.type == "documentation"


# --- whatever is listed as a dataset is one -----------------------------------------------

POD = "https://project-open-data.cio.gov/v1.1/schema"
WELLS = {
    "identifier": "w1",
    "title": "Wells",
    "description": "Wells.",
    "distribution": [{"downloadURL": "https://county.example/wells.csv", "mediaType": "text/csv"}],
}
SPRINGS = {**WELLS, "identifier": "w2", "title": "Springs"}
TYPED = {"@type": "dcat:Dataset"}


def data_json(document: Any) -> Catalogue:
    return Catalogue(Page(CATALOG, json.dumps(document).encode(), "application/json"))


@pytest.mark.parametrize(
    "document",
    [
        {
            "@context": f"{POD}/catalog.jsonld",
            "@type": "dcat:Catalog",
            "conformsTo": POD,
            "dataset": [{**TYPED, **WELLS}, SPRINGS],
        },
        {"@context": f"{POD}/catalog.jsonld", "conformsTo": POD, "dataset": [WELLS, SPRINGS]},
        {"conformsTo": POD, "dataset": [{**TYPED, **WELLS}, SPRINGS]},
        {"dataset": [WELLS, SPRINGS]},
        [WELLS, SPRINGS],
        [{**TYPED, **WELLS}, {**TYPED, **SPRINGS}],
        {  # DCAT-US 3
            "@type": "Catalog",
            "conformsTo": {"@type": "Standard", "identifier": "https://resources.data.gov/dcat-us"},
            "dataset": [{"@type": "Dataset", **WELLS}, {"@type": "Dataset", **SPRINGS}],
        },
        {"dataset": [{"@id": "https://county.example/w1", **WELLS}, SPRINGS]},
        {"dataset": [{"@id": "", **WELLS}, {"@id": "", **SPRINGS}]},
        {"dataset": [{"@id": "a", **WELLS}, {"@id": "a", **SPRINGS}]},
        {"@context": f"{POD}/catalog.jsonld", "dataset": [{"@id": None, **WELLS}, SPRINGS]},
    ],
)
async def test_data_json_is_read_with_its_types_and_context_or_without(
    harvest: Harvest, document: Any
) -> None:
    harvested = await harvest("dcat", CATALOG, data_json(document))
    assert [each.metadata.title for each in harvested.datasets.values()] == ["Wells", "Springs"]
    for dataset in harvested.datasets.values():
        (file,) = dataset.resources
        assert file.source == UrlSource("https://county.example/wells.csv")
    assert harvested.lost == []


async def test_version_1_0_says_of_its_file_in_the_dataset_itself(harvest: Harvest) -> None:
    dataset = {
        "title": "Wells",
        "description": "Wells.",
        "keyword": "water, wells",
        "identifier": "w1",
        "accessLevel": "public",
        "accessURL": "https://county.example/wells?id=1",
        "format": "text/csv",
        "webService": "https://county.example/api",
    }
    spec = (await harvest("dcat", CATALOG, data_json([dataset]))).only
    assert [each.source for each in spec.resources] == [
        UrlSource("https://county.example/wells?id=1"),
        LinkSource("https://county.example/api"),
    ]
    assert spec.metadata.tags == ("water", "wells")


async def test_an_empty_address_is_not_the_catalogues_own(harvest: Harvest) -> None:
    files = [{"downloadURL": "", "accessURL": "https://county.example/a.csv"}, {"accessURL": " "}]
    document = {"conformsTo": POD, "dataset": [{**WELLS, "landingPage": "", "distribution": files}]}
    harvested = await harvest("dcat", CATALOG, data_json(document))
    assert [each.source.url for each in harvested.only.resources] == [
        "https://county.example/a.csv"
    ]
    assert "no address, left out" in harvested.told
    assert "harvest:remote_url" not in harvested.only.metadata.extras


@pytest.mark.parametrize("spoilt", [None, {}, 5, [], "w3", {"@id": "https://county.example/3"}])
async def test_what_is_listed_and_says_nothing_counts_as_lost(
    harvest: Harvest, spoilt: Any
) -> None:
    for document in (
        {"conformsTo": POD, "dataset": [WELLS, spoilt]},
        {"@context": f"{POD}/catalog.jsonld", "dataset": [spoilt, WELLS]},
    ):
        harvested = await harvest("dcat", CATALOG, data_json(document))
        assert [each.metadata.title for each in harvested.datasets.values()] == ["Wells"]
        (lost,) = harvested.lost
        assert "lists datasets that it does not describe: 1" in lost


async def test_a_catalogue_in_turtle_need_not_say_what_is_a_dataset_either(
    harvest: Harvest,
) -> None:
    page = turtle(
        '<c> dcat:dataset <a>, [ dct:title "B" ], [ ] . <a> dct:title "A" .'
        '<d> dct:title "D" ; dcat:distribution [ dcat:downloadURL <d.csv> ] .'
        '<s> a dcat:DatasetSeries ; dct:title "S" .'
        '<x> a dcat:DataService ; dct:title "X" ; dcat:distribution [ ] .'
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    titles = sorted(each.metadata.title for each in harvested.datasets.values())
    assert titles == ["A", "B", "D", "S"]
    assert harvested.lost == [f"{CATALOG} lists datasets that it does not describe: 1"]


async def test_an_empty_data_json_is_an_empty_harvest(harvest: Harvest) -> None:
    harvested = await harvest("dcat", CATALOG, data_json({"conformsTo": POD, "dataset": []}))
    assert (harvested.found, harvested.lost) == ([], [])


async def test_services_of_no_dataset_are_named(harvest: Harvest) -> None:
    page = turtle(
        '<a> a dcat:Dataset ; dct:title "A" ; dcat:distribution [ dcat:accessService <used> ] .'
        "<used> a dcat:DataService ; dcat:endpointURL <u> ."
        "<s> a dcat:DataService ; dcat:endpointURL <x> ; dcat:servesDataset <a> ."
        '<lone> a dcat:DataService ; dct:title "Tuiles" .'
        "<other> a dcat:DataService ; dcat:servesDataset <elsewhere> ."
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert len(harvested.only.resources) == 2
    assert harvested.notes == [
        f"{CATALOG} has 2 data services that serve none of its datasets, left out: Tuiles, other"
    ]


SERVICES = """\
<a> a dcat:Dataset ; dct:title "A" ; dcat:distribution <a1>, <a2>, <a3>, <a4> .
<a1> dcat:accessURL <https://example.org/api/a/records> ; dct:title "Lignes" ;
    dcat:accessService <all> .
<a2> dcat:accessService <of-a> . <a3> dcat:accessService <of-a> .
<a4> dcat:accessService <of-a> ; dct:title "Couche" .
<b> a dcat:Dataset ; dct:title "B" ; dcat:distribution [
    dcat:accessURL <https://example.org/b> ; dcat:accessService <all> ] .
<c> a dcat:Dataset ; dct:title "C" .
<all> a dcat:DataService ; dct:title "Tout" ; dcat:endpointURL <https://example.org/api> .
<of-a> a dcat:DataService ; dct:title "De A" ; dcat:endpointURL <https://example.org/wfs> ;
    dcat:servesDataset <a> .
<of-c> a dcat:DataService ; dct:title "De C" ; dcat:endpointURL <https://example.org/c> ;
    dcat:servesDataset <c> .
"""


async def test_a_service_is_one_link_in_the_dataset_that_it_serves(harvest: Harvest) -> None:
    harvested = await harvest("dcat", CATALOG, Catalogue(turtle(SERVICES)))
    urls = {
        found.dataset.metadata.title: sorted(each.source.url for each in found.dataset.resources)
        for found in harvested.found
    }
    assert urls == {
        # Layers of one service are told apart by their titles, and are several.
        "A": [
            "https://example.org/api/a/records",
            "https://example.org/wfs",
            "https://example.org/wfs",
        ],
        "B": ["https://example.org/b"],
        "C": ["https://example.org/c"],
    }


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ('dct:title "A" ; skos:altLabel "B"', "A"),
        ('rdfs:label "A" ; skos:altLabel "B"', "A"),
        ('skos:prefLabel "Ä"@de, "A"@fr', "A"),
        ('skos:altLabel "B"', "B"),
        ('<http://purl.org/dc/elements/1.1/title> "A"', "A"),
    ],
)
async def test_a_title_and_a_description_go_by_other_words_as_well(
    harvest: Harvest, said: str, title: str
) -> None:
    harvested = await harvest(
        "dcat",
        CATALOG,
        Catalogue(
            turtle(
                f"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
                @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
                <https://x.example/d> a dcat:Dataset ; {said} ; rdfs:comment "D" ;
                dcat:distribution [ rdfs:label "F" ; dcat:downloadURL <a.csv> ] ."""
            )
        ),
    )
    dataset = harvested.only
    assert (dataset.metadata.title, dataset.metadata.description) == (title, "D")
    assert [each.metadata.title for each in dataset.resources] == ["F"]
    assert harvested.told == ""


async def test_a_second_title_or_description_is_not_dropped_in_silence(harvest: Harvest) -> None:
    page = turtle(
        """@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <a> a dcat:Dataset ; dct:title "A" ; rdfs:label "A" ; dct:description "D" ;
        rdfs:comment "E" ; dcat:distribution [ dcat:downloadURL <a.csv> ] ."""
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert harvested.told == "not carried over: comment"


async def test_a_catalogue_may_list_datasets_as_resources_or_in_records(harvest: Harvest) -> None:
    page = turtle(
        """@prefix foaf: <http://xmlns.com/foaf/0.1/> .
        <c> a dcat:Catalog ; dcat:resource <a>, <s>, <c2>, <gone> ; dcat:record <r>, <r2> .
        <a> dct:title "A" . <s> a dcat:DataService ; dcat:servesDataset <a> .
        <c2> a dcat:Catalog ; dct:title "Autre" .
        <r> a dcat:CatalogRecord ; foaf:primaryTopic <b> . <b> dct:title "B" .
        <r2> a dcat:CatalogRecord ; foaf:primaryTopic <s> ."""
    )
    harvested = await harvest("dcat", CATALOG, Catalogue(page))
    assert sorted(each.metadata.title for each in harvested.datasets.values()) == ["A", "B"]
