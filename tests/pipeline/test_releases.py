"""Datasets that are releases: known by their tags, their files by their names, and by SHA-256."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from bulkpub import RunReport
from bulkpub.core.model import DatasetMetadata
from bulkpub.errors import ResourceFailed
from bulkpub.portals import github, memory
from bulkpub.portals.memory import Site
from tests.release_rules import RELEASES

MONDAY, TUESDAY = "2026-11-02", "2026-11-03"


@pytest.fixture
def site() -> Iterator[Site]:
    name = uuid4().hex
    yield memory.site(name, RELEASES)
    memory._sites.pop(name)


def files(site: Site) -> dict[str, dict[str, bytes]]:
    """What there is: the bytes of each release's files, by tag and name."""
    return {
        each.slug: {one.file_name: site.files[one.id] for one in each.resources}
        for each in site.datasets.values()
    }


def sound(report: RunReport) -> RunReport:
    assert report.run.exit_code == 0, (report.run.problems, report.datasets)
    return report


async def test_a_dataset_becomes_the_release_of_its_tag_and_the_next_run_writes_nothing(
    *, publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv"))
    report = sound(await publish(manifest))
    assert files(site) == {"velos": {"a.csv": b"a", "b.csv": b"name\nb.csv\n"}}
    (dataset,) = site.datasets.values()
    assert (dataset.metadata.title, dataset.organization) == ("Dataset velos", None)
    outcome = report.datasets[0].resources[0]
    assert (outcome.sha1, outcome.sha256) == (None, hashlib.sha256(b"a").hexdigest())
    assert [call.name for call in writes(site)] == ["create_dataset", "upload", "upload"]
    site.calls.clear()
    sound(await publish(manifest))
    assert writes(site) == []


async def test_what_changes_is_replaced_and_what_is_renamed_is_another_file(
    *, publish: Any, folder: Any, site: Site, statuses: Any
) -> None:
    for name in "abc":
        folder.file(f"{name}.csv", name)
    await publish(folder.manifest(folder.dataset("k", "a.csv", "b.csv", "c.csv")))
    folder.file("a.csv", "new")
    folder.file("d.csv", "b")
    manifest = folder.manifest(folder.dataset("k", "a.csv", "c.csv", "d.csv", prune="all"))
    report = sound(await publish(manifest))
    assert files(site) == {"k": {"a.csv": b"new", "c.csv": b"c", "d.csv": b"b"}}
    assert statuses(report) == {
        "k/a.csv": "replaced",
        "k/c.csv": "unchanged",
        "k/d.csv": "created",
        "k/b.csv": "deleted",
    }


async def test_a_tag_with_the_day_in_it_makes_a_release_a_day(
    publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    manifest = folder.manifest(folder.dataset("k", "a.csv", release_tag="{key}-{today}"))
    sound(await publish(manifest, variables={"today": MONDAY}))
    folder.file("a.csv", "new")
    sound(await publish(manifest, variables={"today": TUESDAY}))
    assert files(site) == {
        f"k-{MONDAY}": {"a.csv": b"name\na.csv\n"},
        f"k-{TUESDAY}": {"a.csv": b"new"},
    }
    site.calls.clear()
    sound(await publish(manifest, variables={"today": TUESDAY}))
    assert writes(site) == []


async def test_a_release_that_somebody_made_is_taken_over_unless_another_key_marks_it(
    publish: Any, folder: Any, site: Site
) -> None:
    made = site.add(DatasetMetadata(title="By hand"), None, datetime.now(UTC), "k")
    manifest = folder.manifest(folder.dataset("k", "a.csv"))
    sound(await publish(manifest))
    assert list(site.datasets) == [made.id]
    assert site.datasets[made.id].key == "k"
    other = folder.manifest(folder.dataset("other", "a.csv", release_tag="k"))
    report = await publish(other)
    assert "carries another key, 'k'" in (report.datasets[0].error or "")
    assert site.datasets[made.id].key == "k"


async def test_two_datasets_cannot_be_one_release(publish: Any, folder: Any, site: Site) -> None:
    one, two = (folder.dataset(key, f"{key}.csv", release_tag="v1") for key in "ab")
    report = await publish(folder.manifest(one, two))
    assert report.run.exit_code == 1
    assert all("release of the tag 'v1'" in (each.error or "") for each in report.datasets)
    assert files(site) == {}


@pytest.mark.parametrize(
    ("entries", "more", "problem"),
    [
        ((("x/a.csv"), ("y/a.csv")), {}, "keeps one file called 'a.csv'"),
        ((("a.csv"),), {"prune": "ours"}, "write 'prune: all'"),
        (({"path": "a.csv", "id": "1"},), {}, "take 'id' away"),
        (({"link": "https://x.example/a"},), {}, "cannot list what stays on another server"),
    ],
)
async def test_what_releases_cannot_do_is_a_problem_where_it_changes_what_is_published(
    *, publish: Any, folder: Any, site: Site, entries: Any, more: Any, problem: str
) -> None:
    folder.file("a.csv")
    report = await publish(folder.manifest(folder.dataset("k", *entries, **more)))
    assert report.run.exit_code == 2
    assert problem in " ".join(each.message for each in report.run.problems)
    assert files(site) == {}


async def test_what_releases_do_not_keep_is_said(publish: Any, folder: Any, site: Site) -> None:
    folder.file("b.csv")
    entries = ["a.csv", {"path": "b.csv", "title": "B"}]
    report = sound(
        await publish(folder.manifest(folder.dataset("k", *entries, license="lov2")), dry_run=True)
    )
    assert report.datasets[0].notes == (
        "the portal cannot hold 'license' of a dataset: left out",
        "the portal cannot hold 'title' of a resource: left out of 1",
        "the portal keeps the resources of a dataset in an order of its own",
    )
    assert files(site) == {}


@pytest.mark.parametrize("name", ["create_dataset", "upload"])
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("left", [1, 2])
async def test_a_lost_answer_publishes_nothing_twice(
    *, publish: Any, folder: Any, site: Site, lose_answers: Any, name: str, before: bool, left: int
) -> None:
    folder.file("a.csv", "a")
    folder.file("b.csv", "b")
    manifest = folder.manifest(folder.dataset("k", "a.csv", "b.csv"))
    site.trouble = lose_answers(name, left, before)
    sound(await publish(manifest))
    assert files(site) == {"k": {"a.csv": b"a", "b.csv": b"b"}}
    folder.file("a.csv", "new")
    site.trouble = lose_answers("upload", left, before)
    sound(await publish(manifest))
    assert files(site) == {"k": {"a.csv": b"new", "b.csv": b"b"}}


async def test_a_draft_becomes_public_once_all_is_in(
    publish: Any, folder: Any, site: Site, refuse: Any
) -> None:
    manifest = folder.manifest(folder.dataset("k", "a.csv", publish="when-complete"))
    site.trouble = refuse("upload", ResourceFailed("no"))
    await publish(manifest)
    assert [each.metadata.private for each in site.datasets.values()] == [True]
    site.trouble = None
    sound(await publish(manifest))
    assert [each.metadata.private for each in site.datasets.values()] == [False]


async def test_only_what_is_ours_is_deleted(publish: Any, folder: Any, site: Site) -> None:
    sound(await publish(folder.manifest(folder.dataset("k", "a.csv"), folder.dataset("l"))))
    absent = {"key": "k", "state": "absent"}
    foreign = {"key": "m", "state": "absent", "release_tag": "l"}
    sound(await publish(folder.manifest(absent, foreign), allow_mass_delete=True))
    assert list(files(site)) == ["l"]
    sound(await publish(folder.manifest(absent), allow_mass_delete=True))


async def test_an_appended_file_is_known_by_its_content(
    publish: Any, folder: Any, site: Site
) -> None:
    entry = {"path": "export", "as": "D-{today}-{seq}.csv", "append": True}
    folder.file("export", "1")
    manifest = folder.manifest(folder.dataset("k", entry))
    for day, content in ((MONDAY, "1"), (TUESDAY, "1"), (TUESDAY, "2"), (TUESDAY, "2")):
        folder.file("export", content)
        sound(await publish(manifest, variables={"today": day}))
    assert files(site) == {"k": {f"d-{MONDAY}-1.csv": b"1", f"d-{TUESDAY}-1.csv": b"2"}}


async def test_a_file_is_removed_once_the_release_has_it(
    publish: Any, folder: Any, site: Site
) -> None:
    path = folder.file("a.csv", "a")
    entry = {"path": "a.csv", "remove": "verified"}
    report = sound(await publish(folder.manifest(folder.dataset("k", entry))))
    assert report.datasets[0].resources[0].removed
    assert not path.exists()
    assert files(site) == {"k": {"a.csv": b"a"}}


async def test_what_is_only_listed_is_asked_for_before_it_is_judged(
    *, publish: Any, folder: Any, site: Site, writes: Any, statuses: Any
) -> None:
    """A listing that tells which datasets there are, and nothing of their files."""
    site.rules = replace(RELEASES, lists_files=False)
    for name in "abc":
        folder.file(f"{name}.csv", name)
    manifest = folder.manifest(folder.dataset("k", "a.csv", "b.csv"), folder.dataset("l", "c.csv"))
    sound(await publish(manifest))
    site.calls.clear()
    sound(await publish(manifest))
    assert writes(site) == []
    assert [call.name for call in site.calls].count("dataset") == 2
    folder.file("b.csv", "new")
    report = sound(await publish(manifest))
    assert statuses(report) == {
        "k/a.csv": "unchanged",
        "k/b.csv": "replaced",
        "l/c.csv": "unchanged",
    }


async def test_what_was_listed_and_is_gone_when_it_is_asked_for_is_created(
    *, publish: Any, folder: Any, site: Site
) -> None:
    site.rules = replace(RELEASES, lists_files=False)
    manifest = folder.manifest(folder.dataset("k", "a.csv"))
    sound(await publish(manifest))

    async def vanish(call: Any, carry_out: Any) -> Any:
        if call.name == "dataset":
            site.datasets.clear()
        return await carry_out()

    site.trouble = vanish
    assert sound(await publish(manifest)).totals.datasets.created == 1


async def test_links_stand_beside_files_and_what_is_behind_them_is_not_kept(
    *, publish: Any, folder: Any, site: Site, writes: Any
) -> None:
    site.rules = replace(
        RELEASES,
        links=True,
        links_tell_content=False,
        lacks_resource=RELEASES.lacks_resource - {"title"},
    )
    folder.file("here.csv", "here")
    api, data = "https://example.org/api", "https://example.org/data.csv"
    entries = (
        "a.csv",
        {"link": api, "title": "API"},
        {"link": data, "title": "Data", "size": 3, "checksum": f"sha256:{'a' * 64}"},
        {"link": f"{data}?of", "title": "Compared", "of": "here.csv"},
    )
    manifest = folder.manifest(folder.dataset("k", *entries))
    report = sound(await publish(manifest))
    assert any("no size and no checksum" in note for note in report.datasets[0].notes)
    (dataset,) = site.datasets.values()
    assert len(dataset.resources) == 4
    site.calls.clear()
    sound(await publish(manifest))
    assert writes(site) == []
    entries[1]["link"] = f"{api}/v2"
    sound(await publish(folder.manifest(folder.dataset("k", *entries))))
    assert f"{api}/v2" in {each.url for each in site.datasets[dataset.id].resources}
    assert len(site.datasets[dataset.id].resources) == 4


ALL_THERE_IS: dict[str, Any] = {
    "acronym": "ABC",
    "license": "lov2",
    "frequency": "daily",
    "next_update": "2027-01-01",
    "tags": {"add": ["culture"], "remove": ["test"]},
    "temporal_coverage": {"start": "2024"},
    "spatial": {"zones": [{"name": "Paris", "level": "fr:commune"}], "granularity": "fr:commune"},
    "contacts": [{"name": "Service", "email": "a@example.org"}],
    "description_short": "Short.",
    "extras": {"a": 1},
    "access": "open",
    "private": False,
}


async def test_a_manifest_made_for_a_catalogue_goes_to_releases_as_well(
    publish_to: Any, folder: Any, writes: Any
) -> None:
    """What it has no place for is said, and asked for nowhere."""
    name = uuid4().hex
    site = memory.site(name, github.RULES)
    said = {"title": "A", "type": "main", "description": "x", "extras": {"b": 2}}
    folder.file("a.csv")
    entry = {"path": "a.csv", **said, "schema": "etalab/schema-irve-statique"}
    publish = partial(publish_to, site.address, "any-key")
    manifest = folder.manifest(
        folder.dataset("k", entry, **ALL_THERE_IS), organization="of-another-portal"
    )
    planned = sound(await publish(manifest, dry_run=True))
    notes = " ".join(planned.datasets[0].notes)
    lost = set(ALL_THERE_IS) - {"extras", "access", "private"} | {"schema", "type", "title"}
    assert {name for name in lost if f"'{name}'" not in notes} == set()
    assert writes(site) == []
    sound(await publish(manifest))
    assert planned.totals.requests.planned == len(writes(site)) == 2
    site.calls.clear()
    sound(await publish(manifest))
    assert writes(site) == []
    memory._sites.pop(name)
