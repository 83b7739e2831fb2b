"""Ctrl-C and SIGTERM: the first ends the run in good order, the second ends it now.

The report is written in both cases; a third one ends the program like any other.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

from bulkpub.language import say
from bulkpub.session.run import Interruptible

__all__ = ["interruptible"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ENOUGH = 2
PATIENCE_S = {signal.SIGINT: 30.0, signal.SIGTERM: 3.0}
"""So long uploads are given to end: a person can press again, a system will not wait for long."""


@contextmanager
def interruptible(run: Interruptible) -> Iterator[None]:
    """For as long as the context lasts, a signal interrupts `run`; its report is still written."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:  # those of a loop would be called as well
        with suppress(NotImplementedError):
            if loop.remove_signal_handler(number):
                before[number] = signal.getsignal(number)
    times = 0

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def interrupt(signum: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if times == ENOUGH:
            restore()
        number = signal.Signals(signum)
        reason = say("interrupted by {signal}", signal=number.name)
        ask = partial(run.interrupt, reason, patience_s=PATIENCE_S[number])
        if run.is_reading:  # the loop has no turn before all is read
            ask()
        else:
            loop.call_soon_threadsafe(ask)

    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        if times < ENOUGH:
            restore()
