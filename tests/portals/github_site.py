"""A GitHub that holds one repository, as far as releases go.

Made after the public documents (docs.github.com: "REST API endpoints for releases", "… for release
assets", "Rate limits for the REST API"), whose example answers its own are held to
(`test_github.py`). As there: a tag has one published release (422) and any number of drafts, which
only their ids find; a name is given once in a release (422), also by what broke off and stays a
`starter`; names are changed; files are sent to another address than all else, and are downloaded
from a third one; nothing is empty. `trouble` has answers lost, refused or torn.
"""

import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

WRITER = "ghp_one-that-may-write"
READER = "ghp_one-that-may-only-read"

NEW_MARK = ".bulkpub-new"
"""What follows the name of a file that came for another one."""
OWNER, NAME = "ville-exemple", "donnees"
REPOSITORY = f"/api/v3/repos/{OWNER}/{NAME}"
UPLOADS = f"/api/uploads/repos/{OWNER}/{NAME}"
USER = {"login": "octocat", "id": 1, "type": "User", "site_admin": False}


@dataclass
class Site:
    """What the repository has, and what was asked of it.

    `trouble` is given method and path (below the repository) of each request, and names what goes
    wrong: `lost` (carried out, and no answer), `dropped` (not carried out, and no answer),
    `starter` (502, and what broke off stays), `502` (not carried out), `limit` (403 for the
    secondary limit), `401`.
    """

    base: str = ""
    releases: dict[int, dict[str, Any]] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    trouble: Callable[[str, str], str | None] = lambda _method, _path: None
    digests: bool = True
    archived: bool = False
    private: bool = False
    moved: bool = False
    hidden: set[str] = field(default_factory=set)
    numbers: Any = field(default_factory=lambda: itertools.count(1001))

    @property
    def portal(self) -> str:
        """The address of the repository, as people write it."""
        return f"github+{self.base}/{OWNER}/{NAME}"

    @property
    def api(self) -> str:
        """The address of the repository's API."""
        return f"{self.base}{REPOSITORY}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path in self.asked if method not in {"GET", "HEAD"}]

    def shown(self) -> dict[str, dict[str, bytes]]:
        """What everybody gets: the content of each release's files, by tag and name."""
        return {
            release["tag_name"]: {
                asset["name"]: self.contents[asset["id"]]
                for asset in release["assets"]
                if asset["state"] == "uploaded"
            }
            for release in self.releases.values()
        }

    def add_release(self, tag: str, **said: Any) -> dict[str, Any]:
        """A release, as somebody makes it."""
        number, now, draft = next(self.numbers), _now(), bool(said.get("draft"))
        shown_as = f"untagged-{number}" if draft else tag
        made = {
            "url": f"{self.api}/releases/{number}",
            "html_url": f"{self.base}/{OWNER}/{NAME}/releases/tag/{shown_as}",
            "assets_url": f"{self.api}/releases/{number}/assets",
            "upload_url": f"{self.base}/elsewhere/{number}/assets{{?name,label}}",
            "tarball_url": f"{self.api}/tarball/{tag}",
            "zipball_url": f"{self.api}/zipball/{tag}",
            "id": number,
            "node_id": "MDc6UmVsZWFzZTE=",
            "tag_name": tag,
            "target_commitish": "main",
            "name": said.get("name"),
            "body": said.get("body"),
            "draft": draft,
            "prerelease": False,
            "immutable": False,
            "created_at": now,
            "published_at": None if draft else now,
            "author": USER,
            "assets": [],
        }
        self.releases[number] = made
        return made

    def add_asset(
        self, release: dict[str, Any], name: str, data: bytes, state: str = "uploaded"
    ) -> dict[str, Any]:
        """A file, as somebody puts it into a release."""
        number, now = next(self.numbers), _now()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        made = {
            "url": f"{self.api}/releases/assets/{number}",
            "browser_download_url": self._download(release, name),
            "id": number,
            "node_id": "MDEyOlJlbGVhc2VBc3NldDE=",
            "name": name,
            "label": "",
            "state": state,
            "content_type": "text/csv",
            "size": len(data),
            "digest": digest if self.digests and state == "uploaded" else None,
            "download_count": 0,
            "created_at": now,
            "updated_at": now,
            "uploader": USER,
        }
        release["assets"].append(made)
        self.contents[number] = data
        return made

    def stored_at(self, asset: dict[str, Any]) -> str:
        """Where a file lies, at another host than all else."""
        return f"{self.base.replace('127.0.0.1', 'localhost')}/stored/{asset['id']}"

    def _download(self, release: dict[str, Any], name: str) -> str:
        shown_as = release["html_url"].rpartition("/")[2]
        return f"{self.base}/{OWNER}/{NAME}/releases/download/{shown_as}/{name}"

    def rename(self, release: dict[str, Any], asset: dict[str, Any], name: str) -> None:
        """Give a file another name, or the address that it has by now."""
        asset |= {"name": name, "browser_download_url": self._download(release, name)}


