"""Portals that are down, broken, or something else altogether."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from aiohttp import web

from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

Run = Callable[..., Any]

HTML = "<html><body>Bad gateway</body></html>"


def page(status: int) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text=HTML, content_type="text/html")


def json(text: str, status: int = 200) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text=text, content_type="application/json")


@pytest.fixture
def nobody_listens() -> Iterator[str]:
    """An address that refuses connections for as long as the test lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_portal_that_is_down(run_cli: Run, folder: Any, nobody_listens: str) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--portal", nobody_listens, "--retries", 0)
    assert ran.code == 4
    assert f"{nobody_listens.removeprefix('http://')} cannot be reached" in ran.out
    assert "No file was sent. Run again to go on." in ran.out
    assert ran.report["run"]["exit_code"] == 4
    assert ran.report["datasets"][0]["status"] == "pending"


def test_an_unknown_host(run_cli: Run, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--portal", "https://portal.invalid", "--retries", 0)
    assert ran.code == 4
    assert "portal.invalid" in ran.out


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (page(200), 2, "does not answer like a udata portal"),
        (page(404), 2, "does not answer like a udata portal"),
        (page(502), 4, "it answered 502"),
        (json('{"message": "Internal Server Error"}', 500), 4, "it answered 500"),
        (json("{}"), 2, "does not answer like a udata portal"),
        (json("[]"), 2, "does not answer like a udata portal"),
        (json('"hello"'), 2, "does not answer like a udata portal"),
        (json('{"id": 7, "organizations": 7}'), 2, "does not answer like a udata portal"),
        (json('{"message": "I am a teapot"}', 418), 4, "418: I am a teapot"),
    ],
    ids=["html", "html-404", "html-502", "500", "object", "list", "text", "numbers", "418"],
)
def test_something_else_at_the_address(
    *,
    run_cli: Run,
    folder: Any,
    served: Sandbox,
    answer_instead: Callable[..., Any],
    make: Callable[[], web.Response],
    code: int,
    words: str,
) -> None:
    served.interceptor = answer_instead(make)
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--retries", 0)
    assert ran.code == code
    assert words in ran.out
    assert ran.report["run"]["error"]
    assert {seen.method for seen in served.requests} == {"GET"}


@pytest.mark.parametrize(
    "make",
    [page(200), page(502), json("{}"), json("[7]"), json("7", 500)],
    ids=["html", "html-502", "object", "list", "500"],
)
@pytest.mark.parametrize("ending", ["/extensions/", "/licenses/", "/datasets/"])
def test_nonsense_among_the_start_up_checks_stops_the_run_before_any_write(
    *,
    run_cli: Run,
    folder: Any,
    served: Sandbox,
    answer_instead: Callable[..., Any],
    make: Callable[[], web.Response],
    ending: str,
) -> None:
    served.interceptor = answer_instead(make, "GET", ending)
    manifest = folder.manifest(folder.dataset("a", "a.csv", license="lov2"))
    ran = run_cli("run", manifest, "--retries", 0)
    assert ran.code == 4
    assert "Stopped early" in ran.out
    assert ran.report["run"]["error"]
    assert {seen.method for seen in served.requests} == {"GET"}


def test_a_portal_that_breaks_off_in_the_middle_of_an_answer(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    async def half(request: web.Request, _handler: object) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"id": ')
        assert request.transport is not None
        request.transport.close()
        return response

    served.interceptor = half
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--retries", 0)
    assert ran.code == 4
    assert "its answer broke off in the middle" in ran.out


def test_a_portal_that_never_answers_is_given_up_after_the_timeout(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    async def silent(_request: web.Request, _handler: object) -> web.StreamResponse:
        await anyio.sleep_forever()
        raise AssertionError

    served.interceptor = silent
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest, "--retries", 0, "--timeout", 0.2)
    assert ran.code == 4
    assert "it did not answer within 0.2 s" in ran.out


def test_a_portal_that_dies_half_way_leaves_a_report_of_what_was_done(
    run_cli: Run, folder: Any, served: Sandbox
) -> None:
    """The first dataset is published; from the second one on every request is cut off."""

    async def until_b(request: web.Request, handler: Handler) -> web.StreamResponse:
        if len(served.state.datasets) > 1:
            assert request.transport is not None
            request.transport.abort()
        return await handler(request)

    served.interceptor = until_b
    manifest = folder.manifest(folder.dataset("a", "a.csv"), folder.dataset("b", "b.csv"))
    ran = run_cli("run", manifest, "--retries", 0, "--concurrency", 1, "--give-up-after", "0.5s")
    assert ran.code == 4
    assert [each["status"] for each in ran.report["datasets"]] == ["created", "pending"]
    assert "the portal has been down for" in ran.said
    served.interceptor = None
    ran = run_cli("run", manifest)
    assert ran.code == 0
    assert [len(each.resources) for each in served.state.datasets.values()] == [1, 1]


def test_a_transient_failure_is_retried_and_counted(
    run_cli: Run, folder: Any, served: Sandbox, answer_instead: Callable[..., Any]
) -> None:
    served.interceptor = answer_instead(page(503), "GET", "/me/", times=1)
    manifest = folder.manifest(folder.dataset("a", "a.csv"))
    ran = run_cli("run", manifest)
    assert ran.code == 0
    assert ran.report["totals"]["requests"]["retried"] == 1
