"""Community resources: what others add beside a dataset, each its owner's own."""

from typing import Any

from aiohttp import web

from bulkpub.sandbox.answers import Refused, invalid, not_found
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.records import Resource
from bulkpub.sandbox.resource_form import read_resource
from bulkpub.sandbox.routes.listing import paged
from bulkpub.sandbox.routes.resources import new_resource
from bulkpub.sandbox.routes.uploads import receive, replace_file

__all__ = ["ROUTES"]


def _resource(call: Call) -> Resource:
    resource = call.state.community.get(call.request.match_info["community"])
    if resource is None:
        raise not_found()
    return resource


async def _list(call: Call) -> web.StreamResponse:
    query = call.request.query
    found: list[Any] = [
        each
        for each in call.state.newest_community()
        if all(
            getattr(each, name) == query[name]
            for name in ("owner", "dataset", "organization")
            if query.get(name)
        )
    ]
    return call.answer(paged(call, found, call.view.community))


async def _link(call: Call) -> web.StreamResponse:
    body = await call.form()
    change = read_resource(body, None)
    if change.errors:
        raise invalid(change.errors)
    if change.values["filetype"] != "remote":
        raise Refused.saying(400, "This endpoint only supports remote community resources")
    dataset = body.get("dataset")
    dataset_id = dataset.get("id") if isinstance(dataset, dict) else dataset
    if dataset_id is None:
        raise invalid({"dataset": "A dataset identifier is required"})
    if dataset_id not in call.state.datasets:
        raise invalid({"dataset": ["Dataset does not exists"]})
    resource = new_resource(call, change)
    resource.dataset = dataset_id
    resource.owner = call.rights.require_login().id
    call.state.community[resource.id] = resource
    call.state.changes += 1
    return call.answer(call.view.community(resource), 201)


async def _show(call: Call) -> web.StreamResponse:
    return call.answer(call.view.community(_resource(call)))


async def _change(call: Call) -> web.StreamResponse:
    resource = _resource(call)
    call.rights.require_edit(resource)
    change = read_resource(await call.form(), resource)
    if change.errors:
        raise invalid(change.errors)
    change.apply_to(resource)
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
    web.get(_ALL, endpoint(_list)),
    web.post(_ALL, endpoint(_link, needs_login=True, creates=True)),
    web.get(_ONE, endpoint(_show)),
    web.put(_ONE, endpoint(_change, needs_login=True)),
    web.delete(_ONE, endpoint(_delete, needs_login=True)),
    web.post(_ONE + "upload/", endpoint(_replace, needs_login=True, creates=True)),
]
