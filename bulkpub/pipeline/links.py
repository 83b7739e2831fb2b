"""Links to files that are here as well: what they say of the file, and the file's way to a bucket.

The rule: the portal is told of a file only once it is where the link leads, if we put it there.
What is on the portal and in the bucket already costs a look at each.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bulkpub.core.model import Checksum, LinkSource
from bulkpub.errors import FileChanged, ResourceFailed
from bulkpub.http.tasks import side_by_side
from bulkpub.language import say
from bulkpub.pipeline.files import seen
from bulkpub.pipeline.means import Means
from bulkpub.pipeline.story import Story
from bulkpub.sources import digest_of, fingerprint

if TYPE_CHECKING:  # what speaks to buckets is loaded where a link leads to one
    from bulkpub.sources.storing import Storing, ToStore

__all__ = ["foresee_storing", "look_behind_links", "store_behind_links"]
__all__ += ["verify_storing"]


async def look_behind_links(story: Story, means: Means) -> None:
    """Find size and SHA-256 of the files behind links: remembered, or else read from the disk."""

    async def look(key: str, source: LinkSource) -> None:
        assert source.of is not None  # noqa: S101 - the others have nothing to look at
        try:
            here = seen(source.of, means.files_seen)
            known = means.memory.digests("sha256", {source.of.path: here})
            sha256 = known.get(source.of.path)
            if sha256 is None:
                sha256 = await digest_of(source.of, here, "sha256", limiter=means.hashing)
                means.memory.keep_digest("sha256", source.of.path, replace(here, digest=sha256))
        except ResourceFailed as error:
            story.file_failed(key, str(error))
        else:
            story.looked_behind(key, here, Checksum("sha256", sha256))

    await side_by_side(
        [
            partial(look, entry.key, entry.source)
            for entry in story.spec.resources
            if isinstance(entry.source, LinkSource)
            and entry.source.of is not None
            and entry.key not in story.spec.left_out
        ]
    )


async def _of_each(
    story: Story, means: Means, do: "Callable[[Storing, str, ToStore], Awaitable[None]]"
) -> None:
    """Do it with each file that has to be in a bucket, by resource key; failures are its own."""
    links = {
        entry.key: entry.source
        for entry in story.spec.resources
        if isinstance(entry.source, LinkSource)
        and entry.source.target
        and entry.key not in story.spec.left_out
    }
    if not links:
        return
    from bulkpub.sources.storing import Storing, ToStore  # noqa: PLC0415 - see above

    storing = Storing(means.sources)

    async def one(key: str, what: ToStore) -> None:
        try:
            await do(storing, key, what)
        except ResourceFailed as error:
            story.file_failed(key, str(error))

    await side_by_side(
        [
            partial(one, key, ToStore(link.of, link.target, link.size, link.checksum.value))
            for key, link in links.items()
            if story.resources[key].error is None
            and link.target
            and link.of
            and link.checksum
            and link.size is not None
        ]
    )


async def store_behind_links(story: Story, means: Means) -> None:
    """Put files where links lead, unless they are there; what fails is not told to the portal."""

    async def store(storing: "Storing", key: str, what: "ToStore") -> None:
        if await storing.holds(what):
            pass
        elif means.stopping.requested:
            story.file_failed(
                key, say("not put at {shown}: the run was asked to end", shown=what.shown)
            )
        else:
            await storing.put(what)
            story.put_elsewhere(key, say("put at {shown}", shown=what.shown))
        if fingerprint(what.file) != story.behind[key]:
            raise FileChanged(
                say(
                    "{shown} changed while it was put at {target}",
                    shown=what.file.shown,
                    target=what.shown,
                )
            )

    await _of_each(story, means, store)


async def foresee_storing(story: Story, means: Means) -> None:
    """Only to know: which files would be put where links lead."""

    async def look(storing: "Storing", key: str, what: "ToStore") -> None:
        if not await storing.holds(what):
            story.put_elsewhere(key, say("to be put at {shown}", shown=what.shown))

    await _of_each(story, means, look)


async def verify_storing(story: Story, means: Means) -> None:
    """Write down which files are not where links lead."""

    async def look(storing: "Storing", key: str, what: "ToStore") -> None:
        if not await storing.holds(what):
            story.file_failed(
                key, say("not as wanted: {shown} does not have its file", shown=what.shown)
            )

    await _of_each(story, means, look)
