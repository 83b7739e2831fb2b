"""What datasets only point to comes to be hosted, in place: ids, titles and order stay."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub import Connection, RunOptions, RunReport, Sources
from bulkpub.core.model import (
    SOURCE_EXTRA,
    Access,
    ContentSchema,
    DatasetMetadata,
    RemoteDataset,
    ResourceMetadata,
)
from bulkpub.portals.memory import OURS, Call, Site

Migrate = Callable[..., Coroutine[Any, Any, RunReport]]
Link = Callable[..., Callable[[], RemoteDataset]]


@pytest.fixture(autouse=True)
def under_a_public_name(elsewhere: Any) -> None:
    """A portal lists no address on the loopback."""
    elsewhere.address = "http://old.example.com"


@pytest.fixture
def migrate(site: Site) -> Migrate:
    """Migrate the test organization."""

    async def migrate(*, state_dir: Path | None = None, **options: Any) -> RunReport:
        return await bulkpub.migrate(
            organization="test-organization",
            connection=Connection(portal=site.address, key="any-key"),
            sources=Sources(allow_private=True),
            options=RunOptions(look_again_s=0.01, **options),
            state_dir=state_dir,
        )

    return migrate


@pytest.fixture
def pointing_to(site: Site) -> Link:
    """A dataset, made by a person, whose resources point to these addresses; asked, as it is."""

    def pointing_to(*links: dict[str, Any]) -> Callable[[], RemoteDataset]:
        metadata = DatasetMetadata(title="Velos", description="D")
        dataset = site.add(metadata, OURS.id, datetime.now(UTC))
        for link in reversed(links):  # the portal puts what is new first
            said = {name: value for name, value in link.items() if name != "url"}
            words = ResourceMetadata(**{"type": "main", "format": "csv", **said})
            site.add_link(dataset.id, link["url"], words)
        return lambda: site.datasets[dataset.id]

    return pointing_to


def origins(dataset: RemoteDataset) -> list[str]:
    """The addresses that the resources keep of where they were."""
    return [(each.metadata.extras or {})[SOURCE_EXTRA] for each in dataset.resources]


def said(dataset: RemoteDataset) -> list[tuple[Any, ...]]:
    """What must not change."""
    words = [(each.id, each.metadata) for each in dataset.resources]
    return [(i, said.title, said.description, said.type, said.schema) for i, said in words]


async def test_everything_stays_but_the_file_is_on_the_portal(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    one = elsewhere.has("one.csv")
    dataset = pointing_to(
        {"url": one, "title": "Un", "description": "Le premier", "extras": {"mine": 1}},
        {"url": elsewhere.has("three.csv"), "title": "three.csv", "type": "documentation"},
        {
            "url": elsewhere.has("two.csv"),
            "title": "Deux",
            "schema": ContentSchema("etalab/schema-lieux"),
        },
    )
    before, addresses = said(dataset()), [each.url for each in dataset().resources]
    report = await migrate()
    assert report.run.exit_code == 0, report
    assert said(dataset()) == before
    assert [each.hosted for each in dataset().resources] == [True] * 3
    assert origins(dataset()) == addresses
    assert [set(each.metadata.extras or ()) - {SOURCE_EXTRA} for each in dataset().resources] == [
        {"mine"},
        set(),
        set(),
    ]
    assert {each.status for each in report.datasets[0].resources} == {"replaced"}


@pytest.mark.parametrize("state", ["private", "not open"])
async def test_what_private_datasets_link_to_stays_unless_they_are_named(
    *, migrate: Migrate, pointing_to: Link, elsewhere: Any, site: Site, state: str
) -> None:
    dataset = pointing_to({"url": elsewhere.has("agents.csv"), "title": "Agents"})
    hidden = replace(dataset(), metadata=replace(dataset().metadata, private=True))
    if state == "not open":
        closed = replace(dataset().metadata, access=Access("restricted"))
        hidden = replace(dataset(), metadata=closed)
    site.datasets[hidden.id] = hidden
    report = await migrate()
    (outcome,) = report.datasets[0].resources
    assert (report.run.exit_code, outcome.status) == (0, "unchanged")
    assert outcome.reason.startswith("left where it is: ")
    assert state in outcome.reason
    assert (dataset(), elsewhere.asked) == (hidden, [])
    named = await bulkpub.migrate(
        organization="test-organization",
        datasets=(hidden.id,),
        connection=Connection(portal=site.address, key="any-key"),
        sources=Sources(allow_private=True),
        options=RunOptions(look_again_s=0.01),
    )
    assert named.run.exit_code == 0
    assert [each.hosted for each in dataset().resources] == [True]


async def test_a_second_migration_finds_nothing_to_do(
    migrate: Migrate, pointing_to: Link, elsewhere: Any, site: Site, writes: Any
) -> None:
    pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    await migrate()
    site.calls.clear()
    elsewhere.forget()
    report = await migrate()
    assert report.run.exit_code == 0
    assert report.datasets == ()
    assert (writes(site), elsewhere.asked) == ([], [])


async def test_what_cannot_be_fetched_stays_as_it_is_and_is_reported(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = pointing_to(
        {"url": f"{elsewhere.address}/gone.csv", "title": "Perdu", "extras": {"mine": 1}},
        {"url": elsewhere.has("one.csv"), "title": "Un"},
    )
    report = await migrate()
    assert report.run.exit_code == 1
    gone, one = dataset().resources
    assert (gone.hosted, gone.metadata.title, gone.url) == (
        False,
        "Perdu",
        f"{elsewhere.address}/gone.csv",
    )
    assert gone.metadata.extras == {"mine": 1}
    assert one.hosted
    told = {each.title: each for each in report.datasets[0].resources}
    assert told["Perdu"].status == "failed"
    assert "404" in str(told["Perdu"].error)


async def test_what_is_no_file_is_left_alone_and_said_so(
    migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    page = elsewhere.has("viewer", "<!doctype html><title>Carte</title>", "text/html")
    dataset = pointing_to(
        {"url": f"{elsewhere.address}/api", "title": "API", "type": "api"},
        {"url": f"{elsewhere.address}/wms", "title": "WMS", "format": "wms"},
        {"url": page, "title": "Carte", "extras": {"mine": 1}},
    )
    report = await migrate()
    assert report.run.exit_code == 0
    assert [each.hosted for each in dataset().resources] == [False] * 3
    assert dataset().resources[2].metadata.extras == {"mine": 1}
    told = report.datasets[0].resources
    assert [each.status for each in told] == ["unchanged"] * 3
    assert [each.reason[:16] for each in told] == ["left where it is"] * 3
    assert elsewhere.asked == ["viewer"]


async def test_a_dry_run_says_what_would_be_moved(
    migrate: Migrate, pointing_to: Link, elsewhere: Any, site: Site, writes: Any
) -> None:
    pointing_to(
        {"url": elsewhere.has("one.csv", "x" * 1000), "title": "Un"},
        {"url": f"{elsewhere.address}/gone.csv", "title": "Perdu"},
        {"url": elsewhere.has("page", "<html><body>", "text/html"), "title": "Carte"},
    )
    site.calls.clear()
    report = await migrate(dry_run=True)
    assert writes(site) == []
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
    site: Site,
    tmp_path: Path,
    at: int,
    source_is_gone: bool,
) -> None:
    """Also when the other server dies in between, for what had arrived on the portal by then."""
    links = [elsewhere.has(name) for name in ("one.csv", "two.csv")]
    dataset = pointing_to(*({"url": url, "title": f"Titre {url[-7:]}"} for url in links))
    before, count = said(dataset()), 0
    runs: list[asyncio.Task[RunReport]] = []

    async def dying(call: Call, carry_out: Any) -> Any:
        nonlocal count
        answer = await carry_out()
        count += call.method != "GET"
        if call.method != "GET" and count == at:
            runs[0].cancel()
        return answer

    site.trouble = dying
    runs.append(asyncio.create_task(migrate(state_dir=tmp_path / "state")))
    await asyncio.wait(runs)
    site.trouble = None
    if source_is_gone:
        arrived = {r.id for r in dataset().resources if not r.url.startswith(elsewhere.address)}
        elsewhere.files.clear()
    report = await migrate(state_dir=tmp_path / "state")
    assert said(dataset()) == before
    if source_is_gone:
        assert {r.id for r in dataset().resources if r.hosted} >= arrived
        return
    assert report.run.exit_code == 0, report
    assert [each.hosted for each in dataset().resources] == [True, True]
    assert origins(dataset()) == links


async def test_a_manifest_hosts_a_resource_in_place_too(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    entry = {"id": dataset().resources[0].id, "host": True, "title": "Uno"}
    manifest = folder.manifest({"id": dataset().id, "resources": [entry]})
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert [(each.metadata.title, each.hosted) for each in dataset().resources] == [("Uno", True)]
    again = await publish(manifest)
    assert again.datasets[0].status == "unchanged"


async def test_an_entry_with_nothing_but_an_id_is_only_described(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    dataset = pointing_to({"url": elsewhere.has("one.csv"), "title": "Un"})
    entry = {"id": dataset().resources[0].id, "description": "Le premier"}
    report = await publish(folder.manifest({"id": dataset().id, "resources": [entry]}))
    assert report.run.exit_code == 0, report
    (resource,) = dataset().resources
    assert (resource.metadata.title, resource.metadata.description, resource.hosted) == (
        "Un",
        "Le premier",
        False,
    )
    assert resource.metadata.extras == {}
    assert elsewhere.asked == []


async def test_a_file_of_the_manifest_hosts_what_only_pointed_to_it(
    publish: Any, folder: Any, pointing_to: Link, elsewhere: Any
) -> None:
    """`url:` finds the resource that lists the same address, and keeps its id."""
    url = elsewhere.has("one.csv")
    dataset = pointing_to({"url": url, "title": "Un"})
    before = [each.id for each in dataset().resources]
    report = await publish(folder.manifest({"id": dataset().id, "resources": [{"url": url}]}))
    assert report.run.exit_code == 0, report
    assert [each.id for each in dataset().resources] == before
    assert [(each.metadata.title, each.hosted) for each in dataset().resources] == [("Un", True)]
    assert origins(dataset()) == [url]


async def test_only_what_is_chosen_is_moved(
    site: Site, migrate: Migrate, pointing_to: Link, elsewhere: Any
) -> None:
    first, second = (pointing_to({"url": elsewhere.has(f"{n}.csv"), "title": n}) for n in "ab")
    report = await migrate(only=(first().slug,))
    assert (report.run.exit_code, report.totals.left_out.datasets) == (0, 1)
    assert [each().resources[0].hosted for each in (first, second)] == [True, False]
    wrong = await migrate(only=("nothing/of-the-kind",))
    assert (wrong.run.exit_code, len(site.datasets)) == (2, 2)
