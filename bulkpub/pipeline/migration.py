"""What a migration is to do: every resource that points elsewhere is to be hosted in place.

But for datasets that are private or whose data is not open to everyone, unless they are named: a
portal serves their files to whoever has the address, and what these link to may be open to a few
only.
"""

from collections.abc import AsyncIterator, Sequence

from bulkpub.core.model import (
    DatasetSpec,
    ExistingSource,
    RemoteDataset,
    ResourceSpec,
)
from bulkpub.errors import AnswerUnreadable, DatasetFailed, SettingsInvalid
from bulkpub.language import say
from bulkpub.portals import Portal

__all__ = ["to_migrate"]

_SERVED = say("and a hosted file is served to whoever has the address")
_PRIVATE = say("its dataset is private, {served}", served=_SERVED)
_CLOSED = say("the data of its dataset is not open to everyone, {served}", served=_SERVED)


async def to_migrate(
    portal: Portal, organization: str | None, datasets: Sequence[str]
) -> AsyncIterator[DatasetSpec]:
    """The datasets of the organization (id or slug), and those of the ids or slugs `datasets`.

    Of each only the resources that are not hosted yet; a dataset without any is left out. Those
    of the organization's datasets that are private or not open to everyone stay where they are,
    with the reason; naming such a dataset as well is asking for it.
    Raises `SettingsInvalid` when the portal has no such organization or dataset.
    """
    named = {remote.id: remote async for remote in _named(portal, datasets)}
    if organization is not None:
        async for remote in _owned(portal, organization):
            stays = "" if remote.id in named else _reason_to_stay(remote)
            if spec := _spec(named.pop(remote.id, remote), stays):
                yield spec
    for remote in named.values():
        if spec := _spec(remote, ""):
            yield spec


def _spec(remote: RemoteDataset, stays: str) -> DatasetSpec | None:
    entries = tuple(_entry(each.id, stays) for each in remote.resources if not each.hosted)
    if not entries or remote.deleted:
        return None
    return DatasetSpec(
        key=remote.slug or remote.id,
        id=remote.id,
        organization=remote.organization,
        resources=entries,
    )


async def _owned(portal: Portal, organization: str) -> AsyncIterator[RemoteDataset]:
    owner = await portal.organization(organization)
    if owner is None:
        raise SettingsInvalid(
            say("the portal knows no organization '{organization}'", organization=organization)
        )
    async for page in portal.owned_by(organization=owner.id):
        for remote in page.datasets:
            yield remote


async def _named(portal: Portal, datasets: Sequence[str]) -> AsyncIterator[RemoteDataset]:
    for name in datasets:
        try:
            remote = await portal.dataset(name)
        except AnswerUnreadable:
            raise  # no fault of the name
        except DatasetFailed as error:
            raise SettingsInvalid(
                say("dataset '{name}': {error}", name=name, error=error)
            ) from error
        if remote is None:
            raise SettingsInvalid(say("the portal knows no dataset '{name}'", name=name))
        yield remote


def _reason_to_stay(remote: RemoteDataset) -> str:
    if remote.metadata.private:
        return _PRIVATE
    return "" if remote.is_open else _CLOSED


def _entry(resource_id: str, stays: str) -> ResourceSpec:
    source = ExistingSource(host=True, stays=stays)
    return ResourceSpec(key=resource_id, id=resource_id, source=source)
