"""What datasets only point to comes to be hosted, in place: ids, titles and order stay."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import bulkpub
from bulkpub import Connection, RunOptions, RunReport, Sources
from bulkpub.core.model import SOURCE_EXTRA
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler
from bulkpub.sandbox.records import Dataset
from bulkpub.sandbox.seeds import ORGANIZATIONS

Migrate = Callable[..., Coroutine[Any, Any, RunReport]]
Link = Callable[..., Awaitable[Dataset]]


@pytest.fixture(autouse=True)
def under_a_public_name(elsewhere: Any) -> None:
    """A portal lists no address on the loopback."""
    elsewhere.address = "http://old.example.com"


@pytest.fixture
def migrate(sandbox: Sandbox, clock: Any) -> Migrate:
    """Migrate the test organization."""

    async def migrate(*, state_dir: Path | None = None, **options: Any) -> RunReport:
        clock.skip(5)
        return await bulkpub.migrate(
            organization="test-organization",
            connection=Connection(portal=sandbox.base_url, key=sandbox.api_key),
            sources=Sources(allow_private=True),
            options=RunOptions(look_again_s=0.01, **options),
            state_dir=state_dir,
        )

    return migrate


@pytest.fixture
def pointing_to(sandbox: Sandbox) -> Link:
    """A dataset, made by a person, whose resources point to these addresses."""

    async def pointing_to(*links: dict[str, Any]) -> Dataset:
        owner = ORGANIZATIONS[0].id
        said = {"title": "Velos", "description": "D", "organization": owner}
        async with aiohttp.ClientSession(headers={"X-API-KEY": sandbox.api_key}) as session:
            async with session.post(f"{sandbox.api_url}/datasets/", json=said) as answer:
                dataset = await answer.json()
            for link in reversed(links):  # the portal puts what is new first
                body = {"filetype": "remote", "type": "main", "format": "csv", **link}
                url = f"{sandbox.api_url}/datasets/{dataset['id']}/resources/"
                async with session.post(url, json=body) as answer:
                    assert answer.status == 201, await answer.text()
        return sandbox.state.datasets[dataset["id"]]

    return pointing_to


def said(dataset: Dataset) -> list[tuple[Any, ...]]:
    """What must not change."""
    return [(r.id, r.title, r.description, r.type, r.schema) for r in dataset.resources]


async def test_everything_stays_but_the_file_is_on_the_portal(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    one = elsewhere.has("one.csv")
    dataset = await pointing_to(
        {"url": one, "title": "Un", "description": "Le premier", "extras": {"mine": 1}},
        {"url": elsewhere.has("three.csv"), "title": "three.csv", "type": "documentation"},
        {
            "url": elsewhere.has("two.csv"),
            "title": "Deux",
            "schema": {"name": "etalab/schema-lieux"},
        },
    )
    before, addresses = said(dataset), [each.url for each in dataset.resources]
    report = await migrate()
    assert report.run.exit_code == 0, report
    assert said(dataset) == before
    assert [each.filetype for each in dataset.resources] == ["file"] * 3
    assert [each.extras[SOURCE_EXTRA] for each in dataset.resources] == addresses
    assert [set(each.extras) - {SOURCE_EXTRA} for each in dataset.resources] == [
        {"mine"},
        set(),
        set(),
    ]
    assert {each.status for each in report.datasets[0].resources} == {"replaced"}


async def test_a_second_migration_finds_nothing_to_do(
    migrate: Migrate, pointing_to: Link, elsewhere: Any, sandbox: Sandbox, writes: Any
) -> None:
    await pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    await migrate()
    sandbox.requests.clear()
    elsewhere.forget()
    report = await migrate()
    assert report.run.exit_code == 0
    assert report.datasets == ()
    assert (writes(sandbox), elsewhere.asked) == ([], [])


async def test_what_cannot_be_fetched_stays_as_it_is_and_is_reported(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = await pointing_to(
        {"url": f"{elsewhere.address}/gone.csv", "title": "Perdu", "extras": {"mine": 1}},
        {"url": elsewhere.has("one.csv"), "title": "Un"},
    )
    report = await migrate()
    assert report.run.exit_code == 1
    gone, one = dataset.resources
    assert (gone.filetype, gone.title, gone.url) == (
        "remote",
        "Perdu",
        f"{elsewhere.address}/gone.csv",
    )
    assert gone.extras == {"mine": 1}
    assert one.filetype == "file"
    told = {each.title: each for each in report.datasets[0].resources}
    assert told["Perdu"].status == "failed"
    assert "404" in str(told["Perdu"].error)


async def test_what_is_no_file_is_left_alone_and_said_so(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    page = elsewhere.has("viewer", "<!doctype html><title>Carte</title>", "text/html")
    dataset = await pointing_to(
        {"url": f"{elsewhere.address}/api", "title": "API", "type": "api"},
        {"url": f"{elsewhere.address}/wms", "title": "WMS", "format": "wms"},
        {"url": page, "title": "Carte", "extras": {"mine": 1}},
    )
    report = await migrate()
    assert report.run.exit_code == 0
    assert [each.filetype for each in dataset.resources] == ["remote"] * 3
    assert dataset.resources[2].extras == {"mine": 1}
    told = report.datasets[0].resources
    assert [each.status for each in told] == ["unchanged"] * 3
    assert [each.reason[:16] for each in told] == ["left where it is"] * 3
    assert elsewhere.asked == ["viewer"]


async def test_a_dry_run_says_what_would_be_moved(
    migrate: Migrate, pointing_to: Link, elsewhere: Any, sandbox: Sandbox, writes: Any
) -> None:
    await pointing_to(
        {"url": elsewhere.has("one.csv", "x" * 1000), "title": "Un"},
        {"url": f"{elsewhere.address}/gone.csv", "title": "Perdu"},
        {"url": elsewhere.has("page", "<html><body>", "text/html"), "title": "Carte"},
    )
    sandbox.requests.clear()
    report = await migrate(dry_run=True)
    assert writes(sandbox) == []
    assert report.run.exit_code == 1
    one, gone, page = report.datasets[0].resources
    assert (one.status, gone.status, page.status) == ("replaced", "failed", "unchanged")
    assert (one.source, one.size) == (f"{elsewhere.address}/one.csv", 1000)


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("source_is_gone", [False, True])
async def test_a_migration_that_ends_at_any_request_is_completed_by_the_next_one(
    *,
    migrate: Migrate,
    pointing_to: Link,
    elsewhere: Any,
    sandbox: Sandbox,
    tmp_path: Path,
    at: int,
    source_is_gone: bool,
) -> None:
    """Also when the other server dies in between, for what had arrived on the portal by then."""
    links = [elsewhere.has(name) for name in ("one.csv", "two.csv")]
    dataset = await pointing_to(*({"url": url, "title": f"Titre {url[-7:]}"} for url in links))
    before, count = said(dataset), 0
    runs: list[asyncio.Task[RunReport]] = []

    async def dying(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal count
        answer = await handler(request)
        count += request.method != "GET"
        if request.method != "GET" and count == at:
            runs[0].cancel()
        return answer

    sandbox.interceptor = dying
    runs.append(asyncio.create_task(migrate(state_dir=tmp_path / "state")))
    await asyncio.wait(runs)
    sandbox.interceptor = None
    if source_is_gone:
        arrived = {
            r.id
            for r in dataset.resources
            if "127.0.0.1" in r.url and not r.url.startswith(elsewhere.address)
        }
        elsewhere.files.clear()
    report = await migrate(state_dir=tmp_path / "state")
    assert said(dataset) == before
    if source_is_gone:
        assert {r.id for r in dataset.resources if r.filetype == "file"} >= arrived
        return
    assert report.run.exit_code == 0, report
    assert [each.filetype for each in dataset.resources] == ["file", "file"]
    assert [each.extras[SOURCE_EXTRA] for each in dataset.resources] == links


async def test_a_manifest_hosts_a_resource_in_place_too(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = await pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    entry = {"id": dataset.resources[0].id, "host": True, "title": "Uno"}
    manifest = folder.manifest({"id": dataset.id, "resources": [entry]})
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert [(each.title, each.filetype) for each in dataset.resources] == [("Uno", "file")]
    again = await publish(manifest)
    assert again.datasets[0].status == "unchanged"


async def test_an_entry_with_nothing_but_an_id_is_only_described(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = await pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    entry = {"id": dataset.resources[0].id, "description": "Le premier"}
    report = await publish(folder.manifest({"id": dataset.id, "resources": [entry]}))
    assert report.run.exit_code == 0, report
    (resource,) = dataset.resources
    assert (resource.title, resource.description, resource.filetype) == (
        "Un",
        "Le premier",
        "remote",
    )
    assert resource.extras == {}
    assert elsewhere.asked == []


async def test_a_file_of_the_manifest_hosts_what_only_pointed_to_it(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    """`url:` finds the resource that lists the same address, and keeps its id."""
    url = elsewhere.has("one.csv")
    dataset = await pointing_to({"url": url, "title": "Un"})
    before = [each.id for each in dataset.resources]
    report = await publish(folder.manifest({"id": dataset.id, "resources": [{"url": url}]}))
    assert report.run.exit_code == 0, report
    assert [each.id for each in dataset.resources] == before
    assert [(r.title, r.filetype, r.extras[SOURCE_EXTRA]) for r in dataset.resources] == [
        ("Un", "file", url)
    ]
