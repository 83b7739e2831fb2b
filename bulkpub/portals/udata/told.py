"""What a udata portal tells people, beyond what publishing needs: the part of `Portal` for that."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence

from bulkpub.errors import SettingsInvalid
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Account, Organization
from bulkpub.portals.telling import DatasetHealth, Listed, Listing, RawAnswer, RawRequest
from bulkpub.portals.udata import health, listings, raw

__all__ = ["Told"]


class Told(ABC):
    """The calls of `Portal` that no publishing needs, over one transport."""

    _transport: Transport

    @abstractmethod
    async def account(self) -> Account:
        """See `Portal`."""

    @abstractmethod
    async def organization(self, id_or_slug: str) -> Organization | None:
        """See `Portal`."""

    async def raw(self, request: RawRequest) -> RawAnswer:
        """See `Portal`."""
        return await raw.raw(self._transport, request)

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`."""
        owner = {"organization": organization} if organization else {"owner": user or ""}
        if organization or user:
            async for each in health.health(self._transport, owner):
                yield each
        async for each in health.health_of(self._transport, ids):
            yield each

    async def listed(
        self, what: Listing, search: str = "", *, organization: str | None = None
    ) -> tuple[Listed, ...]:
        """See `Portal`."""
        match what:
            case Listing.ZONES:
                return await listings.zones(self._transport, search)
            case Listing.ORGANIZATIONS:
                account = None if search else await self.account()
                return await listings.organizations(self._transport, search, account)
            case Listing.CONTACTS:
                return await self._contacts(search, organization)
            case _:
                return await listings.vocabulary(self._transport, what, search)

    async def _contacts(self, search: str, organization: str | None) -> tuple[Listed, ...]:
        if organization is None:
            owner, is_organization = (await self.account()).id, False
        else:
            found = await self.organization(organization)
            if found is None:
                raise SettingsInvalid(
                    say(
                        "the portal knows no organization '{organization}'",
                        organization=organization,
                    )
                )
            owner, is_organization = found.id, True
        return await listings.contacts(
            self._transport, owner, search, is_organization=is_organization
        )
