"""The portals that the suite runs on: each kind, and what its rules may say.

A new kind is a line in `PORTALS` and a function that opens one.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from bulkpub.core.model import DatasetMetadata, FileSource, RemoteDataset
from bulkpub.core.rules import Limits, Rules
from bulkpub.http.gate import Gate
from bulkpub.http.retry import RetryPolicy
from bulkpub.http.transport import HttpSettings
from bulkpub.portals import Portal, github, gitlab, memory, udata
from bulkpub.portals.base import Opening, Page
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.sandbox import Sandbox
from bulkpub.sources import FileContent, fingerprint
from tests.far_portal import exchanging, open_far
from tests.portals import gitlab_site
from tests.portals.github_site import WRITER, serving
from tests.release_rules import RELEASES

PARTS = PartSizes(above=1000, size=400)
QUICK = RetryPolicy(attempts=2, first_delay=0.01, max_delay=0.02)

POOR = Rules(
    kind="poor",
    file_name=udata.RULES.file_name,
    limits=Limits(title=60, description=100, description_short=50, longest_tag=10),
    replacing_resets_title=False,
    digest="sha256",
    tells_digest=False,
    joins_organizations=False,
    orders=False,
    described_at_once=1,
    links=False,
    deletes=False,
    hosts_in_place=False,
    lacks_dataset=frozenset({"acronym", "extras", "spatial"}),
    lacks_resource=frozenset({"schema", "extras"}),
)
"""Those of a portal that can do as little as rules can say."""


@dataclass
class Place:
    """A portal under test, and an organization of the account's on it.

    `delete` deletes a dataset, as a person does: the protocol has no call for that. `tag` is part
    of every title, as a real portal keeps what other tests did.
    """

    portal: Portal
    organization: str | None
    not_ours: str
    delete: Callable[[RemoteDataset], Awaitable[None]]
    folder: Path
    account: str = memory.ACCOUNT.id
    newest_first: bool = False
    tag: str = field(default_factory=lambda: uuid4().hex[:10])

    @property
    def rules(self) -> Rules:
        return self.portal.rules

    def metadata(self, **more: Any) -> DatasetMetadata:
        said = {"title": f"Velos {self.tag}", "description": "D", **more}
        return DatasetMetadata(**{k: v for k, v in said.items() if k not in self.lacks})

    @property
    def lacks(self) -> frozenset[str]:
        return self.rules.lacks_dataset

    async def create(self, organization: str | None = None, **more: Any) -> RemoteDataset:
        """A new dataset, of this organization or the account's own."""
        tag = f"tag-{uuid4().hex[:10]}" if self.rules.release_tag else ""
        metadata, now = self.metadata(**more), datetime.now(UTC)
        return await self.portal.create_dataset(metadata, organization, now, release_tag=tag)

    async def ours(self, **more: Any) -> RemoteDataset:
        """A new dataset of the organization's, where there are any."""
        return await self.create(self.organization, **more)

    def owned(self) -> AsyncIterator[Page]:
        """All the datasets that `ours` are among."""
        user = None if self.organization else self.account
        return self.portal.owned_by(organization=self.organization, user=user)

    async def seen(self, dataset: RemoteDataset) -> RemoteDataset:
        """The dataset as it is now."""
        found = await self.portal.dataset(dataset.id)
        assert found is not None
        return found

    def digest(self, data: bytes) -> str | None:
        """What the portal tells of a file of these bytes."""
        told = hashlib.new(self.rules.digest, data).hexdigest()
        return told if self.rules.tells_digest else None

    def content(self, name: str, data: bytes) -> FileContent:
        """A file to be sent."""
        path = self.folder / uuid4().hex / name
        path.parent.mkdir()
        path.write_bytes(data)
        source = FileSource(str(path), name)
        return FileContent(source, fingerprint(source), lambda _: None, self.rules.digest)


# --- each of them -------------------------------------------------------------------------


