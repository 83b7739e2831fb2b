"""Answers of udata as values of ours: who we are, what is listed, what a vocabulary knows.

The readers expect what udata says; whatever else an answer holds ends in one of `UNREADABLE`.
"""

from bulkpub.core.model import Json, RemoteResource
from bulkpub.portals.base import Account, Organization, Page
from bulkpub.portals.udata import codec

__all__ = [
    "UNREADABLE",
    "account_of",
    "organization_of",
    "page_of",
    "resources_of",
    "vocabulary_of",
]

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer of another shape than udata's ends in."""


def organization_of(data: Json) -> Organization:
    """An organization, or a reference to one."""
    return Organization(data["id"], data.get("slug") or "", data.get("name") or "")


def account_of(data: Json) -> Account:
    """The answer of `/me/`."""
    return Account(
        id=data["id"],
        name=f"{data.get('first_name') or ''} {data.get('last_name') or ''}".strip(),
        organizations=tuple(organization_of(o) for o in data.get("organizations") or ()),
        administrator="admin" in (data.get("roles") or ()),
    )


def vocabulary_of(data: Json) -> frozenset[str]:
    """A list of values, or of objects with an id."""
    values = frozenset(row if isinstance(row, str) else row["id"] for row in data)
    if not isinstance(data, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of values was expected")
    return values


def page_of(data: Json) -> Page:
    """One page of a listing of datasets."""
    datasets = tuple(codec.dataset_from(item) for item in data["data"])
    total = data.get("total")
    if total is not None and (not isinstance(total, int) or total < 0):
        raise TypeError("a total is a number")
    return Page(datasets, total, not data.get("next_page"))


def resources_of(data: Json) -> tuple[RemoteResource, ...]:
    """The answer of a list PUT: all resources of a dataset, in order."""
    return tuple(codec.resource_from(row) for row in data)
