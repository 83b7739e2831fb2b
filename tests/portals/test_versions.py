"""Which udata a portal runs: known before anything is sent, at the cost of one request at most."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

import bulkpub
from bulkpub import Connection
from bulkpub.portals.udata.versions import OLDEST, SITE, Runs
from bulkpub.sandbox import Sandbox, SandboxSettings

Publish = Callable[..., Awaitable[Any]]

SITES = [
    ('{"version": "17.18.0"}', None, True),
    ('{"version": "99.0.0", "feed_size": 20}', None, True),
    ('{"version": "14.0.0"}', None, True),
    ('{"version": "14.13.0.dev"}', None, True),
    ('{"version": "13.99.0"}', None, False),
    ('{"version": "12.0.1"}', None, False),
    ('{"version": "10.9.0"}', None, False),
    ('{"version": "10.10"}', None, False),
    ('{"version": "10.8.3", "feed_size": 20}', "udata 10.8", False),
    ('{"version": "9.99.99"}', "udata 9.99", False),
    # What is no number is taken for the newest, as what is newer than anything known.
    ('{"version": "main"}', None, True),
    ('{"feed_size": 20}', None, False),
    ('{"feed_size": 20, "version": null}', None, False),
    ("{}", "a udata older than 10.9", False),
    ('{"id": "default", "title": "T", "metrics": {}}', "a udata older than 10.9", False),
]


@pytest.mark.parametrize(("answer", "old", "keeps_access"), SITES)
def test_a_site_tells_what_it_runs(answer: str, old: str | None, *, keeps_access: bool) -> None:
    """Whether it is too old, and whether it keeps who has access to a dataset."""
    assert SITE.read(answer.encode()) == Runs(old, keeps_access)


@pytest.mark.served
@pytest.mark.parametrize("version", ["8.0.1", "9.2.4", "10.8.3"])
async def test_a_portal_that_is_too_old_is_told_at_the_start(
    publish_to: Publish, folder: Any, version: str
) -> None:
    manifest = str(folder.manifest(folder.dataset("a", "a.csv")))
    async with Sandbox(SandboxSettings(version=version)) as sandbox:
        report = await publish_to(sandbox.base_url, sandbox.api_key, manifest)
        planned = await bulkpub.plan(
            manifest, connection=Connection(portal=sandbox.base_url, key=sandbox.api_key)
        )
        asked = [(seen.method, seen.path) for seen in sandbox.requests]
    for each in (report, planned):
        assert each.run.exit_code == 3
        assert "runs a udata older than 10.9, and 10.9 or later is needed" in (each.run.error or "")
        assert "can update it" in (each.run.error or "")
    assert asked == [("GET", "/api/1/me/"), ("GET", "/api/1/site/")] * 2


@pytest.mark.served
@pytest.mark.parametrize(
    ("version", "questions"),
    [("10.9.0", 1), ("12.0.1", 1), ("14.13.0", 1), ("16.0.0", 0), ("17.18.0", 0), ("99.0", 0)],
)
async def test_a_version_costs_one_request_at_most_and_of_newer_portals_none(
    publish_to: Publish, folder: Any, version: str, questions: int
) -> None:
    manifest = str(folder.manifest(folder.dataset("a", "a.csv", frequency="daily")))
    async with Sandbox(SandboxSettings(version=version)) as sandbox:
        for _ in range(2):
            sandbox.requests.clear()
            report = await publish_to(sandbox.base_url, sandbox.api_key, manifest)
            assert report.run.exit_code == 0
            assert [seen.path for seen in sandbox.requests].count("/api/1/site/") == questions
    assert report.totals.requests.by_method == {"GET": 4 + questions}


@pytest.mark.served
async def test_the_words_of_an_older_portal_are_kept_and_those_it_lacks_told(
    publish_to: Publish, folder: Any
) -> None:
    old = str(folder.manifest(folder.dataset("a", "a.csv", frequency="fourTimesADay")))
    async with Sandbox(SandboxSettings(version="10.9.0")) as sandbox:
        first = await publish_to(sandbox.base_url, sandbox.api_key, old)
        again = await publish_to(sandbox.base_url, sandbox.api_key, old)
        (dataset,) = sandbox.state.datasets.values()
        new = str(folder.manifest(folder.dataset("a", "a.csv", frequency="severalTimesADay")))
        planned = await bulkpub.plan(
            new, connection=Connection(portal=sandbox.base_url, key=sandbox.api_key)
        )
    assert (first.run.exit_code, again.run.exit_code) == (0, 0)
    assert "PUT" not in again.totals.requests.by_method
    assert dataset.frequency == "fourTimesADay"
    assert planned.run.exit_code == 2
    assert "knows no frequency 'severalTimesADay'" in planned.run.problems[0].message


@pytest.mark.served
@pytest.mark.parametrize("version", ["10.9.0", "12.0.1"])
async def test_nothing_restricted_gets_to_a_portal_that_would_show_it_to_everybody(
    publish_to: Publish, folder: Any, version: str
) -> None:
    """The plan says so too, the other datasets go on, and it costs no request."""
    restricted = {"access": {"type": "restricted", "audiences": {"private": False}}}
    manifest = str(
        folder.manifest(
            folder.dataset("closed", "a.csv", **restricted),
            folder.dataset("open", "b.csv", access="open", license="lov2"),
        )
    )
    async with Sandbox(SandboxSettings(version=version)) as sandbox:
        planned = await bulkpub.plan(
            manifest, connection=Connection(portal=sandbox.base_url, key=sandbox.api_key)
        )
        asked = {seen.method for seen in sandbox.requests}
        report = await publish_to(sandbox.base_url, sandbox.api_key, manifest)
        (dataset,) = sandbox.state.datasets.values()
        sites = [seen.path for seen in sandbox.requests].count("/api/1/site/")
        again = await publish_to(sandbox.base_url, sandbox.api_key, manifest)
    assert (asked, sites) == ({"GET"}, 2)
    assert (dataset.title, dataset.license, len(dataset.resources)) == ("Dataset open", "lov2", 1)
    for each, status in ((planned, "created"), (report, "created"), (again, "unchanged")):
        assert each.run.exit_code == 1
        closed, other = each.datasets
        assert (closed.status, other.status) == ("failed", status)
        assert "would be open to everybody, so that nothing of this" in (closed.error or "")
        assert [problem.dataset for problem in each.run.problems] == ["closed"]
        assert other.notes == ()
    assert "PUT" not in again.totals.requests.by_method


@pytest.mark.real
async def test_a_real_portal_is_worked_with_unless_it_is_too_old(
    real_portal_info: Any, publish_to: Publish, folder: Any
) -> None:
    manifest = str(folder.manifest(folder.dataset(f"version-{uuid4().hex}", "a.csv")))
    key = real_portal_info["api_key"]
    report = await publish_to(real_portal_info["base_url"], key, manifest)
    numbers = tuple(map(int, real_portal_info["versions"]["udata"].split(".")))
    if numbers >= OLDEST:
        assert (report.run.exit_code, report.run.error) == (0, None)
    else:
        assert report.run.exit_code == 3
        assert "runs a udata older than 10.9" in report.run.error
        assert report.totals.requests.by_method == {"GET": 2}
