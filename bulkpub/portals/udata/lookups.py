"""What a udata portal is asked before a run, and done without when it does not tell.

The rule: a portal that has no such endpoint, or whose own source of it is down (403, 404, 503…),
is not checked against; what is wrong is then refused when it is written. The facts behind each
line are in `docs/reference/portal.md`.
"""

from collections.abc import AsyncIterator, Collection, Iterator
from functools import partial
from urllib.parse import quote

import anyio

from bulkpub.core.catalogue import KnownSchema, KnownZone
from bulkpub.core.model import Contact as KnownContact
from bulkpub.core.owners import Owner
from bulkpub.errors import DatasetFailed
from bulkpub.http.messages import Request
from bulkpub.http.tasks import side_by_side
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.shapes import Unreadable
from bulkpub.portals.udata.answers import (
    CONTACT,
    CONTACTS,
    SCHEMAS,
    VOCABULARY,
    WORDS,
    ZONES,
    Contact,
    Contacts,
)
from bulkpub.portals.udata.reading import read

__all__ = ["contacts", "foreign_contacts", "schemas", "unknown_zones", "vocabulary", "zones_named"]

NOT_FOUND, CRASHED = 404, 500
UNAVAILABLE = frozenset({503})
UNTOLD = frozenset({403, NOT_FOUND, 405, 410, 501, 503})
LONGEST_LIST = 1500
"""Characters of the ids in one address."""
CONTACTS_PER_PAGE = 500
MOST_PAGES = 20
"""Pages that are read of one owner's contact points; beyond, they are asked for one by one."""
MOST_SUGGESTED = 1000
"""Zones that have a name in theirs: of those that have a short one, there are many."""
MOST_SINGLE = 50
"""Contact points, or zones, that are asked for one by one."""
AT_ONCE = 8
_UNKNOWN_ZONES, _HINT = "Unknown zone identifiers: ", ". You have requested"
"""What udata says of zones it does not know, and what it says behind the words of any 404."""


async def vocabulary(transport: Transport, path: str) -> frozenset[str]:
    """The values listed at `path`; empty when it does not tell."""
    request = Request("GET", path, path, done_without=UNAVAILABLE)
    answer = await transport.send(request)
    if answer.status in UNTOLD:
        return frozenset()
    return read(VOCABULARY, request, answer, DatasetFailed, f"GET {path}")


async def schemas(transport: Transport) -> tuple[KnownSchema, ...]:
    """The catalogue of schemas; empty when there is none, or it is down (503)."""
    path = "/datasets/schemas/"
    mask = "name,schema_url,versions{version_name,schema_url}"
    request = Request("GET", path, path, headers={"X-Fields": mask}, done_without=UNAVAILABLE)
    answer = await transport.send(request)
    if answer.status in UNTOLD:
        return ()
    return read(SCHEMAS, request, answer, DatasetFailed, f"GET {path}")


# --- zones --------------------------------------------------------------------------------


async def unknown_zones(transport: Transport, zones: Collection[str]) -> frozenset[str]:
    """Which of these the portal says it does not know; it names them in its 404."""
    ask = [partial(_unknown_of, transport, batch) for batch in _batches(sorted(zones))]
    found = await side_by_side(ask, anyio.CapacityLimiter(AT_ONCE))
    return frozenset().union(*found)


def _batches(zones: Collection[str]) -> Iterator[tuple[str, ...]]:
    batch: list[str] = []
    for zone in zones:
        if batch and sum(map(len, batch)) + len(batch) + len(zone) > LONGEST_LIST:
            yield tuple(batch)
            batch = []
        batch.append(zone)
    if batch:
        yield tuple(batch)


async def _unknown_of(transport: Transport, zones: Collection[str]) -> frozenset[str]:
    path = f"/spatial/zones/{','.join(quote(zone, safe=':') for zone in zones)}/"
    mask, without = {"X-Fields": "features{id}"}, UNAVAILABLE | {CRASHED}
    endpoint = "/spatial/zones/{ids}/"
    answer = await transport.send(
        Request("GET", path, endpoint, headers=mask, done_without=without)
    )
    if answer.status == CRASHED:  # an older udata, which may know all but one of them
        ask = [partial(_is_unknown, transport, each) for each in sorted(zones)[:MOST_SINGLE]]
        unknown = await side_by_side(ask, anyio.CapacityLimiter(AT_ONCE))
        return frozenset(filter(None, unknown))
    if answer.status != NOT_FOUND:
        return frozenset()
    try:
        words = WORDS.read(answer.content)
    except Unreadable:
        return frozenset()
    if not words.startswith(_UNKNOWN_ZONES):
        return frozenset()  # there is no such endpoint
    listed = words.removeprefix(_UNKNOWN_ZONES).partition(_HINT)[0].split(", ")
    return frozenset(zones) & frozenset(listed)


