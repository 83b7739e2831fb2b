"""Links to files that are here as well: what they say of the file, and the file's way to a bucket.

The rule: the portal is told of a file only once it is where the link leads, if we put it there.
What is on the portal and in the bucket already costs a look at each.
"""

from functools import partial

from bulkpub.core.model import Checksum, LinkSource
from bulkpub.errors import FileChanged, ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.sources import fingerprint, sha256_of
from bulkpub.sources.storing import Storing, ToStore

__all__ = ["foresee_storing", "look_behind_links", "store_behind_links"]
__all__ += ["verify_storing"]


async def look_behind_links(story: Story, means: Means) -> None:
    """Find size and SHA-256 of the files behind links: remembered, or else read from the disk."""

    async def look(key: str, source: LinkSource) -> None:
        assert source.of is not None  # noqa: S101 - the others have nothing to look at
        try:
            seen = fingerprint(source.of)
            sha256 = means.memory.sha256(source.of.path, seen)
            if sha256 is None:
                sha256 = await sha256_of(source.of, seen, limiter=means.hashing)
                means.memory.keep_sha256(source.of.path, seen, sha256)
        except ResourceFailed as error:
            story.file_failed(key, str(error))
        else:
            story.looked_behind(key, seen, Checksum("sha256", sha256))

    await side_by_side(
        [
            partial(look, entry.key, entry.source)
            for entry in story.spec.resources
            if isinstance(entry.source, LinkSource) and entry.source.of is not None
        ]
    )


def _to_store(story: Story) -> dict[str, ToStore]:
    """The files that have to be in a bucket, by resource key."""
    found: dict[str, ToStore] = {}
    for entry in story.spec.resources:
        source = entry.source
        if not isinstance(source, LinkSource) or story.resources[entry.key].error is not None:
            continue
        if source.target and source.of and source.checksum and source.size is not None:
            what = ToStore(source.of, source.target, source.size, source.checksum.value)
            found[entry.key] = what
    return found


async def store_behind_links(story: Story, means: Means) -> None:
    """Put files where links lead, unless they are there; what fails is not told to the portal."""
    storing = Storing(means.sources)

    async def store(key: str, what: ToStore) -> None:
        try:
            if await storing.holds(what):
                pass
            elif means.stopping.requested:
                story.file_failed(key, f"not put at {what.shown}: the run was asked to end")
            else:
                await storing.put(what)
                story.put_elsewhere(key, f"put at {what.shown}")
            if fingerprint(what.file) != story.behind[key]:
                raise FileChanged(f"{what.file.shown} changed while it was put at {what.shown}")
        except ResourceFailed as error:
            story.file_failed(key, str(error))

    await side_by_side([partial(store, *each) for each in _to_store(story).items()])


async def foresee_storing(story: Story, means: Means) -> None:
    """Only to know: which files would be put where links lead."""
    storing = Storing(means.sources)

    async def look(key: str, what: ToStore) -> None:
        try:
            if not await storing.holds(what):
                story.put_elsewhere(key, f"to be put at {what.shown}")
        except ResourceFailed as error:
            story.file_failed(key, str(error))

    await side_by_side([partial(look, *each) for each in _to_store(story).items()])


async def verify_storing(story: Story, means: Means) -> None:
    """Write down which files are not where links lead."""
    storing = Storing(means.sources)

    async def look(key: str, what: ToStore) -> None:
        try:
            if not await storing.holds(what):
                story.file_failed(key, f"not as wanted: {what.shown} does not have its file")
        except ResourceFailed as error:
            story.file_failed(key, str(error))

    await side_by_side([partial(look, *each) for each in _to_store(story).items()])
