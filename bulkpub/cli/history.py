"""`bulkpub history`: the runs that this machine remembers."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from bulkpub.cli.environment import state_folder
from bulkpub.observers.console import SteadyConsole
from bulkpub.observers.text import bytes_text, counted, duration_text, shown
from bulkpub.reports.past import PastRun, past_runs
from bulkpub.reports.verdict import moment_of, tone_of
from bulkpub.session.options import Settings

__all__ = ["history"]

_STYLES = {"good": "green", "warn": "yellow", "bad": "bold red"}
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
            console.print(line)
    if not shown_runs:
        console.print("No run is remembered here.")
    elif next(runs, None) is not None:
        console.print(Text("There are more of them: say how many with --limit.", style="dim"))


def _lines(past: PastRun) -> Iterator[Text]:
    run, totals = past.run, past.totals
    tone = tone_of(run)
    line = Text(f"{_MARKS[tone]} ", style=_STYLES[tone])
    line.append(f"{moment_of(run)}  {shown(past.command)} {shown(', '.join(run.manifests))}")
    line.append(f" to {shown(run.portal)}" if run.portal else "")
    line.append(f"  exit code {run.exit_code}", style=_STYLES[tone])
    yield line
    counts = {
        name: getattr(totals.resources, name)
        for name in ("created", "replaced", "deleted", "failed", "pending", "unchanged")
    }
    files = ", ".join(f"{n:,} {name}" for name, n in counts.items() if n) or "no file"
    sent = f", {bytes_text(totals.bytes.uploaded)} sent" if totals.bytes.uploaded else ""
    requests = counted(totals.requests.total, "request")
    kept = "" if past.report else ", its report is not kept"
    yield Text(
        f"    {files}{sent}, {requests}, {duration_text(run.duration_s)}{kept}  [{run.id}]",
        style="dim",
    )


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
