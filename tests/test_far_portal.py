"""The way to a portal that is in another process, which tests of several processes take.

What it has in common with all portals is tested in `tests/portals`.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest

from bulkpub.core.model import DatasetMetadata, FileSource
from bulkpub.core.owners import Owner
from bulkpub.errors import DescriptionsRefused, FileChanged, Uncertain
from bulkpub.http.gate import Gate
from bulkpub.portals import memory, udata
from bulkpub.portals.base import Opening
from bulkpub.portals.memory import Call, MemoryPortal, RuleBroken, Site
from bulkpub.portals.whole_or_parts import PartSizes
from bulkpub.sources import FileContent, fingerprint
from tests.far_portal import WHERE, Asked, connect, exchanging, open_far


@dataclass
class Both:
    """A portal, and what it has at the other end."""

    portal: MemoryPortal
    site: Site
    dataset: str = ""

    def file(self, folder: Path, data: bytes = b"a\n") -> FileContent:
        path = folder / "a.csv"
        path.write_bytes(data)
        source = FileSource(str(path), path.name)
        return FileContent(source, fingerprint(source), lambda _: None)


@pytest.fixture
async def far() -> AsyncIterator[Both]:
    site = memory.site(uuid4().hex, udata.RULES)
    async with exchanging(), open_far(Opening(site.address, Gate())) as portal:
        made = await portal.create_dataset(DatasetMetadata(title="T"), None, datetime.now(UTC))
        yield Both(portal, site, made.id)
    memory._sites.pop(site.address.removeprefix("memory://"))


class Killed(BaseException):
    """As of a process that is killed."""


@pytest.mark.parametrize(
    "error",
    [Uncertain("lost"), DescriptionsRefused({"x": "no"}), ZeroDivisionError("by 0"), Killed("now")],
    ids=lambda error: type(error).__name__,
)
async def test_errors_arrive_as_themselves(far: Both, error: BaseException) -> None:
    async def fail(_call: Call, _carry_out: Callable[[], Awaitable[Any]]) -> Any:
        raise error

    far.site.trouble = fail
    for ask in (far.portal.account(), anext(aiter(far.portal.owned_by(user="x")))):
        with pytest.raises(type(error)) as raised:
            await ask
        assert (raised.value.args, vars(raised.value)) == (error.args, vars(error))


async def test_a_file_is_read_where_it_is(far: Both, tmp_path: Path) -> None:
    told: list[int] = []
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * 3_000_000)
    source = FileSource(str(path), path.name)
    content = FileContent(source, fingerprint(source), told.append)
    stored = await far.portal.upload(far.dataset, content)
    assert far.site.files[stored.id] == path.read_bytes()
    assert (content.digest, content.bytes_sent) == (stored.digest, 3_000_000)
    assert (told == sorted(told), told[-1]) == (True, 3_000_000)


async def test_one_that_changed_meanwhile_is_not_published(far: Both, tmp_path: Path) -> None:
    content = far.file(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"longer\n")
    with pytest.raises(FileChanged, match="grew from 2 to 7 bytes"):
        await far.portal.upload(far.dataset, content)
    assert far.site.files == {}


async def test_trouble_can_read_what_is_sent(far: Both, tmp_path: Path) -> None:
    read: list[bytes] = []

    async def lose(call: Call, carry_out: Callable[[], Awaitable[Any]]) -> Any:
        if call.content is None:
            return await carry_out()
        read.extend([piece async for piece in call.content.open()])
        raise Uncertain("lost")

    far.site.trouble = lose
    content = far.file(tmp_path)
    with pytest.raises(Uncertain):
        await far.portal.upload(far.dataset, content)
    assert (read, content.bytes_sent, far.site.files) == ([b"a\n"], 2, {})


async def test_a_call_that_is_given_up_is_over(far: Both, tmp_path: Path) -> None:
    begun, ended = anyio.Event(), anyio.Event()

    async def slow(_call: Call, _carry_out: Callable[[], Awaitable[Any]]) -> Any:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    far.site.trouble = slow
    async with anyio.create_task_group() as group:
        group.start_soon(far.portal.upload, far.dataset, far.file(tmp_path))
        await begun.wait()
        group.cancel_scope.cancel()
    assert ended.is_set()


async def test_so_is_one_whose_process_is_gone(far: Both) -> None:
    begun, ended = anyio.Event(), anyio.Event()

    async def slow(_call: Call, _carry_out: Callable[[], Awaitable[Any]]) -> Any:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    far.site.trouble = slow
    line = await connect()
    await line.say(Asked(far.site.address, "another", PartSizes(), None, "account"))
    await begun.wait()
    await line.close()
    await ended.wait()


async def test_what_is_put_beside_a_dataset_is_put_there(far: Both, tmp_path: Path) -> None:
    beside = far.portal.community(Owner(user="somebody"))
    assert not beside.rules.orders
    there = await beside.dataset(far.dataset)
    assert there is not None
    await beside.upload(far.dataset, far.file(tmp_path))
    assert [each.resources for each in far.site.datasets.values()] == [()]
    (others,) = far.site.beside.values()
    assert list(others.files.values()) == [b"a\n"]
    assert far.portal.traffic.requests.by_endpoint == {
        "POST create_dataset": 1,
        "GET dataset": 1,
        "POST upload": 1,
    }


async def test_the_rules_of_a_run_are_kept_over_the_connection(far: Both, tmp_path: Path) -> None:
    await far.portal.upload(far.dataset, far.file(tmp_path))
    with pytest.raises(RuleBroken, match="is sent again after"):
        await far.portal.upload(far.dataset, far.file(tmp_path))


async def test_who_does_not_know_the_token_is_not_answered(
    far: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = os.environ[WHERE].split()[0]
    monkeypatch.setenv(WHERE, f"{port} {'0' * 32}")
    with pytest.raises(EOFError):
        await far.portal.account()
