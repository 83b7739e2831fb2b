"""Putting a file into a bucket of S3, from where a link leads to it: what the largest producers do.

The rule: what the bucket has already is not sent again, and nothing is told to a portal of a file
that is not there. What is there is known by its size and by the SHA-256 that we leave beside it;
of what others put there, by its MD5, where the ETag is one. Credentials, endpoint and region are
those of the user's own environment. All of fsspec blocks: it is called in threads.
"""

import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio.to_thread

from bulkpub.core.addresses import shown_address
from bulkpub.core.model import FileSource
from bulkpub.core.text import bounded
from bulkpub.errors import ResourceFailed
from bulkpub.language import say
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.remote import FOR_GOOD, cloud, parsed

__all__ = ["Storing", "ToStore"]

T = TypeVar("T")
SHA256 = "sha256"
"""What the SHA-256 (hex) is called among an object's metadata."""
REFUSALS = FOR_GOOD | {
    *("AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch", "403"),
}
"""What S3 calls errors that trying again does not mend."""


@dataclass(frozen=True, slots=True)
class ToStore:
    """A file and where to put it; `size` (bytes) and `sha256` (hex) are those it was seen with."""

    file: FileSource
    target: str
    size: int
    sha256: str

    @property
    def shown(self) -> str:
        """The address for people to see."""
        return shown_address(self.target)


class _Bucket(Protocol):
    """What is used of fsspec's S3; every call blocks."""

    def split_path(self, path: str) -> tuple[str, str, str | None]:
        """Bucket, key and version."""

    def call_s3(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Call a method of S3's own interface."""

    def put_file(self, local: str, remote: str, **arguments: object) -> None:
        """Upload a file, in parts if it is large."""


class Storing:
    """Puts files into buckets, as often and patiently as `fetcher` fetches them."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._web = fetcher.web

    async def holds(self, what: ToStore) -> bool:
        """Whether the file is there already; raises `ResourceFailed` when that cannot be told."""
        return await self._persist(what, partial(_holds, what))

    async def put(self, what: ToStore) -> None:
        """Put the file there, and see that it is; raises `ResourceFailed`."""
        await self._persist(what, partial(_put, what))

    async def _persist(self, what: ToStore, work: Callable[[], T]) -> T:
        """Do what blocks, in a thread, again when it failed in a way that may pass."""
        attempts, attempt = self._web.policy.attempts, 1
        while True:
            try:
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
            except ResourceFailed:
                raise
            except Exception as error:  # noqa: BLE001 - these libraries' errors share no class
                if _is_for_good(error) or attempt >= attempts:
                    often = f", {attempt} times" if attempt > 1 else ""
                    why = bounded(" ".join(str(error).split()) or type(error).__name__)
                    raise ResourceFailed(
                        say(
                            "{shown} could not be reached{often}: {why}",
                            shown=what.shown,
                            often=often,
                            why=why,
                        )
                    ) from None
            await self._web.back_off(attempt)
            attempt += 1


def _is_for_good(error: Exception) -> bool:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    name = type(error).__name__
    missing = isinstance(error, FileNotFoundError | PermissionError)  # the bucket is
    return missing or name in REFUSALS or code in REFUSALS


def _bucket(what: ToStore) -> _Bucket:
    remote = parsed(what.target)
    bucket: _Bucket = cloud(remote.scheme)
    if getattr(bucket, "anon", False):
        raise ResourceFailed(
            say(
                "{shown} cannot be written to: there are no credentials in the environment "
                "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile)",
                shown=what.shown,
            )
        )
    return bucket


def _holds(what: ToStore) -> bool:
    return _same(what, _head(what, _bucket(what)))


def _head(what: ToStore, bucket: _Bucket) -> Mapping[str, Any] | None:
    """What the bucket says of what it has there; None when it has nothing."""
    name, key, _ = bucket.split_path(what.target)
    try:
        return bucket.call_s3("head_object", Bucket=name, Key=key)
    except FileNotFoundError:
        return None
    except Exception as error:
        if str(getattr(error, "response", {}).get("Error", {}).get("Code")) in {"404", "NoSuchKey"}:
            return None
        raise


def _same(what: ToStore, found: Mapping[str, Any] | None) -> bool:
    if found is None or found.get("ContentLength") != what.size:
        return False
    if told := (found.get("Metadata") or {}).get(SHA256):
        return bool(told == what.sha256)
    etag = str(found.get("ETag", "")).strip('"')
    return bool(re.fullmatch("[0-9a-f]{32}", etag)) and etag == _md5(what.file)


def _md5(file: FileSource) -> str:
    """That of the file as it is now: no secret depends on it, S3 tells no other."""
    with open(file.path, "rb") as opened:  # noqa: PTH123 - a plain string
        digest = partial(hashlib.md5, usedforsecurity=False)
        return hashlib.file_digest(opened, digest).hexdigest()


def _put(what: ToStore) -> None:
    bucket = _bucket(what)
    content_type = mimetypes.guess_type(what.file.name)[0] or "application/octet-stream"
    bucket.put_file(
        what.file.path,
        what.target,
        Metadata={SHA256: what.sha256},
        ContentType=content_type,
    )
    if not _same(what, _head(what, bucket)):
        raise ResourceFailed(
            say("{shown} does not have the file that was put there", shown=what.shown)
        )
