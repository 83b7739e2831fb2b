"""Getting the bytes back: permalinks that redirect, and the hosted files themselves."""

import mimetypes
from urllib.parse import quote

from aiohttp import web

from bulkpub.sandbox.answers import NOT_FOUND, Refused, not_found
from bulkpub.sandbox.calls import PORTAL, Call, endpoint
from bulkpub.sandbox.files import mime_of

__all__ = ["ROUTES"]

_RUNNING = frozenset(
    ["text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml"]
)
"""What a browser runs the scripts of."""


async def _permalink(call: Call) -> web.StreamResponse:
    _, resource = call.state.anywhere(call.request.match_info["resource"].lower())
    if resource is None:
        raise not_found("Resource not found")
    return web.Response(status=302, headers={"Location": call.view.url_of(resource)})


async def _file(request: web.Request) -> web.StreamResponse:
    path = request.app[PORTAL].files.path(request.match_info["stored"])
    if path is None:
        raise Refused(404, {"error": NOT_FOUND, "status": 404})
    mime, encoding = mime_of(path.name), None
    inner, packed = mimetypes.guess_type(path.name)
    if packed == "gzip" and inner is not None:
        # As udata's local storage does: whoever downloads it has it unpacked on the way.
        mime, encoding = inner, packed
    headers = {
        "Content-Type": f"{mime}; charset=utf-8" if mime.startswith("text/") else mime,
        "Content-Disposition": f"inline; filename={quote(path.name)}",
        "Cache-Control": "no-cache",
        # What people publish is shown here, beside our pages; it may run nothing.
        **({"Content-Security-Policy": "sandbox"} if mime in _RUNNING else {}),
        **({"Content-Encoding": encoding} if encoding else {}),
    }
    return web.FileResponse(path, headers=headers)


ROUTES = [
    web.get("/api/1/datasets/r/{resource}", endpoint(_permalink)),
    web.get("/resources/{stored:.+}", _file),
]
