"""A GitLab that holds one project, as far as releases and generic packages go.

Made after the public documents (docs.gitlab.com: "Project release API", "Release links API",
"Packages API", "GitLab generic packages repository"), whose example answers its own are held to
(`test_gitlab_site.py`). As there: names, addresses and paths of a release's links are each given
once (400), a release once a tag (409), a package takes several files of one name and gives out the
latest, unless the group forbids that (400), deleting takes a maintainer (403), links are listed
newest first. `trouble` has answers lost, refused or torn.
"""

import asyncio
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web
from aiohttp.test_utils import TestServer

MAINTAINER = "glpat-of-a-maintainer"
DEVELOPER = "glpat-of-a-developer"
REPORTER = "glpat-of-a-reporter"
JOB = "glcbt-64_of-a-job"
"""The token of a CI job, which is told nothing of the project itself."""
LEVELS = {MAINTAINER: 40, DEVELOPER: 30, REPORTER: 20, JOB: 40}

PATH = "ville-exemple/open-data/velos"
NUMBER = 24
FILE_NAME = re.compile(r"(?![~@])[A-Za-z0-9._\-+~@]+(?<![~@])")
PACKAGE_NAME = re.compile(r"[A-Za-z0-9._\-+]+")
VERSION = re.compile(r"(?!.*\.\.)[\w+.-]+")
LINK_PATH = re.compile(r"/[^/](?!.*//.*)[\-.\w/]+[\da-zA-Z]+", re.ASCII)
LONGEST_PATH = 128
MOST_TEXT = 1_000_000


@dataclass
class Site:
    """What the project has, and what was asked of it.

    `trouble` is given method and path (below the project) of each request, and names what goes
    wrong: `lost` (carried out, and no answer), `dropped` (not carried out, and no answer), `429`,
    `500` (not carried out) or `500-done` (carried out all the same). `nonsense` are answers to
    reading requests by path, `moved_to` is where the project is now; `endless` are its listings.
    """

    base: str = ""
    branch: str | None = "main"
    tags: set[str] = field(default_factory=set)
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    packages: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    trouble: Callable[[str, str], str | None] = lambda _method, _path: None
    duplicates: bool = True
    selects: bool = True
    largest: int = 5 * 1024**3
    most_page: int = 100
    public: bool = True
    uploading: set[tuple[str, str]] = field(default_factory=set)
    moved_to: str = ""
    nonsense: dict[str, bytes] = field(default_factory=dict)
    endless: bool = False
    numbers: Any = field(default_factory=lambda: itertools.count(1001))

    @property
    def portal(self) -> str:
        """The address of the project, as people write it."""
        return f"gitlab+{self.base}/{PATH}"

    @property
    def api(self) -> str:
        """The address of the project's API."""
        return f"{self.base}/api/v4/projects/{quote(PATH, safe='')}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path in self.asked if method not in {"GET", "HEAD"}]

    def shown(self, tag: str) -> dict[str, bytes]:
        """What everybody gets by the links of a release, by their names."""
        return {link["name"]: self.content_at(link["url"]) for link in self.links[tag]}

    def content_at(self, url: str) -> bytes:
        """What is at the address of a package's file."""
        name, version, file = map(unquote, url.rsplit("/", 3)[1:])
        for number, package in self.packages.items():
            if (package["name"], package["version"]) == (name, version):
                found = [each for each in self.files[number] if each["file_name"] == file]
                return self.contents[max(each["id"] for each in found)]
        raise KeyError(url)

    def stored(self) -> list[tuple[str, str]]:
        """All files of all packages: the package's name and the file's."""
        return [
            (package["name"], each["file_name"])
            for number, package in self.packages.items()
            for each in self.files[number]
        ]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, message: Any) -> web.Response:
    return web.json_response({"message": message}, status=status)


