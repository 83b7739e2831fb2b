"""Ctrl-C and SIGTERM: the first ends the run in good order, the second ends it now.

The report is written in both cases; a third one ends the program like any other.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from bulkpub.session.run import Interruptible

__all__ = ["interruptible"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ENOUGH = 2


@contextmanager
def interruptible(run: Interruptible) -> Iterator[None]:
    """For as long as the context lasts, a signal interrupts `run`; its report is still written."""
    loop = asyncio.get_running_loop()

    def restore() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    times = 0

    def interrupt(number: signal.Signals) -> None:
        nonlocal times
        times += 1
        if times == ENOUGH:
            restore()
        run.interrupt(f"interrupted by {number.name}")

    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt, number)
    try:
        yield
    finally:
        restore()
