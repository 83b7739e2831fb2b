"""A key says where a dataset comes from; resources are told apart by what they are."""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub import RunReport
from bulkpub.core.model import DatasetSpec
from bulkpub.harvest.base import Page
from bulkpub.harvest.identity import catalogue_at, told_apart
from bulkpub.portals import memory, udata
from bulkpub.portals.memory import Site
from tests.manifests import ManifestWriter, amend, load

Harvest = Callable[..., Awaitable[Any]]
Publish = Callable[..., Awaitable[RunReport]]

ORGANIZATION = "test-organization"
CASES = Path(__file__).parent / "cases"
ALPHA, BETA = "https://alpha.example.org/catalog.ttl", "https://beta.example.org/catalog.ttl"
SIG = "https://cat.example.org/csw"
WMS = "https://geo.example.org/wms?service=WMS&request=GetCapabilities"
TYPES = {".ttl": "text/turtle", ".jsonld": "application/ld+json"}


class Served:
    """Answers whatever is asked with the one page that it has."""

    def __init__(self, content: str | bytes, kind: str = "application/json") -> None:
        self.content = content.encode() if isinstance(content, str) else content
        self.kind = kind

    async def read(self, url: str, *, accept: str | None = None) -> Page:  # noqa: ARG002
        return Page(url, self.content, self.kind, "utf-8")


def case(name: str) -> Served:
    return Served((CASES / name).read_bytes(), TYPES[Path(name).suffix])


def ckan(*ids: str) -> Served:
    results = [{"id": each, "title": f"Title of {each}"} for each in ids]
    answer = {"success": True, "result": {"count": len(ids), "results": results}}
    return Served(json.dumps(answer))


def opendatasoft(*ids: str) -> Served:
    results = [{"dataset_id": each, "metas": {"default": {"title": each}}} for each in ids]
    return Served(json.dumps({"total_count": len(ids), "results": results}))


def turtle(text: str) -> Served:
    prefixes = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
    prefixes += "@prefix dct: <http://purl.org/dc/terms/> .\n"
    return Served(prefixes + text, "text/turtle")


IDENTIFIED = '[] a dcat:Dataset ; dct:identifier "velos" ; dct:title "T" .'
TABLE = "dataset key,dataset,url\nvelos,Vélos,https://f.example.org/a.csv\n"


# --- datasets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reader", "sources", "key"),
    [
        (
            "ckan",
            ckan("velos"),
            [
                "https://data.example.org",
                "http://data.example.org/",
                "https://DATA.example.org:443/organization/ville",
                "https://data.example.org/api/3/action/package_search?fq=tags:a",
                "https://me:word@data.example.org/dataset/velos",
            ],
            "data.example.org#velos",
        ),
        (
            "ckan",
            ckan("velos"),
            ["https://data.example.org/nord", "https://data.example.org/nord/dataset"],
            "data.example.org/nord#velos",
        ),
        (
            "opendatasoft",
            opendatasoft("velos"),
            [
                "https://data.example.org",
                "http://data.example.org/explore/dataset/velos/",
                "https://data.example.org/api/explore/v2.1/catalog/datasets/velos",
            ],
            "data.example.org#velos",
        ),
        (
            "csv",
            Served(TABLE),
            ["https://data.example.org/t/liens.csv", "http://data.example.org/t/liens.csv"],
            "data.example.org/t/liens.csv#velos",
        ),
        (
            "dcat",
            turtle(IDENTIFIED),
            [
                "https://data.example.org/catalog.ttl",
                "http://data.example.org/catalog.ttl?page=2&page_size=50",
                "https://data.example.org/catalog.ttl/?token=secret",
            ],
            "data.example.org/catalog.ttl#velos",
        ),
        (
            "dcat",
            turtle(IDENTIFIED),
            ["https://data.example.org/csw?org=12", "http://data.example.org/csw?org=12&page=3"],
            "data.example.org/csw?org=12#velos",
        ),
        # What has an address of its own is that, whoever lists it.
        *(
            ("dcat", turtle(text), ["https://data.example.org/a", "https://b.example.org/"], key)
            for text, key in [
                (
                    '<https://x.example.org/d/1/> a dcat:Dataset ; dct:identifier "1" .',
                    "x.example.org/d/1",
                ),
                (
                    '[] a dcat:Dataset ; dct:identifier "http://x.example.org/d?id=1" .',
                    "x.example.org/d?id=1",
                ),
            ]
        ),
        # But not an address that means something in one network only.
        *(
            (
                "dcat",
                turtle(f'<{address}> a dcat:Dataset ; dct:identifier "velos" .'),
                ["https://data.example.org/a"],
                "data.example.org/a#velos",
            )
            for address in ("http://localhost:8080/d/1", "http://10.1.2.3/d/1", "urn:uuid:1-2-3")
        ),
    ],
)
async def test_a_key_says_where_a_dataset_comes_from(
    harvest: Harvest, kind: str, reader: Served, sources: list[str], key: str
) -> None:
    for source in sources:
        spec = (await harvest(kind, source, reader, links=True)).only
        assert spec.key == key, source


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("ckan", ckan("velos")),
        ("opendatasoft", opendatasoft("velos")),
        ("csv", Served(TABLE)),
        ("dcat", turtle(IDENTIFIED)),
    ],
)
async def test_one_id_in_two_catalogues_is_two_datasets_in_one_manifest(
    harvest: Harvest, tmp_path: Path, kind: str, reader: Served
) -> None:
    text = "version: 1\norganization: o\ndatasets:\n  - {key: k, title: T, description: D}\n"
    sources = ["https://a.example.org/x", "https://b.example.org/x", "https://a.example.org/y"]
    for source in (*sources, *sources):
        found = (await harvest(kind, source, reader, links=True)).found
        text = amend(text, [(each.dataset, ()) for each in found], base=tmp_path).text
    _, *datasets = loaded(tmp_path, text)
    assert len({each.key for each in datasets}) == len(datasets) == len(sources)
    assert {(each.metadata.extras or {})["harvest:remote_id"] for each in datasets} == {"velos"}


