"""Files on FTP, SFTP and S3 servers: real ones, on the loopback."""

import hashlib
import importlib
import io
import socket
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bulkpub.core.model import UrlSource
from bulkpub.core.schemes import SCHEMES
from bulkpub.errors import NotAFile, SourceFailed
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.reach import AddressRefused
from bulkpub.sources.remote import parsed
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

pytestmark = pytest.mark.served
"""By servers of three kinds, one of which takes seconds to begin."""

Fetch = Callable[..., Awaitable[Any]]
PASSWORD = "s3cr/t pass"
CONTENT = b"a;b\n" + b"1;2\n" * 500_000
FILES = {
    "2024/velos.csv": CONTENT,
    "2024/vélos 2.csv": b"a;b\n",
    "2024/notes.txt": b"notes",
    "page.csv": b"<!doctype html><title>Sorry</title>",
}


@dataclass(frozen=True)
class Server:
    """A server that has `FILES` below `root`; `files` is where it keeps them, if in a folder."""

    root: str
    fetcher: Fetcher
    files: Path | None = None


def _kept_in(folder: Path) -> Path:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
async def ftp(
    serve_ftp: Callable[[Path, str], int], the_web: Web, spool: Spool, tmp_path: Path
) -> Server:
    port = serve_ftp(_kept_in(tmp_path / "served"), PASSWORD)
    root = f"ftp://me:s3cr%2Ft%20pass@public.example:{port}/"
    return Server(root, Fetcher(the_web, spool), tmp_path / "served")