class _App:
    def __init__(self, site: Site) -> None:
        self.site = site
        app = self.app = web.Application(middlewares=[self.guarded], client_max_size=2**30)
        project = "/api/v4/projects/{project}"
        releases, packages = f"{project}/releases", f"{project}/packages"
        links = f"{releases}/{{tag}}/assets/links"
        router = app.router
        router.add_get(project, self.project)
        router.add_get(f"{project}/repository/branches", self.branches)
        router.add_get(releases, self.listing)
        router.add_post(releases, self.create)
        router.add_get(f"{releases}/{{tag}}", self.release)
        router.add_put(f"{releases}/{{tag}}", self.update)
        router.add_delete(f"{releases}/{{tag}}", self.delete)
        router.add_post(links, self.add_link)
        router.add_put(f"{links}/{{link}}", self.write_link)
        router.add_delete(f"{links}/{{link}}", self.delete_link)
        router.add_get(packages, self.list_packages)
        router.add_delete(f"{packages}/{{package}}", self.delete_package)
        router.add_get(f"{packages}/{{package}}/package_files", self.list_files)
        router.add_delete(f"{packages}/{{package}}/package_files/{{file}}", self.delete_file)
        router.add_put(f"{packages}/generic/{{name}}/{{version}}/{{file}}", self.upload)
        router.add_get(f"{packages}/generic/{{name}}/{{version}}/{{file}}", self.download)
        router.add_get(f"/{PATH}/-/releases/{{tag}}/downloads/{{path:.+}}", self.permalink)

    # --- before and after each ---------------------------------------------------------------

    @web.middleware
    async def guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        site = self.site
        if not request.path.startswith("/api/v4/"):
            return await handler(request)
        path = request.rel_url.raw_path.partition("/projects/")[2].partition("/")[2]
        path = f"/{path}" if path else ""
        site.asked.append((request.method, path))
        site.keys += [n for n in ("PRIVATE-TOKEN", "JOB-TOKEN") if n in request.headers]
        fault = site.trouble(request.method, path)
        answer = await self._instead(request, fault, path)
        if answer is None:  # an answer without a body counts as none
            answer = self._refusal(request)
        if answer is None:
            answer = await handler(request)
        if fault == "lost":
            self._hang_up(request)
        if fault == "500-done":
            return _error(500, "500 Internal Server Error")
        answer.headers["RateLimit-Limit"] = "2000"
        answer.headers["RateLimit-Remaining"] = str(2000 - len(site.asked) % 2000)
        answer.headers["RateLimit-Reset"] = str(int(datetime.now(UTC).timestamp()) + 60)
        return answer

    async def _instead(
        self, request: web.Request, fault: str | None, path: str
    ) -> web.StreamResponse | None:
        """What is answered though nothing is carried out."""
        if fault in {"429", "500"}:
            await request.read()
            headers = {"Retry-After": "0"} if fault == "429" else {}
            said = {"message": "Retry later"} if fault == "429" else {"error": "500 Internal"}
            return web.json_response(said, status=int(fault), headers=headers)
        if fault == "dropped":
            self._hang_up(request)
            return web.Response()
        if self.site.moved_to:
            return web.Response(status=301, headers={"Location": self.site.moved_to})
        if request.method == "GET" and path in self.site.nonsense:
            return web.Response(body=self.site.nonsense[path], content_type="application/json")
        return None

    @staticmethod
    def _hang_up(request: web.Request) -> None:
        if request.transport is not None:
            request.transport.close()

    def _level(self, request: web.Request) -> int | None:
        """What the key may do; None: it is none. Each kind of key has a header of its own."""
        private = request.headers.get("PRIVATE-TOKEN")
        job = request.headers.get("JOB-TOKEN")
        key = JOB if job == JOB else None if private == JOB else private
        return LEVELS.get(key) if key else 0

    def _refusal(self, request: web.Request) -> web.Response | None:
        level = self._level(request)
        project = request.match_info.get("project", "")
        if level is None:
            return _error(401, "401 Unauthorized")
        if not level and not self.site.public:
            return _error(404, "404 Project Not Found")
        if unquote(project) not in {PATH, str(NUMBER)}:
            return _error(404, "404 Project Not Found")
        needs = {"GET": 0, "POST": 30, "PUT": 30, "DELETE": 40}[request.method]
        if request.method == "DELETE" and "/assets/links/" in request.path:
            needs = 30
        if level < needs:
            return _error(403, "403 Forbidden")
        return None

    # --- the project -------------------------------------------------------------------------

    async def project(self, request: web.Request) -> web.Response:
        if request.headers.get("JOB-TOKEN"):
            return _error(404, "404 Project Not Found")
        level = self._level(request)
        access = {"access_level": level, "notification_level": 3} if level else None
        return web.json_response(
            {
                "id": NUMBER,
                "name": "velos",
                "path": "velos",
                "path_with_namespace": PATH,
                "default_branch": self.site.branch,
                "web_url": f"{self.site.base}/{PATH}",
                "visibility": "public" if self.site.public else "private",
                "permissions": {"project_access": access, "group_access": None},
            }
        )

    async def branches(self, request: web.Request) -> web.Response:
        names = sorted({"feature", self.site.branch} - {None}) if self.site.branch else []
        found = [{"name": name, "default": name == self.site.branch} for name in names]
        return self._page(request, found)

    def _page(self, request: web.Request, items: list[Any]) -> web.Response:
        """A page of a listing by offset, with what it says of the others in its headers."""
        size = min(int(request.query.get("per_page", 20)), self.site.most_page)
        number = int(request.query.get("page", 1))
        first = 0 if self.site.endless else (number - 1) * size
        answer = web.json_response(items[first : first + size])
        answer.headers["X-Total"] = str(len(items))
        answer.headers["X-Page"] = str(number)
        url = request.url.update_query(per_page=str(size))
        links = [f'<{url.update_query(page="1")}>; rel="first"']
        if number * size < len(items) or self.site.endless:
            links.append(f'<{url.update_query(page=str(number + 1))}>; rel="next"')
            answer.headers["X-Next-Page"] = str(number + 1)
        answer.headers["Link"] = ", ".join(links)
        return answer

    # --- releases ----------------------------------------------------------------------------

    def _shown(self, tag: str) -> dict[str, Any]:
        release, page = self.site.releases[tag], f"{self.site.base}/{PATH}/-/releases/{quote(tag)}"
        return {
            **release,
            "tag_path": f"/{PATH}/-/tags/{tag}",
            "assets": {"count": 4, "sources": [], "links": self.site.links[tag][::-1]},
            "_links": {"self": page, "edit_url": f"{page}/edit"},
        }

    async def listing(self, request: web.Request) -> web.Response:
        found = sorted(self.site.releases.values(), key=lambda each: each["created_at"])
        if request.query.get("sort", "desc") == "desc":
            found.reverse()
        return self._page(request, [self._shown(each["tag_name"]) for each in found])

    def _tag(self, request: web.Request) -> str | None:
        tag = request.match_info["tag"]
        return tag if tag in self.site.releases else None

    async def release(self, request: web.Request) -> web.Response:
        tag = self._tag(request)
        return web.json_response(self._shown(tag)) if tag else _error(404, "404 Not Found")

    async def create(self, request: web.Request) -> web.Response:
        said = await request.json()
        tag = said["tag_name"]
        if tag in self.site.releases:
            return _error(409, "Release already exists")
        if tag not in self.site.tags:
            if not said.get("ref"):
                return _error(422, "Ref is not specified")
            if said["ref"] != self.site.branch:
                return _error(400, f"Target {said['ref']} is invalid")
            self.site.tags.add(tag)
        if len(said.get("description") or "") > MOST_TEXT:
            return _error(400, "Validation failed: Description is too long")
        self.site.releases[tag] = {
            "tag_name": tag,
            "name": said.get("name") or tag,
            "description": said.get("description"),
            "created_at": _now(),
            "released_at": _now(),
        }
        self.site.links[tag] = []
        for link in said.get("assets", {}).get("links", []):
            if faults := self._fault(tag, link, None):
                del self.site.releases[tag], self.site.links[tag]
                return _error(400, f"Validation failed: {'; '.join(faults)}")
            self._linked(tag, link)
        return web.json_response(self._shown(tag), status=201)

    async def update(self, request: web.Request) -> web.Response:
        tag, said = self._tag(request), await request.json()
        if tag is None:
            return _error(404, "404 Not Found")
        if len(said.get("description") or "") > MOST_TEXT:
            return _error(400, "Description is too long")
        found = self.site.releases[tag]
        found.update({name: said[name] for name in ("name", "description") if name in said})
        return web.json_response(self._shown(tag))

    async def delete(self, request: web.Request) -> web.Response:
        tag = self._tag(request)
        if tag is None:
            return _error(404, "404 Not Found")
        shown = self._shown(tag)
        del self.site.releases[tag], self.site.links[tag]
        return web.json_response(shown)

    # --- links -------------------------------------------------------------------------------

    def _fault(self, tag: str, said: dict[str, Any], own: dict[str, Any] | None) -> list[str]:
        others = [each for each in self.site.links[tag] if each is not own]
        faults = [
            f"{name.capitalize()} has already been taken"
            for name in ("name", "url")
            if said.get(name) in {each[name] for each in others}
        ]
        if (path := said.get("direct_asset_path")) is not None:
            ends = f"/downloads{path}"
            if any(each["direct_asset_url"].endswith(ends) for each in others):
                faults.append("Filepath has already been taken")
            if len(path) > LONGEST_PATH or not LINK_PATH.fullmatch(path):
                faults.append("Filepath is in an invalid format")
        if not re.match(r"(https?|ftp)://", said.get("url", "http://")):
            faults.append("Url is blocked: Only allowed schemes are http, https, ftp")
        return faults

    async def add_link(self, request: web.Request) -> web.Response:
        tag, said = self._tag(request), await request.json()
        if tag is None:
            return _error(404, "404 Not Found")
        if faults := self._fault(tag, said, None):
            return _error(400, faults)
        return web.json_response(self._linked(tag, said), status=201)

    def _linked(self, tag: str, said: dict[str, Any]) -> dict[str, Any]:
        path = said.get("direct_asset_path")
        page = f"{self.site.base}/{PATH}/-/releases/{quote(tag)}"
        made = {
            "id": next(self.site.numbers),
            "name": said["name"],
            "url": said["url"],
            "direct_asset_url": f"{page}/downloads{path}" if path else said["url"],
            "link_type": said.get("link_type", "other"),
        }
        self.site.links[tag].append(made)
        return made

    def _link(self, request: web.Request) -> tuple[str, dict[str, Any]] | None:
        tag = self._tag(request)
        for each in self.site.links.get(tag or "", []):
            if each["id"] == int(request.match_info["link"]):
                return tag or "", each
        return None

    async def write_link(self, request: web.Request) -> web.Response:
        found, said = self._link(request), await request.json()
        if found is None:
            return _error(404, "404 Not Found")
        tag, link = found
        if not {"name", "url"} & said.keys():
            return web.json_response({"error": "name, url are missing"}, status=400)
        if faults := self._fault(tag, said, link):
            return _error(400, faults)
        own = link["direct_asset_url"] == link["url"]
        link.update({name: said[name] for name in ("name", "url") if name in said})
        link["link_type"] = said.get("link_type", "other")
        if own:
            link["direct_asset_url"] = link["url"]
        return web.json_response(link)

    async def delete_link(self, request: web.Request) -> web.Response:
        found = self._link(request)
        if found is None:
            return _error(404, "404 Not Found")
        self.site.links[found[0]].remove(found[1])
        return web.json_response(found[1])

    # --- packages ----------------------------------------------------------------------------

    async def list_packages(self, request: web.Request) -> web.Response:
        wanted = request.query.get("package_name", "")
        status = request.query.get("status", "default")
        found = [each for each in self.site.packages.values() if wanted in each["name"]]
        found = [each for each in found if each["status"] == status]
        if version := request.query.get("package_version"):
            found = [each for each in found if each["version"] == version]
        return self._page(request, found)

    def _package(self, request: web.Request) -> int | None:
        number = int(request.match_info["package"])
        return number if number in self.site.packages else None

    async def list_files(self, request: web.Request) -> web.Response:
        number = self._package(request)
        if number is None:
            return _error(404, "404 Package Not Found")
        return self._page(request, self.site.files[number])

    async def delete_package(self, request: web.Request) -> web.Response:
        number = self._package(request)
        if number is None:
            return _error(404, "404 Package Not Found")
        del self.site.packages[number], self.site.files[number]
        return web.Response(status=204)

    async def delete_file(self, request: web.Request) -> web.Response:
        number, file = self._package(request), int(request.match_info["file"])
        files = self.site.files.get(number or 0, [])
        for each in files:
            if each["id"] == file:
                files.remove(each)
                return web.Response(status=204)
        return _error(404, "404 Not Found")

    def _named(self, request: web.Request) -> int | None:
        wanted = (request.match_info["name"], request.match_info["version"])
        for number, each in self.site.packages.items():
            if (each["name"], each["version"]) == wanted:
                return number
        return None

    async def upload(self, request: web.Request) -> web.Response:
        name, version = request.match_info["name"], request.match_info["version"]
        file, site = request.match_info["file"], self.site
        for what, form, said in (
            ("package_name", PACKAGE_NAME, name),
            ("package_version", VERSION, version),
            ("file_name", FILE_NAME, file),
        ):
            if not form.fullmatch(said):
                return web.json_response({"error": f"{what} is invalid"}, status=400)
        new = self._named(request) is None
        if new and (name, version) in site.uploading:
            return _error(500, "500 Internal Server Error")  # two make the package at once
        site.uploading.add((name, version))
        try:
            data = await request.read()
            await asyncio.sleep(0)
        finally:
            site.uploading.discard((name, version))
        if len(data) > site.largest:
            return _error(400, "400 Bad request - File is too large")
        number = self._named(request)
        if number is None:
            number = next(site.numbers)
            site.packages[number] = {
                "id": number,
                "name": name,
                "version": version,
                "package_type": "generic",
                "status": "default",
                "created_at": _now(),
            }
            site.files[number] = []
        names = {each["file_name"] for each in site.files[number]}
        if file in names and not site.duplicates:
            return _error(400, "400 Bad request - Duplicate package is not allowed")
        made = {
            "id": next(site.numbers),
            "package_id": number,
            "created_at": _now(),
            "file_name": file,
            "size": len(data),
            "file_md5": None,
            "file_sha1": None,
            "file_sha256": hashlib.sha256(data).hexdigest(),
        }
        site.files[number].append(made)
        site.contents[made["id"]] = data
        if site.selects and request.query.get("select") == "package_file":
            return web.json_response(made, status=201)
        return web.json_response({"message": "201 Created"}, status=201)

    # --- for everybody -----------------------------------------------------------------------

    async def download(self, request: web.Request) -> web.Response:
        try:
            return web.Response(body=self.site.content_at(str(request.url)))
        except (KeyError, ValueError):
            return _error(404, "404 Not Found")

    async def permalink(self, request: web.Request) -> web.Response:
        if not self.site.public:  # it leads to where people sign in
            return web.Response(text="<html>", content_type="text/html")
        ends = f"/downloads/{request.match_info['path']}"
        for each in self.site.links.get(request.match_info["tag"], []):
            if each["direct_asset_url"].endswith(ends):
                return web.Response(status=302, headers={"Location": each["url"]})
        return web.Response(status=404)


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
