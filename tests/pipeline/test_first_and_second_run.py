"""What a run brings about, in how many requests, and that a second one writes nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

Publish = Callable[..., Any]

START_UP = 5
"""Who we are, and at most four lists: licences, frequencies, resource types, extensions."""


async def test_everything_the_manifest_says_is_on_the_portal(
    publish: Publish, folder: Any, sandbox: Sandbox, dataset_of: Any
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

    dataset = dataset_of(sandbox, "velos")
    assert dataset.title == "Comptages vélo"
    assert dataset.description == "# All about it"
    assert dataset.acronym == "CV"
    assert dataset.license == "lov2"
    assert dataset.frequency == "daily"
    assert dataset.tags == ["mobilite-douce", "velo"]
    assert dataset.private
    assert dataset.temporal_coverage == {"start": "2024-01-01", "end": "2024-06-30"}
    assert dataset.spatial["zones"] == ["fr:region:11"]
    assert dataset.spatial["granularity"] == "fr:commune"
    assert dataset.organization == sandbox.info["organization"]["id"]
    assert dataset.extras == {"source": "capteurs", "bulkpub:key": "velos"}

    file, link = dataset.resources
    assert file.title == "Comptages de l'été"
    assert file.description == "Tous les comptages."
    assert file.type == "update"
    assert file.schema["name"] == "etalab/schema-comptage"
    assert file.schema["version"] == "1.0.0"
    assert file.extras["nested"] == {"deep": [1, "x"]}
    assert file.extras["bulkpub:key"] == "Été 2024.csv"
    assert file.url.endswith("/ete-2024.csv")
    assert (link.title, link.type, link.filetype) == ("API", "api", "remote")
    assert link.url == "https://api.example.org/v1"

    sandbox.requests.clear()
    again = await publish(folder.path / "manifest.json")
    assert again.totals.datasets.unchanged == 1
    assert {seen.method for seen in sandbox.requests} == {"GET"}


async def test_the_order_is_the_manifests_however_the_uploads_arrive(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
) -> None:
    """All six are in flight together; they are let through in an order of our own."""
    names = [f"{name}.csv" for name in "fbdace"]
    order = [3, 1, 5, 0, 4, 2]
    turns = [asyncio.Event() for _ in [*order, "nobody's"]]
    came: list[int] = []
    arrived: list[str] = []

    async def scramble(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith("/upload/"):
            came.append(len(came))
            turn = order.index(came[-1])
            if len(came) == len(order):
                turns[0].set()
            await turns[turn].wait()
            answer = await handler(request)
            turns[turn + 1].set()
            return answer
        if request.method == "PUT":
            arrived.extend(titles(sandbox)["Dataset a"])
        return await handler(request)

    sandbox.interceptor = scramble
    await publish(folder.manifest(folder.dataset("a", *names)), uploads=6)
    assert sorted(arrived) == sorted(names)
    assert arrived != names
    assert titles(sandbox) == {"Dataset a": names}


async def test_200_files_in_10_datasets_take_one_request_each_and_21_more(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
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
    api = [seen for seen in sandbox.requests if seen.path.startswith("/api/")]
    assert len(api) <= START_UP + 1 + 10 + 200 + 10
    assert len(api) == report.totals.requests.total
    assert report.totals.resources.created == 200
    assert titles(sandbox)["Dataset d3"] == [f"{index:02}.csv" for index in range(20)]

    sandbox.requests.clear()
    again = await publish(manifest)
    assert len(sandbox.requests) <= START_UP + 2
    assert {seen.method for seen in sandbox.requests} == {"GET"}
    assert again.totals.datasets.unchanged == 10
    assert again.totals.resources.unchanged == 200
    assert again.totals.bytes.spared == report.totals.bytes.uploaded > 2_000_000


async def test_what_is_said_to_be_published_can_be_downloaded_under_its_permalink(
    publish: Publish, folder: Any
) -> None:
    report = await publish(folder.manifest(folder.dataset("a", "x.csv", "y.csv")))
    async with aiohttp.ClientSession() as session:
        for resource in report.datasets[0].resources:
            async with session.get(resource.permalink) as answer:
                assert await answer.read() == (folder.path / resource.source).read_bytes()


async def test_more_datasets_than_one_page_of_the_listing_are_all_found_again(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(*(folder.dataset(f"d{n:03}") for n in range(120)))
    first = await publish(manifest)
    assert first.totals.datasets.created == 120
    sandbox.requests.clear()
    again = await publish(manifest)
    assert again.totals.datasets.unchanged == 120
    assert Counter(seen.method for seen in sandbox.requests).keys() == {"GET"}
    assert len(sandbox.requests) <= START_UP + 2


async def test_a_personal_dataset_belongs_to_the_account(
    publish: Publish, folder: Any, sandbox: Sandbox, dataset_of: Any
) -> None:
    mine = folder.dataset("mine", "a.csv", personal=True)
    manifest = folder.manifest(mine, folder.dataset("ours", "b.csv"))
    assert (await publish(manifest)).run.exit_code == 0
    assert dataset_of(sandbox, "mine").owner == sandbox.info["user"]["id"]
    assert dataset_of(sandbox, "mine").organization is None
    assert (await publish(manifest)).totals.datasets.unchanged == 2


@pytest.mark.parametrize("name", ["organization", "id"])
async def test_an_organization_may_be_named_by_slug_or_id(
    publish: Publish, folder: Any, sandbox: Sandbox, name: str
) -> None:
    told = sandbox.info["organization"]
    organization = told["id"] if name == "id" else told["slug"]
    manifest = folder.manifest(folder.dataset("a"), organization=organization)
    assert (await publish(manifest)).totals.datasets.created == 1


async def test_many_names_that_are_hard_to_slugify(
    publish: Publish, folder: Any, sandbox: Sandbox
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
    sandbox.requests.clear()
    again = await publish(manifest)
    assert again.totals.resources.unchanged == len(names)
    assert {seen.method for seen in sandbox.requests} == {"GET"}


async def test_an_empty_file_is_published_too(publish: Publish, folder: Any) -> None:
    folder.file("empty.csv", b"")
    manifest = folder.manifest(folder.dataset("a", "empty.csv"))
    assert (await publish(manifest)).totals.resources.created == 1
    assert (await publish(manifest)).totals.resources.unchanged == 1
