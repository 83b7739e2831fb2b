"""A server elsewhere, whose files are fetched: they change, vanish, break off in the middle.

Rule: what it says of a version is true (a changed file has another ETag and another date), as no
publisher could know better; how it says it, and whether it says anything, is left to it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

from aiohttp import web

__all__ = ["FlakySite", "Mishap", "Style"]

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)


class Style(StrEnum):
    """How the site tells one version from another."""

    TAG = "tag"
    WEAK_TAG = "weak tag"
    DATE = "date"
    SILENT = "silent"


class Mishap(StrEnum):
    """What may go wrong with one answer."""

    CUT = "source-cut"
    UNAVAILABLE = "source-503"
    RESET = "source-reset"
    LIMITED = "source-429"
    NOT_RESUMED = "source-not-resumed"


@dataclass
class Page:
    """One file: its versions are counted from 1."""

    content: bytes = b"far,away\n"
    version: int = 1
    style: Style = Style.TAG
    gone: bool = False

    @property
    def tag(self) -> str:
        weak = "W/" if self.style is Style.WEAK_TAG else ""
        return f'{weak}"{self.version}"'

    @property
    def date(self) -> str:
        return format_datetime(FIRST_DAY + timedelta(minutes=self.version), usegmt=True)

    @property
    def headers(self) -> dict[str, str]:
        match self.style:
            case Style.TAG | Style.WEAK_TAG:
                return {"ETag": self.tag}
            case Style.DATE:
                return {"Last-Modified": self.date}
            case Style.SILENT:
                return {}

    def vanish(self) -> None:
        """It is not there any more."""
        self.gone = True

    def is_known(self, asked: Mapping[str, str]) -> bool:
        """Whether what is asked for is another version only, and there is none."""
        if self.style in {Style.TAG, Style.WEAK_TAG}:
            return asked.get("If-None-Match") == self.tag
        return self.style is Style.DATE and asked.get("If-Modified-Since") == self.date


class FlakySite:
    """Files by name; `mishaps` befall the next answers, one each."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.mishaps: list[Mishap] = []
        self.met: list[str] = []
        self._base = ""

    def page(self, name: str) -> Page:
        """The file of this name, which has always been there."""
        return self.pages.setdefault(name, Page())

    def address(self, page: str) -> str:
        """See `wanted.Site`."""
        return f"{self._base}/{page}"

    def content(self, page: str) -> bytes | None:
        """See `wanted.Site`."""
        found = self.page(page)
        return None if found.gone else found.content

    def publish(self, name: str, content: bytes) -> None:
        """Another version, and be it the same content."""
        page = self.page(name)
        page.content, page.version, page.gone = content, page.version + 1, False

    # --- serving ---------------------------------------------------------------------------

    @asynccontextmanager
    async def served(self) -> AsyncIterator["FlakySite"]:
        """Serve it on a free port of the loopback."""
        app = web.Application()
        app.router.add_get("/{name:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        page = self.page(request.match_info["name"])
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if mishap is not None:
            self.met.append(mishap.value)
        match mishap:
            case Mishap.UNAVAILABLE:
                return web.Response(status=503)
            case Mishap.LIMITED:
                return web.Response(status=429, headers={"Retry-After": "2"})
            case Mishap.RESET:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case _:
                return await self._sound_answer(page, request, mishap)

    async def _sound_answer(
        self, page: Page, request: web.Request, mishap: Mishap | None
    ) -> web.StreamResponse:
        if page.gone:
            self.met.append("source-404")
            return web.Response(status=404)
        if page.is_known(request.headers):
            self.met.append("source-304")
            return web.Response(status=304, headers=page.headers)
        start = 0 if mishap is Mishap.NOT_RESUMED else _start(page, request)
        content = page.content[start:]
        answer = web.StreamResponse(status=206 if start else 200, headers=page.headers)
        if start:
            self.met.append("source-206")
            last = len(page.content) - 1
            answer.headers["Content-Range"] = f"bytes {start}-{last}/{len(page.content)}"
        answer.content_length = len(content)
        await answer.prepare(request)
        if mishap is Mishap.CUT and content:
            await answer.write(content[: len(content) // 2])
            assert request.transport is not None
            request.transport.close()
        else:
            await answer.write(content)
        return answer


def _start(page: Page, request: web.Request) -> int:
    """Where to go on, when the request asks for the rest of this very version."""
    asked, validator = request.headers.get("Range", ""), request.headers.get("If-Range")
    first = asked.removeprefix("bytes=").removesuffix("-")
    if not first.isdigit() or validator not in {page.headers.get("ETag"), page.date}:
        return 0
    return int(first) if int(first) < len(page.content) else 0
