"""Runs on GitLab's releases: what everybody gets, and that nothing is ever there twice."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import anyio
import pytest

import bulkpub
from bulkpub import RunReport
from bulkpub.cli.report_file import write_report
from bulkpub.pipeline import Verify
from bulkpub.portals import memory
from tests.portals import github_site
from tests.portals.gitlab_site import DEVELOPER, JOB, MAINTAINER, REPORTER, Site, serving

pytestmark = pytest.mark.served

Publish = Callable[..., Awaitable[RunReport]]
MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


@pytest.fixture
def publish(site: Site, publish_to: Callable[..., Awaitable[RunReport]]) -> Publish:
    async def publish(manifest: Any, *, key: str = MAINTAINER, **more: Any) -> RunReport:
        return await publish_to(site.portal, key, manifest, **more)

    return publish


def sound(report: RunReport) -> RunReport:
    assert report.run.exit_code == 0, (
        report.run.error,
        report.run.problems,
        [d.error for d in report.datasets],
        report.datasets,
    )
    return report


def whole(site: Site, tag: str) -> dict[str, bytes]:
    """What everybody gets of a release, by titles; each file lies in the registry once."""
    shown, urls = site.shown(tag), [each["url"] for each in site.links[tag]]
    stored = [name for package, name in site.stored() if package == tag]
    assert sorted(url.rpartition("/")[2] for url in urls) == sorted(stored)
    assert len(set(stored)) == len(stored)
    return shown


# --- what is published ----------------------------------------------------------------------


async def test_a_dataset_becomes_a_release_and_its_files_can_be_had_by_their_permalinks(
    publish: Publish, folder: Any, site: Site
) -> None:
    folder.file("été.csv", "a")
    folder.file("b.csv", "b")
    said = {"title": "Vélos", "description": "Les *comptages*.\n\nTous."}
    entries = ({"path": "été.csv", "title": "Comptages"}, "b.csv")
    manifest = folder.manifest(folder.dataset("velos", *entries, **said))
    report = sound(await publish(manifest))
    assert whole(site, "velos") == {"Comptages": b"a", "b.csv": b"b"}
    release = site.releases["velos"]
    assert release["name"] == "Vélos"
    assert release["description"].startswith("Les *comptages*.\n\nTous.\n\n<!-- bulkpub {")
    assert report.datasets[0].page == f"{site.base}/ville-exemple/open-data/velos/-/releases/velos"
    async with aiohttp.ClientSession() as session:
        for resource in report.datasets[0].resources:
            async with session.get(str(resource.permalink)) as answer:
                assert await answer.read() == (folder.path / str(resource.source)).read_bytes()
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []
    # The project, the listings of releases and of packages; the release and its package's files.
    assert len(site.asked) == 5


async def test_a_changed_file_takes_the_place_of_the_one_before_under_its_permalink(
    publish: Publish, folder: Any, site: Site
) -> None:
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", {"path": "a.csv", "title": "A"}, "b.csv"))
    before = sound(await publish(manifest)).datasets[0].resources[0]
    folder.file("a.csv", "changed")
    site.asked.clear()
    after = sound(await publish(manifest)).datasets[0].resources[0]
    assert (after.id, after.permalink, after.status) == (before.id, before.permalink, "replaced")
    assert whole(site, "velos")["A"] == b"changed"
    assert [method for method, _ in site.writes] == ["PUT", "DELETE"]


async def test_what_is_no_longer_wanted_goes_with_its_file_and_a_dataset_with_all_of_them(
    publish: Publish, folder: Any, site: Site
) -> None:
    await publish(folder.manifest(folder.dataset("velos", "a.csv", "b.csv")))
    sound(await publish(folder.manifest(folder.dataset("velos", "b.csv", prune="all"))))
    assert list(whole(site, "velos")) == ["b.csv"]
    absent = folder.manifest({"key": "velos", "state": "absent"})
    sound(await publish(absent, allow_mass_delete=True))
    assert (site.releases, site.stored()) == ({}, [])
    sound(await publish(absent))


async def test_links_to_other_servers_are_listed_beside_files(
    publish: Publish, folder: Any, site: Site
) -> None:
    link = {"link": "https://example.org/api", "title": "API"}
    sound(await publish(folder.manifest(folder.dataset("velos", "a.csv", link))))
    assert {each["name"] for each in site.links["velos"]} == {"a.csv", "API"}
    site.asked.clear()
    sound(await publish(folder.manifest(folder.dataset("velos", "a.csv", link))))
    assert site.writes == []


async def test_plan_says_what_a_release_cannot_do(
    publish: Publish, folder: Any, site: Site
) -> None:
    said = {"license": "lov2", "frequency": "daily", "tags": ["velo"]}
    entry = {"path": "a.csv", "type": "main", "description": "Tous"}
    folder.file("a.csv")
    manifest = folder.manifest(folder.dataset("velos", entry, "b.csv", **said))
    report = sound(await publish(manifest, dry_run=True))
    notes = " ".join(report.datasets[0].notes)
    for what in ("license", "frequency", "tags", "type", "description", "order"):
        assert what in notes
    assert site.writes == []


async def test_a_tag_with_the_day_in_it_makes_a_release_a_day(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("k", "a.csv", release_tag="{key}-{today}"))
    for day in ("2026-11-02", "2026-11-03", "2026-11-03"):
        sound(await publish(manifest, variables={"today": day}))
    assert list(site.releases) == ["k-2026-11-02", "k-2026-11-03"]
    for tag in site.releases:
        assert list(whole(site, tag)) == ["a.csv"]


async def test_a_package_that_somebody_deletes_meanwhile_is_made_again(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))

    def delete(_method: str, path: str) -> None:
        if path == "/releases/velos" and "velos" in site.releases:
            site.packages.clear()
            site.files.clear()
            site.trouble = lambda _method, _path: None

    site.trouble = delete
    sound(await publish(manifest))
    assert list(whole(site, "velos")) == ["a.csv"]


async def test_a_package_that_somebody_has_hidden_is_known_all_the_same(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))
    (package,) = site.packages.values()
    package["status"] = "hidden"
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


async def test_the_shipped_example_is_published_changed_and_published_again(
    publish: Publish, folder: Any, site: Site
) -> None:
    shutil.copytree(MANIFESTS, folder.path / "manifests")
    manifest = folder.path / "manifests" / "gitlab-releases.yaml"
    sound(await publish(manifest, variables={"today": "2026-11-02"}))
    assert list(site.releases) == ["jours-feries", "arrondissements-2026-11-02"]
    links = {each["name"]: each["url"] for each in site.links["jours-feries"]}
    assert links.pop("API des jours fériés") == "https://calendrier.api.gouv.fr/jours-feries/"
    assert len(links) == 13
    changed = folder.path / "manifests" / "data" / "jours-feries" / "Jours fériés Métropole.csv"
    assert changed.exists()
    changed.write_bytes(b"jour\n")
    sound(await publish(manifest, variables={"today": "2026-11-03"}))
    assert site.content_at(links["Jours fériés Métropole"]) == b"jour\n"
    assert list(site.releases)[1:] == ["arrondissements-2026-11-02", "arrondissements-2026-11-03"]
    site.asked.clear()
    sound(await publish(manifest, variables={"today": "2026-11-03"}))
    assert site.writes == []


async def test_a_release_that_somebody_made_is_taken_over_with_what_it_has(
    publish: Publish, folder: Any, site: Site
) -> None:
    sound(await publish(folder.manifest(folder.dataset("other", "a.csv"))))
    site.tags.add("v1")
    site.releases["v1"] = {**site.releases["other"], "tag_name": "v1", "description": "By hand"}
    site.links["v1"] = [dict(site.links["other"][0])]
    dataset = folder.dataset("velos", "a.csv", "b.csv", release_tag="v1", description="By us")
    sound(await publish(folder.manifest(dataset)))
    assert set(site.shown("v1")) == {"a.csv", "b.csv"}
    assert site.releases["v1"]["description"].startswith("By us\n\n<!-- bulkpub {")
    assert len(site.stored()) == 2  # what is the same already is not sent again


async def test_many_files_arrive_at_once_but_the_first_which_makes_the_package(
    publish: Publish, folder: Any, site: Site
) -> None:
    names = [f"{number}.csv" for number in range(12)]
    site.most_page = 5
    sound(await publish(folder.manifest(folder.dataset("velos", *names)), uploads=6))
    assert set(whole(site, "velos")) == set(names)
    site.asked.clear()
    sound(await publish(folder.manifest(folder.dataset("velos", *names))))
    assert site.writes == []


async def test_many_releases_are_made_and_found_again(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.most_page = 7
    manifest = folder.manifest(
        *(folder.dataset(f"d{n}", f"{n}.csv", "b.csv") for n in range(10)),
        *(folder.dataset(f"w{n}", f"{n}.csv", publish="when-complete") for n in range(10)),
    )
    sound(await publish(manifest))
    assert len(site.releases) == 20
    assert {len(whole(site, tag)) for tag in site.releases} == {1, 2}
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


async def test_one_manifest_goes_to_a_catalogue_and_to_the_releases_of_both_hosts(
    folder: Any, site: Site
) -> None:
    name = uuid4().hex
    catalogue = memory.site(name)
    keys = {
        "BULKPUB_KEY_A": "any",
        "BULKPUB_KEY_B": github_site.WRITER,
        "BULKPUB_KEY_C": MAINTAINER,
    }
    connection = bulkpub.Connection(environment=keys)
    async with github_site.serving() as github:
        addresses = (catalogue.address, github.portal, site.portal)
        destinations = [
            {"portal": address, "name": f"to {key[-1]}", "key_env": key}
            for address, key in zip(addresses, keys, strict=True)
        ]
        said = {"license": "lov2", "tags": ["velo"], "publish": "when-complete"}
        dataset = folder.dataset("velos", "a.csv", "b.csv", **said)
        dataset.pop("organization", None)
        manifest = folder.manifest(dataset | {"personal": True}, destinations=destinations)
        sound(await bulkpub.publish(manifest, connection=connection))
        assert [len(each.resources) for each in catalogue.datasets.values()] == [2]
        assert [len(each["assets"]) for each in github.releases.values()] == [2]
        assert set(whole(site, "velos")) == {"a.csv", "b.csv"}
        site.asked.clear()
        report = sound(await bulkpub.publish(manifest, connection=connection))
        assert site.writes == []
        assert report.totals.datasets.unchanged == 3
    memory._sites.pop(name)


# --- what goes wrong --------------------------------------------------------------------------

WRITES = {
    "release": ("POST", "/releases"),
    "file": ("PUT", "/packages/generic/velos/release/a.csv"),
    "link": ("POST", "/assets/links"),
    "title": ("PUT", "/assets/links/"),
}


def once(fault: str, method: str, part: str) -> Callable[[str, str], str | None]:
    left = [fault]

    def trouble(asked: str, path: str) -> str | None:
        is_it = asked == method and (path.endswith(part) or (part.endswith("/") and part in path))
        return left.pop() if left and is_it else None

    return trouble


@pytest.mark.parametrize("fault", ["lost", "dropped", "500", "500-done"])
@pytest.mark.parametrize("write", WRITES)
async def test_a_lost_answer_publishes_nothing_twice(
    *, publish: Publish, folder: Any, site: Site, write: str, fault: str
) -> None:
    site.trouble = once(fault, *WRITES[write])
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", {"path": "a.csv", "title": "A"}, "b.csv"))
    sound(await publish(manifest))
    assert set(whole(site, "velos")) == {"A", "b.csv"}
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


@pytest.mark.parametrize("fault", ["lost", "dropped", "500", "500-done", "429"])
async def test_a_lost_answer_to_a_replacement_leaves_the_latest_alone(
    *, publish: Publish, folder: Any, site: Site, fault: str
) -> None:
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))
    site.trouble = once(fault, *WRITES["file"])
    folder.file("a.csv", "changed")
    sound(await publish(manifest))
    assert site.shown("velos") == {"a.csv": b"changed"}
    assert len(site.links["velos"]) == 1
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


async def ended(
    publish: Publish, manifest: Any, site: Site, number: int, *, carried_out: bool
) -> bool:
    """Publish, and end it at its write with this number; whether there was such a write."""
    met = 0

    def trouble(method: str, _path: str) -> str | None:
        nonlocal met
        met += method != "GET"
        if met == number and method != "GET":
            scope.cancel()
            return "lost" if carried_out else "dropped"
        return None

    site.trouble = trouble
    with anyio.CancelScope() as scope:
        await publish(manifest)
    site.trouble = lambda _method, _path: None
    return met >= number


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried-out", "not-carried-out"])
async def test_ended_at_each_of_its_writes_in_turn_it_is_whole_after_the_next_run(
    *, publish: Publish, folder: Any, site: Site, carried_out: bool
) -> None:
    first = ({"path": "a.csv", "title": "A"}, "b.csv", {"path": "c.csv", "title": "C"})
    then = ({"path": "a.csv", "title": "New"}, "b.csv", "d.csv")
    for number in range(1, 30):
        key = f"velos-{number}"
        for name in "abcd":
            folder.file(f"{name}.csv", name)
        manifest = folder.manifest(folder.dataset(key, *first))
        was_met = await ended(publish, manifest, site, number, carried_out=carried_out)
        sound(await publish(manifest))
        assert whole(site, key) == {"A": b"a", "b.csv": b"b", "C": b"c"}
        folder.file("a.csv", "changed")
        manifest = folder.manifest(folder.dataset(key, *then, title="Other", prune="all"))
        was_met |= await ended(publish, manifest, site, number, carried_out=carried_out)
        sound(await publish(manifest))
        assert site.shown(key) == {"New": b"changed", "b.csv": b"b", "d.csv": b"d"}
        assert len(site.links[key]) == 3
        assert site.releases[key]["name"] == "Other"
        site.asked.clear()
        sound(await publish(manifest))
        assert site.writes == []
        if not was_met:
            assert number >= 10
            return
    raise AssertionError("a run has more writes than were tried")


@pytest.mark.parametrize("publishing", ["at once", "when-complete"])
async def test_a_saved_plan_that_ended_at_any_write_is_completed_by_the_same_plan(
    *, publish: Publish, folder: Any, site: Site, publishing: str, tmp_path: Path
) -> None:
    first = ({"path": "a.csv", "title": "A"}, "b.csv", {"path": "c.csv", "title": "C"})
    then = ({"path": "a.csv", "title": "New"}, "b.csv", "d.csv")
    said = {"publish": publishing} if publishing == "when-complete" else {}
    plan = tmp_path / "plan.json"
    was_met = True

    async def carry_out(manifest: Any) -> None:
        nonlocal was_met
        write_report(await publish(manifest, dry_run=True, exact=True), str(plan))
        run = partial(publish, plan=plan)
        was_met |= await ended(run, manifest, site, number, carried_out=number % 2 > 0)
        sound(await publish(manifest, plan=plan))

    for number in range(1, 30):
        was_met, key = False, f"velos-{number}"
        for name in "abcd":
            folder.file(f"{name}.csv", name)
        await carry_out(folder.manifest(folder.dataset(key, *first, **said)))
        folder.file("a.csv", "changed")
        await carry_out(folder.manifest(folder.dataset(key, *then, title="Other", prune="all")))
        assert site.shown(key) == {"New": b"changed", "b.csv": b"b", "d.csv": b"d"}
        assert len(site.links[key]) == 3
        if not was_met:
            return
    raise AssertionError("a run has more writes than were tried")


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried-out", "not-carried-out"])
async def test_a_release_that_waits_until_it_is_complete_is_never_seen_by_halves(
    *, publish: Publish, folder: Any, site: Site, carried_out: bool
) -> None:
    """Ended at each of its writes in turn: it is there with all it has, or not at all."""
    link = {"link": "https://example.org/api", "title": "API"}
    entries = ({"path": "a.csv", "title": "A"}, "b.csv", link)
    for name in "ab":
        folder.file(f"{name}.csv", name)
    for number in range(1, 12):
        key = f"velos-{number}"
        manifest = folder.manifest(folder.dataset(key, *entries, publish="when-complete"))
        was_met = await ended(publish, manifest, site, number, carried_out=carried_out)
        assert len(site.links.get(key, (1, 2, 3))) == 3
        report = sound(await publish(manifest))
        links = {each["id"]: each["direct_asset_url"] for each in site.links[key]}
        told = {int(str(r.id)): r.permalink for r in report.datasets[0].resources}
        assert told == links
        site.links[key] = [each for each in site.links[key] if each["name"] != "API"]
        assert whole(site, key) == {"A": b"a", "b.csv": b"b"}
        sound(await publish(manifest))  # the link that somebody took away is made again
        assert "bulkpub:draft" not in site.releases[key]["description"]
        assert site.releases[key]["name"] == f"Dataset {key}"
        site.asked.clear()
        sound(await publish(manifest))
        assert site.writes == []
        if not was_met:
            assert number >= 4  # two files and the release
            return
    raise AssertionError("a run has more writes than were tried")


async def test_what_is_not_complete_waits_for_the_next_run_which_may_be_anybodys(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.largest = 10
    folder.file("a.csv", "a")
    folder.file("b.csv", "b" * 11)
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv", publish="when-complete"))
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert site.releases == {}
    assert any("stays a draft" in note for note in report.datasets[0].notes)
    report = await publish(manifest, dry_run=True)
    assert "public once all its files are in" in report.datasets[0].reason
    folder.file("b.csv", "b")
    site.asked.clear()
    sound(await publish(manifest))
    assert whole(site, "velos") == {"a.csv": b"a", "b.csv": b"b"}
    assert [method for method, _ in site.writes] == ["PUT", "POST"]


@pytest.mark.parametrize("fault", ["lost", "dropped", "500", "500-done"])
async def test_a_lost_answer_to_the_release_itself_makes_none_twice(
    *, publish: Publish, folder: Any, site: Site, fault: str
) -> None:
    site.trouble = once(fault, "POST", "/releases")
    manifest = folder.manifest(folder.dataset("velos", "a.csv", publish="when-complete"))
    sound(await publish(manifest))
    assert list(whole(site, "velos")) == ["a.csv"]
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


async def test_a_release_that_waits_can_be_taken_back(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.largest = 10
    folder.file("b.csv", "b" * 11)
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv", publish="when-complete"))
    await publish(manifest)
    absent = folder.manifest({"id": "velos", "state": "absent"})  # it carries no key yet
    sound(await publish(absent, allow_mass_delete=True))
    assert (site.releases, site.stored()) == ({}, [])


async def test_a_file_that_got_no_link_is_not_sent_again(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv"))
    await ended(publish, manifest, site, 3, carried_out=False)
    half_made = {name for _, name in site.stored()} - {each["name"] for each in site.links["velos"]}
    assert half_made
    site.duplicates = False
    site.asked.clear()
    sound(await publish(manifest))
    assert set(whole(site, "velos")) == {"a.csv", "b.csv"}
    sent = {path.rpartition("/")[2] for method, path in site.writes if method == "PUT"}
    assert not sent & half_made


# --- keys and rights --------------------------------------------------------------------------


async def test_the_token_of_a_job_is_enough(publish: Publish, folder: Any, site: Site) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest, key=JOB))
    assert set(site.keys) == {"JOB-TOKEN"}
    site.asked.clear()
    sound(await publish(manifest))  # and what it published a person's key knows, too
    assert site.writes == []
    sound(await publish(manifest, key=JOB))
    assert site.writes == []


async def test_a_developer_replaces_files_and_earlier_ones_stay(
    publish: Publish, folder: Any, site: Site
) -> None:
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest, key=DEVELOPER))
    for content in ("changed", "changed again"):
        folder.file("a.csv", content)
        sound(await publish(manifest, key=DEVELOPER))
        assert site.shown("velos") == {"a.csv": content.encode()}
    assert len(site.stored()) == 3
    folder.file("a.csv", "by a maintainer")
    sound(await publish(manifest))
    assert whole(site, "velos") == {"a.csv": b"by a maintainer"}


async def test_who_may_only_read_is_told_what_a_key_needs(
    publish: Publish, folder: Any, site: Site
) -> None:
    report = await publish(folder.manifest(folder.dataset("velos", "a.csv")), key=REPORTER)
    assert report.run.exit_code == 1
    error = str(report.datasets[0].error)
    assert "no right to write the new release (403" in error
    assert "role of a developer" in error
    assert site.releases == {}


@pytest.mark.parametrize(
    ("key", "ending", "said"),
    [
        ("glpat-unknown", "", "does not accept the key (401"),
        (MAINTAINER, "-of-others", "there is no such project"),
    ],
)
async def test_a_wrong_key_and_a_wrong_address_end_the_run_before_anything_is_sent(
    *, publish_to: Any, folder: Any, site: Site, key: str, ending: str, said: str
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    report = await publish_to(site.portal + ending, key, manifest)
    assert report.run.exit_code in {2, 3}
    assert said in str(report.run.error)
    assert key not in str(report)
    assert site.writes == []


# --- what a project may be like -----------------------------------------------------------------


async def test_a_repository_without_a_commit_is_told_of(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.branch = None
    report = await publish(folder.manifest(folder.dataset("velos", "a.csv")))
    assert "repository is empty" in str(report.datasets[0].error)


async def test_a_group_that_forbids_duplicates_is_told_of_when_a_file_changes(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.duplicates = False
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv"))
    sound(await publish(manifest))
    folder.file("a.csv", "changed")
    report = await publish(manifest)
    assert report.run.exit_code == 1
    assert "allow duplicates of generic packages" in str(report.datasets[0].resources[0].error)
    assert site.shown("velos")["a.csv"] == b"a"


async def test_an_older_gitlab_that_does_not_tell_of_the_file_is_asked(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.selects = False
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))
    folder.file("a.csv", "changed")
    sound(await publish(manifest))
    assert whole(site, "velos") == {"a.csv": b"changed"}


async def test_a_file_that_is_too_large_is_told_of_and_the_others_are_published(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.largest = 10
    folder.file("large.csv", "x" * 11)
    folder.file("b.csv", "b")
    report = await publish(folder.manifest(folder.dataset("velos", "large.csv", "b.csv")))
    assert report.run.exit_code == 1
    assert "too large" in str(report.datasets[0].resources[0].error)
    assert list(site.shown("velos")) == ["b.csv"]


async def test_two_files_of_one_title_are_told_of_before_anything_is_sent(
    publish: Publish, folder: Any, site: Site
) -> None:
    for name in ("a.csv", "b.csv"):
        folder.file(name)
    entries = ({"path": "a.csv", "title": "Same"}, {"path": "b.csv", "title": "Same"})
    report = await publish(folder.manifest(folder.dataset("velos", *entries)))
    assert report.run.exit_code == 2
    assert "one resource with the title 'Same'" in report.run.problems[0].message
    assert site.writes == []


async def test_titles_change_places_and_a_file_may_be_called_as_another_is_titled(
    publish: Publish, folder: Any, site: Site
) -> None:
    def manifest(*titles: str) -> Any:
        entries = [
            {"path": f"{name}.csv", "title": title}
            for name, title in zip("abc", titles, strict=True)
        ]
        return folder.manifest(folder.dataset("velos", *entries))

    for name in "abc":
        folder.file(f"{name}.csv", name)
    for titles in (("b.csv", "c.csv", "C"), ("c.csv", "C", "b.csv"), ("A", "c.csv", "C")):
        sound(await publish(manifest(*titles)))
        assert site.shown("velos") == dict(zip(titles, (b"a", b"b", b"c"), strict=True))
        site.asked.clear()
        sound(await publish(manifest(*titles)))
        assert site.writes == []


async def test_a_project_that_was_moved_is_told_of_and_nothing_is_sent_after_it(
    publish: Publish, folder: Any, site: Site
) -> None:
    site.moved_to = "https://gitlab.example/api/v4/projects/81"
    report = await publish(folder.manifest(folder.dataset("velos")))
    assert report.run.exit_code == 2
    assert "https://gitlab.example/api/v4/projects/81" in str(report.run.error)
    assert len(site.asked) == 1


@pytest.mark.parametrize("answer", [b"<html>", b'{"tag_name": 3}', b'[{"id": 1}]', b"{", b""])
@pytest.mark.parametrize("path", ["", "/releases", "/releases/velos", "/packages"])
async def test_an_answer_that_makes_no_sense_fails_and_publishes_nothing_twice(
    *, publish: Publish, folder: Any, site: Site, path: str, answer: bytes
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))
    site.nonsense[path] = answer
    report = await publish(manifest)
    assert report.run.exit_code != 0 or (path, answer) == ("/releases", b"")
    site.nonsense.clear()
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


async def test_a_listing_without_an_end_is_given_up(
    publish: Publish, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest))
    site.endless = True
    report = await publish(manifest)
    assert "no end" in str(report.run.error)
    assert len(site.asked) < 30


async def test_the_quota_that_gitlab_announces_is_known(publish: Publish, folder: Any) -> None:
    report = sound(await publish(folder.manifest(folder.dataset("velos"))))
    assert report.rate_limit.limit == 2000


async def test_something_else_at_the_address_is_told_of(
    publish_to: Any, folder: Any, site: Site
) -> None:
    report = await publish_to(
        f"{site.base}/other/api/v4/projects/24", MAINTAINER, folder.manifest(folder.dataset("a"))
    )
    assert report.run.exit_code != 0
    assert "no such project" in str(report.run.error)


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
@pytest.mark.parametrize("key", [MAINTAINER, JOB], ids=["person", "job"])
async def test_verify_compares_what_everybody_gets_or_whoever_may(
    *, publish: Publish, folder: Any, site: Site, key: str, public: bool
) -> None:
    site.public = public
    folder.file("a.csv", "a")
    manifest = folder.manifest(folder.dataset("velos", "a.csv"))
    sound(await publish(manifest, key=key))
    check = partial(publish, manifest, key=key, dry_run=True, verify=Verify.FULL)
    sound(await check())
    (file,) = site.files[next(iter(site.packages))]
    site.contents[file["id"]] = b"b"
    report = await check()
    assert "serves other bytes" in str(report.datasets[0].resources[0].error)


async def test_a_plan_counts_what_a_run_takes(publish: Publish, folder: Any, site: Site) -> None:
    for name in "abc":
        folder.file(f"{name}.csv", name)
    link = {"link": "https://example.org/api", "title": "API"}
    entries: list[Any] = [{"path": "a.csv", "title": "A"}, "b.csv", link]
    for said in ({}, {"title": "Other"}):
        manifest = folder.manifest(folder.dataset("velos", *entries, **said))
        planned = (await publish(manifest, dry_run=True)).totals.requests.planned
        site.asked.clear()
        sound(await publish(manifest))
        assert planned == len(site.writes)
        folder.file("a.csv", "changed")
        entries.append("c.csv")
