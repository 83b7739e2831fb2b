"""What is asked of a GitLab project: itself, its releases, the files of its packages."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import quote, unquote

import anyio

from bulkpub.errors import AnswerUnreadable, DatasetFailed, ListingIncomplete, NotAPortal
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.gitlab import codec
from bulkpub.portals.gitlab.codec import File, Project, Release
from bulkpub.portals.gitlab.names import VERSION, Home, Place, own_place
from bulkpub.portals.releases.paging import next_params
from bulkpub.portals.releases.reading import Reader
from bulkpub.portals.shapes import Shape

__all__ = ["PAGE_SIZE", "READER", "RELEASE", "RELEASES", "Listed", "ProjectApi", "release_path"]

PAGE_SIZE = 100
"""The most that GitLab gives at once."""
MOST_PAGES = 20_000
"""Pages of one listing; no project has so many, and a listing that never ends has more."""
MOST_LISTED = 20_000
"""Packages whose ids are remembered from a listing."""
NOT_FOUND = 404

RELEASES = "/projects/{id}/releases"
RELEASE = "/projects/{id}/releases/{tag}"
PACKAGES = "/projects/{id}/packages"

READER = Reader(
    "GitLab",
    codec.error_message,
    say(
        "the key needs the scope `api` and the role of a developer, to delete that of a maintainer"
    ),
)

T = TypeVar("T")


class _Gone(Exception):
    """What was to be listed is no longer there."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a listing; `total` counts the items of all its pages, where that is said."""

    items: tuple[T, ...]
    total: int | None
    last: bool


def release_path(tag: str) -> str:
    """Where a release is, below the project's address."""
    return f"/releases/{quote(tag, safe='')}"