async def _is_unknown(transport: Transport, zone: str) -> str:
    """The zone, if there is none of this id."""
    path, endpoint = f"/spatial/zone/{quote(zone, safe=':')}/", "/spatial/zone/{id}/"
    answer = await transport.send(Request("GET", path, endpoint, done_without=UNAVAILABLE))
    return zone if answer.status == NOT_FOUND else ""


async def zones_named(transport: Transport, name: str) -> tuple[KnownZone, ...] | None:
    """The zones in whose names it is; None when the portal does not tell."""
    path = "/spatial/zones/suggest/"
    params = {"q": name, "size": str(MOST_SUGGESTED)}
    request = Request("GET", path, path, params=params, done_without=UNAVAILABLE)
    answer = await transport.send(request)
    if answer.status in UNTOLD:
        return None
    return read(ZONES, request, answer, DatasetFailed, f"GET {path}")


# --- contact points -----------------------------------------------------------------------


def _contacts_of(owner: Owner) -> tuple[str, str]:
    """The path of the listing of its contact points, and its endpoint's name."""
    if owner.organization is not None:
        path = f"/organizations/{quote(owner.organization, safe='')}/contacts/"
        return path, "/organizations/{id}/contacts/"
    return f"/users/{quote(owner.user or '', safe='')}/contacts/", "/users/{id}/contacts/"


async def foreign_contacts(
    transport: Transport, contacts: Collection[str], owner: Owner
) -> dict[str, str]:
    """Whose those contact points are that are not the owner's; what cannot be told is not in it.

    The owner's are listed; only those that are not among them are looked at one by one.
    """
    missing, listed = set(contacts), False
    async for page in _pages(transport, owner, "next_page,data{id}"):
        listed = listed or bool(page.ids)
        missing -= page.ids
        if not missing:
            break
    ask = {each: partial(_contact, transport, each) for each in sorted(missing)[:MOST_SINGLE]}
    found = await side_by_side(ask.values(), anyio.CapacityLimiter(AT_ONCE))
    foreign: dict[str, str] = {}
    for each, contact in zip(ask, found, strict=True):
        if contact is None and listed:
            foreign[each] = say("is not there: the portal knows none with this id")
        elif contact is not None and contact.owner and not _is_of(contact, owner):
            foreign[each] = say("belongs to '{owner}'", owner=contact.owner)
    return foreign


async def contacts(transport: Transport, owner: Owner) -> dict[KnownContact, str]:
    """The ids of the owner's contact points, by what they say; of two alike that of the first."""
    found: dict[KnownContact, str] = {}
    mask = "next_page,data{id,name,role,email,contact_form}"
    async for page in _pages(transport, owner, mask):
        found = {**page.cards, **found}
    return found


async def _pages(transport: Transport, owner: Owner, mask: str) -> AsyncIterator[Contacts]:
    """The listing of the owner's contact points; it ends early where the portal does not tell."""
    path, endpoint = _contacts_of(owner)
    for number in range(1, MOST_PAGES + 1):
        params = {"page": str(number), "page_size": str(CONTACTS_PER_PAGE)}
        headers = {"X-Fields": mask}
        request = Request(
            "GET", path, endpoint, params=params, headers=headers, done_without=UNAVAILABLE
        )
        answer = await transport.send(request)
        if answer.status in UNTOLD:
            return
        page = read(CONTACTS, request, answer, DatasetFailed, say("the listing of contact points"))
        yield page
        if page.last or not page.ids:
            return


def _is_of(contact: Contact, owner: Owner) -> bool:
    return (contact.organization, contact.user) == (owner.organization, owner.user)


async def _contact(transport: Transport, contact_id: str) -> Contact | None:
    path = f"/contacts/{quote(contact_id, safe='')}/"
    mask = {"X-Fields": "id,organization{id,name},owner{id,first_name,last_name}"}
    request = Request("GET", path, "/contacts/{id}/", headers=mask, done_without=UNAVAILABLE)
    answer = await transport.send(request)
    if answer.status in UNTOLD:
        return None
    contact = read(CONTACT, request, answer, DatasetFailed, say("the contact point"))
    return contact if contact.id == contact_id.lower() else None
