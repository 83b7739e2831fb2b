"""What stands between this machine and a server, against servers of which each lacks something."""

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bulkpub.errors import SettingsInvalid
from bulkpub.http.diagnosis import Way, look_at

Look = Callable[..., Awaitable[Way]]


@asynccontextmanager
async def serving(
    context: ssl.SSLContext | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404, headers=headers)

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    server = TestServer(app, scheme="https" if context else "http")
    await server.start_server(ssl=context)
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.port}/"
    finally:
        await server.close()


def with_certificate(certificate: trustme.LeafCert, *, chain: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if chain:
        certificate.configure_cert(context)
        return context
    with (
        certificate.private_key_pem.tempfile() as key,
        certificate.cert_chain_pems[0].tempfile() as only,
    ):
        context.load_cert_chain(only, key)
    return context


async def see(address: str, ca_file: Path | None = None, patience_s: float = 10.0) -> Way:
    return await look_at(
        address, ca_file=None if ca_file is None else str(ca_file), patience_s=patience_s
    )


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA(organization_name="Ville de Nulle Part")
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return made


async def test_whatever_it_answers_it_was_reached_and_the_clocks_are_compared() -> None:
    for wrong in (0, -7200, 3600):
        date = formatdate(time.time() + wrong, usegmt=True)
        async with serving(headers={"Date": date}) as address:
            way = await see(address)
        assert (way.failure, way.untrusted, way.proxy) == (None, None, None)
        assert way.clock_ahead == pytest.approx(-wrong, abs=30)


async def test_a_date_that_is_none_says_nothing_of_the_clock() -> None:
    async with serving(headers={"Date": "yesterday"}) as address:
        assert (await see(address)).clock_ahead is None


async def test_a_server_that_is_not_there_is_a_failure_in_words() -> None:
    way = await see(f"http://127.0.0.1:{unused_port()}/")
    assert way.failure is not None
    assert "cannot be reached" in way.failure


async def test_a_trusted_certificate_tells_its_issuer_and_how_long_it_is_good(
    authority: trustme.CA, tmp_path: Path
) -> None:
    context = with_certificate(authority.issue_cert("localhost"))
    async with serving(context) as address:
        way = await see(address, tmp_path / "ca.pem")
    assert way.certificate is not None
    assert "Ville de Nulle Part" in way.certificate.issuer
    assert way.certificate.expires_in > 0


async def test_of_an_incomplete_chain_the_certificate_that_is_missing_is_named(
    authority: trustme.CA, tmp_path: Path
) -> None:
    between = authority.create_child_ca()
    context = with_certificate(between.issue_cert("localhost"), chain=False)
    async with serving(context) as address:
        for trusted in (None, tmp_path / "ca.pem"):
            untrusted = (await see(address, trusted)).untrusted
            assert untrusted is not None
            assert (untrusted.incomplete, untrusted.expired) == (True, False)
            assert untrusted.issuer is not None


async def test_an_expired_certificate_is_told_apart(authority: trustme.CA, tmp_path: Path) -> None:
    over = datetime.now(UTC) - timedelta(days=1)
    context = with_certificate(
        authority.issue_cert("localhost", not_before=over - timedelta(days=9), not_after=over)
    )
    async with serving(context) as address:
        untrusted = (await see(address, tmp_path / "ca.pem")).untrusted
    assert untrusted is not None
    assert (untrusted.incomplete, untrusted.expired) == (False, True)


async def test_a_certificate_for_another_name_is_told_apart(
    authority: trustme.CA, tmp_path: Path
) -> None:
    context = with_certificate(authority.issue_cert("elsewhere.example"))
    async with serving(context) as address:
        untrusted = (await see(address, tmp_path / "ca.pem")).untrusted
    assert untrusted is not None
    assert (untrusted.incomplete, untrusted.expired) == (False, False)
    assert "localhost" in untrusted.why


async def test_a_proxy_is_named_without_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{port}")
    way = await see("http://portal.example/")
    assert way.proxy == f"127.0.0.1:{port}"
    assert way.failure is not None
    assert "secret" not in repr(way)


async def test_a_file_without_certificates_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        await see("https://localhost:1/", tmp_path / "none.pem")
