"""FTP and SFTP servers that never come to an end, or point elsewhere."""

import importlib
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bulkpub.core.model import UrlSource
from bulkpub.errors import SourceFailed
from bulkpub.sources.answers import Patience
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

pytestmark = [pytest.mark.served, pytest.mark.timeout(60)]

LINE = b"type=file;size=3; file%d.csv\r\n"


class FtpServer:
    """Speaks as much FTP as listing and reading take; what it lists is up to `listing`."""

    def __init__(self, listing: Callable[[], Iterator[bytes]], *, named: str = "127,0,0,1") -> None:
        self.listing = listing
        self.named = named
        self.greeting: Iterator[bytes] = iter([b"220 hello\r\n"])
        self.sent = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(
                    target=self._serve, args=(self.socket.accept()[0],), daemon=True
                ).start()

    def _serve(self, control: socket.socket) -> None:
        data = socket.create_server(("127.0.0.1", 0))
        port = data.getsockname()[1]
        with suppress(OSError), control, data:
            for piece in self.greeting:
                control.sendall(piece)
            for line in control.makefile("rb"):
                match line.split()[0].upper():
                    case b"PASV":
                        where = f"{self.named},{port // 256},{port % 256}"
                        control.sendall(f"227 Passive ({where}).\r\n".encode())
                    case b"MLSD" | b"RETR" as command:
                        control.sendall(b"150 here\r\n")
                        with data.accept()[0] as out:
                            pieces = self.listing() if command == b"MLSD" else iter([b"abc"])
                            for piece in pieces:
                                out.sendall(piece)
                                self.sent += len(piece)
                        control.sendall(b"226 done\r\n")
                    case _:
                        control.sendall(b"230 fine\r\n")

    def close(self) -> None:
        self.socket.close()


def endless() -> Iterator[bytes]:
    number = 0
    while True:
        yield b"".join(LINE % each for each in range(number, number + 1000))
        number += 1000


@pytest.mark.parametrize("pattern", ["*.csv", "file1.csv"])
async def test_a_listing_that_never_ends(
    make_web: Callable[..., Web], spool: Spool, pattern: str
) -> None:
    server = FtpServer(endless)
    url = f"ftp://public.example:{server.port}/{pattern}"
    tracemalloc.start()
    try:
        # To read it takes seconds while memory is traced, and more on a busy machine.
        async with make_web(patience=Patience(connect_s=60, answer_s=60, between_s=60)) as web:
            fetcher = Fetcher(web, spool)
            with pytest.raises(SourceFailed, match="listing has no end"):
                await (
                    fetcher.expand(url) if "*" in pattern else fetcher.look(UrlSource(url), None)
                )
        assert tracemalloc.get_traced_memory()[1] < 400_000_000
    finally:
        tracemalloc.stop()
        server.close()
    assert server.sent < 30_000_000


async def test_an_answer_that_never_ends(the_web: Web, spool: Spool) -> None:
    server = FtpServer(endless)
    server.greeting = iter(lambda: b"220-hello\r\n", b"")
    with pytest.raises(SourceFailed, match="answer has no end"):
        await Fetcher(the_web, spool).look(
            UrlSource(f"ftp://public.example:{server.port}/a.csv"), None
        )
    server.close()


async def test_data_comes_from_the_host_that_was_asked(the_web: Web, spool: Spool) -> None:
    """What a passive answer says of another host (here one of nobody's) is not believed."""
    server = FtpServer(lambda: iter([LINE % 1]), named="203,0,113,9")
    found = await Fetcher(the_web, spool).look(
        UrlSource(f"ftp://public.example:{server.port}/file1.csv"), None
    )
    assert (found.name, found.size) == ("file1.csv", 3)
    server.close()


async def test_links_and_many_files_of_an_sftp_server(
    the_web: Web, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncssh = importlib.import_module("asyncssh")
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "a.csv").write_text("a\n")
    (folder / "link.csv").symlink_to("a.csv")
    (folder / "nowhere.csv").symlink_to("gone.csv")
    (folder / "circle").symlink_to(".")
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Login(asyncssh.SSHServer):  # type: ignore[misc,name-defined]
        def begin_auth(self, _: str) -> bool:
            return False

    server = await asyncssh.create_server(
        Login,
        "127.0.0.1",
        0,
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder)),
    )
    known = tmp_path / "known_hosts"
    known.write_bytes(b"public.example " + key.export_public_key())
    fetcher = Fetcher(the_web, spool, known_hosts=str(known))
    root = f"sftp://me@public.example:{server.get_port()}"
    assert await fetcher.expand(f"{root}/**/*.csv") == [f"{root}/a.csv", f"{root}/link.csv"]
    monkeypatch.setattr("bulkpub.sources.ftp.MOST_LISTED", 3)
    with pytest.raises(SourceFailed, match="listing has no end"):
        await fetcher.expand(f"{root}/*.csv")
    server.close()
    await server.wait_closed()
