"""Datasets as a whole: deleted, restored, drafts until all their files are in."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.errors import DatasetFailed, ResourceFailed
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]


def names(calls: list[Call]) -> list[str]:
    return [call.name for call in calls]


# --- absent -------------------------------------------------------------------------------


@pytest.fixture
async def three(publish: Publish, folder: Any, site: Site) -> None:
    """Three datasets of ours."""
    report = await publish(
        folder.manifest(*(folder.dataset(name, f"{name}.csv") for name in ("a", "b", "c")))
    )
    assert report.run.exit_code == 0
    site.calls.clear()


@pytest.mark.parametrize("by", ["key", "id"])
@pytest.mark.usefixtures("three")
async def test_what_is_to_be_absent_is_deleted_once(
    *, publish: Publish, folder: Any, site: Site, writes: Any, dataset_of: Any, by: str
) -> None:
    said = {"state": "absent", by: dataset_of(site, "a").id if by == "id" else "a"}
    report = await publish(folder.manifest(said, folder.dataset("b", "b.csv")))
    assert report.run.exit_code == 0
    assert [each.status for each in report.datasets] == ["deleted", "unchanged"]
    assert report.totals.datasets.deleted == 1
    assert (report.datasets[0].title, report.datasets[0].reason) == (
        "Dataset a",
        "to be absent; with its 1 resource",
    )
    assert dataset_of(site, "a").deleted
    assert names(writes(site)) == ["delete_dataset"]
    again = await publish(folder.manifest(said))
    assert [each.status for each in again.datasets] == ["unchanged"]
    assert again.datasets[0].reason == "it is not there, as wanted"
    assert names(writes(site)) == ["delete_dataset"]


@pytest.mark.usefixtures("three")
async def test_a_plan_tells_what_is_to_be_deleted_and_writes_nothing(
    publish: Publish, folder: Any, site: Site, writes: Any
) -> None:
    report = await publish(folder.manifest({"key": "a", "state": "absent"}), dry_run=True)
    assert report.datasets[0].status == "deleted"
    assert report.datasets[0].title == "Dataset a"
    assert "with its 1 resource" in report.datasets[0].reason
    assert report.totals.requests.planned == 1
    assert writes(site) == []


@pytest.mark.usefixtures("three")
async def test_no_dataset_is_deleted_for_its_title(
    *, publish: Publish, folder: Any, site: Site, writes: Any, edit: Any, dataset_of: Any
) -> None:
    edit(dataset_of(site, "a"), extras={})
    said = {"key": "other", "title": "Dataset a", "state": "absent"}
    report = await publish(folder.manifest(said))
    assert report.datasets[0].status == "unchanged"
    assert writes(site) == []


@pytest.mark.usefixtures("three")
async def test_what_was_never_there_is_absent(publish: Publish, folder: Any) -> None:
    said = [{"id": "0" * 24, "state": "absent"}, {"key": "never", "state": "absent"}]
    report = await publish(folder.manifest(*said))
    assert report.run.exit_code == 0
    assert [each.status for each in report.datasets] == ["unchanged", "unchanged"]


@pytest.mark.usefixtures("three")
async def test_another_owners_dataset_is_not_deleted(
    *, publish: Publish, folder: Any, site: Site, writes: Any, edit: Any, dataset_of: Any
) -> None:
    theirs = edit(dataset_of(site, "a"), organization=None)
    report = await publish(folder.manifest({"id": theirs.id, "state": "absent"}))
    assert report.run.exit_code == 1
    assert "on the portal it belongs to an account" in str(report.datasets[0].error)
    assert writes(site) == []


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.usefixtures("three")
async def test_more_than_half_of_an_owners_datasets_go_only_on_demand(
    publish: Publish, folder: Any, site: Site, writes: Any, count: int
) -> None:
    said = folder.manifest(*({"key": key, "state": "absent"} for key in "abc"[:count]))
    report = await publish(said)
    assert report.run.exit_code == 1
    said_why = f"{count} of its owner's 3 datasets would be deleted, more than half"
    assert said_why in str(report.datasets[0].error)
    assert writes(site) == []
    report = await publish(said, allow_mass_delete=True)
    assert report.totals.datasets.deleted == count


async def test_more_than_ten_datasets_go_only_on_demand(
    publish: Publish, folder: Any, site: Site
) -> None:
    keys = [f"d{number:02}" for number in range(23)]
    await publish(folder.manifest(*(folder.dataset(key) for key in keys)))
    said = [{"key": key, "state": "absent"} for key in keys[:11]]
    report = await publish(folder.manifest(*said))
    assert {each.status for each in report.datasets} == {"failed"}
    assert not any(each.deleted for each in site.datasets.values())
    assert (await publish(folder.manifest(*said[:10]))).totals.datasets.deleted == 10


@pytest.mark.usefixtures("three")
async def test_what_the_portal_has_against_a_deletion_is_told(
    publish: Publish, folder: Any, site: Site, refuse: Any
) -> None:
    site.trouble = refuse("delete_dataset", DatasetFailed("409: a DOI is registered"))
    said = [{"key": "a", "state": "absent"}, folder.dataset("b", "b.csv")]
    report = await publish(folder.manifest(*said))
    assert [each.status for each in report.datasets] == ["failed", "unchanged"]
    assert "a DOI is registered" in str(report.datasets[0].error)


@pytest.mark.usefixtures("three")
async def test_verify_tells_what_is_there_and_should_not(publish: Publish, folder: Any) -> None:
    said = folder.manifest({"key": "a", "state": "absent"}, {"key": "never", "state": "absent"})
    report = await publish(said, dry_run=True, verify="quick")
    assert report.datasets[0].error == "it is there, and is to be absent"
    assert report.datasets[1].status == "unchanged"


# --- restored -----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["key", "id"])
@pytest.mark.parametrize("state", ["present", "draft", "archived"])
@pytest.mark.usefixtures("three")
async def test_what_was_deleted_is_restored_in_one_request(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    writes: Any,
    edit: Any,
    dataset_of: Any,
    by: str,
    state: str,
) -> None:
    dataset = dataset_of(site, "a")
    edit(dataset, deleted=True)
    said = folder.dataset("a", "a.csv", state=state, tags=["velo"])
    said |= {"id": dataset.id} if by == "id" else {}
    report = await publish(folder.manifest(said))
    assert report.run.exit_code == 0, report.datasets[0].error
    assert "deleted (it is restored)" in report.datasets[0].reason
    assert names(writes(site)) == ["update_dataset"]
    now = site.datasets[dataset.id]
    assert (now.deleted, now.metadata.private, now.metadata.archived) == (
        False,
        state == "draft",
        state == "archived",
    )
    assert now.resources == dataset.resources
    assert (await publish(folder.manifest(said))).datasets[0].status == "unchanged"


@pytest.mark.usefixtures("three")
async def test_two_deleted_ones_are_never_guessed_between(
    publish: Publish, folder: Any, site: Site, writes: Any, edit: Any
) -> None:
    two = [each for each in site.datasets.values() if each.key in {"a", "b"}]
    for dataset in two:
        edit(dataset, deleted=True, extras={"bulkpub:key": "a"})
    report = await publish(folder.manifest(folder.dataset("a", "a.csv", state="present")))
    assert "2 datasets on the portal were deleted and carry its key" in str(
        report.datasets[0].error
    )
    assert writes(site) == []


# --- public when complete -----------------------------------------------------------------


def seen_private(site: Site) -> list[tuple[str, bool]]:
    """Notes, before each call that writes, whether the first dataset is private."""
    seen: list[tuple[str, bool]] = []

    async def look(call: Call, carry_out: Any) -> Any:
        if call.method != "GET" and site.datasets:
            seen.append((call.name, bool(next(iter(site.datasets.values())).metadata.private)))
        return await carry_out()

    site.trouble = look
    return seen


async def test_a_new_dataset_becomes_public_in_one_request_once_all_is_in(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    seen = seen_private(site)
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv", publish="when-complete"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert seen == [
        ("upload", True),
        ("upload", True),
        ("set_resources", True),
        ("update_dataset", True),
    ]
    assert "public, as all its files are in" in report.datasets[0].reason
    dataset = dataset_of(site, "a")
    assert dataset.metadata.private is False
    assert dataset.metadata.extras == {"bulkpub:key": "a"}
    assert (await publish(manifest)).datasets[0].status == "unchanged"


@pytest.mark.parametrize("more", [{}, {"private": False}, {"state": "present"}], ids=str)
async def test_an_incomplete_one_stays_a_draft_until_it_is_complete(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, more: dict[str, Any]
) -> None:
    async def refuse(call: Call, carry_out: Any) -> Any:
        if call.content is not None and call.content.name == "2.csv":
            raise ResourceFailed("no")
        return await carry_out()

    site.trouble = refuse
    said = folder.dataset("a", "1.csv", "2.csv", publish="when-complete", **more)
    manifest = folder.manifest(said)
    for _ in range(2):
        report = await publish(manifest)
        assert report.run.exit_code == 1
        assert dataset_of(site, "a").metadata.private is True
        assert any("it stays a draft" in note for note in report.datasets[0].notes)
    seen_private(site)
    report = await publish(manifest, dry_run=True)
    assert "public once all its files are in" in report.datasets[0].reason
    assert report.datasets[0].notes == ()
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert dataset_of(site, "a").metadata.private is False
    assert report.datasets[0].notes == ()


async def test_a_draft_of_ours_becomes_public_though_the_manifest_no_longer_says_so(
    publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)
    dataset = dataset_of(site, "a")
    edit(dataset, private=True, extras={**dataset.metadata.extras, "bulkpub:draft": True})
    report = await publish(manifest, dry_run=True, verify="quick")
    assert report.datasets[0].error == "it is a draft until all its files are in"
    assert (await publish(manifest)).datasets[0].status == "updated"
    assert dataset_of(site, "a").metadata.private is False


async def test_what_a_person_hid_stays_hidden(
    publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", publish="when-complete"))
    await publish(manifest)
    edit(dataset_of(site, "a"), private=True)
    assert (await publish(manifest)).datasets[0].status == "unchanged"
    assert dataset_of(site, "a").metadata.private is True


@pytest.mark.parametrize("call", ["create_dataset", "update_dataset", "set_resources"])
@pytest.mark.parametrize("before", [False, True])
async def test_a_lost_answer_leaves_no_draft_behind(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    dataset_of: Any,
    lose_answers: Any,
    call: str,
    before: bool,
) -> None:
    site.trouble = lose_answers(call, before=before)
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", publish="when-complete")))
    assert report.run.exit_code == 0
    assert report.datasets[0].status == "created"
    assert len(site.datasets) == 1
    assert dataset_of(site, "a").metadata.private is False


async def test_a_dataset_without_files_is_complete(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    assert (await publish(folder.manifest(folder.dataset("a", publish="when-complete")))).run
    assert dataset_of(site, "a").metadata.private is False
