"""The sandbox as a script: serves until its input ends, and tells for each line what it did.

python served_sandbox.py FOLDER LATENCY
"""

import asyncio
import http
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bulkpub.sandbox import Sandbox, SandboxSettings


async def _serve(latency: float) -> None:
    async with Sandbox(SandboxSettings(latency=latency)) as sandbox:
        organization = sandbox.info["organization"]["id"]
        _say({"url": sandbox.base_url, "key": sandbox.api_key, "organization": organization})
        cpu = time.process_time()
        while await asyncio.to_thread(sys.stdin.readline):
            seen, now = list(sandbox.requests), time.process_time()
            sandbox.requests.clear()
            _say(
                {
                    "requests": len(seen),
                    "refused": sum(each.status >= http.HTTPStatus.BAD_REQUEST for each in seen),
                    "methods": Counter(each.method for each in seen),
                    "cpu": now - cpu,
                }
            )
            cpu = now


def _say(told: object) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    tempfile.tempdir = sys.argv[1]  # with a folder of its own it would keep saving itself
    asyncio.run(_serve(float(sys.argv[2])))
