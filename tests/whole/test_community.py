"""Community resources: an organization's files beside a dataset that is somebody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub import Connection
from bulkpub.harvest.base import HarvestOptions
from bulkpub.harvest.portal import harvest
from bulkpub.session.asking import asked_of, fares_of, opened
from tests.manifests import ManifestWriter

Publish = Callable[..., Any]


@pytest.fixture
async def theirs(target: Any) -> Any:
    """A dataset of another organization's, and its path for uploads beside it."""
    return await target.portal.create(key="user", organization=target.info["organization"]["id"])


@pytest.fixture
def beside(target: Any, theirs: Any) -> Callable[[], Any]:
    """All that stands beside the dataset, by title."""

    async def beside() -> dict[str, Any]:
        path = f"/datasets/community_resources/?dataset={theirs['id']}&page_size=100"
        answer = await target.portal.call("GET", path, key=None, expect=200)
        found = {each["title"]: each for each in answer.body["data"]}
        assert len(found) == len(answer.body["data"])
        return found

    return beside


def entry(folder: Any, theirs: Any, *names: str, **more: Any) -> dict[str, Any]:
    for name in names:
        if not (folder.path / name).exists():
            folder.file(name)
    resources = [{"path": name, "title": f"Ours {name}", "type": "update"} for name in names]
    return {"id": theirs["id"], "community": True, "resources": resources, **more}


async def test_they_are_published_changed_and_pruned_as_the_organizations(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any, beside: Any
) -> None:
    said = entry(folder, theirs, "a.csv", "b.csv", prune="ours")
    said["resources"].append({"link": "https://example.org/api", "title": "API", "type": "api"})
    report = await publish(manifest(said, defaults={"license": "lov2"}))
    assert report.run.exit_code == 0, report
    first = await beside()
    assert first.keys() == {"Ours a.csv", "Ours b.csv", "API"}
    assert {each["organization"]["id"] for each in first.values()} == {target.portal.org}
    assert first["Ours a.csv"]["type"] == "update"
    assert first["Ours a.csv"]["extras"] == {"bulkpub:key": "a.csv"}
    assert await target.resources(report) == []
    assert report.totals.requests.by_method["POST"] == 3
    again = await publish(manifest(said))
    assert (again.run.exit_code, again.datasets[0].status) == (0, "unchanged")
    assert again.totals.requests.by_method.keys() == {"GET"}
    folder.file("a.csv", "changed\n")
    del said["resources"][1]
    await target.next_second()
    report = await publish(manifest(said))
    assert report.run.exit_code == 0, report
    last = await beside()
    assert last.keys() == {"Ours a.csv", "API"}
    assert last["Ours a.csv"]["id"] == first["Ours a.csv"]["id"]
    assert last["Ours a.csv"]["checksum"]["value"] != first["Ours a.csv"]["checksum"]["value"]
    assert last["Ours a.csv"]["organization"]["id"] == target.portal.org
    verified = await publish(manifest(said), dry_run=True, verify="full")
    assert verified.run.exit_code == 0, verified


async def test_what_a_killed_run_left_undescribed_is_found_and_not_sent_again(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any, beside: Any
) -> None:
    """Until it is described, it is the account's and says nothing of the organization."""
    content = folder.file("a.csv").read_bytes()
    path = f"/datasets/{theirs['id']}/upload/community/"
    left = (await target.portal.post_form(path, {}, ("a.csv", content), expect=201)).body
    report = await publish(manifest(entry(folder, theirs, "a.csv")))
    assert report.run.exit_code == 0, report
    assert report.totals.bytes.uploaded == 0
    found = await beside()
    assert {name: each["id"] for name, each in found.items()} == {"Ours a.csv": left["id"]}
    assert found["Ours a.csv"]["organization"]["id"] == target.portal.org


