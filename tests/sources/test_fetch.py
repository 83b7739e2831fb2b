"""Fetching a file: only if it changed, whole, named, hashed, and gone afterwards."""

import gzip
import hashlib
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web

from bulkpub.core.model import FileSource, LastFetch, UrlSource
from bulkpub.errors import NotAFile, SourceFailed
from bulkpub.sources.fetch import Fetcher
from bulkpub.sources.local import FileContent
from bulkpub.sources.spool import Spool
from bulkpub.sources.web import Web

CONTENT = b"a;b\n" + b"1;2\n" * 100_000
SHA1 = hashlib.sha1(CONTENT).hexdigest()
PAGE = b"<!DOCTYPE html><html><body>Sorry</body></html>"

Serve = Callable[..., Awaitable[Any]]
Fetch = Callable[..., Awaitable[Any]]


async def test_a_file_is_fetched_hashed_and_removed(serve: Serve, fetch: Fetch) -> None:
    headers = {"ETag": '"v1"', "Last-Modified": "Sun, 22 Nov 2026 08:00:00 GMT"}

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=CONTENT, headers=headers)

    served = await serve(answer)
    got = await fetch(served.at(path="/data/velos.csv"))
    assert (got.content, got.name) == (CONTENT, "velos.csv")
    assert (got.fingerprint.size, got.fingerprint.digest) == (len(CONTENT), SHA1)
    assert got.last == LastFetch(SHA1, len(CONTENT), "velos.csv", '"v1"', headers["Last-Modified"])


async def test_what_was_fetched_can_be_sent_as_a_local_file_can(
    serve: Serve, the_web: Web, spool: Spool, left_in: Callable[[], list[str]]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT)

    served = await serve(answer)
    source = UrlSource(served.at(path="/velos.csv"))
    async with Fetcher(the_web, spool).fetched(source, None, lambda *_: None) as got:
        assert got.path is not None
        body = FileContent(FileSource(got.path, source.shown), got.fingerprint, lambda _: None)
        async for _ in body.open():
            pass
    assert body.digest == SHA1
    assert left_in() == []


LAST = LastFetch(SHA1, len(CONTENT), "velos.csv", 'W/"1"', "Sun, 22 Nov 2026 08:00:00 GMT")


async def test_an_unchanged_file_is_not_fetched_again(serve: Serve, fetch: Fetch) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["If-None-Match"] == LAST.etag
        assert request.headers["If-Modified-Since"] == LAST.last_modified
        return web.Response(status=304)

    served = await serve(answer)
    got = await fetch(served.at(), last=LAST)
    assert (got.content, got.name, got.last) == (None, "velos.csv", LAST)
    assert (got.fingerprint.size, got.fingerprint.digest) == (LAST.size, LAST.digest)


async def test_not_modified_is_no_answer_to_who_did_not_ask(serve: Serve, fetch: Fetch) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=304)

    served = await serve(answer)
    with pytest.raises(SourceFailed, match="answered 304"):
        await fetch(served.at())


async def test_an_empty_file_is_a_file(serve: Serve, fetch: Fetch) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"", content_type="text/csv")

    served = await serve(answer)
    got = await fetch(served.at(path="/empty"))
    assert (got.content, got.name) == (b"", "empty.csv")


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410, 451])
async def test_another_status_is_told(serve: Serve, fetch: Fetch, status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    served = await serve(answer)
    with pytest.raises(SourceFailed, match=f"/gone answered {status}$"):
        await fetch(served.at(path="/gone"))
    assert len(served.requests) == 1


async def test_a_page_in_place_of_a_file_is_refused_unless_one_is_expected(
    serve: Serve, fetch: Fetch
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=PAGE, content_type="text/csv")

    served = await serve(answer)
    with pytest.raises(NotAFile, match="page of HTML"):
        await fetch(served.at(path="/data.csv"))
    assert (await fetch(served.at(path="/data.csv"), html=True)).content == PAGE


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
async def test_content_compressed_on_the_way_is_decoded(
    serve: Serve, fetch: Fetch, encoding: str
) -> None:
    packed = zlib.compress(CONTENT) if encoding == "deflate" else gzip.compress(CONTENT)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": encoding})

    served = await serve(answer)
    got = await fetch(served.at(path="/a.csv"))
    assert (got.content, got.fingerprint.digest) == (CONTENT, SHA1)


async def test_a_file_that_is_compressed_itself_stays_so(serve: Serve, fetch: Fetch) -> None:
    packed = gzip.compress(CONTENT)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "x-gzip"})

    served = await serve(answer)
    got = await fetch(served.at(path="/a.csv.gz"))
    assert (got.content, got.name) == (packed, "a.csv.gz")


