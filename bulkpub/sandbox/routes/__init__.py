"""The endpoints of the embedded portal, one module an area; `table` lists them all."""

from aiohttp import web

from bulkpub.sandbox.routes import (
    apiv2,
    community,
    contacts,
    datasets,
    downloads,
    listing,
    pages,
    reference,
    resources,
    suggest,
    uploads,
)

__all__ = ["table"]


def table() -> list[web.RouteDef]:
    """Every route there is; fixed paths come before those with a dataset's name in them."""
    areas = (
        suggest,
        reference,
        listing,
        community,
        contacts,
        downloads,
        uploads,
        resources,
        datasets,
        apiv2,
        pages,
    )
    return [route for area in areas for route in area.ROUTES]