async def test_two_tables_of_one_name_are_two_catalogues(harvest: Harvest, tmp_path: Path) -> None:
    keys = set()
    for name in ("nord", "sud"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "liens.csv").write_text(TABLE)
        for base in (tmp_path, "/"):
            found = await harvest("csv", tmp_path / name / "liens.csv", base=str(base))
            keys.add(found.only.key)
        elsewhere = await harvest("csv", tmp_path / name / "liens.csv", base=str(tmp_path / "m"))
        assert elsewhere.only.key == f"{name}/liens.csv#velos"
    assert {"nord/liens.csv#velos", "sud/liens.csv#velos"} < keys


async def test_what_a_catalogue_says_of_itself_goes_along(harvest: Harvest) -> None:
    part = "https://data.example.org/organization/ville"
    extras = (await harvest("ckan", part, ckan("velos"))).only.metadata.extras
    assert extras["harvest:source"] == "data.example.org/organization/ville"
    assert extras["harvest:remote_id"] == "velos"
    assert extras["harvest:remote_url"] == "https://data.example.org/dataset/velos"


async def test_a_dataset_is_asked_for_by_its_id_in_the_catalogue(harvest: Harvest) -> None:
    for asked in ("vel*", "velos", "data.example.org#v*", "Title of vel*"):
        found = await harvest("ckan", "https://data.example.org", ckan("velos", "bus"), match=asked)
        assert [each.dataset.key for each in found.found] == ["data.example.org#velos"]


def test_a_secret_in_an_address_is_in_no_key() -> None:
    catalogue = catalogue_at("https://me:word@data.example.org/c.ttl?apikey=word")
    assert (catalogue.name, catalogue.place) == ("data.example.org/c.ttl",) * 2


# --- resources ----------------------------------------------------------------------------

LAYERS = {name: f"{WMS}#{name}" for name in ("zone_a", "zone_b", "zone_c")}


async def test_layers_at_one_address_go_by_what_they_are(harvest: Harvest) -> None:
    for name, titles in (("layers_1.jsonld", LAYERS), ("layers_2.jsonld", ["zone_b", "zone_c"])):
        spec = (await harvest("dcat", SIG, case(name))).only
        assert {each.metadata.title: each.key for each in spec.resources} == {
            title: LAYERS[title] for title in titles
        }


def layered(kind: str, *layers: tuple[str, str]) -> Served:
    """A catalogue with one dataset that lists layers at one address, by title and format."""
    if kind == "ckan":
        resources = [{"url": WMS, "name": name, "format": form} for name, form in layers]
        package = {"id": "1", "title": "T", "resources": resources}
        return Served(json.dumps({"result": {"count": 1, "results": [package]}}))
    if kind == "dcat":
        listed = ", ".join(
            f'[ dct:title "{name}" ; dct:format "{form}" ; dcat:accessURL <{WMS}> ]'
            for name, form in layers
        )
        return turtle(f"<https://x.example.org/1> a dcat:Dataset ; dcat:distribution {listed} .")
    rows = "\n".join(f"T,{name},{WMS},{form}" for name, form in layers)
    return Served(f"dataset,title,url,format\n{rows}\n")


