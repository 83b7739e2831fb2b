"""A portal's datasets for another portal: to rehearse there, or to move there.

The rule: nothing in a copy speaks of the portal it comes from but the addresses of its files.
There are no ids; keys are the ids of the source, so that a copy that is made again, and run
again, changes the same datasets. Hosted files are fetched from their permalinks, which stay
when a file is replaced. What belongs to the source alone is left out, and told.
"""

from dataclasses import replace

from bulkpub.core.model import (
    DatasetSpec,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceSpec,
    UrlSource,
)
from bulkpub.harvest.base import Found
from bulkpub.language import say
from bulkpub.portals import Organization, Portal

__all__ = ["copied"]

_STAYS, _NOT_COPIED = say("is not in the manifest and stays as it is"), say("is not in the copy")
"""What is said of what a manifest cannot say, and what that means for a copy."""


async def copied(
    found: Found,
    remote: RemoteDataset,
    portal: Portal,
    owners: dict[str, Organization],
    organization: str | None = None,
) -> Found:
    """`found`, which is `remote` as it is on its portal, for another portal.

    Organizations go by their slugs, which portals that rehearse have in common; `owners` are those
    that are known, by id, and get those that had to be asked for. `organization` is another one
    that all copies are for.
    """
    notes = list(found.notes)
    spec = found.dataset
    metadata = spec.metadata
    notes = [each.replace(_STAYS, _NOT_COPIED) for each in notes]
    if metadata.contact_points:
        notes.append(
            say("its contact points are left out: they are those of the portal it comes from")
        )
        metadata = replace(metadata, contact_points=None)
    if metadata.title is None:
        metadata = replace(metadata, title=remote.metadata.title)
    entries = zip(spec.resources, remote.resources, strict=True)
    resources = [each for entry, there in entries if (each := _copied(entry, there, notes))]
    copy = DatasetSpec(
        key=remote.id,
        metadata=metadata,
        resources=tuple(resources),
        organization=organization or await _slug(remote.organization, portal, owners),
        personal=organization is None and remote.organization is None,
    )
    return Found(copy, tuple(notes), found.restricted)


def _copied(entry: ResourceSpec, remote: RemoteResource, notes: list[str]) -> ResourceSpec | None:
    source = entry.source
    if remote.hosted:
        source = UrlSource(remote.permalink or remote.url)
    elif not isinstance(source, LinkSource):
        notes.append(
            say(
                "the link '{title}' ({id}) is left out of the copy",
                title=remote.metadata.title,
                id=remote.id,
            )
        )
        return None
    if isinstance(source, UrlSource) and not source.url:
        notes.append(
            say(
                "the file '{title}' ({id}) has no address: left out",
                title=remote.metadata.title,
                id=remote.id,
            )
        )
        return None
    return replace(entry, key=remote.id, id=None, source=source)


async def _slug(
    organization: str | None, portal: Portal, owners: dict[str, Organization]
) -> str | None:
    if organization is None:
        return None
    if organization not in owners:
        known = await portal.organization(organization)
        owners[organization] = known or Organization(organization, organization, organization)
    return owners[organization].slug or organization
