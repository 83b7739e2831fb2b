"""Files that are removed here once they are published: `remove: verified`.

The rule: only what the portal is known to have, by its own checksum and by its last answer, and
only the very file that was hashed. Whatever is in doubt stays, and is told.
"""

from pathlib import Path

from bulkpub.core.model import FileSource
from bulkpub.errors import ResourceFailed
from bulkpub.language import say
from bulkpub.pipeline.agreement import Agreed
from bulkpub.pipeline.story import ResourceStory, Story
from bulkpub.sources import fingerprint

__all__ = ["remove_files"]


async def remove_files(story: Story, agreed: Agreed | None = None) -> None:
    """Remove the files of entries that ask for it, and of which nothing is in doubt.

    Other destinations may have to have them, too: who has `agreed` says whether all do.
    """
    if story.error is not None:
        return
    for key, resource in story.resources.items():
        source = resource.spec.source
        if key in story.spec.left_out:
            continue
        if not resource.spec.remove or not resource.done or not isinstance(source, FileSource):
            continue
        if why := _doubt(story, key, resource, source):
            story.odd(key, say("{shown} is not removed: {why}", shown=source.shown, why=why))
            continue
        if agreed is not None and not await agreed(source.path, story.fingerprints[key]):
            continue
        try:
            _unlink(source.path)
        except OSError as error:
            reason = (error.strerror or say("the system refuses")).lower()
            story.file_failed(
                key,
                say(
                    "it is published, but {shown} stays: {reason}",
                    shown=source.shown,
                    reason=reason,
                ),
            )
        else:
            story.file_removed(key)


def _unlink(path: str) -> None:
    Path(path).unlink()


def _doubt(story: Story, key: str, resource: ResourceStory, source: FileSource) -> str:
    """Why it cannot be removed, as the end of a sentence; empty when it can."""
    known, remote = story.fingerprints.get(key), resource.remote
    if known is None or remote is None or not remote.hosted or remote.digest is None:
        return say("the portal does not tell the checksum of what it has")
    if known.digest != remote.digest:
        return say("the portal does not have the same content")
    try:
        now = fingerprint(source)
    except ResourceFailed:
        return say("it is gone already")
    seen = (known.size, known.mtime_ns, known.inode)
    return (
        "" if (now.size, now.mtime_ns, now.inode) == seen else say("it changed since it was hashed")
    )