@asynccontextmanager
async def in_memory(rules: Rules, folder: Path, *, far: bool = False) -> AsyncIterator[Place]:
    """One in this process; a `far` one is asked over a connection."""
    site = memory.Site(rules, page_size=3)

    async def delete(dataset: RemoteDataset) -> None:
        site.datasets[dataset.id] = replace(site.datasets[dataset.id], deleted=True)

    ours = memory.OURS.id if rules.organizations else None
    if not far:
        portal = memory.MemoryPortal(site, parts=PARTS)
        yield Place(portal, ours, memory.OTHERS.id, delete, folder)
        return
    name = uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(memory._sites, name, site)
        opening = Opening(f"memory://{name}", Gate(), parts=PARTS)
        async with exchanging(), open_far(opening) as portal:
            yield Place(portal, ours, memory.OTHERS.id, delete, folder)


@asynccontextmanager
async def on_udata(info: dict[str, Any], folder: Path) -> AsyncIterator[Place]:
    key, http = info["admin"]["api_key"], HttpSettings(policy=QUICK)

    async def delete(dataset: RemoteDataset) -> None:
        async with (
            aiohttp.ClientSession(headers={"X-API-KEY": key}) as session,
            session.delete(f"{info['api_url']}/datasets/{dataset.id}/") as answer,
        ):
            assert answer.status == 204

    opening = Opening(info["api_url"], Gate(), key=key, http=http, parts=PARTS)
    async with udata.KIND.open(opening) as portal:
        ours, others = info["organization"]["id"], info["other_organization"]["id"]
        yield Place(portal, ours, others, delete, folder)


@asynccontextmanager
async def on_the_sandbox(folder: Path) -> AsyncIterator[Place]:
    async with Sandbox() as sandbox, on_udata(sandbox.info, folder) as place:
        yield place


@asynccontextmanager
async def on_github(folder: Path) -> AsyncIterator[Place]:
    async with serving() as site:

        async def delete(dataset: RemoteDataset) -> None:
            del site.releases[int(dataset.id)]

        http = HttpSettings(policy=QUICK)
        opening = Opening(site.api, Gate(), key=WRITER, http=http, parts=PARTS)
        async with github.KIND.open(opening) as portal:
            yield Place(portal, None, "none", delete, folder, newest_first=True)


@asynccontextmanager
async def on_gitlab(folder: Path) -> AsyncIterator[Place]:
    async with gitlab_site.serving() as site:
        site.most_page = 3
        url = gitlab.KIND.api_url(site.portal, False)  # noqa: FBT003
        assert url is not None
        opening = Opening(url, Gate(), key=gitlab_site.MAINTAINER, http=HttpSettings(policy=QUICK))
        async with gitlab.KIND.open(opening) as portal:

            async def delete(dataset: RemoteDataset) -> None:
                await portal.delete_dataset(dataset.id)

            yield Place(portal, None, "", delete, folder)


PORTALS = [
    "memory",
    "memory-as-udata",
    "memory-that-is-poor",
    "memory-of-releases",
    "memory-far-away",
    "memory-of-releases-far-away",
    pytest.param("gitlab", marks=pytest.mark.served),
    pytest.param("udata-sandbox", marks=pytest.mark.served),
    pytest.param("github", marks=pytest.mark.served),
    pytest.param("udata", marks=pytest.mark.real),
]


@pytest.fixture(params=PORTALS)
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    monkeypatch.setattr("bulkpub.portals.github.calls.APART_S", 0.0)
    for kind in ("udata", "github"):
        monkeypatch.setattr(f"bulkpub.portals.{kind}.calls.PAGE_SIZE", 3)
    match request.param:
        case "udata":
            opened = on_udata(request.getfixturevalue("real_portal_info"), tmp_path)
        case "gitlab":
            opened = on_gitlab(tmp_path)
        case "udata-sandbox":
            opened = on_the_sandbox(tmp_path)
        case "github":
            opened = on_github(tmp_path)
        case kind:
            quick = replace(udata.RULES, same_name_pause=0.05)
            known = {"memory": memory.RULES, "memory-as-udata": quick, "memory-far-away": quick}
            far = kind.endswith("far-away")
            rules = RELEASES if "of-releases" in kind else known.get(kind, POOR)
            opened = in_memory(rules, tmp_path, far=far)
    async with opened as place:
        yield place
