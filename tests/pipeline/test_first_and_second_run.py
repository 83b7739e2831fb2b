"""What a run brings about, in how many requests, and that a second one writes nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import anyio
import pytest

from bulkpub.core.model import ContentSchema, DatasetMetadata, Spatial, TemporalCoverage
from bulkpub.portals.memory import OURS, Call, Site

Publish = Callable[..., Any]

START_UP = 5
"""Who we are, and at most four lists: licences, frequencies, resource types, extensions."""


async def test_everything_the_manifest_says_is_on_the_portal(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    folder.file("notes.md", "# All about it\n")
    said = folder.dataset(
        "velos",
        {
            "path": "Été 2024.csv",
            "title": "Comptages de l'été",
            "description": "Tous les comptages.",
            "type": "update",
            "schema": {"name": "etalab/schema-comptage", "version": "1.0.0"},
            "extras": {"rows": 2, "nested": {"deep": [1, "x"]}},
        },
        {"link": "https://api.example.org/v1", "title": "API", "type": "api", "format": "json"},
        title="Comptages vélo",
        acronym="CV",
        license="lov2",
        frequency="daily",
        tags=["Mobilité douce", "vélo"],
        private=True,
        temporal_coverage={"start": "2024-01", "end": "2024-06"},
        spatial={"zones": ["fr:region:11"], "granularity": "fr:commune"},
        extras={"source": "capteurs"},
    )
    del said["description"]
    folder.file("Été 2024.csv")
    report = await publish(folder.manifest({**said, "description_file": "notes.md"}))
    assert report.run.exit_code == 0

    dataset = dataset_of(site, "velos")
    assert dataset.metadata == DatasetMetadata(
        title="Comptages vélo",
        description="# All about it",
        acronym="CV",
        license="lov2",
        frequency="daily",
        tags=("mobilite-douce", "velo"),
        private=True,
        archived=False,
        temporal_coverage=TemporalCoverage(date(2024, 1, 1), date(2024, 6, 30)),
        spatial=Spatial(("fr:region:11",), "fr:commune"),
        contact_points=(),
        extras={"source": "capteurs", "bulkpub:key": "velos"},
    )
    assert dataset.organization == OURS.id

    file, link = dataset.resources
    assert file.metadata.title == "Comptages de l'été"
    assert file.metadata.description == "Tous les comptages."
    assert file.metadata.type == "update"
    assert file.metadata.schema == ContentSchema("etalab/schema-comptage", "1.0.0")
    assert file.metadata.extras["nested"] == {"deep": [1, "x"]}
    assert file.metadata.extras["bulkpub:key"] == "Été 2024.csv"
    assert file.url.endswith("/ete-2024.csv")
    assert (link.metadata.title, link.metadata.type, link.hosted) == ("API", "api", False)
    assert link.url == "https://api.example.org/v1"

    site.calls.clear()
    again = await publish(folder.path / "manifest.json")
    assert again.totals.datasets.unchanged == 1
    assert {call.method for call in site.calls} == {"GET"}


async def test_the_order_is_the_manifests_however_the_uploads_arrive(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    """All six are in flight together; they are let through in an order of our own."""
    names = [f"{name}.csv" for name in "fbdace"]
    order = [3, 1, 5, 0, 4, 2]
    turns = [asyncio.Event() for _ in [*order, "nobody's"]]
    came: list[int] = []
    arrived: list[str] = []

    async def scramble(call: Call, carry_out: Any) -> Any:
        if call.name == "upload":
            came.append(len(came))
            turn = order.index(came[-1])
            if len(came) == len(order):
                turns[0].set()
            await turns[turn].wait()
            answer = await carry_out()
            turns[turn + 1].set()
            return answer
        if call.name == "set_resources":
            arrived.extend(titles(site)["Dataset a"])
        return await carry_out()

    site.trouble = scramble
    await publish(folder.manifest(folder.dataset("a", *names)), uploads=6)
    assert sorted(arrived) == sorted(names)
    assert arrived != names
    assert titles(site) == {"Dataset a": names}


async def test_200_files_in_10_datasets_take_one_request_each_and_22_more(
    *, publish: Publish, folder: Any, site: Site, titles: Any, asked_by_workers: int
) -> None:
    datasets = [
        folder.dataset(
            f"d{number}",
            *(f"{number}/{index:02}.csv" for index in range(20)),
            license="lov2",
            frequency="daily",
        )
        for number in range(10)
    ]
    for path in folder.path.glob("*/*.csv"):
        path.write_bytes(f"{path}\n".encode() + bytes(10_000))
    manifest = folder.manifest(*datasets)
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert len(site.calls) <= START_UP + asked_by_workers + 2 + 10 + 200 + 10
    assert len(site.calls) == report.totals.requests.total
    assert report.totals.resources.created == 200
    assert titles(site)["Dataset d3"] == [f"{index:02}.csv" for index in range(20)]

    site.calls.clear()
    again = await publish(manifest)
    assert len(site.calls) <= START_UP + 2
    assert {call.method for call in site.calls} == {"GET"}
    assert again.totals.datasets.unchanged == 10
    assert again.totals.resources.unchanged == 200
    assert again.totals.bytes.spared == report.totals.bytes.uploaded > 2_000_000


async def test_more_datasets_than_one_page_of_the_listing_are_all_found_again(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(*(folder.dataset(f"d{n:03}") for n in range(120)))
    first = await publish(manifest)
    assert first.totals.datasets.created == 120
    site.calls.clear()
    again = await publish(manifest)
    assert again.totals.datasets.unchanged == 120
    assert Counter(call.method for call in site.calls).keys() == {"GET"}
    assert len(site.calls) <= START_UP + 2


async def test_a_personal_dataset_belongs_to_the_account(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    mine = folder.dataset("mine", "a.csv", personal=True)
    manifest = folder.manifest(mine, folder.dataset("ours", "b.csv"))
    assert (await publish(manifest)).run.exit_code == 0
    assert site.is_ours(dataset_of(site, "mine"))
    assert dataset_of(site, "mine").organization is None
    assert (await publish(manifest)).totals.datasets.unchanged == 2


@pytest.mark.parametrize("name", ["organization", "id"])
async def test_an_organization_may_be_named_by_slug_or_id(
    publish: Publish, folder: Any, name: str
) -> None:
    organization = OURS.id if name == "id" else OURS.slug
    manifest = folder.manifest(folder.dataset("a"), organization=organization)
    assert (await publish(manifest)).totals.datasets.created == 1


async def test_many_names_that_are_hard_to_slugify(
    publish: Publish, folder: Any, site: Site
) -> None:
    names = [
        "Mon Fichier_Été 2024.CSV",
        "日本.csv",
        "it's 100 % 'quoted' \"twice\".csv",
        "a&b=c;d#e?f.csv",
        " leading blank.csv",
        "back\\slash.csv",
        "tar.tar.gz",
        ".hidden.csv",
        "x" * 250 + ".csv",
    ]
    manifest = folder.manifest(folder.dataset("a", *names))
    first = await publish(manifest)
    assert [each.error for each in first.datasets[0].resources] == [None] * len(names)
    assert first.run.exit_code == 0
    site.calls.clear()
    again = await publish(manifest)
    assert again.totals.resources.unchanged == len(names)
    assert {call.method for call in site.calls} == {"GET"}


async def test_an_empty_file_is_published_where_that_is_meant(
    publish: Publish, folder: Any
) -> None:
    folder.file("empty.csv", b"")
    manifest = folder.manifest(folder.dataset("a", "empty.csv", guard={"empty": "allow"}))
    assert (await publish(manifest)).totals.resources.created == 1
    assert (await publish(manifest)).totals.resources.unchanged == 1


async def test_small_files_are_hashed_many_in_one_thread(
    publish: Publish, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:03}.csv" for number in range(150)]
    manifest = folder.manifest(folder.dataset("a", *names))
    assert (await publish(manifest)).totals.resources.created == 150
    run_sync, threads = anyio.to_thread.run_sync, []

    def counted(function: Any, *args: Any, **options: Any) -> Any:
        threads.append(function)
        return run_sync(function, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    assert (await publish(manifest)).totals.resources.unchanged == 150
    assert 0 < len(threads) < 10
