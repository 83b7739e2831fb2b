"""What is remembered of each past run in short: enough for a line in a list."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from bulkpub.core.report import RunInfo, RunReport, Totals
from bulkpub.state.history import kept_report, past

__all__ = ["PastRun", "past_runs", "short_of"]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that is over: the command that made it, and its report without the datasets.

    `report` is the file of the whole report; None when it is no longer there.
    """

    command: str
    run: RunInfo
    totals: Totals
    report: Path | None = None


def short_of(command: str, report: RunReport) -> bytes:
    """What is remembered of the run that `report` tells of, as JSON."""
    short = {"command": command, "run": report.run, "totals": report.totals}
    return orjson.dumps(short, option=orjson.OPT_UTC_Z)


def past_runs(folder: Path) -> Iterator[PastRun]:
    """The runs that `folder` remembers, the newest first; what is damaged is passed over."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - a run needs none of it

    known = TypeAdapter(PastRun)
    for run, short in past(folder):
        try:
            told = orjson.loads(short)
            told["report"] = kept_report(folder, run)
            yield known.validate_python(told)
        except (orjson.JSONDecodeError, ValidationError, TypeError):
            continue
