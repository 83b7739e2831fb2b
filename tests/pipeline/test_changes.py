"""One thing changed in the manifest or on disk: one write, and nobody else's work touched."""

from collections.abc import Callable
from typing import Any

import pytest

from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]


async def test_a_changed_file_is_one_upload_and_one_finish(
    publish: Publish, folder: Any, site: Site, writes: Any, dataset_of: Any
) -> None:
    entry = {"path": "a.csv", "title": "Comptages", "description": "D", "extras": {"x": 1}}
    folder.file("a.csv", "one\n")
    manifest = folder.manifest(folder.dataset("a", entry, "b.csv"))
    first = await publish(manifest)
    folder.file("a.csv", "two\n")
    site.calls.clear()
    report = await publish(manifest)
    before, after = first.datasets[0].resources[0], report.datasets[0].resources[0]
    assert (after.status, after.reason) == ("replaced", "content changed")
    assert (before.id, before.permalink) == (after.id, after.permalink)
    assert [call.method for call in writes(site)] == ["POST", "PUT"]
    resource = dataset_of(site, "a").resources[0]
    said = resource.metadata
    assert (said.title, said.description) == ("Comptages", "D")
    assert said.extras == {"x": 1, "bulkpub:key": "a.csv"}
    assert resource.size == 4
    assert (await publish(manifest)).totals.resources.unchanged == 2


BASE: dict[str, Any] = {
    "license": "lov2",
    "frequency": "daily",
    "tags": ["velo", "mobilite"],
    "temporal_coverage": {"start": "2024-01-01", "end": "2024-12-31"},
    "spatial": {"zones": ["fr:region:11"], "granularity": "fr:commune"},
    "extras": {"source": "capteurs"},
}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"description": "Another description"},
        {"license": "fr-lo"},
        {"frequency": "weekly"},
        {"tags": ["velo", "pietons"]},
        {"tags": []},
        {"acronym": "NEW"},
        {"private": True},
        {"archived": True},
        {"temporal_coverage": {"start": "2023-01-01", "end": "2024-12-31"}},
        {"spatial": {"zones": ["fr:departement:75"], "granularity": "fr:commune"}},
        {"extras": {"source": "compteurs"}},
    ],
    ids="-".join,
)
async def test_one_change_of_a_dataset_is_one_write_and_wipes_nothing(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    writes: Any,
    dataset_of: Any,
    edit: Any,
    change: dict[str, Any],
) -> None:
    await publish(folder.manifest(folder.dataset("a", "a.csv", **BASE)))
    dataset = dataset_of(site, "a")
    foreign = {"harvest:foreign": {"kept": True}}
    dataset = edit(dataset, extras={**dataset.metadata.extras, **foreign})
    kept = {name: getattr(dataset.metadata, name) for name in (*BASE, "title", "description")}
    resources = [each.id for each in dataset.resources]
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", "a.csv", **{**BASE, **change}))
    report = await publish(manifest)
    assert report.run.exit_code == 0, report.datasets[0].error
    assert writes(site) == [Call("update_dataset", dataset.id)]
    dataset = dataset_of(site, "a")
    for name, value in kept.items():
        if name not in change:
            assert getattr(dataset.metadata, name) == value, name
    assert dataset.metadata.extras["harvest:foreign"] == {"kept": True}
    assert [each.id for each in dataset.resources] == resources
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert writes(site) == []


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"description": "Another"},
        {"description": ""},
        {"type": "documentation"},
        {"schema": {"name": "etalab/another"}},
        {"extras": {"y": 2}},
    ],
    ids="-".join,
)
async def test_one_change_of_a_resource_is_one_write(
    publish: Publish, folder: Any, site: Site, writes: Any, change: dict[str, Any]
) -> None:
    said = {"path": "a.csv", "title": "T", "description": "D", "type": "main", "extras": {"x": 1}}
    folder.file("a.csv")
    await publish(folder.manifest(folder.dataset("a", said, "b.csv")))
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", said | change, "b.csv"))
    report = await publish(manifest)
    assert [each.status for each in report.datasets[0].resources] == ["described", "unchanged"]
    assert [call.name for call in writes(site)] == ["set_resources"]
    assert (await publish(manifest)).totals.resources.unchanged == 2


