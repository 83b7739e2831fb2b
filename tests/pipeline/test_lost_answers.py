"""Answers that are lost, late, wrong or refused: nothing twice, nothing missing."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox, SandboxSettings
from bulkpub.sandbox.calls import Handler

Publish = Callable[..., Any]
NAMES = ["1.csv", "2.csv", "3.csv"]


def broken(status: int) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text="<html>", content_type="text/html")


@pytest.mark.parametrize("before", [True, False], ids=["request-lost", "answer-lost"])
@pytest.mark.parametrize(
    ("method", "ending"),
    [
        ("GET", "/me/"),
        ("GET", "/api/1/datasets/"),
        ("POST", "/api/1/datasets/"),
        ("POST", "/upload/"),
        ("PUT", "/resources/"),
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


async def test_every_upload_of_a_dataset_may_lose_its_answer(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, lose_answers: Any
) -> None:
    names = [f"{index}.csv" for index in range(12)]
    sandbox.interceptor = lose_answers("POST", "/upload/", left=12)
    report = await publish(folder.manifest(folder.dataset("a", *names)))
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset a": names}
    assert {each.attempts for each in report.datasets[0].resources} == {1}


async def test_a_lost_answer_to_a_replacement_keeps_the_title(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, lose_answers: Any
) -> None:
    entry = {"path": "a.csv", "title": "Comptages"}
    folder.file("a.csv", "one\n")
    manifest = folder.manifest(folder.dataset("a", entry))
    await publish(manifest)
    folder.file("a.csv", "two\n")
    sandbox.interceptor = lose_answers("POST", "/upload/")
    report = await publish(manifest)
    assert report.totals.resources.replaced == 1
    assert titles(sandbox) == {"Dataset a": ["Comptages"]}


async def test_a_persons_title_survives_a_lost_answer_to_a_replacement(
    publish: Publish, folder: Any, sandbox: Sandbox, dataset_of: Any, lose_answers: Any
) -> None:
    folder.file("a.csv", "one\n")
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    await publish(manifest)
    dataset_of(sandbox, "a").resources[0].title = "What a person wrote"
    folder.file("a.csv", "two\n")
    sandbox.interceptor = lose_answers("POST", "/upload/")
    assert (await publish(manifest)).run.exit_code == 0
    assert dataset_of(sandbox, "a").resources[0].title == "What a person wrote"


async def test_a_file_that_never_gets_through_fails_alone(
    publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, statuses: Any
) -> None:
    async def not_the_second(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith("/upload/") and (request.content_length or 0) > 5000:
            await request.read()
            return broken(500)()
        return await handler(request)

    folder.file("bad.csv", "x" * 5000)
    sandbox.interceptor = not_the_second
    report = await publish(folder.manifest(folder.dataset("a", "1.csv", "bad.csv")), attempts=2)
    assert report.run.exit_code == 1
    assert statuses(report) == {"a/1.csv": "created", "a/bad.csv": "failed"}
    assert "given up after sending it 2 times" in str(report.datasets[0].resources[1].error)
    assert titles(sandbox) == {"Dataset a": ["1.csv"]}


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


@pytest.mark.parametrize("onto", ["new", "replaced"])
async def test_a_wrong_checksum_is_seen_and_the_file_sent_again(
    *, publish: Publish, folder: Any, sandbox: Sandbox, titles: Any, dataset_of: Any, onto: str
) -> None:
    """The portal stored other bytes than were sent, once."""
    manifest = folder.manifest(folder.dataset("a", "a.csv", "b.csv"))
    if onto == "replaced":
        await publish(manifest)
        folder.file("a.csv", "changed\n")
    damaged = asyncio.Event()

    async def damage(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if not request.path.endswith("/upload/") or damaged.is_set():
            return answer
        damaged.set()
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        (dataset,) = sandbox.state.datasets.values()
        wrong = next(r for r in dataset.resources if r.id.encode() in answer.body)
        assert wrong.checksum is not None
        right, wrong.checksum = wrong.checksum["value"], {"type": "sha1", "value": "0" * 40}
        answer.body = answer.body.replace(right.encode(), b"0" * 40)
        return answer

    sandbox.interceptor = damage
    report = await publish(manifest)
    assert damaged.is_set()
    assert report.run.exit_code == 0
    assert titles(sandbox) == {"Dataset a": ["a.csv", "b.csv"]}
    for told, has in zip(
        report.datasets[0].resources, dataset_of(sandbox, "a").resources, strict=True
    ):
        assert has.checksum["value"] == told.sha1


async def test_a_portal_that_damages_every_time_is_not_believed(
    publish: Publish, folder: Any, sandbox: Sandbox
) -> None:
    async def damage(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        for dataset in sandbox.state.datasets.values():
            for resource in dataset.resources:
                wrong = {"type": "sha1", "value": "0" * 40}
                if resource.checksum != wrong and request.path.endswith("/upload/"):
                    assert isinstance(answer, web.Response)
                    assert isinstance(answer.body, bytes)
                    assert resource.checksum is not None
                    right = resource.checksum["value"].encode()
                    answer.body = answer.body.replace(right, b"0" * 40)
                    resource.checksum = wrong
        return answer

    sandbox.interceptor = damage
    report = await publish(folder.manifest(folder.dataset("a", "a.csv")), attempts=2)
    assert report.run.exit_code == 1
    (resource,) = report.datasets[0].resources
    assert resource.status == "failed"
    assert resource.attempts == 2
    (dataset,) = sandbox.state.datasets.values()
    assert len(dataset.resources) == 1
