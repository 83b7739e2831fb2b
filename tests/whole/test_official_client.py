"""What we published, read by datagouv-client: titles, order, resources and downloads agree.

The command line that came with it moved to a program of its own (which is on no package
index): version 0.5.1 has only the library.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datagouv import Client  # type: ignore[import-untyped] # it comes without types

Published = Callable[..., Any]

NAMES = ["Été 2024.csv", "b.json", "2023/a.csv", "2024/a.csv"]


@pytest.fixture
def client(target: Any) -> Iterator[Any]:
    client = Client("demo", verbose=False)
    client.base_url = target.info["base_url"]  # it knows only the portals of data.gouv.fr by name
    with client.session:
        yield client


async def test_the_official_client_reads_what_we_published(
    *, client: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    link = {"link": "https://example.org/api", "title": "API", "type": "api"}
    words = {"title": "Relevés", "description": "Par heure.", "extras": {"lines": 3}}
    first = {"path": folder.file("relevés.csv").name, **words}
    more = {"tags": ["velo"], "license": "lov2", "frequency": "daily"}
    wanted = said("client", first, *NAMES, link, **more)
    report = await published(manifest(wanted))
    outcome = report.datasets[0]

    def read() -> None:
        dataset = client.dataset(outcome.id)
        assert dataset.title == wanted["title"]
        assert dataset.description == wanted["description"]
        assert (dataset.tags, dataset.license, dataset.frequency) == (["velo"], "lov2", "daily")
        assert [each.id for each in dataset.resources] == [each.id for each in outcome.resources]
        titles = ["Relevés", "Été 2024.csv", "b.json", "a.csv", "a.csv", "API"]
        assert [each.title for each in dataset.resources] == titles
        assert dataset.resources[0].description == "Par heure."
        assert dataset.resources[0].extras["lines"] == 3
        assert dataset.resources[-1].url == link["link"]
        for name, resource in zip(["relevés.csv", *NAMES], dataset.resources, strict=False):
            assert downloaded(resource, folder.path) == (folder.path / name).read_bytes()

    await asyncio.to_thread(read)


def downloaded(resource: Any, folder: Path) -> bytes:
    path = folder / f"{resource.id}.download"
    resource.download(str(path))
    return path.read_bytes()


async def test_the_official_client_finds_our_datasets_in_the_organization(
    *, target: Any, client: Any, published: Published, manifest: Any, said: Any
) -> None:
    report = await published(manifest(said("a", "1.csv"), said("b", "2.csv")))

    def titles() -> set[str]:
        organization = client.organization(target.portal.org)
        return {dataset.title for dataset in organization.datasets}

    assert {each.title for each in report.datasets} <= await asyncio.to_thread(titles)


@pytest.mark.filterwarnings("ignore:unclosed file")  # the client leaves what it sends open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # which tells so
async def test_what_the_official_client_published_is_adopted(
    *, target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = said("theirs", {"path": folder.file("a.csv").name, "title": "Relevés"}, "b.csv")

    def publish() -> Any:
        client = Client("demo", api_key=target.key("outsider"), verbose=False)
        client.base_url = target.info["base_url"]
        with client.session:
            body = {
                "title": wanted["title"],
                "description": "d",
                "organization": target.portal.org,
            }
            dataset = client.create_dataset(body)
            path = str(folder.path / "a.csv")
            return client.create_static_resource(path, {"title": "Relevés"}, dataset.id)

    resource = await asyncio.to_thread(publish)
    report = await published(manifest(wanted))
    assert [each.status for each in report.datasets[0].resources] == ["adopted", "created"]
    assert report.datasets[0].resources[0].id == resource.id
