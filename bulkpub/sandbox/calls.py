"""One request on its way through the embedded portal: what every handler has at hand.

The order is udata's: an unknown dataset is 404 (or 308, when it has moved) before anybody is
asked for a key; then the key; then read-only mode; then whether there is an account at all;
only then the handler. Rule: handlers get a `Call` and never touch the aiohttp application.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

import orjson
from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox import masks
from bulkpub.sandbox.answers import Refused, json_answer, not_found
from bulkpub.sandbox.auth import COOKIE, Directory, Rights
from bulkpub.sandbox.files import FileStore
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.render import View
from bulkpub.sandbox.settings import SandboxSettings
from bulkpub.sandbox.slugs import title_slug
from bulkpub.sandbox.store import State

__all__ = ["PORTAL", "Call", "Handler", "Portal", "endpoint"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
READ_ONLY = "Due to security reasons, the creation of new content is currently disabled."


@dataclass(slots=True)
class Portal:
    """What all requests share."""

    settings: SandboxSettings
    state: State
    files: FileStore
    directory: Directory
    allowed_extensions: frozenset[str]

    def now(self) -> str:
        """The time as the records keep it."""
        return self.settings.clock().astimezone(UTC).isoformat(timespec="microseconds")

    def stamp(self) -> str:
        """The second an upload belongs to, as it stands in the path of a stored file."""
        return self.settings.clock().astimezone(UTC).strftime("%Y%m%d-%H%M%S")

    def new_id(self) -> str:
        """An id as MongoDB makes them: the time, then chance."""
        return f"{int(self.settings.clock().timestamp()):08x}{secrets.token_hex(8)}"


PORTAL: web.AppKey[Portal] = web.AppKey("portal", Portal)


@dataclass(slots=True)
class Call:
    """A request, the portal it came to, and who sent it."""

    request: web.Request
    portal: Portal
    rights: Rights

    @property
    def state(self) -> State:
        """What is published."""
        return self.portal.state

    @property
    def view(self) -> View:
        """The portal as the sender sees it, under the address it was asked at."""
        base = f"{self.request.scheme}://{self.request.host}"
        return View(base, self.rights, self.state, self.portal.settings.ways.keeps_access)

    def dataset(self) -> Dataset:
        """The dataset named in the address.

        :raises Refused: 404 when there is none.
        :raises aiohttp.web.HTTPPermanentRedirect: when the slug is a former one.
        """
        name = self.request.match_info["dataset"]
        dataset = self.state.datasets.get(name) or self.state.by_slug(name)
        if dataset is not None:
            return dataset
        present = self.state.moved.get(name)
        if present is None and self.state.by_slug(title_slug(name)) is not None:
            present = title_slug(name)
        if present is None:
            raise not_found()
        before, _, after = self.request.path.partition(f"/datasets/{name}/")
        raise web.HTTPPermanentRedirect(f"{before}/datasets/{present}/{after}")

    def readable_dataset(self) -> Dataset:
        """The dataset named in the address, if the sender may look at it.

        :raises Refused: 410 when it is deleted, 404 when it is hidden, for strangers.
        """
        dataset = self.dataset()
        if not self.rights.reads(dataset):
            if dataset.deleted and not dataset.private:
                raise gone()
            raise not_found()
        return dataset

    def resource(self, dataset: Dataset) -> Resource:
        """The resource named in the address, of this dataset.

        :raises Refused: 404 when there is none.
        """
        resource_id = self.request.match_info["resource"]
        if not _UUID.fullmatch(resource_id):
            raise not_found()
        resource = dataset.resource(resource_id.lower())
        if resource is None:
            raise not_found("Resource does not exist")
        return resource

    async def json(self) -> Json:
        """The body as JSON, whatever its shape.

        :raises Refused: 415 when it does not say so, 400 when it is not.
        """
        if self.request.content_type != "application/json":
            raise Refused.saying(
                415,
                "Did not attempt to load JSON data because the request Content-Type was not "
                "'application/json'.",
            )
        try:
            return orjson.loads(await self.request.read())
        except orjson.JSONDecodeError:
            raise Refused.saying(
                400,
                "The browser (or proxy) sent a request that this server could not understand.",
            ) from None

    async def form(self) -> dict[str, Json]:
        """The body as udata's forms want it: a JSON object.

        :raises Refused: 400 when it is not.
        """
        if self.request.content_type != "application/json":
            raise Refused(400, {"errors": {"Content-Type": "expecting application/json"}})
        body = await self.json()
        if not isinstance(body, dict):
            raise Refused(400, {"errors": {"request": "expecting a JSON object"}})
        return body

    def answer(self, data: Json, status: int = 200) -> web.Response:
        """The value as JSON, cut down to what `X-Fields` asks for."""
        mask = self.mask()
        return json_answer(data if mask is None else masks.apply(mask, data), status)

    def mask(self) -> masks.Mask | None:
        """What `X-Fields` asks for; None when it asks for nothing in particular."""
        text = self.request.headers.get("X-Fields")
        return masks.parse(text) if text else None


def gone() -> Refused:
    """The dataset was deleted."""
    return Refused.saying(410, "Dataset has been deleted")


def endpoint(
    handle: Callable[[Call], Awaitable[web.StreamResponse]],
    *,
    needs_login: bool = False,
    creates: bool = False,
) -> Handler:
    """Turn a handler of calls into one of requests.

    `needs_login` asks for an account; `creates` marks what read-only mode forbids.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        portal = request.app[PORTAL]
        call = Call(request, portal, Rights(None, portal.directory))
        if "dataset" in request.match_info:
            call.dataset()
        account, cookie = portal.directory.identify(request)
        call.rights = Rights(account, portal.directory)
        if creates and portal.settings.read_only and account and not account.is_sysadmin:
            raise Refused.saying(423, READ_ONLY)
        if needs_login:
            call.rights.require_login()
        try:
            response = await handle(call)
        except Refused as refused:
            response = json_answer(refused.body, refused.status, refused.headers)
        if cookie is not None and not response.prepared:
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="Lax")
        return response

    return handler
