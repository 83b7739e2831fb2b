"""What is found by a part of its name, as somebody types it."""

from aiohttp import web

from bulkpub.sandbox.answers import refused_input
from bulkpub.sandbox.calls import Call, endpoint

__all__ = ["ROUTES"]

DEFAULT_SIZE = 10


async def _organizations(call: Call) -> web.StreamResponse:
    query = call.request.query
    if "q" not in query:
        words = "The string to autocomplete/suggest Missing required parameter in the query string"
        raise refused_input("q", words)
    try:
        size = int(query.get("size", str(DEFAULT_SIZE)))
    except ValueError as error:
        raise refused_input("size", f"The amount of suggestion to fetch {error}") from None
    found = [
        {
            "id": each.id,
            "name": each.name,
            "acronym": None,
            "slug": each.slug,
            "image_url": None,
            "page": f"{call.view.base}/organizations/{each.slug}",
        }
        for each in call.portal.directory.organizations.values()
        if query["q"].lower() in each.name.lower()
    ]
    return call.answer(found[:size] if size else found)


ROUTES = [web.get("/api/1/organizations/suggest/", endpoint(_organizations))]
