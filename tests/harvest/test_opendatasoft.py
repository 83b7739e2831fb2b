"""`bulkpub harvest opendatasoft URL`: catalogues as the Explore API v2.1 gives them."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkpub.core.model import TemporalCoverage, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest import opendatasoft
from bulkpub.harvest.base import Page

SITE = "https://data.example.org"
API = f"{SITE}/api/explore/v2.1/catalog/datasets"
CATALOGUE = Path(__file__).parent / "catalogues" / "opendatasoft.json"

Harvest = Callable[..., Awaitable[Any]]


class Portal:
    """Answers the catalogue's datasets, `rows` a page."""

    def __init__(self, answer: Any, rows: int = 2) -> None:
        self.answer = answer
        self.rows = rows
        self.queries: list[dict[str, str]] = []

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept == "application/json"
        query = {name: value for name, (value, *_) in parse_qs(urlsplit(url).query).items()}
        self.queries.append(query)
        answer = self.answer
        if isinstance(answer, dict) and "results" in answer:
            start = int(query["offset"])
            rows = min(self.rows, int(query["limit"]))
            answer = {**answer, "results": answer["results"][start : start + rows]}
        return Page(url, json.dumps(answer).encode(), "application/json")


@pytest.fixture
def portal() -> Portal:
    return Portal(json.loads(CATALOGUE.read_text()))


async def test_a_dataset_is_carried_over_with_all_it_says(harvest: Harvest, portal: Portal) -> None:
    harvested = await harvest("opendatasoft", SITE, portal)
    trees = harvested.by_id["arbres-remarquables"].metadata
    assert trees.title == "Arbres remarquables"
    assert trees.description == "Les arbres **remarquables**.\n\n- hauteur\n- âge"
    assert (trees.license, trees.frequency) == ("lov2", "monthly")
    assert trees.tags == ("arbre", "patrimoine-vegetal", "environnement")
    assert trees.temporal_coverage == TemporalCoverage(date(2016, 1, 1), date(2023, 12, 31))
    assert trees.spatial.zones == ("fr:departement:33", "country:fr")
    assert trees.spatial.granularity == "fr:commune"
    assert trees.extras["harvest:remote_url"] == f"{SITE}/explore/dataset/arbres-remarquables/"
    assert trees.extras["harvest:contact"] == "Espaces verts <arbres@example.org>"
    assert trees.extras["ods:custom:projection"] == "Lambert 93"
    assert trees.extras["ods:default:attributions"] == "IGN"


async def test_records_are_exports_and_other_files_stay_files(
    harvest: Harvest, portal: Portal
) -> None:
    harvested = await harvest("opendatasoft", SITE, portal)
    resources = harvested.by_id["arbres-remarquables"].resources
    assert [each.source for each in resources] == [
        UrlSource(f"{API}/arbres-remarquables/exports/csv"),
        UrlSource(f"{API}/arbres-remarquables/exports/json"),
        UrlSource(f"{API}/arbres-remarquables/exports/geojson"),
        UrlSource(f"{SITE}/api/datasets/1.0/arbres-remarquables/attachments/notice_pdf/"),
        UrlSource(f"{SITE}/api/datasets/1.0/arbres-remarquables/alternative_exports/shp_l93/"),
    ]
    assert [each.key for each in resources[:3]] == ["csv", "json", "geojson"]
    assert resources[3].metadata.type == "documentation"
    assert resources[4].metadata.title == "Shapefile en Lambert 93"


async def test_what_cannot_be_carried_over_is_told(harvest: Harvest, portal: Portal) -> None:
    harvested = await harvest("opendatasoft", SITE, portal)
    told = harvested.told_of
    assert "no such licence, left out: Copyright" in told["plan"]
    assert "on behalf of another portal" in told["plan"]
    assert "it lists nothing that could be published" in told["plan"]
    assert harvested.by_id["plan"].metadata.title == "Plan"
    assert "does not open it to everyone (data_visible: false): it is private" in told["agents"]
    assert harvested.by_id["agents"].metadata.private is True
    assert harvested.by_id["agents"].resources == ()


async def test_all_pages_are_read_and_no_more(harvest: Harvest, portal: Portal) -> None:
    harvested = await harvest("opendatasoft", f"{SITE}/explore/?sort=modified", portal)
    assert len(harvested.found) == 3
    assert [each["offset"] for each in portal.queries] == ["0", "2"]
    assert harvested.lost == []


async def test_one_dataset_can_be_asked_for(harvest: Harvest, portal: Portal) -> None:
    await harvest("opendatasoft", f"{SITE}/explore/dataset/plan/information/", portal)
    assert portal.queries[0]["where"] == 'dataset_id="plan"'


async def test_more_than_the_api_gives_is_told(
    harvest: Harvest, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opendatasoft, "MOST", 2)
    harvested = await harvest("opendatasoft", SITE, portal)
    assert len(harvested.found) == 2
    assert harvested.lost == [f"{SITE} gives no more than 2 datasets: the others are missing"]


async def test_since_leaves_out_what_is_older(harvest: Harvest, portal: Portal) -> None:
    harvested = await harvest("opendatasoft", SITE, portal, since=date(2020, 1, 1))
    assert list(harvested.by_id) == ["arbres-remarquables", "agents"]


async def test_what_is_no_opendatasoft_says_so(harvest: Harvest) -> None:
    answer = {"error_code": "ODSQLError", "message": "no such thing"}
    with pytest.raises(SourceFailed, match="as Opendatasoft does: no such thing"):
        await harvest("opendatasoft", SITE, Portal(answer))


async def test_credentials_stay_with_the_reader(harvest: Harvest, portal: Portal) -> None:
    harvested = await harvest("opendatasoft", "https://user:secret@data.example.org", portal)
    assert harvested.found
    assert "secret" not in repr(harvested)


async def test_what_is_no_address_says_so(harvest: Harvest, portal: Portal) -> None:
    for source in ("http://[", "https:///data.example.org"):
        with pytest.raises(SourceFailed, match="is no whole web address"):
            await harvest("opendatasoft", source, portal)


async def test_the_manifest_can_be_loaded(
    harvest: Harvest, portal: Portal, manifest_of: Callable[..., Any]
) -> None:
    loaded = manifest_of(await harvest("opendatasoft", SITE, portal))
    assert loaded.problems == ()
    assert len(loaded.datasets) == 3
