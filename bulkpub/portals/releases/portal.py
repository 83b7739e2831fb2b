"""The calls of `Portal` to which no host of releases has an answer of its own."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from bulkpub.core.catalogue import KnownSchema, KnownZone
from bulkpub.core.model import Contact, RemoteDataset, RemoteResource
from bulkpub.core.owners import Owner
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.errors import DatasetFailed, SettingsInvalid
from bulkpub.language import say
from bulkpub.portals.base import Download, Organization, Page, Portal
from bulkpub.portals.telling import DatasetHealth, Listed, Listing, ResourceHealth

__all__ = ["ReleasePortal"]


class ReleasePortal(ABC):
    """A repository whose releases are datasets, as far as all hosts of them are alike."""

    rules: Rules

    @abstractmethod
    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`."""

    @abstractmethod
    def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """See `Portal`."""

    # --- pure ------------------------------------------------------------------------------

    def sends_in_parts(self, size: int) -> bool:  # noqa: ARG002 # whatever it is
        """See `Portal`; a file goes in one request."""
        return False

    def file_refusal(self, name: str, extensions: frozenset[str]) -> str | None:  # noqa: ARG002
        """See `Portal`; any kind of file is taken."""
        return None

    def download(
        self,
        dataset: RemoteDataset,  # noqa: ARG002 # whichever it is of
        resource: RemoteResource,
    ) -> Download:
        """See `Portal`."""
        return Download(resource.permalink)

    def community(self, owner: Owner) -> Portal:  # noqa: ARG002 # whoever it is
        """See `Portal`; the rules say that there is no such thing."""
        raise SettingsInvalid(say("beside a release nobody can put files of their own"))

    # --- what there is none of -------------------------------------------------------------

    async def organization(self, id_or_slug: str) -> Organization | None:  # noqa: ARG002
        """See `Portal`; a repository is nobody's but its own."""
        return None

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:  # noqa: ARG002
        """See `Portal`."""
        return frozenset()

    async def schemas(self) -> tuple[KnownSchema, ...]:
        """See `Portal`."""
        return ()

    async def unknown_zones(self, zones: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """See `Portal`."""
        return frozenset()

    async def zones_named(self, name: str) -> Sequence[KnownZone] | None:  # noqa: ARG002
        """See `Portal`."""
        return None

    async def foreign_contacts(
        self,
        contacts: Collection[str],  # noqa: ARG002 # a release has none
        *,
        organization: str | None = None,  # noqa: ARG002
        user: str | None = None,  # noqa: ARG002
    ) -> Mapping[str, str]:
        """See `Portal`."""
        return {}

    async def contacts(
        self,
        *,
        organization: str | None = None,  # noqa: ARG002 # a release has none
        user: str | None = None,  # noqa: ARG002
    ) -> Mapping[Contact, str]:
        """See `Portal`."""
        return {}

    async def create_contact(self, contact: Contact, organization: str | None) -> str:  # noqa: ARG002
        """See `Portal`; the rules say that a release has none."""
        raise DatasetFailed(
            say("a release has no contact points, such as {contact}", contact=contact)
        )

    async def listed(
        self,
        what: Listing,
        search: str = "",  # noqa: ARG002 # there is nothing to search in
        *,
        organization: str | None = None,  # noqa: ARG002
    ) -> tuple[Listed, ...]:
        """See `Portal`."""
        raise SettingsInvalid(say("this portal keeps no list of {value}", value=what.value))

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`; nobody checks the files of a release, so that nothing is told of them."""
        if organization or user:
            async for page in self.owned_by(organization=organization, user=user):
                for dataset in page.datasets:
                    yield _health(dataset)
        for dataset_id in ids:
            if found := await self.dataset(dataset_id):
                yield _health(found)


def _health(dataset: RemoteDataset) -> DatasetHealth:
    resources = tuple(map(ResourceHealth, dataset.resources))
    return DatasetHealth(dataset, updated=dataset.modified, resources=resources)
