"""What one may write of datasets, as a udata portal lists it, for people."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic_core import core_schema

from bulkpub.errors import DatasetFailed, SettingsInvalid
from bulkpub.http.messages import Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Account
from bulkpub.portals.shapes import NAME, TEXT, Shape, list_of, optional, record
from bulkpub.portals.telling import Listed, Listing
from bulkpub.portals.udata.reading import read

__all__ = ["contacts", "organizations", "vocabulary", "zones"]

MOST = 50
"""Zones and organizations that are shown of those that fit."""
CONTACTS_PER_PAGE = 500

_LISTS = {
    Listing.LICENSES: "/datasets/licenses/",
    Listing.FREQUENCIES: "/datasets/frequencies/",
    Listing.SCHEMAS: "/datasets/schemas/",
    Listing.EXTENSIONS: "/datasets/extensions/",
    Listing.TYPES: "/datasets/resource_types/",
    Listing.GRANULARITIES: "/spatial/granularities/",
}


def _plain(value: Any) -> Any:  # noqa: ANN401 # whatever an answer has there
    return {"id": value} if isinstance(value, str) else value


def _row(data: Mapping[str, Any]) -> Listed:
    versions = ", ".join(each["version_name"] for each in data["versions"] or ())
    more = [
        *(data[name] for name in ("level", "role", "email", "contact_form", "url")),
        *(data[name] for name in ("acronym",)),
        versions,
    ]
    name = data["title"] or data["label"] or (data["name"] if data["id"] else None) or ""
    return Listed(
        data["slug"] or data["id"] or data["name"] or "",
        name,
        " · ".join(" ".join(each.split()) for each in more if each),
    )


_TEXTS = (
    *("id", "name", "title", "label", "url", "slug", "acronym", "level", "role", "email"),
    "contact_form",
)
_ROWS = list_of(
    core_schema.no_info_before_validator_function(
        _plain,
        record(
            {
                **dict.fromkeys(_TEXTS, TEXT),
                "versions": optional(
                    list_of(record({"version_name": NAME}, dict, needed=("version_name",)))
                ),
            },
            _row,
        ),
    )
)
ROWS: Shape[list[Listed]] = Shape(_ROWS)
PAGE: Shape[list[Listed]] = Shape(record({"data": _ROWS}, lambda data: data["data"]))


async def vocabulary(transport: Transport, what: Listing, search: str) -> tuple[Listed, ...]:
    """A list that the portal publishes whole; those of it that have the word `search` in them."""
    rows = await _asked(transport, _LISTS[what], {}, ROWS)
    return _sifted(rows, search)


async def zones(transport: Transport, search: str) -> tuple[Listed, ...]:
    """The zones of that name, or whose name begins so."""
    if not search:
        raise SettingsInvalid(say("say which zone: its name, or the beginning of it"))
    path = "/spatial/zones/suggest/"
    return tuple(await _asked(transport, path, {"q": search, "size": str(MOST)}, ROWS))


async def organizations(
    transport: Transport, search: str, account: Account | None
) -> tuple[Listed, ...]:
    """The organizations with that word in their name; without one, those of the account."""
    if search:
        path = "/organizations/suggest/"
        return tuple(await _asked(transport, path, {"q": search, "size": str(MOST)}, ROWS))
    own = account.organizations if account else ()
    return tuple(Listed(each.slug, each.name, each.id) for each in own)


async def contacts(
    transport: Transport, owner: str, search: str, *, is_organization: bool
) -> tuple[Listed, ...]:
    """The contact points of an organization or of an account (ids)."""
    kind = "organizations" if is_organization else "users"
    path = f"/{kind}/{quote(owner, safe='')}/contacts/"
    rows = await _asked(transport, path, {"page_size": str(CONTACTS_PER_PAGE)}, PAGE)
    return _sifted(rows, search)


async def _asked(
    transport: Transport, path: str, params: Mapping[str, str], shape: Shape[list[Listed]]
) -> list[Listed]:
    request = Request("GET", path, path, params=params)
    answer = await transport.send(request)
    return read(shape, request, answer, DatasetFailed, f"GET {path}")


def _sifted(rows: list[Listed], search: str) -> tuple[Listed, ...]:
    word = search.casefold()
    return tuple(
        row for row in rows if any(word in each.casefold() for each in (row.id, row.name, row.more))
    )
