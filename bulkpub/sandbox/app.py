"""The embedded portal as an aiohttp application: routes, and the layers around them.

From the outside in: the record of what was asked, the interceptor (through which tests make
things go wrong), the quota, then the errors turned into answers. Rule: a layer knows nothing of
datasets, a handler nothing of layers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web

from bulkpub.sandbox.answers import NOT_FOUND, Refused, crashed, json_answer
from bulkpub.sandbox.calls import PORTAL, Handler, Portal
from bulkpub.sandbox.html import refusal_page, wants_page
from bulkpub.sandbox.ratelimit import Limiter, Quota
from bulkpub.sandbox.routes import table

__all__ = ["Interceptor", "Layers", "Seen", "make_app"]

Interceptor = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
"""Stands before the portal: answers itself, or calls the handler, and may spoil its answer."""

_LONGEST_JSON = 64 << 20
_log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """A request that came in: its path without the query, and the status it was answered with.

    The status is 0 when no answer was sent.
    """

    method: str
    path: str
    status: int


class Layers:
    """What stands around the handlers, and can be looked at or changed from outside."""

    def __init__(self, portal: Portal) -> None:
        self.requests: list[Seen] = []
        self.interceptor: Interceptor | None = None
        self._portal = portal
        limit = portal.settings.rate_limit
        self._limiter = Limiter(Quota.parse(limit)) if limit is not None else None

    @web.middleware
    async def record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note every request, also one whose answer is lost on purpose."""
        status = 0
        try:
            if self.interceptor is not None:
                response = await self.interceptor(request, handler)
            else:
                response = await handler(request)
            status = response.status
        finally:
            self.requests.append(Seen(request.method, request.path, status))
        return response

    @web.middleware
    async def hold_back(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Delay the answer and count it against the quota of its key."""
        if self._portal.settings.latency:
            await asyncio.sleep(self._portal.settings.latency)
        if self._limiter is None or not request.path.startswith("/api/"):
            return await handler(request)
        key = request.headers.get("X-API-KEY", "")
        spent = self._limiter.spend(key, self._portal.settings.clock().timestamp())
        if spent.allowed:
            response = await handler(request)
        else:
            await request.release()
            response = json_answer({"message": "API rate limit exceeded"}, 429)
        if not response.prepared:
            response.headers.update(spent.headers())
        return response

    @web.middleware
    async def translate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn what handlers raise into answers, once the whole request has come in.

        Somebody with a browser gets a page to read, except from the API.
        """
        response: web.StreamResponse
        try:
            response = await handler(request)
        except Refused as refused:
            response = json_answer(refused.body, refused.status, refused.headers)
        except web.HTTPPermanentRedirect as redirect:
            response = web.Response(status=308, headers={"Location": redirect.headers["Location"]})
        except web.HTTPNotFound:
            response = json_answer({"error": NOT_FOUND, "status": 404}, 404)
        except web.HTTPMethodNotAllowed:
            message = "The method is not allowed for the requested URL."
            response = json_answer({"message": message}, 405)
        except web.HTTPException:
            raise
        except ConnectionError:
            raise  # the client went away
        except Exception:  # noqa: BLE001  # whatever it is, the client gets an answer
            # udata would do the same, but here it is a mistake of ours: say so.
            _log.exception("The sandbox could not answer %s %s", request.method, request.path)
            response = json_answer(crashed().body, 500)
        if response.status >= HTTPStatus.BAD_REQUEST and wants_page(request):
            response = refusal_page(response.status)
        # As behind a real portal's server, a refusal comes after the body was taken in.
        await request.release()
        return response


def make_app(portal: Portal) -> tuple[web.Application, Layers]:
    """The application that serves `portal`, and the layers around its handlers."""
    layers = Layers(portal)
    add_slash = web.normalize_path_middleware(
        append_slash=True, merge_slashes=False, redirect_class=web.HTTPPermanentRedirect
    )
    app = web.Application(
        middlewares=[layers.record, layers.hold_back, layers.translate, add_slash],
        client_max_size=_LONGEST_JSON,
    )
    app[PORTAL] = portal
    app.add_routes(table())
    return app, layers
