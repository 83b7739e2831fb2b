"""Runs on udata over HTTP: torn connections, failures, a quota, and what is served in the end.

What does not depend on HTTP is tested in `tests/pipeline`, on a portal in memory.
"""

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.records import ContactPoint

Publish = Callable[..., Any]
NAMES = ["1.csv", "2.csv", "3.csv"]


def broken(status: int) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text="<html>", content_type="text/html")


async def test_what_is_said_to_be_published_can_be_downloaded_under_its_permalink(
    publish: Publish, folder: Any
) -> None:
    report = await publish(folder.manifest(folder.dataset("a", "x.csv", "y.csv")))
    async with aiohttp.ClientSession() as session:
        for resource in report.datasets[0].resources:
            async with session.get(resource.permalink) as answer:
                assert await answer.read() == (folder.path / resource.source).read_bytes()


LISTS = ("licenses/", "frequencies/", "schemas/", "granularities/", "region:11/", "contacts/")


@pytest.mark.parametrize("status", [404, 503])
async def test_a_list_that_the_portal_does_not_tell_is_not_checked_against(
    *, publish: Publish, folder: Any, sandbox: Sandbox, status: int
) -> None:
    async def without_lists(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method == "GET" and request.path.endswith(LISTS):
            return broken(status)()
        answered: web.StreamResponse = await handler(request)
        return answered

    contact, organization = "c" * 24, sandbox.info["organization"]["id"]
    sandbox.state.contacts[contact] = ContactPoint(
        id=contact, name="C", role="creator", organization=organization
    )
    said = {
        "license": "lov2",
        "frequency": "daily",
        "spatial": {"zones": ["fr:region:11"], "granularity": "poi"},
        "contact_points": [contact],
    }
    entry = {"path": "a.csv", "type": "main", "schema": "a/b"}
    folder.file("a.csv")
    manifest = folder.manifest(folder.dataset("a", entry, **said))
    sandbox.interceptor = without_lists
    report = await publish(manifest)
    assert (report.run.exit_code, report.run.problems) == (0, ())
    asked = {seen.path.rpartition("/api/1")[2] for seen in sandbox.requests}
    assert asked >= {"/datasets/schemas/", f"/organizations/{organization}/contacts/"}
    sandbox.interceptor = None
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
@pytest.mark.parametrize(
    ("method", "ending"),
    [
        ("GET", "/me/"),
        ("GET", "/api/1/datasets/"),
        ("POST", "/upload/"),
    ],
)
async def test_a_lost_answer_does_not_publish_twice(
    *,
    publish: Publish,
    folder: Any,
    sandbox: Sandbox,
    titles: Any,
    lose_answers: Any,
    method: str,
    ending: str,
    before: bool,
) -> None:
    sandbox.interceptor = losing = lose_answers(method, ending, before=before)
    manifest = folder.manifest(folder.dataset("a", *NAMES))
    report = await publish(manifest)
    assert report.run.exit_code == 0
    assert losing.left == 0
    assert titles(sandbox) == {"Dataset a": NAMES}
    assert report.totals.datasets.created == 1
    assert report.totals.resources.created == 3
    assert (await publish(manifest)).totals.datasets.unchanged == 1


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_passing_failures_cost_nothing_but_time(
    *,
    publish: Publish,
    folder: Any,
    sandbox: Sandbox,
    titles: Any,
    answer_instead: Any,
    status: int,
    method: str,
) -> None:
    ending = {"GET": "/api/1/datasets/", "POST": "/api/1/datasets/", "PUT": "/resources/"}[method]
    sandbox.interceptor = answer_instead(broken(status), method, ending, times=2)
    report = await publish(folder.manifest(folder.dataset("a", *NAMES)))
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset a": NAMES}


async def test_a_portal_that_answers_500_to_every_write_fails_every_dataset(
    publish: Publish, folder: Any, sandbox: Sandbox, answer_instead: Any
) -> None:
    sandbox.interceptor = answer_instead(broken(500), "POST")
    report = await publish(folder.manifest(folder.dataset("a", *NAMES), folder.dataset("b")))
    assert report.run.exit_code == 1
    assert [each.status for each in report.datasets] == ["failed", "failed"]
    assert "500" in str(report.datasets[0].error)
    assert not sandbox.state.datasets


async def test_too_many_requests_is_waited_out(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, answer_instead: Any
) -> None:
    def too_many() -> web.Response:
        return web.Response(
            status=429,
            headers={"Retry-After": "0"},
            text="<html>slow down",
            content_type="text/html",
        )

    sandbox.interceptor = answer_instead(too_many, "POST", "/upload/", times=2)
    report = await publish(folder.manifest(folder.dataset("a", *NAMES)))
    assert report.run.exit_code == 0
    assert report.totals.requests.rate_limited == 2
    assert titles(sandbox) == {"Dataset a": NAMES}


async def test_retry_after_is_heeded(
    publish: Publish, folder: Any, sandbox: Sandbox, answer_instead: Any
) -> None:
    sandbox.interceptor = answer_instead(
        lambda: web.Response(status=429, headers={"Retry-After": "1"}), "POST", times=1
    )
    started = time.monotonic()
    report = await publish(folder.manifest(folder.dataset("a")))
    assert report.run.exit_code == 0
    assert time.monotonic() - started >= 0.9
    assert report.totals.waited_s.quota >= 0.9


async def test_a_quota_is_never_overdrawn(publish: Publish, folder: Any) -> None:
    names = [f"{index}.csv" for index in range(12)]
    async with Sandbox(SandboxSettings(rate_limit="15/second")) as limited:
        manifest = folder.manifest(folder.dataset("a", *names))
        report = await publish(manifest, portal=limited.base_url)
        assert report.run.exit_code == 0
        assert report.rate_limit.limit == 15
        assert 429 not in {seen.status for seen in limited.requests[8:]}
        assert len(limited.state.datasets) == 1