async def test_a_file_packed_in_another_way_is_no_encoded_one_either(
    serve: Serve, fetch: Fetch
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"BZh9", headers={"Content-Encoding": "bzip2"})

    served = await serve(answer)
    got = await fetch(served.at(path="/a.csv.bz2"))
    assert (got.content, got.name) == (b"BZh9", "a.csv.bz2")


async def test_an_encoding_nobody_asked_for_is_told(serve: Serve, fetch: Fetch) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"xyz", headers={"Content-Encoding": "br"})

    served = await serve(answer)
    with pytest.raises(SourceFailed, match="encoded as 'br'"):
        await fetch(served.at())


async def test_progress_is_told_to_the_last_byte(serve: Serve, the_web: Web, spool: Spool) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT)

    served, told = await serve(answer), []
    fetcher = Fetcher(the_web, spool)
    source = UrlSource(served.at())
    async with fetcher.fetched(source, None, lambda *so_far: told.append(so_far)):
        pass
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


async def test_files_that_do_not_fit_together_come_one_after_the_other(
    serve: Serve, the_web: Web, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if "unknown" not in request.path:
            return web.Response(body=CONTENT)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(CONTENT)
        return response

    served, present, most = await serve(answer), set[str](), 0

    async def one(path: str) -> None:
        nonlocal most
        source = UrlSource(served.at(path=path))
        async with fetcher.fetched(source, None, lambda *_: None) as got:
            present.add(path)
            most = max(most, len(present))
            assert got.fingerprint.digest == SHA1
            await anyio.sleep(0.01)
            present.remove(path)

    async with Spool(tmp_path / "small", len(CONTENT) + 10) as spool:
        fetcher = Fetcher(the_web, spool)
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(one, f"/{'unknown' if number % 2 else 'known'}-{number}.csv")
        assert spool.held == 0
    assert most == 1


async def test_a_file_larger_than_the_spool_is_fetched_alone(
    serve: Serve, the_web: Web, tmp_path: Path
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT)

    served = await serve(answer)
    async with Spool(tmp_path / "small", 1000) as spool:
        source = UrlSource(served.at())
        async with Fetcher(the_web, spool).fetched(source, None, lambda *_: None) as got:
            assert got.fingerprint.digest == SHA1


async def test_a_fetch_given_up_in_the_middle_leaves_nothing(
    serve: Serve, the_web: Web, spool: Spool, left_in: Callable[[], list[str]]
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(CONTENT)
        await anyio.sleep_forever()
        return response

    served = await serve(answer)
    source = UrlSource(served.at(path="/a.csv"))
    with anyio.CancelScope() as scope:

        def progress(received: int, _: int | None) -> None:
            if received == len(CONTENT):
                assert left_in() == ["a.csv"]
                scope.cancel()

        async with Fetcher(the_web, spool).fetched(source, None, progress):
            raise AssertionError("it never ends")
    assert scope.cancelled_caught
    assert left_in() == []
    assert spool.held == 0


# --- only looking -------------------------------------------------------------------------


async def test_looking_reads_the_head_alone(serve: Serve, the_web: Web, spool: Spool) -> None:
    async def answer(request: web.Request) -> web.Response:
        headers = {"Content-Disposition": 'attachment; filename="velos 2024.csv"'}
        if request.headers.get("If-None-Match") == LAST.etag:
            return web.Response(status=304)
        return web.Response(body=CONTENT, headers=headers, content_type="text/csv")

    served, fetcher = await serve(answer), Fetcher(the_web, spool)
    looked = await fetcher.look(UrlSource(served.at()), None)
    assert (looked.name, looked.size, looked.unchanged) == ("velos 2024.csv", len(CONTENT), False)
    assert looked.content_type == "text/csv"
    looked = await fetcher.look(UrlSource(served.at()), LAST)
    assert (looked.name, looked.size, looked.unchanged) == ("velos.csv", len(CONTENT), True)


async def test_looking_finds_what_a_fetch_would_refuse(
    serve: Serve, the_web: Web, spool: Spool
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=PAGE if request.path == "/page" else CONTENT)

    served, fetcher = await serve(answer), Fetcher(the_web, spool)
    with pytest.raises(NotAFile):
        await fetcher.look(UrlSource(served.at(path="/page")), None)
    with pytest.raises(SourceFailed, match="larger than the 9 bytes"):
        await fetcher.look(UrlSource(served.at(), max_size=9), None)
