"""`bulkpub watch`: runs by the clock, in one process that goes on; one JSON line each."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import anyio
import orjson
import typer

import bulkpub
from bulkpub.cli.afterwards import check_outputs, leave_behind
from bulkpub.cli.environment import state_folder, with_keys
from bulkpub.cli.interrupts import interruptible
from bulkpub.cli.options import Manifests, with_flags
from bulkpub.cli.publishing import observing, see_that_nothing_is_overwritten
from bulkpub.cli.report_file import check_report_path, holds_last_run, write_report
from bulkpub.core.exit_codes import ExitCode
from bulkpub.core.report import RunReport
from bulkpub.errors import OutputLost
from bulkpub.session.connection import Connection
from bulkpub.session.options import Settings
from bulkpub.session.schedule import Due, Schedule, follow
from bulkpub.state.watched import last_due, was_due

__all__ = ["watch"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def watch(
    manifests: Manifests,
    *,
    cron: Annotated[
        str,
        typer.Option(
            "--cron",
            metavar="EXPRESSION",
            help="When: minute, hour, day, month, day of the week, as '30 8 * * 1' for Mondays "
            "at 8:30.",
        ),
    ],
    tz: Annotated[
        str, typer.Option("--tz", metavar="ZONE", help="On whose clocks, as Europe/Paris.")
    ] = "UTC",
    settings: Settings,
) -> None:
    """Run again and again, by the clock, until stopped; one JSON line a run.

    A systemd timer, cron or a CI system does this better where there is one. The manifest is read
    anew for each run; one that is wrong fails that run alone.
    """
    schedule = Schedule(cron, tz)
    see_that_nothing_is_overwritten(settings, [str(path) for path in manifests])
    if settings.output.report_file is not None:
        check_report_path(settings.output.report_file)
    check_outputs(settings.output)
    order = _Order(
        tuple(str(path) for path in manifests),
        schedule,
        settings,
        with_keys(settings, os.environ),
        state_folder(settings),
        (cron, tz, *(str(path.resolve()) for path in manifests)),
    )
    raise typer.Exit(anyio.run(_watch, order))


@dataclass(frozen=True, slots=True)
class _Order:
    """What is run, when and how; `name` tells it from what else is watched on this machine."""

    manifests: tuple[str, ...]
    schedule: Schedule
    settings: Settings
    connection: Connection
    state_dir: Path
    name: Sequence[str]


async def _watch(order: _Order) -> ExitCode:
    """Follow the schedule until a signal ends it: at once while it waits, else with the run."""
    loop, stopped = asyncio.get_running_loop(), list[ExitCode]()

    def arm() -> None:
        for number in SIGNALS:
            loop.add_signal_handler(number, stop, number)

    def stop(number: signal.Signals) -> None:
        # A service that is stopped while it waits did all it was to do.
        idle = ExitCode.DONE if number is signal.SIGTERM else ExitCode.INTERRUPTED
        stopped.append(idle)
        waiting.cancel()

    async def run(due: Due, following: datetime) -> bool:
        was_due(order.state_dir, order.name, due.since)
        report = await _run(order)
        arm()  # a run has signals of its own
        _tell(report, due, following)
        if report.run.exit_code == ExitCode.INTERRUPTED:
            stopped.append(ExitCode.INTERRUPTED)
        return not stopped

    with anyio.CancelScope() as waiting:
        arm()
        since = last_due(order.state_dir, order.name)
        await follow(order.schedule, run, sleep=anyio.sleep, since=since)
    for number in SIGNALS:
        loop.remove_signal_handler(number)
    return stopped[0]


async def _run(order: _Order) -> RunReport:
    settings = order.settings
    output = replace(settings.output, quiet=True)
    with observing(output, is_summed_up=False) as observers:
        report = await bulkpub.publish(
            order.manifests,
            variables=settings.variables,
            connection=order.connection,
            sources=settings.sources,
            options=settings.run,
            observers=observers,
            interruptible=interruptible,
            state_dir=order.state_dir,
        )
    report = with_flags(report)
    path = settings.output.report_file
    if path is not None and not holds_last_run(path, report):
        try:
            write_report(report, path, settings.output.report_format)
        except OutputLost as lost:
            sys.stderr.write(f"bulkpub: {lost}\n")
    leave_behind("watch", report, settings.output, state=order.state_dir, environment=os.environ)
    return report


def _tell(report: RunReport, due: Due, following: datetime) -> None:
    """One line: what became of the run, and when the next one is due."""
    run, totals = report.run, report.totals
    line: dict[str, Any] = {
        "due": due.since,
        "missed": due.missed,
        "run": run.id,
        "started_at": run.started_at,
        "duration_s": run.duration_s,
        "exit_code": run.exit_code,
        "error": run.error,
        "problems": [str(each) for each in run.problems],
        "datasets": asdict(totals.datasets),
        "resources": asdict(totals.resources),
        "bytes_uploaded": totals.bytes.uploaded,
        "requests": totals.requests.total,
        "next": following,
    }
    if run.destinations:
        line["destinations"] = [
            {"name": each.name, "exit_code": each.exit_code, "error": each.error}
            for each in run.destinations
        ]
    typer.echo(orjson.dumps(line).decode())
    sys.stdout.flush()
