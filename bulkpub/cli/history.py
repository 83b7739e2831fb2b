"""`bulkpub history`: the runs that this machine remembers."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from bulkpub.cli.environment import state_folder
from bulkpub.core.outcome import status_count
from bulkpub.core.report import Totals
from bulkpub.language import in_language, tr, tr_n
from bulkpub.observers.console import SteadyConsole, print_line
from bulkpub.observers.text import bytes_text, duration_text, shown
from bulkpub.reports.past import PastRun, past_runs
from bulkpub.reports.verdict import moment_of, tone_of
from bulkpub.session.options import Settings

__all__ = ["history"]

_STYLES = {"good": "green", "warn": "yellow", "bad": "bold red"}
_TOLD = ("created", "replaced", "deleted", "failed", "pending", "unchanged")
_MARKS = {"good": "=", "warn": "?", "bad": "!"}


def history(
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="At most so many, the newest.")
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for programs.")
    ] = False,
    settings: Settings,
) -> None:
    """List the runs of the last 90 days on this machine, the newest first."""
    runs = past_runs(state_folder(settings))
    if as_json:
        for each in islice(runs, limit):
            typer.echo(orjson.dumps(_document(each)).decode())
        return
    console = SteadyConsole(highlight=False, soft_wrap=True)
    shown_runs = list(islice(runs, limit))
    for each in shown_runs:
        for line in _lines(each):
            print_line(console, line)
    if not shown_runs:
        console.print(tr("No run is remembered here."))
    elif next(runs, None) is not None:
        more = tr("There are more of them: say how many with --limit.")
        console.print(Text(more, style="dim"))


def _lines(past: PastRun) -> Iterator[Text]:
    run, totals = past.run, past.totals
    tone = tone_of(run)
    made = f"{past.command} {', '.join(run.manifests)}"
    line = Text(f"{_MARKS[tone]} ", style=_STYLES[tone]).append(f"{moment_of(run)}  {shown(made)}")
    if run.portal:
        line.append(f" → {shown(run.portal)}")
    ended = tr("exit code {code}", code=run.exit_code)
    yield line.append(f"  {ended}", style=_STYLES[tone])
    yield Text(f"    {', '.join(_facts(past, totals))}  [{run.id}]", style="dim")


def _facts(past: PastRun, totals: Totals) -> Iterator[str]:
    for status in _TOLD:
        if number := getattr(totals.resources, status):
            yield in_language(status_count(status, number))
    if totals.bytes.uploaded:
        yield tr("{size} sent", size=bytes_text(totals.bytes.uploaded))
    yield tr_n("{n:,} request", "{n:,} requests", totals.requests.total)
    yield duration_text(past.run.duration_s)
    if past.report is None:
        yield tr("its report is not kept")


def _document(past: PastRun) -> dict[str, Any]:
    return {
        "id": past.run.id,
        "command": past.command,
        "started_at": past.run.started_at,
        "duration_s": past.run.duration_s,
        "manifests": past.run.manifests,
        "portal": past.run.portal,
        "exit_code": past.run.exit_code,
        "error": past.run.error,
        "totals": past.totals,
        "report": None if past.report is None else str(past.report),
    }