async def keys(harvest: Harvest, kind: str, *layers: tuple[str, str]) -> dict[tuple[str, str], str]:
    source = "https://data.example.org/c.csv"
    spec = (await harvest(kind, source, layered(kind, *layers), links=True)).only
    return {
        (str(each.metadata.title), str(each.metadata.format)): each.key for each in spec.resources
    }


@pytest.mark.parametrize("kind", ["ckan", "dcat", "csv"])
async def test_no_key_depends_on_a_position(harvest: Harvest, kind: str) -> None:
    layers = (("a", "wms"), ("b", "wms"), ("b", "wfs"), ("c", "wms"))
    all_of_them = await keys(harvest, kind, *layers)
    assert all_of_them == {
        ("a", "wms"): f"{WMS}#a",
        ("b", "wms"): f"{WMS}#b wms",
        ("b", "wfs"): f"{WMS}#b wfs",
        ("c", "wms"): f"{WMS}#c",
    }
    for some in permutations(layers):
        assert await keys(harvest, kind, *some) == all_of_them
    for left in (layers[1:], layers[:-1]):
        assert (await keys(harvest, kind, *left)).items() <= all_of_them.items()


async def test_what_is_listed_twice_is_taken_once_and_that_is_said(harvest: Harvest) -> None:
    found = await harvest("dcat", SIG, layered("dcat", ("a", "wms"), ("a", "wms")))
    assert [each.key for each in found.only.resources] == [WMS]
    assert "'a' is listed twice, and taken once" in found.told


async def test_an_id_that_two_have_is_told_apart_as_well(harvest: Harvest) -> None:
    resources = [
        {"id": "1", "url": f"https://x.example.org/{name}.csv", "name": name} for name in "ab"
    ]
    package = {"id": "1", "title": "T", "resources": resources}
    answer = json.dumps({"result": {"count": 1, "results": [package]}})
    spec = (await harvest("ckan", "https://data.example.org", Served(answer))).only
    assert [each.key for each in spec.resources] == ["1#a", "1#b"]


words = st.sampled_from(["", "a", "b", "a b", "é" * 200, "#", "a#b"])


