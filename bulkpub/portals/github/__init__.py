"""Releases on GitHub: a repository is the portal, a release a dataset, a file of it a resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bulkpub.http.transport import connect
from bulkpub.portals.base import Kind, Opening
from bulkpub.portals.github import calls
from bulkpub.portals.github.address import PRESETS, api_url, uploads_url
from bulkpub.portals.github.calls import GitHub
from bulkpub.portals.github.limits import understood
from bulkpub.portals.github.rules import RULES

__all__ = ["KIND", "RULES", "GitHub"]

ASKED = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


@asynccontextmanager
async def _open(opening: Opening) -> AsyncIterator[GitHub]:
    credentials = {"Authorization": f"Bearer {opening.key}"} if opening.key else {}
    settings = replace(opening.http, understood=understood)
    async with (
        connect(
            opening.url,
            credentials=ASKED | credentials,
            settings=settings,
            pace=opening.pace,
            listener=opening.listener,
        ) as api,
        connect(
            uploads_url(opening.url),
            credentials=ASKED | credentials,
            settings=settings,
            pace=opening.pace,
            listener=opening.listener,
        ) as uploads,
    ):
        yield GitHub(api, uploads, credentials, opening.apart(calls.APART_S))


KIND = Kind("github", RULES, PRESETS, api_url, _open, catalogue=False)
