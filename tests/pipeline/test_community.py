"""Files and links beside somebody else's dataset."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bulkpub.core.model import DatasetMetadata, RemoteDataset
from bulkpub.portals.memory import OURS, Call, Site

Publish = Callable[..., Any]


@pytest.fixture
def theirs(site: Site) -> RemoteDataset:
    """A dataset of another organization's."""
    other = site.organizations[1].id
    return site.add(DatasetMetadata(title="Theirs", description="D"), other, datetime.now(UTC))


def beside(site: Site, theirs: RemoteDataset, owner: str = OURS.id) -> list[str]:
    """The titles of what an owner has beside the dataset."""
    there = site.beside[owner].datasets[theirs.id]
    return sorted(str(each.metadata.title) for each in there.resources)


def names(calls: list[Call]) -> list[str]:
    return sorted(call.name for call in calls)


def entry(folder: Any, theirs: RemoteDataset, *files: str, **more: Any) -> dict[str, Any]:
    for name in files:
        if not (folder.path / name).exists():
            folder.file(name)
    resources = [{"path": name, "title": name.removesuffix(".csv")} for name in files]
    return {"id": theirs.id, "community": True, "resources": resources, **more}


async def test_files_are_put_beside_the_dataset_once(
    *, publish: Publish, folder: Any, site: Site, theirs: RemoteDataset, writes: Any
) -> None:
    link = {"link": "https://x.example/api", "title": "API"}
    said = entry(folder, theirs, "a.csv", "b.csv")
    said["resources"].append(link)
    manifest = folder.manifest(said, defaults={"license": "lov2", "frequency": "daily"})
    report = await publish(manifest)
    assert report.run.exit_code == 0, report
    assert beside(site, theirs) == ["API", "a", "b"]
    assert site.datasets[theirs.id] == theirs
    assert report.totals.resources.created == 3
    assert (report.datasets[0].title, report.datasets[0].status) == ("Theirs", "updated")
    site.calls.clear()
    report = await publish(manifest)
    assert report.datasets[0].status == "unchanged"
    assert writes(site) == []


async def test_a_plan_shows_them_and_writes_nothing(
    *, publish: Publish, folder: Any, site: Site, theirs: RemoteDataset, writes: Any
) -> None:
    report = await publish(folder.manifest(entry(folder, theirs, "a.csv")), dry_run=True)
    assert report.totals.resources.created == 1
    assert report.totals.requests.planned == 2
    assert writes(site) == []


async def test_what_changed_is_replaced_and_what_is_gone_pruned(
    *, publish: Publish, folder: Any, site: Site, theirs: RemoteDataset, writes: Any
) -> None:
    await publish(folder.manifest(entry(folder, theirs, "a.csv", "b.csv", "c.csv")))
    folder.file("a.csv", "changed\n")
    site.calls.clear()
    manifest = folder.manifest(entry(folder, theirs, "a.csv", "b.csv", prune="ours"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert names(writes(site)) == ["delete_resource", "set_resources", "upload"]
    assert beside(site, theirs) == ["a", "b"]
    assert (await publish(manifest, dry_run=True, verify="quick")).run.exit_code == 0


async def test_each_owner_has_its_own(
    *, publish: Publish, folder: Any, site: Site, theirs: RemoteDataset
) -> None:
    await publish(folder.manifest(entry(folder, theirs, "a.csv")))
    personal = entry(folder, theirs, "a.csv", personal=True, prune="ours")
    report = await publish(folder.manifest(personal))
    assert report.totals.resources.created == 1
    assert beside(site, theirs) == beside(site, theirs, site.account.id) == ["a"]


@pytest.mark.parametrize("call", ["upload", "set_resources", "create_link"])
@pytest.mark.parametrize("before", [False, True])
async def test_a_lost_answer_puts_nothing_there_twice(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    theirs: RemoteDataset,
    lose_answers: Any,
    call: str,
    before: bool,
) -> None:
    site.trouble = lose_answers(call, before=before)
    said = entry(folder, theirs, "a.csv")
    said["resources"].append({"link": "https://x.example/api", "title": "API"})
    report = await publish(folder.manifest(said))
    assert report.run.exit_code == 0, report
    assert beside(site, theirs) == ["API", "a"]


async def test_a_dataset_that_is_not_there_is_told(publish: Publish, folder: Any) -> None:
    folder.file("a.csv")
    said = {"id": "0" * 24, "community": True, "resources": [{"path": "a.csv"}]}
    report = await publish(folder.manifest(said))
    assert report.run.exit_code == 1
    assert "the portal has no dataset with the id" in str(report.datasets[0].error)


async def test_own_datasets_and_others_go_in_one_manifest(
    *, publish: Publish, folder: Any, site: Site, theirs: RemoteDataset
) -> None:
    report = await publish(
        folder.manifest(folder.dataset("own", "o.csv"), entry(folder, theirs, "a.csv"))
    )
    assert [each.status for each in report.datasets] == ["created", "updated"]
    assert beside(site, theirs) == ["a"]
