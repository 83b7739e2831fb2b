"""One thing changed, in the manifest or on disk: the portal follows, and the rest stays."""

from collections.abc import Callable
from typing import Any

import pytest

Published = Callable[..., Any]
Writes = Callable[..., int]

BASE: dict[str, Any] = {
    "license": "lov2",
    "frequency": "daily",
    "tags": ["mobilité", "Vélo"],
    "acronym": "CPT",
    "temporal_coverage": {"start": "2024-01-01", "end": "2024-12-31"},
    "spatial": {"zones": ["fr:region:11"], "granularity": "fr:commune"},
    "extras": {"source": "capteurs"},
}
FULL: dict[str, Any] = {
    "path": "a.csv",
    "title": "Comptages",
    "description": "Par heure.",
    "type": "update",
    "schema": {"name": "etalab/schema-comptage-mobilites", "version": "0.1.0"},
    "extras": {"lines": 3},
}


async def test_a_second_run_makes_no_write(
    *, target: Any, published: Published, folder: Any, manifest: Any, said: Any, writes: Writes
) -> None:
    folder.file("a.csv")
    link = {"link": "https://example.org/api", "title": "API", "type": "api"}
    wanted = manifest(said("a", FULL, "b.csv", link, **BASE), said("b", "c.csv"))
    first = await published(wanted)
    assert first.totals.datasets.created == 2
    assert first.totals.resources.created == 4
    second = await published(wanted)
    assert writes(second) == 0
    assert second.totals.datasets.unchanged == 2
    assert second.totals.bytes.uploaded == 0
    assert await target.resources(first) == await target.resources(second)


async def test_a_changed_file_keeps_its_permalink_and_all_that_is_said_of_it(
    *, target: Any, published: Published, folder: Any, manifest: Any, said: Any, writes: Writes
) -> None:
    folder.file("a.csv", "one\n")
    wanted = manifest(said("a", FULL, "b.csv"))
    first = await published(wanted)
    folder.file("a.csv", "two\n")
    await target.next_second()
    second = await published(wanted)
    before, after = first.datasets[0].resources[0], second.datasets[0].resources[0]
    assert (after.status, after.id, after.permalink) == ("replaced", before.id, before.permalink)
    assert writes(second) == 2
    assert writes(await published(wanted)) == 0


async def test_a_changed_file_that_is_called_like_itself_is_one_upload_and_one_finish(
    *, target: Any, published: Published, folder: Any, manifest: Any, said: Any, writes: Writes
) -> None:
    """Its title is the file's name, which no replacement can make us forget."""
    wanted = manifest(said("a", "Relevés 2024.csv"))
    await published(wanted)
    folder.file("Relevés 2024.csv", "two\n")
    await target.next_second()
    assert writes(await published(wanted)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"description": "Another description"},
        {"license": "fr-lo"},
        {"tags": ["vélo", "piétons"]},
        {"frequency": "weekly"},
        {"extras": {"source": "compteurs"}},
    ],
    ids="-".join,
)
async def test_a_changed_dataset_is_one_write(
    *,
    target: Any,
    published: Published,
    manifest: Any,
    said: Any,
    writes: Writes,
    change: dict[str, Any],
) -> None:
    first = await published(manifest(said("a", "a.csv", **BASE)))
    before = await target.dataset(first)
    if "title" in change:
        change = {"title": f"{change['title']} {target.tag}"}
    wanted = manifest(said("a", "a.csv", **{**BASE, **change}))
    second = await published(wanted)
    assert writes(second) == 1
    assert second.totals.datasets.updated == 1
    after = await target.dataset(second)
    of_the_title = {"slug", "page", "uri"} if "title" in change else set()
    moved = {"last_modified", "internal", "quality", "metrics", "resources"} | of_the_title
    same = before.keys() - moved - change.keys()
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert [each["latest"] for each in after["resources"]] == [
        each["latest"] for each in before["resources"]
    ]
    assert writes(await published(wanted)) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Autre"},
        {"description": "Autre."},
        {"type": "documentation"},
        {"schema": {"name": "etalab/another", "version": "2.0.0"}},
        {"extras": {"lines": 4}},
    ],
    ids="-".join,
)
async def test_a_changed_description_of_a_resource_is_one_write(
    *,
    published: Published,
    folder: Any,
    manifest: Any,
    said: Any,
    writes: Writes,
    change: dict[str, Any],
) -> None:
    folder.file("a.csv")
    await published(manifest(said("a", FULL, "b.csv")))
    wanted = manifest(said("a", FULL | change, "b.csv"))
    second = await published(wanted)
    assert [each.status for each in second.datasets[0].resources] == ["described", "unchanged"]
    assert writes(second) == 1
    assert writes(await published(wanted)) == 0


async def test_another_order_is_one_write(
    published: Published, manifest: Any, said: Any, writes: Writes
) -> None:
    await published(manifest(said("a", "1.csv", "2.csv", "3.csv")))
    wanted = manifest(said("a", "3.csv", "1.csv", "2.csv"))
    assert writes(await published(wanted)) == 1
    assert writes(await published(wanted)) == 0


async def test_a_renamed_file_is_adopted_with_its_permalink(
    published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    folder.file("old.csv", "the same\n")
    first = await published(manifest(said("a", "old.csv", "b.csv")))
    (folder.path / "old.csv").rename(folder.path / "new.csv")
    second = await published(manifest(said("a", "new.csv", "b.csv")))
    before, after = first.datasets[0].resources[0], second.datasets[0].resources[0]
    assert (after.status, after.id, after.permalink) == ("adopted", before.id, before.permalink)
    assert second.totals.bytes.uploaded == 0


async def test_a_file_replaced_twice_within_a_second_is_the_last_one(
    published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    """In the same second the portal answers 500 to the same name; nothing is lost over it."""
    wanted = manifest(said("a", "a.csv"))
    first = await published(wanted)
    for content in ("two\n", "three\n"):
        folder.file("a.csv", content)
        report = await published(wanted)
        assert report.totals.resources.replaced == 1
    assert report.datasets[0].resources[0].permalink == first.datasets[0].resources[0].permalink


async def test_what_a_person_said_stays_where_the_manifest_is_silent(
    target: Any, published: Published, folder: Any, manifest: Any, said: Any
) -> None:
    wanted = manifest(said("a", "a.csv", "b.csv"))
    first = await published(wanted)
    (a, b) = await target.resources(first)
    words = {"title": "What a person wrote", "description": "By hand", "type": "documentation"}
    await target.portal.put_resource({"id": first.datasets[0].id}, a, words)
    folder.file("a.csv", "changed\n")
    await target.next_second()
    second = await published(wanted, kept={"a.csv": words})
    assert second.totals.resources.replaced == 1
    assert (await target.resources(second))[1] == b
