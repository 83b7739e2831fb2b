"""A link whose address changes is written alone, so that the portal notes when it did."""

from dataclasses import replace
from typing import Any

import pytest

from bulkpub.errors import ResourceFailed
from bulkpub.portals.memory import Call, Site

OLD, NEW = "https://www.example.org/1.csv", "https://www.example.org/2.csv"


def link(url: str, **more: Any) -> dict[str, Any]:
    return {"link": url, "key": "link", "title": "Link", **more}


@pytest.fixture
def move(publish: Any, folder: Any, site: Site) -> Any:
    """Publish a link and two files; then what `more` makes of the link at another address."""

    async def move(*, order: str = "lab", **more: Any) -> Any:
        entries = {"a": "a.csv", "b": "b.csv", "l": link(OLD)}
        await publish(folder.manifest(folder.dataset("k", *(entries[each] for each in "lab"))))
        site.calls.clear()
        entries["l"] = link(NEW, **more)
        manifest = folder.manifest(folder.dataset("k", *(entries[each] for each in order)))
        planned = await publish(manifest, dry_run=True)
        (told,) = (each for each in planned.datasets[0].resources if each.key == "link")
        assert told.reason == f"address changed from {OLD}"
        report = await publish(manifest)
        made = [call.name for call in site.calls if call.method != "GET"]
        site.calls.clear()
        again = await publish(manifest)
        assert again.totals.datasets.unchanged == 1
        assert [call.name for call in site.calls if call.method != "GET"] == []
        return report, made

    return move


def the_link(site: Site) -> Any:
    (dataset,) = site.datasets.values()
    (found,) = (each for each in dataset.resources if each.key == "link")
    return found


async def test_a_new_address_is_one_request(move: Any, site: Site) -> None:
    report, made = await move(description="new")
    assert report.run.exit_code == 0
    assert made == ["move_link"]
    assert (the_link(site).url, the_link(site).metadata.description) == (NEW, "new")
    assert report.totals.requests.planned == 1


async def test_what_else_is_to_be_said_goes_into_one_list(move: Any, site: Site) -> None:
    report, made = await move(order="abl")
    assert report.run.exit_code == 0
    assert made == ["move_link", "set_resources"]
    (dataset,) = site.datasets.values()
    assert [each.key for each in dataset.resources] == ["a.csv", "b.csv", "link"]
    assert report.totals.requests.planned == 2


async def test_many_links_are_a_request_each_and_one_list(
    publish: Any, folder: Any, site: Site
) -> None:
    def manifest(version: int, *more: Any) -> Any:
        addresses = (f"https://www.example.org/{number}?v={version}" for number in range(8))
        links = (link(url, key=f"k{n}", title=f"L {n}") for n, url in enumerate(addresses))
        return folder.manifest(folder.dataset("k", *links, *more))

    await publish(manifest(1))
    site.calls.clear()
    report = await publish(manifest(2, "a.csv"))
    made = [call.name for call in site.calls if call.method != "GET"]
    assert made == ["upload", *["move_link"] * 8, "set_resources"]
    assert report.totals.requests.planned == len(made)
    assert report.totals.resources.described == 8


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_a_lost_answer_is_looked_after(
    move: Any, site: Site, lose_answers: Any, *, before: bool
) -> None:
    site.trouble = losing = lose_answers("move_link", before=before)
    report, made = await move(description="new")
    assert (report.run.exit_code, losing.left) == (0, 0)
    assert made == ["move_link"] * (2 if before else 1)
    assert (the_link(site).url, the_link(site).metadata.description) == (NEW, "new")


async def test_what_is_refused_of_a_link_does_not_keep_it_from_moving(
    publish: Any, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("k", link(OLD), "a.csv"))
    await publish(manifest)

    async def trouble(call: Call, carry_out: Any) -> Any:
        item = call.items[0] if call.name == "move_link" else None
        if item and item.changes and item.changes.description:
            raise ResourceFailed("the portal refused it (no such words)")
        return await carry_out()

    site.trouble = trouble
    manifest = folder.manifest(folder.dataset("k", link(NEW, description="bad"), "a.csv"))
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert "no such words" in report.datasets[0].resources[0].error
    assert the_link(site).url == NEW


async def test_a_portal_that_refuses_the_address_is_not_asked_for_ever(
    publish: Any, folder: Any, site: Site, refuse: Any
) -> None:
    await publish(folder.manifest(folder.dataset("k", link(OLD), "a.csv")))
    site.calls.clear()
    site.trouble = refuse("move_link", ResourceFailed("the portal refused it (no such TLD)"))
    report = await publish(folder.manifest(folder.dataset("k", link(NEW), "b.csv", "a.csv")))
    made = [call.name for call in site.calls if call.method != "GET"]
    assert made == ["upload", "move_link", "move_link", "set_resources"]
    assert report.run.exit_code == 1
    assert "no such TLD" in report.datasets[0].resources[0].error
    assert the_link(site).url == OLD
    (dataset,) = site.datasets.values()
    assert [each.key for each in dataset.resources] == ["link", "b.csv", "a.csv"]


async def test_an_address_that_is_not_kept_fails_the_link(
    publish: Any, folder: Any, site: Site
) -> None:
    await publish(folder.manifest(folder.dataset("k", link(OLD))))

    async def forgetful(call: Call, carry_out: Any) -> Any:
        if call.name != "move_link":
            return await carry_out()
        return replace(the_link(site))

    site.trouble = forgetful
    report = await publish(folder.manifest(folder.dataset("k", link(NEW))))
    assert report.run.exit_code == 1
    assert "did not take over its address" in str(report.datasets[0])


async def test_a_link_that_vanished_is_looked_for_again(
    publish: Any, folder: Any, site: Site
) -> None:
    await publish(folder.manifest(folder.dataset("k", link(OLD), "a.csv")))
    left = [1]

    async def deleting(call: Call, carry_out: Any) -> Any:
        if call.name == "move_link" and left.pop():
            (dataset,) = site.datasets.values()
            others = [each for each in dataset.resources if each.key != "link"]
            site.order(dataset, others)
            left.append(0)
        return await carry_out()

    site.trouble = deleting
    report = await publish(folder.manifest(folder.dataset("k", link(NEW), "a.csv")))
    assert report.run.exit_code == 0
    assert the_link(site).url == NEW


# --- what it tells of the file behind it --------------------------------------------------


async def test_a_checksum_is_taken_away_by_null_and_stays_where_nothing_is_said(
    publish: Any, folder: Any, site: Site
) -> None:
    told = "sha256:" + "0a" * 32

    async def said(**more: Any) -> tuple[list[str], str]:
        manifest = folder.manifest(folder.dataset("k", link(OLD, **more)))
        planned = await publish(manifest, dry_run=True)
        site.calls.clear()
        assert (await publish(manifest)).run.exit_code == 0
        writes = [call.name for call in site.calls if call.method != "GET"]
        assert (await publish(manifest)).totals.datasets.unchanged == 1
        assert planned.totals.requests.planned == len(writes)
        return writes, planned.datasets[0].resources[0].reason

    assert (await said(checksum=None))[0] == ["create_dataset", "create_link", "set_resources"]
    assert the_link(site).checksum is None
    assert (await said(checksum=told))[0] == ["move_link"]
    assert str(the_link(site).checksum) == told
    assert (await said())[0] == []
    assert await said(checksum=None) == (["move_link"], f"its checksum, {told}, is taken away")
    assert the_link(site).checksum is None
    writes, reason = await said(checksum=told, size=3)
    assert (writes, reason) == (
        ["move_link"],
        "the size and checksum of the file behind it are new",
    )
