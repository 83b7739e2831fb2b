"""A file as the body of a request: nothing of it stays behind when the request is given up."""

import asyncio
import gc
from contextlib import suppress
from pathlib import Path

from bulkpub.core.model import FileSource
from bulkpub.sources.local import FileContent, FilePieces, fingerprint


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
