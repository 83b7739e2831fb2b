"""One portal, asked with several keys: each organization's with its own.

The rule: what concerns an organization that has a key of its own goes out under that key and no
other, and everything else under the first. Whose a dataset is is learnt from the portal's answers.
All sessions are paced as one, since nobody tells whether a quota is the key's or the address's.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bulkpub.core.actions import ListItem
from bulkpub.core.catalogue import KnownSchema, KnownZone
from bulkpub.core.model import (
    Contact,
    DatasetMetadata,
    LinkSource,
    RemoteDataset,
    RemoteResource,
    ResourceMetadata,
)
from bulkpub.core.owners import Owner
from bulkpub.core.report import RequestTotals, WaitTotals
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.errors import PortalRefuses
from bulkpub.language import say
from bulkpub.portals.base import Account, Content, Download, Organization, Page, Portal, Traffic
from bulkpub.portals.telling import DatasetHealth, Listed, Listing, RawAnswer, RawRequest

__all__ = ["KeyedPortal"]


class KeyedPortal:
    """A portal whose organizations have keys of their own; implements `Portal`.

    `first` is the session of the key for everything else, `own` those of organizations, by id or
    slug. Which of them is whose is known once `account` was asked.
    """

    def __init__(self, first: Portal, own: Mapping[str, Portal]) -> None:
        self._first = first
        self._own = dict(own)
        self._by_id: dict[str, Portal] = {}
        self._of_dataset: dict[str, Portal] = {}

    # --- who is asked ----------------------------------------------------------------------

    @property
    def _sessions(self) -> tuple[Portal, ...]:
        return tuple(dict.fromkeys((self._first, *self._own.values())))

    def _of(self, organization: str | None) -> Portal:
        """The session for an organization (id or slug); for no organization, the first."""
        name = organization or ""
        return self._by_id.get(name) or self._own.get(name) or self._first

    def _seen(self, remote: RemoteDataset) -> RemoteDataset:
        self._of_dataset[remote.id] = self._of(remote.organization)
        return remote

    def knows(self, remote: RemoteDataset) -> None:
        """Take note of a dataset that another session of the same portal was told of."""
        self._seen(remote)

    def _where(self, dataset_id: str) -> Portal:
        return self._of_dataset.get(dataset_id, self._first)

    # --- what is the same for all ----------------------------------------------------------

    @property
    def rules(self) -> Rules:
        """See `Portal`."""
        return self._first.rules

    @property
    def traffic(self) -> Traffic:
        """See `Portal`: that of all sessions; they share the waiting, and the rate limit."""
        told = [session.traffic for session in self._sessions]
        requests = RequestTotals()
        for each in told:
            requests = _sum(requests, each.requests)
        last = max(told, key=lambda each: each.requests.total)
        quota = max((each.waited.quota for each in told), default=0.0)
        backoff = sum(each.waited.backoff for each in told)
        return Traffic(requests, WaitTotals(quota, backoff), last.rate_limit)

    @property
    def at_once(self) -> int:
        """See `Portal`; the pace is one for all sessions."""
        return self._first.at_once

    @property
    def refused_size(self) -> int | None:
        """See `Portal`."""
        sizes = [each for s in self._sessions if (each := s.refused_size) is not None]
        return min(sizes, default=None)

    def file_refusal(self, name: str, extensions: frozenset[str]) -> str | None:
        """See `Portal`."""
        return self._first.file_refusal(name, extensions)

    def sends_in_parts(self, size: int) -> bool:
        """See `Portal`."""
        return any(session.sends_in_parts(size) for session in self._sessions)

    def community(self, owner: Owner) -> Portal:
        """See `Portal`."""
        return self._of(owner.organization).community(owner)

    def download(self, dataset: RemoteDataset, resource: RemoteResource) -> Download:
        """See `Portal`."""
        return self._where(dataset.id).download(dataset, resource)

    async def raw(self, request: RawRequest) -> RawAnswer:
        """See `Portal`."""
        return await self._first.raw(request)

    async def health(
        self, *, organization: str | None = None, user: str | None = None, ids: Sequence[str] = ()
    ) -> AsyncIterator[DatasetHealth]:
        """See `Portal`; what is not shown with one key is asked for with the next."""
        if not ids:
            async for each in self._of(organization).health(organization=organization, user=user):
                yield each
            return
        left = dict.fromkeys(ids)
        for session in self._sessions:
            if not left:
                return
            async for each in session.health(ids=list(left)):
                left.pop(each.dataset.id, None)
                left.pop(each.dataset.slug, None)
                yield each

    async def listed(
        self, what: Listing, search: str = "", *, organization: str | None = None
    ) -> tuple[Listed, ...]:
        """See `Portal`."""
        return await self._of(organization).listed(what, search, organization=organization)

    # --- asking ----------------------------------------------------------------------------

    async def account(self) -> Account:
        """See `Portal`: the first key's, in its organizations and those with keys of their own.

        Raises `PortalRefuses` for keys of organizations that are not accepted, or not a member's.
        """
        wrong: list[str] = []
        accounts: dict[Portal, Account] = {}
        organizations: dict[str, Organization] = {}
        for name, session in self._own.items():
            try:
                account = accounts.get(session) or await session.account()
                own = await self._member(name, session, account)
            except PortalRefuses as refused:
                wrong.append(
                    say(
                        "the key of the organization '{name}': {refused}",
                        name=name,
                        refused=refused,
                    )
                )
                continue
            accounts[session] = account
            self._by_id[own.id] = self._by_id[own.slug] = session
            organizations[own.id] = own
        if wrong:
            raise PortalRefuses("; ".join(wrong))
        first = accounts.get(self._first) or await self._first.account()
        organizations |= {each.id: each for each in first.organizations}
        return replace(first, organizations=tuple(organizations.values()))

    @staticmethod
    async def _member(name: str, session: Portal, account: Account) -> Organization:
        """The organization of this id or slug, for which the account may publish."""
        for each in account.organizations:
            if name in {each.id, each.slug}:
                return each
        found = await session.organization(name)
        if found is None:
            raise PortalRefuses(say("the portal knows no such organization"))
        if not account.administrator:
            raise PortalRefuses(
                say(
                    "its account ({name}) is no member of '{found_name}'",
                    name=account.name,
                    found_name=found.name,
                )
            )
        return found

    async def organization(self, id_or_slug: str) -> Organization | None:
        """See `Portal`."""
        return await self._of(id_or_slug).organization(id_or_slug)

    async def vocabulary(self, which: Vocabulary) -> frozenset[str]:
        """See `Portal`."""
        return await self._first.vocabulary(which)

    async def schemas(self) -> tuple[KnownSchema, ...]:
        """See `Portal`."""
        return await self._first.schemas()

    async def unknown_zones(self, zones: Collection[str]) -> frozenset[str]:
        """See `Portal`."""
        return await self._first.unknown_zones(zones)

    async def zones_named(self, name: str) -> Sequence[KnownZone] | None:
        """See `Portal`."""
        return await self._first.zones_named(name)

    async def foreign_contacts(
        self, contacts: Collection[str], *, organization: str | None = None, user: str | None = None
    ) -> Mapping[str, str]:
        """See `Portal`."""
        session = self._of(organization)
        return await session.foreign_contacts(contacts, organization=organization, user=user)

    async def contacts(
        self, *, organization: str | None = None, user: str | None = None
    ) -> Mapping[Contact, str]:
        """See `Portal`."""
        return await self._of(organization).contacts(organization=organization, user=user)

    async def create_contact(self, contact: Contact, organization: str | None) -> str:
        """See `Portal`."""
        return await self._of(organization).create_contact(contact, organization)

    async def owned_by(
        self, *, organization: str | None = None, user: str | None = None
    ) -> AsyncIterator[Page]:
        """See `Portal`."""
        session = self._of(organization)
        async for page in session.owned_by(organization=organization, user=user):
            for dataset in page.datasets:
                self._seen(dataset)
            yield page

    async def dataset(self, dataset_id: str) -> RemoteDataset | None:
        """See `Portal`; one that is nobody's yet is looked for with each key."""
        known = self._of_dataset.get(dataset_id)
        for session in (known,) if known else self._sessions:
            found = await session.dataset(dataset_id)
            if found is None:
                continue
            own = self._of(self._seen(found).organization)
            # What only its members see of it, its own key shows.
            return found if own is session else await own.dataset(found.id)
        return None

    # --- writing ---------------------------------------------------------------------------

    async def create_dataset(
        self,
        metadata: DatasetMetadata,
        organization: str | None,
        now: datetime,
        *,
        release_tag: str = "",
    ) -> RemoteDataset:
        """See `Portal`."""
        session = self._of(organization)
        made = await session.create_dataset(metadata, organization, now, release_tag=release_tag)
        return self._seen(made)

    async def update_dataset(
        self,
        remote: RemoteDataset,
        changes: DatasetMetadata,
        now: datetime,
        organization: str | None = None,
        *,
        restore: bool = False,
    ) -> RemoteDataset:
        """See `Portal`; who gives a personal dataset away is the account that has it."""
        session = self._of(remote.organization)
        return self._seen(
            await session.update_dataset(remote, changes, now, organization, restore=restore)
        )

    async def delete_dataset(self, dataset_id: str) -> None:
        """See `Portal`."""
        await self._where(dataset_id).delete_dataset(dataset_id)

    async def upload(
        self, dataset_id: str, content: Content, resource_id: str | None = None
    ) -> RemoteResource:
        """See `Portal`."""
        return await self._where(dataset_id).upload(dataset_id, content, resource_id)

    async def create_link(
        self, dataset_id: str, link: LinkSource, metadata: ResourceMetadata
    ) -> RemoteResource:
        """See `Portal`."""
        return await self._where(dataset_id).create_link(dataset_id, link, metadata)

    async def set_resources(
        self, dataset_id: str, items: Sequence[ListItem]
    ) -> tuple[RemoteResource, ...]:
        """See `Portal`."""
        return await self._where(dataset_id).set_resources(dataset_id, items)

    async def move_link(self, dataset_id: str, item: ListItem) -> RemoteResource:
        """See `Portal`."""
        return await self._where(dataset_id).move_link(dataset_id, item)

    async def delete_resource(self, dataset_id: str, resource_id: str) -> None:
        """See `Portal`."""
        await self._where(dataset_id).delete_resource(dataset_id, resource_id)


def _sum(one: RequestTotals, other: RequestTotals) -> RequestTotals:
    return RequestTotals(
        one.total + other.total,
        one.planned + other.planned,
        _added(one.by_method, other.by_method),
        _added(one.by_endpoint, other.by_endpoint),
        one.retried + other.retried,
        one.rate_limited + other.rate_limited,
    )


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}
