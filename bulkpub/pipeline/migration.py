"""What a migration is to do: every resource that points elsewhere is to be hosted in place."""

from collections.abc import AsyncIterator, Sequence

from bulkpub.core.model import (
    DatasetSpec,
    ExistingSource,
    RemoteDataset,
    ResourceSpec,
)
from bulkpub.errors import AnswerUnreadable, DatasetFailed, SettingsInvalid
from bulkpub.portals import Portal

__all__ = ["to_migrate"]


async def to_migrate(
    portal: Portal, organization: str | None, datasets: Sequence[str]
) -> list[DatasetSpec]:
    """The datasets of the organization (id or slug), and those of the ids or slugs `datasets`.

    Of each only the resources that are not hosted yet; a dataset without any is left out.
    Raises `SettingsInvalid` when the portal has no such organization or dataset.
    """
    found: dict[str, DatasetSpec] = {}
    async for remote in _datasets(portal, organization, datasets):
        entries = tuple(_entry(resource.id) for resource in remote.resources if not resource.hosted)
        if entries and not remote.deleted:
            found[remote.id] = DatasetSpec(
                key=remote.slug or remote.id,
                id=remote.id,
                organization=remote.organization,
                resources=entries,
            )
    return list(found.values())


async def _datasets(
    portal: Portal, organization: str | None, datasets: Sequence[str]
) -> AsyncIterator[RemoteDataset]:
    if organization is not None:
        owner = await portal.organization(organization)
        if owner is None:
            raise SettingsInvalid(f"the portal knows no organization '{organization}'")
        async for page in portal.owned_by(organization=owner.id):
            for remote in page.datasets:
                yield remote
    for name in datasets:
        try:
            remote_or_none = await portal.dataset(name)
        except AnswerUnreadable:
            raise  # no fault of the name
        except DatasetFailed as error:
            raise SettingsInvalid(f"dataset '{name}': {error}") from error
        if remote_or_none is None:
            raise SettingsInvalid(f"the portal knows no dataset '{name}'")
        yield remote_or_none


def _entry(resource_id: str) -> ResourceSpec:
    return ResourceSpec(key=resource_id, id=resource_id, source=ExistingSource(host=True))
