"""Runs on the imitation of GitHub: what is asked, and what becomes of lost answers and kills."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bulkpub
from bulkpub import RunReport
from bulkpub.cli.report_file import write_report
from bulkpub.portals import memory
from bulkpub.session.asking import asked_of, fares_of, opened
from tests.portals.github_site import NEW_MARK, READER, WRITER, Site, serving

pytestmark = pytest.mark.served

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr("bulkpub.portals.github.calls.APART_S", 0.0)
    async with serving() as opened:
        yield opened


@pytest.fixture
def publish(site: Site, publish_to: Any) -> Callable[..., Any]:
    return partial(publish_to, site.portal, WRITER)


def sound(report: RunReport) -> RunReport:
    assert report.run.exit_code == 0, (report.run.error, report.run.problems, report.datasets)
    return report


# --- what it costs ------------------------------------------------------------------------


async def test_a_file_is_one_request_and_what_is_unchanged_none(
    publish: Any, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("velos", "a.csv", "b.csv"))
    sound(await publish(manifest))
    (number,) = site.releases
    assert site.writes == [
        ("POST", "/releases"),
        *[("POST", f"/releases/{number}/assets")] * 2,
    ]
    (release,) = site.releases.values()
    assert (release["tag_name"], release["name"]) == ("velos", "Dataset velos")
    assert release["body"] == 'About it.\n\n<!-- bulkpub {"bulkpub:key":"velos"} -->'
    site.asked.clear()
    report = sound(await publish(manifest))
    assert site.asked == [("GET", ""), ("GET", "/releases")]
    assert report.totals.resources.unchanged == 2


async def test_a_file_takes_anothers_place_under_its_name(
    publish: Any, folder: Any, site: Site
) -> None:
    folder.file("a.csv", "old")
    manifest = folder.manifest(folder.dataset("k", "a.csv"))
    sound(await publish(manifest))
    (release,) = site.releases.values()
    (old,) = release["assets"]
    folder.file("a.csv", "new")
    site.asked.clear()
    report = sound(await publish(manifest))
    (new,) = release["assets"]
    assert site.writes == [
        ("POST", f"/releases/{release['id']}/assets"),
        ("DELETE", f"/releases/assets/{old['id']}"),
        ("PATCH", f"/releases/assets/{new['id']}"),
    ]
    assert site.shown() == {"k": {"a.csv": b"new"}}
    outcome = report.datasets[0].resources[0]
    assert (outcome.status, outcome.id) == ("replaced", str(new["id"]))
    assert outcome.permalink == new["browser_download_url"]


async def test_a_draft_is_published_once_all_its_files_are_in(
    publish: Any, folder: Any, site: Site
) -> None:
    manifest = folder.manifest(folder.dataset("k", "a.csv", publish="when-complete"))
    site.trouble = lambda _method, path: "502" if path.endswith("/assets") else None
    await publish(manifest)
    assert [each["draft"] for each in site.releases.values()] == [True]
    site.trouble = lambda _method, _path: None
    report = sound(await publish(manifest))
    assert [each["draft"] for each in site.releases.values()] == [False]
    (asset,) = next(iter(site.releases.values()))["assets"]
    assert report.datasets[0].resources[0].permalink == asset["browser_download_url"]
    assert "untagged" not in asset["browser_download_url"]


async def test_a_release_is_deleted_and_its_tag_is_free(
    publish: Any, folder: Any, site: Site
) -> None:
    datasets = folder.dataset("k", "a.csv"), folder.dataset("l", "b.csv")
    sound(await publish(folder.manifest(*datasets)))
    sound(await publish(folder.manifest({"key": "k", "state": "absent"}), allow_mass_delete=True))
    assert list(site.shown()) == ["l"]
    sound(await publish(folder.manifest(*datasets)))
    assert sorted(site.shown()) == ["k", "l"]


async def test_more_releases_than_a_page_are_all_found_again(
    publish: Any, folder: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkpub.portals.github.calls.PAGE_SIZE", 2)
    manifest = folder.manifest(*(folder.dataset(f"k{n}", f"{n}.csv") for n in range(5)))
    sound(await publish(manifest))
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []
    assert site.asked.count(("GET", "/releases")) == 3


async def test_the_shipped_example_is_published_changed_and_published_again(
    publish: Any, folder: Any, site: Site
) -> None:
    shutil.copytree(MANIFESTS, folder.path / "manifests")
    manifest = folder.path / "manifests" / "releases.yaml"
    report = sound(await publish(manifest, variables={"today": "2026-11-02"}))
    assert [each.notes for each in report.datasets] == [
        (
            "the portal cannot hold 'license' of a dataset: left out",
            "the portal cannot hold 'tags' of a dataset: left out",
            "the portal cannot hold 'title' of a resource: left out of 13",
            "the portal keeps the resources of a dataset in an order of its own",
        ),
        ("the portal keeps the resources of a dataset in an order of its own",),
    ]
    assert list(site.shown()) == ["jours-feries", "arrondissements-2026-11-02"]
    assert len(site.shown()["jours-feries"]) == 13
    changed = next((folder.path / "manifests" / "data" / "jours-feries").glob("*.csv"))
    changed.write_bytes(b"jour\n")
    site.asked.clear()
    sound(await publish(manifest, variables={"today": "2026-11-03"}))
    assert b"jour\n" in site.shown()["jours-feries"].values()
    assert list(site.shown())[1:] == ["arrondissements-2026-11-02", "arrondissements-2026-11-03"]
    site.asked.clear()
    sound(await publish(manifest, variables={"today": "2026-11-03"}))
    assert site.writes == []


# --- what everybody gets ------------------------------------------------------------------


@pytest.mark.parametrize("change", [{}, {"private": True}])
@pytest.mark.parametrize("state", ["present", "draft"])
async def test_verifying_downloads_what_everybody_gets_or_else_what_the_key_does(
    *, publish: Any, folder: Any, site: Site, change: Any, state: str
) -> None:
    for name, value in change.items():
        setattr(site, name, value)
    folder.file("a.csv", "right")
    manifest = folder.manifest(folder.dataset("k", "a.csv", state=state))
    sound(await publish(manifest))
    site.keys.clear()
    connection = bulkpub.Connection(portal=site.portal, key=WRITER)
    verify = partial(
        bulkpub.verify, manifest, connection=connection, sources=bulkpub.Sources(allow_private=True)
    )
    sound(await verify())
    (number,) = site.contents
    site.contents[number] = b"wrong"
    report = await verify()
    assert "serves other bytes" in (report.datasets[0].resources[0].error or "")
    away = {key for path, key in site.keys if not path.startswith("/api/")}
    assert away == {""}
    by_api = ("GET", f"/releases/assets/{number}") in site.asked
    assert by_api == (site.private or state == "draft")


async def test_a_manifest_that_names_the_repository_is_read_by_its_rules(
    folder: Any, site: Site, publish_to: Any
) -> None:
    """Which know no organization, and titles of any length."""
    dataset = {**folder.dataset("k", "a.csv"), "title": "T" * 400}
    document = {"portal": site.portal, "datasets": [dataset]}
    manifest = folder.file("own.json", json.dumps(document))
    sound(await publish_to(None, WRITER, manifest))
    assert list(site.shown()) == ["k"]
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bulkpub", "validate", str(manifest), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await done.communicate()
    assert (done.returncode, said) == (0, b"OK: 1 dataset, 1 file of 11 B.\n")


async def test_one_manifest_goes_to_a_catalogue_and_to_releases(folder: Any, site: Site) -> None:
    """Each keeps what it can: the one by SHA-1 and keys, the other by SHA-256, tags and names."""
    catalogue = memory.site("beside-releases", memory.RULES)
    folder.file("a.csv", "a")
    destinations = [
        {"portal": catalogue.address, "name": "catalogue", "key_env": "BULKPUB_KEY_ANY"},
        {"portal": site.portal, "name": "releases", "key_env": "BULKPUB_KEY_GITHUB"},
    ]
    keys = {"BULKPUB_KEY_ANY": "any", "BULKPUB_KEY_GITHUB": WRITER}
    connection = bulkpub.Connection(environment=keys)
    options = bulkpub.RunOptions(look_again_s=0.01)

    async def publish(day: str) -> RunReport:
        entry = {"path": "a.csv", "title": "A"}
        manifest = folder.manifest(
            folder.dataset("k", entry, license="lov2", release_tag="{key}-{today}"),
            destinations=destinations,
        )
        return sound(
            await bulkpub.publish(
                manifest, connection=connection, options=options, variables={"today": day}
            )
        )

    await publish("2026-11-02")
    folder.file("a.csv", "new")
    report = await publish("2026-11-03")
    assert [each.status for each in report.datasets] == ["updated", "created"]
    assert site.shown() == {"k-2026-11-02": {"a.csv": b"a"}, "k-2026-11-03": {"a.csv": b"new"}}
    (dataset,) = catalogue.datasets.values()
    assert (dataset.metadata.license, dataset.resources[0].metadata.title) == ("lov2", "A")
    assert catalogue.files[dataset.resources[0].id] == b"new"
    report = await publish("2026-11-03")
    assert {each.status for each in report.datasets} == {"unchanged"}
    memory._sites.pop("beside-releases")


async def test_it_is_told_how_releases_fare(publish: Any, folder: Any, site: Site) -> None:
    manifest = folder.manifest(folder.dataset("k", "a.csv"), folder.dataset("l", "b.csv"))
    sound(await publish(manifest))
    site.releases = {n: each for n, each in site.releases.items() if each["tag_name"] == "k"}
    connection = bulkpub.Connection(portal=site.portal, key=WRITER)
    (asked,) = asked_of([str(manifest)], connection)
    async with opened(connection) as portal:
        fares = await fares_of(portal, wanted=asked.wanted.index)
    assert [each.dataset.slug for each in fares.datasets] == ["k"]
    assert fares.missing == ("'l' is not on the portal",)
    asked.wanted.index.close()


# --- what is refused ----------------------------------------------------------------------


async def test_a_key_that_may_only_read_is_told_what_it_needs(
    publish_to: Any, folder: Any, site: Site
) -> None:
    report = await publish_to(site.portal, READER, folder.manifest(folder.dataset("k", "a.csv")))
    assert report.run.exit_code == 1
    assert "`contents: write`" in (report.datasets[0].error or "")
    assert "accessible by personal access token" in (report.datasets[0].error or "")


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("ghp_wrong", {}, "GitHub does not accept the key (401: Bad credentials)"),
        (WRITER, {"archived": True}, "is archived: nobody can write to it"),
        (WRITER, {"moved": True}, "redirects"),
    ],
)
async def test_a_portal_that_cannot_be_worked_with_ends_the_run(
    *, publish_to: Any, folder: Any, site: Site, key: str, change: Any, words: str
) -> None:
    for name, value in change.items():
        setattr(site, name, value)
    report = await publish_to(site.portal, key, folder.manifest(folder.dataset("k", "a.csv")))
    assert report.run.exit_code in {2, 3}
    assert words in (report.run.error or "")
    assert site.writes == []


async def test_an_empty_file_is_refused_before_it_is_sent(
    publish: Any, folder: Any, site: Site
) -> None:
    folder.file("a.csv", "")
    manifest = folder.manifest(folder.dataset("k", "a.csv", guard={"empty": "allow"}))
    report = await publish(manifest)
    assert "takes no such file" in (report.datasets[0].resources[0].error or "")
    assert site.writes == []


# --- what goes wrong ----------------------------------------------------------------------


class Trouble:
    """Something goes wrong with the writes numbered from `at` on, `left` of them; then `later`."""

    def __init__(self, what: str, at: int = 0, left: int = 1, later: str | None = None) -> None:
        self.what, self.at, self.left, self.later = what, at, left, later
        self.seen = 0

    def __call__(self, method: str, path: str) -> str | None:
        if method != "GET":
            number, self.seen = self.seen, self.seen + 1
            if self.at <= number < self.at + self.left:
                upload = path.endswith("/assets")
                return self.what if upload or self.what != "starter" else "502"
        return self.later if self.seen >= self.at + self.left else None


TROUBLES = ["lost", "dropped", "502", "starter", "limit"]


def before(folder: Any) -> Any:
    folder.file("a.csv", "old a")
    folder.file("b.csv", "b")
    return folder.manifest(folder.dataset("k", "a.csv", "b.csv"))


def after(folder: Any) -> Any:
    """A file is replaced, one is new, one is deleted, and another dataset is new, and a draft."""
    folder.file("a.csv", "new a")
    folder.file("c.csv", "c")
    folder.file("d.csv", "d")
    changed = folder.dataset("k", "a.csv", "c.csv", prune="all", title="New", description="New")
    return folder.manifest(changed, folder.dataset("l", "d.csv", publish="when-complete"))


WANTED = {"k": {"a.csv": b"new a", "c.csv": b"c"}, "l": {"d.csv": b"d"}}
WRITES = 9


def clean(site: Site) -> None:
    assert site.shown() == WANTED
    names = [each["name"] for release in site.releases.values() for each in release["assets"]]
    assert sorted(names) == ["a.csv", "c.csv", "d.csv"]
    assert [each["draft"] for each in site.releases.values()] == [False, False]


async def test_without_trouble_it_takes_so_many_writes(
    publish: Any, folder: Any, site: Site
) -> None:
    sound(await publish(before(folder)))
    manifest = after(folder)
    planned = sound(await publish(manifest, dry_run=True))
    site.asked.clear()
    sound(await publish(manifest))
    assert len(site.writes) == planned.totals.requests.planned == WRITES
    clean(site)


@pytest.mark.parametrize("what", TROUBLES)
@pytest.mark.parametrize("at", range(WRITES))
async def test_a_write_that_goes_wrong_publishes_nothing_twice(
    *, publish: Any, folder: Any, site: Site, what: str, at: int
) -> None:
    sound(await publish(before(folder)))
    site.trouble = Trouble(what, at, left=2 if what == "limit" else 1)
    manifest = after(folder)
    sound(await publish(manifest))
    clean(site)
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


@pytest.mark.parametrize("what", ["lost", "dropped", "starter"])
@pytest.mark.parametrize("at", range(WRITES))
async def test_a_run_that_ends_at_any_write_is_completed_by_the_next_one(
    *, publish: Any, folder: Any, site: Site, what: str, at: int
) -> None:
    """From then on nothing gets through any more, as when the run is killed."""
    sound(await publish(before(folder)))
    manifest = after(folder)
    site.trouble = Trouble(what, at, later="401")
    ended = await publish(manifest)
    assert ended.run.exit_code != 0
    shown = site.shown()["k"]
    assert {name.removesuffix(NEW_MARK) for name in shown} >= {"a.csv"}, "nobody finds nothing"
    site.trouble = lambda _method, _path: None
    sound(await publish(manifest))
    clean(site)
    site.asked.clear()
    sound(await publish(manifest))
    assert site.writes == []


@pytest.mark.parametrize("at", range(0, WRITES, 2))
async def test_so_is_a_saved_plan_by_the_same_plan(
    *, publish: Any, folder: Any, site: Site, at: int, tmp_path: Path
) -> None:
    sound(await publish(before(folder)))
    manifest, plan = after(folder), tmp_path / "plan.json"
    write_report(await publish(manifest, dry_run=True, exact=True), str(plan))
    site.trouble = Trouble("lost", at, later="401")
    assert (await publish(manifest, plan=plan)).run.exit_code != 0
    site.trouble = lambda _method, _path: None
    sound(await publish(manifest, plan=plan))
    clean(site)


async def test_what_broke_off_is_cleared_only_where_its_name_is_needed(
    publish: Any, folder: Any, site: Site
) -> None:
    release = site.add_release("k", name="K")
    site.add_asset(release, "a.csv", b"", "starter")
    site.add_asset(release, "other.csv", b"", "starter")
    sound(await publish(folder.manifest(folder.dataset("k", "a.csv"))))
    states = {each["name"]: each["state"] for each in release["assets"]}
    assert states == {"a.csv": "uploaded", "other.csv": "starter"}


async def test_a_file_that_is_there_and_not_shown_fails_alone(
    publish: Any, folder: Any, site: Site
) -> None:
    """Nobody says how many files of a release its answer shows."""
    release = site.add_release("k", name="K")
    site.add_asset(release, "a.csv", b"a")
    site.hidden = {"a.csv"}
    report = await publish(folder.manifest(folder.dataset("k", "a.csv", "b.csv")))
    errors = [each.error for each in report.datasets[0].resources]
    assert "does not show it" in (errors[0] or "")
    assert errors[1] is None
    assert site.shown() == {"k": {"a.csv": b"a", "b.csv": b"name\nb.csv\n"}}


async def test_a_server_that_tells_no_digest_is_not_believed_to_have_the_file(
    publish: Any, folder: Any, site: Site
) -> None:
    site.digests = False
    manifest = folder.manifest(folder.dataset("k", "a.csv"))
    sound(await publish(manifest))
    report = sound(await publish(manifest))
    assert report.datasets[0].resources[0].reason == "the portal has no checksum to compare with"
    assert len(next(iter(site.releases.values()))["assets"]) == 1
