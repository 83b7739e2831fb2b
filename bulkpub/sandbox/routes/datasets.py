"""Datasets one by one: create, look, change, delete, restore."""

from datetime import UTC

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox import masks
from bulkpub.sandbox.answers import Refused, crashed, invalid
from bulkpub.sandbox.calls import Call, endpoint, gone
from bulkpub.sandbox.dataset_form import DatasetChange, read_dataset
from bulkpub.sandbox.records import Dataset, Resource
from bulkpub.sandbox.resource_form import read_resource
from bulkpub.sandbox.routes.resources import new_resource

__all__ = ["ROUTES"]


def _read(call: Call, body: dict[str, Json], current: Dataset | None) -> DatasetChange:
    settings = call.portal.settings
    today = settings.clock().astimezone(UTC).date()
    return read_dataset(body, current, call.rights, call.state.contacts, today, ways=settings.ways)


def _answer(call: Call, dataset: Dataset, status: int = 200) -> web.Response:
    shown = call.view.dataset(dataset)
    if masks.mentions(call.mask(), "community_resources"):
        shown["community_resources"] = [
            call.view.community(each) for each in call.state.community_of(dataset)
        ]
    return call.answer(shown, status)


async def _create(call: Call) -> web.StreamResponse:
    change = _read(call, await call.form(), None)
    now = call.portal.now()
    dataset = Dataset(
        id=call.portal.new_id(),
        slug="",
        created_at=now,
        last_modified=now,
        last_update=now,
        **change.values,
    )
    call.state.add(dataset)
    answer = _answer(call, dataset, 201)
    if call.rights.role_in(dataset.organization) == "partial_editor":
        # Too late for this answer, which tells its author that it may not be edited.
        dataset.assigned.append(call.rights.require_login().id)
    return answer


async def _show(call: Call) -> web.StreamResponse:
    return _answer(call, call.readable_dataset())


async def _change(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    if call.request.content_type != "application/json":
        await call.json()
    body = await call.json()
    if not isinstance(body, dict):
        raise Refused(400, {"errors": {"request": "expecting a JSON object"}})
    if dataset.deleted and body.get("deleted", True) is not None:
        raise gone()
    call.rights.require_edit(dataset)
    change = _read(call, body, dataset)
    resources = _read_resources(call, body, dataset)
    now = call.portal.now()
    title = change.values.pop("title", dataset.title)
    for name, value in change.values.items():
        setattr(dataset, name, value)
    if resources is not None:
        call.state.replace_resources(dataset, resources)
    call.state.rename(dataset, title)
    call.state.changes += 1
    dataset.touch(now)
    return _answer(call, dataset)


def _read_resources(call: Call, body: dict[str, Json], dataset: Dataset) -> list[Resource] | None:
    """The resources a dataset is left with when they are sent along: those, and no others.

    An empty list changes nothing. What is dropped stays downloadable, as in udata.
    """
    if "resources" not in body or body["resources"] == []:
        return None
    if not isinstance(body["resources"], list):
        raise invalid({})
    resources: list[Resource] = []
    errors: list[Json] = []
    for each in body["resources"]:
        item = {"id": each} if isinstance(each, str) else each
        known = dataset.resource(str(item.get("id")))
        change = read_resource(item, known, call.portal.settings.schemas)
        errors.append(change.errors)
        if not change.errors:
            resource = known or new_resource(call, change)
            change.apply_to(resource)
            resources.append(resource)
    if any(errors):
        if any("id" in each for each in body["resources"] if isinstance(each, dict)):
            raise crashed()
        raise invalid({"resources": errors})
    return resources


async def _delete(call: Call) -> web.StreamResponse:
    dataset = call.dataset()
    if dataset.deleted:
        raise gone()
    call.rights.require_edit(dataset)
    dataset.deleted = call.portal.now()
    dataset.touch(dataset.deleted)
    call.state.changes += 1
    return web.Response(status=204)


_ONE = "/api/1/datasets/{dataset}/"

ROUTES = [
    web.post("/api/1/datasets/", endpoint(_create, needs_login=True, creates=True)),
    web.get(_ONE, endpoint(_show)),
    web.put(_ONE, endpoint(_change, needs_login=True)),
    web.delete(_ONE, endpoint(_delete, needs_login=True)),
]