@pytest.fixture
async def sftp(the_web: Web, spool: Spool, tmp_path: Path) -> AsyncIterator[Server]:
    """An asyncssh server, whose key is known under its name."""
    asyncssh = importlib.import_module("asyncssh")
    folder = _kept_in(tmp_path / "served")
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Login(asyncssh.SSHServer):  # type: ignore[misc,name-defined]
        def begin_auth(self, _: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("me", PASSWORD)

    def root(channel: Any) -> Any:
        return asyncssh.SFTPServer(channel, chroot=str(folder))

    server = await asyncssh.create_server(
        Login, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=root
    )
    known = tmp_path / "known_hosts"
    known.write_bytes(b"public.example " + key.export_public_key())
    fetcher = Fetcher(the_web, spool, known_hosts=str(known))
    address = f"sftp://me:s3cr%2Ft%20pass@public.example:{server.get_port()}/"
    yield Server(address, fetcher, folder)
    server.close()
    await server.wait_closed()


@pytest.fixture
def s3(the_web: Web, spool: Spool, s3_client: Any, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server of moto; where it is and who we are is said by the environment."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    for name, content in FILES.items():
        s3_client.put_object(Bucket="data", Key=name, Body=content)
    return Server("s3://data/", Fetcher(the_web, spool))


@pytest.fixture(params=["ftp", "sftp", "s3"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


async def _fetched(fetcher: Fetcher, url: str, last: Any = None, **more: Any) -> Any:
    told: list[tuple[int, int | None]] = []
    source = UrlSource(url, **more)
    async with fetcher.fetched(source, last, lambda *so_far: told.append(so_far)) as got:
        content = None if got.path is None else _read(got.path)
        if content:
            assert told[-1] == (len(content), len(content))
        return got, content


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_a_file_is_fetched_and_then_only_if_it_changed(
    server: Server, left_in: Callable[[], list[str]]
) -> None:
    url = server.root + "2024/velos.csv"
    got, content = await _fetched(server.fetcher, url)
    assert content == CONTENT
    assert got.name == "velos.csv"
    assert got.fingerprint.digest == hashlib.sha1(CONTENT).hexdigest()
    again, content = await _fetched(server.fetcher, url, got.last)
    assert (again.path, again.last, content) == (None, got.last, None)
    assert left_in() == []


async def test_looking_tells_name_size_and_whether_it_changed(server: Server) -> None:
    url = server.root + "2024/velos.csv"
    looked = await server.fetcher.look(UrlSource(url), None)
    assert (looked.name, looked.size, looked.unchanged) == ("velos.csv", len(CONTENT), False)
    got, _ = await _fetched(server.fetcher, url)
    assert (await server.fetcher.look(UrlSource(url), got.last)).unchanged


async def test_a_pattern_stands_for_the_files_that_fit(server: Server) -> None:
    found = await server.fetcher.expand(server.root + "2024/*.csv")
    contents = [(await _fetched(server.fetcher, url)) for url in found]
    assert [(got.name, content) for got, content in contents] == [
        ("velos.csv", CONTENT),
        ("vélos 2.csv", b"a;b\n"),
    ]
    assert await server.fetcher.expand(server.root + "page.csv") == [server.root + "page.csv"]


async def test_what_is_not_there_or_no_file_is_told(server: Server) -> None:
    with pytest.raises(SourceFailed, match=r"/gone\.csv: there is no such file"):
        await _fetched(server.fetcher, server.root + "gone.csv")
    with pytest.raises(SourceFailed, match="is a folder, no file"):
        await _fetched(server.fetcher, server.root + "2024")
    with pytest.raises(NotAFile, match="page of HTML"):
        await _fetched(server.fetcher, server.root + "page.csv")
    with pytest.raises(NotAFile, match="page of HTML"):
        await server.fetcher.look(UrlSource(server.root + "page.csv"), None)
    with pytest.raises(SourceFailed, match="larger than the 100 bytes"):
        await _fetched(server.fetcher, server.root + "2024/velos.csv", max_size=100)


@pytest.mark.parametrize("server", ["ftp", "sftp"], indirect=True)
async def test_a_file_that_changed_is_fetched_again(server: Server) -> None:
    assert server.files is not None
    url = server.root + "2024/notes.txt"
    got, _ = await _fetched(server.fetcher, url)
    (server.files / "2024/notes.txt").write_bytes(b"other notes")
    _, content = await _fetched(server.fetcher, url, got.last)
    assert content == b"other notes"


@pytest.mark.parametrize("server", ["ftp", "sftp"], indirect=True)
async def test_a_wrong_password_is_told_without_telling_it(server: Server) -> None:
    url = server.root.replace("s3cr%2Ft", "wr0ng") + "page.csv"
    with pytest.raises(SourceFailed, match=r"ftp://public\.example") as failed:
        await _fetched(server.fetcher, url)
    assert "wr0ng" not in str(failed.value)
    assert "3 times" not in str(failed.value)


@pytest.mark.parametrize("scheme", ["ftp", "sftp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "internal.example", "[::1]", "127.1"])
async def test_servers_that_are_not_on_the_public_internet_are_not_connected_to(
    the_web: Web, spool: Spool, scheme: str, host: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.01)
        port = listening.getsockname()[1]
        with pytest.raises(AddressRefused, match="public internet"):
            await _fetched(Fetcher(the_web, spool), f"{scheme}://{host}:{port}/f.csv")
        with pytest.raises(TimeoutError):
            listening.accept()


async def test_a_server_with_another_key_is_not_talked_to(
    sftp: Server, the_web: Web, spool: Spool, tmp_path: Path
) -> None:
    asyncssh = importlib.import_module("asyncssh")
    other = asyncssh.generate_private_key("ssh-ed25519")
    known = tmp_path / "other_hosts"
    known.write_bytes(b"public.example " + other.export_public_key())
    with pytest.raises(SourceFailed, match="not trusted"):
        await _fetched(Fetcher(the_web, spool, known_hosts=str(known)), sftp.root + "page.csv")


async def test_a_server_that_falls_silent_is_given_up(
    make_web: Callable[..., Web], spool: Spool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        async with make_web(patience=Patience.without_progress(0.1)) as impatient:
            fetcher = Fetcher(impatient, spool)
            with pytest.raises(
                SourceFailed, match=r"3 times: (it did not answer in time|timed out)"
            ):
                await fetcher.look(UrlSource(f"ftp://public.example:{port}/f.csv"), None)


async def test_what_is_not_installed_is_told(
    the_web: Web, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCHEMES, "s3", replace(SCHEMES["s3"], package="s3fs_that_is_missing"))
    with pytest.raises(SourceFailed, match=r"pip install 'bulkpub\[remote\]'"):
        await _fetched(Fetcher(the_web, spool), "s3://data/f.csv")


@pytest.mark.parametrize(
    "url", ["ftp:///f.csv", "ftp://a.example", "ftp://a.example/", "s3://data", "ftp://[::1/f",
            "ftp://a.example:99999/f", "ftp://a.example/a%0d%0aDELE%20b", "ftp://u%0a:p@a.example/f"]
)  # fmt: skip
def test_addresses_that_make_no_sense_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        parsed(url)


# --- members of archives ------------------------------------------------------------------


def _archive(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return target.getvalue()


ARCHIVE = _archive(**{"2024__velos.csv": CONTENT, "zeros": bytes(5_000_000), "page": b"<html>"})


@pytest.fixture
async def archive(serve: Fetch) -> str:
    """The address of an archive on the web, with a login."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        broken = request.path == "/broken.zip"
        body = ARCHIVE.replace(b"PK\x03\x04", b"PK\x03\x05") if broken else ARCHIVE
        return web.Response(body=body, headers={"ETag": '"v1"'})

    served = await serve(answer)
    found: str = served.at(path="/all.zip", login=f"me:{PASSWORD[:4]}@")
    return found


async def test_a_member_of_an_archive_is_fetched_and_then_only_if_the_archive_changed(
    archive: str, the_web: Web, spool: Spool, left_in: Callable[[], list[str]]
) -> None:
    fetcher, url = Fetcher(the_web, spool), f"zip://2024/velos.csv::{archive}"
    async with fetcher.fetched(UrlSource(url), None, lambda *_: None) as got:
        assert got.path is not None
        assert _read(got.path) == CONTENT
        assert got.name == "velos.csv"
        assert got.fingerprint.digest == hashlib.sha1(CONTENT).hexdigest()
        assert spool.held == len(CONTENT) + len(ARCHIVE)
    assert (left_in(), spool.held) == ([], 0)
    async with fetcher.fetched(UrlSource(url), got.last, lambda *_: None) as again:
        assert (again.path, again.last) == (None, got.last)
    assert (await fetcher.look(UrlSource(url), got.last)).unchanged
    looked = await fetcher.look(UrlSource(url), None)
    assert (looked.name, looked.size, looked.unchanged) == ("velos.csv", None, False)


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("gone.csv", "the archive has no such member"),
        ("zeros", "larger than the 4000000 bytes allowed"),
        ("page", "page of HTML"),
    ],
)
async def test_a_member_that_cannot_be_had_is_told(
    archive: str, the_web: Web, spool: Spool, member: str, said: str
) -> None:
    with pytest.raises(SourceFailed, match=said) as failed:
        await _fetched(Fetcher(the_web, spool), f"zip://{member}::{archive}", max_size=4_000_000)
    assert PASSWORD[:4] not in str(failed.value)
    assert spool.held == 0


async def test_an_archive_that_is_damaged_or_out_of_reach_is_told(
    archive: str, the_web: Web, spool: Spool
) -> None:
    fetcher = Fetcher(the_web, spool)
    with pytest.raises(SourceFailed, match="cannot be unpacked"):
        await _fetched(fetcher, f"zip://zeros::{archive.replace('all.zip', 'broken.zip')}")
    for inner in ("http://127.0.0.1/a.zip", "file:///etc/a.zip", "zip://a::https://a.example/b"):
        with pytest.raises(AddressRefused):
            await _fetched(fetcher, f"zip://a::{inner}")
