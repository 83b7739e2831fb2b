"""Uploads: a file at once or in parts, new or in place of another.

The order of events is udata's: the form is read, the name slugified, its extension checked, the
file stored under `slug/second/name` (500 when something is there already), and only then the
resource changes; the file it had before goes last.
"""

from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from bulkpub.sandbox.answers import Refused, crashed, json_answer, refused_file, refused_input
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.files import Spool, format_of, mime_of
from bulkpub.sandbox.multipart import UploadForm, read_upload
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.slugs import extension_of, file_slug

__all__ = ["ROUTES", "Stored", "receive", "replace_file"]

_HELP = {
    "partindex": "Chunked uploads only: the zero-based index of the part being sent",
    "totalparts": "The number of parts the file is split into. Above 1, the upload is chunked: "
    "send each part, then a last request without `file` to assemble them.",
    "chunksize": "Chunked uploads only: the size in bytes of the part being sent, checked "
    "against the received one",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is hosted from now on: where, how long, with which SHA-1."""

    path: str
    size: int
    sha1: str

    def describe(self, resource: Resource, now: str) -> None:
        """Make the resource tell of this file; its title becomes the file's name."""
        name = self.path.rpartition("/")[2]
        resource.title = name
        resource.url = f"/resources/{self.path}"
        resource.stored = self.path
        resource.checksum = {"type": "sha1", "value": self.sha1}
        resource.filesize = self.size
        resource.format = format_of(name)
        resource.mime = mime_of(name)
        resource.last_modified = now


async def receive(call: Call, dataset: Dataset) -> Stored | web.Response:
    """Take in the request's file; a part of a file is kept, and answered right away.

    :raises Refused: as udata refuses: 400 for the file, its name or its arguments, 415 for
        HTML, 500 when the name is taken.
    """
    form = await read_upload(call.request, call.portal.files)
    try:
        return _store(call, dataset, form)
    finally:
        if form.file is not None:
            form.file.discard()


def _store(call: Call, dataset: Dataset, form: UploadForm) -> Stored | web.Response:
    numbers = {name: _number(form, name) for name in _HELP}
    total = numbers["totalparts"] or 0
    upload = str(form.fields.get("uuid"))
    if total > 1:
        if form.file is not None:
            if form.file.size != numbers["chunksize"]:
                raise refused_file("Chunk size mismatch")
            call.portal.files.keep_part(form.file, upload, numbers["partindex"])
            return json_answer({"success": True, "error": None, "message": ""})
        if "filename" not in form.fields:
            raise crashed()
        stored = _place(call, dataset, form.fields["filename"])
        whole = call.portal.files.assemble(upload, total, stored)
        return _accept(stored, whole)
    if form.file is None:
        raise refused_file("Missing file parameter")
    stored = _place(call, dataset, form.name)
    call.portal.files.keep(form.file, stored)
    return _accept(stored, form.file)


def _number(form: UploadForm, name: str) -> int | None:
    text = form.fields.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        reason = f"invalid literal for int() with base 10: {text!r}"
        raise refused_input(name, f"{_HELP[name]} {reason}") from None


def _place(call: Call, dataset: Dataset, name: str) -> str:
    slug = file_slug(name)
    if not slug:
        raise Refused.saying(400, "filename is required")
    if extension_of(name) not in call.portal.allowed_extensions:
        listed = f"{call.view.base}/api/1/datasets/extensions/"
        raise Refused.saying(
            400,
            f"This file type is not allowed.The allowed file type list is available at {listed}",
        )
    return f"{dataset.slug}/{call.portal.stamp()}/{slug}"


def _accept(stored: str, spool: Spool) -> Stored:
    if "html" in mime_of(stored):
        # Too late for the file, which stays where it is; that is how udata does it.
        raise Refused.saying(415, "Incorrect file content type: HTML")
    return Stored(stored, spool.size, spool.sha1)


def replace_file(call: Call, resource: Resource, stored: Stored, now: str) -> None:
    """Give a resource another file and forget the one it had."""
    before = resource.stored
    stored.describe(resource, now)
    if before is not None:
        call.portal.files.delete(before)


def new_resource_of(stored: Stored, now: str) -> Resource:
    """A resource for a file that has just been stored."""
    resource = Resource(id=str(uuid4()), title="", created_at=now, last_modified=now)
    stored.describe(resource, now)
    return resource


async def _upload(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    stored = await receive(call, dataset)
    if isinstance(stored, web.Response):
        return stored
    now = call.portal.now()
    resource = new_resource_of(stored, now)
    call.state.prepend(dataset, resource, now)
    return call.answer(call.view.resource(resource) | {"success": True}, 201)


async def _replace(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    resource = call.resource(dataset)
    stored = await receive(call, dataset)
    if isinstance(stored, web.Response):
        return stored
    now = call.portal.now()
    replace_file(call, resource, stored, now)
    dataset.resource_changed(now)
    call.state.changes += 1
    return call.answer(call.view.resource(resource) | {"success": True})


async def _share(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    stored = await receive(call, dataset)
    if isinstance(stored, web.Response):
        return stored
    resource = new_resource_of(stored, call.portal.now())
    resource.dataset = dataset.id
    resource.owner = call.rights.require_login().id
    call.state.community[resource.id] = resource
    call.state.changes += 1
    return call.answer(call.view.community(resource) | {"success": True}, 201)


_ONE = "/api/1/datasets/{dataset}/"

ROUTES = [
    web.post(_ONE + "upload/", endpoint(_upload, needs_login=True, creates=True)),
    web.post(_ONE + "upload/community/", endpoint(_share, needs_login=True, creates=True)),
    web.post(
        _ONE + "resources/{resource}/upload/", endpoint(_replace, needs_login=True, creates=True)
    ),
]
