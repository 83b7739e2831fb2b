"""Community resources: what others add beside a dataset, each its owner's own."""

from typing import Any

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused, invalid, not_found, refused_id
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.dataset_form import read_identifier, read_ownership
from bulkpub.sandbox.fields import FieldRefused
from bulkpub.sandbox.records import Resource
from bulkpub.sandbox.resource_form import ResourceChange, read_resource
from bulkpub.sandbox.routes.listing import is_object_id, paged
from bulkpub.sandbox.routes.resources import new_resource
from bulkpub.sandbox.routes.uploads import receive, replace_file

__all__ = ["ROUTES"]


def _resource(call: Call) -> Resource:
    resource = call.state.community.get(call.request.match_info["community"])
    if resource is None:
        raise not_found()
    return resource


async def _list(call: Call) -> web.StreamResponse:
    owners = {name: _asked_of(call, name) for name in ("owner", "dataset", "organization")}
    found: list[Any] = [
        each
        for each in call.state.newest_community()
        if all(getattr(each, name) == wanted for name, wanted in owners.items() if wanted)
    ]
    return call.answer(paged(call, found, call.view.community))


def _asked_of(call: Call, name: str) -> str | None:
    value = call.request.query.get(name)
    if value and not is_object_id(value):
        raise refused_id(value)
    return value


async def _of_our_organizations(call: Call) -> web.StreamResponse:
    account, words = call.rights.require_login(), call.request.query.get("q", "").lower()
    ours = {
        each.id
        for each in call.portal.directory.organizations.values()
        if account.id in each.members
    }
    found = [
        call.view.community(each)
        for each in call.state.newest_community()
        if each.organization in ours and words in each.title.lower()
    ]
    return call.answer(found)


def _read(call: Call, body: dict[str, Json], current: Resource | None) -> ResourceChange:
    """What a form changes: that of a resource, its owner, and the dataset it stands beside."""
    change = read_resource(body, current, call.portal.settings.schemas)
    read_ownership(body, current, call.rights, change)
    if "dataset" in body:
        change.read("dataset", lambda: _read_dataset(call, body["dataset"]))
    if change.errors:
        raise invalid(change.errors)
    return change


def _read_dataset(call: Call, value: Json) -> str | None:
    if value is None:
        return None
    dataset = read_identifier(value)
    if dataset not in call.state.datasets:
        raise FieldRefused(["Dataset does not exists"])
    return dataset


async def _link(call: Call) -> web.StreamResponse:
    change = _read(call, await call.form(), None)
    if change.values["filetype"] != "remote":
        raise Refused.saying(400, "This endpoint only supports remote community resources")
    if change.values.get("dataset") is None:
        raise invalid({"dataset": "A dataset identifier is required"})
    resource = new_resource(call, change)
    call.state.community[resource.id] = resource
    call.state.changes += 1
    return call.answer(call.view.community(resource), 201)


async def _show(call: Call) -> web.StreamResponse:
    return call.answer(call.view.community(_resource(call)))


async def _change(call: Call) -> web.StreamResponse:
    resource = _resource(call)
    call.rights.require_edit(resource)
    _read(call, await call.form(), resource).apply_to(resource)
    resource.last_modified = call.portal.now()
    call.state.changes += 1
    return call.answer(call.view.community(resource))


async def _replace(call: Call) -> web.StreamResponse:
    resource = _resource(call)
    call.rights.require_edit(resource)
    stored = await receive(call, call.state.datasets[resource.dataset or ""])
    if isinstance(stored, web.Response):
        return stored
    replace_file(call, resource, stored, call.portal.now())
    call.state.changes += 1
    return call.answer(call.view.community(resource) | {"success": True})


async def _delete(call: Call) -> web.StreamResponse:
    resource = _resource(call)
    call.rights.require_edit(resource)
    if resource.stored is not None:
        call.portal.files.delete(resource.stored)
    del call.state.community[resource.id]
    call.state.changes += 1
    return web.Response(status=204)


_ALL = "/api/1/datasets/community_resources/"
_ONE = _ALL + "{community}/"

ROUTES = [
    web.get("/api/1/me/org_community_resources/", endpoint(_of_our_organizations)),
    web.get(_ALL, endpoint(_list)),
    web.post(_ALL, endpoint(_link, needs_login=True, creates=True)),
    web.get(_ONE, endpoint(_show)),
    web.put(_ONE, endpoint(_change, needs_login=True)),
    web.delete(_ONE, endpoint(_delete, needs_login=True)),
    web.post(_ONE + "upload/", endpoint(_replace, needs_login=True, creates=True)),
]
