"""What a portal has, as a manifest; that running it unchanged writes nothing is the point."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bulkpub.core.model import Access, Contact, ExistingSource, LinkSource, Spatial, UrlSource
from bulkpub.core.shapes import shape_text
from bulkpub.core.sources import Checksum
from bulkpub.errors import PortalRefuses, SourceFailed
from bulkpub.harvest import portal as portal_kind
from bulkpub.harvest.base import Found, HarvestOptions
from bulkpub.http.transport import connect
from bulkpub.portals.udata import Udata
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.records import ContactPoint, Dataset, Resource
from tests.manifests import Loaded, ManifestWriter

Publish = Callable[..., Awaitable[Any]]
ManifestOf = Callable[..., Loaded]
Take = Callable[..., Awaitable[list[Found]]]
NOW = "2024-01-01T00:00:00+00:00"


@pytest.fixture
async def portal(sandbox: Sandbox) -> AsyncIterator[Udata]:
    async with connect(sandbox.api_url, credentials={"X-API-KEY": sandbox.api_key}) as transport:
        yield Udata(transport)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def take(portal: Udata, notes: list[str]) -> Take:
    """Harvest an organization or a dataset."""

    async def take(source: str, **asked: Any) -> list[Found]:
        options = HarvestOptions(note=notes.append, **asked)
        return [found async for found in portal_kind.harvest(source, portal, options)]

    return take


@pytest.fixture
async def published(publish: Publish, folder: Any, sandbox: Sandbox, dataset_of: Any) -> Dataset:
    """A dataset with a file and a link, as somebody described it without us."""
    report = await publish(
        folder.manifest(
            folder.dataset(
                "velos",
                {"path": folder.file("a.csv").name, "title": "Le {{fichier}}"},
                {"link": "https://api.example.org/v1", "type": "api", "title": "L'API",
                 "format": "json", "mime": "application/json"},
                title="Comptages vélo", description="Ligne une.\n\n# Deux", license="fr-lo",
                frequency="daily", tags=["mobilite", "velo"], acronym="CV", private=True,
                temporal_coverage={"start": "2024-01-01", "end": "2024-06-30"},
                spatial={"zones": ["fr:departement:75"], "granularity": "fr:commune"},
                extras={"source": "capteurs", "n": 3, "deep": {"a": [1, 2.5, True]}},
            )
        )
    )  # fmt: skip
    assert report.run.exit_code == 0
    dataset: Dataset = dataset_of(sandbox, "velos")
    for extras in (dataset.extras, *(each.extras for each in dataset.resources)):
        for name in [name for name in extras if name.startswith("bulkpub:")]:
            del extras[name]  # as if we had never been there
    return dataset


def link(number: int, **said: Any) -> Resource:
    return Resource(
        id=f"00000000-0000-4000-8000-00000000000{number}",
        created_at=NOW,
        last_modified=NOW,
        filetype="remote",
        **{"title": f"Link {number}", "url": f"https://example.org/{number}", **said},
    )


@pytest.mark.usefixtures("published")
async def test_the_datasets_of_an_organization_are_taken_with_all_their_metadata(
    take: Take, published: Dataset
) -> None:
    (found,) = await take("test-organization")
    spec, said = found.dataset, found.dataset.metadata
    assert found.notes == ()
    assert (spec.id, spec.organization) == (published.id, published.organization)
    assert (said.title, said.description) == ("Comptages vélo", "Ligne une.\n\n# Deux")
    assert (said.license, said.frequency, said.acronym) == ("fr-lo", "daily", "CV")
    assert (said.tags, said.private, said.archived) == (("mobilite", "velo"), True, None)
    assert said.spatial is not None
    assert said.temporal_coverage is not None
    assert said.extras == {"source": "capteurs", "n": 3, "deep": {"a": [1, 2.5, True]}}
    file, api = spec.resources
    assert (file.id, file.source, file.metadata.title) == (
        published.resources[0].id,
        ExistingSource(),
        "Le {fichier}",
    )
    assert (api.id, api.source) == (
        published.resources[1].id,
        LinkSource("https://api.example.org/v1"),
    )
    assert (api.metadata.type, api.metadata.format) == ("api", "json")


@pytest.mark.parametrize("way", ["id", "slug", "page", "organization page", "organization id"])
async def test_a_source_is_an_id_a_slug_or_a_page(
    take: Take, published: Dataset, sandbox: Sandbox, way: str
) -> None:
    owner = published.organization
    source = {
        "id": published.id,
        "slug": published.slug,
        "page": f"{sandbox.base_url}/fr/datasets/{published.slug}/",
        "organization page": f"{sandbox.base_url}/organizations/{owner}/#/datasets",
        "organization id": owner or "",
    }[way]
    assert [found.dataset.id for found in await take(source)] == [published.id]


async def test_the_manifest_says_just_what_the_portal_has(
    take: Take, published: Dataset, manifest_of: ManifestOf, harvested_of: Any
) -> None:
    published.resources.append(link(1))
    found = await take("test-organization")
    loaded = manifest_of(harvested_of(found))
    assert loaded.problems == ()
    (dataset,) = loaded.datasets
    assert dataset.metadata == found[0].dataset.metadata
    assert [replace(each, place=dataset.place, default_title="") for each in dataset.resources] == [
        replace(each, place=dataset.place) for each in found[0].dataset.resources
    ]


@pytest.fixture
def harvested_of() -> Callable[[list[Found]], Any]:
    class Harvested:
        def __init__(self, found: list[Found]) -> None:
            self.found = found

    return Harvested


# --- what a manifest cannot say -----------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"description": "Ends with a line end.\n"}, "the description is not in the manifest"),
        ({"tags": ["ok-tag", "x"]}, "the tags is not in the manifest"),
        ({"frequency": "everyBlueMoon"}, "'everyBlueMoon' is unknown"),
        ({"extras": {"dotted": None}}, "the extra 'dotted' is not in the manifest"),
        ({"temporal_coverage": {"start": "2024-02-01", "end": "2024-01-01"}}, "before it starts"),
    ],
)
async def test_what_a_manifest_cannot_say_is_left_out_and_told(
    *,
    take: Take,
    published: Dataset,
    manifest_of: ManifestOf,
    harvested_of: Any,
    changed: dict[str, Any],
    told: str,
) -> None:
    for name, value in changed.items():
        setattr(published, name, value)
    found = await take("test-organization")
    assert told in "\n".join(found[0].notes)
    assert manifest_of(harvested_of(found)).problems == ()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.csv",
        "https://example.org/with space.csv",
        "not an address",
        "https://me:word@example.org/a.csv",
        "",
    ],
)
async def test_a_link_that_no_manifest_can_have_stays_as_it_is(
    take: Take, published: Dataset, manifest_of: ManifestOf, harvested_of: Any, url: str
) -> None:
    published.resources = [link(1, url=url)]
    found = await take("test-organization")
    assert found[0].dataset.resources[0].source == ExistingSource()
    assert "word" not in "\n".join(found[0].notes)
    assert manifest_of(harvested_of(found)).problems == ()


async def test_a_deleted_dataset_is_left_out_and_told(
    take: Take, published: Dataset, notes: list[str]
) -> None:
    published.deleted = NOW
    assert await take("test-organization") == []
    assert "is deleted on the portal" in notes[0]


# --- what is not there --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nobody", "no organization and no dataset 'nobody'"),
        ("https://example.org/datasets/nothing/", "no dataset 'nothing'"),
        ("https://example.org/organizations/nobody", "no organization 'nobody'"),
        ("https://example.org/reuses/some/", "the address of no organization and no dataset"),
        ("https://example.org/datasets/", "the address of no organization and no dataset"),
        (" ", "no organization and no dataset ''"),
        ("../../me", "no organization and no dataset"),
    ],
)
async def test_what_the_portal_does_not_have_is_said(take: Take, source: str, why: str) -> None:
    with pytest.raises(SourceFailed, match=why):
        await take(source)


async def test_a_wrong_key_is_said(sandbox: Sandbox) -> None:
    async with connect(sandbox.api_url, credentials={"X-API-KEY": "wrong"}) as transport:
        harvest = portal_kind.harvest("x", Udata(transport), HarvestOptions())
        with pytest.raises(PortalRefuses, match="does not accept the API key"):
            await anext(harvest)


@pytest.mark.usefixtures("published")
async def test_without_a_key_only_what_is_public_is_seen(
    sandbox: Sandbox, published: Dataset
) -> None:
    async with connect(sandbox.api_url) as transport:
        harvest = portal_kind.harvest("test-organization", Udata(transport), HarvestOptions())
        assert [found async for found in harvest] == []
        published.private = False
        harvest = portal_kind.harvest("test-organization", Udata(transport), HarvestOptions())
        assert [found.dataset.id async for found in harvest] == [published.id]


@pytest.mark.parametrize("access", ["open", "open_with_account", "restricted"])
async def test_who_has_access_is_harvested_where_that_is_not_everybody(
    take: Take, published: Dataset, access: str
) -> None:
    published.access_type, published.license = access, "notspecified"
    (found,) = await take("test-organization")
    wanted = None if access == "open" else Access(access)
    assert (found.notes, found.dataset.metadata.access) == ((), wanted)
    # What the portal took away with it is no licence that somebody chose.
    assert found.dataset.metadata.license == ("notspecified" if access == "open" else None)


async def test_access_in_words_that_no_manifest_knows_is_noted(
    take: Take, published: Dataset
) -> None:
    published.access_type, published.access_type_reason_category = "restricted", "whim"
    (found,) = await take("test-organization")
    (note,) = found.notes
    assert "the access is not in the manifest and stays as it is: 'whim' is unknown" in note
    assert found.dataset.metadata.access is None


# --- publishing it ------------------------------------------------------------------------


async def test_running_it_unchanged_writes_nothing(
    *,
    take: Take,
    published: Dataset,
    publish: Publish,
    manifest_of: ManifestOf,
    harvested_of: Any,
    sandbox: Sandbox,
    writes: Any,
    tmp_path: Path,
) -> None:
    published.resources += [link(1), link(2, url="ftp://example.org/x", format="csv", extras={})]
    manifest_of(harvested_of(await take("test-organization")))
    sandbox.requests.clear()
    report = await publish(tmp_path / "manifest-of-the-harvest.yaml")
    assert (report.run.exit_code, report.run.error) == (0, None)
    assert writes(sandbox) == []
    assert report.totals.resources.unchanged == 4


async def test_what_has_not_changed_since_a_day_is_left_out(take: Take, published: Dataset) -> None:
    """By the time at which the portal says that it, or a resource of it, changed last."""
    changed = published.last_update[:10]
    assert len(await take(published.id, since=date.fromisoformat(changed))) == 1
    assert await take(published.id, since=date(2999, 1, 1)) == []


# --- what the portal writes by itself, what stands beside others', copies ------------------


async def test_what_the_portals_checker_writes_is_its_own(
    take: Take, published: Dataset, publish: Publish, manifest_of_found: Any, sandbox: Sandbox
) -> None:
    """It changes without us: what a manifest says of it would differ the next night."""
    for resource in published.resources:
        resource.extras |= {"check:date": "2026-11-01", "analysis:checksum": "x", "mine": 1}
    manifest = manifest_of_found(await take("test-organization"))
    assert "check:" not in manifest.read_text()
    assert "mine" in manifest.read_text()
    for resource in published.resources:
        resource.extras["check:date"] = "2026-11-02"
    sandbox.requests.clear()
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].status) == (0, "unchanged")
    assert {seen.method for seen in sandbox.requests} == {"GET"}


@pytest.fixture
def manifest_of_found(tmp_path: Path) -> Callable[[list[Found]], Path]:
    """The manifest that is written of a harvest."""

    def manifest_of_found(found: list[Found], name: str = "harvested.yaml") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8") as out:
            writer = ManifestWriter(out)
            writer.header()
            for each in found:
                writer.dataset(each.dataset, each.notes)
        return path

    return manifest_of_found


async def test_what_stands_beside_others_datasets_is_harvested_and_changes_nothing(
    *,
    take: Take,
    publish: Publish,
    folder: Any,
    manifest_of_found: Any,
    sandbox: Sandbox,
    published: Dataset,
    notes: list[str],
) -> None:
    other = sandbox.info["other_organization"]["id"]
    published.organization, published.private = other, False  # it is somebody else's now
    entry = {"path": folder.file("ours.csv").name, "title": "Les nôtres", "type": "update"}
    link = {"link": "https://example.org/api", "title": "API", "type": "api"}
    said = {"id": published.id, "community": True, "resources": [entry, link]}
    assert (await publish(folder.manifest(said))).run.exit_code == 0
    found = await take("test-organization")
    (beside,) = found
    assert await take("test-organization", copy=True) == []
    assert [published.id in note for note in notes] == [True]
    assert (beside.dataset.community, beside.dataset.id) == (True, published.id)
    assert [each.metadata.title for each in beside.dataset.resources] == ["API", "Les nôtres"]
    manifest = manifest_of_found(found)
    sandbox.requests.clear()
    report = await publish(manifest)
    assert (report.run.exit_code, report.datasets[0].status) == (0, "unchanged"), report
    assert {seen.method for seen in sandbox.requests} == {"GET"}


async def test_a_copy_names_nothing_by_an_id_of_its_source(
    take: Take, published: Dataset, notes: list[str]
) -> None:
    (found,) = await take("test-organization", copy=True)
    spec = found.dataset
    assert (spec.id, spec.key, spec.organization) == (None, published.id, "test-organization")
    file, link = spec.resources
    assert (file.id, link.id) == (None, None)
    assert [file.key, link.key] == [each.id for each in published.resources]
    assert isinstance(file.source, UrlSource)
    assert file.source.url.endswith(f"/api/1/datasets/r/{published.resources[0].id}")
    assert isinstance(link.source, LinkSource)
    assert (file.metadata.title, link.metadata.format) == ("Le {fichier}", "json")
    assert spec.metadata.private is True
    assert notes == []
    (other,) = await take("test-organization", copy=True, organization="elsewhere")
    assert other.dataset.organization == "elsewhere"


async def test_a_copy_says_what_it_leaves_out(
    take: Take, published: Dataset, sandbox: Sandbox
) -> None:
    contact = ContactPoint(id="64a0000000000000000000c1", name="SIG", role="creator")
    sandbox.state.contacts[contact.id] = contact
    published.contact_points = [contact.id]
    published.resources[1].url = "ftp://x.example/a.csv"
    (found,) = await take(published.slug, copy=True)
    told = "\n".join(found.notes)
    assert f"the contact points {contact.id} are left out" in told
    assert "the link 'L'API'" in told
    assert found.dataset.metadata.contact_points is None
    assert found.dataset.contacts == ()
    assert len(found.dataset.resources) == 1


async def test_contact_points_of_a_copy_go_by_what_they_say(
    take: Take, published: Dataset, sandbox: Sandbox
) -> None:
    sig = ContactPoint(
        id="64a0000000000000000000c1", name="SIG", role="creator", email="s@v.example"
    )
    form = "https://v.example/"
    dsi = ContactPoint(id="64a0000000000000000000c2", name="DSI", role="contact", contact_form=form)
    points = [replace(each, organization=published.organization) for each in (sig, dsi)]
    sandbox.state.contacts |= {each.id: each for each in points}
    published.contact_points = [each.id for each in points]
    sandbox.requests.clear()
    (found,) = await take("test-organization", copy=True)
    assert found.notes == ()
    assert found.dataset.metadata.contact_points is None
    assert found.dataset.contacts == (
        Contact("SIG", "creator", email="s@v.example"),
        Contact("DSI", "contact", form="https://v.example/"),
    )
    asked = [seen.path for seen in sandbox.requests if "contacts" in seen.path]
    assert len(asked) == 1
    (same,) = await take("test-organization")
    assert same.dataset.metadata.contact_points == tuple(each.id for each in points)


async def test_what_a_link_tells_of_its_file_is_written_or_its_loss_is_said(
    take: Take, published: Dataset
) -> None:
    link = published.resources[1]
    link.filesize, link.checksum = 1024, {"type": "sha256", "value": "0A" * 32}
    (found,) = await take(published.slug)
    assert found.dataset.resources[1].source == LinkSource(
        link.url, 1024, Checksum("sha256", "0a" * 32)
    )
    (copy,) = await take(published.slug, copy=True)
    assert copy.dataset.resources[1].source == found.dataset.resources[1].source
    for odd in ({"type": "sha256", "value": "0a"}, {"type": "tiger", "value": "0a"}):
        link.checksum = odd
        (found,) = await take(published.slug)
        assert found.dataset.resources[1].source == LinkSource(link.url, 1024)
        (note,) = found.notes
        assert note.startswith("the checksum of the resource 'L'API'")
        assert "is not in the manifest and stays as it is" in note


RING = [[2.123457, 48.0], [2.5, 48.0], [2.5, 49.0], [2.123457, 48.0]]


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("source", ["velos", "test-organization"])
async def test_a_drawn_area_is_taken_along(
    take: Take, published: Dataset, sandbox: Sandbox, source: str, *, copy: bool
) -> None:
    """A listing only tells that there is one: it is asked for."""
    geometry = {"type": "MultiPolygon", "coordinates": [[RING]]}
    published.spatial = {"zones": [], "granularity": "poi", "geom": geometry}
    source = str(published.slug) if source == "velos" else source
    (found,) = await take(source, copy=copy)
    assert found.notes == ()
    area = found.dataset.metadata.spatial
    assert area == Spatial(None, "poi", drawn=True, shape=shape_text([[RING]]))
    assert {seen.method for seen in sandbox.requests if seen.path.endswith(published.id)} <= {"GET"}


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        ({"type": "MultiPolygon"}, "the portal does not tell it"),
        ({"type": "MultiPolygon", "coordinates": [[RING[:3]]]}, "fewer than 4 points"),
        ({"type": "MultiPolygon", "coordinates": [[[[x, y + 90] for x, y in RING]]]}, "EPSG:4326"),
        (
            {"type": "MultiPolygon", "coordinates": [[[[*point, 35.0] for point in RING]]]},
            "no file would say the same",
        ),
    ],
)
async def test_a_drawn_area_that_no_file_can_have_is_said_to_be_lost(
    take: Take, published: Dataset, geometry: Any, why: str
) -> None:
    published.spatial = {"zones": [], "granularity": None, "geom": geometry}
    for copy, lost in ((False, "manifest and stays as it is"), (True, "copy")):
        (found,) = await take(published.slug, copy=copy)
        (note,) = found.notes
        assert note.startswith(f"the shape drawn on the map is not in the {lost}: ")
        assert why in note
        assert found.dataset.metadata.spatial is None
