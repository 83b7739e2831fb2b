"""Opening those who watch a run from a terminal, or from CI: the display and the log on stderr."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bulkpub.observers import Observer
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.log import LogObserver
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.plain import PlainProgress
from bulkpub.session.options import Output

__all__ = ["open_observers"]


@contextmanager
def open_observers(output: Output) -> Iterator[list[Observer]]:
    """The observers that suit stderr: a display on a terminal, a line now and then elsewhere."""
    console = SteadyConsole(stderr=True)
    configure_logging(format=output.log_format, level=_level(output), stream=console)
    log = LogObserver()
    if output.quiet or output.log_format == "json":
        yield [log]
    elif console.is_terminal and not console.is_dumb_terminal:
        from bulkpub.observers.live import LiveDisplay  # noqa: PLC0415 - a terminal alone needs it

        # Where stdout is the same terminal, the summary follows on it.
        with LiveDisplay(console) as display:
            yield [LogObserver(is_summed_up=sys.stdout.isatty()), display]
    else:
        yield [log, PlainProgress(sys.stderr, time.monotonic, shows_trouble=False)]


def _level(output: Output) -> int:
    if output.quiet:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(output.verbose, 2)]
