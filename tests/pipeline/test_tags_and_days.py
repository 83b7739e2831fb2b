"""Tags that are added and removed, and the day of the next update."""

from datetime import date
from typing import Any

import pytest

from bulkpub.portals.memory import Site

TAGS = {"add": ["Culture", "mobilite"], "remove": ["test", "Données brutes"]}


@pytest.fixture
def one(folder: Any) -> Any:
    return lambda **said: folder.manifest(folder.dataset("a", "a.csv", **said))


async def test_a_new_dataset_gets_the_tags_that_are_added(
    publish: Any, one: Any, site: Site, writes: Any
) -> None:
    assert (await publish(one(tags=TAGS))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert dataset.metadata.tags == ("culture", "mobilite")
    site.calls.clear()
    assert (await publish(one(tags=TAGS))).totals.datasets.unchanged == 1
    assert writes(site) == []


async def test_the_other_tags_stay(
    *, publish: Any, one: Any, site: Site, edit: Any, writes: Any
) -> None:
    await publish(one())
    (dataset,) = site.datasets.values()
    edit(dataset, tags=("by-hand", "donnees-brutes", "mobilite", "test"))
    assert (await publish(one(tags=TAGS), dry_run=True)).datasets[0].reason == "differs in: tags"
    assert (await publish(one(tags=TAGS))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert set(dataset.metadata.tags or ()) == {"by-hand", "culture", "mobilite"}
    site.calls.clear()
    assert (await publish(one(tags=TAGS))).totals.datasets.unchanged == 1
    assert writes(site) == []
    # Somebody tags it meanwhile: that stays, too.
    edit(dataset, tags=(*(dataset.metadata.tags or ()), "later"))
    assert (await publish(one(tags=TAGS))).totals.datasets.unchanged == 1
    (dataset,) = site.datasets.values()
    assert "later" in (dataset.metadata.tags or ())


async def test_what_was_tagged_between_looking_and_writing_stays(
    publish: Any, one: Any, site: Site, edit: Any
) -> None:
    await publish(one())
    (dataset,) = site.datasets.values()
    seen = 0

    async def tagging(call: Any, carry_out: Any) -> Any:
        nonlocal seen
        seen += call.method == "GET" and call.name in {"owned_by", "dataset"}
        answer = await carry_out()
        if seen == 1:
            seen += 1
            edit(dataset, tags=("meanwhile",))
        return answer

    site.trouble = tagging
    assert (await publish(one(tags={"add": ["culture"]}))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert dataset.metadata.tags == ("culture", "meanwhile")


async def test_a_list_in_the_dataset_replaces_changes_in_the_defaults(
    publish: Any, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(
        folder.dataset("a", tags=["own-tag"]), folder.dataset("b"), defaults={"tags": TAGS}
    )
    assert (await publish(manifest)).run.exit_code == 0
    tags = {each.key: each.metadata.tags for each in site.datasets.values()}
    assert tags == {"a": ("own-tag",), "b": ("culture", "mobilite")}


@pytest.mark.parametrize("nothing", ["", None])
async def test_the_day_of_the_next_update_is_written_changed_and_taken_away(
    *, publish: Any, one: Any, site: Site, writes: Any, nothing: Any
) -> None:
    for day in ("2027-01-31", "2027-02-28"):
        manifest = one(next_update=day)
        assert (await publish(manifest)).run.exit_code == 0
        (dataset,) = site.datasets.values()
        assert dataset.metadata.next_update == date.fromisoformat(day)
    site.calls.clear()
    assert (await publish(manifest)).totals.datasets.unchanged == 1
    assert (await publish(one())).totals.datasets.unchanged == 1
    assert writes(site) == []
    report = await publish(one(next_update=nothing), dry_run=True)
    assert report.datasets[0].reason == "differs in: next_update"
    assert (await publish(one(next_update=nothing))).run.exit_code == 0
    (dataset,) = site.datasets.values()
    assert not dataset.metadata.next_update
    assert (await publish(one(next_update=nothing))).totals.datasets.unchanged == 1
