"""A file as the body of a request: nothing of it stays behind when the request is given up."""

import asyncio
import gc
import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from bulkpub.core.model import FileSource
from bulkpub.errors import FileChanged
from bulkpub.sources.local import SMALL, FileContent, FilePieces, digests_of, fingerprint


async def _sent(body: FilePieces) -> int:
    return sum([len(piece) async for piece in body])


async def test_a_body_given_up_at_any_step_leaves_no_open_file(tmp_path: Path) -> None:
    """Left open, it would be told as a ResourceWarning, which is an error in these tests."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b\n" * 1_000_000)
    source = FileSource(str(path), "a.csv")
    for steps in [step for step in range(12) for _ in range(20)]:
        content = FileContent(source, fingerprint(source), lambda _: None)
        sending = asyncio.create_task(_sent(content.open()))
        for _ in range(steps):
            await asyncio.sleep(0)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    await asyncio.sleep(0.01)
    gc.collect()


SIZES = (0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL)


def _content(path: Path) -> FileContent:
    source = FileSource(str(path), path.name)
    return FileContent(source, fingerprint(source), lambda _: None)


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_is_read_whole_whatever_its_size(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(os.urandom(size))
    content = _content(path)
    at_once = content.open().at_once()
    assert at_once == (path.read_bytes() if size <= SMALL else None)
    assert b"".join([piece async for piece in content.open()]) == path.read_bytes()
    assert content.digest == hashlib.sha1(path.read_bytes()).hexdigest()
    assert content.bytes_sent == size * (1 if at_once is None else 2)
    assert await content.beginning(10) == path.read_bytes()[:10]


@pytest.mark.parametrize("size", [10, 2 * SMALL])
async def test_a_stretch_of_a_file_is_not_the_whole_of_it(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(os.urandom(size))
    content = _content(path)
    assert b"".join([piece async for piece in content.open(2, 5)]) == path.read_bytes()[2:7]
    assert (content.digest, content.bytes_sent) == (None, 5)


@pytest.mark.parametrize("size", [0, 10, 2 * SMALL])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "grew from"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), "shrank from|changed"),
        (lambda path: os.utime(path, ns=(1, 1)), "changed while"),
        (lambda path: path.unlink(), "vanished|cannot be read|could not be read"),
        (lambda path: Path(shutil.copy2(path, path.with_name("b"))).replace(path), "changed while"),
    ],
    ids=["grows", "shrinks", "is-written-anew", "vanishes", "is-replaced"],
)
@pytest.mark.parametrize("looked_into", [0, 1], ids=["at-first", "after-it-was-read"])
async def test_a_file_that_changes_before_it_is_sent_never_counts_as_sent(
    tmp_path: Path, size: int, change: Callable[[Path], object], words: str, looked_into: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * size)
    os.utime(path, ns=(10**18, 10**18))
    content = _content(path)
    if looked_into:
        await content.beginning(looked_into)
    change(path)
    with pytest.raises(FileChanged, match=words):
        await _sent(content.open())
    if size <= SMALL:
        with pytest.raises(FileChanged, match=words):
            content.open().at_once()
    assert (content.digest, content.bytes_sent) == (None, 0)


async def test_of_files_hashed_together_each_has_its_own_hash_or_its_own_failure(
    tmp_path: Path,
) -> None:
    sizes = {"empty": 0, "small": 10, "large": 3 * SMALL, "changed": 10, "gone": 10, "last": SMALL}
    files = []
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(os.urandom(size))
        source = FileSource(str(tmp_path / name), name)
        files.append((source, fingerprint(source)))
    (tmp_path / "changed").write_bytes(b"x" * 11)
    (tmp_path / "gone").unlink()
    found = await digests_of(files, "sha1", limiter=anyio.CapacityLimiter(1))
    told = dict(zip(sizes, found, strict=True))
    assert "grew from 10 to 11 bytes" in str(told.pop("changed"))
    assert "gone cannot be read" in str(told.pop("gone"))
    for name, sha1 in told.items():
        assert sha1 == hashlib.sha1((tmp_path / name).read_bytes()).hexdigest()
