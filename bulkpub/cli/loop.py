"""The event loop of a command: uvloop's where it is installed (`bulkpub[fast]`), or Python's own.

uvloop costs a run some hundredths of a second when it starts, and saves a fifth of the CPU of
each request: it pays from some hundred requests on, and is nothing that everybody needs.
"""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TypeVar

import anyio

__all__ = ["run"]

T = TypeVar("T")


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` in an event loop of its own, and give back what it gives."""
    return anyio.run(work, backend_options={"use_uvloop": find_spec("uvloop") is not None})
