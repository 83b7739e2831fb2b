"""Where log lines go and what they look like: structlog's set-up.

The rule: nothing that is logged can break the terminal, the JSON, or the run. The human
format escapes every value, JSON takes any value, and a stream that fails is ignored.
"""

import logging
import traceback
from contextlib import suppress
from typing import Literal, TextIO

import orjson
import structlog
from rich.console import Console
from rich.text import Text
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from bulkpub.core.text import LONGEST_SENTENCE, bounded
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import printable

__all__ = ["configure_logging", "level_for"]

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}

_STYLES = {
    "debug": "dim",
    "info": "green",
    "warning": "yellow",
    "error": "bold red",
    "critical": "bold red",
}

_NEEDS_QUOTES = frozenset(" \"'=")

_Line = tuple[tuple[Text], dict[str, object]]
"""What structlog takes from the last processor: the arguments of the logger's method."""


def level_for(verbosity: int) -> int:
    """The level of `-q` (-1: errors only), nothing (0: warnings), `-v` (1: info), `-vv` (2)."""
    return _LEVELS[max(-1, min(2, verbosity))]


def configure_logging(
    *,
    format: Literal["human", "json"],  # noqa: A002 - named as the option is
    level: int,
    stream: TextIO | Console,
) -> None:
    """Send every structlog line of `level` (of `logging`) or above to `stream`.

    Times are UTC. `json` writes one object a line; `human` is coloured on a terminal only.
    Give the console of a live display to have the lines printed above it (a `SteadyConsole`,
    for its sake). What is bound with `structlog.contextvars` is in every line. A stream that
    can no longer be written to is ignored: no log line is worth a run.
    """
    console = stream if isinstance(stream, Console) else SteadyConsole(file=stream)
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_logger_name,
        _bound,
        # Plain tracebacks: rich's show local variables, and a key may be among them.
        structlog.processors.ExceptionRenderer(_traceback),
        _json_line if format == "json" else _human_line,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _LineLogger(console, *names),
        # Loggers made before this call must follow it.
        cache_logger_on_first_use=False,
    )


class _LineLogger:
    """What structlog hands finished lines to."""

    def __init__(self, console: Console, name: str = "bulkpub") -> None:
        self._console = console
        self.name = name

    def msg(self, line: Text) -> None:
        """Write one line, whatever its level."""
        with suppress(OSError, ValueError):
            self._console.print(line, soft_wrap=True)

    debug = info = warning = error = critical = exception = fatal = log = msg


def _bound(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    for name, value in event_dict.items():
        if isinstance(value, str):
            event_dict[name] = bounded(value, LONGEST_SENTENCE)
    return event_dict


def _add_logger_name(logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    event_dict["logger"] = logger.name
    return event_dict


def _traceback(exc_info: ExcInfo) -> str:
    return "".join(traceback.format_exception(*exc_info)).rstrip()


def _json_line(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> _Line:
    try:
        line = orjson.dumps(event_dict, default=str)
    except TypeError:
        # Half a character (a file name that is not UTF-8) or a number beyond 64 bits.
        shown = {str(key): printable(str(value)) for key, value in event_dict.items()}
        line = orjson.dumps(shown)
    return (Text(line.decode()),), {}


def _human_line(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> _Line:
    trace = event_dict.pop("exception", None)
    level = str(event_dict.pop("level"))
    line = Text.assemble(
        (f"{event_dict.pop('timestamp')} ", "dim"),
        (f"{level:<7} ", _STYLES.get(level, "")),
        (printable(str(event_dict.pop("event"))), "bold"),
    )
    for key, value in event_dict.items():
        if key != "logger":
            line.append(f" {printable(key)}=", "cyan").append(_value(value))
    if isinstance(trace, str):
        line.append("".join(f"\n  {printable(row)}" for row in trace.splitlines()))
    return (line,), {}


def _value(value: object) -> str:
    text = printable(str(value))
    if not text or _NEEDS_QUOTES & set(text):
        escaped = text.replace('"', '\\"')
        return f'"{escaped}"'
    return text
