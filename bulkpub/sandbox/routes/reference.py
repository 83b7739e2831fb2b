"""What a client looks up before it writes: vocabularies, organizations, itself."""

import re

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused, json_answer, not_found
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.resource_form import is_assignable
from bulkpub.sandbox.seeds import GRANULARITIES, LICENSES, ZONE_LEVELS, ZONES, Organization, Zone
from bulkpub.sandbox.vocabularies import ACCESS_REASONS, EXTENSIONS, RESOURCE_TYPES

__all__ = ["ROUTES"]

SINCE = "2024-01-01T00:00:00+00:00"
"""When the seeded accounts and organizations are said to have been made."""

_ROLES = {"admin": "Administrator", "editor": "Editor", "partial_editor": "Partial editor"}


def _labels(labels: dict[str, str], name: str = "label") -> list[Json]:
    return [{"id": each, name: label} for each, label in labels.items()]


async def _licenses(call: Call) -> web.StreamResponse:
    return call.answer([each.shown() for each in LICENSES])


async def _frequencies(call: Call) -> web.StreamResponse:
    return call.answer(_labels(call.portal.settings.ways.frequencies))


async def _resource_types(call: Call) -> web.StreamResponse:
    return call.answer(_labels(RESOURCE_TYPES))


async def _extensions(call: Call) -> web.StreamResponse:
    return json_answer(sorted(EXTENSIONS | set(call.portal.settings.extra_extensions)))


_SCHEMA_FIELDS = (
    *("consolidation_dataset_id", "contact", "datapackage_description", "datapackage_name"),
    *("datapackage_title", "description", "examples", "external_doc", "external_tool", "homepage"),
    *("labels", "name", "schema_type", "schema_url", "title", "versions"),
)


async def _schemas(call: Call) -> web.StreamResponse:
    catalogue = [each for each in call.portal.settings.schemas if is_assignable(each)]
    return call.answer([{name: each.get(name) for name in _SCHEMA_FIELDS} for each in catalogue])


async def _granularities(call: Call) -> web.StreamResponse:
    return call.answer(_labels(GRANULARITIES, "name"))


def _properties(zone: Zone) -> dict[str, Json]:
    level, _, code = zone.id.rpartition(":")
    if zone.id.startswith("country-subset:"):
        level, _, code = zone.id.partition(":")
    slug = zone.id.replace(":", "-")
    return {"slug": slug, "name": zone.name, "code": code, "level": level, "uri": None}


def _feature(zone: Zone) -> dict[str, Json]:
    return {"id": zone.id, "type": "Feature", "properties": _properties(zone)}


async def _suggest(call: Call) -> web.StreamResponse:
    """Zones in whose name, code or id the words are, those of the highest level first."""
    query = call.request.query
    if "q" not in query:
        fault = f"{_WORDS} Missing required parameter in the query string"
        raise Refused(400, {"errors": {"q": fault}, "message": _INVALID_QUERY})
    try:
        size = int(query.get("size", "10"))
    except ValueError as error:
        fault = f"The amount of suggestion to fetch {error}"
        raise Refused(400, {"errors": {"size": fault}, "message": _INVALID_QUERY}) from None
    words = query["q"].lower()
    found: list[Json] = []
    for zone in ZONES:
        shown = _properties(zone)
        if any(words in text.lower() for text in (zone.name, shown["code"], zone.id)):
            names = ("code", "level", "name", "uri")
            found.append({"id": zone.id, **{name: shown[name] for name in names}})
    return call.answer(found[: abs(size)])


_WORDS = "The string to autocomplete/suggest"
_INVALID_QUERY = "Input payload validation failed"


async def _levels(call: Call) -> web.StreamResponse:
    return call.answer(_labels(ZONE_LEVELS, "name"))


async def _reasons(call: Call) -> web.StreamResponse:
    if not call.portal.settings.ways.keeps_access:
        raise not_found()
    return json_answer(
        [{"value": each, "label": each, "definition": each} for each in ACCESS_REASONS]
    )


_DATED_ZONE = re.compile(r"([a-z]+:[a-z]+:\d+)@\d{4}-\d{2}-\d{2}")
"""An id as it once was, with the day from which on there is such a zone."""


