"""Files that the portal would refuse for their names alone: told before they are fetched or sent.

What a name tells is told once, with the line it is written in, as soon as the name is known: of a
local file and of what most addresses name before anything begins, else when the server answers.
"""

from collections.abc import Iterable

from bulkpub.core.model import DatasetSpec, FileSource, ResourceSpec, UrlSource
from bulkpub.language import say
from bulkpub.portals import Portal
from bulkpub.sources.file_names import told_by_address

__all__ = ["name_refusal", "refused_files"]


def refused_files(
    portal: Portal, spec: DatasetSpec, extensions: frozenset[str] | None
) -> Iterable[tuple[ResourceSpec, str]]:
    """The entries of `spec` whose names tell that the portal refuses them, and why, in a sentence.

    `extensions` are those of its vocabulary, None when it was not asked.
    """
    for entry in spec.resources:
        match entry.source:
            case FileSource() as source:
                name = source.name
            case UrlSource(url=url):
                name = told_by_address(url)
            case _:
                continue
        if name and (why := name_refusal(portal, name, extensions)):
            yield entry, say("{file}: {why}", file=entry.source.shown, why=why)


def name_refusal(portal: Portal, name: str, extensions: frozenset[str] | None) -> str | None:
    """Why the portal takes no file called `name`, as far as that is known; None when it does."""
    if fault := portal.rules.file_fault(name):
        return say("'{name}' {fault}", name=name, fault=fault)
    return None if extensions is None else portal.file_refusal(name, extensions)
