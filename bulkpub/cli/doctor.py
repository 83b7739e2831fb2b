"""`bulkpub doctor`: what would keep a run from working, and what to do about it."""

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import anyio
import orjson
import typer
from rich.console import Console
from rich.text import Text

from bulkpub.cli.environment import state_folder, with_keys
from bulkpub.cli.options import with_flags
from bulkpub.core.exit_codes import ExitCode
from bulkpub.errors import ManifestInvalid, SettingsInvalid
from bulkpub.language import in_language, tr
from bulkpub.observers.console import SteadyConsole, print_line
from bulkpub.observers.log_setup import configure_logging
from bulkpub.observers.text import counted, printable, shown
from bulkpub.session.doctor import Finding, Health, Target, examine, targets_of
from bulkpub.session.options import Settings
from bulkpub.sources.spool import spool_folder

__all__ = ["doctor", "show_finding"]

_MARKS = {
    Health.GOOD: ("ok", "green"),
    Health.ODD: ("odd", "yellow"),
    Health.BAD: ("BAD", "bold red"),
    Health.UNSEEN: ("?", "dim"),
}


def doctor(
    manifests: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[MANIFEST...]", help="Manifests, for their portal and their keys."),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document, for programs.")
    ] = False,
    settings: Settings,
) -> None:
    """See what would keep a run from working: key, rights, network, disk; and what to do about it.

    Nothing is written. Without a manifest and `--portal`, data.gouv.fr is looked at.
    """
    paths = [str(each) for each in manifests or ()]
    connection, fault = settings.connection, None
    try:
        connection = with_keys(settings, os.environ)
    except SettingsInvalid as error:
        fault = str(error)
    try:
        targets = targets_of(connection, paths, settings.variables)
    except ManifestInvalid as invalid:
        raise SettingsInvalid(str(invalid)) from invalid
    configure_logging(format="human", level=logging.CRITICAL, stream=sys.stderr)
    console = SteadyConsole(highlight=False)
    findings = anyio.run(_examine, targets, settings, fault, None if as_json else console)
    bad = sum(each.health is Health.BAD for each in findings)
    if as_json:
        told = [asdict(_with_flags(each)) for each in findings]
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    elif bad:
        console.print(tr("{bad} to be mended first.", bad=counted(bad, "thing")), style="bold red")
    else:
        console.print(tr("Nothing keeps a run from working."), style="green")
    raise typer.Exit(ExitCode.SOME_FAILED if bad else ExitCode.DONE)


async def _examine(
    targets: Sequence[Target], settings: Settings, fault: str | None, console: Console | None
) -> Sequence[Finding]:
    spool = settings.sources.spool_dir or spool_folder()
    findings: list[Finding] = []
    async for finding in examine(
        targets,
        settings.sources,
        state_dir=state_folder(settings),
        spool_dir=spool,
        key_fault=fault,
    ):
        findings.append(finding)
        if console is not None:
            show_finding(_with_flags(finding), console)
    return findings


def _with_flags(finding: Finding) -> Finding:
    """The finding, with the flag of each option that its sentences name."""
    cure = None if finding.cure is None else with_flags(finding.cure)
    return replace(finding, says=with_flags(finding.says), cure=cure)


def show_finding(finding: Finding, console: Console) -> None:
    """Print what was found, and what to do about it."""
    mark, style = _MARKS[finding.health]
    at = f"{shown(finding.at)}: " if finding.at else ""
    line = Text.assemble((f"{mark:>3}  ", style), (f"{in_language(finding.what):<12}", "bold"), at)
    line.append(printable(finding.says))
    print_line(console, line)
    if finding.cure is not None:
        print_line(console, f"{'':17}→ {printable(finding.cure)}")
