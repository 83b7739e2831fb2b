"""Datasets that are deleted, archived, private, someone else's, or half refused."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

Publish = Callable[..., Any]


@pytest.mark.parametrize("by", ["key", "id"])
async def test_a_deleted_dataset_is_an_error_and_gets_no_uploads(
    publish: Publish, folder: Any, sandbox: Sandbox, writes: Any, by: str
) -> None:
    said = folder.dataset("a", "a.csv")
    await publish(folder.manifest(said))
    (dataset,) = sandbox.state.datasets.values()
    dataset.deleted = "2024-01-01T00:00:00+00:00"
    sandbox.requests.clear()
    folder.file("a.csv", "changed\n")
    more = said | {"id": dataset.id} if by == "id" else said
    report = await publish(folder.manifest(more, folder.dataset("b")))
    assert [each.status for each in report.datasets] == ["failed", "created"]
    assert "was deleted on the portal; restore it there" in str(report.datasets[0].error)
    assert [seen.path for seen in writes(sandbox)] == ["/api/1/datasets/"]


@pytest.mark.parametrize("state", ["archived", "private"])
async def test_a_person_may_archive_or_hide_a_dataset_that_we_go_on_publishing(
    publish: Publish, folder: Any, sandbox: Sandbox, state: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    (dataset,) = sandbox.state.datasets.values()
    setattr(dataset, state, "2024-01-01T00:00:00+00:00" if state == "archived" else True)
    folder.file("a.csv", "changed\n")
    report = await publish(manifest)
    assert report.totals.resources.replaced == 1
    assert getattr(dataset, state)
    assert len(sandbox.state.datasets) == 1
    assert (await publish(manifest)).totals.datasets.unchanged == 1


async def test_what_the_manifest_archives_it_can_take_back(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    await publish(folder.manifest(folder.dataset("a", archived=True)))
    (dataset,) = sandbox.state.datasets.values()
    assert dataset.archived
    manifest = folder.manifest(folder.dataset("a", archived=False))
    assert (await publish(manifest)).totals.datasets.updated == 1
    assert dataset.archived is None


async def test_a_dataset_named_by_id_keeps_what_the_manifest_is_silent_about(
    publish: Publish, folder: Any, sandbox: Sandbox, by_hand: Any
) -> None:
    await publish(folder.manifest(folder.dataset("a", tags=["velo"], license="lov2")))
    (dataset,) = sandbox.state.datasets.values()
    dataset.extras = {"mine": 1}
    await by_hand(dataset, "theirs.csv", b"theirs\n")
    folder.file("ours.csv")
    manifest = folder.manifest({"id": dataset.id, "resources": [{"path": "ours.csv"}]})
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert (dataset.title, dataset.tags, dataset.license) == ("Dataset a", ["velo"], "lov2")
    assert dataset.extras == {"mine": 1}
    assert [each.title for each in dataset.resources] == ["theirs.csv", "ours.csv"]
    sandbox.requests.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert len([seen for seen in sandbox.requests if "/api/" in seen.path]) <= 3


@pytest.mark.parametrize(
    "faulty",
    [
        {"extras": {"apidocUrl": "not an address"}},
    ],
    ids="-".join,
)
async def test_a_description_the_portal_refuses_costs_only_its_own_resource(
    *,
    publish: Publish,
    folder: Any,
    sandbox: Sandbox,
    statuses: Any,
    titles: Any,
    faulty: dict[str, Any],
) -> None:
    folder.file("bad.csv")
    entry = {"path": "bad.csv", "title": "Bad", **faulty}
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
    shown = titles(sandbox)["Dataset a"]
    assert [each for each in shown if each.startswith("Good")] == ["Good 1.csv", "Good 2.csv"]
    assert len(shown) == 3
    assert (await publish(manifest)).totals.bytes.uploaded == 0


async def test_another_writer_who_adds_a_resource_meanwhile_loses_nothing(
    *, publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, by_hand: Any, dataset_of: Any
) -> None:
    """The portal refuses the finishing list when it lacks a resource; it is made anew."""
    added = False

    async def meddle(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal added
        if request.method == "PUT" and not added:
            added = True
            await by_hand(dataset_of(sandbox, "a"), "theirs.csv", b"theirs\n")
        return await handler(request)

    sandbox.interceptor = meddle
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", "2.csv")))
    assert added
    assert report.run.exit_code == 0
    assert sorted(titles(sandbox)["Dataset a"]) == ["1.csv", "2.csv", "theirs.csv"]
    assert [name for name in titles(sandbox)["Dataset a"] if name != "theirs.csv"] == [
        "1.csv",
        "2.csv",
    ]


async def test_what_the_portal_silently_drops_is_told(publish: Publish, folder: Any) -> None:
    """Extras the platform keeps for itself are taken without a word and not kept."""
    folder.file("a.csv")
    entry = {"path": "a.csv", "extras": {"check:status": 200}}
    report = await publish(folder.manifest(folder.dataset("a", entry)))
    assert report.run.exit_code == 1
    assert "the portal did not take over: extras" in str(report.datasets[0].resources[0].error)


async def test_the_sound_datasets_are_published_on_demand(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
) -> None:
    bad = folder.dataset("bad", {"path": "gone.csv"})
    manifest = folder.manifest(bad, folder.dataset("good", "a.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 2
    assert not sandbox.state.datasets
    assert not sandbox.requests or {seen.method for seen in sandbox.requests} == {"GET"}
    report = await publish(manifest, keep_going=True)
    assert report.run.exit_code == 1
    assert titles(sandbox) == {"Dataset good": ["a.csv"]}
    assert {each.key: each.status.value for each in report.datasets} == {
        "good": "created",
        "bad": "failed",
    }


async def test_one_dataset_the_portal_refuses_does_not_stop_the_others(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any
) -> None:
    unknown = folder.dataset("bad", "a.csv", spatial={"zones": ["fr:region:99"]})
    report = await publish(folder.manifest(unknown, folder.dataset("good", "b.csv")))
    assert report.run.exit_code == 1
    assert "Unknown geoid(s): fr:region:99" in str(report.datasets[0].error)
    assert titles(sandbox) == {"Dataset good": ["b.csv"]}
