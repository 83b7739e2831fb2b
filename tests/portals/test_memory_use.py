"""A large file passes through memory in pieces."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from bulkpub.sandbox import Sandbox

SIZE = 200 * 1024 * 1024
MOST = 60 * 1024
"""KiB of memory on top of what publishing a small file takes."""

SCRIPT = """
import asyncio, resource, sys
import bulkpub

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main(portal, key, small, large):
    connection = bulkpub.Connection(portal=portal, key=key)
    assert (await bulkpub.publish(small, connection=connection)).run.exit_code == 0
    before = peak()
    report = await bulkpub.publish(large, connection=connection)
    assert report.run.exit_code == 0, report
    assert report.totals.bytes.uploaded == int(sys.argv[5])
    print(peak() - before)

asyncio.run(main(*sys.argv[1:5]))
"""


async def test_200_mib_are_published_in_little_memory(
    sandbox: Sandbox, folder: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(SIZE)
    small = folder.manifest(folder.dataset("small", "s.csv")).rename(tmp_path / "small.json")
    large = folder.manifest(folder.dataset("large", "large.csv"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SCRIPT,
        sandbox.base_url,
        sandbox.api_key,
        str(small),
        str(large),
        str(SIZE),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert int(out) < MOST
