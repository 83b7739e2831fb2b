"""What a udata portal answers, besides single datasets and resources, which `codec` reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic_core import core_schema

from bulkpub.core import model as core
from bulkpub.core.catalogue import KnownSchema, KnownZone
from bulkpub.portals.base import Account, Organization, Page
from bulkpub.portals.shapes import (
    ID,
    NAME,
    NAMES,
    SIZE,
    TEXT,
    Shape,
    either,
    list_of,
    made,
    optional,
    record,
)
from bulkpub.portals.udata import codec

__all__ = ["CONTACT", "CONTACTS", "ME", "ORGANIZATION", "PAGE", "PART", "SCHEMAS"]
__all__ += ["VOCABULARY", "WORDS", "ZONES", "Contact", "Contacts", "Me"]


class Me(NamedTuple):
    """The account; `shows_key`: with a key in it, as before udata 16."""

    account: Account
    shows_key: bool


def _full_name(data: Mapping[str, Any]) -> str:
    return f"{data['first_name'] or ''} {data['last_name'] or ''}".strip()


def _me(data: Mapping[str, Any]) -> Me:
    account = Account(
        id=data["id"],
        name=_full_name(data),
        organizations=tuple(data["organizations"] or ()),
        administrator="admin" in (data["roles"] or ()),
    )
    return Me(account, data["apikey"])


_ORGANIZATION = record(
    {"id": ID, "slug": TEXT, "name": TEXT},
    lambda data: Organization(data["id"], data["slug"] or "", data["name"] or ""),
    needed=("id",),
)
ORGANIZATION: Shape[Organization] = Shape(_ORGANIZATION)
"""An organization, or a reference to one."""
ME: Shape[Me] = Shape(
    record(
        {
            "id": ID,
            "first_name": TEXT,
            "last_name": TEXT,
            "roles": NAMES,
            "organizations": optional(list_of(_ORGANIZATION)),
            "apikey": made(core_schema.any_schema(), bool),  # a secret: only that it is there
        },
        _me,
        needed=("id",),
    )
)
"""The answer of `/me/`."""
VOCABULARY: Shape[frozenset[str]] = Shape(made(list_of(either(NAME, "id")), frozenset))
"""A list of values, or of objects with an id."""


def _schema(data: Mapping[str, Any]) -> KnownSchema:
    """Its own address is of no version; where it is that of a version, too, udata means that."""
    versions = dict(data["versions"] or ())
    addresses = {data["schema_url"]: None, **{url: name for name, url in versions.items()}}
    addresses.pop(None, None)
    return KnownSchema(data["name"], tuple(versions), addresses)


_VERSION = record(
    {"version_name": NAME, "schema_url": TEXT},
    lambda data: (data["version_name"], data["schema_url"]),
    needed=("version_name",),
)
SCHEMAS: Shape[tuple[KnownSchema, ...]] = Shape(
    made(
        list_of(
            record(
                {
                    "name": ID,
                    "schema_url": TEXT,
                    "versions": optional(list_of(_VERSION)),
                },
                _schema,
                needed=("name",),
            )
        ),
        tuple,
    )
)
"""The catalogue of schemas."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact point, and whose it is: ids, and the owner's name; empty when that is not told."""

    id: str
    organization: str | None
    user: str | None
    owner: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """One page of a listing of contact points: their ids, and those of what they say, if told."""

    ids: frozenset[str]
    cards: Mapping[core.Contact, str]
    last: bool


def _contacts(data: Mapping[str, Any]) -> Contacts:
    cards: dict[core.Contact, str] = {}
    for id_, card in data["data"]:
        cards.setdefault(card, id_)
    return Contacts(frozenset(id_ for id_, _ in data["data"]), cards, not data["next_page"])


def _card(data: Mapping[str, Any]) -> tuple[str, core.Contact]:
    name, role = data["name"] or "", data["role"] or ""
    return data["id"], core.Contact(name, role, data["email"] or None, data["contact_form"] or None)


_CARD = record(
    {"id": ID, "name": TEXT, "role": TEXT, "email": TEXT, "contact_form": TEXT},
    _card,
    needed=("id",),
)


def _contact(data: Mapping[str, Any]) -> Contact:
    organization, user = data["organization"], data["owner"]
    if organization is not None:
        return Contact(data["id"], organization.id, None, organization.name or organization.id)
    return Contact(data["id"], None, user and user.id, (user.name or user.id) if user else "")


_USER = record(
    {"id": ID, "first_name": TEXT, "last_name": TEXT},
    lambda data: Account(data["id"], _full_name(data), ()),
    needed=("id",),
)
CONTACT: Shape[Contact] = Shape(
    record(
        {"id": ID, "organization": optional(_ORGANIZATION), "owner": optional(_USER)},
        _contact,
        needed=("id",),
    )
)
"""A contact point."""
CONTACTS: Shape[Contacts] = Shape(
    record(
        {"data": list_of(_CARD), "next_page": TEXT},
        _contacts,
        needed=("data",),
    )
)
ZONES: Shape[tuple[KnownZone, ...]] = Shape(
    made(
        list_of(
            record(
                {"id": ID, "name": TEXT, "level": TEXT},
                lambda data: KnownZone(data["id"], data["name"] or "", data["level"] or ""),
                needed=("id",),
            )
        ),
        tuple,
    )
)
"""Zones, as they are suggested."""
WORDS: Shape[str] = Shape(record({"message": TEXT}, lambda data: data["message"] or ""))
"""What the portal says of a refusal, whole."""
PAGE: Shape[Page] = Shape(
    record(
        {"data": list_of(codec.DATASET.schema), "total": SIZE, "next_page": TEXT},
        lambda data: Page(tuple(data["data"]), data["total"], not data["next_page"]),
        needed=("data",),
    )
)
"""One page of a listing of datasets."""
PART: Shape[None] = Shape(record({}, lambda _: None))
"""The answer to a part of a file: that it came."""
