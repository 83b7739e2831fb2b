"""Opening those who watch a run from a terminal, or from CI: the display and the log on stderr."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bulkpub.observers import Observer
from bulkpub.observers.console import SteadyConsole, is_terminal
from bulkpub.observers.log import LogObserver
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.plain import PlainProgress
from bulkpub.session.options import Output

__all__ = ["open_observers"]


_SILENT = logging.CRITICAL
"""Nothing of ours is."""


@contextmanager
def open_observers(
    output: Output, *, is_summed_up: bool = False, is_read_here: bool = False
) -> Iterator[list[Observer]]:
    """The observers that suit stderr: a display on a terminal, a line now and then elsewhere.

    With `is_summed_up`, a summary follows that says what failed: on a terminal there are no log
    lines then, unless they are asked for. `is_read_here`: whoever reads stderr reads the summary.
    """
    console = SteadyConsole(stderr=True)
    # rich takes a CI system that shows colours for a terminal.
    on_terminal = is_terminal(sys.stderr)
    has_log = bool(output.verbose) or output.log_format == "json"
    level = _SILENT if on_terminal and is_summed_up and not has_log else _level(output)
    configure_logging(format=output.log_format, level=level, stream=console)
    is_for_people = output.log_format != "json"  # programs read no summary
    told_twice = is_summed_up and is_for_people and (is_read_here or on_terminal)
    log = LogObserver(is_summed_up=told_twice)
    if output.quiet or output.log_format == "json":
        yield [log]
    elif on_terminal and console.is_terminal and not console.is_dumb_terminal:
        from bulkpub.observers.live import LiveDisplay  # noqa: PLC0415 - a terminal alone needs it

        # Where stdout is the same terminal, the summary follows on it.
        with LiveDisplay(console) as display:
            yield [log, display]
    else:
        yield [log, PlainProgress(sys.stderr, time.monotonic, shows_waits=level == _SILENT)]


def _level(output: Output) -> int:
    if output.quiet:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(output.verbose, 2)]