def kept_name(name: str) -> str:
    """The name under which a file is kept."""
    return re.sub(r"[^A-Za-z0-9_.-]+", ".", name).strip(".")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, words: str, **error: str) -> web.Response:
    body: dict[str, Any] = {"message": words, "documentation_url": "https://docs.github.com/rest"}
    if error:
        body["errors"] = [error]
    return web.json_response(body, status=status)


def _taken(resource: str, name: str) -> web.Response:
    return _error(422, "Validation Failed", resource=resource, code="already_exists", field=name)


class _App:
    def __init__(self, site: Site) -> None:
        self.site = site
        app = self.app = web.Application(middlewares=[self.guarded], client_max_size=2**30)
        routes = app.router
        routes.add_get(REPOSITORY, self.repository)
        routes.add_get(f"{REPOSITORY}/releases", self.listing)
        routes.add_post(f"{REPOSITORY}/releases", self.create)
        routes.add_get(f"{REPOSITORY}/releases/tags/{{tag}}", self.by_tag)
        routes.add_get(f"{REPOSITORY}/releases/assets/{{id:[0-9]+}}", self.asset)
        routes.add_patch(f"{REPOSITORY}/releases/assets/{{id:[0-9]+}}", self.rename)
        routes.add_delete(f"{REPOSITORY}/releases/assets/{{id:[0-9]+}}", self.delete_asset)
        routes.add_get(f"{REPOSITORY}/releases/{{id:[0-9]+}}", self.release)
        routes.add_patch(f"{REPOSITORY}/releases/{{id:[0-9]+}}", self.update)
        routes.add_delete(f"{REPOSITORY}/releases/{{id:[0-9]+}}", self.delete)
        routes.add_post(f"{UPLOADS}/releases/{{id:[0-9]+}}/assets", self.upload)
        routes.add_get(f"/{OWNER}/{NAME}/releases/download/{{tag}}/{{name}}", self.page)
        routes.add_get("/stored/{id:[0-9]+}", self.stored)

    @web.middleware
    async def guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        site, path = self.site, request.path.split(f"/{OWNER}/{NAME}", 1)[-1]
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        site.keys.append((request.path, key))
        if not request.path.startswith("/api/"):
            return await handler(request)
        site.asked.append((request.method, path))
        if site.moved:
            headers = {"Location": f"{site.base}/api/v3/repositories/1296269"}
            return web.json_response({"message": "Moved Permanently"}, status=301, headers=headers)
        fault = site.trouble(request.method, path)
        answer = await self._refusal(request, key, fault)
        if answer is not None:
            return answer
        answer = await handler(request)
        if fault == "lost" and request.transport is not None:
            request.transport.close()
        answer.headers["X-RateLimit-Limit"] = "5000"
        answer.headers["X-RateLimit-Remaining"] = str(5000 - len(site.asked))
        answer.headers["X-RateLimit-Reset"] = str(int(datetime.now(UTC).timestamp()) + 1800)
        return answer

    async def _refusal(
        self, request: web.Request, key: str, fault: str | None
    ) -> web.StreamResponse | None:
        site = self.site
        if fault == "limit":
            limit = (
                "You have exceeded a secondary rate limit. Please wait a few minutes before you "
                "try again."
            )
            answer = _error(403, limit)
            answer.headers["Retry-After"] = "0"
            return answer
        if fault in {"502", "starter", "dropped"}:
            await request.read()
            if fault == "starter":
                release = site.releases[int(request.path.split("/")[-2])]
                site.add_asset(release, kept_name(request.query["name"]), b"", "starter")
            if fault == "dropped" and request.transport is not None:
                request.transport.close()
            return _error(502, "Server Error")
        if key not in {WRITER, READER} or fault == "401":
            return _error(401, "Bad credentials")
        if key == READER and request.method != "GET":
            return _error(403, "Resource not accessible by personal access token")
        return None

    # --- the repository and its releases ------------------------------------------------------

    async def repository(self, request: web.Request) -> web.Response:
        writes = request.headers["Authorization"].endswith(WRITER)
        return web.json_response(
            {
                "id": 1296269,
                "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
                "name": NAME,
                "full_name": f"{OWNER}/{NAME}",
                "owner": {"login": OWNER, "id": 6811672, "type": "Organization"},
                "private": self.site.private,
                "html_url": f"{self.site.base}/{OWNER}/{NAME}",
                "default_branch": "main",
                "archived": self.site.archived,
                "disabled": False,
                "permissions": {"admin": False, "push": writes, "pull": True},
            }
        )

    async def listing(self, request: web.Request) -> web.Response:
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        newest = sorted(self.site.releases.values(), key=lambda each: -each["id"])
        if request.headers["Authorization"].endswith(READER):
            newest = [each for each in newest if not each["draft"]]
        answer = web.json_response(list(map(self._seen, newest[(page - 1) * size : page * size])))
        if page * size < len(newest):
            pages = (("next", page + 1), ("last", -(-len(newest) // size)))
            address = "https://elsewhere.example/repositories/1296269/releases"
            answer.headers["Link"] = ", ".join(
                f'<{address}?per_page={size}&page={number}>; rel="{rel}"' for rel, number in pages
            )
        return answer

    def _seen(self, release: dict[str, Any]) -> dict[str, Any]:
        """The release without its files that are `hidden`."""
        shown = [each for each in release["assets"] if each["name"] not in self.site.hidden]
        return release | {"assets": shown}

    def _found(self, request: web.Request) -> dict[str, Any] | None:
        return self.site.releases.get(int(request.match_info["id"]))

    async def release(self, request: web.Request) -> web.Response:
        found = self._found(request)
        return web.json_response(self._seen(found)) if found else _error(404, "Not Found")

    def _tagged(self, tag: str) -> dict[str, Any] | None:
        published = (each for each in self.site.releases.values() if not each["draft"])
        return next((each for each in published if each["tag_name"] == tag), None)

    async def by_tag(self, request: web.Request) -> web.Response:
        found = self._tagged(request.match_info["tag"])
        return web.json_response(found) if found else _error(404, "Not Found")

    async def create(self, request: web.Request) -> web.Response:
        said = await request.json()
        if not said.get("draft") and self._tagged(said["tag_name"]):
            return _taken("Release", "tag_name")
        return web.json_response(self.site.add_release(said.pop("tag_name"), **said), status=201)

    async def update(self, request: web.Request) -> web.Response:
        found, said = self._found(request), await request.json()
        if found is None:
            return _error(404, "Not Found")
        found.update({name: said[name] for name in ("name", "body", "draft") if name in said})
        if not found["draft"] and found["published_at"] is None:
            page = found["html_url"].rpartition("/")[0]
            found |= {"published_at": _now(), "html_url": f"{page}/{found['tag_name']}"}
            for asset in found["assets"]:
                self.site.rename(found, asset, asset["name"])
        return web.json_response(found)

    async def delete(self, request: web.Request) -> web.Response:
        found = self.site.releases.pop(int(request.match_info["id"]), None)
        return web.Response(status=204) if found else _error(404, "Not Found")

    # --- files ----------------------------------------------------------------------------------

    async def upload(self, request: web.Request) -> web.Response:
        data, found = await request.read(), self._found(request)
        if found is None:
            return _error(404, "Not Found")
        name = kept_name(request.query["name"])
        if any(each["name"] == name for each in found["assets"]):
            return _taken("ReleaseAsset", "name")
        if not data:
            return _error(
                422,
                "Validation Failed",
                resource="ReleaseAsset",
                code="custom",
                field="size",
                message="size must be greater than or equal to 1",
            )
        return web.json_response(self.site.add_asset(found, name, data), status=201)

    def _asset(self, request: web.Request) -> tuple[dict[str, Any], dict[str, Any]] | None:
        number = int(request.match_info["id"])
        for release in self.site.releases.values():
            for asset in release["assets"]:
                if asset["id"] == number:
                    return release, asset
        return None

    async def asset(self, request: web.Request) -> web.StreamResponse:
        found = self._asset(request)
        if found is None:
            return _error(404, "Not Found")
        if request.headers.get("Accept") == "application/octet-stream":
            raise web.HTTPFound(self.site.stored_at(found[1]))
        return web.json_response(found[1])

    async def rename(self, request: web.Request) -> web.Response:
        found, said = self._asset(request), await request.json()
        if found is None:
            return _error(404, "Not Found")
        release, asset = found
        name = kept_name(said["name"])
        if any(each["name"] == name and each is not asset for each in release["assets"]):
            return _taken("ReleaseAsset", "name")
        self.site.rename(release, asset, name)
        return web.json_response(asset)

    async def delete_asset(self, request: web.Request) -> web.Response:
        found = self._asset(request)
        if found is None:
            return _error(404, "Not Found")
        found[0]["assets"].remove(found[1])
        return web.Response(status=204)

    async def page(self, request: web.Request) -> web.Response:
        """What everybody gets of a release, which lies elsewhere."""
        release = None if self.site.private else self._tagged(request.match_info["tag"])
        for asset in release["assets"] if release else ():
            if (asset["name"], asset["state"]) == (request.match_info["name"], "uploaded"):
                raise web.HTTPFound(self.site.stored_at(asset))
        return _error(404, "Not Found")

    async def stored(self, request: web.Request) -> web.Response:
        return web.Response(body=self.site.contents[int(request.match_info["id"])])


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """The imitation, served on this machine."""
    site = Site()
    server = TestServer(_App(site).app)
    await server.start_server()
    site.base = f"http://127.0.0.1:{server.port}"
    try:
        yield site
    finally:
        await server.close()
