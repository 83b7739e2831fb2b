"""Who is who: files that are there already are adopted, and nothing is published twice."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from bulkpub.pipeline.job import Verify
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]


def uploads(site: Site) -> int:
    return sum(call.name == "upload" for call in site.calls)


async def test_a_renamed_file_is_recognised_by_its_content(
    publish: Publish, folder: Any, site: Site, statuses: Any
) -> None:
    folder.file("old.csv", "the same\n")
    first = await publish(folder.manifest(folder.dataset("a", "old.csv", "b.csv")))
    (folder.path / "old.csv").rename(folder.path / "new.csv")
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", "new.csv", "b.csv"))
    report = await publish(manifest)
    assert statuses(report) == {"a/new.csv": "adopted", "a/b.csv": "unchanged"}
    assert report.datasets[0].resources[0].id == first.datasets[0].resources[0].id
    assert uploads(site) == 0
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_files_uploaded_by_hand_are_adopted_or_replaced_in_place(
    *, publish: Publish, folder: Any, site: Site, statuses: Any, by_hand: Any, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a")))
    dataset = dataset_of(site, "a")
    same = by_hand(dataset, "as a person called it.csv", b"the same\n")
    older = by_hand(dataset, "older.csv", b"an older edition\n")
    folder.file("same.csv", "the same\n")
    folder.file("older.csv", "the edition of today\n")
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", "same.csv", "older.csv"))
    report = await publish(manifest)
    assert statuses(report) == {"a/same.csv": "adopted", "a/older.csv": "replaced"}
    assert [each.id for each in report.datasets[0].resources] == [same.id, older.id]
    assert uploads(site) == 1
    assert len(dataset_of(site, "a").resources) == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_a_dataset_made_by_hand_is_taken_over_by_its_title(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "a.csv")))
    dataset = edit(dataset_of(site, "a"), extras={"mine": 1})
    edit(dataset, 0, extras={})
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")))
    assert report.totals.datasets.updated == 1
    assert report.totals.resources.adopted == 1
    assert list(site.datasets) == [dataset.id]
    assert site.datasets[dataset.id].metadata.extras == {"mine": 1, "bulkpub:key": "a"}


async def test_two_datasets_of_one_title_are_an_error_that_names_both(
    publish: Publish, folder: Any, site: Site, edit: Any
) -> None:
    await publish(folder.manifest(*(folder.dataset(k, title="Twins") for k in "ab")))
    ids = list(site.datasets)
    for dataset in tuple(site.datasets.values()):
        edit(dataset, extras={})
    report = await publish(folder.manifest(folder.dataset("c", title="Twins")))
    assert report.run.exit_code == 1
    assert len(site.datasets) == 2
    assert all(each in str(report.datasets[0].error) for each in ids)


async def test_two_resources_may_have_the_same_title(
    publish: Publish, folder: Any, titles: Any, site: Site
) -> None:
    entries = [{"path": name, "title": "Comptages"} for name in ("a.csv", "b.csv")]
    folder.file("a.csv")
    folder.file("b.csv")
    manifest = folder.manifest(folder.dataset("a", *entries))
    assert (await publish(manifest)).totals.resources.created == 2
    assert titles(site) == {"Dataset a": ["Comptages", "Comptages"]}
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_one_file_name_in_two_folders_is_never_in_flight_twice(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    """At the same time the portal would mix the two up, in the same second refuse the later."""
    flying, most = 0, 0

    async def watch(call: Call, carry_out: Any) -> Any:
        nonlocal flying, most
        if call.name != "upload":
            return await carry_out()
        flying += 1
        most = max(most, flying)
        try:
            await anyio.sleep(0.02)
            return await carry_out()
        finally:
            flying -= 1

    site.trouble = watch
    manifest = folder.manifest(folder.dataset("a", "2023/a.csv", "2024/a.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert [each.attempts for each in report.datasets[0].resources] == [1, 1]
    assert most == 1
    assert titles(site) == {"Dataset a": ["a.csv", "a.csv"]}
    files = {each.sha1 or each.sha256 for each in report.datasets[0].resources}
    (dataset,) = site.datasets.values()
    assert {each.digest for each in dataset.resources} == files
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_names_that_differ_only_until_they_are_slugs_count_as_one(
    publish: Publish, folder: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "Été.csv", "ete.csv"))
    report = await publish(manifest)
    assert [each.attempts for each in report.datasets[0].resources] == [1, 1]
    assert report.totals.resources.created == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_files_of_equal_content_stay_two(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    folder.file("a.csv", "the same\n")
    folder.file("b.csv", "the same\n")
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    assert (await publish(manifest)).totals.resources.created == 2
    assert (await publish(manifest)).totals.resources.unchanged == 2
    assert titles(site) == {"Dataset a": ["a.csv", "b.csv"]}


async def test_an_entry_that_names_a_resource_by_id_is_that_one(
    publish: Publish, folder: Any, site: Site, by_hand: Any, dataset_of: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a")))
    found = by_hand(dataset_of(site, "a"), "whatever.csv", b"old\n")
    folder.file("new.csv")
    entry = {"path": "new.csv", "id": found.id, "title": "New"}
    folder.file("other.csv")
    missing = {"path": "other.csv", "id": "00000000-0000-4000-8000-000000000000", "key": "k"}
    report = await publish(folder.manifest(folder.dataset("a", entry, missing)))
    done, failed = report.datasets[0].resources
    assert (done.status, done.id) == ("replaced", found.id)
    assert "no resource with the id 00000000-" in str(failed.error)


# --- what another manifest published ------------------------------------------------------


async def test_a_dataset_that_another_manifest_made_is_not_taken_for_one_of_the_same_title(
    publish: Publish, folder: Any, site: Site, writes: Any, titles: Any
) -> None:
    first = folder.manifest(folder.dataset("first", "a.csv", title="Budget"))
    theirs = (await publish(first)).datasets[0]
    site.calls.clear()
    report = await publish(folder.manifest(folder.dataset("second", "b.csv", title="Budget")))
    assert report.run.exit_code == 1
    assert writes(site) == []
    error = str(report.datasets[0].error)
    assert all(each in error for each in ("'first'", "'second'", f"`id: {theirs.id}`"))
    assert titles(site) == {"Budget": ["a.csv"]}


async def test_a_plan_and_a_verification_name_the_other_manifests_dataset_too(
    publish: Publish, folder: Any
) -> None:
    await publish(folder.manifest(folder.dataset("first", "a.csv", title="Budget")))
    manifest = folder.manifest(folder.dataset("second", "b.csv", title="Budget"))
    for options in ({"dry_run": True}, {"verify": Verify.QUICK}):
        report = await publish(manifest, **options)
        assert report.run.exit_code == 1
        assert "'first'" in str(report.datasets[0].error)


@pytest.mark.parametrize(
    ("name", "content"),
    [("other/a.csv", "other bytes\n"), ("z.csv", "the same\n")],
    ids=["file name", "content"],
)
async def test_a_file_that_another_manifest_published_into_the_dataset_is_left_to_it(
    *, publish: Publish, folder: Any, site: Site, writes: Any, name: str, content: str
) -> None:
    folder.file("a.csv", "the same\n")
    theirs = (await publish(folder.manifest(folder.dataset("first", "a.csv")))).datasets[0]
    folder.file(name, content)
    entry = {"id": theirs.id, "resources": [{"path": name}, {"path": "a.csv", "key": "mine"}]}
    site.calls.clear()
    report = await publish(folder.manifest(entry))
    assert report.run.exit_code == 1
    assert writes(site) == []
    error = str(report.datasets[0].error)
    assert all(each in error for each in ("'a.csv'", f"'{name}'", str(theirs.resources[0].id)))


async def test_by_its_id_or_with_its_key_it_is_published_all_the_same(
    publish: Publish, folder: Any
) -> None:
    theirs = (await publish(folder.manifest(folder.dataset("first", "a.csv")))).datasets[0]
    folder.file("other/a.csv", "other bytes\n")
    for name in ({"key": "a.csv"}, {"id": theirs.resources[0].id}):
        entry = {"id": theirs.id, "resources": [{"path": "other/a.csv", **name}]}
        report = await publish(folder.manifest(entry))
        assert report.run.exit_code == 0
    assert len(report.datasets[0].resources) == 1


async def test_pruning_does_not_delete_what_another_manifest_published(
    publish: Publish, folder: Any, site: Site, writes: Any
) -> None:
    theirs = await publish(folder.manifest(folder.dataset("first", "a.csv", "b.csv", "c.csv")))
    folder.file("d.csv")
    entry = {"id": theirs.datasets[0].id, "prune": "ours", "resources": [{"path": "d.csv"}]}
    site.calls.clear()
    report = await publish(folder.manifest(entry), allow_mass_delete=True)
    assert report.run.exit_code == 1
    assert "'first'" in str(report.datasets[0].error)
    assert writes(site) == []


async def test_two_new_datasets_of_one_title_stay_two_when_an_answer_is_lost(
    publish: Publish, folder: Any, site: Site, lose_answers: Any
) -> None:
    site.trouble = lose_answers("create_dataset", left=2)
    manifest = folder.manifest(*(folder.dataset(k, f"{k}.csv", title="Twins") for k in "ab"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert sorted(str(each.key) for each in site.datasets.values()) == [
        "a",
        "b",
    ]
