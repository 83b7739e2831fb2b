"""Files on this machine that a table of this machine names: no other catalogue leads to any.

They are looked at, and not read. Paths start from the folder of the table; the manifest has them
from its own.
"""

import os
import posixpath

from bulkpub.core.model import FileSource, ResourceMetadata, ResourceSpec
from bulkpub.harvest.base import HarvestOptions
from bulkpub.harvest.words.naming import readable, stem_of
from bulkpub.manifest.files import Files

__all__ = ["NamedFiles"]


class NamedFiles:
    """The files that the table at `table` names."""

    def __init__(self, table: str, options: HarvestOptions) -> None:
        self._folder = os.path.dirname(_absolute(table))  # noqa: PTH120 - beside relpath
        self._base = _absolute(options.base)
        self._files = Files(self._base, options.rules)

    def resource(self, path: str, title: str, description: str, kind: str) -> ResourceSpec:
        """The resource that the file is; raises `Unusable` when it cannot be published.

        A path of Windows is one here.
        """
        whole = posixpath.join(self._folder, path.replace("\\", "/"))
        found = self._files.path(os.path.relpath(whole, self._base))
        metadata = ResourceMetadata(
            title=title or readable(stem_of(found.name)),
            description=description or None,
            type=kind or None,
        )
        return ResourceSpec(found.key, FileSource(found.path, found.shown), metadata)


def _absolute(path: str) -> str:
    """The path from the root, links in it as they are."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow the links
