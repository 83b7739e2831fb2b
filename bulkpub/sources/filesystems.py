"""Servers that speak neither HTTP nor HTTPS, through fsspec: which one an address means.

The rule: what is fetched from FTP and SFTP servers has to be as public as what is fetched from
the web, and is connected to by the very address that was checked. S3, GCS and Azure are reached
as the user's own environment says (credentials, endpoint, region). All of it blocks: it is
called in threads. fsspec comes with the extra `bulkpub[remote]` and is imported when needed.
"""

import importlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit

from bulkpub.core.addresses import shown_address
from bulkpub.errors import SourceFailed
from bulkpub.sources.addresses import AddressRefused

__all__ = ["FileSystem", "OpenFile", "Remote", "closed", "is_remote", "parsed"]

OVER_A_HOST = {"ftp": 21, "sftp": 22}
"""Schemes whose address names a host, and its port when it does not name one."""
IN_A_CLOUD = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""Schemes whose address names a bucket, and the package each needs."""


def is_remote(url: str) -> bool:
    """Whether `url` is one that fsspec fetches."""
    return url.partition(":")[0].lower() in {*OVER_A_HOST, *IN_A_CLOUD}


class OpenFile(Protocol):
    """A file that is read from a server."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes more, none at its end."""

    def close(self) -> None:
        """Be done with it."""


class FileSystem(Protocol):
    """What is used of an fsspec file system; every call blocks."""

    def info(self, path: str) -> Mapping[str, Any]:
        """What the server says of the file: `size`, `type` and more, named as it likes."""

    def open(self, path: str, mode: str, *, block_size: int) -> OpenFile:
        """Begin to read the file, so many bytes at a time."""

    def glob(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, Any]]:
        """The files that fit the pattern, and what `info` says of each."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One address: what is at `path` on a server. `shown` is how it is told.

    `host` is empty where a cloud is meant. `origin` begins the addresses of other files there.
    """

    scheme: str
    path: str
    shown: str
    origin: str = field(repr=False)
    host: str = ""
    port: int = 0
    login: Mapping[str, str] = field(default_factory=dict, repr=False)

    def address(self, path: str) -> str:
        """The address of the file at `path` on the same server."""
        if not self.host:
            return f"{self.scheme}://{path.lstrip('/')}"
        return self.origin + quote(path if path.startswith("/") else f"/{path}")

    def open(self, ip: str, patience_s: float, known_hosts: str | None) -> FileSystem:
        """Connect, for a host to the address `ip`.

        Raises `SourceFailed` when the package it needs is not installed.
        """
        opened: FileSystem
        if self.scheme == "ftp":
            ftp = _imported("fsspec.implementations.ftp").FTPFileSystem
            opened = ftp(ip, self.port, timeout=patience_s, use_listings_cache=False, **self.login)
        elif self.scheme == "sftp":
            # It verifies who answers, by the user's known hosts, under the name.
            opened = _imported("sshfs").SSHFileSystem(
                ip,
                port=self.port,
                host_key_alias=self.host,
                known_hosts=known_hosts or (),
                connect_timeout=patience_s,
                login_timeout=patience_s,
                skip_instance_cache=True,
                **self.login,
            )
        else:
            opened = _cloud(self.scheme)
        return opened


def closed(system: FileSystem) -> None:
    """End the connection, for which fsspec has no word; that to a cloud ends by itself."""
    with suppress(Exception):  # it may be broken, and then it is closed
        if (ftp := getattr(system, "ftp", None)) is not None:
            ftp.close()
        elif (finalize := getattr(system, "_finalize", None)) is not None:
            finalize(*(getattr(system, name) for name in ("loop", "_pool", "_stack")))


def _cloud(scheme: str) -> FileSystem:
    _imported(IN_A_CLOUD[scheme])
    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "s3":  # public buckets are read without credentials
        options["anon"] = _imported("botocore.session").get_session().get_credentials() is None
    opened: FileSystem = _imported("fsspec").filesystem(scheme, **options)
    return opened


def parsed(url: str) -> Remote:
    """Read an address; raises `AddressRefused` when it makes no sense."""
    shown = shown_address(url)
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise AddressRefused(f"{shown} is not an address") from None
    if not parts.netloc or not parts.path.strip("/"):
        raise AddressRefused(f"{shown} names no file")
    scheme = parts.scheme.lower()
    if scheme in IN_A_CLOUD:
        # Keys are taken as they are written, `%`, `?` and `#` included.
        return Remote(scheme, url.strip().partition("://")[2], shown, f"{scheme}://")
    path = unquote(parts.path)
    if not path.isprintable():  # a line end would begin another command
        raise AddressRefused(f"{shown} is not an address")
    origin = f"{scheme}://{parts.netloc}"
    return Remote(scheme, path, shown, origin, host, port or OVER_A_HOST[scheme], _login(parts))


def _login(parts: SplitResult) -> dict[str, str]:
    login: dict[str, str] = {}
    if parts.username is not None:
        login["username"] = unquote(parts.username)
    if parts.password is not None:
        login["password"] = unquote(parts.password)
    if not all(value.isprintable() for value in login.values()):
        raise AddressRefused(f"{shown_address(parts.geturl())} is not an address")
    return login


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = (error.name or name).partition(".")[0]
        raise SourceFailed(
            f"{package} is needed for this address, and is not installed: "
            "pip install 'bulkpub[remote]'"
        ) from None
