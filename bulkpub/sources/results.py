"""What fetching gives, whatever the server speaks."""

from dataclasses import dataclass, replace

from bulkpub.core.model import FileSource, Fingerprint, LastFetch
from bulkpub.sources.local import fingerprint
from bulkpub.sources.spool import SpoolFile

__all__ = ["Fetched", "Looked", "spooled", "unchanged"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, at `path` in the spool, or one that need not be.

    `path` is None when nothing was fetched as the source has not changed since the last fetch;
    the rest is then what that gave. `name` is the file's name, `last` what to remember of it.
    """

    path: str | None
    name: str
    fingerprint: Fingerprint
    last: LastFetch


@dataclass(frozen=True, slots=True)
class Looked:
    """What a source says of its file: its size in bytes, if told, and its content type.

    `unchanged`: it is the one that was fetched last.
    """

    name: str
    size: int | None
    unchanged: bool
    content_type: str


def unchanged(last: LastFetch) -> Fetched:
    """Nothing was fetched: it is what was fetched last."""
    return Fetched(None, last.name, Fingerprint(last.size, sha1=last.sha1), last)


def spooled(
    file: SpoolFile, shown: str, etag: str | None, last_modified: str | None = None
) -> Fetched:
    """What lies in the spool, complete."""
    known = fingerprint(FileSource(str(file.path), shown))
    name = file.path.name
    last = LastFetch(file.sha1, known.size, name, etag, last_modified)
    return Fetched(str(file.path), name, replace(known, sha1=file.sha1), last)
