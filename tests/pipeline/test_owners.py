"""Whose datasets are: an owner the manifest gives is never ignored, and none is made a second time.

How a portal takes it is in `tests/contract` and `tests/portals`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import bulkpub
from bulkpub.core.model import RemoteDataset
from bulkpub.portals.memory import OTHERS, OURS, Call, Site

Publish = Callable[..., Any]

PERSONAL = {"organization": None, "personal": True}
MINE, OTHER = {"organization": OURS.slug}, {"organization": OTHERS.id}
SAID = {"tags": ["one", "two"], "temporal_coverage": {"start": "2024-01-01", "end": "2024-12-31"}}


@pytest.fixture(autouse=True)
def member_of_both(site: Site) -> None:
    site.account = replace(site.account, organizations=site.organizations)


@pytest.fixture
def wanted(folder: Any, site: Site) -> Callable[..., Any]:
    """A manifest of one dataset with this owner, by its id once it is there or by its key."""

    def wanted(owner: dict[str, Any], *, by: str = "key", **more: Any) -> Any:
        entry = folder.dataset("a", "1.csv", "2.csv", **{**SAID, **owner, **more})
        if by == "id":
            entry["id"] = next(iter(site.datasets))
        return folder.manifest(entry, organization=None)

    return wanted


def only(site: Site) -> RemoteDataset:
    (dataset,) = site.datasets.values()
    return dataset


@pytest.mark.parametrize("by", ["key", "id"])
async def test_a_personal_dataset_becomes_the_organizations_in_one_request(
    *, publish: Publish, wanted: Any, site: Site, writes: Any, by: str
) -> None:
    await publish(wanted(PERSONAL))
    before = only(site)
    manifest = wanted(MINE, by=by)
    site.calls.clear()
    plan = await publish(manifest, dry_run=True)
    assert writes(site) == []
    report = await publish(manifest)
    for told in (plan, report):
        assert told.run.exit_code == 0
        assert told.datasets[0].reason == "differs in: owner (personal → Test Organization)"
    assert writes(site) == [Call("update_dataset", before.id)]
    after = only(site)
    assert after.organization == OURS.id
    assert replace(after, organization=None, modified=before.modified) == before
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert writes(site) == []


async def test_what_else_changed_goes_along(
    *, publish: Publish, wanted: Any, site: Site, writes: Any
) -> None:
    await publish(wanted(PERSONAL))
    site.calls.clear()
    report = await publish(wanted(MINE, title="Another", tags=["three"]))
    assert report.run.exit_code == 0
    assert len(writes(site)) == 1
    assert (only(site).organization, only(site).metadata.tags) == (OURS.id, ("three",))
    assert only(site).metadata.title == "Another"


@pytest.mark.parametrize("by", ["key", "id"])
@pytest.mark.parametrize(("has", "says"), [(MINE, OTHER), (MINE, PERSONAL), (OTHER, MINE)])
async def test_every_other_change_of_owner_is_refused_before_anything_is_written(
    *,
    publish: Publish,
    wanted: Any,
    site: Site,
    writes: Any,
    folder: Any,
    by: str,
    has: dict[str, Any],
    says: dict[str, Any],
) -> None:
    await publish(wanted(has))
    before = only(site)
    site.calls.clear()
    folder.file("1.csv", "changed\n")
    manifest = wanted(says, by=by)
    for dry_run in (True, False):
        report = await publish(manifest, dry_run=dry_run)
        assert report.run.exit_code == 1
        error = str(report.datasets[0].error)
        assert f"belongs to the organization {before.organization} on the portal" in error
        assert "transfer" in error
    assert (writes(site), only(site)) == ([], before)


async def test_an_id_without_an_owner_is_whosever_it_is(publish: Publish, wanted: Any) -> None:
    await publish(wanted(OTHER))
    report = await publish(wanted({"organization": None}, by="id"))
    assert (report.run.exit_code, report.totals.datasets.unchanged) == (0, 1)


async def test_another_dataset_of_the_key_in_another_organization_is_no_hindrance(
    publish: Publish, wanted: Any, site: Site
) -> None:
    """Two cities' manifests may be made after one pattern, and published by one account."""
    await publish(wanted(OTHER, title="Budget of one city"))
    report = await publish(wanted(MINE, title="Budget of another city"))
    assert report.run.exit_code == 0
    assert {each.organization for each in site.datasets.values()} == {OURS.id, OTHERS.id}


