"""What is known of a dataset's files: their sizes at a glance, their SHA-1 where asked for."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from bulkpub.core.model import FileSource
from bulkpub.errors import ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.pipeline.services import Services
from bulkpub.pipeline.story import Story
from bulkpub.sources import fingerprint, sha1_of

__all__ = ["hash_files", "look_at_files"]


def look_at_files(story: Story) -> None:
    """Look at every file, and write down which cannot be read."""
    for entry in story.spec.resources:
        if isinstance(entry.source, FileSource):
            try:
                story.fingerprints[entry.key] = fingerprint(entry.source)
            except ResourceFailed as error:
                story.resources[entry.key].error = str(error)


async def hash_files(story: Story, keys: Iterable[str], services: Services) -> None:
    """Find the SHA-1 of the files of the entries `keys`: remembered, or else read from the disk."""

    async def digest(key: str) -> None:
        source, known = story.resources[key].spec.source, story.fingerprints[key]
        assert isinstance(source, FileSource)  # noqa: S101 - only files have fingerprints
        sha1 = services.memory.sha1(source.path, known)
        if sha1 is None:
            try:
                sha1 = await sha1_of(source, known, limiter=services.hashing)
            except ResourceFailed as error:
                story.resources[key].error = str(error)
                return
            services.figures.hashed += known.size
            services.memory.keep_sha1(source.path, replace(known, sha1=sha1))
        story.fingerprints[key] = replace(known, sha1=sha1)

    wanted = [key for key in keys if story.resources[key].error is None]
    await side_by_side([partial(digest, key) for key in sorted(wanted)])
