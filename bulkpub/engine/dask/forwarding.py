"""What a worker logs is told where the run was started: its lines, as values.

The rule: a process that has set its log up keeps its own, and what it logs is its own affair; so
does the one where a run was started, which may have workers in it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict

__all__ = ["RUN", "Sink", "at_home", "effective_level", "forwarding", "tell"]

Sink = Callable[[str, str, str, Mapping[str, Any]], None]
"""Is told the logger, the level (as its method is called), the words, and what else there is."""

RUN = "bulkpub_run"
_at_home = 0
"""How many runs were started in this process: what is logged here is told here."""
_sinks: dict[str, Sink] = {}
"""Where the lines of each run go that this process works for; usually there is one."""


def effective_level() -> int:
    """The level (of `logging`) from which on lines are written in this process."""
    logger = structlog.get_logger("bulkpub").bind()
    level = getattr(logger, "get_effective_level", None)
    return int(level()) if level is not None else logging.WARNING


@contextmanager
def forwarding(run: str, sink: Sink, level: int) -> Iterator[None]:
    """Lines of `level` and above go to `sink`: those logged in the context, and in its tasks."""
    if _at_home:
        yield
        return
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.format_exc_info,  # plain: a key may be among the variables
                _forward,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=_Named,
            cache_logger_on_first_use=False,
        )
    _sinks[run] = sink
    try:
        with bound_contextvars(**{RUN: run}):
            yield
    finally:
        _sinks.pop(run, None)


@contextmanager
def at_home() -> Iterator[None]:
    """Lines are told in this process, and forwarded to none: they would come back."""
    global _at_home  # noqa: PLW0603 - of the process, as its log is
    _at_home += 1
    try:
        yield
    finally:
        _at_home -= 1


def tell(logger: str, level: str, words: str, fields: Mapping[str, Any]) -> None:
    """Log a line that was forwarded from elsewhere."""
    getattr(structlog.get_logger(logger), level, structlog.get_logger(logger).warning)(
        words, **{name: value for name, value in fields.items() if name != "event"}
    )


class _Named:
    """A logger that is nothing but its name: its lines are dropped once they were forwarded."""

    def __init__(self, name: str = "bulkpub", *_: object) -> None:
        self.name = name

    def msg(self, *_: object, **__: object) -> None:
        """Nothing comes here."""

    debug = info = warning = error = critical = exception = msg


def _forward(logger: Any, method: str, event: EventDict) -> EventDict:  # noqa: ANN401 - of structlog
    words, run = str(event.pop("event", "")), event.pop(RUN, None)
    for sink in (_sinks[run],) if run in _sinks else tuple(_sinks.values()):
        sink(logger.name, method, words, {name: _plain(value) for name, value in event.items()})
    raise structlog.DropEvent


def _plain(value: object) -> object:
    """What can be told anywhere."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
