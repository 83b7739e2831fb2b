"""What a udata portal answers, besides single datasets and resources, which `codec` reads."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import core_schema

from bulkpub.portals.base import Account, Organization, Page
from bulkpub.portals.udata import codec
from bulkpub.portals.udata.shapes import (
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

__all__ = ["ME", "ORGANIZATION", "PAGE", "PART", "VOCABULARY", "Me"]


class Me(NamedTuple):
    """The account; `shows_key`: with a key in it, as before udata 16."""

    account: Account
    shows_key: bool


def _me(data: Mapping[str, Any]) -> Me:
    account = Account(
        id=data["id"],
        name=f"{data['first_name'] or ''} {data['last_name'] or ''}".strip(),
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
