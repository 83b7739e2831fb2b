"""What is on a portal, as plain values: of the sandbox by looking into it, of any by asking."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bulkpub.sandbox import Sandbox

__all__ = ["KEPT_TITLE", "KEY", "SeenDataset", "SeenResource", "ask", "look"]

KEY, KEPT_TITLE = "bulkpub:key", "bulkpub:title"


@dataclass(frozen=True)
class SeenResource:
    """`content` is the SHA-1 of the bytes that are served, `sha1` what the portal says of it."""

    id: str
    title: str
    type: str
    description: str | None
    extras: Mapping[str, Any]
    url: str
    sha1: str | None
    size: int | None
    content: str | None
    hosted: bool

    @property
    def key(self) -> str | None:
        return self.extras.get(KEY)

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def own_extras(self) -> dict[str, Any]:
        return {name: v for name, v in self.extras.items() if name not in {KEY, KEPT_TITLE}}


@dataclass(frozen=True)
class SeenDataset:
    """`organization` is an id, None when it is an account's own."""

    id: str
    title: str
    description: str
    tags: tuple[str, ...]
    extras: Mapping[str, Any]
    resources: tuple[SeenResource, ...]
    organization: str | None
    private: bool = False

    @property
    def key(self) -> str | None:
        return self.extras.get(KEY)

    @property
    def ids(self) -> list[str]:
        return [resource.id for resource in self.resources]

    @property
    def by_id(self) -> dict[str, SeenResource]:
        return {resource.id: resource for resource in self.resources}


def look(sandbox: Sandbox) -> dict[str, SeenDataset]:
    """Everything on the sandbox that is not deleted, by dataset id."""
    folder = Path(sandbox.info["data_dir"]) / "resources"
    seen = {}
    for dataset in sandbox.state.datasets.values():
        if dataset.deleted:
            continue
        resources = tuple(
            SeenResource(
                each.id,
                each.title,
                each.type,
                each.description,
                dict(each.extras),
                each.url,
                each.checksum["value"] if each.checksum else None,
                each.filesize,
                _sha1((folder / each.stored).read_bytes()) if each.stored else None,
                each.is_hosted,
            )
            for each in dataset.resources
        )
        seen[dataset.id] = SeenDataset(
            dataset.id,
            dataset.title,
            dataset.description,
            tuple(sorted(dataset.tags)),
            dict(dataset.extras),
            resources,
            dataset.organization,
            dataset.private,
        )
    return seen


async def ask(info: Mapping[str, Any], keys: set[str]) -> dict[str, SeenDataset]:
    """The account's and its organization's datasets with these keys, and their files' bytes."""
    seen, rows = {}, []
    owners = (f"organization={info['organization']['id']}", f"owner={info['user']['id']}")
    async with aiohttp.ClientSession(
        headers={"X-API-KEY": info["api_key"]}, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        for owner in owners:
            url = f"{info['api_url']}/datasets/?{owner}&page_size=1000"
            async with session.get(url) as answer:
                rows += (await answer.json())["data"]
        for row in rows:
            if row["extras"].get(KEY) in keys and not row["deleted"]:
                resources = [await _asked(session, each) for each in row["resources"]]
                seen[row["id"]] = SeenDataset(
                    row["id"],
                    row["title"],
                    row["description"],
                    tuple(sorted(row["tags"] or ())),
                    row["extras"],
                    tuple(resources),
                    row["organization"] and row["organization"]["id"],
                    row["private"],
                )
    return seen


async def _asked(session: aiohttp.ClientSession, row: Mapping[str, Any]) -> SeenResource:
    hosted = row["filetype"] == "file"
    content = None
    if hosted:
        async with session.get(row["url"]) as answer:
            content = _sha1(await answer.read())
    checksum = row["checksum"] or {}
    return SeenResource(
        row["id"],
        row["title"],
        row["type"],
        row["description"],
        row["extras"],
        row["url"],
        checksum.get("value"),
        row["filesize"],
        content,
        hosted,
    )


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
