"""Answers that are lost, late, wrong or refused: nothing twice, nothing missing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from bulkpub.core.model import RemoteResource
from bulkpub.errors import Uncertain
from bulkpub.portals.memory import Call, Site

Publish = Callable[..., Any]
NAMES = ["1.csv", "2.csv", "3.csv"]


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
@pytest.mark.parametrize("call", ["create_dataset", "upload", "set_resources"])
async def test_a_lost_answer_does_not_publish_twice(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    titles: Any,
    lose_answers: Any,
    call: str,
    before: bool,
) -> None:
    site.trouble = losing = lose_answers(call, before=before)
    manifest = folder.manifest(folder.dataset("a", *NAMES))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert losing.left == 0
    assert titles(site) == {"Dataset a": NAMES}
    assert report.totals.datasets.created == 1
    assert report.totals.resources.created == 3
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_a_change_of_a_dataset_whose_answer_is_lost_is_told_once(
    *, publish: Publish, folder: Any, site: Site, lose_answers: Any, before: bool
) -> None:
    await publish(folder.manifest(folder.dataset("a", "1.csv")))
    site.trouble = lose_answers("update_dataset", before=before)
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", tags=["other"])))
    (dataset,) = report.datasets
    assert (report.run.exit_code, dataset.status) == (0, "updated")
    assert dataset.reason == "differs in: tags"


async def test_after_a_dataset_that_was_not_created_no_file_of_its_waits_for_its_name(
    publish: Publish, folder: Any, site: Site, titles: Any, lose_answers: Any
) -> None:
    """No file was sent yet: there is none of the same name to keep apart from."""
    site.rules = replace(site.rules, same_name_pause=60.0)
    site.trouble = lose_answers("create_dataset", left=3, before=True)
    with anyio.fail_after(30):
        report = await publish(folder.manifest(folder.dataset("a", *NAMES)))
    assert report.run.exit_code == 0
    assert titles(site) == {"Dataset a": NAMES}


async def test_every_upload_of_a_dataset_may_lose_its_answer(
    publish: Publish, folder: Any, site: Site, titles: Any, lose_answers: Any
) -> None:
    names = [f"{index}.csv" for index in range(12)]
    site.trouble = lose_answers("upload", left=12)
    report = await publish(folder.manifest(folder.dataset("a", *names)))
    assert report.run.exit_code == 0
    assert titles(site) == {"Dataset a": names}
    assert {each.attempts for each in report.datasets[0].resources} == {1}


async def test_a_lost_answer_to_a_replacement_keeps_the_title(
    publish: Publish, folder: Any, site: Site, titles: Any, lose_answers: Any
) -> None:
    entry = {"path": "a.csv", "title": "Comptages"}
    folder.file("a.csv", "one\n")
    manifest = folder.manifest(folder.dataset("a", entry))
    await publish(manifest)
    folder.file("a.csv", "two\n")
    site.trouble = lose_answers("upload")
    report = await publish(manifest)
    assert report.totals.resources.replaced == 1
    assert titles(site) == {"Dataset a": ["Comptages"]}


async def test_a_persons_title_survives_a_lost_answer_to_a_replacement(
    *, publish: Publish, folder: Any, site: Site, dataset_of: Any, edit: Any, lose_answers: Any
) -> None:
    folder.file("a.csv", "one\n")
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    edit(dataset_of(site, "a"), 0, title="What a person wrote")
    folder.file("a.csv", "two\n")
    site.trouble = lose_answers("upload")
    assert (await publish(manifest)).run.exit_code == 0
    assert dataset_of(site, "a").resources[0].metadata.title == "What a person wrote"


async def test_a_file_that_never_gets_through_fails_alone(
    publish: Publish, folder: Any, site: Site, titles: Any, statuses: Any
) -> None:
    async def not_the_second(call: Call, carry_out: Any) -> Any:
        if call.content and call.content.size >= 5000:
            raise Uncertain("the portal failed")
        return await carry_out()

    folder.file("bad.csv", "x" * 5000)
    site.trouble = not_the_second
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", "bad.csv")), attempts=2)
    assert report.run.exit_code == 1
    assert statuses(report) == {"a/1.csv": "created", "a/bad.csv": "failed"}
    assert "given up after sending it 2 times" in str(report.datasets[0].resources[1].error)
    assert titles(site) == {"Dataset a": ["1.csv"]}


@pytest.mark.parametrize("onto", ["new", "replaced"])
async def test_a_wrong_checksum_is_seen_and_the_file_sent_again(
    *,
    publish: Publish,
    folder: Any,
    site: Site,
    titles: Any,
    dataset_of: Any,
    edit: Any,
    onto: str,
) -> None:
    """The portal stored other bytes than were sent, once."""
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    if onto == "replaced":
        await publish(manifest)
        folder.file("a.csv", "changed\n")
    damaged: list[RemoteResource] = []

    async def damage(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        if call.name != "upload" or damaged:
            return answer
        damaged.append(answer)
        dataset = site.datasets[call.dataset]
        at = [each.id for each in dataset.resources].index(answer.id)
        return edit(dataset, at, digest="0" * 40).resources[at]

    site.trouble = damage
    report = await publish(manifest)
    assert damaged
    assert report.run.exit_code == 0
    assert titles(site) == {"Dataset a": ["a.csv", "b.csv"]}
    for told, has in zip(
        report.datasets[0].resources, dataset_of(site, "a").resources, strict=True
    ):
        assert has.digest == (told.sha1 or told.sha256)


async def test_a_portal_that_damages_every_time_is_not_believed(
    publish: Publish, folder: Any, site: Site, edit: Any
) -> None:
    async def damage(call: Call, carry_out: Any) -> Any:
        answer = await carry_out()
        for dataset in tuple(site.datasets.values()):
            wrong = tuple(replace(each, digest="0" * 40) for each in dataset.resources)
            edit(dataset, resources=wrong)
        return replace(answer, digest="0" * 40) if call.name == "upload" else answer

    site.trouble = damage
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")), attempts=2)
    assert report.run.exit_code == 1
    (resource,) = report.datasets[0].resources
    assert resource.status == "failed"
    assert resource.attempts == 2
    (dataset,) = site.datasets.values()
    assert len(dataset.resources) == 1
