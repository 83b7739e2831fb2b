"""A portal's datasets for another portal: to rehearse there, or to move there.

The rule: nothing in a copy speaks of the portal it comes from but the addresses of its files.
There are no ids; keys are the ids of the source, so that a copy that is made again, and run
again, changes the same datasets. Hosted files are fetched from their permalinks, which stay
when a file is replaced. What belongs to the source alone is left out, and told.
"""

from collections.abc import Mapping
from dataclasses import replace

from bulkpub.core.model import (
    Contact,
    DatasetMetadata,
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

__all__ = ["Copier"]

_STAYS, _NOT_COPIED = say("is not in the manifest and stays as it is"), say("is not in the copy")
"""What is said of what a manifest cannot say, and what that means for a copy."""


class Copier:
    """Makes the copies of one portal's datasets.

    Organizations go by their slugs, which portals that rehearse have in common, and contact points
    by what they say; `owners` are the organizations that are known, by id. `organization` is
    another one that all copies are for.
    """

    def __init__(
        self, portal: Portal, owners: dict[str, Organization], organization: str | None = None
    ) -> None:
        self._portal = portal
        self._owners = owners
        self._organization = organization
        self._contacts: dict[str, Mapping[str, Contact]] = {}

    async def copy(self, found: Found, remote: RemoteDataset) -> Found:
        """`found`, which is `remote` as it is on its portal, for another portal."""
        spec = found.dataset
        notes = [each.replace(_STAYS, _NOT_COPIED) for each in found.notes]
        metadata = replace(spec.metadata, contact_points=None)
        if metadata.title is None:
            metadata = replace(metadata, title=remote.metadata.title)
        entries = zip(spec.resources, remote.resources, strict=True)
        resources = [each for entry, there in entries if (each := _copied(entry, there, notes))]
        copy = DatasetSpec(
            key=remote.id,
            metadata=metadata,
            resources=tuple(resources),
            organization=self._organization or await self._slug(remote.organization),
            personal=self._organization is None and remote.organization is None,
            contacts=await self._contacts_of(spec.metadata, remote.organization, notes),
        )
        return Found(copy, tuple(notes), found.restricted)

    async def _slug(self, organization: str | None) -> str | None:
        if organization is None:
            return None
        if organization not in self._owners:
            known = await self._portal.organization(organization)
            self._owners[organization] = known or Organization(
                organization, organization, organization
            )
        return self._owners[organization].slug or organization

    async def _contacts_of(
        self, metadata: DatasetMetadata, organization: str | None, notes: list[str]
    ) -> tuple[Contact, ...]:
        """Its contact points by what they say; those of accounts are not listed for others."""
        points = metadata.contact_points or ()
        if not points:
            return ()
        known: Mapping[str, Contact] = {}
        if organization is not None:
            if organization not in self._contacts:
                told = await self._portal.contacts(organization=organization)
                self._contacts[organization] = {each: contact for contact, each in told.items()}
            known = self._contacts[organization]
        if unknown := [each for each in points if each not in known]:
            notes.append(
                say(
                    "the contact points {unknown} are left out: their portal does not list them "
                    "among the owner's, and no other has them",
                    unknown=", ".join(unknown),
                )
            )
        return tuple(dict.fromkeys(known[each] for each in points if each in known))


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