@given(
    st.lists(st.tuples(st.sampled_from(["k", "k#a", "l"]), words, words), unique=True), st.data()
)
def test_keys_are_unique_and_the_order_makes_no_difference(
    things: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    found = told_apart([name for name, *_ in things], [said for _, *said in things])
    assert None not in found
    assert len(set(found)) == len(things)
    assert all(key and key.startswith(name) for key, (name, *_) in zip(found, things, strict=True))
    order = data.draw(st.permutations(range(len(things))))
    again = told_apart([things[n][0] for n in order], [things[n][1:] for n in order])
    if not any(name == "k#a" for name, *_ in things):
        assert again == [found[n] for n in order]


# --- two harvests, two runs ---------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[Site]:
    name = uuid4().hex
    # All but the pause of a second and more between two files of one name.
    yield memory.site(name, replace(udata.RULES, same_name_pause=0.01))
    memory._sites.pop(name)


def manifest(*datasets: DatasetSpec, path: Path) -> Path:
    with path.open("w", encoding="utf-8") as out:
        writer = ManifestWriter(out)
        writer.header(organization=ORGANIZATION)
        for each in datasets:
            writer.dataset(replace(each, organization=ORGANIZATION), ())
    return path


def loaded(folder: Path, text: str) -> list[DatasetSpec]:
    (folder / "loaded.yaml").write_text(text, encoding="utf-8")
    found = load([folder / "loaded.yaml"])
    assert found.problems == ()
    return list(found.datasets)


@pytest.fixture
def run(site: Site, publish_to: Publish, tmp_path: Path) -> Callable[..., Awaitable[RunReport]]:
    """Publish what was harvested, or a manifest by its name among the cases."""

    async def run(what: Any) -> RunReport:
        path = CASES / what if isinstance(what, str) else manifest(what, path=tmp_path / "m.yaml")
        report = await publish_to(site.address, "any-key", path)
        assert report.run.exit_code == 0, report
        return report

    return run


def there(site: Site) -> dict[str | None, str | None]:
    """Titles of what is on the portal, by key."""
    return {each.key: each.metadata.title for each in site.datasets.values()}


async def test_two_catalogues_with_one_id_are_two_datasets(
    harvest: Harvest, run: Any, site: Site
) -> None:
    for url, name in ((ALPHA, "alpha.ttl"), (BETA, "beta.ttl")):
        await run((await harvest("dcat", url, case(name), links=True)).only)
    assert there(site) == {
        "alpha.example.org/subventions": "Subventions de Alpha",
        "beta.example.org/subventions": "Subventions de Beta",
    }


async def test_what_was_harvested_before_gets_its_new_key_once_and_that_is_told(
    harvest: Harvest, run: Any, site: Site
) -> None:
    await run("alpha_before.yaml")
    (before,) = site.datasets.values()
    alpha = (await harvest("dcat", ALPHA, case("alpha.ttl"), links=True)).only
    report = await run(alpha)
    assert [each.id for each in report.datasets] == [before.id]
    (note,) = report.datasets[0].notes
    assert note == (
        f"'Subventions de Alpha' ({before.id}) was harvested before under the key 'subventions': "
        "it is the same dataset, and gets the key 'alpha.example.org/subventions'"
    )
    site.calls.clear()
    again = await run(alpha)
    assert (again.totals.datasets.unchanged, again.datasets[0].notes) == (1, ())
    assert not [call for call in site.calls if call.method != "GET"]


async def test_another_catalogues_dataset_of_the_same_id_is_not_taken(
    harvest: Harvest, run: Any, site: Site
) -> None:
    await run("alpha_before.yaml")
    await run((await harvest("dcat", BETA, case("beta.ttl"), links=True)).only)
    assert there(site) == {
        "subventions": "Subventions de Alpha",
        "beta.example.org/subventions": "Subventions de Beta",
    }


async def test_two_manifests_of_bare_ids_do_not_take_each_others_datasets(
    harvest: Harvest, site: Site, publish_to: Publish, tmp_path: Path
) -> None:
    old = CASES / "alpha_before.yaml"
    beta = (await harvest("dcat", BETA, case("beta.ttl"), links=True)).only
    other = manifest(replace(beta, key="subventions"), path=tmp_path / "beta_before.yaml")
    codes = [(await publish_to(site.address, "k", each)).run.exit_code for each in (old, other)]
    assert (codes, there(site)) == ([0, 1], {"subventions": "Subventions de Alpha"})


async def test_a_table_harvested_before_is_recognised_by_its_links(
    harvest: Harvest, run: Any, site: Site
) -> None:
    await run("links_before.yaml")
    (before,) = site.datasets.values()
    await run((await harvest("csv", CASES / "links_1.csv", links=True)).only)
    (after,) = site.datasets.values()
    assert (after.id, after.key) == (before.id, "links_1.csv#zonages")
    assert [each.id for each in after.resources] == [each.id for each in before.resources]


@pytest.mark.parametrize("first", ["layers_before.yaml", "layers_1.jsonld"])
@pytest.mark.parametrize(
    "left", [["zone_b", "zone_c"], ["zone_b"], ["zone_c"], ["zone_a"], [*LAYERS]]
)
async def test_ids_keep_to_the_titles(
    harvest: Harvest, run: Any, site: Site, first: str, left: list[str]
) -> None:
    is_before = first.endswith("yaml")
    await run(first if is_before else (await harvest("dcat", SIG, case(first))).only)
    (before,) = site.datasets.values()
    page = json.loads((CASES / "layers_1.jsonld").read_text())
    listed = "dcat:distribution"
    page[listed] = [each for each in page[listed] if each["dct:title"] in left]
    second = (await harvest("dcat", SIG, Served(json.dumps(page), "application/ld+json"))).only
    for _ in range(2):
        await run(second)
        (after,) = site.datasets.values()
        assert {each.id: each.metadata.title for each in after.resources} == {
            each.id: each.metadata.title for each in before.resources
        }


@pytest.mark.parametrize(
    ("old", "source", "page", "more"),
    [
        ("alpha_before.yaml", ALPHA, "alpha.ttl", 0),
        ("alpha_before.yaml", BETA, "beta.ttl", 1),
        ("layers_before.yaml", SIG, "layers_1.jsonld", 0),
        ("layers_before.yaml", SIG, "layers_2.jsonld", 0),
        ("links_before.yaml", "", "links_1.csv", 0),
    ],
)
async def test_a_manifest_harvested_before_gets_nothing_twice(
    harvest: Harvest, old: str, source: str, page: str, more: int
) -> None:
    found = await (
        harvest("dcat", source, case(page), links=True)
        if source
        else harvest("csv", CASES / page, links=True)
    )
    text = (CASES / old).read_text()
    amended = amend(text, [(each.dataset, ()) for each in found.found], base=CASES)
    assert (amended.datasets, amended.resources) == (more, 0)
    assert (amended.text == text) is (not more)
    told = any("the key that it had when it was harvested" in each for each in amended.notes)
    assert told is (not more)
