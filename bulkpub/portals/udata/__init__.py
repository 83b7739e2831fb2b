"""udata, the software of data.gouv.fr: all that is true of it alone stands in this folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bulkpub.http.transport import connect
from bulkpub.portals.base import Kind, Opening
from bulkpub.portals.udata.address import PRESETS, api_url
from bulkpub.portals.udata.calls import Udata
from bulkpub.portals.udata.rules import RULES

__all__ = ["KIND", "RULES", "Udata"]


@asynccontextmanager
async def _open(opening: Opening) -> AsyncIterator[Udata]:
    async with connect(
        opening.url,
        credentials={"X-API-KEY": opening.key} if opening.key else {},
        settings=opening.http,
        pace=opening.pace,
        listener=opening.listener,
    ) as transport:
        yield Udata(transport, opening.parts)


KIND = Kind("udata", RULES, PRESETS, api_url, _open)