def _known_zones(call: Call) -> dict[str, Zone | None]:
    wanted = call.request.match_info["zones"].split(",")
    ids = (match[1] if (match := _DATED_ZONE.fullmatch(each)) else each for each in wanted)
    known = {each.id: each for each in ZONES}
    return {each: known.get(each) for each in ids}


async def _zones(call: Call) -> web.StreamResponse:
    zones = _known_zones(call)
    if unknown := [each for each, zone in zones.items() if zone is None]:
        raise not_found(f"Unknown zone identifiers: {', '.join(unknown)}")
    nowhere = {"geometry": {"coordinates": None, "type": None}}
    features = [_feature(zone) | nowhere for zone in zones.values() if zone is not None]
    return json_answer({"type": "FeatureCollection", "features": features})


async def _zone(call: Call) -> web.StreamResponse:
    zone = _known_zones(call).get(call.request.match_info["zones"].partition("@")[0])
    if zone is None:
        raise not_found()
    return json_answer(_feature(zone))


async def _site(call: Call) -> web.StreamResponse:
    return call.answer(dict(call.portal.settings.ways.site))


async def _me(call: Call) -> web.StreamResponse:
    account = call.rights.require_login()
    view = call.view
    own = [
        each for each in call.portal.directory.organizations.values() if account.id in each.members
    ]
    return call.answer(
        view.account(account)
        | {
            "about": None,
            "active": True,
            "email": account.email,
            "organizations": [view.organization(each) for each in own],
            "roles": ["admin"] if account.is_sysadmin else [],
            "since": SINCE,
            "website": None,
            "metrics": {},
        }
        | ({"apikey": account.key} if call.portal.settings.ways.shows_key else {})
    )


def _organization(call: Call) -> Organization:
    name = call.request.match_info["organization"]
    found = call.portal.directory.organization(name)
    if found is not None:
        return found
    found = call.portal.directory.organization(name.lower())
    if found is not None:
        raise web.HTTPPermanentRedirect(f"/api/1/organizations/{found.slug}/")
    raise not_found()


async def _show_organization(call: Call) -> web.StreamResponse:
    organization = _organization(call)
    view, accounts = call.view, call.portal.directory.accounts
    members = [
        {
            "role": role,
            "label": _ROLES[role],
            "since": SINCE,
            "user": view.account(accounts[member]) | {"email": "***@example.org"},
        }
        for member, role in organization.members.items()
    ]
    datasets = sum(each.organization == organization.id for each in call.state.datasets.values())
    shown = view.organization(organization) | {
        "description": f"{organization.name}, seeded.",
        "created_at": SINCE,
        "last_modified": SINCE,
        "deleted": None,
        "extras": {},
        "members": members,
        "metrics": {"datasets": datasets, "members": len(members)},
        "teams": [],
        "url": None,
        "zone": None,
    }
    del shown["class"]
    return call.answer(shown)


_LISTS = "/api/1/datasets/"

ROUTES = [
    web.get(_LISTS + "licenses/", endpoint(_licenses)),
    web.get(_LISTS + "frequencies/", endpoint(_frequencies)),
    web.get(_LISTS + "resource_types/", endpoint(_resource_types)),
    web.get(_LISTS + "extensions/", endpoint(_extensions)),
    web.get(_LISTS + "schemas/", endpoint(_schemas)),
    web.get("/api/1/spatial/granularities/", endpoint(_granularities)),
    web.get("/api/1/spatial/levels/", endpoint(_levels)),
    web.get("/api/1/spatial/zones/suggest/", endpoint(_suggest)),
    web.get("/api/1/access_type/reason_categories/", endpoint(_reasons)),
    web.get("/api/1/spatial/zones/{zones}/", endpoint(_zones)),
    web.get("/api/1/spatial/zone/{zones}/", endpoint(_zone)),
    web.get("/api/1/site/", endpoint(_site)),
    web.get("/api/1/me/", endpoint(_me, needs_login=True)),
    web.get("/api/1/organizations/{organization}/", endpoint(_show_organization)),
]
