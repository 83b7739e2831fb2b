"""The two portals every contract test runs on, and a plain client for them.

`portal` is either the embedded portal or a real udata (marked `real`; see `tests/conftest.py`).
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bulkpub.sandbox import Sandbox, SandboxSettings
from tests.schema_catalogue import CATALOGUE

# --- a client without any cleverness ------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any
    content: bytes


def quoted(name: str) -> bytes:
    """A file name as browsers and curl put it into Content-Disposition: raw UTF-8."""
    return name.replace("\\", "\\\\").replace('"', '\\"').encode()


def form(fields: dict[str, Any], file: tuple[str, bytes] | None) -> tuple[bytes, str]:
    """A multipart body made by hand, so that no library has a say in it; and its type."""
    boundary = f"----{uuid.uuid4().hex}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        name, data = file
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="'.encode()
        tail = b'"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head + quoted(name) + tail + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


@dataclass
class Portal:
    """A portal under test. Paths beginning with `/` are below `/api/1`."""

    info: dict[str, Any]
    session: aiohttp.ClientSession
    next_second: Callable[[], Any]
    """Wait until the portal's clock shows another second."""
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:10])
    """Part of every name this test makes: the real portal keeps what other tests did."""

    @property
    def org(self) -> str:
        return str(self.info["organization"]["id"])

    def v2(self, path: str) -> str:
        return f"{self.info['base_url']}/api/2{path}"

    async def call(
        self, method: str, path: str, *, key: str | None = "user", expect: int = 0, **more: Any
    ) -> Answer:
        """One request, as the account called `key` (None: nobody; else a key itself)."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["X-API-KEY"] = self.info[key]["api_key"] if key in self.info else key
        url = path if path.startswith("http") else self.info["api_url"] + path
        more.setdefault("allow_redirects", False)
        async with self.session.request(method, url, headers=headers, **more) as response:
            content = await response.read()
            is_json = response.content_type == "application/json"
            body = json.loads(content) if is_json and content else None
            answer = Answer(response.status, body, response.headers, content)
        if expect:
            assert answer.status == expect, f"{method} {url}: {answer.status} {content[:500]!r}"
        return answer

    async def create(self, title: str = "Dataset", **fields: Any) -> Any:
        key = fields.pop("key", "user")
        if self.tag not in title:
            title = f"{title} {self.tag}"
        body = {"title": title, "description": "d", "organization": self.org}
        answer = await self.call("POST", "/datasets/", key=key, expect=201, json=body | fields)
        return answer.body

    async def get(self, dataset: Any, **more: Any) -> Any:
        return (await self.call("GET", f"/datasets/{dataset['id']}/", expect=200, **more)).body

    async def put(self, dataset: Any, body: Any, **more: Any) -> Any:
        more.setdefault("expect", 200)
        return (await self.call("PUT", f"/datasets/{dataset['id']}/", json=body, **more)).body

    async def post_form(
        self, path: str, fields: dict[str, Any], file: tuple[str, bytes] | None, **more: Any
    ) -> Answer:
        data, kind = form(fields, file)
        headers = {"Content-Type": kind} | more.pop("headers", {})
        return await self.call("POST", path, data=data, headers=headers, **more)

    async def upload(
        self,
        dataset: Any,
        name: str,
        data: bytes = b"a,b\n1,2\n",
        *,
        resource: Any = None,
        expect: int | None = None,
        **more: Any,
    ) -> Any:
        path = f"/datasets/{dataset['id']}/"
        if resource is not None:
            path += f"resources/{resource['id']}/"
        wanted = expect or (200 if resource is not None else 201)
        fields = more.pop("fields", {})
        return (
            await self.post_form(path + "upload/", fields, (name, data), expect=wanted, **more)
        ).body

    async def link(self, dataset: Any, **fields: Any) -> Any:
        body = {
            "title": "Link",
            "filetype": "remote",
            "type": "main",
            "url": "https://example.org/a.csv",
        }
        path = f"/datasets/{dataset['id']}/resources/"
        return (await self.call("POST", path, expect=201, json=body | fields)).body

    async def put_resource(self, dataset: Any, resource: Any, body: Any, expect: int = 200) -> Any:
        path = f"/datasets/{dataset['id']}/resources/{resource['id']}/"
        return (await self.call("PUT", path, json=body, expect=expect)).body

    async def put_list(self, dataset: Any, items: Any, expect: int = 200) -> Any:
        path = f"/datasets/{dataset['id']}/resources/"
        return (await self.call("PUT", path, json=items, expect=expect)).body

    async def resources(self, dataset: Any) -> list[Any]:
        return list((await self.get(dataset))["resources"])


# --- the embedded one ---------------------------------------------------------------------


class Clock:
    """A clock that tests can push forward instead of waiting."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def next_second(self) -> None:
        self.ahead += timedelta(seconds=1)


async def embedded(session: aiohttp.ClientSession, **settings: Any) -> AsyncIterator[Portal]:
    clock = Clock()
    async with Sandbox(SandboxSettings(clock=clock, **settings)) as sandbox:
        yield Portal(sandbox.info, session, clock.next_second)


# --- the real one -------------------------------------------------------------------------


async def real_next_second() -> None:
    now = time.time()
    await asyncio.sleep(int(now) + 1.05 - now)


# --- what tests ask for -------------------------------------------------------------------


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """No cookies: a session cookie would beat the keys."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


BOTH = [
    pytest.param("sandbox", marks=pytest.mark.served),
    pytest.param("real", marks=pytest.mark.real),
]


@pytest.fixture(params=BOTH)
async def portal(
    request: pytest.FixtureRequest, session: aiohttp.ClientSession
) -> AsyncIterator[Portal]:
    if request.param == "real":
        info = request.getfixturevalue("real_portal_info")
        yield Portal(info, session, real_next_second)
        return
    async for each in embedded(session):
        yield each


@pytest.fixture(params=BOTH)
async def read_only_portal(
    request: pytest.FixtureRequest, session: aiohttp.ClientSession
) -> AsyncIterator[Portal]:
    if request.param == "real":
        info = request.getfixturevalue("real_read_only_info")
        yield Portal(info, session, real_next_second)
        return
    async for each in embedded(session, read_only=True):
        yield each


@pytest.fixture(params=BOTH)
async def catalogue_portal(
    request: pytest.FixtureRequest, session: aiohttp.ClientSession
) -> AsyncIterator[Portal]:
    """One that checks schemas against `tests.schema_catalogue`."""
    if request.param == "real":
        info = request.getfixturevalue("real_catalogue_info")
        yield Portal(info, session, real_next_second)
        return
    async for each in embedded(session, schemas=CATALOGUE):
        yield each
