"""Datasets that are deleted, archived, private, someone else's, or half refused."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.errors import DatasetFailed, DescriptionsRefused
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]


@pytest.mark.parametrize("by", ["key", "id"])
async def test_a_deleted_dataset_is_an_error_and_gets_no_uploads(
    *, publish: Publish, folder: Any, site: Site, writes: Any, edit: Any, by: str
) -> None:
    said = folder.dataset("a", "a.csv")
    await publish(folder.manifest(said))
    (dataset,) = site.datasets.values()
    edit(dataset, deleted=True)
    site.calls.clear()
    folder.file("a.csv", "changed\n")
    more = said | {"id": dataset.id} if by == "id" else said
    report = await publish(folder.manifest(more, folder.dataset("b")))
    assert [each.status for each in report.datasets] == ["failed", "created"]
    assert "was deleted on the portal; restore it there" in str(report.datasets[0].error)
    assert [call.name for call in writes(site)] == ["create_dataset"]


@pytest.mark.parametrize("state", ["archived", "private"])
async def test_a_person_may_archive_or_hide_a_dataset_that_we_go_on_publishing(
    publish: Publish, folder: Any, site: Site, edit: Any, state: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    (dataset,) = site.datasets.values()
    edit(dataset, **{state: True})
    folder.file("a.csv", "changed\n")
    report = await publish(manifest)
    assert report.totals.resources.replaced == 1
    (dataset,) = site.datasets.values()
    assert getattr(dataset.metadata, state)
    assert (await publish(manifest)).totals.datasets.unchanged == 1


async def test_what_a_source_has_closed_is_private_though_its_file_is_hosted_already(
    publish: Publish, folder: Any, site: Site
) -> None:
    said = folder.dataset("a", {"path": folder.file("a.csv").name, "key": "https://x.example/a"})
    await publish(folder.manifest(said))
    link = {"link": "https://x.example/a", "key": "https://x.example/a"}
    closed = folder.manifest(folder.dataset("a", link, title=said["title"], private=True))
    report = await publish(closed)
    (dataset,) = site.datasets.values()
    assert dataset.metadata.private is True
    assert report.run.exit_code == 1
    assert "delete it there" in str(report.datasets[0].resources[0].error)


async def test_what_the_manifest_archives_it_can_take_back(
    publish: Publish, folder: Any, site: Site
) -> None:
    await publish(folder.manifest(folder.dataset("a", archived=True)))
    (dataset,) = site.datasets.values()
    assert dataset.metadata.archived
    manifest = folder.manifest(folder.dataset("a", archived=False))
    assert (await publish(manifest)).totals.datasets.updated == 1
    (dataset,) = site.datasets.values()
    assert dataset.metadata.archived is False


async def test_a_dataset_named_by_id_keeps_what_the_manifest_is_silent_about(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    titles: Any,
    by_hand: Any,
    edit: Any,
    asked_by_workers: int,
) -> None:
    await publish(folder.manifest(folder.dataset("a", tags=["velo"], license="lov2")))
    (dataset,) = site.datasets.values()
    edit(dataset, extras={"mine": 1})
    by_hand(dataset, "theirs.csv", b"theirs\n")
    folder.file("ours.csv")
    manifest = folder.manifest({"id": dataset.id, "resources": [{"path": "ours.csv"}]})
    report = await publish(manifest)
    assert report.run.exit_code == 0
    (dataset,) = site.datasets.values()
    said = dataset.metadata
    assert (said.title, said.tags, said.license) == ("Dataset a", ("velo",), "lov2")
    assert said.extras == {"mine": 1}
    assert titles(site) == {"Dataset a": ["theirs.csv", "ours.csv"]}
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert len(site.calls) <= 3 + asked_by_workers


async def test_a_description_the_portal_refuses_costs_only_its_own_resource(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    statuses: Any,
    titles: Any,
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.name == "set_resources" and call.items:
            refused = [i for i in call.items if i.changes and "faulty" in (i.changes.extras or {})]
            if refused:
                raise DescriptionsRefused({item.id: "extras: faulty" for item in refused})
        return await carry_out()

    site.trouble = trouble
    folder.file("bad.csv")
    entry = {"path": "bad.csv", "title": "Bad", "extras": {"faulty": 1}}
    good = [{"path": name, "title": f"Good {name}"} for name in ("1.csv", "2.csv")]
    folder.file("1.csv")
    folder.file("2.csv")
    manifest = folder.manifest(folder.dataset("a", good[0], entry, good[1]))
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert statuses(report) == {
        "a/1.csv": "created",
        "a/bad.csv": "failed",
        "a/2.csv": "created",
    }
    assert "the portal refuses its description" in str(report.datasets[0].resources[1].error)
    shown = titles(site)["Dataset a"]
    assert [each for each in shown if each.startswith("Good")] == ["Good 1.csv", "Good 2.csv"]
    assert len(shown) == 3
    assert (await publish(manifest)).totals.bytes.uploaded == 0


async def test_another_writer_who_adds_a_resource_meanwhile_loses_nothing(
    *, publish: Publish, folder: Any, site: Site, titles: Any, by_hand: Any, dataset_of: Any
) -> None:
    """The portal refuses the finishing list when it lacks a resource; it is made anew."""
    added = False

    async def meddle(call: Call, carry_out: Any) -> Any:
        nonlocal added
        if call.name == "set_resources" and not added:
            added = True
            by_hand(dataset_of(site, "a"), "theirs.csv", b"theirs\n")
        return await carry_out()

    site.trouble = meddle
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    assert added
    assert report.run.exit_code == 0
    assert sorted(titles(site)["Dataset a"]) == ["1.csv", "2.csv", "theirs.csv"]
    assert [name for name in titles(site)["Dataset a"] if name != "theirs.csv"] == [
        "1.csv",
        "2.csv",
    ]


async def test_what_the_portal_silently_drops_is_told(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any
) -> None:
    """Extras the platform keeps for itself are taken without a word and not kept."""

    async def drop(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name != "set_resources":
            return answer
        return edit(dataset_of(site, "a"), 0, extras={"bulkpub:key": "a.csv"}).resources

    site.trouble = drop
    folder.file("a.csv")
    entry = {"path": "a.csv", "extras": {"check:status": 200}}
    report = await publish(folder.manifest(folder.dataset("a", entry)))
    assert report.run.exit_code == 1
    assert "the portal did not take over: extras" in str(report.datasets[0].resources[0].error)


async def test_the_sound_datasets_are_published_on_demand(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    bad = folder.dataset("bad", {"path": "gone.csv"})
    manifest = folder.manifest(bad, folder.dataset("good", "a.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 2
    assert not site.datasets
    assert not site.calls or {call.method for call in site.calls} == {"GET"}
    report = await publish(manifest, keep_going=True)
    assert report.run.exit_code == 1
    assert titles(site) == {"Dataset good": ["a.csv"]}
    assert {each.key: each.status.value for each in report.datasets} == {
        "good": "created",
        "bad": "failed",
    }


async def test_one_dataset_the_portal_refuses_does_not_stop_the_others(
    publish: Publish, folder: Any, site: Site, titles: Any
) -> None:
    async def trouble(call: Call, carry_out: Any) -> Any:
        if call.metadata and call.metadata.title == "Dataset bad":
            raise DatasetFailed("Unknown geoid(s): fr:region:99")
        return await carry_out()

    site.trouble = trouble
    unknown = folder.dataset("bad", "a.csv", spatial={"zones": ["fr:region:99"]})
    report = await publish(folder.manifest(unknown, folder.dataset("good", "b.csv")))
    assert report.run.exit_code == 1
    assert "Unknown geoid(s): fr:region:99" in str(report.datasets[0].error)
    assert titles(site) == {"Dataset good": ["b.csv"]}
