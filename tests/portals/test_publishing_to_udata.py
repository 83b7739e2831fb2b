"""Runs on udata over HTTP: torn connections, failures, a quota, and what is served in the end.

What does not depend on HTTP is tested in `tests/pipeline`, on a portal in memory.
"""

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp import web

from bulkpub.portals.whole_or_parts import TELLING
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


# --- large files --------------------------------------------------------------------------


async def test_others_do_not_wait_until_the_portal_has_joined_the_parts_of_a_file(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    """Though one request and one upload at once are allowed.

    The portal joins them only once all else was asked for: it would do so for ever.
    """
    others, stored = anyio.Event(), list[str]()

    async def joining(request: web.Request, handler: Any) -> web.StreamResponse:
        # The form that joins them has no file in it; that of a part is larger than one.
        uploads = request.method == "POST" and request.path.endswith("/upload/")
        length = int(request.headers.get("Content-Length", 0))
        if uploads and length < 700:
            with anyio.fail_after(20):
                await others.wait()
        answered: web.StreamResponse = await handler(request)
        if uploads:
            stored.append(request.path)
        if len(stored) == 3 + 1:
            others.set()
        return answered

    sandbox.interceptor = joining
    folder.file("large.csv", b"a" * 3000)
    folder.file("z-small.csv", b"b" * 900)
    manifest = folder.manifest(folder.dataset("a", "large.csv", "z-small.csv"))
    options = {"concurrency": 1, "uploads": 1, "chunk_above": 1000, "chunk_size": 1000}
    report = await publish(manifest, **options)
    assert report.run.exit_code == 0
    assert report.totals.resources.created == 2
    assert len(stored) == 3 + 1 + 1  # each once: no wait was given up


async def test_a_file_that_is_refused_says_nothing_of_how_fast_the_line_is(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    """The portal answers late, and refuses the first: at that pace all would go in parts."""
    refused = list[str]()

    async def refusing(request: web.Request, handler: Any) -> web.StreamResponse:
        if not refused and request.path.endswith("/upload/"):
            refused.append(request.path)
            await request.read()
            await anyio.sleep(0.5)
            return web.json_response({"message": "no"}, status=400)
        answered: web.StreamResponse = await handler(request)
        return answered

    sandbox.interceptor = refusing
    size = TELLING + 1
    for name in ("1.csv", "2.csv"):
        folder.file(name, name.encode() * (size // 4))
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    options = {"uploads": 1, "chunk_after_s": 0.4, "chunk_size": size // 8}
    report = await publish(manifest, **options)
    assert report.totals.resources.failed == 1
    uploads = [seen for seen in sandbox.requests if seen.path.endswith("/upload/")]
    assert len(uploads) == 2
