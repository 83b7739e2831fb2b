"""What goes to a worker with a job: all that is known of its files where the journal is."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import anyio.to_thread

from bulkpub.core.model import FileSource, Fingerprint, RemoteDataset, UrlSource
from bulkpub.core.sources import file_of
from bulkpub.engine.base import Errand
from bulkpub.errors import ResourceFailed
from bulkpub.pipeline.job import Job
from bulkpub.pipeline.means import Means
from bulkpub.sources import fingerprint
from bulkpub.state.carried import Known

__all__ = ["errand_of"]

A_FEW_FILES = 32
"""Files that are looked at in less time than it takes to have a thread do it."""


async def errand_of(job: Job, means: Means, *, compares: bool) -> Errand:
    """The job, and what is known of it here; see `Errand` for `compares`."""
    files = await _files_of(job)
    kind = means.rules.digest
    known = means.memory.digests(kind, files)
    last = ((url, means.memory.last_fetch(kind, url)) for url in _addresses_of(job))
    return Errand(
        job,
        Known(
            kind,
            {path: replace(seen, digest=known.get(path)) for path, seen in files.items()},
            {url: fetch for url, fetch in last if fetch is not None},
            means.memory.bound(job.spec.key),
        ),
        {key: id_ for key, id_ in means.contacts.items() if key[1] in job.spec.contacts},
        compares=compares,
        asks=means.agreed is not None,
    )


async def _files_of(job: Job) -> dict[str, Fingerprint]:
    """The local files of a job, by path, as they are seen here; those that can be."""
    files = [file for each in job.spec.resources if (file := file_of(each.source))]
    if len(files) < A_FEW_FILES:
        return _seen(files)
    return await anyio.to_thread.run_sync(_seen, files)


def _seen(files: Iterable[FileSource]) -> dict[str, Fingerprint]:
    found: dict[str, Fingerprint] = {}
    for each in files:
        with suppress(ResourceFailed):
            found[each.path] = fingerprint(each)
    return found


def _addresses_of(job: Job) -> Iterator[str]:
    """The addresses that a job may fetch from."""
    for each in job.spec.resources:
        if isinstance(each.source, UrlSource):
            yield each.source.url
    if isinstance(job.found, RemoteDataset):
        yield from (each.url for each in job.found.resources if each.url)
