"""Who watches a run from the terminal: the live display, plain lines in CI, and the log."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from bulkpub.observers import Observer
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.live import LiveDisplay
from bulkpub.observers.log import LogObserver
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.plain import PlainProgress

__all__ = ["watching"]


@contextmanager
def watching(
    *, log_format: Literal["human", "json"], verbose: int, quiet: bool
) -> Iterator[list[Observer]]:
    """The observers that suit stderr: a display on a terminal, a line now and then elsewhere."""
    console = SteadyConsole(stderr=True)
    configure_logging(format=log_format, level=_level(verbose, quiet=quiet), stream=console)
    log = LogObserver()
    if quiet or log_format == "json":
        yield [log]
    elif console.is_terminal and not console.is_dumb_terminal:
        with LiveDisplay(console) as display:
            yield [log, display]
    else:
        yield [log, PlainProgress(sys.stderr, time.monotonic, tells_trouble=False)]


def _level(verbose: int, *, quiet: bool) -> int:
    if quiet:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