async def test_from_the_account_to_the_organization_and_nobody_elses_is_touched(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any, beside: Any
) -> None:
    path = f"/datasets/{theirs['id']}/upload/community/"
    await target.portal.post_form(path, {}, ("x.csv", b"1"), key="user", expect=201)
    said = entry(folder, theirs, "a.csv", prune="ours")
    personal = await publish(manifest({**said, "personal": True}, organization=None))
    assert personal.run.exit_code == 0, personal
    first = await beside()
    assert first["Ours a.csv"]["organization"] is None
    report = await publish(manifest(said))
    assert report.run.exit_code == 0, report
    assert report.totals.bytes.uploaded == 0
    found = await beside()
    assert found["Ours a.csv"]["id"] == first["Ours a.csv"]["id"]
    assert found["Ours a.csv"]["organization"]["id"] == target.portal.org
    assert found["x.csv"]["owner"]["id"] == target.info["user"]["id"]


async def test_no_right_in_the_organization_is_told_before_anything_is_sent(
    *, publish: Publish, folder: Any, manifest: Any, theirs: Any, writes: Any
) -> None:
    report = await publish(manifest(entry(folder, theirs, "a.csv")), account="user")
    assert report.run.exit_code == 3
    assert "is not a member of" in str(report.run.error)
    assert writes(report) == 0


async def test_another_accounts_resource_named_by_id_is_refused_and_said(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any
) -> None:
    path = f"/datasets/{theirs['id']}/upload/community/"
    other = (await target.portal.post_form(path, {}, ("x.csv", b"1"), key="user")).body
    folder.file("a.csv")
    said = {"id": theirs["id"], "community": True}
    said["resources"] = [{"id": other["id"], "path": "a.csv"}]
    report = await publish(manifest(said))
    assert report.run.exit_code == 1
    assert other["id"] in str(report.datasets[0].resources[0].error)


async def test_what_is_harvested_of_them_run_unchanged_writes_nothing(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any, writes: Any
) -> None:
    said = entry(folder, theirs, "a.csv")
    said["resources"].append({"link": "https://example.org/api", "title": "API", "type": "api"})
    assert (await publish(manifest(said))).run.exit_code == 0
    connection = Connection(portal=target.info["base_url"], key=target.key("outsider"))
    async with opened(connection) as portal:
        found = [
            each.dataset
            async for each in harvest("other-organization", portal, HarvestOptions())
            if each.dataset.community and each.dataset.id == theirs["id"]
        ]
    assert [len(each.resources) for each in found] == [2]
    with (folder.path / "harvested.yaml").open("w", encoding="utf-8") as out:
        writer = ManifestWriter(out)
        writer.header(organization="other-organization")
        assert writer.dataset(found[0]) == ()
    report = await publish(folder.path / "harvested.yaml")
    assert (report.run.exit_code, report.datasets[0].status) == (0, "unchanged"), report
    assert writes(report) == 0


async def test_how_they_fare_is_told(
    *, target: Any, publish: Publish, folder: Any, manifest: Any, theirs: Any
) -> None:
    path = manifest(entry(folder, theirs, "a.csv"))
    connection = Connection(portal=target.info["base_url"], key=target.key("outsider"))

    async def fares(**of: Any) -> Any:
        async with opened(connection) as portal:
            return await fares_of(portal, **of)

    def wanted_of(manifest: Any) -> Any:
        (asked,) = asked_of([str(manifest)], connection)
        return asked.wanted.index

    before = await fares(wanted=wanted_of(path))
    assert before.datasets == ()
    assert before.missing == (f"nothing is beside the dataset of '{theirs['id']}' yet",)
    assert (await publish(path)).run.exit_code == 0
    by_manifest = await fares(wanted=wanted_of(path))
    assert by_manifest.missing == ()
    by_organization = await fares(organization="other-organization")
    for each in (by_manifest, by_organization):
        (found,) = (one for one in each.datasets if one.dataset.id == theirs["id"])
        assert (found.beside, found.in_time, found.score) == (True, None, None)
        assert [one.resource.metadata.title for one in found.resources] == ["Ours a.csv"]
        assert [one.is_told for one in found.resources] == [False]
    gone = manifest({"id": "f" * 24, "community": True, "resources": [{"path": "a.csv"}]})
    nowhere = await fares(wanted=wanted_of(gone))
    assert nowhere.missing == (f"'{'f' * 24}' ({'f' * 24}) is not on the portal",)
