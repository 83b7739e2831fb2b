"""The links of a GitLab release: by them it shows its files, and what is elsewhere.

No two links of a release have one name, one address or one path of a permalink.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import quote

from bulkpub.core.actions import ListItem
from bulkpub.core.model import ResourceMetadata
from bulkpub.errors import Outdated, ResourceFailed
from bulkpub.http.messages import Request
from bulkpub.http.transport import Transport
from bulkpub.language import say
from bulkpub.portals.gitlab import codec, pending
from bulkpub.portals.gitlab.codec import File, Link, Seen
from bulkpub.portals.gitlab.names import Place, generic_path, link_path
from bulkpub.portals.gitlab.project import READER, RELEASE, release_path

__all__ = ["Links", "check_free"]

LINKS = f"{RELEASE}/assets/links"
LINK = f"{LINKS}/{{link_id}}"
BAD_REQUEST, NOT_FOUND = 400, 404
TAKEN = "already been taken"


def check_free(seen: Seen, place: Place, name: str, old: Link | None) -> None:
    """Raise `Outdated` where another link of the release has the name of a file by now.

    `old` is the link to what the file is to take the place of.
    """
    for link in seen.release.links:
        if old is not None and link.id == old.id:
            continue
        if seen.place_of(link) == (place, name):
            raise Outdated(say("the release has a file called '{name}' already", name=name))


class Links:
    """The links of a project's releases; what is written is written down in the release seen."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def to_file(self, seen: Seen, place: Place, name: str, file: File) -> Link:
        """A new link to a file, called as it is, with a permalink of its own."""
        path, said = link_path(name), name
        if any(each.permanent.endswith(f"/downloads{path}") for each in seen.release.links):
            path = f"/{file.id}{path}"
        if any(each.name == said for each in seen.release.links):  # it is the title of another one
            said = f"{name} ({file.id})"
        url = f"{seen.home.url}{generic_path(place, name)}"
        return await self._post(
            seen, {"name": said, "url": url, "direct_asset_path": path, "link_type": "package"}
        )

    async def elsewhere(self, seen: Seen, name: str, url: str) -> Link:
        """A new link to what stays on another server."""
        return await self._post(seen, {"name": name, "url": url, "link_type": "other"})

    async def _post(self, seen: Seen, body: Mapping[str, str]) -> Link:
        path = f"{release_path(seen.release.tag)}/assets/links"
        request = Request("POST", path, LINKS, json=body)
        answer = await self._transport.send(request)
        if answer.status == BAD_REQUEST and TAKEN in codec.error_message(answer.json()):
            words = codec.error_message(answer.json())
            raise Outdated(say("the release has such a link by now ({words})", words=words))
        link = READER.read(codec.LINK, request, answer, ResourceFailed, say("the link"))
        seen.release = replace(seen.release, links=(*seen.release.links, link))
        return link

    async def to_other_file(self, seen: Seen, link: Link, place: Place, name: str) -> Link:
        """Have a link lead to another file; its name and its permalink stay."""
        url = f"{seen.home.url}{generic_path(place, name)}"
        return await self._put(seen, link, {"url": url, "link_type": "package"})

    async def make_room(self, seen: Seen, item: ListItem, others: Collection[str]) -> None:
        """Call the link otherwise for a moment whose name `item` is to have.

        Where it is one of the `others` (ids), which are going to have another name themselves.
        """
        title = item.changes.title if item.changes else None
        for link in seen.release.links:
            if link.name == title and link.id != item.id and link.id in others:
                for_now = ResourceMetadata(title=f"{link.name} ({link.id})")
                await self.write(seen, link, ListItem(link.id, for_now))

    async def write(self, seen: Seen, link: Link, item: ListItem) -> Link:
        """Write what `item` says of a link, as far as it differs."""
        title = item.changes.title if item.changes else None
        said = {"name": title or link.name, "url": item.url or link.url}
        if said == {"name": link.name, "url": link.url}:
            return link
        if seen.pending:
            written = replace(link, **said)
            pending.put(seen, written)
            return written
        # A type that is not said would be reset.
        kind = "package" if seen.place_of(link) else "other"
        return await self._put(seen, link, {**said, "link_type": kind})

    async def _put(self, seen: Seen, link: Link, body: Mapping[str, str]) -> Link:
        path = f"{release_path(seen.release.tag)}/assets/links/{quote(link.id)}"
        request = Request("PUT", path, LINK, json=body)
        answer = await self._transport.send(request)
        if answer.status == NOT_FOUND:
            raise Outdated(say("the link {id} vanished from the release", id=link.id))
        written = READER.read(codec.LINK, request, answer, ResourceFailed, say("the link"))
        if written.id != link.id:
            raise READER.unreadable(
                request, say("id must be that of the link, not {id}", id=written.id)
            )
        links = tuple(written if each.id == link.id else each for each in seen.release.links)
        seen.release = replace(seen.release, links=links)
        return written

    async def delete(self, seen: Seen, link: Link) -> None:
        """Delete a link; that it is gone already is no error."""
        if seen.pending:
            links = tuple(each for each in seen.release.links if each.id != link.id)
            seen.release = replace(seen.release, links=links)
            return
        path = f"{release_path(seen.release.tag)}/assets/links/{quote(link.id)}"
        answer = await self._transport.send(Request("DELETE", path, LINK))
        if not answer.ok and answer.status != NOT_FOUND:
            READER.refused(answer, ResourceFailed, say("the deletion of the link"))
