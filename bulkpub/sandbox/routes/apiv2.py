"""Version 2 of the API, as far as publishing needs it: resources by page, merging extras."""

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox.answers import Refused, json_answer, not_found
from bulkpub.sandbox.calls import Call, endpoint, gone
from bulkpub.sandbox.dataset_form import RESERVED_EXTRAS as RESERVED_OF_DATASETS
from bulkpub.sandbox.fields import is_reserved
from bulkpub.sandbox.records import Dataset, Extras
from bulkpub.sandbox.resource_form import RESERVED_EXTRAS as RESERVED_OF_RESOURCES
from bulkpub.sandbox.routes.listing import page_of

__all__ = ["ROUTES"]

DEFAULT_PAGE_SIZE = 50


async def _show(call: Call) -> web.StreamResponse:
    return call.answer(call.view.dataset_v2(call.readable_dataset()))


async def _resources(call: Call) -> web.StreamResponse:
    dataset = call.readable_dataset()
    page, size = page_of(call, DEFAULT_PAGE_SIZE)
    query = call.request.query
    wanted, words = query.get("type"), query.get("q", "").lower()
    found = [
        each
        for each in dataset.resources
        if (not wanted or each.type == wanted) and words in each.title.lower()
    ]
    base = f"{call.view.base}/api/2/datasets/{dataset.id}/resources/"
    start = (page - 1) * size

    def address(number: int) -> str:
        tail = f"&type={wanted}" if wanted else ""
        tail += f"&q={query['q']}" if words else ""
        return f"{base}?page={number}&page_size={size}{tail}"

    return call.answer(
        {
            "data": [call.view.resource(each) for each in found[start : start + size]],
            "next_page": address(page + 1) if page * size < len(found) else None,
            "previous_page": address(page - 1) if page > 1 else None,
            "page": page,
            "page_size": size,
            "total": len(found),
        }
    )


async def _resource(call: Call) -> web.StreamResponse:
    dataset, resource = call.state.anywhere(call.request.match_info["resource"].lower())
    if resource is None:
        raise not_found("Resource does not exist")
    if dataset is not None and not call.rights.reads(dataset):
        raise gone() if dataset.deleted and not dataset.private else not_found()
    return call.answer(
        {
            "resource": call.view.resource(resource),
            "dataset_id": dataset.id if dataset else None,
        }
    )


# --- extras: merged, not replaced --------------------------------------------------------


def _writable(call: Call) -> tuple[Dataset, Extras, tuple[str, ...]]:
    """The extras the address names, once the sender may write them."""
    dataset = call.dataset()
    if dataset.deleted:
        raise gone()
    call.rights.require_edit(dataset)
    if "resource" in call.request.match_info:
        return dataset, call.resource(dataset).extras, RESERVED_OF_RESOURCES
    return dataset, dataset.extras, RESERVED_OF_DATASETS


def _refuse_reserved(keys: list[str], reserved: tuple[str, ...]) -> None:
    refused = [each for each in keys if is_reserved(each, reserved)]
    if refused:
        raise Refused.saying(
            400, f"Extras keys reserved to platform services: {', '.join(refused)}"
        )


async def _show_extras(call: Call) -> web.StreamResponse:
    dataset = call.readable_dataset()
    if "resource" in call.request.match_info:
        return json_answer(call.resource(dataset).extras)
    return json_answer(dataset.extras)


async def _merge_extras(call: Call) -> web.StreamResponse:
    sent = await call.json()
    if not isinstance(sent, dict):
        raise Refused.saying(400, "Wrong payload format, dict expected")
    _, extras, reserved = _writable(call)
    _refuse_reserved(list(sent), reserved)
    for key, value in sent.items():
        if value is None:
            extras.pop(key, None)
        else:
            extras[key] = value
    call.state.changes += 1
    return json_answer(extras)


async def _drop_extras(call: Call) -> web.StreamResponse:
    keys: Json = await call.json()
    if not isinstance(keys, list):
        raise Refused.saying(400, "Wrong payload format, list expected")
    if not all(isinstance(each, str) for each in keys):
        raise Refused.saying(400, "Wrong payload format, extras keys must be strings")
    _, extras, reserved = _writable(call)
    _refuse_reserved(keys, reserved)
    is_resource = "resource" in call.request.match_info
    if is_resource and any(each not in extras for each in keys):
        raise not_found("Key not found in existing extras")
    for each in keys:
        extras.pop(each, None)
    call.state.changes += 1
    return web.Response(status=204)


_ONE = "/api/2/datasets/{dataset}/"

ROUTES = [
    web.get("/api/2/datasets/resources/{resource}/", endpoint(_resource)),
    web.get(_ONE, endpoint(_show)),
    web.get(_ONE + "resources/", endpoint(_resources)),
]
for _path in (_ONE + "extras/", _ONE + "resources/{resource}/extras/"):
    ROUTES += [
        web.get(_path, endpoint(_show_extras)),
        web.put(_path, endpoint(_merge_extras, needs_login=True)),
        web.delete(_path, endpoint(_drop_extras, needs_login=True)),
    ]
