"""Releases on GitLab: a project is the portal, a release a dataset, a link of it a resource.

What is published lies in the project's package registry, as a file of a generic package, and the
release has a link to it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bulkpub.http.signals import RateHeaders
from bulkpub.http.transport import connect
from bulkpub.portals.base import Kind, Opening
from bulkpub.portals.gitlab.address import PRESETS, api_url
from bulkpub.portals.gitlab.calls import GitLab
from bulkpub.portals.gitlab.keys import credentials, is_of_job
from bulkpub.portals.gitlab.rules import RULES

__all__ = ["KIND", "RULES", "GitLab"]

ANNOUNCED = RateHeaders("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@asynccontextmanager
async def _open(opening: Opening) -> AsyncIterator[GitLab]:
    http = opening.http
    if http.rate_headers == RateHeaders():
        http = replace(http, rate_headers=ANNOUNCED)
    headers = credentials(opening.key)
    async with connect(
        opening.url,
        credentials=headers,
        settings=http,
        pace=opening.pace,
        listener=opening.listener,
    ) as transport:
        yield GitLab(transport, by_job=is_of_job(opening.key), credentials=headers)


KIND = Kind("gitlab", RULES, PRESETS, api_url, _open, catalogue=False)
