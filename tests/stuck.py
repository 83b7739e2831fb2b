"""A request that waits until it is broken off, for runs that are ended in the middle."""

import asyncio
import subprocess
import threading

from aiohttp import web

from bulkpub.sandbox.calls import Handler

__all__ = ["Stuck"]


class Stuck:
    """An interceptor at which every request that fits waits until it is broken off.

    The first `after` pass. With `done` the portal carries out what then waits for its answer.
    """

    def __init__(self, ending: str, after: int = 0, *, done: bool = False) -> None:
        self._done = done
        self.reached = threading.Event()
        self._ending = ending
        self._left = after

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith(self._ending):
            if self._left == 0:
                if self._done:
                    await handler(request)
                self.reached.set()
                while not _hung_up(request):  # noqa: ASYNC110 - nobody is told when it happens
                    await asyncio.sleep(0.01)
                raise ConnectionResetError
            self._left -= 1
        return await handler(request)

    def wait_for(self, process: subprocess.Popen[str]) -> None:
        """Wait until `process` is stuck; fail when it ends before."""
        while not self.reached.wait(0.05):
            assert process.poll() is None, process.communicate()[1]


def _hung_up(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
