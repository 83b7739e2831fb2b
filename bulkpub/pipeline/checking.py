"""Looking through a file before it is sent, for what the manifest says it has to be."""

import anyio.to_thread

from bulkpub.core.model import FileSource, ResourceSpec
from bulkpub.sources.checks import check_file

__all__ = ["check"]


async def check(source: FileSource, entry: ResourceSpec) -> None:
    """Raises `ResourceFailed` when the file is not what `entry.checks` ask for."""
    if entry.checks:
        await anyio.to_thread.run_sync(check_file, source.path, source.shown, entry.checks)
