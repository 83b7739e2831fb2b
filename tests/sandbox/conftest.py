"""An embedded portal per test, and a client without cookies."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bulkpub.sandbox import Sandbox, SandboxSettings

Start = Callable[..., AbstractAsyncContextManager[Any]]


@dataclass
class Running:
    """A started sandbox and a session with it; paths are below `/api/1` unless absolute."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, *, key: str | None = "", **more: Any) -> Any:
        """The response, read; as the publishing account unless `key` says otherwise."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["X-API-KEY"] = key or self.sandbox.api_key
        url = path if path.startswith("http") else self.sandbox.api_url + path
        response = await self.session.request(method, url, headers=headers, **more)
        await response.read()
        return response

    async def page(self, path: str) -> tuple[int, str]:
        """A page for people: its status and its HTML."""
        async with self.session.get(self.sandbox.base_url + path) as response:
            return response.status, await response.text()

    async def create(self, title: str = "Dataset", **fields: Any) -> Any:
        organization = self.sandbox.info["organization"]["id"]
        body = {"title": title, "description": "d", "organization": organization} | fields
        return await (await self.call("POST", "/datasets/", json=body)).json()

    async def upload(self, dataset: Any, name: str, data: bytes = b"a,b\n1,2\n") -> Any:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", io.BytesIO(data), filename=name)
        response = await self.call("POST", f"/datasets/{dataset['id']}/upload/", data=form)
        return await response.json()


@pytest.fixture
def names_below() -> Callable[[Path], list[str]]:
    """The names of all files and folders below a folder; none when it is gone."""
    return lambda folder: sorted(each.name for each in folder.rglob("*"))


@pytest.fixture
def start() -> Start:
    """Starts a sandbox with the given settings, and a session with it."""

    @asynccontextmanager
    async def starting(**settings: Any) -> AsyncIterator[Running]:
        jar = aiohttp.DummyCookieJar()
        async with (
            Sandbox(SandboxSettings(**settings)) as sandbox,
            aiohttp.ClientSession(cookie_jar=jar) as session,
        ):
            yield Running(sandbox, session)

    return starting
