"""The local files of a dataset: looked at, hashed where that decides something, looked through."""

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import anyio.to_thread

from bulkpub.core.guard import HTML_REFUSED, HTML_TOLD
from bulkpub.core.model import FileSource, Fingerprint, Html, ResourceSpec, Source, UrlSource
from bulkpub.core.names import extension_of
from bulkpub.data import formats
from bulkpub.errors import ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.observers.events import UploadProgressed
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.sources import FileContent, digests_of, fingerprint
from bulkpub.sources.html_page import ENOUGH, is_html

__all__ = ["check", "content_of", "hash_files", "look_at_files", "recall_hashes", "seen"]

FEW = 32
"""Files that are looked at in less time than it takes to have a thread do it."""
ABOUT_NS = 1_000_000
"""Nanoseconds: what shared folders make of the time of a change differs by less."""
BATCH, MOST = 1 << 20, 50
"""Bytes, and files, that a thread hashes in one go, or one file that has more."""


async def look_at_files(story: Story, elsewhere: Mapping[str, Fingerprint] | None = None) -> None:
    """Look at every file, and write down which cannot be read.

    Those seen `elsewhere` have to be the same here (`seen`).
    """
    sources = {
        entry.key: entry.source
        for entry in story.spec.resources
        if isinstance(entry.source, FileSource)
    }
    if len(sources) < FEW:
        looks = _look_at_all(sources.values(), elsewhere or {})
    else:  # a disk may be slow, and others have something to do meanwhile
        looks = await anyio.to_thread.run_sync(
            _look_at_all, list(sources.values()), elsewhere or {}
        )
    for key, look in zip(sources, looks, strict=True):
        if isinstance(look, Fingerprint):
            story.sized(key, look)
        else:
            story.file_failed(key, str(look))


def _look_at_all(
    sources: Iterable[FileSource], elsewhere: Mapping[str, Fingerprint]
) -> list[Fingerprint | ResourceFailed]:
    return [_look(source, elsewhere) for source in sources]


def _look(source: FileSource, elsewhere: Mapping[str, Fingerprint]) -> Fingerprint | ResourceFailed:
    try:
        return seen(source, elsewhere)
    except ResourceFailed as error:
        return error


def seen(source: FileSource, elsewhere: Mapping[str, Fingerprint]) -> Fingerprint:
    """What the file looks like here; raises `ResourceFailed` when it cannot be read.

    Or when it is not the file of that path `elsewhere`, where the run was started: of another size,
    or changed at another time. Folders have to be shared under the same names.
    """
    there = elsewhere.get(source.path)
    if there is None:
        return fingerprint(source)
    try:
        here = fingerprint(source)
    except ResourceFailed as error:
        raise ResourceFailed(
            say(
                "{shown} is not on the machine that works on it ({host}): its folder has to be "
                "shared, under the same name",
                shown=source.shown,
                host=socket.gethostname(),
            )
        ) from error
    if here.size != there.size or abs(here.mtime_ns - there.mtime_ns) > ABOUT_NS:
        raise ResourceFailed(
            say(
                "{shown} is another file on the machine that works on it ({host}) than where the "
                "run was started ({size} bytes there, {size_here} here): its folder has to be the "
                "same one everywhere",
                shown=source.shown,
                host=socket.gethostname(),
                size=there.size,
                size_here=here.size,
            )
        )
    return here


def recall_hashes(story: Story, keys: Iterable[str], means: Means) -> frozenset[str]:
    """Write down the digests of the files of the entries `keys` that are remembered: their keys."""
    files = _files(story, keys)
    remembered = means.memory.digests(
        means.rules.digest, {source.path: story.fingerprints[key] for key, source in files.items()}
    )
    known = {
        key: digest for key, source in files.items() if (digest := remembered.get(source.path))
    }
    for key, digest in known.items():
        story.hashed(key, digest)
    return frozenset(known)


def content_of(story: Story, key: str, source: FileSource, means: Means) -> FileContent:
    """What the file of the entry `key` holds, as it was looked at; it lies at `source`."""
    dataset, planned = story.key, story.fingerprints[key]

    def progressed(sent: int) -> None:
        means.notify(UploadProgressed(dataset, key, sent, planned.size))

    return FileContent(source, planned, progressed, means.rules.digest)


async def hash_files(story: Story, keys: Iterable[str], means: Means) -> None:
    """Find the digests of the files of the entries `keys`: remembered, or read from the disk."""
    files, kind = _files(story, keys), means.rules.digest
    remembered = recall_hashes(story, files, means)

    async def hash_batch(batch: Sequence[str]) -> None:
        found = await digests_of(
            [(files[key], story.fingerprints[key]) for key in batch],
            kind,
            limiter=means.hashing,
        )
        for key, digest in zip(batch, found, strict=True):
            if isinstance(digest, ResourceFailed):
                story.file_failed(key, str(digest))
                continue
            known = story.hashed(key, digest, read=story.fingerprints[key].size)
            means.memory.keep_digest(kind, files[key].path, known)

    unknown = [key for key in files if key not in remembered]
    await side_by_side([partial(hash_batch, each) for each in _batches(story, unknown)])


def _batches(story: Story, keys: Iterable[str]) -> Iterator[list[str]]:
    """The entries `keys`, so many at a time that a thread has something to do."""
    batch: list[str] = []
    size = 0
    for key in keys:
        batch.append(key)
        size += story.fingerprints[key].size
        if size >= BATCH or len(batch) >= MOST:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _files(story: Story, keys: Iterable[str]) -> dict[str, FileSource]:
    """Where the files of the entries `keys` lie, but for those that failed already."""
    resources = story.resources
    return {
        key: source
        for key in sorted(keys)
        if resources[key].error is None
        and isinstance(source := resources[key].spec.source, FileSource)
    }


async def check(story: Story, content: FileContent, entry: ResourceSpec) -> None:
    """Look through the file of `entry`, whose content is `content`, before it is sent.

    Raises `ResourceFailed` when it is not what `entry.checks` ask for, cannot be read, or is a
    page of HTML that `entry.guard` refuses; one that it does not allow is written down.
    """
    source = content.source
    if entry.checks:
        from bulkpub.sources.checks import check_file  # noqa: PLC0415 - XML, ZIP: few ask for it

        await anyio.to_thread.run_sync(check_file, source.path, source.shown, entry.checks)
    if entry.guard.html is Html.ALLOW or _may_be_page(entry.source, source.name):
        return
    if is_html(await content.beginning(ENOUGH)):
        if entry.guard.html is Html.REFUSE:
            raise ResourceFailed(HTML_REFUSED)
        story.odd(entry.key, say("the file is {html_told}", html_told=HTML_TOLD))


def _may_be_page(source: Source, name: str) -> bool:
    """Whether a page of HTML is what one expects."""
    expected = isinstance(source, UrlSource) and source.html
    return expected or extension_of(name) in formats().page_extensions