class ProjectApi:
    """A project, over one transport; `by_job`: with the token of a CI job, which may see less."""

    def __init__(self, transport: Transport, *, by_job: bool) -> None:
        self._transport = transport
        self._by_job = by_job
        transport.probe = Request("GET", "/releases", RELEASES, params={"per_page": "1"})
        root, _, written = transport.base_url.rpartition("/projects/")
        path = unquote(written)
        self._home = Home(root, path, path if path.isdecimal() else None)
        self._branch: str | None = None
        self.is_public = False
        """Whether everybody sees it, as far as is known."""
        self._listed: dict[Place, str] = {}
        self._asked = False
        self._asking = anyio.Lock()

    # --- the project itself ------------------------------------------------------------------

    async def home(self) -> Home:
        """Where the project is, by its id where that is told."""
        async with self._asking:
            if not self._asked:
                await self._ask()
            return self._home

    async def proven(self) -> Home:
        """The same; raises `NotAPortal` when there is no such project for us."""
        home = await self.home()
        if home.id is None or home.path.isdecimal():
            # The token of a job is told of no project; it may see the releases all the same.
            request = Request("GET", "/releases", RELEASES, params={"per_page": "1"})
            answer = await self._transport.send(request)
            if answer.status == NOT_FOUND:
                raise self._no_project()
            READER.read(codec.RELEASES, request, answer, NotAPortal, say("the listing of releases"))
        return home

    async def _ask(self) -> None:
        request = Request("GET", "", "/projects/{id}")
        answer = await self._transport.send(request)
        if answer.status == NOT_FOUND:
            if not self._by_job:
                raise self._no_project()
        else:
            self._take(self._project(request, answer))
        self._asked = True

    def _project(self, request: Request, answer: Answer) -> Project:
        try:
            return READER.read(codec.PROJECT, request, answer, NotAPortal, say("the project"))
        except AnswerUnreadable as error:
            raise NotAPortal(
                say(
                    "{base_url} does not answer like GitLab; is it the right address? ({error})",
                    base_url=self._transport.base_url,
                    error=error,
                )
            ) from error

    def _take(self, project: Project) -> None:
        self._home = replace(self._home, id=project.id, path=project.path)
        self._branch = project.branch
        self.is_public = project.public

    def _no_project(self) -> NotAPortal:
        return NotAPortal(
            say(
                "{base_url}: there is no such project, or this key may not see it",
                base_url=self._transport.base_url,
            )
        )

    async def branch(self) -> str:
        """The branch that counts when none is named; raises `DatasetFailed` without any."""
        await self.home()
        if self._branch is None and self._by_job:
            path, endpoint = "/repository/branches", "/projects/{id}/repository/branches"
            async for page in self._pages(path, endpoint, {}, codec.BRANCHES, say("the branches")):
                for each in page.items:
                    self._branch = each.name if each.default else self._branch
        if self._branch is None:
            raise DatasetFailed(
                say(
                    "the project's repository is empty, and a release needs a commit that it "
                    "tags: add a file to it, such as a README"
                )
            )
        return self._branch

    # --- releases and packages -----------------------------------------------------------------

    async def releases(self) -> AsyncIterator[Listed[Release]]:
        """All releases, the oldest first, so that a new one never shifts the pages."""
        params, what = {"order_by": "created_at", "sort": "asc"}, say("the listing of releases")
        async for page in self._pages("/releases", RELEASES, params, codec.RELEASES, what):
            yield page

    async def release(self, tag: str) -> Release | None:
        """The release with this tag; None when there is none."""
        request = Request("GET", release_path(tag), RELEASE)
        answer = await self._transport.send(request)
        if answer.status == NOT_FOUND:
            return None
        found = READER.read(codec.RELEASE, request, answer, DatasetFailed, say("the release"))
        if found.tag != tag:
            raise READER.unreadable(
                request,
                say("tag_name must be {tag}, not {found_tag}", tag=tag, found_tag=found.tag),
            )
        return found

    async def package(self, place: Place, *, is_linked: bool = False) -> str | None:
        """The id of the generic package of this name and version; None when there is none.

        GitLab finds all whose names have this one in them, and older ones know no versions. One
        that somebody has hidden is asked for where a release `is_linked` to it. One that was listed
        is not asked for again; that it is gone, `files` finds.
        """
        if known := self._listed.get(place):
            return known
        name, version = place
        params = {"package_type": "generic", "package_name": name, "package_version": version}
        what = say("the listing of packages")
        for status in ({}, {"status": "hidden"})[: 1 + is_linked]:
            said = params | status
            async for page in self._pages("/packages", PACKAGES, said, codec.PACKAGES, what):
                for each in page.items:
                    if (each.name, each.version) == place:
                        return each.id
        return None

    async def packages_without(self, tags: Collection[str]) -> list[str]:
        """The names of the packages that are those of releases, with none of these `tags`."""
        params = {"package_type": "generic", "package_version": VERSION}
        what, names = say("the listing of packages"), list[str]()
        async for page in self._pages("/packages", PACKAGES, params, codec.PACKAGES, what):
            for each in page.items:
                if each.version == VERSION:
                    names.append(each.name)
                    if len(self._listed) < MOST_LISTED:
                        self._listed[each.name, each.version] = each.id
        return [name for name in names if name not in tags and own_place(name)[0] == name]

    def forget(self, place: Place) -> None:
        """What was listed of a package may not hold any more."""
        self._listed.pop(place, None)

    async def files(self, package: str) -> tuple[File, ...] | None:
        """All files of a package (id); None when there is no such package any more."""
        files: list[File] = []
        path, what = f"/packages/{package}/package_files", say("the listing of the package's files")
        endpoint = "/projects/{id}/packages/{id}/package_files"
        try:
            async for page in self._pages(path, endpoint, {}, codec.FILES, what, may_be_gone=True):
                files += page.items
        except _Gone:
            return None
        return tuple(files)

    async def _pages(
        self,
        path: str,
        endpoint: str,
        params: dict[str, str],
        shape: Shape[tuple[T, ...]],
        what: str,
        *,
        may_be_gone: bool = False,
    ) -> AsyncIterator[Listed[T]]:
        """The pages of a listing, for which the answers say what to ask for next.

        Raises `_Gone` when there is nothing to list, where it `may_be_gone`.
        """
        now = {**params, "per_page": str(PAGE_SIZE)}
        for number in range(1, MOST_PAGES + 1):
            request = Request("GET", path, endpoint, params=now)
            answer = await self._transport.send(request)
            if answer.status == NOT_FOUND and may_be_gone:
                raise _Gone
            if answer.status == NOT_FOUND and number > 1:
                return
            items = READER.read(shape, request, answer, DatasetFailed, what)
            total = answer.headers.get("X-Total", "")
            more = next_params(answer.headers)
            yield Listed(items, int(total) if total.isdecimal() else None, more is None)
            if more is None:
                return
            now = {**now, **more}
        raise ListingIncomplete(
            say("{what} has no end: {most_pages} pages were read", what=what, most_pages=MOST_PAGES)
        )
