"""Lists of datasets: filtered, sorted, cut into pages."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bulkpub.core.model import Json
from bulkpub.sandbox import masks
from bulkpub.sandbox.answers import Refused, not_found, refused_input
from bulkpub.sandbox.calls import Call, endpoint
from bulkpub.sandbox.records import Dataset

__all__ = ["ROUTES", "is_object_id", "page_of", "paged"]

DEFAULT_PAGE_SIZE = 20
_PAGE_HELP = {"page": "The page to fetch", "page_size": "The page size to fetch"}

_SORTS: dict[str, Callable[[Dataset], Any]] = {
    "title": lambda dataset: dataset.title,
    "created": lambda dataset: dataset.created_at,
    "last_update": lambda dataset: dataset.last_update,
    # Nobody reuses, follows or counts anything here.
    "reuses": lambda _dataset: 0,
    "followers": lambda _dataset: 0,
    "views": lambda _dataset: 0,
}

_STATE_HELP = (
    "If set to true, it will filter on {0} datasets only. If set to false, it will exclude {0} "
    "datasets. User must be authenticated and results are limited to user visibility "
    "Invalid literal for boolean(): {1}"
)


def page_of(call: Call, default_size: int = DEFAULT_PAGE_SIZE) -> tuple[int, int]:
    """The page asked for and its size, both from 1.

    :raises Refused: 400 when one of them is something else.
    """
    return _positive(call, "page", 1), _positive(call, "page_size", default_size)


def _positive(call: Call, name: str, default: int) -> int:
    text = call.request.query.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise refused_input(name, f"{_PAGE_HELP[name]} {text} is not a valid integer") from None
    if number < 1:
        raise refused_input(
            name, f"{_PAGE_HELP[name]} Invalid {name}: {number}. {name} must be a positive integer"
        )
    return number


def paged(call: Call, found: list[Any], show: Callable[[Any], Json]) -> Json:
    """The page asked for, with the addresses of its neighbours.

    :raises Refused: 404 past the last page; there is always a first one.
    """
    page, size = page_of(call)
    start = (page - 1) * size
    if page > 1 and start >= len(found):
        raise not_found()
    has_next = start + size < len(found)
    return {
        "data": [show(each) for each in found[start : start + size]],
        "page": page,
        "page_size": size,
        "total": len(found),
        "next_page": _address(call, page + 1) if has_next else None,
        "previous_page": _address(call, page - 1) if page > 1 else None,
    }


def _address(call: Call, page: int) -> str:
    query = [each for each in call.request.query.items() if each[0] != "page"]
    query.append(("page", str(page)))
    return f"{call.view.base}{call.request.path}?{urlencode(query)}"


def _state_filters(call: Call, datasets: Iterable[Dataset]) -> Iterable[Dataset]:
    for name in ("archived", "deleted", "private"):
        text = call.request.query.get(name)
        if text is None:
            continue
        if text.lower() not in {"true", "false", "1", "0", "on", ""}:
            raise refused_input(name, _STATE_HELP.format(name, text))
        call.rights.require_login()
        wanted = text.lower() in {"true", "1", "on"}
        datasets = [each for each in datasets if bool(getattr(each, name)) is wanted]
    return datasets


def is_object_id(text: str) -> bool:
    """Whether it has the form of an id of udata's."""
    return len(text) == 24 and all(each in "0123456789abcdef" for each in text.lower())  # noqa: PLR2004  # udata's ids


def _owned_by(call: Call, name: str) -> str | None:
    """The id of the organization or owner the listing is of; None for everybody's."""
    organization = call.request.match_info.get("organization")
    if name == "organization" and organization is not None:
        found = call.portal.directory.organization(organization)
        if found is None:
            raise not_found()
        return found.id
    value = call.request.query.get(name)
    if value and not is_object_id(value):
        raise Refused.saying(400, f"{name.title()} arg must be an identifier")
    return value or None


def _has_all(call: Call, dataset: Dataset) -> bool:
    query = call.request.query
    title = dataset.title.lower()
    schemas = [each.schema["name"] for each in dataset.resources if each.schema]
    return (
        all(word in title for word in query.get("q", "").lower().split())
        and set(query.getall("tag", [])) <= set(dataset.tags)
        and query.get("license") in {None, "", dataset.license}
        and (
            not query.get("format")
            or any(each.format == query["format"] for each in dataset.resources)
        )
        and (not query.get("schema") or query["schema"] in schemas)
    )


def _filtered(call: Call) -> list[Dataset]:
    found = [each for each in call.state.datasets.values() if call.rights.lists(each)]
    for name in ("organization", "owner"):
        owner = _owned_by(call, name)
        if owner is not None:
            found = [each for each in found if getattr(each, name) == owner]
    return list(_state_filters(call, (each for each in found if _has_all(call, each))))


def _sorted(call: Call, found: list[Dataset]) -> list[Dataset]:
    sort = call.request.query.get("sort") or "-created"
    name = sort.removeprefix("-")
    if name not in _SORTS:
        raise refused_input(
            "sort",
            "The field (and direction) on which sorting apply "
            f"The value '{sort}' is not a valid choice for 'sort'.",
        )
    # Reversing a stable sort keeps the newest first among equals.
    return sorted(found, key=_SORTS[name], reverse=sort.startswith("-"))


async def _list(call: Call) -> web.StreamResponse:
    view, mask = call.view, call.mask()
    with_community = masks.mentions(mask, "community_resources")

    def show(dataset: Dataset) -> Json:
        shown = view.dataset(dataset)
        if with_community:
            shown["community_resources"] = [
                view.community(each) for each in call.state.community_of(dataset)
            ]
        return shown

    return call.answer(paged(call, _sorted(call, _filtered(call)), show))


async def _mine(call: Call) -> web.StreamResponse:
    account = call.rights.require_login()
    mine = [each for each in call.state.datasets.values() if each.owner == account.id]
    mine.sort(key=lambda each: each.created_at, reverse=True)
    return call.answer([call.view.dataset(each) for each in mine])


ROUTES = [
    web.get("/api/1/datasets/", endpoint(_list)),
    web.get("/api/1/organizations/{organization}/datasets/", endpoint(_list)),
    web.get("/api/1/me/datasets/", endpoint(_mine)),
]