async def test_the_organizations_own_is_preferred_to_a_personal_one(
    *, publish: Publish, wanted: Any, site: Site, writes: Any
) -> None:
    await publish(wanted(MINE))
    site.datasets["f" * 24] = replace(only(site), id="f" * 24, organization=None, resources=())
    site.calls.clear()
    assert (await publish(wanted(MINE))).totals.datasets.unchanged == 1
    assert writes(site) == []


async def test_two_personal_ones_are_an_error_that_names_both(
    *, publish: Publish, wanted: Any, site: Site, writes: Any
) -> None:
    await publish(wanted(PERSONAL))
    site.datasets["f" * 24] = replace(only(site), id="f" * 24)
    site.calls.clear()
    report = await publish(wanted(MINE))
    assert (report.run.exit_code, writes(site)) == (1, [])
    assert all(each in str(report.datasets[0].error) for each in site.datasets)


async def test_a_personal_one_that_was_deleted_is_gone(
    publish: Publish, wanted: Any, site: Site, edit: Any
) -> None:
    await publish(wanted(PERSONAL))
    edit(only(site), deleted=True)
    report = await publish(wanted(MINE))
    assert (report.run.exit_code, report.totals.datasets.created) == (0, 1)


async def test_where_everything_is_found_nothing_else_is_looked_through(
    *, publish: Publish, wanted: Any, site: Site
) -> None:
    await publish(wanted(MINE))
    site.calls.clear()
    await publish(wanted(MINE))
    assert [call.name for call in site.calls].count("owned_by") == 1


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
async def test_a_lost_answer_to_the_change_of_owner(
    *, publish: Publish, wanted: Any, site: Site, lose_answers: Any, before: bool
) -> None:
    await publish(wanted(PERSONAL))
    site.trouble = losing = lose_answers("update_dataset", before=before)
    report = await publish(wanted(MINE))
    assert losing.left == 0
    assert report.run.exit_code == 0
    assert only(site).organization == OURS.id
    assert (await publish(wanted(MINE))).totals.datasets.unchanged == 1


async def test_a_portal_that_keeps_the_old_owner_is_told(
    publish: Publish, wanted: Any, site: Site
) -> None:
    async def ignore(call: Call, carry_out: Any) -> Any:
        return only(site) if call.name == "update_dataset" else await carry_out()

    await publish(wanted(PERSONAL))
    site.trouble = ignore
    report = await publish(wanted(MINE))
    assert report.run.exit_code == 1
    assert report.datasets[0].error == (
        "the portal did not take over: owner (personal → Test Organization)"
    )


@pytest.mark.parametrize(
    ("has", "says", "words"),
    [
        (PERSONAL, MINE, "differs in: owner (personal → Test Organization)"),
        (OTHER, MINE, f"belongs to the organization {OTHERS.id}"),
        (MINE, PERSONAL, "`personal: true`"),
    ],
)
async def test_verify_says_that_the_owner_differs(
    *,
    publish: Publish,
    wanted: Any,
    site: Site,
    has: dict[str, Any],
    says: dict[str, Any],
    words: str,
) -> None:
    await publish(wanted(has))
    connection = bulkpub.Connection(portal=site.address, key="any-key")
    report = await bulkpub.verify(wanted(says, by="id"), quick=True, connection=connection)
    assert report.run.exit_code == 1
    assert words in str(report.datasets[0].error)
    assert {each.error for each in report.datasets[0].resources} == {None}
