"""The resources of a dataset: link one, change one, change and order all, delete one."""

from uuid import uuid4

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused, invalid, not_found
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.resource_form import ResourceChange, read_resource, schema_refusal

__all__ = ["ROUTES", "clear_what_was_nulled", "new_resource"]


def new_resource(call: Call, change: ResourceChange) -> Resource:
    """A resource made of what a form said, not yet in any dataset."""
    now = call.portal.now()
    return Resource(id=str(uuid4()), created_at=now, last_modified=now, **change.values)


def clear_what_was_nulled(body: dict[str, Json], resource: Resource) -> None:
    """Take away what a form on a single resource sets to null: its schema, a link's checksum."""
    if "schema" in body and not body["schema"]:
        resource.schema = None
    if "checksum" in body and not body["checksum"] and resource.filetype != "file":
        resource.checksum = None


async def _link(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    change = read_resource(await call.form(), None, call.portal.settings.schemas)
    if change.errors:
        raise invalid(change.errors)
    if change.values["filetype"] != "remote":
        raise Refused.saying(400, "This endpoint only supports remote resources")
    resource = new_resource(call, change)
    call.state.prepend(dataset, resource, call.portal.now())
    return call.answer(call.view.resource(resource), 201)


async def _change_all(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    items = _same_resources(await call.json(), dataset)
    changes = []
    for resource_id, body in items:
        resource = dataset.resource(resource_id)
        assert resource is not None  # noqa: S101  # _same_resources has seen to that
        change = read_resource(body, resource, call.portal.settings.schemas)
        if "schema" not in body:
            change.errors |= schema_refusal(resource, call.portal.settings.schemas)
        changes.append((resource, change))
    if any(change.errors for _, change in changes):
        raise invalid([change.errors for _, change in changes])
    for resource, change in changes:
        change.apply_to(resource)
    call.state.replace_resources(dataset, [resource for resource, _ in changes])
    return call.answer([call.view.resource(each) for each in dataset.resources])


def _same_resources(sent: Json, dataset: Dataset) -> list[tuple[str, dict[str, Json]]]:
    """The sent list as (id, fields), once it names exactly the resources the dataset has."""
    if len(sent) != len(dataset.resources):
        raise Refused.saying(
            400,
            f"All resources must be reordered, you provided {len(sent)} "
            f"out of {len(dataset.resources)}",
        )
    if any(isinstance(each, dict) and "id" not in each for each in sent):
        raise Refused.saying(400, "Each resource must have an 'id' field")
    items = [(each["id"], each) if isinstance(each, dict) else (each, {}) for each in sent]
    existing = {each.id for each in dataset.resources}
    if {each for each, _ in items} != existing:
        raise Refused.saying(
            400, f"Resource ids must match existing ones in dataset, ie: {existing}"
        )
    return items


async def _show(call: Call) -> web.StreamResponse:
    dataset = call.readable_dataset()
    return call.answer(call.view.resource(call.resource(dataset)))


async def _change(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    resource = call.resource(dataset)
    body = await call.form()
    change = read_resource(body, resource, call.portal.settings.schemas)
    if change.errors:
        raise invalid(change.errors)
    if change.values.get("filetype", resource.filetype) != resource.filetype:
        raise Refused.saying(400, "Cannot modify filetype after creation")
    change.apply_to(resource)
    clear_what_was_nulled(body, resource)
    resource.last_modified = call.portal.now()
    dataset.resource_changed(resource.last_modified)
    call.state.changes += 1
    return call.answer(call.view.resource(resource))


async def _delete(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    call.rights.require_edit(dataset)
    resource = call.resource(dataset)
    call.state.remove(dataset, resource, call.portal.now())
    if resource.stored is not None:
        call.portal.files.delete(resource.stored)
    return web.Response(status=204)


async def _nothing_here(_call: Call) -> web.StreamResponse:
    raise not_found()


_ALL = "/api/1/datasets/{dataset}/resources/"
_ONE = _ALL + "{resource}/"

ROUTES = [
    web.get(_ALL, endpoint(_nothing_here)),
    web.post(_ALL, endpoint(_link, needs_login=True, creates=True)),
    web.put(_ALL, endpoint(_change_all, needs_login=True)),
    web.get(_ONE, endpoint(_show)),
    web.put(_ONE, endpoint(_change, needs_login=True)),
    web.delete(_ONE, endpoint(_delete, needs_login=True)),
]