async def test_another_order_is_one_write(
    publish: Publish, folder: Any, site: Site, writes: Any, titles: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv", "3.csv")))
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", "3.csv", "1.csv", "2.csv"))
    report = await publish(manifest)
    assert report.totals.datasets.updated == 1
    assert [call.method for call in writes(site)] == ["PUT"]
    assert titles(site) == {"Dataset a": ["3.csv", "1.csv", "2.csv"]}
    assert (await publish(manifest)).totals.datasets.unchanged == 1


async def test_a_title_a_person_gave_stays_while_the_manifest_is_silent(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    edit(dataset_of(site, "a"), 0, title="What a person wrote")
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    folder.file("a.csv", "changed\n")
    assert (await publish(manifest)).totals.resources.replaced == 1
    assert dataset_of(site, "a").resources[0].metadata.title == "What a person wrote"


async def test_what_a_person_added_keeps_its_place_and_words(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, by_hand: Any, edit: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    by_hand(dataset_of(site, "a"), "guide.pdf", b"%PDF")
    guide = edit(dataset_of(site, "a"), 0, description="By hand", extras={"mine": 1}).resources[0]
    folder.file("1.csv", "changed\n")
    manifest = folder.manifest(folder.dataset("a", "2.csv", "1.csv", "3.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    resources = dataset_of(site, "a").resources
    assert [each.metadata.title for each in resources] == ["guide.pdf", "2.csv", "1.csv", "3.csv"]
    assert resources[0] == guide
    assert (await publish(manifest)).totals.datasets.unchanged == 1


async def test_a_dataset_that_was_renamed_by_a_person_is_found_by_its_key(
    publish: Publish, folder: Any, site: Site, titles: Any, edit: Any
) -> None:
    said = {"key": "a", "title": "T", "description": "D", "resources": [{"path": "a.csv"}]}
    folder.file("a.csv")
    await publish(folder.manifest(said))
    (dataset,) = site.datasets.values()
    edit(dataset, title="Renamed by a person")
    report = await publish(folder.manifest(said))
    assert report.totals.datasets.updated == 1
    assert titles(site) == {"T": ["a.csv"]}


async def test_a_file_that_became_a_link_is_refused_and_the_rest_published(
    publish: Publish, folder: Any, statuses: Any
) -> None:
    folder.file("a.csv")
    file = {"path": "a.csv", "key": "k"}
    await publish(folder.manifest(folder.dataset("a", file)))
    link = {"link": "https://example.org/a.csv", "key": "k"}
    report = await publish(folder.manifest(folder.dataset("a", link, "b.csv")))
    assert statuses(report) == {"a/k": "failed", "a/b.csv": "created"}
    assert "cannot become a link" in str(report.datasets[0].resources[0].error)


async def test_a_link_becomes_a_hosted_file_in_place(
    publish: Publish, folder: Any, site: Site, dataset_of: Any
) -> None:
    link = {"link": "https://old.example.org/a.csv", "key": "k", "title": "T"}
    first = await publish(folder.manifest(folder.dataset("a", link)))
    folder.file("a.csv")
    manifest = folder.manifest(folder.dataset("a", {"path": "a.csv", "key": "k", "title": "T"}))
    report = await publish(manifest)
    before, after = first.datasets[0].resources[0], report.datasets[0].resources[0]
    assert (after.status, after.id) == ("replaced", before.id)
    assert dataset_of(site, "a").resources[0].hosted
    assert (await publish(manifest)).totals.resources.unchanged == 1


async def test_a_link_with_another_address_is_one_write(
    publish: Publish, folder: Any, site: Site, writes: Any, dataset_of: Any
) -> None:
    link = {"link": "https://old.example.org/", "key": "k", "title": "T"}
    await publish(folder.manifest(folder.dataset("a", link)))
    site.calls.clear()
    manifest = folder.manifest(folder.dataset("a", {**link, "link": "https://new.example.org/"}))
    report = await publish(manifest)
    assert report.totals.resources.described == 1
    assert [call.method for call in writes(site)] == ["PUT"]
    assert dataset_of(site, "a").resources[0].url == "https://new.example.org/"
    assert (await publish(manifest)).totals.resources.unchanged == 1


async def test_links_come_in_the_order_of_the_manifest(
    publish: Publish, folder: Any, site: Site, titles: Any, writes: Any
) -> None:
    """The portal puts what is new first, and a new link needs no describing that would tell."""
    links = [{"link": f"https://api.example.org/{name}", "title": name} for name in "abc"]
    await publish(folder.manifest(folder.dataset("d", *links[:2])))
    assert titles(site) == {"Dataset d": ["a", "b"]}
    manifest = folder.manifest(folder.dataset("d", *links))
    await publish(manifest)
    assert titles(site) == {"Dataset d": ["a", "b", "c"]}
    site.calls.clear()
    await publish(manifest)
    assert writes(site) == []
