"""`verify` downloads what is published, and tells what is not as the files want it."""

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web

import bulkpub
from bulkpub.core.report import RunReport
from bulkpub.sandbox import Sandbox


@pytest.fixture
def verify(sandbox: Sandbox) -> Callable[..., Any]:
    async def verify(manifest: Any, *, quick: bool = False) -> RunReport:
        connection = bulkpub.Connection(portal=sandbox.base_url, key=sandbox.api_key)
        sandbox.requests.clear()
        report = await bulkpub.verify(manifest, quick=quick, connection=connection)
        assert {seen.method for seen in sandbox.requests} == {"GET"}
        return report

    return verify


def errors(report: RunReport) -> dict[str, str]:
    found = {d.key: d.error for d in report.datasets if d.error}
    found |= {f"{d.key}/{r.key}": r.error for d in report.datasets for r in d.resources if r.error}
    return {key: error for key, error in found.items() if error}


async def test_what_was_just_published_is_as_wanted(publish: Any, verify: Any, folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "é 2.csv"), folder.dataset("b"))
    await publish(manifest)
    report = await verify(manifest)
    assert (report.run.exit_code, errors(report)) == (0, {})


async def test_bytes_that_changed_behind_the_portals_back_are_found_by_downloading(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    stored = next(sandbox_files(sandbox).rglob("1.csv"))
    stored.write_bytes(stored.read_bytes()[::-1])
    assert errors(await verify(manifest, quick=True)) == {}
    report = await verify(manifest)
    assert report.run.exit_code == 1
    assert list(errors(report)) == ["a/1.csv"]
    assert "serves other bytes" in errors(report)["a/1.csv"]


async def test_a_file_that_is_gone_from_the_disk_of_the_portal_is_found(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)
    next(sandbox_files(sandbox).rglob("1.csv")).unlink()
    assert "answers 404" in errors(await verify(manifest))["a/1.csv"]


# --- reading the published files ----------------------------------------------------------


@pytest.fixture
def certified(tmp_path: Path) -> ssl.SSLContext:
    """The certificate of 127.0.0.1 by an authority nobody knows, which is in `ca.pem`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context


@pytest.fixture
async def behind_https(sandbox: Sandbox, certified: ssl.SSLContext) -> AsyncIterator[str]:
    """The portal's address behind a front that speaks https, and by which it then calls itself."""
    address = ""

    async def forward(request: web.Request) -> web.Response:
        url = f"{sandbox.base_url}{request.path_qs}"
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            body = (await answer.read()).replace(sandbox.base_url.encode(), address.encode())
            location = answer.headers.get("Location", "").replace(sandbox.base_url, address)
            return web.Response(
                body=body,
                status=answer.status,
                headers={"Location": location} if location else None,
                content_type=answer.content_type,
            )

    app = web.Application()
    app.router.add_get("/{any:.*}", forward)
    runner = web.AppRunner(app)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certified).start()
        address = f"https://127.0.0.1:{runner.addresses[0][1]}"
        yield address
        await runner.cleanup()


async def test_published_files_are_read_with_the_authorities_the_user_trusts(
    *, publish: Any, folder: Any, sandbox: Sandbox, behind_https: str, tmp_path: Path
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    await publish(manifest)
    connection = bulkpub.Connection(
        portal=behind_https, key=sandbox.api_key, ca_file=str(tmp_path / "ca.pem")
    )
    report = await bulkpub.verify(manifest, connection=connection)
    assert (report.run.exit_code, errors(report)) == (0, {})


async def test_a_download_that_breaks_off_is_asked_for_again_as_any_other(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)
    asked: list[str] = []

    async def break_off(request: web.Request, handler: Any) -> web.StreamResponse:
        if "/datasets/r/" in request.path:
            asked.append(request.headers.get("User-Agent", ""))
        if len(asked) == 1 and not request.path.startswith("/api/"):
            assert request.transport is not None
            request.transport.abort()
        answer: web.StreamResponse = await handler(request)
        return answer

    sandbox.interceptor = break_off
    assert errors(await verify(manifest)) == {}
    assert len(asked) == 2
    assert all(each.startswith("bulkpub/") for each in asked)


async def test_a_permalink_that_leads_elsewhere_is_a_source_like_any_other(
    *, publish: Any, verify: Any, folder: Any, sandbox: Sandbox
) -> None:
    """A portal is not to send us to what only this machine can reach."""
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    await publish(manifest)

    async def send_away(request: web.Request, handler: Any) -> web.StreamResponse:
        if "/datasets/r/" in request.path:
            raise web.HTTPFound(sandbox.base_url.replace("127.0.0.1", "127.0.0.2"))
        answer: web.StreamResponse = await handler(request)
        return answer

    sandbox.interceptor = send_away
    assert "not on the public internet" in errors(await verify(manifest))["a/1.csv"]


async def test_the_portals_own_host_is_within_reach_for_what_it_publishes_alone(
    *, publish: Any, folder: Any, sandbox: Sandbox
) -> None:
    """Else a manifest could publish what a portal on a private network keeps for itself."""
    await publish(folder.manifest(folder.dataset("a", "1.csv")))
    (dataset,) = sandbox.state.datasets.values()
    url = f"{sandbox.base_url}/api/1/datasets/r/{dataset.resources[0].id}"
    connection = bulkpub.Connection(portal=sandbox.base_url, key=sandbox.api_key)
    manifest = folder.manifest(folder.dataset("b", {"url": url, "key": "k"}))
    report = await bulkpub.publish(manifest, connection=connection)
    assert "not on the public internet" in errors(report)["b/k"]


def sandbox_files(sandbox: Sandbox) -> Path:
    return Path(sandbox.info["data_dir"])
