"""`bulkpub harvest ckan URL`: catalogues as CKAN and its extensions write them."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bulkpub.core.model import LinkSource, TemporalCoverage, UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.harvest.base import Page

SITE = "https://data.example.org"
CATALOGUES = Path(__file__).parent / "catalogues"
VELO = "0b1c2d3e-0000-4000-8000-000000000001"
TREES = "0b1c2d3e-0000-4000-8000-000000000002"
BUDGET = "0b1c2d3e-0000-4000-8000-000000000004"

Harvest = Callable[..., Awaitable[Any]]


class Ckan:
    """Answers `package_search` from the datasets it has, two a page whatever is asked for."""

    def __init__(self, *pages: Any) -> None:
        self.pages = pages
        self.queries: list[dict[str, str]] = []
        self.addresses: list[str] = []

    async def read(self, url: str, *, accept: str | None = None) -> Page:
        assert accept == "application/json"
        query = {name: value for name, (value, *_) in parse_qs(urlsplit(url).query).items()}
        self.queries.append(query)
        self.addresses.append(url.partition("?")[0])
        page = self.pages[min(int(query["start"]) // 2, len(self.pages) - 1)]
        if isinstance(page, Exception):
            raise page
        content = page if isinstance(page, bytes) else json.dumps(page).encode()
        return Page(url, content, "application/json")


@pytest.fixture
def ckan() -> Ckan:
    return Ckan(*(json.loads((CATALOGUES / f"ckan_{each}.json").read_text()) for each in (1, 2)))


async def test_a_dataset_is_carried_over_with_all_it_says(harvest: Harvest, ckan: Ckan) -> None:
    velo = (await harvest("ckan", SITE, ckan)).by_id[VELO].metadata
    assert velo.title == "Comptages vélo"
    assert velo.description.startswith("Comptages **horaires** des vélos.\n\n* une ligne")
    assert velo.license == "lov2"  # the address tells the version, the id does not
    assert velo.frequency == "daily"
    assert velo.tags == ("velo", "mobilite")
    assert velo.temporal_coverage == TemporalCoverage(date(2019, 1, 1), date(2023, 12, 31))
    assert velo.spatial.zones == ("fr:departement:75",)
    assert velo.extras["harvest:remote_id"] == VELO
    assert velo.extras["harvest:remote_url"] == f"{SITE}/dataset/comptages-velo"
    assert velo.extras["harvest:publisher"] == "Ville d'Exemple"
    assert velo.extras["harvest:contact"] == (
        "Pôle données <opendata@example.org>, Direction de la voirie"
    )
    assert velo.extras["ckan:url"] == "https://www.example.org/velo"
    assert velo.extras["ckan:sensor-model"] == "Eco-Compteur"


async def test_files_are_hosted_and_apis_and_pages_are_listed(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan)
    csv, notice, carte = harvested.by_id[VELO].resources
    assert csv.source == UrlSource(
        f"{SITE}/dataset/0b1c2d3e/resource/aaaaaaaa/download/comptages%20été.csv"
    )
    assert csv.key == "aaaaaaaa-0000-4000-8000-000000000001"
    assert (csv.metadata.title, csv.metadata.format) == ("Comptages 2019-2023", None)
    assert notice.metadata.title == "notice.pdf"
    assert notice.metadata.type == "documentation"
    assert notice.source == UrlSource(
        f"{SITE}/dataset/{VELO}/resource/aaaaaaaa-0000-4000-8000-000000000002/download/notice.pdf"
    )
    assert isinstance(carte.source, LinkSource)
    assert (carte.metadata.type, carte.metadata.format) == ("api", "wms")
    viewer, unsure, old = harvested.by_id[TREES].resources
    assert isinstance(viewer.source, LinkSource)
    assert isinstance(unsure.source, LinkSource)
    assert old.source == UrlSource("ftp://ftp.example.org/pub/arbres.zip")


async def test_what_cannot_be_mapped_is_told(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan)
    told = harvested.told_of
    assert "a shape (Polygon), not a zone, left out: 2.2, 48.8, 2.5, 48.9" in told[VELO]
    assert "a tag has 3 to 96 characters, left out: km" in told[VELO]
    assert "no such frequency, left out: au petit bonheur" in told[TREES]
    assert "not surely one of the portal's zones, left out: Paris" in told[TREES]
    assert "'Sans adresse' has no address, left out" in told[TREES]
    assert "the address of 'Sur le réseau' must be an address that starts with" in told[TREES]
    assert "nothing says whether https://files.example.org/get?id=12 is a file" in told[TREES]
    assert "it has no description: its title stands for it" in told[TREES]


async def test_titles_in_several_languages_come_in_french(harvest: Harvest, ckan: Ckan) -> None:
    datasets = (await harvest("ckan", SITE, ckan)).by_id
    assert datasets[TREES].metadata.title == "Arbres d'alignement"
    assert datasets[BUDGET].metadata.title == "Budget primitif"
    assert datasets[BUDGET].metadata.tags == ("budget", "finances")


async def test_fields_are_found_among_extras_and_among_the_datasets_own(
    harvest: Harvest, ckan: Ckan
) -> None:
    datasets = (await harvest("ckan", SITE, ckan)).by_id
    trees, budget = datasets[TREES].metadata, datasets[BUDGET].metadata
    assert trees.temporal_coverage == TemporalCoverage(date(2010, 1, 1))
    assert trees.license == "notspecified"
    assert trees.extras["ckan:qualite"] == "bonne"
    assert (budget.license, budget.frequency) == ("odc-odbl", "annual")
    assert budget.spatial.zones == ("fr:region:11",)
    assert budget.description == "Le budget, [voir ici](https://www.example.org/budget)."
    assert datasets[BUDGET].resources[0].source == UrlSource(f"{SITE}/budget/2019.xlsx")


async def test_all_pages_are_read_and_no_more(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan)
    assert list(harvested.by_id) == [VELO, TREES, BUDGET]
    assert [each["start"] for each in ckan.queries] == ["0", "2"]
    assert harvested.lost == []


async def test_ckans_own_harvest_sources_are_no_datasets(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan)
    assert "0b1c2d3e-0000-4000-8000-000000000003" not in harvested.by_id
    assert "Région" in "\n".join(harvested.notes)


async def test_the_limit_spares_the_pages_behind_it(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan, limit=1)
    assert list(harvested.by_id) == [VELO]
    assert len(ckan.queries) == 1


async def test_since_is_asked_of_the_server_and_seen_to(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan, since=date(2024, 1, 1))
    # The budget's day cannot be read: rather one too many than one lost.
    assert list(harvested.by_id) == [VELO, BUDGET]
    assert ckan.queries[0]["fq"] == "metadata_modified:[2024-01-01T00:00:00Z TO *]"


@pytest.mark.parametrize(
    ("source", "address", "filters"),
    [
        (f"{SITE}/", f"{SITE}/api/3/action/package_search", None),
        (f"{SITE}/fr/dataset", f"{SITE}/fr/api/3/action/package_search", None),
        (f"{SITE}/api/3", f"{SITE}/api/3/action/package_search", None),
        (
            f"{SITE}/organization/ville",
            f"{SITE}/api/3/action/package_search",
            'organization:"ville"',
        ),
        (f"{SITE}/dataset/velo", f"{SITE}/api/3/action/package_search", 'name:"velo"'),
        (
            f"{SITE}/api/3/action/package_search?fq=tags:velo&rows=3&start=9",
            f"{SITE}/api/3/action/package_search",
            "tags:velo",
        ),
    ],
)
async def test_a_portal_a_part_of_it_or_a_search_can_be_asked_for(
    harvest: Harvest, ckan: Ckan, source: str, address: str, filters: str | None
) -> None:
    await harvest("ckan", source, ckan)
    assert ckan.addresses[0] == address
    assert ckan.queries[0].get("fq") == filters
    assert (ckan.queries[0]["start"], ckan.queries[0]["sort"]) == ("0", "id asc")


async def test_a_page_that_fails_in_the_middle_leaves_what_was_found(
    harvest: Harvest, ckan: Ckan
) -> None:
    broken = Ckan(ckan.pages[0], SourceFailed(f"{SITE} answered 502"))
    harvested = await harvest("ckan", SITE, broken)
    assert list(harvested.by_id) == [VELO, TREES]
    assert harvested.lost == [f"{SITE} answered 502; what follows is missing"]


async def test_a_server_that_gives_one_page_for_ever_is_left(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, Ckan(ckan.pages[0]))
    assert list(harvested.by_id) == [VELO, TREES]
    assert harvested.lost == []  # four were promised, and two times two were given
    page = ckan.pages[0]
    page["result"]["count"] = 100
    harvested = await harvest("ckan", SITE, Ckan(page))
    assert harvested.lost == [f"{SITE} gives the same page again: what follows is missing"]


async def test_a_count_that_is_never_reached_is_told(harvest: Harvest, ckan: Ckan) -> None:
    empty = {"success": True, "result": {"count": 9, "results": []}}
    harvested = await harvest("ckan", SITE, Ckan(ckan.pages[0], empty))
    assert harvested.lost == [f"{SITE} tells of 9 datasets and gives 2"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"<!DOCTYPE html><html><body>Not Found</body></html>", "a page of HTML"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        ({"success": False, "error": {"message": "Access denied"}}, "refuses: Access denied"),
        ({"results": []}, "does not answer as CKAN does"),
        ([], "does not answer as CKAN does"),
    ],
)
async def test_what_is_no_ckan_says_so(harvest: Harvest, answer: Any, sentence: str) -> None:
    with pytest.raises(SourceFailed, match=sentence):
        await harvest("ckan", "https://user:secret@data.example.org", Ckan(answer))


async def test_ten_thousand_resources_are_one_dataset(harvest: Harvest) -> None:
    resources = [{"url": f"{SITE}/{each % 5000}.csv", "name": str(each)} for each in range(10_000)]
    package = {"id": "large", "title": "Large", "notes": "x", "resources": resources}
    answer = {"success": True, "result": {"count": 1, "results": [package]}}
    keys = [each.key for each in (await harvest("ckan", SITE, Ckan(answer))).only.resources]
    assert len(set(keys)) == 10_000


async def test_links_only_lists_every_file_where_it_is(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", SITE, ckan, links=True)
    csv, *_ = harvested.by_id[VELO].resources
    assert isinstance(csv.source, LinkSource)
    assert (csv.metadata.format, csv.metadata.mime) == ("csv", "text/csv")
    assert csv.metadata.extras["harvest:size"] == 1048576
    assert "'Ancien serveur' is left out: a link must be a web address" in harvested.told


async def test_credentials_stay_with_the_reader(harvest: Harvest, ckan: Ckan) -> None:
    harvested = await harvest("ckan", "https://user:secret@data.example.org", ckan)
    assert harvested.found
    assert "secret" not in repr(harvested)


async def test_what_is_no_address_says_so(harvest: Harvest, ckan: Ckan) -> None:
    for source in ("http://[", "https:///data.example.org"):
        with pytest.raises(SourceFailed, match="is no whole web address"):
            await harvest("ckan", source, ckan)


async def test_the_manifest_can_be_loaded(
    harvest: Harvest, ckan: Ckan, manifest_of: Callable[..., Any]
) -> None:
    harvested = await harvest("ckan", SITE, ckan)
    loaded = manifest_of(harvested)
    assert loaded.problems == ()
    assert [each.key for each in loaded.datasets] == [
        f"data.example.org#{each}" for each in (VELO, TREES, BUDGET)
    ]
