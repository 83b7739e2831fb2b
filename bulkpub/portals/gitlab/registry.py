"""The package registry of a GitLab project: where the files of its releases lie.

The rule: of several files of one name in a package everybody gets the latest. So a file takes
another's place as soon as it is there, and the earlier one can go.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import structlog

from bulkpub.errors import DatasetFailed, ResourceFailed, Uncertain
from bulkpub.http.messages import Answer, Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.base import Content
from bulkpub.portals.gitlab import codec
from bulkpub.portals.gitlab.codec import File, Seen
from bulkpub.portals.gitlab.names import Place, generic_path
from bulkpub.portals.gitlab.project import READER, ProjectApi
from bulkpub.portals.releases.body import WholeBody

__all__ = ["Registry"]

PACKAGE = "/projects/{id}/packages/{id}"
PACKAGE_FILE = f"{PACKAGE}/package_files/{{id}}"

BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE = 400, 403, 404, 413
HOSTED_LIMIT = 5 * 1024**3
"""Bytes of a file at most on gitlab.com."""
TWICE = 2
DUPLICATE, LARGE = "duplicate package", "too large"

log = structlog.get_logger("bulkpub.portals.gitlab")


class Registry:
    """The packages of a project.

    `refused_size` is the smallest size (bytes) that it is known to refuse.
    """

    def __init__(self, transport: Transport, project: ProjectApi) -> None:
        self._transport = transport
        self._project = project
        hosted = transport.base_url.startswith("https://gitlab.com/")
        self.refused_size = HOSTED_LIMIT + 1 if hosted else None
        self._makers: dict[Place, anyio.Lock] = {}
        self._may_delete = True

    async def look_into(self, seen: Seen, place: Place) -> None:
        """Write down in `seen` which files a package has."""
        is_linked = any((seen.place_of(link) or ("",))[0] == place for link in seen.release.links)
        is_linked = is_linked and not seen.pending
        for _ in range(TWICE):
            package = await self._project.package(place, is_linked=is_linked)
            files = await self._project.files(package) if package else None
            if package and files is not None:
                seen.packages[place], seen.files[place] = package, files
                return
            self._project.forget(place)  # somebody may have deleted it after it was listed
            if package is None:
                return

    async def store(self, seen: Seen, place: Place, name: str, content: Content) -> File:
        """Send a file, unless it arrived before and got no link."""
        async with self._alone_if_first(seen, place):
            there = seen.at(place, name)
            if there and not seen.is_linked(place, name):
                if await _is_same(there[-1], content):
                    return there[-1]
                await self.clear(seen, place, there)
            return await self._send(seen, place, name, content)

    @asynccontextmanager
    async def _alone_if_first(self, seen: Seen, place: Place) -> AsyncIterator[None]:
        """Whoever sends the first file of a package is alone, as that makes the package.

        GitLab answers 500 when several do at the same time.
        """
        if place in seen.packages:
            yield
            return
        async with self._makers.setdefault(place, anyio.Lock()):
            try:
                yield
            finally:
                if place in seen.packages:
                    self._makers.pop(place, None)

    async def _send(self, seen: Seen, place: Place, name: str, content: Content) -> File:
        request = Request(
            "PUT",
            generic_path(place, name),
            "/projects/{id}/packages/generic/{name}/{version}/{file}",
            params={"select": "package_file"},
            body=lambda: WholeBody(content.open(), content.progressed),
            handles=content.size,
            creates=True,
        )
        answer = await self._transport.send(request)
        if not answer.ok:
            self._see_refusal(answer, content)
        if answer.ok and "id" not in (answer.json() or {}):  # before 14.5 it does not tell
            await self.look_into(seen, place)
            if not seen.at(place, name):
                raise Uncertain(say("the portal says it stored a file, and does not have it"))
            file = seen.at(place, name)[-1]
        else:
            file = READER.read(codec.FILE, request, answer, ResourceFailed, say("the file"))
            seen.packages.setdefault(place, file.package)
            seen.files[place] = (*seen.files.get(place, ()), file)
        if file.size not in {None, content.size} or file.sha256 not in {None, content.digest}:
            raise Uncertain(
                say(
                    "the portal received other bytes than were sent (its SHA-256 is {sha256}, "
                    "ours {digest}; {size} bytes, {content_size} sent)",
                    sha256=file.sha256,
                    digest=content.digest,
                    size=file.size,
                    content_size=content.size,
                )
            )
        return file

    def _see_refusal(self, answer: Answer, content: Content) -> None:
        words = codec.error_message(answer.json()).lower()
        if answer.status == TOO_LARGE or (answer.status == BAD_REQUEST and LARGE in words):
            self.refused_size = min(self.refused_size or content.size, content.size)
        if answer.status == BAD_REQUEST and DUPLICATE in words:
            raise ResourceFailed(
                say(
                    "the group's settings allow no second file of one name in a package, and "
                    "without that no file can be replaced: allow duplicates of generic packages "
                    "there (Settings, Packages and registries)"
                )
            )

    async def clear(self, seen: Seen, place: Place, files: Sequence[File]) -> None:
        """Delete files that nobody gets any more; one that stays takes up room and no more."""
        for file in files if self._may_delete else ():
            answer = await self._delete_file(seen, place, file)
            if answer.status == FORBIDDEN:
                self._may_delete = False
                log.warning(
                    "earlier files stay in the package registry: deleting them takes the role of "
                    "a maintainer"
                )
                return

    async def remove(self, seen: Seen, place: Place, files: Sequence[File]) -> None:
        """Delete files that everybody gets; raises `ResourceFailed` where that is refused."""
        for file in files:
            answer = await self._delete_file(seen, place, file)
            if not answer.ok and answer.status != NOT_FOUND:
                READER.refused(answer, ResourceFailed, say("the deletion of the file"))

    async def _delete_file(self, seen: Seen, place: Place, file: File) -> Answer:
        package = seen.packages.get(place, file.package)
        path = f"/packages/{package}/package_files/{file.id}"
        answer = await self._transport.send(Request("DELETE", path, PACKAGE_FILE))
        if answer.ok or answer.status == NOT_FOUND:
            seen.files[place] = tuple(f for f in seen.files.get(place, ()) if f.id != file.id)
        return answer

    async def remove_package(self, place: Place) -> None:
        """Delete a package with all its files; that there is none is no error."""
        package = await self._project.package(place, is_linked=True)
        self._project.forget(place)
        if package is None:
            return
        answer = await self._transport.send(Request("DELETE", f"/packages/{package}", PACKAGE))
        if not answer.ok and answer.status != NOT_FOUND:
            READER.refused(answer, DatasetFailed, say("the deletion of its files"))


async def _is_same(file: File, content: Content) -> bool:
    """Whether the portal has the very same content already."""
    if file.sha256 is None or file.size != content.size:
        return False
    if content.digest is None:
        pieces = content.open()
        try:
            async for _ in pieces:
                pass
        finally:
            pieces.close()
    return file.sha256 == content.digest
