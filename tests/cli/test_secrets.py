"""The key goes to the portal, in one header, and nowhere else: no log, no file, no other host."""

import asyncio
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

import bulkpub
from bulkpub.http.retry import RetryPolicy
from bulkpub.sandbox import Sandbox
from bulkpub.sandbox.calls import Handler

MARKED = "udata_MARKED-secret-0123456789"


def everything_written_to(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def command_line_of(process_id: int) -> bytes:
    """What every other process of the machine can read of it."""
    return Path(f"/proc/{process_id}/cmdline").read_bytes()


def test_the_key_is_in_no_output_no_file_and_no_command_line(
    served: Sandbox, environment: dict[str, str], folder: Any, tmp_path: Path
) -> None:
    """A whole run at debug level, its failures and tracebacks included, by a process of its own."""
    seen_lines: list[bytes] = []
    process_id: list[int] = []

    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        if process_id:
            seen_lines.append(command_line_of(process_id[0]))
        if request.path.endswith("/upload/") and b"2.csv" not in seen_lines:
            seen_lines.append(b"2.csv")
            return web.Response(status=500, text="<html>oops</html>")
        return await handler(request)

    served.interceptor = look
    manifest = folder.manifest(folder.dataset("a", "1.csv", "2.csv"))
    key = served.api_key
    for arguments in (["run", "-vv"], ["run", "-vv", "--log-format", "json"], ["verify", "-vv"]):
        command = [sys.executable, "-m", "bulkpub", *arguments, str(manifest)]
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            cwd=tmp_path,
            env=environment | {"BULKPUB_API_KEY": key, "BULKPUB_PORTAL": served.base_url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        process_id[:] = [process.pid]
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said.decode()
        assert key.encode() not in said
    assert (tmp_path / "state" / "journal.sqlite").exists()
    assert key.encode() not in everything_written_to(tmp_path)
    assert key.encode() not in b"".join(seen_lines)


async def test_what_an_address_carries_is_told_nowhere(
    served: Sandbox, environment: dict[str, str], folder: Any, elsewhere: Any, tmp_path: Path
) -> None:
    """The password and the token of a source: not printed, logged, reported, kept or published."""
    host = elsewhere.address.removeprefix("http://")
    elsewhere.has("good.csv")
    elsewhere.has("page.csv", "<html><body>Please log in", "text/csv")
    names = ("good.csv", "page.csv", "gone.csv")
    entries = [{"url": f"http://me:{MARKED}@{host}/{name}?token={MARKED}"} for name in names]
    manifest = folder.manifest(folder.dataset("a", *entries))
    own = {"BULKPUB_API_KEY": served.api_key, "BULKPUB_PORTAL": served.base_url}
    for words in ("plan -vv", "run -vv", "run -vv --log-format json", "verify -vv"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkpub", *words.split(), str(manifest)),
            *("--allow-private-sources", "--retries", "0"),
            cwd=tmp_path,
            env=environment | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 1, said.decode()
        assert b"gone.csv" in said
        assert MARKED.encode() not in said
    manifest.unlink()
    assert (tmp_path / "state" / "journal.sqlite").exists()
    assert MARKED.encode() not in everything_written_to(tmp_path)
    (dataset,) = served.state.datasets.values()
    assert MARKED not in repr(dataset)


@pytest.mark.parametrize("key", [MARKED, "wrong key", "clé", "a\nb"])
def test_a_wrong_key_is_refused_without_being_repeated(
    run_cli: Callable[..., Any], folder: Any, tmp_path: Path, key: str
) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    ran = run_cli("run", "-vv", manifest, env={"BULKPUB_API_KEY": key})
    assert ran.code in {2, 3}
    assert key not in ran.said
    assert key.encode() not in everything_written_to(tmp_path)


async def test_a_redirect_is_not_followed_so_the_key_reaches_no_other_host(
    publish: Any, folder: Any, sandbox: Sandbox
) -> None:
    caught: list[str | None] = []

    async def elsewhere(request: web.Request) -> web.Response:
        caught.append(request.headers.get("X-API-KEY"))
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other = f"http://127.0.0.1:{runner.addresses[0][1]}/"

    async def send_away(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=307, headers={"Location": other})
        return await handler(request)

    sandbox.interceptor = send_away
    report = await publish(folder.manifest(folder.dataset("a", "1.csv")))
    await runner.cleanup()
    assert report.run.exit_code == 1
    assert caught == []


# --- TLS ----------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path) -> Any:
    """A portal behind https, with a certificate of an authority nobody knows."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context


@pytest.mark.parametrize("trusted", [True, False])
async def test_certificates_are_verified_and_a_private_authority_can_be_trusted(
    *, secure: ssl.SSLContext, folder: Any, tmp_path: Path, trusted: bool
) -> None:
    asked = threading.Event()

    async def answer(_request: web.Request) -> web.Response:
        asked.set()
        return web.json_response({"message": "no"}, status=401)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secure).start()
    report = await bulkpub.publish(
        folder.manifest(folder.dataset("a", "1.csv")),
        connection=bulkpub.Connection(
            portal=f"https://127.0.0.1:{runner.addresses[0][1]}",
            key=MARKED,
            ca_file=str(tmp_path / "ca.pem") if trusted else None,
            retry=RetryPolicy(attempts=1),
        ),
    )
    await runner.cleanup()
    assert asked.is_set() is trusted
    assert report.run.exit_code == (3 if trusted else 4)
    assert trusted or "certificate is not trusted" in (report.run.error or "")


def test_a_file_without_certificates_is_refused(
    run_cli: Callable[..., Any], folder: Any, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    ran = run_cli("run", manifest, "--ca-file", tmp_path / "ca.pem")
    assert ran.code == 2
    assert "holds no certificates" in ran.said


def test_plain_http_to_another_machine_is_refused(run_cli: Callable[..., Any], folder: Any) -> None:
    manifest = folder.manifest(folder.dataset("a", "1.csv"))
    ran = run_cli("run", manifest, "--portal", "http://portal.invalid")
    assert ran.code == 2
    assert "in the clear" in ran.said
