"""What a resource is made of: a file here or elsewhere, a link, or what the portal has already."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from bulkpub.core.addresses import named, shown_address
from bulkpub.language import say

__all__ = [
    "CHECKSUM_DIGITS",
    "DIGESTS",
    "DIGEST_NAMES",
    "Check",
    "Checksum",
    "Digest",
    "ExistingSource",
    "FileSource",
    "Fingerprint",
    "LastFetch",
    "LinkSource",
    "Sent",
    "Source",
    "UrlSource",
    "file_of",
    "is_sent",
]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A local file. `path` can be opened from anywhere; `shown` is how the manifest spells it.

    `sent_as` is the name that it is given on its way to the portal; empty: its own.
    """

    path: str
    shown: str
    sent_as: str = ""

    @property
    def name(self) -> str:
        """The file name the portal receives."""
        return self.sent_as or self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Checksum:
    """What tells contents apart: of a `kind` in `CHECKSUM_DIGITS`, in small hex digits."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


NO_CHECKSUM = Checksum("", "")
"""Wanted of a link: the checksum that it tells is to be taken away."""

CHECKSUM_DIGITS = {
    "sha1": (40,),
    "sha256": (64,),
    "sha2": (56, 64, 96, 128),
    "md5": (32,),
    "crc": (8,),
}
"""The kinds of checksums that links can tell, and how many hex digits each has."""

Digest = Literal["sha1", "sha256"]
"""The kinds of checksums that files are compared by; each kind of portals has one."""
DIGEST_NAMES: dict[Digest, str] = {"sha1": "SHA-1", "sha256": "SHA-256"}
"""How people call them."""
DIGESTS: Mapping[Digest, "Callable[..., Any]"] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
"""What makes a digest of each kind, to be fed."""


@dataclass(frozen=True, slots=True)
class LinkSource:
    """Something on another server that is only listed on the portal, never copied.

    `size` (bytes) and `checksum` are what the link says of the file behind it; None: nothing.
    With `of`, a file here, they are those of that file, and known once it was looked at; then it
    may be put under the address `upload_to`, a folder of a cloud, before the portal is told.
    """

    url: str
    size: int | None = None
    checksum: Checksum | None = None
    of: FileSource | None = None
    upload_to: str = ""

    @property
    def target(self) -> str:
        """The address that the file is put at; empty where it is put nowhere."""
        return f"{self.upload_to.rstrip('/')}/{self.of.name}" if self.upload_to and self.of else ""

    @property
    def shown(self) -> str:
        """How the manifest spells it."""
        return self.url


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file on another server, fetched from there and hosted on the portal.

    `url` may carry credentials: what people see is `shown`. A fetched file is as large
    as `max_size` bytes at most (None: no limit of its own), and no page of HTML, unless `html`
    says that a page is expected. `name_from_server` is the file name it gave.
    """

    url: str
    max_size: int | None = None
    html: bool = False
    name_from_server: str = ""

    @property
    def shown(self) -> str:
        """The address for people to see: without credentials and query."""
        return shown_address(self.url)

    @property
    def name(self) -> str:
        """The file name: as the server gave it, before that by the address."""
        return self.name_from_server or named(self.url).name


@dataclass(frozen=True, slots=True)
class ExistingSource:
    """What a resource has on the portal already; only what is said of it is wanted.

    With `host`, a resource that points to another server is fetched from there and hosted on
    the portal in place: its id and permalink stay. `stays` is why it is left there all the same.
    """

    host: bool = False
    stays: str = ""

    @property
    def shown(self) -> str:
        """How it is called."""
        return say("what is on the portal")


Source = FileSource | LinkSource | UrlSource | ExistingSource
"""What a resource is made of."""
Sent = FileSource | UrlSource
"""The sources that are files wherever the resource is; their bytes are sent to the portal."""


def file_of(source: Source) -> FileSource | None:
    """The local file that it is, or that lies behind a link; None where there is none."""
    if isinstance(source, LinkSource):
        return source.of
    return source if isinstance(source, FileSource) else None


def is_sent(source: Source) -> bool:
    """Whether the portal is to host the file."""
    return isinstance(source, Sent) or (isinstance(source, ExistingSource) and source.host)


class Check(StrEnum):
    """What a file is looked through for before it is published."""

    NOT_EMPTY = "not-empty"
    NOT_HTML = "not-html"
    JSON = "json"
    XML = "xml"
    CSV = "csv"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class LastFetch:
    """What the last fetch of an address gave: enough to ask whether it has changed since.

    `digest` (hex) and `size` (bytes) are those of the content, `name` the file name it was given;
    `etag` and `last_modified` are as the server wrote them.
    """

    digest: str
    size: int
    name: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is known of a file's content: its size in bytes, and its digest once hashed (hex).

    Its kind is the one that the portal tells (`Rules.digest`).

    `mtime_ns` and `inode` tell whether it is still the same file later on.
    """

    size: int
    mtime_ns: int = 0
    inode: int = 0
    digest: str | None = None
